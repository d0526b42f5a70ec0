package protocol

// A Reason says why an act was refused, denied or held: a code, never a
// sentence about a person. The list is append-only, and a stranger learns
// nothing that a Reason does not say.
type Reason string

// Reasons for which a gate refuses an act before it looks at the agreement.
const (
	ReasonUnreadable       Reason = "unreadable"        // the envelope does not open
	ReasonMalformed        Reason = "malformed"         // not a well-formed act
	ReasonSignatureMissing Reason = "signature_missing" // one of the two signatures is not there
	ReasonNotAuthentic     Reason = "not_authentic"     // a signature does not fit
	ReasonWrongSender      Reason = "wrong_sender"      // not from the peer that delivered it
	ReasonWrongRecipient   Reason = "wrong_recipient"   // not addressed to this participant
	ReasonExpired          Reason = "expired"           // its time to be delivered is over
	ReasonClock            Reason = "clock"             // issued in the future: one of the two clocks is wrong
	ReasonConflict         Reason = "conflict"          // the same id was used for other bytes
	ReasonThread           Reason = "thread"            // does not fit the thread of its case
	ReasonWrongCase        Reason = "wrong_case"        // endorsed for another case
	ReasonUnknownParty     Reason = "unknown_party"     // no register of that Party is held
	ReasonRegisterLapsed   Reason = "register_lapsed"   // the Party's register is no longer valid
	ReasonRegisterRollback Reason = "register_rollback" // an older register than the one held
	ReasonUnregistered     Reason = "unregistered"      // the participant does not stand in the register
	ReasonKeyRevoked       Reason = "key_revoked"       // a key that the register revokes
	ReasonOfficerMissing   Reason = "officer_missing"   // no officer endorsed the act
	ReasonOfficerInvalid   Reason = "officer_invalid"   // the endorsement or the credential does not fit
	ReasonOfficerRole      Reason = "officer_role"      // the officer's credential lacks the role
	ReasonRole             Reason = "role"              // the participant is not registered for this
	ReasonOutOfTurn        Reason = "out_of_turn"       // the case does not allow this act now
	ReasonTooLarge         Reason = "too_large"
	ReasonStorage          Reason = "storage" // the node cannot take acts now
)

// Reasons that agreements give.
const (
	ReasonNoAgreement       Reason = "no_agreement"
	ReasonNotGoverning      Reason = "agreement_does_not_govern"
	ReasonVersion           Reason = "agreement_version"
	ReasonNotInForce        Reason = "instrument_not_in_force"
	ReasonNoRight           Reason = "no_right"
	ReasonNotReciprocal     Reason = "not_reciprocal"
	ReasonUnsigned          Reason = "agreement_unsigned"
	ReasonRuleError         Reason = "rule_error" // a rule could not be computed
	ReasonThreshold         Reason = "offence_below_threshold"
	ReasonPerson            Reason = "receiving_party_person"
	ReasonReverse           Reason = "reverse_targeting"
	ReasonThirdGovernment   Reason = "third_government_purpose"
	ReasonOverbroad         Reason = "overbroad"
	ReasonCategory          Reason = "category_not_covered"
	ReasonService           Reason = "service_not_covered"
	ReasonIncomplete        Reason = "incomplete"
	ReasonNotCompetent      Reason = "not_competent_authority"
	ReasonNotValidated      Reason = "not_validated"
	ReasonCertification     Reason = "certification_missing"
	ReasonInsufficient      Reason = "insufficient_info"
	ReasonFreeSpeech        Reason = "free_speech"
	ReasonDeathPenalty      Reason = "death_penalty"
	ReasonDiscrimination    Reason = "discrimination"
	ReasonInterception      Reason = "interception_limits"
	ReasonThirdNotice       Reason = "third_country_notice"
	ReasonJudgement         Reason = "judgement"
	ReasonDualCriminality   Reason = "dual_criminality"
	ReasonEssentialInterest Reason = "essential_interest"
)

// Reasons with which a person refuses a request.
const (
	ReasonNotHeld         Reason = "data_not_held"
	ReasonNotCustomer     Reason = "not_customer"
	ReasonWrongIdentifier Reason = "wrong_identifier"
	ReasonWrongAddressee  Reason = "wrong_addressee"
	ReasonContraryToLaw   Reason = "contrary_to_law"
	ReasonNotInvoked      Reason = "agreement_not_properly_invoked"
)

// Reasons that agreements give since instruments other than data access
// agreements are shipped.
const (
	ReasonBarredGround    Reason = "barred_ground"        // a ground with which the instrument lets nobody refuse
	ReasonConversion      Reason = "conversion_unlinked"  // refused under another instrument, and does not say so
	ReasonNotification    Reason = "notification_missing" // who must be told at the same time is not
	ReasonTerms           Reason = "terms"                // an own code of the instrument that is not for what is asked
	ReasonLanguage        Reason = "language"
	ReasonEmergencyScope  Reason = "emergency_not_covered"
	ReasonReservation     Reason = "reservation"
	ReasonPurpose         Reason = "purpose_not_covered"
	ReasonServiceClass    Reason = "service_class"
	ReasonRelated         Reason = "related_missing"
	ReasonPromise         Reason = "promise_missing"
	ReasonThirdCountryLaw Reason = "third_country_law"
	ReasonSecrecyEnd      Reason = "secrecy_without_end"
	ReasonProportionality Reason = "proportionality"
	ReasonDomesticLaw     Reason = "domestic_law"
	ReasonOtherTreaty     Reason = "no_other_treaty"
)

