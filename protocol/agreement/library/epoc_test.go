package library_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// euEPOC is run on orders that lack one statement, so that each is held whether
// or not its kind is left to an enforcing authority. That nothing else is amiss
// with them is TestRowsOfEPOCSpoilNothingElse.
var euEPOC = instrument{
	id: "eu-epoc-2023",
	scenes: []func() *scene{
		func() *scene { return unfinished(epoc("nl.prosecution", "ie.contoso")) },
		func() *scene { return unfinished(epoc("ie.garda", "nl.contoso")) },
	},
	clean: protocol.Hold,
	rows:  epocRows,
}

// epoc is a complete order of a judge for content, addressed to the controller,
// in a case with its offence and its person at home: nobody need be notified.
func epoc(issuer, provider protocol.ParticipantID) *scene {
	s := agreementtest.CertifiedOrder(issuer, issuer, provider)
	home := issuer.Party()
	s.Facts.Ref = protocol.AgreementRef{ID: "eu-epoc-2023", Version: "1"}
	s.Facts.Sender, s.Facts.Certification = s.Facts.Issuing, agreement.Certification{}
	s.Req.Proceedings = protocol.StageInvestigation
	s.Req.Offence.CommittedIn = []protocol.Party{home}
	s.Req.Service = &protocol.Service{Class: protocol.ServiceCommunications, Capacity: protocol.CapacityController}
	s.Req.Languages = []string{"en"}
	s.Req.Attestations = nil
	s.Attest("service_offered_in_union", "own_proceedings", "necessary_and_proportionate",
		"similar_domestic_case", "protection_examined", "addressee_designated", "content_accurate",
		"language_accepted", "decentralised_it_system")
	return s
}

func unfinished(s *scene) *scene {
	s.Withdraw("own_proceedings")
	return s
}

// notified makes an order one of which the enforcing authority must be told,
// and is.
func notified(s *scene) {
	s.Req.Offence.CommittedIn = []protocol.Party{s.Facts.Addressee.Party}
	there := s.Facts.Addressee.Party
	s.Facts.Notified = []agreement.Standing{{ID: "eu.enforcing", Party: there,
		Roles: []protocol.Role{protocol.RoleEnforcing}}}
	s.Attest("grounds_and_summary_to_enforcing", "enforcing_language_accepted")
}

func identify(s *scene) { s.Ask(protocol.Production, protocol.CategorySubscriber) }

func keep(s *scene) {
	s.Ask(protocol.Preservation, protocol.CategoryContent)
	s.Attest("request_for_production_follows")
}

func urgent(k protocol.EmergencyKind) func(*scene) {
	return func(s *scene) {
		s.Req.Emergency = &protocol.Emergency{Kind: k, Facts: "a threat"}
		s.Attest("threat_imminent", "infrastructure_endangers_persons")
	}
}

func approvedBy(k protocol.AuthorityKind) func(*scene) {
	return func(s *scene) { s.Req.Authorisation.Kind = k }
}

func validatedBy(k protocol.AuthorityKind) func(*scene) {
	return func(s *scene) {
		s.Req.Authorisation.Kind = protocol.AuthorityPolice
		s.Req.Authorisation.ValidatedBy = &protocol.Validation{Kind: k, Authority: "it", Reference: "V-1",
			Date: agreementtest.Day}
	}
}

// unvalidated is an order of the police in an emergency, to be validated
// afterwards.
func unvalidated(s *scene) {
	urgent(protocol.EmergencyLife)(s)
	s.Req.Authorisation.Kind, s.Req.Authorisation.Unvalidated = protocol.AuthorityPolice, true
	s.Attest("validation_not_in_time", "domestic_case_unvalidated", "validation_sought_within_48_hours")
}

func protected(p protocol.Protection, statement string) func(*scene) {
	return func(s *scene) {
		s.Req.Target.Protected = []protocol.Protection{p}
		s.Attest(statement)
	}
}

func sentenced(months int64, inAbsentia, absconded bool) func(*scene) {
	return func(s *scene) {
		s.Req.Proceedings = protocol.StageSentence
		s.Req.Sentence = &protocol.Sentence{Months: months, InAbsentia: inAbsentia, Absconded: absconded}
		s.Attest("decision_not_in_absentia")
	}
}

func underSecrecy(g ...protocol.SecrecyGround) func(*scene) {
	return func(s *scene) {
		s.Req.Secrecy = &protocol.Secrecy{Grounds: g}
		s.Attest("delay_reasons_on_file")
	}
}

// all does one thing after the other.
func all(steps ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, step := range steps {
			step(s)
		}
	}
}

// epocRows stand in the order of the articles.
var epocRows = slices.Concat(epocScopeRows, epocAuthorityRows, epocConditionRows, epocTransmissionRows,
	epocEnforcingRows, epocSecrecyRows)

