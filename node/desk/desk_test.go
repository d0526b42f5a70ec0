package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
	"comity.example/protocol/report"
)

const token = "correct-horse"

// A clerk is a desk.Node that does nothing, and remembers what it was asked.
type clerk struct {
	asked  []string
	err    error
	inbox  []desk.Item
	drafts []desk.DraftItem
	status desk.Status
	draft  desk.Draft
	facts  int
	late   error               // after the facts, or the content
	mu     *sync.Mutex         // nil where nothing changes
	items  []desk.EvidenceItem // guarded by mu
	bytes  int                 // of content
}

var _ desk.Node = (*clerk)(nil)

func (c *clerk) ask(format string, args ...any) error {
	c.asked = append(c.asked, fmt.Sprintf(format, args...))
	return c.err
}

func (c *clerk) Save(_ context.Context, d desk.Draft) (desk.Prepared, error) {
	c.draft = d
	return desk.Prepared{Case: d.Case}, c.ask("save")
}

func (c *clerk) Prepare(_ context.Context, d desk.Draft) (desk.Prepared, error) {
	c.draft = d
	return desk.Prepared{Case: d.Case}, c.ask("prepare")
}

func (c *clerk) Discard(_ context.Context, id protocol.CaseID) (desk.Discarded, error) {
	return desk.Discarded{Case: id}, c.ask("discard %s", id)
}

func (c *clerk) Clocks(_ context.Context, p desk.ClockPage) (desk.Clocks, error) {
	return desk.Clocks{Items: []desk.CaseClock{{Case: "case-aaaaaaaaaaaaaaaaaaaaaaaaaa", State: casefile.Served,
			Clock: casefile.Running{ID: "production", Whose: "us.contoso", Left: time.Hour}}}},
		c.ask("clocks %s %d %t", p.After, p.Limit, p.All)
}

func (c *clerk) Submit(_ context.Context, d desk.Draft) (desk.Submitted, error) {
	c.draft = d
	return desk.Submitted{Case: d.Case}, c.ask("submit")
}

func (c *clerk) Approve(_ context.Context, d desk.Draft) (desk.Approvals, error) {
	c.draft = d
	return desk.Approvals{Needed: 2}, c.ask("approve %s", d.Case)
}

func (c *clerk) Unapprove(_ context.Context, id protocol.CaseID, o register.OfficerID) (desk.Approvals, error) {
	return desk.Approvals{Needed: 2}, c.ask("unapprove %s %s", id, o)
}

func (c *clerk) Inbox(_ context.Context, p desk.Page) (desk.Inbox, error) {
	from := slices.IndexFunc(c.inbox, func(i desk.Item) bool { return string(i.Case) == p.After }) + 1
	to := min(from+p.Limit, len(c.inbox))
	in := desk.Inbox{Items: c.inbox[from:to]}
	if to < len(c.inbox) {
		in.Next = string(c.inbox[to-1].Case)
	}
	return in, c.ask("inbox %q %d", p.After, p.Limit)
}

func (c *clerk) Drafts(_ context.Context, p desk.Page) (desk.Drafts, error) {
	return desk.Drafts{Items: c.drafts, Next: "next"}, c.ask("drafts %q %d", p.After, p.Limit)
}

func (c *clerk) Case(_ context.Context, id protocol.CaseID) (desk.CaseView, error) {
	return desk.CaseView{Case: id, State: "served"}, c.ask("case %s", id)
}

func (c *clerk) MarkRead(_ context.Context, id protocol.CaseID, seen desk.Seen) (desk.CaseView, error) {
	return desk.CaseView{Case: id, State: string(seen.State)}, c.ask("read %s %d %s", id, seen.Acts, seen.State)
}

func (c *clerk) Export(_ context.Context, id protocol.CaseID, w io.Writer) error {
	io.WriteString(w, "half a pack")
	return c.ask("export %s", id)
}

func (c *clerk) Documents(context.Context) ([]desk.Document, error) {
	return []desk.Document{{Kind: "register", Name: "GB@1"}}, c.ask("documents")
}

func (c *clerk) Read(_ context.Context, kind, name string) ([]byte, error) {
	return []byte("signed"), c.ask("read %s %s", kind, name)
}

