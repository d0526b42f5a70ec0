package story

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"comity.example/crypto/seal"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/gate"
	"comity.example/node/link"
	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// forge: forge CASE PARTICIPANT FILE [officer=none|wrong|right] [to=PARTICIPANT] [agreement=ID@VERSION]
// delivers a request past the participant's own node, with its stolen keys.
func (p *player) forge(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	from := protocol.ParticipantID(args[1])
	r, err := p.readRequest(args[2])
	if err != nil {
		return err
	}
	act := &protocol.Act{Version: protocol.Version, ID: protocol.NewActID(), Case: protocol.NewCaseID(),
		Follows: []protocol.Digest{}, From: from, To: []protocol.ParticipantID{r.Addressee},
		Agreement: protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"},
		Issued:    p.now(), Expires: p.now().Add(24 * time.Hour),
		Body: protocol.Body{Request: r}, Endorsements: []protocol.Endorsement{}}
	if to := st.option("to"); to != "" {
		act.To = []protocol.ParticipantID{protocol.ParticipantID(to)}
	}
	if id, version, ok := strings.Cut(st.option("agreement"), "@"); ok {
		act.Agreement = protocol.AgreementRef{ID: id, Version: version}
	}
	p.cases[args[0]] = act.Case
	if err := p.endorse(act, st.option("officer")); err != nil {
		return err
	}
	reasons, err := p.smuggle(ctx, act)
	if err != nil {
		return err
	}
	p.say("  ✗ refused by %s: %s", act.To[0], join(reasons))
	if lacks, bad := missing(reasons, strings.Split(st.option("refused"), ",")); bad {
		return fmt.Errorf("refused for %s, and not %s", join(reasons), lacks)
	}
	return nil
}

func (p *player) endorse(act *protocol.Act, officer string) error {
	by := p.Officer
	switch officer {
	case "none":
		return nil
	case "wrong":
		by = p.Wrong
	}
	o, err := by(act.From)
	if err != nil {
		return err
	}
	statement, err := chain.StatementOf(act, p.now())
	if err != nil {
		return err
	}
	e, err := o.Endorse(statement)
	act.Endorsements = append(act.Endorsements, e)
	return err
}

// smuggle signs, seals and delivers an act with a participant's stolen keys,
// and returns the reasons of the refusal, which it verifies.
func (p *player) smuggle(ctx context.Context, act *protocol.Act) ([]protocol.Reason, error) {
	victim, target := p.Home(act.From), p.Home(act.To[0])
	if victim == nil || target == nil {
		return nil, fmt.Errorf("no such participant")
	}
	lock, err := victim.Lock("")
	if err != nil {
		return nil, err
	}
	keys, err := victim.Keys(lock)
	if err != nil {
		return nil, err
	}
	entry, err := target.Entry()
	if err != nil {
		return nil, err
	}
	signed, err := chain.Sign(act, keys.Sign)
	if err != nil {
		return nil, err
	}
	envelope, err := seal.Seal(gate.EnvelopeType, signed, entry.Seal)
	if err != nil {
		return nil, err
	}
	answer, err := p.deliver(ctx, thief{act.From, keys}, act.To[0], &wire.Deliver{Lane: wire.Ordinary, Envelope: envelope})
	if err != nil {
		return nil, err
	}
	refusal, ok := answer.(*wire.Refusal)
	if !ok {
		return nil, fmt.Errorf("it was answered with a %v", answer.Type())
	}
	proof, err := ledger.ParseProof(refusal.Proof)
	if err != nil {
		return nil, err
	}
	found, err := proof.Verify(ledger.Origin(act.To[0]), entry.Log)
	return found.Record.Reasons, err
}

// A thief has a participant's network access and keys, and no officer's.
type thief struct {
	as   protocol.ParticipantID
	keys node.Keys
}

func (p *player) deliver(ctx context.Context, t thief, to protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	conn, err := p.Listen()
	if err != nil {
		return nil, err
	}
	entry, err := p.Home(to).Entry()
	if err != nil {
		return nil, err
	}
	pins := make([][32]byte, len(entry.TLS))
	for i, pin := range entry.TLS {
		pins[i] = pin
	}
	l, err := link.New(link.Config{Conn: conn, Self: t.as, Key: t.keys.TLS, Book: oneEntry{to, entry.Address, pins}})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.Exchange(ctx, to, m)
}

// oneEntry is the address book of somebody who knows one address.
type oneEntry struct {
	id   protocol.ParticipantID
	addr string
	pins [][32]byte
}

