package agreement

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"comity.example/protocol"
)

// A ConsultDuty says how far the issuing side is asked first.
type ConsultDuty string

// The duties. What is to be done where appropriate a machine reminds of, and does
// not enforce: people say whether it is.
const (
	ConsultRequired    ConsultDuty = "required"
	ConsultAppropriate ConsultDuty = "appropriate"
)

// A Consulted is what it is asked before.
type Consulted string

// What the issuing side may be asked before.
const (
	BeforeRefusal      Consulted = "refusal"      // in whole or in part
	BeforePostponement Consulted = "postponement" // by the addressee
	BeforeDenial       Consulted = "denial"       // of enforcement
)

// A ConsultFirst says before what an authority of the receiving side asks the
// issuing side.
type ConsultFirst struct {
	Duty   ConsultDuty
	Before []Consulted
	// Grounds are those of a refusal for which it does; none stands for all.
	Grounds []protocol.Reason
	Article string
	Text    string
	Mark
	// Waiver says what the issuing side may answer, nil if the document says nothing.
	Waiver *Waiver
}

// A Waiver says that the issuing side may have an authority that consults it ask
// for what protects the data to be waived.
type Waiver struct {
	Grounds []protocol.Reason // for which it consults
	Article string
	Text    string
	Mark
}

// Concerns reports whether the issuing side is asked before something is done
// for a ground.
func (x *ConsultFirst) Concerns(before Consulted, ground protocol.Reason) bool {
	return slices.Contains(x.Before, before) &&
		(before != BeforeRefusal || len(x.Grounds) == 0 || slices.Contains(x.Grounds, ground))
}

func (s *source) consultFirst(n ast.Node) *ConsultFirst {
	x := new(ConsultFirst)
	s.mapping(n, "consultation", append(s.mark(&x.Mark, "consultation"),
		need("duty", choose(s, &x.Duty, "consultation.duty", []ConsultDuty{ConsultRequired, ConsultAppropriate})),
		need("before", chooseMany(s, &x.Before, "consultation.before",
			[]Consulted{BeforeRefusal, BeforePostponement, BeforeDenial})),
		may("grounds", chooseMany(s, &x.Grounds, "consultation.grounds", protocol.Reasons())),
		need("article", s.into(&x.Article, "consultation.article")),
		need("text", s.into(&x.Text, "consultation.text")),
		may("waiver", func(n ast.Node) { x.Waiver = s.waiver(n) }),
	)...)
	s.checkMark(n, x.Mark, "consultation")
	if len(x.Grounds) > 0 && !slices.Contains(x.Before, BeforeRefusal) {
		s.bad(n, "consultation.grounds: want them only before a refusal")
	}
	return x
}

func (s *source) waiver(n ast.Node) *Waiver {
	const what = "consultation.waiver"
	w := new(Waiver)
	s.mapping(n, what, append(s.mark(&w.Mark, what),
		need("grounds", chooseMany(s, &w.Grounds, what+".grounds", protocol.Reasons())),
		need("article", s.into(&w.Article, what+".article")),
		need("text", s.into(&w.Text, what+".text")),
	)...)
	s.checkMark(n, w.Mark, what)
	return w
}

// RuleConsult is the finding that reminds of a consultation.
const RuleConsult = "consult"

// consultFirst reminds an authority that refuses, and names nothing that it
// asked, of whom its document has it ask where appropriate. Where it must, the
// life of the case sees to it.
func (g *Ground) consultFirst(d *Document) []protocol.Finding {
	x := d.Consult
	if x == nil || x.Duty != ConsultAppropriate || !g.Unasked || !x.Concerns(BeforeRefusal, g.Reason) {
		return nil
	}
	return []protocol.Finding{{Rule: RuleConsult, Article: x.Article, Outcome: protocol.Flag,
		Reason: protocol.ReasonConsultation, Text: x.Text, Provenance: string(x.Provenance),
		Ask: "Ask the issuing side before you refuse, where that is appropriate: comity consult."}}
}
