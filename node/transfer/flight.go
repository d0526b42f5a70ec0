package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// An end is how a flight ended.
type end struct {
	outcome Outcome
	bytes   int           // of the block that was taken
	took    time.Duration // until it was there
	after   time.Duration // the pause that a busy asks for
	err     error         // why it could not be kept
}

// fly asks for a block and gives it to the target.
func (e *Engine) fly(ctx context.Context, f flight) {
	answer, err := e.cfg.Source(ctx, f.job.Peer, f.query())
	got := e.take(f, answer, err)
	if got.outcome != Taken && ctx.Err() != nil {
		got.outcome = Canceled
	}
	e.land(f, got)
}

// take gives what was answered to the target.
func (e *Engine) take(f flight, answer wire.Message, err error) end {
	took := e.cfg.Now().Sub(f.began)
	if err != nil {
		return end{outcome: Silent, took: took}
	}
	switch m := answer.(type) {
	case *wire.Busy:
		return end{outcome: Busy, after: m.RetryAfter}
	case *wire.Nothing:
		return end{outcome: Gone}
	case *wire.Block:
		defer m.Free()
		if _, size := evidence.BlockAt(f.job.Sealed, f.index); int64(len(m.Block)) != size {
			return end{outcome: Wrong}
		}
		if err := f.job.Target.Put(f.index, m.Block, m.Proof); errors.Is(err, evidence.ErrBlock) {
			return end{outcome: Wrong}
		} else if err != nil {
			return end{outcome: Unkept, err: err}
		}
		return end{outcome: Taken, bytes: len(m.Block), took: took}
	}
	return end{outcome: Wrong}
}

// land draws the consequences of the end of a flight.
func (e *Engine) land(f flight, got end) {
	e.cfg.Count(got.outcome)
	e.mu.Lock()
	j, p, now := f.job, f.job.peer, e.cfg.Now()
	j.flights[f.index]()
	delete(j.flights, f.index)
	p.flying--
	e.flying--
	if j.Urgent {
		e.urgent--
	}
	if got.outcome == Taken {
		p.window.taken(now, got.took, got.bytes, e.cfg.Window)
		p.pause.grow.Reset()
		j.rest.grow.Reset()
		p.good, j.failed = now, time.Time{}
		if !j.rest.running(now) {
			j.why = ""
		}
		if !p.pause.running(now) {
			p.why = ""
		}
		j.meter.add(now, int64(got.bytes))
	} else {
		j.again = append(j.again, f.index)
		e.blame(f, got, now)
	}
	var over bool
	switch {
	case got.outcome == Gone:
		over = e.giveUp(j, ErrGone)
	case j.removed || j.end != nil:
		over = e.giveUp(j, context.Canceled)
	case !j.rest.running(now):
		p.enqueue(j)
	}
	e.rouse()
	e.mu.Unlock()
	if over {
		e.close(j, j.end)
	}
}

// giveUp ends a job that is not complete, once nothing of it is in flight, and
// reports whether that is so. The caller holds mu.
func (e *Engine) giveUp(j *job, err error) bool {
	if j.end == nil {
		j.end = err
	}
	j.peer.dequeue(j)
	for _, cancel := range j.flights {
		cancel()
	}
	return e.letGo(j)
}

// blame decides who is left alone for how long after a block did not come.
func (e *Engine) blame(f flight, got end, now time.Time) {
	j, p := f.job, f.job.peer
	most := LongestBusy
	if j.Urgent {
		most = UrgentPause
	}
	switch got.outcome {
	case Silent:
		p.window = newWindow(1)
		if !j.failed.IsZero() && p.good.After(j.failed) {
			// It answers for others: it is this job that it does not answer for.
			j.rest.begin(now, 0, most)
			e.rest(j, Unanswered)
		} else {
			p.pause.begin(now, 0, most)
			p.why = Unreachable
			// Another job is tried first then.
			p.dequeue(j)
		}
		j.failed = now
	case Busy:
		if !j.rest.running(now) {
			p.window.shrink()
		}
		j.rest.begin(now, min(got.after, LongestBusy), most)
		e.rest(j, PeerBusy)
	case Wrong:
		j.rest.begin(now, WrongPause, WrongPause)
		e.rest(j, PeerWrong)
		p.pause.begin(now, WrongPeerPause, WrongPeerPause)
		p.why = PeerWrong
		e.cfg.Log.Warn("transfer: a block is not the one that was signed", "peer", string(p.id))
	case Unkept:
		if !j.rest.running(now) {
			e.cfg.Log.Error("transfer: keep a block", "err", got.err)
		}
		j.rest.begin(now, time.Second, LastPause)
		e.rest(j, NotKept)
	}
}

// rest leaves a job alone until the end of its pause.
func (e *Engine) rest(j *job, why State) {
	j.why = why
	j.peer.rest(j)
}

// finish completes a job of which every block is there.
func (e *Engine) finish(ctx context.Context, j *job) {
	var err error
	class := j.class()
	if j.Sealed <= Brief {
		class += classes
	}
	seats := e.finishing[class]
	select {
	case seats <- struct{}{}:
		err = j.Target.Complete(ctx)
		<-seats
	case <-ctx.Done():
		err = ctx.Err()
	}
	e.mu.Lock()
	canceled := ctx.Err() != nil
	j.flights[finish]()
	delete(j.flights, finish)
	if err != nil && !canceled && j.rounds < rounds && len(j.Target.Missing(-1, 1)) > 0 {
		// What lay on disk was not what had arrived: it is fetched again.
		j.rounds++
		j.begin()
		j.peer.enqueue(j)
		e.rouse()
		e.mu.Unlock()
		return
	}
	if canceled && !j.removed {
		e.mu.Unlock() // Run ends, and closes it
		return
	}
	if err != nil {
		err = fmt.Errorf("transfer: complete: %w", err)
	}
	over := e.letGo(j)
	e.rouse()
	e.mu.Unlock()
	if over {
		e.close(j, err)
	}
}
