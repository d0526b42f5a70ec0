package main

import (
	"context"

	"comity.example/protocol"
)

type replyCmd struct {
	Case              protocol.CaseID `arg:"" help:"The case."`
	Provided          bool            `help:"Here is what was asked for, in --text." xor:"how" required:""`
	Insist            bool            `help:"The request stands as it is." xor:"how" required:""`
	Agree             bool            `help:"The point is taken: an amendment or a withdrawal follows." xor:"how" required:""`
	Waiver            bool            `help:"Of a consultation about an immunity or a privilege: the authority is to ask for it to be waived." xor:"how" required:""`
	ConfirmImpossible bool            `help:"It is accepted that it cannot be done: the request ends." xor:"how" required:""`
	Text              string          `help:"The answer, in words." placeholder:"TEXT"`
	signing
}

func (c *replyCmd) Help() string {
	return `Answers what the receiving side asked: a clarification, a consultation, or an objection to the issuing side.
To give up part of the request answers it too: comity amend.`
}

func (c *replyCmd) Run(ctx context.Context, a *app) error {
	result := protocol.ReplyConfirmed
	switch {
	case c.Provided:
		result = protocol.ReplyProvided
	case c.Insist:
		result = protocol.ReplyInsists
	case c.Agree:
		result = protocol.ReplyAgrees
	case c.Waiver:
		result = protocol.ReplyWaiver
	}
	return a.reply(ctx, c.Case, c.signing, protocol.Reply{Result: result, Text: c.Text})
}

func (a *app) reply(ctx context.Context, id protocol.CaseID, by signing, r protocol.Reply) error {
	v, err := a.seen(ctx, id)
	if err != nil {
		return err
	}
	self, err := a.self()
	if err == nil {
		err = nothingAsked(v, self, protocol.KindClarification, protocol.KindConsultation, protocol.KindObjection)
	}
	if err != nil {
		return err
	}
	if r.Result == protocol.ReplyProvided && r.Text == "" {
		return badInput("--provided: want what was asked for, in words", "add --text TEXT")
	}
	return a.speak(ctx, speech{signing: by, view: v, done: "replied", body: protocol.Body{Reply: &r}})
}

type answerObjectionCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Insist bool            `help:"The request stands as it is." xor:"how" required:""`
	Agree  bool            `help:"The point is taken: an amendment or a withdrawal follows." xor:"how" required:""`
	Text   string          `help:"Why, in words." placeholder:"TEXT"`
	signing
}

func (c *answerObjectionCmd) Help() string {
	return `Answers the addressee's objection, as the issuing side must (UK-US agreement, Art. 5(11)). Where it insists,
the addressee may take the objection to the authority of its own side.`
}

func (c *answerObjectionCmd) Run(ctx context.Context, a *app) error {
	result := protocol.ReplyAgrees
	if c.Insist {
		result = protocol.ReplyInsists
	}
	return a.reply(ctx, c.Case, c.signing, protocol.Reply{Result: result, Text: c.Text})
}
