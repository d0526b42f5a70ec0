package casefile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/casefile"
)

// The participants of the cases of this file.
const (
	paris   = protocol.ParticipantID("fr.parquet")    // issues
	berlin  = protocol.ParticipantID("de.gericht")    // executes
	alnwick = protocol.ParticipantID("ie.provider")   // is addressed
	dublin  = protocol.ParticipantID("ie.court")      // is notified, or enforces
	leeds   = protocol.ParticipantID("gb.provider")   // is addressed by the US
	madrid  = protocol.ParticipantID("es.fiscalia")   // issues
	trial   = protocol.ParticipantID("xa.prosecutor") // of a Party without a calendar
)

// moment reads a time of the table: UTC.
func moment(text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return at
}

// A deed is one act of a case of the table: who sent it, when, and when whom of
// its recipients received it.
type deed struct {
	kind  protocol.Kind
	from  protocol.ParticipantID
	at    string
	got   map[protocol.ParticipantID]string
	says  casefile.Says
	leads casefile.State
	name  string // by which a later deed answers it
	on    string // the name of what it answers
}

// A matter of the table: what the law is, who is in it, and what they did.
type clockCase struct {
	doc       string
	from, to  protocol.ParticipantID
	certifier protocol.ParticipantID
	notified  []protocol.ParticipantID
	joined    []protocol.ParticipantID
	emergency bool
	state     casefile.State
	matter    casefile.Matter
	deeds     []deed
}

func digest(name string) protocol.Digest { return protocol.DigestOf([]byte(name)) }

// as returns the case as a participant holds it: of its own acts with the receipts
// of the others, of theirs with the time at which it received them.
func (m clockCase) as(self protocol.ParticipantID) casefile.Case {
	c := casefile.Case{ID: theCase, State: m.state, Issuer: m.from, Addressee: m.to, Certifier: m.certifier, Notified: m.notified,
		Joined: m.joined, Emergency: m.emergency, Matter: m.matter}
	if c.State == "" {
		c.State = casefile.Served
	}
	for i, d := range m.deeds {
		name := d.name
		if name == "" {
			name = string(rune('A' + i))
		}
		says := d.says
		e := casefile.Entry{Act: digest(name), Kind: d.kind, From: d.from, Issued: moment(d.at), Says: &says, Leads: d.leads}
		if d.on != "" {
			says.Answers = []protocol.Digest{digest(d.on)}
		}
		for id, at := range d.got {
			e.To = append(e.To, id)
			switch self {
			case d.from:
				e.Receipts = append(e.Receipts, casefile.Receipt{By: id, At: moment(at)})
			case id:
				e.At = moment(at)
			}
		}
		slices.Sort(e.To)
		if c.Matter.Issued.IsZero() {
			c.Matter.Issued = e.Issued
		}
		c.Thread = append(c.Thread, e)
	}
	return c
}

func (m clockCase) holders() []protocol.ParticipantID {
	c := m.as(m.from)
	return c.Participants()
}

func documents() map[string]*agreement.Document {
	docs, err := library.Documents()
	if err != nil {
		panic(err)
	}
	out := map[string]*agreement.Document{}
	for _, d := range docs {
		out[d.ID] = d
	}
	return out
}

// law returns the law of a case for one of its holders.
func law(docs map[string]*agreement.Document, id string, self protocol.ParticipantID) casefile.Law {
	return casefile.Law{Document: docs[id], Self: self,
		Domestic: []*agreement.Document{docs["us-law"], docs["gb-law"], docs["au-law"]}}
}

func clock(list []casefile.Running, id string) *casefile.Running {
	at := slices.IndexFunc(list, func(r casefile.Running) bool { return r.ID == id })
	if at < 0 {
		return nil
	}
	return &list[at]
}

// order is the act by which the addressee receives what is asked.
func order(from, to protocol.ParticipantID, sent, got string) deed {
	return deed{kind: protocol.KindRequest, from: from, at: sent, got: map[protocol.ParticipantID]string{to: got}}
}

// notifies is the same with an authority that is notified.
func notifies(sent, got, notified string) deed {
	d := order(paris, alnwick, sent, got)
	d.got[dublin] = notified
	return d
}

func asks(name string, ask protocol.Ask, from, to protocol.ParticipantID, sent, got string) deed {
	return deed{kind: protocol.KindClarification, from: from, at: sent, got: map[protocol.ParticipantID]string{to: got},
		says: casefile.Says{What: string(ask)}, name: name}
}

