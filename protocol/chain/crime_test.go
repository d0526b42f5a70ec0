package chain_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

func TestUnreadableActIsMalformed(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	in := w.Context(police, contoso)
	for _, b := range []string{"", "{}", "null", `{"payload":"","signatures":[]}`, `{"payload":"e30","signatures":[]}`} {
		wantFault(t, []byte(b), in, protocol.ReasonMalformed)
	}
	wantFault(t, make([]byte, chain.MaxSigned+1), in, protocol.ReasonTooLarge)
}

// signatures returns the parts of a JWS: the payload, and each signature as
// it stands in the list.
func signatures(t *testing.T, jws []byte) (payload string, list []string) {
	t.Helper()
	head, tail, ok := strings.Cut(string(jws), `","signatures":[`)
	if !ok {
		t.Fatal("not a JWS")
	}
	tail = strings.TrimSuffix(tail, `]}`)
	return strings.TrimPrefix(head, `{"payload":"`), strings.SplitAfter(tail, `"}`)
}

func assemble(payload string, list ...string) []byte {
	for i := range list {
		list[i] = strings.Trim(list[i], ",")
	}
	return []byte(`{"payload":"` + payload + `","signatures":[` + strings.Join(list, ",") + `]}`)
}

func TestStrippedSignatureIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	payload, list := signatures(t, chaintest.Unwrap(w.Sign(act)))
	only := func(list ...string) []byte { return chaintest.Wrap(assemble(payload, list...), act.Endorsements...) }
	wantAuthentic(t, only(list[0], list[1]), at(w, act))
	wantFault(t, only(list[0]), at(w, act), protocol.ReasonSignatureMissing) // Ed25519 alone
	wantFault(t, only(list[1]), at(w, act), protocol.ReasonSignatureMissing) // ML-DSA-65 alone
	wantFault(t, only(), at(w, act), protocol.ReasonSignatureMissing)
}

// sealed signs v, which need not be an act or a statement, under a type.
func sealed(t *testing.T, typ string, v any, key *identity.Key) []byte {
	t.Helper()
	payload, err := canon.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := seal.Sign(typ, payload, key)
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

// forgedAct is act signed under any type, with any key.
func forgedAct(t *testing.T, typ string, act *protocol.Act, key *identity.Key) []byte {
	t.Helper()
	return chaintest.Wrap(sealed(t, typ, act, key), act.Endorsements...)
}

func TestReaddressedActIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	_, list := signatures(t, chaintest.Unwrap(w.Sign(act)))
	act.To = []protocol.ParticipantID{doj}
	payload, err := act.Encode()
	if err != nil {
		t.Fatal(err)
	}
	readdressed := assemble(base64.RawURLEncoding.EncodeToString(payload), list[0], list[1])
	wantFault(t, chaintest.Wrap(readdressed, act.Endorsements...), w.Context(police, doj), protocol.ReasonNotAuthentic)
}

func TestActForAnotherIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	wantFault(t, w.Sign(act), w.Context(police, doj), protocol.ReasonWrongRecipient)
}

func TestActOfAnotherPeerIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	wantFault(t, w.Sign(act), w.Context(office, contoso), protocol.ReasonWrongSender)
}

func TestSignatureOfAnotherIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	for name, key := range map[string]*identity.Key{
		"participant": w.Member(office).Signing,
		"officer":     w.Member(police).Officer.Key,
		"root":        w.State("GB").Roots[0],
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, forgedAct(t, "comity-act+jws", act, key), at(w, act), protocol.ReasonNotAuthentic)
		})
	}
}

func TestSignatureUnderAnotherTypeIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	wantFault(t, forgedAct(t, "comity-statement+jws", act, w.Member(police).Signing), at(w, act),
		protocol.ReasonNotAuthentic)
}

func TestActWithTwoSignersIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	two, err := seal.Cosign("comity-act+jws", chaintest.Unwrap(w.Sign(act)), w.Member(office).Signing)
	if err != nil {
		t.Fatal(err)
	}
	wantFault(t, chaintest.Wrap(two, act.Endorsements...), at(w, act), protocol.ReasonNotAuthentic)
}

func TestEndorsementForAnotherCaseIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	act.Case = protocol.NewCaseID()
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonWrongCase)
}

func TestActOutOfItsTimeIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	signed := w.Sign(act)
	for _, tc := range []struct {
		arrival time.Time
		want    protocol.Reason // "" for authentic
	}{
		{act.Expires.Add(time.Second), protocol.ReasonExpired},
		{act.Expires, ""},
		{act.Issued, ""},
		{act.Issued.Add(-protocol.MaxSkew), ""},
		{act.Issued.Add(-protocol.MaxSkew - time.Second), protocol.ReasonClock},
		{act.Issued.Add(-24 * time.Hour), protocol.ReasonClock},
	} {
		in := at(w, act)
		in.At = tc.arrival
		if tc.want == "" {
			wantAuthentic(t, signed, in)
		} else {
			wantFault(t, signed, in, tc.want)
		}
	}
}

func revoke(key identity.Fingerprint, from time.Time) register.Changes {
	return register.Changes{Revoke: []register.Revocation{
		{Key: key, Time: from, Cause: register.CauseCompromised}}}
}

func TestRevokedNodeKeyIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	signed := w.Sign(act)
	from := chaintest.Now.Add(time.Hour)
	w.Update("GB", revoke(w.Member(police).Signing.Public().Fingerprint(), from))
	in := at(w, act)
	wantAuthentic(t, signed, in)
	// Issued before the revocation, by its own word; but it arrives after it.
	in.At = from
	wantFault(t, signed, in, protocol.ReasonKeyRevoked)
}

func TestRevokedOfficerKeyIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	signed := w.Sign(act)
	in := at(w, act)
	in.Cache = register.NewCredentialCache(8)
	wantAuthentic(t, signed, in)
	w.Update("GB", revoke(w.Member(police).Officer.Key.Public().Fingerprint(), chaintest.Now))
	in.Directory = w.Directory // and the credential is remembered
	wantFault(t, signed, in, protocol.ReasonKeyRevoked)
}

func TestOnePartyDoesNotRevokeTheKeysOfAnother(t *testing.T) {
	w := chaintest.New(t, "GB", "IE", "US")
	act := w.Request(police, contoso)
	w.Update("IE", revoke(w.Member(police).Signing.Public().Fingerprint(), chaintest.Now))
	wantAuthentic(t, w.Sign(act), at(w, act))
}

func TestLapsedRegisterIsRefused(t *testing.T) {
	w := chaintest.New(t, "FR", "GB", "US")
	w.Update("GB", register.Changes{Expires: chaintest.Now})
	act := w.Request(police, contoso)
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonRegisterLapsed)
	other := w.Request("fr.parquet", contoso)
	wantAuthentic(t, w.Sign(other), at(w, other))
}

func TestUnknownPartyIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	stranger := w.NewMember("zz.police", "Police", protocol.RoleIssuing)
	act := w.Act(protocol.Body{Request: chaintest.Order("zz.police", contoso)}, "zz.police", contoso)
	w.Endorse(act, stranger.Officer)
	wantFault(t, forgedAct(t, "comity-act+jws", act, stranger.Signing), at(w, act), protocol.ReasonUnknownParty)
}

func TestUnregisteredParticipantIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	stranger := w.NewMember("gb.militia", "Militia", protocol.RoleIssuing)
	act := w.Act(protocol.Body{Request: chaintest.Order("gb.militia", contoso)}, "gb.militia", contoso)
	w.Endorse(act, stranger.Officer)
	wantFault(t, forgedAct(t, "comity-act+jws", act, stranger.Signing), at(w, act), protocol.ReasonUnregistered)
}

func TestParticipantOutOfItsTimeIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	entry := w.Member(police).Entry
	entry.Until = chaintest.Now
	w.Update("GB", register.Changes{Put: []register.Participant{entry}})
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonUnregistered)
	entry.Since, entry.Until = chaintest.Now.Add(time.Second), time.Time{}
	w.Update("GB", register.Changes{Put: []register.Participant{entry}})
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonUnregistered)
}

func TestActWithoutOfficerIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	request := w.Request(office, contoso)
	certification := w.Certify(request, office, contoso)
	for _, act := range []*protocol.Act{
		request,
		certification,
		w.Act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, office, contoso),
		w.Act(protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld}}, contoso, office),
		w.Disclose(request, doj, office), // a central authority's, not a provider's
	} {
		act.Endorsements = []protocol.Endorsement{}
		t.Run(string(act.Body.Kind()), func(t *testing.T) {
			wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerMissing)
		})
	}
}

func TestOfficerWithoutRoleIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	for name, officer := range map[string]*chaintest.Officer{
		"another role": w.NewOfficer(w.Member(police), []protocol.Role{protocol.RoleContact}),
		// The participant has no such role to give.
		"role of another": w.NewOfficer(w.Member(police), []protocol.Role{protocol.RoleDesignated}),
		"other type": w.NewOfficer(w.Member(police), []protocol.Role{protocol.RoleIssuing},
			protocol.Preservation, protocol.Subscriber),
	} {
		t.Run(name, func(t *testing.T) {
			act := w.Act(protocol.Body{Request: chaintest.Order(police, contoso)}, police, contoso)
			w.Endorse(act, officer)
			wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerRole)
		})
	}
	t.Run("competent", func(t *testing.T) {
		act := w.Act(protocol.Body{Request: chaintest.Order(police, contoso)}, police, contoso)
		w.Endorse(act, w.NewOfficer(w.Member(police), []protocol.Role{protocol.RoleIssuing}, protocol.Production))
		wantAuthentic(t, w.Sign(act), at(w, act))
	})
}

func TestOfficerOfTheCertifierMustBeCompetentForTheRequest(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Certify(w.Request(office, contoso), office, contoso)
	act.Endorsements = nil
	w.Endorse(act, w.NewOfficer(w.Member(office), []protocol.Role{protocol.RoleDesignated}, protocol.Preservation))
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerRole)
}

// forge returns act as its sender signs it, endorsed with whatever credential
// and whatever statement, which Endorse would not have made.
func forge(t *testing.T, w *chaintest.World, credential, statement []byte) (*protocol.Act, []byte) {
	t.Helper()
	act := w.Act(protocol.Body{Request: chaintest.Order(police, contoso)}, police, contoso)
	act.Endorsements = []protocol.Endorsement{{Credential: credential, Statement: statement}}
	return act, w.Sign(act)
}

// wantOfficerInvalid puts an officer behind an order, by a statement that change
// has altered, and wants it refused.
func wantOfficerInvalid(t *testing.T, w *chaintest.World, by *chaintest.Officer, change func(*protocol.Statement)) {
	t.Helper()
	act := w.Act(protocol.Body{Request: chaintest.Order(police, contoso)}, police, contoso)
	st, err := chain.StatementOf(act, act.Issued.Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	change(&st)
	act.Endorsements = []protocol.Endorsement{{
		Credential: by.Credential,
		Statement:  sealed(t, "comity-statement+jws", st, by.Key),
	}}
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerInvalid)
}

func TestForgedCredentialIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	key := us.Officer.Key
	claim := func() *register.Credential { c := *us.Officer.Claim; return &c }
	tests := map[string]*chaintest.Officer{
		"by another participant":   w.Credential(w.Member(office).Enrolment, key, claim()),
		"of another participant":   w.Member(office).Officer,
		"by the stolen node's key": w.Credential(us.Signing, key, claim()),
		"by the officer himself":   w.Credential(w.NewMember("gb.x", "X", protocol.RoleIssuing).Signing, key, claim()),
		"by the Party's own root":  w.Credential(w.State("GB").Roots[0], key, claim()),
	}
	c := claim()
	c.Participant = office
	tests["by the sender for another's officer"] = w.Credential(us.Enrolment, key, c)
	c = claim()
	c.Issued, c.Expires = chaintest.Now.Add(time.Hour), chaintest.Now.Add(2*time.Hour)
	tests["not yet valid"] = w.Credential(us.Enrolment, key, c)
	c = claim()
	c.Expires = chaintest.Now
	tests["expired when issued"] = w.Credential(us.Enrolment, key, c)
	c = claim()
	c.Issued = chaintest.Now
	tests["not valid when signed"] = w.Credential(us.Enrolment, key, c)

	for name, officer := range tests {
		t.Run(name, func(t *testing.T) {
			wantOfficerInvalid(t, w, officer, func(*protocol.Statement) {})
		})
	}
}

func TestCredentialForTheNodesOwnKeyIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	claim := *us.Officer.Claim
	claim.Key = us.Signing.Public()
	if _, err := register.Issue(&claim, us.Signing); err == nil {
		t.Fatal("was issued")
	}
	node := &chaintest.Officer{Key: us.Signing, Credential: sealed(t, "comity-credential+jws", &claim, us.Enrolment)}
	wantOfficerInvalid(t, w, node, func(*protocol.Statement) {})
}

func TestStatementOverAnotherActIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	for name, change := range map[string]func(*protocol.Statement){
		"body":        func(s *protocol.Statement) { s.Body[0] ^= 1 },
		"kind":        func(s *protocol.Statement) { s.Kind = protocol.KindWithdrawal },
		"participant": func(s *protocol.Statement) { s.Participant = office },
		"agreement":   func(s *protocol.Statement) { s.Agreement.ID = "other" },
		"version":     func(s *protocol.Statement) { s.Agreement.Version = "2" },
		"later":       func(s *protocol.Statement) { s.Signed = chaintest.Now.Add(protocol.MaxSkew + time.Second) },
		"earlier":     func(s *protocol.Statement) { s.Signed = chaintest.Now.Add(-11 * chaintest.Day) },
		"fraction":    func(s *protocol.Statement) { s.Signed = s.Signed.Add(time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			wantOfficerInvalid(t, w, w.Member(police).Officer, change)
		})
	}
}

func TestStaleEndorsementIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	claim := *us.Officer.Claim
	claim.Issued = chaintest.Now.Add(-100 * chaintest.Day)
	officer := w.Credential(us.Enrolment, us.Officer.Key, &claim)
	for age, ok := range map[time.Duration]bool{
		chain.MaxEndorsementAge: true, chain.MaxEndorsementAge + time.Second: false,
	} {
		act := w.Act(protocol.Body{Request: chaintest.Order(police, contoso)}, police, contoso)
		st, err := chain.StatementOf(act, act.Issued.Add(-age))
		if err != nil {
			t.Fatal(err)
		}
		w.EndorseWith(act, officer, st)
		if ok {
			wantAuthentic(t, w.Sign(act), at(w, act))
		} else {
			wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerInvalid)
		}
	}
}

func TestStatementOfAnotherOfficerIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	other := w.NewOfficer(us, []protocol.Role{protocol.RoleIssuing})
	act := w.Request(police, contoso)
	act.Endorsements[0].Credential = other.Credential
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerInvalid)
}

func TestStrippedOfficerSignatureIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	for name, half := range map[string]int{"Ed25519 alone": 0, "ML-DSA-65 alone": 1} {
		t.Run(name, func(t *testing.T) {
			act := w.Request(police, contoso)
			whole := act.Endorsements[0]
			payload, list := signatures(t, whole.Statement)
			act.Endorsements[0].Statement = assemble(payload, list[half])
			wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerInvalid)
			payload, list = signatures(t, whole.Credential)
			act.Endorsements[0] = whole
			act.Endorsements[0].Credential = assemble(payload, list[half])
			wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerInvalid)
		})
	}
}

func TestUnreadableEndorsementIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB")
	good := w.Member(police).Officer
	empty := []byte("{}")
	long := func(n int) []byte { return []byte(`{"payload":"` + strings.Repeat("A", n) + `"}`) }
	for _, f := range []struct {
		credential, statement []byte
		want                  protocol.Reason
	}{
		{good.Credential, empty, protocol.ReasonOfficerInvalid},
		{empty, empty, protocol.ReasonOfficerInvalid},
		{long(register.MaxCredential), empty, protocol.ReasonOfficerInvalid},
		{good.Credential, long(chain.MaxStatement), protocol.ReasonOfficerInvalid},
		{good.Credential, nil, protocol.ReasonMalformed},
		{good.Credential, []byte("[]"), protocol.ReasonMalformed},
		{good.Credential, []byte(`{"a":1,"a":1}`), protocol.ReasonMalformed},
		{good.Credential, []byte(`{},"statement":{}`), protocol.ReasonMalformed},
	} {
		act, signed := forge(t, w, f.credential, f.statement)
		wantFault(t, signed, at(w, act), f.want)
	}
}

// TestEndorsementsThatTheActDoesNotNameAreRefused: who carries an act can take
// no officer away and put none beside it.
func TestEndorsementsThatTheActDoesNotNameAreRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	w.Endorse(act, w.NewOfficer(w.Member(police), []protocol.Role{protocol.RoleIssuing}))
	jws, both := chaintest.Unwrap(w.Sign(act)), act.Endorsements
	other := w.Request(police, contoso).Endorsements[0]
	wantAuthentic(t, chaintest.Wrap(jws, both...), at(w, act))
	for name, beside := range map[string][]protocol.Endorsement{
		"none": nil, "one": both[:1], "the other": both[1:], "more": append(both[:2:2], other),
		"reversed": {both[1], both[0]}, "replaced": {both[0], other}, "twice": {both[0], both[0]},
		"mixed": {both[0], {Credential: both[1].Credential, Statement: both[0].Statement}},
		"many":  slices.Repeat(both, protocol.MaxEndorsements),
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, chaintest.Wrap(jws, beside...), at(w, act), protocol.ReasonMalformed)
		})
	}
	signed := w.Sign(act)
	for name, other := range map[string][]byte{
		"the JWS alone": jws, "a space": bytes.Replace(signed, []byte(`,"endorsements"`), []byte(`, "endorsements"`), 1),
		"a byte more": append(bytes.Clone(signed), '\n'), "no list": append(append([]byte(`{"act":`), jws...), '}'),
		"a member more": bytes.Replace(signed, []byte(`{"act"`), []byte(`{"ac":1,"act"`), 1),
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, other, at(w, act), protocol.ReasonMalformed) })
	}
}

