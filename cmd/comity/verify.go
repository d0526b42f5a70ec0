package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"comity.example/node/home"
	"comity.example/protocol/casepack"
	"comity.example/protocol/register"
)

type verifyCmd struct {
	Package []string `arg:"" help:"The exported case; or several exports of it, by different participants, to compare."`
	Pins    string   `help:"Directory with the Parties' pins, compared out of band." placeholder:"DIR"`
}

func (c *verifyCmd) Help() string {
	return `Needs no node and no network: every signature, decision and receipt is checked from the Parties'
pinned roots on. Without --pins the roots come from the package itself; then compare each
fingerprint with the Party by phone before you believe any of it (exit status 3).
A package shows what its exporter put in. That nothing was left out shows only beside the package of
another participant: of several, each act is told that one holds and another lacks (exit status 5).`
}

// verified is what verify says to a program.
type verified struct {
	File string `json:"file"`
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

// compared is what verify says of several packages.
type compared struct {
	Packages []verified      `json:"packages"`
	Lacks    []casepack.Lack `json:"lacks"`
	// Nothing says that one participant exported all of them: nothing was compared.
	Nothing bool `json:"nothing_compared,omitzero"`
}

func (c *verifyCmd) Run(_ context.Context, a *app) error {
	var all compared
	var reports []casepack.Report
	for _, file := range c.Package {
		v, err := c.verify(file)
		if err != nil {
			return err
		}
		all.Packages, reports = append(all.Packages, v), append(reports, v.Report)
	}
	if len(all.Packages) == 1 {
		v := all.Packages[0]
		return errors.Join(a.show(v, v.alone), done(v.status()))
	}
	var err error
	if all.Lacks, err = casepack.Compare(reports...); err != nil {
		return badInput(plain(err), "want packages that different participants exported of one case")
	}
	all.Nothing = !slices.ContainsFunc(reports, func(r casepack.Report) bool { return r.Exporter != reports[0].Exporter })
	return errors.Join(a.show(all, all.text), done(all.status()))
}

// verify goes through one package.
func (c *verifyCmd) verify(file string) (v verified, err error) {
	f, err := os.Open(file)
	if err != nil {
		return v, badInput("cannot read "+file+": "+reasonOf(err), "")
	}
	defer f.Close()
	p, err := openPackage(f, file)
	if err != nil {
		return v, err
	}
	pins := p.Index.Pins
	if c.Pins != "" {
		if pins, err = readPins(c.Pins); err != nil {
			return v, err
		}
	}
	v = verified{File: file, Report: p.Verify(pins), Pins: pinnedOf(pins), Compared: c.Pins != ""}
	for i := range v.Claims {
		v.Claims[i].Why = plainText(v.Claims[i].Why)
	}
	return v, nil
}

// openPackage reads the table of contents of an exported case.
func openPackage(f *os.File, name string) (*casepack.Package, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p, err := casepack.Open(f, info.Size())
	if errors.Is(err, casepack.ErrChanged) {
		return nil, &failure{exitDoubt, name + " has changed since it was exported: do not rely on it",
			"ask whoever exported it for it again, and compare before and after the way here"}
	}
	if err != nil {
		return nil, badInput(name+": "+plain(err), "want a file that comity case export wrote")
	}
	return p, nil
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
		switch {
		case c.Holds:
			hang(w, "  ✓ ", shown(c.Claim))
		case c.Unproved:
			hang(w, "  – ", shown(c.Claim))
		default:
			hang(w, "  ✗ ", shown("does not hold: "+c.Claim+": "+c.Why))
		}
	}
	for _, e := range v.Evidence {
		from := "evidence of " + string(e.From)
		if e.PassedOn != "" {
			from = fmt.Sprintf("evidence produced by %s, passed on by %s", e.From, e.PassedOn)
		}
		fmt.Fprintf(w, "%s\n  %s, %d bytes\n", from, shown(e.Name), e.Size)
		fmt.Fprintf(w, "  %s\n  sha512:%s\n", e.SHA256, shown(e.SHA512))
	}
	v.covers(w)
	switch {
	case !v.Holds:
		fmt.Fprintln(w, "DOUBT: do not rely on this package")
	case v.Compared:
		fmt.Fprintf(w, "holds: %s\n", count(len(v.Claims)-v.Unproved, "claim"))
	default:
		fmt.Fprintln(w, "holds IF these are the Parties' roots: read them to each other by phone")
		for _, p := range v.Pins {
			fmt.Fprintf(w, "  %s\n", p.Fingerprint)
		}
	}
	if v.Holds && v.Unproved > 0 {
		fmt.Fprintf(w, "not proved: %s above, with –; a later export may prove it\n", count(v.Unproved, "claim"))
	}
}

// covers says which acts the package is about, and as of when.
func (v *verified) covers(w io.Writer) {
	fmt.Fprintf(w, "covers %s\n", count(len(v.Acts), "act"))
	for _, act := range v.Acts {
		fmt.Fprintf(w, "  %s  %s of %s\n", moment(act.Issued), act.Kind, act.From)
	}
	for _, h := range v.Ledgers {
		what := "newest receipt"
		if h.Participant == v.Exporter {
			what = "exporter"
		}
		hang(w, "  ", fmt.Sprintf("as of the checkpoint of size %d signed at %s by %s (%s)",
			h.Size, moment(h.Signed), h.Participant, what))
	}
}

// alone says what one package cannot show.
func (v *verified) alone(w io.Writer) {
	v.text(w)
	hang(w, "", fmt.Sprintf("What %s left out, or took later, does not show: compare with the package of "+
		"another participant, comity verify ONE OTHER", shown(string(v.Exporter))))
}

func (c *compared) status() exitStatus {
	status := exitOK
	for _, v := range c.Packages {
		status = max(status, v.status()) // ok, hold, doubt
	}
	if len(c.Lacks) > 0 {
		return exitDoubt
	}
	return status
}

func (c *compared) text(w io.Writer) {
	for _, v := range c.Packages {
		fmt.Fprintf(w, "%s, exported by %s\n", v.File, shown(string(v.Exporter)))
		v.text(w)
		fmt.Fprintln(w)
	}
	for _, l := range c.Lacks {
		has, lacks := c.Packages[l.In], c.Packages[l.Not]
		hang(w, "✗ ", fmt.Sprintf("the %s of %s, issued %s (%s), is in %s and not in %s, although %s sent it or was to have it",
			l.Act.Kind, l.Act.From, moment(l.Act.Issued), l.Act.Digest, has.File, lacks.File, lacks.Exporter))
	}
	if len(c.Lacks) > 0 {
		fmt.Fprintln(w, "DOUBT: a package leaves something out, or was exported before it came")
		return
	}
	if c.Nothing {
		fmt.Fprintf(w, "nothing was compared: %s exported all of them; want the package of another participant\n",
			shown(string(c.Packages[0].Exporter)))
		return
	}
	fmt.Fprintln(w, "no package lacks an act that another holds and its exporter sent or was to have")
}
