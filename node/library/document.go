package library

import (
	"errors"
	"fmt"

	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// A Document is a signed register, agreement or notice as bytes.
type Document struct {
	Kind  Kind
	Bytes []byte
	File  string // where it was read, for people; "" for one that came otherwise
}

// Kind says what a document is.
type Kind string

// The kinds.
const (
	RegisterDocument  Kind = "register"
	AgreementDocument Kind = "agreement"
	NoticeDocument    Kind = "notice"
)

// Wire returns the kind as the wire names it.
func (k Kind) Wire() wire.Kind { return wireKinds[k] }

// Ledger returns the kind as the ledger names it.
func (k Kind) Ledger() ledger.Kind { return ledgerKinds[k] }

var wireKinds = map[Kind]wire.Kind{
	RegisterDocument:  wire.KindRegister,
	AgreementDocument: wire.KindAgreement,
	NoticeDocument:    wire.KindNotice,
}

var ledgerKinds = map[Kind]ledger.Kind{
	RegisterDocument:  ledger.KindRegister,
	AgreementDocument: ledger.KindAgreement,
	NoticeDocument:    ledger.KindNotice,
}

// KindOf is the node's word for a kind of the wire, "" for one that it
// does not keep.
func KindOf(k wire.Kind) Kind {
	for kind, w := range wireKinds {
		if w == k {
			return kind
		}
	}
	return ""
}

// IsAgreement reports whether the document is an agreement of that id, whoever
// signed it.
func (d *Document) IsAgreement(id string) bool {
	if d.Kind != AgreementDocument {
		return false
	}
	text, _, err := agreement.SplitSigned(d.Bytes)
	if err != nil {
		return false
	}
	doc, err := agreement.ParseDocument(d.File, text)
	return err == nil && doc.ID == id
}

// A FileError says that a document among the home's files does not stand, and
// that the node must not run without it: a register may revoke a key, a notice
// may suspend a right.
type FileError struct {
	Kind Kind
	File string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("library: %s %s: %v", e.Kind, e.File, e.Err) }

// Unwrap returns what is wrong with the document.
func (e *FileError) Unwrap() error { return e.Err }

// What keeps a document from being taken.
var (
	// ErrHeld says that a document is already in use.
	ErrHeld = errors.New("library: the document is held")
	// ErrReplaced says that another document is in use under the same name.
	ErrReplaced = errors.New("library: another document is in use")
	// ErrEarly says that a document rests on one that is not held yet.
	ErrEarly = errors.New("library: the document rests on one that is not held yet")
	// ErrForeign says that an agreement is none of ours.
	ErrForeign = errors.New("library: our Party has not signed the agreement")
	// ErrTooMany says that a Party has given more notices, or documents of its own
	// law, than are taken.
	ErrTooMany = errors.New("library: too many documents")
)

// ReasonOf returns what may be told about a document that was not adopted.
func ReasonOf(err error) protocol.Reason {
	for _, c := range []struct {
		err    error
		reason protocol.Reason
	}{
		{seal.ErrSignatureMissing, protocol.ReasonSignatureMissing},
		{agreement.ErrUnsigned, protocol.ReasonUnsigned},
		{agreement.ErrOneSignature, protocol.ReasonUnsigned},
		{agreement.ErrTooFewSigners, protocol.ReasonSignatureMissing},
		{agreement.ErrOtherBytes, protocol.ReasonNotAuthentic},
		{agreement.ErrBadSignature, protocol.ReasonNotAuthentic},
		{agreement.ErrNotThatParty, protocol.ReasonNotAuthentic},
		{agreement.ErrUnknownRoots, protocol.ReasonUnknownParty},
		{ErrReplaced, protocol.ReasonConflict},
		{ErrForeign, protocol.ReasonUnsigned},
		{ErrTooMany, protocol.ReasonTooLarge},
	} {
		if errors.Is(err, c.err) {
			return c.reason
		}
	}
	return register.Reason(err)
}
