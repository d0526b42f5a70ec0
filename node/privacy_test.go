package node_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/evidence/evidencetest"
	"comity.example/protocol/wire"
)

// mark stands in every text that a person writes. It must be nowhere but where
// the content itself is shown.
const mark = "zq7falconzq7"

// marked is an order with the mark wherever the form of an order allows it.
func marked() *protocol.Request {
	r := emergency()
	r.FileNumber, r.Purpose = mark, mark
	r.Authorisation.Authority, r.Authorisation.Reference, r.Authorisation.Instrument = mark, mark, mark
	r.Offence.Description, r.Offence.Provisions = mark, []string{mark}
	r.Target.Basis, r.Emergency.Facts = mark, mark
	r.Identifiers = []protocol.Identifier{
		{Type: protocol.IdentifierEmail, Value: mark + "@contoso.example", Service: mark},
		{Type: protocol.IdentifierURL, Value: "https://contoso.example/" + mark},
		{Type: protocol.IdentifierAccount, Value: mark}}
	r.Data[0].Description = mark
	r.Facts, r.Nexus, r.Promise, r.Procedure = mark, mark, mark, mark
	r.Related = []protocol.Related{{Relation: protocol.RelationFollows, Reference: mark}}
	r.Deadline = &protocol.Deadline{At: r.Data[0].To, Reason: mark}
	r.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityJudge, Authority: mark,
		Reference: mark, Date: r.Authorisation.Date}
	for i := range r.Attestations {
		r.Attestations[i].Reference = mark
	}
	return r
}

// A listener hears what a node says to those who are not shown the content.
type listener struct {
	*border
	errors int
}

// call calls the API and returns what it answered; an error must not hold the mark.
func (l *listener) call(at protocol.ParticipantID, method, path string, body []byte) (int, []byte) {
	l.t.Helper()
	ctx, stop := context.WithCancel(l.t.Context())
	defer stop()
	r := httptest.NewRequest(method, path, bytes.NewReader(body)).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer token")
	w := httptest.NewRecorder()
	l.node(at).http.ServeHTTP(w, r)
	if w.Code != 200 {
		l.errors++
		if hasMark(w.Body.Bytes()) {
			l.t.Errorf("%s %.60s answered %d: %s", method, path, w.Code, w.Body)
		}
	}
	return w.Code, w.Body.Bytes()
}

func hasMark(b []byte) bool { return bytes.Contains(bytes.ToLower(b), []byte(mark)) }

// everywhere returns the documents that come of one by putting each of the
// things into each of its places, one at a time.
func everywhere(t *testing.T, document []byte, things ...any) [][]byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	keep := func() {
		b, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	var visit func(v any, set func(any))
	visit = func(v any, set func(any)) {
		for _, thing := range things {
			set(thing)
			keep()
		}
		set(v)
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				visit(v[k], func(x any) { v[k] = x })
			}
		case []any:
			for i := range v {
				visit(v[i], func(x any) { v[i] = x })
			}
		}
	}
	visit(root, func(x any) { root = x })
	return out
}

func TestNothingThatIsSaidNamesAPerson(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		l := &listener{border: b}
		l.abuseDrafts()
		l.abusePaths()
		l.abuseDocuments()
		id := l.tellStory()
		l.abuseBodies(id)
		l.abuseEvidence(id)
		l.deliverCrimes()
		if l.errors < 500 {
			t.Errorf("only %d errors were heard", l.errors)
		}
		if hasMark([]byte(b.logged.String())) {
			for line := range strings.Lines(b.logged.String()) {
				if hasMark([]byte(line)) {
					t.Errorf("it is logged: %s", line)
				}
			}
		}
		for _, at := range []protocol.ParticipantID{police, office, contoso} {
			l.checkMetrics(at)
			l.checkFiles(at)
			for i, rec := range b.records(at) {
				if text, err := rec.Encode(); err != nil || hasMark(text) {
					t.Errorf("%s: entry %d of the ledger: %s %v", at, i, text, err)
				}
			}
		}
	}, police, office, contoso)
}

func (l *listener) encode(v any) []byte {
	l.t.Helper()
	enc, err := canon.Encode(v)
	l.must(err)
	return enc
}

var drafting = []string{"/v1/drafts", "/v1/acts/prepare", "/v1/acts/submit"}

