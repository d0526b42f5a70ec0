package casefile_test

import (
	"comity.example/crypto/identity"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
)

const doj = protocol.ParticipantID("us.doj") // the authority of the receiving side that an agreement names

// registered is what the participants of the tests are registered for.
func registered(id protocol.ParticipantID) []protocol.Role {
	switch id {
	case office, doj, friend:
		return []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral}
	case contoso, initech:
		return []protocol.Role{protocol.RoleProvider}
	case enforcing:
		return []protocol.Role{protocol.RoleEnforcing}
	}
	return []protocol.Role{protocol.RoleIssuing}
}

func officersOf(id protocol.ParticipantID) []register.OfficerID {
	return []register.OfficerID{register.OfficerID(id + "/a")}
}

// keysOf is with what they sign.
func keysOf(id protocol.ParticipantID) []identity.Fingerprint {
	return []identity.Fingerprint{identity.Fingerprint(protocol.DigestOf([]byte(id)))}
}

// A word is a kind of act and what it says: a row of the table of turns, or what
// falls under one.
type word struct {
	kind protocol.Kind
	what string
}

func (w word) String() string { return strings.TrimSpace(string(w.kind) + " " + w.what) }

// words lists all that can be said.
func words() []word {
	said := map[protocol.Kind]string{
		protocol.KindDisclosure:    "partial complete",
		protocol.KindClarification: "information returned impossible redirect",
		protocol.KindReply:         "provided insists agrees confirmed",
		protocol.KindObjection:     "issuer receiving_authority court",
		protocol.KindDetermination: "not_applicable overruled modified lifted recognised denied allowed",
		protocol.KindConditions:    "whole partial",
		protocol.KindPreservation:  "extended confirmed released",
		protocol.KindSecrecy:       "ordered extended challenged lifted",
		protocol.KindNotice:        "user third_state",
		protocol.KindValidation:    "sought granted denied lapsed",
		protocol.KindInterception:  "started renewed stopped live product",
		protocol.KindCosts:         "claimed agreed disputed paid",
		protocol.KindClosure:       "deleted",
		protocol.KindDeletion:      "deleted restricted",
	}
	var out []word
	for _, k := range protocol.Kinds() {
		for _, what := range strings.Fields(said[k]) {
			out = append(out, word{k, what})
		}
		if said[k] == "" {
			out = append(out, word{k, ""})
		}
	}
	return out
}

// sealedFile is what every disclosure hands over.
var sealedFile = protocol.DigestOf([]byte("sealed"))

const nonce = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// body returns what self says by a word, in a case as it holds it, at a time: the
// questions that it answers are those that its node would fill in.
func (w word) body(c *casefile.Case, self protocol.ParticipantID, at time.Time) protocol.Body {
	var b protocol.Body
	reasons := []protocol.Reason{protocol.ReasonInsufficient}
	switch w.kind {
	case protocol.KindRequest:
		b.Request = &protocol.Request{Issuer: c.Issuer, Addressee: c.Addressee}
	case protocol.KindCertification:
		b.Certification = &protocol.Certification{}
	case protocol.KindDisclosure:
		b.Disclosure = &protocol.Disclosure{Status: protocol.ProductionStatus(w.what), Objects: []protocol.Object{{Tree: sealedFile}}}
	case protocol.KindRelay:
		b.Relay = &protocol.Relay{}
	case protocol.KindWithdrawal:
		b.Withdrawal = &protocol.Withdrawal{}
	case protocol.KindRefusal:
		b.Refusal = &protocol.Refusal{Reason: protocol.ReasonPrivilege}
		b.Refusal.Answers = c.Answerable(&b, self)
	case protocol.KindNondelivery:
		b.Nondelivery = nondelivery(*c, protocol.FailureExpired)
	case protocol.KindClarification:
		b.Clarification = &protocol.Clarification{Ask: protocol.Ask(w.what), Reasons: reasons}
	case protocol.KindReply:
		b.Reply = &protocol.Reply{Result: protocol.ReplyResult(w.what)}
		b.Reply.Answers = c.Answerable(&b, self)
	case protocol.KindAmendment:
		version := int64(2)
		for _, e := range c.Thread {
			if e.Kind == protocol.KindAmendment {
				version = max(version, e.Says.Version+1)
			}
		}
		b.Amendment = &protocol.Amendment{Version: version}
		b.Amendment.Answers = c.Answerable(&b, self)
	case protocol.KindObjection:
		b.Objection = &protocol.Objection{Level: protocol.Level(w.what), Grounds: reasons, Text: "why"}
		b.Objection.Answers = c.Answerable(&b, self)
		if b.Objection.Level != protocol.LevelReceiving { // it takes nothing further
			b.Objection.Answers = nil
		}
	case protocol.KindDetermination:
		b.Determination = &protocol.Determination{Result: protocol.Result(w.what), Reference: "1/26"}
		b.Determination.Answers = c.Answerable(&b, self)
	case protocol.KindAcceptance:
		b.Acceptance = &protocol.Acceptance{}
		b.Acceptance.Answers = c.Answerable(&b, self)
	default:
		w.beside(&b, c, self, at)
	}
	return b
}

