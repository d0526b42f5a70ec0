package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity.example/protocol/canon"
)

// Limits of an act.
const (
	MaxRecipients   = 8       // recipients of one act
	MaxFollows      = 16      // acts that one act may follow
	MaxEndorsements = 4       // officers who endorse one act
	MaxAct          = 400_000 // bytes of an act's canonical form

	// MaxLifetime bounds how long an act may wait to be delivered: a stolen
	// envelope is worthless after it.
	MaxLifetime = 90 * 24 * time.Hour
	// MaxSkew is how far a peer's clock may run ahead of ours.
	MaxSkew = 5 * time.Minute
)

// A Kind says what an act does.
type Kind string

// The kinds of act of this version. The list is append-only.
const (
	KindRequest       Kind = "request"       // asks for evidence
	KindCertification Kind = "certification" // a designated authority certifies and transmits a request
	KindDisclosure    Kind = "disclosure"    // evidence
	KindRelay         Kind = "relay"         // passes a received act on to a participant of the case
	KindWithdrawal    Kind = "withdrawal"    // the issuing side ends its request
	KindRefusal       Kind = "refusal"       // a person of the addressee refuses the request
	KindNondelivery   Kind = "nondelivery"   // a certification did not get through to its addressee

	KindClarification Kind = "clarification" // the receiving side asks, or returns the request
	KindReply         Kind = "reply"         // the issuing side answers what was asked or objected
	KindAmendment     Kind = "amendment"     // the issuing side narrows its request
	KindObjection     Kind = "objection"     // the addressee objects
	KindDetermination Kind = "determination" // an authority or a court decides what was put to it
	KindAcceptance    Kind = "acceptance"    // the request, the conditions, or that there is no ground to refuse
	KindConditions    Kind = "conditions"    // an authority of the receiving side offers to go on with conditions
	KindPostponement  Kind = "postponement"  // an authority of the receiving side puts the request off
	KindConsultation  Kind = "consultation"  // an authority of the receiving side consults before it refuses
	KindExtension     Kind = "extension"     // more time to answer
	KindPreservation  Kind = "preservation"  // what is kept is kept longer, or released
	KindSecrecy       Kind = "secrecy"       // an order not to tell the user, its extension, challenge or end
	KindNotice        Kind = "notice"        // the user, or a third State, was told, or was not and why
	KindValidation    Kind = "validation"    // what became of the validation after the fact
	KindInterception  Kind = "interception"  // an interception starts, is renewed or stops
	KindCosts         Kind = "costs"         // costs are claimed, agreed, disputed or paid
	KindChallenge     Kind = "challenge"     // the receiver wants the requesting officer's live answer
	KindResponse      Kind = "response"      // the requesting officer answers a challenge
	KindEnforcement   Kind = "enforcement"   // the issuing side asks the enforcing authority to enforce
	KindUse           Kind = "use"           // the issuing side asks leave for a use that needs it
	KindClosure       Kind = "closure"       // the issuing side closes the case
	KindDeletion      Kind = "deletion"      // evidence was deleted, or its use restricted
)

// Kinds lists every kind of act.
func Kinds() []Kind {
	return []Kind{KindRequest, KindCertification, KindDisclosure, KindRelay, KindWithdrawal, KindRefusal,
		KindNondelivery, KindClarification, KindReply, KindAmendment, KindObjection, KindDetermination,
		KindAcceptance, KindConditions, KindPostponement, KindConsultation, KindExtension, KindPreservation,
		KindSecrecy, KindNotice, KindValidation, KindInterception, KindCosts, KindChallenge, KindResponse,
		KindEnforcement, KindUse, KindClosure, KindDeletion}
}

// UnmarshalText refuses a kind that is not in the list.
func (k *Kind) UnmarshalText(b []byte) error {
	*k = Kind(b)
	return known("kind of act", *k, Kinds())
}

