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
	}
}

// UnmarshalText refuses a reason that is not in the list.
func (r *Reason) UnmarshalText(b []byte) error {
	*r = Reason(b)
	return known("reason", *r, Reasons())
}
