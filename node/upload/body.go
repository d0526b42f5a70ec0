package upload

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
)

// checkEvery is how often it is asked, while content comes, whether whoever sends
// it still may: a request can last for days.
const checkEvery = 10 * time.Second

// A body is what a request sends. It ends when another request wants the upload,
// and when whoever sends it no longer may.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	check   func() error // nil: it always may
	checked time.Time
	read    int64 // bytes so far
	whole   bool  // all of it was read
	wanted  atomic.Bool
}

// yield ends the body, whether or not somebody reads it just now.
func (b *body) yield() {
	b.wanted.Store(true)
	// After the mark: the reader sets the deadline anew before it looks at the mark.
	b.control.SetReadDeadline(time.Unix(1, 0)) // what cannot be hurried ends with its next byte
}

func (b *body) Read(p []byte) (int, error) {
	if b.wanted.Load() {
		return 0, handler.ErrUploadInterrupted
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	b.whole = err == io.EOF
	if err != nil && err != io.EOF && b.wanted.Load() {
		return n, handler.ErrUploadInterrupted
	}
	if now := time.Now(); err == nil && b.check != nil && now.Sub(b.checked) >= checkEvery {
		b.checked, err = now, b.check()
	}
	return n, err
}

// An announced reader is the rest of an upload, as the library limits it. Where more
// comes than was announced it fails before the last byte, so that the upload is never
// whole: what is cut short is not what the client means.
type announced struct {
	io.Reader
	body *body
	size int64 // of the rest
	left int64 // of it
}

func (a *announced) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if a.left -= int64(n); a.left == 0 && err == nil {
		_, err = a.Reader.Read(make([]byte, 1)) // one too many; the library hides it
	}
	if a.body.read > a.size {
		return 0, handler.ErrSizeExceeded
	}
	return n, err
}

// A yielding locker has whoever holds the lock of an upload end its request when
// another wants it: a client that went away without a word would keep its next
// request waiting. The library does that too, by cancelling the request, but its
// goroutine that then closes the body races with the one that makes the body
// (tusd 2.9.1, handler/context.go).
//
// Whoever does not find an upload does not get its lock either.
type yielding struct {
	handler.Locker
	of *ofCase
}

// NewLock implements handler.Locker.
func (y *yielding) NewLock(id string) (handler.Lock, error) {
	if _, err := y.of.find(id); err != nil {
		return nil, handler.ErrNotFound
	}
	lock, err := y.Locker.NewLock(id)
	return &yieldingLock{lock, y.of.body}, err
}

type yieldingLock struct {
	inner handler.Lock
	body  *body
}

// Lock implements handler.Lock.
func (l *yieldingLock) Lock(ctx context.Context, _ func()) error {
	return l.inner.Lock(ctx, l.body.yield)
}

// Unlock implements handler.Lock.
func (l *yieldingLock) Unlock() error { return l.inner.Unlock() }
