package story

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// ends reads until=DAYS, a number of days from now.
func (p *player) ends(st step) (time.Time, error) {
	text := st.option("until")
	if text == "" {
		return time.Time{}, nil
	}
	days, err := strconv.Atoi(text)
	return p.now().AddDate(0, 0, days), err
}

// secrecy: secrecy CASE PARTICIPANT ACTION [until=DAYS]
func (p *player) secrecy(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	o := &protocol.SecrecyOrder{Action: protocol.SecrecyAction(args[2]), Reference: "S-2026-17"}
	if o.Action == protocol.SecrecyOrdered || o.Action == protocol.SecrecyExtended {
		o.Authority, o.Start, o.Binds = "the court", p.now(), []protocol.Bound{protocol.BoundUser}
		o.Grounds = []protocol.SecrecyGround{protocol.SecrecyTamper}
		if o.End, err = p.ends(st); err != nil {
			return err
		}
	}
	return p.body(ctx, st, protocol.Body{Secrecy: o})
}

// notify: notify CASE PARTICIPANT STATUS [ground=GROUND] [state=PARTY]
func (p *player) notify(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	n := &protocol.Notice{To: protocol.NoticeUser, Status: protocol.NoticeStatus(args[2]),
		Ground: protocol.SecrecyGround(st.option("ground")), State: protocol.Party(st.option("state"))}
	if n.State != "" {
		n.To = protocol.NoticeState
	}
	if n.Status == protocol.NoticeDelivered {
		n.At = p.now()
	}
	return p.body(ctx, st, protocol.Body{Notice: n})
}

// tap: tap CASE PARTICIPANT ACTION [until=DAYS] [live=NAME]
func (p *player) tap(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	t := &protocol.Tap{Action: protocol.TapAction(args[2]), At: p.now()}
	if t.Action == protocol.TapRenewed {
		t.Authorisation = &protocol.Authorisation{Kind: protocol.AuthorityJudge, Authority: "the court",
			Reference: "T-2026-18", Date: p.now(), Instrument: "a new warrant",
			Order: protocol.DigestOf([]byte("the new order"))}
		if t.Until, err = p.ends(st); err != nil {
			return err
		}
	}
	if name := st.option("live"); name != "" {
		t.Live = &protocol.Live{Name: name, MediaType: "application/octet-stream"}
	}
	return p.body(ctx, st, protocol.Body{Interception: t})
}

// keep: keep CASE PARTICIPANT ACTION [until=DAYS] [by=CASE]
func (p *player) keep(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	k := &protocol.Kept{Action: protocol.KeptAction(args[2])}
	if k.Until, err = p.ends(st); err != nil {
		return err
	}
	if name := st.option("by"); name != "" {
		if k.Case, err = p.caseOf(name); err != nil {
			return err
		}
	}
	return p.body(ctx, st, protocol.Body{Preservation: k})
}

// validate: validate CASE PARTICIPANT RESULT
func (p *player) validate(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	v := &protocol.Validated{Result: protocol.ValidationResult(args[2])}
	if v.Result == protocol.ValidationGranted {
		v.By = &protocol.Validation{Kind: protocol.AuthorityJudge, Authority: "the court", Reference: "V-2026-3",
			Date: p.now()}
	}
	return p.body(ctx, st, protocol.Body{Validation: v})
}

// closed: close CASE PARTICIPANT [deleted]
func (p *player) closed(ctx context.Context, st step) error {
	deleted := strings.HasSuffix(st.text, " deleted")
	return p.body(ctx, st, protocol.Body{Closure: &protocol.Closure{Deleted: deleted}})
}

// region: region CASE PARTICIPANT REGION STATE
func (p *player) region(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	found := ""
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		found = ""
		for _, s := range v.Regions {
			if s.Region == casefile.Name(args[2]) {
				found = s.State
			}
		}
		return found == args[3]
	})
	if err != nil {
		return fmt.Errorf("%s is %q: %w", args[2], found, err)
	}
	p.say("  ✓ at %s the %s is %s", args[1], strings.ReplaceAll(args[2], "_", " "), strings.ReplaceAll(args[3], "_", " "))
	return nil
}

// said: said CASE PARTICIPANT KIND WORD SENDER — the case holds one act of that
// kind and word from the sender, by no officer.
func (p *player) said(ctx context.Context, st step) error {
	args, err := st.want(5)
	if err != nil {
		return err
	}
	n, officers := 0, 0
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		n = 0
		for _, a := range v.Acts {
			if string(a.Kind) == args[2] && a.Says != nil && a.Says.What == args[3] && string(a.From) == args[4] {
				n++
				officers += len(a.Content.Endorsements)
			}
		}
		return n > 0
	})
	if err != nil {
		return err
	}
	if n != 1 || officers > 0 {
		return fmt.Errorf("it was said %d times, by %d officers", n, officers)
	}
	p.say("  ✓ at %s: %s's node has said by itself, once, that the %s is %s", args[1], args[4], args[2], args[3])
	return nil
}
