package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/crypto/identity"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

type registerSignCmd struct {
	Root      []string                 `required:"" help:"Root key to sign with, or its directory. May be given again." placeholder:"FILE"`
	Out       string                   `required:"" help:"File to write." placeholder:"FILE"`
	Previous  string                   `help:"The version before, if there is one." placeholder:"FILE"`
	Entry     []string                 `help:"Entry to add or replace: entry.json of a home. May be given again." placeholder:"FILE"`
	Remove    []protocol.ParticipantID `help:"Participant to take out. May be given again." placeholder:"ID"`
	Revoke    []string                 `help:"Key to revoke from now on, with the cause: FINGERPRINT=compromised, superseded or ceased; or a file of comity officer revoke." placeholder:"KEY=CAUSE"`
	Public    []string                 `help:"root.pub of each root of the new version. By default those before, or those that sign." placeholder:"FILE"`
	Threshold int                      `help:"How many roots must sign the new version. By default as before, or 1." placeholder:"N"`
	Expires   string                   `default:"90d" help:"When the register lapses: a day, or so many days from now." placeholder:"DAY"`
}

func (c *registerSignCmd) Help() string {
	return `Shows what the new version changes, line by line, before it is signed. "!" marks what no later version
undoes. Where more than one root must sign, the others add theirs with comity register cosign.`
}

// signedRegister is what register sign and cosign say to a program.
type signedRegister struct {
	File    string         `json:"file"`
	Party   protocol.Party `json:"party"`
	Version uint64         `json:"version"`
	Changes []string       `json:"changes"`
	Missing int            `json:"signatures_missing"`
}

func (c *registerSignCmd) Run(ctx context.Context, a *app) error {
	var previous *register.Signed
	if c.Previous != "" {
		var err error
		if previous, err = readOwnRegister(c.Previous); err != nil {
			return err
		}
	}
	roots, err := a.readRoots(ctx, c.Root)
	if err != nil {
		return err
	}
	next, err := c.draft(a, previous, roots)
	if err != nil {
		return err
	}
	var before *register.Register
	if previous != nil {
		before = previous.Register
	}
	out := signedRegister{c.Out, next.Party, next.Version, register.Diff(before, next),
		missing(next, publics(roots))}
	if err := a.approve(ctx, out.Changes); err != nil {
		return err
	}
	signed, err := register.Sign(next, roots...)
	if err != nil {
		return err
	}
	if err := home.WriteNew(c.Out, signed); err != nil {
		return err
	}
	return a.show(out, out.text)
}

func (s *signedRegister) text(w io.Writer) {
	fmt.Fprintf(w, "signed %s, version %d of the register of %s\n", s.File, s.Version, s.Party)
	if s.Missing > 0 {
		fmt.Fprintf(w, "it takes %s more: comity register cosign\n", count(s.Missing, "signature"))
	}
}

// approve shows what a root is asked to sign, and asks.
func (a *app) approve(ctx context.Context, changes []string) error {
	for _, line := range changes {
		a.note("%s", shown(line))
	}
	return a.confirmRoot(ctx, "sign this?")
}

// readOwnRegister reads the version before. Its keeper holds the roots that
// signed it: what they did not sign is found when the new version is checked.
func readOwnRegister(path string) (*register.Signed, error) {
	b, err := readFile(path, register.MaxSigned)
	if err != nil {
		return nil, err
	}
	claim, err := register.Claim(b)
	if err != nil {
		return nil, badInput(path+": "+plain(err), "want a register that comity register sign wrote")
	}
	signed, err := register.Verify(b, claim.Roots)
	if err != nil {
		return nil, badInput(path+": "+plain(err), "want a register that enough of its roots signed")
	}
	return signed, nil
}

