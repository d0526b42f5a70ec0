// Package reporttest makes cases for tests of reports: a simulated year, in
// which each case is led through its life by the machine itself, act by act.
// What was done is written down beside it by who did it, so that a test can
// count again without looking at a case.
//
// It is trusted with nothing: it belongs to tests.
package reporttest

import (
	"fmt"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
	"comity.example/protocol/report"
)

// The participants.
const (
	Contoso = protocol.ParticipantID("us.contoso")       // the provider
	Paris   = protocol.ParticipantID("fr.parquet-paris") // the authority
	Justice = protocol.ParticipantID("us.doj-oia")       // of the receiving side
	Bureau  = protocol.ParticipantID("us.fbi")           // issues national security process
	Daa     = "ukus-daa-2019"
	Treaty  = "us-fr-mlat"
	Law     = "us-law"
)

// A Year is a year of cases.
type Year struct {
	Seed  uint64
	Cases int
	Start time.Time // of the year
	// Authority makes the cases of Paris, as it holds them; else they are those
	// that Contoso received.
	Authority bool
}

// Self is who holds the cases.
func (y *Year) Self() protocol.ParticipantID {
	if y.Authority {
		return Paris
	}
	return Contoso
}

// A Deed is what was done in a case, as who did it says.
type Deed struct {
	Issuer     protocol.ParticipantID
	Addressee  protocol.ParticipantID
	Agreement  string
	Type       protocol.RequestType
	Categories []protocol.Category
	Emergency  bool
	Accounts   int64
	Issued     time.Time
	Received   time.Time
	Security   string // the instrument of national security process
	Outcome    report.Outcome
	Produced   time.Time
	Objections []report.Objected
	Gag        *report.Secret // Since, Until, Ordered, Extended, Disputed, Lifted
	Told       bool
	Validation string
	Notified   bool
	Raised     []report.Raised
	Enforced   bool
	Claimed    int64
	Paid       bool
	Followed   time.Time
	NotApplies bool
	Third      string // where the notice to a third State stands
	Drill      bool   // an exercise, which nothing counts
	Executes   bool   // a domestic order that carries out a request of another State
	Narrowed   bool   // to subscriber data, by an amendment
	Cleared    bool   // a notified authority consulted, and raised no ground
	Lost       bool   // it was not delivered in its time
	Notice     string // where the notice to the user stands, if an act said so
	Delayed    time.Time
	Kept       bool // a preservation was extended
	Tapped     bool // an interception was carried out
	Answered   bool // a challenge was
}

// A Made case is what a test folds, and what was done in it.
type Made struct {
	Case    casefile.Case
	Request *protocol.Request
	View    report.View
	Deed    Deed
}

// Each makes the cases, in the order of their names, and calls do for each.
func (y *Year) Each(asOf time.Time, do func(m *Made) error) error {
	for i := range y.Cases {
		d := &draw{seed: y.Seed + uint64(i)<<20}
		l := &life{draw: d, year: y, asOf: asOf}
		if err := l.live(i); err != nil {
			return fmt.Errorf("case %d: %w", i, err)
		}
		if err := do(&l.made); err != nil {
			return err
		}
	}
	return nil
}

// A life leads one case.
type life struct {
	*draw
	year *Year
	asOf time.Time
	made Made
	now  time.Time
	err  error
	// order is the request as it was sent, which goes with what is put to an
	// authority later.
	order casefile.Step
}

// signed is the key that signed every request.
var signed = identity.Fingerprint{1}

