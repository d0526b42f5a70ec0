package story

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
)

// advance: advance DURATION — legal time is turned forward for every node of the
// world, those that are off too: advance 8h.
func (p *player) advance(ctx context.Context, st step) error {
	args, err := st.want(1)
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return fmt.Errorf("want a duration such as 8h")
	}
	if err := p.Advance(ctx, d); err != nil {
		return err
	}
	p.say("  ⏱ legal time: %s later", args[0])
	return nil
}

// due: due CASE PARTICIPANT EFFECT — a clock with that effect runs.
func (p *player) due(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	var found casefile.Running
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		i := slices.IndexFunc(v.Running, func(r casefile.Running) bool {
			return r.Effect == casefile.Effect(args[2]) && r.Stopped.IsZero() && r.Ends.After(p.now())
		})
		if i >= 0 {
			found = v.Running[i]
		}
		return i >= 0
	})
	if err == nil {
		p.say("  ✓ at %s a clock runs: %s, in %v", args[1], found.ID, found.Ends.Sub(p.now()).Round(time.Minute))
	}
	return err
}

// fired: fired CASE PARTICIPANT CLOCK:EFFECT… — these have come about there, in
// this order, and nothing there has come about twice.
func (p *player) fired(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	want := args[2:]
	var got []string
	var twice string
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		got, twice = nil, ""
		seen := map[casefile.Fired]bool{}
		for _, f := range v.Fired {
			name := f.Clock + ":" + string(f.Effect)
			if slices.Contains(want, name) {
				got = append(got, name)
			}
			once := casefile.Fired{Clock: f.Clock, Effect: f.Effect, Due: f.Due.UTC()}
			if seen[once] {
				twice = name
			}
			seen[once] = true
		}
		return len(got) >= len(want)
	})
	switch {
	case err != nil:
		return fmt.Errorf("%v have come about: %w", got, err)
	case twice != "":
		return fmt.Errorf("%s has come about twice", twice)
	case !slices.Equal(got, want):
		return fmt.Errorf("they have come about in the order %v", got)
	}
	p.say("  ✓ at %s has come about, each once, in order: %s", args[1], strings.Join(got, ", "))
	return p.proves(ctx, protocol.ParticipantID(args[1]))
}

// sooner: sooner PARTICIPANT CASE CASE — by its ledger, what was due in the first
// case came about before what was due in the second.
func (p *player) sooner(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[0]))
	if err != nil {
		return err
	}
	status, err := node.Status(ctx)
	if err != nil {
		return err
	}
	at := map[protocol.CaseID]int64{} // the entry of the first effect in each case
	for i := status.LedgerSize - 1; i >= 0; i-- {
		text, err := node.Prove(ctx, i)
		if err != nil {
			return err
		}
		proof, err := ledger.ParseProof(text)
		if err != nil {
			return err
		}
		rec, err := ledger.ParseRecord(proof.Record)
		if err != nil {
			return err
		}
		if rec.Kind == ledger.KindClock {
			at[rec.Case] = i
		}
	}
	first, ok1 := at[p.cases[args[1]]]
	second, ok2 := at[p.cases[args[2]]]
	if !ok1 || !ok2 || first >= second {
		return fmt.Errorf("entries %d and %d of the ledger", first, second)
	}
	p.say("  ✓ the ledger of %s has what was due first (entry %d) before what was due later (entry %d)", args[0], first, second)
	return nil
}

// still: still CASE PARTICIPANT — nothing has come about there but reminders.
func (p *player) still(ctx context.Context, st step) error {
	n := 0
	err := p.view(ctx, st, func(v desk.CaseView) bool {
		n = 0
		for _, f := range v.Fired {
			if f.Effect != casefile.EffectRemind {
				n++
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%d effects have come about", n)
	}
	p.say("  ✓ at %s nothing has come about but reminders", st.args[1])
	return nil
}

// proves has a node check its ledger, and what each entry names.
func (p *player) proves(ctx context.Context, id protocol.ParticipantID) error {
	node, err := p.Desk(id)
	if err != nil {
		return err
	}
	report, err := node.Check(ctx)
	if err == nil && len(report.Trouble) > 0 {
		err = fmt.Errorf("the ledger: %s", strings.Join(report.Trouble, "; "))
	}
	return err
}

// later are moments of a request that a transcript names from now: "in 4h".
var later = regexp.MustCompile(`(?m): in (\d+h)$`)

// fromNow writes them as times.
func (p *player) fromNow(request []byte) []byte {
	return later.ReplaceAllFunc(request, func(b []byte) []byte {
		d, err := time.ParseDuration(string(later.FindSubmatch(b)[1]))
		if err != nil {
			panic(err) // the pattern is one of durations
		}
		return fmt.Appendf(nil, ": %s", p.now().Add(d).Format(time.RFC3339))
	})
}
