package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"comity.example/protocol"
)

// readRequest reads a file that holds a request.
func (a *app) readRequest(file string) (*protocol.Request, error) {
	r, _, err := a.readPlaced(file, "")
	return r, err
}

// readPlaced reads a file that holds a request to go under an agreement, if that
// is known, and says where the request stands there.
func (a *app) readPlaced(file, agreement string) (*protocol.Request, place, error) {
	s, err := readSource(file, agreement)
	if err != nil {
		return nil, place{}, err
	}
	r := new(protocol.Request)
	s.decode(r)
	s.check(r.Check(), "")
	s.check(r.CheckDraft(a.instant()), "")
	return r, place{s, ""}, s.failure()
}

// differ names the first member in which two requests differ, "" if none does.
// It says nothing of what stands there.
func differ(x, y *protocol.Request) (string, error) {
	a, err := json.Marshal(x)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(y)
	if err != nil {
		return "", err
	}
	return differAt("", a, b)
}

func differAt(at string, a, b jsontext.Value) (string, error) {
	if bytes.Equal(a, b) {
		return "", nil
	}
	switch {
	case a.Kind() == '{' && b.Kind() == '{':
		var x, y map[string]jsontext.Value
		if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
			return "", err
		}
		all := maps.Clone(x)
		maps.Copy(all, y)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			inner := name
			if at != "" {
				inner = at + "." + name
			}
			if where, err := differAt(inner, x[name], y[name]); where != "" || err != nil {
				return where, err
			}
		}
	case a.Kind() == '[' && b.Kind() == '[':
		var x, y []jsontext.Value
		if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
			return "", err
		}
		for i := range min(len(x), len(y)) {
			if where, err := differAt(fmt.Sprintf("%s[%d]", at, i), x[i], y[i]); where != "" || err != nil {
				return where, err
			}
		}
	}
	return at, nil
}
