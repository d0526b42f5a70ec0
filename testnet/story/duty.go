package story

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
)

// eyes: eyes PARTICIPANT [request=N] [disclosure=N] — its operator asks for so many
// officers behind what it sends, and starts its node again.
func (p *player) eyes(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	id := protocol.ParticipantID(args[0])
	h := p.Home(id)
	if h == nil {
		return fmt.Errorf("no participant %q", id)
	}
	var a home.Approvals
	for _, x := range []struct {
		option string
		n      *int
	}{{"request", &a.Request}, {"disclosure", &a.Disclosure}} {
		if text := st.option(x.option); text != "" {
			if _, err := fmt.Sscan(text, x.n); err != nil {
				return fmt.Errorf("%s: %w", x.option, err)
			}
		}
	}
	c := h.Config
	c.Approvals = a
	if err := p.Kill(id); err != nil {
		return err
	}
	if err := h.Configure(c); err != nil {
		return err
	}
	if err := p.Restart(ctx, id); err != nil {
		return err
	}
	p.say("  %s asks for %d officers behind a request, and %d behind a disclosure", id, max(a.Request, 1), max(a.Disclosure, 1))
	return nil
}

// propose: propose CASE PARTICIPANT FILE — keeps a disclosure until it is approved.
func (p *player) propose(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	_, o, err := p.taken(ctx, st)
	if err != nil {
		return err
	}
	_, err = node.Save(ctx, desk.Draft{Case: id, Body: protocol.Body{Disclosure: &protocol.Disclosure{
		Status: protocol.ProductionComplete, Objects: []protocol.Object{o}}}})
	return err
}

// approve: approve CASE PARTICIPANT [by=officer|supervisor] — signs the draft, which stays.
func (p *player) approve(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	by := st.option("by")
	if by == "" {
		by = "supervisor"
	}
	id, at := protocol.ParticipantID(args[1]), p.cases[args[0]]
	officer, err := p.who(id, by)
	if err != nil {
		return err
	}
	node, err := p.Desk(id)
	if err != nil {
		return err
	}
	prepared, err := node.Prepare(ctx, desk.Draft{Case: at})
	if err != nil {
		return err
	}
	prepared.Statement.Signed = p.now()
	e, err := officer.Endorse(prepared.Statement)
	if err != nil {
		return err
	}
	now, err := node.Approve(ctx, desk.Draft{Case: at, Body: prepared.Body, Endorsements: []protocol.Endorsement{e}})
	if err != nil {
		return err
	}
	p.say("  ✓ approved by the %s of %s: %d of %d stand behind it", by, id, len(now.By), now.Needed)
	return nil
}

// who returns an officer of a participant.
func (p *player) who(id protocol.ParticipantID, by string) (*home.Officer, error) {
	switch by {
	case "", "officer":
		return p.Officer(id)
	case "supervisor":
		return p.Supervisor(id)
	}
	return nil, fmt.Errorf("by=%s: want officer or supervisor", by)
}

// sendDraft: send CASE PARTICIPANT [by=officer|supervisor] — sends the draft, with its approvals.
func (p *player) sendDraft(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	id := protocol.ParticipantID(args[1])
	at, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	officer, err := p.who(id, st.option("by"))
	if err != nil {
		return err
	}
	return p.actBy(ctx, id, officer, desk.Draft{Case: at})
}

// challenge: challenge CASE PARTICIPANT [within=10m]
func (p *player) challenge(ctx context.Context, st step) error {
	within := 10 * time.Minute
	if text := st.option("within"); text != "" {
		var err error
		if within, err = time.ParseDuration(text); err != nil {
			return err
		}
	}
	nonce := make([]byte, protocol.NonceSize)
	rand.Read(nonce) // never returns an error
	return p.body(ctx, st, protocol.Body{Challenge: &protocol.Challenge{Nonce: hex.EncodeToString(nonce), Until: p.now().Add(within)}})
}

// respond: respond CASE PARTICIPANT [by=officer|supervisor]
func (p *player) respond(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	id := protocol.ParticipantID(args[1])
	officer, err := p.who(id, st.option("by"))
	if err != nil {
		return err
	}
	var asked *protocol.Challenge
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		for _, act := range v.Acts {
			if c := act.Content.Body.Challenge; c != nil {
				asked = c
			}
		}
		return asked != nil
	})
	if err != nil {
		return err
	}
	return p.actBy(ctx, id, officer, desk.Draft{Case: p.cases[args[0]],
		Body: protocol.Body{Response: &protocol.Response{Nonce: asked.Nonce, Answers: []protocol.Digest{}}}})
}

// wait: wait DURATION
func (p *player) wait(ctx context.Context, st step) error {
	d, err := time.ParseDuration(st.text)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// holds: holds CASE PARTICIPANT KIND — its ledger has an act of that kind.
func (p *player) holds(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	entry := int64(0)
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		for _, act := range v.Acts {
			if act.Kind == protocol.Kind(args[2]) {
				entry = act.Leaf
				return true
			}
		}
		return false
	})
	if err == nil {
		p.say("  ✓ the %s is entry %d of the ledger of %s", args[2], entry, args[1])
	}
	return err
}

// swift: swift CASE PARTICIPANT DURATION — the evidence came so soon after the request was issued.
func (p *player) swift(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	most, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	var took time.Duration
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		var asked time.Time
		for _, act := range v.Acts {
			switch act.Kind {
			case protocol.KindRequest:
				asked = act.Issued
			case protocol.KindDisclosure:
				took = act.At.Sub(asked)
				return true
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	if took > most {
		return fmt.Errorf("the evidence took %v", took)
	}
	p.say("  ✓ from the signed request to the evidence: at most %v", max(took, time.Second).Round(time.Second))
	return nil
}

// fails: fails TEXT STEP… — the step does not come about, and the error says TEXT.
func (p *player) fails(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	err = st.in.do(p, ctx, *st.in)
	switch {
	case err == nil:
		return errors.New("it came about")
	case !strings.Contains(err.Error(), args[0]):
		return err
	}
	p.say("  ✗ %s: %v", st.in.verb, err)
	return nil
}