// request draws what is asked for.
func (l *life) request(i int) {
	deed, y := &l.made.Deed, l.year
	begin := y.Start.Add(time.Duration(i) * (365 * 24 * time.Hour / time.Duration(y.Cases))).Truncate(time.Second)
	deed.Issued = begin
	deed.Addressee, deed.Agreement = Contoso, report.EURegulation
	deed.Issuer = pick(l.draw, Paris, Paris, "de.sta-berlin", "nl.om")
	if y.Authority {
		deed.Issuer = Paris
		deed.Addressee = pick(l.draw, Contoso, "ie.initech", "se.fabrikam")
	}
	switch n := l.below(100); {
	case n < 25 && !y.Authority:
		deed.Issuer, deed.Agreement = "gb.home-office", Daa
	case n < 30 && !y.Authority:
		deed.Issuer, deed.Agreement = Bureau, Law
		deed.Security = pick(l.draw, "National Security Letter", "50 U.S.C. § 1842", "50 USC 1805", "50 USC 1861(b)(2)(C)")
	case n < 35 && !y.Authority:
		deed.Issuer, deed.Agreement, deed.Executes = Justice, Law, true
	case n < 6:
		deed.Addressee, deed.Agreement = Justice, Treaty
	}
	deed.Type = pick(l.draw, protocol.Production, protocol.Production, protocol.Production, protocol.Subscriber, protocol.Preservation)
	deed.Categories = pick(l.draw, []protocol.Category{protocol.CategorySubscriber}, []protocol.Category{protocol.CategoryUserID},
		[]protocol.Category{protocol.CategorySubscriber, protocol.CategoryTraffic}, []protocol.Category{protocol.CategoryContent},
		[]protocol.Category{protocol.CategoryTraffic, protocol.CategoryContent})
	if deed.Agreement == Daa && l.of(8) {
		deed.Type, deed.Categories = protocol.Interception, []protocol.Category{protocol.CategoryContentLive}
	}
	deed.Emergency, deed.Drill = l.of(6), l.of(1)
	deed.Accounts = int64(1 + l.below(4))
	r := &protocol.Request{Type: deed.Type, Issuer: deed.Issuer, Addressee: deed.Addressee, FileNumber: "F",
		Authorisation: protocol.Authorisation{Kind: protocol.AuthorityJudge, Instrument: "order"}}
	if deed.Security != "" {
		r.Proceedings, r.Authorisation.Instrument = protocol.StageSecurity, deed.Security
	}
	r.Offence.Category = pick(l.draw, "", "fraud", "terrorism", "murder")
	for _, c := range deed.Categories {
		r.Data = append(r.Data, protocol.DataItem{Category: c})
	}
	for n := range deed.Accounts {
		r.Identifiers = append(r.Identifiers, protocol.Identifier{Value: fmt.Sprint("person-", i, "-", n), Service: pick(l.draw, "mail", "drive", "chat")})
	}
	if deed.Emergency {
		r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "facts"}
		r.Authorisation.Unvalidated = y.Authority && l.of(50)
	}
	if l.of(10) {
		r.Target.LocatedIn, deed.Third = "BR", "to_do"
	}
	l.particulars(r)
	l.made.Request = r
}

// particulars are what not every request has.
func (l *life) particulars(r *protocol.Request) {
	deed := &l.made.Deed
	r.Drill = deed.Drill
	if deed.Type == protocol.Interception {
		r.Interception = &protocol.Window{Start: deed.Issued.Add(aDay), End: deed.Issued.Add(31 * aDay)}
	}
	if deed.Executes {
		r.Related = []protocol.Related{{Relation: protocol.RelationExecutes, Case: protocol.CaseID(l.name("case-"))}}
	}
	if deed.Security == "" && l.of(8) { // an order may take its place later
		deed.Gag = &report.Secret{Since: deed.Issued}
		if l.of(70) {
			deed.Gag.Until = deed.Issued.Add(pick(l.draw, 60*aDay, 180*aDay, 400*aDay))
		}
		r.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyFlight}, Until: deed.Gag.Until}
	}
}

