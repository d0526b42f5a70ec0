// Package lint warns of what an agreement's document may say and hardly means:
// a rule that can never apply, a right whose mirror is missing, a claim whose
// source names no article.
//
// It decides nothing, and what it does not find may still be wrong. It is
// trusted with this: it warns of nothing without saying what to look at.
package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// MaxSentence is how many words a sentence of a document should have at most.
const MaxSentence = 40

// A Warning is something that looks wrong.
type Warning struct {
	Path string `json:"path"` // of the member it is about: "rules[3].when"
	Text string `json:"text"` // what looks wrong, and what to mend
}

// A linter looks at one document.
type linter struct {
	doc      *agreement.Document
	warnings []Warning
}

func (l *linter) warn(path, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{path, fmt.Sprintf(format, args...)})
}

// Document returns what looks wrong, in the order of the document's members.
// at is for what a day makes wrong.
func Document(d *agreement.Document, at time.Time) []Warning {
	l := &linter{doc: d}
	for _, look := range []func(*linter){(*linter).head, (*linter).mirrors, (*linter).shadows, (*linter).expressions,
		(*linter).reach, (*linter).statements, (*linter).options, (*linter).lists,
		(*linter).uncovered, (*linter).barred, (*linter).sources, (*linter).sentences} {
		look(l)
	}
	l.days(at)
	return l.warnings
}

// head sees that the head names Parties that are countries, and warns of what is
// not proven.
func (l *linter) head() {
	for _, p := range l.doc.Parties() {
		if err := p.CheckAssigned(); err != nil {
			l.warn("document.parties", "%v", err)
		}
	}
	unproven, rules := l.doc.Unproven()
	says := strings.Contains(l.doc.Provenance, "verified") || strings.Contains(l.doc.Provenance, "secondary")
	if unproven > 0 && !says {
		l.warn("document.provenance", "%d of %d rules are not verified, and the head does not say so: say which are not",
			unproven, rules)
	}
}

// days sees what the time has overtaken.
func (l *linter) days(at time.Time) {
	if !l.doc.Expires.IsZero() && l.doc.Status == agreement.InForce && !at.Before(l.doc.Expires.Time()) {
		l.warn("document.expires", "the day has come: say lapsed in status, or mend the day")
	}
	if !l.doc.InForce.IsZero() && l.doc.Status == agreement.InForce && at.Before(l.doc.InForce.Time()) {
		l.warn("document.in_force", "the day has not come, and status says in_force: say signed_not_in_force until then, "+
			"or mend the day")
	}
	for i := range l.doc.Clocks {
		if c := &l.doc.Clocks[i]; c.Run == nil && strings.ContainsAny(c.Length, "0123456789") {
			l.warn(fmt.Sprintf("clocks[%d].length", i), "%q names a number, and no machine counts it: say how in run", c.Length)
		}
		if c := &l.doc.Clocks[i]; !c.Date.IsZero() && !at.Before(c.Date.Time()) {
			l.warn(fmt.Sprintf("clocks[%d].date", i), "the day has come: every request is held until somebody has looked "+
				"and mends the document")
		}
	}
}

// statements sees that a code says the same wherever it stands.
func (l *linter) statements() {
	said := map[string]string{}
	by := map[string]string{}
	for i := range l.doc.Rules {
		r := &l.doc.Rules[i]
		for n, s := range r.Statements {
			if said[s.Code] != "" && said[s.Code] != s.Text {
				l.warn(fmt.Sprintf("rules[%d].statements[%d].text", i, n),
					"%s has another text in rule %s: who attests it once would state both: give it one text, or another code",
					s.Code, by[s.Code])
				continue
			}
			said[s.Code], by[s.Code] = s.Text, r.ID
		}
	}
}

// options sees that something follows from each, if only what a person reads: a
// limit on use of the same article.
func (l *linter) options() {
	for i := range l.doc.Options {
		o := &l.doc.Options[i]
		used := o.Excludes != nil || slices.ContainsFunc(l.doc.UseLimits, func(c agreement.Clause) bool {
			return c.Article == o.Article
		})
		for n := range l.doc.Rules {
			used = used || l.doc.Rules[n].Option == o.ID
		}
		for n := range l.doc.Rights {
			x := l.doc.Rights[n].Notifies
			used = used || x != nil && x.Option == o.ID
		}
		if !used {
			l.warn(fmt.Sprintf("options[%d].id", i),
				"nothing follows from %s: name it in a rule or a notification, say what it excludes, "+
					"or write the limit on use that its article has", o.ID)
		}
	}
}