// beside are the bodies of the questions of authorities, and of the regions.
func (w word) beside(b *protocol.Body, c *casefile.Case, self protocol.ParticipantID, at time.Time) {
	later := at.Add(60 * day)
	switch w.kind {
	case protocol.KindConditions:
		b.Conditions = &protocol.Conditions{Partial: w.what == "partial", Reason: protocol.ReasonPrivilege}
	case protocol.KindPostponement:
		b.Postponement = &protocol.Postponement{Reason: protocol.ReasonOwnInvestigation, Review: later}
	case protocol.KindConsultation:
		b.Consultation = &protocol.Consultation{Reasons: []protocol.Reason{protocol.ReasonPrivilege}}
	case protocol.KindExtension:
		b.Extension = &protocol.Extension{Until: later, Reason: "volume"}
	case protocol.KindPreservation:
		b.Preservation = &protocol.Kept{Action: protocol.KeptAction(w.what), Until: later}
	case protocol.KindSecrecy:
		b.Secrecy = &protocol.SecrecyOrder{Action: protocol.SecrecyAction(w.what), Start: at, End: later}
	case protocol.KindNotice:
		b.Notice = &protocol.Notice{To: protocol.NoticeTo(w.what), Status: protocol.NoticeDelivered, At: at}
		if w.what == string(protocol.NoticeState) {
			b.Notice.State = "FR"
		}
	case protocol.KindValidation:
		b.Validation = &protocol.Validated{Result: protocol.ValidationResult(w.what)}
	case protocol.KindInterception:
		b.Interception = &protocol.Tap{Action: protocol.TapAction(w.what), At: at}
		switch w.what {
		case string(protocol.TapRenewed):
			b.Interception.Until = later
		case "live": // a start that announces a live object, for the issuer to read
			b.Interception.Action, b.Interception.Live = protocol.TapStarted, &protocol.Live{Readers: to(c.Issuer)}
		case "product": // and a stop that says what it became
			b.Interception.Action, b.Interception.Product = protocol.TapStopped, &protocol.Object{}
		}
	case protocol.KindCosts:
		b.Costs = &protocol.Costs{Action: protocol.CostsAction(w.what), Amount: 100, Currency: "EUR"}
	case protocol.KindChallenge:
		b.Challenge = &protocol.Challenge{Nonce: nonce, Until: at.Add(time.Hour)}
	case protocol.KindResponse:
		b.Response = &protocol.Response{Nonce: nonce}
		b.Response.Answers = c.Answerable(b, self)
	case protocol.KindEnforcement:
		b.Enforcement = &protocol.Enforcement{Reason: protocol.ReasonOverdue}
	case protocol.KindUse:
		b.Use = &protocol.Use{Purpose: "onward"}
	case protocol.KindClosure:
		b.Closure = &protocol.Closure{Deleted: w.what == "deleted"}
	case protocol.KindDeletion:
		b.Deletion = &protocol.Deletion{Action: protocol.DeletionAction(w.what), Reason: protocol.DeletionMinimised,
			Objects: []protocol.Digest{sealedFile}}
	}
}

const day = 24 * time.Hour

// wellFormed reports whether a body that needs to answer something does: the rest
// of a body's form is package protocol's.
func wellFormed(b *protocol.Body) bool {
	switch {
	case b.Reply != nil:
		return len(b.Reply.Answers) > 0
	case b.Determination != nil:
		return len(b.Determination.Answers) > 0
	case b.Response != nil:
		return len(b.Response.Answers) > 0
	case b.Amendment != nil:
		return b.Amendment.Version <= protocol.MaxFollows
	}
	return true
}

