package desk

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
)

const (
	// EventsEvery is how often a stream of events looks for something new.
	EventsEvery = time.Second
	// quietEvents is how many of those looks find nothing until a comment is sent,
	// by which either end sees that the other is still there.
	quietEvents = 15

	flowBuffer = 64 << 10 // bytes that are written at once
)

// exhibits adds the calls that move evidence. No body or answer of theirs is ever
// held whole.
func (s *server) exhibits(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/cases/{case}/evidence", s.takeIn)
	mux.HandleFunc("GET /v1/cases/{case}/evidence", s.evidence)
	mux.HandleFunc("GET /v1/cases/{case}/evidence/events", s.events)
	mux.HandleFunc("POST /v1/cases/{case}/evidence/fetch", s.fetch)
	mux.HandleFunc("GET /v1/cases/{case}/evidence/{object}", s.content)
	mux.HandleFunc("DELETE /v1/cases/{case}/evidence/{object}", s.putBack)
	mux.HandleFunc("POST /v1/cases/{case}/live", s.feed)
	mux.HandleFunc("GET /v1/cases/{case}/live/{object}", s.follow)
	mux.HandleFunc("POST /v1/vault/check", s.checkVault)
	if u, ok := s.n.(Uploader); ok {
		mux.Handle("/v1/cases/{case}/uploads/", u.Uploads(Pass{}))
	}
}

// takesContent reports whether the body of a request is evidence.
func takesContent(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, "/v1/cases/")
	_, what, _ := strings.Cut(rest, "/")
	return ok && (r.Method == http.MethodPost && (what == "evidence" || what == "live") ||
		strings.HasPrefix(what, "uploads/"))
}

func (s *server) takeIn(w http.ResponseWriter, r *http.Request) {
	id, ok := pathCase(w, r)
	if !ok {
		return
	}
	about, err := intakeOf(r.URL.Query())
	if err != nil {
		fail(w, err)
		return
	}
	reply(w)(s.n.TakeIn(r.Context(), id, about, r.Body))
}

func (i *Intake) query() string {
	q := url.Values{"name": {i.Name}}
	for name, v := range map[string]string{"media_type": i.MediaType, "role": string(i.Role), "collector": i.Collector} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if !i.Collected.IsZero() {
		q.Set("collected", i.Collected.UTC().Format(time.RFC3339))
	}
	return q.Encode()
}

func intakeOf(q url.Values) (Intake, error) {
	i := Intake{Name: q.Get("name"), MediaType: q.Get("media_type"), Collector: q.Get("collector")}
	if role := q.Get("role"); role != "" {
		if err := i.Role.UnmarshalText([]byte(role)); err != nil {
			return i, &Problem{http.StatusBadRequest, "role: want pack or list, or leave it out", ""}
		}
	}
	if at := q.Get("collected"); at != "" {
		var err error
		if i.Collected, err = time.Parse(time.RFC3339, at); err != nil {
			return i, &Problem{http.StatusBadRequest, "collected: want a time such as 2026-01-01T00:00:00Z", ""}
		}
	}
	return i, nil
}

func (s *server) evidence(w http.ResponseWriter, r *http.Request) {
	if id, ok := pathCase(w, r); ok {
		reply(w)(s.n.Evidence(r.Context(), id))
	}
}

func (s *server) fetch(w http.ResponseWriter, r *http.Request) {
	id, ok := pathCase(w, r)
	var what Fetch
	if ok && readJSON(w, r, &what) {
		reply(w)(s.n.Fetch(r.Context(), id, what))
	}
}

func (s *server) content(w http.ResponseWriter, r *http.Request) {
	id, object, ok := pathObject(w, r)
	offset, ok2 := wholeNumber(w, r, "offset", ok)
	if ok2 {
		flow(w, "application/octet-stream", func(w io.Writer) error {
			return s.n.Content(r.Context(), Piece{Case: id, Object: object, From: offset}, w)
		})
	}
}

func (s *server) putBack(w http.ResponseWriter, r *http.Request) {
	if id, object, ok := pathObject(w, r); ok {
		reply(w)(s.n.PutBack(r.Context(), id, object))
	}
}

func (s *server) feed(w http.ResponseWriter, r *http.Request) {
	if id, ok := pathCase(w, r); ok {
		reply(w)(s.n.Feed(r.Context(), id, &endable{r.Body, http.NewResponseController(w)}))
	}
}

// An endable body can be closed while somebody reads it: a feed ends with its
// interception, whether or not its source does.
type endable struct {
	io.ReadCloser
	c *http.ResponseController
}

func (e *endable) Close() error {
	if e.c.SetReadDeadline(time.Unix(1, 0)) == nil {
		return nil // the server closes it
	}
	return e.ReadCloser.Close()
}

func (s *server) follow(w http.ResponseWriter, r *http.Request) {
	id, live, ok := pathObject(w, r)
	seq, ok2 := wholeNumber(w, r, "seq", ok)
	if ok2 {
		flow(w, "application/octet-stream", func(out io.Writer) error {
			return s.n.Follow(r.Context(), Piece{Case: id, Object: live, From: seq}, &prompt{out, w})
		})
	}
}

func (s *server) checkVault(w http.ResponseWriter, r *http.Request) {
	reply(w)(s.n.CheckVault(r.Context()))
}

func pathObject(w http.ResponseWriter, r *http.Request) (protocol.CaseID, protocol.Digest, bool) {
	var object protocol.Digest
	id, ok := pathCase(w, r)
	if !ok {
		return id, object, false
	}
	if err := object.UnmarshalText([]byte(r.PathValue("object"))); err != nil {
		fail(w, &Problem{http.StatusBadRequest, "object: want its tree hash: sha256: and 64 hexadecimal digits", ""})
		return id, object, false
	}
	return id, object, true
}

