package casefile_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

var update = flag.Bool("update", false, "write the transcripts anew: read them before they are committed")

const (
	police  = protocol.ParticipantID("gb.met-police")  // issues
	office  = protocol.ParticipantID("gb.home-office") // certifies
	contoso = protocol.ParticipantID("us.contoso")     // is addressed
	fbi     = protocol.ParticipantID("us.fbi")         // a stranger to the case
)

var daa = protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}

const theCase = protocol.CaseID("case-abcdefghijklmnopqrstuvwxyz")

// to is whom an act is addressed to.
func to(ids ...protocol.ParticipantID) []protocol.ParticipantID { return ids }

// step is an act as it comes out of the gate. That its digest is that of its
// id is as good here as any other.
func step(body protocol.Body, from protocol.ParticipantID, to []protocol.ParticipantID,
	follows ...protocol.Digest) casefile.Step {
	id := protocol.NewActID()
	if follows == nil {
		follows = []protocol.Digest{}
	}
	return casefile.Step{Digest: protocol.DigestOf([]byte(id)), Act: &protocol.Act{Version: protocol.Version, ID: id,
		Case: theCase, Follows: follows, From: from, To: to, Agreement: daa, Body: body,
		Issued: time.Unix(1795341600, 0).UTC(), Expires: time.Unix(1795946400, 0).UTC()}}
}

// decision is what an agreement says, with a hold on each of the sides.
func decision(v protocol.Verdict, holds ...protocol.Side) *protocol.Decision {
	d := &protocol.Decision{Verdict: v}
	for _, side := range holds {
		d.Findings = append(d.Findings, protocol.Finding{Outcome: protocol.Held, Side: side, Role: protocol.RoleDesignated})
	}
	return d
}

// request is the order of the police, which waits for the office.
func request() casefile.Step {
	s := step(protocol.Body{Request: &protocol.Request{Issuer: police, Addressee: contoso}}, police, to(office))
	s.Decision = decision(protocol.Hold, protocol.SideIssuing)
	return s
}

// certification is the office's word for a request.
func certification(inner casefile.Step, d *protocol.Decision) casefile.Step {
	s := step(protocol.Body{Certification: &protocol.Certification{}}, office, to(contoso, police), inner.Digest)
	s.Inner, s.Decision = &inner, d
	return s
}

func disclosure(status protocol.ProductionStatus, follows ...protocol.Digest) casefile.Step {
	return step(protocol.Body{Disclosure: &protocol.Disclosure{Status: status}}, contoso, to(office), follows...)
}

func relay(inner casefile.Step, follows ...protocol.Digest) casefile.Step {
	s := step(protocol.Body{Relay: &protocol.Relay{}}, office, to(police), follows...)
	s.Inner = &inner
	return s
}

