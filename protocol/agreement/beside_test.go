package agreement_test

import (
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

const besideMembers = `
notice:
  responsible: issuing
  article: Art. 13
  text: The issuing authority tells the user.
  letter: "{issuer} asked for data of yours on {issued}."
  provenance: unverified
secrecy:
  end: required
  types: [production]
  categories: [content_stored]
  article: Art. 14
  text: An order of secrecy has an end.
  provenance: unverified
keeping:
  from: receipt
  extensions: "1"
  article: Art. 10
  text: What is asked for is kept.
  provenance: unverified
`

func TestWhatADocumentSaysBesideARequest(t *testing.T) {
	good := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020) + besideMembers
	d := agreementtest.Parse(t, good)
	switch {
	case d.Notice.Responsible != agreement.TellIssuing || !strings.Contains(d.Notice.Letter, "{issuer}"):
		t.Errorf("the notice is %+v", d.Notice)
	case !d.Keeping.OnReceipt || d.Keeping.Extensions != 1:
		t.Errorf("the keeping is %+v", d.Keeping)
	}
	for _, c := range []struct {
		typ      protocol.RequestType
		category protocol.Category
		want     bool
	}{
		{protocol.Production, protocol.CategoryContent, true},
		{protocol.Production, protocol.CategorySubscriber, false},
		{protocol.Subscriber, protocol.CategoryContent, false},
	} {
		if got := d.Secrecy.Concerns(c.typ, []protocol.Category{c.category}); got != c.want {
			t.Errorf("an end is wanted of a %s of %s: %v, want %v", c.typ, c.category, got, c.want)
		}
	}

	for name, c := range map[string]struct{ old, new, want string }{
		"nobody who tells":          {"responsible: issuing", "responsible: provider", `notice.responsible: "provider"`},
		"a letter with a gap":       {"{issued}", "{birthday}", "notice.letter: {birthday}: want one of authority"},
		"a letter that stays open":  {"{issued}", "{issued", "notice.letter: {issued"},
		"no end":                    {"end: required", "end: wanted", "secrecy.end: want required"},
		"keeping of nothing":        {"  from: receipt\n  extensions: \"1\"\n", "", "keeping: want from or extensions"},
		"keeping from another time": {"from: receipt", "from: service", "keeping.from: want receipt"},
		"no number of extensions":   {`extensions: "1"`, `extensions: "0"`, "keeping.extensions: \"0\": want 1 to 9"},
		"a claim without a source":  {"text: What is asked for is kept.\n  provenance: unverified", "text: What is asked for is kept.\n  provenance: verified", "keeping.source: missing"},
		"a rule that is not there": {"keeping:", "state_notice: {rule: gone, sent: [a], article: Art. 1, provenance: unverified}\nkeeping:",
			`state_notice.rule: "gone": want an attested rule`},
		"a rule of another reason": {"keeping:", "state_notice: {rule: threshold, sent: [a], article: Art. 1, provenance: unverified}\nkeeping:",
			`state_notice.rule: "threshold": want an attested rule`},
	} {
		if _, err := agreement.ParseDocument("test.yaml", []byte(replace(t, good, c.old, c.new))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestWhatTheLibrarySaysBesideARequest(t *testing.T) {
	docs := map[string]*agreement.Document{}
	for _, d := range agreementtest.Library(t) {
		docs[d.ID] = d
	}
	epoc := docs["eu-epoc-2023"]
	if epoc.Notice.Responsible != agreement.TellIssuing || !strings.Contains(epoc.Notice.Letter, "remedies") {
		t.Errorf("Art. 13: %+v", epoc.Notice)
	}
	if !epoc.Keeping.OnReceipt || epoc.Keeping.Extensions != 1 {
		t.Errorf("Art. 10(1), 11(1): %+v", epoc.Keeping)
	}
	if docs["gb-law"].Secrecy == nil || docs["us-law"].Secrecy != nil {
		t.Error("the end of secrecy: want it of overseas production orders, and not of 2705(b)")
	}
	sent, exceptions := docs["ukus-daa-2019"].StateStatements()
	if len(sent) != 1 || len(exceptions) != 3 {
		t.Errorf("Art. 5(10): told by %v, or %v", sent, exceptions)
	}
}

const consultation = `
consultation:
  duty: appropriate
  before: [refusal, postponement]
  grounds: [press_freedom]
  article: Art. 27
  text: The issuing side is asked first.
  provenance: unverified
`

// TestADocumentRemindsOfAConsultation: an authority that refuses for a ground of
// the document and names nothing that it asked.
func TestADocumentRemindsOfAConsultation(t *testing.T) {
	good := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020) + consultation
	for name, c := range map[string]struct {
		change  func(*agreement.Ground)
		duty    string
		reminds bool
	}{
		"asked nothing":     {func(*agreement.Ground) {}, "appropriate", true},
		"asked":             {func(g *agreement.Ground) { g.Unasked = false }, "appropriate", false},
		"of another ground": {func(g *agreement.Ground) { g.Reason = protocol.ReasonDeleted }, "appropriate", false},
		"must ask":          {func(*agreement.Ground) {}, "required", false}, // the life of the case sees to it
	} {
		d := agreementtest.Parse(t, strings.Replace(good, "duty: appropriate", "duty: "+c.duty, 1))
		book, err := agreement.NewBook([]*agreement.Document{d}, nil)
		if err != nil {
			t.Fatal(err)
		}
		g := agreement.Ground{Agreement: d.Ref(), Reason: protocol.ReasonPress, From: "GB", To: "US", At: agreementtest.Day, Unasked: true}
		c.change(&g)
		got := book.Refuse(g)
		reminds := len(got.Findings) == 2 && got.Findings[1].Rule == agreement.RuleConsult &&
			got.Findings[1].Outcome == protocol.Flag && got.Findings[1].Article == "Art. 27"
		if got.Verdict != protocol.Allow || reminds != c.reminds {
			t.Errorf("%s: %s, %v", name, got.Verdict, got.Findings)
		}
	}
	for name, c := range map[string][2]string{
		"duty":    {"duty: appropriate", "duty: nice"},
		"before":  {"before: [refusal, postponement]", "before: [lunch]"},
		"grounds": {"before: [refusal, postponement]", "before: [postponement]"},
	} {
		if _, err := agreement.ParseDocument("test.yaml", []byte(strings.Replace(good, c[0], c[1], 1))); err == nil || !strings.Contains(err.Error(), "consultation."+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
