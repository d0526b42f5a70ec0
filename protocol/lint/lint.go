// Package lint finds in a request, before it is sent, what such requests are
// known to come back for, and says what to write instead.
//
// It knows the classic defects, not the law: what an agreement asks for is for
// its rules to say. What it finds names members, and never what stands in them.
//
// The package is pure, and trusted with nothing: a defect changes no verdict.
package lint

import (
	"fmt"
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A Defect is one thing in a request that is known to cost time.
type Defect struct {
	Code   string `json:"defect"`
	Member string `json:"member"` // where it stands: "data[0].to"
	Text   string `json:"text"`   // what is wrong
	Write  string `json:"write"`  // what to write instead
	// Likely says that a refusal, or a question that stops the clock, is likely.
	Likely bool `json:"refusal_likely,omitzero"`
}

// checks are made in the order of a request. It is never written to.
var checks = []func(*linting){
	(*linting).authorisation,
	(*linting).provisions,
	(*linting).target,
	(*linting).identifiers,
	(*linting).data,
	(*linting).emergency,
	(*linting).related,
	(*linting).languages,
	(*linting).secrecy,
	(*linting).deadline,
	(*linting).facts,
	(*linting).texts,
}

// Lint returns the defects of a request at a time, in the order of its members.
// doc is the agreement under which it is to go, nil if that is not known.
func Lint(r *protocol.Request, doc *agreement.Document, at time.Time) []Defect {
	if r == nil {
		return nil
	}
	l := &linting{req: r, doc: doc, at: at, channel: channelOf(r, doc)}
	for _, check := range checks {
		check(l)
	}
	return l.found
}

type linting struct {
	req     *protocol.Request
	doc     *agreement.Document
	at      time.Time
	channel agreement.Channel // "": not known
	found   []Defect
}

func (l *linting) add(d Defect) { l.found = append(l.found, d) }

// channelOf returns by which channel the document carries such requests, ""
// if it does so by both or by none.
func channelOf(r *protocol.Request, doc *agreement.Document) agreement.Channel {
	var out agreement.Channel
	if doc == nil {
		return out
	}
	for i := range doc.Rights {
		right := &doc.Rights[i]
		if !slices.Contains(right.Types, r.Type) || !right.From.Has(r.Issuer.Party()) ||
			!right.To.Has(r.Addressee.Party()) {
			continue
		}
		if out != "" && out != right.Channel {
			return ""
		}
		out = right.Channel
	}
	return out
}

// independent reports whether a judge, a court or an investigating judge
// approved or validated the request.
func independent(a *protocol.Authorisation) bool {
	judicial := []protocol.AuthorityKind{protocol.AuthorityJudge, protocol.AuthorityCourt,
		protocol.AuthorityInvestigating}
	return slices.Contains(judicial, a.Kind) || a.ValidatedBy != nil && slices.Contains(judicial, a.ValidatedBy.Kind)
}

// content reports whether the category is what people said or wrote.
func content(c protocol.Category) bool {
	return c == protocol.CategoryContent || c == protocol.CategoryContentLive
}

// asksContent reports whether stored or live content is asked for, and not
// only that it be kept.
func (l *linting) asksContent() bool {
	discloses := l.req.Type == protocol.Production || l.req.Type == protocol.Interception
	return discloses && slices.ContainsFunc(l.req.Data, func(d protocol.DataItem) bool { return content(d.Category) })
}

func at(member string, i int) string { return fmt.Sprintf("%s[%d]", member, i) }
