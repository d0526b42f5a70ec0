package paper_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/paper"
)

func matrixOf(t testing.TB, b *agreement.Book, q paper.Question) *paper.Matrix {
	t.Helper()
	if q.At.IsZero() {
		q.At = agreementtest.Day
	}
	m, err := paper.NewMatrix(b, q)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func cell(m *paper.Matrix, from, to protocol.Party, ty protocol.RequestType, c protocol.Category) *paper.Cell {
	for i := range m.Cells {
		if x := &m.Cells[i]; x.From == from && x.To == to && x.Type == ty && x.Category == c {
			return x
		}
	}
	return nil
}

// outcome is what a decision finds before it comes to the rules of a document.
func outcome(d protocol.Decision) bool {
	ok := 0
	for _, f := range d.Findings {
		switch f.Rule {
		case agreement.StepAgreement, agreement.StepInForce, agreement.StepRight, agreement.StepReciprocal, agreement.StepSigned:
			if f.Outcome == protocol.Fail {
				return false
			}
			ok++
		}
	}
	return ok == 5
}

// TestMatrixAgreesWithDecisions asks for each category by each type, in both
// directions, with and without an emergency, of the provider and of the central
// authority: a way stands exactly where a decision finds nothing in it.
func TestMatrixAgreesWithDecisions(t *testing.T) {
	d := sample(t, "sample-1.yaml")
	books := map[string]*agreement.Book{
		"no notice": agreementtest.NewBook(t, []*agreement.Document{d}),
		"notices":   agreementtest.NewBook(t, []*agreement.Document{d}, given()...),
	}
	stood := 0
	for name, book := range books {
		m := matrixOf(t, book, paper.Question{Parties: []protocol.Party{"GB", "US"}})
		for _, c := range []struct {
			scene   func() *agreementtest.Scene
			channel agreement.Channel
		}{
			{agreementtest.UKOrder, agreement.Direct},
			{agreementtest.USOrder, agreement.Direct},
			{func() *agreementtest.Scene { return agreementtest.Assistance("gb.ukca", "us.doj-oia") }, agreement.Central},
			{func() *agreementtest.Scene { return agreementtest.Assistance("us.doj-oia", "gb.ukca") }, agreement.Central},
		} {
			for _, ty := range protocol.RequestTypes() {
				for _, category := range protocol.Categories() {
					for _, urgent := range []bool{false, true} {
						s := c.scene()
						s.Facts.Ref.ID = d.ID
						s.Ask(ty, category)
						if urgent {
							s.Req.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife}
						}
						want := outcome(s.Decide(book))
						got := false
						if x := cell(m, s.Facts.Issuing.Party, s.Facts.Addressee.Party, ty, category); x != nil {
							got = slices.ContainsFunc(x.Ways, func(w paper.Way) bool {
								return w.Channel == c.channel && w.State == paper.Stands && (urgent || !w.EmergencyOnly)
							})
						}
						if got != want {
							t.Errorf("%s: %s to %s, %s, %s, %s, emergency %v: got %v, want %v", name,
								s.Facts.Issuing.Party, s.Facts.Addressee.Party, c.channel, ty, category, urgent, got, want)
						}
						if want {
							stood++
						}
					}
				}
			}
		}
	}
	if stood == 0 {
		t.Error("nothing stood: this proves nothing")
	}
}

func TestMatrixSaysWhatHinders(t *testing.T) {
	d := sample(t, "sample-1.yaml")
	m := matrixOf(t, agreementtest.NewBook(t, []*agreement.Document{d}, given()...),
		paper.Question{Parties: []protocol.Party{"GB", "US", "FR"}})
	for _, c := range []struct {
		from, to protocol.Party
		ty       protocol.RequestType
		category protocol.Category
		want     paper.State
	}{
		{"GB", "US", protocol.Production, protocol.CategorySubscriber, paper.Stands},
		{"GB", "US", protocol.Production, protocol.CategoryContent, paper.Withheld},
		{"US", "GB", protocol.Production, protocol.CategoryContent, paper.Withheld},
		{"GB", "US", protocol.Subscriber, protocol.CategorySubscriber, paper.Suspended},
		{"US", "GB", protocol.Subscriber, protocol.CategorySubscriber, paper.Suspended},
		{"FR", "GB", protocol.Production, protocol.CategoryContent, paper.NotInForce},
	} {
		w := cell(m, c.from, c.to, c.ty, c.category).Ways[0]
		if w.State != c.want || (w.Why == "") != (c.want == paper.Stands) {
			t.Errorf("%s to %s, %s of %s: got %s, %q, want %s", c.from, c.to, c.ty, c.category, w.State, w.Why, c.want)
		}
	}
	w := cell(m, "GB", "US", protocol.Production, protocol.CategoryTraffic).Ways[0]
	if !w.EmergencyOnly || w.OneSided != "Art. 3(2)" || w.State != paper.Stands {
		t.Errorf("got %+v", w)
	}
	if c := cell(m, "US", "GB", protocol.Production, protocol.CategoryTraffic); c != nil {
		t.Errorf("got %+v for what nobody grants", c)
	}
}

