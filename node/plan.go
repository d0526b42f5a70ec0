package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/node/exhibit"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// A plan is an act that lacks only signatures.
type plan struct {
	act  *protocol.Act
	file *casefile.Case // nil for a request, which opens one
	legs []leg          // of file
	body protocol.Body
}

// plan completes a draft with what the node knows: the case's thread, the
// recipients, the agreement that governs, and the acts that are carried.
func (n *Node) plan(ctx context.Context, g casefile.Grounds, d desk.Draft, now time.Time) (*plan, error) {
	p := &plan{body: d.Body}
	act := &protocol.Act{Version: protocol.Version, ID: protocol.NewActID(), Case: d.Case,
		Follows: []protocol.Digest{}, From: n.cfg.Self, Issued: now, Expires: now.Add(Lifetime),
		Endorsements: slices.Concat([]protocol.Endorsement{}, d.Endorsements)}
	p.act = act
	var err error
	if d.Body.Kind() == protocol.KindRequest {
		err = n.planRequest(g, p, d, now)
	} else {
		err = n.planAnswer(ctx, g, p, d)
	}
	if err == nil {
		act.Body = p.body
		p.body, err = n.exhibits.Fill(ctx, exhibit.Unfilled{Act: act, Case: p.file, Grounds: g, At: now})
	}
	if err != nil {
		return nil, err
	}
	act.Body = p.body
	if err := act.Check(); err != nil {
		return nil, &desk.Problem{Status: http.StatusUnprocessableEntity, Text: err.Error(),
			Hint: "mend the members that are named and try again"}
	}
	return p, nil
}

// planRequest decides which agreement a request goes under and whom it is
// sent to first: where the agreement wants a designated authority to transmit
// it, to ours.
func (n *Node) planRequest(g casefile.Grounds, p *plan, d desk.Draft, now time.Time) error {
	r := d.Body.Request
	if r.Issuer != n.cfg.Self && !n.serves(g, r.Issuer, now) {
		return &desk.Problem{Status: http.StatusForbidden,
			Text: "issuer: this node sends for " + string(n.cfg.Self) + " only"}
	}
	if err := n.named(g.Book, d.Agreement); err != nil {
		return err
	}
	if p.act.Case == "" {
		p.act.Case = protocol.NewCaseID()
	}
	preview := n.preview(g, r, agreement.Facts{Ref: protocol.AgreementRef{ID: d.Agreement}}, now)
	p.act.Agreement = preview.Agreement
	if r.Emergency != nil {
		p.act.Expires = now.Add(EmergencyLifetime)
	}
	to, err := n.notifying(g, r, preview.Agreement, now)
	if err != nil {
		return err
	}
	p.act.To = to
	return n.transmitted(g, p, &preview)
}

// transmitted sends a request to the authority of our own Party that is to
// transmit it, where one is: the designated one, or the central one, which
// reviews a request for mutual assistance. What a central authority asks for
// itself it completes itself, and sends to the other Party's.
func (n *Node) transmitted(g casefile.Grounds, p *plan, preview *protocol.Decision) error {
	waits := func(role protocol.Role) bool {
		return slices.ContainsFunc(preview.Findings, func(f protocol.Finding) bool {
			return f.Outcome == protocol.Held && f.Side == protocol.SideIssuing && f.Role == role
		})
	}
	role := protocol.RoleDesignated
	if !waits(role) {
		role = protocol.RoleCentral
		self := g.Standing(n.cfg.Self, preview.At)
		if preview.Verdict == protocol.Deny || !waits(role) || slices.Contains(self.Roles, role) {
			return nil
		}
	}
	ids := g.Directory.ByRole(n.cfg.Self.Party(), role, preview.At)
	if len(ids) == 0 {
		return &desk.Problem{Status: http.StatusUnprocessableEntity,
			Text: fmt.Sprintf("no %s authority stands in the register of %s", role, n.cfg.Self.Party())}
	}
	p.act.To = ids[:1]
	if slices.Contains(ids, n.cfg.Self) {
		p.act.To = []protocol.ParticipantID{n.cfg.Self}
	}
	return nil
}

// named wants the id of an agreement that is in use, or lies there and is not in
// use yet, or none. A slip of the pen is no denial; what a peer names is for the
// engine to judge.
func (n *Node) named(b *agreement.Book, id string) error {
	var ids []string
	for _, d := range b.Documents() {
		if d.Kind != agreement.KindDomestic {
			ids = append(ids, d.ID)
		}
		if d.ID == id {
			return nil
		}
	}
	if id == "" || slices.ContainsFunc(n.unused.take(), func(d Document) bool { return d.IsAgreement(id) }) {
		return nil
	}
	slices.Sort(ids)
	return &desk.Problem{Status: http.StatusBadRequest, Text: "agreement: this node uses none of that name",
		Hint: "it uses " + strings.Join(slices.Compact(ids), ", ")}
}

