package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity.example/node/clerk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
)

// The docket is the store's index of when a clock of a case is due. Whoever
// writes a case (file.go) keeps it, in the same commit. Effects are brought about
// in one commit with what makes them past: the fired clock in the case, its
// ledger entry, the act that the node owes for it, and the next time in the
// docket. A crash leaves all of that or nothing, so each comes about once.

const (
	// roundBytes bounds the cases that one round reads, in bytes, so that what it
	// writes fits into a commit.
	roundBytes = 384 << 10
	// stuckPause is when the clerk comes again for a clock that is due and does
	// not fire, which would be a fault of this program.
	stuckPause = time.Hour
)

// docketed moves the case in the docket, if when it is due has changed.
func (n *Node) docketed(tx *journal.Tx, f *filed, clocks []casefile.Running) error {
	due := dueAt(&f.File, clocks)
	if due == f.Due {
		return nil
	}
	if f.Due != 0 {
		if err := tx.Delete(dueKey(f.Due, f.File.ID)); err != nil {
			return err
		}
	}
	f.Due = due
	if due == 0 {
		return nil
	}
	n.expect(due)
	return tx.Set(dueKey(due, f.File.ID), nil)
}

// dueAt returns when the clerk is to come, in Unix seconds: a moment within a
// second is due at its end.
func dueAt(c *casefile.Case, clocks []casefile.Running) int64 {
	if len(clocks) == 0 {
		return 0
	}
	if next := c.Next(clocks); !next.IsZero() { // a peer may name any day: a key has room for those that count
		return min(max(next.Add(time.Second-1).Unix(), 1), never-1)
	}
	if slices.ContainsFunc(clocks, stands) {
		return never
	}
	return 0
}

// stands reports whether a clock is still of interest though nothing is to come
// of it by itself: it stands still, or waits for a start that others know, or its
// end has passed and nobody has done what was to be done.
func stands(r casefile.Running) bool {
	return r.Stopped.IsZero() && (!r.Paused.IsZero() || r.Ends.IsZero() || r.Effect == casefile.EffectOverdue)
}

// expect has the clerk come by a time, and look no later than there. Only a
// commit calls it.
func (n *Node) expect(due int64) {
	n.dueFrom = min(n.dueFrom, due)
	if due != never {
		n.clerk.Expect(time.Unix(due, 0))
	}
}

// docket is the node as its clerk sees it.
type docket Node

// Tick implements clerk.Docket. It looks inside a commit, where it sees what the
// commits before it wrote, and writes nothing if nothing is due. A case that
// cannot be read or written keeps no other waiting: it is put off.
func (d *docket) Tick(ctx context.Context, now time.Time, limit int) (clerk.Round, error) {
	n := (*Node)(d)
	now = now.UTC().Truncate(time.Second)
	r, err := n.round(ctx, now, limit)
	var stuck *stuckError
	if !errors.As(err, &stuck) {
		return r, err
	}
	if r, err = n.round(ctx, now, 1); !errors.As(err, &stuck) { // of several it need not be the last
		return r, err
	}
	return n.putOff(ctx, stuck, now)
}

func (n *Node) round(ctx context.Context, now time.Time, limit int) (clerk.Round, error) {
	var t ticking
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) (err error) {
		t, err = n.tick(tx, now, limit)
		return err
	})
	if err != nil {
		return clerk.Round{}, err
	}
	// From here the effects have come about, whatever happens next.
	if t.owes {
		n.duties.wake()
	}
	if t.Fired > 0 {
		n.notifier.Wake()
	}
	n.metrics.ticked(&t, now)
	return t.Round, nil
}

// A stuckError is a case that is due and of which nothing comes: it is damaged, or
// as large as a case can be.
type stuckError struct {
	key []byte // in the docket
	err error
}

func (e *stuckError) Error() string { return e.err.Error() }
func (e *stuckError) Unwrap() error { return e.err }

