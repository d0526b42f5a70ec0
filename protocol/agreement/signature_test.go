package agreement_test

import (
	"errors"
	"slices"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// keys gives each Party two root keys, of which both must sign.
type keys map[protocol.Party][]*identity.Key

func newKeys(t testing.TB, parties ...protocol.Party) keys {
	t.Helper()
	out := keys{}
	for _, p := range parties {
		for range 2 {
			k, err := identity.Generate()
			if err != nil {
				t.Fatal(err)
			}
			out[p] = append(out[p], k)
		}
	}
	return out
}

func (k keys) roots(p protocol.Party) (publics []*identity.Public, threshold int, ok bool) {
	for _, key := range k[p] {
		publics = append(publics, key.Public())
	}
	return publics, 2, len(publics) > 0
}

func (k keys) sign(t testing.TB, d *agreement.Document, parties ...protocol.Party) *agreement.PartySignatures {
	t.Helper()
	s := &agreement.PartySignatures{Agreement: d.Ref()}
	for _, p := range parties {
		sig, err := agreement.SignDocument(d, p, agreementtest.Day, k[p]...)
		if err != nil {
			t.Fatal(err)
		}
		s.Add(sig)
	}
	return s
}

func TestDocumentIsUsableOnceBothPartiesSignedItsBytes(t *testing.T) {
	k := newKeys(t, "GB", "US")
	d := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	sigs := k.sign(t, d, "US", "GB")
	b, err := sigs.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if sigs, err = agreement.ParseSignatures(b); err != nil {
		t.Fatal(err)
	}
	signed, err := agreement.VerifyDocument(d, sigs, k.roots)
	if err != nil {
		t.Fatal(err)
	}
	if by := signed.By(); len(by) != 2 || by[0] != "GB" || signed.Document() != d {
		t.Errorf("got signed by %v, want GB and US", by)
	}
	book, err := agreement.NewSignedBook([]agreement.SignedDocument{signed}, nil)
	if err != nil {
		t.Fatal(err)
	}
	dec := agreementtest.UKOrder().Decide(book)
	agreementtest.Expect(t, dec, protocol.Allow)
	if f := agreementtest.Found(t, dec, agreement.StepSigned); f.Outcome != protocol.Pass {
		t.Errorf("got %v, want pass", f.Outcome)
	}
}

func TestEachFaultOfASignatureIsItsOwnError(t *testing.T) {
	k := newKeys(t, "GB", "US", "FR")
	text := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	d := agreementtest.Parse(t, text)
	other := agreementtest.Parse(t, text+"\n")
	third := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "FR", agreementtest.Standing2020))
	one := k.sign(t, d, "GB")
	one.Signatures[0].JWS = nil
	half := k.sign(t, d, "GB", "US")
	sig, err := agreement.SignDocument(d, "US", agreementtest.Day, k["US"][0])
	if err != nil {
		t.Fatal(err)
	}
	half.Add(sig)
	swapped := k.sign(t, d, "GB", "US")
	swapped.Signatures[0].JWS = swapped.Signatures[1].JWS
	renamed := k.sign(t, d, "GB", "US")
	renamed.Agreement.Version = "2"
	for name, c := range map[string]struct {
		sigs  *agreement.PartySignatures
		roots agreement.Roots
		want  error
	}{
		"no file":             {nil, k.roots, agreement.ErrUnsigned},
		"nobody":              {&agreement.PartySignatures{}, k.roots, agreement.ErrUnsigned},
		"another version":     {renamed, k.roots, agreement.ErrOtherBytes},
		"one Party":           {k.sign(t, d, "GB"), k.roots, agreement.ErrOneSignature},
		"other bytes":         {k.sign(t, other, "GB", "US"), k.roots, agreement.ErrOtherBytes},
		"another's document":  {k.sign(t, third, "GB"), k.roots, agreement.ErrOtherBytes},
		"no JWS":              {one, k.roots, agreement.ErrBadSignature},
		"one key of two":      {half, k.roots, agreement.ErrTooFewSigners},
		"another's signature": {swapped, k.roots, agreement.ErrBadSignature},
		"stolen name":         {k.sign(t, d, "GB", "US"), newKeys(t, "GB", "US").roots, agreement.ErrBadSignature},
		"unknown Party":       {k.sign(t, d, "GB", "US"), keys{"GB": k["GB"]}.roots, agreement.ErrUnknownRoots},
	} {
		if _, err := agreement.VerifyDocument(d, c.sigs, c.roots); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := agreement.SignDocument(d, "FR", agreementtest.Day, k["FR"]...); !errors.Is(err, agreement.ErrNotThatParty) {
		t.Errorf("got %v, want %v", err, agreement.ErrNotThatParty)
	}
	foreign := k.sign(t, third, "FR")
	if _, err := agreement.VerifyDocument(d, foreign, k.roots); !errors.Is(err, agreement.ErrNotThatParty) {
		t.Errorf("got %v, want %v", err, agreement.ErrNotThatParty)
	}
}

