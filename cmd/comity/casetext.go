package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A turn is a move that somebody is asked to make in a case.
type turn struct {
	move casefile.Move
	id   string // of the case
	at   string // "at us.contoso-mail: " where it is somebody else's
	// flags are those of comity certify that the agreement asks for besides.
	flags string
	// asked is the question that waits, as far as it is known.
	asked question
	drill bool // an exercise, which is answered without data
	// authority says that the addressee is one, and accepted that it accepted.
	authority, accepted bool
	// own says that who is to certify is the issuer itself.
	own bool
	// partly says that part of it was disclosed: the rest cannot be refused any more.
	partly bool
	// barred is why evidence is to be deleted, where that is known.
	barred protocol.DeletionReason
	// tap is what comes next of an interception, before all else.
	tap string
}

// A question is what waits for an answer.
type question struct {
	Kind protocol.Kind
	What string
}

// commands returns what a person may type to make the move.
func (t turn) commands() []string {
	switch t.move {
	case casefile.Certify:
		return t.certifications()
	case casefile.Review, casefile.Answer:
		return t.answers()
	case casefile.Pass:
		return []string{"comity relay " + t.id}
	case casefile.Halt:
		return []string{"comity request withdraw " + t.id}
	case casefile.Read:
		return []string{"comity case read " + t.id}
	case casefile.Notify:
		return []string{"comity notice text " + t.id, "comity notice user " + t.id + " --delivered --text FILE",
			"comity notice state " + t.id + " PARTY --delivered"}
	case casefile.Validate:
		return []string{"comity validate " + t.id + " --sought",
			"comity validate " + t.id + " --granted --authority NAME --reference REF"}
	case casefile.Delete:
		all := "comity delete " + t.id + " --all --reason " + string(cmp.Or(t.barred, "CODE"))
		return []string{all, all + " --restrict"}
	case casefile.Reply:
		return t.replies()
	case casefile.Respond:
		return []string{"comity respond " + t.id + ", by an officer who signed the request"}
	case casefile.Determine:
		return t.determinations()
	case casefile.Examine:
		return []string{"comity accept " + t.id, "comity consult " + t.id, "comity conditions " + t.id + " --limit TEXT --partial"}
	case casefile.Resume:
		return []string{"comity accept " + t.id, "comity refuse " + t.id + " --reason CODE"}
	}
	return nil
}

// certifications are the commands of who is to certify.
func (t turn) certifications() []string {
	out := []string{"comity certify " + t.id + " --contact DESK" + t.flags}
	if !t.own {
		out = append(out, "comity clarify "+t.id+" --ask returned")
	}
	return append(out, "comity request withdraw "+t.id)
}

// answers are the commands with which the addressee answers a request. An authority
// seldom holds the data: it has the request carried out, once it has accepted it.
func (t turn) answers() []string {
	disclose := "comity disclose " + t.id + " FILE…"
	switch {
	case t.drill:
		return []string{"comity disclose " + t.id + " --no-data"}
	case t.authority && t.partly:
		return []string{"comity relay serve " + t.id + " --order FILE --to PROVIDER", disclose, "comity clarify " + t.id}
	case t.authority && t.accepted:
		return []string{"comity relay serve " + t.id + " --order FILE --to PROVIDER", disclose, "comity clarify " + t.id,
			"comity postpone " + t.id + " --until DAY", "comity consult " + t.id + ", before comity refuse " + t.id}
	case t.authority:
		return []string{"comity accept " + t.id, "comity conditions " + t.id + " --limit TEXT",
			"comity clarify " + t.id + " --ask returned", "comity postpone " + t.id + " --until DAY",
			"comity consult " + t.id + ", before comity refuse " + t.id, disclose, "comity challenge " + t.id}
	}
	out := []string{disclose}
	if t.tap != "" {
		out = []string{t.tap, disclose}
	}
	if !t.partly {
		out = append(out, "comity refuse "+t.id+" --reason CODE")
	}
	out = append(out, "comity clarify "+t.id, "comity object "+t.id)
	if t.move == casefile.Review {
		out = append(out, "comity challenge "+t.id)
	}
	return out
}

// turnOf returns a move in a case as it is shown.
func turnOf(v *desk.CaseView, m casefile.Move) turn {
	t := turn{move: m, id: string(v.Case), asked: asked(v, m)}
	if f := v.File; f != nil {
		t.drill, t.accepted, t.partly = f.Matter.Drill, hasAccepted(f.State), f.State == casefile.PartlyProduced
		t.tap, t.barred = tapNext(f), barredBy(f)
		t.authority = slices.ContainsFunc(v.Organisations, func(o desk.Organisation) bool { return o.ID == f.Addressee && o.Authority })
		t.own = len(f.Thread) > 0 && slices.Contains(f.Thread[0].To, f.Issuer)
	}
	return t
}

// barredBy returns why evidence is to be deleted, if it is: the emergency was not
// validated, or an authority raised a ground for refusal.
func barredBy(f *casefile.Case) protocol.DeletionReason {
	if f.Said(protocol.KindValidation, string(protocol.ValidationDenied)) ||
		f.Said(protocol.KindValidation, string(protocol.ValidationLapsed)) {
		return protocol.DeletionNotValidated
	}
	return protocol.DeletionRefused
}

