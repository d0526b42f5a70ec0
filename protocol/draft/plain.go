package draft

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A chosen right is what the template uses.
type chosen struct {
	typ      protocol.RequestType
	category protocol.Category
	channel  agreement.Channel
	from, to protocol.Party
	// emergency: the document grants it in one only.
	emergency bool
}

// preferred are the categories that show most of what a document asks for, and
// then the others. It is never written to.
var preferred = []protocol.Category{protocol.CategoryContent, protocol.CategoryContentLive, protocol.CategoryTrafficLive,
	protocol.CategoryTraffic, protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryDomain,
	protocol.CategoryLocation, protocol.CategoryOther}

// usual are the Parties of the examples, as far as the document is between them.
var usual = []protocol.Party{"GB", "US", "DE", "FR", "NL", "IE", "AU"}

// strangers are the Parties of an example in which no treaty is spoken of.
var strangers = []protocol.Party{"DE", "BR"}

// choose returns the first right of the document that stands between the two
// Parties, or between the first two of its Parties: if one does, one against
// which nothing stands, and outside an emergency.
func (w *Want) choose() (chosen, bool) {
	types := []protocol.RequestType{w.Type}
	if w.Type == "" {
		types = protocol.RequestTypes() // production first
	}
	pairs := w.pairs()
	for _, standing := range []bool{true, false} {
		for _, t := range types {
			for _, emergency := range w.emergencies() {
				for _, p := range pairs {
					c := chosen{typ: t, from: p[0], to: p[1], emergency: emergency}
					if w.find(&c, standing) {
						return c, true
					}
				}
			}
		}
	}
	return chosen{}, false
}

// emergencies says among what to choose: outside an emergency first.
func (w *Want) emergencies() []bool {
	if w.Emergency {
		return []bool{true}
	}
	return []bool{false, true}
}

// find sets the category and the channel by which the document grants the type
// in that direction. standing: only if nothing stands against it.
func (w *Want) find(c *chosen, standing bool) bool {
	for _, category := range preferred {
		for _, x := range w.Book.Candidates(agreement.Query{From: c.from, To: c.to, Type: c.typ,
			Categories: []protocol.Category{category}, Emergency: c.emergency, At: w.At}) {
			if x.Document.Ref() == w.Document.Ref() && (x.Obstacle == "" || !standing) {
				c.category, c.channel = category, x.Channel
				return true
			}
		}
	}
	return false
}

// pairs returns the directions among which to choose.
func (w *Want) pairs() [][2]protocol.Party {
	from, to := w.Issuer.Party(), w.Addressee.Party()
	parties := w.parties()
	var out [][2]protocol.Party
	for _, x := range parties {
		for _, y := range parties {
			if x != y && (from == "" || from == x) && (to == "" || to == y) {
				out = append(out, [2]protocol.Party{x, y})
			}
		}
	}
	return out
}

// parties returns those of the document, the usual ones first, and those that
// were named.
func (w *Want) parties() []protocol.Party {
	first := usual
	if w.Document.EveryParty {
		first = slices.Concat(strangers, usual)
	}
	var out []protocol.Party
	for _, p := range slices.Concat([]protocol.Party{w.Issuer.Party(), w.Addressee.Party()}, first, w.Document.Parties()) {
		if p != "" && w.Document.Has(p) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// examples are the names of participants in the examples of this house.
var examples = map[protocol.Party][2]protocol.ParticipantID{
	"GB": {"gb.home-office", ""},
	"US": {"", "us.contoso-mail"},
}

func named(p protocol.Party, what string) protocol.ParticipantID {
	return protocol.ParticipantID(strings.ToLower(string(p)) + "." + what)
}

// between returns who asks whom.
func (w *Want) between(c chosen) (issuer, addressee protocol.ParticipantID) {
	issuer, addressee = w.Issuer, w.Addressee
	if c.channel == agreement.Direct {
		if x := examples[c.from][0]; issuer == "" && x != "" {
			issuer = x
		}
		if x := examples[c.to][1]; addressee == "" && x != "" {
			addressee = x
		}
		if issuer == "" {
			issuer = named(c.from, "issuing-authority")
		}
		if addressee == "" {
			addressee = named(c.to, "provider")
		}
		return issuer, addressee
	}
	if issuer == "" {
		issuer = named(c.from, "central-authority")
	}
	if addressee == "" {
		addressee = named(c.to, "central-authority")
	}
	return issuer, addressee
}

// described says in an example what is asked for of a category.
var described = map[protocol.Category]string{
	protocol.CategorySubscriber:  "who registered and pays for the account",
	protocol.CategoryUserID:      "addresses, ports and times of the log-ins, to identify the user",
	protocol.CategoryDomain:      "who registered the domain name",
	protocol.CategoryTraffic:     "when and with whom messages were exchanged",
	protocol.CategoryTrafficLive: "when and with whom messages are exchanged",
	protocol.CategoryLocation:    "where the device was",
	protocol.CategoryContent:     "messages sent and received",
	protocol.CategoryContentLive: "messages as they are sent and received",
	protocol.CategoryOther:       "other records of the account",
}

// emergencyFacts are those of an emergency in an example.
const emergencyFacts = "The suspect wrote today that a victim will be killed tonight; where the victim is can be seen " +
	"from this account only."

// plain is a request as any agreement asks for it.
func (w *Want) plain(c chosen) protocol.Request {
	today := w.At.UTC().Truncate(24 * time.Hour)
	issuer, addressee := w.between(c)
	r := protocol.Request{Type: c.typ, Issuer: issuer, Addressee: addressee,
		FileNumber: fmt.Sprintf("%d/117", today.Year()),
		Authorisation: protocol.Authorisation{Kind: protocol.AuthorityJudge, Authority: "Crown Court at Southwark",
			Reference: fmt.Sprintf("OPO-%d-117", today.Year()), Date: today.AddDate(0, 0, -2),
			Instrument: "production order, Code of Criminal Procedure s.1"},
		Offence: protocol.Offence{Description: "fraud by false representation", Provisions: []string{"Criminal Code s.1"},
			MaxCustodyMonths: 120},
		Target: protocol.Target{LocatedIn: c.from, Nationalities: []protocol.Party{c.from},
			ResidentIn: []protocol.Party{c.from}, Basis: "registration data, and payments from there"},
		Identifiers: []protocol.Identifier{{Type: protocol.IdentifierEmail, Value: "someone@example.com", Service: "mail"}},
		Data: []protocol.DataItem{{Category: c.category, From: today.AddDate(0, -3, 0), To: today,
			Description: described[c.category]}},
		Purpose: "to prove the false representations made to the victims"}
	if c.from == "GB" {
		r.Authorisation.Instrument = "overseas production order, Crime (Overseas Production Orders) Act 2019 s.1"
		r.Offence.Provisions = []string{"Fraud Act 2006 s.1"}
	} else {
		r.Authorisation.Authority, r.Authorisation.Reference = "District Court", fmt.Sprintf("C-%d-117", today.Year())
	}
	if c.emergency {
		r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: emergencyFacts}
	}
	if c.typ == protocol.Interception {
		r.Interception = &protocol.Window{Start: today.AddDate(0, 0, 1), End: today.AddDate(0, 0, 29), LessIntrusiveConsidered: true}
		r.Data[0].From, r.Data[0].To = r.Interception.Start, r.Interception.End
	}
	return r
}
