package node_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/node/link"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// An impostor answers at a participant's address, with its link key, whatever
// the test wants.
type impostor struct {
	b  *border
	id protocol.ParticipantID

	mu     sync.Mutex
	answer func(*wire.Deliver) wire.Message // guarded by mu
	asked  int                              // guarded by mu
	lends  func(wire.Message) wire.Message  // guarded by mu; nil: nothing
}

// impostor stands in for id until the returned function is called.
func (b *border) impostor(id protocol.ParticipantID) (*impostor, func()) {
	b.t.Helper()
	i := &impostor{b: b, id: id}
	l, err := link.New(link.Config{Conn: b.network.Listen(string(id)), Self: id, Key: b.keys(id).TLS,
		Book: (*everybody)(b), Handle: i.handle})
	b.must(err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	return i, func() {
		stop()
		<-ended
		b.must(l.Close())
	}
}

// everybody is an address book that also knows who calls.
type everybody border

func (b *everybody) Pinned(id protocol.ParticipantID, pin [32]byte) bool {
	p, err := b.Home(id).Entry()
	return err == nil && [32]byte(p.TLS[0]) == pin
}

func (b *everybody) Locate(id protocol.ParticipantID) (string, [][32]byte, error) {
	return (*anybody)(b).Locate(id)
}

func (i *impostor) handle(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	d, ok := m.(*wire.Deliver)
	if !ok && i.lends != nil {
		return i.lends(m), nil
	}
	if !ok {
		return &wire.Nothing{}, nil
	}
	i.asked++
	if i.answer == nil {
		return &wire.Busy{}, nil
	}
	return i.answer(d), nil
}

// says changes the answer, and waits until it was given twice.
func (i *impostor) says(answer func(*wire.Deliver) wire.Message) {
	i.mu.Lock()
	i.answer, i.asked = answer, 0
	i.mu.Unlock()
	i.b.await("the answer to be given twice", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.asked >= 2
	})
}

// proof is the proof that a ledger of one record holds rec.
func (b *border) proof(rec ledger.Record, origin string, by protocol.ParticipantID) []byte {
	b.t.Helper()
	rec.At = b.now()
	text, err := rec.Encode()
	b.must(err)
	root := tlog.RecordHash(text)
	c := ledger.Checkpoint{Origin: origin, Size: 1, Root: root}
	signed, err := b.keys(by).Log.SignCheckpoint(origin, c.Body(), b.now())
	b.must(err)
	return ledger.Proof{Record: text, Path: tlog.RecordProof{}, Checkpoint: signed}.Format()
}

func TestForgedReceiptSettlesNothing(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		// A true proof for another leaf, from before.
		old := b.request(newOrder())
		b.awaitState(office, old.Case, "requested")
		b.awaitReceipt(police, old.Case)
		stale := b.proofOf(office, old.Act)
		b.halt(office)

		fake, stop := b.impostor(office)
		sent := b.request(newOrder())
		size := b.size(police) // and one entry at most: that the office's log key signed two histories
		origin := ledger.Origin(office)
		good := ledger.Record{Kind: ledger.KindHeld, Act: sent.Act, Peer: police, Verdict: "hold"}
		with := func(change func(*ledger.Record)) ledger.Record {
			r := good
			change(&r)
			return r
		}
		receipt := func(proof []byte) func(*wire.Deliver) wire.Message {
			return func(*wire.Deliver) wire.Message { return &wire.Receipt{Proof: proof} }
		}
		refusal := func(proof []byte) func(*wire.Deliver) wire.Message {
			return func(*wire.Deliver) wire.Message { return &wire.Refusal{Proof: proof} }
		}
		for name, answer := range map[string]func(*wire.Deliver) wire.Message{
			"signed by another":       receipt(b.proof(good, origin, contoso)),
			"of another's ledger":     receipt(b.proof(good, ledger.Origin(contoso), office)),
			"an old one":              receipt(stale),
			"noise":                   receipt([]byte("noise")),
			"to another":              receipt(b.proof(with(func(r *ledger.Record) { r.Peer = fbi }), origin, office)),
			"for another act":         receipt(b.proof(with(func(r *ledger.Record) { r.Act = old.Act }), origin, office)),
			"a refusal as a receipt":  receipt(b.proof(with(func(r *ledger.Record) { r.Kind = ledger.KindRefused }), origin, office)),
			"a receipt as a refusal":  refusal(b.proof(good, origin, office)),
			"refusal for another act": refusal(b.proof(ledger.Record{Kind: ledger.KindRefused, Act: old.Act, Peer: police}, origin, office)),
			"about a document": receipt(b.proof(ledger.Record{Kind: ledger.KindRegister, Document: sent.Act, Peer: police},
				origin, office)),
			"its sender's own record": receipt(b.proof(with(func(r *ledger.Record) { r.Kind = ledger.KindSent }), origin, office)),
			// It would settle the outbox and prove nothing of the act.
			"for the envelope": func(m *wire.Deliver) wire.Message {
				r := with(func(r *ledger.Record) { r.Act = protocol.DigestOf(m.Envelope) })
				return &wire.Receipt{Proof: b.proof(r, origin, office)}
			},
		} {
			fake.says(answer)
			if got := b.deliveries(police, sent.Case)["waiting"]; got != 1 || b.size(police) > size+1 {
				t.Errorf("%s: it settled the delivery", name)
			}
		}
		stop()
		b.start(office)
		b.awaitReceipt(police, sent.Case)
		b.check(police)
	}, police, office)
}

func TestRefusalOfAnEnvelopeSettlesItsAct(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		fake, stop := b.impostor(office)
		defer stop()
		sent := b.request(newOrder())
		fake.mu.Lock()
		fake.answer = func(m *wire.Deliver) wire.Message {
			return &wire.Refusal{Proof: b.proof(ledger.Record{Kind: ledger.KindRefused, Act: protocol.DigestOf(m.Envelope),
				Peer: police, Reasons: []protocol.Reason{protocol.ReasonUnreadable}}, ledger.Origin(office), office)}
		}
		fake.mu.Unlock()
		b.awaitState(police, sent.Case, "refused")
		if got := b.deliveries(police, sent.Case); got["refused"] != 1 {
			t.Errorf("the deliveries are %v", got)
		}
		if in := b.inbox(police); len(in) != 1 || in[0].Move != "read" {
			t.Errorf("the inbox is %+v, want the refusal to read", in)
		}
	}, police)
}

// deliveries counts the deliveries of a case by their state.
func (b *border) deliveries(at protocol.ParticipantID, id protocol.CaseID) map[string]int {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	out := map[string]int{}
	for _, a := range v.Acts {
		for _, d := range a.Deliveries {
			out[d.State]++
		}
	}
	return out
}

// awaitReceipt waits until everything that a node sent in a case is receipted.
func (b *border) awaitReceipt(at protocol.ParticipantID, id protocol.CaseID) {
	b.t.Helper()
	b.await("a receipt", func() bool {
		d := b.deliveries(at, id)
		return len(d) == 1 && d["receipted"] > 0
	})
	time.Sleep(time.Second) // what else would come has come
}

// proofOf is a node's proof that it holds an act.
func (b *border) proofOf(at protocol.ParticipantID, act protocol.Digest) []byte {
	b.t.Helper()
	for i, rec := range b.records(at) {
		if rec.Act == act {
			text, err := b.node(at).Prove(b.t.Context(), int64(i))
			b.must(err)
			return text
		}
	}
	b.t.Fatal("no such act in the ledger")
	return nil
}
