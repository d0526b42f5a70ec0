package protocol

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Limits of the acts in the life of a case.
const (
	MaxAnswers = 8  // open questions that one act answers
	MaxGrounds = 16 // grounds of one objection, reasons of one clarification
	MaxFactors = 16 // factors on one worksheet
	MaxFields  = 32 // members of a request that a clarification names
	NonceSize  = 32 // bytes of a challenge's nonce
)

// An Ask says what a clarification wants.
type Ask string

// What a clarification may want.
const (
	AskInformation Ask = "information" // something is unclear or missing
	AskReturned    Ask = "returned"    // the request goes back to be completed: no refusal, and the clock stops
	AskImpossible  Ask = "impossible"  // it cannot be done: the issuing side is to confirm
	AskRedirect    Ask = "redirect"    // the customer, who controls the data, is to be asked
)

// UnmarshalText refuses what is not in the list.
func (a *Ask) UnmarshalText(b []byte) error {
	*a = Ask(b)
	return known("ask", *a, []Ask{AskInformation, AskReturned, AskImpossible, AskRedirect})
}

// A Clarification is a question to the issuing side (Regulation (EU) 2023/1543,
// Annex III; UNCAC, Art. 46(16)). As long as it is open the clock of the answer
// stands still.
type Clarification struct {
	Ask     Ask      `json:"ask"`
	Reasons []Reason `json:"reasons"`
	// Fields are the members of the request that are missing or unclear.
	Fields []string `json:"fields,omitempty"`
	Text   string   `json:"text,omitzero"`
	// Controller is the customer's organisation, of a redirect.
	Controller string `json:"controller,omitzero"`
}

// A ReplyResult says how the issuing side answers.
type ReplyResult string

// The results of a reply.
const (
	ReplyProvided ReplyResult = "provided" // here is what was asked for
	ReplyInsists  ReplyResult = "insists"  // the request stands as it is
	ReplyAgrees   ReplyResult = "agrees"   // the point is taken: an amendment or a withdrawal follows
	// ReplyWaiver: the authority that consults is to ask for the immunity or the
	// privilege to be waived (Regulation (EU) 2023/1543, Art. 12(5)).
	ReplyWaiver    ReplyResult = "waiver"
	ReplyConfirmed ReplyResult = "confirmed" // it is accepted that it is impossible
)

// UnmarshalText refuses what is not in the list.
func (r *ReplyResult) UnmarshalText(b []byte) error {
	*r = ReplyResult(b)
	return known("result", *r, []ReplyResult{ReplyProvided, ReplyInsists, ReplyAgrees, ReplyWaiver, ReplyConfirmed})
}

// A Reply answers open questions of the receiving side.
type Reply struct {
	Answers []Digest    `json:"answers"`
	Result  ReplyResult `json:"result"`
	Text    string      `json:"text,omitzero"`
}

// A Drop is a piece of a request that is given up, and why.
type Drop struct {
	Member string `json:"member"` // "data[1]", "identifiers[0]", "data[0].from"
	Why    string `json:"why"`
}

// An Amendment narrows the request: from the version before it to the next. What
// it asks for was all asked for before (Narrow), so no new right is needed.
type Amendment struct {
	Answers     []Digest     `json:"answers,omitempty"`
	Version     int64        `json:"version"` // of the request after it: 2, 3 …
	Identifiers []Identifier `json:"identifiers"`
	Data        []DataItem   `json:"data"`
	Dropped     []Drop       `json:"dropped"`
}

// A Level says to whom an objection goes.
type Level string

// The levels of an objection.
const (
	LevelIssuer    Level = "issuer"              // the authority that sent the request
	LevelReceiving Level = "receiving_authority" // the authority of the receiving side
	LevelCourt     Level = "court"               // a court reviews a conflict of laws; production is suspended
)

// UnmarshalText refuses what is not in the list.
func (l *Level) UnmarshalText(b []byte) error {
	*l = Level(b)
	return known("level", *l, []Level{LevelIssuer, LevelReceiving, LevelCourt})
}

