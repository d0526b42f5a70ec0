package chain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/evidence/evidencetest"
	"comity.example/protocol/register"
)

const (
	justice = protocol.ParticipantID("ie.justice")
	initech = protocol.ParticipantID("ie.initech")
)

// passesOn returns justice's passing on of a disclosure into the case of a
// request, after change.
func passesOn(w *chaintest.World, origin, request *protocol.Act, change func(*protocol.Act)) *protocol.Act {
	d := origin.Body.Disclosure
	act := w.Act(protocol.Body{Disclosure: &protocol.Disclosure{Status: d.Status, Objects: []protocol.Object{},
		Readers: []protocol.ParticipantID{office}, Keys: d.Keys, Origin: w.Sign(origin)}}, justice, office)
	act.Case, act.Agreement = request.Case, request.Agreement
	change(act)
	act.Endorsements = nil
	w.Endorse(act, w.Member(justice).Officer)
	return act
}

func as(*protocol.Act) {}

// TestProductIsPassedOnAsItWasSigned, and once more by the central authority that
// had asked for it: who produced it is the one below.
func TestProductIsPassedOnAsItWasSigned(t *testing.T) {
	w := chaintest.New(t, "GB", "IE")
	foreign, domestic := w.Request(office, justice), w.Request(justice, initech)
	origin := w.Disclose(domestic, initech, justice)
	origin.Issued, origin.Expires = chaintest.Now.Add(-2*time.Hour), chaintest.Now.Add(-time.Hour) // it came in time
	act := passesOn(w, origin, foreign, as)
	a := wantAuthentic(t, w.Sign(act), at(w, act))
	if a.Inner == nil || a.Inner.Act.From != initech || a.Origin() != a.Inner {
		t.Errorf("got %+v", a.Inner)
	}
	relay := w.Relay(act, office, police)
	a = wantAuthentic(t, w.Sign(relay), at(w, relay))
	if got := a.Origin().Act; got.From != initech || got.Case != domestic.Case || len(got.Body.Disclosure.Objects) != 1 {
		t.Errorf("got the act of %s in %s", got.From, got.Case)
	}
}

func TestProductThatWasNotDisclosedSoIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "IE")
	foreign, domestic := w.Request(office, justice), w.Request(justice, initech)
	origin := w.Disclose(domestic, initech, justice)
	fabrikam := w.Join("gb.fabrikam", "Fabrikam", protocol.RoleProvider)
	w.Update("GB", register.Changes{Put: []register.Participant{fabrikam.Entry}})
	own := w.Disclose(domestic, justice, justice)
	w.Endorse(own, w.Member(justice).Officer)
	chained := passesOn(w, origin, foreign, as)
	chained.To = []protocol.ParticipantID{justice}
	part := w.Disclose(domestic, initech, justice)
	part.Body.Disclosure.Status = protocol.ProductionPartial
	for name, tc := range map[string]struct {
		act  *protocol.Act
		want protocol.Reason
	}{
		"another's signature": {passesOn(w, origin, foreign, func(a *protocol.Act) {
			a.Body.Disclosure.Origin = forgedAct(t, "comity-act+jws", origin, w.Member(justice).Signing)
		}), protocol.ReasonNotAuthentic},
		"the same case":      {passesOn(w, origin, domestic, as), protocol.ReasonWrongCase},
		"not sent to it":     {passesOn(w, w.Disclose(domestic, initech, "ie.garda"), foreign, as), protocol.ReasonWrongRecipient},
		"of another Party":   {passesOn(w, w.Disclose(domestic, fabrikam.ID, justice), foreign, as), protocol.ReasonRole},
		"its own":            {passesOn(w, own, foreign, as), protocol.ReasonRole},
		"no disclosure":      {passesOnRequest(w, domestic, foreign), protocol.ReasonMalformed},
		"passed on already":  {passesOn(w, chained, w.Request(office, justice), as), protocol.ReasonMalformed},
		"more than was said": {passesOn(w, part, foreign, func(a *protocol.Act) { a.Body.Disclosure.Status = protocol.ProductionComplete }), protocol.ReasonMalformed},
		"without an officer": {func() *protocol.Act { a := passesOn(w, origin, foreign, as); a.Endorsements = nil; return a }(),
			protocol.ReasonOfficerMissing},
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, w.Sign(tc.act), at(w, tc.act), tc.want) })
	}
}

