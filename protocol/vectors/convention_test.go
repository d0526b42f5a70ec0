package vectors_test

import (
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// The participants of the vectors' convention.
const (
	babbage = protocol.ParticipantID("de.babbage") // provider
	lka     = protocol.ParticipantID("de.lka")     // enforcing
	justice = protocol.ParticipantID("de.justice") // central
)

var convention = protocol.AgreementRef{ID: "vector-convention", Version: "1"}

// conventionQuestion returns one that the convention allows: an order for
// content to a provider in DE, of which the enforcing authority there is told.
func (w world) conventionQuestion() *question {
	r := order()
	r.Addressee = babbage
	return &question{
		Agreements: []string{"vector-convention.yaml", "vector-mla.yaml", "vector-courtesy.yaml"},
		Notices:    []*agreement.Notice{}, Request: r,
		Facts: facts{
			Ref: convention, At: now, Issued: now, Issuing: standing{ID: police, Roles: rolesOf(police)},
			Addressee: standing{ID: babbage, Roles: []protocol.Role{protocol.RoleProvider}},
			Sender:    standing{ID: police, Roles: rolesOf(police)},
			Notified: []standing{{ID: babbage, Roles: []protocol.Role{protocol.RoleProvider}},
				{ID: lka, Roles: []protocol.Role{protocol.RoleEnforcing}}},
			Officer: &officer{rolesOf(police)},
			Central: map[protocol.Party][]protocol.ParticipantID{"GB": {office}, "US": {doj}, "DE": {justice}},
		},
	}
}

// moved makes a request go to another provider, of which another is told.
func moved(q *question, provider, told protocol.ParticipantID) {
	q.Request.Addressee, q.Facts.Addressee.ID = provider, provider
	q.Facts.Notified[0].ID, q.Facts.Notified[1].ID = provider, told
}

// assist makes a request go from one central authority to another.
func assist(q *question, from, to protocol.ParticipantID, t protocol.RequestType, c protocol.Category) {
	central := []protocol.Role{protocol.RoleCentral}
	q.Request.Issuer, q.Request.Addressee = from, to
	q.Request.Type, q.Request.Data[0].Category = t, c
	q.Facts.Issuing, q.Facts.Sender = standing{ID: from, Roles: central}, standing{ID: from, Roles: central}
	q.Facts.Addressee, q.Facts.Notified = standing{ID: to, Roles: central}, nil
}

// choice returns the notice by which a Party makes or withdraws an option of
// the convention.
func choice(p protocol.Party, kind agreement.NoticeKind, option string) *agreement.Notice {
	return &agreement.Notice{
		ID: option, Agreement: convention.ID, Party: p, Kind: kind, Option: option,
		Toward: []protocol.Party{}, Types: []protocol.RequestType{}, Categories: []protocol.Category{},
		Effective: now.Add(-day), Issued: now.Add(-2 * day), Article: "Art. 20", Ground: "by law",
	}
}

// conventionRecipes are decisions on what an instrument leaves to its Parties.
func (w world) conventionRecipes() []recipe {
	one := func(name, expect, about string, change func(*question)) recipe {
		return w.decisionOf(w.conventionQuestion, "convention-"+name, expect, about, change)
	}
	ask := func(t protocol.RequestType, c protocol.Category) func(*question) {
		return func(q *question) { q.Request.Type, q.Request.Data[0].Category = t, c }
	}
	assisted := func(from, to protocol.ParticipantID, t protocol.RequestType, c protocol.Category,
		notices ...*agreement.Notice) func(*question) {
		return func(q *question) {
			assist(q, from, to, t, c)
			q.Notices = append(q.Notices, notices...)
			q.Facts.Certification = &certification{By: q.Facts.Sender, Contact: "desk"}
		}
	}
	intercepted := func(from, to protocol.ParticipantID, attested bool, notices ...*agreement.Notice) func(*question) {
		return func(q *question) {
			assisted(from, to, protocol.Interception, protocol.CategoryContentLive, notices...)(q)
			q.Request.Interception = &protocol.Window{Start: now, End: now.Add(day)}
			if attested {
				q.Facts.Certification.By.Roles = rolesOf(office)
				q.Facts.Certification.Attestations = []protocol.Attestation{{Statement: "necessary"}}
			}
		}
	}
	content := protocol.CategoryContent
	reserved := func(p protocol.Party) *agreement.Notice { return choice(p, agreement.Reserve, "no-interception") }
	recipes := []recipe{
		one("allow", "allow", "every step passes", nil),
		one("unbound", "deny", "the agreement does not bind the receiving Party yet", func(q *question) {
			moved(q, "fr.babar", "fr.police")
		}),
		one("bound", "allow", "it binds the receiving Party from this day on", func(q *question) {
			moved(q, "fr.babar", "fr.police")
			q.Facts.At = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		}),
		one("left", "deny", "the receiving Party has left", func(q *question) {
			q.Facts.At = time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
		}),
		one("signed-only", "deny", "the receiving Party only signed", func(q *question) {
			moved(q, "jp.babbage", "jp.police")
		}),
		one("own-code", "allow", "the instrument's own code stands for the category", func(q *question) {
			ask(protocol.Subscriber, protocol.CategorySubscriber)(q)
			q.Request.Data[0].Own = []string{"subscriber_information"}
		}),
		one("own-code-other", "deny", "the instrument's own code stands for another type", func(q *question) {
			q.Request.Data[0].Own = []string{"quick_freeze"}
		}),
		one("not-told", "hold", "who must be told at the same time is not", func(q *question) {
			q.Facts.Notified = q.Facts.Notified[:1]
		}),
		one("told-elsewhere", "hold", "who is told is of another Party", func(q *question) {
			q.Facts.Notified[1].ID = "fr.police"
		}),
		one("need-not-be-told", "allow", "in an emergency nobody need be told", func(q *question) {
			q.Facts.Notified = nil
			q.Request.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a person is held"}
		}),
		one("be-told", "hold", "the receiving Party declared that it is to be told", func(q *question) {
			ask(protocol.Subscriber, protocol.CategorySubscriber)(q)
			q.Facts.Notified = nil
			q.Notices = append(q.Notices, choice("DE", agreement.Declare, "be-told"))
		}),
		one("urgent-only", "deny", "it is granted in an emergency only",
			ask(protocol.Production, protocol.CategoryTraffic)),
		one("urgent", "allow", "it is granted in an emergency", func(q *question) {
			ask(protocol.Production, protocol.CategoryTraffic)(q)
			q.Request.Emergency = &protocol.Emergency{Kind: protocol.EmergencyChild, Facts: "a child is held"}
		}),
		one("unlisted", "deny", "the offence is on no list and not serious enough, for another way neither", func(q *question) {
			q.Request.Offence.Category, q.Request.Offence.MaxCustodyMonths = "theft", 12
		}),
		one("listed", "allow", "the offence is on the instrument's list", func(q *question) {
			q.Request.Offence.Category, q.Request.Offence.MaxCustodyMonths = "terrorism", 12
		}),
		one("warned", "allow", "a rule that only warns", func(q *question) {
			q.Request.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper}}
		}),
		one("not-warned", "allow", "the same rule is met", func(q *question) {
			q.Request.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper},
				Until: now.Add(90 * day)}
		}),
		one("contact", "allow", "a point of contact is asked like a central authority", func(q *question) {
			assist(q, office, "de.contact", protocol.Preservation, content)
			q.Facts.Addressee.Roles = []protocol.Role{protocol.RoleContact}
		}),
	}
	return append(append(recipes, []recipe{
		one("option", "hold", "the receiving Party made the declaration",
			assisted(office, doj, protocol.Production, content)),
		one("option-mirrored", "hold", "the issuing Party made it, and the other applies it",
			assisted(doj, office, protocol.Production, content)),
		one("option-before", "allow", "nobody has made the declaration yet", func(q *question) {
			assisted(office, doj, protocol.Production, content)(q)
			q.Facts.At = now.Add(-60 * day)
		}),
		one("option-withdrawn", "allow", "the declaration was withdrawn", assisted(office, doj, protocol.Production,
			content, choice("US", agreement.Withdraw, "dual-criminality"))),
		one("option-toward", "allow", "it was withdrawn toward the issuing Party", func(q *question) {
			n := choice("US", agreement.Withdraw, "dual-criminality")
			n.Toward = []protocol.Party{"GB"}
			assisted(office, doj, protocol.Production, content, n)(q)
		}),
		one("option-elsewhere", "hold", "it was withdrawn toward another Party", func(q *question) {
			n := choice("US", agreement.Withdraw, "dual-criminality")
			n.Toward = []protocol.Party{"DE"}
			assisted(office, doj, protocol.Production, content, n)(q)
		}),
		one("option-both", "hold", "made and withdrawn at one moment: it is made", func(q *question) {
			n := choice("US", agreement.Declare, "dual-criminality")
			n.ID = "dual-criminality-2"
			assisted(office, doj, protocol.Production, content, n, choice("US", agreement.Withdraw, "dual-criminality"))(q)
		}),
		one("excluded", "deny", "the receiving Party's reservation takes the right away",
			intercepted(office, justice, true, reserved("DE"))),
		one("excluded-mirrored", "deny", "the receiving Party applies the issuing Party's reservation to it",
			intercepted(justice, office, true, reserved("DE"))),
		one("not-excluded", "allow", "the reservation concerns another type",
			assisted(office, justice, protocol.Production, content, reserved("DE"))),
		one("excluded-right", "deny", "the issuing Party's reservation takes the mirrored right away", func(q *question) {
			ask(protocol.Production, protocol.CategoryLocation)(q)
			q.Notices = append(q.Notices, choice("GB", agreement.Reserve, "no-location"))
		}),
		one("excluded-one-sided", "allow", "of a one-sided right a reservation that is not mirrored takes nothing away",
			assisted(office, justice, protocol.Production, protocol.CategoryLocation,
				choice("GB", agreement.Reserve, "no-location"))),
		one("unattested", "hold", "the officer attests it, and is not of the role that must",
			func(q *question) {
				intercepted(office, justice, false)(q)
				q.Request.Attestations = []protocol.Attestation{{Statement: "necessary"}}
			}),
		one("attested", "allow", "the certifying authority attests it", intercepted(office, justice, true)),
		one("other-treaty", "deny", "another treaty joins the two Parties",
			assisted(office, doj, protocol.PathDisclosure, protocol.CategoryTraffic,
				choice("US", agreement.Withdraw, "dual-criminality"))),
		one("no-other-treaty", "allow", "no other treaty joins the two Parties",
			assisted(office, justice, protocol.PathDisclosure, protocol.CategoryTraffic)),
	}...), w.routeRecipes()...)
}