// A Factor is one line of a worksheet, such as one of those of 18 USC
// 2703(h)(3) or of Regulation (EU) 2023/1543, Art. 17(6).
type Factor struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// An Objection says, specifically, why the addressee holds that it must not do
// what it was asked to.
type Objection struct {
	Level Level `json:"level"`
	// Answers are the objection or the reply to it that is taken further.
	Answers []Digest `json:"answers,omitempty"`
	Grounds []Reason `json:"grounds"`
	Text    string   `json:"text"`
	Factors []Factor `json:"factors,omitempty"`
	// Request is the request or the certification as it was received, byte for
	// byte: an authority that is asked for the first time knows nothing of it.
	// It is there exactly at the level of the receiving authority.
	Request Signed `json:"request,omitzero"`
	// Reference is the court's, of an objection before a court.
	Reference string `json:"reference,omitzero"`
}

// A Result says how something that was put to an authority or a court ended.
type Result string

// The results of a determination.
const (
	ResultNotApplicable Result = "not_applicable" // the agreement does not apply to this request
	ResultOverruled     Result = "overruled"      // the objection is not upheld: the addressee goes on
	ResultModified      Result = "modified"       // it goes on, with what the text says changed
	ResultLifted        Result = "lifted"         // a court lifted the order
	ResultRecognised    Result = "recognised"     // the order is enforced
	ResultDenied        Result = "denied"         // it is not enforced, or the use is not allowed
	ResultAllowed       Result = "allowed"        // the use is allowed
)

// Results lists the results of a determination.
func Results() []Result {
	return []Result{ResultNotApplicable, ResultOverruled, ResultModified, ResultLifted, ResultRecognised,
		ResultDenied, ResultAllowed}
}

// UnmarshalText refuses what is not in the list.
func (r *Result) UnmarshalText(b []byte) error {
	*r = Result(b)
	return known("result", *r, Results())
}

// A Determination decides what was put to an authority or a court.
type Determination struct {
	Answers   []Digest `json:"answers"`
	Result    Result   `json:"result"`
	Grounds   []Reason `json:"grounds,omitempty"`
	Text      string   `json:"text,omitzero"`
	Factors   []Factor `json:"factors,omitempty"`
	Reference string   `json:"reference,omitzero"` // of a court's decision
}

// An Acceptance accepts: an authority the request, the issuing side conditions,
// a notified authority that it will raise no ground for refusal.
type Acceptance struct {
	Answers []Digest `json:"answers,omitempty"`
	Text    string   `json:"text,omitzero"`
}

// Conditions are what an authority of the receiving side asks the issuing side
// to accept before it goes on, or for the use of what was disclosed.
type Conditions struct {
	Limits []Clause `json:"limits"`
	// Partial says that for the rest the authority raises a ground for refusal.
	Partial bool   `json:"partial,omitzero"`
	Reason  Reason `json:"reason,omitzero"`
}

// A Clause is one condition: a code that an agreement names, or words.
type Clause struct {
	Code string `json:"code,omitzero"`
	Text string `json:"text"`
}

// A Postponement puts a request off, until it is looked at again.
type Postponement struct {
	Reason Reason    `json:"reason"`
	Text   string    `json:"text,omitzero"`
	Review time.Time `json:"review"`
}

// A Consultation asks the issuing side before a request is refused.
type Consultation struct {
	Reasons []Reason `json:"reasons"`
	Text    string   `json:"text,omitzero"`
}

// An Extension gives the addressee more time to answer: asked for by it with
// reasons, or granted by the issuing side.
type Extension struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

// A KeptAction says what becomes of a preservation.
type KeptAction string

// The actions on a preservation.
const (
	KeptExtended  KeptAction = "extended"  // kept longer (Annex VI; 18 USC 2703(f)(2))
	KeptConfirmed KeptAction = "confirmed" // the request for production was issued: kept until it is decided (Annex V)
	KeptReleased  KeptAction = "released"  // not needed any more
)

