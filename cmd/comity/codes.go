package main

import (
	"fmt"
	"io"
	"slices"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// A code is a reason that a person may give, with the article that has it.
type code struct {
	Reason  protocol.Reason `json:"reason"`
	Article string          `json:"article,omitzero"`
	Text    string          `json:"text,omitzero"`
	// Ask is what a clarification with this reason asks for, where none is named.
	Ask protocol.Ask `json:"ask,omitzero"`
}

// ePOC is the agreement whose forms close the lists of reasons.
const ePOC = "eu-epoc-2023"

// annexIII are the ten boxes of section D(a) of Annex III to Regulation (EU)
// 2023/1543; any other reason is told in words, in D(b).
var annexIII = []code{
	{protocol.ReasonIncomplete, "Art. 10(6), 11(5), Annex III D(a)", "it is incomplete", protocol.AskInformation},
	{protocol.ReasonManifestError, "Art. 10(6), 11(5), Annex III D(a)", "it contains manifest errors", protocol.AskInformation},
	{protocol.ReasonInsufficient, "Art. 10(6), 11(5), Annex III D(a)", "it does not contain sufficient information", protocol.AskInformation},
	{protocol.ReasonNotHeld, "Art. 10(7), 11(6), Annex III D(a)", "it does not concern data stored by or on behalf of the service provider at the time of receipt", protocol.AskImpossible},
	{protocol.ReasonImpossible, "Art. 10(7), 11(6), Annex III D(a)", "de facto impossibility for other reasons, not attributable to the addressee or the provider", protocol.AskImpossible},
	{protocol.ReasonNotCompetent, "Art. 4, 10(8), Annex III D(a)", "it was not issued or validated by an authority of Art. 4", protocol.AskInformation},
	{protocol.ReasonThreshold, "Art. 5(4), 10(8), Annex III D(a)", "traffic or content data, for an offence that Art. 5(4) does not cover", protocol.AskInformation},
	{protocol.ReasonService, "Art. 3(3), 10(8), Annex III D(a)", "the service is not covered", protocol.AskInformation},
	{protocol.ReasonPrivilege, "Art. 10(5), 11(4), Annex III D(a)", "immunities, privileges, or rules on the freedom of the press stand in the way", protocol.AskInformation},
	{protocol.ReasonThirdCountryLaw, "Art. 17, Annex III D(a), E", "the law of a third country conflicts: see also comity object CASE --worksheet", protocol.AskInformation},
	{protocol.ReasonOther, "Art. 10(8), Annex III D(b)", "another reason, in the words of --text", protocol.AskInformation},
}

// clarifications returns the reasons of a clarification under the agreement of a
// case.
func clarifications(v *desk.CaseView) []code {
	if v.File.Agreement.ID == ePOC {
		return slices.DeleteFunc(slices.Clone(annexIII), func(c code) bool {
			return !boxFits(v, c.Reason)
		})
	}
	return slices.Concat(
		coded(protocol.AskInformation, protocol.ReasonIncomplete, protocol.ReasonManifestError,
			protocol.ReasonInsufficient, protocol.ReasonWrongIdentifier, protocol.ReasonLanguage,
			protocol.ReasonOverbroad, protocol.ReasonVoluminous, protocol.ReasonBurdensome,
			protocol.ReasonNotCompetent, protocol.ReasonNotValidated, protocol.ReasonCertification,
			protocol.ReasonService, protocol.ReasonCategory),
		coded(protocol.AskReturned, protocol.ReasonWrongAddressee),
		coded(protocol.AskImpossible, protocol.ReasonNotHeld, protocol.ReasonNotCustomer, protocol.ReasonDeleted,
			protocol.ReasonRetention, protocol.ReasonImpossible),
		coded(protocol.AskInformation, protocol.ReasonOther))
}

// boxFits: two of the boxes speak of production orders only, one of these of
// traffic and content data.
func boxFits(v *desk.CaseView, r protocol.Reason) bool {
	m := &v.File.Matter
	switch r {
	case protocol.ReasonThirdCountryLaw:
		return m.Type != protocol.Preservation
	case protocol.ReasonThreshold:
		return m.Type != protocol.Preservation && slices.ContainsFunc(m.Categories, func(c protocol.Category) bool {
			return c != protocol.CategorySubscriber && c != protocol.CategoryUserID && c != protocol.CategoryDomain
		})
	}
	return true
}

func coded(ask protocol.Ask, reasons ...protocol.Reason) []code {
	var out []code
	for _, r := range reasons {
		out = append(out, code{Reason: r, Ask: ask})
	}
	return out
}

// objections returns the grounds of an objection under the agreement of a case.
func objections(v *desk.CaseView) []code {
	if v.File.Agreement.ID == ePOC {
		return []code{
			{Reason: protocol.ReasonThirdCountryLaw, Article: "Art. 17(1)", Text: "the law of a third country forbids it: before a court, --court"},
			{Reason: protocol.ReasonPrivilege, Article: "Art. 10(5), 16(4)(f)", Text: "immunities or privileges of the enforcing State"},
			{Reason: protocol.ReasonPress, Article: "Art. 10(5), 16(4)(f)", Text: "rules on the freedom of the press or of expression"},
			{Reason: protocol.ReasonNotCompetent, Article: "Art. 16(4)(a)", Text: "not issued or validated by an authority of Art. 4"},
			{Reason: protocol.ReasonThreshold, Article: "Art. 16(4)(b)", Text: "the offence is not one of Art. 5(4)"},
			{Reason: protocol.ReasonImpossible, Article: "Art. 16(4)(c)", Text: "de facto impossibility"},
			{Reason: protocol.ReasonManifestError, Article: "Art. 16(4)(c)", Text: "it contains manifest errors"},
			{Reason: protocol.ReasonNotHeld, Article: "Art. 16(4)(d)", Text: "it does not concern data stored at the time of receipt"},
			{Reason: protocol.ReasonService, Article: "Art. 16(4)(e)", Text: "the service is not covered"},
			{Reason: protocol.ReasonOther, Article: "Art. 10(8)", Text: "in the words of --text"},
		}
	}
	return coded("", protocol.ReasonNotInvoked, protocol.ReasonPerson, protocol.ReasonReverse,
		protocol.ReasonThirdGovernment, protocol.ReasonThreshold, protocol.ReasonOverbroad, protocol.ReasonCategory,
		protocol.ReasonService, protocol.ReasonNotCompetent, protocol.ReasonNotValidated, protocol.ReasonCertification,
		protocol.ReasonPublicAuthority, protocol.ReasonPrivilege, protocol.ReasonPress, protocol.ReasonFreeSpeech,
		protocol.ReasonFundamentalRight, protocol.ReasonDiscrimination, protocol.ReasonDeathPenalty,
		protocol.ReasonEssentialInterest, protocol.ReasonContraryToLaw, protocol.ReasonThirdCountryLaw,
		protocol.ReasonQFGLaw, protocol.ReasonBurdensome, protocol.ReasonOther)
}

// notifiedGrounds are the grounds for refusal of an authority that was notified
// of a European Production Order.
var notifiedGrounds = []code{
	{Reason: protocol.ReasonPrivilege, Article: "Art. 12(1)(a)", Text: "immunities or privileges"},
	{Reason: protocol.ReasonPress, Article: "Art. 12(1)(a)", Text: "rules on the freedom of the press or of expression"},
	{Reason: protocol.ReasonFundamentalRight, Article: "Art. 12(1)(b)", Text: "in exceptional situations, a manifest breach of a fundamental right"},
	{Reason: protocol.ReasonNeBisInIdem, Article: "Art. 12(1)(c)", Text: "contrary to ne bis in idem"},
	{Reason: protocol.ReasonDualCriminality, Article: "Art. 12(1)(d)", Text: "no offence in the enforcing State, unless one of Annex IV with at least three years"},
}

// grounds returns the grounds on which a participant may refuse in a case, or
// say that it might.
func grounds(v *desk.CaseView, self protocol.ParticipantID) []code {
	if v.File.Agreement.ID == ePOC && slices.Contains(v.File.Notified, self) {
		return notifiedGrounds
	}
	return coded("", append(refusals(), protocol.ReasonDualCriminality, protocol.ReasonThreshold,
		protocol.ReasonDeathPenalty, protocol.ReasonDiscrimination, protocol.ReasonIncomplete, protocol.ReasonOther)...)
}

// postponements are the reasons for which a request is put off (Budapest
// Convention, Art. 27(5): it would prejudice the authority's own investigations).
func postponements() []code {
	return []code{
		{Reason: protocol.ReasonOwnInvestigation, Text: "it would prejudice investigations or proceedings here"},
		{Reason: protocol.ReasonSafety, Text: "it would endanger somebody"},
		{Reason: protocol.ReasonBurdensome, Text: "it cannot be done now without an unreasonable burden"},
		{Reason: protocol.ReasonOther, Text: "in the words of --text"},
	}
}

// enforcements are the reasons for which an order is to be enforced.
func enforcements() []code {
	return []code{
		{Reason: protocol.ReasonOverdue, Article: "Art. 16(1)", Text: "its addressee did not comply in time, and gave no reason that was accepted"},
		{Reason: protocol.ReasonOther, Article: "Art. 16(1)", Text: "in the words of --text"},
	}
}

// A codeList is what a verb says where it was given no code.
type codeList struct {
	Case  protocol.CaseID `json:"case"`
	Codes []code          `json:"codes"`
}

// choose returns what was written as codes of the list. Where nothing was, or
// something else, the list is said and nothing is done.
func (a *app) choose(v *desk.CaseView, written []string, list []code, flag string) ([]protocol.Reason, error) {
	var out []protocol.Reason
	for _, word := range written {
		i := slices.IndexFunc(list, func(c code) bool { return string(c.Reason) == word })
		if i < 0 {
			hint := ""
			if near := nearest(word, reasonWords(list)); near != "" {
				hint = "did you mean " + near + "?"
			}
			return nil, badInput(fmt.Sprintf("%s: %q is none of the codes here: want one of %s", flag, word,
				oneOf(reasonWords(list))), hint)
		}
		out = append(out, list[i].Reason)
	}
	if len(out) > 0 {
		return out, nil
	}
	err := a.show(codeList{v.Case, list}, func(w io.Writer) {
		field(w, "case", string(v.Case))
		writeCodes(w, list)
	})
	if err != nil {
		return nil, err
	}
	return nil, badInput("no "+flag+" was given, and nothing was sent", "give one of them with "+flag+" CODE")
}

func writeCodes(w io.Writer, list []code) {
	plain := true
	for _, c := range list {
		plain = plain && c.Article == "" && c.Text == ""
	}
	if plain {
		field(w, "codes", words(reasonWords(list)))
		return
	}
	rows := [][]string{{"CODE", "ARTICLE", ""}}
	for _, c := range list {
		rows = append(rows, []string{string(c.Reason), c.Article, c.Text})
	}
	table(w, rows)
}

func reasonWords(list []code) []string {
	var out []string
	for _, c := range list {
		out = append(out, string(c.Reason))
	}
	return out
}

// askOf returns what a reason asks for, where none is named.
func askOf(list []code, r protocol.Reason) protocol.Ask {
	for _, c := range list {
		if c.Reason == r {
			return c.Ask
		}
	}
	return protocol.AskInformation
}