// routeRecipes are about which agreement governs, what other ways there are,
// and the grounds of a refusal.
func (w world) routeRecipes() []recipe {
	one := func(name, expect, about string, change func(*question)) recipe {
		return w.decisionOf(w.conventionQuestion, name, expect, about, change)
	}
	between := func(from, to protocol.ParticipantID) func(*question) {
		return func(q *question) {
			q.Facts.Ref = protocol.AgreementRef{}
			assist(q, from, to, protocol.Production, protocol.CategoryContent)
		}
	}
	refuse := func(ground protocol.Reason) func(*question) {
		return func(q *question) { q.Refusal = ground }
	}
	return []recipe{
		one("found-bilateral", "allow", "of two that grant it, that of fewer Parties governs", between(office, doj)),
		one("found-convention", "allow", "a convention governs before what rests on no treaty", between(office, justice)),
		one("found-courtesy", "hold", "no treaty joins the two: a promise is needed", between(office, "br.justice")),
		one("courtesy-promise", "allow", "no treaty joins the two, and a promise is attached", func(q *question) {
			between(office, "br.justice")(q)
			q.Request.Promise = "The same will be done for the other Party."
			q.Request.Attestations = []protocol.Attestation{{Statement: agreement.PromiseStatement}}
		}),
		one("routes", "deny", "three other ways, the most specific first", func(q *question) {
			q.Agreements = append(q.Agreements, "vector-daa.yaml")
			moved(q, contoso, "us.marshals")
			q.Notices = append(q.Notices, choice("US", agreement.Withdraw, "dual-criminality"))
			q.Request.Data[0].Own = []string{"quick_freeze"}
		}),
		one("routes-none", "deny", "the one other way would deny as well: none is shown", func(q *question) {
			q.Agreements = q.Agreements[:1]
			q.Request.Offence.MaxCustodyMonths = 12
		}),
		one("routes-other-treaty", "deny", "a way that is for want of another treaty only", func(q *question) {
			q.Agreements[2] = "vector-daa.yaml"
			q.Facts.Ref = daa
			assist(q, office, doj, protocol.PathDisclosure, protocol.CategoryTraffic)
		}),
		one("barred", "deny", "a ground with which nobody may refuse", refuse(protocol.ReasonBankSecrecy)),
		one("not-barred", "allow", "a ground that the agreement does not bar", refuse(protocol.ReasonNotHeld)),
		one("barred-direction", "deny", "a ground that is barred in this direction", refuse(protocol.ReasonSolelyFiscal)),
		one("not-barred-direction", "allow", "a ground that is barred in another direction", func(q *question) {
			q.Facts.Issuing.ID, q.Facts.Addressee.ID = justice, "gb.initech"
			q.Refusal = protocol.ReasonSolelyFiscal
		}),
		one("barred-no-treaty", "deny", "a ground that is barred where no other treaty is",
			refuse(protocol.ReasonDataProtection)),
		one("not-barred-treaty", "allow", "the same ground, and another treaty is", func(q *question) {
			q.Facts.Issuing.ID, q.Facts.Addressee.ID = police, contoso
			q.Refusal = protocol.ReasonDataProtection
		}),
		one("barred-unversioned", "deny", "the case names no version of the agreement", func(q *question) {
			q.Facts.Ref.Version = ""
			q.Refusal = protocol.ReasonBankSecrecy
		}),
		one("barred-unknown", "allow", "no agreement is held that could bar the ground", func(q *question) {
			q.Agreements = []string{}
			q.Refusal = protocol.ReasonBankSecrecy
		}),
	}
}