// draft makes the next version.
func (c *registerSignCmd) draft(a *app, previous *register.Signed, roots []*identity.Key) (*register.Register, error) {
	changes, err := c.changes(a)
	if err != nil {
		return nil, err
	}
	if len(c.Public) > 0 || previous == nil {
		keys, err := readPublics(c.Public)
		if err != nil {
			return nil, err
		}
		if len(keys) == 0 {
			keys = publics(roots)
		}
		r := register.SortedRoots(max(c.Threshold, 1), keys...)
		changes.Roots = &r
	} else if c.Threshold > 0 {
		r := register.SortedRoots(c.Threshold, previous.Roots.Keys...)
		changes.Roots = &r
	}
	if previous != nil {
		next, err := register.Next(previous, changes)
		return next, orBadInput(err)
	}
	if len(changes.Put) == 0 {
		return nil, badInput("the first version of a register needs an entry", "name one with --entry")
	}
	next, err := register.Draft(changes.Put[0].ID.Party(), changes)
	return next, orBadInput(err)
}

func orBadInput(err error) error {
	if err != nil {
		return badInput(plain(err), "")
	}
	return nil
}

func (c *registerSignCmd) changes(a *app) (ch register.Changes, err error) {
	ch = register.Changes{Issued: a.instant(), Remove: c.Remove}
	if ch.Expires, err = parseUntil(c.Expires, ch.Issued); err != nil {
		return ch, err
	}
	for _, path := range c.Entry {
		b, err := readFile(path, register.MaxEntry)
		if err != nil {
			return ch, err
		}
		p, err := register.ParseEntry(b)
		if err != nil {
			return ch, badInput(path+": "+plain(err), "want the entry.json that comity init wrote")
		}
		ch.Put = append(ch.Put, *p)
	}
	for _, text := range c.Revoke {
		key, cause, named := strings.Cut(text, "=")
		r := register.Revocation{Time: ch.Issued}
		if !named {
			f, err := readRevocation(text)
			if err != nil {
				return ch, err
			}
			a.note("%s asks to revoke the key of %s", f.Participant, f.Officer)
			r.Key, r.Cause = f.Key, f.Cause
			ch.Revoke = append(ch.Revoke, r)
			continue
		}
		if r.Key.UnmarshalText([]byte(key)) != nil || r.Cause.UnmarshalText([]byte(cause)) != nil {
			return ch, badInput("revoke: want the key's fingerprint, =, and compromised, superseded or ceased",
				"comity register show --json lists fingerprints")
		}
		ch.Revoke = append(ch.Revoke, r)
	}
	return ch, nil
}

func publics(keys []*identity.Key) []*identity.Public {
	out := make([]*identity.Public, len(keys))
	for i, k := range keys {
		out[i] = k.Public()
	}
	return out
}

// missing returns how many signatures r still needs besides those of keys.
func missing(r *register.Register, keys []*identity.Public) int {
	n := r.Roots.Threshold
	for _, k := range keys {
		if slices.ContainsFunc(r.Roots.Keys, k.Equal) {
			n--
		}
	}
	return max(n, 0)
}

type registerCosignCmd struct {
	File     string   `arg:"" help:"The register that others signed."`
	Root     []string `required:"" help:"Root key to sign with, or its directory." placeholder:"FILE"`
	Previous string   `help:"The version before, to see what changes." placeholder:"FILE"`
	Out      string   `required:"" help:"File to write." placeholder:"FILE"`
}

func (c *registerCosignCmd) Run(ctx context.Context, a *app) error {
	b, err := readFile(c.File, register.MaxSigned)
	if err != nil {
		return err
	}
	next, err := register.Claim(b)
	if err != nil {
		return badInput(c.File+": "+plain(err), "want a register that comity register sign wrote")
	}
	var before *register.Register
	if c.Previous != "" {
		previous, err := readOwnRegister(c.Previous)
		if err != nil {
			return err
		}
		before = previous.Register
	}
	roots, err := a.readRoots(ctx, c.Root)
	if err != nil {
		return err
	}
	out := signedRegister{File: c.Out, Party: next.Party, Version: next.Version,
		Changes: register.Diff(before, next)}
	if err := a.approve(ctx, out.Changes); err != nil {
		return err
	}
	for _, k := range roots {
		if b, err = register.Cosign(b, k); err != nil {
			return badInput(plain(err), "")
		}
	}
	if _, err := register.Verify(b, next.Roots); err != nil {
		out.Missing = 1 // at least; who signed so far is not known before enough did
	}
	if err := home.WriteNew(c.Out, b); err != nil {
		return err
	}
	return a.show(out, out.text)
}
