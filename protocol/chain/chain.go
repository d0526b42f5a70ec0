// Package chain says who stands behind an act: it verifies every signature of
// the chain from an officer's statement over the officer's credential and the
// organisation's signature to the register that the Party's roots signed, and
// that the act was delivered by its sender, to its addressee, in time.
//
// It is pure. A node's gate calls Verify with what it knows on arrival;
// "comity verify" calls VerifyOffline with the registers as they stood, and
// finds the same.
//
// Whether an agreement allows the act is not asked here, nor whether the case
// expects it.
//
// The package is trusted with this: an Authentic is an act that every
// organisation and officer it names stands behind, each registered for it by
// its own Party when it arrived. A Fault says no more to a stranger than its
// Reason.
package chain

import (
	"fmt"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

const (
	// MaxSigned bounds a signed act, in bytes, before it is parsed: MaxAct in
	// base64 with two signatures, and the endorsements beside it.
	MaxSigned = (protocol.MaxAct+2)/3*4 + 8<<10 + protocol.MaxEndorsements*(register.MaxCredential+MaxStatement+64)
	// MaxStatement bounds an officer's signed statement, in bytes.
	MaxStatement = 16 << 10
	// MaxDepth bounds how deep acts may stand in one another: a certification
	// carries a request, what is put to an authority of the receiving side carries
	// a certification, and a relay a disclosure that carries the provider's.
	MaxDepth = 2
	// MaxEndorsementAge bounds the time from an officer's signature to the
	// issue of the act: what was approved long ago is approved again.
	MaxEndorsementAge = 30 * 24 * time.Hour

	typeAct       = "comity-act+jws"
	typeStatement = "comity-statement+jws"
)

// A Context is what the verifier knows besides the act. The zero Context
// refuses every act.
type Context struct {
	// Directory holds the registers, as they stood at At.
	Directory *register.Directory
	// At is when the act arrived, by the verifier's clock or record.
	At time.Time
	// Peer delivered the act and Self received it; both empty offline.
	Peer protocol.ParticipantID
	Self protocol.ParticipantID
	// Cache may be nil.
	Cache *register.CredentialCache
}

// An Authentic is an act whose chain of signatures was verified. Only this
// package makes one, and whoever has one only reads it.
type Authentic struct {
	Act    *protocol.Act
	Signed []byte          // the caller's bytes, not a copy
	Digest protocol.Digest // of the act's canonical form: what Follows names

	Sender   *register.Participant
	Officers []Officer
	// Inner is the act that this one carries.
	Inner *Authentic
}

// An Officer is one who endorsed an act.
type Officer struct {
	ID          register.OfficerID
	Participant protocol.ParticipantID
	Roles       []protocol.Role
	Types       []protocol.RequestType // none stands for all
	Grades      []register.Grade
	Key         identity.Fingerprint
	Signed      time.Time // when, by the officer's word
}

// Origin returns the act at the bottom of the chain: the certified request of
// a certification, the act that a relay passes on, or the act itself.
func (a *Authentic) Origin() *Authentic {
	for a.Inner != nil {
		a = a.Inner
	}
	return a
}

// Request returns the request that the act makes, certifies or passes on, or
// nil when it does none of these.
func (a *Authentic) Request() *protocol.Request { return a.Origin().Act.Body.Request }

// A Fault is why an act is not believed. It is not an error, so that a nil
// Fault never turns into an error that is not nil.
type Fault struct {
	// Reason is all that may cross a border.
	Reason protocol.Reason
	// Err is for the local log; it names no person and no identifier.
	Err error
}

// String returns the reason and the error, for a log.
func (f *Fault) String() string { return fmt.Sprintf("%s: %v", f.Reason, f.Err) }

// Verify returns the act in signed if everything about it is as it must be on
// arrival at a node: in.Peer delivered it and sent it, and it is for in.Self.
func Verify(signed []byte, in Context) (*Authentic, *Fault) {
	return in.verify(signed, gateSteps())
}

// VerifyOffline is Verify for one who was not there: it does not ask who
// delivered the act, nor to whom. Everything else is the same, at in.At.
func VerifyOffline(signed []byte, in Context) (*Authentic, *Fault) {
	return in.verify(signed, actSteps())
}

func (in Context) verify(signed []byte, steps []step) (*Authentic, *Fault) {
	if f := in.check(); f != nil {
		return nil, f
	}
	return in.run(&inquiry{Context: in, signed: signed, moment: in.At}, steps)
}

// check refuses the Context that knows too little.
func (in Context) check() *Fault {
	if in.Directory == nil {
		return refuse(protocol.ReasonUnknownParty, "no directory")
	}
	if in.At.IsZero() {
		return refuse(protocol.ReasonClock, "no time of arrival")
	}
	return nil
}

func (in Context) run(q *inquiry, steps []step) (*Authentic, *Fault) {
	for _, s := range steps {
		if f := s.check(q); f != nil {
			return nil, &Fault{f.Reason, fmt.Errorf("chain: %s: %w", s.name, f.Err)}
		}
	}
	return &q.found, nil
}

func refuse(reason protocol.Reason, format string, args ...any) *Fault {
	return &Fault{reason, fmt.Errorf(format, args...)}
}

// A step is one question that is put to an act, in the order of SPEC.md §4.
type step struct {
	name  string
	check func(*inquiry) *Fault
}

// An inquiry is an act on its way through the steps.
type inquiry struct {
	Context
	signed []byte
	claim  *seal.Claim // signed, once it was read
	depth  int
	within protocol.Kind // of the act that carries this one, "" for none
	// moment is when the act must be in time and its sender registered: its
	// arrival, or, of an act that another carries, the issue of its carrier.
	// Keys that were revoked by Context.At are not believed in either.
	moment time.Time
	// passedOn is set for the act in a relay: it may have expired since it arrived.
	passedOn bool
	found    Authentic // filled in step by step
}

// actSteps are the questions that are put to every act.
func actSteps() []step {
	return []step{
		{"read", (*inquiry).read},
		{"look up sender", (*inquiry).lookUpSender},
		{"verify signatures", (*inquiry).verifySignatures},
		{"check times", (*inquiry).checkTimes},
		{"check sender's role", (*inquiry).checkRole},
		{"verify carried act", (*inquiry).verifyInner},
		{"verify carried proof", (*inquiry).verifyProof},
		{"verify officers", (*inquiry).verifyOfficers},
	}
}

// gateSteps are those that are put to an act on arrival: the questions about
// its journey come once its words are known to be its sender's.
func gateSteps() []step {
	journey := []step{
		{"check delivery", (*inquiry).checkDelivery},
		{"check recipient", (*inquiry).checkRecipient},
	}
	return slices.Insert(actSteps(), 3, journey...)
}

func (q *inquiry) read() *Fault {
	if len(q.signed) > MaxSigned {
		return refuse(protocol.ReasonTooLarge, "%d bytes: want at most %d",
			len(q.signed), MaxSigned)
	}
	whole, err := readSigned(q.signed)
	if err != nil {
		return &Fault{protocol.ReasonMalformed, err}
	}
	claim, err := seal.ReadClaim(whole.Act)
	if err != nil {
		return &Fault{protocol.ReasonMalformed, err}
	}
	act, err := whole.open(claim.UnverifiedPayload())
	if err != nil {
		return &Fault{protocol.ReasonMalformed, err}
	}
	q.claim = claim
	q.found.Act, q.found.Signed = act, q.signed
	q.found.Digest = protocol.DigestOf(claim.UnverifiedPayload())
	return nil
}

func (q *inquiry) lookUpSender() *Fault {
	from := q.found.Act.From
	sender, err := q.Directory.Participant(from, q.moment)
	if err != nil {
		return &Fault{register.Reason(err), err}
	}
	if q.Directory.Revoked(from.Party(), sender.Signing.Fingerprint(), q.At) {
		return refuse(protocol.ReasonKeyRevoked, "the signing key of %q", from)
	}
	q.found.Sender = sender
	return nil
}

func (q *inquiry) verifySignatures() *Fault {
	_, _, err := q.claim.Verify(typeAct, q.found.Sender.Signing)
	if err != nil {
		return &Fault{register.Reason(err), err}
	}
	return nil
}

// checkDelivery: an envelope that one peer opened and another delivers again
// is still the first one's word, but not the second one's to send.
func (q *inquiry) checkDelivery() *Fault {
	if q.Peer != q.found.Act.From {
		return refuse(protocol.ReasonWrongSender, "delivered by another than its sender")
	}
	return nil
}

// checkRecipient: JWE does not authenticate its recipients (RFC 7516, 7.2.1),
// so what was sealed to us need not be meant for us.
func (q *inquiry) checkRecipient() *Fault {
	if !slices.Contains(q.found.Act.To, q.Self) {
		return refuse(protocol.ReasonWrongRecipient, "addressed to others")
	}
	return nil
}

func (q *inquiry) checkTimes() *Fault {
	act := q.found.Act
	if act.Issued.After(q.moment.Add(protocol.MaxSkew)) {
		return refuse(protocol.ReasonClock, "issued %v ahead", act.Issued.Sub(q.moment))
	}
	if !q.passedOn && q.moment.After(act.Expires) {
		return refuse(protocol.ReasonExpired, "expired %v before", q.moment.Sub(act.Expires))
	}
	return nil
}