func (b oneEntry) Pinned(protocol.ParticipantID, [32]byte) bool { return false }

func (b oneEntry) Locate(protocol.ParticipantID) (string, [][32]byte, error) {
	return b.addr, b.pins, nil
}

func recordAt(ctx context.Context, n desk.Node, index int64) (ledger.Record, error) {
	text, err := n.Prove(ctx, index)
	if err != nil {
		return ledger.Record{}, err
	}
	proof, err := ledger.ParseProof(text)
	if err != nil {
		return ledger.Record{}, err
	}
	return ledger.ParseRecord(proof.Record)
}

// burst: burst CASE PARTICIPANT FILE COUNT sends that many requests, one case each.
func (p *player) burst(ctx context.Context, st step) error {
	return p.send(ctx, st, func(int) {})
}

// send sends a burst, and tells after each request how many were sent.
func (p *player) send(ctx context.Context, st step, sent func(n int)) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	quiet := *p
	quiet.tell = func(string) {}
	for i := range count {
		again := st
		again.args = append([]string{fmt.Sprintf("%s-%d", args[0], i)}, args[1:]...)
		if err := quiet.request(ctx, again); err != nil {
			return err
		}
		p.acts[args[0]] = append(p.acts[args[0]], quiet.gone)
		sent(i + 1)
	}
	p.say("  → %d requests of %s are on their way", count, args[1])
	return nil
}

// crash: crash VICTIM CASE PARTICIPANT FILE COUNT sends a burst, kills the
// victim's node at a random moment of it, and restarts it.
func (p *player) crash(ctx context.Context, st step) error {
	args, err := st.want(5)
	if err != nil {
		return err
	}
	victim := protocol.ParticipantID(args[0])
	count, err := strconv.Atoi(args[4])
	if err != nil || count < 4 {
		return errors.New("want a burst of at least 4")
	}
	bursting := st
	bursting.args = args[1:]
	moment := 1 + rand.IntN(count/2)
	killed := make(chan error, 1)
	err = p.send(ctx, bursting, func(n int) {
		if n == moment { // the burst goes on while the victim dies
			go func() { killed <- p.Kill(victim) }()
		}
	})
	if err := errors.Join(err, <-killed); err != nil {
		return err
	}
	p.say("  ✗ %s was killed after %d of them", victim, moment)
	if err := p.Restart(ctx, victim); err != nil {
		return err
	}
	p.say("  → %s runs again, and found its store whole", victim)
	return nil
}

// all: all CASE SENDER RECEIVER — every act of a burst is receipted at its
// sender, and at its receiver each is there exactly once.
func (p *player) all(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	receiver, err := p.Desk(protocol.ParticipantID(args[2]))
	if err != nil {
		return err
	}
	for i := range p.acts[args[0]] {
		one := st
		one.args = []string{fmt.Sprintf("%s-%d", args[0], i), args[1]}
		quiet := *p
		quiet.tell = func(string) {}
		if err := quiet.receipted(ctx, one); err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
		v, err := receiver.Case(ctx, p.cases[one.args[0]])
		if err != nil {
			return fmt.Errorf("request %d was receipted and is not there: %w", i, err)
		}
		n := 0
		for _, a := range v.Acts {
			if a.Entry.Act == p.acts[args[0]][i] {
				n++
			}
		}
		if n != 1 {
			return fmt.Errorf("request %d is there %d times", i, n)
		}
	}
	if err := p.once(ctx, receiver, p.acts[args[0]]); err != nil {
		return err
	}
	report, err := receiver.Check(ctx)
	if err != nil || len(report.Trouble) > 0 {
		return fmt.Errorf("ledger check: %v %v", report.Trouble, err)
	}
	p.say("  ✓ all %d are receipted, each is in %s exactly once, and its ledger checks", len(p.acts[args[0]]), args[2])
	return nil
}

// once finds each act in the receiver's ledger exactly once.
func (p *player) once(ctx context.Context, receiver desk.Node, acts []protocol.Digest) error {
	s, err := receiver.Status(ctx)
	if err != nil {
		return err
	}
	seen := map[protocol.Digest]int{}
	for i := range s.LedgerSize {
		rec, err := recordAt(ctx, receiver, i)
		if err != nil {
			return err
		}
		if slices.Contains(acts, rec.Act) {
			seen[rec.Act]++
		}
	}
	for i, d := range acts {
		if seen[d] != 1 {
			return fmt.Errorf("request %d is in the ledger %d times", i, seen[d])
		}
	}
	return nil
}
