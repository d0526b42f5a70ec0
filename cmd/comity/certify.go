package main

import (
	"context"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
)

type certifyCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	Contact   string          `required:"" help:"Desk that answers legal and practical questions." placeholder:"TEXT"`
	Targeting string          `help:"Targeting procedure that was followed." placeholder:"REF"`
	Attest    []string        `help:"Statement that the agreement asks of a designated authority; may be repeated." placeholder:"CODE[=REFERENCE]" sep:"none"`
	signing
}

func (c *certifyCmd) Help() string {
	return `States that the request is lawful and complies with the agreement, invokes the agreement for it,
and transmits it to the addressee. The issuing authority is told. comity case show says which
statements the agreement asks of the designated authority: --attest own_purpose=MEMO-7 makes one, with
the reference of what stands behind it.`
}

// A direction is from whose Party to whose a request goes.
type direction struct{ from, to protocol.Party }

// targetingInput is what a rule looks at that wants a certification to name the
// targeting procedure.
const targetingInput = "certification.targeting"

// asksTargeting reports whether a rule of a document wants a certification of
// requests in a direction to name the targeting procedure.
func asksTargeting(doc *agreement.Document, d direction) bool {
	return slices.ContainsFunc(doc.Rules, func(r agreement.Rule) bool {
		return strings.Contains(r.Require, targetingInput) &&
			(r.From.IsZero() || r.From.Has(d.from)) && (r.To.IsZero() || r.To.Has(d.to))
	})
}

// certifyFlags returns the flags that an agreement, of which the first text at
// hand counts, asks for besides the contact.
func (a *app) certifyFlags(ctx context.Context, id string, d direction) string {
	t, err := a.find(ctx, id)
	if err != nil || !asksTargeting(t.doc, d) {
		return ""
	}
	return " --targeting PROCEDURE"
}

// flagsOf returns the flags of the command that certifies a case, where it
// waits for that: with the statements that the request lacks and whoever certifies
// it can make.
func (a *app) flagsOf(ctx context.Context, v *desk.CaseView) string {
	if v.File == nil || v.File.State != casefile.Requested {
		return ""
	}
	flags := a.certifyFlags(ctx, v.File.Agreement.ID+"@"+v.File.Agreement.Version,
		direction{v.File.Issuer.Party(), v.File.Addressee.Party()})
	for _, rule := range a.statementsToCertify(ctx, v) {
		if len(rule.Statements) == 1 { // of several, the person says which
			flags += " --attest " + rule.Statements[0].Code
		}
	}
	return flags
}

// attestations reads what --attest says.
func (c *certifyCmd) attestations() ([]protocol.Attestation, error) {
	var out []protocol.Attestation
	for _, text := range c.Attest {
		code, reference, _ := strings.Cut(text, "=")
		switch {
		case code == "":
			return nil, badInput("--attest: want CODE, or CODE=REFERENCE", "comity agreement show lists the codes")
		case slices.ContainsFunc(out, func(x protocol.Attestation) bool { return x.Statement == code }):
			return nil, badInput("--attest: "+code+" stands twice: want it once", "")
		}
		out = append(out, protocol.Attestation{Statement: code, Reference: reference})
	}
	return out, nil
}

func (c *certifyCmd) Run(ctx context.Context, a *app) error {
	attests, err := c.attestations()
	if err != nil {
		return err
	}
	asked := protocol.Certification{Invokes: true, Contact: c.Contact, Targeting: c.Targeting, Attestations: attests}
	return a.perform(ctx, errand{signing: c.signing, done: "certified the request",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Certification: &asked}}, fits: c.fits(&asked)})
}

// fits wants what was asked for to be certified, of a request of the case.
func (c *certifyCmd) fits(asked *protocol.Certification) func(*desk.Prepared) error {
	return func(p *desk.Prepared) error {
		got := p.Body.Certification
		if got == nil || got.Invokes != asked.Invokes || got.Contact != asked.Contact ||
			got.Targeting != asked.Targeting || !slices.Equal(got.Attestations, asked.Attestations) {
			return errNotAsked
		}
		request, err := carriedIn(&p.Body, c.Case)
		if err == nil && request.Body.Request == nil {
			err = errNotAsked
		}
		return err
	}
}
