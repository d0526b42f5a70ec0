package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"comity.example/node/desk"
	"comity.example/protocol/report"
)

type reportCmd struct {
	Kind      report.Kind   `arg:"" enum:"${reports}" help:"Which: ${reports}." predictor:"report"`
	From      string        `help:"First day of the period, in UTC. By default the first of last year." placeholder:"DAY"`
	To        string        `help:"Last day of the period. By default the last of last year. Of usc-1874: the day of publication." placeholder:"DAY"`
	Structure int           `help:"Which structure of 50 USC 1874(a), 1 to 4: of usc-1874 only." placeholder:"1-4"`
	Suppress  int64         `help:"Hide numbers below this one: a policy of yours, and no law." placeholder:"N"`
	AsOf      time.Time     `help:"Count what was in the ledger by then, RFC 3339. By default up to the second before this one." placeholder:"TIME"`
	Format    report.Format `default:"text" enum:"text,csv,json,html" help:"text, csv, json or html." placeholder:"FORMAT"`
	Against   string        `help:"Compute a report again that was written as json, and say whether its figures come out." placeholder:"FILE"`
	writing
}

func (c *reportCmd) Help() string {
	return `Counts the cases of this participant, for those to whom the law lets them be told:

  eu-28-2           Regulation (EU) 2023/1543, Art. 28(2)(a) to (j): a Member State's authorities, by 31 March
  eu-28-4           Art. 28(4)(a) to (d): a service provider, who may
  usc-1874          50 USC 1874: national security process in bands, by one of four structures
  provider          what providers publish: requests, accounts, outcomes, objections, gags
  agreement-annual  each agreement, by direction: orders, objections, notices to third States, turnaround
  secrecy           orders not to tell, by length and by age, and the notices after them

Exercises (comity drill) are in none. Where an authority has another State's request carried out by a
domestic order, the request is in agreement-annual and the order in secrecy, so that nothing is
counted twice; the provider counts the order, which is what it received.

A report is computed from the acts in the ledger. It names the checkpoint, the moment up to which acts
count and the digest of the acts, so that whoever may read this node gets the same figures with
--against. Reading very many cases takes minutes; Ctrl-C stops it. What this node cannot know is said to be not known. The html is one page with its charts.

For usc-1874 a request counts when its proceedings are national_security, its issuer is of the US,
secrecy binds its addressee, and this participant is that. Of which process it is says the instrument
in its authorisation: "national security letter", "18 USC 2709", "50 USC 1842", "50 USC 1861(b)(2)(B)" and so on.
Other reports leave it out. The day of publication is 1 January or 1 July.`
}

// maxReport bounds a report that is read again, in bytes.
const maxReport = 64 << 20

func (c *reportCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	if c.Against != "" {
		return c.again(ctx, a, node)
	}
	s, err := node.Status(ctx)
	if err != nil {
		return err
	}
	o, err := c.options(s.Time)
	if err != nil {
		return err
	}
	r, err := a.report(ctx, node, o, c.AsOf)
	if err != nil {
		return err
	}
	format := c.Format
	if a.JSON && c.Out == "" {
		format = report.JSON
	}
	return c.write(a, func(w io.Writer) error { return r.Write(w, format) })
}

