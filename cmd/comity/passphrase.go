package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"comity.example/crypto/identity"
	"comity.example/crypto/keyfile"
	"comity.example/node/home"
	"comity.example/node/token"
)

// maxPassphrase bounds a passphrase, in bytes.
const maxPassphrase = 1024

// givenPassphrase returns the passphrase from the environment or the file that
// the person named, "" if neither is there.
func (a *app) givenPassphrase() (string, error) {
	if a.PassphraseFile == "" {
		return os.Getenv("COMITY_PASSPHRASE"), nil
	}
	return firstLine(a.PassphraseFile, "the passphrase")
}

// firstLine reads a secret from the first line of a file.
func firstLine(file, what string) (string, error) {
	b, err := readFile(file, maxPassphrase)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", badInput(file+": want "+what+" on the first line", "")
	}
	return line, nil
}

// passphrase returns the passphrase that was given, or asks for it.
func (a *app) passphrase(ctx context.Context, what string) (string, error) {
	p, err := a.givenPassphrase()
	if err != nil || p != "" {
		return p, err
	}
	return a.ask(ctx, "passphrase of "+what+": ")
}

// newPassphrase returns the passphrase that was given, or asks for it twice.
func (a *app) newPassphrase(ctx context.Context, what string) (string, error) {
	p, err := a.givenPassphrase()
	if err != nil || p != "" {
		return p, err
	}
	if p, err = a.ask(ctx, "new passphrase of "+what+": "); err != nil {
		return "", err
	}
	again, err := a.ask(ctx, "once more: ")
	if err == nil && again != p {
		err = badInput("the two passphrases differ", "")
	}
	return p, err
}

// ask reads a passphrase from the terminal.
func (a *app) ask(ctx context.Context, prompt string) (string, error) {
	return a.askSecret(ctx, prompt, badInput("a passphrase is needed and there is no terminal to ask on",
		"set COMITY_PASSPHRASE, or name a file with --passphrase-file"))
}

