package main

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/draft"
)

// remarkColumn is where remarks stand in a template, if there is room, in bytes.
const remarkColumn = 30

// A sheet is a template as a person reads it: YAML in which each line says what
// it is for, and which articles look at it.
type sheet struct {
	bytes.Buffer
	t *draft.Template
}

// writeTemplate returns a template as a file to fill in.
func writeTemplate(t *draft.Template) []byte {
	s := &sheet{t: t}
	s.head()
	s.parties()
	s.authorisation()
	s.offence()
	s.target()
	s.identifiers()
	s.data()
	s.reasons()
	s.circumstances()
	s.urgency()
	s.attestations()
	return s.Bytes()
}

// plainForm is a text that YAML reads as text, without quotes.
var plainForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ,./()'@_-]*$`)

// scalar writes a text so that YAML reads it as the same text.
func scalar(v string) string {
	_, err := strconv.ParseFloat(v, 64)
	word := slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"}, strings.ToLower(v))
	if plainForm.MatchString(v) && err != nil && !word && strings.TrimSpace(v) == v {
		return v
	}
	return strconv.Quote(v)
}

// flow writes a list on one line. Commas separate, so texts with one are quoted.
func flow[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, v := range list {
		if out[i] = scalar(string(v)); strings.Contains(out[i], ",") && out[i][0] != '"' {
			out[i] = strconv.Quote(string(v))
		}
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// line writes one line with its remark beside it, or above it where that would
// be too long.
func (s *sheet) line(text, remark string) {
	column := max(remarkColumn, utf8.RuneCountInString(text)+2)
	switch {
	case remark == "":
		s.WriteString(text + "\n")
	case column+2+utf8.RuneCountInString(remark) > maxWidth:
		s.remark(text[:len(text)-len(strings.TrimLeft(text, " "))], remark)
		s.WriteString(text + "\n")
	default:
		fmt.Fprintf(s, "%-*s# %s\n", column, text, remark)
	}
}

// member writes a member that is set.
func (s *sheet) member(path, value, remark string) {
	s.put("", path, value, remark)
}

// maybe writes a member that is not set, as one that can be.
func (s *sheet) maybe(path, value, remark string) {
	s.put("# ", path, value, remark)
}

// put writes a member by its path, indented as deep as it stands, with the
// articles of the rules that look at it.
func (s *sheet) put(out, path, value, remark string) {
	deep := strings.Count(path, ".")
	name := path[strings.LastIndex(path, ".")+1:]
	if articles := s.t.Articles[path]; len(articles) > 0 {
		const few = 2
		named := strings.Join(articles[:min(few, len(articles))], "; ")
		if len(articles) > few {
			named += "; …"
		}
		remark = strings.TrimSpace(remark + " (" + named + ")")
	}
	text := strings.Repeat("  ", deep) + out + name + ":"
	if value != "" {
		text += " " + value
	}
	s.line(text, remark)
}

func (s *sheet) blank() { s.WriteByte('\n') }

// head says what the template is for, and what it is still held for.
func (s *sheet) head() {
	d, r := s.t.Document, &s.t.Request
	s.remark("", fmt.Sprintf("A request under %s, %s, to fill in. Names, dates and texts are examples; # begins an explanation, "+
		"and a line that begins with it is left out.", d.ID, d.Title))
	s.remark("", fmt.Sprintf("comity check --request FILE --agreement %s says what the agreement finds of it, and comity "+
		"request new --file FILE --agreement %s keeps it as a draft. Times are in UTC and whole seconds.", d.ID, d.ID))
	if !d.StandsFor(s.t.Decision.At, r.Issuer.Party(), r.Addressee.Party()) {
		s.remark("", fmt.Sprintf("It is not in force between %s and %s: a request under it is denied.", r.Issuer.Party(),
			r.Addressee.Party()))
	}
	waits := map[string][]string{}
	var order []string
	for _, f := range s.t.Held() {
		who := waitsFor(&f)
		if waits[who] == nil {
			order = append(order, who)
		}
		waits[who] = append(waits[who], f.Rule)
	}
	for _, who := range order {
		s.remark("", fmt.Sprintf("Complete as it is, it waits for %s: %s.", who, strings.Join(waits[who], ", ")))
	}
	for _, f := range s.t.Flagged() {
		s.remark("", strings.TrimSpace(fmt.Sprintf("Complete as it is, it is shown with a warning: %s, %s: %s", f.Rule, f.Article, f.Ask)))
	}
	for _, c := range s.t.Certified {
		s.remark("", fmt.Sprintf("Whoever certifies it attests %s (%s): %s", orCodes(&c), c.Article, c.Text))
	}
	s.blank()
}

// remark writes a text as remarks, wrapped.
func (s *sheet) remark(indent, text string) {
	line := indent + "#"
	for _, word := range strings.Fields(text) {
		if utf8.RuneCountInString(line+" "+word) > maxWidth && line != indent+"#" {
			s.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	s.WriteString(line + "\n")
}

// orCodes names a statement, and those that would do as well.
func orCodes(x *draft.Statement) string {
	return strings.Join(append([]string{x.Code}, x.Or...), " or ")
}

func (s *sheet) parties() {
	r := &s.t.Request
	s.member("type", string(r.Type), offered(s.t.Offers.Types))
	s.member("issuer", string(r.Issuer), "the issuing authority")
	who := "the provider that is to act on it"
	if s.t.Role != protocol.RoleProvider {
		who = "the authority of the other Party that is to act on it"
	}
	s.member("addressee", string(r.Addressee), who)
	s.member("file_number", scalar(r.FileNumber), "your own reference")
	s.blank()
}

func (s *sheet) authorisation() {
	a := &s.t.Request.Authorisation
	s.member("authorisation", "", "the decision behind the request")
	s.member("authorisation.kind", string(a.Kind), "judge, court, investigating_judge, prosecutor, police, administrative")
	s.member("authorisation.authority", scalar(a.Authority), "its name")
	s.member("authorisation.reference", scalar(a.Reference), "")
	s.member("authorisation.date", moment(a.Date), "when it was given")
	s.member("authorisation.instrument", scalar(a.Instrument), "")
	s.member("authorisation.order", `""`, "sha256:… of the order as a document, if there is one")
	s.maybe("authorisation.validated_by", "{kind: court, authority: District Court, reference: V-1, date: "+moment(a.Date.AddDate(0, 0, 1))+"}", "")
	s.maybe("authorisation.unvalidated", "true", "in an emergency, validation is sought afterwards")
	s.blank()
}

func (s *sheet) offence() {
	o := &s.t.Request.Offence
	s.member("offence", "", "under the law of the issuing Party")
	s.member("offence.description", scalar(o.Description), "")
	s.member("offence.provisions", flow(o.Provisions), "act and section")
	s.member("offence.max_custody_months", strconv.FormatInt(o.MaxCustodyMonths, 10), "12000 for life")
	category := "fraud"
	remark := "its code in a list that the agreement prints"
	for _, l := range s.t.Document.Lists {
		remark = "its code in the list " + l.ID + ", comity agreement show " + s.t.Document.ID
		category = l.Entries[0].Code
	}
	s.either(o.Category != "", "offence.category", cmp.Or(o.Category, category), remark)
	months := max(o.ReceivingMaxCustodyMonths, 1)
	s.either(o.ReceivingMaxCustodyMonths > 0, "offence.receiving_max_custody_months", strconv.FormatInt(months, 10),
		"for the same conduct in the receiving Party")
	s.either(len(o.CommittedIn) > 0, "offence.committed_in", flow(orElseList(o.CommittedIn, s.t.Request.Issuer.Party())), "")
	s.either(len(o.Lists) > 0, "offence.lists", flow(orElseList(o.Lists, "eu_2013_40")), "codes of the lists of offences that an instrument names")
	for _, flag := range []struct {
		name   string
		set    bool
		remark string
	}{
		{"by_information_system", o.ByInformationSystem, "committed by means of an information system"},
		{"death_penalty", o.DeathPenalty, "it can carry the death penalty"},
		{"speech", o.Speech, "it is on a list that raises freedom of speech"},
		{"fiscal", o.Fiscal, ""}, {"political", o.Political, ""}, {"military", o.Military, "under military law alone"},
	} {
		s.either(flag.set, "offence."+flag.name, "true", flag.remark)
	}
	s.blank()
}

// either writes a member that is set or one that can be.
func (s *sheet) either(set bool, path, value, remark string) {
	if set {
		s.member(path, value, remark)
		return
	}
	s.maybe(path, value, remark)
}

// orElseList returns a list, or one of an example.
func orElseList[T any](list []T, example T) []T {
	if len(list) == 0 {
		return []T{example}
	}
	return list
}

// ownCodes returns the instrument's own codes for a category.
func ownCodes(doc *agreement.Document, c protocol.Category) []string {
	var out []string
	for _, t := range doc.Terms {
		if t.Category == c && !slices.Contains(out, t.Own) {
			out = append(out, t.Own)
		}
	}
	return out
}
