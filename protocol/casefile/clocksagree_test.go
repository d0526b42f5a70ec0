package casefile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/calendar"
	"comity.example/protocol/casefile"
)

const written = "2006-01-02 15:04"

// drawCase is a case under a shipped agreement in which questions, replies,
// objections, extensions and preservations go to and fro at random times.
func drawCase(t *rapid.T) clockCase {
	kinds := []protocol.RequestType{protocol.Production, protocol.Subscriber, protocol.Preservation, protocol.Interception}
	m := clockCase{from: paris, to: alnwick, emergency: rapid.Bool().Draw(t, "emergency"),
		doc: rapid.SampledFrom([]string{"eu-epoc-2023", "eu-eio-2014", "budapest-2001", "cets224-2022"}).Draw(t, "law")}
	m.matter.Type = rapid.SampledFrom(kinds).Draw(t, "type")
	at := moment(monday)
	later := func() string {
		at = at.Add(time.Duration(rapid.IntRange(1, 5*24*60).Draw(t, "minutes")) * time.Minute)
		return at.Format(written)
	}
	first := order(paris, alnwick, at.Format(written), later())
	if rapid.Bool().Draw(t, "notified") {
		m.notified = []protocol.ParticipantID{dublin}
		first.got[dublin] = later()
	}
	if rapid.Bool().Draw(t, "deadline") {
		m.matter.Deadline = at.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "days")) * 24 * time.Hour)
	}
	m.deeds = []deed{first}
	for i := range rapid.IntRange(0, 6).Draw(t, "acts") {
		name := fmt.Sprint("q", i)
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0:
			m.deeds = append(m.deeds, asks(name, protocol.AskReturned, alnwick, paris, later(), later()), replies(name, paris, alnwick, later(), later()))
		case 1:
			m.deeds = append(m.deeds, asks(name, protocol.AskInformation, alnwick, paris, later(), later()))
		case 2:
			m.deeds = append(m.deeds, extension(t, protocol.KindExtension, paris, later(), at))
		case 3:
			m.deeds = append(m.deeds, extension(t, protocol.KindExtension, alnwick, later(), at))
		case 4:
			m.deeds = append(m.deeds, extension(t, protocol.KindPreservation, paris, later(), at))
		}
	}
	return m
}

func extension(t *rapid.T, kind protocol.Kind, by protocol.ParticipantID, sent string, at time.Time) deed {
	other := paris
	if by == paris {
		other = alnwick
	}
	return act(kind, by, other, sent, casefile.Says{What: string(protocol.KeptExtended),
		Until: at.Add(time.Duration(rapid.IntRange(-20, 90).Draw(t, "until")) * 24 * time.Hour)})
}

// TestBothSidesCountTheSame: each clock has one entry, with one end at most, and
// all who know when it started know the same end, or that it stands still.
func TestBothSidesCountTheSame(t *testing.T) {
	docs := documents()
	rapid.Check(t, func(t *rapid.T) {
		m := drawCase(t)
		seen := map[string]casefile.Running{}
		for _, self := range m.holders() {
			c := m.as(self)
			ids := map[string]bool{}
			for _, r := range casefile.Clocks(&c, law(docs, m.doc, self)) {
				if ids[r.ID] {
					t.Fatalf("%s has two clocks %s", self, r.ID)
				}
				ids[r.ID] = true
				if !r.Paused.IsZero() && !r.Ends.IsZero() || r.Unknown != "" && !r.Ends.IsZero() {
					t.Fatalf("%s: %s has an end, and is not to have one: %+v", self, r.ID, r)
				}
				for _, at := range r.Remind {
					if !at.Before(r.Ends) {
						t.Fatalf("%s: a reminder of %s comes after its end", self, r.ID)
					}
				}
				// A notified authority knows neither when the others received the
				// questions nor, of the deadline, that it stood still.
				if r.Unknown != "" || self == dublin && r.Whose != dublin {
					continue
				}
				if other, ok := seen[r.ID]; ok && (!other.Ends.Equal(r.Ends) || !other.Paused.Equal(r.Paused) || other.Whose != r.Whose) {
					t.Fatalf("%s: %s is %+v, and for another %+v", self, r.ID, r, other)
				}
				seen[r.ID] = r
			}
		}
	})
}

