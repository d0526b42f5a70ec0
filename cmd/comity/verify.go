package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"comity.example/node/home"
	"comity.example/protocol/casepack"
	"comity.example/protocol/register"
)

type verifyCmd struct {
	Package string `arg:"" help:"The exported case."`
	Pins    string `help:"Directory with the Parties' pins, compared out of band." placeholder:"DIR"`
}

func (c *verifyCmd) Help() string {
	return `Needs no node and no network: every signature, decision and receipt is checked from the Parties'
pinned roots on. Without --pins the roots come from the package itself; then compare each
fingerprint with the Party by phone before you believe any of it (exit status 3).`
}

// verified is what verify says to a program.
type verified struct {
	casepack.Report
	Pins []pinned `json:"pins"`
	// Compared says that the pins were given, and are not the package's own.
	Compared bool `json:"pins_compared"`
}

// pinned is a Party with the fingerprint of its roots.
type pinned struct {
	Party       string `json:"party"`
	Fingerprint string `json:"fingerprint"`
}

func pinnedOf(pins []register.Pin) []pinned {
	out := []pinned{}
	for i := range pins {
		out = append(out, pinned{string(pins[i].Party), pins[i].Fingerprint()})
	}
	return out
}

func (c *verifyCmd) Run(_ context.Context, a *app) error {
	f, err := os.Open(c.Package)
	if err != nil {
		return badInput("cannot read "+c.Package+": "+reasonOf(err), "")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p, err := casepack.Open(f, info.Size())
	if err != nil {
		return badInput(c.Package+": "+plain(err), "want a file that comity case export wrote")
	}
	pins := p.Index.Pins
	if c.Pins != "" {
		if pins, err = readPins(c.Pins); err != nil {
			return err
		}
	}
	v := verified{Report: p.Verify(pins), Pins: pinnedOf(pins), Compared: c.Pins != ""}
	return errors.Join(a.show(v, v.text), done(v.status()))
}

func readPins(dir string) ([]register.Pin, error) {
	pins, err := home.ReadPins(dir)
	switch {
	case err != nil:
		return nil, badInput(plain(err), "")
	case len(pins) == 0:
		return nil, badInput("there is no pin in "+dir, "want *.json files that comity register pin wrote")
	}
	return pins, nil
}

func (v *verified) status() exitStatus {
	switch {
	case !v.Holds:
		return exitDoubt
	case !v.Compared:
		return exitHold
	}
	return exitOK
}

func (v *verified) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n", shown(string(v.Case)))
	about := ""
	for _, c := range v.Claims {
		if c.About != about {
			about = c.About
			fmt.Fprintf(w, "%s\n", shown(about))
		}
		if c.Holds {
			hang(w, "  ✓ ", shown(c.Claim))
		} else {
			hang(w, "  ✗ ", shown(c.Claim+": "+c.Why))
		}
	}
	for _, e := range v.Evidence {
		fmt.Fprintf(w, "evidence of %s\n  %s, %d bytes\n", e.From, shown(e.Name), e.Size)
		fmt.Fprintf(w, "  %s\n  sha512:%s\n", e.SHA256, shown(e.SHA512))
	}
	switch {
	case !v.Holds:
		fmt.Fprintln(w, "DOUBT: do not rely on this package")
	case v.Compared:
		fmt.Fprintf(w, "holds: %s\n", count(len(v.Claims), "claim"))
	default:
		fmt.Fprintln(w, "holds IF these are the Parties' roots: read them to each other by phone")
		for _, p := range v.Pins {
			fmt.Fprintf(w, "  %s\n", p.Fingerprint)
		}
	}
}
