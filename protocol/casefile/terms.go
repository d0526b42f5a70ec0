package casefile

import (
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// Terms are what the documents say of the regions of a case: found when the case
// is opened, since a document that is replaced later does not change a case.
type Terms struct {
	// Issuer says that the issuing side tells the user; else the addressee does.
	Issuer bool `json:"issuer,omitzero"`
	// Owed says that the document wants the user told of what was disclosed, whether
	// or not secrecy delayed it.
	Owed bool `json:"owed,omitzero"`
	// Keeps says that the addressee keeps what is asked for from the receipt on.
	Keeps bool `json:"keeps,omitzero"`
	// Extensions is how often a preservation may be extended, 0 for as often as the
	// issuing side wants.
	Extensions int `json:"extensions,omitzero"`
	// SecrecyEnd is the article that wants an order of secrecy to have an end.
	SecrecyEnd string `json:"secrecy_end,omitzero"`
	// Consult is before what an authority must ask the issuing side; of a refusal,
	// for the grounds in ConsultOn, none for all.
	Consult   []agreement.Consulted `json:"consult,omitempty"`
	ConsultOn []protocol.Reason     `json:"consult_on,omitempty"`
	// Waive are the grounds for which an authority that consults may be asked to have
	// what protects the data waived.
	Waive []protocol.Reason `json:"waive,omitempty"`
	// StateRule is the rule that wants a third State told, with those of its
	// statements that say that it was, and those that record an exception.
	StateRule  string   `json:"state_rule,omitzero"`
	Sent       []string `json:"sent,omitempty"`
	Exceptions []string `json:"exceptions,omitempty"`
}

// Terms returns those of a case that a request opens.
func (g Grounds) Terms(ref protocol.AgreementRef, r *protocol.Request, at time.Time) *Terms {
	t := new(Terms)
	doc := g.Book.Text(ref)
	if doc == nil {
		return t
	}
	if n := doc.Notice; n != nil {
		t.Issuer = n.Responsible == agreement.TellIssuing
		t.Owed = t.Issuer && doc.Kind != agreement.KindDomestic
	}
	if k := doc.Keeping; k != nil {
		t.Keeps, t.Extensions = k.OnReceipt, k.Extensions
	}
	if x := doc.Consult; x != nil && x.Duty == agreement.ConsultRequired {
		t.Consult, t.ConsultOn = x.Before, x.Grounds
	}
	if x := doc.Consult; x != nil && x.Waiver != nil {
		t.Waive = x.Waiver.Grounds
	}
	for _, d := range append([]*agreement.Document{doc}, g.Book.Laws(r.Issuer.Party(), at)...) {
		if x := d.Secrecy; x != nil && t.SecrecyEnd == "" && x.Concerns(r.Type, r.Categories()) {
			t.SecrecyEnd = x.Article
		}
	}
	if doc.StateNotice != nil {
		t.StateRule = doc.StateNotice.Rule
		t.Sent, t.Exceptions = doc.StateStatements()
	}
	return t
}

// Request returns the request that the act makes or carries, nil if there is none.
func (s *Step) Request() *protocol.Request {
	for ; s != nil; s = s.Inner {
		if r := s.Act.Body.Request; r != nil {
			return r
		}
	}
	return nil
}

// settleTerms takes over what the documents say, where they were looked up. A
// third State is told only where they ask for it.
func (c *Case) settleTerms(s *Step) {
	if c.Terms = s.Terms; c.Terms != nil && !c.Terms.asksState(s.Decision) {
		c.Matter.ThirdStates = nil
	}
}

// asksState reports whether a decision found that a third State is to be told.
func (t *Terms) asksState(d *protocol.Decision) bool {
	return t.StateRule != "" && d != nil && slices.ContainsFunc(d.Findings, func(f protocol.Finding) bool {
		return f.Rule == t.StateRule && f.Outcome != protocol.NotApplicable
	})
}

// told returns what the attestations of a request and of a certification say of
// the notice to a third State: "sent", "exception", or nothing.
func (t *Terms) told(s *Step) string {
	said := ""
	for ; t != nil && s != nil; s = s.Inner {
		var attested []protocol.Attestation
		if r := s.Act.Body.Request; r != nil {
			attested = r.Attestations
		}
		if c := s.Act.Body.Certification; c != nil {
			attested = c.Attestations
		}
		for _, a := range attested {
			switch {
			case slices.Contains(t.Sent, a.Statement):
				return stateSent
			case slices.Contains(t.Exceptions, a.Statement):
				said = stateException
			}
		}
	}
	return said
}

// What a third State was told, by a notice or by a statement at issue.
const (
	stateSent      = "sent"
	stateException = "exception"
)

// Teller returns who tells the user in the case.
func (c *Case) Teller() protocol.ParticipantID {
	if c.Terms != nil && c.Terms.Issuer {
		return c.Issuer
	}
	return c.Addressee
}
