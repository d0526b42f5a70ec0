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
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

func TestObjectsOfAllSizesArrive(t *testing.T) {
	for _, size := range []int{1, 73, 56 + 16, mib, evidence.MaxBlock, evidence.MaxBlock + 1, 20*mib + 5} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			inWorld(t, 8, func(t *testing.T, w *world) {
				o, d := w.fetch(t, size, job("us.bob", "c"))
				time.Sleep(10 * time.Second)
				w.wantDone(t, o, d)
				if n := d.twice(); n > 0 {
					t.Errorf("%d blocks arrived twice", n)
				}
				if w.most > 8 {
					t.Errorf("%d blocks in flight, want 8", w.most)
				}
			})
		})
	}
}

// TestPeersThatFailInTheirOwnWayHoldUpNobody, say why in words, and go on once they
// do what they should.
func TestPeersThatFailInTheirOwnWayHoldUpNobody(t *testing.T) {
	type answer = func(ctx context.Context, q *wire.BlockQuery, honest wire.Message) (wire.Message, error)
	hang := func(ctx context.Context, _ *wire.BlockQuery, _ wire.Message) (wire.Message, error) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute): // as the link does
		}
		return nil, errSilent
	}
	for name, x := range map[string]struct {
		does  answer
		state transfer.State
		count transfer.Outcome
		most  int           // how often it may be asked in an hour
		heals time.Duration // how long it may take after it is well
	}{
		"wrong block": {func(_ context.Context, _ *wire.BlockQuery, m wire.Message) (wire.Message, error) {
			b := *m.(*wire.Block)
			b.Block = append([]byte{}, b.Block...)
			b.Block[len(b.Block)/2] ^= 1
			return &b, nil
		}, transfer.PeerWrong, transfer.Wrong, 20, 11 * time.Minute},
		"wrong proof": {func(_ context.Context, _ *wire.BlockQuery, m wire.Message) (wire.Message, error) {
			b := *m.(*wire.Block)
			b.Proof = append(b.Proof, protocol.Digest{})
			return &b, nil
		}, transfer.PeerWrong, transfer.Wrong, 20, 11 * time.Minute},
		"truncated block": {func(_ context.Context, _ *wire.BlockQuery, m wire.Message) (wire.Message, error) {
			b := *m.(*wire.Block)
			b.Block = b.Block[:len(b.Block)-1]
			return &b, nil
		}, transfer.PeerWrong, transfer.Wrong, 20, 11 * time.Minute},
		"another message": {func(context.Context, *wire.BlockQuery, wire.Message) (wire.Message, error) {
			return &wire.Pong{}, nil
		}, transfer.PeerWrong, transfer.Wrong, 20, 11 * time.Minute},
		"busy for ever": {func(context.Context, *wire.BlockQuery, wire.Message) (wire.Message, error) {
			return &wire.Busy{}, nil
		}, transfer.PeerBusy, transfer.Busy, 200, 2 * time.Minute},
		"busy for an hour": {func(context.Context, *wire.BlockQuery, wire.Message) (wire.Message, error) {
			return &wire.Busy{RetryAfter: wire.MaxRetryAfter}, nil
		}, transfer.PeerBusy, transfer.Busy, 40, 6 * time.Minute},
		"nothing": {hang, transfer.Unreachable, transfer.Silent, 200, 3 * time.Minute},
		"breaks off": {func(context.Context, *wire.BlockQuery, wire.Message) (wire.Message, error) {
			return nil, errSilent
		}, transfer.Unreachable, transfer.Silent, 200, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 8, func(t *testing.T, w *world) {
				bad := w.side("xx.bad")
				bad.do(x.does)
				stuck, disk := w.fetch(t, 12*mib, job("xx.bad", "c"))
				time.Sleep(time.Second)
				o, d := w.fetch(t, 12*mib, job("us.bob", "c"))
				time.Sleep(3 * time.Second)
				w.wantDone(t, o, d)
				time.Sleep(time.Minute)
				for range 60 { // in a pause or in the middle of a try
					p, ok := w.engine.Progress(stuck.tree)
					if !ok || p.State != x.state || p.Have > 0 || p.Why == "" {
						t.Fatalf("progress: %+v, want the state %s and why", p, x.state)
					}
					time.Sleep(time.Minute)
				}
				if n := bad.times(); n > x.most {
					t.Errorf("asked %d times in an hour, want at most %d", n, x.most)
				}
				w.mu.Lock()
				if w.counts[x.count] == 0 {
					t.Errorf("counted %v, want %s", w.counts, x.count)
				}
				w.mu.Unlock()
				bad.do(nil)
				time.Sleep(x.heals)
				w.wantDone(t, stuck, disk)
			})
		})
	}
}

