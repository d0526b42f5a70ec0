package node

import (
	"context"
	"errors"
	"net/http"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/protocol"
)

// saved is a draft as the store holds it, with what was found of it last.
type saved struct {
	Draft    desk.Draft        `json:"draft"`
	Decision protocol.Decision `json:"decision"`
	At       time.Time         `json:"at"` // of the decision
}

// Save implements desk.Acts.
func (n *Node) Save(ctx context.Context, d desk.Draft) (desk.Prepared, error) {
	if d.Body.Kind() != protocol.KindRequest {
		return desk.Prepared{}, &desk.Problem{Status: http.StatusBadRequest, Text: "only a request can be kept as a draft"}
	}
	d.Case, d.Endorsements = protocol.NewCaseID(), nil
	d, err := n.fillCompartments(*n.grounds.Load(), d, n.now())
	if err != nil {
		return desk.Prepared{}, err
	}
	prepared, err := n.Prepare(ctx, d)
	if err != nil {
		return prepared, err
	}
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		return writeJSON(tx, draftKey(d.Case), saved{d, prepared.Decision, n.now()})
	})
	return prepared, n.problem(err)
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
			return noCase()
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
		return noCase()
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
		return writeJSON(tx, draftKey(d.Case), saved{d, decision, n.now()})
	})
	return n.problem(err)
}

func (n *Node) savedDraft(ctx context.Context, id protocol.CaseID) (s saved, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		s, err = readJSON[saved](r, draftKey(id))
		if errors.Is(err, store.ErrNotFound) {
			return noCase()
		}
		return err
	})
	return s, err
}
