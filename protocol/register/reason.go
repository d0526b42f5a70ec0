package register

import (
	"errors"

	"comity.example/crypto/seal"
	"comity.example/protocol"
)

// What is wrong with a register, a lookup in it or a credential.
var (
	ErrMalformed    = errors.New("not well formed")
	ErrUnknownParty = errors.New("no register of that Party is held")
	ErrUnregistered = errors.New("the participant does not stand in its Party's register")
	ErrLapsed       = errors.New("the Party's register has lapsed")
	ErrEarly        = errors.New("issued in the future")
	ErrThreshold    = errors.New("not signed by enough roots")
	ErrRollback     = errors.New("an older version than the one held")
	ErrRevival      = errors.New("a revocation was taken back")
	// ErrFork means that a Party's roots signed two histories.
	ErrFork       = errors.New("another history than the one held")
	ErrCredential = errors.New("the credential does not fit")
	ErrExpired    = errors.New("the credential is not valid at that time")
)

// Reason returns what may be told across a border about err, an error of this
// package: ReasonMalformed when it is none of the above.
func Reason(err error) protocol.Reason {
	for _, c := range []struct {
		err    error
		reason protocol.Reason
	}{
		{ErrUnknownParty, protocol.ReasonUnknownParty},
		{ErrUnregistered, protocol.ReasonUnregistered},
		{ErrLapsed, protocol.ReasonRegisterLapsed},
		{ErrEarly, protocol.ReasonClock},
		{ErrRollback, protocol.ReasonRegisterRollback},
		{ErrRevival, protocol.ReasonRegisterRollback},
		{ErrFork, protocol.ReasonConflict},
		{ErrCredential, protocol.ReasonOfficerInvalid},
		{ErrExpired, protocol.ReasonOfficerInvalid},
		{ErrThreshold, protocol.ReasonSignatureMissing},
		{seal.ErrSignatureMissing, protocol.ReasonSignatureMissing},
		{seal.ErrSignatureInvalid, protocol.ReasonNotAuthentic},
	} {
		if errors.Is(err, c.err) {
			return c.reason
		}
	}
	return protocol.ReasonMalformed
}
