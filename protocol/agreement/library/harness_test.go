package library_test

import (
	"slices"
	"sync"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/library"
)

// instruments are the shipped documents with the rows that show each of their
// rules met and broken.
var instruments = []instrument{
	ukusDAA,
	budapest,
	uncac,
	cets224,
	euusMLA,
	usauDAA,
	letterRogatory,
	usLaw,
	gbLaw,
	auLaw,
	ieLaw,
	usLaw3512,
	gbLaw2003,
	ets30MLA,
	euMLA,
	nlusMLAT,
	euEPOC,
	euEIO,
}

type scene = agreementtest.Scene

// An instrument says how the rules of one document are met and broken.
type instrument struct {
	id string
	// beside are the ids of further documents in the book: for domestic law, the
	// agreement under which requests are made.
	beside []string
	// scenes are requests in order, one for each direction and kind of request
	// that the rows are run on. Each names the document, or domestic law is asked
	// beside what it names.
	scenes []func() *scene
	clean  protocol.Verdict // of a scene that breaks no rule
	rows   []row
	// as, if set, changes the text before it is read: a document that is not in
	// force denies every request, so its rules are shown as though it were.
	as func(text string) string
}

// A row says how one rule is met and how it is broken. It is run on every scene
// to whose direction the rule applies.
type row struct {
	rule   string
	setup  func(*scene) // makes the rule's condition hold, and the rule be met; nil: the scene does
	breaks func(*scene)
	want   protocol.Outcome // when it is broken: Fail, Held or Flag
	reason protocol.Reason
	// unless, if set, makes the rule not apply.
	unless func(*scene)
	// clean, if set, is the verdict when it is met, in place of the instrument's.
	clean protocol.Verdict
	// only, if set, says for which scenes the row is.
	only func(*scene) bool
	// given are notices under which the row is run: options that were made.
	given []*agreement.Notice
}

func nothing(*scene) {}

// without takes back statements by a prefix of their code.
func without(code string) func(*scene) { return func(s *scene) { s.Withdraw(code) } }

func intercept(s *scene) { s.Ask(protocol.Interception, protocol.CategoryContentLive) }

func produce(s *scene) { s.Ask(protocol.Production, protocol.CategoryContent) }

// from makes a row one for the requests of a Party.
func from(p protocol.Party) func(*scene) bool {
	return func(s *scene) bool { return s.Facts.Issuing.Party == p }
}

// made is a notice by which a Party made an option long ago.
func made(p protocol.Party, id, option string, kind agreement.NoticeKind) *agreement.Notice {
	at := agreementtest.Day.AddDate(-1, 0, 0)
	return &agreement.Notice{ID: "made-" + option, Agreement: id, Party: p, Kind: kind, Option: option,
		Issued: at, Effective: at, Ground: "a declaration"}
}

// read reads the library once: documents do not change.
var read = sync.OnceValues(library.Documents)