// recipients are those of an act by self, with the authority to which it puts
// something, as a node finds it in the register.
func recipients(c *casefile.Case, b *protocol.Body, self protocol.ParticipantID) []protocol.ParticipantID {
	to := c.Recipients(b.Kind(), self)
	put := protocol.ParticipantID("")
	switch {
	case b.Objection != nil && b.Objection.Level == protocol.LevelReceiving, b.Use != nil:
		put = doj
	case b.Enforcement != nil:
		put = enforcing
	}
	if put != "" && put != c.Addressee && !slices.Contains(to, put) {
		to = append(slices.Clone(to), put)
	}
	return to
}

// orderOf is the act that goes with what is put to an authority, or is certified.
func orderOf(c *casefile.Case, kind protocol.Kind) protocol.Digest {
	if e, ok := c.Last(protocol.KindCertification); ok && kind != protocol.KindCertification && e.Kind == protocol.KindCertification {
		return e.Act
	}
	return c.Thread[0].Act
}

// compose returns the act by which self says a word, as its node would plan it,
// and whether there is one. held are all the acts of the case.
func compose(w word, c *casefile.Case, self protocol.ParticipantID, held map[protocol.Digest]casefile.Step, at time.Time) (casefile.Step, bool) {
	b := w.body(c, self, at)
	to := recipients(c, &b, self)
	if len(to) == 0 || !wellFormed(&b) || w.kind == protocol.KindRequest {
		return casefile.Step{}, false
	}
	follows := c.Heads(to...)
	var inner *casefile.Step
	carry := func(d protocol.Digest) { s := held[d]; inner = &s }
	switch w.kind {
	case protocol.KindCertification:
		if carry(orderOf(c, w.kind)); inner.Act.Body.Request == nil {
			return casefile.Step{}, false
		}
		follows = []protocol.Digest{inner.Digest}
	case protocol.KindRelay:
		waiting := c.ToRelay()
		if len(waiting) == 0 {
			return casefile.Step{}, false
		}
		carry(waiting[0])
	case protocol.KindObjection, protocol.KindEnforcement, protocol.KindUse:
		if w.kind != protocol.KindObjection || b.Objection.Level == protocol.LevelReceiving {
			carry(orderOf(c, w.kind))
		}
	}
	s := step(b, self, to, follows...)
	s.Act.Issued, s.At = at, at
	s.Inner, s.Endorsed, s.Roles, s.Officers, s.Keys = inner, true, registered(self), officersOf(self), keysOf(self)
	if w.kind == protocol.KindCertification {
		s.Decision = decision(protocol.Allow)
	}
	return s, true
}

// A setting is who takes part in a case, and what its request says.
type setting struct {
	issuer, addressee protocol.ParticipantID
	to                []protocol.ParticipantID // of the request
	kind              protocol.RequestType
	unvalidated       bool
	secrecy           bool
	elsewhere         bool // the target is in a third State
	review            bool // held on the receiving side
}

// request opens the case of the setting, at a time.
func (x setting) request(at time.Time) casefile.Step {
	r := &protocol.Request{Type: x.kind, Issuer: x.issuer, Addressee: x.addressee}
	r.Authorisation.Unvalidated = x.unvalidated
	if x.secrecy {
		r.Secrecy = &protocol.Secrecy{Until: at.Add(30 * day)}
	}
	if x.elsewhere {
		r.Target.LocatedIn = "FR"
	}
	if x.kind == protocol.Interception {
		r.Interception = &protocol.Window{Start: at, End: at.Add(30 * day)}
	}
	s := step(protocol.Body{Request: r}, x.issuer, x.to)
	s.Act.Issued, s.At = at, at
	s.Endorsed, s.Roles, s.Officers, s.Keys = true, registered(x.issuer), officersOf(x.issuer), keysOf(x.issuer)
	s.Decision = x.decision()
	if slices.Contains(x.to, office) {
		s.Decision = decision(protocol.Hold, protocol.SideIssuing)
	}
	return s
}

func (x setting) decision() *protocol.Decision {
	if x.review {
		return decision(protocol.Hold, protocol.SideReceiving)
	}
	return decision(protocol.Allow)
}

// settings are the ways of a case: certified, by the certifier for itself,
// straight to the addressee, with an authority that is notified, and to a central
// authority.
func settings() map[string]setting {
	return map[string]setting{
		"certified": {issuer: police, addressee: contoso, to: to(office)},
		"own":       {issuer: office, addressee: contoso, to: to(office)},
		"direct":    {issuer: police, addressee: contoso, to: to(contoso)},
		"notified":  {issuer: police, addressee: contoso, to: to(contoso, enforcing)},
		"central":   {issuer: police, addressee: doj, to: to(doj)},
	}
}
