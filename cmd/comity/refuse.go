package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

type refuseCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Reason refusal         `help:"Why, as a code. Without it, the codes are listed, and which of them the case's agreement bars." placeholder:"CODE" predictor:"reason"`
	Note   string          `help:"Why, in words." placeholder:"TEXT" aliases:"text"`
	signing
}

func (c *refuseCmd) Help() string {
	return "The codes of a person are " + words(refusals()) + `.
What a rule leaves to judgement is refused with the code of that rule, which comity case show says.`
}

// refusals are the reasons that a person has for saying no; what a rule finds
// the node says by itself.
func refusals() []protocol.Reason {
	return []protocol.Reason{protocol.ReasonNotHeld, protocol.ReasonNotCustomer, protocol.ReasonWrongIdentifier,
		protocol.ReasonWrongAddressee, protocol.ReasonContraryToLaw, protocol.ReasonNotInvoked,
		protocol.ReasonOverbroad, protocol.ReasonFreeSpeech, protocol.ReasonEssentialInterest,
		protocol.ReasonPrivilege, protocol.ReasonPress, protocol.ReasonFundamentalRight, protocol.ReasonNeBisInIdem,
		protocol.ReasonPolitical, protocol.ReasonMilitary, protocol.ReasonSovereignty,
		protocol.ReasonOwnInvestigation, protocol.ReasonPriorProsecution, protocol.ReasonSafety,
		protocol.ReasonBurdensome, protocol.ReasonDeMinimis, protocol.ReasonDeleted, protocol.ReasonRetention,
		protocol.ReasonImpossible, protocol.ReasonVoluminous, protocol.ReasonManifestError,
		protocol.ReasonPublicAuthority, protocol.ReasonQFGLaw, protocol.ReasonValidation, protocol.ReasonBankSecrecy,
		protocol.ReasonSolelyFiscal, protocol.ReasonStoredAbroad, protocol.ReasonDataProtection,
		protocol.ReasonChallenge}
}

// A refusal is a reason as a person gives it. The error lists those that a
// person has, not those that rules and nodes have.
type refusal protocol.Reason

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *refusal) UnmarshalText(b []byte) error {
	*r = refusal(b)
	if new(protocol.Reason).UnmarshalText(b) != nil {
		return fmt.Errorf("%q is no reason: want one of %s", b, words(refusals()))
	}
	return nil
}

func (c *refuseCmd) Run(ctx context.Context, a *app) error {
	if c.Reason == "" {
		return c.list(ctx, a)
	}
	asked := protocol.Refusal{Reason: protocol.Reason(c.Reason), Note: c.Note}
	return a.perform(ctx, errand{signing: c.signing, done: "refused the request",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Refusal: &asked}},
		instead: "comity refuse " + string(c.Case) + " lists the reasons that are not barred; " +
			"where none is yours, comity disclose " + string(c.Case) + " FILE…",
		fits: func(p *desk.Prepared) error {
			if r := p.Body.Refusal; r == nil || r.Reason != asked.Reason || r.Note != asked.Note {
				return errNotAsked
			}
			return nil
		}})
}

// A reasonList is what refuse says where it was given no reason.
type reasonList struct {
	Case    protocol.CaseID   `json:"case"`
	Reasons []protocol.Reason `json:"reasons"`
	Barred  []barred          `json:"barred"`
	// Codes are the grounds of an authority that was notified, in their place.
	Codes []code `json:"codes,omitempty"`
}

// A barred reason is one with which the agreement lets nobody refuse.
type barred struct {
	Reason  protocol.Reason `json:"reason"`
	Article string          `json:"article"`
	Text    string          `json:"text"`
	Only    string          `json:"only,omitzero"` // where it is barred; none: always
}

// reasonsUnder returns the reasons that a person has in a direction, the barred
// ones apart.
func reasonsUnder(doc *agreement.Document, d direction) (free []protocol.Reason, out []barred) {
	free, out = refusals(), []barred{}
	for i := range doc.Barred {
		b := &doc.Barred[i]
		if !b.From.IsZero() && !b.From.Has(d.from) || !b.To.IsZero() && !b.To.Has(d.to) {
			continue
		}
		out = append(out, barred{b.Ground, b.Article, b.Text, string(b.Only)})
		if b.Only == "" {
			free = slices.DeleteFunc(free, func(r protocol.Reason) bool { return r == b.Ground })
		}
	}
	return free, out
}

// list says with which reasons the request of a case may be refused.
func (c *refuseCmd) list(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	if v.File == nil {
		return noDraftRefused(v.Case)
	}
	t, err := a.find(ctx, v.File.Agreement.ID+"@"+v.File.Agreement.Version)
	if err != nil {
		return err
	}
	self, err := a.self()
	if err != nil {
		return err
	}
	out := reasonList{Case: c.Case}
	out.Reasons, out.Barred = reasonsUnder(t.doc, direction{v.File.Issuer.Party(), v.File.Addressee.Party()})
	if v.File.Agreement.ID == ePOC && slices.Contains(v.File.Notified, self) {
		out.Codes, out.Reasons = notifiedGrounds, nil
	}
	err = a.show(out, func(w io.Writer) {
		writeReasons(w, &out)
		if out.Codes != nil {
			writeCodes(w, out.Codes)
		}
	})
	if err != nil {
		return err
	}
	return badInput("no reason was given, and nothing was refused",
		"comity refuse "+string(c.Case)+" --reason CODE, with one of them or with that of a rule that was left to judgement")
}

func noDraftRefused(id protocol.CaseID) error {
	return badInput("a draft is nobody's to refuse: it was not sent", "comity request discard "+string(id)+" removes it")
}

func writeReasons(w io.Writer, l *reasonList) {
	field(w, "case", string(l.Case))
	field(w, "reasons", words(l.Reasons))
	for _, b := range l.Barred {
		where := commas(string(b.Reason), shown(b.Article))
		if b.Only != "" {
			where += " (" + spaced(b.Only) + ")"
		}
		field(w, "barred", where+": "+shown(b.Text))
	}
}
