package replay_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/replay"
	"comity.example/protocol/canon"
)

// shipped are two documents of the library, at their word.
func shipped(t testing.TB) replay.Sources {
	t.Helper()
	var s replay.Sources
	for _, d := range agreementtest.Pair(t) {
		s.Documents = append(s.Documents, replay.Document{Text: d.Bytes()})
	}
	return s
}

// suspended adds a notice by which the order's right is suspended at its time.
func suspended(t testing.TB, s replay.Sources) (replay.Sources, *agreement.Notice) {
	t.Helper()
	n := agreementtest.Suspension("US", "us-1", protocol.CategoryContent)
	n.Issued = agreementtest.Day.AddDate(0, 0, -9)
	n.Effective = n.Issued
	b, err := n.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.Notices = append(s.Notices, b)
	return s, n
}

func saved(t testing.TB, sc *agreementtest.Scene, s replay.Sources, d protocol.Decision) []byte {
	t.Helper()
	r, err := replay.Make(&sc.Req, sc.Facts, s, d)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parsed(t testing.TB, b []byte) *replay.Record {
	t.Helper()
	r, err := replay.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSavedDecisionGivesTheSameBytes(t *testing.T) {
	notified := func() *agreementtest.Scene {
		s := agreementtest.UKOrder()
		s.Facts.Notified = []agreement.Standing{agreementtest.StandingOf("us.doj-oia", protocol.RoleEnforcing)}
		s.Facts.Addressee.AlsoUnder = []protocol.Party{"IE"}
		s.Facts.Certification.Attestations = []protocol.Attestation{{Statement: "own_purpose", Reference: "r"}}
		return s
	}
	below := func() *agreementtest.Scene {
		s := agreementtest.UKOrder()
		s.Req.Offence.MaxCustodyMonths = 12
		return s
	}
	for name, scene := range map[string]func() *agreementtest.Scene{
		"an order":        agreementtest.UKOrder,
		"the other way":   agreementtest.USOrder,
		"one with routes": below,
		"one with all":    notified,
		"assistance":      func() *agreementtest.Scene { return agreementtest.Assistance("ie.justice", "us.doj-oia") },
		"a stranger": func() *agreementtest.Scene {
			s := agreementtest.UKOrder()
			s.Facts.Addressee, s.Facts.Officer = agreement.Standing{}, agreement.Officer{}
			return s
		},
	} {
		sc := scene()
		d := sc.Decide(agreementtest.PairBook(t))
		got := parsed(t, saved(t, sc, shipped(t), d)).Replay()
		if !got.Same || !got.Intact || got.Where != "" || got.Verdict != d.Verdict || got.Again != d.Verdict {
			t.Errorf("%s: got %+v, want the same", name, got)
		}
		enc, err := canon.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		if got.Decision != protocol.DigestOf(enc) {
			t.Errorf("%s: got another digest than the decision's", name)
		}
	}
}

// telling is a regulation under which an authority must be told.
const telling = `id: telling
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
  - id: data
    from: any party
    to: any party
    types: [production]
    categories: [content_stored]
    channel: direct
    article: Art. 1
    reciprocity: mirrored
    notifies: {role: enforcing, article: Art. 2, text: The authority is told., provenance: unverified}
    provenance: unverified
rules:
  - id: always
    article: Art. 3
    kind: computed
    require: request.has_purpose || true
    otherwise: deny
    reason: incomplete
    text: Always.
    provenance: unverified
`

// binding is the law of a third Party that binds the provider.
const binding = `id: ie-law
version: "1"
title: Irish law
citation: synthetic
kind: domestic_law
status: in_force
signed: 2020-01-01
in_force: 2020-06-01
parties: [IE]
provenance: synthetic
rules:
  - id: bar
    capacity: provider
    article: s. 1
    kind: computed
    require: issuing.party == "IE"
    otherwise: flag
    reason: third_country_law
    text: The provider must not.
    advice: Ask Ireland.
    provenance: unverified
`

func TestSavedDecisionHoldsWhoIsToldAndWhoseLawBinds(t *testing.T) {
	s := replay.Sources{Documents: []replay.Document{{Text: []byte(telling)}, {Text: []byte(binding)}}}
	sc := agreementtest.UKOrder()
	sc.Facts.Notified = []agreement.Standing{{Party: "US", Roles: []protocol.Role{protocol.RoleEnforcing}}}
	sc.Facts.Addressee.AlsoUnder = []protocol.Party{"IE"}
	d := sc.Decide(agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, telling), agreementtest.Parse(t, binding)}))
	agreementtest.Expect(t, d, protocol.Allow)
	if f := agreementtest.Found(t, d, "ie-law/bar"); f.Outcome != protocol.Flag {
		t.Errorf("got %v, want flag", f.Outcome)
	}
	b := saved(t, sc, s, d)
	if got := parsed(t, b).Replay(); !got.Same {
		t.Errorf("got %+v, want the same", got)
	}
	for where, change := range map[string]func(*replay.Record){
		", notification": func(r *replay.Record) { r.Facts.Notified = r.Facts.Notified[:0] },
		", ie-law/bar":   func(r *replay.Record) { r.Facts.Addressee.AlsoUnder = nil },
	} {
		if got := forged(t, b, change).Replay(); got.Same || !strings.HasSuffix(got.Where, where) {
			t.Errorf("got %+v, want that it differs at %q", got, where)
		}
	}
}

