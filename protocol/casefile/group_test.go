package casefile_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A group is a case among all who may come to hold it.
type group struct {
	setting setting
	now     time.Time
	holders []*holder // issuer, certifier if any, addressee, and both authorities
	held    map[protocol.Digest]casefile.Step
}

func newGroup(x setting) *group {
	g := &group{setting: x, now: time.Unix(1795341600, 0).UTC(), held: map[protocol.Digest]casefile.Step{}}
	for _, id := range slices.Concat(to(x.issuer), x.to, to(x.addressee, enforcing, doj)) {
		if g.holder(id) == nil {
			g.holders = append(g.holders, &holder{id: id, seen: map[protocol.Digest]error{}})
		}
	}
	return g
}

func (g *group) holder(id protocol.ParticipantID) *holder {
	for _, h := range g.holders {
		if h.id == id {
			return h
		}
	}
	return nil
}

// certifierOf reports whether somebody certifies in this setting.
func (g *group) certifies() bool { return slices.Contains(g.setting.to, office) }

// say has a holder say a word, and returns the act if it fits there.
func (g *group) say(by *holder, w word) (casefile.Step, error) {
	if by.file == nil {
		return casefile.Step{}, errNothingToSay
	}
	s, ok := compose(w, by.file, by.id, g.held, g.now)
	if !ok {
		return casefile.Step{}, errNothingToSay
	}
	if w.kind == protocol.KindCertification {
		s.Decision = g.setting.decision()
	}
	if err := by.take(s, casefile.Case.Send); err != nil {
		return casefile.Step{}, err
	}
	g.held[s.Digest] = s
	return s, nil
}

var errNothingToSay = errors.New("there is nothing to say")

// open has the issuer open the case.
func (g *group) open() casefile.Step {
	s := g.setting.request(g.now)
	if g.holders[0].take(s, casefile.Case.Send) != nil {
		panic("the issuer cannot open its own case")
	}
	g.held[s.Digest] = s
	return s
}

// deliver gives an act to all its recipients at once, and wants them to take it.
func (g *group) deliver(t testing.TB, s casefile.Step) {
	t.Helper()
	for _, h := range g.holders {
		if h.id == s.Act.From || !slices.Contains(s.Act.To, h.id) {
			continue
		}
		if err := h.take(s, casefile.Case.Apply); err != nil {
			t.Fatalf("what fitted at %s is refused by %s: %v", s.Act.From, h.id, err)
		}
	}
}

// must has somebody say a word, to everybody at once.
func (g *group) must(t testing.TB, by protocol.ParticipantID, kind protocol.Kind, what string) casefile.Step {
	t.Helper()
	g.now = g.now.Add(time.Minute)
	s, err := g.say(g.holder(by), word{kind, what})
	if err != nil {
		t.Fatalf("%s cannot say %s %s: %v", by, kind, what, err)
	}
	g.deliver(t, s)
	return s
}

// served is a case of a setting that is before its addressee.
func served(t testing.TB, x setting) *group {
	t.Helper()
	g := newGroup(x)
	g.deliver(t, g.open())
	if g.certifies() {
		g.must(t, office, protocol.KindCertification, "")
	}
	return g
}
