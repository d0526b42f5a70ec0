package casefile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
)

const (
	walksWritten = 80 // for another implementation
	walkSteps    = 24
)

// A writtenWalk is a case as one holds it who is sent every act, at the issuing
// side: what others say, whether or not they may, and what becomes of the case.
type writtenWalk struct {
	Issuer      protocol.ParticipantID                     `json:"issuer"`
	Addressee   protocol.ParticipantID                     `json:"addressee"`
	Roles       map[protocol.ParticipantID][]protocol.Role `json:"roles"`
	Unvalidated bool                                       `json:"unvalidated"`
	Window      []int64                                    `json:"window"` // seconds, empty for none
	Consult     []agreement.Consulted                      `json:"consult"`
	Steps       []writtenStep                              `json:"steps"`
}

// A writtenStep is an act by its number in the walk, and what it comes to. Of its
// body it has the members on which the life of a case depends.
type writtenStep struct {
	Act      int                      `json:"act"`
	Kind     protocol.Kind            `json:"kind"`
	Word     string                   `json:"word,omitempty"` // its ask, result, level, action or status
	From     protocol.ParticipantID   `json:"from"`
	To       []protocol.ParticipantID `json:"to"`
	Follows  []int                    `json:"follows"`
	Issued   int64                    `json:"issued"`
	Carries  int                      `json:"carries,omitempty"`
	Signer   protocol.ParticipantID   `json:"signer"`   // whose officer's key it is
	Decision string                   `json:"decision"` // the state to which it opens a case
	Answers  []int                    `json:"answers,omitempty"`
	Reason   protocol.Reason          `json:"reason,omitempty"`
	Partial  bool                     `json:"partial,omitempty"`
	Version  int64                    `json:"version,omitempty"`
	At       int64                    `json:"at,omitempty"`
	Until    int64                    `json:"until,omitempty"`
	Live     bool                     `json:"live,omitempty"`    // a start that announces a live object, a stop with its product
	Readers  []protocol.ParticipantID `json:"readers,omitempty"` // of what it hands over

	Result string           `json:"result"` // the state of the case, or the reason of a refusal
	Open   map[int][]string `json:"open"`   // the questions that people are asked, and whom
}

// TestWalksForAnotherImplementation writes them, and sees that they still are what
// happens. The other implementation reads them: second/casefile.mjs.
func TestWalksForAnotherImplementation(t *testing.T) {
	var out bytes.Buffer
	dice := rand.New(rand.NewPCG(13, 16))
	reached := map[string]int{}
	for i := range walksWritten {
		names := []string{"certified", "own", "direct", "notified", "central"}
		x := settings()[names[i%len(names)]]
		x.unvalidated = i%3 == 1
		x.kind = []protocol.RequestType{protocol.Production, protocol.Interception}[i%2]
		x.review = i%4 == 3
		w := writeWalk(t, x, dice)
		for _, s := range w.Steps {
			reached[s.Result]++
		}
		b, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s\n", b)
	}
	for _, s := range append(casefile.States(), "out_of_turn", "role", "wrong_recipient", "question_not_open", "consultation_missing",
		"challenge_unanswered", "interception_limits", "early", "thread", "not_narrower") {
		if reached[string(s)] == 0 && s != casefile.Expired {
			t.Errorf("no walk comes to %s", s)
		}
	}
	file := filepath.Join("testdata", "walks.jsonl")
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(want, out.Bytes()) {
		t.Errorf("%s does not say what happens (%v): write it anew with -update, and read it", file, err)
	}
}

// A walker writes a walk.
type walker struct {
	x       setting
	dice    *rand.Rand
	now     time.Time
	held    map[protocol.Digest]casefile.Step
	numbers map[protocol.Digest]int
	file    casefile.Case
	out     *writtenWalk
}

