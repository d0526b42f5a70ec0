package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// law returns by what the clocks of a case run: the agreement that it names and
// the issuing Party's own laws as they stood then, as they are held now, and this
// node's own periods.
func (n *Node) law(c *casefile.Case) casefile.Law {
	l := casefile.Law{Document: n.library.Load().Agreement(c), Self: n.cfg.Self, Policies: n.cfg.Clocks, Places: &n.places}
	if g := n.grounds.Load(); g != nil {
		l.Domestic = g.Book.Laws(c.Issuer.Party(), c.Matter.Issued)
	}
	return l
}

// stand adds to a case where it stands at a time.
func (n *Node) stand(v *desk.CaseView, at time.Time) {
	v.Running = casefile.Clocks(v.File, n.law(v.File))
	v.Fired = v.File.Fired
	v.Questions = v.File.Questions()
	v.Regions = v.File.Regions(at)
	v.Awaits = v.File.Awaits()
}

// dueTo says in an item of the inbox by when our people are to act, and what
// clocks brought about since they last did. A clock whose end has passed counts
// on, as long as it is not done.
func (f *filed) dueTo(item *desk.Item, clocks []casefile.Running, self protocol.ParticipantID) {
	for i := range clocks {
		r := &clocks[i]
		open := r.Stopped.IsZero() && r.Paused.IsZero() && !r.Ends.IsZero()
		if !open || r.Fetch || r.Whose != self || !item.Due.IsZero() && !r.Ends.Before(item.Due) {
			continue
		}
		if r.Effect == casefile.EffectOverdue || !f.has(r) {
			item.Due, item.Clock = r.Ends, r.ID
		}
	}
	if item.Alerts = len(f.Alerts); item.Alerts > 0 {
		item.Alert = f.Alerts[item.Alerts-1]
	}
}

// has reports whether the end of a clock has come about.
func (f *filed) has(r *casefile.Running) bool {
	return slices.ContainsFunc(f.File.Fired, func(x casefile.Fired) bool {
		return x.Clock == r.ID && x.Effect == r.Effect && x.Due.Equal(r.Ends)
	})
}

// Clocks implements desk.Cases.
func (n *Node) Clocks(ctx context.Context, p desk.ClockPage) (desk.Clocks, error) {
	out := desk.Clocks{Items: []desk.CaseClock{}}
	prefix, caseOf := prefixDue, func(key string) string { return key[strings.IndexByte(key, '/')+1:] }
	if p.All {
		prefix, caseOf = prefixCase, func(key string) string { return key }
	}
	err := n.journal.View(ctx, func(r store.Reader) error {
		keys, next, err := pageKeys(r, listing{prefix, p.Page})
		out.Next = next
		for _, key := range keys {
			f, err := record.Read[filed](r, caseKey(protocol.CaseID(caseOf(key))))
			if err != nil {
				return err
			}
			out.Items = append(out.Items, n.clocksOf(&f, p.All)...)
		}
		return err
	})
	return out, err
}

// pageKeys is page for an index, whose values say nothing.
func pageKeys(r store.Reader, l listing) (keys []string, next string, err error) {
	g := store.Range{Prefix: []byte(l.prefix), Limit: l.Limit + 1, KeysOnly: true}
	if l.After != "" {
		g.From = append([]byte(l.prefix+l.After), 0)
	}
	err = r.Scan(g, func(key, _ []byte) (bool, error) {
		if len(keys) == l.Limit {
			next = keys[l.Limit-1]
			return false, nil
		}
		keys = append(keys, strings.TrimPrefix(string(key), l.prefix))
		return true, nil
	})
	return keys, next, err
}

// clocksOf returns the clocks of a case by their ends, those that stand still
// last: those that run, or all.
func (n *Node) clocksOf(f *filed, all bool) []desk.CaseClock {
	var out []desk.CaseClock
	for _, r := range casefile.Clocks(&f.File, n.law(&f.File)) {
		c := desk.CaseClock{Case: f.File.ID, State: f.File.State, Emergency: f.File.Emergency,
			Drill: f.File.Matter.Drill, Agreement: f.File.Agreement.ID, Clock: r, Passed: f.has(&r)}
		over := !r.Stopped.IsZero() || c.Passed && r.Effect != casefile.EffectOverdue
		if all || !over {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b desk.CaseClock) int {
		if a.Clock.Ends.IsZero() != b.Clock.Ends.IsZero() {
			return map[bool]int{true: 1, false: -1}[a.Clock.Ends.IsZero()]
		}
		return a.Clock.Ends.Compare(b.Clock.Ends)
	})
	return out
}

// turnEvery is how often a node of a testnet looks whether legal time was turned.
const turnEvery = 50 * time.Millisecond

// followTurns wakes the clerk when legal time was turned forward, which happens
// in a testnet only.
func (n *Node) followTurns(ctx context.Context) error {
	if n.cfg.Ahead == nil {
		<-ctx.Done()
		return nil
	}
	ahead := n.cfg.Ahead()
	n.cfg.Log.Warn("TESTNET: legal time is not the machine's", "ahead", ahead)
	tick := time.NewTicker(turnEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if now := n.cfg.Ahead(); now != ahead {
			ahead = now
			n.cfg.Log.Warn("TESTNET: legal time was turned forward", "ahead", ahead)
			n.clerk.Wake()
		}
	}
}