// askSecret reads a secret from the terminal without showing it, or fails with
// alone where there is none. When it is interrupted the terminal shows again what
// is typed.
func (a *app) askSecret(ctx context.Context, prompt string, alone error) (string, error) {
	fd, ok := a.terminal()
	if !ok {
		return "", alone
	}
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(a.errs, prompt)
	typed, err := interruptible(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	fmt.Fprintln(a.errs)
	if ctx.Err() != nil {
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
	if err == nil && len(typed) == 0 {
		err = badInput("nothing was typed", "")
	}
	return string(typed), err
}

// interruptible waits for read or for the end of ctx. A read from a terminal
// cannot be ended: its goroutine ends with the process, which is next.
func interruptible[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	c := make(chan result, 1)
	go func() {
		v, err := read()
		c <- result{v, err}
	}()
	select {
	case r := <-c:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// terminal returns the terminal that a person sits at, if there is one.
func (a *app) terminal() (fd int, ok bool) {
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}

// asks reports whether a person is asked before something is signed. Where
// there is no terminal, an officer who wrote the script has said so; a root has
// not (see confirmRoot).
func (a *app) asks() bool {
	_, person := a.terminal()
	return person && !a.Yes && !a.JSON
}

// confirm asks the person at the terminal whether to go on.
func (a *app) confirm(ctx context.Context, question string) error {
	if !a.asks() {
		return nil
	}
	fmt.Fprintf(a.errs, "%s [y/N] ", question)
	line, err := interruptible(ctx, func() (string, error) { return bufio.NewReader(a.in).ReadString('\n') })
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return &failure{status: exitError, text: "nothing was signed", hint: "answer y to sign, or say --yes"}
	}
	return nil
}

// confirmRoot is confirm for a Party's root. What it signs binds the Party, and
// a signature is never taken back: where nobody can be asked, nobody agreed.
func (a *app) confirmRoot(ctx context.Context, question string) error {
	if !a.Yes && !a.asks() {
		return badInput("nothing was signed: a root signs what a person has read, and there is nobody to ask",
			"read what it is to sign, and say -y; or run this at a terminal, without --json")
	}
	return a.confirm(ctx, question)
}

// homeLock returns what opens the keys of a home.
func (a *app) homeLock(ctx context.Context, h *home.Home) (keyfile.Lock, error) {
	if !h.NeedsPassphrase() {
		return h.Lock("")
	}
	p, err := a.passphrase(ctx, "the keys in "+h.Dir)
	if err != nil {
		return keyfile.Lock{}, err
	}
	return h.Lock(p)
}

// A locked file is a key file that does not belong to the node.
type locked[K any] struct {
	path   string
	read   func(string, keyfile.Lock) (K, error)
	beside []string // directories in which an unlock file may lie
}

// open opens the file with an unlock file if one fits, which is known at once,
// and otherwise with a passphrase.
func (l locked[K]) open(ctx context.Context, a *app) (K, error) {
	var none K
	if _, err := os.Stat(l.path); err != nil {
		return none, badInput("cannot read "+l.path+": "+reasonOf(err), "")
	}
	for _, dir := range l.beside {
		text, err := os.ReadFile(filepath.Join(dir, home.UnlockName))
		if err != nil {
			continue
		}
		lock, err := keyfile.UnlockFile(text)
		if err != nil {
			return none, err
		}
		if k, err := l.read(l.path, lock); !errors.Is(err, keyfile.ErrUnlock) {
			return k, err
		}
	}
	p, err := a.passphrase(ctx, l.path)
	if err != nil {
		return none, err
	}
	lock, err := keyfile.Passphrase(p)
	if err != nil {
		return none, err
	}
	return l.read(l.path, lock)
}

// readRoots unlocks root keys. One that is named by its directory is the file
// root.key in it.
func (a *app) readRoots(ctx context.Context, paths []string) ([]*identity.Key, error) {
	var keys []*identity.Key
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			path = filepath.Join(path, home.RootName)
		}
		k, err := locked[*identity.Key]{path, home.ReadRoot, []string{filepath.Dir(path)}}.open(ctx, a)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// errNoOfficer says that the home has no officer's file, and none was named.
var errNoOfficer = errors.New("no officer")

// readOfficer unlocks the officer's file that the person named or, if none is,
// the home's officer.key, or the only file in officers. The caller closes it: half
// of its key may be on a token.
func (a *app) readOfficer(ctx context.Context, h *home.Home, named string) (*home.Officer, error) {
	path := named
	if path == "" {
		var err error
		if path, err = onlyOfficer(h); err != nil {
			return nil, err
		}
	} else {
		path = inHome(h, path)
	}
	read := func(path string, lock keyfile.Lock) (*home.Officer, error) {
		return home.OpenOfficer(path, lock, func(at token.Address) (home.Held, error) { return a.openToken(ctx, moved(at), onIt) })
	}
	return locked[*home.Officer]{path, read, []string{filepath.Dir(path), h.Dir}}.open(ctx, a)
}

// inHome finds a file that is named as comity officer list names it.
func inHome(h *home.Home, named string) string {
	if _, err := os.Stat(named); err == nil || filepath.Base(named) != named {
		return named
	}
	files, _ := h.Officers() // what cannot be listed is not found either
	for _, f := range files {
		if filepath.Base(f) == named {
			return f
		}
	}
	return named
}

func onlyOfficer(h *home.Home) (string, error) {
	path := filepath.Join(h.Dir, home.OfficerName)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	files, err := h.Officers()
	switch {
	case err != nil:
		return "", err
	case len(files) == 0:
		return "", errNoOfficer
	case len(files) > 1:
		return "", badInput(fmt.Sprintf("there are %d officers' files in %s", len(files), filepath.Dir(files[0])),
			"name one with --officer or COMITY_OFFICER: comity officer list says what each may do")
	}
	return files[0], nil
}