// tapNext returns what comes next of an interception, "" where nothing does: what was
// announced is fed until it is stopped, and then the case is answered.
func tapNext(f *casefile.Case) string {
	said := func(what protocol.TapAction) bool { return f.Said(protocol.KindInterception, string(what)) }
	live := slices.ContainsFunc(f.Thread, func(e casefile.Entry) bool {
		return e.Kind == protocol.KindInterception && e.Says != nil && e.Says.Live
	})
	switch {
	case f.Matter.Window == nil:
		return ""
	case said(protocol.TapStopped):
		return "comity disclose " + string(f.ID) + " --no-data"
	case live:
		return "comity tap feed " + string(f.ID) + " -- COMMAND"
	case said(protocol.TapStarted): // without a live object: what it brings is disclosed
		return ""
	}
	return "comity tap start " + string(f.ID) + " --live NAME, from " + moment(f.Matter.Window.Start) + " on"
}

// hasAccepted reports whether an authority has a request in a state carried out.
func hasAccepted(s casefile.State) bool {
	return s == casefile.Accepted || s == casefile.PartlyProduced
}

// replies are the commands with which the issuing side answers what is open.
func (t turn) replies() []string {
	narrower := []string{"comity amend " + t.id, "comity withdraw " + t.id}
	switch t.asked.Kind {
	case protocol.KindConditions:
		return append([]string{"comity accept " + t.id}, narrower...)
	case protocol.KindObjection:
		return append([]string{"comity answer-objection " + t.id + " --insist --text TEXT"}, narrower...)
	case protocol.KindClarification:
		if t.asked.What == string(protocol.AskImpossible) {
			return append([]string{"comity reply " + t.id + " --confirm-impossible",
				"comity reply " + t.id + " --insist --text TEXT"}, narrower...)
		}
		fallthrough
	case protocol.KindConsultation:
		return append([]string{"comity reply " + t.id + " --provided --text TEXT"}, narrower...)
	}
	return append([]string{"comity case show " + t.id + ", then comity reply, answer-objection or accept"}, narrower...)
}

// determinations are the commands with which what is open is decided.
func (t turn) determinations() []string {
	with := ""
	if t.asked.What == string(protocol.LevelCourt) {
		with = " --reference REF"
	}
	var out []string
	for _, r := range resultsFor(t.asked) {
		out = append(out, "comity determine "+t.id+" --result "+r+" --text TEXT"+with)
	}
	if len(out) == 0 {
		return []string{"comity determine " + t.id}
	}
	return out
}

// writeNext writes each command on one line, however long, to be copied.
func writeNext(w io.Writer, t turn) {
	name := "next"
	for _, c := range t.commands() {
		fmt.Fprintf(w, "%-11s%s\n", name, t.at+c)
		name = "or"
	}
}

// titled writes a participant with the name of its organisation.
func titled(v *desk.CaseView, id protocol.ParticipantID) string {
	for _, o := range v.Organisations {
		if o.ID == id {
			return commas(string(id), shown(o.Name))
		}
	}
	return string(id)
}

// commas joins what is not empty.
func commas(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// writeGenuine says who stands behind an act: the node took it only because
// their signatures hold.
func writeGenuine(w io.Writer, act *desk.ActView) {
	for _, s := range act.Signers {
		field(w, "genuine", fmt.Sprintf("%s of %s, by register %s", s.Kind, commas(string(s.Participant), shown(s.Name)),
			s.Register))
		for _, o := range s.Officers {
			text := string(o.ID)
			if may := commas(words(o.Roles), words(o.Grades)); may != "" { // a package does not say
				text += " (" + may + ")"
			}
			if o.Participant != s.Participant {
				text += " of " + string(o.Participant)
			}
			field(w, "signed by", text)
		}
		if len(s.Officers) == 0 {
			field(w, "signed by", "the organisation, without an officer")
		}
	}
}

// writeFound writes what the agreement found of an act. What a certification
// met is one line, unless all is asked for.
func writeFound(w io.Writer, v *desk.CaseView, act *desk.ActView, much detail) {
	opens := act.Content.Body.Request != nil || act.Content.Body.Certification != nil
	switch {
	case !opens || act.Decision == nil:
	case much == brief && metBelow(v, act):
		held := len(slices.DeleteFunc(slices.Clone(act.Decision.Findings), func(f protocol.Finding) bool {
			return f.Outcome != protocol.Held
		}))
		field(w, "held then", count(held, "finding")+", met by the certification below (--all shows them)")
	default:
		writeDecision(w, act.Decision, brief)
	}
}

// metBelow reports whether a certification of the request in act met every
// rule that held it.
func metBelow(v *desk.CaseView, act *desk.ActView) bool {
	if act.Decision.Verdict != protocol.Hold {
		return false
	}
	for _, later := range v.Acts {
		if later.Content.Body.Certification == nil || later.Inner != act.Act || later.Decision == nil {
			continue
		}
		return !slices.ContainsFunc(act.Decision.Findings, func(f protocol.Finding) bool {
			return f.Outcome == protocol.Held && !passes(later.Decision, f.Rule)
		})
	}
	return false
}

// passes reports whether a rule is met in a decision.
func passes(d *protocol.Decision, rule string) bool {
	met := false
	for _, f := range d.Findings {
		if f.Rule == rule && f.Outcome != protocol.Pass {
			return false
		}
		met = met || f.Rule == rule
	}
	return met
}
