package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// erase: delete CASE PARTICIPANT REASON [restrict] — every object that it was given.
func (p *player) erase(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	items, err := p.exhibits(ctx, st)
	if err != nil {
		return err
	}
	d := &protocol.Deletion{Action: protocol.Deleted, Reason: protocol.DeletionReason(args[2])}
	if strings.HasSuffix(st.text, " restrict") {
		d.Action = protocol.Restricted
	}
	for _, i := range items {
		if i.State != desk.EvidenceHeld && i.State != desk.EvidenceDeleted {
			d.Objects = append(d.Objects, i.Object.Tree)
		}
	}
	return p.body(ctx, st, protocol.Body{Deletion: d})
}

// exhibits are the objects of a case at a participant.
func (p *player) exhibits(ctx context.Context, st step) ([]desk.EvidenceItem, error) {
	id, err := p.caseOf(st.args[0])
	if err != nil {
		return nil, err
	}
	node, err := p.Desk(protocol.ParticipantID(st.args[1]))
	if err != nil {
		return nil, err
	}
	e, err := node.Evidence(ctx, id)
	return e.Items, err
}

// unread: gone CASE PARTICIPANT FILE [restricted] — nobody there reads it any more.
func (p *player) unread(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	items, err := p.exhibits(ctx, st)
	if err != nil {
		return err
	}
	want := desk.EvidenceDeleted
	if strings.HasSuffix(st.text, " restricted") {
		want = desk.EvidenceRestricted
	}
	for _, i := range items {
		if i.Object.Name != args[2] {
			continue
		}
		if i.State != want {
			return fmt.Errorf("%s is %s at %s", args[2], i.State, args[1])
		}
		id, err := p.caseOf(args[0])
		if err != nil {
			return err
		}
		node, err := p.Desk(protocol.ParticipantID(args[1]))
		if err != nil {
			return err
		}
		err = node.Content(ctx, desk.Piece{Case: id, Object: i.Object.Tree}, io.Discard)
		var problem *desk.Problem
		if !errors.As(err, &problem) || problem.Status != http.StatusGone && problem.Status != http.StatusConflict {
			return fmt.Errorf("%s is handed out at %s: %w", args[2], args[1], errors.Join(err, errors.New("no refusal")))
		}
		p.say("  ✓ %s has %s no more: %s", args[1], args[2], problem.Text)
		return nil
	}
	return fmt.Errorf("%s has no object of the name %s", args[1], args[2])
}

// certified: certified CASE PARTICIPANT SENDER — the certificate of deletion of the
// sender, by an officer, has come there.
func (p *player) certified(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		return slices.ContainsFunc(v.Acts, func(a desk.ActView) bool {
			return a.Kind == protocol.KindDeletion && string(a.From) == args[2] && len(a.Signers) > 0 && len(a.Signers[0].Officers) > 0
		})
	})
	if err == nil {
		p.say("  ✓ %s has the certificate of %s, signed by an officer", args[1], args[2])
	}
	return err
}