var epocScopeRows = []row{
	{rule: "order-after-application", setup: func(s *scene) { s.Facts.Issued = date(2026, 8, 18) },
		breaks: func(s *scene) { s.Facts.Issued = date(2026, 8, 18).Add(-time.Second) },
		want:   protocol.Fail, reason: protocol.ReasonNotInForce},
	{rule: "proceedings-named", breaks: func(s *scene) { s.Req.Proceedings = "" },
		want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "purpose", breaks: func(s *scene) { s.Req.Proceedings = protocol.StageSecurity },
		want: protocol.Fail, reason: protocol.ReasonPurpose, unless: func(s *scene) { s.Req.Proceedings = "" }},
	{rule: "purpose", setup: func(s *scene) { s.Req.Proceedings = protocol.StageTrial },
		breaks: func(s *scene) { s.Req.Proceedings = protocol.StageAdministrative },
		want:   protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "purpose", setup: sentenced(4, false, true), breaks: sentenced(3, false, true),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "purpose", setup: sentenced(4, false, true), breaks: sentenced(4, true, true),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "purpose", setup: sentenced(4, false, true), breaks: sentenced(4, false, false),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "purpose", setup: sentenced(4, false, true), breaks: func(s *scene) { s.Req.Sentence = nil },
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "purpose", breaks: func(s *scene) {
		sentenced(24, false, true)(s)
		s.Req.Proceedings = protocol.StageControlOrder
	}, want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "not-in-absentia", setup: sentenced(24, false, true), breaks: without("decision_not"),
		want: protocol.Held, reason: protocol.ReasonPurpose,
		unless: func(s *scene) { s.Req.Proceedings = protocol.StageTrial }},
	{rule: "offered-in-the-union", breaks: without("service_offered"), want: protocol.Held,
		reason: protocol.ReasonService},
	{rule: "own-proceedings", setup: func(s *scene) {
		s.Attest("own_proceedings")
		s.Withdraw("protection_examined")
	}, breaks: without("own_proceedings"), want: protocol.Held, reason: protocol.ReasonThirdGovernment},
	{rule: "service-named", breaks: func(s *scene) { s.Req.Service.Class = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "service-named", setup: keep, breaks: func(s *scene) { s.Req.Service = nil }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "service-covered", breaks: func(s *scene) { s.Req.Service.Class = protocol.ServiceFinancial },
		want: protocol.Fail, reason: protocol.ReasonServiceClass, unless: func(s *scene) { s.Req.Service.Class = "" }},
	{rule: "service-covered", setup: func(s *scene) { s.Req.Service.Class = protocol.ServiceDomain },
		breaks: func(s *scene) { s.Req.Service.Class = protocol.ServiceFinancial },
		want:   protocol.Fail, reason: protocol.ReasonServiceClass},
	{rule: "communication-or-storage", setup: func(s *scene) {
		s.Req.Service.Class = protocol.ServiceInformation
		s.Attest("users_communicate")
	}, breaks: without("users_"), want: protocol.Held, reason: protocol.ReasonServiceClass,
		unless: func(s *scene) { s.Req.Service.Class = protocol.ServiceCommunications }},
	{rule: "communication-or-storage", setup: func(s *scene) {
		s.Req.Service.Class = protocol.ServiceInformation
		s.Attest("storage_defines_service")
	}, breaks: without("storage_"), want: protocol.Held, reason: protocol.ReasonServiceClass},
	{rule: "sole-purpose", setup: func(s *scene) {
		s.Ask(protocol.Subscriber, protocol.CategoryUserID)
		s.Attest("identification_only")
	}, breaks: without("identification_only"), want: protocol.Held, reason: protocol.ReasonCategory,
		unless: func(s *scene) { s.Ask(protocol.Preservation, protocol.CategoryUserID) }},
	{rule: "emergency-kind", setup: urgent(protocol.EmergencyLife),
		breaks: func(s *scene) { s.Req.Emergency.Kind = protocol.EmergencyChild },
		want:   protocol.Held, reason: protocol.ReasonEmergencyScope, unless: func(s *scene) { s.Req.Emergency = nil }},
	{rule: "emergency-imminent", setup: urgent(protocol.EmergencySafety), breaks: without("threat_"),
		want: protocol.Held, reason: protocol.ReasonEmergencyScope, unless: func(s *scene) { s.Req.Emergency = nil }},
	{rule: "infrastructure-endangers-persons", setup: urgent(protocol.EmergencyInfrastructure),
		breaks: without("infrastructure_"), want: protocol.Held, reason: protocol.ReasonEmergencyScope,
		unless: urgent(protocol.EmergencyInjury)},
}

var epocAuthorityRows = []row{
	{rule: "issuing-authority", breaks: func(s *scene) { s.Facts.Issuing.Roles = []protocol.Role{protocol.RoleCentral} },
		want: protocol.Fail, reason: protocol.ReasonNotCompetent},
	{rule: "issuing-authority", setup: func(s *scene) {
		s.Facts.Issuing.Roles = []protocol.Role{protocol.RoleValidating}
	}, breaks: func(s *scene) { s.Facts.Issuing.Roles = nil }, want: protocol.Fail, reason: protocol.ReasonNotCompetent},
	{rule: "issued-for-identification", setup: all(identify, approvedBy(protocol.AuthorityProsecutor)),
		breaks: approvedBy(protocol.AuthorityPolice), want: protocol.Fail, reason: protocol.ReasonNotValidated,
		unless: produce},
	{rule: "issued-for-identification", setup: all(identify, validatedBy(protocol.AuthorityProsecutor)),
		breaks: validatedBy(protocol.AuthorityAdministrative), want: protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "issued-for-identification", setup: all(identify, unvalidated),
		breaks: func(s *scene) { s.Req.Emergency = nil }, want: protocol.Fail, reason: protocol.ReasonNotValidated,
		unless: keep},
	{rule: "issued-for-identification", setup: all(identify, unvalidated),
		breaks: func(s *scene) { s.Req.Authorisation.Unvalidated = false },
		want:   protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "issued-for-traffic-and-content", breaks: approvedBy(protocol.AuthorityProsecutor),
		want: protocol.Fail, reason: protocol.ReasonNotValidated, unless: identify},
	{rule: "issued-for-traffic-and-content", setup: validatedBy(protocol.AuthorityInvestigating),
		breaks: validatedBy(protocol.AuthorityProsecutor), want: protocol.Fail, reason: protocol.ReasonNotValidated,
		unless: keep},
	{rule: "issued-for-traffic-and-content", setup: func(s *scene) {
		s.Ask(protocol.Production, protocol.CategorySubscriber, protocol.CategoryLocation)
	}, breaks: unvalidated, want: protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "issued-for-preservation", setup: all(keep, approvedBy(protocol.AuthorityProsecutor)),
		breaks: approvedBy(protocol.AuthorityPolice), want: protocol.Fail, reason: protocol.ReasonNotValidated,
		unless: identify},
	{rule: "issued-for-preservation", setup: all(keep, unvalidated),
		breaks: func(s *scene) { s.Req.Emergency = nil }, want: protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "transmitted-by", breaks: func(s *scene) { s.Facts.Sender.Roles = []protocol.Role{protocol.RoleDesignated} },
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "transmitted-by", setup: func(s *scene) { s.Facts.Sender.Roles = []protocol.Role{protocol.RoleCentral} },
		breaks: func(s *scene) { s.Facts.Sender.Party = "FR" }, want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "transmitted-by", setup: func(s *scene) { s.Facts.Sender.Roles = []protocol.Role{protocol.RoleValidating} },
		breaks: func(s *scene) { s.Facts.Sender = agreement.Standing{} },
		want:   protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "validation-not-in-time", setup: all(identify, unvalidated), breaks: without("validation_not"),
		want: protocol.Fail, reason: protocol.ReasonNotValidated, unless: validatedAtLast},
	{rule: "unvalidated-at-home", setup: all(identify, unvalidated), breaks: without("domestic_case"),
		want: protocol.Fail, reason: protocol.ReasonNotValidated, unless: validatedAtLast},
	{rule: "validation-afterwards", setup: all(keep, unvalidated), breaks: without("validation_sought"),
		want: protocol.Fail, reason: protocol.ReasonNotValidated, unless: validatedAtLast},
}

func validatedAtLast(s *scene) { s.Req.Authorisation.Unvalidated = false }

var epocConditionRows = []row{
	{rule: "production-necessary", breaks: without("necessary"), want: protocol.Held,
		reason: protocol.ReasonProportionality, unless: keep},
	{rule: "similar-domestic-case", breaks: without("similar"), want: protocol.Held,
		reason: protocol.ReasonContraryToLaw},
	{rule: "similar-domestic-case", setup: keep, breaks: without("similar"), want: protocol.Held,
		reason: protocol.ReasonContraryToLaw},
	{rule: "threshold", setup: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 36 },
		breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 35 },
		want:   protocol.Fail, reason: protocol.ReasonThreshold, unless: identify},
	{rule: "threshold", setup: func(s *scene) {
		s.Req.Offence.MaxCustodyMonths, s.Req.Offence.ByInformationSystem = 12, true
		s.Req.Offence.Lists = []string{"eu_2011_93"}
	}, breaks: func(s *scene) { s.Req.Offence.ByInformationSystem = false },
		want: protocol.Fail, reason: protocol.ReasonThreshold, unless: keep},
	{rule: "threshold", setup: func(s *scene) {
		s.Req.Offence.MaxCustodyMonths, s.Req.Offence.ByInformationSystem = 12, true
		s.Req.Offence.Lists = []string{"eu_2019_713"}
	}, breaks: func(s *scene) { s.Req.Offence.Lists = []string{"nlus_annex"} },
		want: protocol.Fail, reason: protocol.ReasonThreshold},
	{rule: "threshold", setup: func(s *scene) {
		s.Req.Offence.MaxCustodyMonths, s.Req.Offence.ByInformationSystem = 0, true
		s.Req.Offence.Lists = []string{"eu_2013_40"}
	}, breaks: func(s *scene) { s.Req.Offence.Lists = nil }, want: protocol.Fail, reason: protocol.ReasonThreshold},
	{rule: "threshold", setup: func(s *scene) {
		s.Ask(protocol.Production, protocol.CategoryTraffic)
		s.Req.Offence.MaxCustodyMonths, s.Req.Offence.Lists = 12, []string{"eu_2017_541"}
	}, breaks: func(s *scene) { s.Req.Offence.Lists = nil }, want: protocol.Fail, reason: protocol.ReasonThreshold},
	{rule: "threshold", setup: sentenced(24, false, true),
		breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 0 },
		want:   protocol.Fail, reason: protocol.ReasonThreshold},
	{rule: "identifier", breaks: func(s *scene) { s.Req.Identifiers = nil }, want: protocol.Fail,
		reason: protocol.ReasonOverbroad},
	{rule: "identifier", setup: keep, breaks: func(s *scene) {
		s.Req.Identifiers = []protocol.Identifier{{Value: "everybody in Leiden"}}
	}, want: protocol.Fail, reason: protocol.ReasonOverbroad},
	{rule: "ip-with-time", setup: addressSeen, breaks: func(s *scene) { s.Req.Identifiers[0].Seen = time.Time{} },
		want: protocol.Flag, reason: protocol.ReasonInsufficient, unless: func(s *scene) { s.Req.Identifiers = nil }},
	{rule: "controller-or-processor", breaks: func(s *scene) { s.Req.Service.Capacity = "" },
		want: protocol.Held, reason: protocol.ReasonWrongAddressee, unless: keep},
	{rule: "controller-or-processor", setup: func(s *scene) {
		s.Req.Service.Capacity = protocol.CapacityProcessor
		s.Req.Service.CapacityReason = protocol.ControllerUnidentified
	}, breaks: func(s *scene) { s.Req.Service.CapacityReason = "" },
		want: protocol.Held, reason: protocol.ReasonWrongAddressee},
	{rule: "controller-or-processor", setup: func(s *scene) {
		s.Req.Service.Capacity = protocol.CapacityProcessor
		s.Req.Service.CapacityReason = protocol.HarmfulToInvestigation
	}, breaks: func(s *scene) { s.Req.Service.CapacityReason = "" },
		want: protocol.Held, reason: protocol.ReasonWrongAddressee},
	{rule: "controller-or-processor", breaks: func(s *scene) {
		s.Req.Service.Capacity, s.Req.Service.CapacityReason = "", protocol.HarmfulToInvestigation
	}, want: protocol.Held, reason: protocol.ReasonWrongAddressee},
	{rule: "protection-examined", breaks: without("protection"), want: protocol.Held,
		reason: protocol.ReasonPrivilege},
	{rule: "public-authority-data", setup: func(s *scene) {
		keep(s)
		s.Req.Target = protocol.Target{GovernmentOf: s.Facts.Issuing.Party, Basis: "a contract",
			Protected: []protocol.Protection{protocol.ProtectionPublic}}
	}, breaks: func(s *scene) { s.Req.Target.GovernmentOf = s.Facts.Addressee.Party },
		want: protocol.Fail, reason: protocol.ReasonPublicAuthority,
		unless: func(s *scene) { s.Req.Target.Protected = nil }},
	{rule: "public-authority-data", setup: func(s *scene) {
		identify(s)
		s.Req.Target = protocol.Target{GovernmentOf: s.Facts.Issuing.Party, Basis: "a contract",
			Protected: []protocol.Protection{protocol.ProtectionPublic}}
	}, breaks: func(s *scene) { s.Req.Target.GovernmentOf = "" }, want: protocol.Fail,
		reason: protocol.ReasonPublicAuthority},
	{rule: "privileged-professional", setup: protected(protocol.ProtectionProfession, "nothing"),
		breaks: func(s *scene) { s.Req.Target.ResidentIn = []protocol.Party{"FR"} },
		want:   protocol.Fail, reason: protocol.ReasonPrivilege, unless: identify},
	{rule: "privileged-professional", setup: all(protected(protocol.ProtectionProfession, "privilege_waived"), notified,
		func(s *scene) { s.Req.Target.ResidentIn = nil }), breaks: without("privilege_waived"),
		want: protocol.Fail, reason: protocol.ReasonPrivilege, unless: keep},
	{rule: "privileged-professional", setup: all(protected(protocol.ProtectionProfession, "addressing_professional_harmful"),
		notified, func(s *scene) { s.Req.Target.ResidentIn = nil }), breaks: without("addressing"),
		want: protocol.Fail, reason: protocol.ReasonPrivilege,
		unless: func(s *scene) { s.Req.Target.Protected = nil }},
	{rule: "immunity-or-privilege", setup: protected(protocol.ProtectionImmunity, "no_immunity_found"),
		breaks: without("no_immunity"), want: protocol.Fail, reason: protocol.ReasonPrivilege, unless: identify},
	{rule: "press", setup: protected(protocol.ProtectionPress, "no_press_protection_found"),
		breaks: without("no_press"), want: protocol.Fail, reason: protocol.ReasonPress, unless: keep},
	{rule: "preservation-necessary", setup: keep, breaks: without("necessary"), want: protocol.Held,
		reason: protocol.ReasonProportionality, unless: produce},
	{rule: "preservation-followed-up", setup: keep, breaks: without("request_for"), want: protocol.Held,
		reason: protocol.ReasonRelated, unless: produce},
	{rule: "preservation-followed-up", setup: func(s *scene) {
		s.Ask(protocol.Preservation, protocol.CategoryTraffic)
		s.Req.Related = []protocol.Related{{Relation: protocol.RelationPreserves, Reference: "2026/118"}}
	}, breaks: func(s *scene) { s.Req.Related[0].Relation = protocol.RelationFollows },
		want: protocol.Held, reason: protocol.ReasonRelated},
}

