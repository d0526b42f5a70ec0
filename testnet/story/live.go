package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// soon is how long what is intercepted may take to the authority's disk.
const soon = 5 * time.Second

// feed: feed CASE PARTICIPANT FILE — its systems deliver that, as it is said.
func (p *player) feed(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	content, err := p.file(args[2])
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	fed, err := node.Feed(ctx, id, bytes.NewReader(content))
	if err != nil {
		return err
	}
	if fed.Stopped {
		return errors.New("the interception has stopped")
	}
	p.say("  → %s delivers %d bytes as they are said", args[1], fed.Bytes)
	return nil
}

// overhears: overhears CASE PARTICIPANT FILE… — all that was delivered is there, soon.
func (p *player) overhears(ctx context.Context, st step) error {
	if len(st.args) < 3 {
		return errors.New("want a case, a participant and what was delivered")
	}
	id, err := p.caseOf(st.args[0])
	if err != nil {
		return err
	}
	var want []byte
	for _, name := range st.args[2:] {
		content, err := p.file(name)
		if err != nil {
			return err
		}
		want = append(want, content...)
	}
	node, err := p.Desk(protocol.ParticipantID(st.args[1]))
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, soon)
	defer stop()
	e, err := node.Evidence(ctx, id)
	if err != nil {
		return err
	}
	if len(e.Items) != 1 || e.Items[0].State != desk.EvidenceLive {
		return fmt.Errorf("nothing is delivered there: %+v", e.Items)
	}
	heard := &enough{most: len(want), done: stop}
	err = node.Follow(ctx, desk.Piece{Case: id, Object: e.Items[0].Object.Tree}, heard)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if !bytes.Equal(heard.b, want) {
		return fmt.Errorf("after %v it has %d bytes of %d", soon, len(heard.b), len(want))
	}
	p.say("  ✓ %s has all of it, within seconds", st.args[1])
	return nil
}

// Enough is written to until there is as much as is wanted.
type enough struct {
	b    []byte
	most int
	done func()
}

func (e *enough) Write(b []byte) (int, error) {
	if e.b = append(e.b, b...); len(e.b) >= e.most {
		e.done()
	}
	return len(b), nil
}

// accounts: accounts CASE PARTICIPANT FILE — the word that the interception stopped, as
// the participant holds it, says what was delivered.
func (p *player) accounts(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	content, err := p.file(args[2])
	if err != nil {
		return err
	}
	var product *protocol.Object
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		for _, a := range v.Acts {
			if t := a.Content.Body.Interception; t != nil && t.Product != nil {
				product = t.Product
			}
		}
		return product != nil
	})
	if err != nil {
		return err
	}
	if product.Size != int64(len(content)) || product.Name != args[2] {
		return fmt.Errorf("it says %s, of %d bytes", product.Name, product.Size)
	}
	p.say("  ✓ it says what was delivered: %d bytes, in %d segments", product.Size, product.Segments)
	return nil
}