// An AgreementRef names an agreement and the version that an act relies on.
type AgreementRef struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// An Act is one signed statement in a case (SPEC.md §4).
type Act struct {
	// Signed by the sender's organisation.
	Version   string          `json:"version"`
	ID        ActID           `json:"id"`
	Case      CaseID          `json:"case"`
	Follows   []Digest        `json:"follows"` // the acts this one answers, oldest first
	From      ParticipantID   `json:"from"`
	To        []ParticipantID `json:"to"`
	Agreement AgreementRef    `json:"agreement"`
	Issued    time.Time       `json:"issued"`
	Expires   time.Time       `json:"expires"` // not to be accepted after this
	Body      Body            `json:"body"`

	// Endorsed are the digests of the endorsements, in their order.
	Endorsed []Digest `json:"endorsements"`

	// Endorsements are the officers who stand behind the body. They stand
	// beside the signed act, which names each by its digest.
	Endorsements []Endorsement `json:"-"`
}

// A Signed is something signed that is carried in JSON as what it is, an
// object in its one encoding: a JWS, or a signed act with what stands beside it.
// In a draft it may be missing.
type Signed []byte

var null = []byte("null")

// MarshalJSON returns s, or null for what is missing.
func (s Signed) MarshalJSON() ([]byte, error) {
	switch {
	case len(s) == 0:
		return null, nil
	case s[0] != '{':
		return nil, errors.New("protocol: something signed: want an object")
	}
	return s, nil
}

// UnmarshalJSON keeps a copy of b, which is verified by whoever uses it.
func (s *Signed) UnmarshalJSON(b []byte) error {
	switch {
	case bytes.Equal(b, null):
		*s = nil
		return nil
	case len(b) == 0 || b[0] != '{':
		return errors.New("protocol: something signed: want an object, or null")
	}
	*s = bytes.Clone(b)
	return nil
}

// A Body is what an act says: exactly one member is set, and Kind names it.
type Body struct {
	Request       *Request       `json:"request,omitzero"`
	Certification *Certification `json:"certification,omitzero"`
	Disclosure    *Disclosure    `json:"disclosure,omitzero"`
	Relay         *Relay         `json:"relay,omitzero"`
	Withdrawal    *Withdrawal    `json:"withdrawal,omitzero"`
	Refusal       *Refusal       `json:"refusal,omitzero"`
	Nondelivery   *Nondelivery   `json:"nondelivery,omitzero"`

	Clarification *Clarification `json:"clarification,omitzero"`
	Reply         *Reply         `json:"reply,omitzero"`
	Amendment     *Amendment     `json:"amendment,omitzero"`
	Objection     *Objection     `json:"objection,omitzero"`
	Determination *Determination `json:"determination,omitzero"`
	Acceptance    *Acceptance    `json:"acceptance,omitzero"`
	Conditions    *Conditions    `json:"conditions,omitzero"`
	Postponement  *Postponement  `json:"postponement,omitzero"`
	Consultation  *Consultation  `json:"consultation,omitzero"`
	Extension     *Extension     `json:"extension,omitzero"`
	Preservation  *Kept          `json:"preservation,omitzero"`
	Secrecy       *SecrecyOrder  `json:"secrecy,omitzero"`
	Notice        *Notice        `json:"notice,omitzero"`
	Validation    *Validated     `json:"validation,omitzero"`
	Interception  *Tap           `json:"interception,omitzero"`
	Costs         *Costs         `json:"costs,omitzero"`
	Challenge     *Challenge     `json:"challenge,omitzero"`
	Response      *Response      `json:"response,omitzero"`
	Enforcement   *Enforcement   `json:"enforcement,omitzero"`
	Use           *Use           `json:"use,omitzero"`
	Closure       *Closure       `json:"closure,omitzero"`
	Deletion      *Deletion      `json:"deletion,omitzero"`
}

