package library

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	shipped "comity.example/protocol/agreement/library"
	"comity.example/protocol/canon"
	"comity.example/protocol/register"
)

// A stack is a library whose Parties' roots the test holds.
type stack struct {
	t     *testing.T
	at    time.Time
	lib   *Library
	roots map[protocol.Party]*identity.Key
	doc   *agreement.Document // to which all of them are Party
}

func newStack(t *testing.T, own protocol.Party, others ...protocol.Party) *stack {
	t.Helper()
	s := &stack{t: t, at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), roots: map[protocol.Party]*identity.Key{}}
	var pins []register.Pin
	for _, p := range append(others, own) {
		key, err := identity.Generate()
		s.must(err)
		s.roots[p] = key
		pins = append(pins, register.Pin{Party: p, Roots: register.SortedRoots(1, key.Public())})
	}
	var err error
	s.lib, err = New(own, pins)
	s.must(err)
	docs, err := shipped.Documents()
	s.must(err)
	s.doc = docs[slices.IndexFunc(docs, func(d *agreement.Document) bool { return d.ID == "eu-us-mla-2003" })]
	return s
}

func (s *stack) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// signed is a document as those Parties exchange it.
func (s *stack) signed(doc *agreement.Document, by ...protocol.Party) []byte {
	s.t.Helper()
	sigs := &agreement.PartySignatures{Agreement: doc.Ref(), Signatures: []agreement.PartySignature{}}
	for _, p := range by {
		sig, err := agreement.SignDocument(doc, p, s.at, s.roots[p])
		s.must(err)
		sigs.Add(sig)
	}
	text, err := sigs.Encode()
	s.must(err)
	b, err := agreement.EncodeSigned(doc.Bytes(), text)
	s.must(err)
	return b
}

func (s *stack) add(kind Kind, b []byte) error {
	next, _, err := s.lib.With(Document{Kind: kind, Bytes: b}, s.at)
	if err == nil {
		s.lib = next
	}
	return err
}

func (s *stack) signers() []protocol.Party {
	a := s.lib.agreements[s.doc.ID+"@"+s.doc.Version]
	return a.By()
}

// TestOtherPartiesCannotOccupyAnAgreement: two small Parties sign another text
// under the id and version of an agreement, and get to a fresh node first.
func TestOtherPartiesCannotOccupyAnAgreement(t *testing.T) {
	s := newStack(t, "US", "FR", "IE")
	other, err := agreement.ParseDocument("other", append(slices.Clone(s.doc.Bytes()), "# and so on\n"...))
	s.must(err)
	if err := s.add(AgreementDocument, s.signed(other, "FR", "IE")); !errors.Is(err, ErrForeign) {
		t.Fatalf("an agreement that our Party did not sign: got %v", err)
	}
	s.must(s.add(AgreementDocument, s.signed(s.doc, "FR", "US")))
	if err := s.add(AgreementDocument, s.signed(other, "IE", "US")); !errors.Is(err, ErrReplaced) {
		t.Errorf("another text that our Party signed too: got %v", err)
	}
}

// TestSignaturesAreJoined: a file that leaves a Party's signature out, with more
// of others', does not take that Party's rights away.
func TestSignaturesAreJoined(t *testing.T) {
	s := newStack(t, "US", "FR", "IE", "DE")
	for _, c := range []struct {
		by, want []protocol.Party
		err      error
	}{
		{[]protocol.Party{"FR", "US"}, []protocol.Party{"FR", "US"}, nil},
		{[]protocol.Party{"FR", "US"}, []protocol.Party{"FR", "US"}, ErrHeld},
		{[]protocol.Party{"DE", "IE", "US"}, []protocol.Party{"DE", "FR", "IE", "US"}, nil},
		{[]protocol.Party{"FR", "IE", "US"}, []protocol.Party{"DE", "FR", "IE", "US"}, ErrHeld},
	} {
		if err := s.add(AgreementDocument, s.signed(s.doc, c.by...)); !errors.Is(err, c.err) {
			t.Fatalf("signed by %v: got %v, want %v", c.by, err, c.err)
		}
		if got := s.signers(); !slices.Equal(got, c.want) {
			t.Fatalf("after %v it is signed by %v, want %v", c.by, got, c.want)
		}
	}
}