func documents(t testing.TB) []*agreement.Document {
	t.Helper()
	docs, err := read()
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// document returns a shipped document.
func document(t testing.TB, id string) *agreement.Document {
	t.Helper()
	for _, d := range documents(t) {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("the library has no %s", id)
	return nil
}

// document returns the document as the rows are run on it.
func (i *instrument) document(t testing.TB) *agreement.Document {
	doc := document(t, i.id)
	if i.as == nil {
		return doc
	}
	return agreementtest.Parse(t, i.as(string(doc.Bytes())))
}

func (i *instrument) book(t testing.TB, notices ...*agreement.Notice) *agreement.Book {
	docs := []*agreement.Document{i.document(t)}
	for _, id := range i.beside {
		docs = append(docs, document(t, id))
	}
	return agreementtest.NewBook(t, docs, notices...)
}

// name returns the name under which a rule of the document reports.
func (i *instrument) name(doc *agreement.Document, rule string) string {
	if doc.Kind == agreement.KindDomestic {
		return i.id + "/" + rule
	}
	return rule
}

func TestEveryShippedDocumentHasRows(t *testing.T) {
	for _, d := range documents(t) {
		if !slices.ContainsFunc(instruments, func(i instrument) bool { return i.id == d.ID }) {
			t.Errorf("%s: no instrument in the list of this test", d.ID)
		}
	}
}

// TestEveryRuleIsMetAndBroken is the report of rule coverage: a rule that no row
// meets and breaks fails it.
func TestEveryRuleIsMetAndBroken(t *testing.T) {
	reached := map[protocol.Reason]bool{}
	rules := 0
	for _, inst := range instruments {
		doc := inst.document(t)
		rules += len(doc.Rules)
		for i := range doc.Rules {
			covered := false
			for _, r := range inst.rows {
				if r.rule == doc.Rules[i].ID {
					covered = inst.run(t, doc, &doc.Rules[i], r) || covered
					reached[r.reason] = true
				}
			}
			if !covered {
				t.Errorf("%s: rule %s has no row that meets and breaks it", inst.id, doc.Rules[i].ID)
			}
		}
		for _, r := range inst.rows {
			if !slices.ContainsFunc(doc.Rules, func(x agreement.Rule) bool { return x.ID == r.rule }) {
				t.Errorf("%s: row for %s, which is no rule", inst.id, r.rule)
			}
		}
	}
	t.Logf("%d rules of %d documents, each seen met and broken; %d reasons", rules, len(instruments), len(reached))
}

// run reports whether the row is for one of the scenes.
func (i *instrument) run(t *testing.T, doc *agreement.Document, rule *agreement.Rule, r row) bool {
	ran := false
	for _, make := range i.scenes {
		if r.only != nil && !r.only(make()) {
			continue
		}
		ran = i.runOn(t, doc, rule, r, make) || ran
	}
	return ran
}

func (i *instrument) runOn(t *testing.T, doc *agreement.Document, rule *agreement.Rule, r row, make func() *scene) bool {
	s := make()
	name, book := i.name(doc, r.rule), i.book(t, r.given...)
	party, to := s.Facts.Issuing.Party, s.Facts.Addressee.Party
	if !rule.From.IsZero() && !rule.From.Has(party) || !rule.To.IsZero() && !rule.To.Has(to) {
		r.breaks(s)
		if f := agreementtest.Found(t, s.Decide(book), name); f.Outcome != protocol.NotApplicable {
			t.Errorf("%s from %s: got %v, want n/a", r.rule, party, f.Outcome)
		}
		return false
	}
	t.Run(i.id+" "+r.rule+" from "+string(party), func(t *testing.T) {
		if r.setup != nil {
			r.setup(s)
		}
		d := s.Decide(book)
		met, clean := protocol.Pass, i.clean
		if r.clean != protocol.Deny {
			clean = r.clean
		}
		if rule.Kind == agreement.Judgement {
			met = protocol.Held
		}
		if got := agreementtest.Found(t, d, name).Outcome; got != met || d.Verdict != clean {
			t.Errorf("met: got %v, verdict %v%s", got, d.Verdict, agreementtest.Failures(d))
		}
		r.breaks(s)
		d = s.Decide(book)
		f := agreementtest.Found(t, d, name)
		if f.Outcome != r.want || f.Reason != r.reason || f.Text == "" || f.Article == "" || f.Provenance == "" {
			t.Errorf("broken: got %+v, want %v %s", f, r.want, r.reason)
		}
		if (r.want == protocol.Fail) != (d.Verdict == protocol.Deny) {
			t.Errorf("broken: got verdict %v%s", d.Verdict, agreementtest.Failures(d))
		}
		if r.unless != nil {
			r.unless(s)
			if doc.Kind == agreement.KindDomestic { // of which only what applies is reported
				if agreementtest.Has(s.Decide(book), name) {
					t.Error("unless: it applies")
				}
			} else if got := agreementtest.Found(t, s.Decide(book), name).Outcome; got != protocol.NotApplicable {
				t.Errorf("unless: got %v, want n/a", got)
			}
		}
	})
	return true
}
