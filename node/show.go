package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/library"
	"comity.example/node/link"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

var _ desk.Node = (*Node)(nil)

// Inbox implements desk.Cases.
func (n *Node) Inbox(ctx context.Context, p desk.Page) (desk.Inbox, error) {
	in := desk.Inbox{Items: []desk.Item{}}
	next, err := n.page(ctx, listing{prefixInbox, p}, func(value []byte) error {
		var item desk.Item
		err := canon.Read(value, &item)
		in.Items = append(in.Items, item)
		return err
	})
	in.Next = next
	return in, err
}

// Drafts implements desk.Cases.
func (n *Node) Drafts(ctx context.Context, p desk.Page) (desk.Drafts, error) {
	d := desk.Drafts{Items: []desk.DraftItem{}}
	next, err := n.page(ctx, listing{prefixDraft, p}, func(value []byte) error {
		var s saved
		err := canon.Read(value, &s)
		d.Items = append(d.Items, desk.DraftItem{Case: s.Draft.Case, Saved: s.At, Verdict: s.Decision.Verdict,
			Agreement: s.Decision.Agreement, Kind: s.Draft.Body.Kind()})
		return err
	})
	d.Next = next
	for i := range d.Items {
		if err != nil {
			return d, err
		}
		var held desk.Approvals
		held, err = n.approvalsOf(ctx, d.Items[i].Case)
		var gone *desk.Problem
		switch {
		case errors.As(err, &gone): // sent or discarded since, or it could not be sent now
			err = nil
		case err == nil:
			d.Items[i].Approvals = &held
		}
	}
	return d, err
}

// A listing is a page of what the store holds under a prefix.
type listing struct {
	prefix string
	desk.Page
}

// page shows the values of a page, and returns where the next one begins, ""
// if there is none.
func (n *Node) page(ctx context.Context, l listing, show func(value []byte) error) (next string, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		g := store.Range{Prefix: []byte(l.prefix), Limit: l.Limit + 1}
		if l.After != "" {
			g.From = append([]byte(l.prefix+l.After), 0)
		}
		shown, last := 0, ""
		return r.Scan(g, func(key, value []byte) (bool, error) {
			if shown == l.Limit {
				next = last
				return false, nil
			}
			shown++
			last = strings.TrimPrefix(string(key), l.prefix)
			return true, show(value)
		})
	})
	return next, err
}

// Case implements desk.Cases.
func (n *Node) Case(ctx context.Context, id protocol.CaseID) (desk.CaseView, error) {
	v := desk.CaseView{Case: id, State: "draft"}
	err := n.journal.View(ctx, func(r store.Reader) error {
		f, err := record.Read[filed](r, caseKey(id))
		if errors.Is(err, store.ErrNotFound) {
			draft, err := record.Read[saved](r, draftKey(id))
			if errors.Is(err, store.ErrNotFound) {
				return desk.NoCase()
			}
			v.Draft, v.Decision = &draft.Draft, &draft.Decision
			v.Compartments = n.openCompartments(id, draft.Draft.Body.Request)
			return err
		}
		if draft, missing := record.Read[saved](r, draftKey(id)); missing == nil {
			v.Proposed = &draft.Draft
		} else if err := record.IgnoreMissing(missing); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		v.State, v.Move, v.File = string(f.File.State), f.moveAt(n.cfg.Self, n.now()), &f.File
		lookUp(&v, n.grounds.Load(), n.now())
		v.ToDelete = len(f.File.ToDelete()) > 0
		n.stand(&v, n.now())
		stands, err := current(r, &f.File, f.File.Held())
		if err != nil {
			return err
		}
		v.Current, v.Version = stands.request, stands.number
		if v.Linked, err = n.linked(r, &f); err != nil {
			return err
		}
		if v.Evidence, err = n.exhibits.Items(r, id); err != nil {
			return err
		}
		for i, e := range f.File.Thread {
			act, err := viewAct(r, e)
			if err != nil {
				return err
			}
			if i == 0 {
				n.findOrder(&act)
			}
			act.Crossed = f.File.Crossed(e.Act)
			act.Compartments = n.openCompartments(id, requestIn(&act))
			v.Acts = append(v.Acts, act)
		}
		return nil
	})
	if err != nil || v.Draft == nil && v.Proposed == nil {
		return v, err
	}
	held, err := n.approvalsOf(ctx, id)
	var cannot *desk.Problem
	if errors.As(err, &cannot) { // it could not be sent now: that is for request send to say
		return v, nil
	}
	v.Approvals = &held
	return v, err
}