// abuseDrafts sends what is no order, or not a good one.
func (l *listener) abuseDrafts() {
	draft := l.encode(desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: marked()}})
	long := strings.Repeat(mark, 600)
	for _, path := range drafting {
		for _, d := range everywhere(l.t, draft, mark, long, 5, []string{mark}, map[string]string{"type": mark}, nil) {
			l.call(police, "POST", path, d)
		}
		for cut := 0; cut < len(draft); cut += 40 {
			l.call(police, "POST", path, draft[:cut])
		}
		l.call(police, "POST", path, append(bytes.Clone(draft), mark...))
		l.call(police, "POST", path, []byte(mark))
		l.call(police, "POST", path, bytes.Repeat([]byte(mark), desk.MaxBody/len(mark)+1))
	}
}

func (l *listener) abusePaths() {
	for _, path := range []string{"/v1/cases/" + mark, "/v1/cases/" + mark + "/export", "/v1/inbox?limit=" + mark,
		"/v1/documents/" + mark + "/" + mark, "/v1/documents/register/" + mark, "/v1/ledger/proofs/" + mark,
		"/v1/" + mark, "/" + mark} {
		l.call(police, "GET", path, nil)
	}
	l.call(police, "POST", "/v1/peers/"+mark+"/probe", nil)
	l.call(police, "POST", "/v1/peers/gb."+mark+"/probe", nil)
	l.call(police, "POST", "/v1/documents/"+mark, []byte(mark))
}

// abuseDocuments publishes orders as if they were law.
func (l *listener) abuseDocuments() {
	draft := l.encode(desk.Draft{Body: protocol.Body{Request: marked()}})
	signed := l.encode(map[string][]byte{"document": draft, "signatures": []byte("{}")})
	yaml := l.encode(map[string][]byte{"document": []byte("id: " + mark + "\ntitle: [" + mark + "\n"), "signatures": draft})
	f := l.thief(office)
	for _, kind := range []string{"register", "agreement", "notice"} {
		for _, d := range [][]byte{draft, signed, yaml, []byte(mark),
			l.signedAs("comity-register+jws", draft, police), l.signedAs("comity-notice+jws", draft, police)} {
			l.call(police, "POST", "/v1/documents/"+kind, d)
			_, err := f.Exchange(l.t.Context(), police, &wire.Publish{Kind: wireKind(kind), Document: d})
			l.must(err)
		}
	}
}

// tellStory takes a marked order to the end, with errors on the way.
func (l *listener) tellStory() protocol.CaseID {
	minor := marked()
	minor.Offence.MaxCustodyMonths = 1
	if done, err := l.act(police, desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: minor}}); err != nil ||
		!done.Act.IsZero() {
		l.t.Errorf("a minor offence: sent, or %v", err)
	} else if hasMark(l.encode(done.Decision)) {
		l.t.Errorf("the findings hold the mark")
	}
	id := l.requestByTwo(marked()).Case
	l.awaitState(office, id, "requested")
	body := certification()
	body.Certification.Contact, body.Certification.Targeting = mark, mark
	_, err := l.border.act(office, desk.Draft{Case: id, Body: body})
	l.must(err)
	l.awaitState(contoso, id, "served")
	return id
}

// abuseBodies sends the other kinds of act, where they fit and where they do not.
func (l *listener) abuseBodies(id protocol.CaseID) {
	object := evidencetest.Object(mark, mark, []byte(mark))
	about := "/v1/cases/" + string(id) + "/evidence?name=" + mark + "&media_type=" + mark + "&collector=" + mark
	for _, path := range []string{about, about + "&role=" + mark, about + "&collected=" + mark, about + "/" + mark} {
		for _, at := range []protocol.ParticipantID{police, office, contoso} {
			if code, b := l.call(at, "POST", path, []byte(mark)); code == 200 {
				l.must(json.Unmarshal(b, &object))
			}
		}
	}
	for _, at := range []protocol.ParticipantID{police, office, contoso} {
		for _, body := range []protocol.Body{
			{Withdrawal: &protocol.Withdrawal{Note: mark}},
			{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld, Note: mark}},
			{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete, Note: mark,
				Objects: []protocol.Object{object}}},
			{Certification: &protocol.Certification{Contact: mark, Targeting: mark}},
			{Relay: &protocol.Relay{Act: []byte(`{"` + mark + `":"` + mark + `"}`)}},
		} {
			draft := l.encode(desk.Draft{Case: id, Body: body})
			for _, d := range everywhere(l.t, draft, mark, strings.Repeat(mark, 500), []string{mark}, nil) {
				l.call(at, "POST", "/v1/acts/prepare", d)
			}
			l.call(at, "POST", "/v1/acts/submit", draft) // no officer, which only the provider's disclosure may do without
		}
	}
	l.awaitState(office, id, "produced")
}