// notifying returns the addressee, and whoever must get the request at the same
// time: of each role the first of the receiving Party's register.
func (n *Node) notifying(g casefile.Grounds, r *protocol.Request, ref protocol.AgreementRef, now time.Time) ([]protocol.ParticipantID, error) {
	to := []protocol.ParticipantID{r.Addressee}
	f := g.Draft(r, now)
	f.Ref = ref
	for _, role := range g.Book.Notifies(r, f) {
		ids := g.Directory.ByRole(r.Addressee.Party(), role, now)
		if len(ids) == 0 {
			return nil, &desk.Problem{Status: http.StatusUnprocessableEntity,
				Text: fmt.Sprintf("%s wants it to be told at the same time, and no %s authority stands in the register of %s",
					ref.ID, role, r.Addressee.Party()),
				Hint: "ask that Party for a register that names one"}
		}
		if !slices.Contains(to, ids[0]) {
			to = append(to, ids[0])
		}
	}
	return to, nil
}

// serves reports whether this participant may send for another of its Party.
func (n *Node) serves(g casefile.Grounds, issuer protocol.ParticipantID, now time.Time) bool {
	self := g.Standing(n.cfg.Self, now)
	return issuer.Party() == n.cfg.Self.Party() && slices.Contains(self.Roles, protocol.RoleDesignated)
}

// planAnswer completes an act in a case that is open.
func (n *Node) planAnswer(ctx context.Context, g casefile.Grounds, p *plan, d desk.Draft) error {
	kind := p.body.Kind()
	if kind == "" {
		return &desk.Problem{Status: http.StatusBadRequest, Text: "body: want exactly one member"}
	}
	return n.problem(n.journal.View(ctx, func(r store.Reader) error {
		f, err := record.Read[filed](r, caseKey(d.Case))
		if errors.Is(err, store.ErrNotFound) {
			return notSent(r, d.Case)
		}
		if err != nil {
			return err
		}
		p.file, p.legs = &f.File, f.Legs
		p.act.Agreement = f.File.Agreement
		p.act.To = f.File.Recipients(kind, n.cfg.Self)
		inCase := p.act.To // who is put to for the first time holds none of it
		if err := n.putTo(g, p); err != nil {
			return err
		}
		answerOpen(&p.body, f.File.Answerable(&p.body, n.cfg.Self))
		if p.body.Reply != nil && len(p.body.Reply.Answers) == 0 ||
			p.body.Determination != nil && len(p.body.Determination.Answers) == 0 {
			return nothingOpen(kind)
		}
		if f.File.Emergency {
			p.act.Expires = p.act.Issued.Add(EmergencyLifetime)
		}
		if err := n.carry(r, p); err != nil {
			return err
		}
		if len(p.act.To) == 0 {
			return &desk.Problem{Status: http.StatusConflict,
				Text: "this participant has nobody to send that to in this case"}
		}
		p.act.Follows = f.File.Heads(inCase...)
		if kind == protocol.KindCertification {
			p.act.Follows = []protocol.Digest{f.File.Thread[0].Act}
		}
		p.act.Body = p.body
		if err := narrows(r, p.file, p.act); err != nil {
			return err
		}
		return mayProduce(g, p)
	}))
}

// carry puts the act that is certified or passed on into the body, byte for byte.
func (n *Node) carry(r store.Reader, p *plan) error {
	read := func(d protocol.Digest) ([]byte, error) { return r.Get(digestKey(prefixAct, d)) }
	var err error
	switch p.body.Kind() {
	case protocol.KindCertification:
		if p.file.Thread[0].Kind != protocol.KindRequest {
			return &desk.Problem{Status: http.StatusConflict, Text: "the request of this case is certified",
				Hint: "see comity case show"}
		}
		c := *p.body.Certification
		c.Request, err = read(p.file.Thread[0].Act)
		p.body.Certification = &c
	case protocol.KindRelay:
		waiting := p.file.ToRelay()
		if len(waiting) == 0 {
			return &desk.Problem{Status: http.StatusConflict, Text: "nothing in this case waits to be passed on",
				Hint: "see comity case show"}
		}
		p.body.Relay = &protocol.Relay{}
		p.body.Relay.Act, err = read(waiting[0])
	case protocol.KindDisclosure:
		return n.carryProduct(p, read)
	default:
		return n.carryOrder(p, read)
	}
	return err
}

