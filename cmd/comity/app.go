package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"comity.example/node/desk"
	"comity.example/node/home"
)

// An app is what every verb works with.
type app struct {
	globals
	in        io.Reader
	out, errs io.Writer
	now       func() time.Time
	shelf     []text // what library read
}

// instant is the time as acts and documents carry it: UTC, whole seconds.
func (a *app) instant() time.Time { return a.now().UTC().Truncate(time.Second) }

// show writes v for a program where --json asks for it, and text otherwise.
func (a *app) show(v any, text func(w io.Writer)) error {
	if !a.JSON {
		w := bufio.NewWriter(a.out)
		text(w)
		return w.Flush()
	}
	if err := json.MarshalWrite(a.out, v, json.Deterministic(true), jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out)
	return err
}

// note writes a line for a person that no program waits for.
func (a *app) note(format string, args ...any) {
	if !a.JSON {
		fmt.Fprintf(a.errs, format+"\n", args...)
	}
}

// openHome opens the home that --dir names.
func (a *app) openHome() (*home.Home, error) {
	h, err := home.Open(a.Dir)
	if errors.Is(err, home.ErrNoHome) {
		return nil, badInput(plain(err), "name it with --dir or COMITY_DIR, or make one with comity init")
	}
	if err != nil {
		return nil, badInput(plain(err), "mend "+home.ConfigName)
	}
	if clock := h.TestClock(time.Now); clock != nil {
		a.now = clock.Now // in a testnet people live by its legal time too
	}
	return h, nil
}

// openDesk opens the home and returns the way to its node.
func (a *app) openDesk() (*home.Home, *desk.Client, error) {
	h, err := a.openHome()
	if err != nil {
		return nil, nil, err
	}
	token, err := h.Token()
	if err != nil {
		return nil, nil, err
	}
	return h, desk.Dial(h.Socket(), token), nil
}
