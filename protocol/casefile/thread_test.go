package casefile_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

func TestActsThatDoNotFitTheThreadAreRefused(t *testing.T) {
	c, opened := certified(t, decision(protocol.Allow))
	good := disclosure(protocol.ProductionPartial, opened.Digest)
	change := func(f func(*casefile.Step)) casefile.Step {
		s, act := good, *good.Act
		s.Act = &act
		f(&s)
		return s
	}
	for name, x := range map[string]struct {
		step casefile.Step
		want protocol.Reason
	}{
		"of another case":         {change(func(s *casefile.Step) { s.Act.Case = protocol.NewCaseID() }), protocol.ReasonThread},
		"that follows nothing":    {change(func(s *casefile.Step) { s.Act.Follows = nil }), protocol.ReasonThread},
		"that the case holds":     {change(func(s *casefile.Step) { s.Digest = opened.Digest }), protocol.ReasonThread},
		"under another agreement": {change(func(s *casefile.Step) { s.Act.Agreement.ID = "other" }), protocol.ReasonNotGoverning},
		"under another version":   {change(func(s *casefile.Step) { s.Act.Agreement.Version = "2" }), protocol.ReasonNotGoverning},
	} {
		before := deepCopy(c)
		_, err := c.Apply(x.step)
		wantReason(t, name, err, x.want)
		if !reflect.DeepEqual(before, c) {
			t.Errorf("an act %s changed the case", name)
		}
	}
	if _, err := c.Apply(good); err != nil {
		t.Error(err)
	}
}

// TestWhatFollowsTheUnknownIsEarly: it is neither taken nor refused, whoever
// sent it. What can never fit is refused all the same.
func TestWhatFollowsTheUnknownIsEarly(t *testing.T) {
	c, cert := certified(t, decision(protocol.Allow))
	lost := disclosure(protocol.ProductionPartial, cert.Digest)
	after := disclosure(protocol.ProductionComplete, lost.Digest)
	withdrawal := step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(contoso), cert.Digest)
	for name, s := range map[string]casefile.Step{
		"that follows an unknown act":               after,
		"that follows an unknown act and a held":    disclosure(protocol.ProductionPartial, cert.Digest, lost.Digest),
		"passed on that follows an unknown act":     relay(after, cert.Digest),
		"that passes on and follows an unknown act": relay(lost, lost.Digest),
		"of a stranger that does":                   step(protocol.Body{Refusal: &protocol.Refusal{}}, fbi, to(office), lost.Digest),
	} {
		before := deepCopy(c)
		if got, err := c.Apply(s); !errors.Is(err, casefile.ErrEarly) || !reflect.DeepEqual(got, casefile.Case{}) {
			t.Errorf("an act %s: got %v", name, err)
		}
		if !reflect.DeepEqual(before, c) {
			t.Errorf("an act %s changed the case", name)
		}
		_, err := c.Send(s)
		var turn *casefile.TurnError
		if !errors.As(err, &turn) {
			t.Errorf("an act %s, of one's own: got %v", name, err)
		}
	}
	for name, s := range map[string]casefile.Step{"a withdrawal": withdrawal, "a disclosure": after, "a relay": relay(lost, cert.Digest)} {
		if _, err := casefile.Open(s); !errors.Is(err, casefile.ErrEarly) {
			t.Errorf("%s without its case: got %v", name, err)
		}
	}
	other := after
	act := *after.Act
	act.Agreement.Version, other.Act = "2", &act
	_, err := c.Apply(other)
	wantReason(t, "an act under another agreement that follows an unknown one", err, protocol.ReasonNotGoverning)
	c = apply(t, c, lost, after)
	if c.State != casefile.Produced {
		t.Errorf("in order the case is %s", c.State)
	}
}