func addressSeen(s *scene) {
	s.Req.Identifiers = []protocol.Identifier{{Type: protocol.IdentifierIP, Value: "198.51.100.7:443",
		Seen: agreementtest.Day.AddDate(0, -1, 0)}}
}

var epocTransmissionRows = []row{
	{rule: "addressee", breaks: without("addressee_designated"), want: protocol.Held,
		reason: protocol.ReasonWrongAddressee},
	{rule: "addressee", setup: func(s *scene) {
		urgent(protocol.EmergencyLife)(s)
		s.Withdraw("addressee_designated")
		s.Attest("designated_addressee_silent")
	}, breaks: func(s *scene) { s.Req.Emergency = nil }, want: protocol.Held, reason: protocol.ReasonWrongAddressee},
	{rule: "certified", breaks: without("content_accurate"), want: protocol.Held,
		reason: protocol.ReasonCertification},
	{rule: "no-facts-to-the-addressee", breaks: func(s *scene) { s.Req.Facts = "what happened" },
		want: protocol.Fail, reason: protocol.ReasonContraryToLaw},
	{rule: "no-facts-to-the-addressee", setup: keep, breaks: func(s *scene) { s.Req.Nexus = "why" },
		want: protocol.Fail, reason: protocol.ReasonContraryToLaw},
	{rule: "enforcing-authority-informed", setup: notified, breaks: without("grounds_and"),
		want: protocol.Held, reason: protocol.ReasonNotification, unless: atHome},
	{rule: "enforcing-authority-informed", setup: all(notified, urgent(protocol.EmergencyLife)),
		breaks: without("grounds_and"), want: protocol.Held, reason: protocol.ReasonNotification, unless: identify},
	{rule: "language", breaks: func(s *scene) { s.Req.Languages = nil }, want: protocol.Held,
		reason: protocol.ReasonLanguage},
	{rule: "language", setup: keep, breaks: without("language_accepted"), want: protocol.Held,
		reason: protocol.ReasonLanguage},
	{rule: "enforcing-language", setup: notified, breaks: without("enforcing_language"),
		want: protocol.Held, reason: protocol.ReasonLanguage, unless: atHome},
	{rule: "third-country-law", breaks: func(s *scene) { s.Facts.Addressee.AlsoUnder = []protocol.Party{"US"} },
		want: protocol.Flag, reason: protocol.ReasonThirdCountryLaw, unless: keep},
	{rule: "third-country-law", setup: func(s *scene) { s.Facts.Addressee.AlsoUnder = []protocol.Party{"DK"} },
		breaks: func(s *scene) { s.Facts.Addressee.AlsoUnder = []protocol.Party{"DK", "CH"} },
		want:   protocol.Flag, reason: protocol.ReasonThirdCountryLaw},
	{rule: "decentralised-it-system", breaks: without("decentralised"), want: protocol.Flag,
		reason: protocol.ReasonInsufficient},
	{rule: "decentralised-it-system", setup: func(s *scene) {
		s.Withdraw("decentralised")
		s.Attest("alternative_means_recorded")
	}, breaks: without("alternative"), want: protocol.Flag, reason: protocol.ReasonInsufficient},
}