// options reads what the flags ask for, at a time.
func (c *reportCmd) options(now time.Time) (report.Options, error) {
	now = now.UTC()
	o := report.Options{Kind: c.Kind, Structure: c.Structure, Suppress: c.Suppress}
	last := time.Date(now.Year()-1, 12, 31, 0, 0, 0, 0, time.UTC)
	if c.Kind == report.USC1874 {
		return c.published(o, now)
	}
	var err error
	if o.From, err = readDay("--from", c.From, time.Date(now.Year()-1, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		return o, err
	}
	if o.To, err = readDay("--to", c.To, last); err != nil {
		return o, err
	}
	o.To = o.To.AddDate(0, 0, 1) // all of the last day
	return o, nil
}

// published reads the day of publication; by default it is the last on which
// there was one.
func (c *reportCmd) published(o report.Options, now time.Time) (report.Options, error) {
	day := time.Date(now.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	if july := day.AddDate(0, 6, 0); c.Structure != 4 && !now.Before(july) {
		day = july
	}
	var err error
	if o.To, err = readDay("--to", c.To, day); err != nil {
		return o, err
	}
	o.From, err = readDay("--from", c.From, time.Time{})
	return o, err
}

func readDay(flag, s string, otherwise time.Time) (time.Time, error) {
	if s == "" {
		return otherwise, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, badInput(fmt.Sprintf("%s %q: want a day such as 2026-12-31", flag, s), "")
	}
	return t, nil
}

const (
	// tellEvery is after how long it is said again that the work goes on: on a
	// terminal in the same line.
	tellEvery     = 5 * time.Second
	tellEveryHere = time.Second
	lookEvery     = 256 // cases between two looks at the time
)

// A reading counts the cases that were read, and says so to who waits.
type reading struct {
	a        *app
	terminal bool
	n        int
	last     time.Time // when it was said, or the reading began
	said     bool
}

func (a *app) reading() *reading {
	f, ok := a.errs.(*os.File)
	return &reading{a: a, terminal: ok && term.IsTerminal(int(f.Fd())), last: time.Now()}
}

// one counts a case.
func (r *reading) one() {
	if r.n++; r.n%lookEvery != 0 || r.a.JSON {
		return
	}
	every, form := tellEvery, "%d cases read; Ctrl-C stops\n"
	if r.terminal {
		every, form = tellEveryHere, "\r%d cases read; Ctrl-C stops "
	}
	if now := time.Now(); now.Sub(r.last) >= every {
		fmt.Fprintf(r.a.errs, form, r.n)
		r.last, r.said = now, true
	}
}

// done ends the line.
func (r *reading) done() {
	if r.said && r.terminal {
		fmt.Fprintln(r.a.errs)
	}
}

// report folds the facts of a node into a report.
func (a *app) report(ctx context.Context, node *desk.Client, o report.Options, asOf time.Time) (report.Report, error) {
	m, err := report.New(o)
	if err != nil {
		return report.Report{}, badInput(plain(err), reportHint(o))
	}
	read := a.reading()
	defer read.done()
	basis, err := node.Facts(ctx, desk.Period{From: m.Needs(), To: o.To, AsOf: asOf}, func(f *report.Fact) error {
		m.Add(f)
		read.one()
		return nil
	})
	if err != nil {
		return report.Report{}, err
	}
	r, err := m.Report(basis)
	if err != nil {
		return r, badInput(plain(err), reportHint(o))
	}
	return r, nil
}

// reportHint says what to type instead.
func reportHint(o report.Options) string {
	if o.Kind == report.USC1874 {
		return "such as comity report usc-1874 --structure 3, which is as of the last day of publication; " +
			"leave --from out; see comity report --help"
	}
	return "see comity report --help"
}

// repeated is what came of computing a report again.
type repeated struct {
	Same        bool     `json:"same"`
	Checkpoint  bool     `json:"same_checkpoint"`
	Inputs      bool     `json:"same_inputs"`
	Differences []string `json:"differences,omitempty"`
}

// again computes a report that was written before.
func (c *reportCmd) again(ctx context.Context, a *app, node *desk.Client) error {
	b, err := readFile(c.Against, maxReport)
	if err != nil {
		return err
	}
	was, err := report.Parse(b)
	switch {
	case err != nil:
		return badInput(c.Against+": no report: "+plain(err), "want what comity report --format json wrote, byte for byte")
	case was.Kind != c.Kind:
		return badInput(fmt.Sprintf("%s is a report %s", c.Against, was.Kind), "comity report "+string(was.Kind)+" --against "+c.Against)
	}
	o := was.Options
	now, err := a.report(ctx, node, o, was.Basis.AsOf)
	if err != nil {
		return err
	}
	if was.Basis.Participant != now.Basis.Participant {
		return badInput(fmt.Sprintf("%s is of %s, and this node is of %s", c.Against, was.Basis.Participant, now.Basis.Participant),
			"name the home with --dir")
	}
	x := repeated{Checkpoint: was.Basis.Checkpoint == now.Basis.Checkpoint, Inputs: was.Basis.Inputs == now.Basis.Inputs,
		Differences: report.Differences(was, &now)}
	x.Same = x.Inputs && len(x.Differences) == 0
	if err := a.show(x, x.text); err != nil || x.Same {
		return err
	}
	return done(exitDoubt)
}

func (x *repeated) text(w io.Writer) {
	at := "at the checkpoint that it names"
	if !x.Checkpoint {
		at = "from a ledger that has grown since"
	}
	for _, d := range x.Differences {
		fmt.Fprintf(w, "✗ %s\n", shown(d))
	}
	switch {
	case x.Same:
		fmt.Fprintf(w, "✓ the same acts and the same figures, %s\n", at)
	case x.Inputs:
		fmt.Fprintf(w, "✗ other figures from the same acts, %s\n", at)
	case len(x.Differences) == 0:
		fmt.Fprintf(w, "✗ the same figures from other acts, %s\n", at)
	default:
		fmt.Fprintf(w, "✗ other acts, %s\n", at)
	}
}
