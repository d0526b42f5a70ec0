package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/transfer"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

func request(peer, id string, tree byte) transfer.Request {
	return transfer.Request{Peer: protocol.ParticipantID(peer), Case: protocol.CaseID(id),
		Tree: protocol.Digest{tree}, Size: 1 << 20, Sealed: 1 << 30}
}

// mustEnter enters and fails the test if it may not.
func mustEnter(t *testing.T, s *transfer.Shares, r transfer.Request) func() {
	t.Helper()
	leave, err := s.Enter(context.Background(), r)
	if err != nil {
		t.Fatalf("enter: got %v, want no error", err)
	}
	return leave
}

// A queue is requests that wait while the room is taken.
type queue struct {
	mu    sync.Mutex
	order []string
	all   sync.WaitGroup
}

// enter lets a request wait, and notes when it is served. Each is served a while.
func (q *queue) enter(t *testing.T, s *transfer.Shares, name string, r transfer.Request) {
	q.all.Go(func() {
		leave, err := s.Enter(context.Background(), r)
		if err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
			return
		}
		q.mu.Lock()
		q.order = append(q.order, name)
		q.mu.Unlock()
		time.Sleep(time.Millisecond)
		leave()
	})
	synctest.Wait()
}

func TestNoMoreIsServedAtATimeThanThereIsRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := transfer.NewShares()
		var mu sync.Mutex
		var now, most int
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				leave, err := s.Enter(context.Background(), request("us.bob", fmt.Sprint(i%3), 1))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
				mu.Lock()
				now--
				mu.Unlock()
				leave()
				leave() // once is enough
			})
		}
		all.Wait()
		if most != transfer.Serving {
			t.Errorf("%d were served at a time, want %d", most, transfer.Serving)
		}
	})
}

// TestOnePeerDoesNotTakeAllTheRoom while another asks.
func TestOnePeerDoesNotTakeAllTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := transfer.NewShares()
		leave := mustEnter(t, s, request("fr.carol", "c", 1))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { // hangs for as long as it may
				leave, err := s.Enter(t.Context(), request("us.bob", "c", 1))
				if err == nil {
					time.Sleep(time.Minute)
					leave()
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		for range 100 {
			mustEnter(t, s, request("gb.alice", "c", 1))()
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("waited %v behind a peer that takes its time", took)
		}
		leave()
		all.Wait()
	})
}

func TestPeersAndThenCasesTakeTurnsAndEmergenciesGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := transfer.NewShares()
		var leave []func()
		for i := range transfer.Serving {
			leave = append(leave, mustEnter(t, s, request(fmt.Sprintf("xx.p%d", i), "c", 1)))
		}
		var q queue
		for range 3 {
			q.enter(t, s, "bob1", request("us.bob", "1", 1))
		}
		q.enter(t, s, "bob2", request("us.bob", "2", 1))
		q.enter(t, s, "alice", request("gb.alice", "3", 1))
		urgent := request("us.bob", "4", 1)
		urgent.Urgent = true
		q.enter(t, s, "urgent", urgent)
		for range 6 { // one place, which one after the other takes
			leave[0]()
			synctest.Wait()
			time.Sleep(time.Millisecond)
			synctest.Wait()
		}
		for _, l := range leave[1:] {
			l()
		}
		q.all.Wait()
		want := "[urgent alice bob1 bob2 bob1 bob1]"
		if got := fmt.Sprint(q.order); got != want {
			t.Errorf("served %s, want %s", got, want)
		}
	})
}

func TestWhoWaitsTooLongIsToldToComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := transfer.NewShares()
		var leave []func()
		for range transfer.Serving {
			leave = append(leave, mustEnter(t, s, request("us.bob", "c", 1)))
		}
		began := time.Now()
		_, err := s.Enter(t.Context(), request("us.bob", "c", 1))
		var busy *transfer.BusyError
		if !errors.As(err, &busy) || !errors.Is(err, transfer.ErrBusy) || busy.After <= 0 {
			t.Errorf("got %v, want busy for some time", err)
		}
		if took := time.Since(began); took != transfer.QueueTime {
			t.Errorf("waited %v, want %v", took, transfer.QueueTime)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Enter(ctx, request("us.bob", "c", 1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
		for _, l := range leave {
			l()
		}
		mustEnter(t, s, request("us.bob", "c", 1))()
	})
}

func TestTheQueueIsBoundedForEachPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := transfer.NewShares()
		var leave []func()
		for range transfer.Serving {
			leave = append(leave, mustEnter(t, s, request("us.bob", "c", 1)))
		}
		var all sync.WaitGroup
		for range transfer.QueuePeer {
			all.Go(func() {
				if leave, err := s.Enter(t.Context(), request("us.bob", "c", 1)); err == nil {
					leave()
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := s.Enter(t.Context(), request("us.bob", "c", 1)); !errors.Is(err, transfer.ErrBusy) || time.Since(began) > 0 {
			t.Errorf("got %v after %v, want busy at once", err, time.Since(began))
		}
		all.Go(func() { mustEnter(t, s, request("gb.alice", "c", 1))() })
		synctest.Wait()
		for _, l := range leave {
			l()
		}
		all.Wait()
	})
}

// TestPeerThatAsksForTheSameForEverIsBounded: it gets the object some times over,
// and other peers and other objects are not concerned.
func TestPeerThatAsksForTheSameForEverIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := transfer.NewShares()
		r := request("us.bob", "c", 1)
		r.Sealed = 100 << 20
		got := int64(0)
		var busy *transfer.BusyError
		for {
			leave, err := s.Enter(t.Context(), r)
			if errors.As(err, &busy) {
				break
			}
			leave()
			if got += r.Size; got > 100*r.Sealed {
				t.Fatal("it is never told to wait")
			}
		}
		most := transfer.Repeats*r.Sealed + transfer.RepeatSlack
		if got > most || got < 2*r.Sealed {
			t.Errorf("got %d bytes, want at most %d, and the object twice", got, most)
		}
		if had, last := s.Served(r.Peer, r.Tree); had != got || !last.Equal(time.Now()) {
			t.Errorf("served %d bytes at %v, want %d now", had, last, got)
		}
		mustEnter(t, s, request("us.bob", "c", 2))()
		mustEnter(t, s, request("gb.alice", "c", 1))()
		time.Sleep(busy.After)
		mustEnter(t, s, r)() // as it was told
		if _, err := wire.Encode(busy.Answer()); err != nil {
			t.Errorf("what tells it to wait: %v", err)
		}
		day := got
		for range 20 { // and in the long run no more than that
			time.Sleep(transfer.RepeatTime / 20)
			for {
				leave, err := s.Enter(t.Context(), r)
				if err != nil {
					break
				}
				leave()
				day += r.Size
			}
		}
		if day > 2*most+r.Size {
			t.Errorf("got %d bytes in a day, want %d and what it began with", day, most)
		}
	})
}

func TestSharesRemembersABoundedNumberOfObjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := transfer.NewShares()
		r := request("us.bob", "c", 1)
		for i := range transfer.Remembered + 10 {
			time.Sleep(time.Millisecond)
			r.Tree = protocol.Digest{byte(i), byte(i >> 8), 1}
			mustEnter(t, s, r)()
		}
		if had, _ := s.Served(r.Peer, protocol.Digest{5, 0, 1}); had != 0 {
			t.Error("the oldest is remembered")
		}
		if had, _ := s.Served(r.Peer, r.Tree); had != r.Size {
			t.Error("the newest is forgotten")
		}
	})
}