// TestNoActShortensAClock: what comes later makes a clock stand still, or stop, or
// end later, and never earlier.
func TestNoActShortensAClock(t *testing.T) {
	docs := documents()
	rapid.Check(t, func(t *rapid.T) {
		m := drawCase(t)
		self := rapid.SampledFrom([]protocol.ParticipantID{paris, alnwick}).Draw(t, "self")
		var before []casefile.Running
		for n := 1; n <= len(m.deeds); n++ {
			part := m
			part.deeds = m.deeds[:n]
			c := part.as(self)
			now := casefile.Clocks(&c, law(docs, m.doc, self))
			for _, was := range before {
				is := clock(now, was.ID)
				perQuestion := is == nil || !is.Starts.Equal(was.Starts)
				if perQuestion || was.Ends.IsZero() || is.Ends.IsZero() {
					continue
				}
				if is.Ends.Before(was.Ends) {
					t.Fatalf("%s ended %v, and after another act %v", was.ID, was.Ends, is.Ends)
				}
			}
			before = now
		}
	})
}

// TestFiringMovesWithTheEnd: a clock that was extended fires at its new end, once,
// and one that stands still does not fire.
func TestFiringMovesWithTheEnd(t *testing.T) {
	docs := documents()
	m := epoc(order(paris, alnwick, monday, came),
		asks("q", protocol.AskInformation, alnwick, paris, "2027-03-03 08:00", "2027-03-03 09:00"),
		replies("q", paris, alnwick, "2027-03-04 07:00", "2027-03-04 08:00"))
	overdue := func(fired []casefile.Fired) int {
		return len(slices.DeleteFunc(fired, func(f casefile.Fired) bool { return f.Clock != "production" || f.Effect != casefile.EffectOverdue }))
	}
	asked := m
	asked.deeds = m.deeds[:2]
	c := asked.as(alnwick)
	if _, fired := c.Tick(casefile.Clocks(&c, law(docs, m.doc, alnwick)), moment("2027-04-01 00:00")); overdue(fired) != 0 {
		t.Error("a clock that stands still fired")
	}
	c = m.as(alnwick)
	list := casefile.Clocks(&c, law(docs, m.doc, alnwick))
	if _, fired := c.Tick(list, moment("2027-03-12 23:59")); overdue(fired) != 0 {
		t.Error("it fired at its old end")
	}
	next, fired := c.Tick(list, moment("2027-03-13 00:00"))
	if overdue(fired) != 1 {
		t.Fatalf("got %+v, want it to fire once at its end", fired)
	}
	if _, fired = next.Tick(list, moment("2027-03-14 00:00")); overdue(fired) != 0 {
		t.Error("it fired twice")
	}
}

// TestNodesOwnPolicy: a node sets the period of a clock that is policy, and of no
// other.
func TestNodesOwnPolicy(t *testing.T) {
	docs := documents()
	m := simple("ukus-daa-2019", protocol.Production, police, contoso)
	c := m.as(contoso)
	l := law(docs, m.doc, contoso)
	l.Policies = map[string]time.Duration{"objection-time": 48 * time.Hour, "overseas-production-order": time.Hour}
	list := casefile.Clocks(&c, l)
	if r := clock(list, "objection-time"); r == nil || !r.Ends.Equal(moment("2027-03-03 10:20")) {
		t.Errorf("got %+v, want the node's own two days", r)
	}
	if r := clock(list, "overseas-production-order"); r == nil || !r.Ends.Equal(moment("2027-03-08 00:00")) {
		t.Errorf("got %+v, want the law's seven days", r)
	}
}

// TestADomesticLawRunsUnderOrdersToProviders only: assistance from State to State
// is carried out under the law of the requested one.
func TestADomesticLawRunsUnderOrdersToProviders(t *testing.T) {
	docs := documents()
	for doc, want := range map[string]bool{"ukus-daa-2019": true, "uncac-2003": false} {
		m := simple(doc, protocol.Production, doj, leeds)
		c := m.as(doj)
		if got := clock(casefile.Clocks(&c, law(docs, doc, doj)), "comity-motion-time") != nil; got != want {
			t.Errorf("%s: the time for a motion before a US court runs: %v", doc, got)
		}
	}
}

// TestSecrecyAndNoticeAreTwoClocks only when the notice is delayed beyond it.
func TestSecrecyAndNoticeAreTwoClocks(t *testing.T) {
	secret := act(protocol.KindSecrecy, doj, leeds, "2027-03-02 09:00", casefile.Says{What: string(protocol.SecrecyOrdered),
		Start: moment("2027-03-02 09:00"), Until: moment("2027-09-02 09:00")})
	docs := documents()
	m := simple("ukus-daa-2019", protocol.Production, doj, leeds, secret)
	c := m.as(leeds)
	list := casefile.Clocks(&c, law(docs, m.doc, leeds))
	if clock(list, "secrecy") == nil || clock(list, "user_notice") != nil {
		t.Errorf("got %+v, want the end of the secrecy alone", list)
	}
}

