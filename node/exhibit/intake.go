package exhibit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// TakeIn implements desk.Exhibits.
func (k *Keeper) TakeIn(ctx context.Context, id protocol.CaseID, about desk.Intake, content io.Reader) (protocol.Object, error) {
	o := protocol.Object{Name: about.Name, MediaType: about.MediaType, Role: about.Role,
		Collected: about.Collected.UTC().Truncate(time.Second), Collector: about.Collector}
	if about.Collected.IsZero() {
		o.Collected = time.Time{}
	}
	likely := o // what is known only at the end, as it will be formed
	likely.SHA512, likely.Tree = strings.Repeat("0", 128), protocol.Digest{1}
	if err := likely.Check(); err != nil {
		return o, &desk.Problem{Status: http.StatusUnprocessableEntity, Text: err.Error(),
			Hint: "mend the members that are named and try again"}
	}
	if err := k.Admit(ctx, id); err != nil {
		return o, err
	}
	taken, err := k.vault.TakeIn(ctx, id, &limited{r: content, left: protocol.MaxObject, ctx: ctx}, nil)
	if err != nil {
		return o, k.vaultProblem(err)
	}
	o.Size, o.SHA512, o.Tree = taken.Size, taken.SHA512, taken.Tree
	x := exhibitID{id, o.Tree}
	_, err = k.journal.Commit(ctx, func(tx *journal.Tx) error {
		if err := k.mayTakeIn(tx, id); err != nil {
			return err
		}
		held, err := record.Read[exhibit](tx, x.key())
		if err == nil { // the same content: it stays what it was said to be
			o = held.Object
			return nil
		}
		number, err2 := numberObject(tx, id)
		return errors.Join(record.IgnoreMissing(err), err2,
			record.Write(tx, x.key(), exhibit{Number: number, Object: o, State: desk.EvidenceHeld, Bound: id}))
	})
	if err != nil {
		if !taken.Already {
			err = errors.Join(err, k.vault.Drop(id, o.Tree))
		}
		return o, k.cfg.Explain(err)
	}
	return o, nil
}

// Admit wants a case in which this participant may still disclose something, and that
// has no more objects than its acts can hand over: else a system that uploads could add
// small ones without end.
func (k *Keeper) Admit(ctx context.Context, id protocol.CaseID) error {
	return k.journal.View(ctx, func(r store.Reader) error {
		if err := k.mayTakeIn(r, id); err != nil {
			return err
		}
		objects := 0
		all := store.Range{Prefix: evidencePrefix(id), Limit: casefile.MaxHanded, KeysOnly: true}
		err := r.Scan(all, func(_, _ []byte) (bool, error) { objects++; return true, nil })
		if err == nil && objects == casefile.MaxHanded {
			err = &desk.Problem{Status: http.StatusConflict,
				Text: fmt.Sprintf("the case has %d objects: its acts hand over no more", casefile.MaxHanded),
				Hint: "put back what is not to be disclosed: comity disclose --drop; or hand over a folder as a pack: --pack"}
		}
		return err
	})
}

// mayTakeIn is Admit of what a transaction sees.
func (k *Keeper) mayTakeIn(r record.Getter, id protocol.CaseID) error {
	c, err := k.cfg.Cases.Case(r, id)
	var reason protocol.Reason
	switch {
	case errors.Is(err, store.ErrNotFound):
		return desk.NoCase()
	case err != nil:
		return err
	case c.Addressee != k.cfg.Self:
		reason = protocol.ReasonRole
	case c.Matter.Drill:
		reason = protocol.ReasonDrill
	case c.State.Ended():
		reason = protocol.ReasonOutOfTurn
	default:
		return nil
	}
	return k.cfg.Explain(&casefile.TurnError{Reason: reason, State: c.State, Kind: protocol.KindDisclosure})
}

// A limited reader ends with its context, and does not read more than an object
// may have.
type limited struct {
	r    io.Reader
	left int64
	ctx  context.Context
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	if l.left <= 0 {
		return 0, &desk.Problem{Status: http.StatusRequestEntityTooLarge,
			Text: fmt.Sprintf("an object has at most %d bytes", int64(protocol.MaxObject)), Hint: "hand it over in several"}
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// PutBack implements desk.Exhibits.
func (k *Keeper) PutBack(ctx context.Context, id protocol.CaseID, object protocol.Digest) (desk.Evidence, error) {
	x := exhibitID{id, object}
	_, err := k.journal.Commit(ctx, func(tx *journal.Tx) error {
		e, err := record.Read[exhibit](tx, x.key())
		switch {
		case errors.Is(err, store.ErrNotFound):
			return noExhibit(id)
		case err != nil:
			return err
		case e.State != desk.EvidenceHeld:
			return &desk.Problem{Status: http.StatusConflict, Text: "the object was disclosed: it is not only held any more",
				Hint: "comity delete destroys it, with a certificate"}
		}
		return tx.Delete(x.key())
	})
	if err != nil {
		return desk.Evidence{}, k.cfg.Explain(err)
	}
	if err := k.vault.Drop(id, object); err != nil {
		return desk.Evidence{}, k.vaultProblem(err)
	}
	return k.Evidence(ctx, id)
}