// UnmarshalText refuses what is not in the list.
func (a *KeptAction) UnmarshalText(b []byte) error {
	*a = KeptAction(b)
	return known("action", *a, []KeptAction{KeptExtended, KeptConfirmed, KeptReleased})
}

// Kept is what is said of data that is kept from being deleted.
type Kept struct {
	Action KeptAction `json:"action"`
	Until  time.Time  `json:"until,omitzero"` // of an extension
	// Case is the one in which production is asked for.
	Case      CaseID `json:"case,omitzero"`
	Reference string `json:"reference,omitzero"`
}

// A SecrecyAction says what a secrecy act does.
type SecrecyAction string

// The actions of a secrecy act.
const (
	SecrecyOrdered    SecrecyAction = "ordered"
	SecrecyExtended   SecrecyAction = "extended"
	SecrecyChallenged SecrecyAction = "challenged" // by whom it binds, before a court
	SecrecyLifted     SecrecyAction = "lifted"     // by a court, or by who ordered it
)

// UnmarshalText refuses what is not in the list.
func (a *SecrecyAction) UnmarshalText(b []byte) error {
	*a = SecrecyAction(b)
	return known("action", *a, []SecrecyAction{SecrecyOrdered, SecrecyExtended, SecrecyChallenged, SecrecyLifted})
}

// A Bound is whom a secrecy order binds not to tell.
type Bound string

// Whom it may be that is not told.
const (
	BoundUser       Bound = "user"
	BoundController Bound = "controller"
	BoundPublic     Bound = "public"
)

// UnmarshalText refuses what is not in the list.
func (x *Bound) UnmarshalText(b []byte) error {
	*x = Bound(b)
	return known("bound", *x, []Bound{BoundUser, BoundController, BoundPublic})
}

// A SecrecyOrder binds the addressee not to tell (18 USC 2705(b)), or says what
// becomes of such an order. Counsel, and whom the addressee needs to comply, may
// always be told.
type SecrecyOrder struct {
	Action    SecrecyAction   `json:"action"`
	Authority string          `json:"authority,omitzero"` // the court, or who else ordered it
	Reference string          `json:"reference,omitzero"`
	Grounds   []SecrecyGround `json:"grounds,omitempty"`
	Start     time.Time       `json:"start,omitzero"`
	End       time.Time       `json:"end,omitzero"` // none: no end was set
	Binds     []Bound         `json:"binds,omitempty"`
}

// EndMissing reports whether the act is an order, or the extension of one, that
// has no end.
func (s *SecrecyOrder) EndMissing() bool {
	return (s.Action == SecrecyOrdered || s.Action == SecrecyExtended) && s.End.IsZero()
}

// A NoticeTo says who is told.
type NoticeTo string

// Who is told.
const (
	NoticeUser  NoticeTo = "user"
	NoticeState NoticeTo = "third_state"
)

// UnmarshalText refuses what is not in the list.
func (n *NoticeTo) UnmarshalText(b []byte) error {
	*n = NoticeTo(b)
	return known("notice to", *n, []NoticeTo{NoticeUser, NoticeState})
}

// A NoticeStatus says what became of a notice.
type NoticeStatus string

// What may become of a notice.
const (
	NoticeDelivered NoticeStatus = "delivered"
	NoticeDelayed   NoticeStatus = "delayed"
	NoticeOmitted   NoticeStatus = "omitted"
)

// UnmarshalText refuses what is not in the list.
func (n *NoticeStatus) UnmarshalText(b []byte) error {
	*n = NoticeStatus(b)
	return known("notice status", *n, []NoticeStatus{NoticeDelivered, NoticeDelayed, NoticeOmitted})
}

