package vectors_test

import (
	"bytes"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/canon"
)

// documents are the agreements and the law of decisionArea.
var documents = []string{"vector-daa.yaml", "vector-mla.yaml", "vector-convention.yaml", "vector-courtesy.yaml",
	"vector-us-law.yaml", "vector-daa-2.yaml", "vector-deletion.yaml", "vector-de-law.yaml"}

// A question is the body of decisionArea: what is decided on, and what must
// come out, byte for byte in its canonical form.
type question struct {
	Agreements []string            `json:"agreements"` // files beside the vector
	Notices    []*agreement.Notice `json:"notices"`
	Request    *protocol.Request   `json:"request"`
	Facts      facts               `json:"facts"`
	// Refusal is the ground with which the addressee refuses the request: then it
	// is decided whether the agreement bars it.
	Refusal protocol.Reason `json:"refusal,omitzero"`
	// Deletion is a certificate of deletion in the case: then it is decided whether a
	// document knows its reason.
	Deletion *certificate      `json:"deletion,omitzero"`
	Decision protocol.Decision `json:"decision"`
}

// A certificate is what a deletion says, and of which Party its sender is.
type certificate struct {
	Reason protocol.DeletionReason `json:"reason"`
	Action protocol.DeletionAction `json:"action"`
	By     protocol.Party          `json:"by"`
}

// facts are agreement.Facts in JSON.
type facts struct {
	Ref           protocol.AgreementRef                       `json:"agreement"`
	At            time.Time                                   `json:"at"`
	Issued        time.Time                                   `json:"issued"`
	Issuing       standing                                    `json:"issuing"`
	Addressee     standing                                    `json:"addressee"`
	Sender        standing                                    `json:"sender"`
	Notified      []standing                                  `json:"notified,omitempty"`
	Officer       *officer                                    `json:"officer,omitzero"`
	Certification *certification                              `json:"certification,omitzero"`
	Central       map[protocol.Party][]protocol.ParticipantID `json:"central"`
}

type standing struct {
	ID        protocol.ParticipantID `json:"id"`
	Roles     []protocol.Role        `json:"roles"`
	AlsoUnder []protocol.Party       `json:"also_under,omitempty"`
}

type officer struct {
	Roles []protocol.Role `json:"roles"`
}

type certification struct {
	By        standing `json:"by"`
	Invokes   bool     `json:"invokes"`
	Contact   string   `json:"contact"`
	Targeting string   `json:"targeting"`

	Attestations []protocol.Attestation `json:"attestations,omitempty"`
}

func (s standing) known() agreement.Standing {
	return agreement.Standing{ID: s.ID, Party: s.ID.Party(), Roles: s.Roles, AlsoUnder: s.AlsoUnder}
}

func (f *facts) known() agreement.Facts {
	out := agreement.Facts{Ref: f.Ref, At: f.At, Issued: f.Issued, Issuing: f.Issuing.known(),
		Addressee: f.Addressee.known(), Sender: f.Sender.known(),
		Central: func(p protocol.Party) []protocol.ParticipantID { return f.Central[p] }}
	for _, s := range f.Notified {
		out.Notified = append(out.Notified, s.known())
	}
	if f.Officer != nil {
		out.Officer = agreement.Officer{Present: true, Roles: f.Officer.Roles}
	}
	if c := f.Certification; c != nil {
		out.Certification = agreement.Certification{Present: true, By: c.By.known(),
			Invokes: c.Invokes, Contact: c.Contact, Targeting: c.Targeting, Attestations: c.Attestations}
	}
	return out
}

// question returns one that is allowed: certified and transmitted by the
// designated authority of the issuing Party.
func (w world) question() *question {
	r := order()
	r.Attestations = []protocol.Attestation{{Statement: "own_purpose"}}
	authority := standing{ID: office, Roles: rolesOf(office)}
	return &question{
		Agreements: []string{"vector-daa.yaml", "vector-mla.yaml"}, Notices: []*agreement.Notice{}, Request: r,
		Facts: facts{
			Ref: daa, At: now, Issued: now, Issuing: standing{ID: police, Roles: rolesOf(police)},
			Addressee: standing{ID: contoso, Roles: rolesOf(contoso)}, Sender: authority,
			Officer:       &officer{rolesOf(police)},
			Certification: &certification{By: authority, Invokes: true, Contact: "desk", Targeting: "TP-1"},
			Central:       map[protocol.Party][]protocol.ParticipantID{"GB": {office}, "US": {doj}},
		},
	}
}

