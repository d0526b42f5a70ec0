package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
)

// Whoever writes a case keeps its time in the docket. That time rests on more than
// the case: on the documents, on this node's own periods, and on how this program
// counts. When one of those has changed, or the store is of a program without a
// docket, every case is reckoned again, beside what else the node does.

const (
	// countedAs is to be raised with each change of how clocks are counted.
	countedAs = 2
	// reckonCases and roundBytes bound what one commit reckons again.
	reckonCases = 64
	// reckonLog is after how many cases the log says how far it has come.
	reckonLog = 10_000
)

// checkClocks reports a period of this node's own that would have a clock of the
// law run otherwise. One that no document knows has no effect, and may get one.
func (n *Node) checkClocks() error {
	l := n.library.Load()
	for _, id := range slices.Sorted(maps.Keys(n.cfg.Clocks)) {
		known, policy := l.Clock(id)
		switch {
		case known && !policy:
			return fmt.Errorf("node: config: clocks: %s is law and not policy: take it out of [clocks] in comity.toml", id)
		case !known:
			n.cfg.Log.Warn("config: no document in use has a clock of that name", "clock", id)
		}
	}
	return nil
}

// reckonAgain has the docket reckoned again, if what it rests on has changed.
func (n *Node) reckonAgain() {
	select {
	case n.reckon <- struct{}{}:
	default:
	}
}

// keepDocket reckons the docket whenever what it rests on has changed, until ctx
// ends.
func (n *Node) keepDocket(ctx context.Context) error {
	for {
		if _, err := n.reckonAll(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("node: reckon when clocks are due: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-n.reckon:
		}
	}
}

// restsOn is what the docket rests on beside the cases, as a digest.
func (n *Node) restsOn() (protocol.Digest, error) {
	var on struct {
		Counted   int               `json:"counted"`
		Documents []string          `json:"documents"`
		Periods   map[string]string `json:"periods"`
	}
	on.Counted, on.Periods = countedAs, map[string]string{}
	l := n.library.Load()
	on.Documents = l.Editions()
	for id, d := range n.cfg.Clocks {
		on.Periods[id] = d.String()
	}
	b, err := canon.Encode(on)
	return protocol.DigestOf(b), err
}

// reckonAll goes through every case, if what the docket rests on has changed. What
// was done before an interruption is done again, and changes nothing. It returns
// how many cases it went through.
func (n *Node) reckonAll(ctx context.Context) (done int, err error) {
	on, err := n.restsOn()
	if err != nil {
		return 0, err
	}
	var before protocol.Digest
	err = n.journal.View(ctx, func(r store.Reader) (err error) {
		before, err = record.Read[protocol.Digest](r, []byte(keyReckoned))
		return record.IgnoreMissing(err)
	})
	if err != nil || before == on {
		return 0, err
	}
	said := 0
	for after := ""; ; {
		began := time.Now()
		var keys []string
		err := n.journal.View(ctx, func(r store.Reader) (err error) {
			g := listing{prefix: prefixCase}
			g.After, g.Limit = after, reckonCases
			keys, _, err = pageKeys(r, g)
			return err
		})
		if err != nil {
			return done, err
		}
		if len(keys) == 0 {
			break
		}
		count, err := n.reckonSome(ctx, keys)
		if err != nil {
			return done, err
		}
		after, done = keys[count-1], done+count
		if done-said >= reckonLog {
			said = done
			n.cfg.Log.Info("reckons again when clocks are due", "cases", done)
		}
		select { // half of the journal's time is for what people wait for
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return done, ctx.Err()
		}
	}
	if done > 0 {
		n.cfg.Log.Info("has reckoned when clocks are due", "cases", done)
	}
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error { return record.Write(tx, []byte(keyReckoned), on) })
	return done, err
}

// reckonSome reckons the first of some cases again, at least one, and returns how
// many.
func (n *Node) reckonSome(ctx context.Context, cases []string) (done int, err error) {
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		done = 0
		now, read := n.now(), 0
		for _, id := range cases {
			if read > roundBytes {
				break
			}
			done++
			b, err := tx.Get(caseKey(protocol.CaseID(id)))
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			read += len(b)
			f, err := record.Parse[filed](b)
			if err != nil {
				return err
			}
			due := dueAt(&f.File, casefile.Clocks(&f.File, n.law(&f.File)))
			if due == f.Due && f.Inbox == "" {
				continue // one in the inbox also shows there by when it is due
			}
			if err := n.file(tx, f, now); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}