// A Notice records that the user or a third State was told, or why not.
type Notice struct {
	To     NoticeTo      `json:"to"`
	Status NoticeStatus  `json:"status"`
	At     time.Time     `json:"at,omitzero"`    // when it was delivered
	Until  time.Time     `json:"until,omitzero"` // to when it is delayed
	Ground SecrecyGround `json:"ground,omitzero"`
	State  Party         `json:"state,omitzero"` // the third State
	Method string        `json:"method,omitzero"`
	// Text is the digest of the text that was sent.
	Text Digest `json:"text,omitzero"`
}

// A ValidationResult says what became of a validation after the fact.
type ValidationResult string

// The results of a validation.
const (
	ValidationSought  ValidationResult = "sought"
	ValidationGranted ValidationResult = "granted"
	ValidationDenied  ValidationResult = "denied" // the request ends, and what came is deleted
	ValidationLapsed  ValidationResult = "lapsed" // not sought in time, which the node itself says: likewise
)

// UnmarshalText refuses what is not in the list.
func (v *ValidationResult) UnmarshalText(b []byte) error {
	*v = ValidationResult(b)
	return known("validation", *v, []ValidationResult{ValidationSought, ValidationGranted, ValidationDenied, ValidationLapsed})
}

// A Validated says what became of the validation that an emergency did not wait
// for (Regulation (EU) 2023/1543, Art. 4(5)).
type Validated struct {
	Result ValidationResult `json:"result"`
	By     *Validation      `json:"by,omitzero"` // there when it was granted
}

// A TapAction says what happens to an interception.
type TapAction string

// The actions on an interception.
const (
	TapStarted TapAction = "started"
	TapRenewed TapAction = "renewed" // by a new authorisation
	TapStopped TapAction = "stopped"
)

// UnmarshalText refuses what is not in the list.
func (a *TapAction) UnmarshalText(b []byte) error {
	*a = TapAction(b)
	return known("action", *a, []TapAction{TapStarted, TapRenewed, TapStopped})
}

// A Tap says what happens to an interception. That it stops at the end of its
// authorisation the addressee's node says by itself.
type Tap struct {
	Action TapAction `json:"action"`
	At     time.Time `json:"at"`
	// Until and Authorisation are those of a renewal.
	Until         time.Time      `json:"until,omitzero"`
	Authorisation *Authorisation `json:"authorisation,omitzero"`
	// Live announces, at a start, an object that grows as long as the interception
	// runs. Product is what it became, at a stop: its node says so by itself.
	Live    *Live   `json:"live,omitzero"`
	Product *Object `json:"product,omitzero"`
}

// A Live object grows while an interception runs. Its bytes come in segments, each
// sealed by itself, which its readers fetch as they come (SPEC.md §18.5).
type Live struct {
	ID        Digest          `json:"id"` // 32 random bytes
	Name      string          `json:"name"`
	MediaType string          `json:"media_type"`
	Readers   []ParticipantID `json:"readers"` // as of a disclosure
	Keys      Signed          `json:"keys"`    // as of a disclosure, of one object: ID
}

// A CostsAction says where costs stand.
type CostsAction string

// The actions on costs.
const (
	CostsClaimed  CostsAction = "claimed"
	CostsAgreed   CostsAction = "agreed"
	CostsDisputed CostsAction = "disputed"
	CostsPaid     CostsAction = "paid"
)

// UnmarshalText refuses what is not in the list.
func (a *CostsAction) UnmarshalText(b []byte) error {
	*a = CostsAction(b)
	return known("action", *a, []CostsAction{CostsClaimed, CostsAgreed, CostsDisputed, CostsPaid})
}

// Costs are claimed, agreed, disputed or paid.
type Costs struct {
	Action CostsAction `json:"action"`
	// Amount is in the smallest unit of Currency (ISO 4217), of a claim.
	Amount   int64  `json:"amount,omitzero"`
	Currency string `json:"currency,omitzero"`
	Basis    string `json:"basis,omitzero"`
}