// MarkRead implements desk.Cases.
func (n *Node) MarkRead(ctx context.Context, id protocol.CaseID, seen desk.Seen) (desk.CaseView, error) {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		f, err := record.Read[filed](tx, caseKey(id))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return desk.NoCase()
		case err != nil:
			return err
		case len(f.File.Thread) != seen.Acts || f.File.State != seen.State:
			return &desk.Problem{Status: http.StatusConflict, Text: "the case has changed since it was shown",
				Hint: "read it again"}
		case f.moveAt(n.cfg.Self, n.now()) != casefile.Read:
			return &desk.Problem{Status: http.StatusConflict, Text: "nothing in this case waits to be read"}
		}
		f.Read, f.Alerts = f.news(n.cfg.Self), nil
		return n.file(tx, f, n.now())
	})
	if err != nil {
		return desk.CaseView{}, n.problem(err)
	}
	return n.Case(ctx, id)
}

func viewAct(r store.Reader, e casefile.Entry) (desk.ActView, error) {
	v := desk.ActView{Entry: e}
	signed, err := r.Get(digestKey(prefixAct, e.Act))
	if err != nil {
		return v, err
	}
	act, err := chain.Unverified(signed)
	if err != nil {
		return v, err
	}
	v.Content = *act
	carried := carriedBy(&act.Body)
	if carried != nil {
		if v.Carried, err = chain.Unverified(carried); err != nil {
			return v, err
		}
		if within := carriedBy(&v.Carried.Body); within != nil {
			if v.Within, err = chain.Unverified(within); err != nil {
				return v, err
			}
		}
	}
	if origin := cmp.Or(originOf(act), originOf(v.Carried)); origin != nil {
		if v.Product, err = chain.Unverified(*origin); err != nil {
			return v, err
		}
	}
	j, err := record.Read[judged](r, digestKey(prefixJudged, e.Act))
	if err != nil {
		return v, err
	}
	decision, err := record.Read[protocol.Decision](r, digestKey(prefixDecision, e.Act))
	if err != nil {
		return v, err
	}
	v.Decision, v.Leaf, v.Signers, v.Right = &decision, j.Index, j.Signers, rightOf(&decision)
	for _, to := range act.To {
		d, err := record.Read[delivery](r, deliveryKey(e.Act, to))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return v, err
		}
		v.Deliveries = append(v.Deliveries, desk.Delivery{To: to, State: string(d.State), Reasons: d.Reasons})
	}
	return v, nil
}

// carriedBy returns the signed act that a body carries, nil if none.
func carriedBy(b *protocol.Body) []byte {
	switch {
	case b.Certification != nil:
		return b.Certification.Request
	case b.Relay != nil:
		return b.Relay.Act
	case b.Objection != nil:
		return b.Objection.Request
	case b.Enforcement != nil:
		return b.Enforcement.Request
	case b.Use != nil:
		return b.Use.Request
	}
	return nil
}