func atHome(s *scene) { s.Req.Offence.CommittedIn = []protocol.Party{s.Facts.Issuing.Party} }

var epocEnforcingRows = []row{
	{rule: "enforcing-privilege", setup: notified, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonPrivilege, unless: atHome},
	{rule: "enforcing-fundamental-right", setup: notified, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonFundamentalRight, unless: urgent(protocol.EmergencyLife)},
	{rule: "enforcing-ne-bis-in-idem", setup: notified, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonNeBisInIdem, unless: identify},
	{rule: "enforcing-dual-criminality", setup: notified, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonDualCriminality, unless: func(s *scene) { s.Req.Offence.Category = "arson" }},
	{rule: "enforcing-dual-criminality", setup: notified, breaks: func(s *scene) {
		s.Req.Offence.Category, s.Req.Offence.MaxCustodyMonths = "terrorism", 35
		s.Req.Offence.Lists = []string{"eu_2017_541"}
	}, want: protocol.Held, reason: protocol.ReasonDualCriminality,
		unless: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 36 }},
	{rule: "annex-iv-category", setup: all(notified, func(s *scene) { s.Req.Offence.Category = "sabotage" }),
		breaks: func(s *scene) { s.Req.Offence.Category = "jaywalking" }, want: protocol.Flag,
		reason: protocol.ReasonDualCriminality, unless: atHome},
	{rule: "annex-iv-category", setup: all(notified, func(s *scene) {
		s.Req.Offence.Category, s.Req.Offence.MaxCustodyMonths = "terrorism", 36
		s.Req.Offence.Lists = []string{"eu_2017_541"}
	}), breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 35 }, want: protocol.Flag,
		reason: protocol.ReasonDualCriminality},
	{rule: "annex-iv-category", setup: all(notified, urgent(protocol.EmergencyLife),
		func(s *scene) { s.Req.Offence.Category = "rape" }),
		breaks: func(s *scene) { s.Req.Offence.Category = "" }, want: protocol.Flag,
		reason: protocol.ReasonDualCriminality, unless: identify},
}