// abuseEvidence has marked evidence fetched, read, uploaded and deleted, and asks for
// what is not there.
func (l *listener) abuseEvidence(id protocol.CaseID) {
	of := "/v1/cases/" + string(id)
	l.fetch(office, id, desk.Fetch{})
	item := l.awaitExhibit(office, id, desk.EvidenceComplete)
	if got, err := l.opens(office, id, item.Object.Tree); err != nil || !hasMark([]byte(got)) {
		l.t.Errorf("the evidence reads %q, %v: there is nothing to be found", got, err)
	}
	for _, at := range []protocol.ParticipantID{police, office, contoso} {
		for _, path := range []string{"/evidence/" + mark, "/evidence/sha256:" + mark, "/evidence/" + item.Object.Tree.String() + "?offset=" + mark,
			"/live/" + mark, "/live/" + mark + "?seq=" + mark, "/uploads/" + mark} {
			for _, method := range []string{"GET", "DELETE", "POST", "PATCH"} {
				l.call(at, method, of+path, []byte(mark))
			}
		}
		l.call(at, "POST", of+"/evidence/fetch", l.encode(map[string]string{"object": mark}))
		ctx, stop := context.WithCancel(l.t.Context())
		r := httptest.NewRequest("POST", of+"/uploads/", nil).WithContext(ctx)
		for k, v := range map[string]string{"Authorization": "Bearer token", "Tus-Resumable": "1.0.0", "Upload-Length": "5",
			"Upload-Metadata": "filename " + base64.StdEncoding.EncodeToString([]byte(mark+"/"+mark)) + "," + mark + " " + mark} {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		l.node(at).http.ServeHTTP(w, r)
		stop()
		if w.Code < 400 || hasMark(w.Body.Bytes()) {
			l.t.Errorf("an upload answered %d: %s", w.Code, w.Body)
		}
	}
	time.Sleep(2 * time.Second) // until the library's grace is over
	body := deleting(item.Object.Tree)
	body.Deletion.Text = mark
	l.does(office, id, body)
}

// checkFiles: no file of the node is named after what somebody wrote, and what is of
// evidence holds nothing of it in the clear.
func (l *listener) checkFiles(at protocol.ParticipantID) {
	l.t.Helper()
	seen := 0
	l.must(filepath.WalkDir(l.config(at).Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if hasMark([]byte(path)) {
			l.t.Errorf("a file of %s is named %s", at, path)
		}
		if !strings.Contains(path, "/vault/") && !strings.Contains(path, "/uploads/") {
			return nil
		}
		seen++
		b, err := os.ReadFile(path)
		if hasMark(b) {
			l.t.Errorf("a file of %s holds the mark: %s", at, path)
		}
		return err
	}))
	if seen < 2 {
		l.t.Errorf("%s has %d files of evidence", at, seen)
	}
}

// deliverCrimes has peers send marked acts that are refused.
func (l *listener) deliverCrimes() {
	f := l.thief(police)
	act := func(change func(*protocol.Act)) *protocol.Act {
		a := l.blank(protocol.Body{Request: marked()}, police, office)
		a.Body.Request.Offence.MaxCustodyMonths = 1
		change(a)
		l.endorse(a)
		return a
	}
	for _, envelope := range [][]byte{
		[]byte(mark),
		l.seal([]byte(mark), office),
		l.seal(chaintest.Wrap(l.signedAs("comity-act+jws", []byte(`{"`+mark+`":"`+mark+`"}`), police)), office),
		l.seal([]byte(`{"`+mark+`":"`+mark+`"}`), office),
		l.seal(l.sign(act(func(*protocol.Act) {})), office),
		l.seal(l.sign(act(func(a *protocol.Act) { a.Follows = []protocol.Digest{protocol.DigestOf(nil)} })), office),
		l.seal(l.sign(act(func(a *protocol.Act) { a.Agreement.ID = "no-such-agreement" })), office),
		l.seal(l.sign(act(func(a *protocol.Act) { a.Issued = a.Issued.Add(time.Hour); a.Expires = a.Issued.Add(time.Hour) })), office),
	} {
		switch answer := f.deliver(office, envelope).(type) {
		case *wire.Refusal:
			if hasMark(answer.Proof) || hasMark(answer.Findings) {
				l.t.Errorf("the refusal holds the mark: %s", answer.Findings)
			}
		default:
			l.t.Errorf("answered with a %v", answer.Type())
		}
	}
}

func (l *listener) checkMetrics(at protocol.ParticipantID) {
	l.t.Helper()
	families, err := l.node(at).metrics.Gather()
	l.must(err)
	if text := fmt.Sprint(families); hasMark([]byte(text)) || !strings.Contains(text, "comity_arrivals_total") {
		l.t.Errorf("the metrics of %s hold the mark, or nothing", at)
	}
}
