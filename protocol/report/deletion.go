package report

import (
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// Erased is a certificate of deletion: what became of evidence, why, and when.
type Erased struct {
	Issuing bool                    `json:"issuing,omitzero"` // of the issuing side; else the addressee's
	Action  protocol.DeletionAction `json:"action"`
	Reason  protocol.DeletionReason `json:"reason"`
	Objects int64                   `json:"objects"`
	// Certified is when the certificate became durable here, and Had when the first
	// evidence of the case did.
	Certified time.Time `json:"certified"`
	Had       time.Time `json:"had,omitzero"`
}

// erased notes a certificate of deletion.
func (f *Fact) erased(c *casefile.Case, e *casefile.Entry) {
	x := Erased{Issuing: e.From != c.Addressee, Action: protocol.DeletionAction(e.Says.What), Certified: e.At,
		Reason: protocol.DeletionReason(e.Says.Ground), Objects: int64(len(e.Says.Objects))}
	for i := range c.Thread {
		d := &c.Thread[i]
		handed := d.Kind == protocol.KindDisclosure || d.InnerKind == protocol.KindDisclosure
		if handed && d.Says != nil && !d.Lost() && slices.ContainsFunc(e.Says.Objects, func(o protocol.Digest) bool { return slices.Contains(d.Says.Objects, o) }) {
			x.Had = d.At
			break
		}
	}
	f.Erased = append(f.Erased, x)
}

// notCertified is the month of what is to be deleted and is not.
const notCertified = "not yet"

// deletions returns a table of what became of evidence, with labels in front of its
// own. Its figures have no article.
func deletions(article string, dims ...string) *grid {
	return newGrid(Table{ID: "deletions", Title: "Evidence deleted, or its use restricted", Article: article,
		Dims: append(dims, "by", "reason", "certified in"),
		Columns: slices.Concat(columns(Count, "", "certificates", "objects deleted", "objects restricted", "acts to delete"),
			columns(Mean, "", "average until certified")),
		Notes: []string{"No article that was read asks for these figures. What is restricted first and deleted later stands in both columns. " +
			"Acts to delete: their evidence may not be used, and the issuing side has certified neither. " +
			"The time runs from when the evidence became known here; months are in UTC."}}).total()
}

// deleted counts what became of the evidence of a case.
func (g *grid) deleted(f *Fact, labels ...string) {
	for i := range f.Erased {
		x := &f.Erased[i]
		by := "addressee"
		if x.Issuing {
			by = "issuing side"
		}
		v := g.at(append(slices.Clone(labels), by, string(x.Reason), month(x.Certified)))
		v.count(0, 1)
		v.count(1+column(x.Action == protocol.Restricted), x.Objects)
		v.took(4, x.Had, x.Certified)
	}
	if f.ToDelete > 0 {
		reason := protocol.DeletionRefused
		if f.Validation == "denied" || f.Validation == "lapsed" {
			reason = protocol.DeletionNotValidated
		}
		g.at(append(slices.Clone(labels), "issuing side", string(reason), notCertified)).count(3, f.ToDelete)
	}
}
