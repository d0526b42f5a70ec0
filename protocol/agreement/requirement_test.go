package agreement_test

import (
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/agreement/agreementtest"
)

// A matter is a request with what is known of it, as a rule sees it.
type matter struct {
	*agreementtest.Scene
	otherTreaty bool // another instrument of assistance is in force between the two
}

// A requirement is what a rule asks for, in the words of a document and in those
// of a test.
type requirement struct {
	yaml    string
	applies func(matter) bool          // nil: always
	met     func(matter) bool          // nil: it is left to judgement
	with    func(*agreementtest.Scene) // makes the rule apply, or changes whether it is met
}

// requirements are rules of every kind, each written so that what is not known
// does not meet it.
var requirements = []*requirement{
	{yaml: "kind: computed\nrequire: offence.max_custody_months >= 12",
		met:  func(m matter) bool { return m.Req.Offence.MaxCustodyMonths >= 12 },
		with: func(s *agreementtest.Scene) { s.Req.Offence.MaxCustodyMonths = 11 }},
	{yaml: "kind: computed\nwhen: request.emergency == \"\"\nrequire: authorisation.judicial",
		applies: func(m matter) bool { return m.Req.Emergency == nil || m.Req.Emergency.Kind == "" },
		met: func(m matter) bool {
			a := m.Req.Authorisation
			return a.Kind == protocol.AuthorityJudge || a.ValidatedBy != nil && a.ValidatedBy.Kind == protocol.AuthorityCourt
		},
		with: func(s *agreementtest.Scene) { s.Req.Authorisation.Kind = protocol.AuthorityPolice }},
	{yaml: "kind: computed\nwhen: request.type != \"interception\"\nrequire: authorisation.validated_by == \"court\"",
		applies: func(m matter) bool { return m.Req.Type != protocol.Interception },
		met:     func(m matter) bool { return m.Req.Authorisation.ValidatedBy != nil },
		with: func(s *agreementtest.Scene) {
			s.Req.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityCourt}
		}},
	{yaml: "kind: computed\nwhen: secrecy.requested\nrequire: secrecy.days > 0 && secrecy.days <= 90",
		applies: func(m matter) bool { return m.Req.Secrecy != nil },
		met: func(m matter) bool {
			until, from := m.Req.Secrecy.Until, m.Facts.Issued
			return until.After(from) && !from.IsZero() && !until.After(from.AddDate(0, 0, 90))
		},
		with: func(s *agreementtest.Scene) {
			s.Req.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyFlight}, Until: at("2021-03-01")}
		}},
	{yaml: "kind: computed\nrequire: request.has_facts && \"en\" in request.languages",
		met:  func(m matter) bool { return m.Req.Facts != "" && slices.Contains(m.Req.Languages, "en") },
		with: func(s *agreementtest.Scene) { s.Req.Facts, s.Req.Languages = "what happened", []string{"fr", "en"} }},
	{yaml: "kind: computed\nwhen: treaty.other\nrequire: \"'follows' in request.related\"",
		applies: func(m matter) bool { return m.otherTreaty },
		met: func(m matter) bool {
			return slices.ContainsFunc(m.Req.Related, func(r protocol.Related) bool { return r.Relation == protocol.RelationFollows })
		},
		with: func(s *agreementtest.Scene) {
			s.Req.Related = []protocol.Related{{Relation: protocol.RelationFollows, Reference: "2026/1"}}
		}},
	{yaml: "kind: attested\nstatements: [{code: sworn, text: T}, {code: own_purpose, text: T}]",
		met: func(m matter) bool {
			return attests(m.Req.Attestations, "sworn", "own_purpose") || m.certifies("sworn")
		},
		with: func(s *agreementtest.Scene) { s.Withdraw("own_purpose") }},
	{yaml: "kind: attested\nby: designated\nstatements: [{code: sworn, text: T}]",
		met: func(m matter) bool { return m.swornBy(protocol.RoleDesignated) },
		with: func(s *agreementtest.Scene) {
			s.Facts.Certification.Attestations = []protocol.Attestation{{Statement: "sworn"}}
		}},
	{yaml: "kind: attested\nby: issuing\nwhen: \"'content_stored' in request.categories\"\nstatements: [{code: sworn, text: T}]",
		applies: func(m matter) bool { return slices.Contains(m.Req.Categories(), protocol.CategoryContent) },
		met:     func(m matter) bool { return m.swornBy(protocol.RoleIssuing) },
		with:    func(s *agreementtest.Scene) { s.Attest("sworn") }},
	{yaml: "kind: judgement\nwhen: \"'press' in target.protected\"\nquestion: Is it so?",
		applies: func(m matter) bool { return slices.Contains(m.Req.Target.Protected, protocol.ProtectionPress) },
		with:    func(s *agreementtest.Scene) { s.Req.Target.Protected = []protocol.Protection{protocol.ProtectionPress} }},
}

func attests(list []protocol.Attestation, codes ...string) bool {
	return slices.ContainsFunc(list, func(a protocol.Attestation) bool { return slices.Contains(codes, a.Statement) })
}

// certifies reports whether a certification that was verified attests it.
func (m matter) certifies(code string) bool {
	return m.Facts.Certification.Present && attests(m.Facts.Certification.Attestations, code)
}

// swornBy reports whether one who has the role attests it.
func (m matter) swornBy(r protocol.Role) bool {
	return slices.Contains(m.Facts.Officer.Roles, r) && attests(m.Req.Attestations, "sworn") ||
		slices.Contains(m.Facts.Certification.By.Roles, r) && m.certifies("sworn")
}