// TestACaseThatEndedHasNoClockOfItsAnswer, and keeps what runs beside it.
func TestACaseThatEndedHasNoClockOfItsAnswer(t *testing.T) {
	docs := documents()
	m := epoc(order(paris, alnwick, monday, came), deed{kind: protocol.KindWithdrawal, from: paris, at: "2027-03-02 09:00",
		got: map[protocol.ParticipantID]string{alnwick: "2027-03-02 09:00"}, leads: casefile.Withdrawn},
		act(protocol.KindSecrecy, paris, alnwick, "2027-03-02 09:00", casefile.Says{What: string(protocol.SecrecyOrdered),
			Start: moment("2027-03-02 09:00"), Until: moment("2027-09-02 09:00")}))
	m.state = casefile.Withdrawn
	c := m.as(alnwick)
	for _, r := range casefile.Clocks(&c, law(docs, m.doc, alnwick)) {
		if r.ID == "secrecy" != r.Stopped.IsZero() {
			t.Errorf("%s: stopped %v", r.ID, r.Stopped)
		}
	}
}

// TestPlacesOfTheTestsHaveCalendars: a table that counted without holidays would
// prove little.
func TestPlacesOfTheTestsHaveCalendars(t *testing.T) {
	for _, id := range []protocol.ParticipantID{paris, berlin, alnwick, dublin, police, contoso, madrid} {
		if !calendar.At(id.Party()).Holidays(2027) {
			t.Errorf("%s has no calendar", id.Party())
		}
	}
	if calendar.At(trial.Party()).Holidays(2027) {
		t.Error("a Party of trials has a calendar")
	}
}

// TestEffectsAndRegionsAreThoseOfDocuments: a document can name each, and no other.
func TestEffectsAndRegionsAreThoseOfDocuments(t *testing.T) {
	for _, e := range casefile.Effects() {
		if e != casefile.EffectRemind && !slices.Contains(agreement.Effects(), string(e)) {
			t.Errorf("no document can name the effect %s", e)
		}
	}
	if len(agreement.Effects()) != len(casefile.Effects())-1 {
		t.Error("a document can name an effect that is none")
	}
	for _, r := range agreement.Regions() {
		if r != "postponement" && !slices.Contains(casefile.Names(), casefile.Name(r)) {
			t.Errorf("a document can name the region %s, which is none", r)
		}
	}
}

// TestClocksOfAgreements are C33 to C37 and C40: days, ends and reports.
func TestClocksOfAgreements(t *testing.T) {
	docs := documents()
	at := moment("2027-03-01 00:00")
	for _, row := range []struct{ name, doc, id, ends string }{
		{"C33: the first term", "ukus-daa-2019", "treaty-term", "2027-10-03 00:00"},
		{"C34: the determination is renewed", "ukus-daa-2019", "us-redetermination", "2029-11-27 00:00"},
		{"C34: a determination whose day is not known", "us-au-daa-2021", "us-redetermination", ""},
		{"C35: each year from the entry into force", "ukus-daa-2019", "annual-report", "2027-10-03 00:00"},
		{"C36: until the end of March", "eu-epoc-2023", "statistics", "2027-04-01 00:00"},
		{"C37: half a year is reported after 180 days", "us-law", "national-security-report", "2027-06-30 00:00"},
		{"C40: yearly", "us-law", "emergency-accounts-report", "2028-01-01 00:00"},
	} {
		r := clock(casefile.AgreementClocks(docs[row.doc], at), row.id)
		switch {
		case r == nil:
			t.Errorf("%s: no clock", row.name)
		case row.ends == "" && (r.Unknown == "" || !r.Ends.IsZero()), row.ends != "" && !r.Ends.Equal(moment(row.ends)):
			t.Errorf("%s: ends %v, want %s", row.name, r.Ends, row.ends)
		}
	}
	if r := clock(casefile.AgreementClocks(docs["ukus-daa-2019"], at), "first-review"); r != nil {
		t.Errorf("a review that was due once is shown for ever: %+v", r)
	}
	if r := clock(casefile.AgreementClocks(docs["eu-epoc-2023"], moment("2027-04-01 00:00")), "statistics"); r == nil || !r.Ends.Equal(moment("2028-04-01 00:00")) {
		t.Errorf("after its end: got %+v, want the next year's", r)
	}
}

func BenchmarkClocks(b *testing.B) {
	docs := documents()
	m := epoc(order(paris, alnwick, monday, came),
		asks("q", protocol.AskInformation, alnwick, paris, "2027-03-03 08:00", "2027-03-03 09:00"),
		replies("q", paris, alnwick, "2027-03-04 07:00", "2027-03-04 08:00"))
	c, l := m.as(alnwick), law(docs, m.doc, alnwick)
	l.Places = &calendar.Places{} // as a node has them
	for b.Loop() {
		_ = casefile.Clocks(&c, l)
	}
}
