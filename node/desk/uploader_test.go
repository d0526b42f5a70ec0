package desk_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/desk"
)

// A porch takes uploads, and says of whom.
type porch struct{ passes []desk.Pass }

func (p *porch) Uploads(pass desk.Pass) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.passes = append(p.passes, pass)
		io.WriteString(w, r.PathValue("case"))
	})
}

const boundTo = "case-aaaaaaaaaaaaaaaaaaaaaaaaaa"

// passOf knows three tokens of uploaders.
func passOf(token string) (*desk.Pass, error) {
	switch token {
	case "up":
		return &desk.Pass{Uploader: "mail"}, nil
	case "up-bound":
		return &desk.Pass{Uploader: "logs", Case: boundTo}, nil
	case "up-old":
		return nil, &desk.Problem{Status: http.StatusUnauthorized, Text: "the token has expired"}
	case "up-broken":
		return nil, errors.New("a secret of the disk")
	}
	return nil, nil
}

// TestUploaderOpensUploadsAlone: no call of the API, and of uploads only those of
// its case.
func TestUploaderOpensUploadsAlone(t *testing.T) {
	p, n := &porch{}, &clerk{}
	h := desk.Uploaders(p, passOf, desk.Server(n, token, metrics))
	for _, c := range calls {
		for _, up := range []string{"up", "up-bound"} {
			if w := do(h, c.method, c.path, c.body, bearer(up)); w.Code != http.StatusForbidden ||
				!strings.Contains(w.Body.String(), "uploads evidence, and opens nothing else") {
				t.Errorf("%s: %s %s: got %d %s", up, c.method, c.path, w.Code, w.Body)
			}
		}
	}
	const other = "/v1/cases/case-bbbbbbbbbbbbbbbbbbbbbbbbbb/uploads/"
	const bound = "/v1/cases/" + boundTo + "/uploads/"
	for _, c := range []struct {
		token, path string
		status      int
		text        string
	}{
		{"up", other, 200, "case-bbbb"}, {"up", bound + "x", 200, boundTo}, {"up-bound", bound, 200, boundTo},
		{"up-bound", other, 403, "to another case"}, {"up-bound", other + "x", 403, "to another case"},
		{"up-bound", bound + "../../case-bbbbbbbbbbbbbbbbbbbbbbbbbb/uploads/", 307, ""},
		{"up-old", bound, 401, "the token has expired"}, {"up-old", "/v1/status", 401, "expired"},
		{"up-broken", bound, 500, "the node could not do this now"},
		{"", bound, 401, "missing or wrong"}, {"wrong", bound, 401, "missing or wrong"},
		{metricsToken, bound, 401, "missing or wrong"},
	} {
		for _, method := range []string{"POST", "HEAD", "PATCH", "DELETE", "OPTIONS"} {
			w := do(h, method, c.path, "", bearer(c.token))
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.text) {
				t.Errorf("%q: %s %s: got %d %s, want %d %q", c.token, method, c.path, w.Code, w.Body, c.status, c.text)
			}
		}
	}
	if len(n.asked) > 0 || len(p.passes) != 15 || p.passes[0].Uploader != "mail" || p.passes[14].Uploader != "logs" {
		t.Errorf("the node was asked %v, uploads came of %v", n.asked, p.passes)
	}
	// The other tokens open what they did.
	if w := do(h, "GET", "/v1/status", "", bearer(token)); w.Code != http.StatusOK {
		t.Errorf("the API's token: got %d", w.Code)
	}
	if w := do(h, "GET", "/metrics", "", bearer(metricsToken)); w.Code != http.StatusOK {
		t.Errorf("the metrics' token: got %d", w.Code)
	}
}

// TestWhereOnlyUploadsAreServed nothing else is, whatever token opens it elsewhere.
func TestWhereOnlyUploadsAreServed(t *testing.T) {
	p := &porch{}
	h := desk.Uploaders(p, passOf, desk.Strangers())
	for _, c := range append(calls, struct{ method, path, body, want string }{"GET", "/healthz", "", ""}) {
		for _, header := range []http.Header{nil, bearer(token), bearer(metricsToken), bearer("")} {
			if w := do(h, c.method, c.path, c.body, header); w.Code != http.StatusUnauthorized {
				t.Errorf("%s %s: got %d", c.method, c.path, w.Code)
			}
		}
	}
	if len(p.passes) > 0 {
		t.Errorf("uploads came of %v", p.passes)
	}
}

// TestWhoIsRefusedIsNotWaitedFor: a stranger holds no connection by sending slowly.
func TestWhoIsRefusedIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		l := &once{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
		l.conns <- there
		srv := http.Server{Handler: desk.Uploaders(&porch{}, passOf, desk.Strangers())}
		ended := make(chan error)
		go func() { ended <- srv.Serve(l) }()
		began := time.Now()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, err := io.WriteString(here, "POST /v1/cases/"+boundTo+"/uploads/ HTTP/1.1\r\nHost: node\r\nContent-Length: 1000\r\n\r\n")
			for err == nil {
				time.Sleep(time.Second)
				_, err = here.Write([]byte("x"))
			}
		}()
		b, err := io.ReadAll(here)
		if !strings.HasPrefix(string(b), "HTTP/1.1 401") || err != nil {
			t.Errorf("got %q, %v", b, err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("the connection was held for %v", took)
		}
		here.Close()
		srv.Close()
		<-sent
		<-ended
	})
}

// once is a listener with one connection.
type once struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (o *once) Accept() (net.Conn, error) {
	select {
	case c := <-o.conns:
		return c, nil
	case <-o.closed:
		return nil, net.ErrClosed
	}
}
func (o *once) Close() error   { close(o.closed); return nil }
func (o *once) Addr() net.Addr { return &net.UnixAddr{Name: "once", Net: "unix"} }