// TestDocumentOfNobodyIsNotRead: to read one of full size takes a quarter of a
// second, which a peer could have spent again and again.
func TestDocumentOfNobodyIsNotRead(t *testing.T) {
	k, strangers := newKeys(t, "GB", "US"), newKeys(t, "GB", "US")
	d := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	for name, c := range map[string]struct {
		sigs *agreement.PartySignatures
		want error
	}{
		"not signed":          {&agreement.PartySignatures{Agreement: d.Ref(), Signatures: []agreement.PartySignature{}}, agreement.ErrUnsigned},
		"by strangers":        {strangers.sign(t, d, "GB", "US"), agreement.ErrBadSignature},
		"of another document": {k.sign(t, d, "GB", "US"), agreement.ErrOtherBytes},
	} {
		text, err := c.sigs.Encode()
		if err != nil {
			t.Fatal(err)
		}
		b, err := agreement.EncodeSigned([]byte("no document"), text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := agreement.ParseSigned(b, k.roots); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestDocumentThatIsKnownIsNotReadAgain: also when it is signed anew; its signatures are.
func TestDocumentThatIsKnownIsNotReadAgain(t *testing.T) {
	k := newKeys(t, "GB", "US")
	one := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	two := agreementtest.Parse(t, agreementtest.Bilateral("c-d", "GB", "US", agreementtest.Standing2020))
	signed := func(d *agreement.Document, sigs *agreement.PartySignatures) []byte {
		text, err := sigs.Encode()
		if err != nil {
			t.Fatal(err)
		}
		b, err := agreement.EncodeSigned(d.Bytes(), text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, d := range []*agreement.Document{one, two} {
		got, err := agreement.ParseSigned(signed(d, k.sign(t, d, "GB", "US")), k.roots, two)
		if err != nil || got.Document().Digest() != d.Digest() || (got.Document() == two) != (d == two) {
			t.Errorf("%s: it is read, or another is taken: %v", d.ID, err)
		}
	}
	sigs := k.sign(t, two, "GB")
	sigs.Add(newKeys(t, "US").sign(t, two, "US").Signatures[0])
	if _, err := agreement.ParseSigned(signed(two, sigs), k.roots, two); !errors.Is(err, agreement.ErrBadSignature) {
		t.Errorf("got %v, want %v", err, agreement.ErrBadSignature)
	}
}

func TestFileOfSignaturesHasEachPartyOnce(t *testing.T) {
	k := newKeys(t, "GB", "US")
	d := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	for name, change := range map[string]func(*agreement.PartySignatures){
		"twice": func(s *agreement.PartySignatures) { s.Signatures[1] = s.Signatures[0] },
		"order": func(s *agreement.PartySignatures) { slices.Reverse(s.Signatures) },
	} {
		sigs := k.sign(t, d, "GB", "US")
		change(sigs)
		b, err := sigs.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := agreement.ParseSignatures(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := agreement.ParseSignatures([]byte(`{"signatures":[]} x`)); err == nil {
		t.Error("bytes behind the file were accepted")
	}
}

func TestRightOfAMultilateralAgreementNeedsBothOfItsTwoParties(t *testing.T) {
	k := newKeys(t, "GB", "US", "IE")
	d := agreementtest.Parse(t, replace(t, agreementtest.Bilateral("many", "GB", "US", agreementtest.Standing2020), "[GB, US]", "[GB, US, IE]"))
	signed, err := agreement.VerifyDocument(d, k.sign(t, d, "GB", "IE"), k.roots)
	if err != nil {
		t.Fatal(err)
	}
	book, err := agreement.NewSignedBook([]agreement.SignedDocument{signed}, nil)
	if err != nil {
		t.Fatal(err)
	}
	agreementtest.Expect(t, agreementtest.UKOrder().Decide(book), protocol.Deny, protocol.ReasonUnsigned)
	s := agreementtest.UKOrder()
	s.Req.Addressee = "ie.contoso"
	s.Facts.Addressee = agreementtest.StandingOf("ie.contoso", protocol.RoleProvider)
	agreementtest.Expect(t, s.Decide(book), protocol.Allow)

	// A document that nobody verified cannot pass for a signed one.
	book, err = agreement.NewSignedBook([]agreement.SignedDocument{{}}, nil)
	if err == nil {
		t.Errorf("got book %v, want an error", book)
	}
}

func TestNoticeIsBelievedOnlyFromItsParty(t *testing.T) {
	k := newKeys(t, "GB", "US")
	jws, err := agreement.SignNotice(agreementtest.Suspension("US", "us-1"), k["US"]...)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := agreement.VerifyNotice(jws, k.roots)
	if err != nil {
		t.Fatal(err)
	}
	if n := signed.Notice(); n.ID != "us-1" || n.Party != "US" {
		t.Errorf("got %+v", n)
	}
	forged, err := agreement.SignNotice(agreementtest.Suspension("US", "us-1"), k["GB"]...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agreement.VerifyNotice(forged, k.roots); !errors.Is(err, agreement.ErrBadSignature) {
		t.Errorf("got %v, want %v", err, agreement.ErrBadSignature)
	}
	half, err := agreement.SignNotice(agreementtest.Suspension("US", "us-1"), k["US"][0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agreement.VerifyNotice(half, k.roots); !errors.Is(err, agreement.ErrTooFewSigners) {
		t.Errorf("got %v, want %v", err, agreement.ErrTooFewSigners)
	}
	// A document's signature is no notice, although the same keys made it.
	d := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	if _, err := agreement.VerifyNotice(k.sign(t, d, "US").Signatures[0].JWS, k.roots); err == nil {
		t.Error("a document's signature passed for a notice")
	}

	document, err := agreement.VerifyDocument(d, k.sign(t, d, "GB", "US"), k.roots)
	if err != nil {
		t.Fatal(err)
	}
	n := agreementtest.Suspension("US", "us-2")
	n.Agreement = "a-b"
	if jws, err = agreement.SignNotice(n, k["US"]...); err != nil {
		t.Fatal(err)
	}
	if signed, err = agreement.VerifyNotice(jws, k.roots); err != nil {
		t.Fatal(err)
	}
	book, err := agreement.NewSignedBook([]agreement.SignedDocument{document}, []agreement.SignedNotice{signed})
	if err != nil {
		t.Fatal(err)
	}
	s := agreementtest.USOrder()
	s.Facts.At = agreementtest.Day.AddDate(0, 0, 1)
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
}

// TestWhatStandsForADocumentDoesNotDependOnItsSignatures: two nodes that hold
// files with other signatures of the same Parties hold the same.
func TestWhatStandsForADocumentDoesNotDependOnItsSignatures(t *testing.T) {
	k := newKeys(t, "GB", "US")
	d := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	want := protocol.DigestOf([]byte(`{"document":"` + d.Digest().String() + `","signed":["GB","US"]}`))
	for range 2 {
		signed, err := agreement.VerifyDocument(d, k.sign(t, d, "US", "GB"), k.roots)
		if err != nil {
			t.Fatal(err)
		}
		if signed.Digest() != want {
			t.Errorf("the document: got %s, want %s", signed.Digest(), want)
		}
	}
	n := agreementtest.Suspension("US", "us-1")
	enc, err := n.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		jws, err := agreement.SignNotice(n, k["US"]...)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := agreement.VerifyNotice(jws, k.roots)
		if err != nil {
			t.Fatal(err)
		}
		if signed.Digest() != protocol.DigestOf(enc) {
			t.Errorf("the notice: got %s, want %s", signed.Digest(), protocol.DigestOf(enc))
		}
	}
}

func (k keys) signed(t testing.TB, d *agreement.Document, parties ...protocol.Party) agreement.SignedDocument {
	t.Helper()
	s, err := agreement.VerifyDocument(d, k.sign(t, d, parties...), k.roots)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDomesticLawIsSignedByItsOwnParty(t *testing.T) {
	k := newKeys(t, "GB", "US")
	law := agreementtest.Parse(t, domesticLaw)
	if _, err := agreement.VerifyDocument(law, &agreement.PartySignatures{Agreement: law.Ref()}, k.roots); !errors.Is(err, agreement.ErrUnsigned) {
		t.Errorf("signed by nobody: got %v", err)
	}
	if _, err := agreement.SignDocument(law, "US", agreementtest.Day, k["US"]...); !errors.Is(err, agreement.ErrNotThatParty) {
		t.Errorf("signed by another: got %v", err)
	}
	treaty := k.signed(t, bilateral(t), "GB", "US")
	book, err := agreement.NewSignedBook([]agreement.SignedDocument{treaty, k.signed(t, law, "GB")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := agreementtest.USOrder().Decide(book); !agreementtest.Has(d, "gb-law/consent") {
		t.Error("the law was not applied")
	}
}

// What not both Parties signed is no way, and no treaty that stands before others.
func TestUnsignedAgreementIsNoOtherWay(t *testing.T) {
	k := newKeys(t, "GB", "US", "FR")
	treaty := k.signed(t, bilateral(t, "offence.max_custody_months >= 12", "'!treaty.other'"), "GB", "US")
	text := replace(t, agreementtest.Bilateral("z-b", "GB", "US", agreementtest.Standing2020), "[GB, US]", "[FR, GB, US]")
	other := agreementtest.Parse(t, replace(t, text, "data_access_agreement", "mutual_assistance"))
	for name, c := range map[string]struct {
		by       []protocol.Party
		obstacle string
		verdict  protocol.Verdict
	}{
		"by both":        {[]protocol.Party{"GB", "US"}, "", protocol.Deny},
		"by one of them": {[]protocol.Party{"FR", "GB"}, "Not both Parties have signed this text of it.", protocol.Allow},
	} {
		book, err := agreement.NewSignedBook([]agreement.SignedDocument{treaty, k.signed(t, other, c.by...)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		q := query()
		q.At = agreementtest.Day
		got := book.Candidates(q)
		if len(got) != 2 || got[1].Obstacle != c.obstacle {
			t.Errorf("%s: got %+v", name, got)
		}
		s := agreementtest.UKOrder()
		s.Facts.Ref.ID = "a-b"
		if d := s.Decide(book); d.Verdict != c.verdict {
			t.Errorf("%s: got %v, want %v", name, d.Verdict, c.verdict)
		}
	}
}
