package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/register"
)

// A FileError says that a document among the home's files does not stand, and
// that the node must not run without it: a register may revoke a key, a notice
// may suspend a right.
type FileError struct {
	Kind DocumentKind
	File string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("node: %s %s: %v", e.Kind, e.File, e.Err) }

// Unwrap returns what is wrong with the document.
func (e *FileError) Unwrap() error { return e.Err }

// An unfitError says that a document was not adopted for what it is, and that
// nothing was written.
type unfitError struct{ error }

func (e *unfitError) Unwrap() error { return e.error }

// An idle document is one of the home's files that is not in use.
type idle struct {
	Document
	why string
	err error // set if the node must not start without it
}

// unused are the idle documents.
type unused struct {
	sync.Mutex
	docs []idle
}

func (u *unused) list() []desk.Unused {
	u.Lock()
	defer u.Unlock()
	var out []desk.Unused
	for _, d := range u.docs {
		out = append(out, desk.Unused{Kind: string(d.Kind), File: d.File, Why: d.why})
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

func (u *unused) set(docs []idle) {
	u.Lock()
	defer u.Unlock()
	u.docs = docs
}

// adoptAll adopts the documents that came with the configuration: registers
// first, since they say who signs the rest.
func (n *Node) adoptAll(ctx context.Context) error {
	n.adopts.Lock()
	defer n.adopts.Unlock()
	left, err := n.adoptFiles(ctx, inOrder(n.cfg.Documents))
	if err != nil {
		return err
	}
	for _, d := range left {
		if d.err != nil {
			return &FileError{Kind: d.Kind, File: d.File, Err: d.err}
		}
		n.cfg.Log.Warn("document not in use", "kind", d.Kind, "file", d.File, "why", d.why)
	}
	n.unused.set(left)
	return nil
}

// inOrder returns documents so that none comes before what it rests on.
func inOrder(docs []Document) []Document {
	var out []Document
	for _, kind := range []DocumentKind{RegisterDocument, AgreementDocument, NoticeDocument} {
		for _, d := range docs {
			if d.Kind == kind {
				out = append(out, d)
			}
		}
	}
	return out
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
func (n *Node) adoptFiles(ctx context.Context, docs []Document) ([]idle, error) {
	var left []idle
	for _, d := range docs {
		h, err := n.adoptOne(ctx, d, adoption{peer: n.cfg.Self})
		var unfit *unfitError
		switch {
		case err == nil:
			continue
		case !errors.As(err, &unfit):
			return nil, err
		case errors.Is(err, errForeign):
			n.cfg.Log.Info("agreement passed over: our Party has not signed it", "name", h.Name)
		}
		if file, ok := n.library.Load().idle(d, unfit.error); ok {
			left = append(left, file)
		}
	}
	return left, nil
}

// idle returns what is to be said of a file that was not adopted; false if what
// it says is in use all the same, or is none of ours.
func (l *library) idle(d Document, err error) (idle, bool) {
	old := errors.Is(err, register.ErrRollback) // a newer register came over a link
	if old || errors.Is(err, errHeld) || errors.Is(err, errForeign) {
		return idle{}, false
	}
	why, dispensable := l.dispensable(d, err)
	if !dispensable {
		return idle{Document: d, why: err.Error(), err: err}, true
	}
	return idle{Document: d, why: why}, why != ""
}

// dispensable reports whether a node may run without a document that cannot be
// adopted, and says why the document is not in use; "" if what it says is in
// use all the same. An agreement only grants: without it less is allowed. What
// a Party says whose roots are not pinned concerns nobody here. A notice
// without its agreement has nothing to suspend.
func (l *library) dispensable(d Document, err error) (why string, ok bool) {
	switch d.Kind {
	case AgreementDocument:
		return l.incomplete(d.Bytes, err), true
	case RegisterDocument:
		return "its Party is not pinned", errors.Is(err, register.ErrUnknownParty)
	case NoticeDocument:
		if errors.Is(err, agreement.ErrUnknownRoots) {
			return "its Party is not pinned", true
		}
		return "its agreement is not in use", errors.Is(err, errEarly)
	}
	return "", false
}

// incomplete says why an agreement cannot be used: who has still to sign it, if
// that is all; "" if the same text is in use with more signatures.
func (l *library) incomplete(b []byte, err error) string {
	why := strings.TrimPrefix(err.Error(), "agreement: ")
	if !errors.Is(err, agreement.ErrUnsigned) && !errors.Is(err, agreement.ErrOneSignature) {
		return why
	}
	document, signatures, err1 := agreement.SplitSigned(b)
	doc, err2 := agreement.ParseDocument("agreement", document)
	sigs, err3 := agreement.ParseSignatures(signatures)
	if errors.Join(err1, err2, err3) != nil {
		return why
	}
	if held, ok := l.agreements[doc.ID+"@"+doc.Version]; ok && held.Document().Digest() == doc.Digest() {
		return ""
	}
	var missing []protocol.Party
	for _, p := range doc.Parties() {
		if !slices.ContainsFunc(sigs.Signatures, func(s agreement.PartySignature) bool { return s.Party == p }) {
			missing = append(missing, p)
		}
	}
	return notSigned(missing)
}

// namedSigners is how many of the Parties that have not signed are named.
const namedSigners = 3

func notSigned(missing []protocol.Party) string {
	var names []string
	for _, p := range missing[:min(len(missing), namedSigners)] {
		names = append(names, string(p))
	}
	verb := "have"
	switch rest := len(missing) - len(names); {
	case rest > 0:
		names = append(names, fmt.Sprintf("%d more", rest))
	case len(names) == 1:
		verb = "has"
	}
	return strings.Join(names, ", ") + " " + verb + " not signed yet"
}