func open(t testing.TB, s casefile.Step) casefile.Case {
	t.Helper()
	c, err := casefile.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func apply(t testing.TB, c casefile.Case, steps ...casefile.Step) casefile.Case {
	t.Helper()
	for _, s := range steps {
		var err error
		if c, err = c.Apply(s); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// certified is a case as the office holds it after its certification.
func certified(t testing.TB, d *protocol.Decision) (casefile.Case, casefile.Step) {
	t.Helper()
	r := request()
	c := certification(r, d)
	return apply(t, open(t, r), c), c
}

// inState is a case, as the office holds it, that has come to be in a state.
func inState(t testing.TB, state casefile.State) casefile.Case {
	t.Helper()
	allow := decision(protocol.Allow)
	c, opened := certified(t, allow)
	switch state {
	case casefile.Requested:
		c = open(t, request())
	case casefile.UnderReview:
		c, _ = certified(t, decision(protocol.Hold, protocol.SideReceiving))
	case casefile.PartlyProduced:
		c = apply(t, c, disclosure(protocol.ProductionPartial, opened.Digest))
	case casefile.Produced:
		c = apply(t, c, disclosure(protocol.ProductionComplete, opened.Digest))
	case casefile.Refused:
		c = apply(t, c, step(protocol.Body{Refusal: &protocol.Refusal{}}, contoso, to(office), opened.Digest))
	case casefile.Withdrawn:
		c = apply(t, c, step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(office, contoso), opened.Digest))
	case casefile.Expired:
		c = c.Undelivered(opened.Digest, contoso, casefile.Expired)
	}
	if c.State != state {
		t.Fatalf("the case is %s, want %s", c.State, state)
	}
	return c
}

var states = []casefile.State{casefile.Requested, casefile.UnderReview, casefile.Served, casefile.PartlyProduced,
	casefile.Produced, casefile.Refused, casefile.Withdrawn, casefile.Expired}

// ofKind is an act of a kind by somebody, which follows what the case holds.
func ofKind(kind protocol.Kind, by protocol.ParticipantID, c casefile.Case) casefile.Step {
	first := c.Thread[0]
	held := casefile.Step{Act: &protocol.Act{Body: protocol.Body{Request: &protocol.Request{}}}, Digest: first.Act}
	var body protocol.Body
	switch kind {
	case protocol.KindRequest:
		body.Request = &protocol.Request{Issuer: police, Addressee: contoso}
	case protocol.KindCertification:
		body.Certification = &protocol.Certification{}
	case protocol.KindDisclosure:
		body.Disclosure = &protocol.Disclosure{Status: protocol.ProductionComplete}
	case protocol.KindRelay:
		body.Relay = &protocol.Relay{}
	case protocol.KindWithdrawal:
		body.Withdrawal = &protocol.Withdrawal{}
	case protocol.KindRefusal:
		body.Refusal = &protocol.Refusal{}
	case protocol.KindNondelivery:
		body.Nondelivery = nondelivery(c, protocol.FailureExpired)
	default:
		all := words()
		body = all[slices.IndexFunc(all, func(w word) bool { return w.kind == kind })].body(&c, by, c.Thread[0].Issued)
	}
	s := step(body, by, to(office), c.Thread[len(c.Thread)-1].Act)
	if kind == protocol.KindCertification || kind == protocol.KindRelay {
		s.Inner, s.Decision = &held, decision(protocol.Allow)
	}
	return s
}

// nondelivery says that the certification of a case, or else its opening act,
// did not reach the addressee.
func nondelivery(c casefile.Case, f protocol.Failure) *protocol.Nondelivery {
	n := &protocol.Nondelivery{Act: c.Thread[0].Act, Recipient: contoso, State: f}
	if e, ok := c.Last(protocol.KindCertification); ok {
		n.Act = e.Act
	}
	return n
}

// A way is how a step is taken into a case.
type way func(casefile.Case, casefile.Step) (casefile.Case, error)

// outcome is the state that an act leads to, or "! reason"; refused, it leaves
// the case as it was.
func outcome(t *testing.T, c casefile.Case, s casefile.Step, take way) string {
	t.Helper()
	before := deepCopy(c)
	kind, by := s.Act.Body.Kind(), s.Act.From
	next, err := take(c, s)
	if !reflect.DeepEqual(c, before) {
		t.Errorf("%s of %s in a case that is %s changed it", kind, by, before.State)
	}
	if err == nil {
		if len(next.Thread) != len(c.Thread)+1 {
			t.Errorf("%s of %s: %d acts became %d", kind, by, len(c.Thread), len(next.Thread))
		}
		return string(next.State)
	}
	var turn *casefile.TurnError
	if !errors.As(err, &turn) || turn.Kind != kind || turn.State == "" || !reflect.DeepEqual(next, casefile.Case{}) {
		t.Errorf("%s of %s: got %v and %v", kind, by, next, err)
		return "?"
	}
	return "! " + string(turn.Reason)
}

func deepCopy(c casefile.Case) casefile.Case {
	c.Thread = slices.Clone(c.Thread)
	for i := range c.Thread {
		c.Thread[i].To, c.Thread[i].Follows = slices.Clone(c.Thread[i].To), slices.Clone(c.Thread[i].Follows)
	}
	return c
}

func trimmed(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

func transcript(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s does not say what happens; got\n%s", path, got)
	}
}

// TestMoves says for each state whose people are asked to do what.
func TestMoves(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s%-12s%-12s%-12s%s\n", "state", "issuer", "certifier", "addressee", "to pass on")
	for _, state := range states {
		c := inState(t, state)
		fmt.Fprintf(&b, "%-16s", state)
		for _, id := range to(police, office, contoso) {
			fmt.Fprintf(&b, "%-12s", nothing(string(c.Move(id))))
		}
		fmt.Fprintf(&b, "%d\n", len(c.ToRelay()))
	}
	transcript(t, "moves.txt", trimmed(b.String()))
}

// TestWhoDidNotEndACaseReadsThatItEnded: whoever withdraws, the others are
// told once, wherever the case stood, and who withdrew is not.
func TestWhoDidNotEndACaseReadsThatItEnded(t *testing.T) {
	for _, state := range []casefile.State{casefile.Requested, casefile.UnderReview, casefile.Served, casefile.PartlyProduced} {
		for _, by := range to(police, office) {
			c := inState(t, state)
			last := c.Thread[len(c.Thread)-1].Act
			c = apply(t, c, step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, by,
				c.Recipients(protocol.KindWithdrawal, by), last))
			for _, id := range to(police, office, contoso) {
				evidence := state == casefile.PartlyProduced && id != contoso
				want := casefile.Read
				switch {
				case evidence && id == office:
					want = casefile.Pass
				case id == by && !evidence:
					want = casefile.None
				}
				if got := c.Move(id); got != want {
					t.Errorf("%s, withdrawn by %s: %s is to %q, want %q", state, by, id, got, want)
				}
			}
		}
	}
}

func nothing(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// TestRecipientsOfEachKind says to whom each act goes from each of the parts.
func TestRecipientsOfEachKind(t *testing.T) {
	var b strings.Builder
	for _, state := range []casefile.State{casefile.Requested, casefile.Served} {
		c := inState(t, state)
		for _, kind := range protocol.Kinds() {
			for _, id := range to(police, office, contoso) {
				fmt.Fprintf(&b, "%-10s%-16s%-16s%v\n", state, kind, id, c.Recipients(kind, id))
			}
		}
	}
	transcript(t, "recipients.txt", trimmed(b.String()))
}

func wantReason(t *testing.T, name string, err error, want protocol.Reason) {
	t.Helper()
	var turn *casefile.TurnError
	if !errors.As(err, &turn) || turn.Reason != want {
		t.Errorf("%s: got %v, want %s", name, err, want)
	}
}

func TestWhatOpensNoCase(t *testing.T) {
	r := request()
	follows := request()
	follows.Act.Follows = []protocol.Digest{r.Digest}
	bare := certification(r, decision(protocol.Allow))
	bare.Inner = nil
	loose := certification(r, decision(protocol.Allow))
	loose.Act.Follows = []protocol.Digest{}
	other := certification(r, decision(protocol.Allow))
	other.Act.Follows = []protocol.Digest{request().Digest}
	for name, c := range map[string]struct {
		step casefile.Step
		want protocol.Reason
	}{
		"a request that follows something":          {follows, protocol.ReasonThread},
		"a certification of nothing":                {bare, protocol.ReasonThread},
		"a certification that follows nothing":      {loose, protocol.ReasonThread},
		"a certification that follows another":      {other, protocol.ReasonThread},
		"a disclosure":                              {disclosure(protocol.ProductionComplete), protocol.ReasonOutOfTurn},
		"a relay of no case":                        {step(protocol.Body{Relay: &protocol.Relay{}}, office, to(police)), protocol.ReasonOutOfTurn},
		"a withdrawal":                              {step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(contoso)), protocol.ReasonOutOfTurn},
		"a refusal":                                 {step(protocol.Body{Refusal: &protocol.Refusal{}}, contoso, to(office)), protocol.ReasonOutOfTurn},
		"an act whose body has no member, or a few": {step(protocol.Body{}, police, to(office)), protocol.ReasonOutOfTurn},
	} {
		got, err := casefile.Open(c.step)
		wantReason(t, name, err, c.want)
		if !reflect.DeepEqual(got, casefile.Case{}) {
			t.Errorf("%s: opened %+v", name, got)
		}
	}
}

func TestStateOfACaseFollowsTheDecision(t *testing.T) {
	for _, c := range []struct {
		decision *protocol.Decision
		want     casefile.State
	}{
		{nil, casefile.Refused},
		{&protocol.Decision{}, casefile.Refused},
		{decision(protocol.Deny, protocol.SideIssuing), casefile.Refused},
		{decision(protocol.Hold, protocol.SideIssuing), casefile.Requested},
		{decision(protocol.Hold, protocol.SideReceiving), casefile.UnderReview},
		{decision(protocol.Hold, protocol.SideReceiving, protocol.SideIssuing), casefile.Requested},
		{decision(protocol.Hold, ""), casefile.UnderReview},
		{decision(protocol.Allow), casefile.Served},
	} {
		s := request()
		s.Decision = c.decision
		if got := open(t, s); got.State != c.want {
			t.Errorf("%+v: the case is %s, want %s", c.decision, got.State, c.want)
		}
	}
}

func TestCertificationOfAnotherRequestIsRefused(t *testing.T) {
	c := open(t, request())
	other := certification(request(), decision(protocol.Allow))
	other.Act.Follows = []protocol.Digest{c.Thread[0].Act}
	_, err := c.Apply(other)
	wantReason(t, "another request", err, protocol.ReasonThread)
	denied := certification(casefile.Step{Act: other.Inner.Act, Digest: c.Thread[0].Act}, decision(protocol.Deny))
	if got := apply(t, c, denied); got.State != casefile.Refused {
		t.Errorf("certified against the agreement the case is %s", got.State)
	}
}

// TestSecondCertifierIsAStranger: once the office has certified, no other
// authority can, nor pass on or end what is not its own.
func TestSecondCertifierIsAStranger(t *testing.T) {
	for _, state := range []casefile.State{casefile.Served, casefile.UnderReview, casefile.PartlyProduced} {
		c := inState(t, state)
		for _, kind := range protocol.Kinds() {
			act := ofKind(kind, "gb.other-office", c)
			if got := outcome(t, c, act, casefile.Case.Apply); !strings.HasPrefix(got, "! ") {
				t.Errorf("a %s of another authority in a case that is %s: %s", kind, state, got)
			}
		}
	}
}

func TestAnswersWaitUntilTheyArePassedOn(t *testing.T) {
	c, cert := certified(t, decision(protocol.Allow))
	d1 := disclosure(protocol.ProductionPartial, cert.Digest)
	d2 := disclosure(protocol.ProductionComplete, cert.Digest)
	if c.Move(office) != casefile.None || len(c.ToRelay()) != 0 {
		t.Error("before an answer there is something to pass on")
	}
	c = apply(t, c, d1, d2)
	if got := c.ToRelay(); !slices.Equal(got, []protocol.Digest{d1.Digest, d2.Digest}) || c.Move(office) != casefile.Pass {
		t.Errorf("to pass on: %v, %s", got, c.Move(office))
	}
	c = apply(t, c, relay(d1, cert.Digest))
	if got := c.ToRelay(); !slices.Equal(got, []protocol.Digest{d2.Digest}) || c.Move(office) != casefile.Pass {
		t.Errorf("after one relay: %v, %s", got, c.Move(office))
	}
	c = apply(t, c, relay(d2, cert.Digest))
	if got := c.ToRelay(); len(got) != 0 || c.Move(office) != casefile.None || c.State != casefile.Produced {
		t.Errorf("after both: %v, %s, %s", got, c.Move(office), c.State)
	}
}

// TestRelayIsJudgedAsTheActInside, at one that does not hold it yet.
func TestRelayIsJudgedAsTheActInside(t *testing.T) {
	r := request()
	cert := certification(r, decision(protocol.Allow))
	c := apply(t, open(t, r), cert) // as the police hold it
	by := func(s casefile.Step, id protocol.ParticipantID) casefile.Step {
		act := *s.Act
		act.From = id
		s.Act = &act
		return s
	}
	d := disclosure(protocol.ProductionComplete, cert.Digest)
	bare := relay(d, cert.Digest)
	bare.Inner = nil
	for name, x := range map[string]struct {
		step casefile.Step
		want protocol.Reason
	}{
		"by a stranger":              {by(relay(d, cert.Digest), fbi), protocol.ReasonOutOfTurn},
		"of nothing":                 {bare, protocol.ReasonOutOfTurn},
		"of a stranger's disclosure": {relay(by(d, fbi), cert.Digest), protocol.ReasonRole},
		"of a request":               {relay(request(), cert.Digest), protocol.ReasonOutOfTurn},
		"of a certification":         {relay(certification(r, decision(protocol.Allow)), cert.Digest), protocol.ReasonOutOfTurn},
	} {
		_, err := c.Apply(x.step)
		wantReason(t, "a relay "+name, err, x.want)
	}
	good := relay(d, cert.Digest)
	after := apply(t, c, good)
	if after.State != casefile.Produced || !after.Holds(d.Digest) || after.Move(police) != casefile.Read {
		t.Errorf("after the relay: %s, %s", after.State, after.Move(police))
	}
	_, err := after.Apply(relay(d, cert.Digest)) // a thread is not filled with repetitions
	wantReason(t, "a second relay", err, protocol.ReasonThread)
}

func TestUndeliveredEndsOnlyWhatItWasToOpen(t *testing.T) {
	r := request()
	cert := certification(r, decision(protocol.Allow))
	requested := open(t, r)
	served := apply(t, requested, cert)
	d := disclosure(protocol.ProductionPartial, cert.Digest)
	partly := apply(t, served, d)
	answered := partly.Undelivered(cert.Digest, contoso, casefile.Expired)
	ended := inState(t, casefile.Withdrawn)
	for _, x := range []struct {
		name string
		c    casefile.Case
		act  protocol.Digest
		to   protocol.ParticipantID
		want casefile.State
	}{
		{"the request, to the office", requested, r.Digest, office, casefile.Expired},
		{"the request, to its issuer", requested, r.Digest, police, casefile.Requested},
		{"the certification, to the addressee", served, cert.Digest, contoso, casefile.Expired},
		{"the certification, to the police", served, cert.Digest, police, casefile.Served},
		{"a disclosure", partly, d.Digest, office, casefile.Served},
		{"a disclosure, to one it did not go to", partly, d.Digest, police, casefile.PartlyProduced},
		{"an unknown act", served, d.Digest, contoso, casefile.Served},
		{"what the addressee has answered all the same", answered, cert.Digest, contoso, casefile.PartlyProduced},
		{"what has ended", ended, ended.Thread[1].Act, contoso, casefile.Withdrawn},
	} {
		before := deepCopy(x.c)
		if got := x.c.Undelivered(x.act, x.to, casefile.Expired); got.State != x.want {
			t.Errorf("%s: the case is %s, want %s", x.name, got.State, x.want)
		}
		if !reflect.DeepEqual(before, x.c) {
			t.Errorf("%s: it changed the case", x.name)
		}
	}
}

// TestNondelivery: only who certified may say it, of its certification to the
// addressee, and the issuer is asked to read it.
func TestNondelivery(t *testing.T) {
	c, cert := certified(t, decision(protocol.Allow)) // as the police hold it
	say := func(by protocol.ParticipantID, change func(*protocol.Nondelivery)) casefile.Step {
		n := nondelivery(c, protocol.FailureRefused)
		change(n)
		return step(protocol.Body{Nondelivery: n}, by, to(police), cert.Digest)
	}
	as := func(*protocol.Nondelivery) {}
	for name, x := range map[string]struct {
		step casefile.Step
		want protocol.Reason
	}{
		"by the issuer":             {say(police, as), protocol.ReasonRole},
		"by the addressee":          {say(contoso, as), protocol.ReasonRole},
		"by a stranger":             {say(fbi, as), protocol.ReasonRole},
		"of the request":            {say(office, func(n *protocol.Nondelivery) { n.Act = c.Thread[0].Act }), protocol.ReasonThread},
		"of another act":            {say(office, func(n *protocol.Nondelivery) { n.Act = request().Digest }), protocol.ReasonThread},
		"to one who need not do it": {say(office, func(n *protocol.Nondelivery) { n.Recipient = police }), protocol.ReasonThread},
	} {
		_, err := c.Apply(x.step)
		wantReason(t, "a nondelivery "+name, err, x.want)
	}
	told := apply(t, c, say(office, as))
	if told.State != casefile.Refused || told.Move(police) != casefile.Read {
		t.Errorf("the case is %s, and the issuer is to %q", told.State, told.Move(police))
	}
	late := say(office, func(n *protocol.Nondelivery) { n.State = protocol.FailureExpired })
	if told = apply(t, c, late); told.State != casefile.Expired || told.Move(police) != casefile.Read {
		t.Errorf("the case is %s, and the issuer is to %q", told.State, told.Move(police))
	}
	// The sender knows before it says so, and evidence that came says otherwise.
	if _, err := c.Undelivered(cert.Digest, contoso, casefile.Expired).Send(late); err != nil {
		t.Error(err)
	}
	d := disclosure(protocol.ProductionComplete, cert.Digest)
	_, err := apply(t, c, d).Send(late)
	wantReason(t, "a nondelivery of what was answered", err, protocol.ReasonOutOfTurn)
	if told = apply(t, told, relay(d, cert.Digest)); told.State != casefile.Produced {
		t.Errorf("after the evidence the case is %s", told.State)
	}
}

func TestAuthorityThatCertifiesItsOwnRequestIsAsked(t *testing.T) {
	s := step(protocol.Body{Request: &protocol.Request{Issuer: office, Addressee: contoso}}, office, to(office))
	s.Decision = decision(protocol.Hold, protocol.SideIssuing)
	c := open(t, s)
	if got := c.Move(office); got != casefile.Certify {
		t.Errorf("it is asked to %q", got)
	}
	done := certification(s, decision(protocol.Allow))
	if c = apply(t, c, done); c.State != casefile.Served || c.Move(office) != casefile.None {
		t.Errorf("certified: %s, %q", c.State, c.Move(office))
	}
	if got := c.Participants(); !slices.Equal(got, to(office, contoso)) {
		t.Errorf("the participants are %v", got)
	}
}

// TestAskedAuthorityMayEndTheRequest: who is asked to certify may decline, and
// the issuer is told.
func TestAskedAuthorityMayEndTheRequest(t *testing.T) {
	c := inState(t, casefile.Requested)
	if got := c.Recipients(protocol.KindWithdrawal, office); !slices.Equal(got, to(police)) {
		t.Errorf("its withdrawal goes to %v", got)
	}
	w := step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, office, to(police), c.Thread[0].Act)
	if c = apply(t, c, w); c.State != casefile.Withdrawn {
		t.Errorf("the case is %s", c.State)
	}
	// A request that went straight to its addressee is not the addressee's to withdraw.
	r := step(protocol.Body{Request: &protocol.Request{Issuer: police, Addressee: contoso}}, police, to(contoso))
	r.Decision = decision(protocol.Allow)
	_, err := open(t, r).Apply(step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, contoso, to(police), r.Digest))
	wantReason(t, "a withdrawal by the addressee", err, protocol.ReasonRole)
}