// members says which members of b are set.
func (b *Body) members() [29]member {
	return [...]member{
		{KindRequest, b.Request != nil}, {KindCertification, b.Certification != nil},
		{KindDisclosure, b.Disclosure != nil}, {KindRelay, b.Relay != nil},
		{KindWithdrawal, b.Withdrawal != nil}, {KindRefusal, b.Refusal != nil},
		{KindNondelivery, b.Nondelivery != nil}, {KindClarification, b.Clarification != nil},
		{KindReply, b.Reply != nil}, {KindAmendment, b.Amendment != nil},
		{KindObjection, b.Objection != nil}, {KindDetermination, b.Determination != nil},
		{KindAcceptance, b.Acceptance != nil}, {KindConditions, b.Conditions != nil},
		{KindPostponement, b.Postponement != nil}, {KindConsultation, b.Consultation != nil},
		{KindExtension, b.Extension != nil}, {KindPreservation, b.Preservation != nil},
		{KindSecrecy, b.Secrecy != nil}, {KindNotice, b.Notice != nil},
		{KindValidation, b.Validation != nil}, {KindInterception, b.Interception != nil},
		{KindCosts, b.Costs != nil}, {KindChallenge, b.Challenge != nil},
		{KindResponse, b.Response != nil}, {KindEnforcement, b.Enforcement != nil},
		{KindUse, b.Use != nil}, {KindClosure, b.Closure != nil},
		{KindDeletion, b.Deletion != nil},
	}
}

// A member is one of a body's.
type member struct {
	kind Kind
	set  bool
}

// A Certification is a designated authority's statement that a request is
// lawful and complies with the agreement, with which it transmits the request.
type Certification struct {
	// Request is the certified request: the signed act, byte for byte.
	Request Signed `json:"request"`
	// Invokes says that the agreement is invoked for this request.
	Invokes bool `json:"invokes"`
	// Contact is the desk that answers legal and practical questions.
	Contact string `json:"contact"`
	// Targeting names the targeting procedure that was followed.
	Targeting string `json:"targeting"`
	// Attestations are what an officer of the authority states.
	Attestations []Attestation `json:"attestations,omitempty"`
}

// A Relay passes on a received act, with its signatures, to a participant of
// the case that its sender did not address.
type Relay struct {
	Act Signed `json:"act"` // the signed act, byte for byte
}

// A Withdrawal ends a request.
type Withdrawal struct {
	Note string `json:"note,omitzero"`
}

// A Refusal is the addressee's own no, given by a person. What a gate refuses
// never becomes an act: its answer is a refusal on the wire.
type Refusal struct {
	Reason Reason `json:"reason"`
	Note   string `json:"note,omitzero"`
	// Answers are the open questions that it closes.
	Answers []Digest `json:"answers,omitempty"`
}

// An Endorsement is an officer's signature over the body of an act, with the
// credential by which the officer's participant vouches for the key.
type Endorsement struct {
	Credential Signed `json:"credential"` // JWS of a register.Credential
	Statement  Signed `json:"statement"`  // JWS of a Statement, by the officer's key
}

// Encode returns the canonical form of e. It does not look into what it is
// made of: where that is not in its one encoding, e has none.
func (e *Endorsement) Encode() []byte {
	return slices.Concat([]byte(`{"credential":`), e.Credential, []byte(`,"statement":`), e.Statement, []byte(`}`))
}

// A Statement is what an officer signs: this body, for this case.
type Statement struct {
	Kind        Kind          `json:"kind"`
	Body        Digest        `json:"body"` // of the body's canonical form
	Case        CaseID        `json:"case"`
	Participant ParticipantID `json:"participant"`
	Agreement   AgreementRef  `json:"agreement"`
	Signed      time.Time     `json:"signed"`
}

// Kind returns the kind of b, "" when b does not have exactly one member.
func (b *Body) Kind() Kind {
	kind, n := Kind(""), 0
	for _, m := range b.members() {
		if m.set {
			kind = m.kind
			n++
		}
	}
	if n != 1 {
		return ""
	}
	return kind
}

// Digest returns the digest of the body's canonical form: what a Statement names.
func (b *Body) Digest() (Digest, error) {
	enc, err := canon.Encode(b)
	if err != nil {
		return Digest{}, fmt.Errorf("protocol: digest body: %w", err)
	}
	return DigestOf(enc), nil
}

// Emergency reports whether a is to overtake others.
func (a *Act) Emergency() bool {
	return a.Body.Request != nil && a.Body.Request.Emergency != nil
}

