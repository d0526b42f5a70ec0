package report

import (
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// An Outcome is how a request ended: each has one (law: the unified data model,
// outcome for statistics).
type Outcome string

// The outcomes.
const (
	OutcomeContent    Outcome = "content"          // data, of a request for content
	OutcomeNonContent Outcome = "non_content_only" // data, of a request for no content
	OutcomeNoData     Outcome = "no_data"          // the addressee has none
	OutcomePartial    Outcome = "partial"          // some of what was asked for
	OutcomeRejected   Outcome = "rejected"         // refused, lifted, not applicable, impossible, not delivered
	OutcomeWithdrawn  Outcome = "withdrawn"
	OutcomePending    Outcome = "pending"
	// OutcomePreserved is that of a preservation, which asks for no data.
	OutcomePreserved Outcome = "preserved"
)

// Outcomes lists the outcomes of a request for data.
func Outcomes() []Outcome {
	return []Outcome{OutcomeContent, OutcomeNonContent, OutcomeNoData, OutcomePartial, OutcomeRejected,
		OutcomeWithdrawn, OutcomePending}
}

// outcome says how the request ended. What was disclosed comes before what the
// case became afterwards: it was disclosed. A disclosure does not say to which
// categories its objects belong, so that it is content follows from what was
// asked for, after the last amendment. One that did not get to who asked disclosed
// nothing.
func (f *Fact) outcome(c *casefile.Case, v View) {
	some, all, none := false, false, false
	for i := range c.Thread {
		e := &c.Thread[i]
		if e.Kind != protocol.KindDisclosure && e.InnerKind != protocol.KindDisclosure || e.Says == nil || e.Lost() {
			continue
		}
		switch protocol.ProductionStatus(e.Says.What) {
		case protocol.ProductionPartial:
			some = true
		case protocol.ProductionComplete:
			if !all || e.At.Before(f.Produced) {
				f.Produced = e.At
			}
			all = true
		case protocol.ProductionNoData:
			none = true
		}
	}
	f.Outcome = OutcomePending
	switch {
	case all:
		f.Outcome = OutcomeNonContent
		asked := f.Categories
		if v.Narrowed != nil {
			asked = v.Narrowed
		}
		if slices.ContainsFunc(asked, isContent) {
			f.Outcome = OutcomeContent
		}
	case some:
		f.Outcome = OutcomePartial
	case none:
		f.Outcome = OutcomeNoData
	case c.State == casefile.Withdrawn:
		f.Outcome = OutcomeWithdrawn
	case c.State.Ended():
		f.Outcome = OutcomeRejected
	case f.Type == protocol.Preservation && c.State != casefile.Requested && c.State != casefile.UnderReview:
		f.Outcome = OutcomePreserved
	}
}

func isContent(c protocol.Category) bool {
	return c == protocol.CategoryContent || c == protocol.CategoryContentLive
}

// fulfilled reports whether the addressee did what it was asked to.
func (f *Fact) fulfilled() bool {
	return f.Outcome == OutcomeContent || f.Outcome == OutcomeNonContent || f.Outcome == OutcomePreserved
}

// failed reports whether it is over, and the addressee did not.
func (f *Fact) failed() bool {
	return f.Outcome == OutcomeNoData || f.Outcome == OutcomeRejected || f.Outcome == OutcomeWithdrawn
}