var epocSecrecyRows = []row{
	{rule: "delay-grounds", setup: underSecrecy(protocol.SecrecyInquiry, protocol.SecrecyRights),
		breaks: underSecrecy(protocol.SecrecyInquiry, protocol.SecrecyFlight),
		want:   protocol.Held, reason: protocol.ReasonInsufficient, unless: keep},
	{rule: "delay-grounds", setup: underSecrecy(protocol.SecrecyDetection, protocol.SecrecyPublic, protocol.SecrecyNational),
		breaks: underSecrecy(), want: protocol.Held, reason: protocol.ReasonInsufficient,
		unless: func(s *scene) { s.Req.Secrecy = nil }},
	{rule: "delay-reasons-on-file", setup: underSecrecy(protocol.SecrecyInquiry), breaks: without("delay_reasons"),
		want: protocol.Held, reason: protocol.ReasonInsufficient, unless: func(s *scene) { s.Req.Secrecy = nil }},
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// unmet returns the findings that are not met, but for those that are left to a
// person's judgement.
func unmet(doc *agreement.Document, d protocol.Decision) []string {
	var out []string
	for _, f := range d.Findings {
		left := slices.ContainsFunc(doc.Rules, func(r agreement.Rule) bool {
			return r.ID == f.Rule && r.Kind == agreement.Judgement
		})
		if f.Outcome == protocol.Fail || f.Outcome == protocol.Held && !left {
			out = append(out, f.Rule)
		}
	}
	return out
}

// spoilNothing checks of each row that its scene, as it is set up, meets all
// but what is left to judgement, and that the row then breaks its rule alone,
// or what is named beside it.
func spoilNothing(t *testing.T, inst instrument, make func() *scene, beside map[string][]string) {
	t.Helper()
	doc, book := document(t, inst.id), inst.book(t)
	for _, r := range inst.rows {
		s := make()
		if r.setup != nil {
			r.setup(s)
		}
		if r.rule == "own-proceedings" {
			s.Attest("protection_examined")
		}
		if got := unmet(doc, s.Decide(book)); len(got) > 0 {
			t.Errorf("%s: as it is set up, %v are not met", r.rule, got)
		}
		r.breaks(s)
		for _, got := range unmet(doc, s.Decide(book)) {
			if got != r.rule && !slices.Contains(beside[r.rule], got) {
				t.Errorf("%s: what breaks it breaks %s too", r.rule, got)
			}
		}
	}
}

func TestRowsOfEPOCSpoilNothingElse(t *testing.T) {
	for _, make := range []func() *scene{
		func() *scene { return epoc("nl.prosecution", "ie.contoso") },
		func() *scene { return epoc("ie.garda", "nl.contoso") },
	} {
		if d := make().Decide(euEPOC.book(t)); d.Verdict != protocol.Allow {
			t.Errorf("a complete order: got %v%s", d.Verdict, agreementtest.Failures(d))
		}
		spoilNothing(t, euEPOC, make, map[string][]string{
			// No service is of no class, and nobody holds its data.
			"service-named": {"controller-or-processor"},
			// What somewhere else protects or reveals is also to be notified.
			"privileged-professional": {"notification", "enforcing-authority-informed", "enforcing-language"},
			// An order that was not validated says why.
			"issued-for-traffic-and-content": {"emergency-kind", "emergency-imminent"},
		})
	}
}

// The rules that the Regulation has for traffic and content data alone, and
// those that it has for identification.
func TestEPOCTakesTrafficAndContentApart(t *testing.T) {
	strict := []string{"issued-for-traffic-and-content", "threshold", "privileged-professional",
		"immunity-or-privilege", "press", "enforcing-authority-informed", "enforcing-language", "enforcing-privilege",
		"enforcing-fundamental-right", "enforcing-ne-bis-in-idem", "enforcing-dual-criminality", "annex-iv-category"}
	book := euEPOC.book(t)
	applies := func(s *scene, rules []string, want bool) {
		t.Helper()
		d := s.Decide(book)
		for _, rule := range rules {
			if f := agreementtest.Found(t, d, rule); want != (f.Outcome != protocol.NotApplicable) {
				t.Errorf("%s %v: %s: got %v, applies should be %v", s.Req.Type, s.Req.Categories(), rule, f.Outcome, want)
			}
		}
	}
	loaded := func(typ protocol.RequestType, c ...protocol.Category) *scene {
		s := epoc("nl.prosecution", "ie.contoso")
		notified(s)
		s.Req.Target.Protected = []protocol.Protection{protocol.ProtectionProfession, protocol.ProtectionPress,
			protocol.ProtectionImmunity}
		s.Ask(typ, c...)
		return s
	}
	identification := []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryDomain}
	for _, c := range []protocol.Category{protocol.CategoryTraffic, protocol.CategoryLocation,
		protocol.CategoryContent, protocol.CategoryOther} {
		applies(loaded(protocol.Production, c), strict, true)
		applies(loaded(protocol.Production, c, identification[0]), strict, true)
		applies(loaded(protocol.Production, c, identification[0]), []string{"issued-for-identification"}, false)
		applies(loaded(protocol.Preservation, c), strict, false)
		s := loaded(protocol.Production, c)
		s.Req.Target.Protected = nil
		applies(s, []string{"privileged-professional", "immunity-or-privilege", "press"}, false)
		urgent(protocol.EmergencyLife)(s)
		applies(s, []string{"enforcing-privilege", "enforcing-fundamental-right", "enforcing-ne-bis-in-idem",
			"enforcing-dual-criminality"}, false)
	}
	for _, c := range identification {
		for _, typ := range []protocol.RequestType{protocol.Production, protocol.Subscriber} {
			applies(loaded(typ, c), strict, false)
			applies(loaded(typ, c), []string{"issued-for-identification"}, true)
		}
		applies(loaded(protocol.Preservation, c), []string{"issued-for-identification"}, false)
	}
}