func (c *clerk) Publish(_ context.Context, kind string, b []byte) (desk.Document, error) {
	return desk.Document{Kind: kind}, c.ask("publish %s %d", kind, len(b))
}

func (c *clerk) Facts(_ context.Context, p desk.Period, each func(*report.Fact) error) (report.Basis, error) {
	if err := c.ask("facts %s %s %s", p.From.Format(time.DateOnly), p.To.Format(time.DateOnly), p.AsOf.Format(time.DateOnly)); err != nil {
		return report.Basis{}, err
	}
	for range c.facts {
		if err := each(&report.Fact{Agreement: "a", Issuer: "gb.a", Addressee: "us.b", Type: protocol.Production, Accounts: 3}); err != nil {
			return report.Basis{}, err
		}
	}
	return report.Basis{Participant: "gb.a", Checkpoint: "head"}, c.late
}

func (c *clerk) Status(context.Context) (desk.Status, error) { return c.status, c.ask("status") }

func (c *clerk) Probe(_ context.Context, id protocol.ParticipantID) (desk.Probe, error) {
	return desk.Probe{Peer: id, Reached: true, RoundTrip: 3 * time.Millisecond, Skew: -time.Second}, c.ask("probe %s", id)
}

func (c *clerk) Check(context.Context) (desk.LedgerReport, error) {
	return desk.LedgerReport{Size: 7, Checkpoint: "root"}, c.ask("check")
}

func (c *clerk) Prove(_ context.Context, i int64) ([]byte, error) {
	return []byte("proof"), c.ask("prove %d", i)
}

func (c *clerk) Checkpoint(context.Context) ([]byte, error) {
	return []byte("note"), c.ask("checkpoint")
}

const someOfficer = "officer-abcdefghijklmnopqrstuvwxyz"

const someCase = protocol.CaseID("case-abcdefghijklmnopqrstuvwxyz")

// calls are one of each of the API's calls, but /healthz.
var calls = []struct {
	method, path, body, want string
}{
	{"POST", "/v1/drafts", `{"body":{}}`, "save"},
	{"GET", "/v1/drafts", "", `drafts "" 50`},
	{"GET", "/v1/drafts?limit=1&after=" + string(someCase), "", `drafts "` + string(someCase) + `" 1`},
	{"DELETE", "/v1/drafts/" + string(someCase), "", "discard " + string(someCase)},
	{"POST", "/v1/drafts/" + string(someCase) + "/approvals", `{"body":{}}`, "approve " + string(someCase)},
	{"DELETE", "/v1/drafts/" + string(someCase) + "/approvals/" + someOfficer, "", "unapprove " + string(someCase) + " " + someOfficer},
	{"POST", "/v1/acts/prepare", `{"body":{}}`, "prepare"},
	{"POST", "/v1/acts/submit", `{"body":{}}`, "submit"},
	{"GET", "/v1/inbox", "", `inbox "" 50`},
	{"GET", "/v1/inbox?limit=200&after=0/1/x", "", `inbox "0/1/x" 200`},
	{"GET", "/v1/clocks", "", "clocks  50 false"},
	{"GET", "/v1/clocks?limit=1&all=true&after=x", "", "clocks x 1 true"},
	{"GET", "/v1/cases/" + string(someCase), "", "case " + string(someCase)},
	{"POST", "/v1/cases/" + string(someCase) + "/read", `{"acts":2,"state":"produced"}`, "read " + string(someCase) + " 2 produced"},
	{"GET", "/v1/cases/" + string(someCase) + "/export", "", "export " + string(someCase)},
	{"GET", "/v1/documents", "", "documents"},
	{"GET", "/v1/documents/register/GB@1", "", "read register GB@1"},
	{"POST", "/v1/documents/notice", "signed", "publish notice 6"},
	{"GET", "/v1/status", "", "status"},
	{"GET", "/v1/facts?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z", "", "facts 2026-01-01 2027-01-01 0001-01-01"},
	{"POST", "/v1/peers/us.contoso/probe", "", "probe us.contoso"},
	{"POST", "/v1/cases/" + string(someCase) + "/evidence?name=a.mbox&role=pack&collected=2026-01-01T00:00:00Z", "mail",
		"take in " + string(someCase) + " a.mbox pack 2026-01-01 mail"},
	{"GET", "/v1/cases/" + string(someCase) + "/evidence", "", "evidence " + string(someCase)},
	{"POST", "/v1/cases/" + string(someCase) + "/evidence/fetch", `{"despite":true}`, "fetch " + string(someCase) + " true"},
	{"GET", "/v1/cases/" + string(someCase) + "/evidence/" + someObject + "?offset=3", "", "content " + string(someCase) + " " + someObject + " 3"},
	{"DELETE", "/v1/cases/" + string(someCase) + "/evidence/" + someObject, "", "put back " + string(someCase) + " " + someObject},
	{"POST", "/v1/cases/" + string(someCase) + "/live", "spoken", "feed " + string(someCase) + " spoken"},
	{"GET", "/v1/cases/" + string(someCase) + "/live/" + someObject + "?seq=2", "", "follow " + string(someCase) + " " + someObject + " 2"},
	{"POST", "/v1/vault/check", "", "check vault"},
	{"POST", "/v1/ledger/check", "", "check"},
	{"GET", "/v1/ledger/checkpoint", "", "checkpoint"},
	{"GET", "/v1/ledger/proofs/7", "", "prove 7"},
	{"GET", "/metrics", "", ""},
}

