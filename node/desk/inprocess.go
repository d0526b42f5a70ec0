package desk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// InProcess does round trips straight into a handler, for a node in the same
// process: a world in virtual time has no sockets. Bodies flow in both directions
// as over a socket: neither is held whole.
type InProcess struct{ Handler http.Handler }

var errBrokenOff = errors.New("desk: the answer breaks off")

// RoundTrip implements http.RoundTripper.
func (t InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	r = r.WithContext(ctx)
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body, in := io.Pipe()
	rec := &recorder{header: http.Header{}, status: http.StatusOK, body: in, began: make(chan struct{})}
	go func() {
		defer cancel()
		defer r.Body.Close()
		in.CloseWithError(serve(t.Handler, rec, r))
		rec.begin(http.StatusOK)
	}()
	select {
	case <-rec.began:
	case <-r.Context().Done():
		select {
		case <-rec.began: // and over, before anybody looked
		default:
			body.CloseWithError(r.Context().Err())
			return nil, r.Context().Err()
		}
	}
	return &http.Response{StatusCode: rec.status, Status: http.StatusText(rec.status),
		Header: rec.header, Body: &watched{body, cancel}, Request: r}, nil
}

// A watched body tells the handler when its reader goes.
type watched struct {
	io.ReadCloser
	gone context.CancelFunc
}

func (w *watched) Close() error {
	defer w.gone()
	return w.ReadCloser.Close()
}

// serve calls a handler, and says how a handler that gives up would end the answer.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch caught := recover(); caught {
		case nil:
		case http.ErrAbortHandler:
			err = errBrokenOff
		default:
			panic(caught)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

// A recorder is the ResponseWriter of InProcess.
type recorder struct {
	header http.Header
	status int // valid once began is closed
	body   *io.PipeWriter
	once   sync.Once
	began  chan struct{} // closed with the first byte, or the status
}

func (r *recorder) begin(status int) {
	r.once.Do(func() { r.status = status; close(r.began) })
}

func (r *recorder) Header() http.Header    { return r.header }
func (r *recorder) WriteHeader(status int) { r.begin(status) }

func (r *recorder) Write(b []byte) (int, error) {
	r.begin(http.StatusOK)
	return r.body.Write(b)
}

// Flush implements http.Flusher: nothing waits here.
func (r *recorder) Flush() { r.begin(http.StatusOK) }
