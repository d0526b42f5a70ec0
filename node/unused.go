package node

import (
	"context"
	"errors"
	"sync"

	"comity.example/node/desk"
	"comity.example/node/library"
)

// An unfitError says that a document was not adopted for what it is, and that
// nothing was written.
type unfitError struct{ error }

func (e *unfitError) Unwrap() error { return e.error }

// unused are the idle documents.
type unused struct {
	sync.Mutex
	docs []library.Idle
}

func (u *unused) list() []desk.Unused {
	u.Lock()
	defer u.Unlock()
	var out []desk.Unused
	for _, d := range u.docs {
		out = append(out, desk.Unused{Kind: string(d.Kind), File: d.File, Why: d.Why})
	}
	return out
}

func (u *unused) take() []Document {
	u.Lock()
	defer u.Unlock()
	var out []Document
	for _, d := range u.docs {
		out = append(out, d.Document)
	}
	return out
}

func (u *unused) set(docs []library.Idle) {
	u.Lock()
	defer u.Unlock()
	u.docs = docs
}

// adoptAll adopts the documents that came with the configuration: registers
// first, since they say who signs the rest.
func (n *Node) adoptAll(ctx context.Context) error {
	n.adopts.Lock()
	defer n.adopts.Unlock()
	left, err := n.adoptFiles(ctx, library.InOrder(n.cfg.Documents))
	if err != nil {
		return err
	}
	for _, d := range left {
		if d.Err != nil {
			return &FileError{Kind: d.Kind, File: d.File, Err: d.Err}
		}
		n.cfg.Log.Warn("document not in use", "kind", d.Kind, "file", d.File, "why", d.Why)
	}
	n.unused.set(left)
	return nil
}

// tryUnused adopts what waited for a document that has come: a suspension whose
// agreement was not complete must hold when the agreement does.
func (n *Node) tryUnused(ctx context.Context) error {
	left, err := n.adoptFiles(ctx, n.unused.take())
	if err == nil {
		n.unused.set(left)
	}
	return err
}

// adoptFiles adopts the documents that can be used, and returns the others. The
// caller holds adopts.
func (n *Node) adoptFiles(ctx context.Context, docs []Document) ([]library.Idle, error) {
	var left []library.Idle
	for _, d := range docs {
		h, err := n.adoptOne(ctx, d, adoption{peer: n.cfg.Self})
		var unfit *unfitError
		switch {
		case err == nil:
			continue
		case !errors.As(err, &unfit):
			return nil, err
		case errors.Is(err, library.ErrForeign):
			n.cfg.Log.Info("agreement passed over: our Party has not signed it", "name", h.Name)
		}
		if file, ok := n.library.Load().Idle(d, unfit.error); ok {
			left = append(left, file)
		}
	}
	return left, nil
}
