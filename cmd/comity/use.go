package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"comity.example/protocol"
)

type useCmd struct {
	Case    protocol.CaseID `arg:"" help:"The case."`
	Purpose string          `help:"What for: the code of a use that the agreement limits. Without it, they are listed." placeholder:"CODE"`
	Text    string          `help:"Why, in words." placeholder:"TEXT"`
	signing
}

func (c *useCmd) Help() string {
	return `Asks the receiving side's authority for leave to use what was disclosed for what the agreement does not let it be
used without (UK-US agreement, Art. 8(4)).`
}

func (c *useCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	if c.Purpose == "" {
		return c.list(ctx, a, v.File.Agreement)
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "asked leave for a use",
		body: protocol.Body{Use: &protocol.Use{Purpose: c.Purpose, Text: c.Text}}})
}

// list says which uses the agreement limits.
func (c *useCmd) list(ctx context.Context, a *app, ref protocol.AgreementRef) error {
	t, err := a.find(ctx, ref.ID+"@"+ref.Version)
	if err != nil {
		return err
	}
	var list []code
	for _, u := range t.doc.UseLimits {
		list = append(list, code{Reason: protocol.Reason(strings.ReplaceAll(u.ID, "-", "_")), Article: u.Article, Text: shown(u.Text)})
	}
	err = a.show(codeList{c.Case, list}, func(w io.Writer) {
		for _, l := range list {
			field(w, "limit", fmt.Sprintf("%s (%s): %s", l.Reason, shown(l.Article), l.Text))
		}
	})
	if err != nil {
		return err
	}
	return badInput("no --purpose was given, and nothing was sent",
		"comity use "+string(c.Case)+" --purpose CODE, of small letters, digits and underscores")
}