// findOrder says what the agreements find of the order that an act carries with
// which this participant came into the case: an authority decides by it. What it
// was when the order was sent, the decisions of others say.
func (n *Node) findOrder(v *desk.ActView) {
	b := &v.Content.Body
	if v.Carried == nil || b.Objection == nil && b.Enforcement == nil && b.Use == nil {
		return
	}
	g, at := *n.grounds.Load(), n.now()
	known := agreement.Facts{Ref: v.Content.Agreement, Notified: g.Standings(v.Carried.To, at)}
	request := v.Carried.Body.Request
	if c := v.Carried.Body.Certification; c != nil && v.Within != nil {
		request = v.Within.Body.Request
		known.Certification = agreement.Certification{Present: true, By: g.Standing(v.Carried.From, at),
			Invokes: c.Invokes, Contact: c.Contact, Targeting: c.Targeting, Attestations: c.Attestations}
	}
	if request != nil {
		found := n.preview(g, request, known, at)
		v.Found = &found
	}
}

// originOf returns the signed disclosure that an act passes on, nil if none.
func originOf(act *protocol.Act) *protocol.Signed {
	if act == nil || act.Body.Disclosure == nil || len(act.Body.Disclosure.Origin) == 0 {
		return nil
	}
	return &act.Body.Disclosure.Origin
}

// Documents implements desk.Documents.
func (n *Node) Documents(ctx context.Context) ([]desk.Document, error) {
	held, err := n.documents(ctx)
	out := []desk.Document{}
	for _, h := range held {
		out = append(out, describe(&h))
	}
	return out, err
}

func describe(h *library.Holding) desk.Document {
	return desk.Document{Kind: string(h.Kind), Name: h.Name, Digest: h.File(), Status: h.Status}
}

