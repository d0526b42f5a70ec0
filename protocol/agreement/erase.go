package agreement

import (
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"comity.example/protocol"
)

// A DeletionTerm says that evidence is deleted for a reason, or with Advice what
// stands in the way of that.
type DeletionTerm struct {
	ID      string
	Reasons []protocol.DeletionReason
	// From are the Parties whose participants it concerns; none stands for all.
	From PartySet
	// Restricts says that the use may be restricted instead.
	Restricts bool
	// Advice is what to do first: then it grants nothing, and people are told.
	Advice  string
	Article string
	Text    string
	Mark
}

func (t *DeletionTerm) concerns(r protocol.DeletionReason, by protocol.Party) bool {
	return slices.Contains(t.Reasons, r) && (t.From.IsZero() || t.From.Has(by))
}

// name is what findings call the term: those of domestic law stand beside those of
// an agreement.
func (t *DeletionTerm) name(d *Document) string {
	if d.Kind == KindDomestic {
		return d.ID + "/" + t.ID
	}
	return t.ID
}

func (s *source) deletion(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var t DeletionTerm
		s.mapping(n, what, append(s.mark(&t.Mark, what),
			need("id", s.id(&t.ID, what+".id")),
			need("reasons", chooseMany(s, &t.Reasons, what+".reasons", protocol.DeletionReasons())),
			may("from", s.partySet(&t.From, what+".from")),
			may("restricts", s.yes(&t.Restricts, what+".restricts")),
			may("advice", s.into(&t.Advice, what+".advice")),
			need("article", s.into(&t.Article, what+".article")),
			need("text", s.into(&t.Text, what+".text")),
		)...)
		s.checkMark(n, t.Mark, what)
		s.checkFindingID(n, d, t.ID, what)
		switch {
		case t.Restricts && slices.ContainsFunc(t.Reasons, func(r protocol.DeletionReason) bool { return !r.Restricts() }):
			s.bad(n, "%s.restricts: want it only of reasons for which an act can restrict the use", what)
		case t.Restricts && t.Advice != "":
			s.bad(n, "%s.advice: what is in the way grants no restriction: leave one of the two out", what)
		case d.Kind == KindDomestic && !t.From.IsZero():
			s.bad(n, "%s.from: leave it out: domestic law is of one Party", what)
		}
		d.Deletions = append(d.Deletions, t)
	}
}

// StepDeletion is the name under which it is reported whether evidence may be
// deleted, or its use restricted, for a reason.
const StepDeletion = "deletion"

// An Erasure is what a certificate of deletion says of itself.
type Erasure struct {
	Agreement protocol.AgreementRef
	Reason    protocol.DeletionReason
	Action    protocol.DeletionAction
	By        protocol.Party // of who deletes
	At        time.Time
}

// Erase says whether evidence may be deleted for a reason. One that names a rule
// of an agreement may be given only where that agreement, or the law of who
// deletes, has the rule; the others are for the law of who deletes, whatever is
// known of it here. The findings are what the documents say, each with its mark.
func (b *Book) Erase(x Erasure) protocol.Decision {
	out := protocol.Decision{Verdict: protocol.Allow, Agreement: x.Agreement, At: x.At,
		Routes: []protocol.Route{}, Documents: []protocol.Digest{}}
	step := protocol.Finding{Rule: StepDeletion, Outcome: protocol.Pass, Text: "A document must know the deletion for this reason."}
	named, terms := b.named(x.Agreement), []protocol.Finding{}
	known, restricts := false, false
	for _, e := range append(named, b.lawOf(x.By, x.At)...) {
		out.Documents = append(out.Documents, e.digests...)
		for i := range e.doc.Deletions {
			t := &e.doc.Deletions[i]
			if !t.concerns(x.Reason, x.By) {
				continue
			}
			f := protocol.Finding{Rule: t.name(e.doc), Article: t.Article, Outcome: protocol.Pass, Text: t.Text, Provenance: string(t.Provenance)}
			if t.Advice != "" {
				f.Outcome, f.Reason, f.Ask = protocol.Flag, protocol.ReasonBarredGround, t.Advice
			} else {
				known, restricts = true, restricts || t.Restricts
			}
			terms = append(terms, f)
		}
	}
	switch {
	case len(named) == 0:
		step.Text, step.Provenance = "The agreement of the case is not held: whether it knows the deletion is not known.", string(Unverified)
	case !known && x.Reason.OwnLaw():
		step.Text, step.Provenance = "The reason is for the law of who deletes, of which no document says anything.", string(Unverified)
	case !known:
		step.Outcome = protocol.Fail
	case x.Action == protocol.Restricted && !restricts:
		step.Outcome, step.Text = protocol.Fail, "A document must know that for this reason the use is restricted instead."
	}
	if step.Outcome == protocol.Fail {
		out.Verdict, step.Reason = protocol.Deny, protocol.ReasonBarredGround
	}
	out.Findings = append([]protocol.Finding{step}, terms...)
	return out
}

// named returns the document that an act names, if the book has it.
func (b *Book) named(ref protocol.AgreementRef) []*entry {
	for _, e := range b.byID[ref.ID] {
		if e.doc.Ref() == ref {
			return []*entry{e}
		}
	}
	return nil
}

// lawOf returns the own law of a Party that stands at a time.
func (b *Book) lawOf(p protocol.Party, at time.Time) []*entry {
	var out []*entry
	for _, e := range b.domestic[p] {
		if e.doc.Stands(at) {
			out = append(out, e)
		}
	}
	return out
}
