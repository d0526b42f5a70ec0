package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/notify"
)

// A queue is a sorted list in memory.
type queue struct {
	mu      sync.Mutex
	entries []notify.Entry
}

func (q *queue) Next(_ context.Context, t notify.Target) (*notify.Entry, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.entries {
		if strings.HasPrefix(e.Key, string(t)) {
			return &e, nil
		}
	}
	return nil, nil
}

func (q *queue) Done(_ context.Context, e *notify.Entry) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.entries = slices.DeleteFunc(q.entries, func(x notify.Entry) bool { return x.Key == e.Key })
	return nil
}

// add puts an event into the queue of a target, under a name that sorts.
func (q *queue) add(t notify.Target, name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.entries = append(q.entries, notify.Entry{Key: string(t) + "/" + name,
		Event: notify.Event{ID: name, Kind: notify.Waiting, At: time.Now(), Text: name}})
	slices.SortFunc(q.entries, func(a, b notify.Entry) int { return strings.Compare(a.Key, b.Key) })
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.entries)
}

// A pager takes events, or does not.
type pager struct {
	mu    sync.Mutex
	got   []string
	tries []time.Time
	err   func(e *notify.Event) error
}

func (p *pager) Send(_ context.Context, e *notify.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries = append(p.tries, time.Now())
	if p.err != nil {
		if err := p.err(e); err != nil {
			return err
		}
	}
	p.got = append(p.got, e.ID)
	return nil
}

// taken returns the ids of what it took, in order.
func (p *pager) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

func (p *pager) tried() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.tries)
}

// telling runs do beside a notifier, in virtual time.
func telling(t *testing.T, senders map[notify.Target]notify.Sender, do func(n *notify.Notifier, q *queue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{}
		n := notify.New(notify.Config{Queue: q, Senders: senders, Now: time.Now})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- n.Run(ctx) }()
		do(n, q)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestEachTargetIsToldInTheOrderOfItsQueue(t *testing.T) {
	command, webhook := &pager{}, &pager{}
	telling(t, map[notify.Target]notify.Sender{notify.Command: command, notify.Webhook: webhook},
		func(n *notify.Notifier, q *queue) {
			for _, name := range []string{"1/b", "0/emergency", "1/a"} {
				q.add(notify.Command, name)
				q.add(notify.Webhook, name)
			}
			n.Wake()
			synctest.Wait()
			want := []string{"0/emergency", "1/a", "1/b"}
			if !slices.Equal(command.taken(), want) || !slices.Equal(webhook.taken(), want) || q.len() != 0 {
				t.Errorf("got %v and %v, %d wait; want %v and none", command.taken(), webhook.taken(), q.len(), want)
			}
		})
}

// TestATargetThatIsDownHoldsUpNoOther, and is tried again with growing pauses.
func TestATargetThatIsDownHoldsUpNoOther(t *testing.T) {
	down := &pager{err: func(*notify.Event) error { return errors.New("down") }}
	up := &pager{}
	telling(t, map[notify.Target]notify.Sender{notify.Command: down, notify.Webhook: up},
		func(n *notify.Notifier, q *queue) {
			q.add(notify.Command, "1/a")
			q.add(notify.Webhook, "1/a")
			n.Wake()
			synctest.Wait()
			if len(up.taken()) != 1 {
				t.Errorf("the webhook got %v while the command is down", up.taken())
			}
			time.Sleep(time.Hour)
			if n := down.tried(); n < 10 || n > 60 {
				t.Errorf("tried %d times in an hour", n)
			}
			down.mu.Lock()
			down.err = nil
			down.mu.Unlock()
			time.Sleep(2 * notify.RetryLast)
			if len(down.taken()) != 1 || q.len() != 0 {
				t.Errorf("after it came back it got %v", down.taken())
			}
		})
}

// TestABurstIsNoBurstOfAttempts on a target that is down.
func TestABurstIsNoBurstOfAttempts(t *testing.T) {
	down := &pager{err: func(*notify.Event) error { return errors.New("down") }}
	telling(t, map[notify.Target]notify.Sender{notify.Command: down}, func(n *notify.Notifier, q *queue) {
		for i := range 1000 {
			q.add(notify.Command, fmt.Sprintf("1/%04d", i))
			n.Wake()
			time.Sleep(10 * time.Millisecond)
		}
		if n := down.tried(); n > 12 {
			t.Errorf("tried %d times in 10 seconds", n)
		}
	})
}

// TestAnEmergencyDoesNotWaitBehindAFailure for longer than the first pause.
func TestAnEmergencyDoesNotWaitBehindAFailure(t *testing.T) {
	p := &pager{err: func(e *notify.Event) error {
		if e.ID == "1/bad" {
			return errors.New("down")
		}
		return nil
	}}
	telling(t, map[notify.Target]notify.Sender{notify.Command: p}, func(n *notify.Notifier, q *queue) {
		q.add(notify.Command, "1/bad")
		n.Wake()
		time.Sleep(20 * time.Minute) // the pauses have grown
		q.add(notify.Command, "0/emergency")
		n.Wake()
		time.Sleep(notify.RetryFirst + time.Millisecond)
		if !slices.Equal(p.taken(), []string{"0/emergency"}) {
			t.Errorf("got %v", p.taken())
		}
	})
}

func TestWhatIsRejectedIsGivenUp(t *testing.T) {
	p := &pager{err: func(e *notify.Event) error {
		if e.ID == "1/bad" {
			return fmt.Errorf("%w: no", notify.ErrRejected)
		}
		return nil
	}}
	telling(t, map[notify.Target]notify.Sender{notify.Webhook: p}, func(n *notify.Notifier, q *queue) {
		q.add(notify.Webhook, "1/bad")
		q.add(notify.Webhook, "1/good")
		n.Wake()
		time.Sleep(time.Hour)
		if !slices.Equal(p.taken(), []string{"1/good"}) || p.tried() != notify.MaxRejected+1 || q.len() != 0 {
			t.Errorf("got %v after %d attempts, %d wait", p.taken(), p.tried(), q.len())
		}
	})
}

func TestWhatIsTooOldIsGivenUp(t *testing.T) {
	p := &pager{err: func(*notify.Event) error { return errors.New("down") }}
	telling(t, map[notify.Target]notify.Sender{notify.Webhook: p}, func(n *notify.Notifier, q *queue) {
		q.add(notify.Webhook, "1/a")
		n.Wake()
		time.Sleep(notify.MaxAge - time.Minute)
		if q.len() != 1 {
			t.Fatal("it was given up early")
		}
		time.Sleep(2 * notify.RetryLast)
		if q.len() != 0 || len(p.taken()) != 0 {
			t.Errorf("%d wait, got %v", q.len(), p.taken())
		}
	})
}
