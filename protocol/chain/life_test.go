package chain_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

const marshals = protocol.ParticipantID("us.marshals") // enforces

// lifeWorld is one with an enforcing authority.
func lifeWorld(t *testing.T) *chaintest.World {
	w := chaintest.New(t, "FR", "GB", "US")
	told := w.Join(marshals, "Marshals", protocol.RoleEnforcing).Entry
	w.Update("US", register.Changes{Put: []register.Participant{told}})
	return w
}

// put is an act that puts an order to somebody, with an officer behind it.
func put(w *chaintest.World, body protocol.Body, order *protocol.Act, from, to protocol.ParticipantID) *protocol.Act {
	act := w.Act(body, from, to)
	act.Case, act.Follows = order.Case, []protocol.Digest{protocol.DigestOf([]byte("order"))}
	w.Endorse(act, w.Member(from).Officer)
	return act
}

func objection(order []byte) protocol.Body {
	return protocol.Body{Objection: &protocol.Objection{Level: protocol.LevelReceiving, Text: "why",
		Grounds: []protocol.Reason{protocol.ReasonNotInvoked}, Request: order}}
}

func enforce(order []byte) protocol.Body {
	return protocol.Body{Enforcement: &protocol.Enforcement{Request: order, Reason: protocol.ReasonOverdue}}
}

// TestWhatIsPutToAnAuthority: an objection carries the certification as it was
// received, with the request in it, whose officers are known by that.
func TestWhatIsPutToAnAuthority(t *testing.T) {
	w := lifeWorld(t)
	request := w.Request(police, office)
	cert := w.Certify(request, office, contoso)
	act := put(w, objection(w.Sign(cert)), cert, contoso, doj)
	found, fault := chain.Verify(w.Sign(act), at(w, act))
	if fault != nil {
		t.Fatal(fault)
	}
	if found.Inner == nil || found.Inner.Inner == nil || len(found.Inner.Inner.Officers) == 0 || found.Request() == nil {
		t.Fatal("the request in the certification, or who signed it, is not there")
	}
	if got := found.Inner.Inner.Officers[0]; got.Participant != police || got.Key != w.Member(police).Officer.Key.Public().Fingerprint() {
		t.Errorf("the request was signed by %v", got)
	}
	inner := w.Request(office, contoso)
	byIssuer := put(w, enforce(w.Sign(inner)), inner, office, marshals)
	wantAuthentic(t, w.Sign(byIssuer), at(w, byIssuer))
}

func TestWhatIsPutThatDoesNotFitIsRefused(t *testing.T) {
	w := lifeWorld(t)
	cert := w.Certify(w.Request(police, office), office, contoso)
	signed := w.Sign(cert)
	change := func(act *protocol.Act, f func(*protocol.Act)) *protocol.Act {
		f(act)
		act.Endorsements = nil
		w.Endorse(act, w.Member(act.From).Officer)
		return act
	}
	others := w.Certify(w.Request(police, office), office, doj)
	first := put(w, objection(signed), cert, contoso, doj)
	for name, tc := range map[string]struct {
		act  *protocol.Act
		want protocol.Reason
	}{
		"in another case": {change(put(w, objection(signed), cert, contoso, doj),
			func(a *protocol.Act) { a.Case = protocol.NewCaseID() }), protocol.ReasonWrongCase},
		"under another agreement": {change(put(w, objection(signed), cert, contoso, doj),
			func(a *protocol.Act) { a.Agreement.Version = "2" }), protocol.ReasonNotGoverning},
		"by one it was not sent to": {put(w, objection(w.Sign(others)), others, contoso, doj), protocol.ReasonWrongRecipient},
		"of a disclosure": {put(w, enforce(w.Sign(w.Disclose(w.Request(office, contoso), contoso, office))),
			cert, office, marshals), protocol.ReasonMalformed},
		"inside an objection": {put(w, objection(w.Sign(first)), cert, doj, marshals), protocol.ReasonMalformed},
		"of nothing":          {put(w, objection([]byte("{}")), cert, contoso, doj), protocol.ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, w.Sign(tc.act), at(w, tc.act), tc.want) })
	}
}

// TestWhatIsCarriedCarriesOnlyWhatItMay: a relay passes on no certification, which
// goes to whom it is for itself.
func TestWhatIsCarriedCarriesOnlyWhatItMay(t *testing.T) {
	w := lifeWorld(t)
	cert := w.Certify(w.Request(police, office), office, contoso)
	cert.To = append(cert.To, doj)
	cert.Endorsements = nil
	w.Endorse(cert, w.Member(office).Officer)
	relay := w.Relay(cert, doj, marshals)
	wantFault(t, w.Sign(relay), at(w, relay), protocol.ReasonMalformed)
}