// A Challenge is the receiver's: only an officer who signed the request can
// answer it, with the key that signed (instead of a call to a number that the
// request names).
type Challenge struct {
	Nonce string    `json:"nonce"` // 64 hexadecimal digits
	Until time.Time `json:"until"`
}

// A Response answers a challenge.
type Response struct {
	Answers []Digest `json:"answers"`
	Nonce   string   `json:"nonce"`
}

// An Enforcement asks the enforcing authority to have an order carried out that
// its addressee did not (Regulation (EU) 2023/1543, Art. 16).
type Enforcement struct {
	// Request is the request or the certification as it was sent, byte for byte.
	Request Signed `json:"request"`
	Reason  Reason `json:"reason"`
	Text    string `json:"text,omitzero"`
}

// A Use asks leave for a use of what was disclosed that needs it.
type Use struct {
	Purpose string `json:"purpose"` // a code that the agreement names: "death_penalty", "onward"
	Text    string `json:"text,omitzero"`
	// Request is the request or the certification as it was sent, byte for byte,
	// for an authority that has not heard of the case.
	Request Signed `json:"request,omitzero"`
}

// A Closure closes a case whose regions have all ended.
type Closure struct {
	// Deleted says that what was disclosed has been deleted.
	Deleted bool   `json:"deleted,omitzero"`
	Text    string `json:"text,omitzero"`
}

var (
	fieldForm    = regexp.MustCompile(`^[a-z_]+(\[[0-9]{1,3}\])?(\.[a-z_]+(\[[0-9]{1,3}\])?)*$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

// checkLife checks the bodies of the life of a case.
func (b *Body) checkLife() error {
	for _, c := range []interface {
		absent() bool
		check() error
	}{b.Clarification, b.Reply, b.Amendment, b.Objection, b.Determination, b.Acceptance, b.Conditions,
		b.Postponement, b.Consultation, b.Extension, b.Preservation, b.Secrecy, b.Notice, b.Validation,
		b.Interception, b.Costs, b.Challenge, b.Response, b.Enforcement, b.Use, b.Closure, b.Deletion} {
		if c.absent() {
			continue
		}
		if err := c.check(); err != nil {
			return fmt.Errorf("%s.%w", b.Kind(), err)
		}
	}
	return nil
}

func checkAnswers(ds []Digest, least int) error {
	if len(ds) < least || len(ds) > MaxAnswers {
		return fmt.Errorf("answers: want %d to %d digests", least, MaxAnswers)
	}
	for _, d := range ds {
		if d.IsZero() {
			return errors.New("answers: want no empty digest")
		}
	}
	return checkOnce("answers", ds)
}

func checkReasons(member string, rs []Reason, least int) error {
	if len(rs) < least || len(rs) > MaxGrounds {
		return fmt.Errorf("%s: want %d to %d reasons", member, least, MaxGrounds)
	}
	return checkOnce(member, rs)
}

func checkText(member, text string) error {
	if len(text) > MaxText {
		return fmt.Errorf("%s: want at most %d bytes", member, MaxText)
	}
	return nil
}

func needText(member, text string) error {
	if text == "" {
		return fmt.Errorf("%s: want 1 to %d bytes", member, MaxText)
	}
	return checkText(member, text)
}

func checkReference(member, s string) error {
	if len(s) > MaxReference {
		return fmt.Errorf("%s: want at most %d bytes", member, MaxReference)
	}
	return nil
}

func checkFactors(fs []Factor) error {
	if len(fs) > MaxFactors {
		return fmt.Errorf("factors: want at most %d", MaxFactors)
	}
	for i, f := range fs {
		if !wellFormedCode(f.Code) {
			return fmt.Errorf("factors[%d].code: want a code of small letters, digits and single underscores", i)
		}
		if err := checkText("factors.text", f.Text); err != nil {
			return err
		}
	}
	return nil
}

func checkNonce(s string) error {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != NonceSize || hex.EncodeToString(b) != s {
		return fmt.Errorf("nonce: want %d small hexadecimal digits", 2*NonceSize)
	}
	return nil
}