// putOff has the clerk come again later for a case that is stuck, and go on with
// the others.
func (n *Node) putOff(ctx context.Context, stuck *stuckError, now time.Time) (clerk.Round, error) {
	if errors.Is(stuck, store.ErrNoSpace) || errors.Is(stuck, store.ErrClosed) {
		return clerk.Round{}, stuck.err // no fault of the case's
	}
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error { return n.later(tx, stuck.key, now) })
	if err != nil {
		return clerk.Round{}, errors.Join(stuck.err, err)
	}
	n.cfg.Log.Error("the clocks of a case stand still: what is due in it cannot be written", "again_in", stuckPause, "error", stuck.err)
	return clerk.Round{Cases: 1, Next: now}, nil
}

// later moves a case in the docket to when the clerk comes again.
func (n *Node) later(tx *journal.Tx, key []byte, now time.Time) error {
	_, id, err := parseDueKey(key)
	if err != nil {
		return err
	}
	due := now.Add(stuckPause).Unix()
	err = errors.Join(tx.Delete(key), tx.Set(dueKey(due, id), nil))
	b, err2 := tx.Get(caseKey(id))
	if f, damaged := record.Parse[filed](b); err2 == nil && damaged == nil {
		f.Due = due
		err2 = record.Write(tx, caseKey(id), f)
	}
	return errors.Join(err, err2)
}

// A ticking is a round with what it gave rise to.
type ticking struct {
	clerk.Round
	effects map[casefile.Effect]int
	owes    bool
}

func (n *Node) tick(tx *journal.Tx, now time.Time, limit int) (ticking, error) {
	t := ticking{effects: map[casefile.Effect]int{}}
	due, err := n.docketBy(tx, now.Unix(), limit)
	if err != nil {
		return t, err
	}
	read := 0
	for _, key := range due {
		if read > roundBytes {
			break
		}
		size, err := n.tickCase(tx, key, now, &t)
		if err != nil {
			return t, &stuckError{key, err}
		}
		read += size
		t.Cases++
	}
	rest, err := n.docketBy(tx, never-1, 1)
	if err != nil || len(rest) == 0 {
		n.dueFrom = never
		return t, err
	}
	first, _, err := parseDueKey(rest[0])
	n.dueFrom, t.Next = first, time.Unix(first, 0).UTC()
	return t, err
}

// docketBy returns the first keys of the docket up to a time. It begins where
// something may be: what was deleted before that is dear to pass over.
func (n *Node) docketBy(tx *journal.Tx, until int64, limit int) (keys [][]byte, err error) {
	g := store.Range{Prefix: []byte(prefixDue), From: dueKey(n.dueFrom, ""), KeysOnly: true}
	err = tx.Scan(g, func(key, _ []byte) (bool, error) {
		at, _, err := parseDueKey(key)
		if err != nil || at > until {
			return false, err
		}
		keys = append(keys, slices.Clone(key))
		return len(keys) < limit, nil
	})
	return keys, err
}

// tickCase brings about what is due in a case, and returns how large the case is.
func (n *Node) tickCase(tx *journal.Tx, key []byte, now time.Time, t *ticking) (size int, err error) {
	at, id, err := parseDueKey(key)
	if err != nil {
		return 0, err
	}
	b, err := tx.Get(caseKey(id))
	if errors.Is(err, store.ErrNotFound) {
		return 0, tx.Delete(key)
	}
	if err != nil {
		return 0, err
	}
	var f filed
	if err := canon.Read(b, &f); err != nil {
		return 0, err
	}
	clocks := casefile.Clocks(&f.File, n.law(&f.File))
	var fired []casefile.Fired
	f.File, fired = f.File.Tick(clocks, now)
	if err := n.recordFired(tx, id, fired); err != nil {
		return 0, err
	}
	owes, err := n.effects(tx, &f, fired)
	if err != nil {
		return 0, err
	}
	t.owes = t.owes || owes
	t.Fired += len(fired)
	for i := range fired {
		t.effects[fired[i].Effect]++
		idle, failed := n.fetchedAll(tx, clocks, &f.File, &fired[i])
		if err = errors.Join(err, failed); !idle && told(&f.File, clocks, &fired[i], n.cfg.Self) {
			f.Alerts = append(f.Alerts, fired[i])
			err = errors.Join(err, n.tellFired(tx, &f.File, &fired[i]))
		}
	}
	if f.Due != at { // a key that is not the case's own
		err = errors.Join(err, tx.Delete(key))
	}
	return len(b), errors.Join(err, n.file(tx, f, now), n.unstick(tx, key, fired, now))
}

