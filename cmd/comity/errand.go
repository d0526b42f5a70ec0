package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/chain"
)

// signing are the flags of every verb with which an officer signs.
type signing struct {
	Officer string `env:"COMITY_OFFICER" placeholder:"FILE" help:"Officer's key file. By default the home's only one."`
}

// An errand is what a person wants done: one act in a case.
type errand struct {
	signing
	draft desk.Draft
	// fits reports whether what the node prepared is what the person asked for.
	fits func(*desk.Prepared) error
	need need
	done string // in words: "sent the request"
}

// A need says whether an officer signs. The zero need wants one.
type need int

const (
	always  need = iota
	ifThere      // where the home has one
	ifNamed      // where the person names one
)

// sent is what an errand says to a program.
type sent struct {
	desk.Submitted
	To []protocol.ParticipantID `json:"to"`
}

// errNotAsked closes the attack in which a node, or who stands in its place, has an
// officer sign something else than was asked for.
var errNotAsked = &failure{exitDoubt, "the node prepared something else than was asked for; nothing was signed",
	"do not trust this node until you know why"}

// perform has the node prepare the act, shows it, signs it and submits it.
func (a *app) perform(ctx context.Context, e errand) error {
	h, node, err := a.openDesk()
	if err != nil {
		return err
	}
	p, err := node.Prepare(ctx, e.draft)
	if err != nil {
		return err
	}
	if err := e.check(h, &p); err != nil {
		return err
	}
	if p.Decision.Verdict == protocol.Deny {
		return a.tell(sent{desk.Submitted{Case: p.Case, Decision: p.Decision}, p.To}, e.done)
	}
	signed, err := a.endorse(ctx, h, e, &p)
	if err != nil {
		return err
	}
	s, err := node.Submit(ctx, signed)
	if err != nil {
		return err
	}
	return a.tell(sent{s, p.To}, e.done)
}

// check compares what the officer is asked to sign with what was asked for.
// The digest is computed here, of what is shown here.
func (e *errand) check(h *home.Home, p *desk.Prepared) error {
	digest, err := p.Body.Digest()
	if err != nil {
		return err
	}
	st := p.Statement
	want := protocol.Statement{Kind: p.Body.Kind(), Body: digest, Case: p.Case,
		Participant: h.Config.Participant, Agreement: st.Agreement, Signed: st.Signed}
	otherCase := e.draft.Case != "" && p.Case != e.draft.Case
	otherAgreement := e.draft.Agreement != "" && st.Agreement.ID != e.draft.Agreement
	if st != want || otherCase || otherAgreement {
		return errNotAsked
	}
	return e.fits(p)
}

// endorse shows the act to the officer and has it signed.
func (a *app) endorse(ctx context.Context, h *home.Home, e errand, p *desk.Prepared) (desk.Draft, error) {
	d := desk.Draft{Case: p.Case, Agreement: p.Statement.Agreement.ID, Body: p.Body}
	if e.need == ifNamed && e.Officer == "" {
		return d, nil
	}
	officer, err := a.readOfficer(ctx, h, e.Officer)
	if errors.Is(err, errNoOfficer) && e.need == ifThere {
		return d, nil
	}
	if errors.Is(err, errNoOfficer) {
		return d, badInput("an officer must sign this, and the home has no officer's key",
			"name the officer's file with --officer, or make one with comity officer new")
	}
	if err != nil {
		return d, err
	}
	if a.asks() {
		err := a.present(p)
		if err == nil {
			err = a.confirm(ctx, "sign this "+string(p.Body.Kind())+"?")
		}
		if err != nil {
			return d, err
		}
	}
	p.Statement.Signed = a.instant()
	endorsement, err := officer.Endorse(p.Statement)
	d.Endorsements = []protocol.Endorsement{endorsement}
	return d, err
}

// present shows what is to be signed.
func (a *app) present(p *desk.Prepared) error {
	return a.show(p, func(w io.Writer) {
		field(w, "case", string(p.Case))
		field(w, "to", words(p.To))
		if act, err := carriedIn(&p.Body, p.Case); err == nil && act != nil {
			writeCarried(w, act)
		}
		writeBody(w, &p.Body)
		writeDecision(w, &p.Decision, brief)
	})
}

// tell says what became of an errand. What was not sent stays a draft.
func (a *app) tell(s sent, what string) error {
	if !s.Act.IsZero() {
		return a.show(s, func(w io.Writer) {
			fmt.Fprintf(w, "%s in %s", what, s.Case)
			if len(s.To) > 0 {
				fmt.Fprintf(w, ", for %s", words(s.To))
			}
			fmt.Fprintln(w)
		})
	}
	err := a.show(s, func(w io.Writer) {
		fmt.Fprintf(w, "not sent: %s\n", s.Case)
		writeDecision(w, &s.Decision, brief)
	})
	return errors.Join(err, done(statusOf(s.Decision.Verdict)))
}

// carriedIn returns the act that a certification or a relay carries, which must
// be one of that case; nil for every other body.
func carriedIn(b *protocol.Body, id protocol.CaseID) (*protocol.Act, error) {
	var signed []byte
	switch {
	case b.Certification != nil:
		signed = b.Certification.Request
	case b.Relay != nil:
		signed = b.Relay.Act
	default:
		return nil, nil
	}
	act, err := chain.Unverified(signed)
	if err != nil || act.Case != id {
		return nil, errNotAsked
	}
	return act, nil
}
