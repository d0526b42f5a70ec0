package transfer

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"

	"comity.example/protocol/evidence"
)

// A job is a Job that is being fetched. Its fields are guarded by the Engine's mu.
type job struct {
	Job
	peer    *peer
	blocks  int64 // how many it has
	removed bool
	end     error         // why it is given up
	over    chan struct{} // closed when the Target is

	again   []int64                      // blocks that did not come
	next    []int64                      // further missing ones, at most batch
	after   int64                        // the last number that next was filled with
	drained bool                         // nothing is missing after it
	flights map[int64]context.CancelFunc // what is in flight; -1 while it is finished
	rounds  int                          // how often it was begun again

	queued bool // in a line of its peer
	rest   pause
	failed time.Time // when it failed last, and nothing came since
	meter  meter
	why    State // why it rests
}

func newJob(j Job, p *peer, have int64) *job {
	return &job{Job: j, peer: p, blocks: evidence.Blocks(j.Sealed), over: make(chan struct{}),
		after: -1, flights: map[int64]context.CancelFunc{}, rest: newPause(),
		meter: meter{have: have}}
}

// more reports whether a block can be asked for.
func (j *job) more() bool {
	if len(j.again) > 0 || len(j.next) > 0 {
		return true
	}
	if j.drained {
		return false
	}
	j.next = j.Target.Missing(j.after, batch)
	if len(j.next) == 0 {
		j.drained = true
		return false
	}
	j.after = j.next[len(j.next)-1]
	return true
}

// pop returns the next block to ask for, after more.
func (j *job) pop() (i int64) {
	from := &j.next
	if len(j.again) > 0 {
		from = &j.again
	}
	i, *from = (*from)[0], (*from)[1:]
	return i
}

// begin lets the job look for missing blocks from the beginning.
func (j *job) begin() { j.after, j.drained = -1, false }

// A pause is how long something is left alone, longer each time.
type pause struct {
	until time.Time
	grow  *backoff.ExponentialBackOff
}

const (
	// FirstPause and LastPause bound how long a peer that does not answer is left
	// alone, and a job that fails.
	FirstPause = 250 * time.Millisecond
	LastPause  = time.Minute
	// LongestBusy bounds the pause that a peer can ask for by a busy.
	LongestBusy = 5 * time.Minute
	// UrgentPause bounds them all for an emergency, as far as the peer is not wrong.
	UrgentPause = 2 * time.Second
	// WrongPause is how long a job is left alone whose peer sent a block that was not
	// signed. Its other jobs are left alone for WrongPeerPause.
	WrongPause     = 10 * time.Minute
	WrongPeerPause = time.Minute
)

func newPause() pause {
	grow := backoff.NewExponentialBackOff() // adds jitter of one half either way
	grow.InitialInterval, grow.MaxInterval = FirstPause, LastPause
	return pause{grow: grow}
}

func (p *pause) running(now time.Time) bool { return now.Before(p.until) }

// begin pauses for at least so long, and at most most. A pause that is running
// already only becomes longer when at least says so: what was in flight together
// fails together.
func (p *pause) begin(now time.Time, least, most time.Duration) {
	if !p.running(now) {
		least = max(least, p.grow.NextBackOff())
	}
	if until := now.Add(min(least, most)); until.After(p.until) {
		p.until = until
	}
}
