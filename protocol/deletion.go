package protocol

import (
	"errors"
	"fmt"
)

// A DeletionAction says what became of evidence.
type DeletionAction string

// What may become of it.
const (
	// Deleted: the sender's node destroyed its key before the act was sent.
	Deleted DeletionAction = "deleted"
	// Restricted: it is handed out and used no more, and its key stays.
	Restricted DeletionAction = "restricted"
)

// UnmarshalText refuses what is not in the list.
func (a *DeletionAction) UnmarshalText(b []byte) error {
	*a = DeletionAction(b)
	return known("action", *a, []DeletionAction{Deleted, Restricted})
}

// A DeletionReason says why evidence was deleted, or its use restricted.
type DeletionReason string

// The reasons for a deletion. The list is append-only.
const (
	// DeletionRefused: an authority raised a ground for refusal after the evidence
	// had come (Regulation (EU) 2023/1543, Art. 10(4), of an emergency). That it holds
	// of other orders too is a reading of Art. 12(2), by which nothing comes then:
	// provenance unverified.
	DeletionRefused DeletionReason = "refused_after"
	// DeletionNotValidated: an emergency was not validated after the fact (the same,
	// Art. 4(5)).
	DeletionNotValidated DeletionReason = "not_validated"
	// DeletionMinimised: it is neither relevant nor needed (18 USC 2523(b)(4)(G), of
	// the government that is not the United States': segregate, seal, or delete, and
	// not disseminate).
	DeletionMinimised DeletionReason = "minimisation"
	// DeletionRetention: the time for which it is kept is over. What went by other
	// means is accessible for 10 to 45 days, longer if the issuing authority asked for
	// it (Implementing Regulation (EU) 2025/1550, Annex, 3.3.3(b), which does not say
	// that it is deleted then); other periods are the sender's own law: provenance
	// unverified.
	DeletionRetention DeletionReason = "retention"
	// DeletionWithdrawn: it crossed the withdrawal of its request, or came of one that
	// has ended. Provenance unverified.
	DeletionWithdrawn DeletionReason = "withdrawn"
	// DeletionCourt: a court said so. Provenance unverified: the court's own law.
	DeletionCourt DeletionReason = "court_decision"
	// DeletionPurge: the case is over, and only its record is kept. Provenance
	// unverified: the sender's own law.
	DeletionPurge DeletionReason = "purge"
)

// DeletionReasons lists the reasons for a deletion.
func DeletionReasons() []DeletionReason {
	return []DeletionReason{DeletionRefused, DeletionNotValidated, DeletionMinimised, DeletionRetention, DeletionWithdrawn,
		DeletionCourt, DeletionPurge}
}

// UnmarshalText refuses a reason that is not in the list.
func (r *DeletionReason) UnmarshalText(b []byte) error {
	*r = DeletionReason(b)
	return known("reason of a deletion", *r, DeletionReasons())
}

// OwnLaw reports whether a reason is for the law of who deletes, and names no rule
// of an agreement.
func (r DeletionReason) OwnLaw() bool {
	return r == DeletionRetention || r == DeletionWithdrawn || r == DeletionCourt || r == DeletionPurge
}

// Restricts reports whether the law behind a reason, so far as it was read, knows
// restricting the use instead of deleting.
func (r DeletionReason) Restricts() bool {
	return r == DeletionRefused || r == DeletionNotValidated || r == DeletionMinimised
}

// A Deletion is its sender's certificate that it can read evidence of the case no
// more, or that it restricted its use. It says nothing of what others hold.
type Deletion struct {
	Action DeletionAction `json:"action"`
	Reason DeletionReason `json:"reason"`
	// Objects are the tree hashes of what it is about, or of a live object its id.
	Objects []Digest `json:"objects"`
	Text    string   `json:"text,omitzero"`
}

func (d *Deletion) absent() bool { return d == nil }

func (d *Deletion) check() error {
	switch {
	case d.Action == "":
		return errors.New("action: want what became of the evidence")
	case d.Reason == "":
		return errors.New("reason: want why")
	case d.Action == Restricted && !d.Reason.Restricts():
		return errors.New("action: want it deleted: its use is restricted only for refused_after, not_validated and minimisation")
	case len(d.Objects) == 0 || len(d.Objects) > MaxObjects:
		return fmt.Errorf("objects: want 1 to %d tree hashes", MaxObjects)
	}
	for _, o := range d.Objects {
		if o.IsZero() {
			return errors.New("objects: want no empty digest")
		}
	}
	return errors.Join(checkOnce("objects", d.Objects), checkText("text", d.Text))
}
