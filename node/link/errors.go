package link

import (
	"context"
	"errors"
	"fmt"

	"github.com/quic-go/quic-go"
)

// What Exchange returns wraps one of these. None of them says where a peer is.
var (
	// ErrUnreachable: the name did not resolve, the handshake did not end, the
	// connection broke or time ran out. Try again later. The request may have
	// arrived.
	ErrUnreachable = errors.New("peer cannot be reached")

	// ErrNotAdmitted: the peer ended the handshake: it does not have our key
	// in its Book, or does not speak our protocol. It is an ErrUnreachable.
	ErrNotAdmitted = fmt.Errorf("%w: it ends our handshake", ErrUnreachable)

	// ErrPinMismatch: who answers at the peer's address shows a key that the
	// Book does not pin. It has learnt nothing, not even who called. Try
	// again, and tell a person.
	ErrPinMismatch = errors.New("peer shows a key that is not in the register")

	// ErrUnknownPeer: the Book does not know the participant.
	ErrUnknownPeer = errors.New("peer is not in the register")

	// ErrNoAnswer: the peer was reached and broke off, or what it answered is
	// no answer. Try again later; the request may have had its effect.
	ErrNoAnswer = errors.New("peer gave no answer")

	// ErrClosed: the Link is closed.
	ErrClosed = errors.New("link is closed")
)

// Stream and connection error codes. They are all a peer ever learns.
const (
	codeNotServed quic.StreamErrorCode      = 1 // whatever the reason
	codeBusy      quic.StreamErrorCode      = 2 // stop sending; the answer says Busy
	codeClosing   quic.ApplicationErrorCode = 0
	codeCutOff    quic.ApplicationErrorCode = 1 // struck out of the Book, or too many
)

// An Outcome is the class of what became of a handshake or an exchange, for
// logs and metrics.
type Outcome string

// The outcomes.
const (
	Answered    Outcome = "answered"
	Busy        Outcome = "busy"
	Unreachable Outcome = "unreachable"
	NotAdmitted Outcome = "not-admitted"
	PinMismatch Outcome = "pin-mismatch"
	UnknownPeer Outcome = "unknown-peer"
	NoAnswer    Outcome = "no-answer"
	Malformed   Outcome = "malformed"
	Slow        Outcome = "slow"
	Failed      Outcome = "handler-failed"
	Canceled    Outcome = "canceled"
	Refused     Outcome = "refused"
)

// outcomeOf returns the class of what Exchange is about to return.
func outcomeOf(err error) Outcome {
	switch {
	case errors.Is(err, ErrNotAdmitted):
		return NotAdmitted
	case errors.Is(err, ErrPinMismatch):
		return PinMismatch
	case errors.Is(err, ErrUnknownPeer):
		return UnknownPeer
	case errors.Is(err, ErrNoAnswer):
		return NoAnswer
	case errors.Is(err, ErrUnreachable):
		return Unreachable
	case errors.Is(err, ErrClosed), errors.Is(err, context.Canceled):
		return Canceled
	}
	return Refused
}

// classify turns an error of quic-go into one of ours. The cause is dropped:
// it can hold addresses and text that the peer chose.
func classify(ctx context.Context, err error) error {
	var transport *quic.TransportError
	var stream *quic.StreamError
	var app *quic.ApplicationError
	switch {
	case errors.Is(err, errPin):
		return ErrPinMismatch
	case errors.As(err, &transport) && transport.Remote && transport.ErrorCode.IsCryptoError():
		return ErrNotAdmitted
	case errors.As(err, &stream) && stream.Remote:
		return ErrNoAnswer
	case errors.As(err, &app) && app.Remote && app.ErrorCode == codeCutOff:
		return ErrNoAnswer
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Canceled
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrUnreachable, context.DeadlineExceeded)
	}
	return ErrUnreachable
}
