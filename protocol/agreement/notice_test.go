package agreement_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

func TestNoticeHasOneEncoding(t *testing.T) {
	want := agreementtest.Suspension("US", "us-1", protocol.CategoryContent)
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := agreement.ParseNotice(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := got.Encode(); string(again) != string(b) {
		t.Errorf("got %s, want %s", again, b)
	}
	for i := range b {
		if _, err := agreement.ParseNotice(b[:i]); err == nil {
			t.Errorf("the first %d bytes were accepted", i)
		}
	}
	for _, extra := range []string{" ", "\n", "{}", "x"} {
		if _, err := agreement.ParseNotice([]byte(string(b) + extra)); err == nil {
			t.Errorf("%q behind the notice was accepted", extra)
		}
	}
}

func TestMalformedNoticeIsRefused(t *testing.T) {
	for name, change := range map[string]func(*agreement.Notice){
		"backwards":        func(n *agreement.Notice) { n.Effective = n.Issued.Add(-time.Second) },
		"no ground":        func(n *agreement.Notice) { n.Ground = "" },
		"no id":            func(n *agreement.Notice) { n.ID = "" },
		"long id":          func(n *agreement.Notice) { n.ID = strings.Repeat("a", agreement.MaxID+1) },
		"unknown kind":     func(n *agreement.Notice) { n.Kind = "cancel" },
		"no kind":          func(n *agreement.Notice) { n.Kind = "" },
		"no Party":         func(n *agreement.Notice) { n.Party = "" },
		"toward itself":    func(n *agreement.Notice) { n.Toward = []protocol.Party{"US"} },
		"unknown category": func(n *agreement.Notice) { n.Categories = []protocol.Category{"thoughts"} },
		"unknown type":     func(n *agreement.Notice) { n.Types = []protocol.RequestType{"wish"} },
		"no time":          func(n *agreement.Notice) { n.Effective = time.Time{} },
		"half a second":    func(n *agreement.Notice) { n.Effective = n.Effective.Add(time.Second / 2) },
	} {
		n := agreementtest.Suspension("US", "us-1")
		change(n)
		if err := n.Check(); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := n.Encode(); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

func TestBookRefusesNoticesThatWouldHaveNoEffect(t *testing.T) {
	misspelt := agreementtest.Suspension("US", "us-1")
	misspelt.Agreement = "ukus-daa-2091"
	for name, notices := range map[string][]*agreement.Notice{
		"misspelt agreement": {misspelt},
		"not a Party":        {agreementtest.Suspension("FR", "fr-1")},
		"twice":              {agreementtest.Suspension("US", "us-1"), agreementtest.Suspension("US", "us-1", protocol.CategoryContent)},
		"missing":            {nil},
		"malformed":          {{}},
	} {
		if _, err := agreement.NewBook(agreementtest.Pair(t), notices); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := agreement.NewBook(append(agreementtest.Pair(t), agreementtest.Pair(t)...), nil); err == nil {
		t.Error("two documents of one id and version were accepted")
	}
}

func TestNoticeReachesOnlyWhatItNames(t *testing.T) {
	toward := agreementtest.Suspension("US", "us-1")
	toward.Agreement, toward.Toward = "eu-us-mla-2003", []protocol.Party{"FR"}
	typed := agreementtest.Suspension("US", "us-2")
	typed.Types = []protocol.RequestType{protocol.Interception}
	book := agreementtest.PairBook(t, toward, typed)
	at := agreementtest.Day.AddDate(0, 0, 2)
	for _, c := range []struct {
		name string
		s    *agreementtest.Scene
		want protocol.Verdict
	}{
		{"France asks", agreementtest.Assistance("fr.justice", "us.doj-oia"), protocol.Deny},
		{"France is asked", agreementtest.Assistance("us.doj-oia", "fr.justice"), protocol.Deny},
		{"Ireland asks", agreementtest.Assistance("ie.justice", "us.doj-oia"), protocol.Hold},
		{"another type", agreementtest.UKOrder(), protocol.Allow},
	} {
		c.s.Facts.At = at
		if d := c.s.Decide(book); d.Verdict != c.want {
			t.Errorf("%s: got %v, want %v%s", c.name, d.Verdict, c.want, agreementtest.Failures(d))
		}
	}
	s := agreementtest.USOrder()
	s.Facts.At = at
	s.Ask(protocol.Interception, protocol.CategoryContentLive)
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
}

func FuzzParseNotice(f *testing.F) {
	b, err := agreementtest.Suspension("US", "us-1", protocol.CategoryContent).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	if b, err = chosen("US", agreement.Reserve, "no-content", 0).Encode(); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := agreement.ParseNotice(b)
		if err != nil {
			return
		}
		if again, err := n.Encode(); err != nil || string(again) != string(b) {
			t.Errorf("got %s, %v, want %s", again, err, b)
		}
	})
}