// Reasons with which a person refuses a request under such an instrument. The
// last four are those that some instruments bar.
const (
	ReasonPrivilege        Reason = "immunity_privilege"
	ReasonPress            Reason = "press_freedom"
	ReasonFundamentalRight Reason = "fundamental_right"
	ReasonNeBisInIdem      Reason = "ne_bis_in_idem"
	ReasonPolitical        Reason = "political_offence"
	ReasonMilitary         Reason = "military_offence"
	ReasonSovereignty      Reason = "sovereignty_security_ordre_public"
	ReasonOwnInvestigation Reason = "own_investigation"
	ReasonPriorProsecution Reason = "prior_prosecution"
	ReasonSafety           Reason = "safety_of_person"
	ReasonBurdensome       Reason = "unduly_burdensome"
	ReasonDeMinimis        Reason = "de_minimis"
	ReasonDeleted          Reason = "deleted"
	ReasonRetention        Reason = "retention_expired"
	ReasonImpossible       Reason = "impossible"
	ReasonVoluminous       Reason = "voluminous"
	ReasonManifestError    Reason = "manifest_error"
	ReasonPublicAuthority  Reason = "public_authority_data"
	ReasonQFGLaw           Reason = "qfg_law_2703h"
	ReasonBankSecrecy      Reason = "bank_secrecy"
	ReasonSolelyFiscal     Reason = "solely_fiscal"
	ReasonStoredAbroad     Reason = "stored_abroad_only"
	ReasonDataProtection   Reason = "generic_data_protection"
)

// Reasons of the life of a case.
const (
	ReasonConsultation  Reason = "consultation_missing" // an authority refuses without having consulted
	ReasonNotified      Reason = "notification_pending" // who was notified may still raise a ground for refusal
	ReasonQuestion      Reason = "question_not_open"    // what is answered is not open
	ReasonChallenge     Reason = "challenge_unanswered" // the requesting officer did not answer
	ReasonApproval      Reason = "approval_missing"     // too few officers stand behind it
	ReasonNarrower      Reason = "not_narrower"         // an amendment that asks for more
	ReasonValidation    Reason = "validation_missing"   // not validated after the fact
	ReasonOverdue       Reason = "deadline_passed"      // not answered in time
	ReasonPending       Reason = "region_open"          // something of the case has not ended
	ReasonCourtDecision Reason = "court_decision"       // a court said so
	ReasonOther         Reason = "other"                // in the words beside it
	ReasonDrill         Reason = "drill"                // an exercise: nothing may be disclosed in its case
)

// Reasons lists every reason, in the order of their introduction.
func Reasons() []Reason {
	return []Reason{
		ReasonUnreadable, ReasonMalformed, ReasonSignatureMissing, ReasonNotAuthentic,
		ReasonWrongSender, ReasonWrongRecipient, ReasonExpired, ReasonClock, ReasonConflict,
		ReasonThread, ReasonWrongCase, ReasonUnknownParty, ReasonRegisterLapsed,
		ReasonRegisterRollback, ReasonUnregistered, ReasonKeyRevoked, ReasonOfficerMissing,
		ReasonOfficerInvalid, ReasonOfficerRole, ReasonRole, ReasonOutOfTurn, ReasonTooLarge,
		ReasonStorage,
		ReasonNoAgreement, ReasonNotGoverning, ReasonVersion, ReasonNotInForce, ReasonNoRight,
		ReasonNotReciprocal, ReasonUnsigned, ReasonRuleError, ReasonThreshold, ReasonPerson,
		ReasonReverse, ReasonThirdGovernment, ReasonOverbroad, ReasonCategory, ReasonService,
		ReasonIncomplete, ReasonNotCompetent, ReasonNotValidated, ReasonCertification,
		ReasonInsufficient, ReasonFreeSpeech, ReasonDeathPenalty, ReasonDiscrimination,
		ReasonInterception, ReasonThirdNotice, ReasonJudgement, ReasonDualCriminality,
		ReasonEssentialInterest,
		ReasonNotHeld, ReasonNotCustomer, ReasonWrongIdentifier, ReasonWrongAddressee,
		ReasonContraryToLaw, ReasonNotInvoked,
		ReasonBarredGround, ReasonConversion, ReasonNotification, ReasonTerms, ReasonLanguage,
		ReasonEmergencyScope, ReasonReservation, ReasonPurpose, ReasonServiceClass, ReasonRelated,
		ReasonPromise, ReasonThirdCountryLaw, ReasonSecrecyEnd, ReasonProportionality,
		ReasonDomesticLaw, ReasonOtherTreaty, ReasonPrivilege, ReasonPress, ReasonFundamentalRight,
		ReasonNeBisInIdem, ReasonPolitical, ReasonMilitary, ReasonSovereignty,
		ReasonOwnInvestigation, ReasonPriorProsecution, ReasonSafety, ReasonBurdensome,
		ReasonDeMinimis, ReasonDeleted, ReasonRetention, ReasonImpossible, ReasonVoluminous,
		ReasonManifestError, ReasonPublicAuthority, ReasonQFGLaw, ReasonBankSecrecy,
		ReasonSolelyFiscal, ReasonStoredAbroad, ReasonDataProtection,
		ReasonConsultation, ReasonNotified, ReasonQuestion, ReasonChallenge, ReasonApproval, ReasonNarrower,
		ReasonValidation, ReasonOverdue, ReasonPending, ReasonCourtDecision, ReasonOther,
		ReasonDrill,
	}
}

// UnmarshalText refuses a reason that is not in the list.
func (r *Reason) UnmarshalText(b []byte) error {
	*r = Reason(b)
	return known("reason", *r, Reasons())
}