// Read implements desk.Documents.
func (n *Node) Read(ctx context.Context, kind, name string) ([]byte, error) {
	var h library.Holding
	err := n.journal.View(ctx, func(r store.Reader) (err error) {
		h, err = library.Find(r, library.Kind(kind), name, func(*library.Holding) bool { return true })
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, &desk.Problem{Status: http.StatusNotFound, Text: "this node holds no such document"}
	}
	return h.Bytes, err
}

// Publish implements desk.Documents.
func (n *Node) Publish(ctx context.Context, kind string, document []byte) (desk.Document, error) {
	h, err := n.adopt(ctx, Document{Kind: DocumentKind(kind), Bytes: document}, adoption{peer: n.cfg.Self, publish: true})
	switch {
	case err == nil:
		return describe(&h), nil
	case errors.Is(err, library.ErrHeld):
		return desk.Document{}, &desk.Problem{Status: http.StatusConflict, Text: "this document is already in use"}
	case errors.Is(err, store.ErrNoSpace):
		return desk.Document{}, n.problem(err)
	}
	return desk.Document{}, &desk.Problem{Status: http.StatusUnprocessableEntity, Text: err.Error(),
		Hint: "the document was not adopted, and nothing has changed"}
}

// Status implements desk.Health.
func (n *Node) Status(ctx context.Context) (desk.Status, error) {
	head := n.journal.Head()
	s := desk.Status{Participant: n.cfg.Self, Accepting: n.running.Load(), Time: n.now(),
		Address: n.link.Addr().String(), LedgerSize: head.Size, Peers: []desk.Peer{}, Unconfirmed: n.unconfirmed(), Unused: n.unused.list(),
		Room: n.vault.Room()}
	if n.cfg.Ahead != nil {
		s.Testnet = n.cfg.Ahead().String() + " ahead"
	}
	if err := n.watch.whatTrouble(); err != nil {
		s.Trouble = err.Error()
	}
	held, err := n.documents(ctx)
	if err != nil {
		return s, err
	}
	for _, h := range held {
		if h.Kind == RegisterDocument {
			s.Registers = append(s.Registers, describe(&h))
		}
	}
	directory := n.grounds.Load().Directory
	news := n.watch.news()
	for _, party := range directory.Parties() {
		r, err := directory.Register(party)
		if err != nil {
			continue
		}
		for i := range r.Participants {
			if p := &r.Participants[i]; p.ID != n.cfg.Self {
				s.Peers = append(s.Peers, desk.Peer{ID: p.ID, Address: p.Address, Ledger: news[p.ID].head.Size})
			}
		}
	}
	err = n.journal.View(ctx, func(r store.Reader) error {
		g := store.Range{Prefix: []byte(prefixOut), Limit: desk.MaxPage, KeysOnly: true}
		return r.Scan(g, func(_, _ []byte) (bool, error) { s.Outbox++; return true, nil })
	})
	return s, err
}

// Probe implements desk.Health.
func (n *Node) Probe(ctx context.Context, peer protocol.ParticipantID) (desk.Probe, error) {
	p := desk.Probe{Peer: peer}
	var m wire.Ping
	rand.Read(m.Nonce[:])
	began := time.Now()
	answer, err := n.link.Exchange(ctx, peer, &m)
	p.RoundTrip = time.Since(began)
	pong, ok := answer.(*wire.Pong)
	switch {
	case errors.Is(err, link.ErrPinMismatch):
		p.Trouble = "who answers there shows another key than the register pins: has the key changed, or is it somebody else?"
	case errors.Is(err, link.ErrNotAdmitted):
		p.Trouble = "it ends our handshake: it may not hold our register yet"
	case errors.Is(err, link.ErrUnknownPeer):
		p.Trouble = "it stands in no register that this node holds"
	case err != nil:
		p.Trouble = "it does not answer: is it running, and does UDP reach it?"
	case !ok || pong.Nonce != m.Nonce:
		p.Trouble = "it is busy"
	default:
		p.Reached, p.Skew = true, time.Unix(pong.Time, 0).Sub(n.now())
		if p.Skew.Abs() > protocol.MaxSkew {
			p.Trouble = "its clock and ours differ by more than acts allow: check both against network time"
		}
	}
	return p, nil
}

// Check implements desk.Health: the whole tree again from its records, and
// every act that a record names.
func (n *Node) Check(ctx context.Context) (desk.LedgerReport, error) {
	_, signed, err := n.journal.Checkpoint()
	if err != nil {
		return desk.LedgerReport{}, err
	}
	report := desk.LedgerReport{Checkpoint: string(signed)}
	found, err := n.journal.Check(ctx, journal.Audit{Record: checkRecord})
	report.Size = found.Checkpoint.Size
	if err != nil && ctx.Err() == nil {
		n.watch.setTrouble(err)
		report.Trouble = append(report.Trouble, err.Error())
		err = nil
	}
	return report, err
}

// checkRecord finds what a record says is kept.
func checkRecord(r store.Reader, index int64, rec ledger.Record) error {
	switch rec.Kind {
	case ledger.KindClock:
		return checkFired(r, index, rec)
	case ledger.KindAccepted, ledger.KindHeld, ledger.KindSent:
	default:
		return nil
	}
	signed, err := r.Get(digestKey(prefixAct, rec.Act))
	if err != nil {
		return fmt.Errorf("act of entry %d: %w", index, err)
	}
	act, err := chain.Unverified(signed)
	if err != nil {
		return fmt.Errorf("act of entry %d is damaged", index)
	}
	enc, err := act.Encode()
	if err != nil || protocol.DigestOf(enc) != rec.Act {
		return fmt.Errorf("act of entry %d is not the one it names (%s)", index, hex.EncodeToString(rec.Act[:4]))
	}
	decision, err := r.Get(digestKey(prefixDecision, rec.Act))
	if err != nil {
		return fmt.Errorf("decision of entry %d: %w", index, err)
	}
	if protocol.DigestOf(decision) != rec.Decision {
		return fmt.Errorf("decision of entry %d is not the one it names", index)
	}
	return nil
}

// Prove implements desk.Health.
func (n *Node) Prove(ctx context.Context, index int64) ([]byte, error) {
	p, err := n.journal.Prove(ctx, index)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &desk.Problem{Status: http.StatusNotFound, Text: "the ledger has no such entry"}
	}
	return p.Format(), err
}

// Checkpoint implements desk.Health.
func (n *Node) Checkpoint(context.Context) ([]byte, error) {
	_, signed, err := n.journal.Checkpoint()
	return signed, err
}
