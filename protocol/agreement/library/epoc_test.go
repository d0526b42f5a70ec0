package library_test

import (
	"slices"
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
	s.Req.Authorisation.Date = date(2026, 8, 1)
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

// professional is an order for the data of whoever uses a lawyer's servers; where
// that person resides says nothing of the lawyer.
func professional(statement string) func(*scene) {
	return all(protected(protocol.ProtectionProfession, statement), func(s *scene) { s.Attest("no_immunity_found") })
}

func sentenced(months int64, inAbsentia, absconded bool) func(*scene) {
	return func(s *scene) {
		s.Req.Proceedings = protocol.StageSentence
		s.Req.Sentence = &protocol.Sentence{Months: months, InAbsentia: inAbsentia, Absconded: absconded}
		s.Attest("decision_not_in_absentia")
	}
}

// againstCompany is for proceedings that are no criminal ones by name.
func againstCompany(s *scene) {
	s.Req.Proceedings = protocol.StageAdministrative
	s.Attest("legal_person_liable")
}

// until ends the time range so long after the issue.
func until(after time.Duration) func(*scene) {
	return func(s *scene) { s.Req.Data[0].To = s.Facts.Issued.Add(after) }
}

func underSecrecy(g ...protocol.SecrecyGround) func(*scene) {
	return func(s *scene) {
		s.Req.Secrecy = &protocol.Secrecy{Grounds: g}
		s.Attest("delay_reasons_on_file")
	}
}

// epocRows stand in the order of the articles.
var epocRows = slices.Concat(epocScopeRows, epocAuthorityRows, epocConditionRows, epocTransmissionRows,
	epocEnforcingRows, epocSecrecyRows)

var epocScopeRows = []row{
	{rule: "order-after-application", setup: func(s *scene) {
		s.Facts.Issued = date(2026, 8, 18)
		until(0)(s)
	}, breaks: func(s *scene) { s.Facts.Issued = date(2026, 8, 18).Add(-time.Second) },
		want: protocol.Fail, reason: protocol.ReasonNotInForce},
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
	{rule: "purpose", setup: againstCompany, breaks: without("legal_person"), want: protocol.Fail,
		reason: protocol.ReasonPurpose},
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
	{rule: "stored-at-receipt", setup: until(24 * time.Hour), breaks: until(24*time.Hour + time.Second),
		want: protocol.Held, reason: protocol.ReasonNotHeld},
	{rule: "stored-at-receipt", setup: keep, breaks: until(365 * 24 * time.Hour), want: protocol.Held,
		reason: protocol.ReasonNotHeld},
	{rule: "stored-at-receipt", setup: func(s *scene) {
		s.Ask(protocol.Production, protocol.CategoryTraffic, protocol.CategoryContent)
	}, breaks: until(48 * time.Hour), want: protocol.Held, reason: protocol.ReasonNotHeld},
	{rule: "stored-at-receipt", setup: func(s *scene) {
		s.Ask(protocol.Production, protocol.CategoryTraffic, protocol.CategoryContent)
	}, breaks: func(s *scene) { s.Req.Data[0].To = time.Time{} },
		want: protocol.Held, reason: protocol.ReasonNotHeld},
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
	{rule: "authorised-before-issue", setup: func(s *scene) { s.Req.Authorisation.Date = s.Facts.Issued },
		breaks: func(s *scene) { s.Req.Authorisation.Date = s.Facts.Issued.Add(25 * time.Hour) },
		want:   protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "authorised-before-issue", setup: keep, breaks: func(s *scene) { s.Req.Authorisation.Date = time.Time{} },
		want: protocol.Fail, reason: protocol.ReasonNotValidated},
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
	{rule: "privileged-professional", setup: professional("professional_resides_in_issuing_state"),
		breaks: without("professional_resides"), want: protocol.Fail, reason: protocol.ReasonPrivilege,
		unless: identify},
	{rule: "privileged-professional", setup: professional("privilege_waived"), breaks: without("privilege_waived"),
		want: protocol.Fail, reason: protocol.ReasonPrivilege, unless: keep},
	{rule: "privileged-professional", setup: professional("addressing_professional_harmful"),
		breaks: without("addressing"), want: protocol.Fail, reason: protocol.ReasonPrivilege,
		unless: func(s *scene) { s.Req.Target.Protected = nil }},
	{rule: "immunity-or-privilege", setup: protected(protocol.ProtectionImmunity, "no_immunity_found"),
		breaks: without("no_immunity"), want: protocol.Fail, reason: protocol.ReasonPrivilege, unless: identify},
	{rule: "professional-privilege-abroad", setup: professional("privilege_waived"), breaks: without("no_immunity"),
		want: protocol.Fail, reason: protocol.ReasonPrivilege, unless: keep},
	{rule: "press", setup: protected(protocol.ProtectionPress, "no_press_protection_found"),
		breaks: without("no_press"), want: protocol.Fail, reason: protocol.ReasonPress, unless: keep},
	{rule: "preservation-necessary", setup: keep, breaks: without("necessary"), want: protocol.Held,
		reason: protocol.ReasonProportionality, unless: produce},
	{rule: "preservation-extended-once", setup: renewed, breaks: without("first_extension"), want: protocol.Held,
		reason: protocol.ReasonContraryToLaw, unless: func(s *scene) { s.Req.Related = nil }},
	{rule: "preservation-followed-up", setup: keep, breaks: without("request_for"), want: protocol.Held,
		reason: protocol.ReasonRelated, unless: produce},
	{rule: "preservation-followed-up", setup: func(s *scene) {
		s.Ask(protocol.Preservation, protocol.CategoryTraffic)
		s.Req.Related = []protocol.Related{{Relation: protocol.RelationPreserves, Reference: "2026/118"}}
	}, breaks: func(s *scene) { s.Req.Related[0].Relation = protocol.RelationFollows },
		want: protocol.Held, reason: protocol.ReasonRelated},
}

// renewed goes on after the sixty days of an order that came before.
func renewed(s *scene) {
	keep(s)
	s.Req.Related = []protocol.Related{{Relation: protocol.RelationRenews, Reference: "2026/98"}}
	s.Attest("first_extension_of_thirty_days")
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
