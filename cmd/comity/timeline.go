package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A shape says how a case is shown: the acts on a line each, one of them whole,
// or all of them.
type shape struct {
	much  detail
	flags string // of turn
	whole bool   // every act
	act   int    // that one, counted from 1; 0: none
	// packed says that the acts are those of a package, whose claims say where they stand
	// in a ledger.
	packed bool
	now    time.Time                // legal time, zero where no clock runs
	told   map[protocol.Digest]bool // acts that stand above
}

// stateWords say what a state means, and for whom it waits.
var stateWords = map[casefile.State]string{
	casefile.Requested:      "it waits for the issuing side's designated or central authority, which certifies it or returns it",
	casefile.UnderReview:    "the addressee has it, and a person there must look at what the agreement leaves open",
	casefile.Served:         "the addressee has it, and answers",
	casefile.Accepted:       "an authority of the receiving side accepted it, and has it carried out",
	casefile.PartlyProduced: "part of the evidence has come, the rest is to come",
	casefile.Produced:       "all evidence was disclosed",
	casefile.Refused:        "it was refused",
	casefile.Withdrawn:      "the issuing side ended it",
	casefile.Expired:        "it could not be delivered in its time",
	casefile.Impossible:     "the issuing side confirmed that it cannot be done",
	casefile.NotApplicable:  "the receiving side's authority determined that the agreement does not apply; nothing is disclosed",
	casefile.Lifted:         "a court lifted the order; nothing is disclosed",
	casefile.GroundRaised:   "a notified authority raised a ground for refusal; nothing more is disclosed, what was is not used, and the issuing side withdraws",
	casefile.Closed:         "the issuing side has closed it",
}

func writeCase(w io.Writer, v *desk.CaseView, s shape) {
	field(w, "case", string(v.Case))
	field(w, "state", strings.ReplaceAll(v.State, "_", " "))
	if v.Draft != nil {
		writeBody(w, &v.Draft.Body)
		writeCompartments(w, v.Compartments)
		writeDecision(w, v.Decision, brief)
		writeApprovals(w, v.Case, v.Approvals)
		return
	}
	if v.File.Matter.Drill {
		field(w, "DRILL", "this is an exercise: nothing can be disclosed")
	}
	field(w, "", stateWords[v.File.State])
	writeAwaits(w, v)
	field(w, "your move", string(v.Move))
	next := turnOf(v, v.Move)
	next.flags = s.flags
	writeNext(w, next)
	if v.Proposed != nil {
		field(w, "proposed", "a "+string(v.Proposed.Body.Kind())+" that was not sent:")
		writeBody(w, &v.Proposed.Body)
		writeApprovals(w, v.Case, v.Approvals)
	}
	writeLinked(w, v)
	writeOpen(w, v)
	field(w, "agreement", commas(v.File.Agreement.ID, "version "+v.File.Agreement.Version, shown(v.Title)))
	field(w, "issuer", titled(v, v.File.Issuer))
	field(w, "certifier", titled(v, v.File.Certifier))
	field(w, "addressee", titled(v, v.File.Addressee))
	for _, id := range v.File.Notified {
		field(w, "notified", titled(v, id))
	}
	for _, id := range v.File.Joined {
		field(w, "joined", titled(v, id))
	}
	writeRunning(w, v, s)
	writeRegions(w, v)
	writeVersion(w, v)
	writeHeld(w, v)
	writeActs(w, v, s)
}

