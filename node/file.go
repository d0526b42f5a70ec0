package node

import (
	"errors"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// filed is a case as the store holds it.
type filed struct {
	File  casefile.Case `json:"file"`
	Inbox string        `json:"inbox,omitzero"` // its key in the inbox, if it is there
	Move  casefile.Move `json:"move,omitzero"`  // what it waits there for
	Since time.Time     `json:"since,omitzero"` // since when
	Read  int           `json:"read,omitzero"`  // how much of its news our people have read
	Noted bool          `json:"noted,omitzero"` // that it was refused is kept for what may come
	// Due is when the clerk comes: Unix seconds, never while the clocks stand
	// still, 0 if there are none. It is the time in the case's key in the docket.
	Due int64 `json:"due,omitzero"`
	// Alerts are what clocks brought about that our people have neither read nor
	// acted upon since.
	Alerts []casefile.Fired `json:"alerts,omitempty"`
	// Legs are the cases that carry this one out, and Halt says of one of those why
	// it is not to go on.
	Legs []leg `json:"legs,omitempty"`
	Halt halt  `json:"halt,omitzero"`
}

// move returns what our people are asked to do: what they have read asks for
// nothing, until something new comes. What a clock brought about is to be read.
func (f *filed) move(self protocol.ParticipantID) casefile.Move {
	move := f.File.Move(self)
	switch {
	case f.Halt != "":
		return casefile.Halt
	case move == casefile.Answer && len(f.Legs) > 0:
		move = f.legMove()
	case move == casefile.Read && f.news(self) <= f.Read:
		move = casefile.None
	}
	if move == casefile.None && len(f.Alerts) > 0 {
		return casefile.Read
	}
	return move
}

// moveAt returns what our people are asked to do at a time: what has come is read
// before what is due beside it is done, and that goes before what a clock tells. That
// something is to be deleted is what came, and need not be read first.
func (f *filed) moveAt(self protocol.ParticipantID, at time.Time) casefile.Move {
	main := f.File.Move(self)
	waits := main != casefile.None && (main != casefile.Read || f.news(self) > f.Read)
	due := f.File.Due(self, at)
	if due != casefile.None && (!waits || due == casefile.Delete && main == casefile.Read) {
		return due
	}
	return f.move(self)
}

// news counts what others have sent, and what of ours did not get through.
func (f *filed) news(self protocol.ParticipantID) int {
	n := 0
	for i := range f.File.Thread {
		if e := &f.File.Thread[i]; e.From != self {
			n++
		} else if e.Undelivered != "" {
			n++
		}
	}
	return n
}

// judged is when an act that the store holds was decided, where the ledger
// says so, and who was verified to stand behind the act. The decision lies
// beside it, in the canonical form whose digest the ledger names.
type judged struct {
	Index int64     `json:"index"` // of its ledger entry
	At    time.Time `json:"at"`
	// Signers are as the registers stood then: they may change.
	Signers []desk.Signer `json:"signers,omitzero"`
}

// A ruling is a decision with its canonical form, whose digest the ledger
// names. It is made before the commit: in there, others wait.
type ruling struct {
	*protocol.Decision
	canonical []byte
	at        time.Time
}

func rule(d *protocol.Decision, at time.Time) (ruling, error) {
	b, err := d.Canonical()
	return ruling{d, b, at}, err
}

// record appends the ledger entry of an act on which we ruled, and keeps the
// act and the ruling.
func (n *Node) record(tx *journal.Tx, kind ledger.Kind, a *chain.Authentic, r ruling) (int64, error) {
	rec := ledger.Record{Kind: kind, At: r.at, Act: a.Digest, ID: a.Act.ID, Case: a.Act.Case,
		Verdict: ledger.VerdictOf(r.Verdict), Decision: protocol.DigestOf(r.canonical)}
	if kind != ledger.KindSent {
		rec.Peer = a.Act.From
	}
	index, err := tx.Append(rec)
	if err != nil {
		return 0, err
	}
	return index, errors.Join(
		tx.Set(digestKey(prefixAct, a.Digest), a.Signed),
		tx.Set(digestKey(prefixDecision, a.Digest), r.canonical),
		record.Write(tx, digestKey(prefixJudged, a.Digest), judged{index, r.at, signers(n.grounds.Load(), a)}))
}

// A way takes an act into a case: casefile.Case.Apply for what came in, Send
// for what goes out.
type way func(casefile.Case, casefile.Step) (casefile.Case, error)

// step takes an act into its case, which it opens if there is none. The error
// is a *casefile.TurnError if the act does not fit, or casefile.ErrEarly.
func (n *Node) step(tx *journal.Tx, s casefile.Step, take way) (filed, error) {
	s.Self, s.Unfit = n.cfg.Self, n.grounds.Load().Unfit(&s, s.At)
	f, err := record.Read[filed](tx, caseKey(s.Act.Case))
	switch {
	case errors.Is(err, store.ErrNotFound):
		if r := s.Request(); r != nil {
			s.Terms = n.grounds.Load().Terms(s.Act.Agreement, r, s.At)
		}
		f.File, err = casefile.Open(s)
	case err == nil:
		f.File, err = take(f.File, s)
	}
	return f, err
}

// put writes a case and moves it in, within or out of the inbox and the docket.
func (n *Node) put(tx *journal.Tx, f filed, now time.Time) error {
	if f.File.State == casefile.Refused && !f.Noted && !f.File.Matter.Drill {
		if err := noteCase(tx, &f.File); err != nil {
			return err
		}
		f.Noted = true
	}
	n.exhibits.Guard(&f.File, now)
	move := f.moveAt(n.cfg.Self, now)
	if move != f.Move {
		if f.Inbox != "" {
			if err := tx.Delete([]byte(f.Inbox)); err != nil {
				return err
			}
		}
		f.Move, f.Inbox = move, ""
		if move != casefile.None {
			f.Inbox, f.Since = inboxKey(&f.File, now), now
		}
	}
	clocks := casefile.Clocks(&f.File, n.law(&f.File))
	if err := n.docketed(tx, &f, clocks); err != nil {
		return err
	}
	if f.Inbox != "" {
		item := desk.Item{Case: f.File.ID, State: f.File.State, Move: move, Emergency: f.File.Emergency, Drill: f.File.Matter.Drill,
			Issuer: f.File.Issuer, Addressee: f.File.Addressee, Agreement: f.File.Agreement.ID, Since: f.Since}
		f.dueTo(&item, clocks, n.cfg.Self)
		if err := record.Write(tx, []byte(f.Inbox), item); err != nil {
			return err
		}
	}
	return record.Write(tx, caseKey(f.File.ID), f)
}

func laneOf(c *casefile.Case) wire.Lane {
	if c.Emergency {
		return wire.Emergency
	}
	return wire.Ordinary
}
