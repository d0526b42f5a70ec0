package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
)

type caseCmd struct {
	Show   caseShowCmd   `cmd:"" help:"Show a case: its state, its acts, and where they stand."`
	Read   caseReadCmd   `cmd:"" help:"Show a case and take it out of the inbox, until something new comes."`
	Export caseExportCmd `cmd:"" help:"Write a case as one file that verifies offline."`
}

type caseShowCmd struct {
	Case  protocol.CaseID `arg:"" help:"The case."`
	Until []string        `help:"Wait until the case is in one of these states: served, produced …" placeholder:"STATE"`
	Wait  time.Duration   `default:"30s" help:"How long to wait for it." placeholder:"TIME"`
	All   bool            `help:"Show every act whole, and also what was found before a certification met it."`
	Act   int             `help:"Show the act with this number whole." placeholder:"N"`
}

func (c *caseShowCmd) Help() string {
	return `At the top: the state, whose move it is and by when, what is open, and the clocks; then the acts in the order of
time, each on a line with where it was delivered. The order itself stands whole before who decides on it.`
}

func (c *caseShowCmd) Run(ctx context.Context, a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	var v desk.CaseView
	reached, err := await(ctx, c.patience(), func() (bool, error) {
		v, err = node.Case(ctx, c.Case)
		// A case that others open is not here before its first act is.
		if p := (*desk.Problem)(nil); errors.As(err, &p) && p.Status == 404 && len(c.Until) > 0 {
			return false, nil
		}
		return c.reached(v.State), err
	})
	if err != nil {
		return err
	}
	if !reached {
		return &failure{exitError, fmt.Sprintf("after %v the case is %s", c.Wait, orNone(v.State)),
			"wait longer with --wait, or see comity doctor"}
	}
	much := brief
	if c.All {
		much = full
	}
	if c.Act < 0 || c.Act > len(v.Acts) {
		return badInput(fmt.Sprintf("--act: the case has %s", count(len(v.Acts), "act")), "")
	}
	asked, how := a.askedToCertify(ctx, &v), shape{much: much, flags: a.flagsOf(ctx, &v), whole: c.All, act: c.Act,
		now: legalTime(ctx, node, &v)}
	return a.show(v, func(w io.Writer) {
		writeCase(w, &v, how)
		writeAsked(w, asked)
	})
}

// legalTime returns the node's time where a clock of the case runs, else the zero
// time: that of a world for tests may have been turned forward.
func legalTime(ctx context.Context, node *desk.Client, v *desk.CaseView) time.Time {
	if len(v.Running) == 0 {
		return time.Time{}
	}
	s, err := node.Status(ctx)
	if err != nil {
		return time.Time{} // the case is shown all the same
	}
	return s.Time
}

// askedToCertify returns the rules that wait for a statement of whoever is to
// certify the request of a case.
func (a *app) askedToCertify(ctx context.Context, v *desk.CaseView) []*agreement.Rule {
	if v.Move != casefile.Certify {
		return nil
	}
	return a.statementsToCertify(ctx, v)
}

// statementsToCertify is askedToCertify, whoever looks at the case.
func (a *app) statementsToCertify(ctx context.Context, v *desk.CaseView) []*agreement.Rule {
	d := requestOf(v).Decision
	if d == nil {
		return nil
	}
	return slices.DeleteFunc(askedOf(a.usedBy(ctx, d), d), func(r *agreement.Rule) bool {
		central := r.By == protocol.RoleCentral || r.By == "" && r.Role == protocol.RoleCentral
		return r.By != protocol.RoleDesignated && !central
	})
}

// check refuses to wait for what no case ever is.
func (c *caseShowCmd) check() error {
	var all []string
	for _, s := range casefile.States() {
		all = append(all, string(s))
	}
	for _, s := range c.Until {
		if slices.Contains(all, s) {
			continue
		}
		hint := "want one of " + strings.Join(all, ", ")
		if meant := nearest(s, all); meant != "" {
			hint = "did you mean " + meant + "?"
		}
		return badInput(fmt.Sprintf("--until: no case is ever %q", s), hint)
	}
	return nil
}

