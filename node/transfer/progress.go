package transfer

import (
	"time"

	"comity.example/protocol"
)

// A State is what an object is waiting for.
type State string

// The states.
const (
	Waiting     State = "waiting"     // for its turn
	Moving      State = "moving"      // blocks are coming
	Finishing   State = "finishing"   // all are there and are looked at once more
	Unreachable State = "unreachable" // the peer does not answer
	Unanswered  State = "unanswered"  // the peer does not answer for this object
	PeerBusy    State = "busy"        // the peer asked to wait
	PeerWrong   State = "wrong"       // the peer sent what it had not signed
	NotKept     State = "not-kept"    // this node could not write it
)

// why says a state in words for a person.
func (s State) why() string {
	switch s {
	case Waiting:
		return "others go first"
	case Finishing:
		return "every block is there; the whole is checked once more"
	case Unreachable:
		return "the other side does not answer; it is asked again within a minute"
	case Unanswered:
		return "the other side answers, but not for this object; it is asked again"
	case PeerBusy:
		return "the other side asked to wait: it is serving others, or has not got it yet"
	case PeerWrong:
		return "the other side sent a block that is not the one it signed; it is asked again in some minutes: tell it"
	case NotKept:
		return "this node could not write what arrived: look at its log and the room on its disk"
	}
	return ""
}

// Progress is how far an object is.
type Progress struct {
	Have, Total int64         // bytes, sealed
	Rate        int64         // bytes per second, lately
	Left        time.Duration // at that rate; 0: not known
	State       State
	Why         string // in words, for a person; may be empty
}

// Progress returns how far the object with that tree hash is, and false if it is not
// being fetched.
func (e *Engine) Progress(tree protocol.Digest) (Progress, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	j := e.jobs[tree]
	if j == nil {
		return Progress{}, false
	}
	now := e.cfg.Now()
	p := Progress{Have: min(j.meter.have, j.Sealed), Total: j.Sealed, Rate: j.meter.rate(now), State: j.state()}
	if p.Rate > 0 {
		p.Left = time.Duration(float64(p.Total-p.Have) / float64(p.Rate) * float64(time.Second))
	}
	p.Why = p.State.why()
	return p, true
}

// state returns why nothing comes, for as long as nothing does, also in the middle of
// another try.
func (j *job) state() State {
	switch {
	case j.flights[finish] != nil:
		return Finishing
	case j.why != "":
		return j.why
	case j.peer.why != "":
		return j.peer.why
	case len(j.flights) > 0:
		return Moving
	}
	return Waiting
}

// A meter counts bytes, and how many came lately.
type meter struct {
	have int64
	from time.Time // when it began to count
	last int64     // the second of the newest slot
	slot [slots]int64
}

// slots is over how many seconds a rate is taken.
const slots = 8

func (m *meter) add(now time.Time, n int64) {
	if m.from.IsZero() {
		m.from = now
	}
	m.turn(now.Unix())
	m.slot[m.last%slots] += n
	m.have += n
}

// turn empties the slots of the seconds that have passed.
func (m *meter) turn(second int64) {
	for m.last = max(m.last, second-slots); m.last < second; {
		m.last++
		m.slot[m.last%slots] = 0
	}
}

// rate returns the bytes per second over the last seconds.
func (m *meter) rate(now time.Time) int64 {
	if m.from.IsZero() {
		return 0
	}
	m.turn(now.Unix())
	var sum int64
	for _, n := range m.slot {
		sum += n
	}
	over := min(now.Sub(m.from), (slots-1)*time.Second+now.Sub(now.Truncate(time.Second)))
	return int64(float64(sum) / max(over.Seconds(), 0.5))
}