func replies(on string, from, to protocol.ParticipantID, sent, got string) deed {
	return deed{kind: protocol.KindReply, from: from, at: sent, got: map[protocol.ParticipantID]string{to: got},
		says: casefile.Says{What: string(protocol.ReplyProvided)}, on: on}
}

// says is an act to one other that says something of a region.
func act(kind protocol.Kind, from, to protocol.ParticipantID, at string, says casefile.Says) deed {
	return deed{kind: kind, from: from, at: at, got: map[protocol.ParticipantID]string{to: at}, says: says}
}

const (
	monday = "2027-03-01 09:05" // a Monday, on which the orders of the table are issued
	came   = "2027-03-01 10:20" // when they are received, if nothing else is said
)

func epoc(deeds ...deed) clockCase {
	return clockCase{doc: "eu-epoc-2023", from: paris, to: alnwick, matter: casefile.Matter{Type: protocol.Production}, deeds: deeds}
}

// kept is an order to preserve.
func heldCase(doc string, from, to protocol.ParticipantID, deeds ...deed) clockCase {
	return clockCase{doc: doc, from: from, to: to, matter: casefile.Matter{Type: protocol.Preservation},
		deeds: append([]deed{order(from, to, monday, came)}, deeds...)}
}

func simple(doc string, kind protocol.RequestType, from, to protocol.ParticipantID, deeds ...deed) clockCase {
	return clockCase{doc: doc, from: from, to: to, matter: casefile.Matter{Type: kind},
		deeds: append([]deed{order(from, to, monday, came)}, deeds...)}
}

func (m clockCase) with(change func(*clockCase)) clockCase {
	change(&m)
	return m
}

