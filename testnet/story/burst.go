package story

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// clerks is how many requests people at one desk submit at a time.
const clerks = 16

// count reads how many requests a step is about: as many as it says or, unless
// the story is played in full, quick=N.
func (p *player) count(st step, text string) (int, error) {
	if quick := st.option("quick"); quick != "" && !p.story.Full {
		text = quick
	}
	n, err := strconv.Atoi(text)
	if err == nil && n <= 0 {
		err = errors.New("want a number of requests")
	}
	return n, err
}

// queue: queue CASE PARTICIPANT FILE COUNT [quick=COUNT] — puts that many requests,
// one case each, into the outbox of a participant whose recipient is off.
func (p *player) queue(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	count, err := p.count(st, args[3])
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	drafts, err := p.signedMany(ctx, st, count, "officer")
	if err != nil {
		return err
	}
	if err := p.submitMany(ctx, st, drafts, clerks); err != nil {
		return err
	}
	s, err := node.Status(ctx)
	if err == nil && s.Outbox < min(count, desk.MaxPage) {
		err = fmt.Errorf("%d wait", s.Outbox)
	}
	if err == nil {
		p.say("  → %d requests of %s wait in its outbox", count, args[1])
	}
	return err
}

// signedMany completes that many requests of a file, and has officers sign them.
func (p *player) signedMany(ctx context.Context, st step, count int, by ...string) ([]desk.Draft, error) {
	id := protocol.ParticipantID(st.args[1])
	node, err := p.Desk(id)
	if err != nil {
		return nil, err
	}
	r, err := p.readRequest(st.args[2])
	if err != nil {
		return nil, err
	}
	return atOnce(count, clerks, func(int) (desk.Draft, error) {
		prepared, err := node.Prepare(ctx, desk.Draft{Body: protocol.Body{Request: r}})
		if err != nil {
			return desk.Draft{}, err
		}
		d := desk.Draft{Case: prepared.Case, Agreement: prepared.Statement.Agreement.ID, Body: prepared.Body}
		prepared.Statement.Signed = p.now()
		for _, who := range by {
			officer, err := p.who(id, who)
			if err != nil {
				return d, err
			}
			e, err := officer.Endorse(prepared.Statement)
			if err != nil {
				return d, err
			}
			d.Endorsements = append(d.Endorsements, e)
		}
		return d, nil
	})
}

// submitMany submits drafts, so many at a time, each of which must be allowed.
func (p *player) submitMany(ctx context.Context, st step, drafts []desk.Draft, together int) error {
	node, err := p.Desk(protocol.ParticipantID(st.args[1]))
	if err != nil {
		return err
	}
	sent, err := atOnce(len(drafts), together, func(i int) (desk.Submitted, error) {
		done, err := node.Submit(ctx, drafts[i])
		if err == nil && done.Decision.Verdict != protocol.Allow {
			err = fmt.Errorf("the verdict is %s (%s)", done.Decision.Verdict, join(done.Decision.Reasons()))
		}
		return done, err
	})
	for i, done := range sent {
		p.cases[fmt.Sprintf("%s-%d", st.args[0], i)] = done.Case
		p.acts[st.args[0]] = append(p.acts[st.args[0]], done.Act)
	}
	return err
}

