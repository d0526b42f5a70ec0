package library

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/register"
)

// An Idle document is one of the home's files that is not in use.
type Idle struct {
	Document
	Why string
	Err error // set if the node must not start without it
}

// InOrder returns documents so that none comes before what it rests on.
func InOrder(docs []Document) []Document {
	var out []Document
	for _, kind := range []Kind{RegisterDocument, AgreementDocument, NoticeDocument} {
		for _, d := range docs {
			if d.Kind == kind {
				out = append(out, d)
			}
		}
	}
	return out
}

// Idle returns what is to be said of a file that was not adopted; false if what
// it says is in use all the same, or is none of ours.
func (l *Library) Idle(d Document, err error) (Idle, bool) {
	old := errors.Is(err, register.ErrRollback) // a newer register came over a link
	if old || errors.Is(err, ErrHeld) || errors.Is(err, ErrForeign) {
		return Idle{}, false
	}
	why, dispensable := l.dispensable(d, err)
	if !dispensable {
		return Idle{Document: d, Why: err.Error(), Err: err}, true
	}
	return Idle{Document: d, Why: why}, why != ""
}

// dispensable reports whether a node may run without a document that cannot be
// adopted, and says why the document is not in use; "" if what it says is in
// use all the same. An agreement only grants: without it less is allowed. What
// a Party says whose roots are not pinned concerns nobody here. A notice
// without its agreement has nothing to suspend.
func (l *Library) dispensable(d Document, err error) (why string, ok bool) {
	switch d.Kind {
	case AgreementDocument:
		return l.incomplete(d.Bytes, err), true
	case RegisterDocument:
		return "its Party is not pinned", errors.Is(err, register.ErrUnknownParty)
	case NoticeDocument:
		if errors.Is(err, agreement.ErrUnknownRoots) {
			return "its Party is not pinned", true
		}
		return "its agreement is not in use", errors.Is(err, ErrEarly)
	}
	return "", false
}

// incomplete says why an agreement cannot be used: who has still to sign it, if
// that is all; "" if the same text is in use with more signatures.
func (l *Library) incomplete(b []byte, err error) string {
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