// TestClocksOfTheLaw is the table of the clocks of the law (law: clocks), one
// worked example a row, and more where it stands still or is moved on.
func TestClocksOfTheLaw(t *testing.T) {
	docs := documents()
	emergency := func(m *clockCase) { m.emergency = true }
	notified := func(m *clockCase) { m.notified = []protocol.ParticipantID{dublin} }
	until := func(at string) casefile.Says {
		return casefile.Says{What: string(protocol.KeptExtended), Until: moment(at)}
	}
	for _, row := range []struct {
		name   string
		matter clockCase
		id     string
		ends   string // in UTC; "" for a clock that has no end here
		effect casefile.Effect
		whose  protocol.ParticipantID
		see    func(*casefile.Running) bool // more that must hold
	}{
		{"C1: ten days, the day of receipt not counted, to the end of Thursday", epoc(order(paris, alnwick, monday, came)),
			"production", "2027-03-12 00:00", casefile.EffectOverdue, alnwick, nil},
		{"C1: the tenth day is Saint Patrick's", epoc(order(paris, alnwick, "2027-03-07 09:00", "2027-03-07 10:00")),
			"production", "2027-03-19 00:00", casefile.EffectOverdue, alnwick, nil},
		{"C1: stands still from the issuer's receipt of the question", epoc(order(paris, alnwick, monday, came),
			asks("q", protocol.AskInformation, alnwick, paris, "2027-03-03 08:00", "2027-03-03 09:00")),
			"production", "", casefile.EffectOverdue, alnwick, func(r *casefile.Running) bool {
				return r.Paused.Equal(moment("2027-03-03 09:00")) && r.Left == moment("2027-03-12 00:00").Sub(moment("2027-03-03 09:00"))
			}},
		{"C1: goes on from the addressee's receipt of the reply, a day later", epoc(order(paris, alnwick, monday, came),
			asks("q", protocol.AskInformation, alnwick, paris, "2027-03-03 08:00", "2027-03-03 09:00"),
			replies("q", paris, alnwick, "2027-03-04 07:00", "2027-03-04 08:00")),
			"production", "2027-03-13 00:00", casefile.EffectOverdue, alnwick, nil},
		{"C1: a question that came after its end changes nothing", epoc(order(paris, alnwick, monday, came),
			asks("q", protocol.AskInformation, alnwick, paris, "2027-03-13 08:00", "2027-03-13 09:00")),
			"production", "2027-03-12 00:00", casefile.EffectOverdue, alnwick, nil},
		{"C1: a court decides on the conflict of laws", epoc(order(paris, alnwick, monday, came),
			deed{kind: protocol.KindObjection, from: alnwick, at: "2027-03-05 08:00", got: map[protocol.ParticipantID]string{paris: "2027-03-05 08:00"},
				says: casefile.Says{What: string(protocol.LevelCourt)}, name: "o"},
			deed{kind: protocol.KindDetermination, from: paris, at: "2027-04-05 08:00", got: map[protocol.ParticipantID]string{alnwick: "2027-04-05 08:00"},
				says: casefile.Says{What: string(protocol.ResultOverruled)}, on: "o"}),
			"production", "2027-04-12 23:00", casefile.EffectOverdue, alnwick, nil}, // 31 days later is Sunday: Monday
		{"C1: the issuing side gives more time", epoc(order(paris, alnwick, monday, came),
			act(protocol.KindExtension, paris, alnwick, "2027-03-05 08:00", casefile.Says{Until: moment("2027-03-20 12:00")})),
			"production", "2027-03-20 12:00", casefile.EffectOverdue, alnwick, nil},
		{"C1: who asks for more time has not got it", epoc(order(paris, alnwick, monday, came),
			act(protocol.KindExtension, alnwick, paris, "2027-03-05 08:00", casefile.Says{Until: moment("2027-03-20 12:00")})),
			"production", "2027-03-12 00:00", casefile.EffectOverdue, alnwick, nil},
		{"C1: answered", epoc(order(paris, alnwick, monday, came), deed{kind: protocol.KindDisclosure, from: alnwick, at: "2027-03-04 08:00",
			got: map[protocol.ParticipantID]string{paris: "2027-03-04 08:00"}, leads: casefile.Produced}).with(func(m *clockCase) { m.state = casefile.Produced }),
			"production", "2027-03-12 00:00", casefile.EffectOverdue, alnwick,
			func(r *casefile.Running) bool { return r.Stopped.Equal(moment("2027-03-04 08:00")) }},
		{"C2: with notification the addressee's ten days", epoc(notifies(monday, came, "2027-03-03 10:00")).with(notified),
			"production-after-notification", "2027-03-12 00:00", casefile.EffectLapse, alnwick, nil},
		{"C2: both are shown, and people are told that they differ", epoc(notifies(monday, came, "2027-03-03 10:00")).with(notified),
			"production-after-notification-differs", "2027-03-03 10:00", casefile.EffectAlert, paris, nil},
		{"C3: eight whole hours", epoc(order(paris, alnwick, monday, came)).with(emergency),
			"production-in-an-emergency", "2027-03-01 19:00", casefile.EffectOverdue, alnwick, nil},
		{"C3: stands still for an hour and a half, which is two whole ones", epoc(order(paris, alnwick, monday, came),
			asks("q", protocol.AskInformation, alnwick, paris, "2027-03-01 11:55", "2027-03-01 12:00"),
			replies("q", paris, alnwick, "2027-03-01 13:30", "2027-03-01 13:30")).with(emergency),
			"production-in-an-emergency", "2027-03-01 21:00", casefile.EffectOverdue, alnwick, nil},
		{"C4: ten days from the authority's own receipt", epoc(notifies(monday, came, "2027-03-03 10:00")).with(notified),
			"refusal", "2027-03-16 00:00", casefile.EffectLapse, dublin, nil}, // the tenth is Saturday 13: Monday 15
		{"C5: ninety-six whole hours", epoc(notifies(monday, came, came)).with(notified).with(emergency),
			"refusal-in-an-emergency", "2027-03-05 11:00", casefile.EffectLapse, dublin, nil},
		{"C6: validation is sought in forty-eight whole hours from the issue", epoc(order(paris, alnwick, monday, came)).with(func(m *clockCase) {
			m.matter.Unvalidated = true
		}), "validation", "2027-03-03 10:00", casefile.EffectWithdraw, paris, nil},
		{"C6: the answer to it is policy", epoc(order(paris, alnwick, monday, came),
			act(protocol.KindValidation, paris, alnwick, "2027-03-02 09:00", casefile.Says{What: string(protocol.ValidationSought)})).with(func(m *clockCase) {
			m.matter.Unvalidated = true
		}), "validation-answer", "2027-03-07 09:00", casefile.EffectAlert, paris, func(r *casefile.Running) bool { return r.Policy }},
		{"C7: five days to answer Annex III, over Easter", epoc(order(paris, alnwick, monday, came),
			asks("q", protocol.AskInformation, alnwick, paris, "2027-03-24 08:00", "2027-03-24 09:00")),
			"clarification", "2027-03-30 22:00", casefile.EffectAlert, paris, nil},
		{"C7: about an EPOC-PR its provider is exempt afterwards", heldCase("eu-epoc-2023", paris, alnwick,
			asks("q", protocol.AskInformation, alnwick, paris, "2027-03-03 08:00", "2027-03-03 09:00")),
			"preservation-clarification", "2027-03-08 23:00", casefile.EffectRelease, paris, nil},
		{"C8: sixty days", heldCase("eu-epoc-2023", paris, alnwick), "preservation", "2027-04-30 23:00", casefile.EffectRelease, alnwick, nil},
		{"C8: confirmed with Annex V", heldCase("eu-epoc-2023", paris, alnwick, act(protocol.KindPreservation, paris, alnwick, "2027-04-01 09:00",
			casefile.Says{What: string(protocol.KeptConfirmed)})), "preservation", "2027-04-30 23:00", casefile.EffectRelease, alnwick,
			func(r *casefile.Running) bool { return r.Stopped.Equal(moment("2027-04-01 09:00")) }},
		{"C9: thirty more, once, whatever the act asks for", heldCase("eu-epoc-2023", paris, alnwick,
			act(protocol.KindPreservation, paris, alnwick, "2027-04-01 09:00", until("2027-08-01 09:00")),
			act(protocol.KindPreservation, paris, alnwick, "2027-04-02 09:00", until("2027-09-01 09:00"))),
			"preservation", "2027-05-31 23:00", casefile.EffectRelease, alnwick, nil}, // the thirtieth is a Sunday
		{"C9: not after the sixty days", heldCase("eu-epoc-2023", paris, alnwick,
			act(protocol.KindPreservation, paris, alnwick, "2027-05-02 09:00", until("2027-06-01 09:00"))),
			"preservation", "2027-04-30 23:00", casefile.EffectRelease, alnwick, nil},
		{"C10: by the national law of the issuing State, which is not counted here", epoc(order(paris, alnwick, monday, came)),
			"reasoned-objection", "2027-03-11 10:20", casefile.EffectLost, alnwick,
			func(r *casefile.Running) bool { return r.Without == "the national law of FR" }},
		{"C11: five working days, with Saint Patrick's among them", epoc(order(paris, alnwick, monday, came),
			deed{kind: protocol.KindEnforcement, from: paris, at: "2027-03-15 09:00", got: map[protocol.ParticipantID]string{dublin: "2027-03-15 10:00"}}).
			with(func(m *clockCase) { m.joined = []protocol.ParticipantID{dublin} }),
			"recognition", "2027-03-24 00:00", casefile.EffectAlert, dublin, nil},
		{"C12: five working days, with Easter Monday among them", epoc(order(paris, alnwick, monday, came),
			deed{kind: protocol.KindConsultation, from: dublin, at: "2027-03-22 09:00", got: map[protocol.ParticipantID]string{paris: "2027-03-22 10:00"}}).
			with(func(m *clockCase) { m.joined = []protocol.ParticipantID{dublin} }),
			"enforcement-information", "2027-03-30 22:00", casefile.EffectAlert, paris, nil},
		{"C14: fourteen days to move to quash", simple("ukus-daa-2019", protocol.Production, doj, leeds),
			"comity-motion-time", "2027-03-15 10:20", casefile.EffectLost, leeds, nil},
		{"C15: ninety days", heldCase("ukus-daa-2019", doj, leeds), "preservation", "2027-05-30 10:20", casefile.EffectRelease, leeds, nil},
		{"C15: renewed", heldCase("ukus-daa-2019", doj, leeds, act(protocol.KindPreservation, doj, leeds, "2027-05-01 09:00", until("2028-01-01 00:00"))),
			"preservation", "2027-08-28 10:20", casefile.EffectRelease, leeds, nil},
		{"C16: an order made in the requested Party binds for ninety days at most", heldCase("budapest-2001", paris, berlin,
			act(protocol.KindAcceptance, berlin, paris, "2027-03-05 09:00", casefile.Says{})),
			"domestic-preservation", "2027-06-03 09:00", casefile.EffectAlert, berlin, nil},
		{"C17: sixty days at least", heldCase("budapest-2001", paris, berlin), "preservation", "2027-04-30 10:20", casefile.EffectRelease, berlin, nil},
		{"C17: the requesting Party may ask for longer", heldCase("budapest-2001", paris, berlin,
			act(protocol.KindPreservation, paris, berlin, "2027-04-01 09:00", until("2027-07-01 09:00"))),
			"preservation", "2027-07-01 09:00", casefile.EffectRelease, berlin, nil},
		{"C18: fourteen days before it ends, the request for assistance", heldCase("budapest-2001", paris, berlin),
			"assistance-request", "2027-04-30 10:20", casefile.EffectAlert, paris, func(r *casefile.Running) bool {
				return len(r.Remind) == 1 && r.Remind[0].Equal(moment("2027-04-16 10:20"))
			}},
		{"C19: thirty days", simple("cets224-2022", protocol.Subscriber, paris, leeds), "provider-answer", "2027-03-31 10:20",
			casefile.EffectConvert, leeds, func(r *casefile.Running) bool { return r.Provenance == "unverified" }},
		{"C19: or longer if the order says so", simple("cets224-2022", protocol.Subscriber, paris, leeds).with(func(m *clockCase) {
			m.matter.Deadline = moment("2027-04-15 12:00")
		}), "provider-answer", "2027-04-15 12:00", casefile.EffectConvert, leeds, nil},
		{"C19: not shorter", simple("cets224-2022", protocol.Subscriber, paris, leeds).with(func(m *clockCase) {
			m.matter.Deadline = moment("2027-03-15 12:00")
		}), "provider-answer", "2027-03-31 10:20", casefile.EffectConvert, leeds, nil},
		{"C20: forty-five days from complete information", simple("cets224-2022", protocol.Production, paris, berlin,
			asks("q", protocol.AskReturned, berlin, paris, "2027-03-02 08:00", "2027-03-02 09:00"),
			replies("q", paris, berlin, "2027-03-05 07:00", "2027-03-05 08:00")),
			"service-of-order", "2027-04-19 08:00", casefile.EffectAlert, berlin, nil},
		{"C21: from a service of which the requested Party knows", simple("cets224-2022", protocol.Production, paris, berlin).with(func(m *clockCase) {
			m.state, m.matter.Categories = casefile.Accepted, []protocol.Category{protocol.CategorySubscriber}
		}), "return-of-subscriber-information", "", casefile.EffectAlert, berlin, func(r *casefile.Running) bool { return r.Unknown == string(berlin) }},
		{"C22: seven days, the day of service being the first", simple("ukus-daa-2019", protocol.Production, police, contoso),
			"overseas-production-order", "2027-03-08 00:00", casefile.EffectOverdue, contoso, nil},
		{"C22: the judge's other time", simple("ukus-daa-2019", protocol.Production, police, contoso).with(func(m *clockCase) {
			m.matter.Deadline = moment("2027-03-04 12:00")
		}), "overseas-production-order", "2027-03-04 12:00", casefile.EffectOverdue, contoso, nil},
		{"C22b: not served within three months", clockCase{doc: "ukus-daa-2019", from: police, to: contoso, state: casefile.Requested,
			matter: casefile.Matter{Type: protocol.Production}, deeds: []deed{order(police, office, "2027-01-15 09:00", "2027-01-15 09:01")}},
			"overseas-production-order-service", "2027-04-14 23:00", casefile.EffectAlert, police, nil},
		{"C23: acknowledged in a week", simple("eu-eio-2014", protocol.Production, paris, berlin),
			"acknowledgement", "2027-03-08 23:00", casefile.EffectAlert, berlin, nil},
		{"C23: decided in thirty days", simple("eu-eio-2014", protocol.Production, paris, berlin),
			"decision", "2027-03-31 22:00", casefile.EffectAlert, berlin, nil},
		{"C23: in thirty more, if it says so", simple("eu-eio-2014", protocol.Production, paris, berlin,
			act(protocol.KindExtension, berlin, paris, "2027-03-20 09:00", casefile.Says{Until: moment("2027-06-01 00:00")})),
			"decision-extended", "2027-04-30 22:00", casefile.EffectAlert, berlin, nil},
		{"C23: carried out in ninety days from the decision", simple("eu-eio-2014", protocol.Production, paris, berlin,
			act(protocol.KindAcceptance, berlin, paris, "2027-03-10 09:00", casefile.Says{})),
			"execution", "2027-06-08 22:00", casefile.EffectAlert, berlin, nil},
		{"C24a: ninety-six whole hours from Annex C", simple("eu-eio-2014", protocol.Interception, paris, berlin, tells("2027-03-02 10:20")),
			"interception-answer", "2027-03-06 11:00", casefile.EffectAlert, paris, nil},
		{"C24b: ninety-six hours", simple("eu-mla-2000", protocol.Interception, paris, dublin, tells("2027-03-02 10:20")),
			"interception-answer", "2027-03-06 10:20", casefile.EffectAlert, paris, nil},
		{"C24b: and eight days at most", simple("eu-mla-2000", protocol.Interception, paris, dublin, tells("2027-03-02 10:20"),
			act(protocol.KindExtension, paris, dublin, "2027-03-05 09:00", casefile.Says{Until: moment("2027-04-01 00:00")})),
			"interception-answer-extension", "2027-03-14 10:20", casefile.EffectAlert, paris, nil},
		{"C25: twenty-four whole hours, wherever practicable", heldCase("eu-eio-2014", paris, berlin),
			"provisional-decision", "2027-03-02 11:00", casefile.EffectAlert, berlin, nil},
		{"C26: the interception stops", simple("ukus-daa-2019", protocol.Interception, police, contoso).with(func(m *clockCase) {
			m.matter.Window = &protocol.Window{Start: moment("2027-03-02 00:00"), End: moment("2027-03-30 00:00")}
		}), "interception", "2027-03-30 00:00", casefile.EffectStop, contoso, func(r *casefile.Running) bool { return r.Article == "Art. 5(3)" }},
		{"C26: renewed", simple("ukus-daa-2019", protocol.Interception, police, contoso,
			act(protocol.KindInterception, police, contoso, "2027-03-20 09:00", casefile.Says{What: string(protocol.TapRenewed), Until: moment("2027-04-20 00:00")})).
			with(func(m *clockCase) {
				m.matter.Window = &protocol.Window{Start: moment("2027-03-02 00:00"), End: moment("2027-03-30 00:00")}
			}), "interception", "2027-04-20 00:00", casefile.EffectStop, contoso, nil},
		{"C27: the notice is delayed", simple("ukus-daa-2019", protocol.Production, doj, leeds, act(protocol.KindNotice, doj, leeds, "2027-03-02 09:00",
			casefile.Says{To: string(protocol.NoticeUser), What: string(protocol.NoticeDelayed), Until: moment("2027-05-31 09:00")})),
			"user_notice", "2027-05-31 09:00", casefile.EffectNotice, leeds, func(r *casefile.Running) bool { return r.Article == "18 USC 2705(a)(1), (4)" }},
		{"C28: the order of secrecy ends", simple("ukus-daa-2019", protocol.Production, doj, leeds, act(protocol.KindSecrecy, doj, leeds, "2027-03-02 09:00",
			casefile.Says{What: string(protocol.SecrecyOrdered), Start: moment("2027-03-02 09:00"), Until: moment("2027-09-02 09:00")})),
			"secrecy", "2027-09-02 09:00", casefile.EffectNotice, leeds, func(r *casefile.Running) bool { return r.Article == "18 USC 2705(b)" }},
		{"C29: the Government applies within thirty days of the notice", simple("ukus-daa-2019", protocol.Production, doj, leeds,
			act(protocol.KindSecrecy, leeds, doj, "2027-03-02 09:00", casefile.Says{What: string(protocol.SecrecyChallenged)})),
			"national-security-letter-review", "2027-04-01 09:00", casefile.EffectAlert, doj, nil},
		{"C30: an objection in reasonable time, which is policy", simple("ukus-daa-2019", protocol.Production, police, contoso),
			"objection-time", "2027-03-15 10:20", casefile.EffectAlert, contoso, func(r *casefile.Running) bool { return r.Policy }},
		{"C30: and its answer", simple("ukus-daa-2019", protocol.Production, police, contoso, deed{kind: protocol.KindObjection, from: contoso,
			at: "2027-03-03 09:00", got: map[protocol.ParticipantID]string{police: "2027-03-03 10:00"}, says: casefile.Says{What: string(protocol.LevelIssuer)}}),
			"objection-answer", "2027-03-17 10:00", casefile.EffectConvert, police, func(r *casefile.Running) bool { return r.Policy }},
		{"C31: a third country is told at once", simple("ukus-daa-2019", protocol.Production, police, contoso).with(func(m *clockCase) {
			m.matter.ThirdStates = []protocol.Party{"FR"}
		}), "third_state_notice", "2027-03-02 09:05", casefile.EffectAlert, police, func(r *casefile.Running) bool { return r.Policy }},
		{"C32: what came is reviewed promptly", simple("ukus-daa-2019", protocol.Production, police, contoso, deed{kind: protocol.KindDisclosure,
			from: contoso, at: "2027-03-03 09:00", got: map[protocol.ParticipantID]string{police: "2027-03-03 10:00"}, leads: casefile.Produced}).
			with(func(m *clockCase) { m.state = casefile.Produced }),
			"review-of-material", "2027-04-02 10:00", casefile.EffectAlert, police, func(r *casefile.Running) bool { return r.Policy && r.Stopped.IsZero() }},
		{"C39: what was put off is looked at again", simple("ets30-mla-1959", protocol.Production, paris, berlin, deed{kind: protocol.KindPostponement,
			from: berlin, at: "2027-03-03 09:00", got: map[protocol.ParticipantID]string{paris: "2027-03-03 09:00"},
			says: casefile.Says{Until: moment("2027-06-03 09:00")}, name: "p"}),
			"postponement/" + digest("p").String(), "2027-06-03 09:00", casefile.EffectAlert, berlin, func(r *casefile.Running) bool { return r.Policy }},
		{"the request's own deadline, where the law gives no time", simple("uncac-2003", protocol.Production, paris, berlin).with(func(m *clockCase) {
			m.matter.Deadline = moment("2027-04-01 12:00")
		}), "deadline", "2027-04-01 12:00", casefile.EffectOverdue, berlin, nil},
		{"the request's own deadline beside the law's is a wish", epoc(order(paris, alnwick, monday, came)).with(func(m *clockCase) {
			m.matter.Deadline = moment("2027-03-05 12:00")
		}), "deadline", "2027-03-05 12:00", casefile.EffectAlert, alnwick, nil},
		{"a Party without a calendar", clockCase{doc: "eu-epoc-2023", from: paris, to: "xa.provider", matter: casefile.Matter{Type: protocol.Production},
			deeds: []deed{order(paris, "xa.provider", monday, came)}},
			"production", "2027-03-12 00:00", casefile.EffectOverdue, "xa.provider",
			func(r *casefile.Running) bool { return r.Without == "the public holidays of XA" }},
	} {
		t.Run(row.name, func(t *testing.T) { row.matter.holds(t, docs, row.id, row.ends, row.effect, row.whose, row.see) })
	}
}

