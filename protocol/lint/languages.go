package lint

import (
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// official are the official languages of some Parties, as ISO 639-1 codes: of
// the Member States of the European Union, and of those that a data access
// agreement binds. Of any other Party nothing is said. It is never written to.
var official = map[protocol.Party]string{
	"AT": "de", "BE": "nl fr de", "BG": "bg", "CY": "el tr", "CZ": "cs", "DE": "de", "DK": "da", "EE": "et",
	"ES": "es", "FI": "fi sv", "FR": "fr", "GR": "el", "HR": "hr", "HU": "hu", "IE": "en ga", "IT": "it",
	"LT": "lt", "LU": "fr de lb", "LV": "lv", "MT": "mt en", "NL": "nl", "PL": "pl", "PT": "pt", "RO": "ro",
	"SE": "sv", "SI": "sl", "SK": "sk",
	"AU": "en", "GB": "en cy", "US": "en",
}

// Languages returns the official languages of a Party, nil if this package
// does not know them.
func Languages(p protocol.Party) []string { return strings.Fields(official[p]) }

// languages finds a request that nobody at the addressee's can read.
func (l *linting) languages() {
	read := Languages(l.req.Addressee.Party())
	if rule := l.saysAccepted(); rule != nil {
		if len(l.req.Languages) == 0 && strings.Contains(rule.Require, "request.languages") {
			l.add(Defect{Code: "language", Member: "languages", Likely: true,
				Text:  "It attests that its language is accepted, and does not say which that is.",
				Write: "Name each language in which it is, such as languages: [en]."})
		}
		return
	}
	if len(read) == 0 {
		return
	}
	d := Defect{Code: "language", Member: "languages", Likely: true,
		Text:  "None of its languages is an official one of the addressee's Party.",
		Write: "Attach a translation and name its language: " + strings.Join(read, ", ") + "."}
	has := l.req.Languages
	if len(has) == 0 {
		has = Languages(l.req.Issuer.Party())
		d.Text = "It does not say in which languages it is, and the two Parties share none."
	}
	if !slices.ContainsFunc(has, func(s string) bool { return slices.Contains(read, s) }) {
		l.add(d)
	}
}

// saysAccepted returns the rule about its language for which the request attests
// what the document asks, nil if there is none: a Party may accept others than
// its own.
func (l *linting) saysAccepted() *agreement.Rule {
	if l.doc == nil {
		return nil
	}
	for i := range l.doc.Rules {
		rule := &l.doc.Rules[i]
		if rule.Reason != protocol.ReasonLanguage {
			continue
		}
		for _, s := range rule.Statements {
			if slices.ContainsFunc(l.req.Attestations, func(a protocol.Attestation) bool { return a.Statement == s.Code }) {
				return rule
			}
		}
	}
	return nil
}
