package library_test

import (
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// A use is a request that a right of a document grants, made up for it.
type use struct {
	*scene
	right    *agreement.Right
	from, to protocol.Party
	typ      protocol.RequestType
	category protocol.Category
}

// uses are the requests that a right grants: of each type and category that an
// exclusion concerns (nil: all), between each two Parties, until no more are
// wanted.
func (i *instrument) uses(doc *agreement.Document, r *agreement.Right, x *agreement.Exclusion, want func(use) bool) {
	parties := doc.Parties()
	if doc.EveryParty {
		parties = []protocol.Party{"GB", "US", "JP"}
	}
	for _, typ := range r.Types {
		for _, c := range r.Categories {
			u := use{right: r, typ: typ, category: c}
			if !concerns(x, u) {
				continue
			}
			for _, u.from = range parties {
				for _, u.to = range parties {
					if (u.from == u.to) != r.Within || first(doc, u) != r || !doc.StandsFor(agreementtest.Day, u.from, u.to) {
						continue
					}
					u.scene = i.scene(u, doc)
					if !want(u) {
						return
					}
				}
			}
		}
	}
}

func concerns(x *agreement.Exclusion, u use) bool {
	return x == nil || (len(x.Types) == 0 || contains(x.Types, u.typ)) &&
		(len(x.Categories) == 0 || contains(x.Categories, u.category))
}

// first is the right of a document that a request is granted by, as the document
// is read from above.
func first(doc *agreement.Document, u use) *agreement.Right {
	for i := range doc.Rights {
		r := &doc.Rights[i]
		if r.Channel == u.right.Channel && r.From.Has(u.from) && r.To.Has(u.to) && slices.Contains(r.Types, u.typ) &&
			slices.Contains(r.Categories, u.category) && (u.right.EmergencyOnly || !r.EmergencyOnly) {
			return r
		}
	}
	return nil
}

// scene is a request of a use, by everyone who has a part in it.
func (i *instrument) scene(u use, doc *agreement.Document) *scene {
	s := i.scenes[0]()
	s.Facts.Ref, s.Facts.Notified = doc.Ref(), nil
	s.Req.Issuer, s.Req.Addressee = someone(u.from, "issuer"), someone(u.to, "addressee")
	every := []protocol.Role{protocol.RoleIssuing, protocol.RoleValidating, protocol.RoleDesignated, protocol.RoleCentral}
	s.Facts.Issuing = agreementtest.StandingOf(s.Req.Issuer, every...)
	s.Facts.Sender = agreementtest.StandingOf(someone(u.from, "sender"), every...)
	s.Facts.Addressee = agreementtest.StandingOf(s.Req.Addressee, protocol.RoleProvider)
	if u.right.Channel == agreement.Central {
		s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral}
	}
	s.Ask(u.typ, u.category)
	if s.Req.Emergency = nil; u.right.EmergencyOnly {
		s.Req.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
	}
	return s
}

func someone(p protocol.Party, name string) protocol.ParticipantID {
	return protocol.ParticipantID(strings.ToLower(string(p)) + "." + name)
}

// suspends is a Party's notice that has long been in effect.
func suspends(p protocol.Party, id string) *agreement.Notice {
	n := made(p, id, "", agreement.Suspend)
	n.ID = "suspends"
	return n
}

// makes is the notice by which a Party made an option.
func makes(p protocol.Party, id string, o *agreement.Option) *agreement.Notice {
	kind := agreement.Reserve
	if o.Kind == agreement.OptionDeclaration {
		kind = agreement.Declare
	}
	return made(p, id, o.ID, kind)
}

// stands reports whether a right that a use relies on is reciprocal under some
// notices.
func (i *instrument) stands(t *testing.T, u use, notices ...*agreement.Notice) bool {
	d := u.Decide(i.alone(t, notices...))
	return outcome(d, agreement.StepRight) == protocol.Pass && outcome(d, agreement.StepReciprocal) == protocol.Pass
}

// outcome is that of a step or rule, Fail if it has none.
func outcome(d protocol.Decision, name string) protocol.Outcome {
	for _, f := range d.Findings {
		if f.Rule == name {
			return f.Outcome
		}
	}
	return protocol.Fail
}
