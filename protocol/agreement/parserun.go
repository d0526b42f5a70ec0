package agreement

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"comity.example/protocol"
)

// MaxCount bounds what a clock counts: more days than that are a typing error.
const MaxCount = 3660

// MaxReminders bounds the reminders ahead of the end of one clock.
const MaxReminders = 4

// Words of the members of a run that are no list elsewhere.
const (
	onlyThere = "only"
	neverSo   = "never"
)

func (s *source) run(c *Clock, what string) func(ast.Node) {
	return func(n ast.Node) {
		r := new(Run)
		from, pauses, until := Events()
		sides := []Whose{WhoseAddressee, WhoseIssuing, WhoseAuthority}
		s.mapping(n, what,
			need("from", choose(s, &r.From, what+".from", from)),
			may("count", s.count(&r.Count, what+".count")),
			need("unit", choose(s, &r.Unit, what+".unit", []Unit{UnitHours, UnitDays, UnitWorkingDays, UnitMonths, UnitGiven})),
			may("by", choose(s, &r.By, what+".by", []Computation{Plain, Regulation1182, FirstDay, National})),
			may("after", s.id(&r.After, what+".after")),
			may("place", choose(s, &r.Place, what+".place", sides)),
			may("whose", choose(s, &r.Whose, what+".whose", sides)),
			may("region", choose(s, &r.Region, what+".region", Regions())),
			may("types", chooseMany(s, &r.Types, what+".types", protocol.RequestTypes())),
			may("categories", chooseMany(s, &r.Categories, what+".categories", protocol.Categories())),
			may("issuing", s.parties(&r.Issuing, what+".issuing")),
			may("emergency", s.onlyOrNever(&r.Emergency, what+".emergency")),
			may("notified", s.onlyOrNever(&r.Notified, what+".notified")),
			may("until", chooseMany(s, &r.Until, what+".until", until)),
			may("pauses", chooseMany(s, &r.Pauses, what+".pauses", pauses)),
			may("stated", choose(s, &r.Stated, what+".stated", []Stated{StatedLonger, StatedInstead})),
			may("beside", s.id(&r.Beside, what+".beside")),
			need("effect", choose(s, &r.Effect, what+".effect", Effects())),
			may("remind", s.reminders(&r.Remind, what+".remind")),
			may("every", s.yes(&r.Every, what+".every")),
			may("policy", s.yes(&r.Policy, what+".policy")),
		)
		s.checkRun(n, r, what)
		c.Run = r
	}
}

// checkRun sees that the members of a run fit each other.
func (s *source) checkRun(n ast.Node, r *Run, what string) {
	given := r.Unit == UnitGiven
	byPlace := r.By == Regulation1182 || r.By == FirstDay || r.By == National || r.Unit == UnitWorkingDays
	for _, x := range []struct {
		wrong bool
		says  string
	}{
		{given == (r.Count != 0), ".count: want a number of what the unit says, and none where it is given"},
		{given == (r.By != ""), ".by: want the computation, and none where the end is given"},
		{given && r.Region == "", ".region: missing: an end that acts give is that of a region"},
		{byPlace && r.Place == "", ".place: missing: whose days and holidays count"},
		{!byPlace && r.Place != "", ".place: this computation counts nobody's days or holidays: leave it out"},
		{r.By == FirstDay && (r.Unit == UnitHours || r.Unit == UnitWorkingDays), ".by: first_day counts days and months"},
		{(r.From == EventExtension) != (r.After != ""), ".after: want the clock that is extended exactly where from is extension"},
		{r.OfAgreement() == (r.Whose != ""), ".whose: want whose move it is, and nobody's in the life of an agreement"},
		{r.Every && !r.OfAgreement(), ".every: only a clock of the life of an agreement starts anew"},
		{slices.Contains(r.Pauses, EventMotion) && r.Whose != WhoseAddressee, ".pauses: only the addressee's clock stands still for a motion"},
	} {
		if x.wrong {
			s.bad(n, "%s%s", what, x.says)
			return
		}
	}
}

// count reads a whole number from 1 on.
func (s *source) count(dst *int, what string) func(ast.Node) {
	return func(n ast.Node) {
		v, ok := n.(*ast.IntegerNode)
		if !ok {
			s.bad(n, "%s: want a whole number%s", what, plainOnly(n))
			return
		}
		text := v.GetToken().Value
		i, err := strconv.Atoi(text)
		if err != nil || strconv.Itoa(i) != text || i < 1 || i > MaxCount {
			s.bad(n, "%s: %s: want 1 to %d", what, clip(text), MaxCount)
			return
		}
		*dst = i
	}
}

// yes reads a member that is there for true, and left out otherwise.
func (s *source) yes(dst *bool, what string) func(ast.Node) {
	return func(n ast.Node) {
		if v, ok := n.(*ast.BoolNode); !ok || v.GetToken().Value != "true" {
			s.bad(n, "%s: want true, or leave it out", what)
			return
		}
		*dst = true
	}
}

func (s *source) onlyOrNever(dst **bool, what string) func(ast.Node) {
	return func(n ast.Node) {
		word := s.text(n, what)
		if word != onlyThere && word != neverSo {
			s.bad(n, "%s: want only or never, or leave it out", what)
			return
		}
		only := word == onlyThere
		*dst = &only
	}
}

// reminders reads times ahead of an end: "14 days", "2 hours".
func (s *source) reminders(dst *[]Span, what string) func(ast.Node) {
	return func(n ast.Node) {
		s.each(n, what, func(item ast.Node, what string) {
			text := s.text(item, what)
			if text == "" {
				return
			}
			number, unit, _ := strings.Cut(text, " ")
			i, err := strconv.Atoi(number)
			span := Span{i, Unit(unit)}
			bad := err != nil || strconv.Itoa(i) != number || i < 1 || i > MaxCount
			if bad || span.Unit != UnitDays && span.Unit != UnitHours || len(*dst) >= MaxReminders || slices.Contains(*dst, span) {
				s.bad(item, "%s: %q: want at most %d different times such as 14 days or 2 hours", what, clip(text), MaxReminders)
				return
			}
			*dst = append(*dst, span)
		})
	}
}

// checkRuns sees that the clocks which a run names are there.
func (s *source) checkRuns(n ast.Node, d *Document) {
	for i := range d.Clocks {
		r := d.Clocks[i].Run
		if r == nil {
			continue
		}
		base := func(id string) *Run {
			at := slices.IndexFunc(d.Clocks, func(c Clock) bool { return c.ID == id })
			if at < 0 || at == i {
				return nil
			}
			return d.Clocks[at].Run
		}
		path := "clocks[" + strconv.Itoa(i) + "].run"
		if r.After != "" {
			if b := base(r.After); b == nil || b.After != "" || b.Whose != r.Whose && b.Region != "preservation" || b.Unit == UnitGiven {
				s.bad(s.at(path+".after", n), "%s.after: %q: want another clock that counts, of the same side, and is no extension itself",
					path, clip(r.After))
			}
		}
		if r.Beside != "" && base(r.Beside) == nil {
			s.bad(s.at(path+".beside", n), "%s.beside: %q: want another clock that runs", path, clip(r.Beside))
		}
	}
}
