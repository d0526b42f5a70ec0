package courier_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/courier"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// A mood is how a peer answers for a while.
type mood struct{ receipt, busy, forged, reset, silent int } // parts

// A moody peer answers at random, sees that no case has two deliveries at a
// time, and takes no act before those of its case that were sent before.
type moody struct {
	o      *outbox
	t      *testing.T
	mu     sync.Mutex
	random *rand.Rand
	mood   mood
	cases  map[protocol.Digest]protocol.CaseID
	flying map[protocol.CaseID]bool
}

func (p *moody) exchange(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	d := protocol.Digest(m.(*wire.Deliver).Envelope)
	p.mu.Lock()
	c := p.cases[d]
	if p.flying[c] {
		p.t.Errorf("two deliveries of %s at a time", c)
	}
	p.flying[c] = true
	x := p.mood
	at := p.random.IntN(x.receipt + x.busy + x.forged + x.reset + x.silent)
	pause := time.Duration(p.random.IntN(3000)) * time.Millisecond
	p.mu.Unlock()
	time.Sleep(pause)
	p.mu.Lock()
	delete(p.flying, c)
	p.mu.Unlock()
	if p.o.early(m.(*wire.Deliver), c) {
		return &wire.Busy{RetryAfter: time.Second}, nil
	}
	for _, k := range []struct {
		parts  int
		answer wire.Message
		err    error
	}{
		{x.receipt, &wire.Receipt{Proof: []byte("proof")}, nil},
		{x.busy, &wire.Busy{RetryAfter: pause * 100}, nil},
		{x.forged, &wire.Receipt{Proof: []byte("forged")}, nil},
		{x.reset, nil, errors.New("reset")},
	} {
		if at -= k.parts; at < 0 {
			return k.answer, k.err
		}
	}
	return nil, courier.ErrUnreachable
}

// early reports whether an act of the case that was sent before is in the outbox.
func (o *outbox) early(m *wire.Deliver, c protocol.CaseID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.entries {
		if e := &o.entries[i]; e.Case == c {
			return string(e.Act[:]) != string(m.Envelope)
		}
	}
	return false
}

// TestNothingIsLostWhateverAPeerDoes: posts, answers and restarts at random;
// once the peer is well, everything is delivered, each case in its order.
func TestNothingIsLostWhateverAPeerDoes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { atRandom(t, seed) }) })
	}
}

func atRandom(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	o := &outbox{}
	p := &moody{o: o, t: t, random: rand.New(rand.NewPCG(seed, 2)), mood: mood{receipt: 1},
		cases: map[protocol.Digest]protocol.CaseID{}, flying: map[protocol.CaseID]bool{}}
	cases := make([]protocol.CaseID, 1+random.IntN(400))
	for i := range cases {
		cases[i] = protocol.NewCaseID()
	}
	run := func() (*courier.Courier, func() error) {
		c := courier.New(courier.Config{Outbox: o, Exchange: p.exchange, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		return c, func() error { cancel(); return <-ended }
	}
	seq, total := uint64(0), 0
	post := func(c *courier.Courier) {
		var posted []courier.Entry
		for range random.IntN(3) * random.IntN(500) {
			seq++
			i := random.IntN(len(cases))
			e := courier.Entry{Peer: "us.contoso", Lane: wire.Ordinary, Seq: seq, Case: cases[i], Expires: time.Now().Add(1000 * time.Hour)}
			if i%7 == 0 {
				e.Lane = wire.Emergency
			}
			binary.BigEndian.PutUint64(e.Act[:], seq)
			p.mu.Lock()
			p.cases[e.Act] = e.Case
			p.mu.Unlock()
			o.mu.Lock()
			o.entries = append(o.entries, e)
			o.mu.Unlock()
			posted, total = append(posted, e), total+1
		}
		random.Shuffle(len(posted), func(i, j int) { posted[i], posted[j] = posted[j], posted[i] })
		for _, e := range posted { // who committed later may tell first
			c.Posted(e)
			if random.IntN(20) == 0 {
				time.Sleep(time.Second)
			}
		}
	}
	c, stop := run()
	for range 12 {
		p.mu.Lock()
		p.mood = mood{random.IntN(4), random.IntN(4), random.IntN(2), random.IntN(2), random.IntN(3)}
		p.mood.busy++
		p.mu.Unlock()
		post(c)
		time.Sleep(time.Duration(random.IntN(600)) * time.Second)
		if random.IntN(4) == 0 {
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			post(c) // to one that has ended: it is in the outbox
			c, stop = run()
		}
	}
	p.mu.Lock()
	p.mood = mood{receipt: 1}
	p.mu.Unlock()
	for began := time.Now(); o.left() > 0; time.Sleep(time.Minute) {
		if time.Since(began) > 48*time.Hour {
			stop()
			t.Fatalf("%d of %d are left, %d cases", o.left(), total, len(cases))
		}
	}
	synctest.Wait()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	last := map[protocol.CaseID]uint64{}
	for _, e := range o.settled {
		if e.Seq < last[e.Case] {
			t.Errorf("of %s, %d was settled after %d", e.Case, e.Seq, last[e.Case])
			break
		}
		last[e.Case] = e.Seq
	}
	if len(o.settled) != total || len(o.expired) > 0 {
		t.Errorf("%d of %d were settled, %d expired", len(o.settled), total, len(o.expired))
	}
}