func TestMatrixSaysWhoDidNotSign(t *testing.T) {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	d := agreementtest.Parse(t, strings.Replace(agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020),
		"parties: [GB, US]", "parties: [GB, US, FR]", 1))
	sigs := &agreement.PartySignatures{Agreement: d.Ref()}
	for _, p := range []protocol.Party{"GB", "US"} {
		sig, err := agreement.SignDocument(d, p, agreementtest.Day, key)
		if err != nil {
			t.Fatal(err)
		}
		sigs.Add(sig)
	}
	signed, err := agreement.VerifyDocument(d, sigs,
		func(protocol.Party) ([]*identity.Public, int, bool) { return []*identity.Public{key.Public()}, 1, true })
	if err != nil {
		t.Fatal(err)
	}
	book, err := agreement.NewSignedBook([]agreement.SignedDocument{signed}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := matrixOf(t, book, paper.Question{Parties: []protocol.Party{"GB", "US", "FR"}})
	for to, want := range map[protocol.Party]paper.State{"US": paper.Stands, "FR": paper.Unsigned} {
		if got := cell(m, "GB", to, protocol.Production, protocol.CategoryContent).Ways[0].State; got != want {
			t.Errorf("GB to %s: got %s, want %s", to, got, want)
		}
	}
}

func TestMatrixTakesTheVersionInForceAndPutsWhatStandsFirst(t *testing.T) {
	next := strings.Replace(agreementtest.Bilateral("a-b", "GB", "US", "status: signed_not_in_force"), `version: "1"`, `version: "2"`, 1)
	older := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	convention := strings.Replace(agreementtest.Bilateral("z-z", "GB", "US", agreementtest.Standing2020), "channel: direct", "channel: central", 1)
	dead := agreementtest.Bilateral("dead", "GB", "US", "status: proposed")
	book := agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, next), older, agreementtest.Parse(t, convention),
		agreementtest.Parse(t, dead)})
	m := matrixOf(t, book, paper.Question{Parties: []protocol.Party{"GB", "US"}})
	ways := cell(m, "GB", "US", protocol.Production, protocol.CategoryContent).Ways
	var got []string
	for _, w := range ways {
		got = append(got, w.Agreement+" "+w.Version+" "+string(w.State))
	}
	if want := []string{"a-b 1 stands", "z-z 1 stands", "dead 1 not_in_force"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if text := string(rendered(t, func(w io.Writer) error { return m.Text(w, 0) })); !strings.Contains(text, "D1 +1") {
		t.Errorf("got %s", text)
	}
}

func TestMatrixWithoutTimeOrPartiesIsRefused(t *testing.T) {
	book := agreementtest.LibraryBook(t)
	for name, q := range map[string]paper.Question{
		"no time":   {Parties: []protocol.Party{"GB", "US"}},
		"no Party":  {At: agreementtest.Day},
		"one Party": {Parties: []protocol.Party{"GB"}, At: agreementtest.Day},
		"too many":  {Parties: make([]protocol.Party, paper.MaxParties+1), At: agreementtest.Day},
	} {
		if _, err := paper.NewMatrix(book, q); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestMatrixOfAHandfulOfPartiesFitsATerminal(t *testing.T) {
	m := matrixOf(t, agreementtest.LibraryBook(t), paper.Question{Parties: []protocol.Party{"GB", "US", "NL", "DE", "FR"}})
	for line := range strings.Lines(string(rendered(t, func(w io.Writer) error { return m.Text(w, 100) }))) {
		if utf8.RuneCountInString(line) > 110 {
			t.Errorf("a line of %d characters: %s", utf8.RuneCountInString(line), line)
		}
	}
	none := matrixOf(t, agreementtest.LibraryBook(t), paper.Question{Parties: []protocol.Party{"GB", "US"},
		At: time.Date(1815, 1, 1, 0, 0, 0, 0, time.UTC), Types: []protocol.RequestType{protocol.Interception},
		Categories: []protocol.Category{protocol.CategoryDomain}})
	if len(none.Cells) == 0 {
		if text := string(rendered(t, func(w io.Writer) error { return none.Text(w, 0) })); !strings.Contains(text, "No agreement") {
			t.Errorf("got %s", text)
		}
	}
}

// TestPictureSaysInWordsWhatEachCellShows: who does not see it, and who does
// not tell its colours apart, reads the same.
func TestPictureSaysInWordsWhatEachCellShows(t *testing.T) {
	d := sample(t, "sample-1.yaml")
	m := matrixOf(t, agreementtest.NewBook(t, []*agreement.Document{d}, given()...),
		paper.Question{Parties: []protocol.Party{"GB", "US", "FR"}})
	picture := string(rendered(t, m.SVG))
	if err := wellFormed([]byte(picture)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<title id="title">Who may ask whom for what`, `<desc id="desc">`, `aria-labelledby="title desc"`,
		"GB asks US for subscriber (subscriber): by sample, Art. 2, direct, suspended.", ">D1s<", ">C1oe<", ">D1w<", ">D1n<",
		"FR asks GB for content_stored (production): by sample, Art. 2, direct, not in force.", "Nobody grants it."} {
		if !strings.Contains(picture, want) {
			t.Errorf("the picture does not have %q", want)
		}
	}
	for i := range m.Cells {
		c := &m.Cells[i]
		if !strings.Contains(picture, string(c.From)+" asks "+string(c.To)+" for "+string(c.Category)+" ("+string(c.Type)+")") {
			t.Errorf("the picture does not say in words what %s asks of %s", c.From, c.To)
		}
	}
}

func TestTwoPartyNamesThePartiesOfAgreementsBetweenTwo(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{sample(t, "sample-1.yaml"),
		agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "NO", agreementtest.Standing2020)),
		agreementtest.Parse(t, agreementtest.Bilateral("a-c", "AU", "GB", agreementtest.Standing2020))})
	if got, want := paper.TwoParty(book), []protocol.Party{"AU", "GB", "NO"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
