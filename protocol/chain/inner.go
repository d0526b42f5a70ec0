package chain

import (
	"fmt"
	"slices"

	"comity.example/protocol"
)

// verifyInner verifies the act that another carries, as
// every act is verified: its signatures, its sender, its officers.
//
// It must have been in time, and its sender registered, when the carrier was
// issued. Who received it then has verified it on arrival; that it expires
// while it travels on is no fault of its sender's. What is passed on may have
// expired before: a person passes evidence on when a person can, and an
// addressee whose answers expire at once must not keep them from the issuer.
func (q *inquiry) verifyInner() *Fault {
	var signed []byte
	var fits func(*Authentic) *Fault
	switch body := &q.found.Act.Body; body.Kind() {
	case protocol.KindCertification:
		signed, fits = body.Certification.Request, q.checkCertified
	case protocol.KindRelay:
		signed, fits = body.Relay.Act, q.checkRelayed
	case protocol.KindObjection:
		signed, fits = body.Objection.Request, q.checkPut
	case protocol.KindEnforcement:
		signed, fits = body.Enforcement.Request, q.checkPut
	case protocol.KindUse:
		signed, fits = body.Use.Request, q.checkPut
	case protocol.KindDisclosure:
		signed, fits = body.Disclosure.Origin, q.checkOrigin
	default:
		return nil
	}
	if len(signed) == 0 {
		return nil
	}
	kind := q.found.Act.Body.Kind()
	if q.depth >= MaxDepth || q.depth > 0 && !carriesWithin(q.within, kind) {
		return refuse(protocol.ReasonMalformed, "acts that are too deep in one another")
	}
	inner, f := q.run(&inquiry{
		Context: q.Context,
		signed:  signed,
		depth:   q.depth + 1,
		within:  kind,
		moment:  q.found.Act.Issued,

		passedOn: q.found.Act.Body.Certification == nil,
	}, actSteps())
	if f != nil {
		return &Fault{f.Reason, fmt.Errorf("carried act: %w", f.Err)}
	}
	if f := fits(inner); f != nil {
		return f
	}
	q.found.Inner = inner
	return nil
}

// carriesWithin reports whether an act that is carried by one of a kind may carry
// one itself: what is put to an authority is a certification with its request, and
// what a relay passes on may be a disclosure that passes one on.
func carriesWithin(carrier, kind protocol.Kind) bool {
	switch carrier {
	case protocol.KindObjection, protocol.KindEnforcement, protocol.KindUse:
		return kind == protocol.KindCertification
	case protocol.KindRelay:
		return kind == protocol.KindDisclosure
	}
	return false
}

// checkPut: what is put to an authority of the receiving side is the order as
// the sender received it, or sent it, within its case.
func (q *inquiry) checkPut(inner *Authentic) *Fault {
	act := q.found.Act
	kind := inner.Act.Body.Kind()
	if kind != protocol.KindCertification && kind != protocol.KindRequest {
		return refuse(protocol.ReasonMalformed, "what is put to an authority is not an order")
	}
	if inner.Act.Case != act.Case {
		return refuse(protocol.ReasonWrongCase, "put to an authority in another case")
	}
	if inner.Act.Agreement != act.Agreement {
		return refuse(protocol.ReasonNotGoverning, "put to an authority under another agreement")
	}
	if inner.Act.From != act.From && !slices.Contains(inner.Act.To, act.From) {
		return refuse(protocol.ReasonWrongRecipient, "put to an authority by one it was not sent to")
	}
	return nil
}

// checkOrigin: what an authority passes on into a case was disclosed to it, in
// another case, by a participant of its own Party, and says what it says itself.
// It was not passed on to it in turn: who produced it is the one below.
func (q *inquiry) checkOrigin(inner *Authentic) *Fault {
	act, origin := q.found.Act, inner.Act
	d := origin.Body.Disclosure
	if d == nil || len(d.Origin) > 0 {
		return refuse(protocol.ReasonMalformed, "what is passed on is not what somebody disclosed")
	}
	if origin.Case == act.Case {
		return refuse(protocol.ReasonWrongCase, "passed on within the case in which it was disclosed")
	}
	if origin.From.Party() != act.From.Party() || origin.From == act.From {
		return refuse(protocol.ReasonRole, "disclosed by another Party, or by the sender itself")
	}
	if !slices.Contains(origin.To, act.From) {
		return refuse(protocol.ReasonWrongRecipient, "passed on by one it was not sent to")
	}
	if !act.Body.Disclosure.PassesOn(d) {
		return refuse(protocol.ReasonMalformed, "passed on as something else than was disclosed")
	}
	return nil
}

// checkCertified: a designated authority certifies a request that an authority
// of its own Party made to it, in this case and under this agreement. Nobody
// certifies what was meant for another.
func (q *inquiry) checkCertified(inner *Authentic) *Fault {
	act, request := q.found.Act, inner.Act
	if request.Body.Kind() != protocol.KindRequest {
		return refuse(protocol.ReasonMalformed, "what is certified is not a request")
	}
	if request.Case != act.Case {
		return refuse(protocol.ReasonWrongCase, "certified in another case")
	}
	if request.Agreement != act.Agreement {
		return refuse(protocol.ReasonNotGoverning, "certified under another agreement")
	}
	if request.From.Party() != act.From.Party() {
		return refuse(protocol.ReasonRole, "certified by another Party")
	}
	if request.From != act.From && !slices.Contains(request.To, act.From) {
		return refuse(protocol.ReasonWrongRecipient, "certified by one it was not sent to")
	}
	return nil
}

// checkRelayed: a participant passes on what was sent to it, within its case.
func (q *inquiry) checkRelayed(inner *Authentic) *Fault {
	if inner.Act.Case != q.found.Act.Case {
		return refuse(protocol.ReasonWrongCase, "passed on in another case")
	}
	if !slices.Contains(inner.Act.To, q.found.Act.From) {
		return refuse(protocol.ReasonWrongRecipient, "passed on by one it was not sent to")
	}
	return nil
}
