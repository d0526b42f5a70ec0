package vectors_test

import (
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/evidence/evidencetest"
)

// asked is the digest of something that was asked.
var asked = protocol.DigestOf([]byte("asked"))

var ofAsked = []protocol.Digest{asked}

// validatedBy is who validated something after the fact.
var validatedBy = protocol.Validation{Kind: protocol.AuthorityCourt, Authority: "Crown Court", Reference: "V-1", Date: now}

var nonce = strings.Repeat("0f", protocol.NonceSize)

// lives are the bodies of a case's life, one or more of each kind.
func lives() map[string]protocol.Body {
	grounds := []protocol.Reason{protocol.ReasonThirdCountryLaw, protocol.ReasonOverbroad}
	factors := []protocol.Factor{{Code: "interest_of_third_country", Text: "its constitution"}, {Code: "nationality"}}
	auth := order().Authorisation
	data := order().Data
	data[0].To = data[0].From.Add(day)
	return map[string]protocol.Body{
		"clarification": {Clarification: &protocol.Clarification{Ask: protocol.AskReturned,
			Reasons: []protocol.Reason{protocol.ReasonIncomplete}, Fields: []string{"data[0].from", "purpose"}, Text: "which year?"}},
		"redirect": {Clarification: &protocol.Clarification{Ask: protocol.AskRedirect,
			Reasons: []protocol.Reason{protocol.ReasonNotCustomer}, Controller: "Initech Inc."}},
		"reply":        {Reply: &protocol.Reply{Answers: ofAsked, Result: protocol.ReplyProvided, Text: "2025"}},
		"reply-waiver": {Reply: &protocol.Reply{Answers: ofAsked, Result: protocol.ReplyWaiver}},
		"amendment": {Amendment: &protocol.Amendment{Answers: ofAsked, Version: 2, Identifiers: order().Identifiers,
			Data: data, Dropped: []protocol.Drop{{Member: "data[0].to", Why: "a day is enough"}}}},
		"objection": {Objection: &protocol.Objection{Level: protocol.LevelIssuer, Grounds: grounds, Text: "it is too wide"}},
		"objection-receiving": {Objection: &protocol.Objection{Level: protocol.LevelReceiving, Answers: ofAsked,
			Grounds: grounds, Text: "it is too wide", Request: []byte("{}")}},
		"objection-court": {Objection: &protocol.Objection{Level: protocol.LevelCourt, Grounds: grounds, Text: "a conflict",
			Factors: factors, Reference: "26-mc-7"}},
		"determination": {Determination: &protocol.Determination{Answers: ofAsked, Result: protocol.ResultNotApplicable,
			Grounds: grounds[:1], Text: "it does not apply", Factors: factors, Reference: "26-mc-7"}},
		"acceptance":       {Acceptance: &protocol.Acceptance{Answers: ofAsked, Text: "accepted"}},
		"acceptance-empty": {Acceptance: &protocol.Acceptance{}},
		"conditions": {Conditions: &protocol.Conditions{Limits: []protocol.Clause{{Code: "no_onward", Text: "not to others"}},
			Partial: true, Reason: protocol.ReasonPress}},
		"postponement":          {Postponement: &protocol.Postponement{Reason: protocol.ReasonOwnInvestigation, Review: now.Add(30 * day)}},
		"consultation":          {Consultation: &protocol.Consultation{Reasons: grounds, Text: "before we refuse"}},
		"extension":             {Extension: &protocol.Extension{Until: now.Add(day), Reason: "an archive on tape"}},
		"preservation-extended": {Preservation: &protocol.Kept{Action: protocol.KeptExtended, Until: now.Add(30 * day)}},
		"preservation-confirmed": {Preservation: &protocol.Kept{Action: protocol.KeptConfirmed,
			Case: protocol.CaseID(id("case-", "2"))}},
		"preservation-released": {Preservation: &protocol.Kept{Action: protocol.KeptReleased}},
		"secrecy": {Secrecy: &protocol.SecrecyOrder{Action: protocol.SecrecyOrdered, Authority: "District Court",
			Reference: "26-mc-8", Grounds: protocol.SecrecyGrounds(), Start: now, End: now.Add(365 * day),
			Binds: []protocol.Bound{protocol.BoundUser, protocol.BoundController, protocol.BoundPublic}}},
		"secrecy-lifted": {Secrecy: &protocol.SecrecyOrder{Action: protocol.SecrecyLifted, Reference: "26-mc-9"}},
		"notice-user": {Notice: &protocol.Notice{To: protocol.NoticeUser, Status: protocol.NoticeDelivered, At: now,
			Method: "e-mail", Text: asked}},
		"notice-delayed": {Notice: &protocol.Notice{To: protocol.NoticeUser, Status: protocol.NoticeDelayed,
			Until: now.Add(90 * day), Ground: protocol.SecrecyTamper}},
		"notice-state": {Notice: &protocol.Notice{To: protocol.NoticeState, Status: protocol.NoticeOmitted, State: "FR",
			Ground: protocol.SecrecyNational}},
		"validation":        {Validation: &protocol.Validated{Result: protocol.ValidationGranted, By: &validatedBy}},
		"validation-lapsed": {Validation: &protocol.Validated{Result: protocol.ValidationLapsed}},
		"interception-renewed": {Interception: &protocol.Tap{Action: protocol.TapRenewed, At: now, Until: now.Add(30 * day),
			Authorisation: &auth}},
		"interception-started": {Interception: &protocol.Tap{Action: protocol.TapStarted, At: now}},
		"interception-live": {Interception: &protocol.Tap{Action: protocol.TapStarted, At: now, Live: &protocol.Live{
			ID: asked, Name: "calls.pcap", MediaType: "application/vnd.tcpdump.pcap",
			Readers: []protocol.ParticipantID{office, police}, Keys: []byte(`{"ciphertext":"AA"}`)}}},
		"interception-product": {Interception: &protocol.Tap{Action: protocol.TapStopped, At: now, Product: product()}},
		"interception-stopped": {Interception: &protocol.Tap{Action: protocol.TapStopped, At: now}},
		"costs":                {Costs: &protocol.Costs{Action: protocol.CostsClaimed, Amount: 12_50, Currency: "EUR", Basis: "tariff 3"}},
		"costs-paid":           {Costs: &protocol.Costs{Action: protocol.CostsPaid}},
		"challenge":            {Challenge: &protocol.Challenge{Nonce: nonce, Until: now.Add(day)}},
		"response":             {Response: &protocol.Response{Answers: ofAsked, Nonce: nonce}},
		"enforcement":          {Enforcement: &protocol.Enforcement{Request: []byte("{}"), Reason: protocol.ReasonOverdue}},
		"use":                  {Use: &protocol.Use{Purpose: "onward_transfer", Text: "to a third State", Request: []byte("{}")}},
		"closure":              {Closure: &protocol.Closure{Deleted: true, Text: "deleted"}},
		"deletion": {Deletion: &protocol.Deletion{Action: protocol.Deleted, Reason: protocol.DeletionPurge, Objects: ofAsked,
			Text: "the case is over"}},
		"deletion-restricted": {Deletion: &protocol.Deletion{Action: protocol.Restricted, Reason: protocol.DeletionRefused, Objects: ofAsked}},
		"disclosure-origin": {Disclosure: &protocol.Disclosure{Status: protocol.ProductionNoData, Objects: []protocol.Object{},
			Origin: []byte("{}")}},
		"refusal-answers": {Refusal: &protocol.Refusal{Reason: protocol.ReasonChallenge, Answers: ofAsked}},
	}
}