// TestBlockThatBelongsElsewhereIsNotTaken: the first block for all of them.
func TestBlockThatBelongsElsewhereIsNotTaken(t *testing.T) {
	inWorld(t, 4, func(t *testing.T, w *world) {
		var mu sync.Mutex
		var first wire.Message // guarded by mu
		bad := w.side("xx.bad")
		bad.do(func(_ context.Context, q *wire.BlockQuery, honest wire.Message) (wire.Message, error) {
			mu.Lock()
			defer mu.Unlock()
			if q.Index == 1 {
				first = honest
			}
			if first != nil && q.Index > 1 {
				return first, nil
			}
			return honest, nil
		})
		o, d := w.fetch(t, 8*mib, job("xx.bad", "c"))
		time.Sleep(5 * time.Second)
		if n, _ := d.Have(); n > 4 {
			t.Errorf("%d blocks were taken", n)
		}
		bad.do(nil)
		time.Sleep(11 * time.Minute)
		w.wantDone(t, o, d)
	})
}

// TestOtherObjectsOfAPeerGoOn although it has one that it does not answer for.
func TestOtherObjectsOfAPeerGoOn(t *testing.T) {
	for name, does := range map[string]func() (wire.Message, error){
		"breaks off": func() (wire.Message, error) { return nil, errSilent },
		"busy":       func() (wire.Message, error) { return &wire.Busy{RetryAfter: time.Minute}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 8, func(t *testing.T, w *world) {
				stuck, _ := w.fetch(t, 4*mib, job("us.bob", "c"))
				w.side("us.bob").do(func(_ context.Context, q *wire.BlockQuery, honest wire.Message) (wire.Message, error) {
					if q.Tree == stuck.tree {
						return does()
					}
					return honest, nil
				})
				o, d := w.fetch(t, 40*mib, job("us.bob", "c"))
				time.Sleep(20 * time.Second)
				w.wantDone(t, o, d)
				if p, _ := w.engine.Progress(stuck.tree); p.State != transfer.Unanswered && p.State != transfer.PeerBusy {
					t.Errorf("the other is %s, want it to be said that it is this object", p.State)
				}
			})
		})
	}
}

func TestWhatThePeerHasNoMoreIsGivenUp(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		w.side("us.bob").do(func(_ context.Context, q *wire.BlockQuery, honest wire.Message) (wire.Message, error) {
			if q.Index >= 5 {
				return &wire.Nothing{}, nil
			}
			return honest, nil
		})
		o, d := w.fetch(t, 20*mib, job("us.bob", "c"))
		time.Sleep(time.Minute)
		if err, ok := w.end(o); !ok || !errors.Is(err, transfer.ErrGone) {
			t.Errorf("ended %v with %v, want ErrGone", ok, err)
		}
		if _, ok := w.engine.Progress(o.tree); ok || d.closed != 1 || d.synced == 0 {
			t.Errorf("it is there still, or was not synced and closed (%d times)", d.closed)
		}
	})
}

