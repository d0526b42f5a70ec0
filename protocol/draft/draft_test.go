package draft_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/canon"
	"comity.example/protocol/draft"
	"comity.example/protocol/lint"
)

// day is the legal time of the tests.
var day = agreementtest.Day

// A result is what came of a want.
type result struct {
	want draft.Want
	tpl  *draft.Template
	err  error
}

// all are the templates of each kind for each shipped document. They are made
// once: whoever changes one changes a copy.
var all = sync.OnceValues(func() ([]result, error) {
	docs, err := library.Documents()
	if err != nil {
		return nil, err
	}
	book, err := agreement.NewBook(docs, nil)
	var out []result
	for _, d := range docs {
		for _, typ := range protocol.RequestTypes() {
			w := draft.Want{Book: book, Document: d, Type: typ, At: day}
			tpl, err := draft.New(w)
			out = append(out, result{w, tpl, err})
		}
	}
	return out, err
})

// templates gives each template, and sees that there is one exactly where the
// document grants something.
func templates(t *testing.T, each func(draft.Want, *draft.Template)) {
	t.Helper()
	results, err := all()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(results); {
		d, made := results[i].want.Document, 0
		for ; i < len(results) && results[i].want.Document == d; i++ {
			w, tpl, err := results[i].want, results[i].tpl, results[i].err
			typ := w.Type
			granted := slices.ContainsFunc(d.Rights, func(r agreement.Right) bool { return slices.Contains(r.Types, typ) })
			switch {
			case d.Kind == agreement.KindDomestic && !errors.Is(err, draft.ErrDomestic):
				t.Errorf("%s: got %v, want %v", d.ID, err, draft.ErrDomestic)
			case d.Kind == agreement.KindDomestic:
			case err == nil && granted:
				made++
				each(w, tpl)
			case granted != (err == nil) || !granted && !errors.Is(err, draft.ErrNoRight):
				t.Errorf("%s, %s: got %v, and a right %v", d.ID, typ, err, granted)
			}
		}
		if made == 0 && d.Kind != agreement.KindDomestic {
			t.Errorf("%s: got no template", d.ID)
		}
	}
}

