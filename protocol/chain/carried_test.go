package chain_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

func TestCertificationThatDoesNotFitItsRequestIsRefused(t *testing.T) {
	w := chaintest.New(t, "FR", "GB", "US")
	// certify returns a certification by office after change, endorsed again.
	certify := func(request *protocol.Act, change func(*protocol.Act)) *protocol.Act {
		act := w.Certify(request, office, contoso)
		change(act)
		act.Endorsements = nil
		w.Endorse(act, w.Member(office).Officer)
		return act
	}
	as := func(*protocol.Act) {}
	request := w.Request(police, office)
	unendorsed := w.Request(police, office)
	unendorsed.Endorsements = []protocol.Endorsement{}
	old := w.Request(police, office)
	old.Issued, old.Expires = chaintest.Now.Add(-8*chaintest.Day), chaintest.Now.Add(-chaintest.Day)
	old.Endorsements = nil
	w.Endorse(old, w.Member(police).Officer)

	for name, tc := range map[string]struct {
		act  *protocol.Act
		want protocol.Reason
	}{
		"another case": {certify(request, func(a *protocol.Act) { a.Case = protocol.NewCaseID() }), protocol.ReasonWrongCase},
		"another agreement": {certify(request, func(a *protocol.Act) { a.Agreement.Version = "2" }),
			protocol.ReasonNotGoverning},
		"another Party":          {certify(w.Request("fr.parquet", office), as), protocol.ReasonRole},
		"not sent to certifier":  {certify(w.Request(police, contoso), as), protocol.ReasonWrongRecipient},
		"no officer behind it":   {certify(unendorsed, as), protocol.ReasonOfficerMissing},
		"expired when certified": {certify(old, as), protocol.ReasonExpired},
		"not a request":          {certify(w.Disclose(request, contoso, office), as), protocol.ReasonMalformed},
		"issued after": {certify(request, func(a *protocol.Act) { a.Issued = a.Issued.Add(-time.Hour) }),
			protocol.ReasonClock},
		"unreadable": {certify(request, func(a *protocol.Act) { a.Body.Certification.Request = []byte("{}") }),
			protocol.ReasonMalformed},
		"another's signature": {certify(request, func(a *protocol.Act) {
			a.Body.Certification.Request = forgedAct(t, "comity-act+jws", request, w.Member(office).Signing)
		}), protocol.ReasonNotAuthentic},
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, w.Sign(tc.act), at(w, tc.act), tc.want)
		})
	}
}

func TestRelayThatDoesNotFitItsActIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	disclosure := w.Disclose(w.Request(office, contoso), contoso, office)
	foreign := w.Relay(disclosure, office, police)
	foreign.Case = protocol.NewCaseID()
	wantFault(t, w.Sign(foreign), at(w, foreign), protocol.ReasonWrongCase)

	others := w.Relay(w.Disclose(w.Request(doj, contoso), contoso, doj), office, police)
	wantFault(t, w.Sign(others), at(w, others), protocol.ReasonWrongRecipient)

	payload, list := signatures(t, chaintest.Unwrap(w.Sign(disclosure)))
	stripped := w.Relay(disclosure, office, police)
	stripped.Body.Relay.Act = chaintest.Wrap(assemble(payload, list[0]))
	wantFault(t, w.Sign(stripped), at(w, stripped), protocol.ReasonSignatureMissing)
}

// TestExpiredActIsPassedOn: a provider whose answer expires at once, or a weekend,
// would keep it from the issuing authority; the answer itself came in time.
func TestExpiredActIsPassedOn(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	disclosure := w.Disclose(w.Request(office, contoso), contoso, office)
	disclosure.Issued, disclosure.Expires = chaintest.Now.Add(-time.Hour), chaintest.Now.Add(-time.Hour+time.Second)
	wantFault(t, w.Sign(disclosure), at(w, disclosure), protocol.ReasonExpired)
	act := w.Relay(disclosure, office, police)
	wantAuthentic(t, w.Sign(act), at(w, act))
	act.Expires = chaintest.Now.Add(-time.Second)
	act.Issued = act.Expires.Add(-time.Second)
	wantFault(t, w.Sign(act), at(w, act), protocol.ReasonExpired)
}

func TestActsDoNotNestDeeper(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	disclosure := w.Disclose(w.Request(doj, contoso), contoso, doj)
	twice := w.Relay(w.Relay(disclosure, doj, office), office, police)
	wantFault(t, w.Sign(twice), at(w, twice), protocol.ReasonMalformed)
}

// What is passed on was believed when it arrived: a key that was revoked since
// is not believed any more, a register that lapsed since does no harm.
func TestCarriedActIsJudgedWhenItsCarrierWasIssued(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	disclosure := w.Disclose(w.Request(office, contoso), contoso, office)
	disclosure.Expires = chaintest.Now.Add(time.Hour)
	act := w.Relay(disclosure, office, police)
	signed := w.Sign(act)
	in := at(w, act)
	in.At = chaintest.Now.Add(2 * time.Hour) // the disclosure has expired on the way
	w.Update("US", register.Changes{Expires: chaintest.Now.Add(time.Hour)})
	in.Directory = w.Directory
	wantAuthentic(t, signed, in)
	w.Update("US", revoke(w.Member(contoso).Signing.Public().Fingerprint(), chaintest.Now.Add(time.Hour)))
	in.Directory = w.Directory
	wantFault(t, signed, in, protocol.ReasonKeyRevoked)
}
