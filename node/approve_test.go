package node_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/evidence/evidencetest"
	"comity.example/protocol/register"
)

// supervisor unlocks the second officer of a participant.
func (b *border) supervisor(id protocol.ParticipantID) *home.Officer {
	b.t.Helper()
	o, err := b.Supervisor(id)
	b.must(err)
	return o
}

// awaitMove waits until a case waits for a move of a participant's people.
func (b *border) awaitMove(at protocol.ParticipantID, id protocol.CaseID, m casefile.Move) {
	b.t.Helper()
	b.await("to "+string(m)+" at "+string(at), func() bool {
		return slices.ContainsFunc(b.inbox(at), func(i desk.Item) bool { return i.Case == id && i.Move == m })
	})
}

// approve has an officer approve the draft that is saved in a case.
func (b *border) approve(at protocol.ParticipantID, id protocol.CaseID, by *home.Officer) (desk.Approvals, error) {
	b.t.Helper()
	p, err := b.node(at).Prepare(b.t.Context(), desk.Draft{Case: id})
	b.must(err)
	return b.approveAs(at, p, by)
}

func (b *border) approveAs(at protocol.ParticipantID, p desk.Prepared, by *home.Officer) (desk.Approvals, error) {
	b.t.Helper()
	p.Statement.Signed = b.now()
	e, err := by.Endorse(p.Statement)
	b.must(err)
	return b.node(at).Approve(b.t.Context(), desk.Draft{Case: p.Case, Body: p.Body, Endorsements: []protocol.Endorsement{e}})
}

// save keeps a request of the police as a draft.
func (b *border) save(d desk.Draft) desk.Prepared {
	b.t.Helper()
	d.Agreement = daa.ID
	p, err := b.node(police).Save(b.t.Context(), d)
	b.must(err)
	return p
}

// requestByTwo is request with a second officer behind it, as an emergency wants.
func (b *border) requestByTwo(r *protocol.Request) desk.Submitted {
	b.t.Helper()
	p := b.save(desk.Draft{Body: protocol.Body{Request: r}})
	_, err := b.approve(police, p.Case, b.supervisor(police))
	b.must(err)
	done, err := b.act(police, desk.Draft{Case: p.Case})
	b.must(err)
	return done
}

func wantProblem(t *testing.T, what string, err error, text string) {
	t.Helper()
	var p *desk.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Text, text) {
		t.Errorf("%s: got %v, want a problem that says %q", what, err, text)
	}
}

// fourEyes asks for two officers behind a request, and behind a disclosure.
func fourEyes(c *node.Config) { c.Approvals = node.Approvals{Request: 2, Disclosure: 2} }

func TestARequestWaitsForItsApprovals(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.alter = fourEyes
		b.start(police)
		b.start(office)
		p := b.save(desk.Draft{Body: protocol.Body{Request: newOrder()}})
		if p.Approvals == nil || p.Approvals.Needed != 2 || p.Approvals.Missing() != 2 {
			t.Errorf("got %+v, want two missing", p.Approvals)
		}
		_, err := b.act(police, desk.Draft{Case: p.Case})
		wantProblem(t, "alone", err, string(protocol.ReasonApproval))

		got, err := b.approve(police, p.Case, b.officer(police))
		b.must(err)
		if len(got.By) != 1 || got.By[0].Officer == "" || got.Missing() != 1 {
			t.Errorf("got %+v, want one", got)
		}
		_, err = b.approve(police, p.Case, b.officer(police))
		wantProblem(t, "the same officer again", err, "has approved it already")
		_, err = b.act(police, desk.Draft{Case: p.Case})
		wantProblem(t, "who approved and sends", err, "1 of the 2")

		done, err := b.node(police).Unapprove(t.Context(), p.Case, got.By[0].Officer)
		b.must(err)
		if len(done.By) != 0 {
			t.Errorf("taken back: got %+v", done)
		}
		_, err = b.node(police).Unapprove(t.Context(), p.Case, got.By[0].Officer)
		wantProblem(t, "taken back twice", err, "has not approved")

		_, err = b.approve(police, p.Case, b.supervisor(police))
		b.must(err)
		list := b.drafts()
		if x := list[p.Case].Approvals; x == nil || len(x.By) != 1 {
			t.Errorf("the list says %+v", list[p.Case])
		}
		sent, err := b.act(police, desk.Draft{Case: p.Case})
		b.must(err)
		if sent.Act.IsZero() {
			t.Fatalf("not sent: %v", sent.Decision.Reasons())
		}
		b.awaitMove(office, p.Case, casefile.Certify)
		v, err := b.node(office).Case(t.Context(), p.Case)
		b.must(err)
		if n := len(v.Acts[0].Signers[0].Officers); n != 2 {
			t.Errorf("%d officers stand behind it, want 2", n)
		}
		if _, kept := b.drafts()[p.Case]; kept {
			t.Error("the draft is there still")
		}
		_, err = b.node(police).Unapprove(t.Context(), p.Case, got.By[0].Officer)
		wantProblem(t, "after it was sent", err, "waits for approval")
	})
}

