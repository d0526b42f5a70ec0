package casefile_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
)

// under puts a case of a setting under documents that say something of
// consultations, at all who hold it.
func under(t *testing.T, name string, terms casefile.Terms) *group {
	g := served(t, settings()[name])
	for _, h := range g.holders {
		if h.file != nil {
			h.file.Terms = &terms
		}
	}
	return g
}

// TestADocumentSaysWhoIsConsulted: UNCAC wants it of a refusal and a
// postponement, the Budapest Convention of neither, the EIO Directive for five
// grounds.
func TestADocumentSaysWhoIsConsulted(t *testing.T) {
	uncac := casefile.Terms{Consult: []agreement.Consulted{agreement.BeforeRefusal, agreement.BeforePostponement}}
	g := under(t, "central", uncac)
	g.refused(t, doj, protocol.KindRefusal, "", protocol.ReasonConsultation)
	g.refused(t, doj, protocol.KindPostponement, "", protocol.ReasonConsultation)
	g.must(t, doj, protocol.KindConditions, "whole")
	g.must(t, doj, protocol.KindConsultation, "")
	g.must(t, doj, protocol.KindPostponement, "")
	g.must(t, doj, protocol.KindRefusal, "")

	budapest := under(t, "central", casefile.Terms{})
	budapest.must(t, doj, protocol.KindPostponement, "")
	budapest.must(t, doj, protocol.KindRefusal, "")

	eio := casefile.Terms{Consult: []agreement.Consulted{agreement.BeforeRefusal}, ConsultOn: []protocol.Reason{protocol.ReasonPress}}
	under(t, "central", eio).must(t, doj, protocol.KindRefusal, "") // for a privilege
	eio.ConsultOn = append(eio.ConsultOn, protocol.ReasonPrivilege)
	under(t, "central", eio).refused(t, doj, protocol.KindRefusal, "", protocol.ReasonConsultation)
	under(t, "central", eio).refused(t, doj, protocol.KindConditions, "partial", protocol.ReasonConsultation)
	under(t, "direct", eio).must(t, contoso, protocol.KindRefusal, "") // a provider's is its own
}

// TestADenialOfEnforcementIsConsultedAbout, and the issuing side may answer
// although the addressee has refused (Regulation (EU) 2023/1543, Art. 16(7)).
func TestADenialOfEnforcementIsConsultedAbout(t *testing.T) {
	g := under(t, "notified", casefile.Terms{Consult: []agreement.Consulted{agreement.BeforeDenial}})
	g.must(t, contoso, protocol.KindRefusal, "")
	g.must(t, police, protocol.KindEnforcement, "")
	g.refused(t, enforcing, protocol.KindDetermination, "denied", protocol.ReasonConsultation)
	asked := g.must(t, enforcing, protocol.KindConsultation, "")
	open := g.holder(police).file.Questions()
	if !slices.ContainsFunc(open, func(q casefile.Question) bool { return q.Act == asked.Digest && slices.Contains(q.Awaits, police) }) {
		t.Error("the issuing side is not asked")
	}
	g.must(t, police, protocol.KindReply, "insists")
	g.must(t, enforcing, protocol.KindDetermination, "denied")
}

// TestWhoseTimeHasLapsedRaisesNoGround (Art. 12(1)): its own node says so.
func TestWhoseTimeHasLapsedRaisesNoGround(t *testing.T) {
	g := under(t, "notified", casefile.Terms{})
	h := g.holder(enforcing)
	late, _ := h.file.Tick([]casefile.Running{{ID: "refusal", Effect: casefile.EffectLapse, Ends: g.now}}, g.now)
	h.file = &late
	g.refused(t, enforcing, protocol.KindRefusal, "", protocol.ReasonOverdue)
	g.refused(t, enforcing, protocol.KindConditions, "partial", protocol.ReasonOverdue)
	g.must(t, enforcing, protocol.KindConditions, "whole")
}

// TestWhatIsConfirmedStaysKept also when its case ends: production is asked for in
// another (Art. 11(2)). An act releases it.
func TestWhatIsConfirmedStaysKept(t *testing.T) {
	x := settings()["direct"]
	x.kind = protocol.Preservation
	g := served(t, x)
	g.must(t, police, protocol.KindPreservation, "confirmed")
	g.must(t, police, protocol.KindWithdrawal, "")
	kept := func() string { return g.holder(contoso).file.Stand(casefile.RegionPreservation, g.now).State }
	if got := kept(); got != "held_pending_production" {
		t.Errorf("it is %s", got)
	}
	g.must(t, police, protocol.KindPreservation, "released")
	if got := kept(); got != "released" {
		t.Errorf("it is %s", got)
	}
}

// TestAWaiverIsAskedForWhereTheDocumentKnowsIt (Regulation (EU) 2023/1543, Art.
// 12(5)): of an authority that consults for that ground, and of nobody else.
func TestAWaiverIsAskedForWhereTheDocumentKnowsIt(t *testing.T) {
	knows := casefile.Terms{Waive: []protocol.Reason{protocol.ReasonPrivilege}}
	g := under(t, "notified", knows)
	g.must(t, enforcing, protocol.KindConsultation, "") // for a privilege
	g.must(t, police, protocol.KindReply, "waiver")
	g.must(t, enforcing, protocol.KindRefusal, "") // it was not waived

	other := under(t, "notified", casefile.Terms{Waive: []protocol.Reason{protocol.ReasonPress}})
	other.must(t, enforcing, protocol.KindConsultation, "")
	other.refused(t, police, protocol.KindReply, "waiver", protocol.ReasonQuestion)

	asked := under(t, "notified", knows)
	asked.must(t, contoso, protocol.KindClarification, "information")
	asked.refused(t, police, protocol.KindReply, "waiver", protocol.ReasonQuestion)

	for _, d := range documents() {
		if knows := d.Consult != nil && d.Consult.Waiver != nil; knows != (d.ID == "eu-epoc-2023") {
			t.Errorf("%s: a waiver is known: %v", d.ID, knows)
		}
	}
	w := documents()["eu-epoc-2023"].Consult.Waiver
	if w.Article != "Art. 12(5)" || w.Provenance != agreement.Verified || !slices.Equal(w.Grounds, []protocol.Reason{protocol.ReasonPrivilege}) {
		t.Errorf("Art. 12(5): %+v", w)
	}
}
