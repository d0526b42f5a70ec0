package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"comity.example/crypto/keyfile"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/store"
)

// An exitStatus is what the process ends with.
type exitStatus int

// The exit statuses. Scripts rely on them: a number never changes its meaning.
const (
	exitOK          exitStatus = 0
	exitError       exitStatus = 1
	exitInput       exitStatus = 2
	exitHold        exitStatus = 3
	exitDeny        exitStatus = 4
	exitDoubt       exitStatus = 5
	exitNoNode      exitStatus = 6
	exitStore       exitStatus = 7
	exitInterrupted exitStatus = 130
)

// exitStatuses is the table of --help and the README.
var exitStatuses = []struct {
	status exitStatus
	text   string
}{
	{exitOK, "done; allowed; everything holds"},
	{exitError, "error"},
	{exitInput, "wrong usage, or input that cannot be read"},
	{exitHold, "held: a person must decide or supply something first, or look at a warning"},
	{exitDeny, "denied: the agreement does not carry it and nothing was sent, or does not load"},
	{exitDoubt, "a claim does not hold: do not rely on it"},
	{exitNoNode, "the node does not answer"},
	{exitStore, "the node must not start: its store is damaged or behind its anchor"},
	{exitInterrupted, "interrupted"},
}

// beginnings are where a newcomer begins, each with what comes of it.
var beginnings = [][2]string{
	{"comity testnet demo", "see a world of nodes at work on this machine"},
	{"comity request new --template", "a request to fill in, each line explained"},
	{"comity check --request FILE", "what the agreements find of it; needs nothing else"},
	{"comity init --help", "a participant of your own; the README goes on from there"},
	{"comity inbox --dir HOME", "what waits for you, once your node runs"},
	{"comity doctor --dir HOME", "what is wrong, when something is"},
}

// A failure is an error as a person reads it. One with no text was told
// already and has only a status.
type failure struct {
	status exitStatus
	text   string
	hint   string
}

func (f *failure) Error() string { return f.text }

// done ends a verb that has said all there is to say with a status.
func done(s exitStatus) error {
	if s == exitOK {
		return nil
	}
	return &failure{status: s}
}

// badInput is an error in what the person gave.
func badInput(text, hint string) error { return &failure{exitInput, text, hint} }

// usage turns an error of the parser into a failure.
func usage(err error) error {
	name := "comity"
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil && p.Context.Selected() != nil {
		name = p.Context.Selected().FullPath()
	}
	hint := "see " + name + " --help"
	if strings.Contains(err.Error(), "<case>") {
		hint = "comity inbox and comity request list say which cases there are; " + hint
	}
	text := err.Error()
	if flag, _, empty := strings.Cut(text, noValue); empty {
		text = flag + ": want a value after it"
	}
	return badInput(text, hint)
}

// noValue is how the parser says that a flag is the last word, and has no value.
const noValue = `: expected value value but got "EOL"`

// fail writes err for a person, or for a program, and returns the status.
func (a *app) fail(err error) exitStatus {
	if err == nil {
		return exitOK
	}
	f := explain(err)
	if f.text == "" {
		return f.status
	}
	if a.JSON {
		json.MarshalWrite(a.errs, struct {
			Error string     `json:"error"`
			Hint  string     `json:"hint,omitzero"`
			Exit  exitStatus `json:"exit"`
		}{f.text, f.hint, f.status})
		fmt.Fprintln(a.errs)
		return f.status
	}
	fmt.Fprintf(a.errs, "error: %s\n", f.text)
	if f.hint != "" {
		fmt.Fprintf(a.errs, "hint: %s\n", f.hint)
	}
	return f.status
}

// explain finds the words and the status for an error.
func explain(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var p *desk.Problem
	if errors.As(err, &p) {
		return explainProblem(p)
	}
	out := &failure{status: exitError, text: plain(err)}
	var behind *journal.BehindError
	var file *node.FileError
	switch {
	case errors.Is(err, context.Canceled):
		return &failure{status: exitInterrupted, text: "interrupted"}
	case errors.As(err, &behind):
		out.status = exitStore
		out.hint = "acts that were receipted are missing: put back the newest copy of the data folder, " +
			"and ask the peers for what they hold; see comity doctor"
	case errors.As(err, &file):
		out.text = fmt.Sprintf("the %s in %s cannot be believed: %s", file.Kind, file.File, plain(file.Err))
		out.hint = "the node does not run without it, since it may end what is allowed now: have its Party give it " +
			"again and put that in its place, or move the file away if it is not that Party's"
	case errors.Is(err, journal.ErrDamaged), errors.Is(err, journal.ErrAnchorMissing),
		errors.Is(err, store.ErrDamaged):
		out.status = exitStore
		out.hint = "the store is not what was written: put back the newest copy of the data folder, with its anchor"
	case errors.Is(err, journal.ErrVersion):
		out.status = exitStore
		out.hint = "nothing is damaged and nothing was changed: start the version of comity that wrote this data folder"
	case errors.Is(err, store.ErrInUse):
		out.hint = "another node runs in this home: stop it first"
	case errors.Is(err, store.ErrWrongKey):
		out.hint = "keys/store.key belongs to another home: put back the one that was made with this store"
	case errors.Is(err, store.ErrNoSpace):
		out.hint = "make room on the disk that holds the data folder"
	case errors.Is(err, keyfile.ErrUnlock):
		out.hint = "give the passphrase with COMITY_PASSPHRASE or --passphrase-file, " +
			"or put unlock.key beside what it opens"
	case tokenHint(err) != "":
		out.hint = tokenHint(err)
	case errors.Is(err, fs.ErrExist):
		out.hint = "nothing is overwritten: name another file, or move this one away"
	case errors.Is(err, fs.ErrNotExist):
		out.status = exitInput
	}
	return out
}