// TestEachPeerAndCaseHasItsShare while all have much to fetch.
func TestEachPeerAndCaseHasItsShare(t *testing.T) {
	for name, x := range map[string]struct{ first, second transfer.Job }{
		"two peers": {job("us.bob", "c"), job("fr.carol", "c")},
		"two cases": {job("us.bob", "c1"), job("us.bob", "c2")},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 9, func(t *testing.T, w *world) {
				one, _ := w.fetch(t, 64*mib, x.first)
				also, _ := w.fetch(t, 64*mib, x.first) // more of the first
				time.Sleep(50 * time.Millisecond)
				two, _ := w.fetch(t, 64*mib, x.second)
				time.Sleep(50 * time.Millisecond)
				w.mu.Lock()
				from := len(w.order)
				w.mu.Unlock()
				time.Sleep(60 * time.Millisecond)
				w.mu.Lock()
				got := map[protocol.Digest]int{}
				for _, tree := range w.order[from:] {
					got[tree]++
				}
				w.mu.Unlock()
				a, b := got[one.tree]+got[also.tree], got[two.tree]
				if a+b < 30 || b < a*2/3 || a < b*2/3 {
					t.Errorf("%d and %d blocks, want about as many of each", a, b)
				}
			})
		})
	}
}

// TestEmergencyOvertakes what is ordinary, of the same peer and of others.
func TestEmergencyOvertakes(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		for i := range 3 {
			w.fetch(t, 64*mib, job("us.bob", fmt.Sprint(i)))
			w.fetch(t, 64*mib, job("fr.carol", fmt.Sprint(i)))
		}
		time.Sleep(200 * time.Millisecond)
		w.mu.Lock()
		from := len(w.order)
		w.mu.Unlock()
		j := job("us.bob", "urgent")
		j.Urgent = true
		o, d := w.fetch(t, 40*mib, j)
		time.Sleep(300 * time.Millisecond)
		w.wantDone(t, o, d)
		w.mu.Lock()
		defer w.mu.Unlock()
		before, mine := 0, 0
		for _, tree := range w.order[from:] {
			if mine == int(o.blocks()) {
				break
			}
			if before++; tree == o.tree {
				mine++
			}
		}
		if before > int(o.blocks())*3/2 {
			t.Errorf("%d blocks were asked for until all %d of the emergency were", before, mine)
		}
	})
}

// TestEmergencyFindsRoom although peers that hang have what they may of the window.
func TestEmergencyFindsRoom(t *testing.T) {
	inWorld(t, 16, func(t *testing.T, w *world) {
		var slow []*side
		for i := range 20 {
			s := w.side(protocol.ParticipantID(fmt.Sprintf("xx.p%d", i)))
			slow = append(slow, s)
			w.fetch(t, 8*mib, job(fmt.Sprintf("xx.p%d", i), "c"))
		}
		time.Sleep(20 * time.Millisecond)
		for _, s := range slow {
			s.do(func(ctx context.Context, _ *wire.BlockQuery, _ wire.Message) (wire.Message, error) {
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
				}
				return nil, errSilent
			})
		}
		time.Sleep(time.Second) // all that is in flight hangs
		j := job("us.bob", "urgent")
		j.Urgent = true
		o, d := w.fetch(t, 4*mib, j)
		time.Sleep(time.Second)
		w.wantDone(t, o, d)
	})
}

// TestNewcomerFindsRoom although a peer that was fast hangs all of a sudden.
func TestNewcomerFindsRoom(t *testing.T) {
	inWorld(t, 16, func(t *testing.T, w *world) {
		w.fetch(t, 100*mib, job("xx.hangs", "c"))
		time.Sleep(50 * time.Millisecond)
		w.side("xx.hangs").do(func(ctx context.Context, _ *wire.BlockQuery, _ wire.Message) (wire.Message, error) {
			select {
			case <-ctx.Done():
			case <-time.After(time.Minute):
			}
			return nil, errSilent
		})
		time.Sleep(100 * time.Millisecond)
		o, d := w.fetch(t, 8*mib, job("us.bob", "c"))
		time.Sleep(time.Second)
		w.wantDone(t, o, d)
	})
}