func TestSavedDecisionHoldsTheNoticesItRestsOn(t *testing.T) {
	sc := agreementtest.UKOrder()
	s, n := suspended(t, shipped(t))
	d := sc.Decide(agreementtest.PairBook(t, n))
	agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonNotReciprocal)
	b := saved(t, sc, s, d)
	if got := parsed(t, b).Replay(); !got.Same {
		t.Errorf("got %+v, want the same", got)
	}
	if r := parsed(t, b); len(r.Notices) != 1 {
		t.Errorf("got %d notices, want 1", len(r.Notices))
	}
}

// What cannot bear on a decision is not saved with it.
func TestSavedDecisionLeavesOutWhatDoesNotConcernIt(t *testing.T) {
	sc := agreementtest.UKOrder()
	s := shipped(t)
	s.Documents = append(s.Documents, replay.Document{
		Text: []byte(agreementtest.Bilateral("fr-de", "FR", "DE", agreementtest.Standing2020))})
	r, err := replay.Make(&sc.Req, sc.Facts, s, sc.Decide(agreementtest.PairBook(t)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Documents) == 0 || slices.ContainsFunc(r.Documents, func(d replay.Document) bool {
		return bytes.Contains(d.Text, []byte("id: fr-de"))
	}) {
		t.Errorf("got %d documents, want those of the two Parties alone", len(r.Documents))
	}
}

func TestMakeRefusesWhatWouldNotGiveTheDecision(t *testing.T) {
	sc := agreementtest.UKOrder()
	d := sc.Decide(agreementtest.PairBook(t))
	s := shipped(t)
	s.Documents = s.Documents[:0]
	if _, err := replay.Make(&sc.Req, sc.Facts, s, d); !errors.Is(err, replay.ErrDiffers) {
		t.Errorf("got %v without documents, want %v", err, replay.ErrDiffers)
	}
	if _, err := replay.Make(nil, sc.Facts, shipped(t), d); err == nil {
		t.Error("got a record of no request")
	}
}

// forged is a record that was changed by somebody who knows the format.
func forged(t *testing.T, b []byte, change func(*replay.Record)) *replay.Record {
	t.Helper()
	r := parsed(t, b)
	change(r)
	r.Digest = protocol.Digest{}
	enc, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r.Digest = protocol.DigestOf(enc)
	return r
}

func text(r *replay.Record, old, now string) {
	for i := range r.Documents {
		r.Documents[i].Text = []byte(strings.Replace(string(r.Documents[i].Text), old, now, 1))
	}
}

func TestWhatWasChangedSaysWhereItDiffers(t *testing.T) {
	sc := agreementtest.UKOrder()
	b := saved(t, sc, shipped(t), sc.Decide(agreementtest.PairBook(t)))
	finding := func(r *replay.Record, rule string) *protocol.Finding {
		for i := range r.Decision.Findings {
			if r.Decision.Findings[i].Rule == rule {
				return &r.Decision.Findings[i]
			}
		}
		t.Fatalf("no finding of %s", rule)
		return nil
	}
	for where, change := range map[string]func(*replay.Record){
		", serious-crime": func(r *replay.Record) {
			text(r, "offence.max_custody_months >= 36", "offence.max_custody_months >= 99999")
		},
		"documents":                  func(r *replay.Record) { text(r, "# Article numbers", "# article numbers") },
		", transmission":             func(r *replay.Record) { r.Facts.Sender.Roles = nil },
		", certified":                func(r *replay.Record) { r.Facts.Certification = nil },
		"offence.max_custody_months": func(r *replay.Record) { r.Request.Offence.MaxCustodyMonths = 121 },
		"verdict":                    func(r *replay.Record) { r.Decision.Verdict = protocol.Deny },
		", us-person":                func(r *replay.Record) { finding(r, "us-person").Text = "another" },
		", free-speech":              func(r *replay.Record) { finding(r, "free-speech").Outcome = protocol.Held },
		"at":                         func(r *replay.Record) { r.Decision.At = r.Decision.At.AddDate(0, 0, 1) },
		"route":                      func(r *replay.Record) { r.Decision.Routes = []protocol.Route{{Title: "another"}} },
		"agreement":                  func(r *replay.Record) { r.Decision.Agreement.Version = "2" },
	} {
		r := forged(t, b, change)
		got := r.Replay()
		if got.Same || !got.Intact || !strings.HasSuffix(got.Where, where) {
			t.Errorf("got %+v, want that it differs at %q", got, where)
		}
	}
}

func TestWhatIsDamagedIsNotIntact(t *testing.T) {
	sc := agreementtest.UKOrder()
	b := saved(t, sc, shipped(t), sc.Decide(agreementtest.PairBook(t)))
	if !parsed(t, b).Intact() {
		t.Fatal("got not intact of what was saved")
	}
	rapid.Check(t, func(t *rapid.T) {
		c := bytes.Clone(b)
		at := rapid.IntRange(0, len(c)-1).Draw(t, "at")
		c[at] ^= byte(1 << rapid.IntRange(0, 6).Draw(t, "bit"))
		r, err := replay.Parse(c)
		if err != nil {
			return
		}
		if r.Intact() {
			t.Errorf("got intact after byte %d changed", at)
		}
		if at%8 == 0 { // each reads two documents
			r.Replay()
		}
	})
}

func TestWhatCannotBeReadSaysWhy(t *testing.T) {
	sc := agreementtest.UKOrder()
	b := saved(t, sc, shipped(t), sc.Decide(agreementtest.PairBook(t)))
	r := forged(t, b, func(r *replay.Record) { text(r, "otherwise: deny", "otherwise: allow") })
	if got := r.Replay(); got.Same || got.Why == "" || got.Again != protocol.Deny {
		t.Errorf("got %+v, want why it could not be decided", got)
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "a byte more": append(bytes.Clone(b), ' '), "a byte less": b[:len(b)-1],
		"another format": bytes.Replace(b, []byte(replay.Format), []byte("comity-decision/2"), 1),
		"a member more":  bytes.Replace(b, []byte(`{"decision"`), []byte(`{"aside":1,"decision"`), 1),
		"too much":       make([]byte, replay.MaxRecord+1),
	} {
		if _, err := replay.Parse(bad); err == nil {
			t.Errorf("got no error of %s", name)
		}
	}
}
