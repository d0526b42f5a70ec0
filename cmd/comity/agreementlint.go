package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/lint"
)

type agreementLintCmd struct {
	File string `arg:"" name:"agreement" help:"Id of an agreement, a .yaml file, or - for standard input."`
}

func (c *agreementLintCmd) Help() string {
	return `Prints what keeps a document from loading, each with its line and what to mend; and of one that loads,
what it may say and hardly means: rules that can never apply or never be met, rights whose mirror is
missing, claims whose source names no article, sentences that are too long. Exit status 0: neither; 3:
it loads, with warnings that a person should look at; 4: it does not load; 2: the file cannot be read.`
}

// A lintLine is one finding of agreement lint for a program.
type lintLine struct {
	Line int    `json:"line"`
	Path string `json:"path,omitzero"` // of the member: "rules[3].when"
	Text string `json:"text"`
}

// linted is what agreement lint says to a program.
type linted struct {
	File     string     `json:"file"`
	Loads    bool       `json:"loads"`
	Problems []lintLine `json:"problems"`
	Warnings []lintLine `json:"warnings"`
}

func (c *agreementLintCmd) Run(ctx context.Context, a *app) error {
	b, err := c.read(ctx, a)
	if err != nil {
		return err
	}
	out := linted{File: c.File, Problems: []lintLine{}, Warnings: []lintLine{}}
	doc, err := agreement.ParseDocument(c.File, b)
	for _, p := range agreement.Problems(err) {
		out.Problems = append(out.Problems, lintLine{Line: p.Line, Text: p.Text})
	}
	if out.Loads = err == nil; out.Loads {
		lines := agreement.Lines(b)
		for _, w := range lint.Document(doc, a.instant()) {
			out.Warnings = append(out.Warnings, lintLine{lineAt(lines, w.Path), w.Path, w.Text})
		}
	}
	for _, list := range [][]lintLine{out.Problems, out.Warnings} {
		slices.SortStableFunc(list, func(x, y lintLine) int { return cmp.Compare(x.Line, y.Line) })
	}
	return errors.Join(a.show(out, out.text), done(out.status()))
}

// read returns the bytes of a file, which need not load, or of an agreement at
// hand.
func (c *agreementLintCmd) read(ctx context.Context, a *app) ([]byte, error) {
	if c.File == "-" {
		b, err := io.ReadAll(io.LimitReader(a.in, agreement.MaxDocument+1))
		return b, orBadInput(err)
	}
	if _, err := os.Stat(c.File); err == nil || isFile(c.File) {
		return readFile(c.File, agreement.MaxDocument)
	}
	t, err := a.find(ctx, c.File)
	if err != nil {
		return nil, err
	}
	return t.doc.Bytes(), nil
}

// lineAt returns where a member stands, or the nearest one around it.
func lineAt(lines map[string]int, path string) int {
	for path != "" {
		if line, ok := lines[path]; ok {
			return line
		}
		if least := firstUnder(lines, path); least > 0 {
			return least
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 1
}

// firstUnder returns the first line on which a member of a place stands, 0 if
// there is none.
func firstUnder(lines map[string]int, path string) int {
	least := 0
	for p, line := range lines {
		if strings.HasPrefix(p, path+".") && (least == 0 || line < least) {
			least = line
		}
	}
	return least
}

func (l *linted) status() exitStatus {
	switch {
	case !l.Loads:
		return exitDeny
	case len(l.Warnings) > 0:
		return exitHold
	}
	return exitOK
}

func (l *linted) text(w io.Writer) {
	for _, p := range l.Problems {
		fmt.Fprintf(w, "%s:%d: problem: %s\n", l.File, p.Line, shown(p.Text))
	}
	for _, p := range l.Warnings {
		fmt.Fprintf(w, "%s:%d: warning: %s: %s\n", l.File, p.Line, p.Path, shown(p.Text))
	}
	switch {
	case !l.Loads:
		fmt.Fprintf(w, "%s does not load: %s\n", l.File, count(len(l.Problems), "problem"))
	case len(l.Warnings) > 0:
		fmt.Fprintf(w, "%s loads, with %s\n", l.File, count(len(l.Warnings), "warning"))
	default:
		fmt.Fprintf(w, "%s loads, and nothing looks wrong\n", l.File)
	}
}