func TestTemplatesCanBeSentAsTheyAre(t *testing.T) {
	templates(t, func(w draft.Want, tpl *draft.Template) {
		name, r := w.Document.ID+", "+string(w.Type), &tpl.Request
		if err := errors.Join(r.Check(), r.CheckDraft(day)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r.Type != w.Type {
			t.Errorf("%s: got a request of type %s", name, r.Type)
		}
		if d := lint.Lint(r, w.Document, day); len(d) > 0 {
			t.Errorf("%s: got %v, want no defect", name, d)
		}
		stands := w.Document.StandsFor(day, r.Issuer.Party(), r.Addressee.Party())
		if tpl.Decision.Verdict == protocol.Deny && stands {
			t.Errorf("%s: denied%s", name, agreementtest.Failures(tpl.Decision))
		}
		for _, f := range tpl.Decision.Findings {
			switch {
			case f.Outcome == protocol.Fail && f.Rule == agreement.StepInForce && !stands:
			case f.Outcome == protocol.Fail,
				f.Outcome == protocol.Held && f.Side == protocol.SideIssuing && f.Role != protocol.RoleDesignated:
				t.Errorf("%s: %v %s: %s", name, f.Outcome, f.Rule, f.Text)
			}
		}
	})
}

// What a template attests, it would not do without; and no more stands in it
// than the agreement asks for.
func TestTemplatesAttestWhatIsAskedFor(t *testing.T) {
	templates(t, func(w draft.Want, tpl *draft.Template) {
		if len(tpl.Statements) != len(tpl.Request.Attestations) {
			t.Errorf("%s: got %d statements explained, want %d", w.Document.ID, len(tpl.Statements), len(tpl.Request.Attestations))
		}
		whole := unmet(w, tpl, &tpl.Request)
		for i, a := range tpl.Request.Attestations {
			if tpl.Statements[i].Code != a.Statement || tpl.Statements[i].Text == "" {
				t.Errorf("%s: got %q explained for %q", w.Document.ID, tpl.Statements[i].Code, a.Statement)
			}
			less := tpl.Request
			less.Attestations = slices.Delete(slices.Clone(less.Attestations), i, i+1)
			if unmet(w, tpl, &less) <= whole {
				t.Errorf("%s, %s: nothing asks for %s", w.Document.ID, w.Type, a.Statement)
			}
		}
	})
}

// unmet is how many rules are not met.
func unmet(w draft.Want, tpl *draft.Template, r *protocol.Request) (n int) {
	f := draft.Assume(r, tpl.Role, day)
	f.Ref = w.Document.Ref()
	f.Notified = draft.Told(r.Addressee.Party(), w.Book.Notifies(r, f)...)
	for _, x := range w.Book.Decide(r, f).Findings {
		if x.Outcome != protocol.Pass && x.Outcome != protocol.NotApplicable {
			n++
		}
	}
	return n
}

func TestTheSameWantMakesTheSameTemplate(t *testing.T) {
	templates(t, func(w draft.Want, tpl *draft.Template) {
		if w.Type != protocol.Production {
			return
		}
		again, err := draft.New(w)
		if err != nil {
			t.Fatal(err)
		}
		a, err1 := canon.Encode(tpl.Request)
		b, err2 := canon.Encode(again.Request)
		if string(a) != string(b) || err1 != nil || err2 != nil {
			t.Errorf("%s: got two templates of one want", w.Document.ID)
		}
	})
}

func document(t *testing.T, id string) *agreement.Document {
	t.Helper()
	for _, d := range agreementtest.Library(t) {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("no document %s", id)
	return nil
}

func TestTemplateIsBetweenWhomItIsAskedFor(t *testing.T) {
	w := draft.Want{Book: agreementtest.LibraryBook(t), Document: document(t, "ukus-daa-2019"), At: day}
	tpl, err := draft.New(w)
	if err != nil {
		t.Fatal(err)
	}
	if r := tpl.Request; r.Issuer != "gb.home-office" || r.Addressee != "us.contoso-mail" || r.Type != protocol.Production {
		t.Errorf("got a %s of %s to %s", r.Type, r.Issuer, r.Addressee)
	}
	w.Issuer = "us.fbi"
	if tpl, err = draft.New(w); err != nil {
		t.Fatal(err)
	}
	if r := tpl.Request; r.Issuer != "us.fbi" || r.Addressee.Party() != "GB" || r.Target.LocatedIn != "US" {
		t.Errorf("got from %s to %s, of a target in %s", r.Issuer, r.Addressee, r.Target.LocatedIn)
	}
	w.Addressee = "fr.justice"
	if _, err = draft.New(w); !errors.Is(err, draft.ErrNoRight) {
		t.Errorf("got %v to a State that is no Party, want %v", err, draft.ErrNoRight)
	}
}

func TestTemplateOffersWhatTheAgreementGrants(t *testing.T) {
	tpl, err := draft.New(draft.Want{Book: agreementtest.LibraryBook(t), Document: document(t, "eu-epoc-2023"), At: day})
	if err != nil {
		t.Fatal(err)
	}
	if got := tpl.Offers.Types; !slices.Equal(got, []protocol.RequestType{protocol.Production, protocol.Preservation, protocol.Subscriber}) {
		t.Errorf("got types %v", got)
	}
	for _, c := range protocol.Categories() {
		live := c == protocol.CategoryContentLive || c == protocol.CategoryTrafficLive
		if slices.Contains(tpl.Offers.Categories, c) == live {
			t.Errorf("got %s offered: %v", c, !live)
		}
	}
	// Art. 3(18) and the five grounds of Art. 13(3) of Directive (EU) 2016/680.
	if got := tpl.Offers.Emergencies; !slices.Equal(got, []protocol.EmergencyKind{protocol.EmergencyLife,
		protocol.EmergencyInjury, protocol.EmergencySafety, protocol.EmergencyInfrastructure}) {
		t.Errorf("got emergencies %v", got)
	}
	if got := tpl.Offers.Secrecy; !slices.Equal(got, []protocol.SecrecyGround{protocol.SecrecyInquiry, protocol.SecrecyDetection,
		protocol.SecrecyPublic, protocol.SecrecyNational, protocol.SecrecyRights}) {
		t.Errorf("got grounds %v of secrecy", got)
	}
}

func TestTemplateStatesNothingToSpareAWarning(t *testing.T) {
	tpl, err := draft.New(draft.Want{Book: agreementtest.LibraryBook(t), Document: document(t, "budapest-2001"),
		Type: protocol.Preservation, Issuer: "fr.a", Addressee: "us.b", At: day})
	if err != nil {
		t.Fatal(err)
	}
	const agreed = "article_27_agreed"
	if slices.ContainsFunc(tpl.Statements, func(s draft.Statement) bool { return s.Code == agreed }) {
		t.Errorf("got %s stated", agreed)
	}
	if len(tpl.Optional) != 1 || tpl.Optional[0].Code != agreed || len(tpl.Flagged()) == 0 {
		t.Errorf("got %+v, want %s to choose, and a warning", tpl.Optional, agreed)
	}
}

func TestLetterNamesTheLanguagesThatAreKnown(t *testing.T) {
	tpl, err := draft.New(draft.Want{Book: agreementtest.LibraryBook(t), Document: document(t, "letter-rogatory"),
		Issuer: "gb.a", Addressee: "us.b", At: day})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tpl.Request.Languages, []string{"en"}) || len(tpl.Flagged()) == 0 {
		t.Errorf("got languages %v and %v, want en, with a warning of a translation", tpl.Request.Languages, tpl.Flagged())
	}
}

func TestTemplateSaysWhatLooksAtAMember(t *testing.T) {
	w := draft.Want{Book: agreementtest.LibraryBook(t), Document: document(t, "ukus-daa-2019"), At: day}
	tpl, err := draft.New(w)
	if err != nil {
		t.Fatal(err)
	}
	if got := tpl.Articles["offence.max_custody_months"]; !slices.Contains(got, "Art. 1(5), 1(14)") {
		t.Errorf("got %v of the penalty, want Art. 1(5), 1(14)", got)
	}
	if got := tpl.Articles["certification.contact"]; got != nil {
		t.Errorf("got %v of what is no member of a request", got)
	}
	held := tpl.Held()
	if len(held) == 0 || held[0].Role != protocol.RoleDesignated {
		t.Errorf("got %v, want what the designated authority supplies", held)
	}
}

// asking is a document whose rules ask for two things at once, for one of two
// statements, and for one of the certifying authority.
const asking = `id: asking
version: "1"
title: Regulation
citation: synthetic
kind: regulation
status: in_force
signed: 2020-01-01
in_force: 2020-06-01
parties: [GB, US]
provenance: synthetic
rights:
  - {id: data, from: any party, to: any party, types: [production], categories: [content_stored], channel: direct, article: Art. 1, reciprocity: mirrored, provenance: unverified}
rules:
  - {id: two, article: Art. 2, kind: computed, require: 'request.has_facts && request.languages.size() > 0 && "read" in attested && (request.has_promise || true)', statements: [{code: read, text: It can be read.}], otherwise: hold, reason: incomplete, side: issuing, role: issuing, text: Two., provenance: unverified}
  - {id: one, article: Art. 3, kind: attested, statements: [{code: left, text: Left.}, {code: right, text: Right.}], otherwise: deny, reason: incomplete, text: One., provenance: unverified}
  - {id: both, article: Art. 3, kind: computed, require: '"up" in attested && "down" in attested', statements: [{code: up, text: Up.}, {code: down, text: Down.}], otherwise: hold, reason: incomplete, side: issuing, role: issuing, text: Both., provenance: unverified}
  - {id: theirs, article: Art. 4, kind: attested, by: designated, statements: [{code: lawful, text: It is lawful.}], otherwise: hold, reason: certification_missing, side: issuing, role: designated, text: Theirs., provenance: unverified}
  - {id: never, article: Art. 5, kind: computed, require: "!request.has_nexus", otherwise: deny, reason: incomplete, text: Never., provenance: unverified}
`

func TestTemplateMeetsRulesThatAskForSeveralThings(t *testing.T) {
	d := agreementtest.Parse(t, asking)
	tpl, err := draft.New(draft.Want{Book: agreementtest.NewBook(t, []*agreement.Document{d}), Document: d, At: day})
	if err != nil {
		t.Fatal(err)
	}
	r := tpl.Request
	if r.Facts == "" || r.Nexus != "" || r.Promise != "" || len(r.Languages) == 0 {
		t.Errorf("got facts %q, nexus %q, languages %v", r.Facts, r.Nexus, r.Languages)
	}
	if len(tpl.Statements) != 4 || tpl.Statements[0].Code != "read" || len(tpl.Statements[0].Or) != 0 ||
		tpl.Statements[1].Code != "left" || !slices.Equal(tpl.Statements[1].Or, []string{"right"}) {
		t.Errorf("got %+v, want read, left or right, up and down", tpl.Statements)
	}
	if len(tpl.Certified) != 1 || tpl.Certified[0].Code != "lawful" {
		t.Errorf("got %+v, want lawful by the certifying authority", tpl.Certified)
	}
}

func TestCentralAuthoritiesAreAssumedToSend(t *testing.T) {
	r := &protocol.Request{Issuer: "gb.moj", Addressee: "us.poc"}
	f := draft.Assume(r, protocol.RoleContact, day)
	if !slices.Contains(f.Sender.Roles, protocol.RoleContact) || !slices.Equal(f.Addressee.Roles, []protocol.Role{protocol.RoleContact}) {
		t.Errorf("got sender %v and addressee %v", f.Sender.Roles, f.Addressee.Roles)
	}
	if f = draft.Assume(r, protocol.RoleProvider, day); slices.Contains(f.Sender.Roles, protocol.RoleProvider) {
		t.Error("got an issuing authority that is a provider")
	}
	if got := draft.Told("US"); got != nil {
		t.Errorf("got %v told although nobody must be", got)
	}
}
