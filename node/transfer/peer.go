package transfer

import (
	"container/heap"
	"slices"
	"time"

	"comity.example/protocol"
)

// The classes of jobs.
const (
	emergencies = iota
	others
	classes
)

// class returns which of them j is in.
func (j *job) class() int {
	if j.Urgent {
		return emergencies
	}
	return others
}

// A peer is whom jobs are fetched from. Its fields are guarded by the Engine's mu.
type peer struct {
	id      protocol.ParticipantID
	jobs    int
	flying  int
	turn    uint64 // when it was served last
	lines   [classes]line
	resting resting
	window  window
	pause   pause
	why     State
	good    time.Time // when a block of it was taken last
}

func newPeer(id protocol.ParticipantID) *peer {
	return &peer{id: id, window: newWindow(FirstWindow), pause: newPause()}
}

// A line holds the jobs of one class that a block can be asked for of: cases in
// turns.
type line struct {
	cases []*folder // the one whose turn it is first
}

// A folder holds the jobs of one case, the brief ones apart.
type folder struct {
	id    protocol.CaseID
	brief []*job
	large []*job
	ahead int // turns that brief ones had since that of a large one
}

// briefAhead is how many turns of a case brief objects have before it is that of one
// that is not: each costs hardly more than to ask for it, and many that come beside
// one block of a large object hold it up less than it would hold up them.
const briefAhead = 8

// of returns the jobs that j stands among.
func (f *folder) of(j *job) *[]*job {
	if j.Sealed <= Brief {
		return &f.brief
	}
	return &f.large
}

// next returns the job whose turn it is.
func (f *folder) next() *job {
	if len(f.brief) == 0 || len(f.large) > 0 && f.ahead >= briefAhead {
		f.ahead = 0
		return f.large[0]
	}
	f.ahead++
	return f.brief[0]
}

// enqueue puts a job in its line, if a block can be asked for.
func (p *peer) enqueue(j *job) {
	if j.queued || j.removed || !j.more() && len(j.flights) > 0 {
		return
	}
	j.queued = true
	l := &p.lines[j.class()]
	i := slices.IndexFunc(l.cases, func(f *folder) bool { return f.id == j.Case })
	if i < 0 {
		i = len(l.cases)
		l.cases = append(l.cases, &folder{id: j.Case})
	}
	jobs := l.cases[i].of(j)
	*jobs = append(*jobs, j)
}

// dequeue takes a job out of its line.
func (p *peer) dequeue(j *job) {
	if !j.queued {
		return
	}
	j.queued = false
	l := &p.lines[j.class()]
	for i, f := range l.cases {
		if f.id != j.Case {
			continue
		}
		jobs := f.of(j)
		if k := slices.Index(*jobs, j); k >= 0 {
			*jobs = slices.Delete(*jobs, k, k+1)
		}
		if len(f.brief)+len(f.large) == 0 {
			l.cases = slices.Delete(l.cases, i, i+1)
		}
		return
	}
}

// next returns the job whose turn it is, and ends the turn of its case.
func (l *line) next() *job {
	f := l.cases[0]
	l.cases = append(l.cases[1:], f)
	return f.next()
}

// rest takes a job out of its line until its pause is over.
func (p *peer) rest(j *job) {
	p.dequeue(j)
	for i, r := range p.resting {
		if r.job == j {
			p.resting[i].until = j.rest.until
			heap.Fix(&p.resting, i)
			return
		}
	}
	heap.Push(&p.resting, rester{j.rest.until, j})
}

// forget takes a job out of those that rest.
func (p *peer) forget(j *job) {
	for i, r := range p.resting {
		if r.job == j {
			heap.Remove(&p.resting, i)
			return
		}
	}
}

// rouse puts the jobs whose pause is over back in line, and returns when the next
// one is: the zero time if none rests.
func (p *peer) rouse(now time.Time) time.Time {
	for len(p.resting) > 0 {
		if r := p.resting[0]; now.Before(r.until) {
			return r.until
		}
		j := heap.Pop(&p.resting).(rester).job
		p.enqueue(j)
	}
	return time.Time{}
}

// resting is a heap: whose pause is over first is first.
type resting []rester

type rester struct {
	until time.Time
	job   *job
}

func (r resting) Len() int           { return len(r) }
func (r resting) Less(a, b int) bool { return r[a].until.Before(r[b].until) }
func (r resting) Swap(a, b int)      { r[a], r[b] = r[b], r[a] }
func (r *resting) Push(x any)        { *r = append(*r, x.(rester)) }
func (r *resting) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}
