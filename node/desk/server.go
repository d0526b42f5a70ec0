package desk

import (
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/register"
)

// Server returns the API of n. Every call but /healthz needs the token as a
// bearer. Metrics, if there are any, are served at /metrics; their caller
// guards them with a token of their own, since who collects them holds it.
func Server(n Node, token string, metrics http.Handler) http.Handler {
	s := &server{n}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/drafts", s.save)
	mux.HandleFunc("GET /v1/drafts", s.drafts)
	mux.HandleFunc("DELETE /v1/drafts/{case}", s.discard)
	mux.HandleFunc("POST /v1/drafts/{case}/approvals", s.approve)
	mux.HandleFunc("DELETE /v1/drafts/{case}/approvals/{officer}", s.unapprove)
	mux.HandleFunc("POST /v1/acts/prepare", s.prepare)
	mux.HandleFunc("POST /v1/acts/submit", s.submit)
	mux.HandleFunc("GET /v1/inbox", s.inbox)
	mux.HandleFunc("GET /v1/clocks", s.clocks)
	mux.HandleFunc("GET /v1/cases/{case}", s.show)
	mux.HandleFunc("POST /v1/cases/{case}/read", s.markRead)
	mux.HandleFunc("GET /v1/cases/{case}/export", s.export)
	s.exhibits(mux)
	mux.HandleFunc("GET /v1/documents", s.documents)
	mux.HandleFunc("GET /v1/documents/{kind}/{name}", s.read)
	mux.HandleFunc("POST /v1/documents/{kind}", s.publish)
	mux.HandleFunc("GET /v1/status", s.status)
	mux.HandleFunc("GET /v1/facts", s.facts)
	mux.HandleFunc("POST /v1/peers/{peer}/probe", s.probe)
	mux.HandleFunc("POST /v1/ledger/check", s.check)
	mux.HandleFunc("GET /v1/ledger/checkpoint", s.checkpoint)
	mux.HandleFunc("GET /v1/ledger/proofs/{index}", s.prove)
	open := http.NewServeMux()
	open.HandleFunc("GET /healthz", s.health)
	if metrics != nil {
		open.Handle("GET /metrics", metrics)
	}
	open.Handle("/", Guard(mux, token))
	return open
}

// Guard lets nobody pass without the token. A browser page of another origin
// cannot send it, so a request that a page was tricked into is refused too.
func Guard(next http.Handler, token string) http.Handler {
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := []byte(r.Header.Get("Authorization"))
		if token == "" || subtle.ConstantTimeCompare(got, want) != 1 {
			fail(w, &Problem{http.StatusUnauthorized, "the token is missing or wrong",
				"send the content of the home's api.token as a bearer token, of metrics.token for /metrics"})
			return
		}
		if limit := bodyLimit(r); limit > 0 {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
		}
		next.ServeHTTP(w, r)
	})
}

// bodyLimit is what a request may have: a register is larger than an act, and
// evidence, which is never held in memory, as large as the vault has room for: 0.
func bodyLimit(r *http.Request) int64 {
	if takesContent(r) {
		return 0
	}
	if strings.HasPrefix(r.URL.Path, "/v1/documents/register") {
		return MaxDocument
	}
	return MaxBody
}

type server struct{ n Node }

func (s *server) save(w http.ResponseWriter, r *http.Request) {
	var d Draft
	if readJSON(w, r, &d) {
		reply(w)(s.n.Save(r.Context(), d))
	}
}

func (s *server) discard(w http.ResponseWriter, r *http.Request) {
	if id, ok := pathCase(w, r); ok {
		reply(w)(s.n.Discard(r.Context(), id))
	}
}

func (s *server) approve(w http.ResponseWriter, r *http.Request) {
	id, ok := pathCase(w, r)
	var d Draft
	if !ok || !readJSON(w, r, &d) {
		return
	}
	d.Case = id
	reply(w)(s.n.Approve(r.Context(), d))
}

func (s *server) unapprove(w http.ResponseWriter, r *http.Request) {
	id, ok := pathCase(w, r)
	if !ok {
		return
	}
	var officer register.OfficerID
	if err := officer.UnmarshalText([]byte(r.PathValue("officer"))); err != nil {
		fail(w, &Problem{http.StatusBadRequest, err.Error(), ""})
		return
	}
	reply(w)(s.n.Unapprove(r.Context(), id, officer))
}

func (s *server) prepare(w http.ResponseWriter, r *http.Request) {
	var d Draft
	if readJSON(w, r, &d) {
		reply(w)(s.n.Prepare(r.Context(), d))
	}
}

func (s *server) submit(w http.ResponseWriter, r *http.Request) {
	var d Draft
	if readJSON(w, r, &d) {
		reply(w)(s.n.Submit(r.Context(), d))
	}
}

func (s *server) inbox(w http.ResponseWriter, r *http.Request) {
	if page, ok := pageOf(w, r); ok {
		reply(w)(s.n.Inbox(r.Context(), page))
	}
}

func (s *server) drafts(w http.ResponseWriter, r *http.Request) {
	if page, ok := pageOf(w, r); ok {
		reply(w)(s.n.Drafts(r.Context(), page))
	}
}