func (l *life) live(i int) error {
	l.request(i)
	deed, r := &l.made.Deed, l.made.Request
	to := []protocol.ParticipantID{deed.Addressee}
	deed.Notified = deed.Agreement == report.EURegulation && deed.Type == protocol.Production && !deed.Emergency &&
		deed.Addressee.Party() == Justice.Party() &&
		slices.ContainsFunc(deed.Categories, func(c protocol.Category) bool {
			return c == protocol.CategoryTraffic || c == protocol.CategoryContent
		}) && l.of(60)
	if deed.Notified {
		to = append(to, Justice)
	}
	l.now = deed.Issued
	s := l.step(protocol.Body{Request: r}, deed.Issuer, to)
	s.Act.Follows = []protocol.Digest{}
	s.Act.Case = protocol.CaseID(fmt.Sprintf("case-%s%s", number(i), l.name("")[:20]))
	s.Keys = []identity.Fingerprint{signed}
	s.Decision = &protocol.Decision{Verdict: protocol.Allow}
	l.now = l.now.Add(l.lasting(time.Hour))
	s.At = l.now
	deed.Received = l.now
	l.order = s
	c, err := casefile.Open(s)
	if err != nil {
		return err
	}
	l.made.Case = c
	l.made.View = report.View{Self: l.year.Self(), AsOf: l.asOf}
	l.whole()
	return l.err
}

// number writes a number in the letters of names, in order.
func number(n int) string {
	out := [6]byte{}
	for i := range slices.Backward(out[:]) {
		out[i] = "234567abcdefghijklmnopqrstuvwxyz"[n%32]
		n /= 32
	}
	return string(out[:])
}

// step is an act as it comes out of a gate.
func (l *life) step(body protocol.Body, from protocol.ParticipantID, to []protocol.ParticipantID) casefile.Step {
	id := protocol.ActID(l.name("act-"))
	var roles []protocol.Role
	switch from {
	case Justice:
		roles = []protocol.Role{protocol.RoleCentral, protocol.RoleEnforcing}
	case l.made.Deed.Addressee:
		roles = []protocol.Role{protocol.RoleProvider}
	case l.made.Deed.Issuer:
		roles = []protocol.Role{protocol.RoleIssuing}
	}
	return casefile.Step{Digest: protocol.DigestOf([]byte(id)), Self: l.year.Self(), Endorsed: true, Officers: []register.OfficerID{"o1"}, Roles: roles,
		At: l.now, Act: &protocol.Act{Version: protocol.Version, ID: id, Case: l.made.Case.ID, From: from, To: to,
			Agreement: protocol.AgreementRef{ID: l.made.Deed.Agreement, Version: "1"}, Issued: l.now, Body: body}}
}

// does has somebody act after a while, and answer what is open.
func (l *life) does(from protocol.ParticipantID, within time.Duration, body protocol.Body, more ...protocol.ParticipantID) {
	if l.err != nil {
		return
	}
	l.now = l.now.Add(l.lasting(within))
	c := &l.made.Case
	known := c.Recipients(body.Kind(), from)
	to := slices.Concat(known, more)
	answers := c.Answerable(&body, from)
	switch {
	case body.Reply != nil:
		body.Reply.Answers = answers
	case body.Amendment != nil:
		body.Amendment.Answers = answers
	case body.Objection != nil:
		body.Objection.Answers = answers
	case body.Determination != nil:
		body.Determination.Answers = answers
	case body.Acceptance != nil:
		body.Acceptance.Answers = answers
	case body.Refusal != nil:
		body.Refusal.Answers = answers
	case body.Response != nil:
		body.Response.Answers = answers
	}
	s := l.step(body, from, to)
	if body.Response != nil {
		s.Keys = []identity.Fingerprint{signed}
	}
	if o := body.Objection; body.Enforcement != nil || o != nil && o.Level == protocol.LevelReceiving {
		s.Inner = &l.order
	}
	s.Act.Follows = c.Heads(known...) // who hears of the case now holds nothing to follow
	take := c.Apply
	if from == l.year.Self() {
		take = c.Send // which is stricter: by all that is held
	}
	next, err := take(s)
	if err != nil {
		l.err = fmt.Errorf("%s by %s: %w", body.Kind(), from, err)
		return
	}
	l.made.Case = next
}