func explainProblem(p *desk.Problem) *failure {
	f := &failure{exitError, p.Text, p.Hint}
	switch p.Status {
	case http.StatusBadGateway:
		f.status = exitNoNode
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge:
		f.status = exitInput
	}
	return f
}

// packages are the names with which errors begin at the edge of a package.
// They help who reads a log; a person on a terminal they do not.
var packages = []string{"home: ", "node: ", "open: ", "register: ", "agreement: ", "paper: ", "protocol: ", "desk: ",
	"canon: ", "decode: ", "keyfile: ", "casepack: ", "bag: ", "ledger: ", "journal: ", "link: ", "read: ", "write: ",
	"create: ", "draft: ", "casefile: ", "cosign: ", "chain: ", "seal: ", "identity: ", "accept: ",
	"vault: ", "evidence: ", "stream: ", "upload: ", "replay: ", "parse: ", "decide: ", "make: ", "report: ", "token: ",
	"exhibit: ", "library: ", "record: "}

// plain returns an error's text without the packages it came through.
func plain(err error) string { return plainText(err.Error()) }

func plainText(text string) string {
	for cut := true; cut; {
		cut = false
		for _, p := range packages {
			rest, found := strings.CutPrefix(text, p)
			rest = strings.ReplaceAll(rest, ": "+p, ": ")
			text, cut = rest, cut || found
		}
	}
	return text
}

// help prints what kong knows, and the exit statuses below the list of verbs.
func help(o kong.HelpOptions, ctx *kong.Context) error {
	if ctx.Selected() != nil {
		return verbHelp(o, ctx)
	}
	if err := kong.DefaultHelpPrinter(o, ctx); err != nil {
		return err
	}
	w := tabwriter.NewWriter(ctx.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nTo begin:")
	for _, b := range beginnings {
		fmt.Fprintf(w, "  %s\t%s\n", b[0], b[1])
	}
	w.Flush()
	fmt.Fprintln(w, "\nExit status:")
	for _, s := range exitStatuses {
		fmt.Fprintf(w, "  %d\t%s\n", s.status, s.text)
	}
	return w.Flush()
}

// verbHelp prints what kong knows of one verb, and its usage as it is: of flags
// that exclude each other and one of which must be there, kong prints all.
func verbHelp(o kong.HelpOptions, ctx *kong.Context) error {
	var b bytes.Buffer
	out := ctx.Stdout
	ctx.Stdout = &b
	err := kong.DefaultHelpPrinter(o, ctx)
	ctx.Stdout = out
	var either []string
	for _, f := range ctx.Selected().Flags {
		if f.Required && len(f.Xor) > 0 {
			either = append(either, f.Summary())
		}
	}
	text := b.String()
	if len(either) > 0 {
		text = strings.Replace(text, strings.Join(either, " "), "("+strings.Join(either, " | ")+")", 1)
	}
	_, wrong := io.WriteString(out, text)
	return errors.Join(err, wrong)
}

// readFile reads a file that a person named.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, badInput("cannot read "+path+": "+reasonOf(err), "")
	}
	if info.Size() > limit {
		return nil, badInput(fmt.Sprintf("%s: %d bytes: want at most %d", path, info.Size(), limit), "")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, badInput("cannot read "+path+": "+reasonOf(err), "")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1)) // a device has no size
	switch {
	case err != nil:
		return nil, badInput("cannot read "+path+": "+reasonOf(err), "")
	case int64(len(b)) > limit:
		return nil, badInput(fmt.Sprintf("%s: more than %d bytes: want at most that", path, limit), "")
	}
	return b, nil
}

// reasonOf returns what the system says, without the path.
func reasonOf(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// rootOf returns the innermost error's text: what the system says.
func rootOf(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
