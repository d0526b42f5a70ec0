package lint

import (
	"fmt"
	"regexp"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A vocabulary says which words a variable may hold, in words and by a test.
type vocabulary struct {
	name string
	has  func(string) bool
}

func oneOf[T ~string](name string, list ...T) vocabulary {
	return vocabulary{name, func(s string) bool { return slices.Contains(list, T(s)) }}
}

// reader is what a closed list of package protocol reads itself with.
type reader[T any] interface {
	*T
	UnmarshalText([]byte) error
}

func readBy[T any, P reader[T]](name string) vocabulary {
	return vocabulary{name, func(s string) bool { return P(new(T)).UnmarshalText([]byte(s)) == nil }}
}

var languageForm = regexp.MustCompile(`^[a-z]{2}$`)

// vocabularies returns them by variable. What may be any text is not there.
func (l *linter) vocabularies() map[string]vocabulary {
	country := vocabulary{"country", func(s string) bool { return protocol.Party(s).CheckAssigned() == nil }}
	party := vocabulary{"Party of this document", func(s string) bool { return l.doc.Has(protocol.Party(s)) }}
	if l.doc.Kind == agreement.KindDomestic {
		party = country // it stands beside the agreements of others
	}
	role := oneOf("role", protocol.Roles()...)
	authority := readBy[protocol.AuthorityKind]("kind of authority")
	statement := oneOf("statement of a rule of this document", l.codes()...)
	out := map[string]vocabulary{
		"request.type":        oneOf("request type", protocol.RequestTypes()...),
		"request.categories":  oneOf("data category", protocol.Categories()...),
		"request.emergency":   readBy[protocol.EmergencyKind]("kind of emergency"),
		"request.related":     oneOf("relation", protocol.Relations()...),
		"request.proceedings": oneOf("stage of proceedings", protocol.Stages()...),
		"request.languages":   {"language of ISO 639-1", languageForm.MatchString},
		"request.identifier_types": oneOf("type of identifier", protocol.IdentifierAccount, protocol.IdentifierEmail,
			protocol.IdentifierPhone, protocol.IdentifierIMEI, protocol.IdentifierIMSI, protocol.IdentifierIP,
			protocol.IdentifierURL, protocol.IdentifierDevice, protocol.IdentifierMAC, protocol.IdentifierDomain,
			protocol.IdentifierNumber),
		"secrecy.grounds":      oneOf("ground of secrecy", protocol.SecrecyGrounds()...),
		"offence.committed_in": country, "target.located_in": country, "target.nationalities": country,
		"target.resident_in": country, "target.incorporated_in": country, "target.government_of": country,
		"addressee.law": country, "sender.party": country, "certification.party": country,
		"issuing.party": party, "receiving.party": party,
		"target.shape":            oneOf("shape of a target", "person", "organisation", "public_authority"),
		"target.protected":        oneOf("protection", protocol.Protections()...),
		"service.class":           readBy[protocol.ServiceClass]("class of service"),
		"service.capacity":        readBy[protocol.Capacity]("capacity"),
		"service.capacity_reason": readBy[protocol.CapacityReason]("reason"),
		"authorisation.kind":      authority, "authorisation.validated_by": authority,
		"issuing.roles": role, "addressee.roles": role, "notified.roles": role, "sender.roles": role,
		"officer.roles": role, "certification.roles": role,
		"attested": statement, "certified": statement,
		"agreement.kind": oneOf("kind of agreement", agreement.KindDataAccess, agreement.KindAssistance,
			agreement.KindConvention, agreement.KindRegulation, agreement.KindDirective, agreement.KindCourtesy),
		"offence.listed_in": {"list of offences of this document", func(s string) bool {
			return slices.ContainsFunc(l.doc.Lists, func(o agreement.OffenceList) bool { return o.ID == s })
		}},
	}
	if len(l.doc.Lists) > 0 {
		out["offence.category"] = oneOf("offence of a list of this document", l.offences()...)
	}
	return out
}

func (l *linter) codes() []string {
	var out []string
	for i := range l.doc.Rules {
		for _, s := range l.doc.Rules[i].Statements {
			out = append(out, s.Code)
		}
	}
	return out
}

func (l *linter) offences() []string {
	var out []string
	for i := range l.doc.Lists {
		for _, e := range l.doc.Lists[i].Entries {
			out = append(out, e.Code)
		}
	}
	return out
}

// expressions sees that what a variable is compared with is a word that it may
// hold: a slip of the pen would otherwise make a rule that never applies.
func (l *linter) expressions() {
	known := l.vocabularies()
	for i := range l.doc.Rights {
		if x := l.doc.Rights[i].Notifies; x != nil {
			l.expression(known, fmt.Sprintf("rights[%d].notifies.when", i), x.When)
		}
	}
	for i := range l.doc.Rules {
		l.expression(known, fmt.Sprintf("rules[%d].when", i), l.doc.Rules[i].When)
		l.expression(known, fmt.Sprintf("rules[%d].require", i), l.doc.Rules[i].Require)
	}
}

func (l *linter) expression(known map[string]vocabulary, path, text string) {
	if e := parse(text); e != nil {
		l.visit(&reading{known, path, map[string]string{}}, e)
	}
}

// A reading is one expression while it is read.
type reading struct {
	known map[string]vocabulary
	path  string
	of    map[string]string // the list that a name stands for one item of
}

func (l *linter) visit(r *reading, e ast.Expr) {
	if e.Kind() == ast.ListKind {
		for _, item := range e.AsList().Elements() {
			l.visit(r, item)
		}
	}
	if e.Kind() != ast.CallKind {
		return
	}
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals:
		l.compared(r, args[0], args[1])
		l.compared(r, args[1], args[0])
	case operators.In:
		l.compared(r, args[1], args[0]) // "a word" in a variable
		if args[1].Kind() == ast.ListKind {
			for _, item := range args[1].AsList().Elements() {
				l.compared(r, args[0], item) // a variable in words
			}
		}
	}
	if call.IsMemberFunction() {
		if len(args) == 2 { // of the words of a list, each under a name of its own
			r.of[symbol(args[0])] = symbol(call.Target())
		}
		l.visit(r, call.Target())
	}
	for _, arg := range args {
		l.visit(r, arg)
	}
}

func (l *linter) compared(r *reading, variable, word ast.Expr) {
	name := symbol(variable)
	if list := r.of[name]; list != "" {
		name = list
	}
	v, ok := r.known[name]
	text, isText := literal(word).(string)
	if !ok || !isText || text == "" || v.has(text) {
		return
	}
	l.warn(r.path, "%s is never %q, which is no %s: mend the word", name, text, v.name)
}