// TestNoMoreThanTheWindowIsInFlight, however many peers there are and however slow
// the disk is.
func TestNoMoreThanTheWindowIsInFlight(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		var mu sync.Mutex
		holding, most := 0, 0
		var disks []*disk
		var objects []*object
		for i := range 6 {
			o := newObject(20*mib, uint64(i))
			w.mu.Lock()
			w.objects[o.tree] = o
			w.mu.Unlock()
			d := newDisk(o)
			d.slow = func() {
				mu.Lock()
				holding++
				most = max(most, holding)
				mu.Unlock()
				time.Sleep(100 * time.Millisecond)
				mu.Lock()
				holding--
				mu.Unlock()
			}
			w.fetchTo(t, o, d, job(fmt.Sprintf("xx.p%d", i), "c"))
			disks, objects = append(disks, d), append(objects, o)
		}
		time.Sleep(time.Minute)
		for i, o := range objects {
			w.wantDone(t, o, disks[i])
		}
		if most > 8 || w.most > 8 || most < 4 {
			t.Errorf("%d blocks were held and %d asked for at a time, want at most 8", most, w.most)
		}
	})
}

// TestDiskThatIsFullIsSaidAndTriedAgain.
func TestDiskThatIsFullIsSaidAndTriedAgain(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		o := newObject(12*mib, 1)
		w.objects[o.tree] = o
		d := newDisk(o)
		d.refuse = errors.New("no room")
		w.fetchTo(t, o, d, job("us.bob", "c"))
		time.Sleep(time.Hour)
		if p, _ := w.engine.Progress(o.tree); p.State != transfer.NotKept || p.Have > 0 {
			t.Errorf("progress: %+v, want not-kept", p)
		}
		if n := w.side("us.bob").times(); n > 200 {
			t.Errorf("fetched %d blocks in an hour for a disk that is full", n)
		}
		d.mu.Lock()
		d.refuse = nil
		d.mu.Unlock()
		time.Sleep(2 * time.Minute)
		w.wantDone(t, o, d)
	})
}

func TestJobsAreAddedOnceAndRemoved(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		o, d := w.fetch(t, 64*mib, job("us.bob", "c"))
		if err := w.engine.Add(transfer.Job{Peer: "us.bob", Tree: o.tree, Sealed: o.sealed(), Target: newDisk(o)}); !errors.Is(err, transfer.ErrKnown) {
			t.Errorf("added twice: got %v, want ErrKnown", err)
		}
		if err := w.engine.Add(transfer.Job{Peer: "us.bob", Target: d}); err == nil {
			t.Error("an object without a size was added")
		}
		time.Sleep(100 * time.Millisecond)
		if !w.engine.Remove(o.tree) || d.closed != 1 || d.synced != 1 {
			t.Errorf("removed, synced %d times and closed %d times, want once", d.synced, d.closed)
		}
		if w.engine.Remove(o.tree) {
			t.Error("removed twice")
		}
		asked := w.side("us.bob").times()
		time.Sleep(time.Minute)
		if w.side("us.bob").times() > asked {
			t.Error("what was removed is fetched")
		}
		if _, ok := w.end(o); ok {
			t.Error("Done was told of what was removed")
		}
		d.closed = 0
		w.fetchTo(t, o, d, job("us.bob", "c")) // and again, where it was
		time.Sleep(10 * time.Second)
		w.wantDone(t, o, d)
		if n := d.twice(); n > 0 {
			t.Errorf("%d blocks were taken twice", n)
		}
		w.stop()
		if err := w.engine.Add(transfer.Job{Peer: "us.bob", Tree: o.tree, Sealed: 1, Target: d}); !errors.Is(err, transfer.ErrEnded) {
			t.Errorf("after the end: got %v, want ErrEnded", err)
		}
	})
}

