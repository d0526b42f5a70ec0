package protocol

import (
	"errors"
	"fmt"
)

// Limits of a nondelivery.
const (
	MaxNondeliveryReasons = 32       // as many as a ledger's record has
	MaxNondeliveryProof   = 16 << 10 // bytes: as many as a proof on the wire has
)

// A Failure says why an act did not get through.
type Failure string

// The failures.
const (
	FailureRefused Failure = "refused" // the recipient's node refused it
	FailureExpired Failure = "expired" // it was not receipted in its time
)

// UnmarshalText refuses a failure that is not in the list.
func (f *Failure) UnmarshalText(b []byte) error {
	*f = Failure(b)
	return known("failure", *f, []Failure{FailureRefused, FailureExpired})
}

// A Nondelivery tells the issuing authority that an act of the sender's did not
// get through to one of its recipients. The sender's node sends it by itself.
type Nondelivery struct {
	Act       Digest        `json:"act"`
	Recipient ParticipantID `json:"recipient"`
	State     Failure       `json:"state"`
	// Reasons are those of the refusal; an act that expired has none.
	Reasons []Reason `json:"reasons"`
	// Proof is the recipient's own (C2SP tlog-proof), there exactly when it
	// refused. Package chain verifies it.
	Proof []byte `json:"proof,omitzero"`
}

func (n *Nondelivery) check() error {
	switch {
	case n.Act.IsZero() || n.Recipient.check() != nil:
		return errors.New("nondelivery: want an act and its recipient")
	case len(n.Reasons) > MaxNondeliveryReasons || len(n.Proof) > MaxNondeliveryProof:
		return fmt.Errorf("nondelivery: want at most %d reasons and a proof of at most %d bytes",
			MaxNondeliveryReasons, MaxNondeliveryProof)
	case n.State != FailureRefused && n.State != FailureExpired:
		return errors.New("nondelivery.state: want refused or expired")
	case (n.State == FailureRefused) != (len(n.Proof) > 0) || n.State == FailureExpired && len(n.Reasons) > 0:
		return errors.New("nondelivery.proof: want it, and reasons, exactly when the act was refused")
	}
	return nil
}