// TestAChangedDraftLosesItsApprovals, and the same one does not.
func TestAChangedDraftLosesItsApprovals(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		first := b.save(desk.Draft{Body: protocol.Body{Request: newOrder()}})
		_, err := b.approve(police, first.Case, b.supervisor(police))
		b.must(err)
		again := b.save(desk.Draft{Case: first.Case, Body: first.Body})
		if again.Case != first.Case || len(again.Approvals.By) != 1 || len(again.Approvals.Void) != 0 {
			t.Errorf("the same draft: got %+v", again.Approvals)
		}
		other := newOrder()
		other.FileNumber = "another"
		changed := b.save(desk.Draft{Case: first.Case, Body: protocol.Body{Request: other}})
		if len(changed.Approvals.By) != 0 || len(changed.Approvals.Void) != 1 || !strings.Contains(changed.Approvals.Void[0].Void, "another") {
			t.Errorf("another: got %+v", changed.Approvals)
		}
		_, err = b.approveAs(police, first, b.supervisor(police))
		wantProblem(t, "an approval of what it was", err, "has changed")
		spoilt := changed
		spoilt.Statement = first.Statement
		_, err = b.approveAs(police, spoilt, b.supervisor(police))
		wantProblem(t, "a signature over what it was", err, string(protocol.ReasonOfficerInvalid))
		wrong, err := b.Wrong(police)
		b.must(err)
		_, err = b.approve(police, first.Case, wrong)
		wantProblem(t, "who may not sign it", err, string(protocol.ReasonOfficerRole))
		_, err = b.node(police).Save(t.Context(), desk.Draft{Case: protocol.NewCaseID(), Agreement: daa.ID, Body: first.Body})
		wantProblem(t, "in the place of none", err, "no such case")
	}, police)
}

// TestAnApprovalThatBecameVoidDoesNotCount: the officer's key was revoked since.
func TestAnApprovalThatBecameVoidDoesNotCount(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.alter = fourEyes
		b.start(police)
		p := b.save(desk.Draft{Body: protocol.Body{Request: newOrder()}})
		_, err := b.approve(police, p.Case, b.supervisor(police))
		b.must(err)
		n := b.node(police)
		_, err = n.Publish(t.Context(), "register", b.update(n, "GB", register.Changes{Revoke: []register.Revocation{
			{Key: b.supervisor(police).Key.Public().Fingerprint(), Time: b.now(), Cause: register.CauseCeased}}}))
		b.must(err)
		b.turn(time.Minute)
		v, err := n.Case(t.Context(), p.Case)
		b.must(err)
		if len(v.Approvals.By) != 0 || len(v.Approvals.Void) != 1 || !strings.Contains(v.Approvals.Void[0].Void, "revoked") {
			t.Errorf("got %+v", v.Approvals)
		}
		_, err = b.act(police, desk.Draft{Case: p.Case})
		wantProblem(t, "with a void approval", err, string(protocol.ReasonApproval))
	})
}

// TestAnEmergencyOfOneIsHeldAndOfTwoIsNot, from the draft to the provider's inbox.
func TestAnEmergencyOfOneIsHeldAndOfTwoIsNot(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		for _, two := range []bool{false, true} {
			p := b.save(desk.Draft{Body: protocol.Body{Request: emergency()}})
			if !p.Approvals.Duty || p.Approvals.Needed != casefile.EmergencyOfficers {
				t.Errorf("got %+v, want two on duty", p.Approvals)
			}
			move := casefile.Review
			if two {
				_, err := b.approve(police, p.Case, b.supervisor(police))
				b.must(err)
				move = casefile.Answer
			}
			_, err := b.act(police, desk.Draft{Case: p.Case})
			b.must(err)
			b.awaitMove(office, p.Case, casefile.Certify)
			_, err = b.act(office, desk.Draft{Case: p.Case, Body: certification()})
			b.must(err)
			b.awaitMove(contoso, p.Case, move)
		}
	}, police, office, contoso)
}

