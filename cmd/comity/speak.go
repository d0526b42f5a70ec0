package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A speech is what a person says in a case: one act of the talk in it.
type speech struct {
	signing
	body protocol.Body
	done string // in words: "asked for clarification"
	view *desk.CaseView
	// also says more before an officer signs, nil for nothing.
	also func(io.Writer)
	// still wants more of what the node prepared, nil for nothing.
	still func(*desk.Prepared) error
}

// seen returns the case as the node shows it; a draft has no talk.
func (a *app) seen(ctx context.Context, id protocol.CaseID) (*desk.CaseView, error) {
	_, node, err := a.openDesk()
	if err != nil {
		return nil, err
	}
	v, err := node.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.File == nil {
		return nil, badInput("a draft has nobody to talk to: it was not sent",
			"comity request send "+string(id)+" sends it")
	}
	return &v, nil
}

// self is the participant whose home this is.
func (a *app) self() (protocol.ParticipantID, error) {
	h, err := a.openHome()
	if err != nil {
		return "", err
	}
	return h.Config.Participant, nil
}

// speak has the act signed and sent. What the node fills in, the questions that
// are answered and the order that is carried, must be of this case.
func (a *app) speak(ctx context.Context, s speech) error {
	return a.perform(ctx, errand{signing: s.signing, done: s.done, talks: true,
		draft: desk.Draft{Case: s.view.Case, Body: s.body}, fits: s.fits,
		also: func(w io.Writer, p *desk.Prepared) {
			if s.also != nil {
				s.also(w)
			}
			writeAnswered(w, s.view, p.Body.Answered())
		}})
}

func (s *speech) fits(p *desk.Prepared) error {
	got := unfilled(p.Body)
	have, err := got.Digest()
	if err != nil {
		return err
	}
	asked := unfilled(s.body)
	want, err := asked.Digest()
	if err != nil || have != want {
		return errNotAsked
	}
	for _, d := range p.Body.Answered() {
		if !s.answerable(d, &p.Body) {
			return errNotAsked
		}
	}
	carried, err := carriedIn(&p.Body, s.view.Case)
	if err != nil {
		return err
	}
	if carried != nil && carried.Body.Request == nil && carried.Body.Certification == nil {
		return errNotAsked
	}
	if s.still != nil {
		return s.still(p)
	}
	return nil
}

// answerable reports whether an act may say that it answers another: a question
// that is open, or of an objection that is taken further the one before it.
func (s *speech) answerable(d protocol.Digest, b *protocol.Body) bool {
	if slices.ContainsFunc(s.view.Questions, func(q casefile.Question) bool { return q.Act == d }) {
		return true
	}
	return b.Objection != nil && s.view.File != nil && slices.ContainsFunc(s.view.File.Thread, func(e casefile.Entry) bool {
		return e.Act == d && e.Kind == protocol.KindObjection
	})
}

// unfilled returns a body without what the node fills in.
func unfilled(b protocol.Body) protocol.Body {
	b, _ = b.Answering(nil) // a copy
	switch {
	case b.Objection != nil:
		b.Objection.Request = nil
	case b.Enforcement != nil:
		x := *b.Enforcement
		x.Request, b.Enforcement = nil, &x
	case b.Use != nil:
		x := *b.Use
		x.Request, b.Use = nil, &x
	}
	return b
}

// writeAnswered says in words what an act answers.
func writeAnswered(w io.Writer, v *desk.CaseView, answers []protocol.Digest) {
	for _, d := range answers {
		for i := range v.Acts {
			if act := &v.Acts[i]; act.Act == d {
				field(w, "answers", fmt.Sprintf("the %s of %s, %s: %s", act.Kind, act.From, moment(act.Issued),
					saying(&act.Content.Body)))
			}
		}
	}
}

// nothingAsked says that a case holds no open question that self may answer with
// an act of a kind; nil if it does.
func nothingAsked(v *desk.CaseView, self protocol.ParticipantID, kinds ...protocol.Kind) error {
	for _, q := range v.Questions {
		if slices.Contains(kinds, q.Kind) && slices.Contains(q.Awaits, self) {
			return nil
		}
	}
	return &failure{exitError, "nothing in this case waits for that from " + string(self),
		"comity case show " + string(v.Case) + " says what is open, and whose move it is"}
}
