package agreement_test

import (
	"fmt"
	mathbits "math/bits"
	"slices"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// What worlds are drawn from: little, so that things meet.
var (
	nations    = []protocol.Party{"GB", "US", "FR", "NO"}
	days       = []string{"2020-06-01", "2021-01-01", "2022-01-01", "2023-01-01", "2024-01-01"}
	types      = []protocol.RequestType{protocol.Production, protocol.Preservation, protocol.Interception}
	categories = []protocol.Category{protocol.CategorySubscriber, protocol.CategoryTraffic, protocol.CategoryContent}
	channels   = []agreement.Channel{agreement.Direct, agreement.Central}
	roles      = []protocol.Role{protocol.RoleIssuing, protocol.RoleCentral, protocol.RoleDesignated, protocol.RoleEnforcing}
)

// bits draws a number below 1<<k, each as likely: rapid's own ranges lean to
// their ends. It shrinks to 0.
func bits(t *rapid.T, k int, what string) int {
	n := 0
	for range k {
		n <<= 1
		if coin.Draw(t, what) {
			n++
		}
	}
	return n
}

var coin = rapid.Bool()

func oneOf[T any](t *rapid.T, what string, list ...T) T {
	return list[upTo(t, len(list)-1, what)]
}

// upTo draws 0 to n.
func upTo(t *rapid.T, n int, what string) int {
	return bits(t, mathbits.Len(uint(n))+2, what) % (n + 1)
}

// oneIn is true about once in n times, and shrinks to false.
func oneIn(t *rapid.T, n int, what string) bool {
	for i := 1; i < n; i *= 2 {
		if !coin.Draw(t, what) {
			return false
		}
	}
	return true
}

// someOf is one item at least.
func someOf[T any](t *rapid.T, what string, list []T) []T {
	mask := 1 + bits(t, len(list)+2, what)%(1<<len(list)-1)
	var out []T
	for i, item := range list {
		if mask&(1<<i) != 0 {
			out = append(out, item)
		}
	}
	return out
}

// A taste says what sort of world a test wants.
type taste struct {
	rules int  // at most, of a text
	laws  bool // domestic law too
}

// anyWorld draws a world whose texts and notices are well formed.
func anyWorld(t *rapid.T, want taste) *world {
	w := new(world)
	n := 1 + upTo(t, 3-1, "texts")
	for i := range n {
		x := anyText(t, want)
		x.id, x.version = fmt.Sprintf("text-%d", i), oneOf(t, "version", "1", "2", "10", "1.1")
		if id := "text-0"; oneIn(t, 3, "same id") && !slices.ContainsFunc(w.texts, func(y *text) bool {
			return y.id == id && y.version == x.version
		}) {
			x.id = id
		}
		w.texts = append(w.texts, x)
	}
	if want.laws && oneIn(t, 2, "law") {
		w.texts = append(w.texts, anyLaw(t, oneOf(t, "law of", nations...), false))
	}
	w.notices = anyNotices(t, w)
	return w
}

func anyNotices(t *rapid.T, w *world) []*agreement.Notice {
	var out []*agreement.Notice
	for i := range upTo(t, 4, "notices") {
		if n := anyNoticeOf(t, w, fmt.Sprintf("n-%d", i)); n != nil {
			out = append(out, n)
		}
	}
	return out
}

func anyText(t *rapid.T, want taste) *text {
	x := &text{kind: oneOf(t, "kind", agreement.KindDataAccess, agreement.KindConvention, agreement.KindAssistance,
		agreement.KindDirective, agreement.KindRegulation)}
	if x.anyone = oneIn(t, 8, "any party"); x.anyone || oneIn(t, 8, "courtesy") {
		x.kind = agreement.KindCourtesy
	}
	anyStanding(t, x)
	for _, p := range nations {
		if x.anyone || len(x.members)+len(nations)-slices.Index(nations, p) > 2 && oneIn(t, 3, "not a member") {
			continue
		}
		x.members = append(x.members, anyMember(t, p))
	}
	x.signers = someOf(t, "signers", nations)
	if oneIn(t, 3, "terms") {
		x.terms = []term{{of: "content_stored", own: "own_content"}, {of: "production", own: "own_production"}}
	}
	for i := range upTo(t, 2, "options") {
		x.options = append(x.options, anyOption(t, fmt.Sprintf("option-%d", i)))
	}
	for _, o := range x.options {
		for _, p := range x.parties() {
			if oneIn(t, 4, "position") {
				x.positions = append(x.positions, position{p, o.id, oneOf(t, "since", append(days[:2:2], "")...)})
			}
		}
	}
	for i := range 1 + upTo(t, 3-1, "rights") {
		x.rights = append(x.rights, anyRight(t, x, fmt.Sprintf("right-%d", i)))
	}
	for i := range upTo(t, want.rules, "rules") {
		x.rules = append(x.rules, anyRule(t, x, fmt.Sprintf("rule-%d", i)))
	}
	if oneIn(t, 6, "clock") {
		x.clocks = []string{oneOf(t, "clock", days...)}
	}
	for range upTo(t, 1, "barred") {
		x.barred = append(x.barred, barred{protocol.ReasonBankSecrecy, someParties(t, x, "barred from"), someParties(t, x, "barred to")})
	}
	return x
}

// parties are the Parties of the text, or some for a text that is anyone's.
func (x *text) parties() []protocol.Party {
	var out []protocol.Party
	for _, m := range x.members {
		out = append(out, m.party)
	}
	if x.anyone {
		return nations[:2]
	}
	return out
}

// someParties is none for any Party.
func someParties(t *rapid.T, x *text, what string) []protocol.Party {
	if oneIn(t, 2, what) {
		return nil
	}
	return someOf(t, what, x.parties())
}

// anyStanding draws a status and days that fit it.
func anyStanding(t *rapid.T, x *text) {
	x.status = oneOf(t, "status", agreement.InForce, agreement.InForce, agreement.InForce, agreement.InForce,
		agreement.InForce, agreement.InForce, agreement.InForce, agreement.InForce, agreement.Terminated,
		agreement.Suspended, agreement.Lapsed, agreement.SignedNotInForce, agreement.Signed, agreement.Proposed)
	switch x.status {
	case agreement.Proposed, agreement.Signed, agreement.SignedNotInForce:
		return
	}
	from := upTo(t, 1, "in force")
	if x.kind != agreement.KindCourtesy { // which has no first day
		x.inForce = days[from]
	}
	if oneIn(t, 3, "expires") {
		x.expires = oneOf(t, "expires", days[from+1:]...)
	}
	if x.status != agreement.InForce {
		x.ended = oneOf(t, "ended", days[from:]...)
	}
}

// anyMember draws a Party: mostly one of which nothing particular is said.
func anyMember(t *rapid.T, p protocol.Party) member {
	m := member{party: p}
	if !oneIn(t, 3, "own days") {
		return m
	}
	signedOn := upTo(t, 1, "signed")
	m.signed = days[signedOn]
	if oneIn(t, 3, "signed only") {
		return m
	}
	ratified := signedOn + upTo(t, 2-signedOn, "ratified")
	m.ratified = days[ratified]
	if oneIn(t, 4, "ratified only") {
		return m
	}
	bound := ratified + upTo(t, 3-ratified, "bound")
	m.inForce = days[bound]
	if oneIn(t, 3, "left") {
		m.left = oneOf(t, "left", days[bound+1:]...)
	}
	return m
}

func anySelection(t *rapid.T) *selection {
	s := new(selection)
	if oneIn(t, 2, "types") {
		s.types = someOf(t, "types", types)
	}
	if oneIn(t, 2, "categories") {
		s.categories = someOf(t, "categories", categories)
	}
	return s
}

func anyOption(t *rapid.T, id string) option {
	o := option{id: id, kind: oneOf(t, "kind", agreement.OptionReservation, agreement.OptionDeclaration),
		mirrored: oneIn(t, 2, "mirrored")}
	if oneIn(t, 2, "excludes") {
		o.excludes = anySelection(t)
	}
	return o
}

func (x *text) anyOptionID(t *rapid.T, what string) string {
	if len(x.options) == 0 || !oneIn(t, 2, what) {
		return ""
	}
	return oneOf(t, what, x.options...).id
}

func anyRight(t *rapid.T, x *text, id string) right {
	r := right{id: id, from: someParties(t, x, "from"), to: someParties(t, x, "to"),
		types: someOf(t, "types", types), categories: someOf(t, "categories", categories),
		channel: oneOf(t, "channel", channels...), urgent: oneIn(t, 5, "emergency only"),
		reciprocity: oneOf(t, "reciprocity", agreement.Mirrored, agreement.Mirrored, agreement.OneSided, agreement.Promise)}
	if oneIn(t, 4, "sent by") {
		r.sentBy = oneOf(t, "sent by", roles...)
	}
	if oneIn(t, 4, "tells") {
		r.tells, r.tellsOption = oneOf(t, "tells", roles...), x.anyOptionID(t, "told if")
	}
	return r
}

func anyRule(t *rapid.T, x *text, id string) rule {
	r := rule{id: id, says: oneOf(t, "requirement", requirements...), from: someParties(t, x, "from"),
		to: someParties(t, x, "to"), option: x.anyOptionID(t, "rule if")}
	r.otherwise = anyOtherwise(t, r.says)
	return r
}

func anyOtherwise(t *rapid.T, says *requirement) agreement.Otherwise {
	if says.met == nil { // a judgement always holds
		return agreement.OtherwiseHold
	}
	return oneOf(t, "otherwise", agreement.OtherwiseDeny, agreement.OtherwiseHold, agreement.OtherwiseFlag)
}

// anyLaw draws a Party's own law; of one that only warns every rule does.
func anyLaw(t *rapid.T, p protocol.Party, warns bool) *text {
	x := &text{id: lawID(p), version: "1", kind: agreement.KindDomestic, members: []member{anyMember(t, p)},
		signers: []protocol.Party{p}}
	anyStanding(t, x)
	for i := range 1 + upTo(t, 3-1, "law rules") {
		r := rule{id: fmt.Sprintf("rule-%d", i), says: oneOf(t, "requirement", requirements...),
			capacity: oneOf(t, "capacity", agreement.LawOfIssuing, agreement.LawOfReceiving, agreement.LawOfProvider)}
		for warns && r.says.met == nil {
			r.says = requirements[0]
		}
		if r.otherwise = anyOtherwise(t, r.says); warns {
			r.otherwise = agreement.OtherwiseFlag
		}
		x.rules = append(x.rules, r)
	}
	return x
}

func lawID(p protocol.Party) string { return string(p[0]+32) + string(p[1]+32) + "-law" }

// at is midnight of a day.
func at(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t
}

// anyNoticeOf draws a notice under one of the texts, nil where none can be.
func anyNoticeOf(t *rapid.T, w *world, id string) *agreement.Notice {
	x := oneOf(t, "under", w.granting()...)
	n := &agreement.Notice{ID: id, Agreement: x.id, Party: oneOf(t, "party", x.parties()...),
		Kind:      oneOf(t, "kind", agreement.Suspend, agreement.Resume, agreement.Reserve, agreement.Withdraw),
		Effective: at(oneOf(t, "effective", days...)), Issued: at(signed), Ground: "made up"}
	if n.Kind == agreement.Suspend || n.Kind == agreement.Resume {
		s := anySelection(t)
		n.Types, n.Categories = s.types, s.categories
	} else {
		if len(x.options) == 0 {
			return nil
		}
		o := oneOf(t, "option", x.options...)
		if n.Option = o.id; n.Kind == agreement.Reserve && o.kind == agreement.OptionDeclaration {
			n.Kind = agreement.Declare
		}
	}
	if oneIn(t, 4, "toward") {
		n.Toward = slices.DeleteFunc(someOf(t, "toward", nations), func(p protocol.Party) bool { return p == n.Party })
	}
	return n
}