// unstick puts off a case that is due, and in which nothing fires: the clerk
// would come back at once, for ever.
func (n *Node) unstick(tx *journal.Tx, key []byte, fired []casefile.Fired, now time.Time) error {
	if len(fired) > 0 {
		return nil
	}
	_, err := tx.Get(key)
	if err != nil {
		return record.IgnoreMissing(err)
	}
	n.cfg.Log.Error("a clock is due and does not fire: this is a fault of the program")
	return n.later(tx, key, now)
}

// recordFired appends the ledger entries of effects.
func (n *Node) recordFired(tx *journal.Tx, id protocol.CaseID, fired []casefile.Fired) error {
	for i := range fired {
		digest, err := firedDigest(&fired[i])
		if err != nil {
			return err
		}
		if _, err := tx.Append(ledger.Record{Kind: ledger.KindClock, At: fired[i].At, Case: id, Document: digest}); err != nil {
			return err
		}
	}
	return nil
}

// firedDigest is what the ledger names of an effect (SPEC.md §9.1).
func firedDigest(f *casefile.Fired) (protocol.Digest, error) {
	b, err := canon.Encode(f)
	return protocol.DigestOf(b), err
}

// checkFired finds in its case the effect that a record names.
func checkFired(r store.Reader, index int64, rec ledger.Record) error {
	f, err := record.Read[filed](r, caseKey(rec.Case))
	if err != nil {
		return fmt.Errorf("case of entry %d: %w", index, err)
	}
	for i := range f.File.Fired {
		if d, err := firedDigest(&f.File.Fired[i]); err == nil && d == rec.Document {
			return nil
		}
	}
	return fmt.Errorf("the effect that entry %d names does not stand in its case", index)
}

// fetchedAll reports whether an effect is of a clock about what is to be fetched that
// is no matter of our people's: it is another's move, or they have it all.
func (n *Node) fetchedAll(tx *journal.Tx, clocks []casefile.Running, c *casefile.Case, f *casefile.Fired) (bool, error) {
	at := slices.IndexFunc(clocks, func(r casefile.Running) bool { return r.ID == f.Clock && r.Fetch })
	if at < 0 {
		return false, nil
	}
	if clocks[at].Whose != n.cfg.Self || c.Addressee == n.cfg.Self {
		return clocks[at].Whose != n.cfg.Self, nil
	}
	lacks, err := n.exhibits.Lacks(tx, c.ID)
	return !lacks, err
}

// told reports whether our people are told of an effect: of a reminder those
// whose move it is, of an end also those who wait for it.
func told(c *casefile.Case, clocks []casefile.Running, f *casefile.Fired, self protocol.ParticipantID) bool {
	whose := protocol.ParticipantID("")
	for i := range clocks {
		if clocks[i].ID == f.Clock {
			whose = clocks[i].Whose
		}
	}
	issuing := self == c.Issuer || self == c.Certifier
	switch {
	case whose == self:
		return true
	case f.Effect == casefile.EffectRemind:
		return false
	case f.Effect == casefile.EffectLapse, f.Effect == casefile.EffectRelease, f.Effect == casefile.EffectNotice:
		return self == c.Addressee
	case f.Effect == casefile.EffectStop, f.Effect == casefile.EffectWithdraw, f.Effect == casefile.EffectAlert:
		return issuing || self == c.Addressee
	}
	return issuing
}
