package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
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
	done string // in words: "signed the request"
	// instead says what else to do where the agreement denies the act.
	instead string
	// about is the request that the act answers, for the officer to see.
	about *protocol.Request
	// also shows the officer more before signing, nil for nothing.
	also func(io.Writer, *desk.Prepared)
	// talks says that whose move it is then the case says, and not the act.
	talks bool
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
		return a.tell(ctx, e, sent{desk.Submitted{Case: p.Case, Decision: p.Decision}, p.To}, &p.Body)
	}
	if a.asks() {
		if e.about, err = answered(ctx, node, &p); err != nil {
			return err
		}
	}
	signed, err := a.endorse(ctx, h, e, &p)
	if err != nil {
		return err
	}
	s, err := node.Submit(ctx, signed)
	if err != nil {
		return unsure(err, p.Case)
	}
	if s.Act.IsZero() {
		return a.tell(ctx, e, sent{s, p.To}, &p.Body)
	}
	k := kept{what: e.done, self: h.Config.Participant, held: heldAlone(&s.Decision)}
	if v, err := node.Case(ctx, p.Case); err == nil { // else it went out all the same
		who, move := nextBy(&p)
		k.next = []turn{turnAt(&v, casefile.Awaited{Participant: who, Move: move})}
		if e.talks {
			k.next = turnsAfter(&v, k.self)
		}
		if flags := a.flagsOf(ctx, &v); flags != "" {
			for i := range k.next {
				k.next[i].flags = flags
			}
		}
	}
	return a.show(sent{s, p.To}, func(w io.Writer) { writeKept(w, &p, k) })
}

// unsure: who stops waiting for an answer does not know whether the node took
// the act.
func unsure(err error, id protocol.CaseID) error {
	if errors.Is(err, context.Canceled) {
		return &failure{exitInterrupted, "interrupted", "comity case show " + string(id) + " says whether it went out"}
	}
	return err
}

// sameBody wants the body with that digest to be signed, and no other.
func sameBody(want protocol.Digest) func(*desk.Prepared) error {
	return func(p *desk.Prepared) error {
		if got, err := p.Body.Digest(); err != nil || got != want {
			return errNotAsked
		}
		return nil
	}
}

// answered returns the request of the case in which a person is to sign an act
// that does not show it, nil if the act does.
func answered(ctx context.Context, node *desk.Client, p *desk.Prepared) (*protocol.Request, error) {
	if p.Body.Request != nil || p.Body.Certification != nil {
		return nil, nil
	}
	v, err := node.Case(ctx, p.Case)
	if err != nil {
		return nil, err
	}
	return requestOf(&v).Request, nil
}

// turnsAfter returns whose move it is after an act of the talk in a case: self may
// wait for another case, which nobody else knows.
func turnsAfter(v *desk.CaseView, self protocol.ParticipantID) []turn {
	var out []turn
	for _, a := range v.Awaits {
		if a.Participant == self {
			a.Move = v.Move
		}
		out = append(out, turnAt(v, a))
	}
	return out
}

// turnAt is a move that somebody is asked to make, at whom it is.
func turnAt(v *desk.CaseView, a casefile.Awaited) turn {
	t := turnOf(v, a.Move)
	t.at = string(a.Participant)
	return t
}

// A kept act is durable at who did it, and no more is known yet.
type kept struct {
	what string
	self protocol.ParticipantID
	next []turn // whose move it is then, if that is known
	// held says that the addressee holds it for lack of two officers on duty.
	held bool
}

