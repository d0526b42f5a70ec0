package upload

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes: they have deadlines, and keep
// virtual time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// A line is one connection to a node in virtual time.
type line struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

// slowly runs a test in virtual time, with a store that has an upload of caseA.
func slowly(t *testing.T, a Access, test func(s *site, dial func() *line, at string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &site{T: t, vault: &vault{taken: nil}, clock: time.Now(), room: 1 << 40}
		s.cfg = Config{Dir: t.TempDir(), TakeIn: s.vault.takeIn, Room: func() int64 { return s.room },
			Now: time.Now, Explain: func(err error) (int, string) { return http.StatusUnauthorized, err.Error() }}
		var err error
		if s.store, err = Open(s.cfg); err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.Handle("/v1/cases/{case}/uploads/", s.store.Handler(a))
		l := &pipes{make(chan net.Conn), make(chan struct{})}
		srv := &http.Server{Handler: mux}
		ended := make(chan error)
		go func() { ended <- srv.Serve(l) }()
		dial := func() *line {
			here, there := net.Pipe()
			l.conns <- there
			return &line{t, here, bufio.NewReader(here)}
		}
		c := dial()
		c.send("POST", "/v1/cases/"+string(caseA)+"/uploads/", "Upload-Length: 1000", "Upload-Metadata: "+meta("filename", "x"))
		_, header := c.answer()
		test(s, dial, header.Get("Location"))
		srv.Close()
		<-ended
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * grace) // what the library leaves behind a request ends by itself
	})
}

// send sends the head of a request.
func (l *line) send(method, at string, headers ...string) {
	l.t.Helper()
	head := fmt.Sprintf("%s %s HTTP/1.1\r\n", method, at)
	for _, h := range append(headers, "Host: node", "Tus-Resumable: 1.0.0", "") {
		head += h + "\r\n"
	}
	if _, err := io.WriteString(l, head); err != nil {
		l.t.Fatal(err)
	}
}

// patch sends the head of a request that has the rest of the upload.
func (l *line) patch(at string, offset int) {
	l.t.Helper()
	l.send("PATCH", at, fmt.Sprintf("Upload-Offset: %d", offset), "Content-Type: application/offset+octet-stream",
		fmt.Sprintf("Content-Length: %d", 1000-offset))
}

// answer reads one answer; it has no body, or one that ends the connection.
func (l *line) answer() (status int, header http.Header) {
	l.t.Helper()
	resp, err := http.ReadResponse(l.r, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header
}

// have returns how much of an upload the node has.
func (l *line) have(at string) string {
	l.t.Helper()
	l.send("HEAD", at)
	text := textproto.NewReader(l.r)
	if _, err := text.ReadLine(); err != nil {
		l.t.Fatal(err)
	}
	header, err := text.ReadMIMEHeader()
	if err != nil {
		l.t.Fatal(err)
	}
	return header.Get("Upload-Offset")
}

// TestOneByteASecond is taken, and keeps nobody else from the upload.
func TestOneByteASecond(t *testing.T) {
	slowly(t, Access{}, func(s *site, dial func() *line, at string) {
		slow := dial()
		slow.patch(at, 0)
		for range 2 * int(silence/time.Second) {
			if _, err := slow.Write([]byte("x")); err != nil {
				s.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		began := time.Now()
		go io.Copy(io.Discard, slow) // its answer
		other := dial()
		if have := other.have(at); have != "120" {
			s.Errorf("the node has %s bytes, want 120", have)
		}
		if waited := time.Since(began); waited > grace {
			s.Errorf("another request waited %v for the slow one", waited)
		}
		slow.Close()
		other.patch(at, 120)
		other.Write([]byte("y"))
		other.Close()
		synctest.Wait()
		if have := dial().have(at); have != "121" {
			s.Errorf("the node has %s bytes, want 121", have)
		}
	})
}

// TestSilenceEndsARequest: what had come stays.
func TestSilenceEndsARequest(t *testing.T) {
	slowly(t, Access{}, func(s *site, dial func() *line, at string) {
		c := dial()
		began := time.Now()
		c.patch(at, 0)
		c.Write([]byte("hello"))
		if status, _ := c.answer(); status/100 == 2 {
			s.Errorf("status %d of a request that broke off", status)
		}
		if took := time.Since(began); took < silence || took > 2*silence {
			s.Errorf("given up after %v", took)
		}
		c.Close()
		if have := dial().have(at); have != "5" {
			s.Errorf("the node has %s bytes, want 5", have)
		}
	})
}

// TestWhoMayNoLongerIsEnded: an access that is taken away, or expires, ends what
// comes under it; what had come stays.
func TestWhoMayNoLongerIsEnded(t *testing.T) {
	var gone time.Time // from when on
	check := func() error {
		if !gone.IsZero() && !time.Now().Before(gone) {
			return errors.New("the token was removed")
		}
		return nil
	}
	slowly(t, Access{By: "mail", Check: check}, func(s *site, dial func() *line, at string) {
		began := time.Now()
		gone = began.Add(30*time.Second + time.Millisecond)
		c := dial()
		c.patch(at, 0)
		go func() {
			for {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		if status, _ := c.answer(); status != http.StatusUnauthorized {
			s.Errorf("status %d, want 401", status)
		}
		if took := time.Since(began); took < 30*time.Second || took > 30*time.Second+checkEvery+2*time.Second {
			s.Errorf("ended after %v; want it within %v of 30 s", took, checkEvery)
		}
		c.Close()
		gone = time.Time{}
		if have := dial().have(at); have == "0" || have == "" {
			s.Errorf("the node has %q bytes of what came before", have)
		}
	})
}

// TestAnotherHoldsNoUploadUp: whoever may not find an upload does not end the request that
// writes to it, as whoever goes on with it does.
func TestAnotherHoldsNoUploadUp(t *testing.T) {
	slowly(t, Access{By: "mail"}, func(s *site, dial func() *line, at string) {
		c := dial()
		c.send("PATCH", at, "Upload-Offset: 0", "Content-Type: application/offset+octet-stream", "Content-Length: 999")
		c.SetDeadline(time.Now().Add(time.Minute))
		c.Write(make([]byte, 500))
		synctest.Wait()
		ctx, done := context.WithCancel(context.Background())
		defer done()
		r, w := httptest.NewRequestWithContext(ctx, "HEAD", at, nil), httptest.NewRecorder()
		r.SetPathValue("case", string(caseA))
		r.Header.Set("Tus-Resumable", "1.0.0")
		s.store.Handler(Access{By: "logs"}).ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("another is answered %d", w.Code)
		}
		c.Write(make([]byte, 499))
		if status, header := c.answer(); status != http.StatusNoContent || header.Get("Upload-Offset") != "999" {
			t.Errorf("who uploads is answered %d, offset %s", status, header.Get("Upload-Offset"))
		}
	})
}
