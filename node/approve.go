package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// Approvals say how many officers of this participant must stand behind what it
// sends: four eyes. Whoever sends it is one of them. 0 and 1 ask for no more than
// the protocol does.
type Approvals struct {
	Request    int
	Disclosure int
}

// Check reports whether acts could carry so many endorsements.
func (a Approvals) Check() error {
	for _, x := range []struct {
		of string
		n  int
	}{{"request", a.Request}, {"disclosure", a.Disclosure}} {
		if x.n < 0 || x.n > protocol.MaxEndorsements {
			return fmt.Errorf("approvals: %s: want 1 to %d officers", x.of, protocol.MaxEndorsements)
		}
	}
	return nil
}

// needed returns how many officers must stand behind an act.
func (a Approvals) needed(b *protocol.Body) int {
	n := 0
	switch {
	case b.Request != nil:
		n = a.Request
	case b.Disclosure != nil:
		n = a.Disclosure
	}
	return max(n, 1)
}

// An approval is an officer's endorsement of a draft.
type approval struct {
	Officer     register.OfficerID   `json:"officer"`
	Endorsement protocol.Endorsement `json:"endorsement"`
}

// Approve implements desk.Approving: nobody sees to it that the officer has read
// the draft, but the signature is over this draft and no other.
func (n *Node) Approve(ctx context.Context, d desk.Draft) (desk.Approvals, error) {
	if len(d.Endorsements) != 1 {
		return desk.Approvals{}, &desk.Problem{Status: http.StatusBadRequest, Text: "endorsements: want that of one officer"}
	}
	grounds := *n.grounds.Load()
	now := n.now()
	s, p, err := n.planSaved(ctx, grounds, d.Case, now)
	if err != nil {
		return desk.Approvals{}, err
	}
	if !sameBody(&s.Draft.Body, &d.Body) {
		return desk.Approvals{}, &desk.Problem{Status: http.StatusConflict, Text: "the draft has changed since it was shown",
			Hint: "read it again: comity approve " + string(d.Case)}
	}
	act := *p.act
	act.Endorsements = d.Endorsements
	found, fault := chain.Endorsers(&act, n.asks(grounds, now))
	if fault != nil {
		n.cfg.Log.Info("approval refused", "reason", fault.Reason)
		return desk.Approvals{}, &desk.Problem{Status: http.StatusUnprocessableEntity,
			Text: fmt.Sprintf("the approval does not count: %s", fault.Reason),
			Hint: "ask for a credential that fits this act, or for an officer who has one"}
	}
	new := approval{found[0].ID, d.Endorsements[0]}
	return n.changeApprovals(ctx, d.Case, func(have []approval) ([]approval, error) {
		held := n.backing(grounds, p.act, have, now)
		if slices.ContainsFunc(held.officers, func(o chain.Officer) bool { return o.ID == found[0].ID || o.Key == found[0].Key }) {
			return nil, &desk.Problem{Status: http.StatusConflict, Text: "this officer has approved it already",
				Hint: "another officer is to approve it; comity approve --withdraw takes an approval back"}
		}
		if len(held.approvals) >= protocol.MaxEndorsements-1 {
			return nil, &desk.Problem{Status: http.StatusConflict, Text: "it has as many approvals as an act can carry besides who sends it"}
		}
		return append(held.approvals, new), nil
	})
}

// Unapprove implements desk.Approving.
func (n *Node) Unapprove(ctx context.Context, id protocol.CaseID, officer register.OfficerID) (desk.Approvals, error) {
	return n.changeApprovals(ctx, id, func(have []approval) ([]approval, error) {
		left := slices.DeleteFunc(slices.Clone(have), func(a approval) bool { return a.Officer == officer })
		if len(left) == len(have) {
			return nil, &desk.Problem{Status: http.StatusNotFound, Text: "this officer has not approved the draft",
				Hint: "comity request show says who has"}
		}
		return left, nil
	})
}

// changeApprovals changes the approvals of a saved draft, and shows them.
func (n *Node) changeApprovals(ctx context.Context, id protocol.CaseID, change func([]approval) ([]approval, error)) (desk.Approvals, error) {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		s, err := record.Read[saved](tx, draftKey(id))
		if errors.Is(err, store.ErrNotFound) {
			return noDraft(tx, id)
		}
		if err != nil {
			return err
		}
		if s.Approvals, err = change(s.Approvals); err != nil {
			return err
		}
		return record.Write(tx, draftKey(id), s)
	})
	if err != nil {
		return desk.Approvals{}, n.problem(err)
	}
	return n.approvalsOf(ctx, id)
}

// approvalsOf shows who stands behind the draft that is saved in a case.
func (n *Node) approvalsOf(ctx context.Context, id protocol.CaseID) (desk.Approvals, error) {
	grounds := *n.grounds.Load()
	now := n.now()
	s, p, err := n.planSaved(ctx, grounds, id, now)
	if err != nil {
		return desk.Approvals{}, err
	}
	return n.approvals(grounds, p.act, s.Approvals, now), nil
}