// atOnce calls do count times, so many at a time, and returns what came of each.
func atOnce[T any](count, together int, do func(i int) (T, error)) ([]T, error) {
	out, errs := make([]T, count), make([]error, count)
	next := make(chan int)
	var wg sync.WaitGroup
	for range together {
		wg.Go(func() {
			for i := range next {
				out[i], errs[i] = do(i)
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	wg.Wait()
	return out, errors.Join(errs...)
}

// rush: rush CASE PARTICIPANT FILE COUNT RECEIVER within=DURATION behind=CASE — that
// many emergencies, which two officers have signed, are submitted at once. All of
// them are in the receiver's inbox within that time of the first, and requests
// that were queued before are not there yet when the last of them is.
func (p *player) rush(ctx context.Context, st step) error {
	args, err := st.want(5)
	if err != nil {
		return err
	}
	count, err1 := strconv.Atoi(args[3])
	within, err2 := time.ParseDuration(st.option("within"))
	receiver, err3 := p.Desk(protocol.ParticipantID(args[4]))
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	drafts, err := p.signedMany(ctx, st, count, "officer", "supervisor")
	if err != nil {
		return err
	}
	if err := p.begun(ctx, receiver, st.option("behind")); err != nil {
		return err
	}
	began := time.Now()
	if err := p.submitMany(ctx, st, drafts, count); err != nil {
		return err
	}
	wanted := p.burstCases(args[0])
	if err := until(ctx, func() (bool, error) {
		return p.atTop(ctx, receiver, wanted)
	}); err != nil {
		return err
	}
	took := time.Since(began)
	left, err := p.notYet(ctx, receiver, st.option("behind"))
	switch {
	case err != nil:
		return err
	case took > within:
		return fmt.Errorf("it took %v until the last was in the inbox", took.Round(time.Millisecond))
	case left == 0:
		return fmt.Errorf("nothing was queued any more when the last was in the inbox, %v after the first", took.Round(time.Millisecond))
	}
	p.say("  ✓ all %d are in the inbox of %s within %s, and go before %d ordinary requests that were there before or are still to come",
		count, args[4], st.option("within"), len(p.acts[st.option("behind")]))
	return nil
}

// begun waits until the first of a queue are at their receiver.
func (p *player) begun(ctx context.Context, receiver desk.Node, queue string) error {
	all := len(p.acts[queue])
	return until(ctx, func() (bool, error) {
		left, err := p.notYet(ctx, receiver, queue)
		if err == nil && left == 0 {
			err = errors.New("all of the queue is there already")
		}
		return err == nil && left < all, err
	})
}

// burstCases returns the cases of a burst.
func (p *player) burstCases(name string) map[protocol.CaseID]bool {
	out := map[protocol.CaseID]bool{}
	for i := range p.acts[name] {
		out[p.cases[fmt.Sprintf("%s-%d", name, i)]] = true
	}
	return out
}

// atTop reports whether cases are on the first page of an inbox, to be answered.
func (p *player) atTop(ctx context.Context, node desk.Node, cases map[protocol.CaseID]bool) (bool, error) {
	in, err := node.Inbox(ctx, desk.Page{Limit: desk.MaxPage})
	n := 0
	for _, item := range in.Items {
		if cases[item.Case] && item.Move == casefile.Answer {
			n++
		}
	}
	return n == len(cases), err
}

// notYet counts those of a queue that are not in an inbox.
func (p *player) notYet(ctx context.Context, node desk.Node, queue string) (int, error) {
	cases := p.burstCases(queue)
	page := desk.Page{Limit: desk.MaxPage}
	for {
		in, err := node.Inbox(ctx, page)
		if err != nil {
			return 0, err
		}
		maps.DeleteFunc(cases, func(id protocol.CaseID, _ bool) bool {
			return slices.ContainsFunc(in.Items, func(i desk.Item) bool { return i.Case == id })
		})
		if in.Next == "" {
			return len(cases), nil
		}
		page.After = in.Next
	}
}

// listed: listed CASE PARTICIPANT — every request of a burst is in its inbox.
func (p *player) listed(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	all, left := len(p.acts[args[0]]), 0
	if all == 0 {
		return errors.New("no such burst")
	}
	// As long as it gets on, however slow the machine is.
	for before := all + 1; before != left; {
		before = left
		err = until(ctx, func() (bool, error) {
			left, err = p.notYet(ctx, node, args[0])
			return left == 0 || left < before, err
		})
		if err != nil {
			return fmt.Errorf("%d of %d are not there: %w", left, all, err)
		}
		if left == 0 {
			break
		}
	}
	p.say("  ✓ all %d are in the inbox of %s", all, args[1])
	return nil
}

// each: each CASE VERB ARGUMENTS — the step comes about in every case of a burst.
func (p *player) each(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	all := len(p.acts[args[0]])
	if all == 0 {
		return errors.New("no such burst")
	}
	quiet, last := *p, ""
	quiet.tell = func(line string) { last = line }
	for i := range all {
		one := *st.in
		one.args = slices.Concat([]string{fmt.Sprintf("%s-%d", args[0], i)}, st.in.args[1:])
		one.text = strings.Join(one.args, " ")
		if err := one.do(&quiet, ctx, one); err != nil {
			return fmt.Errorf("%s: %w", one.args[0], err)
		}
	}
	p.say("%s (each of %d)", last, all)
	return nil
}

// ontime: ontime CASE PARTICIPANT CLOCK — that clock has stopped before its end,
// and nothing is overdue.
func (p *player) ontime(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	why := ""
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		why = ""
		i := slices.IndexFunc(v.Running, func(r casefile.Running) bool { return r.ID == args[2] })
		switch {
		case i < 0:
			why = "no such clock runs"
		case v.Running[i].Stopped.IsZero() || v.Running[i].Stopped.After(v.Running[i].Ends):
			why = "it has not stopped in time"
		case slices.ContainsFunc(v.Fired, func(f casefile.Fired) bool { return f.Effect == casefile.EffectOverdue }):
			why = "something was overdue"
		}
		return why == ""
	})
	if err != nil {
		return fmt.Errorf("%s: %w", why, err)
	}
	p.say("  ✓ at %s the clock %s was met", args[1], args[2])
	return nil
}