// Encode returns the canonical form of a, which is what its sender signs and
// what Digest names it by.
func (a *Act) Encode() ([]byte, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	b, err := canon.Encode(a)
	if err != nil {
		return nil, fmt.Errorf("protocol: encode act: %w", err)
	}
	if len(b) > MaxAct {
		return nil, fmt.Errorf("protocol: encode act: %d bytes: want at most %d", len(b), MaxAct)
	}
	return b, nil
}

// ParseAct reads an act from its canonical form and checks it.
func ParseAct(b []byte) (*Act, error) {
	if len(b) > MaxAct {
		return nil, fmt.Errorf("protocol: parse act: %d bytes: want at most %d", len(b), MaxAct)
	}
	a := new(Act)
	if err := canon.Decode(b, a); err != nil {
		return nil, fmt.Errorf("protocol: parse act: %w", err)
	}
	if err := a.Check(); err != nil {
		return nil, err
	}
	return a, nil
}

// Check reports whether a is complete and well formed, whatever the time is.
func (a *Act) Check() error {
	if err := a.check(); err != nil {
		return fmt.Errorf("protocol: act: %w", err)
	}
	return nil
}

func (a *Act) check() error {
	switch {
	case a.Version != Version:
		return fmt.Errorf("version: want %q", Version)
	case !actForm.MatchString(string(a.ID)):
		return errors.New("id: want an act id")
	case !caseForm.MatchString(string(a.Case)):
		return errors.New("case: want a case id")
	case len(a.Follows) > MaxFollows:
		return fmt.Errorf("follows: want at most %d digests", MaxFollows)
	case slices.Contains(a.Follows, Digest{}):
		return errors.New("follows: want no empty digest")
	case a.From.check() != nil:
		return errors.New("from: want a participant")
	case len(a.Endorsed) > MaxEndorsements:
		return fmt.Errorf("endorsements: want at most %d", MaxEndorsements)
	case slices.Contains(a.Endorsed, Digest{}):
		return errors.New("endorsements: want no empty digest")
	case len(a.Agreement.ID) > MaxReference || len(a.Agreement.Version) > MaxReference:
		return fmt.Errorf("agreement: want at most %d bytes a member", MaxReference)
	}
	if err := a.checkRecipients(); err != nil {
		return err
	}
	if err := errors.Join(checkTime("issued", a.Issued), checkTime("expires", a.Expires)); err != nil {
		return err
	}
	if life := a.Expires.Sub(a.Issued); life <= 0 || life > MaxLifetime {
		return fmt.Errorf("expires: want after issued, by at most %v", MaxLifetime)
	}
	return a.Body.check()
}

func (a *Act) checkRecipients() error {
	if len(a.To) == 0 || len(a.To) > MaxRecipients {
		return fmt.Errorf("to: want 1 to %d participants", MaxRecipients)
	}
	seen := map[ParticipantID]bool{}
	for _, id := range a.To {
		if id.check() != nil || seen[id] {
			return errors.New("to: want participants, each once")
		}
		seen[id] = true
	}
	return nil
}

func (b *Body) check() error {
	switch b.Kind() {
	case KindRequest:
		return b.Request.Check()
	case KindCertification:
		c := b.Certification
		if len(c.Request) == 0 || c.Contact == "" || len(c.Contact) > MaxText || len(c.Targeting) > MaxReference {
			return errors.New("certification: want the certified request, and a contact")
		}
		return checkAttestations(c.Attestations)
	case KindDisclosure:
		return b.Disclosure.check()
	case KindRelay:
		if len(b.Relay.Act) == 0 {
			return errors.New("relay: want the act that is passed on")
		}
	case KindWithdrawal:
		if len(b.Withdrawal.Note) > MaxText {
			return fmt.Errorf("withdrawal.note: want at most %d bytes", MaxText)
		}
	case KindRefusal:
		if b.Refusal.Reason == "" || len(b.Refusal.Note) > MaxText {
			return fmt.Errorf("refusal: want a reason, and a note of at most %d bytes", MaxText)
		}
	case KindNondelivery:
		return b.Nondelivery.check()
	case "":
		return errors.New("body: want exactly one member")
	default:
		return b.checkLife()
	}
	return nil
}
