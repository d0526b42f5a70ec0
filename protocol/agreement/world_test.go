package agreement_test

import (
	"fmt"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A world is documents and notices that a test made up, as the test knows them:
// the YAML is written from it, and the oracle reads nothing else.
type world struct {
	texts   []*text
	notices []*agreement.Notice

	read []*agreement.Document // of the texts, once they were read
}

// A text is one document. Days are written as 2020-06-01, "" is none.
type text struct {
	id, version             string
	kind                    agreement.Kind
	status                  agreement.Status
	inForce, expires, ended string
	anyone                  bool // parties: any party
	members                 []member
	signers                 []protocol.Party // whose signatures a signed book has

	terms     []term
	options   []option
	positions []position
	rights    []right
	rules     []rule
	clocks    []string // days
	barred    []barred
}

type member struct {
	party                           protocol.Party
	signed, ratified, inForce, left string
}

func (m member) plain() bool { return m.signed+m.ratified+m.inForce+m.left == "" }

type term struct{ of, own string }

type option struct {
	id       string
	kind     agreement.OptionKind
	mirrored bool
	excludes *selection
}

// A selection is some types and some categories; an empty list is all.
type selection struct {
	types      []protocol.RequestType
	categories []protocol.Category
}

type position struct {
	party  protocol.Party
	option string
	since  string
}

// A right has no from or to where it is for any Party.
type right struct {
	id          string
	from, to    []protocol.Party
	types       []protocol.RequestType
	categories  []protocol.Category
	channel     agreement.Channel
	reciprocity agreement.Reciprocity
	urgent      bool // emergency: only
	sentBy      protocol.Role
	tells       protocol.Role
	tellsOption string
}

type rule struct {
	id        string
	says      *requirement
	from, to  []protocol.Party // none: whatever the direction
	option    string
	capacity  agreement.LawCapacity
	otherwise agreement.Otherwise
}

type barred struct {
	ground   protocol.Reason
	from, to []protocol.Party
}

// signed is the day on which every text was signed that was.
const signed = "2020-01-01"

// yaml writes the document.
func (t *text) yaml() string {
	b := new(strings.Builder)
	line := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	line("id: %s\nversion: %q\ntitle: Text %s\ncitation: made up", t.id, t.version, t.id)
	line("kind: %s\nstatus: %s", t.kind, t.status)
	if t.status != agreement.Proposed && t.kind != agreement.KindCourtesy {
		line("signed: %s", signed)
	}
	for _, day := range [][2]string{{"in_force", t.inForce}, {"expires", t.expires}, {"ended", t.ended}} {
		if day[1] != "" {
			line("%s: %s", day[0], day[1])
		}
	}
	if t.anyone {
		line("parties: any party")
	} else {
		line("parties:")
		for _, m := range t.members {
			line("  - %s", m.yaml())
		}
	}
	line("provenance: made up")
	t.yamlChoices(line)
	heading(line, "rights", len(t.rights))
	for i := range t.rights {
		t.rights[i].yaml(line)
	}
	heading(line, "rules", len(t.rules))
	for i := range t.rules {
		t.rules[i].yaml(line)
	}
	heading(line, "barred_grounds", len(t.barred))
	for _, x := range t.barred {
		line("  - {ground: %s, %s%sarticle: A, text: T, provenance: unverified}", x.ground,
			partySet("from", x.from, ", "), partySet("to", x.to, ", "))
	}
	heading(line, "clocks", len(t.clocks))
	for i, day := range t.clocks {
		line("  - {id: clock-%d, article: A, text: T, date: %s, provenance: unverified}", i, day)
	}
	return b.String()
}

func heading(line func(string, ...any), name string, n int) {
	if n > 0 {
		line("%s:", name)
	}
}

func (t *text) yamlChoices(line func(string, ...any)) {
	heading(line, "terms", len(t.terms))
	for _, x := range t.terms {
		line("  - {of: %s, own: %s, text: T, article: A, provenance: unverified}", x.of, x.own)
	}
	heading(line, "options", len(t.options))
	for _, o := range t.options {
		line("  - {id: %s, kind: %s, article: A, text: T, provenance: unverified%s%s}", o.id, o.kind,
			map[bool]string{true: ", mirrored: A"}[o.mirrored], o.excludes.yaml())
	}
	heading(line, "positions", len(t.positions))
	for _, p := range t.positions {
		since := ""
		if p.since != "" {
			since = ", since: " + p.since
		}
		line("  - {party: %s, option: %s, provenance: unverified%s}", p.party, p.option, since)
	}
}

func (m member) yaml() string {
	if m.plain() {
		return string(m.party)
	}
	out := "{party: " + string(m.party)
	for _, day := range [][2]string{{"signed", m.signed}, {"ratified", m.ratified},
		{"in_force", m.inForce}, {"left", m.left}} {
		if day[1] != "" {
			out += ", " + day[0] + ": " + day[1]
		}
	}
	return out + "}"
}

func (s *selection) yaml() string {
	if s == nil {
		return ""
	}
	var parts []string
	if len(s.types) > 0 {
		parts = append(parts, "types: "+flow(s.types))
	}
	if len(s.categories) > 0 {
		parts = append(parts, "categories: "+flow(s.categories))
	}
	return ", excludes: {" + strings.Join(parts, ", ") + "}"
}

func (r *right) yaml(line func(string, ...any)) {
	from, to := partySet("from", r.from, "\n    "), partySet("to", r.to, "\n    ")
	if from == "" {
		from = "from: any party\n    "
	}
	if to == "" {
		to = "to: any party\n    "
	}
	line("  - id: %s\n    %s%stypes: %s\n    categories: %s", r.id, from, to, flow(r.types), flow(r.categories))
	line("    channel: %s\n    article: A\n    reciprocity: %s\n    provenance: unverified", r.channel, r.reciprocity)
	if r.reciprocity == agreement.OneSided {
		line("    one_sided_article: A")
	}
	if r.urgent {
		line("    emergency: only")
	}
	if r.sentBy != "" {
		line("    transmitted_by: {role: %s, article: A, text: T, provenance: unverified}", r.sentBy)
	}
	if r.tells != "" {
		option := ""
		if r.tellsOption != "" {
			option = ", option: " + r.tellsOption
		}
		line("    notifies: {role: %s, article: A, text: T, provenance: unverified%s}", r.tells, option)
	}
}

func (r *rule) yaml(line func(string, ...any)) {
	line("  - id: %s\n    article: A\n    text: T\n    provenance: unverified\n    reason: incomplete", r.id)
	line("    otherwise: %s\n    %s", r.otherwise, strings.ReplaceAll(strings.TrimSpace(r.says.yaml), "\n", "\n    "))
	switch r.otherwise {
	case agreement.OtherwiseHold:
		line("    side: issuing\n    role: issuing")
	case agreement.OtherwiseFlag:
		line("    advice: do it")
	}
	for _, x := range []string{partySet("from", r.from, ""), partySet("to", r.to, "")} {
		if x != "" {
			line("    %s", x)
		}
	}
	if r.option != "" {
		line("    option: %s", r.option)
	}
	if r.capacity != "" {
		line("    capacity: %s", r.capacity)
	}
}

// partySet writes a member of Parties, or nothing if there are none.
func partySet(name string, list []protocol.Party, end string) string {
	if len(list) == 0 {
		return ""
	}
	return name + ": " + flow(list) + end
}

func flow[T ~string](items []T) string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = string(item)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// A fataler is a testing.TB or a *rapid.T.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// documents reads the texts.
func (w *world) documents(t fataler) []*agreement.Document {
	t.Helper()
	for _, x := range w.texts[len(w.read):] {
		d, err := agreement.ParseDocument(x.id+".yaml", []byte(x.yaml()))
		if err != nil {
			t.Fatalf("%v\n%s", err, x.yaml())
		}
		w.read = append(w.read, d)
	}
	return w.read
}

// book is the world's book, with more notices. No signatures are asked for.
func (w *world) book(t fataler, more ...*agreement.Notice) *agreement.Book {
	t.Helper()
	b, err := agreement.NewBook(w.documents(t), append(w.notices[:len(w.notices):len(w.notices)], more...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
