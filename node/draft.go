package node

import (
	"context"
	"errors"
	"net/http"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
)

// saved is a draft as the store holds it, with what was found of it last.
type saved struct {
	Draft    desk.Draft        `json:"draft"`
	Decision protocol.Decision `json:"decision"`
	At       time.Time         `json:"at"` // of the decision
	// Approvals are what officers signed under it, as long as it is what they saw.
	Approvals []approval `json:"approvals,omitempty"`
}

// Save implements desk.Acts. A draft that is another than before loses the
// approvals that it had: nobody has seen what it is now.
func (n *Node) Save(ctx context.Context, d desk.Draft) (desk.Prepared, error) {
	replaces := d.Case != "" && d.Body.Request != nil
	switch {
	case d.Body.Request != nil && d.Case == "":
		d.Case = protocol.NewCaseID()
	case d.Body.Request != nil, d.Body.Disclosure != nil && d.Case != "":
	default:
		return desk.Prepared{}, &desk.Problem{Status: http.StatusBadRequest,
			Text: "only a request can be kept as a draft, or a disclosure in a case"}
	}
	d.Endorsements = nil
	d, err := n.fillCompartments(*n.grounds.Load(), d, n.now())
	if err != nil {
		return desk.Prepared{}, err
	}
	prepared, err := n.Prepare(ctx, d)
	if err != nil {
		return prepared, err
	}
	if d.Body.Disclosure != nil { // with the keys, which officers are to sign
		d.Body = prepared.Body
	}
	var void []desk.Approval
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		s := saved{Draft: d, Decision: prepared.Decision, At: n.now()}
		void, err = s.succeed(tx)
		switch {
		case errors.Is(err, store.ErrNotFound) && replaces:
			return noDraft(tx, d.Case)
		case record.IgnoreMissing(err) != nil:
			return err
		}
		return record.Write(tx, draftKey(d.Case), s)
	})
	if err != nil {
		return prepared, n.problem(err)
	}
	held, err := n.approvalsOf(ctx, d.Case)
	held.Void = append(held.Void, void...)
	prepared.Approvals = &held
	return prepared, err
}

// succeed takes over the approvals of the draft in the place of which s comes, if
// it is the same, and else returns them as void.
func (s *saved) succeed(r store.Reader) (void []desk.Approval, err error) {
	old, err := record.Read[saved](r, draftKey(s.Draft.Case))
	if err != nil {
		return nil, err
	}
	if sameBody(&old.Draft.Body, &s.Draft.Body) {
		s.Approvals = old.Approvals
		return nil, nil
	}
	for _, a := range old.Approvals {
		void = append(void, desk.Approval{Officer: a.Officer, Void: "the draft is another now"})
	}
	return void, nil
}

// Discard implements desk.Acts.
func (n *Node) Discard(ctx context.Context, id protocol.CaseID) (desk.Discarded, error) {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		_, err := tx.Get(draftKey(id))
		if !errors.Is(err, store.ErrNotFound) {
			return errors.Join(err, tx.Delete(draftKey(id)))
		}
		_, err = tx.Get(caseKey(id))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return desk.NoCase()
		case err != nil:
			return err
		}
		return &desk.Problem{Status: http.StatusConflict,
			Text: "this request is no draft: it was sent, and what was sent stays",
			Hint: "comity request withdraw ends it"}
	})
	return desk.Discarded{Case: id}, n.problem(err)
}

// notSent is the problem of who acts in a case that this node does not hold:
// there may be a draft of it.
func notSent(r store.Reader, id protocol.CaseID) error {
	if _, err := r.Get(draftKey(id)); err != nil {
		return desk.NoCase()
	}
	return &desk.Problem{Status: http.StatusConflict, Text: "this request is a draft: it was not sent",
		Hint: "comity request send sends it, comity request discard removes it"}
}

// keepDraft keeps a request that was denied, with the findings.
func (n *Node) keepDraft(ctx context.Context, p *plan, decision protocol.Decision) error {
	if p.body.Request == nil {
		return nil
	}
	d := desk.Draft{Case: p.act.Case, Agreement: p.act.Agreement.ID, Body: p.body}
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		s := saved{Draft: d, Decision: decision, At: n.now()}
		if _, err := s.succeed(tx); record.IgnoreMissing(err) != nil {
			return err
		}
		return record.Write(tx, draftKey(d.Case), s)
	})
	return n.problem(err)
}

func (n *Node) savedDraft(ctx context.Context, id protocol.CaseID) (s saved, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		s, err = record.Read[saved](r, draftKey(id))
		if errors.Is(err, store.ErrNotFound) {
			return desk.NoCase()
		}
		return err
	})
	return s, err
}