func TestEmergenciesOfEPOC(t *testing.T) {
	book := euEPOC.book(t)
	for kind, want := range map[protocol.EmergencyKind]protocol.Outcome{
		protocol.EmergencyLife:           protocol.Pass,
		protocol.EmergencyInjury:         protocol.Pass,
		protocol.EmergencySafety:         protocol.Pass,
		protocol.EmergencyInfrastructure: protocol.Pass,
		protocol.EmergencyChild:          protocol.Held,
	} {
		s := epoc("ie.garda", "nl.contoso")
		urgent(kind)(s)
		if f := agreementtest.Found(t, s.Decide(book), "emergency-kind"); f.Outcome != want {
			t.Errorf("%s: got %v, want %v", kind, f.Outcome, want)
		}
	}
}

func TestLawOfAMemberStateIsNoThirdCountryLaw(t *testing.T) {
	book := euEPOC.book(t)
	at := func(p protocol.Party) protocol.Outcome {
		s := epoc("nl.prosecution", "ie.contoso")
		s.Facts.Addressee.AlsoUnder = []protocol.Party{p}
		return agreementtest.Found(t, s.Decide(book), "third-country-law").Outcome
	}
	for _, p := range append(document(t, "eu-epoc-2023").Parties(), "DK") {
		if got := at(p); got != protocol.Pass {
			t.Errorf("%s: got %v, want pass", p, got)
		}
	}
	for _, p := range []protocol.Party{"US", "GB", "NO", "CH"} {
		if got := at(p); got != protocol.Flag {
			t.Errorf("%s: got %v, want flag", p, got)
		}
	}
}

