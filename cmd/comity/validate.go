package main

import (
	"context"
	"time"

	"comity.example/protocol"
)

type validateCmd struct {
	Case      protocol.CaseID        `arg:"" help:"The case."`
	Sought    bool                   `help:"Validation was sought." xor:"result"`
	Granted   bool                   `help:"It was granted." xor:"result"`
	Denied    bool                   `help:"It was denied: the request ends, and what came is to be deleted." xor:"result"`
	Kind      protocol.AuthorityKind `help:"Who granted it: judge, court, investigating_judge or prosecutor." default:"judge" placeholder:"KIND"`
	Authority string                 `help:"Its name; of a validation that was granted." placeholder:"NAME"`
	Reference string                 `help:"The reference of its decision." placeholder:"REF"`
	Date      time.Time              `help:"When it decided, RFC 3339. By default now." placeholder:"TIME"`
	signing
}

func (c *validateCmd) Help() string {
	return `Where an emergency did not let the validation wait, it is sought within 48 hours of the issue. If by
then nobody has said so, the node says by itself that the request has lapsed.`
}

func (c *validateCmd) Run(ctx context.Context, a *app) error {
	result, err := onlyOne(flagged{"--sought", c.Sought}, flagged{"--granted", c.Granted}, flagged{"--denied", c.Denied})
	if err != nil {
		return err
	}
	v := &protocol.Validated{Result: protocol.ValidationResult(result[len("--"):])}
	if c.Granted {
		if c.Authority == "" || c.Reference == "" {
			return badInput("--granted: want who validated it, with --authority and --reference", "")
		}
		v.By = &protocol.Validation{Kind: c.Kind, Authority: c.Authority, Reference: c.Reference, Date: a.at(c.Date)}
	}
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "said that the validation was " + string(v.Result),
		body: protocol.Body{Validation: v}})
}