// planSaved plans the act that a saved draft would be now.
func (n *Node) planSaved(ctx context.Context, g casefile.Grounds, id protocol.CaseID, now time.Time) (saved, *plan, error) {
	s, err := n.savedDraft(ctx, id)
	if err != nil {
		return s, nil, err
	}
	p, err := n.plan(ctx, g, s.Draft, now)
	return s, p, err
}

func (n *Node) asks(g casefile.Grounds, now time.Time) chain.Context {
	return chain.Context{Directory: g.Directory, At: now}
}

// A backed draft is one with the approvals that count now.
type backed struct {
	approvals []approval
	officers  []chain.Officer // of the approvals, in their order
	void      []desk.Approval
}

// backing sorts the approvals of a draft: those that count for the act that it
// would be now, and those that do not, with the reason. Each is looked at by
// itself: one that has become void is no reason to distrust another.
func (n *Node) backing(g casefile.Grounds, act *protocol.Act, have []approval, now time.Time) backed {
	var out backed
	for _, a := range have {
		alone := *act
		alone.Endorsements = []protocol.Endorsement{a.Endorsement}
		found, fault := chain.Endorsers(&alone, n.asks(g, now))
		if fault != nil {
			out.void = append(out.void, desk.Approval{Officer: a.Officer, Void: whyVoid(fault.Reason)})
			continue
		}
		out.approvals, out.officers = append(out.approvals, a), append(out.officers, found[0])
	}
	return out
}

// whyVoid says why an approval that once counted does not.
func whyVoid(r protocol.Reason) string {
	switch r {
	case protocol.ReasonKeyRevoked:
		return "the officer's key was revoked"
	case protocol.ReasonOfficerRole:
		return "the officer may not do this any more"
	}
	return "the draft or its agreement is another now, or the credential has expired"
}

// approvals shows who stands behind the act that a draft would be now.
func (n *Node) approvals(g casefile.Grounds, act *protocol.Act, have []approval, now time.Time) desk.Approvals {
	b := n.backing(g, act, have, now)
	out := desk.Approvals{By: []desk.Approval{}, Void: b.void, Needed: n.cfg.Approvals.needed(&act.Body)}
	if r := act.Body.Request; r != nil && r.Emergency != nil {
		out.Duty, out.Needed = true, max(out.Needed, casefile.EmergencyOfficers)
	}
	for _, o := range b.officers {
		out.By = append(out.By, desk.Approval{Officer: o.ID, Roles: o.Roles, Grades: o.Grades, Signed: o.Signed})
	}
	return out
}

// addApprovals puts the approvals of the saved draft behind the act that is
// submitted, if it is the same. An officer who approved and submits counts once.
func (n *Node) addApprovals(ctx context.Context, g casefile.Grounds, p *plan, now time.Time) error {
	if p.body.Request == nil && p.body.Disclosure == nil {
		return nil
	}
	var have []approval
	err := n.journal.View(ctx, func(r store.Reader) error {
		s, err := record.Read[saved](r, draftKey(p.act.Case))
		if err == nil && sameBody(&s.Draft.Body, &p.body) {
			have = s.Approvals
		}
		return record.IgnoreMissing(err)
	})
	if err != nil {
		return err
	}
	again := func(o chain.Officer) bool {
		return slices.ContainsFunc(p.act.Endorsements, func(e protocol.Endorsement) bool {
			c, err := register.ClaimCredential(e.Credential)
			return err == nil && (c.Officer == o.ID || c.Key.Fingerprint() == o.Key)
		})
	}
	held := n.backing(g, p.act, have, now)
	for i, a := range held.approvals {
		if !again(held.officers[i]) && len(p.act.Endorsements) < protocol.MaxEndorsements {
			p.act.Endorsements = append(p.act.Endorsements, a.Endorsement)
		}
	}
	return nil
}

// enough wants as many officers behind an act as this participant asks for.
// Package chain has seen that no officer stands there twice.
func (n *Node) enough(p *plan) error {
	needed, have := n.cfg.Approvals.needed(&p.body), len(p.act.Endorsements)
	if needed <= 1 || have >= needed {
		return nil
	}
	kind := p.body.Kind()
	hint := "another officer approves it: comity approve " + string(p.act.Case)
	if kind == protocol.KindDisclosure {
		hint = "comity disclose " + string(p.act.Case) + " --held --propose keeps it, and another officer approves it: comity approve " + string(p.act.Case)
	}
	return &desk.Problem{Status: http.StatusConflict, Hint: hint,
		Text: fmt.Sprintf("the %s cannot be sent: %d of the %d officers whom this participant asks for stand behind it (%s)",
			kind, have, needed, protocol.ReasonApproval)}
}

// sameBody reports whether two bodies are one content.
func sameBody(a, b *protocol.Body) bool {
	x, err1 := a.Digest()
	y, err2 := b.Digest()
	return err1 == nil && err2 == nil && x == y
}

// noDraft is the problem of who approves what is no draft.
func noDraft(r store.Reader, id protocol.CaseID) error {
	if _, err := r.Get(caseKey(id)); err != nil {
		return desk.NoCase()
	}
	return &desk.Problem{Status: http.StatusConflict, Text: "nothing in this case waits for approval",
		Hint: "see comity case show " + string(id)}
}
