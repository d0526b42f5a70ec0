package chain

import (
	"fmt"
	"slices"

	"comity.example/protocol"
)

// verifyInner verifies the act that a certification or a relay carries, as
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
	default:
		return nil
	}
	if q.depth >= MaxDepth {
		return refuse(protocol.ReasonMalformed, "more than %d acts in one another", MaxDepth+1)
	}
	inner, f := q.run(&inquiry{
		Context: q.Context,
		signed:  signed,
		depth:   q.depth + 1,
		moment:  q.found.Act.Issued,

		passedOn: q.found.Act.Body.Relay != nil,
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
