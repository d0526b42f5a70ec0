package story

import (
	"context"
	"fmt"
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
		Toward: []protocol.Party{}, Types: []protocol.RequestType{},
		Categories: []protocol.Category{protocol.Category(args[2])},
		Effective:  p.now(), Issued: p.now(), Ground: "a story",
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

// knows: knows PARTICIPANT suspend|resume
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
