package transfer

import "time"

// A window is how many blocks of one peer may be in flight. It begins with two and
// grows for as long as that makes the peer faster; a line on which blocks take long
// has few in flight, so that each arrives in the time that there is for it.
type window struct {
	size int

	// One round is as many blocks as the window has, from when as many were in
	// flight: what held them up before is not the window.
	full  bool // it has begun
	left  int  // blocks of it
	began time.Time
	work  int64 // done in it

	before int     // the size before it grew last
	best   float64 // work per second when it grew last
	hold   int     // rounds until it tries to grow again
	steep  bool    // it doubles: nothing has ever held it
}

const (
	// FirstWindow is what a window begins with, in blocks.
	FirstWindow = 2

	// patience is how long a block may take before the window shrinks. A window of
	// one is never too large.
	patience = 4 * time.Second

	// gain is how much faster a larger window must be to be kept.
	gain = 1.05

	// holdRounds is how many rounds a window stays after growing it did not help.
	holdRounds = 8

	// askWork is what asking costs beside the bytes of the answer, in bytes.
	askWork = 32 << 10
)

// newWindow returns a window of so many blocks: one after a block did not come.
func newWindow(size int) window { return window{size: size, steep: true} }

// sent counts a block that was asked for, and is in flight with the others.
func (w *window) sent(now time.Time, flying int) {
	if !w.full && flying >= w.size {
		w.full, w.left, w.began, w.work = true, w.size, now, 0
	}
}

// taken counts a block of so many bytes that took so long. most bounds the window.
func (w *window) taken(now time.Time, took time.Duration, bytes, most int) {
	if took > patience {
		w.shrink()
		return
	}
	if !w.full {
		return
	}
	w.work += int64(bytes) + askWork
	if w.left--; w.left > 0 {
		return
	}
	w.full = false
	rate := float64(w.work) / max(now.Sub(w.began).Seconds(), 1e-6)
	switch {
	case w.hold > 0:
		if w.hold--; w.hold == 0 {
			w.best = rate // the next round shows whether more is better
			w.grow(most)
		}
	case rate > w.best*gain:
		w.best = rate
		w.grow(most)
	default:
		w.size, w.steep, w.hold = max(1, w.before), false, holdRounds
	}
}

func (w *window) grow(most int) {
	w.before = w.size
	if w.steep {
		w.size *= 2
	} else {
		w.size += max(1, w.size/4)
	}
	if w.size = min(w.size, most); w.size <= w.before {
		w.size, w.hold = w.before, holdRounds
	}
}

// shrink halves the window: the peer was busy, or a block took too long.
func (w *window) shrink() {
	*w = window{size: max(1, w.size/2), before: max(1, w.size/2), hold: holdRounds}
}
