package agreement_test

import (
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

func TestHindranceSaysOfWhatKindItIs(t *testing.T) {
	source := strings.Replace(agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), "rights:", `options:
  - {id: no-content, kind: reservation, article: Art. 9, text: No content., mirrored: Art. 9(2), excludes: {categories: [content_stored]}, provenance: unverified}
rights:`, 1)
	d := agreementtest.Parse(t, source)
	content := agreement.Query{From: "GB", To: "US", Type: protocol.Production,
		Categories: []protocol.Category{protocol.CategoryContent}, At: agreementtest.Day}
	notice := func(p protocol.Party, k agreement.NoticeKind, option string) *agreement.Notice {
		return &agreement.Notice{ID: "n-1", Agreement: "a-b", Party: p, Kind: k, Option: option, Toward: []protocol.Party{},
			Types: []protocol.RequestType{}, Categories: []protocol.Category{}, Ground: "review",
			Issued: agreementtest.Day, Effective: agreementtest.Day}
	}
	early := content
	early.At = agreementtest.Day.AddDate(-10, 0, 0)
	for _, c := range []struct {
		name   string
		notice *agreement.Notice
		query  agreement.Query
		want   agreement.Hindrance
		text   string
	}{
		{"nothing", nil, content, "", ""},
		{"too early", nil, early, agreement.HinderedForce, "not in force"},
		{"given is suspended", notice("US", agreement.Suspend, ""), content, agreement.HinderedSuspension, "US suspended the right"},
		{"mirror is suspended", notice("GB", agreement.Suspend, ""), content, agreement.HinderedSuspension, "GB suspended the mirrored right"},
		{"given is reserved", notice("US", agreement.Reserve, "no-content"), content, agreement.HinderedPromise, "US made a reservation"},
		{"mirror is reserved", notice("GB", agreement.Reserve, "no-content"), content, agreement.HinderedPromise, "GB made a reservation"},
	} {
		var notices []*agreement.Notice
		if c.notice != nil {
			notices = append(notices, c.notice)
		}
		book := agreementtest.NewBook(t, []*agreement.Document{d}, notices...)
		got, why := book.Hindrance(d, &d.Rights[0], c.query)
		if got != c.want || !strings.Contains(why, c.text) || (got == "") != (why == "") {
			t.Errorf("%s: got %q, %q, want %q", c.name, got, why, c.want)
		}
	}
	other := agreementtest.Parse(t, source+"\n# another text\n")
	book := agreementtest.NewBook(t, []*agreement.Document{d})
	if got, _ := book.Hindrance(other, &other.Rights[0], content); got != agreement.HinderedForce {
		t.Errorf("a text that is not held: got %q", got)
	}
}

func TestMakerOfAnOptionIsWhoeverItMattersFor(t *testing.T) {
	d := agreementtest.Parse(t, strings.Replace(agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), "rights:", `options:
  - {id: plain, kind: declaration, article: Art. 8, text: Plain., provenance: unverified}
  - {id: mirrored, kind: declaration, article: Art. 9, text: Mirrored., mirrored: Art. 9(2), provenance: unverified}
positions:
  - {party: GB, option: plain, provenance: unverified}
  - {party: GB, option: mirrored, since: 2022-01-01, provenance: unverified}
rights:`, 1))
	book := agreementtest.NewBook(t, []*agreement.Document{d})
	for _, c := range []struct {
		option   string
		from, to protocol.Party
		by       protocol.Party
		mirrored bool
	}{
		{"plain", "US", "GB", "GB", false}, {"plain", "GB", "US", "", false},
		{"mirrored", "US", "GB", "GB", false}, {"mirrored", "GB", "US", "GB", true}, {"nothing", "GB", "US", "", false},
	} {
		by, mirrored, ok := book.Maker(d, c.option, agreement.Query{From: c.from, To: c.to, At: agreementtest.Day})
		if by != c.by || mirrored != c.mirrored || ok != (c.by != "") {
			t.Errorf("%s, %s to %s: got %q, %v, %v", c.option, c.from, c.to, by, mirrored, ok)
		}
	}
	made := func(of protocol.Party, years int) bool {
		from := map[protocol.Party]protocol.Party{"GB": "US", "US": "GB"}[of]
		return book.Made(d, "mirrored", agreement.Query{From: from, To: of, At: agreementtest.Day.AddDate(years, 0, 0)})
	}
	if made("GB", -5) || !made("GB", 0) || made("US", 0) {
		t.Error("want GB to have made it, since 2022")
	}
}

func TestProblemsAreEachAtItsLine(t *testing.T) {
	bad := replace(t, replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020),
		"citation: synthetic", "citation: 2020"), "otherwise: deny", "otherwise: refuse")
	_, err := agreement.ParseDocument("test.yaml", []byte(bad))
	var lines []int
	for _, p := range agreement.Problems(err) {
		lines = append(lines, p.Line)
		if !strings.Contains(err.Error(), p.Error()) || !strings.Contains(p.Text, "want ") || p.File != "test.yaml" {
			t.Errorf("got %+v of %v", p, err)
		}
	}
	if !slices.Equal(lines, []int{4, 26}) {
		t.Errorf("got problems at lines %v of %v", lines, err)
	}
	if got := agreement.Problems(nil); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestLinesOfMembers(t *testing.T) {
	source := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	lines := agreement.Lines([]byte(source))
	for path, want := range map[string]string{"document.title": "title: ", "rights[0].types": "    types: ", "rules[0].require": "    require: "} {
		if got := strings.Split(source, "\n")[max(lines[path]-1, 0)]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: got line %d, %q", path, lines[path], got)
		}
	}
	if got := agreement.Lines([]byte("[")); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
