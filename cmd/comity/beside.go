package main

import (
	"context"
	"fmt"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// A beside is an act on what runs beside the main part of a case: secrecy, a
// notice, a preservation, an interception, costs, a validation. The node adds
// nothing to it.
type beside struct {
	signing
	id   protocol.CaseID
	body protocol.Body
	done string // in words: "ordered secrecy"
	// instead says what to do where it is denied.
	instead string
}

// say has the act signed and sent as it was asked for.
func (a *app) say(ctx context.Context, s beside) error {
	want, err := s.body.Digest()
	if err != nil {
		return err
	}
	return a.perform(ctx, errand{signing: s.signing, done: s.done, instead: s.instead, fits: sameBody(want),
		draft: desk.Draft{Case: s.id, Body: s.body}})
}

// opened returns a case that was sent, as the node shows it.
func (a *app) opened(ctx context.Context, id protocol.CaseID) (*desk.CaseView, error) {
	_, node, err := a.openDesk()
	if err != nil {
		return nil, err
	}
	v, err := node.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.File == nil {
		return nil, badInput("a draft has nothing that runs beside it: it was not sent",
			"comity request send "+string(id)+" sends it")
	}
	return &v, nil
}

// ending reads the end that a flag names.
func (a *app) ending(flag, text string) (time.Time, error) {
	t, err := parseUntil(text, a.instant())
	if err != nil {
		return t, badInput(flag+" "+plain(err), "")
	}
	return t, nil
}

// digestOf returns the digest of a file that a person names, none if they name none.
func digestOf(path string) (protocol.Digest, error) {
	if path == "" {
		return protocol.Digest{}, nil
	}
	b, err := readFile(path, desk.MaxBody)
	return protocol.DigestOf(b), err
}

// onlyOne wants exactly one of some flags.
func onlyOne(flags ...flagged) (string, error) {
	var names, all []string
	for _, f := range flags {
		all = append(all, f.name)
		if f.is {
			names = append(names, f.name)
		}
	}
	if len(names) != 1 {
		return "", badInput(fmt.Sprintf("want one of %s, and no more", words(all)), "")
	}
	return names[0], nil
}

// A flagged name is a flag that is there or not.
type flagged struct {
	name string
	is   bool
}

// authorising are the flags that name a decision of an authority.
type authorising struct {
	Kind      protocol.AuthorityKind `help:"What the authority is: judge, court, investigating_judge, prosecutor, police or administrative." default:"judge" placeholder:"KIND"`
	Authority string                 `required:"" help:"Its name." placeholder:"NAME"`
	Reference string                 `required:"" help:"The reference of its decision." placeholder:"REF"`
	Date      time.Time              `help:"When it decided, RFC 3339. By default now." placeholder:"TIME"`
}