// TestTwoCasesOfOneDoNotShareAThread: what becomes of a case by one act is not
// touched by what becomes of it by another.
func TestTwoCasesOfOneDoNotShareAThread(t *testing.T) {
	c, opened := certified(t, decision(protocol.Allow))
	for range 9 { // whatever room append leaves
		a := apply(t, c, disclosure(protocol.ProductionPartial, opened.Digest))
		before := deepCopy(a)
		b := apply(t, c, disclosure(protocol.ProductionPartial, opened.Digest))
		if !reflect.DeepEqual(a, before) || reflect.DeepEqual(a, b) {
			t.Fatalf("with %d acts in it the one has changed the other", len(c.Thread))
		}
		c = b
	}
}

// TestNobodyFillsACase: whoever sends as much as a case takes of one participant keeps
// the others from nothing, least of all from a withdrawal.
func TestNobodyFillsACase(t *testing.T) {
	full, opened := certified(t, decision(protocol.Allow))
	for range casefile.MaxSent {
		full = apply(t, full, disclosure(protocol.ProductionPartial, opened.Digest))
	}
	named, opened := certified(t, decision(protocol.Allow))
	all := slices.Repeat([]protocol.Digest{opened.Digest}, protocol.MaxFollows)
	for names := 1 + len(all); names <= casefile.MaxNamed; names += 1 + len(all) {
		named = apply(t, named, disclosure(protocol.ProductionPartial, all...))
	}
	if len(named.Thread) >= casefile.MaxSent {
		t.Fatalf("%d acts, which were to be bounded by what they name", len(named.Thread))
	}
	handed, opened := certified(t, decision(protocol.Allow))
	hands := func() casefile.Step {
		s := disclosure(protocol.ProductionPartial, opened.Digest)
		for range protocol.MaxObjects {
			s.Act.Body.Disclosure.Objects = append(s.Act.Body.Disclosure.Objects, protocol.Object{Tree: opened.Digest})
		}
		return s
	}
	for range casefile.MaxHanded / protocol.MaxObjects {
		handed = apply(t, handed, hands())
	}
	for name, x := range map[string]struct {
		c    casefile.Case
		more casefile.Step
	}{
		"acts":    {full, disclosure(protocol.ProductionPartial, full.Thread[0].Act)},
		"names":   {named, disclosure(protocol.ProductionPartial, all...)},
		"objects": {handed, hands()},
	} {
		_, err := x.c.Apply(x.more)
		wantReason(t, name+": one disclosure more", err, protocol.ReasonThread)
		if name == "objects" {
			apply(t, x.c, disclosure(protocol.ProductionComplete, opened.Digest))
		}
		withdrawal := step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, office, to(contoso, police), x.c.Thread[0].Act)
		if c := apply(t, x.c, withdrawal); c.State != casefile.Withdrawn {
			t.Errorf("%s: withdrawn, the case is %s", name, c.State)
		}
	}
}

// TestAThreadIsBounded, whoever sends.
func TestAThreadIsBounded(t *testing.T) {
	c, opened := certified(t, decision(protocol.Allow))
	for range casefile.MaxSent {
		c = apply(t, c, disclosure(protocol.ProductionPartial, opened.Digest))
	}
	for len(c.Thread) < casefile.MaxThread {
		c.Thread = append(c.Thread, c.Thread[0])
	}
	withdrawal := step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, office, to(contoso, police), opened.Digest)
	_, err := c.Apply(withdrawal)
	wantReason(t, "one act more", err, protocol.ReasonThread)
}

// TestRelayCarriesWhatItsSenderCouldHaveSent: an answer that nobody would take
// from the addressee itself does not get in through the office.
func TestRelayCarriesWhatItsSenderCouldHaveSent(t *testing.T) {
	c, opened := certified(t, decision(protocol.Allow))
	first := disclosure(protocol.ProductionPartial, opened.Digest)
	c = apply(t, c, first)
	ungoverned := disclosure(protocol.ProductionComplete, first.Digest)
	ungoverned.Act.Agreement.Version = "another"
	for _, x := range []struct {
		name  string
		inner casefile.Step
		want  protocol.Reason
	}{
		{"follows nothing", disclosure(protocol.ProductionComplete), protocol.ReasonThread},
		{"under another agreement", ungoverned, protocol.ReasonNotGoverning},
	} {
		_, err := c.Apply(x.inner)
		wantReason(t, x.name, err, x.want)
		_, err = c.Apply(relay(x.inner, first.Digest))
		wantReason(t, x.name+", passed on", err, x.want)
	}
}