// lists sees that each list of offences is looked at.
func (l *linter) lists() {
	for i := range l.doc.Lists {
		id := l.doc.Lists[i].ID
		used := func(text string) bool { return strings.Contains(text, `"`+id+`"`) }
		if !slices.ContainsFunc(l.doc.Rules, func(r agreement.Rule) bool { return used(r.When) || used(r.Require) }) &&
			!slices.ContainsFunc(l.doc.Rights, func(r agreement.Right) bool { return r.Notifies != nil && used(r.Notifies.When) }) {
			l.warn(fmt.Sprintf("offence_lists[%d].id", i), "no rule asks for it: want %q in offence.listed_in", id)
		}
	}
}

// barred sees that no rule refuses with what the document bars.
func (l *linter) barred() {
	for i := range l.doc.Rules {
		r := &l.doc.Rules[i]
		if slices.ContainsFunc(l.doc.Barred, func(b agreement.BarredGround) bool { return b.Ground == r.Reason }) {
			l.warn(fmt.Sprintf("rules[%d].reason", i), "barred_grounds bars %s: mend one of the two", r.Reason)
		}
	}
}

// articleForm is how a source names an article, a section or the like.
var articleForm = regexp.MustCompile(`((?i:\b(arts?|articles?|ss?|sec|sections?|usc|cl|clauses?|recitals?|annex|sch|` +
	`schedule|para|paragraphs?|points?|rules?|regs?|chapter|ch|part|pt|title|appendix|reservations?|declarations?)\b\.?)|§+)\s*` +
	`(\d|[IVX]+\b|[A-Z]\b)|\bAnnex\b`)

// sources sees that what is verified names where it was read.
func (l *linter) sources() {
	l.marks(func(path string, m agreement.Mark) {
		if m.Provenance == agreement.Verified && !articleForm.MatchString(m.Source) {
			l.warn(path+".source", "verified, and no article is named: name the one that was read")
		}
	})
}

func (l *linter) marks(each func(string, agreement.Mark)) {
	d := l.doc
	for i := range d.Rights {
		path := fmt.Sprintf("rights[%d]", i)
		each(path, d.Rights[i].Mark)
		if x := d.Rights[i].Transmitted; x != nil {
			each(path+".transmitted_by", x.Mark)
		}
		if x := d.Rights[i].Notifies; x != nil {
			each(path+".notifies", x.Mark)
		}
	}
	eachMark(each, "rules", d.Rules, func(r *agreement.Rule) agreement.Mark { return r.Mark })
	eachMark(each, "terms", d.Terms, func(t *agreement.Term) agreement.Mark { return t.Mark })
	eachMark(each, "options", d.Options, func(o *agreement.Option) agreement.Mark { return o.Mark })
	eachMark(each, "positions", d.Positions, func(p *agreement.Position) agreement.Mark { return p.Mark })
	eachMark(each, "offence_lists", d.Lists, func(o *agreement.OffenceList) agreement.Mark { return o.Mark })
	eachMark(each, "barred_grounds", d.Barred, func(b *agreement.BarredGround) agreement.Mark { return b.Mark })
	eachMark(each, "use_limits", d.UseLimits, func(c *agreement.Clause) agreement.Mark { return c.Mark })
	eachMark(each, "clocks", d.Clocks, func(c *agreement.Clock) agreement.Mark { return c.Mark })
	eachMark(each, "deletions", d.Deletions, func(t *agreement.DeletionTerm) agreement.Mark { return t.Mark })
	eachMark(each, "objection", d.Objection, func(o *agreement.ObjectionStep) agreement.Mark { return o.Mark })
	eachMark(each, "notes", d.Notes, func(c *agreement.Clause) agreement.Mark { return c.Mark })
	if d.Notice != nil {
		each("notice", d.Notice.Mark)
	}
	if d.Secrecy != nil {
		each("secrecy", d.Secrecy.Mark)
	}
	if d.Keeping != nil {
		each("keeping", d.Keeping.Mark)
	}
	if d.StateNotice != nil {
		each("state_notice", d.StateNotice.Mark)
	}
	if d.Consult != nil {
		each("consultation", d.Consult.Mark)
		if w := d.Consult.Waiver; w != nil {
			each("consultation.waiver", w.Mark)
		}
	}
}

