package agreement_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// running returns a document with a clock that has a run, and another beside it.
func running(run string) string {
	return agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020) + `clocks:
  - id: base
    article: Art. 1
    starts: receipt
    length: 10 days
    text: It is done in ten days.
    run: {from: receipt, count: 10, unit: days, by: eu_1182_71, place: addressee, whose: addressee, until: [answered], effect: overdue}
    provenance: unverified
  - id: tested
    article: Art. 2
    starts: receipt
    length: 5 days
    text: It is done in five days.
    run: ` + run + `
    provenance: unverified
`
}

func TestARunIsReadAsItIsWritten(t *testing.T) {
	d, err := agreement.ParseDocument("test.yaml", []byte(running("{from: question, count: 5, unit: working_days, by: eu_1182_71, "+
		"place: issuing, whose: issuing, types: [production, subscriber], categories: [subscriber], issuing: [GB], emergency: only, "+
		"notified: never, until: [replied], pauses: [question, objection], stated: longer, beside: base, effect: alert, "+
		"remind: [14 days, 2 hours], policy: true}")))
	if err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	want := &agreement.Run{From: agreement.EventQuestion, Count: 5, Unit: agreement.UnitWorkingDays, By: agreement.Regulation1182,
		Place: agreement.WhoseIssuing, Whose: agreement.WhoseIssuing, Types: []protocol.RequestType{protocol.Production, protocol.Subscriber},
		Categories: []protocol.Category{protocol.CategorySubscriber}, Issuing: []protocol.Party{"GB"}, Emergency: &yes, Notified: &no,
		Until: []agreement.Event{agreement.EventReplied}, Pauses: []agreement.Event{agreement.EventQuestion, agreement.EventObjection},
		Stated: agreement.StatedLonger, Beside: "base", Effect: "alert",
		Remind: []agreement.Span{{Count: 14, Unit: agreement.UnitDays}, {Count: 2, Unit: agreement.UnitHours}}, Policy: true}
	if got := d.Clocks[1].Run; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := want.Remind[0].Length(); got != 14*24*time.Hour {
		t.Errorf("fourteen days are %v", got)
	}
	words := d.Clocks[1].Run.Words()
	for _, part := range []string{"5 working days", "receipt of the question", "Regulation 1182/71", "issuing side", "issued by GB", "only in an emergency",
		"not with a notification", "replied", "a later deadline", "14 days and 2 hours ahead", "people are told", "policy, not law"} {
		if !strings.Contains(words, part) {
			t.Errorf("%q does not say %q", words, part)
		}
	}
	for _, word := range strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
		if strings.Contains(word, "_") {
			t.Errorf("%q is no word for a person", word)
		}
	}
}

// TestBadRunIsRefused with its line and what to mend.
func TestBadRunIsRefused(t *testing.T) {
	const good = "{from: receipt, count: 5, unit: days, by: plain, whose: addressee, effect: alert}"
	if _, err := agreement.ParseDocument("test.yaml", []byte(running(good))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown member", "count: 5", "count: 5, number: 5", `unknown member "number"`},
		{"unknown event", "from: receipt", "from: birth", `"birth" is not known`},
		{"an event that ends only", "from: receipt", "from: answered", `"answered" is not known`},
		{"an event that starts only", "effect: alert", "until: [issue], effect: alert", `"issue" is not known`},
		{"an event at which nothing stands still", "effect: alert", "pauses: [receipt], effect: alert", `"receipt" is not known`},
		{"unknown unit", "unit: days", "unit: weeks", `"weeks" is not known`},
		{"unknown computation", "by: plain", "by: guess", `"guess" is not known`},
		{"unknown effect", "effect: alert", "effect: refuse", `"refuse" is not known`},
		{"a reminder is no effect of an end", "effect: alert", "effect: remind", `"remind" is not known`},
		{"unknown side", "whose: addressee", "whose: court", `"court" is not known`},
		{"unknown type", "effect: alert", "types: [search], effect: alert", `"search" is not known`},
		{"count in quotes", "count: 5", `count: "5"`, "run.count: want a whole number"},
		{"count of nothing", "count: 5", "count: 0", "run.count: 0: want 1 to 3660"},
		{"count below nothing", "count: 5", "count: -5", "run.count: -5: want 1 to 3660"},
		{"count in hexadecimal", "count: 5", "count: 0x5", "run.count: 0x5: want 1 to 3660"},
		{"a typing error", "count: 5", "count: 99999", "run.count: 99999: want 1 to 3660"},
		{"no count", "count: 5, ", "", "run.count: want a number"},
		{"no computation", "by: plain, ", "", "run.by: want the computation"},
		{"a region without its name", good, "{from: secrecy, unit: given, whose: addressee, effect: notice}", "run.region: missing"},
		{"no place", "by: plain", "by: eu_1182_71", "run.place: missing"},
		{"a place for nothing", "by: plain", "by: plain, place: addressee", "run.place: this computation"},
		{"the first hour", "unit: days, by: plain", "unit: hours, by: first_day, place: issuing", "run.by: first_day counts days"},
		{"an extension of nothing", "from: receipt", "from: extension", "run.after: want the clock"},
		{"after without an extension", "by: plain", "by: plain, after: base", "run.after: want the clock"},
		{"after another that is not there", "from: receipt", "from: extension, after: missing-one", `run.after: "missing-one": want another clock`},
		{"after itself", "from: receipt", "from: extension, after: tested", `run.after: "tested": want another clock`},
		{"beside itself", "by: plain", "by: plain, beside: tested", `run.beside: "tested": want another clock`},
		{"nobody's move", "whose: addressee, ", "", "run.whose: want whose move"},
		{"a move in the life of an agreement", "from: receipt", "from: in_force", "run.whose: want whose move"},
		{"anew in a case", "effect: alert", "every: true, effect: alert", "run.every: only a clock of the life"},
		{"policy in quotes", "effect: alert", `policy: "true", effect: alert`, "run.policy: want true"},
		{"policy false", "effect: alert", "policy: false, effect: alert", "run.policy: want true"},
		{"emergency maybe", "effect: alert", "emergency: maybe, effect: alert", "run.emergency: want only or never"},
		{"a reminder in weeks", "effect: alert", "remind: [2 weeks], effect: alert", `"2 weeks": want at most 4`},
		{"a reminder twice", "effect: alert", "remind: [2 days, 2 days], effect: alert", `"2 days": want at most 4`},
		{"a motion in another's clock", "whose: addressee", "whose: issuing, pauses: [motion]", "run.pauses: only the addressee's"},
	} {
		_, err := agreement.ParseDocument("test.yaml", []byte(running(replace(t, good, c.old, c.new))))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "test.yaml:") {
			t.Errorf("%s: got %v, want %q with its line", c.name, err, c.want)
		}
	}
	dated := replace(t, running(good), "    starts: receipt\n    length: 5 days\n", "    date: 2030-01-01\n")
	if _, err := agreement.ParseDocument("test.yaml", []byte(dated)); err == nil || !strings.Contains(err.Error(), "a date is not counted") {
		t.Errorf("a date with a run: got %v", err)
	}
}
