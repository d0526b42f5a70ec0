package node

import (
	"time"

	"comity.example/node/desk"
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
