package chaintest

import (
	"bytes"
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/evidence/evidencetest"
)

// Agreement is what the acts of a World refer to.
var Agreement = protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}

// Act returns an act of a fresh case, issued now for a week, not yet endorsed.
func (w *World) Act(
	body protocol.Body, from protocol.ParticipantID, to ...protocol.ParticipantID) *protocol.Act {
	return &protocol.Act{
		Version: protocol.Version, ID: protocol.NewActID(), Case: protocol.NewCaseID(),
		Follows: []protocol.Digest{}, From: from, To: to, Agreement: Agreement,
		Issued: Now, Expires: Now.Add(7 * Day), Body: body,
		Endorsements: []protocol.Endorsement{},
	}
}

// Order returns a complete production request of issuer to addressee.
func Order(issuer, addressee protocol.ParticipantID) *protocol.Request {
	return &protocol.Request{
		Type: protocol.Production, Issuer: issuer, Addressee: addressee,
		FileNumber: "OP-1", Purpose: "criminal investigation",
		Authorisation: protocol.Authorisation{
			Kind: protocol.AuthorityJudge, Authority: "Crown Court", Reference: "T1",
			Date: Now.Add(-3 * Day), Instrument: "overseas production order",
		},
		Offence: protocol.Offence{
			Description: "fraud", Provisions: []string{"Fraud Act 2006 s.1"}, MaxCustodyMonths: 120,
		},
		Target: protocol.Target{LocatedIn: issuer.Party(), Basis: "subscriber check"},
		Identifiers: []protocol.Identifier{
			{Type: protocol.IdentifierEmail, Value: "a@example.com", Service: "mail"},
		},
		Data: []protocol.DataItem{{
			Category: protocol.CategoryContent, From: Now.Add(-300 * Day), To: Now.Add(-100 * Day),
		}},
		Proceedings: protocol.StageInvestigation,
		Service:     &protocol.Service{Class: protocol.ServiceCommunications},
	}
}

// Request returns a request act of from to the first of to, endorsed by from's officer.
func (w *World) Request(from protocol.ParticipantID, to ...protocol.ParticipantID) *protocol.Act {
	w.tb.Helper()
	act := w.Act(protocol.Body{Request: Order(from, to[0])}, from, to...)
	w.Endorse(act, w.Member(from).Officer)
	return act
}

// Certify returns by's certification of a signed request, sent on to the
// participants in to, endorsed by by's officer.
func (w *World) Certify(
	request *protocol.Act, by protocol.ParticipantID, to ...protocol.ParticipantID) *protocol.Act {
	w.tb.Helper()
	act := w.Act(protocol.Body{Certification: &protocol.Certification{
		Request: w.Sign(request), Invokes: true, Contact: "desk", Targeting: "procedure 1",
	}}, by, to...)
	act.Case, act.Agreement = request.Case, request.Agreement
	w.Endorse(act, w.Member(by).Officer)
	return act
}

// Disclose returns from's answer to a request: one object, no officer.
func (w *World) Disclose(
	request *protocol.Act, from protocol.ParticipantID, to ...protocol.ParticipantID) *protocol.Act {
	w.tb.Helper()
	mail := evidencetest.Object("mail.mbox", "application/mbox", []byte("From a\n"))
	act := w.Act(protocol.Body{Disclosure: evidencetest.Disclosure(
		protocol.ProductionComplete, []protocol.Object{mail}, to...)}, from, to...)
	act.Case, act.Agreement = request.Case, request.Agreement
	return act
}

// Relay returns by's passing on of a signed act to the participants in to.
func (w *World) Relay(
	received *protocol.Act, by protocol.ParticipantID, to ...protocol.ParticipantID) *protocol.Act {
	w.tb.Helper()
	act := w.Act(protocol.Body{Relay: &protocol.Relay{Act: w.Sign(received)}}, by, to...)
	act.Case, act.Agreement = received.Case, received.Agreement
	return act
}

// Endorse adds an officer's endorsement to act, signed a minute before its issue.
func (w *World) Endorse(act *protocol.Act, by *Officer) {
	w.tb.Helper()
	st, err := chain.StatementOf(act, act.Issued.Add(-time.Minute))
	w.must(err)
	w.EndorseWith(act, by, st)
}

// EndorseWith adds an endorsement whose statement says st, whatever that is.
func (w *World) EndorseWith(act *protocol.Act, by *Officer, st protocol.Statement) {
	w.tb.Helper()
	e, err := chain.Endorse(by.Credential, by.Key, st)
	w.must(err)
	act.Endorsements = append(act.Endorsements, e)
	act.Endorsed = append(act.Endorsed, protocol.DigestOf(e.Encode()))
}

// Wrap returns a signed act around whatever stands for its JWS and beside it.
func Wrap(jws []byte, beside ...protocol.Endorsement) []byte {
	list := make([][]byte, len(beside))
	for i := range beside {
		list[i] = beside[i].Encode()
	}
	return slices.Concat([]byte(`{"act":`), jws, []byte(`,"endorsements":[`), bytes.Join(list, []byte(",")), []byte(`]}`))
}

// Unwrap returns the JWS of a signed act that Sign returned.
func Unwrap(signed []byte) []byte {
	jws, _, _ := bytes.Cut(signed, []byte(`,"endorsements":[`))
	return bytes.TrimPrefix(jws, []byte(`{"act":`))
}

// Sign returns act signed by its sender's organisation.
func (w *World) Sign(act *protocol.Act) []byte {
	w.tb.Helper()
	signed, err := chain.Sign(act, w.Member(act.From).Signing)
	w.must(err)
	return signed
}
