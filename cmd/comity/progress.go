package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

const (
	// drawEvery is how often progress is drawn.
	drawEvery = 150 * time.Millisecond
	// meterSpan is over how long a rate is measured.
	meterSpan = 5 * time.Second
	// maxBars is how many objects have a bar of their own at once.
	maxBars = 8
	// barCells is how wide a bar is, and nameCells what stands before it.
	barCells, nameCells = 14, 22
)

// A gauge is how far something is, in bytes.
type gauge struct {
	name  string
	done  int64
	total int64 // 0: not known
	rate  int64 // a second
	left  time.Duration
	state string // in a word, where it does not move
}

// line writes a gauge on one line.
func (g gauge) line() string {
	name := []rune(shown(g.name))
	if len(name) > nameCells {
		name = append(name[:nameCells-1], '…')
	}
	text := fmt.Sprintf("%-*s", nameCells, string(name))
	if g.total > 0 {
		part := min(float64(g.done)/float64(g.total), 1)
		full := int(part * barCells)
		text += fmt.Sprintf(" %s%s %3d %%  %s of %s", strings.Repeat("█", full), strings.Repeat("░", barCells-full),
			int(part*100), byteText(g.done), byteText(g.total))
	} else {
		text += "  " + byteText(g.done)
	}
	switch {
	case g.state != "":
		text += "  " + g.state
	case g.rate > 0:
		text += fmt.Sprintf("  %s/s", byteText(g.rate))
		if g.left > 0 {
			text += ", " + span(g.left) + " left"
		}
	}
	return text
}

// byteText writes a number of bytes for a person.
func byteText(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	value, unit := float64(n), ""
	for _, unit = range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value /= 1 << 10; value < 1<<10 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

// A meter measures a rate over the last seconds.
type meter struct {
	at   []time.Time
	done []int64
}

// add notes how much is done, and returns how much comes in a second.
func (m *meter) add(now time.Time, done int64) int64 {
	m.at, m.done = append(m.at, now), append(m.done, done)
	for len(m.at) > 2 && now.Sub(m.at[1]) >= meterSpan {
		m.at, m.done = m.at[1:], m.done[1:]
	}
	took := now.Sub(m.at[0])
	if took <= 0 {
		return 0
	}
	return int64(float64(done-m.done[0]) / took.Seconds())
}

// A board is a part of the terminal that is drawn again and again. On a pipe, and
// for a program, it draws nothing.
type board struct {
	w     io.Writer
	width int // 0: nothing is drawn
	lines int // that stand there
	next  time.Time
}

// board returns one on standard error.
func (a *app) board() *board {
	b := &board{w: a.errs}
	f, ok := a.errs.(*os.File)
	if !ok || a.JSON || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return b
	}
	b.width = maxWidth
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		b.width = w
	}
	return b
}

// due reports whether it is time to draw again.
func (b *board) due(now time.Time) bool {
	if b.width == 0 || now.Before(b.next) {
		return false
	}
	b.next = now.Add(drawEvery)
	return true
}

// draw writes the lines in the place of those that stood there.
func (b *board) draw(lines ...string) {
	if b.width == 0 {
		return
	}
	b.clear()
	for _, l := range lines {
		if letters := []rune(l); len(letters) >= b.width {
			l = string(letters[:b.width-1])
		}
		fmt.Fprintln(b.w, l)
	}
	b.lines = len(lines)
}

// clear removes what stands there, for text that stays.
func (b *board) clear() {
	if b.lines > 0 {
		fmt.Fprintf(b.w, "\x1b[%dA\x1b[J", b.lines)
	}
	b.lines = 0
}

// A passage counts what is read, draws how far it is, and keeps the error of its
// source apart from those of whoever reads it.
type passage struct {
	gauge
	r     io.Reader
	board *board
	meter meter
	err   error
}

func (f *passage) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.count(n)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// Write counts what is written, where r is not set.
func (f *passage) Write(p []byte) (int, error) {
	f.count(len(p))
	return len(p), nil
}

func (f *passage) count(n int) {
	f.done += int64(n)
	now := time.Now()
	if !f.board.due(now) {
		return
	}
	f.rate, f.left = f.meter.add(now, f.done), 0
	if f.rate > 0 && f.total > f.done {
		f.left = time.Duration(float64(f.total-f.done) / float64(f.rate) * float64(time.Second)).Round(time.Second)
	}
	f.board.draw(f.line())
}