// TestTheEndClosesWhatIsUnderWay, also what hangs and what rests.
func TestTheEndClosesWhatIsUnderWay(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		w.side("xx.bad").do(func(ctx context.Context, _ *wire.BlockQuery, _ wire.Message) (wire.Message, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		w.side("xx.busy").do(func(context.Context, *wire.BlockQuery, wire.Message) (wire.Message, error) {
			return &wire.Busy{RetryAfter: time.Minute}, nil
		})
		var disks []*disk
		for _, peer := range []string{"xx.bad", "xx.busy", "us.bob"} {
			_, d := w.fetch(t, 64*mib, job(peer, "c"))
			disks = append(disks, d)
		}
		time.Sleep(100 * time.Millisecond)
		w.stop()
		for i, d := range disks {
			if d.closed != 1 || d.synced != 1 {
				t.Errorf("target %d: synced %d times and closed %d times, want once", i, d.synced, d.closed)
			}
		}
		if len(w.ended) > 0 {
			t.Errorf("Done was told of %d jobs that did not end", len(w.ended))
		}
	})
}

// TestWhatIsNotWholeOnDiskIsFetchedAgain: a Target that finds out so when it
// completes.
func TestWhatIsNotWholeOnDiskIsFetchedAgain(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		o := newObject(12*mib, 1)
		w.objects[o.tree] = o
		d := newDisk(o)
		rot := &rotten{disk: d, times: 1}
		j := job("us.bob", "c")
		j.Tree, j.Sealed, j.Target = o.tree, o.sealed(), rot
		if err := w.engine.Add(j); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		w.wantDone(t, o, d)
		if n := d.twice(); n != 1 {
			t.Errorf("%d blocks were fetched again, want the one", n)
		}
		// One that always rots is given up.
		o = newObject(2*mib, 2)
		w.objects[o.tree] = o
		j.Tree, j.Sealed, j.Target = o.tree, o.sealed(), &rotten{disk: newDisk(o), times: 1000}
		if err := w.engine.Add(j); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if err, ok := w.end(o); !ok || err == nil {
			t.Errorf("ended %v with %v, want an error", ok, err)
		}
	})
}

// rotten is a disk that loses a block before it is complete, so many times.
type rotten struct {
	*disk
	times int
}

func (r *rotten) Complete(ctx context.Context) error {
	if r.times > 0 {
		r.times--
		r.mu.Lock()
		delete(r.have, 1)
		r.mu.Unlock()
		return evidence.ErrBlock
	}
	return r.disk.Complete(ctx)
}

// TestManySmallObjects go at the speed of the line, not at that of one exchange after
// the other.
func TestManySmallObjects(t *testing.T) {
	inWorld(t, 32, func(t *testing.T, w *world) {
		const n = 2000
		for i := range n {
			w.fetch(t, 4<<10+i, job("us.bob", fmt.Sprint(i%40)))
		}
		for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			w.mu.Lock()
			done := len(w.ended)
			w.mu.Unlock()
			if done == n {
				break
			}
			if time.Since(began) > 6*time.Second { // one after the other: 20 s
				t.Fatalf("%d of %d in %v", done, n, time.Since(began))
			}
		}
	})
}

// TestEmergencyIsFinishedBesideTheOthers: each object is read once more at its end,
// and a large one takes hours. An emergency waits for none of them.
func TestEmergencyIsFinishedBesideTheOthers(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w *world) {
		release := make(chan struct{})
		for n := range 4 {
			w.mu.Lock()
			o := newObject(mib, uint64(100+n))
			w.objects[o.tree] = o
			w.mu.Unlock()
			j := job("us.contoso", fmt.Sprint(n))
			j.Tree, j.Sealed, j.Act = o.tree, o.sealed(), protocol.DigestOf([]byte("act"))
			j.Target = &longTarget{newDisk(o), release}
			if err := w.engine.Add(j); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		urgent := job("us.contoso", "urgent")
		urgent.Urgent = true
		o, d := w.fetch(t, mib, urgent)
		time.Sleep(time.Minute)
		w.wantDone(t, o, d)
		close(release)
		synctest.Wait()
	})
}

// A longTarget is one whose reading at the end takes as long as the test says.
type longTarget struct {
	*disk
	release chan struct{}
}

func (l *longTarget) Complete(ctx context.Context) error {
	select {
	case <-l.release:
	case <-ctx.Done():
	}
	return l.disk.Complete(ctx)
}
