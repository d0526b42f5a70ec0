package desk_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol/report"
)

// client is a client of a server of n, in this process.
func factsClient(h http.Handler) *desk.Client {
	return &desk.Client{Base: "http://node", Token: token, HTTP: http.Client{Transport: desk.InProcess{Handler: h}}}
}

func TestFactsComeWholeOrNotAtAll(t *testing.T) {
	period := desk.Period{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), AsOf: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)}
	read := func(h http.Handler) (n int, b report.Basis, err error) {
		b, err = factsClient(h).Facts(t.Context(), period, func(f *report.Fact) error {
			if f.Accounts != 3 {
				t.Errorf("got the fact %+v", f)
			}
			n++
			return nil
		})
		return n, b, err
	}
	for _, many := range []int{0, 1, 5000} {
		n := &clerk{facts: many}
		got, b, err := read(desk.Server(n, token, nil))
		if err != nil || got != many || b.Participant != "gb.a" {
			t.Errorf("of %d facts: got %d, %+v, %v", many, got, b, err)
		}
		if n.asked[0] != "facts 2026-01-01 0001-01-01 2027-03-01" {
			t.Errorf("the node was asked %q", n.asked)
		}
	}
	// An error before the first bytes went out has its status; after that it has a
	// line.
	for _, many := range []int{0, 5000} {
		own := &desk.Problem{Status: http.StatusConflict, Text: "the node is busy"}
		_, b, err := read(desk.Server(&clerk{facts: many, late: own}, token, nil))
		var p *desk.Problem
		if !errors.As(err, &p) || p.Text != own.Text || b.Participant != "" {
			t.Errorf("after %d facts: got %+v, %v", many, b, err)
		}
		_, _, err = read(desk.Server(&clerk{facts: many, late: errors.New("a secret of the disk")}, token, nil))
		if !errors.As(err, &p) || strings.Contains(p.Text, "secret") {
			t.Errorf("after %d facts: got %v", many, err)
		}
	}
	for name, answer := range map[string]string{
		"an answer that breaks off":  `{"fact":{"accounts":3}}` + "\n",
		"half a line":                `{"fact":{"agre`,
		"a fact after the last line": `{"basis":{"participant":"gb.a"}}` + "\n" + `{"fact":{"accounts":3}}` + "\n",
		"an empty line":              "{}\n" + `{"basis":{"participant":"gb.a"}}`,
		"nothing":                    "",
	} {
		_, _, err := read(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(answer)) }))
		if err == nil {
			t.Errorf("%s is taken for a whole one", name)
		}
	}
	stop := errors.New("enough")
	_, err := factsClient(desk.Server(&clerk{facts: 3}, token, nil)).Facts(t.Context(), period, func(*report.Fact) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("who reads wants no more: got %v", err)
	}
}