func writeWalk(t *testing.T, x setting, dice *rand.Rand) *writtenWalk {
	t.Helper()
	w := &walker{x: x, dice: dice, now: time.Unix(1795341600, 0).UTC(), held: map[protocol.Digest]casefile.Step{},
		numbers: map[protocol.Digest]int{}}
	opening := w.number(x.request(w.now))
	file, err := casefile.Open(opening)
	if err != nil {
		t.Fatal(err)
	}
	file.Terms = &casefile.Terms{Consult: []agreement.Consulted{agreement.BeforeRefusal}}
	w.file = file
	w.out = &writtenWalk{Issuer: x.issuer, Addressee: x.addressee, Unvalidated: x.unvalidated, Window: []int64{},
		Consult: file.Terms.Consult, Roles: map[protocol.ParticipantID][]protocol.Role{}}
	if win := file.Matter.Window; win != nil {
		w.out.Window = []int64{win.Start.Unix(), win.End.Unix()}
	}
	people := to(police, office, contoso, enforcing, doj)
	for _, id := range people {
		w.out.Roles[id] = registered(id)
	}
	w.note(opening, string(file.State))
	said := words()
	for range 4 { // what takes several to come about is said more often
		said = append(said, word{protocol.KindObjection, "issuer"}, word{protocol.KindObjection, "receiving_authority"},
			word{protocol.KindDetermination, "not_applicable"}, word{protocol.KindConsultation, ""}, word{protocol.KindRefusal, ""},
			word{protocol.KindAmendment, ""}, word{protocol.KindRelay, ""}, word{protocol.KindDisclosure, "partial"},
			word{protocol.KindCertification, ""}, word{protocol.KindObjection, "court"},
			word{protocol.KindDetermination, "lifted"}, word{protocol.KindChallenge, ""}, word{protocol.KindResponse, ""},
			word{protocol.KindAcceptance, ""}, word{protocol.KindReply, "confirmed"})
	}
	for i := 1; i < walkSteps; {
		by, say := people[dice.IntN(len(people))], said[dice.IntN(len(said))]
		if say.kind == protocol.KindNondelivery || say.kind == protocol.KindRequest || say.kind == protocol.KindClosure && i < walkSteps-3 {
			continue
		}
		if i < walkSteps*3/4 && ending(say) && !slices.Contains(to(enforcing, doj), by) && dice.IntN(25) > 0 {
			continue
		}
		w.now = w.now.Add(time.Duration(1+dice.IntN(90)) * time.Minute)
		s, ok := w.act(say, by)
		if !ok {
			continue
		}
		next, err := w.file.Apply(s)
		var turn *casefile.TurnError
		result := ""
		switch {
		case err == nil:
			w.file, result = next, string(next.State)
		case errors.Is(err, casefile.ErrEarly):
			result = "early"
		case errors.As(err, &turn):
			result = string(turn.Reason)
			common := slices.Contains([]protocol.Reason{protocol.ReasonRole, protocol.ReasonOutOfTurn, protocol.ReasonQuestion}, turn.Reason)
			if common && dice.IntN(6) > 0 || dice.IntN(2) > 0 { // most of what is said must get somewhere
				continue
			}
		}
		w.note(s, result)
		i++
	}
	return w.out
}

// ending reports whether a word ends a case before much was said in it.
func ending(w word) bool {
	switch w.kind {
	case protocol.KindWithdrawal, protocol.KindRefusal:
		return true
	}
	return slices.Contains([]string{"denied", "lapsed", "confirmed", "complete"}, w.what)
}

// number gives an act the digest that its number makes.
func (w *walker) number(s casefile.Step) casefile.Step {
	n := len(w.numbers) + 1
	s.Digest = protocol.DigestOf(fmt.Appendf(nil, "act %d", n))
	w.numbers[s.Digest], w.held[s.Digest] = n, s
	return s
}

// act is what somebody says, mostly as a node would have it go, and after what all
// its recipients hold; sometimes after less, or to others.
func (w *walker) act(say word, by protocol.ParticipantID) (casefile.Step, bool) {
	c := &w.file
	b := say.body(c, by, w.now)
	if !wellFormed(&b) {
		return casefile.Step{}, false
	}
	if b.Amendment != nil && w.dice.IntN(3) == 0 {
		b.Amendment.Version = 2
	}
	to := recipients(c, &b, by)
	if len(to) == 0 {
		to = []protocol.ParticipantID{c.Issuer}
	}
	if len(to) > 1 && w.dice.IntN(12) == 0 {
		to = to[1:]
	}
	follows := c.Heads(to...)
	switch w.dice.IntN(5) {
	case 0:
		follows = []protocol.Digest{c.Thread[w.dice.IntN(len(c.Thread))].Act}
	case 1:
		follows = c.Held()
	}
	if len(follows) == 0 {
		follows = []protocol.Digest{c.Thread[0].Act}
	}
	if b.Disclosure != nil {
		b.Disclosure.Readers = protocol.Reading(to, c.Issuer, by)
		if w.dice.IntN(6) == 0 {
			b.Disclosure.Readers = append(b.Disclosure.Readers, "zz.stranger")
		}
	}
	if w.dice.IntN(60) == 0 {
		follows = []protocol.Digest{protocol.DigestOf([]byte("not held"))}
	}
	s := step(b, by, to, follows...)
	s.Act.Issued, s.At = w.now, w.now
	s.Endorsed, s.Roles, s.Officers, s.Keys, s.Decision = true, registered(by), officersOf(by), keysOf(by), w.x.decision()
	inner := protocol.Digest{}
	switch say.kind {
	case protocol.KindCertification:
		inner = c.Thread[0].Act
		s.Act.Follows = []protocol.Digest{inner}
	case protocol.KindRelay:
		waiting := c.ToRelay()
		if e, ok := c.Last(protocol.KindDisclosure); len(waiting) > 0 {
			inner = waiting[0]
		} else if ok && e.Kind == protocol.KindDisclosure {
			inner = e.Act
		} else {
			return s, false
		}
	case protocol.KindObjection, protocol.KindEnforcement, protocol.KindUse:
		if say.kind != protocol.KindObjection || say.what == string(protocol.LevelReceiving) {
			if inner = orderOf(c, say.kind); w.dice.IntN(5) == 0 {
				inner = c.Thread[0].Act // the request, where there may be a certification
			}
		}
	}
	if carried, ok := w.held[inner]; ok {
		s.Inner = &carried
	}
	return w.number(s), true
}