// product is what a live object became.
func product() *protocol.Object {
	o := evidencetest.Object("calls.pcap", "application/vnd.tcpdump.pcap", []byte("calls"))
	o.Segments, o.Collected, o.Collector = 3, now, "mediation 2"
	return &o
}

// lifeForms are the bodies of a case's life, each with the crimes against it.
func (w world) lifeForms() []recipe {
	var out []recipe
	for name, body := range lives() {
		out = append(out, recipe{"life-" + name, "valid", "a body of a case's life: " + name, nil,
			func() []byte { return w.encode(w.act(body, contoso, office)) }})
	}
	bad := func(of, name, about string, change func(*protocol.Body)) {
		out = append(out, recipe{"life-" + of + "-bad-" + name, "malformed", about, nil, func() []byte {
			body := lives()[of]
			change(&body)
			return w.encode(w.act(body, contoso, office))
		}})
	}
	long := strings.Repeat("x", protocol.MaxText+1)
	bad("clarification", "ask", "an ask that is not known", func(b *protocol.Body) { b.Clarification.Ask = "whim" })
	bad("clarification", "reasons", "no reason", func(b *protocol.Body) { b.Clarification.Reasons = []protocol.Reason{} })
	bad("clarification", "field", "a field that is no member", func(b *protocol.Body) { b.Clarification.Fields = []string{"Data 1"} })
	bad("clarification", "controller", "a controller, and no redirect", func(b *protocol.Body) { b.Clarification.Controller = "x" })
	bad("redirect", "controller", "a redirect to nobody", func(b *protocol.Body) { b.Clarification.Controller = "" })
	bad("reply", "answers", "a reply to nothing", func(b *protocol.Body) { b.Reply.Answers = []protocol.Digest{} })
	bad("reply", "answers-twice", "a reply to one asked twice", func(b *protocol.Body) {
		b.Reply.Answers = []protocol.Digest{asked, asked}
	})
	bad("reply", "result", "a result that is not known", func(b *protocol.Body) { b.Reply.Result = "maybe" })
	bad("reply", "text", "a text of 4097 bytes", func(b *protocol.Body) { b.Reply.Text = long })
	bad("amendment", "version", "the first version", func(b *protocol.Body) { b.Amendment.Version = 1 })
	bad("amendment", "dropped", "nothing was dropped", func(b *protocol.Body) { b.Amendment.Dropped = []protocol.Drop{} })
	bad("amendment", "why", "dropped for no reason", func(b *protocol.Body) { b.Amendment.Dropped[0].Why = "" })
	bad("amendment", "data", "no data is left", func(b *protocol.Body) { b.Amendment.Data = []protocol.DataItem{} })
	bad("objection", "grounds", "an objection without a ground", func(b *protocol.Body) { b.Objection.Grounds = []protocol.Reason{} })
	bad("objection", "text", "an objection without words", func(b *protocol.Body) { b.Objection.Text = "" })
	bad("objection", "request", "the order, to one who has it", func(b *protocol.Body) { b.Objection.Request = []byte("{}") })
	bad("objection-receiving", "request", "no order, for one who has not heard of it",
		func(b *protocol.Body) { b.Objection.Request = nil })
	bad("objection-court", "reference", "a court without a reference", func(b *protocol.Body) { b.Objection.Reference = "" })
	bad("objection-court", "factor", "a factor that is no code", func(b *protocol.Body) { b.Objection.Factors[0].Code = "The First" })
	bad("determination", "result", "a result that is not known", func(b *protocol.Body) { b.Determination.Result = "won" })
	bad("conditions", "limits", "no condition", func(b *protocol.Body) { b.Conditions.Limits = []protocol.Clause{} })
	bad("conditions", "reason", "in part, for no reason", func(b *protocol.Body) { b.Conditions.Reason = "" })
	bad("disclosure-origin", "objects", "objects beside what is passed on", func(b *protocol.Body) {
		b.Disclosure.Objects = []protocol.Object{evidencetest.Object("a", "text/plain", []byte("a"))}
	})
	bad("deletion", "action", "neither deleted nor restricted", func(b *protocol.Body) { b.Deletion.Action = "hidden" })
	bad("deletion", "reason", "deleted for a reason that is not known", func(b *protocol.Body) { b.Deletion.Reason = "space" })
	bad("deletion", "restricted", "restricted, where it is to be deleted", func(b *protocol.Body) { b.Deletion.Action = protocol.Restricted })
	bad("deletion", "objects", "nothing was deleted", func(b *protocol.Body) { b.Deletion.Objects = []protocol.Digest{} })
	bad("deletion", "objects-twice", "deleted twice", func(b *protocol.Body) { b.Deletion.Objects = []protocol.Digest{asked, asked} })
	bad("postponement", "reason", "put off for a reason that is not known", func(b *protocol.Body) { b.Postponement.Reason = "late" })
	bad("extension", "reason", "more time for no reason", func(b *protocol.Body) { b.Extension.Reason = "" })
	bad("preservation-confirmed", "case", "confirmed by nothing", func(b *protocol.Body) { b.Preservation.Case = "" })
	bad("secrecy", "end", "an order that ends when it starts", func(b *protocol.Body) { b.Secrecy.End = b.Secrecy.Start })
	bad("secrecy", "grounds", "an order without a ground", func(b *protocol.Body) { b.Secrecy.Grounds = nil })
	bad("secrecy", "binds", "an order that binds nobody", func(b *protocol.Body) { b.Secrecy.Binds = nil })
	bad("secrecy-lifted", "reference", "lifted by nobody's decision", func(b *protocol.Body) { b.Secrecy.Reference = "" })
	bad("notice-delayed", "until", "delayed without an end", func(b *protocol.Body) { b.Notice.Until = b.Notice.At })
	bad("notice-delayed", "ground", "delayed for nothing", func(b *protocol.Body) { b.Notice.Ground = "" })
	bad("notice-state", "state", "told to no State", func(b *protocol.Body) { b.Notice.State = "" })
	bad("notice-user", "state", "a State for a user", func(b *protocol.Body) { b.Notice.State = "FR" })
	bad("validation", "by", "granted by nobody", func(b *protocol.Body) { b.Validation.By = nil })
	bad("validation-lapsed", "by", "lapsed, and granted by somebody", func(b *protocol.Body) { b.Validation.By = &validatedBy })
	bad("interception-renewed", "authorisation", "renewed without a new authorisation",
		func(b *protocol.Body) { b.Interception.Authorisation = nil })
	bad("interception-stopped", "until", "stopped until", func(b *protocol.Body) { b.Interception.Until = now.Add(day) })
	bad("interception-live", "stop", "a live object outside of a start", func(b *protocol.Body) { b.Interception.Action = protocol.TapStopped })
	bad("interception-live", "id", "a live object without an id", func(b *protocol.Body) { b.Interception.Live.ID = protocol.Digest{} })
	bad("interception-live", "name", "a live object whose name is a path", func(b *protocol.Body) { b.Interception.Live.Name = "../calls" })
	bad("interception-live", "readers", "a live object that nobody can read", func(b *protocol.Body) {
		b.Interception.Live.Readers = []protocol.ParticipantID{}
	})
	bad("interception-live", "order", "readers of a live object that are not in order", func(b *protocol.Body) {
		b.Interception.Live.Readers = []protocol.ParticipantID{police, office}
	})
	bad("interception-product", "start", "a product outside of a stop", func(b *protocol.Body) { b.Interception.Action = protocol.TapStarted })
	bad("interception-product", "segments", "a product that came in no segment", func(b *protocol.Body) { b.Interception.Product.Segments = 0 })
	bad("interception-product", "tree", "a product without a tree hash", func(b *protocol.Body) { b.Interception.Product.Tree = protocol.Digest{} })
	bad("costs", "currency", "a claim in no currency", func(b *protocol.Body) { b.Costs.Currency = "Euro" })
	bad("costs-paid", "amount", "an amount that nobody claims", func(b *protocol.Body) { b.Costs.Amount = 1 })
	bad("challenge", "nonce", "a nonce that is too short", func(b *protocol.Body) { b.Challenge.Nonce = nonce[2:] })
	bad("response", "nonce", "a nonce in capitals", func(b *protocol.Body) { b.Response.Nonce = strings.ToUpper(nonce) })
	bad("use", "purpose", "a purpose that is no code", func(b *protocol.Body) { b.Use.Purpose = "Any Use" })
	return append(out, w.compartmentForms()...)
}