// told is word to a third State of an interception.
func tells(at string) deed {
	return act(protocol.KindNotice, paris, berlin, at, casefile.Says{To: string(protocol.NoticeState), State: "ES",
		What: string(protocol.NoticeDelivered), Start: moment(at)})
}

// holds sees a clock at every holder: who knows when it started says the same end,
// and who does not says who does.
func (m clockCase) holds(t *testing.T, docs map[string]*agreement.Document, id, ends string, effect casefile.Effect,
	whose protocol.ParticipantID, see func(*casefile.Running) bool) {
	t.Helper()
	knew := false
	for _, self := range m.holders() {
		c := m.as(self)
		list := casefile.Clocks(&c, law(docs, m.doc, self))
		r := clock(list, id)
		if r == nil {
			if strings.HasSuffix(id, "-differs") && self != m.from {
				continue // only who knows both
			}
			t.Fatalf("%s: no clock %s among %+v", self, id, list)
		}
		if r.Effect != effect || r.Whose != whose {
			t.Errorf("%s: got %s of %s, want %s of %s", self, r.Effect, r.Whose, effect, whose)
		}
		if r.Unknown != "" && ends != "" {
			continue
		}
		knew = true
		if see != nil && !see(r) {
			t.Errorf("%s: got %+v", self, r)
		}
		if got := r.Ends; ends == "" && !got.IsZero() || ends != "" && !got.Equal(moment(ends)) {
			t.Errorf("%s: ends %v, want %s", self, got, ends)
		}
	}
	if !knew {
		t.Errorf("nobody knows when %s ends", id)
	}
}
