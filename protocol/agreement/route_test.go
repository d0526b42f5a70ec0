package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// named is a synthetic agreement under an id, between any number of Parties.
func named(t testing.TB, id, channel string, parties ...protocol.Party) *agreement.Document {
	t.Helper()
	text := agreementtest.Bilateral(id, "GB", "US", agreementtest.Standing2020)
	text = replace(t, text, "[GB, US]", "["+strings.Trim(strings.Join(strings.Fields(fmt.Sprint(parties)), ", "), "[]")+"]")
	return agreementtest.Parse(t, replace(t, text, "channel: direct", "channel: "+channel))
}

// everybodys is what rests on no treaty.
func everybodys(t testing.TB, id string) *agreement.Document {
	t.Helper()
	text := agreementtest.Bilateral(id, "GB", "US", "status: in_force")
	text = replace(t, replace(t, text, "[GB, US]", "any party"), "data_access_agreement", "courtesy")
	text = replace(t, text, "signed: 2020-01-01\n", "")
	return agreementtest.Parse(t, text)
}

func query() agreement.Query {
	return agreement.Query{From: "GB", To: "US", Type: protocol.Production,
		Categories: []protocol.Category{protocol.CategoryContent, protocol.CategorySubscriber}}
}

func ids(list []agreement.Candidate) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Document.ID+"/"+string(c.Channel))
	}
	return strings.Join(out, " ")
}