// What Art. 4 lets each authority issue.
func TestAuthorityByCategoryOfEPOC(t *testing.T) {
	book := euEPOC.book(t)
	for _, c := range []struct {
		by      func(*scene)
		reaches [3]bool // identification, traffic and content, preservation
	}{
		{approvedBy(protocol.AuthorityJudge), [3]bool{true, true, true}},
		{approvedBy(protocol.AuthorityCourt), [3]bool{true, true, true}},
		{approvedBy(protocol.AuthorityInvestigating), [3]bool{true, true, true}},
		{approvedBy(protocol.AuthorityProsecutor), [3]bool{true, false, true}},
		{approvedBy(protocol.AuthorityPolice), [3]bool{false, false, false}},
		{approvedBy(protocol.AuthorityAdministrative), [3]bool{false, false, false}},
		{approvedBy(""), [3]bool{false, false, false}},
		{validatedBy(protocol.AuthorityCourt), [3]bool{true, true, true}},
		{validatedBy(protocol.AuthorityProsecutor), [3]bool{true, false, true}},
		{validatedBy(protocol.AuthorityPolice), [3]bool{false, false, false}},
		{all(approvedBy(protocol.AuthorityPolice), urgent(protocol.EmergencyLife)), [3]bool{false, false, false}},
		{unvalidated, [3]bool{true, false, true}},
	} {
		for i, kind := range [][]func(*scene){
			{identify, func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategoryDomain) },
				func(s *scene) {
					s.Ask(protocol.Production, protocol.CategoryUserID)
					s.Attest("identification_only")
				}},
			{produce, func(s *scene) { s.Ask(protocol.Production, protocol.CategoryTraffic) },
				func(s *scene) { s.Ask(protocol.Production, protocol.CategoryLocation) },
				func(s *scene) { s.Ask(protocol.Production, protocol.CategoryOther) }},
			{keep},
		} {
			for j, ask := range kind {
				s := epoc("nl.prosecution", "ie.contoso")
				ask(s)
				c.by(s)
				want := protocol.Deny
				if c.reaches[i] {
					want = protocol.Allow
				}
				if d := s.Decide(book); d.Verdict != want {
					t.Errorf("%v, kind %d.%d: got %v, want %v%s", s.Req.Authorisation.Kind, i, j, d.Verdict, want,
						agreementtest.Failures(d))
				}
			}
		}
	}
}

// grants checks what a document lets be asked for, of every type and category.
func grants(t *testing.T, inst instrument, make func() *scene, want map[protocol.RequestType][]protocol.Category) {
	t.Helper()
	book := inst.book(t)
	for _, typ := range protocol.RequestTypes() {
		for _, c := range protocol.Categories() {
			s := make()
			s.Ask(typ, c)
			f := agreementtest.Found(t, s.Decide(book), "right")
			if granted := slices.Contains(want[typ], c); granted != (f.Outcome == protocol.Pass) {
				t.Errorf("%s from %s: %s %s: got %v %s, granted should be %v", inst.id, s.Facts.Issuing.Party,
					typ, c, f.Outcome, f.Reason, granted)
			}
		}
	}
}

func TestWhatEPOCGrants(t *testing.T) {
	book := euEPOC.book(t)
	stored := []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryDomain,
		protocol.CategoryTraffic, protocol.CategoryLocation, protocol.CategoryContent, protocol.CategoryOther}
	for _, p := range [][2]protocol.ParticipantID{{"nl.prosecution", "ie.contoso"}, {"ie.garda", "nl.contoso"},
		{"gr.court", "se.contoso"}} {
		grants(t, euEPOC, func() *scene { return epoc(p[0], p[1]) }, map[protocol.RequestType][]protocol.Category{
			protocol.Production:   stored,
			protocol.Preservation: stored,
			protocol.Subscriber:   stored[:3],
		})
		s := epoc(p[0], p[1])
		s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral}
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoRight)
	}
}

// bound checks from which day a document carries requests, and that a request
// to or from who is no Party is not carried.
func bound(t *testing.T, inst instrument, make func(from, to protocol.Party) *scene, first time.Time, out ...protocol.Party) {
	t.Helper()
	book := inst.book(t)
	s := make("NL", "FR")
	s.Facts.At, s.Facts.Issued = first.Add(-time.Second), first.Add(-time.Second)
	if f := agreementtest.Found(t, s.Decide(book), "in_force"); f.Outcome != protocol.Fail {
		t.Errorf("before the first day: got %v", f.Outcome)
	}
	s.Facts.At, s.Facts.Issued = first, first
	if d := s.Decide(book); d.Verdict == protocol.Deny {
		t.Errorf("on the first day: got %v%s", d.Verdict, agreementtest.Failures(d))
	}
	for _, p := range out {
		for _, s := range []*scene{make(p, "NL"), make("NL", p)} {
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotGoverning)
			s.Facts.Ref = protocol.AgreementRef{}
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoAgreement)
		}
	}
}

func participant(p protocol.Party, name string) protocol.ParticipantID {
	return protocol.ParticipantID([]byte{p[0] + 'a' - 'A', p[1] + 'a' - 'A'}) + "." + protocol.ParticipantID(name)
}

