package lint

import (
	"slices"
	"strings"

	"comity.example/protocol"
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
	if len(read) == 0 || l.saysAccepted() {
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

// saysAccepted reports whether the request attests what a rule of the
// document asks about its language: a Party may accept others than its own.
func (l *linting) saysAccepted() bool {
	if l.doc == nil {
		return false
	}
	for i := range l.doc.Rules {
		rule := &l.doc.Rules[i]
		if rule.Reason != protocol.ReasonLanguage {
			continue
		}
		for _, s := range rule.Statements {
			if slices.ContainsFunc(l.req.Attestations, func(a protocol.Attestation) bool { return a.Statement == s.Code }) {
				return true
			}
		}
	}
	return false
}