func TestCandidatesAreInOrderOfPreference(t *testing.T) {
	docs := []*agreement.Document{everybodys(t, "a-courtesy"), named(t, "b-many", "direct", "GB", "US", "FR"),
		named(t, "c-two", "central", "GB", "US"), named(t, "d-two", "direct", "GB", "US"),
		named(t, "e-others", "direct", "FR", "US"), named(t, "f-two", "direct", "GB", "US"),
		agreementtest.Parse(t, domesticLaw)}
	q := query()
	q.At = agreementtest.Day
	want := "d-two/direct f-two/direct b-many/direct a-courtesy/direct c-two/central"
	if got := ids(bookOf(t, docs...).Candidates(q)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	slices.Reverse(docs)
	if got := ids(bookOf(t, docs...).Candidates(q)); got != want {
		t.Errorf("in another order of the files: got %s, want %s", got, want)
	}
	q.Categories = append(q.Categories, protocol.CategoryLocation)
	if got := bookOf(t, docs...).Candidates(q); len(got) != 0 {
		t.Errorf("got %s for what none grants", ids(got))
	}
	q.Categories = nil
	if got := bookOf(t, docs...).Candidates(q); len(got) != 0 {
		t.Errorf("got %s for nothing", ids(got))
	}
}

func TestCandidateSaysWhatIsInItsWay(t *testing.T) {
	q := query()
	q.At = agreementtest.Day
	ended := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", "status: lapsed\nin_force: 2020-06-01\nended: 2021-01-01"))
	n := agreementtest.Suspension("US", "us-1", protocol.CategorySubscriber)
	n.Agreement, n.Effective = "a-b", n.Issued
	unsigned, err := agreement.NewSignedBook(nil, nil)
	if err != nil || len(unsigned.Candidates(q)) != 0 {
		t.Errorf("got %v, %v", unsigned, err)
	}
	for name, c := range map[string]struct {
		book *agreement.Book
		want string
	}{
		"nothing":      {bookOf(t, bilateral(t)), ""},
		"not in force": {bookOf(t, ended), "It is not in force between the two Parties."},
		"suspended": {agreementtest.NewBook(t, []*agreement.Document{bilateral(t)}, n),
			"US suspended the right to ask it for subscriber by notice us-1, from 2026-11-22T10:00:00Z."},
	} {
		got := c.book.Candidates(q)
		if len(got) != 1 || got[0].Obstacle != c.want || got[0].Article != "Art. 2" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	q.Emergency = true
	urgent := bilateral(t, "reciprocity: mirrored", "reciprocity: mirrored\n    emergency: only")
	if got := bookOf(t, urgent).Candidates(q); len(got) != 1 {
		t.Errorf("got %v in an emergency", got)
	}
	q.Emergency = false
	if got := bookOf(t, urgent).Candidates(q); len(got) != 0 {
		t.Errorf("got %v without an emergency", got)
	}
}

func TestRouteLeadsThroughTheLawThatIsInTheWay(t *testing.T) {
	law := agreementtest.Parse(t, strings.NewReplacer("gb-law", "us-law", "[GB]", "[US]", "kind: judgement", "kind: computed\n    require: offence.fiscal",
		"capacity: receiving", "capacity: provider", "otherwise: hold", "otherwise: flag", "reason: domestic_law", "reason: third_country_law",
		"    side: receiving\n    role: central\n", "", "question: Does the minister consent?", "advice: Ask there.").Replace(domesticLaw))
	docs := []*agreement.Document{named(t, "gb-ie", "direct", "GB", "IE"), named(t, "gb-us", "central", "GB", "US"), law}
	s := agreementtest.UKOrder()
	s.Req.Addressee = "ie.contoso"
	s.Facts.Addressee = agreementtest.StandingOf("ie.contoso", protocol.RoleProvider)
	if d := s.Decide(bookOf(t, docs...)); d.Verdict != protocol.Allow || len(d.Routes) != 0 {
		t.Errorf("got %v, routes %v, want no other way", d.Verdict, d.Routes)
	}
	s.Facts.Addressee.AlsoUnder = []protocol.Party{"US"}
	d := s.Decide(bookOf(t, docs...))
	if d.Verdict != protocol.Allow || len(d.Routes) != 1 || d.Routes[0].Agreement != "gb-us" ||
		!slices.Equal(d.Routes[0].Via, []protocol.ParticipantID{"gb.ukca", "us.doj-oia"}) {
		t.Errorf("got %v, routes %+v, want the way through the United States", d.Verdict, d.Routes)
	}
	s.Facts.Addressee.AlsoUnder = []protocol.Party{"US", "GB"} // nobody asks himself
	if again := s.Decide(bookOf(t, docs...)); len(again.Routes) != 1 {
		t.Errorf("got routes %+v", again.Routes)
	}
}

func TestRouteThatARuleWouldDenyIsNotAdvised(t *testing.T) {
	there := func(changes ...string) *agreement.Document {
		text := agreementtest.Bilateral("z-b", "GB", "US", agreementtest.Standing2020)
		text = replace(t, text, "offence.max_custody_months >= 12", "offence.max_custody_months >= 120")
		for i := 0; i < len(changes); i += 2 {
			text = replace(t, text, changes[i], changes[i+1])
		}
		return agreementtest.Parse(t, text)
	}
	for _, c := range []struct {
		name  string
		other *agreement.Document
		want  string
	}{
		{"met", there("120", "6"), "z-b"},
		{"not met", there(), ""},
		{"not computed", there("offence.max_custody_months >= 120", `attested[9] == "x"`), ""},
		{"in the other direction", there("kind: computed", "kind: computed\n    from: US"), "z-b"},
		{"it would hold", there("otherwise: deny", "otherwise: hold\n    side: issuing\n    role: central"), "z-b"},
	} {
		s := agreementtest.UKOrder()
		s.Facts.Ref.ID = "a-b"
		s.Req.Offence.MaxCustodyMonths = 6
		d := s.Decide(bookOf(t, bilateral(t), c.other))
		agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonThreshold)
		got := ""
		if len(d.Routes) > 0 {
			got = d.Routes[0].Agreement
		}
		if got != c.want || len(d.Routes) > 1 {
			t.Errorf("%s: got routes %+v, want %q", c.name, d.Routes, c.want)
		}
		if c.want == "" && len(d.Routes) != 0 {
			t.Errorf("%s: a letter rogatory is advised where a treaty is: %+v", c.name, d.Routes)
		}
	}
}

func TestOtherTreatyIsCountedForEachRoute(t *testing.T) {
	last := agreementtest.Parse(t, replace(t, replace(t, agreementtest.Bilateral("z-b", "GB", "US", agreementtest.Standing2020),
		"channel: direct", "channel: central"), "offence.max_custody_months >= 12", "'!treaty.other'"))
	treaty := agreementtest.Parse(t, replace(t, replace(t, agreementtest.Bilateral("y-b", "GB", "US", agreementtest.Standing2020),
		"data_access_agreement", "mutual_assistance"), "channel: direct", "channel: central"))
	s := agreementtest.UKOrder()
	s.Facts.Ref.ID = "unknown" // nothing governs
	for want, book := range map[string]*agreement.Book{"z-b": bookOf(t, last), "y-b": bookOf(t, last, treaty)} {
		d := s.Decide(book)
		if len(d.Routes) != 1 || d.Routes[0].Agreement != want {
			t.Errorf("got routes %+v, want %s", d.Routes, want)
		}
	}
}

func TestPointOfContactIsAskedLikeACentralAuthority(t *testing.T) {
	s := agreementtest.UKOrder()
	s.Req.Addressee = "us.contact"
	book := bookOf(t, named(t, "a-b", "central", "GB", "US"))
	for role, want := range map[protocol.Role]protocol.Verdict{protocol.RoleContact: protocol.Allow,
		protocol.RoleCentral: protocol.Allow, protocol.RoleProvider: protocol.Deny, protocol.RoleEnforcing: protocol.Deny} {
		s.Facts.Addressee = agreementtest.StandingOf("us.contact", role)
		if got := s.Decide(book).Verdict; got != want {
			t.Errorf("%s: got %v, want %v", role, got, want)
		}
	}
}

func TestGroundThatIsBarredIsNoRefusal(t *testing.T) {
	const rule = `barred_grounds:
  - {ground: bank_secrecy, article: Art. 8, text: Banks do not matter., provenance: secondary, source: a book}
  - {ground: solely_fiscal, from: GB, article: Art. 9, text: Taxes do not matter., provenance: unverified}
  - {ground: stored_abroad_only, to: GB, article: Art. 10, text: Places do not matter., provenance: unverified}
rights:`
	first := bilateral(t, "rights:", rule, "status: in_force\nin_force: 2020-06-01", "status: lapsed\nin_force: 2020-06-01\nended: 2024-01-01")
	second := bilateral(t, "rights:", rule, `"1"`, `"2"`, "in_force: 2020-06-01", "in_force: 2024-01-01", "ground: bank_secrecy", "ground: deleted")
	book := bookOf(t, first, second)
	for _, c := range []struct {
		version  string
		ground   protocol.Reason
		from, to protocol.Party
		want     protocol.Verdict
		used     string
	}{
		{"1", protocol.ReasonBankSecrecy, "GB", "US", protocol.Deny, "1"},
		{"1", protocol.ReasonBankSecrecy, "US", "GB", protocol.Deny, "1"},
		{"2", protocol.ReasonBankSecrecy, "GB", "US", protocol.Allow, "2"},
		{"", protocol.ReasonBankSecrecy, "GB", "US", protocol.Allow, "2"}, // the version in force
		{"", protocol.ReasonDeleted, "GB", "US", protocol.Deny, "2"},
		{"3", protocol.ReasonBankSecrecy, "GB", "US", protocol.Allow, "3"},
		{"1", protocol.ReasonSolelyFiscal, "GB", "US", protocol.Deny, "1"},
		{"1", protocol.ReasonSolelyFiscal, "US", "GB", protocol.Allow, "1"},
		{"1", protocol.ReasonStoredAbroad, "US", "GB", protocol.Deny, "1"},
		{"1", protocol.ReasonStoredAbroad, "GB", "US", protocol.Allow, "1"},
		{"1", protocol.ReasonNotHeld, "GB", "US", protocol.Allow, "1"},
		{"1", protocol.ReasonBankSecrecy, "GB", "FR", protocol.Allow, "1"}, // does not bind both
	} {
		d := book.Refuse(agreement.Ground{Agreement: protocol.AgreementRef{ID: "a-b", Version: c.version},
			Reason: c.ground, From: c.from, To: c.to, At: agreementtest.Day})
		name := fmt.Sprintf("version %q, %s, %s to %s", c.version, c.ground, c.from, c.to)
		if d.Verdict != c.want || d.Agreement.Version != c.used || len(d.Findings) != 1 || len(d.Routes) != 0 {
			t.Errorf("%s: got %v by version %q, findings %v", name, d.Verdict, d.Agreement.Version, d.Findings)
		}
		if c.want == protocol.Deny && (d.Findings[0].Reason != protocol.ReasonBarredGround || len(d.Documents) != 1 || d.Findings[0].Article == "") {
			t.Errorf("%s: got %+v", name, d)
		}
	}
	if d := new(agreement.Book).Refuse(agreement.Ground{Reason: protocol.ReasonBankSecrecy}); d.Verdict != protocol.Allow {
		t.Errorf("got %v where no agreement is held", d.Verdict)
	}
}