func (w *walker) of(ds []protocol.Digest) []int {
	out := []int{}
	for _, d := range ds {
		out = append(out, w.numbers[d]) // 0 of what is not held
	}
	return out
}

// note writes an act and what it came to.
func (w *walker) note(s casefile.Step, result string) {
	b := &s.Act.Body
	x := writtenStep{Act: w.numbers[s.Digest], Kind: b.Kind(), From: s.Act.From, To: s.Act.To, Follows: w.of(s.Act.Follows),
		Issued: s.Act.Issued.Unix(), Signer: s.Act.From, Decision: "served", Result: result, Open: map[int][]string{}}
	if s.Inner != nil {
		x.Carries = w.numbers[s.Inner.Digest]
	}
	if w.x.review {
		x.Decision = "under_review"
	}
	if b.Request != nil && w.file.State == casefile.Requested {
		x.Decision = "requested"
	}
	w.says(&x, b)
	for _, q := range w.file.Questions() {
		var awaits []string
		for _, id := range q.Awaits {
			awaits = append(awaits, string(id))
		}
		slices.Sort(awaits)
		x.Open[w.numbers[q.Act]] = awaits
	}
	w.out.Steps = append(w.out.Steps, x)
}

func (w *walker) says(x *writtenStep, b *protocol.Body) {
	switch {
	case b.Disclosure != nil:
		x.Word, x.Readers = string(b.Disclosure.Status), b.Disclosure.Readers
	case b.Refusal != nil:
		x.Reason, x.Answers = b.Refusal.Reason, w.of(b.Refusal.Answers)
	case b.Clarification != nil:
		x.Word = string(b.Clarification.Ask)
	case b.Reply != nil:
		x.Word, x.Answers = string(b.Reply.Result), w.of(b.Reply.Answers)
	case b.Amendment != nil:
		x.Version, x.Answers = b.Amendment.Version, w.of(b.Amendment.Answers)
	case b.Objection != nil:
		x.Word, x.Answers = string(b.Objection.Level), w.of(b.Objection.Answers)
	case b.Determination != nil:
		x.Word, x.Answers = string(b.Determination.Result), w.of(b.Determination.Answers)
	case b.Acceptance != nil:
		x.Answers = w.of(b.Acceptance.Answers)
	case b.Conditions != nil:
		x.Partial = b.Conditions.Partial
	case b.Secrecy != nil:
		x.Word = string(b.Secrecy.Action)
	case b.Notice != nil:
		x.Word = string(b.Notice.Status)
	case b.Preservation != nil:
		x.Word = string(b.Preservation.Action)
	case b.Validation != nil:
		x.Word = string(b.Validation.Result)
	case b.Costs != nil:
		x.Word = string(b.Costs.Action)
	case b.Interception != nil:
		x.Word, x.At = string(b.Interception.Action), b.Interception.At.Unix()
		x.Live = b.Interception.Live != nil || b.Interception.Product != nil
		if b.Interception.Live != nil {
			x.Readers = b.Interception.Live.Readers
		}
		if !b.Interception.Until.IsZero() {
			x.Until = b.Interception.Until.Unix()
		}
	case b.Deletion != nil:
		x.Word = string(b.Deletion.Action)
	case b.Challenge != nil:
		x.Until = b.Challenge.Until.Unix()
	case b.Response != nil:
		x.Answers = w.of(b.Response.Answers)
	}
	x.Word = strings.TrimSpace(x.Word)
}
