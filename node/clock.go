package node

import (
	"slices"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
)

// law returns by what the clocks of a case run: the agreement that it names, as
// it is held now.
func (n *Node) law(c *casefile.Case) casefile.Law {
	return casefile.Law{Document: n.library.Load().document(c), Self: n.cfg.Self}
}

// document returns the agreement of a case, nil if it is not held any more.
func (l *library) document(c *casefile.Case) *agreement.Document {
	if l == nil {
		return nil
	}
	held, ok := l.agreements[c.Agreement.ID+"@"+c.Agreement.Version]
	if !ok {
		return nil
	}
	return held.Document()
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
		if !open || r.Whose != self || !item.Due.IsZero() && !r.Ends.Before(item.Due) {
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
