package main

import (
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// byHand is where the README's commands for two participants begin and end.
const byHand, byHandEnd = "## Two participants by hand", "\n## "

var (
	comment  = regexp.MustCompile(` +# .*$`)
	nodeLine = regexp.MustCompile(`^comity node --dir (\w+)$`)
	caseWord = regexp.MustCompile(`\bCASE\b`)
)

// readme FILE writes the README's commands for two participants into a shell
// script. What a person does between them stands in it, too: a terminal for
// each node, and the case that the second command prints.
func readme(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile(ts.Getenv("README"))
	ts.Check(err)
	_, section, found := strings.Cut(string(b), byHand)
	section, _, ended := strings.Cut(section, byHandEnd)
	blocks := strings.Split(section, "```")
	if !found || !ended || len(blocks) != 5 {
		ts.Fatalf("the README has %d blocks under %q, want two", len(blocks)/2, byHand)
	}
	out := []string{"set -eu", "nodes=''", "trap 'test -z \"$nodes\" || kill -INT $nodes; wait' EXIT"}
	for line := range strings.Lines(blocks[1] + blocks[3]) {
		line = comment.ReplaceAllString(strings.TrimRight(line, "\n"), "")
		line = caseWord.ReplaceAllString(line, "$$CASE")
		line = strings.NewReplacer("127.0.0.1:4433", ts.Getenv("GB"), "127.0.0.1:4434", ts.Getenv("US")).Replace(line)
		if m := nodeLine.FindStringSubmatch(line); m != nil {
			line += " --ready-file " + m[1] + ".ready & nodes=\"$nodes $!\"\n" +
				"until test -e " + m[1] + ".ready; do kill -0 $!; sleep 0.05; done"
		}
		out = append(out, line)
		if strings.HasPrefix(line, "comity request new  --dir") {
			out[len(out)-1] += " >draft; CASE=$(grep -o 'case-[a-z2-7]*' draft | head -n 1)"
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(out, "\n")+"\n"), 0o600))
}