// writeKept does not sound as if anything had been delivered.
func writeKept(w io.Writer, p *desk.Prepared, k kept) {
	others := slices.DeleteFunc(slices.Clone(p.To), func(id protocol.ParticipantID) bool { return id == k.self })
	text := k.what + " in " + string(p.Case)
	if len(others) > 0 {
		text += ", kept; on its way to " + words(others)
	}
	fmt.Fprintln(w, text)
	for _, t := range k.next {
		if t.at == string(k.self) {
			t.at = ""
		} else {
			t.at = "at " + t.at + ": "
		}
		writeNext(w, t)
	}
	if k.held {
		field(w, "held", "by its addressee, for a person to check it: it is an emergency, and too few officers of the duty list "+
			"signed it. Withdraw it, and send a draft that another one approved first (comity approve), to go faster.")
	}
	if len(others) > 0 {
		field(w, "follow", "comity case show "+string(p.Case)+" says whether it was receipted")
	}
}

// heldAlone reports whether an emergency is held for lack of a second officer.
func heldAlone(d *protocol.Decision) bool {
	return slices.ContainsFunc(d.Findings, func(f protocol.Finding) bool {
		return f.Rule == casefile.RuleEmergencyOfficers && f.Outcome == protocol.Held
	})
}

// nextBy returns who is to act once an act has come, and on what.
func nextBy(p *desk.Prepared) (protocol.ParticipantID, casefile.Move) {
	switch r := p.Body.Request; {
	case r != nil && len(p.To) > 0 && p.To[0] != r.Addressee:
		return p.To[0], casefile.Certify
	case r != nil:
		return r.Addressee, casefile.Answer
	case p.Body.Certification != nil:
		if act, err := carriedIn(&p.Body, p.Case); err == nil && act.Body.Request != nil {
			return act.Body.Request.Addressee, casefile.Answer
		}
	}
	return "", casefile.None
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
	defer officer.Close()
	if a.asks() {
		err := a.present(p, e.about)
		if err == nil && e.also != nil {
			e.also(a.out, p)
		}
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

// present shows what is to be signed, and in which matter.
func (a *app) present(p *desk.Prepared, about *protocol.Request) error {
	return a.show(p, func(w io.Writer) {
		field(w, "case", string(p.Case))
		field(w, "to", words(p.To))
		if about != nil {
			writeMatter(w, about)
		}
		if act, err := carriedIn(&p.Body, p.Case); err == nil && act != nil {
			writeCarried(w, act)
		}
		writeBody(w, &p.Body)
		writeDecision(w, &p.Decision, brief)
		writeApprovals(w, p.Case, p.Approvals)
	})
}

// tell says why an act was not sent, and which statements would help. A request
// stays a draft.
func (a *app) tell(ctx context.Context, e errand, s sent, b *protocol.Body) error {
	var request, certification []protocol.Attestation
	if b.Request != nil {
		request = b.Request.Attestations
	}
	if b.Certification != nil {
		certification = b.Certification.Attestations
		if act, err := carriedIn(b, s.Case); err == nil && act.Body.Request != nil {
			request = act.Body.Request.Attestations
		}
	}
	asked := unsaid(askedOf(a.usedBy(ctx, &s.Decision), &s.Decision), request, certification)
	err := a.show(s, func(w io.Writer) {
		fmt.Fprintf(w, "not sent: %s\n", s.Case)
		writeDecision(w, &s.Decision, brief)
		writeAsked(w, asked)
		if s.Decision.Verdict == protocol.Deny {
			field(w, "instead", e.instead)
		}
	})
	return errors.Join(err, done(statusOf(s.Decision.Verdict)))
}

// carriedIn returns the act that a body carries, which must be one of that case;
// nil if it carries none.
func carriedIn(b *protocol.Body, id protocol.CaseID) (*protocol.Act, error) {
	var signed []byte
	switch {
	case b.Certification != nil:
		signed = b.Certification.Request
	case b.Relay != nil:
		signed = b.Relay.Act
	case b.Objection != nil && len(b.Objection.Request) > 0:
		signed = b.Objection.Request
	case b.Enforcement != nil:
		signed = b.Enforcement.Request
	case b.Use != nil && len(b.Use.Request) > 0:
		signed = b.Use.Request
	default:
		return nil, nil
	}
	act, err := chain.Unverified(signed)
	if err != nil || act.Case != id {
		return nil, errNotAsked
	}
	return act, nil
}
