package node

import (
	"net/http"
	"slices"
	"time"

	"comity.example/crypto/seal"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
)

// CompartmentType is the media type of a sealed compartment (SPEC.md §4.2).
const CompartmentType = "comity-compartment+jwe"

// fillCompartments seals what is not for the addressee's eyes: to this
// participant, to the authority of its Party that certifies or transmits the
// request, and to the authorities of the receiving Party that are told of it.
func (n *Node) fillCompartments(g casefile.Grounds, d desk.Draft, now time.Time) (desk.Draft, error) {
	if len(d.Sealed) == 0 {
		return d, nil
	}
	r := *d.Body.Request
	d.Body.Request = &r
	to, err := n.insiders(g, &r, d.Agreement, now)
	if err != nil {
		return d, err
	}
	var keys []*seal.SealKey
	for _, id := range to {
		p, err := g.Directory.Participant(id, now)
		if err != nil {
			return d, &desk.Problem{Status: http.StatusUnprocessableEntity,
				Text: "sealed: " + string(id) + " stands in no register", Hint: "see comity register show"}
		}
		keys = append(keys, p.Seal)
	}
	r.Compartments = slices.Clone(r.Compartments)
	for _, s := range d.Sealed {
		text := protocol.CompartmentText{Case: d.Case, Name: s.Name, Text: s.Text}
		b, err := text.Encode()
		if err != nil {
			return d, &desk.Problem{Status: http.StatusUnprocessableEntity, Text: err.Error(),
				Hint: "mend the members that are named and try again"}
		}
		sealed, err := seal.Seal(CompartmentType, b, keys...)
		if err != nil {
			return d, err
		}
		r.Compartments = append(r.Compartments, protocol.Compartment{Name: s.Name, For: to, Sealed: sealed})
	}
	d.Sealed = nil
	return d, nil
}

// insiders returns who may open the compartments of a request: never its
// addressee.
func (n *Node) insiders(g casefile.Grounds, r *protocol.Request, id string, now time.Time) ([]protocol.ParticipantID, error) {
	out := []protocol.ParticipantID{n.cfg.Self}
	add := func(ids ...protocol.ParticipantID) {
		for _, id := range ids {
			if id != r.Addressee && !slices.Contains(out, id) && len(out) < protocol.MaxRecipients {
				out = append(out, id)
			}
		}
	}
	found := n.preview(g, r, agreement.Facts{Ref: protocol.AgreementRef{ID: id}}, now)
	for _, f := range found.Findings {
		if f.Outcome == protocol.Held && f.Side == protocol.SideIssuing && f.Role != "" {
			add(firstOf(g.Directory.ByRole(n.cfg.Self.Party(), f.Role, now))...)
		}
	}
	notified, err := n.notifying(g, r, found.Agreement, now)
	if err != nil {
		return nil, err
	}
	add(notified...)
	if len(out) == 1 { // nobody is told: the authority that may be asked to enforce it
		add(firstOf(g.Directory.ByRole(r.Addressee.Party(), protocol.RoleEnforcing, now))...)
	}
	return out, nil
}

func firstOf(ids []protocol.ParticipantID) []protocol.ParticipantID { return ids[:min(1, len(ids))] }

// openCompartments returns the compartments of a request, with what they hold
// where they are for this participant and it can open them: not what somebody
// sealed to it besides.
func (n *Node) openCompartments(id protocol.CaseID, r *protocol.Request) []desk.SealedText {
	if r == nil {
		return nil
	}
	var out []desk.SealedText
	for _, c := range r.Compartments {
		s := desk.SealedText{Name: c.Name, For: c.For}
		if !slices.Contains(c.For, n.cfg.Self) {
			out = append(out, s)
			continue
		}
		if b, err := seal.Open(CompartmentType, c.Sealed, n.cfg.Keys.Open); err == nil {
			if t, err := protocol.ParseCompartmentText(b, id, c.Name); err == nil {
				s.Text = t.Text
			}
		}
		out = append(out, s)
	}
	return out
}

// requestIn returns the request that an act makes or carries, nil if none.
func requestIn(v *desk.ActView) *protocol.Request {
	if r := v.Content.Body.Request; r != nil {
		return r
	}
	if v.Carried != nil {
		return v.Carried.Body.Request
	}
	return nil
}