// compartmentForms are requests with compartments.
func (w world) compartmentForms() []recipe {
	sealed := func() protocol.Compartment {
		// Signed once for all: what is sealed is different each time.
		return protocol.Compartment{Name: protocol.CompartmentFacts, For: []protocol.ParticipantID{office, police},
			Sealed: []byte(`{"ciphertext":"AA"}`)}
	}
	form := func(name, expect, about string, change func(*protocol.Request)) recipe {
		return recipe{"compartment-" + name, expect, about, nil, func() []byte {
			r := order()
			r.Compartments = []protocol.Compartment{sealed()}
			change(r)
			return w.encode(w.act(protocol.Body{Request: r}, police, office))
		}}
	}
	return []recipe{
		form("valid", "valid", "a compartment, which is not opened here", func(*protocol.Request) {}),
		form("addressee", "malformed", "a compartment that the addressee can open",
			func(r *protocol.Request) { r.Compartments[0].For[1] = r.Addressee }),
		form("nobody", "malformed", "a compartment that nobody can open",
			func(r *protocol.Request) { r.Compartments[0].For = []protocol.ParticipantID{} }),
		form("twice", "malformed", "two compartments of one name",
			func(r *protocol.Request) { r.Compartments = append(r.Compartments, sealed()) }),
		form("name", "malformed", "a name that is not known", func(r *protocol.Request) { r.Compartments[0].Name = "gossip" }),
		form("large", "malformed", "more than 49152 bytes", func(r *protocol.Request) {
			r.Compartments[0].Sealed = []byte(`{"ciphertext":"` + strings.Repeat("A", protocol.MaxCompartment) + `"}`)
		}),
	}
}