// writeHeld says where the evidence of a case stands.
func writeHeld(w io.Writer, v *desk.CaseView) {
	held, here := 0, 0
	for n, i := range v.Evidence {
		switch i.State {
		case desk.EvidenceHeld:
			held++
		case desk.EvidenceComplete, desk.EvidenceQuarantined:
			here++
		}
		if n == maxShown {
			field(w, "", fmt.Sprintf("and %d more: comity fetch %s --list", len(v.Evidence)-maxShown, v.Case))
		}
		if n < maxShown {
			field(w, map[bool]string{true: "evidence"}[n == 0], fmt.Sprintf("%d %s, %s: %s", i.Number, shown(i.Object.Name),
				byteText(sizeNow(&i)), standingText(&i)))
			for _, s := range i.Served {
				field(w, "", "handed to "+string(s.Reader)+": "+servedText(&s))
			}
		}
	}
	if held > 0 && v.Proposed == nil {
		field(w, "held", fmt.Sprintf("%s not disclosed; to disclose all that is held:", isOrAre(held)))
		fmt.Fprintf(w, "%-11scomity disclose %s --held\n", "", v.Case)
	}
	if here > 0 {
		field(w, "write", "comity fetch "+string(v.Case)+" --out DIR writes the files")
	}
}

// maxShown is how many objects of a case stand among what is shown of it, and how many
// missing segments of a live one.
const maxShown = 8

// asked returns the oldest open question that a move is about.
func asked(v *desk.CaseView, m casefile.Move) question {
	for _, q := range v.Questions {
		if moveOf(v, &q) == m {
			return question{q.Kind, q.What}
		}
	}
	return question{}
}

// moveOf returns the move that a question asks for of those it awaits.
func moveOf(v *desk.CaseView, q *casefile.Question) casefile.Move {
	for _, a := range v.Awaits {
		if slices.Contains(q.Awaits, a.Participant) {
			return a.Move
		}
	}
	return casefile.None
}

// writeAwaits says whose move it is, and by when.
func writeAwaits(w io.Writer, v *desk.CaseView) {
	for _, a := range v.Awaits {
		text := string(a.Participant) + ": " + string(a.Move)
		if r := dueFor(v, a.Participant); r != nil {
			text += ", by " + moment(r.Ends) + " (" + commas(r.ID, shown(r.Article)) + ")"
		}
		field(w, "awaits", text)
	}
}

// dueFor returns the clock of a participant that ends first, nil if none runs.
func dueFor(v *desk.CaseView, id protocol.ParticipantID) *casefile.Running {
	var first *casefile.Running
	for i := range v.Running {
		r := &v.Running[i]
		if r.Whose != id || r.Ends.IsZero() || !r.Stopped.IsZero() || !r.Paused.IsZero() || over(v, r) {
			continue
		}
		if first == nil || r.Ends.Before(first.Ends) {
			first = r
		}
	}
	return first
}

// over reports whether the effect of a clock has come about.
func over(v *desk.CaseView, r *casefile.Running) bool {
	return slices.ContainsFunc(v.Fired, func(f casefile.Fired) bool {
		return f.Clock == r.ID && f.Effect == r.Effect && f.Due.Equal(r.Ends)
	})
}

// writeOpen says which questions are open.
func writeOpen(w io.Writer, v *desk.CaseView) {
	for _, q := range v.Questions {
		text := fmt.Sprintf("%s of %s, %s, awaits %s", q.Kind, q.From, moment(q.Since), words(q.Awaits))
		if act := actOf(v, q.Act); act != nil {
			text += ": " + saying(&act.Content.Body)
		}
		field(w, "open", text)
	}
}

func actOf(v *desk.CaseView, d protocol.Digest) *desk.ActView {
	for i := range v.Acts {
		if v.Acts[i].Act == d {
			return &v.Acts[i]
		}
	}
	return nil
}