func TestNoticesOfOnePartyAreBounded(t *testing.T) {
	s := newStack(t, "US", "FR", "IE")
	s.must(s.add(AgreementDocument, s.signed(s.doc, "FR", "IE", "US")))
	give := func(p protocol.Party, i int) error {
		b, err := agreement.SignNotice(&agreement.Notice{ID: fmt.Sprintf("n%d", i), Agreement: s.doc.ID, Party: p,
			Kind: agreement.Suspend, Toward: []protocol.Party{}, Types: []protocol.RequestType{},
			Categories: []protocol.Category{}, Effective: s.at, Issued: s.at, Ground: "a test"}, s.roots[p])
		s.must(err)
		return s.add(NoticeDocument, b)
	}
	for i := range agreement.MaxNotices {
		s.must(give("FR", i))
	}
	if err := give("FR", agreement.MaxNotices); !errors.Is(err, ErrTooMany) {
		t.Errorf("one notice more: got %v", err)
	}
	if err := give("IE", 0); err != nil {
		t.Errorf("another Party's notice: got %v", err)
	}
}

// law is a text of the law of France: size bytes of rules, each with an expression.
func (s *stack) law(n, size int, require string) []byte {
	s.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "id: fr-law-%d\nversion: \"1\"\ntitle: law\ncitation: synthetic\nkind: domestic_law\nstatus: in_force\n"+
		"signed: 2020-01-01\nin_force: 2020-06-01\nparties: [FR]\nprovenance: synthetic\nrules:\n", n)
	for i := 0; i == 0 || b.Len() < size; i++ {
		fmt.Fprintf(&b, "  - {id: r%d, capacity: issuing, article: a, kind: computed, require: '%s', otherwise: flag, "+
			"reason: domestic_law, text: %s, advice: Look., provenance: unverified}\n", i, require, strings.Repeat("t", 3500))
	}
	d, err := agreement.ParseDocument("law", []byte(b.String()))
	s.must(err)
	return s.signed(d, "FR")
}

// A Party alone signs its law, and every act to and from it is decided on it.
func TestLawOfOnePartyIsBounded(t *testing.T) {
	costly := strings.Repeat(`attested.all(x, x != "a") && `, 15) + "true"
	for name, c := range map[string]struct {
		size, most int
		require    string
	}{
		"documents": {1, MaxLaws, "true"},
		"bytes":     {200 << 10, 2, "true"},
		"cost":      {60 << 10, 1, costly},
	} {
		s := newStack(t, "US", "FR", "IE")
		for i := range c.most {
			s.must(s.add(AgreementDocument, s.law(i, c.size, c.require)))
		}
		if err := s.add(AgreementDocument, s.law(c.most, c.size, c.require)); !errors.Is(err, ErrTooMany) {
			t.Errorf("%s: got %v, want %v", name, err, ErrTooMany)
		}
		if c.most > 0 {
			if err := s.add(AgreementDocument, s.law(0, c.size, c.require)); !errors.Is(err, ErrHeld) {
				t.Errorf("%s: what is held came again: got %v", name, err)
			}
		}
	}
}

