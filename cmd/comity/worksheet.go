package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json/jsontext"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// A blank is a flag that may stand alone, or name a file: --worksheet, or
// --worksheet=FILE.
type blank struct {
	asked bool
	file  string
}

// Decode implements kong.MapperValue.
func (p *blank) Decode(ctx *kong.DecodeContext) error {
	p.asked = true
	next := ctx.Scan.Peek()
	if text, ok := next.Value.(string); ok && (next.Type == kong.FlagValueToken || next.IsValue() && isFile(text)) {
		ctx.Scan.Pop()
		p.file = text
	}
	return nil
}

// IsBool implements kong.BoolMapperValue: the flag may stand without a value.
func (p *blank) IsBool() bool { return true }

var _ kong.MapperValue = (*blank)(nil)

// A weighing is the list of factors that a court weighs.
type weighing struct {
	law     string
	ground  protocol.Reason
	factors []factor
}

type factor struct{ code, article, text string }

// sheets are those of 18 USC 2703(h)(3) and of Regulation (EU) 2023/1543, Art. 17(6).
var (
	usSheet = weighing{"18 USC 2703(h)(3): the court takes into account, as appropriate", protocol.ReasonQFGLaw, []factor{
		{"united_states_interests", "(A)", "the interests of the United States, with the investigative interests of who requires the disclosure"},
		{"foreign_government_interests", "(B)", "the interests of the qualifying foreign government in preventing a prohibited disclosure"},
		{"penalties", "(C)", "the likelihood, extent and nature of penalties to the provider or its employees"},
		{"subscriber", "(D)", "location and nationality of the subscriber, if known, and the connection to the United States"},
		{"provider_ties", "(E)", "the nature and extent of the provider's ties to and presence in the United States"},
		{"importance", "(F)", "the importance of the information to the investigation"},
		{"other_means", "(G)", "the likelihood of timely and effective access by means with less serious negative consequences"},
		{"foreign_authority_interests", "(H)", "of a process under section 3512, the investigative interests of the foreign authority"},
	}}
	euSheet = weighing{"Regulation (EU) 2023/1543, Art. 17(6): particular weight to (a) and (b)", protocol.ReasonThirdCountryLaw, []factor{
		{"protected_interest", "(a)", "the interest that the law of the third country protects: fundamental rights, national security, others"},
		{"connection_to_jurisdictions", "(b)", "the connection of the criminal case to either jurisdiction: location, nationality and residence of the person and of the victims, and where the offence was committed"},
		{"provider_connection", "(c)", "the connection of the service provider to the third country; where data is stored does not alone suffice"},
		{"investigating_interest", "(d)", "the interest of the investigating State in the evidence: how serious the offence is, and how urgent"},
		{"consequences", "(e)", "the possible consequences of complying for the addressee or the provider, with penalties"},
	}}
)

// sheetFor returns the worksheet for a case.
func sheetFor(v *desk.CaseView) weighing {
	if v.File.Agreement.ID == ePOC {
		return euSheet
	}
	return usSheet
}

func (s weighing) codes() []string {
	var out []string
	for _, f := range s.factors {
		out = append(out, f.code)
	}
	return out
}

// knows wants a code of the sheet.
func (s weighing) knows(code, where string) error {
	if slices.Contains(s.codes(), code) {
		return nil
	}
	hint := "the codes are " + words(s.codes())
	if near := nearest(code, s.codes()); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return badInput(fmt.Sprintf("%s: %q is no factor here", where, code), hint)
}

// text writes the sheet, to be filled in.
func (s weighing) text(v *desk.CaseView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Objection before a court in %s.\n# Fill it in, and: comity object %s --worksheet=FILE\n\n", v.Case, v.Case)
	fmt.Fprintf(&b, "court: \"\"    # reference of the court's file\ngrounds: [%s]\n", s.ground)
	fmt.Fprintf(&b, "text: \"\"     # which law forbids it, and why it applies\n\n# %s.\n# A factor without a text is left out.\nfactors:\n", s.law)
	for _, f := range s.factors {
		fmt.Fprintf(&b, "  # %s %s\n  - code: %s\n    text: \"\"\n", f.article, f.text, f.code)
	}
	return b.String()
}

// A filled sheet is what a person wrote.
type filled struct {
	Court   string            `json:"court"`
	Grounds []string          `json:"grounds"`
	Text    string            `json:"text"`
	Factors []protocol.Factor `json:"factors"`
}

// readSheet reads a worksheet that was filled in.
func readSheet(file string, s weighing) (*filled, error) {
	b, err := readFile(file, maxSource)
	if err != nil {
		return nil, err
	}
	out := new(filled)
	src, err := parseSource(file, b)
	if err == nil {
		err = src.into(out)
	}
	if f := (*failure)(nil); errors.As(err, &f) {
		return nil, badInput(f.text, "comity object CASE --worksheet prints one to fill in")
	}
	if err != nil {
		return nil, err
	}
	at := func(m jsontext.Pointer, text string) error {
		return badInput(fmt.Sprintf("%s:%d: %s", file, src.line(m), text), "comity object CASE --worksheet prints one to fill in")
	}
	switch {
	case out.Court == "":
		return nil, at("/court", "court: want the reference of the court's file")
	case out.Text == "":
		return nil, at("/text", "text: want which law forbids it, and why it applies")
	}
	for i, f := range out.Factors {
		if err := s.knows(f.Code, fmt.Sprintf("%s:%d", file, src.line(jsontext.Pointer(fmt.Sprintf("/factors/%d/code", i))))); err != nil {
			return nil, err
		}
	}
	out.Factors = slices.DeleteFunc(out.Factors, func(f protocol.Factor) bool { return f.Text == "" })
	return out, nil
}