// TestADisclosureWaitsForItsApprovals: what was proposed leaves once two have seen
// it, and what else is done in the case leaves it alone.
func TestADisclosureWaitsForItsApprovals(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.alter = func(c *node.Config) {
			if c.Self == contoso {
				fourEyes(c)
			}
		}
		for _, id := range []protocol.ParticipantID{police, office, contoso} {
			b.start(id)
		}
		s := b.request(newOrder())
		b.awaitMove(office, s.Case, casefile.Certify)
		_, err := b.act(office, desk.Draft{Case: s.Case, Body: certification()})
		b.must(err)
		b.awaitMove(contoso, s.Case, casefile.Answer)
		body := protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete,
			Objects: []protocol.Object{evidencetest.Object("a.txt", "text/plain", []byte("a"))}}}
		_, err = b.act(contoso, desk.Draft{Case: s.Case, Body: body})
		wantProblem(t, "alone", err, string(protocol.ReasonApproval))
		proposed := b.takeIn(contoso, desk.Draft{Case: s.Case, Body: body})
		_, err = b.node(contoso).Save(t.Context(), proposed)
		b.must(err)
		_, err = b.approve(contoso, s.Case, b.supervisor(contoso))
		b.must(err)
		v, err := b.node(contoso).Case(t.Context(), s.Case)
		b.must(err)
		again, err := b.node(contoso).Save(t.Context(), proposed) // the keys are not sealed anew
		b.must(err)
		if a := again.Approvals; a == nil || len(a.By) != 1 || len(a.Void) != 0 {
			t.Errorf("saved again: got %+v", a)
		}
		if v.Proposed == nil || v.Approvals == nil || len(v.Approvals.By) != 1 || v.State != string(casefile.Served) {
			t.Errorf("got %+v, %+v, %s", v.Proposed, v.Approvals, v.State)
		}
		other := body
		other.Disclosure = &protocol.Disclosure{Status: protocol.ProductionNoData, Objects: []protocol.Object{}}
		_, err = b.act(contoso, desk.Draft{Case: s.Case, Body: other})
		wantProblem(t, "another disclosure", err, string(protocol.ReasonApproval))
		done, err := b.act(contoso, desk.Draft{Case: s.Case})
		b.must(err)
		if done.Act.IsZero() {
			t.Fatal("it was not sent")
		}
		if list, err := b.node(contoso).Drafts(t.Context(), desk.Page{Limit: 9}); err != nil || len(list.Items) != 0 {
			t.Errorf("left over: %+v, %v", list, err)
		}
	})
}

// TestADrillIsMarkedAndYieldsNothing, at every node.
func TestADrillIsMarkedAndYieldsNothing(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		r := emergency()
		r.Drill = true
		s := b.request(r)
		b.awaitMove(office, s.Case, casefile.Certify)
		if in := b.inbox(office); len(in) != 1 || !in[0].Drill {
			t.Errorf("the office's inbox says %+v", in)
		}
		time.Sleep(time.Minute)
		ordinary := b.request(newOrder())
		b.awaitMove(office, ordinary.Case, casefile.Certify)
		time.Sleep(time.Minute)
		real := b.request(emergency())
		b.awaitMove(office, real.Case, casefile.Certify)
		if in := b.inbox(office); len(in) != 3 || in[0].Case != real.Case || in[1].Case != s.Case || in[2].Case != ordinary.Case {
			t.Errorf("the inbox does not have the emergency first, then the drill: %+v", in)
		}
		_, err := b.act(office, desk.Draft{Case: s.Case, Body: certification()})
		b.must(err)
		b.awaitMove(contoso, s.Case, casefile.Review)
		if !slices.ContainsFunc(b.inbox(contoso), func(i desk.Item) bool { return i.Drill && i.Emergency }) {
			t.Errorf("the provider's inbox says %+v", b.inbox(contoso))
		}
		_, err = b.node(contoso).TakeIn(t.Context(), s.Case, desk.Intake{Name: "a.txt"}, strings.NewReader("a"))
		wantProblem(t, "data in a drill", err, string(protocol.ReasonDrill))
		_, err = b.act(contoso, desk.Draft{Case: s.Case, Body: protocol.Body{Disclosure: &protocol.Disclosure{
			Status: protocol.ProductionNoData, Objects: []protocol.Object{}}}})
		b.must(err)
	}, police, office, contoso)
}

func TestApprovalsThatNoActCarriesAreRefused(t *testing.T) {
	for _, a := range []node.Approvals{{Request: protocol.MaxEndorsements + 1}, {Disclosure: -1}} {
		if a.Check() == nil {
			t.Errorf("%+v stands", a)
		}
	}
	if err := (node.Approvals{Request: protocol.MaxEndorsements}).Check(); err != nil {
		t.Error(err)
	}
}