// TestHoldingsConcernBoth: of an agreement that the peer's Party did not sign,
// and of its notices, it learns nothing here.
func TestHoldingsConcernBoth(t *testing.T) {
	s := newStack(t, "US", "FR", "IE")
	s.must(s.add(AgreementDocument, s.signed(s.doc, "FR", "US")))
	b, err := agreement.SignNotice(&agreement.Notice{ID: "n", Agreement: s.doc.ID, Party: "US",
		Kind: agreement.Suspend, Toward: []protocol.Party{}, Types: []protocol.RequestType{},
		Categories: []protocol.Category{}, Effective: s.at, Issued: s.at, Ground: "a test"}, s.roots["US"])
	s.must(err)
	s.must(s.add(NoticeDocument, b))
	for peer, want := range map[protocol.Party]int{"FR": 1, "US": 1, "IE": 0} {
		for _, kind := range []Kind{AgreementDocument, NoticeDocument} {
			if got := len(s.lib.Shelf(kind, peer).list); got != want {
				t.Errorf("%s: %d of kind %s, want %d", peer, got, kind, want)
			}
		}
	}
	if got := len(s.lib.Shelf(RegisterDocument, "FR").list); got != 0 {
		t.Errorf("%d registers among the holdings", got)
	}
}

// hostile is a text that its Parties signed although it is no document of ours.
func (s *stack) hostile(text string, ref protocol.AgreementRef, by ...protocol.Party) []byte {
	s.t.Helper()
	sigs := &agreement.PartySignatures{Agreement: ref, Signatures: []agreement.PartySignature{}}
	for _, p := range by {
		payload, err := canon.Encode(map[string]any{"agreement": ref, "document": protocol.DigestOf([]byte(text)),
			"party": p, "signed": s.at})
		s.must(err)
		jws, err := seal.Sign(agreement.TypeDocument, payload, s.roots[p])
		s.must(err)
		sigs.Add(agreement.PartySignature{Party: p, JWS: jws})
	}
	enc, err := sigs.Encode()
	s.must(err)
	b, err := agreement.EncodeSigned([]byte(text), enc)
	s.must(err)
	return b
}

// law is a document of a Party's own law.
func law(p protocol.Party, id string) string {
	return fmt.Sprintf(`id: %s
version: "1"
title: A law
citation: made up
kind: domestic_law
status: in_force
signed: 2020-01-01
in_force: 2020-01-01
parties: [%s]
provenance: made up
rules:
  - {id: never, article: A, kind: computed, require: "false", otherwise: deny, reason: domestic_law, capacity: provider, text: T, provenance: unverified}
`, id, p)
}

// adopt takes a document as a node does: into the library and into what acts are
// decided on.
func (s *stack) adopt(kind Kind, b []byte) error {
	next, _, err := s.lib.With(Document{Kind: kind, Bytes: b}, s.at)
	if err != nil {
		return err
	}
	if _, err := next.Grounds(); err != nil {
		return err
	}
	s.lib = next
	return nil
}