// TestRolesOfTheLifeOfACase: who may say what, with an officer behind it.
func TestRolesOfTheLifeOfACase(t *testing.T) {
	w := lifeWorld(t)
	digest := protocol.DigestOf([]byte("question"))
	answers := []protocol.Digest{digest}
	reasons := []protocol.Reason{protocol.ReasonPrivilege}
	later := chaintest.Now.Add(chaintest.Day)
	for _, c := range []struct {
		name string
		body protocol.Body
		yes  []protocol.ParticipantID
		no   []protocol.ParticipantID
	}{
		{"clarification", protocol.Body{Clarification: &protocol.Clarification{Ask: protocol.AskInformation, Reasons: reasons}},
			[]protocol.ParticipantID{contoso, doj, marshals, office}, []protocol.ParticipantID{police}},
		{"reply", protocol.Body{Reply: &protocol.Reply{Answers: answers, Result: protocol.ReplyInsists}},
			[]protocol.ParticipantID{police, office}, []protocol.ParticipantID{contoso, marshals}},
		{"consultation", protocol.Body{Consultation: &protocol.Consultation{Reasons: reasons}},
			[]protocol.ParticipantID{doj, marshals}, []protocol.ParticipantID{contoso, police}},
		{"postponement", protocol.Body{Postponement: &protocol.Postponement{Reason: protocol.ReasonOwnInvestigation, Review: later}},
			[]protocol.ParticipantID{doj}, []protocol.ParticipantID{contoso, police}},
		{"challenge", protocol.Body{Challenge: &protocol.Challenge{Nonce: nonce, Until: later}},
			[]protocol.ParticipantID{contoso, doj}, []protocol.ParticipantID{police, marshals}},
		{"response", protocol.Body{Response: &protocol.Response{Answers: answers, Nonce: nonce}},
			[]protocol.ParticipantID{police}, []protocol.ParticipantID{contoso, marshals}},
		{"closure", protocol.Body{Closure: &protocol.Closure{}},
			[]protocol.ParticipantID{police, office}, []protocol.ParticipantID{contoso, marshals}},
		{"determination", protocol.Body{Determination: &protocol.Determination{Answers: answers, Result: protocol.ResultOverruled}},
			[]protocol.ParticipantID{contoso, doj, marshals, police}, nil},
	} {
		for _, id := range c.yes {
			act := w.Act(c.body, id, other(id))
			w.Endorse(act, w.Member(id).Officer)
			wantAuthentic(t, w.Sign(act), at(w, act))
			act.Endorsements = nil
			wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerMissing)
		}
		for _, id := range c.no {
			act := w.Act(c.body, id, other(id))
			w.Endorse(act, w.Member(id).Officer)
			wantFault(t, w.Sign(act), at(w, act), protocol.ReasonRole)
		}
	}
}

const nonce = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func other(id protocol.ParticipantID) protocol.ParticipantID {
	if id == office {
		return contoso
	}
	return office
}

// TestWhatANodeSaysAlone: that an interception stopped, that a validation lapsed,
// and nothing else of the kind.
func TestWhatANodeSaysAlone(t *testing.T) {
	w := lifeWorld(t)
	tap := func(a protocol.TapAction) protocol.Body {
		return protocol.Body{Interception: &protocol.Tap{Action: a, At: chaintest.Now}}
	}
	valid := func(r protocol.ValidationResult) protocol.Body {
		return protocol.Body{Validation: &protocol.Validated{Result: r}}
	}
	for _, c := range []struct {
		name  string
		body  protocol.Body
		from  protocol.ParticipantID
		alone bool
	}{
		{"stopped", tap(protocol.TapStopped), contoso, true},
		{"stopped by the issuing side", tap(protocol.TapStopped), police, false},
		{"started", tap(protocol.TapStarted), contoso, false},
		{"lapsed", valid(protocol.ValidationLapsed), police, true},
		{"sought", valid(protocol.ValidationSought), police, false},
		{"denied", valid(protocol.ValidationDenied), police, false},
		{"notice", protocol.Body{Notice: &protocol.Notice{To: protocol.NoticeUser, Status: protocol.NoticeDelivered,
			At: chaintest.Now}}, contoso, false},
		{"closure", protocol.Body{Closure: &protocol.Closure{}}, office, false},
	} {
		act := w.Act(c.body, c.from, other(c.from))
		act.Endorsements = []protocol.Endorsement{}
		if c.alone {
			wantAuthentic(t, w.Sign(act), at(w, act))
			continue
		}
		wantFault(t, w.Sign(act), at(w, act), protocol.ReasonOfficerMissing)
	}
}
