package courier

import (
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"comity.example/protocol/wire"
)

// A lane is one queue of a round.
type lane struct {
	id     wire.Lane
	window int // how many first tries may be in flight
	room   int // how many entries may be parked

	inFlight int             // first tries
	retrying int             // parked entries in flight
	read     uint64          // the Seq up to which the outbox was read
	waiting  []Entry         // read and neither in flight nor parked, in order; at most Prefetch and the window
	known    map[uint64]bool // the Seqs that were read and not settled: the outbox may be read again
	more     bool            // the outbox may hold entries above read

	parked int        // entries that were tried in vain and are not settled
	due    []*parking // those that are not in flight, the first to be tried first

	// What comes for a peer that is busy with everything would be parked at the
	// speed of the link: after a window of first tries in vain the lane rests.
	vain  int                         // first tries in vain since something was settled, or since the last rest
	rest  time.Time                   // the end of it
	pause *backoff.ExponentialBackOff // the rest while there is no more room
}

// A parking is an entry that waits by itself, with its case.
type parking struct {
	entry  Entry
	at     time.Time // when it is tried again
	pause  *backoff.ExponentialBackOff
	passed uint64 // the lowest Seq of its case that was passed over, 0 for none
}

func newLane(id wire.Lane, window, room int) lane {
	return lane{id: id, window: window, room: room, known: map[uint64]bool{}, more: true, pause: newPause()}
}

func (l *lane) flying() int { return l.inFlight + l.retrying }

// next is when something can be started that cannot be started now, zero if
// that does not depend on the time.
func (l *lane) next() time.Time {
	var at time.Time
	if len(l.due) > 0 && l.retrying < Retries {
		at = l.due[0].at
	}
	if len(l.waiting) > 0 && l.rest.After(time.Now()) && (at.IsZero() || l.rest.Before(at)) {
		at = l.rest
	}
	return at
}

// readFrom has the outbox read from that Seq on, at the latest.
func (l *lane) readFrom(seq uint64) { l.read, l.more = min(l.read, seq-1), true }

// add takes an entry that was read, in its place in the queue, unless it is
// there already.
func (l *lane) add(e Entry) {
	if !l.known[e.Seq] {
		l.known[e.Seq] = true
		l.putBack(e)
	}
}

// putBack returns an entry to its place in the queue.
func (l *lane) putBack(e Entry) {
	i := len(l.waiting)
	for i > 0 && l.waiting[i-1].Seq > e.Seq {
		i--
	}
	l.waiting = slices.Insert(l.waiting, i, e)
}

func (l *lane) settled(e Entry) {
	delete(l.known, e.Seq)
	l.vain, l.rest = 0, time.Time{}
	l.pause.Reset()
}

// schedule has a parked entry tried again at a time.
func (l *lane) schedule(p *parking, at time.Time) {
	p.at = at
	i, _ := slices.BinarySearchFunc(l.due, at, func(q *parking, at time.Time) int { return q.at.Compare(at) })
	l.due = slices.Insert(l.due, i, p)
}

// passOver notes an entry that is read again once p is settled.
func (p *parking) passOver(e Entry) {
	if p.passed == 0 || e.Seq < p.passed {
		p.passed = e.Seq
	}
}

// park has an entry wait by itself, p if it did so before, with all that the
// queue holds of its case. Without room for it, it stays where it was.
func (r *round) park(l *lane, p *parking, res result) {
	e := res.entry
	if r.overtook(l, p, e) {
		return
	}
	if p == nil {
		l.vain++
		full := l.parked >= l.room
		if full || l.vain >= l.window {
			l.vain = 0
			if !l.rest.After(time.Now()) { // the first of a window that failed together sets it
				pause := max(FirstRetry, min(res.after, LastRetry))
				if full {
					pause = max(pause, l.pause.NextBackOff())
				}
				l.rest = time.Now().Add(r.bounded(e, pause))
			}
		}
		if full {
			l.putBack(e)
			return
		}
		p = &parking{entry: e, pause: newPause()}
		l.parked++
		r.parked[e.Case], r.cases[e.Case] = p, true
		l.waiting = slices.DeleteFunc(l.waiting, func(other Entry) bool {
			if other.Case != e.Case {
				return false
			}
			p.passOver(other)
			delete(l.known, other.Seq)
			return true
		})
	}
	l.schedule(p, time.Now().Add(r.bounded(e, max(p.pause.NextBackOff(), res.after))))
}

// overtook reports whether an earlier entry of its case is there by now: those
// who post do not wait for each other. Then that one goes first, at once. To
// wait for the entry that follows it would be to wait for ever.
func (r *round) overtook(l *lane, p *parking, e Entry) bool {
	if p != nil && p.passed > 0 && p.passed < e.Seq {
		delete(l.known, e.Seq) // it is read again, behind the earlier one
		r.unpark(l, p)
		return true
	}
	earlier := func(other Entry) bool { return other.Case == e.Case && other.Seq < e.Seq }
	if p == nil && slices.ContainsFunc(l.waiting, earlier) {
		l.putBack(e)
		return true
	}
	return false
}

// bounded is a pause that no peer can make too long for an entry.
func (r *round) bounded(e Entry, pause time.Duration) time.Duration {
	pause = min(pause, LongestBusy, max(0, e.Expires.Sub(r.c.cfg.Now())))
	if e.Lane == wire.Emergency {
		pause = min(pause, EmergencyRetry)
	}
	return pause
}

// unpark lets the case of a settled entry go on.
func (r *round) unpark(l *lane, p *parking) {
	if p == nil {
		return
	}
	l.parked--
	delete(r.parked, p.entry.Case)
	delete(r.cases, p.entry.Case)
	if p.passed > 0 {
		l.readFrom(p.passed)
	}
}