// decide is what this implementation decides.
func (w world) decide(q *question) protocol.Decision {
	w.t.Helper()
	var docs []*agreement.Document
	for _, name := range q.Agreements {
		docs = append(docs, w.document(name))
	}
	b, err := agreement.NewBook(docs, q.Notices)
	w.must(err)
	if q.Refusal != "" {
		return b.Refuse(agreement.Ground{Agreement: q.Facts.Ref, Reason: q.Refusal,
			From: q.Facts.Issuing.ID.Party(), To: q.Facts.Addressee.ID.Party(), At: q.Facts.At})
	}
	if x := q.Deletion; x != nil {
		return b.Erase(agreement.Erasure{Agreement: q.Facts.Ref, Reason: x.Reason, Action: x.Action, By: x.By, At: q.Facts.At})
	}
	return b.Decide(q.Request, q.Facts.known())
}

// decisionArea holds requests with what is known of them, and the decisions.
func (w world) decisionArea() area {
	one := func(name, expect, about string, change func(*question)) recipe {
		return w.decisionOf(w.question, name, expect, about, change)
	}
	at := func(year int) func(*question) {
		return func(q *question) { q.Facts.At = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	ask := func(typ protocol.RequestType, c protocol.Category) func(*question) {
		return func(q *question) {
			q.Request.Type, q.Request.Data[0].Category = typ, c
			if typ == protocol.Interception {
				q.Request.Interception = &protocol.Window{Start: now, End: now.Add(day)}
			}
		}
	}
	back := func(q *question) { w.turn(q) }
	recipes := []recipe{
		one("allow", "allow", "every rule is met", nil),
		one("found", "allow", "no agreement is named: the one that governs is found",
			func(q *question) { q.Facts.Ref = protocol.AgreementRef{} }),
		one("uncertified", "hold", "not certified, and transmitted by an issuing authority", func(q *question) {
			q.Facts.Certification, q.Facts.Sender = nil, q.Facts.Issuing
		}),
		one("speech", "hold", "a person must decide", func(q *question) { q.Request.Offence.Speech = true }),
		one("clock", "hold", "a day has come from which the agreement may no longer stand", at(2029)),
		one("promise-missing", "hold", "no promise of reciprocity is attached",
			ask(protocol.Interception, protocol.CategoryContentLive)),
		one("promise-text", "hold", "a promise is attested, and none is written", func(q *question) {
			ask(protocol.Interception, protocol.CategoryContentLive)(q)
			q.Request.Attestations = append(q.Request.Attestations,
				protocol.Attestation{Statement: agreement.PromiseStatement})
		}),
		one("promise", "allow", "a promise of reciprocity is attached", func(q *question) {
			ask(protocol.Interception, protocol.CategoryContentLive)(q)
			q.Request.Promise = "The same will be done for the other Party."
			q.Request.Attestations = append(q.Request.Attestations,
				protocol.Attestation{Statement: agreement.PromiseStatement, Reference: "note 7"})
		}),
		one("one-sided", "allow", "a right that is one-sided by its article",
			ask(protocol.Preservation, protocol.CategoryContent)),
		one("threshold", "deny", "the offence is not serious enough",
			func(q *question) { q.Request.Offence.MaxCustodyMonths = 35 }),
		one("attestation", "deny", "the officer does not attest what must be attested",
			func(q *question) { q.Request.Attestations = nil }),
		one("rule-error", "deny", "a rule that cannot be computed denies",
			func(q *question) { q.Request.Offence.DeathPenalty = true }),
		one("no-mirror", "deny", "the right does not stand in the other direction; another way is shown",
			ask(protocol.Subscriber, protocol.CategorySubscriber)),
		one("no-right", "deny", "the agreement does not grant this type of request",
			func(q *question) { back(q); ask(protocol.Preservation, protocol.CategoryContent)(q) }),
		one("category", "deny", "the agreement does not grant this category",
			ask(protocol.Production, protocol.CategoryLocation)),
		one("suspended", "deny", "the receiving Party suspended the right",
			func(q *question) { q.Notices = append(q.Notices, suspension()) }),
		one("mirror-suspended", "deny", "the issuing Party suspended the mirrored right", func(q *question) {
			back(q)
			q.Notices = append(q.Notices, suspension())
		}),
		one("resumed", "allow", "the suspension was withdrawn", func(q *question) {
			n := suspension()
			n.ID, n.Kind, n.Effective = "us-2", agreement.Resume, now
			q.Notices = append(q.Notices, n, suspension())
		}),
		one("not-yet", "allow", "the suspension takes effect a second later", func(q *question) {
			n := suspension()
			n.Effective = now.Add(time.Second)
			q.Notices = append(q.Notices, n)
		}),
		one("before", "deny", "not yet in force", at(2026)),
		one("after", "deny", "no longer in force", at(2030)),
		one("unknown", "deny", "the agreement that is named is not held",
			func(q *question) { q.Facts.Ref.ID = "vector-daa-2" }),
		one("version", "deny", "the version that is named is not held",
			func(q *question) { q.Facts.Ref.Version = "2" }),
		one("replaced", "deny", "a newer version has replaced the one that is named", func(q *question) {
			q.Agreements = append(q.Agreements, "vector-daa-2.yaml")
			q.Facts.Ref.Version = "1"
		}),
		one("not-governing", "deny", "the agreement that is named does not bind both Parties", func(q *question) {
			q.Facts.Addressee = standing{ID: "fr.babar", Roles: []protocol.Role{protocol.RoleProvider}}
			q.Request.Addressee = "fr.babar"
		}),
		one("none", "deny", "no agreement is held: a letter rogatory is left", func(q *question) {
			q.Agreements, q.Facts.Ref = []string{}, protocol.AgreementRef{}
		}),
		one("participants", "deny", "what is known of the addressee is of another participant",
			func(q *question) { q.Facts.Addressee.ID = "us.initech" }),
	}
	recipes = append(recipes, w.conventionRecipes()...)
	recipes = append(recipes, w.deletionRecipes()...)
	return area{"decision", append(recipes, w.domesticRecipes()...), world.examineDecision}
}

// decisionOf is the recipe of what is decided of a question after a change.
func (w world) decisionOf(ask func() *question, name, expect, about string, change func(*question)) recipe {
	return recipe{name, expect, about, nil, func() []byte {
		q := ask()
		if change != nil {
			change(q)
		}
		q.Decision = w.decide(q)
		return w.encode(q)
	}}
}

// turn makes the request go from US to GB.
func (w world) turn(q *question) {
	q.Request.Issuer, q.Request.Addressee = doj, "gb.initech"
	authority := standing{ID: doj, Roles: rolesOf(doj)}
	q.Facts.Issuing, q.Facts.Sender, q.Facts.Certification.By = authority, authority, authority
	q.Facts.Addressee = standing{ID: "gb.initech", Roles: []protocol.Role{protocol.RoleProvider}}
	q.Facts.Officer = &officer{rolesOf(doj)}
}

// asked returns the question of a stored vector.
func (w world) asked(name string) *question {
	w.t.Helper()
	q := new(question)
	w.must(canon.Decode(load(w.t, "decision", name).body, q))
	return q
}

func (w world) examineDecision(v *vector) string {
	q := new(question)
	w.must(canon.Decode(v.body, q))
	decision := w.decide(q)
	if got, want := w.encode(&decision), w.encode(&q.Decision); !bytes.Equal(got, want) {
		w.t.Fatalf("got  %s\nwant %s", got, want)
	}
	return decision.Verdict.String()
}
