package exhibit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
)

func noExhibit(id protocol.CaseID) error {
	return &desk.Problem{Status: http.StatusNotFound, Text: "this case has no such object here",
		Hint: "comity case show " + string(id) + " lists those that it has"}
}

// Evidence implements desk.Exhibits.
func (k *Keeper) Evidence(ctx context.Context, id protocol.CaseID) (desk.Evidence, error) {
	out := desk.Evidence{Case: id, Items: []desk.EvidenceItem{}}
	err := k.journal.View(ctx, func(r store.Reader) error {
		if _, err := k.cfg.Cases.Case(r, id); err != nil {
			if errors.Is(err, store.ErrNotFound) {
				return desk.NoCase()
			}
			return err
		}
		var err error
		out.Items, err = k.Items(r, id)
		return err
	})
	return out, err
}

// Items returns the objects of a case as people see them.
func (k *Keeper) Items(r store.Reader, id protocol.CaseID) ([]desk.EvidenceItem, error) {
	items := []desk.EvidenceItem{}
	err := exhibitsOf(r, id, func(x exhibitID, e exhibit) error {
		i := desk.EvidenceItem{Number: e.Number, Object: e.Object, Act: e.Act, From: e.From, State: e.State, Why: e.Why,
			Total: stream.SealedSize(e.Object.Size)}
		switch e.State {
		case desk.EvidenceWaiting:
			k.showFetching(x, &i)
		case desk.EvidenceDeleted:
		default:
			i.Have = i.Total
		}
		if err := k.whyKept(r, x, &e, &i); err != nil {
			return err
		}
		var err error
		i.Served, err = k.served(r, x, &e)
		items = append(items, i)
		return err
	})
	if err != nil {
		return nil, err
	}
	if live, err := k.liveItem(r, id); err != nil {
		return nil, err
	} else if live != nil {
		items = append(items, *live)
	}
	slices.SortFunc(items, func(a, b desk.EvidenceItem) int { return cmp.Compare(a.Number, b.Number) })
	return items, nil
}

// whyKept says of an object that was passed on out of another case why its readers get
// nothing of it any more.
func (k *Keeper) whyKept(r record.Getter, x exhibitID, e *exhibit, i *desk.EvidenceItem) error {
	if e.State != desk.EvidenceDisclosed || e.Bound == x.Case {
		return nil
	}
	c, err := k.cfg.Cases.Case(r, e.Bound)
	if err == nil && !c.Passable(x.Object, k.cfg.Self) {
		i.Why = "nothing of it is handed out any more: it may not be used in case " + string(e.Bound) + ", out of which it was passed on"
	}
	return err
}

// Content implements desk.Exhibits.
func (k *Keeper) Content(ctx context.Context, piece desk.Piece, w io.Writer) error {
	id, object, offset := piece.Case, piece.Object, piece.From
	e, err := k.exhibit(ctx, exhibitID{id, object})
	if err != nil {
		return err
	}
	if err := e.readable(id); err != nil {
		return err
	}
	if offset > e.Object.Size {
		return &desk.Problem{Status: http.StatusRequestedRangeNotSatisfiable,
			Text: fmt.Sprintf("offset: want at most %d, the size of the object", e.Object.Size)}
	}
	content, err := k.vault.Open(id, e.Object.Tree, e.Bound)
	if err != nil {
		return k.vaultProblem(err)
	}
	defer content.Close()
	if _, err := content.WriteFrom(&patient{w, ctx}, offset); err != nil {
		return k.vaultProblem(err)
	}
	return nil
}

// exhibit returns an object of a case, by any of its names.
func (k *Keeper) exhibit(ctx context.Context, x exhibitID) (e exhibit, err error) {
	err = k.journal.View(ctx, func(r store.Reader) error {
		l, err := liveOf(r, x.Case)
		if err != nil {
			return err
		}
		if l != nil && l.called(x.Object) {
			x.Object = l.exhibit()
		}
		e, err = record.Read[exhibit](r, x.key())
		if errors.Is(err, store.ErrNotFound) {
			return noExhibit(x.Case)
		}
		return err
	})
	return e, err
}

// readable says why an object cannot be read here now.
func (e *exhibit) readable(id protocol.CaseID) error {
	switch e.State {
	case desk.EvidenceHeld, desk.EvidenceDisclosed, desk.EvidenceComplete:
		return nil
	case desk.EvidenceQuarantined:
		return &desk.Problem{Status: http.StatusConflict, Text: "the object is in quarantine: the scanner found something in it",
			Hint: "whoever wants it all the same: comity fetch " + string(id) + " --despite-quarantine"}
	case desk.EvidenceDamaged:
		return &desk.Problem{Status: http.StatusConflict, Text: "the object is not what the disclosure says: " + e.Why,
			Hint: "ask who disclosed it to disclose it again"}
	case desk.EvidenceRestricted:
		return &desk.Problem{Status: http.StatusConflict, Text: "the use of the object is restricted: nothing of it is handed out",
			Hint: "the case says why: comity case show " + string(id)}
	case desk.EvidenceDeleted:
		return &desk.Problem{Status: http.StatusGone, Text: "the object was deleted here: its key is destroyed",
			Hint: "the case has the certificate: comity case show " + string(id)}
	}
	return &desk.Problem{Status: http.StatusConflict, Text: "the object is not here yet", Hint: "comity fetch " + string(id)}
}

// A patient writer ends with its context.
type patient struct {
	w   io.Writer
	ctx context.Context
}

func (p *patient) Write(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.w.Write(b)
}

// CheckVault implements desk.Exhibits.
func (k *Keeper) CheckVault(ctx context.Context) (desk.VaultReport, error) {
	found, err := k.vault.Check(ctx, nil)
	if err != nil {
		return desk.VaultReport{}, k.vaultProblem(err)
	}
	return desk.VaultReport{Objects: found.Objects, Bytes: found.Bytes, Damaged: slices.Concat([]protocol.Digest{}, found.Damaged),
		Missing: slices.Concat([]protocol.Digest{}, found.Missing), Keys: slices.Concat([]protocol.Digest{}, found.Keys),
		Stray: found.Stray}, nil
}

// vaultProblem turns an error of the vault into words for a person.
func (k *Keeper) vaultProblem(err error) error {
	var own *desk.Problem
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, vault.ErrNoRoom):
		return &desk.Problem{Status: http.StatusInsufficientStorage, Text: "the node's disk has no room for it",
			Hint: "make room on the node's disk: nothing of it was kept"}
	case errors.Is(err, vault.ErrQuota):
		return &desk.Problem{Status: http.StatusInsufficientStorage, Text: "the case has as much evidence as this node takes for one",
			Hint: "raise case_quota in comity.toml"}
	case errors.Is(err, vault.ErrDestroyed):
		return &desk.Problem{Status: http.StatusGone, Text: "the object was deleted here: its key is destroyed"}
	}
	return err
}