const metricsToken = "battery-staple"

var metrics = desk.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, "comity_up 1\n")
}), metricsToken)

func do(h http.Handler, method, path, body string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if header != nil {
		r.Header = header
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func bearer(s string) http.Header { return http.Header{"Authorization": {"Bearer " + s}} }

func TestEveryCallReachesTheNode(t *testing.T) {
	for _, c := range calls {
		n := &clerk{}
		opens := token
		if c.path == "/metrics" {
			opens = metricsToken
		}
		w := do(desk.Server(n, token, metrics), c.method, c.path, c.body, bearer(opens))
		if w.Code != http.StatusOK {
			t.Errorf("%s %s: got %d %s", c.method, c.path, w.Code, w.Body)
		}
		if got := strings.Join(n.asked, ","); got != c.want {
			t.Errorf("%s %s asked the node %q, want %q", c.method, c.path, got, c.want)
		}
	}
}

func TestWithoutTheTokenNothingIsLearned(t *testing.T) {
	var first string
	for name, header := range map[string]http.Header{
		"none":         nil,
		"wrong":        bearer("wrong"),
		"empty":        bearer(""),
		"longer":       bearer(token + "x"),
		"shorter":      bearer(token[1:]),
		"not a bearer": {"Authorization": {token}},
		"basic":        {"Authorization": {"Basic " + token}},
		"lower case":   {"Authorization": {"bearer " + token}},
		"in a cookie":  {"Cookie": {"token=" + token}},
	} {
		for _, c := range append(calls, calls[0], struct{ method, path, body, want string }{"GET", "/no/such/page", "", ""}) {
			n := &clerk{}
			w := do(desk.Server(n, token, metrics), c.method, c.path, c.body, header)
			answer := fmt.Sprint(w.Code, w.Header(), w.Body)
			if first == "" {
				first = answer
			}
			if w.Code != http.StatusUnauthorized || answer != first || len(n.asked) > 0 {
				t.Errorf("token %s: %s %s: got %s, and the node was asked %v", name, c.method, c.path, answer, n.asked)
			}
		}
	}
}

// TestEachTokenOpensItsOwn: who collects the metrics may be handing the token
// to whoever took the port, and who reads cases has no need of metrics.
func TestEachTokenOpensItsOwn(t *testing.T) {
	for _, c := range calls {
		other := metricsToken
		if c.path == "/metrics" {
			other = token
		}
		n := &clerk{}
		w := do(desk.Server(n, token, metrics), c.method, c.path, c.body, bearer(other))
		if w.Code != http.StatusUnauthorized || len(n.asked) > 0 {
			t.Errorf("%s %s with the other token: got %d, and the node was asked %v", c.method, c.path, w.Code, n.asked)
		}
	}
}

func TestTokenInTheQueryIsNotTaken(t *testing.T) {
	w := do(desk.Server(&clerk{}, token, nil), "GET", "/v1/status?token="+token+"&access_token="+token, "", nil)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("got %d", w.Code)
	}
}

func TestEmptyTokenLetsNobodyIn(t *testing.T) {
	n := &clerk{}
	for _, header := range []http.Header{nil, bearer(""), {"Authorization": {"Bearer"}}} {
		if w := do(desk.Server(n, "", nil), "GET", "/v1/status", "", header); w.Code != http.StatusUnauthorized {
			t.Errorf("%v: got %d from a server without a token", header, w.Code)
		}
	}
}

func TestHealthSaysAcceptingOrNot(t *testing.T) {
	for _, c := range []struct {
		n    clerk
		want int
	}{
		{clerk{status: desk.Status{Accepting: true, Participant: "gb.met-police"}}, http.StatusOK},
		{clerk{status: desk.Status{Trouble: "the disk is full"}}, http.StatusServiceUnavailable},
		{clerk{status: desk.Status{Accepting: true}, err: errors.New("disk")}, http.StatusServiceUnavailable},
	} {
		w := do(desk.Server(&c.n, token, nil), "GET", "/healthz", "", nil)
		if w.Code != c.want || len(w.Body.String()) > 20 || strings.Contains(w.Body.String(), "disk") {
			t.Errorf("got %d %q, want %d", w.Code, w.Body, c.want)
		}
	}
}

// problem reads an answer that must be a Problem of exactly two members.
func problem(t *testing.T, w *httptest.ResponseRecorder) desk.Problem {
	t.Helper()
	var p desk.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p, json.RejectUnknownMembers(true)); err != nil || p.Text == "" ||
		w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("want a problem, got %d %v %s", w.Code, w.Header(), w.Body)
	}
	return p
}

