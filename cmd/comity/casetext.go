package main

import (
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
}

// commands returns what a person may type to make the move.
func (t turn) commands() []string {
	switch t.move {
	case casefile.Certify:
		return []string{"comity certify " + t.id + " --contact DESK" + t.flags, "comity request withdraw " + t.id}
	case casefile.Review, casefile.Answer:
		return []string{"comity disclose " + t.id + " FILE…", "comity refuse " + t.id + " --reason CODE"}
	case casefile.Pass:
		return []string{"comity relay " + t.id}
	case casefile.Halt:
		return []string{"comity request withdraw " + t.id}
	case casefile.Read:
		return []string{"comity case read " + t.id}
	}
	return nil
}

// writeNext writes each command on one line, however long, to be copied.
func writeNext(w io.Writer, t turn) {
	name := "next"
	for _, c := range t.commands() {
		fmt.Fprintf(w, "%-11s%s\n", name, t.at+c)
		name = "or"
	}
}

// A shape says how a case is shown.
type shape struct {
	much  detail
	flags string // of turn
}

func writeCase(w io.Writer, v *desk.CaseView, s shape) {
	field(w, "case", string(v.Case))
	field(w, "state", strings.ReplaceAll(v.State, "_", " "))
	if v.Draft != nil {
		writeBody(w, &v.Draft.Body)
		writeDecision(w, v.Decision, brief)
		return
	}
	field(w, "your move", string(v.Move))
	writeNext(w, turn{move: v.Move, id: string(v.Case), flags: s.flags})
	writeLinked(w, v)
	field(w, "agreement", commas(v.File.Agreement.ID, "version "+v.File.Agreement.Version, shown(v.Title)))
	field(w, "issuer", titled(v, v.File.Issuer))
	field(w, "certifier", titled(v, v.File.Certifier))
	field(w, "addressee", titled(v, v.File.Addressee))
	if v.Move == casefile.Answer || v.Move == casefile.Review {
		writeClocks(w, v)
	}
	told := map[protocol.Digest]bool{}
	for i := range v.Acts {
		act := &v.Acts[i]
		fmt.Fprintf(w, "\n%s  %s of %s\n", moment(act.Issued), act.Kind, act.From)
		writeGenuine(w, act)
		if act.Right != nil {
			field(w, "right", commas(act.Right.Article, act.Right.Provenance))
		}
		if told[act.Inner] {
			field(w, "carries", "the "+string(act.InnerKind)+" above")
		} else if act.Carried != nil {
			writeCarried(w, act.Carried)
		}
		if act.Crossed {
			field(w, "crossed", "the withdrawal: who sent it did not know of that yet")
		}
		told[act.Act], told[act.Inner] = true, !act.Inner.IsZero()
		writeBody(w, &act.Content.Body)
		writeFound(w, v, act, s.much)
		for _, d := range act.Deliveries {
			field(w, "delivery", strings.TrimSpace(fmt.Sprintf("%s: %s %s", d.To, d.State, words(d.Reasons))))
		}
		field(w, "ledger", fmt.Sprintf("entry %d, act %s", act.Leaf, act.Act))
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
			text := fmt.Sprintf("%s (%s)", o.ID, words(o.Roles))
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
