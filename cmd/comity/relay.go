package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/chain"
)

type relayCmd struct {
	Pass  relayPassCmd  `cmd:"" default:"withargs" help:"Pass on what came back."`
	Serve relayServeCmd `cmd:"" help:"Serve the domestic order by which a request of another State is carried out."`
}

type relayPassCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	Part bool            `help:"More is to come; of the product of a domestic order."`
	Note string          `help:"A note to the requesting side; with the product of a domestic order." placeholder:"TEXT"`
	signing
}

func (c *relayPassCmd) Help() string {
	return `Passes the oldest answer that was not passed on to the issuing authority, with its signatures, byte
for byte. It adds no word of its own, and needs no officer.

In a case that a domestic order carries out (comity relay serve), it passes on what the provider
disclosed in the domestic case, as the provider signed it, and an officer signs that.`
}

func (c *relayPassCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	if carriedOut(&v) {
		return c.product(ctx, a, &v)
	}
	if c.Part || c.Note != "" {
		return badInput("--part and --note are for the product of a domestic order, and this case has none", "see comity case show")
	}
	return a.perform(ctx, errand{signing: c.signing, need: ifNamed, done: "passed the answer on", talks: true,
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Relay: &protocol.Relay{}}},
		fits: func(p *desk.Prepared) error {
			if p.Body.Relay == nil {
				return errNotAsked
			}
			_, err := carriedIn(&p.Body, c.Case)
			return err
		}})
}

// carriedOut reports whether domestic cases carry the case out.
func carriedOut(v *desk.CaseView) bool {
	return slices.ContainsFunc(v.Linked, func(l desk.Linked) bool { return l.Relation == desk.ExecutedBy })
}

// product passes on what a provider disclosed in a domestic case.
func (c *relayPassCmd) product(ctx context.Context, a *app, v *desk.CaseView) error {
	asked := protocol.Disclosure{Status: protocol.ProductionComplete, Objects: []protocol.Object{}, Note: c.Note}
	if c.Part {
		asked.Status = protocol.ProductionPartial
	}
	self, err := a.self()
	if err != nil {
		return err
	}
	return a.perform(ctx, errand{signing: c.signing, done: "passed the product on",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Disclosure: &asked}}, fits: c.fits(v, self)})
}

// fits wants a disclosure that hands over what came in a case that carries this
// one out, and nothing else, and that nobody can read but who it goes to and who
// asked for it.
func (c *relayPassCmd) fits(v *desk.CaseView, self protocol.ParticipantID) func(*desk.Prepared) error {
	return func(p *desk.Prepared) error {
		d := p.Body.Disclosure
		if d == nil || len(d.Objects) > 0 || d.Note != c.Note || c.Part && d.Status != protocol.ProductionPartial {
			return errNotAsked
		}
		if len(d.Keys) > 0 && (v.File == nil || !slices.Equal(d.Readers, protocol.Reading(p.To, v.File.Issuer, self))) {
			return errNotAsked
		}
		act, err := chain.Unverified(d.Origin)
		if err != nil || act.Body.Disclosure == nil || !d.PassesOn(act.Body.Disclosure) ||
			!slices.ContainsFunc(v.Linked, func(l desk.Linked) bool {
				return l.Relation == desk.ExecutedBy && l.Case == act.Case
			}) {
			return errNotAsked
		}
		return nil
	}
}

type relayServeCmd struct {
	Case      protocol.CaseID        `arg:"" help:"The case of the other State's request, which was accepted."`
	Order     string                 `required:"" type:"existingfile" help:"File with the domestic order: a request of which what is left out is taken over." placeholder:"FILE"`
	To        protocol.ParticipantID `required:"" help:"The provider." placeholder:"PARTICIPANT"`
	NameState bool                   `help:"The order names the requesting State: so the provider is told."`
	signing
}

func (c *relayServeCmd) Help() string {
	return `Opens a case with a provider of your own Party, linked to that of the other State's request, under
your Party's own law. FILE says what the court ordered: file_number, authorisation (with the digest of the
order), offence under your law, purpose. What it leaves out of type, identifiers and data is taken over.
The facts, the person and who asks are not: the provider sees the order, and no more. An order that asks
for more than the other State did is refused. What the provider answers goes back with comity relay CASE.`
}

func (c *relayServeCmd) Run(ctx context.Context, a *app) error {
	h, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	foreign, err := desk.Asked(&v)
	if err != nil {
		return &failure{exitError, "this case shows no request that could be carried out", "see comity case show"}
	}
	request, err := c.order(a, h.Config.Participant, foreign)
	if err != nil {
		return err
	}
	body := protocol.Body{Request: request}
	want, err := body.Digest()
	if err != nil {
		return err
	}
	err = a.perform(ctx, errand{signing: c.signing, done: "served the order", draft: desk.Draft{Body: body},
		fits: sameBody(want), instead: "mend the order, or answer the request without it"})
	if err == nil && !a.JSON {
		fmt.Fprintf(a.out, "%-11scomity accept %s --text TEXT tells the requesting side how far it is\n", "tell", c.Case)
		fmt.Fprintf(a.out, "%-11scomity relay %s passes on what comes\n", "then", c.Case)
	}
	return err
}

// order reads the domestic order and takes over what it leaves out.
func (c *relayServeCmd) order(a *app, self protocol.ParticipantID, foreign *protocol.Request) (*protocol.Request, error) {
	s, err := readSource(c.Order, "")
	if err != nil {
		return nil, err
	}
	r := new(protocol.Request)
	s.decode(r)
	if err := s.failure(); err != nil {
		return nil, err
	}
	if r.Issuer != "" && r.Issuer != self || r.Addressee != "" && r.Addressee != c.To {
		return nil, badInput(c.Order+": issuer and addressee are yours and --to: leave them out", "")
	}
	r.Issuer, r.Addressee = self, c.To
	r = r.Executing(foreign, c.Case)
	if c.NameState {
		for i := range r.Related {
			if r.Related[i].Relation == protocol.RelationExecutes {
				r.Related[i].Reference = "a request of " + string(foreign.Issuer.Party())
			}
		}
	}
	s.check(r.Check(), "")
	s.check(r.CheckDraft(a.instant()), "")
	return r, s.failure()
}

// writeLinked writes the cases that belong to a case.
func writeLinked(w io.Writer, v *desk.CaseView) {
	for _, l := range v.Linked {
		switch {
		case l.Relation == desk.Executes && l.Halt == "ended":
			field(w, "carries out", fmt.Sprintf("%s, which has ended: withdraw this one", l.Case))
		case l.Relation == desk.Executes && l.Halt != "":
			field(w, "carries out", fmt.Sprintf("%s, which asks for less by now: narrow or withdraw this one", l.Case))
		case l.Relation == desk.Executes:
			field(w, "carries out", string(l.Case)+", "+spaced(l.State))
		case l.Product > 0:
			field(w, "carried out", fmt.Sprintf("by %s, %s: %s to pass on", l.Case, spaced(l.State), count(l.Product, "disclosure")))
		case !l.State.Ended():
			field(w, "carried out", fmt.Sprintf("by %s, %s: it waits for the provider", l.Case, spaced(l.State)))
		default:
			field(w, "carried out", fmt.Sprintf("by %s, %s", l.Case, spaced(l.State)))
		}
	}
}