func TestBadCallsAreToldWhatToMend(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"POST", "/v1/drafts", "", 400, "want one JSON value"},
		{"POST", "/v1/drafts", "{", 400, "want one JSON value"},
		{"POST", "/v1/drafts", `{"body":{}} x`, 400, "at byte 12"},
		{"POST", "/v1/drafts", `{"body":{},"body":{}}`, 400, "body: want each member once"},
		{"POST", "/v1/drafts", `{"Body":{}}`, 400, "body: holds an unknown member: want no other than case, agreement, body,"},
		{"POST", "/v1/drafts", `{"body":{"request":{"extra":1}}}`, 400,
			"body.request: holds an unknown member: want no other than type, issuer,"},
		{"POST", "/v1/drafts", `{"body":{"request":{"type":"wiretap"}}}`, 400, "body.request.type: want one of production,"},
		{"POST", "/v1/drafts", `{"body":{"request":{"issuer":"x: want y"}}}`, 400, "body.request.issuer: want country.name"},
		{"POST", "/v1/drafts", `{"body":{"request":{"purpose":7}}}`, 400, "body.request.purpose: want text"},
		{"POST", "/v1/drafts", `{"body":{"request":{"authorisation":{"date":"12 January"}}}}`, 400,
			"body.request.authorisation.date: want a time"},
		{"POST", "/v1/drafts", `[]`, 400, "body: want an object"},
		{"POST", "/v1/acts/prepare", `{"case":"17"}`, 400, "case: want case-"},
		{"POST", "/v1/acts/submit", "\xff", 400, "want one JSON value"},
		{"POST", "/v1/acts/submit", `"` + strings.Repeat("x", desk.MaxBody) + `"`, 413, "larger"},
		{"POST", "/v1/documents/notice", strings.Repeat("x", desk.MaxBody+1), 413, "larger"},
		{"POST", "/v1/documents/register", strings.Repeat("x", desk.MaxDocument+1), 413, "larger"},
		{"GET", "/v1/inbox?limit=0", "", 400, "limit: want a number from 1 to 200"},
		{"GET", "/v1/inbox?limit=201", "", 400, "limit:"},
		{"GET", "/v1/inbox?limit=ten", "", 400, "limit:"},
		{"GET", "/v1/drafts?limit=201", "", 400, "limit: want a number from 1 to 200"},
		{"GET", "/v1/clocks?all=yes", "", 400, "all: want true"},
		{"GET", "/v1/cases/17", "", 400, "case: want case-"},
		{"GET", "/v1/facts?from=2026", "", 400, "from: want a time"},
		{"GET", "/v1/facts?as_of=now", "", 400, "as_of: want a time"},
		{"GET", "/v1/cases/" + string(someCase) + "x/export", "", 400, "case: want case-"},
		{"POST", "/v1/peers/Contoso/probe", "", 400, "peer: want a participant"},
		{"GET", "/v1/ledger/proofs/first", "", 400, "index: want a number"},
		{"GET", "/v1/ledger/proofs/9223372036854775808", "", 400, "index: want a number"},
	} {
		n := &clerk{}
		w := do(desk.Server(n, token, nil), c.method, c.path, c.body, bearer(token))
		p := problem(t, w)
		if w.Code != c.status || !strings.Contains(p.Text, c.text) || len(n.asked) > 0 {
			t.Errorf("%s %.40s %.60s: got %d %q, asked %v; want %d %q", c.method, c.path, c.body, w.Code, p.Text, n.asked,
				c.status, c.text)
		}
	}
}

