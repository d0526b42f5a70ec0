package ledger

import (
	"fmt"
	"slices"
)

// A Kind says what a record is a record of.
type Kind string

// The kinds. The list is append-only: a kind never changes its meaning,
// because records outlive the programs that wrote them.
const (
	KindStarted    Kind = "started"    // the node began to take acts; the first record of a ledger
	KindAccepted   Kind = "accepted"   // an act came in and is delivered
	KindHeld       Kind = "held"       // an act came in and waits for a person
	KindRefused    Kind = "refused"    // an act came in and was not accepted
	KindSent       Kind = "sent"       // an act is in the outbox
	KindReceipted  Kind = "receipted"  // the peer's receipt for an act of ours was verified
	KindRejected   Kind = "rejected"   // the peer's signed refusal of an act of ours was verified
	KindExpired    Kind = "expired"    // an act of ours was not delivered in time
	KindDecided    Kind = "decided"    // a person decided on what was held
	KindRegister   Kind = "register"   // a Party's register is in use from here
	KindAgreement  Kind = "agreement"  // an agreement document is in use from here
	KindNotice     Kind = "notice"     // a Party's notice under an agreement is in use from here
	KindDisclosed  Kind = "disclosed"  // evidence left, or arrived whole
	KindDestroyed  Kind = "destroyed"  // a key was destroyed, and with it what it encrypted
	KindCheckpoint Kind = "checkpoint" // a peer's checkpoint was kept
	KindFork       Kind = "fork"       // a peer's checkpoints contradict each other
	KindNote       Kind = "note"       // an operator's remark, by digest
	KindClock      Kind = "clock"      // the effect of a clock came about in a case, by digest
)

// Kinds lists every kind, in the order of their introduction.
func Kinds() []Kind {
	return []Kind{KindStarted, KindAccepted, KindHeld, KindRefused, KindSent, KindReceipted,
		KindRejected, KindExpired, KindDecided, KindRegister, KindAgreement, KindNotice,
		KindDisclosed, KindDestroyed, KindCheckpoint, KindFork, KindNote, KindClock}
}

var kinds = Kinds()

// UnmarshalText refuses a kind that is not in the list.
func (k *Kind) UnmarshalText(b []byte) error {
	if len(b) > maxKind || !slices.Contains(kinds, Kind(b)) {
		return fmt.Errorf("kind %.*q is not known", maxKind, b)
	}
	*k = Kind(b)
	return nil
}

// maxKind bounds the name of a kind, in bytes.
const maxKind = 32
