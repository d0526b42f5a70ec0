package main

import (
	"context"
	"io"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
)

// tellCmd is comity notice: what is told to whom the matter concerns.
type tellCmd struct {
	User  tellUserCmd  `cmd:"" help:"Record that the user was told, or why not yet, or why not at all."`
	State tellStateCmd `cmd:"" help:"Record that a third State was told, or the exception."`
	Text  tellTextCmd  `cmd:"" help:"Write the prepared text for the user."`
}

// telling are the flags of every notice.
type telling struct {
	Delivered bool                   `help:"It was delivered." xor:"status"`
	Delayed   string                 `help:"It is delayed until this day, or for so many days: 90d." placeholder:"DAY" xor:"status"`
	Omitted   bool                   `help:"Nobody is told." xor:"status"`
	Ground    protocol.SecrecyGround `help:"Why nobody is told: jeopardise_investigation …" placeholder:"GROUND" predictor:"secrecy"`
	At        time.Time              `help:"When it was delivered, RFC 3339. By default now." placeholder:"TIME"`
	Method    string                 `help:"How it was delivered." placeholder:"TEXT"`
	Text      string                 `help:"File with the text that was sent: its digest is recorded, and nothing else of it." placeholder:"FILE"`
	signing
}

// notice makes the record.
func (c *telling) notice(a *app) (*protocol.Notice, error) {
	status, err := onlyOne(flagged{"--delivered", c.Delivered}, flagged{"--delayed", c.Delayed != ""}, flagged{"--omitted", c.Omitted})
	if err != nil {
		return nil, err
	}
	n := &protocol.Notice{Ground: c.Ground, Method: c.Method}
	if n.Text, err = digestOf(c.Text); err != nil {
		return nil, err
	}
	switch status {
	case "--delivered":
		n.Status, n.At = protocol.NoticeDelivered, a.at(c.At)
	case "--delayed":
		n.Status = protocol.NoticeDelayed
		n.Until, err = a.ending("--delayed", c.Delayed)
	default:
		n.Status = protocol.NoticeOmitted
	}
	if n.Status != protocol.NoticeDelivered && n.Ground == "" {
		return nil, badInput(status+": want the ground, with --ground", "the grounds are "+words(protocol.SecrecyGrounds()))
	}
	return n, err
}

type tellUserCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	telling
}

func (c *tellUserCmd) Help() string {
	return `The text itself goes to the user and not into the ledger: comity notice text CASE prepares it, and
--text FILE records the digest of what was sent.`
}

func (c *tellUserCmd) Run(ctx context.Context, a *app) error {
	n, err := c.notice(a)
	if err != nil {
		return err
	}
	n.To = protocol.NoticeUser
	return a.say(ctx, beside{signing: c.signing, id: c.Case, body: protocol.Body{Notice: n},
		done: "recorded that the notice to the user was " + string(n.Status)})
}

type tellStateCmd struct {
	Case  protocol.CaseID `arg:"" help:"The case."`
	State protocol.Party  `arg:"" help:"The third State, such as FR."`
	telling
}

func (c *tellStateCmd) Run(ctx context.Context, a *app) error {
	n, err := c.notice(a)
	if err != nil {
		return err
	}
	n.To, n.State = protocol.NoticeState, c.State
	return a.say(ctx, beside{signing: c.signing, id: c.Case, body: protocol.Body{Notice: n},
		done: "recorded that the notice to " + string(c.State) + " was " + string(n.Status)})
}

type tellTextCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	writing
}

func (c *tellTextCmd) Help() string {
	return `The words are those of the agreement, or of the law of whoever tells: the provisions that it must name,
the authority, and the dates. Read them before you send them: what stands in [brackets] is yours to fill
in. They go out by your own ways. comity notice user CASE --delivered --text FILE records it.`
}

// drawnUp is what notice text says to a program.
type drawnUp struct {
	Case        protocol.CaseID        `json:"case"`
	Responsible protocol.ParticipantID `json:"responsible"`
	State       string                 `json:"state"` // of the notice: due, not_due …
	Article     string                 `json:"article,omitzero"`
	Text        string                 `json:"text"`
}

func (c *tellTextCmd) Run(ctx context.Context, a *app) error {
	v, err := a.opened(ctx, c.Case)
	if err != nil {
		return err
	}
	out := drawnUp{Case: v.Case, Responsible: v.File.Teller(), State: standOf(v, casefile.RegionUserNotice).State}
	source, err := a.letterOf(ctx, v)
	if err != nil {
		return err
	}
	l := letter{view: v, request: requestOf(v).Request, today: a.instant()}
	out.Text = l.write(source.Letter)
	out.Article = source.Article
	if out.State == "not_due" || out.State == "delayed" {
		a.note("the notice is not due: until it is, nobody is told")
	}
	if a.JSON && c.Out == "" {
		return a.show(out, nil)
	}
	return c.write(a, func(w io.Writer) error { writeLetter(w, out.Text); return nil })
}

// letterOf returns the notice whose words count: of the agreement, or else of the
// law of whoever tells, or else words of no law.
func (a *app) letterOf(ctx context.Context, v *desk.CaseView) (agreement.UserNotice, error) {
	t, err := a.find(ctx, v.File.Agreement.ID+"@"+v.File.Agreement.Version)
	if err != nil {
		return agreement.UserNotice{}, err
	}
	if n := t.doc.Notice; n != nil && n.Letter != "" {
		return *n, nil
	}
	all, err := a.texts(ctx)
	if err != nil {
		return agreement.UserNotice{}, err
	}
	who := agreement.TellAddressee
	if v.File.Teller() == v.File.Issuer {
		who = agreement.TellIssuing
	}
	for _, t := range all {
		own := t.doc.Kind == agreement.KindDomestic && t.doc.Has(v.File.Teller().Party())
		if n := t.doc.Notice; own && n != nil && n.Letter != "" && n.Responsible == who {
			return *n, nil
		}
	}
	return agreement.UserNotice{Letter: plainLetter}, nil
}

// plainLetter is for an agreement and a law that prescribe no words.
const plainLetter = `Notice of {today}. {issuer} asked {addressee} for data of yours on {issued}, under {instrument}. The
answer is of {answered}. The request rests on the decision {reference} of {authority}. That you are told was
delayed from {secrecy_from} to {secrecy_until}. You may seek advice on the remedies that the law gives you.
Our file: {case}.`
