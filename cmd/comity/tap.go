package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type tapCmd struct {
	Start  tapStartCmd  `cmd:"" help:"Say that the interception has begun, as its addressee."`
	Feed   tapFeedCmd   `cmd:"" help:"Deliver what is intercepted as it happens: standard input, or the output of a command."`
	Follow tapFollowCmd `cmd:"" help:"Write what is delivered as it comes."`
	Stop   tapStopCmd   `cmd:"" help:"Say that it was stopped before its end. At its end the node says so by itself."`
	Renew  tapRenewCmd  `cmd:"" help:"Tell the addressee of a new authorisation, with a new end."`
}

// tapping are the flags of a start and of a stop.
type tapping struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	At   time.Time       `help:"When, RFC 3339. By default now." placeholder:"TIME"`
	signing
}

func (c *tapping) run(ctx context.Context, a *app, t protocol.Tap) error {
	if _, err := a.tapped(ctx, c.Case); err != nil { // from here on it is the home's legal time
		return err
	}
	if t.At = a.at(c.At); t.At.After(a.instant().Add(protocol.MaxSkew)) {
		return badInput("--at lies ahead: "+moment(t.At), "say so when it has come about")
	}
	body := protocol.Body{Interception: &t}
	want, err := body.Digest()
	if err != nil {
		return err
	}
	return a.perform(ctx, errand{signing: c.signing, done: "said that the interception was " + string(t.Action),
		fits: sameTap(want), draft: desk.Draft{Case: c.Case, Body: body}})
}

// sameTap wants the start or the stop to be signed that was asked for, with what only
// the node knows: the id, the readers and the keys of a live object, and what it became.
func sameTap(want protocol.Digest) func(*desk.Prepared) error {
	return func(p *desk.Prepared) error {
		if p.Body.Interception == nil {
			return errNotAsked
		}
		t := *p.Body.Interception
		if l := t.Live; l != nil {
			if l.ID.IsZero() || len(l.Readers) == 0 || len(l.Keys) == 0 {
				return errNotAsked
			}
			t.Live = &protocol.Live{Name: l.Name, MediaType: l.MediaType}
		}
		t.Product = nil
		stripped := desk.Prepared{Body: p.Body}
		stripped.Body.Interception = &t
		return sameBody(want)(&stripped)
	}
}

type tapStartCmd struct {
	tapping
	Live      string `help:"Announce a live object of that name: comity tap feed delivers into it." placeholder:"NAME"`
	MediaType string `help:"Its media type. By default that of the ending of the name." placeholder:"TYPE"`
}

func (c *tapStartCmd) Run(ctx context.Context, a *app) error {
	t := protocol.Tap{Action: protocol.TapStarted}
	switch {
	case c.Live != "":
		t.Live = &protocol.Live{Name: c.Live, MediaType: cmp.Or(c.MediaType, mediaType(c.Live))}
	case c.MediaType != "":
		return badInput("--media-type: want it only with --live", "")
	}
	v, err := a.tapped(ctx, c.Case)
	if err != nil {
		return err
	}
	if n, act := tapSaid(v, protocol.TapStarted); act != nil {
		return saidAlready(v, n, "has begun already")
	}
	return c.run(ctx, a, t)
}

type tapStopCmd struct{ tapping }

func (c *tapStopCmd) Help() string {
	return `Where a live object was announced, the node seals it as soon as it is asked, and the act says what was
delivered: nothing is taken any more, also if the act is not signed in the end. A person is asked before that.`
}

func (c *tapStopCmd) Run(ctx context.Context, a *app) error {
	v, err := a.tapped(ctx, c.Case)
	if err != nil {
		return err
	}
	if n, act := tapSaid(v, protocol.TapStopped); act != nil {
		return saidAlready(v, n, "has stopped already")
	}
	if _, act := tapSaid(v, protocol.TapStarted); act == nil { // nothing could be delivered any more
		return &failure{exitError, "the interception has not begun: there is nothing to stop",
			fmt.Sprintf("comity tap start %s begins it; who is not to begin it answers with comity refuse %s, or comity disclose %s --no-data",
				c.Case, c.Case, c.Case)}
	}
	delivers := slices.ContainsFunc(v.Acts, func(act desk.ActView) bool {
		t := act.Content.Body.Interception
		return t != nil && t.Live != nil
	})
	if delivers { // what is to be signed is final before it is shown
		if err := a.confirm(ctx, "end the delivery? From here nothing more is taken, whether the stop is signed in the end or not"); err != nil {
			return err
		}
	}
	return c.run(ctx, a, protocol.Tap{Action: protocol.TapStopped})
}

// tapSaid returns the act that says what became of an interception, with its number; nil if
// none does.
func tapSaid(v *desk.CaseView, what protocol.TapAction) (int, *desk.ActView) {
	for i := range v.Acts {
		if t := v.Acts[i].Content.Body.Interception; t != nil && t.Action == what {
			return i + 1, &v.Acts[i]
		}
	}
	return 0, nil
}

// saidAlready says that an act has said of an interception what somebody is about to say.
func saidAlready(v *desk.CaseView, n int, what string) error {
	act := &v.Acts[n-1]
	return &failure{exitError, fmt.Sprintf("the interception %s: act %d, of %s, says that it did at %s", what, n, act.From,
		moment(act.Content.Body.Interception.At)), fmt.Sprintf("comity case show %s --act %d", v.Case, n)}
}

// tapped returns a case in which an interception is asked for.
func (a *app) tapped(ctx context.Context, id protocol.CaseID) (*desk.CaseView, error) {
	v, err := a.opened(ctx, id)
	if err == nil && v.File.Matter.Window == nil {
		return nil, &failure{exitError, "no interception is asked for in this case", "comity case show " + string(id) + " says what is"}
	}
	return v, err
}

type tapRenewCmd struct {
	Case       protocol.CaseID `arg:"" help:"The case."`
	Until      string          `required:"" help:"The new end, or how many days from now: 30d." placeholder:"DAY"`
	Instrument string          `required:"" help:"The domestic instrument, as in the request." placeholder:"TEXT"`
	Order      string          `required:"" help:"File with the new order: its digest is sent, and nothing else of it." placeholder:"FILE"`
	authorising
	signing
}

func (c *tapRenewCmd) Run(ctx context.Context, a *app) error {
	until, err := a.ending("--until", c.Until)
	if err != nil {
		return err
	}
	order, err := digestOf(c.Order)
	if err != nil {
		return err
	}
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "renewed the interception",
		body: protocol.Body{Interception: &protocol.Tap{Action: protocol.TapRenewed, At: a.instant(), Until: until,
			Authorisation: &protocol.Authorisation{Kind: c.Kind, Authority: c.Authority, Reference: c.Reference,
				Date: a.at(c.Date), Instrument: c.Instrument, Order: order}}}})
}
