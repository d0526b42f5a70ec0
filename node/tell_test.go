package node_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/notify"
	"comity.example/protocol"
)

// A bell keeps what it was told.
type bell struct {
	mu   sync.Mutex
	rang []notify.Event
	err  error
}

func (b *bell) Send(_ context.Context, e *notify.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	b.rang = append(b.rang, *e)
	return nil
}

func (b *bell) kinds() (out []notify.Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.rang {
		out = append(out, e.Kind)
	}
	return out
}

// belled has the node of one participant ring.
func (b *border) belled(id protocol.ParticipantID) *bell {
	rings := &bell{}
	b.alter = func(c *node.Config) {
		if c.Self == id {
			c.Notify = map[notify.Target]notify.Sender{notify.Command: rings}
		}
	}
	return rings
}

// TestTheBellRingsForWhatWaits: once for what came, once for a clock that ended,
// and with nothing of a person.
func TestTheBellRingsForWhatWaits(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		rings := b.belled(contoso)
		b.start(contoso)
		id := b.servedAs(secretFor(b, time.Hour))
		b.await("the bell", func() bool { return len(rings.kinds()) > 0 })
		time.Sleep(time.Minute)
		if got := rings.kinds(); !slices.Equal(got, []notify.Kind{notify.Waiting}) {
			t.Fatalf("it rang %v", got)
		}
		if e := rings.rang[0]; e.Case != id || e.Move != "answer" || e.Emergency || e.Node != contoso || e.ID == "" {
			t.Errorf("it rang %+v", e)
		}
		time.Sleep(time.Hour)
		if got := rings.kinds(); !slices.Contains(got, notify.NoticeDue) {
			t.Errorf("after the end of secrecy it rang %v", got)
		}
		for _, e := range rings.rang {
			for _, secret := range []string{"falcon", "FALCON", "fraud", "Fraud", "Southwark"} {
				if strings.Contains(e.Text, secret) {
					t.Errorf("it says %q", e.Text)
				}
			}
		}
	}, police, office)
}

// TestAnEmergencyRingsAsOne, and one that was not told rings after a restart.
func TestAnEmergencyRingsAsOne(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		rings := b.belled(office)
		rings.err = context.DeadlineExceeded
		b.start(office)
		b.request(newOrder())
		sent := b.request(emergency())
		b.awaitState(office, sent.Case, "requested")
		b.await("both", func() bool { return len(b.inbox(office)) == 2 })
		b.halt(office)
		rings.mu.Lock()
		rings.err = nil
		rings.mu.Unlock()
		b.start(office)
		b.await("the bell", func() bool { return len(rings.kinds()) == 2 })
		if e := rings.rang[0]; e.Case != sent.Case || !e.Emergency || !strings.HasPrefix(e.Text, "EMERGENCY: ") {
			t.Errorf("the first is %+v", e)
		}
		time.Sleep(time.Hour)
		if got := rings.kinds(); len(got) != 2 {
			t.Errorf("it rang %d times", len(got))
		}
	}, police)
}

// TestWhatIsReadRingsAgainForWhatIsNew: evidence that came waits for who asked.
func TestWhatIsReadRingsAgainForWhatIsNew(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		rings := b.belled(office)
		b.start(office)
		id := b.served()
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.await("the bell", func() bool { return len(rings.kinds()) == 2 })
		if e := rings.rang[1]; e.Move != "relay" {
			t.Errorf("it rang to %s", e.Move)
		}
		_, err := b.act(office, desk.Draft{Case: id, Body: protocol.Body{Relay: &protocol.Relay{}}})
		b.must(err)
	}, police, contoso)
}