func TestEPOCAppliesSinceAugust2026WithoutDenmark(t *testing.T) {
	bound(t, euEPOC, func(from, to protocol.Party) *scene {
		return epoc(participant(from, "court"), participant(to, "contoso"))
	}, date(2026, 8, 18), "DK", "GB", "US", "NO")
	if n := len(document(t, "eu-epoc-2023").Parties()); n != 26 {
		t.Errorf("got %d Member States, want 26", n)
	}
}

// Art. 8: who is notified, and what that suspends.
func TestEnforcingAuthorityIsNotifiedUnlessAllIsAtHome(t *testing.T) {
	book := euEPOC.book(t)
	held := []protocol.Reason{protocol.ReasonPrivilege, protocol.ReasonFundamentalRight, protocol.ReasonNeBisInIdem,
		protocol.ReasonDualCriminality}
	missing := []protocol.Reason{protocol.ReasonNotification, protocol.ReasonLanguage}
	for _, c := range []struct {
		name    string
		change  func(*scene)
		verdict protocol.Verdict
		reasons []protocol.Reason
	}{
		{"all at home", nothing, protocol.Allow, nil},
		{"offence elsewhere", func(s *scene) { s.Req.Offence.CommittedIn = []protocol.Party{"FR"} }, protocol.Hold,
			slices.Concat(missing, held)},
		{"offence not known", func(s *scene) { s.Req.Offence.CommittedIn = nil }, protocol.Hold,
			slices.Concat(missing, held)},
		{"offence here and elsewhere", func(s *scene) { s.Req.Offence.CommittedIn = []protocol.Party{"FR", "NL"} },
			protocol.Allow, nil},
		{"person elsewhere", func(s *scene) { s.Person("NL", "NL", "IE") }, protocol.Hold, slices.Concat(missing, held)},
		{"residence not known", func(s *scene) { s.Req.Target.ResidentIn = nil }, protocol.Hold,
			slices.Concat(missing, held)},
		{"notified", notified, protocol.Hold, held},
		{"notified of a listed offence", all(notified, func(s *scene) { s.Req.Offence.Category = "fraud" }),
			protocol.Hold, held[:3]},
		{"the wrong State notified", all(notified, func(s *scene) { s.Facts.Notified[0].Party = "FR" }), protocol.Hold,
			slices.Concat(missing[:1], held)},
		{"emergency", all(notified, urgent(protocol.EmergencyLife)), protocol.Allow, nil},
		{"emergency, not notified", all(notified, urgent(protocol.EmergencyLife),
			func(s *scene) { s.Facts.Notified = nil }), protocol.Hold, missing[:1]},
		{"subscriber data", func(s *scene) {
			identify(s)
			s.Req.Offence.CommittedIn, s.Req.Target.ResidentIn = nil, nil
		}, protocol.Allow, nil},
		{"preservation", func(s *scene) {
			keep(s)
			s.Req.Offence.CommittedIn, s.Req.Target.ResidentIn = nil, nil
		}, protocol.Allow, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := epoc("nl.prosecution", "ie.contoso")
			c.change(s)
			agreementtest.Expect(t, s.Decide(book), c.verdict, c.reasons...)
		})
	}
}

func TestOwnCodesOfEPOCStandForTheirCategory(t *testing.T) {
	book := euEPOC.book(t)
	for _, term := range document(t, "eu-epoc-2023").Terms {
		for _, c := range protocol.Categories() {
			s := epoc("ie.garda", "nl.contoso")
			s.Ask(protocol.Preservation, c)
			s.Req.Data[0].Own = []string{term.Own}
			d := s.Decide(book)
			if !agreementtest.Has(d, "terms") {
				continue // of what is not granted, no words are looked at
			}
			want := protocol.Fail
			if term.Category == c || term.Type == protocol.Preservation {
				want = protocol.Pass
			}
			if f := agreementtest.Found(t, d, "terms"); f.Outcome != want {
				t.Errorf("%s for %s: got %v, want %v", term.Own, c, f.Outcome, want)
			}
		}
	}
}

// barred checks which grounds nobody may refuse with, in both directions.
func barred(t *testing.T, inst instrument, want ...protocol.Reason) {
	t.Helper()
	book, ref := inst.book(t), document(t, inst.id).Ref()
	for _, ground := range protocol.Reasons() {
		for _, p := range [][2]protocol.Party{{"NL", "FR"}, {"FR", "NL"}} {
			d := book.Refuse(ref, ground, p[0], p[1], agreementtest.Day)
			if slices.Contains(want, ground) != (d.Verdict == protocol.Deny) {
				t.Errorf("%s: ground %s from %s: got %v", inst.id, ground, p[0], d.Verdict)
			}
		}
	}
}

func TestGroundsThatEPOCBars(t *testing.T) { barred(t, euEPOC, protocol.ReasonStoredAbroad) }

// The two lists of 32 categories have the same codes, so that an order keeps
// its category from one instrument to the other.
func TestBothListsOfTheUnionHaveTheSameCodes(t *testing.T) {
	codes := func(id string) []string {
		var out []string
		for _, e := range document(t, id).Lists[0].Entries {
			out = append(out, e.Code)
		}
		return out
	}
	iv, d := codes("eu-epoc-2023"), codes("eu-eio-2014")
	if len(iv) != 32 || !slices.Equal(iv, d) {
		t.Errorf("got %d and %d categories, %v and %v", len(iv), len(d), iv, d)
	}
}
