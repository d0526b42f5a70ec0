package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"comity.example/node/desk"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/ledger"
	"comity.example/protocol/report"
)

// Facts implements desk.Reports.
func (n *Node) Facts(ctx context.Context, p desk.Period, each func(*report.Fact) error) (report.Basis, error) {
	// What is to come is not known, and more may come in the second that runs: who
	// computes the report again would count it.
	over := n.now().UTC().Truncate(time.Second).Add(-time.Second)
	if p.AsOf.IsZero() || p.AsOf.After(over) {
		p.AsOf = over
	}
	b := report.Basis{Participant: n.cfg.Self, AsOf: p.AsOf.UTC()}
	inputs := report.NewInputs()
	err := n.journal.ViewHead(ctx, func(r store.Reader, head ledger.Checkpoint) error {
		b.Checkpoint = head.Origin + " " + head.Root.String()
		w := &factWriter{r, report.View{Self: n.cfg.Self, AsOf: b.AsOf}, p}
		w.view.Followed = w.followed
		return r.Scan(store.Range{Prefix: []byte(prefixCase)}, func(_, value []byte) (bool, error) {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			f, err := record.Parse[filed](value)
			if err != nil || !w.within(&f.File) {
				return err == nil, err
			}
			fact, counts, err := w.fact(&f)
			if err != nil || !counts {
				return err == nil, err
			}
			inputs.Add(&f.File, b.AsOf)
			return true, each(&fact)
		})
	})
	b.Inputs = inputs.Digest()
	return b, err
}

// A factWriter makes facts of the cases of one state of the store.
type factWriter struct {
	store.Reader
	view   report.View
	period desk.Period
}

// within reports whether anything of a case may be in the period.
func (w *factWriter) within(c *casefile.Case) bool {
	issued, first, last := c.Matter.Issued, c.Thread[0].At, c.Thread[len(c.Thread)-1].At
	switch { // some reports count by when a request was issued, others by when it came
	case !w.period.To.IsZero() && !first.Before(w.period.To) && !issued.Before(w.period.To):
		return false
	case !issued.Before(w.period.From):
		return true
	case w.period.From.IsZero() || !last.Before(w.period.From) || !c.State.Ended():
		return true
	}
	for _, s := range c.Regions(w.period.From) {
		if !s.Ended {
			return true
		}
	}
	return false
}

// fact reads what of a case stands in its acts only.
func (w *factWriter) fact(file *filed) (report.Fact, bool, error) {
	c := &file.File
	r, err := w.request(c)
	if err != nil {
		return report.Fact{}, false, fmt.Errorf("node: request of %s: %w", c.ID, err)
	}
	v := w.view
	if v.Narrowed, err = w.narrowed(c); err != nil {
		return report.Fact{}, false, fmt.Errorf("node: amendment of %s: %w", c.ID, err)
	}
	v.Carried = slices.ContainsFunc(file.Legs, func(l leg) bool { return !w.followed(l.Case).IsZero() })
	f, counts := report.Of(c, r, v)
	return f, counts, nil
}

func (w *factWriter) act(d protocol.Digest) (*protocol.Act, error) {
	signed, err := w.Get(digestKey(prefixAct, d))
	if err != nil {
		return nil, err
	}
	return chain.Unverified(signed)
}

// request returns the request that opened a case.
func (w *factWriter) request(c *casefile.Case) (*protocol.Request, error) {
	signed, err := w.Get(digestKey(prefixAct, c.Thread[0].Act))
	if err != nil {
		return nil, err
	}
	return chain.UnverifiedRequest(signed)
}

// narrowed returns the categories that the last amendment left.
func (w *factWriter) narrowed(c *casefile.Case) ([]protocol.Category, error) {
	var last *casefile.Entry
	for i := range c.Thread {
		e := &c.Thread[i]
		if e.Kind == protocol.KindAmendment && !e.At.After(w.view.AsOf) && (last == nil || e.Says.Version > last.Says.Version) {
			last = e
		}
	}
	if last == nil {
		return nil, nil
	}
	act, err := w.act(last.Act)
	if err != nil {
		return nil, err
	}
	out := []protocol.Category{}
	for _, d := range act.Body.Amendment.Data {
		out = append(out, d.Category)
	}
	return out, nil
}

// followed returns when the request of another case was issued.
func (w *factWriter) followed(id protocol.CaseID) time.Time {
	f, err := record.Read[filed](w, caseKey(id))
	if err != nil || f.File.Matter.Issued.After(w.view.AsOf) {
		return time.Time{} // not held here, or not known at the moment
	}
	return f.File.Matter.Issued
}