// writeRunning says which clocks run, the first to end first, and which have
// passed. Those of which only others know when they started, and those that are
// done, are one line each, unless all is asked for. Where the node counts none,
// what the agreement says of its periods stands there.
func writeRunning(w io.Writer, v *desk.CaseView, s shape) {
	var done, unknown []string
	for _, r := range byEnd(v.Running) {
		switch {
		case !s.whole && !r.Stopped.IsZero():
			done = append(done, r.ID)
			continue
		case !s.whole && r.Unknown != "" && r.Ends.IsZero():
			unknown = append(unknown, r.ID+" ("+r.Unknown+")")
			continue
		}
		name := r.ID
		if by := commas(shown(r.Article), mark(r)); by != "" {
			name += " (" + by + ")"
		}
		field(w, "clock", fmt.Sprintf("%s, %s: %s", name, r.Whose, stands(v, r, s.now)))
	}
	if len(unknown) > 0 {
		field(w, "clocks", "run, and only others know since when: "+strings.Join(unknown, ", "))
	}
	if len(done) > 0 {
		field(w, "clocks", "done: "+strings.Join(done, ", ")+" (--all shows them)")
	}
	for _, f := range v.Fired {
		text := fmt.Sprintf("%s: %s, due %s", f.Clock, f.Effect, moment(f.Due))
		if late := f.At.Sub(f.Due); late > time.Minute {
			text += ", noticed " + moment(f.At)
		}
		field(w, "passed", text)
	}
	if len(v.Running) == 0 && (v.Move == casefile.Answer || v.Move == casefile.Review) {
		writeClocks(w, v)
	}
}

// byEnd returns clocks by their ends; after them those that stand still, those
// that others know of, and those that are done.
func byEnd(clocks []casefile.Running) []*casefile.Running {
	var out []*casefile.Running
	for i := range clocks {
		out = append(out, &clocks[i])
	}
	rank := func(r *casefile.Running) int {
		switch {
		case !r.Stopped.IsZero():
			return 3
		case !r.Paused.IsZero():
			return 1
		case r.Ends.IsZero():
			return 2
		}
		return 0
	}
	slices.SortStableFunc(out, func(a, b *casefile.Running) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Ends.Compare(b.Ends))
	})
	return out
}

// mark says whether a period is law, and whether its source was read.
func mark(r *casefile.Running) string {
	if r.Policy {
		return "policy of this node, not law"
	}
	return r.Provenance
}

// stands says where a clock stands.
func stands(v *desk.CaseView, r *casefile.Running, now time.Time) string {
	switch {
	case !r.Stopped.IsZero():
		return "done " + moment(r.Stopped)
	case !r.Paused.IsZero():
		return fmt.Sprintf("stands still since %s, %s left", moment(r.Paused), span(r.Left))
	case r.Unknown != "":
		return "runs, and only " + r.Unknown + " knows since when"
	case r.Ends.IsZero():
		return "has not started"
	case over(v, r) || !now.IsZero() && !now.Before(r.Ends):
		return "over since " + moment(r.Ends)
	case now.IsZero():
		return "due " + moment(r.Ends)
	}
	return fmt.Sprintf("due %s, in %s", moment(r.Ends), span(r.Ends.Sub(now)))
}

// writeVersion says what an amended request asks for now, and what was given up.
func writeVersion(w io.Writer, v *desk.CaseView) {
	if v.Version < 2 || v.Current == nil {
		return
	}
	field(w, "version", fmt.Sprintf("%d of the request, as it stands:", v.Version))
	writeIdentifiers(w, v.Current)
	for i := range v.Current.Data {
		field(w, "data", dataText(&v.Current.Data[i]))
	}
	writeDiff(w, changesOf(v))
}

// writeActs writes what was done, in time order. The order itself stands whole
// before those who decide on it.
func writeActs(w io.Writer, v *desk.CaseView, s shape) {
	order := -1
	switch v.Move {
	case casefile.Certify, casefile.Review, casefile.Answer, casefile.Examine, casefile.Determine:
		order = orderIn(v)
	}
	s.told = map[protocol.Digest]bool{}
	if !s.whole {
		fmt.Fprintln(w)
	}
	for i := range v.Acts {
		act := &v.Acts[i]
		if s.whole || i == order || i == s.act-1 {
			writeAct(w, v, act, s)
		} else {
			writeLine(w, i+1, act)
		}
		s.told[act.Act], s.told[act.Inner] = true, !act.Inner.IsZero()
	}
	if !s.whole && len(v.Acts) > 0 {
		fmt.Fprintln(w)
		field(w, "whole", fmt.Sprintf("comity case show %s --act N, or --all", v.Case))
	}
}