// passesOnRequest passes on what is no disclosure.
func passesOnRequest(w *chaintest.World, domestic, foreign *protocol.Act) *protocol.Act {
	act := passesOn(w, w.Disclose(domestic, initech, justice), foreign, func(a *protocol.Act) {
		a.Body.Disclosure.Origin = w.Sign(w.Request("ie.garda", justice))
	})
	return act
}

// largest returns as many objects as a disclosure can have, with the longest names.
func largest() []protocol.Object {
	out := make([]protocol.Object, protocol.MaxObjects)
	for i := range out {
		long := strings.Repeat("n", protocol.MaxObjectName-8)
		out[i] = evidencetest.Object(fmt.Sprintf("%s%08d", long, i), strings.Repeat("m", protocol.MaxReference), []byte{byte(i)})
		out[i].Role, out[i].Size, out[i].Segments = protocol.RolePack, protocol.MaxObject, protocol.MaxSegments
		out[i].Collected, out[i].Collector = chaintest.Now, strings.Repeat("c", protocol.MaxReference)
	}
	return out
}

// sealedKeys returns keys of exactly size bytes.
func sealedKeys(size int) protocol.Signed {
	const form = `{"ciphertext":""}`
	return protocol.Signed(`{"ciphertext":"` + strings.Repeat("A", size-len(form)) + `"}`)
}

// grow makes d larger in canonical form by nearly so many bytes: what another node
// signs may be as large as MaxOrigin. A control character takes six bytes there.
func grow(d *protocol.Disclosure, by int) {
	for i := range d.Objects {
		k := min(by/5, protocol.MaxReference)
		d.Objects[i].Collector = strings.Repeat("\x01", k) + strings.Repeat("c", protocol.MaxReference-k)
		by -= 5 * k
	}
}

// TestLargestDisclosureCanBePassedOnTwice: whoever has it from a provider can pass it
// on with keys of its own, and so can whoever has it from there.
func TestLargestDisclosureCanBePassedOnTwice(t *testing.T) {
	w := chaintest.New(t, "GB", "IE")
	foreign, domestic := w.Request(office, justice), w.Request(justice, initech)
	origin := w.Disclose(domestic, initech, justice)
	d := origin.Body.Disclosure
	d.Objects, d.Keys, d.Note = largest(), sealedKeys(protocol.MaxKeys), strings.Repeat("t", protocol.MaxText)
	if size := len(w.Sign(origin)); size > protocol.MaxOrigin {
		t.Fatalf("the largest disclosure has %d bytes: want at most %d", size, protocol.MaxOrigin)
	}
	grow(d, (protocol.MaxOrigin-len(w.Sign(origin)))/4*3)
	act := passesOn(w, origin, foreign, func(a *protocol.Act) {
		a.Body.Disclosure.Keys, a.Body.Disclosure.Note = sealedKeys(protocol.MaxKeys), strings.Repeat("\x01", protocol.MaxText)
	})
	for len(act.Endorsements) < protocol.MaxEndorsements {
		w.Endorse(act, w.NewOfficer(w.Member(justice), w.Member(justice).Entry.Roles))
	}
	relay := w.Relay(act, office, police)
	signed := w.Sign(relay)
	if len(signed) > chain.MaxSigned {
		t.Errorf("%d bytes", len(signed))
	}
	wantAuthentic(t, signed, at(w, relay))
	t.Logf("disclosure %d, passed on %d, relayed %d bytes", len(w.Sign(origin)), len(w.Sign(act)), len(signed))
	body := protocol.Disclosure{Status: protocol.ProductionComplete, Objects: []protocol.Object{},
		Origin: protocol.Signed(`{"payload":"` + strings.Repeat("A", protocol.MaxOrigin) + `"}`)}
	act = w.Act(protocol.Body{Disclosure: &body}, justice, office)
	if err := act.Check(); err == nil || !strings.Contains(err.Error(), "disclosure.origin") {
		t.Errorf("got %v, want that it is too large", err)
	}
}