func (s *server) clocks(w http.ResponseWriter, r *http.Request) {
	page, ok := pageOf(w, r)
	if !ok {
		return
	}
	all := r.URL.Query().Get("all")
	if all != "" && all != "true" {
		fail(w, &Problem{http.StatusBadRequest, "all: want true, or leave it out", ""})
		return
	}
	reply(w)(s.n.Clocks(r.Context(), ClockPage{Page: page, All: all != ""}))
}

func pageOf(w http.ResponseWriter, r *http.Request) (Page, bool) {
	page := Page{After: r.URL.Query().Get("after"), Limit: DefaultPage}
	if l := r.URL.Query().Get("limit"); l != "" {
		n, err := strconv.Atoi(l)
		if err != nil || n < 1 || n > MaxPage {
			fail(w, &Problem{http.StatusBadRequest, "limit: want a number from 1 to " + strconv.Itoa(MaxPage), ""})
			return page, false
		}
		page.Limit = n
	}
	return page, true
}

func (s *server) show(w http.ResponseWriter, r *http.Request) {
	if id, ok := pathCase(w, r); ok {
		reply(w)(s.n.Case(r.Context(), id))
	}
}

func (s *server) markRead(w http.ResponseWriter, r *http.Request) {
	id, ok := pathCase(w, r)
	var seen Seen
	if ok && readJSON(w, r, &seen) {
		reply(w)(s.n.MarkRead(r.Context(), id, seen))
	}
}

func (s *server) export(w http.ResponseWriter, r *http.Request) {
	id, ok := pathCase(w, r)
	if !ok {
		return
	}
	flow(w, "application/zip", func(w io.Writer) error { return s.n.Export(r.Context(), id, w) })
}

func (s *server) documents(w http.ResponseWriter, r *http.Request) {
	reply(w)(s.n.Documents(r.Context()))
}

func (s *server) read(w http.ResponseWriter, r *http.Request) {
	b, err := s.n.Read(r.Context(), r.PathValue("kind"), r.PathValue("name"))
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(b)
}

func (s *server) publish(w http.ResponseWriter, r *http.Request) {
	if b, ok := readBody(w, r); ok {
		reply(w)(s.n.Publish(r.Context(), r.PathValue("kind"), b))
	}
}

func (s *server) status(w http.ResponseWriter, r *http.Request) {
	reply(w)(s.n.Status(r.Context()))
}

func (s *server) probe(w http.ResponseWriter, r *http.Request) {
	id, err := protocol.ParseParticipantID(r.PathValue("peer"))
	if err != nil {
		fail(w, &Problem{http.StatusBadRequest, "peer: want a participant, such as gb.home-office", ""})
		return
	}
	reply(w)(s.n.Probe(r.Context(), id))
}

func (s *server) check(w http.ResponseWriter, r *http.Request) { reply(w)(s.n.Check(r.Context())) }

func (s *server) checkpoint(w http.ResponseWriter, r *http.Request) {
	text(w)(s.n.Checkpoint(r.Context()))
}

func (s *server) prove(w http.ResponseWriter, r *http.Request) {
	index, err := strconv.ParseInt(r.PathValue("index"), 10, 64)
	if err != nil {
		fail(w, &Problem{http.StatusBadRequest, "index: want a number", ""})
		return
	}
	text(w)(s.n.Prove(r.Context(), index))
}

// health says in a status code whether the node takes acts, and nothing else.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	if st, err := s.n.Status(r.Context()); err != nil || !st.Accepting {
		http.Error(w, "not accepting", http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ok\n")
}

func pathCase(w http.ResponseWriter, r *http.Request) (protocol.CaseID, bool) {
	id, err := protocol.ParseCaseID(r.PathValue("case"))
	if err != nil {
		fail(w, &Problem{http.StatusBadRequest, "case: want case- and 26 characters of a-z, 2-7", ""})
	}
	return id, err == nil
}

func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	b, ok := readBody(w, r)
	if !ok {
		return false
	}
	if err := canon.Read(b, v); err != nil {
		fail(w, &Problem{http.StatusBadRequest, mend(err), ""})
		return false
	}
	return true
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	b, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		fail(w, &Problem{http.StatusRequestEntityTooLarge, "the request is larger than this node takes", ""})
	case err != nil:
		fail(w, &Problem{http.StatusBadRequest, "the request breaks off", ""})
	}
	return b, err == nil
}

// mend says which member of a body is to be mended, and how; never what stands
// there, which may be a name or an identifier in the wrong place.
func mend(err error) string {
	var e *canon.Error
	switch {
	case !errors.As(err, &e):
		return "cannot be read"
	case e.Member == "":
		return "body: " + e.Want
	}
	return strings.ReplaceAll(strings.TrimPrefix(string(e.Member), "/"), "/", ".") + ": " + e.Want
}

// reply returns a function that writes a value, or the error in its place.
func reply(w http.ResponseWriter) func(v any, err error) {
	return func(v any, err error) {
		if err != nil {
			fail(w, err)
			return
		}
		b, err := json.Marshal(v, json.Deterministic(true))
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(b)
	}
}

func text(w http.ResponseWriter) func(b []byte, err error) {
	return func(b []byte, err error) {
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write(b)
	}
}

// fail writes a Problem. Any other error is the node's own, and is not shown.
func fail(w http.ResponseWriter, err error) {
	p := problemOf(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	json.MarshalWrite(w, p)
}

func problemOf(err error) *Problem {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{http.StatusInternalServerError, "the node could not do this now",
			"see comity doctor and the node's log"}
	}
	return p
}