// orderIn returns the act with the order in it: the certification, or what opened
// the case.
func orderIn(v *desk.CaseView) int {
	for i := range v.Acts {
		if v.Acts[i].Content.Body.Certification != nil {
			return i
		}
	}
	return 0
}

// maxLine is how many characters of what an act says stand on its line.
const maxLine = 240

// writeLine writes an act on a line, however long, to be looked through.
func writeLine(w io.Writer, n int, act *desk.ActView) {
	text := fmt.Sprintf("%s of %s", act.Kind, act.From)
	if said := sayingOf(&act.Content, act.Carried); said != "" {
		text += ": " + said
	}
	opens := act.Content.Body.Request != nil || act.Content.Body.Certification != nil
	if opens && act.Decision != nil {
		text += " [" + act.Decision.Verdict.String() + "]"
	}
	if act.Crossed {
		text += " [crossed the withdrawal]"
	}
	text = cutLine(text)
	fmt.Fprintf(w, "%2d  %s  %s%s\n", n, moment(act.Issued), text, delivered(act))
}

// sayingOf says in one line what an act says, or the answer that it passes on.
func sayingOf(act, carried *protocol.Act) string {
	if act.Body.Relay != nil && carried != nil {
		return fmt.Sprintf("the %s of %s: %s", carried.Body.Kind(), carried.From, saying(&carried.Body))
	}
	return saying(&act.Body)
}

func cutLine(text string) string {
	if letters := []rune(text); len(letters) > maxLine {
		return string(letters[:maxLine]) + "…"
	}
	return text
}

// delivered says where an act stands with those to whom it was sent.
func delivered(act *desk.ActView) string {
	if len(act.Deliveries) == 0 {
		return ""
	}
	by := map[string][]protocol.ParticipantID{}
	var out []string
	for _, d := range act.Deliveries {
		by[d.State] = append(by[d.State], d.To)
	}
	for _, state := range []string{"receipted", "waiting", "refused", "expired"} {
		if len(by[state]) > 0 {
			out = append(out, state+" "+words(by[state]))
		}
	}
	return " (" + strings.Join(out, "; ") + ")"
}

// writeAct writes an act whole.
func writeAct(w io.Writer, v *desk.CaseView, act *desk.ActView, s shape) {
	fmt.Fprintf(w, "\n%s  %s of %s\n", moment(act.Issued), act.Kind, act.From)
	writeGenuine(w, act)
	if act.Right != nil {
		field(w, "right", commas(act.Right.Article, act.Right.Provenance))
	}
	switch {
	case s.told[act.Inner] && s.whole:
		field(w, "carries", "the "+string(act.InnerKind)+" above")
	case act.Carried != nil && !held(v, act):
		writeCarried(w, act.Carried)
		if act.Within != nil {
			writeCarried(w, act.Within)
		}
	}
	if act.Crossed {
		field(w, "crossed", "the withdrawal: who sent it did not know of that yet")
	}
	writeBody(w, &act.Content.Body)
	writeCompartments(w, act.Compartments)
	if act.Found != nil {
		field(w, "found", "what this node finds of the order, by what it holds now:")
		writeDecision(w, act.Found, brief)
	}
	writeFound(w, v, act, s.much)
	for _, d := range act.Deliveries {
		field(w, "delivery", strings.TrimSpace(fmt.Sprintf("%s: %s %s", d.To, d.State, words(d.Reasons))))
	}
	if s.packed {
		field(w, "act", act.Act.String())
		return
	}
	field(w, "ledger", fmt.Sprintf("entry %d, act %s", act.Leaf, act.Act))
}

// held reports whether the order that an act puts to an authority is an act of
// the case here.
func held(v *desk.CaseView, act *desk.ActView) bool {
	b := &act.Content.Body
	return (b.Objection != nil || b.Enforcement != nil || b.Use != nil) && act != &v.Acts[0]
}