func eachMark[T any](each func(string, agreement.Mark), of string, list []T, mark func(*T) agreement.Mark) {
	for i := range list {
		each(fmt.Sprintf("%s[%d]", of, i), mark(&list[i]))
	}
}

// sentences sees that what people read is short enough to be read.
func (l *linter) sentences() {
	d := l.doc
	l.sentence("document.provenance", d.Provenance)
	for i := range d.Rights {
		path := fmt.Sprintf("rights[%d]", i)
		if x := d.Rights[i].Transmitted; x != nil {
			l.sentence(path+".transmitted_by.text", x.Text)
		}
		if x := d.Rights[i].Notifies; x != nil {
			l.sentence(path+".notifies.text", x.Text)
		}
	}
	for i := range d.Rules {
		r := &d.Rules[i]
		l.sentence(fmt.Sprintf("rules[%d].text", i), r.Text)
		ask := "advice"
		if r.Kind == agreement.Judgement {
			ask = "question"
		}
		l.sentence(fmt.Sprintf("rules[%d].%s", i, ask), r.Ask)
		for n, s := range r.Statements {
			l.sentence(fmt.Sprintf("rules[%d].statements[%d].text", i, n), s.Text)
		}
	}
	eachText(l, "options", d.Options, func(o *agreement.Option) string { return o.Text })
	eachText(l, "barred_grounds", d.Barred, func(b *agreement.BarredGround) string { return b.Text })
	eachText(l, "use_limits", d.UseLimits, func(c *agreement.Clause) string { return c.Text })
	eachText(l, "clocks", d.Clocks, func(c *agreement.Clock) string { return c.Text })
	eachText(l, "deletions", d.Deletions, func(t *agreement.DeletionTerm) string { return t.Text })
	eachText(l, "objection", d.Objection, func(o *agreement.ObjectionStep) string { return o.Text })
	eachText(l, "notes", d.Notes, func(c *agreement.Clause) string { return c.Text })
	if d.Notice != nil {
		l.sentence("notice.text", d.Notice.Text)
		l.sentence("notice.letter", d.Notice.Letter)
	}
	if d.Secrecy != nil {
		l.sentence("secrecy.text", d.Secrecy.Text)
	}
	if d.Keeping != nil {
		l.sentence("keeping.text", d.Keeping.Text)
	}
	if d.Consult != nil {
		l.sentence("consultation.text", d.Consult.Text)
		if w := d.Consult.Waiver; w != nil {
			l.sentence("consultation.waiver.text", w.Text)
		}
	}
}

func eachText[T any](l *linter, of string, list []T, text func(*T) string) {
	for i := range list {
		l.sentence(fmt.Sprintf("%s[%d].text", of, i), text(&list[i]))
	}
}

func (l *linter) sentence(path, text string) {
	if n := longest(text); n > MaxSentence {
		l.warn(path, "a sentence of %d words: want at most %d, so that it is understood", n, MaxSentence)
	}
}

// longest returns how many words the longest sentence has. A point ends one
// where a capital follows, but not that of "Art." and its like: short, and of
// letters alone.
func longest(text string) int {
	most, n := 0, 0
	list := strings.Fields(text)
	for i, word := range list {
		n++
		most = max(most, n)
		last := word[len(word)-1]
		ends := strings.ContainsRune(":;?!", rune(last)) || last == '.' && (len(word) > 4 || strings.ContainsAny(word, "0123456789)"))
		if ends && i+1 < len(list) && (last != '.' || unicode.IsUpper([]rune(list[i+1])[0])) {
			n = 0
		}
	}
	return most
}

// eachPair calls each for every direction between Parties of the document, of
// domestic law for that within its Party, and
// between two others where every State may be Party, until it returns false.
func (l *linter) eachPair(each func(from, to protocol.Party) bool) {
	parties := l.doc.Parties()
	if l.doc.EveryParty {
		parties = []protocol.Party{"XA", "XB"} // left to users of the code: they stand for any two
	}
	for _, from := range parties {
		for _, to := range parties {
			within := l.doc.Kind == agreement.KindDomestic
			if (from == to) == within && !each(from, to) {
				return
			}
		}
	}
}
