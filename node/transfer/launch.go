package transfer

import (
	"context"
	"time"

	"comity.example/protocol/wire"
)

// launch begins what may begin, and returns how long to wait for the end of a
// pause, if one is running.
func (e *Engine) launch(ctx context.Context) (wait time.Duration, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.cfg.Now()
	alarm := e.rouseAll(now)
	fair := e.fairShare()
	for e.flying < e.cfg.Window {
		j := e.pick(now, fair)
		if j == nil {
			break
		}
		e.begin(ctx, j)
	}
	if alarm.IsZero() {
		return 0, false
	}
	return max(0, alarm.Sub(now)), true
}

// rouseAll puts what has rested enough back in line, and returns when the next
// pause ends: the zero time if there is none.
func (e *Engine) rouseAll(now time.Time) (alarm time.Time) {
	for id, p := range e.peers {
		if p.jobs == 0 && !p.pause.running(now) {
			delete(e.peers, id)
			continue
		}
		for _, t := range []time.Time{p.rouse(now), p.pause.until} {
			if t.After(now) && (alarm.IsZero() || t.Before(alarm)) {
				alarm = t
			}
		}
	}
	return alarm
}

// pick returns the job whose turn it is to ask for a block, nil if none may.
func (e *Engine) pick(now time.Time, fair int) *job {
	for class := range classes {
		var best *peer
		for _, p := range e.peers {
			if len(p.lines[class].cases) == 0 || p.pause.running(now) || !e.mayFly(p, class, fair) {
				continue
			}
			if best == nil || p.flying < best.flying || p.flying == best.flying && p.turn < best.turn {
				best = p
			}
		}
		if best != nil {
			return best.lines[class].next()
		}
	}
	return nil
}

// fairShare returns how many blocks each peer with work may have in flight, if all
// have as many, and one more peer that comes has, too.
func (e *Engine) fairShare() int {
	at := 1
	for _, p := range e.peers {
		if p.flying > 0 || len(p.lines[emergencies].cases)+len(p.lines[others].cases) > 0 {
			at++
		}
	}
	return max(1, e.cfg.Window/at)
}

// mayFly reports whether one more block of a peer may be in flight. Beyond its fair
// share nobody takes more than three quarters of what the others leave, so that a
// peer which takes its time does not take everybody's; some of the window is kept for
// emergencies, and while one is under way what is ordinary goes block by block.
func (e *Engine) mayFly(p *peer, class, fair int) bool {
	if p.flying >= p.window.size {
		return false
	}
	left := e.cfg.Window - (e.flying - p.flying)
	if p.flying >= fair && p.flying >= left*3/4 {
		return false
	}
	if class == emergencies {
		return true
	}
	if e.urgent > 0 && p.flying > 0 {
		return false
	}
	return e.flying < e.cfg.Window-e.cfg.Window/8
}

// begin asks for the next block of a job, or finishes it when there is none. The
// caller holds mu.
func (e *Engine) begin(ctx context.Context, j *job) {
	ctx, cancel := context.WithCancel(ctx)
	e.turn++
	j.peer.turn = e.turn
	if !j.more() { // and nothing is in flight
		j.peer.dequeue(j)
		j.flights[finish] = cancel
		e.flights.Go(func() { e.finish(ctx, j) })
		return
	}
	f := flight{job: j, index: j.pop(), began: e.cfg.Now()}
	j.flights[f.index] = cancel
	j.peer.flying++
	j.peer.window.sent(f.began, j.peer.flying)
	e.flying++
	if j.Urgent {
		e.urgent++
	}
	if !j.more() {
		j.peer.dequeue(j)
	}
	e.flights.Go(func() { e.fly(ctx, f) })
}

// finish stands for the finishing of a job among its flights.
const finish = -1

// A flight is a block that was asked for.
type flight struct {
	job   *job
	index int64
	began time.Time
}

func (f flight) query() *wire.BlockQuery {
	return &wire.BlockQuery{Act: f.job.Act, Tree: f.job.Tree, Index: uint64(f.index)}
}
