package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"comity.example/node/home"
	"comity.example/protocol/casepack"
	"comity.example/protocol/register"
)

type verifyCmd struct {
	Package []string `arg:"" help:"The exported case, as the file or as the folder it was unpacked into; or several exports of it, by different participants, to compare."`
	Pins    string   `help:"Directory with the Parties' pins, compared out of band." placeholder:"DIR"`
	Show    bool     `help:"Show what was done, in the order of time: who sent what, when, and who receipted it; of the claims only those that do not hold."`
	Act     int      `help:"Show the act with this number whole, with --show." placeholder:"N"`
	Summary string   `help:"Write what was found as one page for the court file, to be printed on A4." placeholder:"FILE.html"`
}

func (c *verifyCmd) Help() string {
	return `Needs no node and no network: every signature, decision and receipt is checked from the Parties'
pinned roots on. Without --pins the roots come from the package itself; then compare each
fingerprint with the Party by phone before you believe any of it (exit status 3).
Evidence that is not in the package is not proved, and exit status 3 says so; its bytes are read once,
whatever its size, and nothing is unpacked. What --summary writes, this program found; the
exporter had no part in it.
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
	// Timeline are the acts as they were signed, where they are to be shown.
	Timeline []told `json:"timeline,omitzero"`

	story []told // the same, also where only the page has them
	act   int    // to be shown whole, counted from 1; 0: none
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

func (c *verifyCmd) Run(ctx context.Context, a *app) error {
	if c.Act != 0 && !c.Show {
		return badInput("--act: want it only with --show", "")
	}
	if c.Summary != "" { // what is checked may take hours
		page, err := newPage(c.Summary)
		if err == nil {
			err = errors.Join(page.Close(), os.Remove(c.Summary))
		}
		if err != nil {
			return err
		}
	}
	var all compared
	var reports []casepack.Report
	for _, file := range c.Package {
		v, err := c.verify(ctx, a, file)
		if err != nil {
			return err
		}
		all.Packages, reports = append(all.Packages, v), append(reports, v.Report)
	}
	if len(all.Packages) > 1 {
		var err error
		if all.Lacks, err = casepack.Compare(reports...); err != nil {
			return badInput(plain(err), "want packages that different participants exported of one case")
		}
		all.Nothing = !slices.ContainsFunc(reports, func(r casepack.Report) bool { return r.Exporter != reports[0].Exporter })
	}
	if c.Summary != "" {
		if err := all.summarise(c.Summary, a.instant()); err != nil {
			return err
		}
	}
	if len(all.Packages) == 1 {
		v := all.Packages[0]
		return errors.Join(a.show(v, v.alone), done(v.status()))
	}
	return errors.Join(a.show(all, all.text), done(all.status()))
}

// verify goes through one package.
func (c *verifyCmd) verify(ctx context.Context, a *app, file string) (v verified, err error) {
	p, closing, err := openPackage(ctx, file)
	if err != nil {
		return v, err
	}
	defer closing.Close()
	pins := p.Index.Pins
	if c.Pins != "" {
		if pins, err = readPins(c.Pins); err != nil {
			return v, err
		}
	}
	bar := &passage{gauge: gauge{name: file}, board: a.board()}
	p.Progress = func(done, total int64) {
		bar.total = total
		bar.count(int(done - bar.done))
	}
	v = verified{File: file, Report: p.Verify(pins), Pins: pinnedOf(pins), Compared: c.Pins != ""}
	bar.board.clear()
	if err := ctx.Err(); err != nil { // what was not read any more looks false
		return v, err
	}
	if c.Show || c.Summary != "" {
		if v.story, err = timelineOf(p, v.Acts); err != nil {
			return v, err
		}
	}
	if c.Show {
		v.Timeline = v.story
		if v.act = c.Act; v.act < 0 || v.act > len(v.Acts) {
			return v, badInput(fmt.Sprintf("--act: %s covers %s", file, count(len(v.Acts), "act")), "")
		}
	}
	for i := range v.Claims {
		v.Claims[i].Why = plainText(v.Claims[i].Why)
	}
	return v, nil
}

// openPackage reads the table of contents of an exported case: an archive, or the
// folder that it was unpacked into. It is read until ctx is done.
func openPackage(ctx context.Context, name string) (p *casepack.Package, closing io.Closer, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, badInput("cannot read "+name+": "+reasonOf(err), "")
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return nil, nil, badInput("cannot read "+name+": "+reasonOf(err), "")
		}
		p, err := casepack.OpenFolder(cancelableFS{ctx, root.FS()})
		return opened(name, p, root, err)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, badInput("cannot read "+name+": "+reasonOf(err), "")
	}
	p, err = casepack.Open(cancelable{ctx, f}, info.Size())
	return opened(name, p, f, err)
}

// opened says of what does not open whose fault it is.
func opened(name string, p *casepack.Package, closing io.Closer, err error) (*casepack.Package, io.Closer, error) {
	if err == nil {
		return p, closing, nil
	}
	closing.Close()
	if errors.Is(err, context.Canceled) {
		return nil, nil, err
	}
	if errors.Is(err, casepack.ErrChanged) {
		return nil, nil, &failure{exitDoubt, name + " has changed since it was exported, or is not complete: do not rely on it",
			"ask whoever exported it for it again, and compare before and after the way here"}
	}
	return nil, nil, badInput(name+": "+plain(err), "want a file that comity case export wrote, or the folder case-… that unpacking it made")
}

// A cancelable reads until a context is done.
type cancelable struct {
	ctx context.Context
	r   io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (u cancelable) ReadAt(p []byte, at int64) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.ReadAt(p, at)
}

// A cancelableFS opens files that are read until a context is done.
type cancelableFS struct {
	ctx context.Context
	fs.FS
}

// Open implements fs.FS.
func (u cancelableFS) Open(name string) (fs.File, error) {
	f, err := u.FS.Open(name)
	if d, ok := f.(fs.ReadDirFile); ok && err == nil {
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return d, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return cancelableFile{f, u.ctx}, nil
}

type cancelableFile struct {
	fs.File
	ctx context.Context
}

// Read implements io.Reader.
func (f cancelableFile) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func readPins(dir string) ([]register.Pin, error) {
	pins, err := home.ReadPins(dir)
	switch {
	case err != nil:
		return nil, badInput(plain(err), "")
	case len(pins) == 0:
		return nil, badInput("there is no pin in "+dir, "name the folder with the *.json files that comity register pin wrote")
	}
	return pins, nil
}