// preview decides a request that nobody has signed, as if an officer of the
// issuer had. Of known, Ref, Certification and Notified count.
func (n *Node) preview(g casefile.Grounds, r *protocol.Request, known agreement.Facts, now time.Time) protocol.Decision {
	f := g.Draft(r, now)
	f.Officer = agreement.Officer{Present: true, Roles: f.Issuing.Roles}
	f.Ref, f.Certification, f.Notified = known.Ref, known.Certification, known.Notified
	if f.Certification.Present {
		f.Sender = f.Certification.By
	}
	return g.Book.Decide(r, f)
}

// Prepare implements desk.Acts.
func (n *Node) Prepare(ctx context.Context, d desk.Draft) (desk.Prepared, error) {
	if n.running.Load() { // else nobody is asked, and nothing can be sent
		if err := n.heard.wait(ctx, urgency(d)); err != nil {
			return desk.Prepared{}, err
		}
	}
	grounds := *n.grounds.Load()
	now := n.now()
	var have []approval
	if d.Body.Kind() == "" && d.Case != "" {
		saved, err := n.savedDraft(ctx, d.Case)
		if err != nil {
			return desk.Prepared{}, err
		}
		d, have = saved.Draft, saved.Approvals
	}
	if r := d.Body.Request; r != nil {
		if err := r.CheckDraft(now); err != nil {
			return desk.Prepared{}, &desk.Problem{Status: http.StatusUnprocessableEntity, Text: err.Error(),
				Hint: "mend the members that are named and try again"}
		}
	}
	p, err := n.plan(ctx, grounds, d, now)
	if err != nil {
		return desk.Prepared{}, err
	}
	st, err := chain.StatementOf(p.act, time.Time{})
	if err != nil {
		return desk.Prepared{}, err
	}
	out := desk.Prepared{Case: p.act.Case, To: p.act.To, Body: p.body, Statement: st}
	if p.body.Request != nil || p.body.Disclosure != nil {
		approvals := n.approvals(grounds, p.act, have, now)
		out.Approvals = &approvals
	}
	switch {
	case p.body.Request != nil:
		out.Decision = n.preview(grounds, p.body.Request, agreement.Facts{Ref: p.act.Agreement,
			Notified: grounds.Standings(p.act.To, now)}, now)
		if out.Decision.Verdict != protocol.Deny { // else that is what is wrong
			err = n.problem(n.journal.View(ctx, func(r store.Reader) error {
				return cmp.Or(mayConvert(r, p.act), n.mayExecute(r, p.act))
			}))
		}
	case p.body.Certification != nil:
		out.Decision, err = n.previewCertified(grounds, p, now)
	case p.body.Refusal != nil:
		out.Decision = grounds.Book.Refuse(agreement.Ground{Agreement: p.act.Agreement, Reason: p.body.Refusal.Reason,
			From: p.act.To[0].Party(), To: n.cfg.Self.Party(), At: now, Unasked: len(p.body.Refusal.Answers) == 0 &&
				!slices.Contains(grounds.Standing(n.cfg.Self, now).Roles, protocol.RoleProvider)})
	default:
		out.Decision = casefile.Belongs(p.act.Agreement, now)
		if p.file.State == casefile.UnderReview {
			err = n.openQuestions(ctx, p.file, &out.Decision)
		}
	}
	return out, err
}

// openQuestions puts before an officer what the case waits for on the receiving
// side: whoever discloses answers it, or takes it as answered.
func (n *Node) openQuestions(ctx context.Context, c *casefile.Case, d *protocol.Decision) error {
	opening := c.Thread[0].Act
	if e, ok := c.Last(protocol.KindCertification); ok {
		opening = e.Act
	}
	return n.journal.View(ctx, func(r store.Reader) error {
		b, err := r.Get(digestKey(prefixDecision, opening))
		if err != nil {
			return record.IgnoreMissing(err)
		}
		var held protocol.Decision
		if err := canon.Decode(b, &held); err != nil {
			return err
		}
		for _, f := range held.Findings {
			if f.Outcome == protocol.Held && f.Side == protocol.SideReceiving {
				d.Findings, d.Verdict = append(d.Findings, f), protocol.Hold
			}
		}
		return nil
	})
}

func (n *Node) previewCertified(g casefile.Grounds, p *plan, now time.Time) (protocol.Decision, error) {
	request, err := chain.Unverified(p.body.Certification.Request)
	if err != nil {
		return protocol.Decision{}, err
	}
	c := p.body.Certification
	return n.preview(g, request.Body.Request, agreement.Facts{Ref: p.act.Agreement,
		Certification: agreement.Certification{Present: true, By: g.Standing(n.cfg.Self, now),
			Invokes: c.Invokes, Contact: c.Contact, Targeting: c.Targeting, Attestations: c.Attestations}}, now), nil
}