// TestBadDocumentLeavesWhatIsHeld: what its own Parties' roots sign and send may
// be anything. Each is refused with what is wrong with it, and the documents that
// were in use stay so.
func TestBadDocumentLeavesWhatIsHeld(t *testing.T) {
	s := newStack(t, "US", "FR", "IE")
	s.must(s.adopt(AgreementDocument, s.signed(s.doc, "FR", "US")))
	for i := range MaxLaws {
		id := fmt.Sprintf("fr-law-%d", i)
		s.must(s.adopt(AgreementDocument, s.hostile(law("FR", id), protocol.AgreementRef{ID: id, Version: "1"}, "FR")))
	}
	before, err := s.lib.Grounds()
	s.must(err)
	held := len(before.Book.Documents())
	ref, text := s.doc.Ref(), string(s.doc.Bytes())
	second := protocol.AgreementRef{ID: ref.ID, Version: "2"}
	newer := strings.Replace(text, `version: "1"`, `version: "2"`, 1)
	one := protocol.AgreementRef{ID: "x", Version: "1"}
	laws := func(id string) protocol.AgreementRef { return protocol.AgreementRef{ID: id, Version: "1"} }
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"other bytes under its version", s.hostile(text+"# and so on\n", ref, "FR", "US"), "another document is in use"},
		{"a version that nobody signed", s.hostile(newer, second), "no Party signed it"},
		{"a version that one Party signed", s.hostile(newer, second, "US"), "fewer Parties signed it"},
		{"a version that we have not signed", s.hostile(newer, second, "FR", "IE"), "our Party has not signed"},
		{"a version under another's number", s.hostile(newer, ref, "FR", "US"), "a Party signed other bytes"},
		{"noise", s.hostile("noise", one, "FR", "US"), "agreement:1: document: want a mapping"},
		{"a bomb", s.hostile("a: &a [a, a]\nb: &b [*a, *a]\nc: [*b, *b]\n", one, "FR", "US"), `agreement:1: document: unknown member "a"`},
		{"brackets", s.hostile(strings.Repeat("[", 100_000), one, "FR", "US"), "agreement:1: nested too deep"},
		{"an unknown member", s.hostile(text+"owner: us\n", second, "FR", "US"), `unknown member "owner"`},
		{"an unknown reason", s.hostile(strings.Replace(text, "reason: judgement", "reason: whim", 1), second, "FR", "US"),
			`"whim" is not known`},
		{"another's law", s.hostile(law("IE", "ie-law"), laws("ie-law"), "FR"), "a Party signed that is not Party to it"},
		{"a law under another's id", s.hostile(law("FR", "ie-law"), laws("ie-law"), "FR"), "an id that begins with its code"},
		{"one law too many", s.hostile(law("FR", "fr-law"), laws("fr-law"), "FR"), "too many documents"},
	} {
		if err := s.adopt(AgreementDocument, c.b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	for name, change := range map[string]func(*agreement.Notice){
		"no such option": func(n *agreement.Notice) { n.Kind, n.Option = agreement.Declare, "strange" },
		"not a Party":    func(n *agreement.Notice) { n.Agreement = "fr-law-1" },
	} {
		n := &agreement.Notice{ID: "n", Agreement: ref.ID, Party: "IE", Kind: agreement.Suspend, Toward: []protocol.Party{},
			Types: []protocol.RequestType{}, Categories: []protocol.Category{}, Effective: s.at, Issued: s.at, Ground: "a test"}
		change(n)
		b, err := agreement.SignNotice(n, s.roots["IE"])
		s.must(err)
		if err := s.adopt(NoticeDocument, b); err == nil {
			t.Errorf("a notice, %s: adopted", name)
		}
	}
	after, err := s.lib.Grounds()
	s.must(err)
	if got := len(after.Book.Documents()); got != held || len(after.Book.Notices(ref.ID)) != 0 {
		t.Errorf("%d documents are in use, %d were", got, held)
	}
}

// TestWhatIsHeldOutlastsTheRootsThatSignedIt: the files of a home are taken
// again at each start, and a Party may have other roots by then.
func TestWhatIsHeldOutlastsTheRootsThatSignedIt(t *testing.T) {
	s := newStack(t, "US", "FR", "IE")
	doc := s.signed(s.doc, "FR", "US")
	s.must(s.add(AgreementDocument, doc))
	notice, err := agreement.SignNotice(&agreement.Notice{ID: "s-1", Agreement: s.doc.ID, Party: "FR", Kind: agreement.Suspend,
		Toward: []protocol.Party{}, Types: []protocol.RequestType{}, Categories: []protocol.Category{},
		Effective: s.at, Issued: s.at, Ground: "review"}, s.roots["FR"])
	s.must(err)
	s.must(s.add(NoticeDocument, notice))
	s.lib.directory, err = register.NewDirectory() // which trusts none of those roots
	s.must(err)
	for kind, b := range map[Kind][]byte{AgreementDocument: doc, NoticeDocument: notice} {
		if err := s.add(kind, b); !errors.Is(err, ErrHeld) {
			t.Errorf("%s: got %v, want that it is held", kind, err)
		}
	}
}