// domesticRecipes are about a Party's own law, in each of its capacities.
func (w world) domesticRecipes() []recipe {
	one := func(name, expect, about string, change func(*question)) recipe {
		return w.decisionOf(w.conventionQuestion, "domestic-"+name, expect, about, func(q *question) {
			q.Agreements = append(q.Agreements, "vector-us-law.yaml")
			change(q)
		})
	}
	american := func(q *question) { q.Facts.Addressee.AlsoUnder = []protocol.Party{"US"} }
	turned := func(q *question) {
		assist(q, doj, justice, protocol.Production, protocol.CategoryContent)
		q.Notices = append(q.Notices, choice("US", agreement.Withdraw, "dual-criminality"))
	}
	return []recipe{
		one("provider", "allow", "the law of a third country is in the way; ways through it are shown", american),
		one("provider-own", "allow", "the law of the provider's own Party is in the way", func(q *question) {
			moved(q, contoso, "us.marshals")
			q.Notices = append(q.Notices, choice("US", agreement.Withdraw, "dual-criminality"))
		}),
		one("lifted", "allow", "the agreement lifts what is in the way", func(q *question) {
			a := w.question()
			a.Agreements = append(a.Agreements, "vector-us-law.yaml")
			*q = *a
		}),
		one("elsewhere", "allow", "no third country's law binds the provider", func(*question) {}),
		one("not-applying", "allow", "the law of the third country says nothing of this", func(q *question) {
			american(q)
			q.Request.Type, q.Request.Data[0].Category = protocol.Subscriber, protocol.CategorySubscriber
		}),
		one("issuing", "deny", "the issuing Party's own law is not kept", func(q *question) {
			turned(q)
			q.Request.Authorisation.Kind = protocol.AuthorityProsecutor
		}),
		one("validated", "allow", "it is kept by the validation of a judge", func(q *question) {
			turned(q)
			q.Request.Authorisation.Kind = protocol.AuthorityProsecutor
			q.Request.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityJudge,
				Authority: "a court", Reference: "V-1", Date: now.Add(-day)}
		}),
		one("receiving", "hold", "the receiving Party's own law asks a person", func(q *question) {
			assist(q, justice, doj, protocol.Production, protocol.CategoryContent)
			q.Notices = append(q.Notices, choice("US", agreement.Withdraw, "dual-criminality"))
			q.Request.Offence.Fiscal = true
		}),
	}
}