// wholeNumber reads a number from 0 of the query; ok says that nothing failed before.
func wholeNumber(w http.ResponseWriter, r *http.Request, name string, ok bool) (int64, bool) {
	text := r.URL.Query().Get(name)
	if !ok || text == "" {
		return 0, ok
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		fail(w, &Problem{http.StatusBadRequest, name + ": want a number from 0", ""})
		return 0, false
	}
	return n, true
}

// flow writes an answer as it comes about. An error before anything went out is
// told; after it the answer breaks off, so that nobody takes it for whole.
func flow(w http.ResponseWriter, mediaType string, produce func(io.Writer) error) {
	sent := &counter{w: w}
	out := bufio.NewWriterSize(sent, flowBuffer)
	w.Header().Set("Content-Type", mediaType)
	err := produce(out)
	if err == nil {
		err = out.Flush()
	}
	switch {
	case err != nil && sent.n == 0:
		fail(w, err)
	case err != nil:
		panic(http.ErrAbortHandler)
	}
}

// A prompt writer lets nothing wait in a buffer.
type prompt struct {
	out io.Writer
	w   http.ResponseWriter
}

func (p *prompt) Write(b []byte) (int, error) {
	n, err := p.out.Write(b)
	if buffer, ok := p.out.(*bufio.Writer); ok && err == nil {
		err = buffer.Flush()
	}
	if err == nil {
		err = http.NewResponseController(p.w).Flush()
	}
	return n, err
}

// events sends what Evidence says whenever it has changed, as server-sent events,
// until the client goes.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	id, ok := pathCase(w, r)
	if !ok {
		return
	}
	var last []byte
	quiet := 0
	for first := true; ; first = false {
		e, err := s.n.Evidence(r.Context(), id)
		if err != nil {
			if first {
				fail(w, err)
			}
			return
		}
		b, err := json.Marshal(e, json.Deterministic(true))
		if err != nil {
			return
		}
		if first {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Cache-Control", "no-store")
		}
		quiet++
		switch {
		case !bytes.Equal(b, last):
			_, err = fmt.Fprintf(w, "event: evidence\ndata: %s\n\n", b)
			quiet = 0
		case quiet >= quietEvents:
			_, err = io.WriteString(w, ":\n\n")
			quiet = 0
		}
		if last = b; err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(EventsEvery):
		}
	}
}

// TakeIn implements Exhibits. Content is sent as it is read.
func (c *Client) TakeIn(ctx context.Context, id protocol.CaseID, about Intake, content io.Reader) (o protocol.Object, err error) {
	return o, c.stream(ctx, "POST /v1/cases/"+string(id)+"/evidence?"+about.query(), content, read(&o))
}

// PutBack implements Exhibits.
func (c *Client) PutBack(ctx context.Context, id protocol.CaseID, object protocol.Digest) (e Evidence, err error) {
	return e, c.call(ctx, "DELETE "+objectPath(id, object), nil, &e)
}

// Evidence implements Exhibits.
func (c *Client) Evidence(ctx context.Context, id protocol.CaseID) (e Evidence, err error) {
	return e, c.call(ctx, "GET /v1/cases/"+string(id)+"/evidence", nil, &e)
}

// Fetch implements Exhibits.
func (c *Client) Fetch(ctx context.Context, id protocol.CaseID, what Fetch) (e Evidence, err error) {
	return e, c.call(ctx, "POST /v1/cases/"+string(id)+"/evidence/fetch", what, &e)
}

// Content implements Exhibits.
func (c *Client) Content(ctx context.Context, piece Piece, w io.Writer) error {
	route := fmt.Sprintf("GET %s?offset=%d", objectPath(piece.Case, piece.Object), piece.From)
	return c.do(ctx, route, nil, copyTo(w))
}

// Feed implements Exhibits.
func (c *Client) Feed(ctx context.Context, id protocol.CaseID, content io.Reader) (f Fed, err error) {
	return f, c.stream(ctx, "POST /v1/cases/"+string(id)+"/live", content, read(&f))
}

// Follow implements Exhibits.
func (c *Client) Follow(ctx context.Context, piece Piece, w io.Writer) error {
	route := fmt.Sprintf("GET /v1/cases/%s/live/%s?seq=%d", piece.Case, url.PathEscape(piece.Object.String()), piece.From)
	return c.do(ctx, route, nil, copyTo(w))
}

// CheckVault implements Exhibits.
func (c *Client) CheckVault(ctx context.Context) (r VaultReport, err error) {
	return r, c.call(ctx, "POST /v1/vault/check", nil, &r)
}

// Watch calls see with what Evidence says, and again whenever that has changed,
// until see returns an error, which Watch returns, or ctx ends.
func (c *Client) Watch(ctx context.Context, id protocol.CaseID, see func(Evidence) error) error {
	var own error
	err := c.do(ctx, "GET /v1/cases/"+string(id)+"/evidence/events", nil, func(r io.Reader) error {
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return err
			}
			data, ok := bytes.CutPrefix(line, []byte("data: "))
			if !ok {
				continue
			}
			var e Evidence
			if err := read(&e)(bytes.NewReader(data)); err != nil {
				return err
			}
			if own = see(e); own != nil {
				return own
			}
		}
	})
	switch {
	case own != nil:
		return own
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

func objectPath(id protocol.CaseID, object protocol.Digest) string {
	return "/v1/cases/" + string(id) + "/evidence/" + url.PathEscape(object.String())
}

func copyTo(w io.Writer) func(io.Reader) error {
	return func(r io.Reader) error {
		_, err := io.Copy(w, r)
		return err
	}
}
