package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
)

func parseRequest(t *testing.T, text string) (*protocol.Request, error) {
	t.Helper()
	s, err := parseSource("f", []byte(text))
	if err != nil {
		return nil, err
	}
	r := new(protocol.Request)
	return r, s.into(r)
}

func TestTemplateIsACompleteRequest(t *testing.T) {
	r, err := parseRequest(t, string(orderTemplate(t)))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
}

func TestTheSameRequestInJSONReadsAlike(t *testing.T) {
	want, err := parseRequest(t, string(orderTemplate(t)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseRequest(t, string(text))
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := (&protocol.Body{Request: want}).Digest()
	b, err2 := (&protocol.Body{Request: got}).Digest()
	if a != b || err1 != nil || err2 != nil {
		t.Errorf("got %v %v, want %v %v", b, err2, a, err1)
	}
}

func TestErrorsNameTheLineAndTheMend(t *testing.T) {
	for text, want := range map[string]string{
		"typ: production":                   `f:1: unknown member "typ": did you mean type?`,
		"wiretap: x":                        `f:1: unknown member "wiretap": want one of type, issuer`,
		"to: x":                             `f:1: unknown member "to": want one of type, issuer`,
		"offence:\n  provision: [x]":        `f:2: unknown member "provision": did you mean provisions?`,
		"type: 7":                           "f:1: type: want text: put it in quotes",
		"\noffence: fraud":                  "f:2: offence: want members below it",
		"data: production":                  "f:1: data: want a list",
		"offence:\n  max_custody_months: x": "f:2: offence.max_custody_months: want a whole number",
		"offence:\n  speech: 1":             "f:2: offence.speech: want true or false",
		"purpose:":                          "f:1: purpose: want a value here, or leave the member out",
		"purpose: 1.5":                      "f:1: purpose: want text: put it in quotes",
		"purpose: !!str x":                  "f:1: purpose: write it out: anchors, aliases and tags are not read",
		"type: production\n---\ntype: x":    "f:1: want exactly one YAML document",
		"":                                  "f:1: want exactly one YAML document",
		"\xff":                              "f:1: want UTF-8",
		"{\"type\":\n \"production\",\n \"type\": \"production\"}": "f:3: not JSON: ",
		"{\n\"typ\": 1}": `f:2: unknown member "typ"`,
		"{} {}":          "f:1: not JSON: ",
		"data:\n- category: content_stored\n- category: gossip": `f:3: data[1].category: data category "gossip" is not known`,
		"purpose: " + strings.Repeat("[", 200):                  "f:1: nested too deep",
	} {
		_, err := parseRequest(t, text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
}

// TestAllMistakesAreToldAtOnce: in the order of the file, and of what is wrong
// already nothing more.
func TestAllMistakesAreToldAtOnce(t *testing.T) {
	text := string(orderTemplate(t))
	for _, c := range [][2]string{{"type: production", "type: produce"}, {"addressee: ", "adressee: "},
		{"max_custody_months: 120", "max_custody_months: long"}, {"value: someone@example.com", "value: someone"},
		{"nationalities: [GB]", "nationalities: [UK]"}} {
		if strings.Count(text, c[0]) != 1 {
			t.Fatalf("the template holds %q %d times, want once", c[0], strings.Count(text, c[0]))
		}
		text = strings.Replace(text, c[0], c[1], 1)
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := (&app{now: time.Now}).readPlaced(file, "ukus-daa-2019@1")
	var f *failure
	if !errors.As(err, &f) || f.hint != "comity request new --template --agreement ukus-daa-2019 shows a request that is complete" {
		t.Fatalf("got %v with another hint", err)
	}
	got := strings.Split(err.Error(), "\n")
	want := []string{`type: request type "produce"`, `unknown member "adressee": did you mean addressee?`,
		"offence.max_custody_months: want a whole number", `target.nationalities[0]: "UK" is no country`,
		"identifiers[0]: email: want"}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %d mistakes", got, len(want))
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

// TestAnInterceptionWithoutAWindowPointsAtItsType, as the window has no line.
func TestAnInterceptionWithoutAWindowPointsAtItsType(t *testing.T) {
	text := "# a request\n" + strings.Replace(string(orderTemplate(t)), "type: production", "type: interception", 1)
	s, err := parseSource("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := new(protocol.Request)
	s.decode(r)
	s.check(r.Check(), "")
	if err, want := s.failure(), fmt.Sprintf("f:%d: type: ", s.lines["/type"]); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzSource looks for a file that the reader does not survive.
func FuzzSource(f *testing.F) {
	f.Add(orderTemplate(f))
	f.Add([]byte(`{"type": "production"}`))
	f.Add([]byte("a: &x [1, *x]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseSource("f", b)
		if err != nil {
			return
		}
		r := new(protocol.Request)
		if s.into(r) == nil {
			s.check(r.Check(), "")
			s.failure() //nolint:errcheck // only whether it returns
		}
	})
}
