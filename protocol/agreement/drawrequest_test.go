package agreement_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// anyRequest draws a request that one of the texts may carry, but for what is
// wrong with it, with what is known of it.
func anyRequest(t *rapid.T, w *world) *agreementtest.Scene {
	x := oneOf(t, "under", w.granting()...)
	r := oneOf(t, "right", x.rights...)
	from := oneOf(t, "from", x.within(r.from)...)
	others := slices.DeleteFunc(slices.Clone(x.within(r.to)), func(p protocol.Party) bool { return p == from })
	if len(others) == 0 || oneIn(t, 16, "another") {
		others = []protocol.Party{"DE", "US", "GB"}
	}
	to := oneOf(t, "to", others...)
	s := agreementtest.CertifiedOrder(participant(from, "police"), participant(from, "home"), participant(to, "office"))
	s.Facts.Sender.Roles, s.Facts.Certification.By.Roles = roles, roles
	s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleProvider}
	if r.channel == agreement.Central {
		s.Facts.Addressee.Roles = []protocol.Role{oneOf(t, "central", protocol.RoleCentral, protocol.RoleContact)}
	}
	s.Ask(oneOf(t, "type", r.types...), someOf(t, "categories", r.categories)...)
	if r.urgent || oneIn(t, 4, "emergency") {
		s.Req.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
	}
	s.Facts.At = x.anyTime(t, from, to)
	s.Facts.Issued = s.Facts.At
	s.Attest(agreement.PromiseStatement)
	s.Req.Promise = "we shall do the same"
	s.Facts.Notified = []agreement.Standing{agreementtest.StandingOf(participant(to, "told"), roles...)}
	switch oneOf(t, "named", "no", "no", "id", "version") {
	case "id":
		s.Facts.Ref.ID = x.id
	case "version":
		s.Facts.Ref = protocol.AgreementRef{ID: x.id, Version: x.version}
	}
	if oneIn(t, 8, "also under") {
		s.Facts.Addressee.AlsoUnder = []protocol.Party{oneOf(t, "also under", nations...)}
	}
	for _, r := range requirements {
		if oneIn(t, 4, "with") {
			r.with(s)
		}
	}
	anyMistake(t, w, s)
	return s
}

// anyMistake makes one thing wrong with half of the requests.
func anyMistake(t *rapid.T, w *world, s *agreementtest.Scene) {
	wrong := []func(){
		func() { s.Facts.Addressee.Roles = nil },
		func() { s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleProvider, protocol.RoleCentral} },
		func() { s.Ask(oneOf(t, "type", types...), someOf(t, "categories", categories)...) },
		func() { s.Req.Data[0].Own = someOf(t, "own", []string{"own_content", "own_production", "strange"}) },
		func() { s.Req.Promise = "" },
		func() { s.Req.Emergency = &protocol.Emergency{Facts: "of no kind"} },
		func() { s.Req.Data = append(s.Req.Data, protocol.DataItem{Category: "strange"}) },
		func() { s.Withdraw(agreement.PromiseStatement) },
		func() { s.Facts.Notified = nil },
		func() { s.Facts.Notified[0] = agreementtest.StandingOf(s.Req.Issuer, roles...) },
		func() { s.Facts.Sender.Roles = someOf(t, "sender", roles) },
		func() { s.Facts.Sender.Party = s.Facts.Addressee.Party },
		func() { s.Facts.Ref.ID = oneOf(t, "named", w.texts...).id },
		func() { s.Facts.Ref = protocol.AgreementRef{ID: oneOf(t, "named", w.texts...).id, Version: "3"} },
		func() { s.Facts.Ref = protocol.AgreementRef{ID: "strange"} },
		func() { s.Facts.Officer = agreement.Officer{} },
		func() { s.Facts.Certification.Present = false },
		func() { s.Facts.Issuing = agreement.Standing{} },
	}
	if coin.Draw(t, "wrong") {
		oneOf(t, "what", wrong...)()
	}
}

// granting are the texts that have rights.
func (w *world) granting() []*text {
	return slices.DeleteFunc(slices.Clone(w.texts), func(x *text) bool { return len(x.rights) == 0 })
}

func (x *text) within(list []protocol.Party) []protocol.Party {
	if len(list) == 0 {
		return x.parties()
	}
	return list
}

// anyTime draws a second about midnight of a day, mostly one at which the text
// stands.
func (x *text) anyTime(t *rapid.T, parties ...protocol.Party) time.Time {
	var fit []time.Time
	for _, day := range days {
		if x.fallen(at(day), parties...) == "" {
			fit = append(fit, at(day))
		}
	}
	if len(fit) == 0 || oneIn(t, 8, "any time") {
		fit = []time.Time{at(oneOf(t, "day", days...))}
	}
	second := oneOf(t, "second", 0, 0, 1, 86_400-1, -1)
	return oneOf(t, "time", fit...).Add(time.Duration(second) * time.Second)
}

func participant(p protocol.Party, name string) protocol.ParticipantID {
	return protocol.ParticipantID(string(p[0]+32) + string(p[1]+32) + "." + name)
}
