package story

import (
	"bytes"
	"context"
	"time"

	"github.com/goccy/go-yaml"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// request: request CASE PARTICIPANT FILE [agreement=ID] [follows=CASE] [converted=CASE] [approved=supervisor] [facts=FILE]
func (p *player) request(ctx context.Context, st step) error {
	if err := p.draft(ctx, st); err != nil {
		return err
	}
	if st.option("approved") != "" {
		if err := p.approve(ctx, st); err != nil {
			return err
		}
	}
	return p.sendDraft(ctx, st)
}

// draft: draft CASE PARTICIPANT FILE [agreement=ID] [follows=CASE] [converted=CASE] — in the place of
// the draft of that name, if there is one.
func (p *player) draft(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	r, err := p.readRequest(args[2])
	if err != nil {
		return err
	}
	for _, x := range []struct {
		option   string
		relation protocol.Relation
	}{{"follows", protocol.RelationFollows}, {"converted", protocol.RelationConvertedFrom}} {
		if name := st.option(x.option); name != "" {
			earlier, err := p.caseOf(name)
			if err != nil {
				return err
			}
			r.Related = append(r.Related, protocol.Related{Relation: x.relation, Case: earlier})
		}
	}
	d := desk.Draft{Agreement: st.option("agreement"), Body: protocol.Body{Request: r}}
	if d.Sealed, err = p.sealed(st); err != nil {
		return err
	}
	if st.verb == "draft" {
		d.Case = p.cases[args[0]]
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	saved, err := node.Save(ctx, d)
	if err != nil {
		return err
	}
	p.cases[args[0]] = saved.Case
	for _, x := range saved.Approvals.Void {
		p.say("  ✗ void: the approval of an officer: %s", x.Void)
	}
	return nil
}

// readRequest reads a request file. What it says was done yesterday was, by the
// clock of the world: a judge's order does not stay good for ever.
func (p *player) readRequest(name string) (*protocol.Request, error) {
	b, err := p.file(name)
	if err != nil {
		return nil, err
	}
	yesterday := p.now().AddDate(0, 0, -1).Format(time.RFC3339)
	text, err := yaml.YAMLToJSON(bytes.ReplaceAll(p.fromNow(b), []byte("date: yesterday\n"), []byte("date: "+yesterday+"\n")))
	if err != nil {
		return nil, err
	}
	r := new(protocol.Request)
	return r, canon.Read(text, r)
}
