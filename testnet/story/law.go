package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// now is legal time as acts carry it.
func (p *player) now() time.Time { return p.Now().UTC().Truncate(time.Second) }

// suspend: suspend PARTY AGREEMENT CATEGORY PARTICIPANT
func (p *player) suspend(ctx context.Context, st step) error {
	return p.notice(ctx, st, agreement.Suspend)
}

// resume: resume PARTY AGREEMENT CATEGORY PARTICIPANT
func (p *player) resume(ctx context.Context, st step) error {
	return p.notice(ctx, st, agreement.Resume)
}

// declare: declare PARTY AGREEMENT OPTION PARTICIPANT
func (p *player) declare(ctx context.Context, st step) error {
	return p.notice(ctx, st, agreement.Declare)
}

// reserve: reserve PARTY AGREEMENT OPTION PARTICIPANT
func (p *player) reserve(ctx context.Context, st step) error {
	return p.notice(ctx, st, agreement.Reserve)
}

// retract: retract PARTY AGREEMENT OPTION PARTICIPANT — takes a declaration or a
// reservation back.
func (p *player) retract(ctx context.Context, st step) error {
	return p.notice(ctx, st, agreement.Withdraw)
}

func (p *player) notice(ctx context.Context, st step, kind agreement.NoticeKind) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	party := protocol.Party(args[0])
	root, err := p.Root(party)
	if err != nil {
		return err
	}
	if err := p.laterThan(ctx, p.noticed); err != nil {
		return err
	}
	p.noticed = p.now()
	n := &agreement.Notice{
		ID:        fmt.Sprintf("%s-%s", kind, protocol.NewActID()[4:12]),
		Agreement: args[1], Party: party, Kind: kind,
		Toward: []protocol.Party{}, Types: []protocol.RequestType{}, Categories: []protocol.Category{},
		Effective: p.now(), Issued: p.now(), Ground: "a story",
	}
	if kind == agreement.Suspend || kind == agreement.Resume {
		n.Categories = []protocol.Category{protocol.Category(args[2])}
	} else {
		n.Option = args[2]
	}
	signed, err := agreement.SignNotice(n, root)
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[3]))
	if err != nil {
		return err
	}
	d, err := node.Publish(ctx, "notice", signed)
	if err != nil {
		return err
	}
	p.say("  → %s publishes: %s", args[3], d.Status)
	p.cases["notice "+string(kind)] = protocol.CaseID(d.Name)
	return nil
}

// laterThan waits until legal time is past t: of two notices of one second the
// stricter would prevail.
func (p *player) laterThan(ctx context.Context, t time.Time) error {
	return until(ctx, func() (bool, error) { return p.now().After(t), nil })
}

// flag: flag RULE — the newest decision shows it, and what to do.
func (p *player) flag(_ context.Context, st step) error {
	args, err := st.want(1)
	if err != nil {
		return err
	}
	f, err := p.found(args[0], protocol.Flag)
	if err != nil {
		return err
	}
	p.say("    flagged, %s %s: %s", f.Article, f.Reason, f.Ask)
	return nil
}

// finding: finding RULE OUTCOME
func (p *player) finding(_ context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	var want protocol.Outcome
	if err := want.UnmarshalText([]byte(args[1])); err != nil {
		return err
	}
	f, err := p.found(args[0], want)
	if err == nil {
		// a rule of the protocol has no article
		p.say("    %s: %s", strings.TrimPrefix(fmt.Sprintf("%s, %s", f.Article, want), ", "), f.Text)
	}
	return err
}

func (p *player) found(rule string, want protocol.Outcome) (protocol.Finding, error) {
	for _, f := range p.last.Findings {
		if f.Rule == rule && f.Outcome == want {
			return f, nil
		}
	}
	return protocol.Finding{}, fmt.Errorf("no finding of %s that is %s", rule, want)
}

// asked: asked RULE — the officer who signed last was shown the question.
func (p *player) asked(_ context.Context, st step) error {
	args, err := st.want(1)
	if err != nil {
		return err
	}
	for _, f := range p.shown.Findings {
		if f.Rule == args[0] && f.Outcome == protocol.Held && f.Ask != "" {
			p.say("    the officer is asked before signing: %s", f.Ask)
			return nil
		}
	}
	return fmt.Errorf("the officer was shown %s", join(p.shown.Reasons()))
}

// told: told CASE PARTICIPANT — it got the request beside its addressee.
func (p *player) told(ctx context.Context, st step) error {
	err := p.view(ctx, st, func(v desk.CaseView) bool { return len(v.Acts) > 0 })
	if err == nil {
		p.say("  ✓ %s was told at the same time", st.args[1])
	}
	return err
}

// knows: knows PARTICIPANT suspend|resume|declare|reserve|withdraw
func (p *player) knows(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	name, err := p.caseOf("notice " + args[1])
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[0]))
	if err != nil {
		return err
	}
	err = until(ctx, func() (bool, error) {
		docs, err := node.Documents(ctx)
		for _, d := range docs {
			if d.Kind == "notice" && d.Name == string(name) {
				return true, nil
			}
		}
		return false, err
	})
	if err == nil {
		p.say("  ✓ %s has adopted it", args[0])
	}
	return err
}

// ledger: ledger PARTICIPANT refused REASON — the newest entries hold a refusal
// with that reason.
func (p *player) ledger(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[0]))
	if err != nil {
		return err
	}
	index, err := findRecord(ctx, node, args[1], protocol.Reason(args[2]))
	if err != nil {
		return err
	}
	p.say("  ✓ entry %d of %s's ledger says: %s, %s", index, args[0], args[1], args[2])
	return nil
}

// newestEntries is how far back findRecord looks.
const newestEntries = 16

func findRecord(ctx context.Context, node desk.Node, kind string, reason protocol.Reason) (int64, error) {
	s, err := node.Status(ctx)
	if err != nil {
		return 0, err
	}
	for i := s.LedgerSize - 1; i >= max(0, s.LedgerSize-newestEntries); i-- {
		rec, err := recordAt(ctx, node, i)
		if err != nil {
			return 0, err
		}
		if string(rec.Kind) != kind {
			continue
		}
		for _, r := range rec.Reasons {
			if r == reason {
				return i, nil
			}
		}
	}
	return 0, fmt.Errorf("the newest %d entries hold none of that sort", newestEntries)
}
