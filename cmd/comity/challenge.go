package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

type challengeCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Within time.Duration   `default:"10m" help:"How long you wait for the answer." placeholder:"TIME"`
	signing
}

// maxWithin bounds how long a challenge may wait: who needs longer than a day
// for an answer has no emergency.
const maxWithin = 24 * time.Hour

func (c *challengeCmd) Help() string {
	return `Asks the officer who signed the request to sign once more, now. Only the key that signed the request can
answer, and both ledgers keep the answer. Do this instead of calling a number that the request names.
Nothing can be disclosed until it is answered; if it is not:
comity refuse CASE --reason challenge_unanswered.`
}

func (c *challengeCmd) Run(ctx context.Context, a *app) error {
	if c.Within < 2*casefile.MinChallenge || c.Within > maxWithin {
		return badInput("--within: want 2m to 24h", "")
	}
	nonce := make([]byte, protocol.NonceSize)
	rand.Read(nonce) // never returns an error
	asked := protocol.Challenge{Nonce: hex.EncodeToString(nonce), Until: a.instant().Add(c.Within.Truncate(time.Second))}
	return a.perform(ctx, errand{signing: c.signing, done: "challenged the officer who signed the request",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Challenge: &asked}},
		fits: func(p *desk.Prepared) error {
			if p.Body.Challenge == nil || *p.Body.Challenge != asked {
				return errNotAsked
			}
			return nil
		}})
}

type respondCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	signing
}

func (c *respondCmd) Help() string {
	return `Answers the challenge that is open in the case. It must be signed with the key that signed the request:
comity case show says by which officers that was.`
}

func (c *respondCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	asked, from := openChallenge(&v)
	if asked == nil {
		return badInput("no challenge is open in "+string(c.Case), "see comity case show "+string(c.Case))
	}
	if !a.now().Before(asked.Until) {
		a.note("note: it was to be answered by %s: %s may refuse, or has", moment(asked.Until), from)
	}
	return a.perform(ctx, errand{signing: c.signing, done: "answered the challenge of " + string(from),
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Response: &protocol.Response{Nonce: asked.Nonce, Answers: []protocol.Digest{}}}},
		fits: func(p *desk.Prepared) error {
			if r := p.Body.Response; r == nil || r.Nonce != asked.Nonce {
				return errNotAsked
			}
			return nil
		}})
}

// openChallenge returns the challenge of a case that waits for its answer, and
// whose it is; nil if none does.
func openChallenge(v *desk.CaseView) (*protocol.Challenge, protocol.ParticipantID) {
	if v.File == nil {
		return nil, ""
	}
	for _, q := range v.File.Questions() {
		for i := range v.Acts {
			if act := &v.Acts[i]; act.Act == q.Act && act.Content.Body.Challenge != nil {
				return act.Content.Body.Challenge, act.From
			}
		}
	}
	return nil, ""
}
