package lint

import (
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

const (
	// maxRangeMonths is how long a time range may be, in months, before it is
	// asked why.
	maxRangeMonths = 12
	// maxKinds is how many categories of data one request asks for before it
	// looks as if it asked for all there is.
	maxKinds = 4
)

// dated reports whether what is asked for of a category hangs on the time
// range: who a subscriber is does not.
func dated(c protocol.Category) bool {
	return c != protocol.CategorySubscriber && c != protocol.CategoryDomain
}

// data finds what is too much, or cannot be there.
func (l *linting) data() {
	live := l.req.Type == protocol.Interception
	for i, d := range l.req.Data {
		if dated(d.Category) && d.From.AddDate(0, maxRangeMonths, 0).Before(d.To) {
			l.add(Defect{Code: "range_too_broad", Member: at("data", i), Likely: true,
				Text:  "The time range is longer than a year.",
				Write: "Ask for the time of the offence; where more is needed, say in the purpose why."})
		}
		if dated(d.Category) && !live && d.To.After(l.at.Add(day)) {
			l.add(Defect{Code: "range_ahead", Member: at("data", i) + ".to",
				Text:  "The time range goes on into the future, where nothing is stored yet.",
				Write: "End it today; for what is still to come another type of request is needed."})
		}
		if content(d.Category) && strings.TrimSpace(d.Description) == "" {
			l.add(Defect{Code: "content_undescribed", Member: at("data", i) + ".description", Likely: true,
				Text:  "Content is asked for, and not said which.",
				Write: "Say which content: messages with whom, files of what kind, about what."})
		}
	}
	if len(l.req.Categories()) > maxKinds {
		l.add(Defect{Code: "all_categories", Member: "data", Likely: true,
			Text:  "It asks for nearly all there is at once.",
			Write: "Ask for what the facts call for, the least intrusive first; the rest can follow."})
	}
}

// related finds assistance that nothing was preserved for.
func (l *linting) related() {
	kept := len(l.req.RelatedBy(protocol.RelationFollows, protocol.RelationRenews, protocol.RelationReplaces)) > 0
	stored := slices.ContainsFunc(l.req.Data,
		func(d protocol.DataItem) bool { return d.Category == protocol.CategoryContent })
	if l.channel == agreement.Central && l.req.Type == protocol.Production && stored && !kept {
		l.add(Defect{Code: "preservation_not_referenced", Member: "related",
			Text:  "Content is asked for through authorities, which takes months, and no preservation is named.",
			Write: "Have it preserved first, and name that: relation follows, with its case or reference."})
	}
}

// facts finds assistance without reasons, and reasons where they must not go.
func (l *linting) facts() {
	const why = "Assistance is asked for, and "
	if l.channel == agreement.Central {
		if l.req.Facts == "" {
			l.add(Defect{Code: "no_facts", Member: "facts", Likely: true,
				Text:  why + "the facts are not given.",
				Write: "Sum up who did what, when and where, and how each is known."})
		}
		if l.req.Nexus == "" && l.req.Type != protocol.Preservation {
			l.add(Defect{Code: "no_nexus", Member: "nexus", Likely: true,
				Text:  why + "it is not said what this data has to do with the facts.",
				Write: "Say why this account holds evidence of these facts, for each period and kind of data."})
		}
		return
	}
	for _, text := range []struct{ member, value, variable string }{
		{"facts", l.req.Facts, "request.has_facts"}, {"nexus", l.req.Nexus, "request.has_nexus"}} {
		if text.value != "" && l.channel == agreement.Direct && forbids(l.doc, text.variable) {
			l.add(Defect{Code: "facts_to_addressee", Member: text.member, Likely: true,
				Text:  "The provider would read what is for the authority alone.",
				Write: "Take it out, and give it to the authority that is notified."})
		}
	}
}

// forbids reports whether a rule of the document is met only without what the
// variable stands for.
func forbids(doc *agreement.Document, variable string) bool {
	return slices.ContainsFunc(doc.Rules, func(r agreement.Rule) bool {
		return strings.Contains(r.Require, "!"+variable)
	})
}