func TestHeadsAreWhatNobodyHasFollowed(t *testing.T) {
	r := request()
	cert := certification(r, decision(protocol.Allow))
	c := apply(t, open(t, r), cert)
	d1 := disclosure(protocol.ProductionPartial, cert.Digest)
	d2 := disclosure(protocol.ProductionPartial, cert.Digest)
	c = apply(t, c, d1, d2)
	for _, x := range []struct {
		to   []protocol.ParticipantID
		want []protocol.Digest
	}{
		{to(contoso), []protocol.Digest{d1.Digest, d2.Digest}},
		{to(police), []protocol.Digest{cert.Digest}},          // the police have not seen what was disclosed
		{to(police, contoso), []protocol.Digest{cert.Digest}}, // what both have
		{to(office, contoso), []protocol.Digest{d1.Digest, d2.Digest}},
		{to(fbi), []protocol.Digest{}},
	} {
		if got := c.Heads(x.to...); !slices.Equal(got, x.want) {
			t.Errorf("heads for %v: got %v, want %v", x.to, got, x.want)
		}
	}
	c = apply(t, c, relay(d1, cert.Digest))
	if got := c.Heads(police); len(got) != 1 || got[0] == cert.Digest {
		t.Errorf("after a relay the heads for the police are %v", got)
	}
	for range 2 * protocol.MaxFollows {
		c = apply(t, c, disclosure(protocol.ProductionPartial, cert.Digest))
	}
	if got := c.Heads(contoso); len(got) != protocol.MaxFollows || got[len(got)-1] != c.Thread[len(c.Thread)-1].Act {
		t.Errorf("%d heads, want the newest %d, oldest first", len(got), protocol.MaxFollows)
	}
}

// TestWhatFillsACaseLeavesRoomToCertify: whoever handed over as many objects as a case
// takes, and names as much besides as one participant may, keeps nobody from certifying
// of each of them that it was deleted.
func TestWhatFillsACaseLeavesRoomToCertify(t *testing.T) {
	c, opened := certified(t, decision(protocol.Allow))
	var objects []protocol.Digest
	for range casefile.MaxHanded / protocol.MaxObjects {
		s := disclosure(protocol.ProductionPartial, opened.Digest)
		for range protocol.MaxObjects {
			objects = append(objects, protocol.DigestOf([]byte{byte(len(objects)), byte(len(objects) >> 8)}))
			s.Act.Body.Disclosure.Objects = append(s.Act.Body.Disclosure.Objects, protocol.Object{Tree: objects[len(objects)-1]})
		}
		c = apply(t, c, s)
	}
	all := slices.Repeat([]protocol.Digest{opened.Digest}, protocol.MaxFollows)
	for {
		more, err := c.Apply(disclosure(protocol.ProductionPartial, all...))
		if err != nil {
			wantReason(t, "one act more", err, protocol.ReasonThread)
			break
		}
		c = more
	}
	for chunk := range slices.Chunk(objects, protocol.MaxObjects) {
		gone := step(protocol.Body{Deletion: &protocol.Deletion{Action: protocol.Deleted, Reason: protocol.DeletionRetention, Objects: chunk}},
			office, to(contoso, police), opened.Digest)
		c = apply(t, c, gone)
	}
	for _, o := range objects {
		if _, ok := c.Gone(office, o); !ok {
			t.Fatal("an object is not certified")
		}
	}
}