// TestRegisterMayBeLargerThanAnAct: every other document is as small.
func TestRegisterMayBeLargerThanAnAct(t *testing.T) {
	n := &clerk{}
	w := do(desk.Server(n, token, nil), "POST", "/v1/documents/register", strings.Repeat("x", desk.MaxDocument), bearer(token))
	if w.Code == http.StatusRequestEntityTooLarge || len(n.asked) != 1 {
		t.Errorf("got %d, asked %d times", w.Code, len(n.asked))
	}
}

func TestUnknownPagesAndMethodsAreNoProblemsOfTheNode(t *testing.T) {
	n := &clerk{}
	for path, want := range map[string]int{"/v2/inbox": 404, "/v1/acts/submit": 405, "/v1/cases/" + string(someCase) + "/acts": 404,
		"/v1/documents/register/../../keys": 404} {
		w := do(desk.Server(n, token, nil), "GET", path, "", bearer(token))
		if w.Code != want && w.Code != http.StatusTemporaryRedirect && w.Code != http.StatusMovedPermanently {
			t.Errorf("GET %s: got %d, want %d", path, w.Code, want)
		}
	}
	if len(n.asked) > 0 {
		t.Errorf("the node was asked %v", n.asked)
	}
}

func TestErrorsOfTheNodeAreNotShown(t *testing.T) {
	for _, c := range calls {
		if c.want == "" {
			continue
		}
		n := &clerk{err: errors.New("store: falcon@contoso.example: disk on fire")}
		w := do(desk.Server(n, token, nil), c.method, c.path, c.body, bearer(token))
		p := problem(t, w)
		if w.Code != http.StatusInternalServerError || strings.Contains(p.Text+p.Hint, "falcon") || p.Hint == "" {
			t.Errorf("%s %s: got %d %+v", c.method, c.path, w.Code, p)
		}
	}
}

func TestClientShowsTheProblemOfTheServer(t *testing.T) {
	want := &desk.Problem{Status: http.StatusConflict, Text: "it does not fit", Hint: "see case show"}
	n := &clerk{err: fmt.Errorf("wrapped: %w", want)}
	c := client(n)
	ctx := t.Context()
	_, e1 := c.Save(ctx, desk.Draft{})
	_, e2 := c.Prepare(ctx, desk.Draft{})
	_, e3 := c.Submit(ctx, desk.Draft{})
	_, e4 := c.Inbox(ctx, desk.Page{})
	_, e5 := c.Case(ctx, someCase)
	e6 := c.Export(ctx, someCase, io.Discard)
	_, e7 := c.Documents(ctx)
	_, e8 := c.Read(ctx, "register", "GB@1")
	_, e9 := c.Publish(ctx, "notice", nil)
	_, e10 := c.Status(ctx)
	_, e11 := c.Probe(ctx, "us.contoso")
	_, e12 := c.Check(ctx)
	_, e13 := c.Prove(ctx, 1)
	_, e14 := c.Checkpoint(ctx)
	_, e15 := c.Drafts(ctx, desk.Page{})
	for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13, e14, e15} {
		var p *desk.Problem
		if !errors.As(err, &p) || *p != *want {
			t.Errorf("call %d: got %#v, want %#v", i+1, err, want)
		}
	}
}

func client(n desk.Node) *desk.Client {
	return &desk.Client{Base: "http://node", Token: token,
		HTTP: http.Client{Transport: desk.InProcess{Handler: desk.Server(n, token, nil)}}}
}

