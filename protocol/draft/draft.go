// Package draft makes, for an agreement, a request to fill in: complete, well
// formed, and with each statement that the agreement asks for.
//
// It is made of the document, not of one text for each instrument: a plain
// request, and then what the rules that it does not meet look at, as long as
// that helps. Names, dates and the offence in it are examples.
//
// The package is pure, and trusted with nothing: what a template is worth, the
// agreement says when it is checked.
package draft

import (
	"errors"
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A Want says what kind of request a template is for.
type Want struct {
	Book     *agreement.Book     // the agreements among which it is decided
	Document *agreement.Document // one of them, under which the request is to go
	Type     protocol.RequestType
	// Emergency makes it an emergency.
	Emergency bool

	// Issuer and Addressee may be left out: then they are examples, of the first
	// two Parties between whom the document carries such requests.
	Issuer, Addressee protocol.ParticipantID
	At                time.Time
}

// A Template is a request to fill in, with what the agreement says about it.
type Template struct {
	Request  protocol.Request
	Document *agreement.Document
	// Role is that of the addressee.
	Role protocol.Role
	// Articles are those of the rules that look at a member, by its name.
	Articles map[string][]string
	// Statements are what the request attests; Certified what the certifying
	// authority is to attest when it certifies; Optional what would only spare a
	// warning, and is not so in the ordinary case.
	Statements, Certified, Optional []Statement
	// Offers are what could stand in the place of the examples.
	Offers Offers
	// Decision is what the agreement finds of the request as it is.
	Decision protocol.Decision
}

// A Statement is what somebody attests to meet a rule.
type Statement struct {
	Code    string
	Article string
	Text    string
	// Or are the codes of the other statements that would meet the rule.
	Or []string
}

// Errors of New.
var (
	// ErrNoRight says that the document carries no such request.
	ErrNoRight = errors.New("the agreement carries no such request between these Parties")
	// ErrDomestic says that the document grants nothing by its kind.
	ErrDomestic = errors.New("domestic law carries no request")
)

// New returns a template.
func New(w Want) (*Template, error) {
	if w.Document.Kind == agreement.KindDomestic {
		return nil, ErrDomestic
	}
	right, ok := w.choose()
	if !ok {
		return nil, ErrNoRight
	}
	t := &Template{Document: w.Document, Role: protocol.RoleProvider, Articles: map[string][]string{},
		Request: w.plain(right)}
	if right.channel == agreement.Central {
		t.Role = protocol.RoleCentral
	}
	s := &solving{want: &w, t: t}
	s.solve()
	t.Decision = s.decide()
	t.Optional = s.optional()
	t.Offers = s.offers(right)
	t.look()
	return t, nil
}

// Assume returns the facts of a request that nobody has signed and of which no
// register was asked: its issuer may issue, its addressee has the role, an officer
// of the issuer signs, and whoever must be told at the same time is.
func Assume(r *protocol.Request, role protocol.Role, at time.Time) agreement.Facts {
	f := agreement.Facts{At: at, Issued: at,
		Issuing:   Standing(r.Issuer, protocol.RoleIssuing),
		Addressee: Standing(r.Addressee, role)}
	if role == protocol.RoleCentral || role == protocol.RoleContact {
		f.Issuing.Roles = append(f.Issuing.Roles, role)
	}
	f.Sender = f.Issuing
	f.Officer = agreement.Officer{Present: true, Roles: f.Issuing.Roles}
	return f
}

// Told returns authorities with the roles, whoever they are: those of the
// receiving Party to whom a node sends the request as well.
func Told(p protocol.Party, roles ...protocol.Role) []agreement.Standing {
	if len(roles) == 0 {
		return nil
	}
	return []agreement.Standing{{Party: p, Roles: roles}}
}

// Standing returns the standing of a participant with the roles.
func Standing(id protocol.ParticipantID, roles ...protocol.Role) agreement.Standing {
	return agreement.Standing{ID: id, Party: id.Party(), Roles: roles}
}

// look notes which rules look at which member.
func (t *Template) look() {
	for i := range t.Decision.Findings {
		f := &t.Decision.Findings[i]
		for _, name := range f.Inputs {
			member := memberOf(name)
			if member != "" && f.Article != "" && !slices.Contains(t.Articles[member], f.Article) {
				t.Articles[member] = append(t.Articles[member], f.Article)
			}
		}
	}
}

// Flagged returns the findings that warn although nothing is missing from it.
func (t *Template) Flagged() []protocol.Finding {
	var out []protocol.Finding
	for _, f := range t.Decision.Findings {
		if f.Outcome == protocol.Flag {
			out = append(out, f)
		}
	}
	return out
}

// Held returns the findings that keep the request although nothing is missing
// from it: what the agreement always leaves to somebody else.
func (t *Template) Held() []protocol.Finding {
	var out []protocol.Finding
	for _, f := range t.Decision.Findings {
		if f.Outcome == protocol.Held {
			out = append(out, f)
		}
	}
	return out
}