func (c *caseShowCmd) patience() time.Duration {
	if len(c.Until) == 0 {
		return 0
	}
	return c.Wait
}

func (c *caseShowCmd) reached(state string) bool {
	return len(c.Until) == 0 || slices.Contains(c.Until, state)
}

func orNone(s string) string {
	if s == "" {
		return "not here"
	}
	return s
}

type caseReadCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
}

func (c *caseReadCmd) Help() string {
	return `A case that waits for an answer, a certification or a relay is shown and stays in the inbox.`
}

func (c *caseReadCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	if v.File == nil {
		return &failure{exitError, "a draft does not wait to be read", "see comity case show"}
	}
	seen := v // what is shown is what was read, without what was done by reading it
	switch v.Move {
	case casefile.None:
		return &failure{exitError, "nothing in this case waits to be read",
			"comity case show " + string(c.Case) + " shows it"}
	case casefile.Read:
		var after desk.CaseView
		after, err = node.MarkRead(ctx, c.Case, desk.Seen{Acts: len(v.Acts), State: v.File.State})
		seen.Move = after.Move
	default: // it waits for more than a reader, and stays in the inbox
	}
	if err != nil {
		return err
	}
	how := shape{flags: a.flagsOf(ctx, &seen), whole: true, now: legalTime(ctx, node, &seen)}
	return a.show(seen, func(w io.Writer) { writeCase(w, &seen, how) })
}

type caseExportCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	Out  string          `help:"File to write. By default the case's name with .zip." placeholder:"FILE"`
}

// exported is what case export says to a program.
type exported struct {
	Case protocol.CaseID `json:"case"`
	File string          `json:"file"`
	Size int64           `json:"size"`
	// Absent are the objects of the case that were not here to go into it.
	Absent []desk.EvidenceItem `json:"absent,omitempty"`
}

func (c *caseExportCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	if c.Out == "" {
		c.Out = string(c.Case) + ".zip"
	}
	e, unseen := node.Evidence(ctx, c.Case) // before: what comes meanwhile may not be in it
	size, err := c.write(ctx, node, a.board())
	if err = errors.Join(err, unseen); err != nil {
		return err
	}
	absent := slices.DeleteFunc(e.Items, func(i desk.EvidenceItem) bool {
		return i.State == desk.EvidenceHeld || i.State == desk.EvidenceDisclosed || i.State == desk.EvidenceComplete
	})
	return a.show(exported{c.Case, c.Out, size, absent}, func(w io.Writer) {
		fmt.Fprintf(w, "wrote %s, %d bytes: check it with comity verify %s --pins DIR\n", c.Out, size, c.Out)
		for _, i := range absent {
			field(w, "without", fmt.Sprintf("%d %s, %s", i.Number, shown(i.Object.Name), standingText(&i)))
		}
	})
}

// write leaves a whole package or none, and takes no other file's place.
func (c *caseExportCmd) write(ctx context.Context, node *desk.Client, b *board) (size int64, err error) {
	dir, name := filepath.Split(c.Out)
	root, err := os.OpenRoot(cmp.Or(dir, "."))
	if err != nil {
		return 0, err
	}
	defer root.Close()
	if _, err := root.Lstat(name); err == nil {
		return 0, &fs.PathError{Op: "write", Path: c.Out, Err: syscall.EEXIST}
	}
	part := ".comity-" + strings.ToLower(rand.Text()) + ".part"
	f, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer b.clear()
	seen := &passage{gauge: gauge{name: filepath.Base(c.Out)}, board: b}
	if err = node.Export(ctx, c.Case, io.MultiWriter(f, seen)); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = publish(root, part, name)
	}
	if err != nil {
		return 0, errors.Join(err, root.Remove(part))
	}
	return seen.done, syncRoot(root)
}