func TestClientAndServerAgree(t *testing.T) {
	n := &clerk{status: desk.Status{Participant: "gb.met-police", Accepting: true, Time: time.Unix(1795341600, 0).UTC(),
		LedgerSize: 9, Outbox: 2, Peers: []desk.Peer{{ID: "us.contoso", Address: "[::1]:4433", Ledger: 4}}}}
	c := client(n)
	s, err := c.Status(t.Context())
	if err != nil || s.Participant != n.status.Participant || !s.Time.Equal(n.status.Time) || len(s.Peers) != 1 ||
		s.Peers[0] != n.status.Peers[0] || s.LedgerSize != 9 || s.Outbox != 2 || !s.Accepting {
		t.Errorf("status: got %+v, %v", s, err)
	}
	p, err := c.Probe(t.Context(), "us.contoso")
	if err != nil || p.RoundTrip != 3*time.Millisecond || p.Skew != -time.Second || !p.Reached {
		t.Errorf("probe: got %+v, %v", p, err)
	}
	draft := desk.Draft{Case: someCase, Agreement: "ukus-daa-2019",
		Body:         protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld, Note: "none ✓"}},
		Endorsements: []protocol.Endorsement{{Credential: []byte(`{"a":"1"}`), Statement: []byte(`{"b":"2"}`)}}}
	done, err := c.Submit(t.Context(), draft)
	if err != nil || done.Case != someCase || n.draft.Body.Refusal == nil || !reflect.DeepEqual(n.draft.Body.Refusal, draft.Body.Refusal) ||
		!bytes.Equal(n.draft.Endorsements[0].Credential, draft.Endorsements[0].Credential) {
		t.Errorf("submit: got %+v, %v; the node was given %+v", done, err, n.draft)
	}
	n.drafts = []desk.DraftItem{{Case: someCase, Saved: time.Unix(1795341600, 0).UTC(), Verdict: protocol.Hold,
		Agreement: protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}}}
	d, err := c.Drafts(t.Context(), desk.Page{After: "before", Limit: 7})
	if err != nil || d.Next != "next" || !slices.Equal(d.Items, n.drafts) || n.asked[len(n.asked)-1] != `drafts "before" 7` {
		t.Errorf("drafts: got %+v, %v; the node was asked %v", d, err, n.asked)
	}
	var b bytes.Buffer
	if err := c.Export(t.Context(), someCase, &b); err != nil || b.String() != "half a pack" {
		t.Errorf("export: got %q, %v", b.String(), err)
	}
}

// TestFailedExportIsNoShortFile: the caller sees an error and not one byte.
func TestFailedExportIsNoShortFile(t *testing.T) {
	var b bytes.Buffer
	if err := client(&clerk{err: errors.New("disk")}).Export(t.Context(), someCase, &b); err == nil || b.Len() > 0 {
		t.Errorf("got %q, %v", b.String(), err)
	}
}

func TestPagesJoinToTheWholeInbox(t *testing.T) {
	n := &clerk{}
	for range 23 {
		n.inbox = append(n.inbox, desk.Item{Case: protocol.NewCaseID(), State: casefile.Served,
			Move: casefile.Answer, Issuer: "gb.met-police", Addressee: "us.contoso"})
	}
	c := client(n)
	var got []desk.Item
	for page := (desk.Page{Limit: 5}); ; {
		in, err := c.Inbox(t.Context(), page)
		if err != nil || len(in.Items) > 5 {
			t.Fatalf("%d items, %v", len(in.Items), err)
		}
		got = append(got, in.Items...)
		if page.After = in.Next; page.After == "" {
			break
		}
	}
	if !slices.Equal(got, n.inbox) {
		t.Errorf("the pages hold %d items, want %d", len(got), len(n.inbox))
	}
}

func TestClientOfNobodySaysSo(t *testing.T) {
	c := &desk.Client{Base: "http://127.0.0.1:1", Token: token}
	_, err := c.Status(t.Context())
	var p *desk.Problem
	if !errors.As(err, &p) || p.Status != http.StatusBadGateway || !strings.Contains(p.Hint, "comity node") {
		t.Errorf("got %#v", err)
	}
}
