package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"comity.example/crypto/keyfile"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

type officerCmd struct {
	New    officerNewCmd    `cmd:"" help:"Make an officer's key and issue the credential for it."`
	List   officerListCmd   `cmd:"" help:"List the officers' files of the home."`
	Show   officerShowCmd   `cmd:"" help:"Show what an officer may do, without unlocking the key."`
	Revoke officerRevokeCmd `cmd:"" help:"Write what the Party needs to revoke an officer's key."`
}

type officerNewCmd struct {
	Role    []protocol.Role        `required:"" help:"What the officer may do, among the roles of the participant. May be given again." placeholder:"ROLE" predictor:"role"`
	Type    []protocol.RequestType `help:"Request types the officer is competent for. By default all." placeholder:"TYPE" predictor:"type"`
	Grade   []register.Grade       `help:"duty: may sign emergencies. supervisor: one of the two who sign one must be. May be given again." placeholder:"GRADE" predictor:"grade"`
	Expires string                 `default:"365d" help:"When the credential ends: a day, or so many days from now (365d)." placeholder:"DAY"`
	tokenFlags
}

func (c *officerNewCmd) Help() string {
	return `The file is locked with the officer's own passphrase where one is given (COMITY_PASSPHRASE,
--passphrase-file), and otherwise as the home's keys are. It belongs to the officer: give it away
and leave no copy. Its name is random and says nothing about who that is.

With --token half of the key is made on a smart card or a hardware security module: who copies the file
cannot sign. The PIN is asked for, or comes from --pin-file or COMITY_PIN. Which half, and why not both:
today's tokens know Ed25519 and no ML-DSA, and nothing counts that only one of the two has signed.`
}

// enrolled is what officer new says to a program.
type enrolled struct {
	File    string           `json:"file"`
	Roles   []protocol.Role  `json:"roles"`
	Grades  []register.Grade `json:"grades,omitempty"`
	Expires time.Time        `json:"expires"`
	Token   string           `json:"token,omitempty"` // its label
}

func (c *officerNewCmd) Run(ctx context.Context, a *app) error {
	h, err := a.openHome()
	if err != nil {
		return err
	}
	now := a.instant()
	until, err := parseUntil(c.Expires, now)
	if err != nil {
		return err
	}
	at, err := c.address()
	if err != nil {
		return err
	}
	locks, err := a.enrolment(ctx, h)
	if err != nil {
		return err
	}
	if locks.Token = at; at != nil {
		which := anew
		if c.Existing {
			which = onIt
		}
		locks.Hold = func() (home.Held, error) { return a.openToken(ctx, *at, which) }
	}
	credential := register.Credential{Roles: c.Role, Types: append([]protocol.RequestType{}, c.Type...),
		Grades: c.Grade, Issued: now, Expires: until}
	a.noteRoles(h, c.Role)
	path, err := h.Enrol(credential, locks)
	if err != nil {
		return err
	}
	return a.show(enrolled{path, c.Role, c.Grade, until, c.Token}, func(w io.Writer) {
		fmt.Fprintf(w, "officer  %s\n", path)
		fmt.Fprintf(w, "may act  as %s, until %s\n", words(c.Role), day(until))
		if len(c.Grade) > 0 {
			fmt.Fprintf(w, "grades   %s\n", words(c.Grade))
		}
		if at != nil {
			fmt.Fprintf(w, "key      %s on token %s: it signs with the file, the token and its PIN\n", at.Key, at.Token)
		}
	})
}

// noteRoles says which of an officer's roles the participant lacks itself. Its
// register may name more than its entry did, so this is no error.
func (a *app) noteRoles(h *home.Home, roles []protocol.Role) {
	entry, err := h.Entry()
	if err != nil {
		return
	}
	for _, r := range roles {
		if !slices.Contains(entry.Roles, r) {
			a.note("note: entry.json does not say that %s is %s: nothing signed as that is accepted until its register does",
				entry.ID, r)
		}
	}
}

// enrolment returns the home's lock and the officer's: an own passphrase, if
// one was given, and otherwise the home's lock.
func (a *app) enrolment(ctx context.Context, h *home.Home) (e home.Enrolment, err error) {
	if e.Home, err = a.homeLock(ctx, h); err != nil {
		return e, err
	}
	e.Officer = e.Home
	if own, err := a.givenPassphrase(); err != nil || own == "" {
		return e, err
	} else {
		e.Officer, err = keyfile.Passphrase(own)
		return e, err
	}
}
