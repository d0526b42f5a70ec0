package node_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/node"
	"comity.example/protocol"
)

// TestAStoreWithoutADocketGetsOne: cases of a program that kept no docket are
// reckoned when the node runs, and what is due comes about, once.
func TestAStoreWithoutADocketGetsOne(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		soon := b.servedAs(secretFor(b, time.Hour))
		later := b.servedAs(secretFor(b, 100*time.Hour))
		b.must(b.node(contoso).ForgetDocket(t.Context()))
		b.halt(contoso)
		b.turn(2 * time.Hour)
		b.start(contoso)
		b.await("the clerk", func() bool { return len(ends(b.view(contoso, soon).Fired)) > 0 })
		if got := b.view(contoso, later).Fired; len(got) > 0 {
			t.Errorf("what is due in days came about: %v", got)
		}
		b.firedOnce(contoso, soon)
		if n, err := b.node(contoso).Docketed(t.Context()); err != nil || n != 2 {
			t.Errorf("%d cases are in the docket (%v), want both", n, err)
		}
		again, err := b.node(contoso).ReckonedCases(t.Context())
		if err != nil || again != 0 {
			t.Errorf("%d cases are reckoned again though nothing has changed (%v)", again, err)
		}
	}, police, office, contoso)
}

// TestANodesOwnPeriodCounts from the next start on, in the cases that are open.
func TestANodesOwnPeriodCounts(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.servedAs(newOrder())
		end := func() time.Time {
			for _, r := range b.view(contoso, id).Running {
				if r.ID == "objection-time" {
					return r.Ends
				}
			}
			return time.Time{}
		}
		before := end()
		b.halt(contoso)
		b.alter = func(c *node.Config) { c.Clocks = map[string]time.Duration{"objection-time": 10 * time.Hour} }
		b.start(contoso)
		if now := end(); !now.Before(before) || now.IsZero() {
			t.Errorf("it ends %v, and before %v: want the node's own ten hours", now, before)
		}
		b.await("the docket", func() bool { return b.item(contoso, id).Due.Equal(end()) })
	}, police, office, contoso)
}

// TestAPeriodOfTheLawIsNotSet: the node does not run.
func TestAPeriodOfTheLawIsNotSet(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		n := b.node(contoso)
		for id, bad := range map[string]bool{"overseas-production-order": true, "objection-time": false, "no-such-clock": false} {
			err := n.CheckClocks(map[string]time.Duration{id: time.Hour})
			if (err != nil) != bad || bad && !strings.Contains(err.Error(), id) {
				t.Errorf("%s: got %v", id, err)
			}
		}
	}, protocol.ParticipantID(contoso))
}