func TestOneOfficerIsNotTwo(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	act := w.Request(police, contoso)
	w.Endorse(act, us.Officer)
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerInvalid)

	// Nor with a second key under the same id, or a second id for the same key.
	second := *us.Officer.Claim
	key := w.NewOfficer(us, second.Roles).Key
	second.Key = key.Public()
	act = w.Request(police, contoso)
	w.Endorse(act, w.Credential(us.Enrolment, key, &second))
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerInvalid)

	third := *us.Officer.Claim
	third.Officer = register.NewOfficerID()
	act = w.Request(police, contoso)
	w.Endorse(act, w.Credential(us.Enrolment, us.Officer.Key, &third))
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerInvalid)

	act = w.Request(police, contoso)
	w.Endorse(act, w.NewOfficer(us, []protocol.Role{protocol.RoleContact}))
	if a := wantAuthentic(t, w.Sign(act), at(w, act)); len(a.Officers) != 2 {
		t.Errorf("got %d officers, want 2", len(a.Officers))
	}
}

func TestParticipantWithoutRoleIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "IE", "US")
	w.Update("GB", register.Changes{Put: []register.Participant{
		w.NewMember("gb.initech", "Initech", protocol.RoleProvider).Entry,
		w.Join("gb.yard", "Yard", protocol.RoleIssuing).Entry}})
	refusal := protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld}}
	withdrawal := protocol.Body{Withdrawal: &protocol.Withdrawal{}}
	request := func(issuer protocol.ParticipantID) protocol.Body {
		return protocol.Body{Request: chaintest.Order(issuer, contoso)}
	}
	disclosed := w.Disclose(w.Request(police, contoso), contoso, police)
	for name, act := range map[string]*protocol.Act{
		"request of a provider":              w.Request(contoso, police),
		"disclosure of a police":             w.Disclose(w.Request(office, contoso), police, office),
		"certification by a police":          w.Certify(w.Request(police, contoso), police, contoso),
		"relay of a police":                  w.Relay(disclosed, police, office),
		"refusal of a police":                w.Act(refusal, police, office),
		"withdrawal of a provider":           w.Act(withdrawal, contoso, office),
		"request in another's name":          w.Act(request("gb.home-office"), police, contoso),
		"request for another Party":          w.Act(request("us.fbi"), office, contoso),
		"request for a colleague":            w.Act(request(police), "gb.yard", contoso),
		"request for one who issues nothing": w.Act(request("gb.initech"), office, contoso),
		"request for one who is no one":      w.Act(request("gb.nobody"), office, contoso),
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, w.Sign(act), at(w, act), protocol.ReasonRole)
		})
	}
}

func TestEveryPrefixOfASignedActIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Disclose(w.Request(police, contoso), contoso, police)
	signed := w.Sign(act)
	in := at(w, act)
	wantAuthentic(t, signed, in)
	for i := range signed {
		wantFault(t, signed[:i], in, protocol.ReasonMalformed)
	}
	for _, more := range []string{" ", "\n", "}", "\x00"} {
		wantFault(t, append(bytes.Clone(signed), more...), in, protocol.ReasonMalformed)
	}
}

func TestFlippedBitIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	signed := w.Sign(act)
	in := at(w, act)
	in.Cache = register.NewCredentialCache(8)
	wantAuthentic(t, signed, in)
	for i := 0; i < len(signed); i += 251 {
		flipped := bytes.Clone(signed)
		flipped[i] ^= 1 << (i % 8)
		if _, f := chain.Verify(flipped, in); f == nil {
			t.Fatalf("accepted with bit %d of byte %d flipped", i%8, i)
		}
	}
}
