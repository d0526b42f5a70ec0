package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"comity.example/node/clerk"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/library"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
)

// openBatch is how many cases FillOpen writes at a time.
const openBatch = 500

// FillOpen stores count open cases like one that the node holds, each in the
// inbox and with three clocks of which the first ends when due says: straight
// into the store, in the bytes that a commit would write.
func (n *Node) FillOpen(ctx context.Context, like protocol.CaseID, count int, due func(i int) time.Time) error {
	model, err := n.openModel(ctx, like)
	if err != nil {
		return err
	}
	for done := 0; done < count; done += openBatch {
		err := n.store.Update(ctx, func(t store.Txn) error {
			for i := done; i < min(done+openBatch, count); i++ {
				if err := model.write(t, due(i).UTC()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// A model is a filed case as bytes, with what is its own in each copy.
type model struct {
	id    protocol.CaseID
	until time.Time
	file  []byte
	item  []byte
	inbox string
}

func (n *Node) openModel(ctx context.Context, like protocol.CaseID) (m model, err error) {
	var f filed
	err = n.journal.View(ctx, func(r store.Reader) error {
		f, err = record.Read[filed](r, caseKey(like))
		return err
	})
	if err != nil {
		return m, err
	}
	m = model{id: like, until: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), inbox: f.Inbox}
	f.File.Matter.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper}, Until: m.until}
	f.File.Matter.Unvalidated, f.File.Matter.Issued = true, time.Date(2098, 1, 1, 0, 0, 0, 0, time.UTC)
	clocks := casefile.Clocks(&f.File, n.law(&f.File))
	if len(clocks) != 3 {
		return m, fmt.Errorf("the model has %d clocks, want 3", len(clocks))
	}
	f.Due = m.until.Unix()
	item := desk.Item{Case: like, State: f.File.State, Move: f.Move, Issuer: f.File.Issuer, Addressee: f.File.Addressee,
		Agreement: f.File.Agreement.ID, Since: f.Since, Due: m.until, Clock: "secrecy"}
	if m.file, err = canon.Write(f); err == nil {
		m.item, err = canon.Write(item)
	}
	return m, err
}

func (m *model) write(t store.Txn, due time.Time) error {
	id := protocol.NewCaseID()
	own := func(b []byte) []byte {
		b = bytes.ReplaceAll(b, []byte(m.id), []byte(id))
		b = bytes.ReplaceAll(b, []byte(m.until.Format(time.RFC3339)), []byte(due.Format(time.RFC3339)))
		return bytes.ReplaceAll(b, fmt.Appendf(nil, `"due":%d`, m.until.Unix()), fmt.Appendf(nil, `"due":%d`, due.Unix()))
	}
	inbox := bytes.ReplaceAll([]byte(m.inbox), []byte(m.id), []byte(id))
	for _, w := range []struct{ key, value []byte }{
		{caseKey(id), own(m.file)}, {dueKey(due.Unix(), id), nil}, {inbox, own(m.item)}} {
		if err := t.Set(w.key, w.value); err != nil {
			return err
		}
	}
	return nil
}

// TickAt is one round of the clerk at a legal time.
func (n *Node) TickAt(ctx context.Context, at time.Time, limit int) (clerk.Round, error) {
	return (*docket)(n).Tick(ctx, at, limit)
}

// FindDue returns how long it takes to find what is due by a time.
func (n *Node) FindDue(ctx context.Context, at time.Time, limit int) (took time.Duration, found int, err error) {
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		began := time.Now()
		keys, err := n.docketBy(tx, at.Unix(), limit)
		took, found = time.Since(began), len(keys)
		return err
	})
	return took, found, err
}

// Came counts the effects that the cases say have come about.
func (n *Node) Came(ctx context.Context) (inCases int, err error) {
	inCases, _, _, err = n.effectsNow(ctx)
	return inCases, err
}

// Effects counts the effects that the cases say have come about, those that
// came about twice in a case, and those that the ledger has: all three of one
// moment.
func (n *Node) Effects(ctx context.Context) (inCases, twice, inLedger int, err error) {
	for size := int64(-1); err == nil && size != n.journal.Head().Size; {
		size = n.journal.Head().Size
		inCases, twice, inLedger, err = n.effectsNow(ctx)
	}
	return inCases, twice, inLedger, err
}

func (n *Node) effectsNow(ctx context.Context) (inCases, twice, inLedger int, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixCase)}, func(_, value []byte) (bool, error) {
			var f filed
			if err := canon.Read(value, &f); err != nil {
				return false, err
			}
			seen := map[casefile.Fired]bool{}
			for _, x := range f.File.Fired {
				once := casefile.Fired{Clock: x.Clock, Effect: x.Effect, Due: x.Due.UTC()}
				if seen[once] {
					twice++
				}
				seen[once] = true
				inCases++
			}
			return true, nil
		})
	})
	for i := int64(0); err == nil && i < n.journal.Head().Size; i++ {
		var rec ledger.Record
		if rec, err = n.journal.Record(ctx, i); rec.Kind == ledger.KindClock {
			inLedger++
		}
	}
	return inCases, twice, inLedger, err
}

// ForgetDocket makes the store that of a program which kept no docket.
func (n *Node) ForgetDocket(ctx context.Context) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		var keys [][]byte
		for _, prefix := range []string{prefixDue, keyReckoned} {
			err := tx.Scan(store.Range{Prefix: []byte(prefix), KeysOnly: true}, func(key, _ []byte) (bool, error) {
				keys = append(keys, bytes.Clone(key))
				return true, nil
			})
			if err != nil {
				return err
			}
		}
		for _, key := range keys {
			if at, id, err := parseDueKey(key); err == nil && at > 0 {
				f, err := record.Read[filed](tx, caseKey(id))
				if err != nil {
					return err
				}
				f.Due = 0
				if err := record.Write(tx, caseKey(id), f); err != nil {
					return err
				}
			}
			if err := tx.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Docketed counts the cases in the docket.
func (n *Node) Docketed(ctx context.Context) (count int, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixDue), KeysOnly: true}, func([]byte, []byte) (bool, error) {
			count++
			return true, nil
		})
	})
	return count, err
}

// ReckonedCases reckons as the node does when something may have changed, and
// returns how many cases that went through.
func (n *Node) ReckonedCases(ctx context.Context) (int, error) { return n.reckonAll(ctx) }

// CheckClocks is checkClocks of other periods.
func (n *Node) CheckClocks(periods map[string]time.Duration) error {
	return (&Node{cfg: Config{Clocks: periods, Log: n.cfg.Log}}).withLibrary(n.library.Load()).checkClocks()
}

func (n *Node) withLibrary(l *library.Library) *Node {
	n.library.Store(l)
	return n
}

// FetchedAll reports whether this node's people are left alone by a clock about what
// is to be fetched in a case, that is of a participant.
func (n *Node) FetchedAll(ctx context.Context, id protocol.CaseID, whose protocol.ParticipantID) (idle bool, err error) {
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		f, err := record.Read[filed](tx, caseKey(id))
		if err != nil {
			return err
		}
		clocks := []casefile.Running{{ID: "law", Whose: whose}, {ID: "evidence-available", Whose: whose, Fetch: true}}
		if other, err := n.fetchedAll(tx, clocks, &f.File, &casefile.Fired{Clock: "law"}); other || err != nil {
			return errors.Join(err, errors.New("a clock about nothing that is to be fetched tells nobody"))
		}
		idle, err = n.fetchedAll(tx, clocks, &f.File, &casefile.Fired{Clock: "evidence-available"})
		return err
	})
	return idle, err
}
