package transfer_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/link"
	"comity.example/node/link/linktest"
	"comity.example/node/transfer"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

const (
	alice = protocol.ParticipantID("gb.alice")
	bob   = protocol.ParticipantID("us.bob")
)

// book is a Book in which alice and bob stand.
type book map[protocol.ParticipantID]struct {
	addr string
	pin  [32]byte
}

func (b book) Pinned(id protocol.ParticipantID, pin [32]byte) bool { return b[id].pin == pin }

func (b book) Locate(id protocol.ParticipantID) (string, [][32]byte, error) {
	p, ok := b[id]
	if !ok {
		return "", nil, errors.New("no such participant")
	}
	return p.addr, [][32]byte{p.pin}, nil
}

func (b book) enter(id protocol.ParticipantID, addr string) {
	pin, err := link.PinOf(keyOf(id).Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	b[id] = struct {
		addr string
		pin  [32]byte
	}{addr, pin}
}

func keyOf(id protocol.ParticipantID) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(id))
	return ed25519.NewKeyFromSeed(seed[:])
}

// loopback returns alice's link, on UDP, to bob, who answers with h.
func loopback(t testing.TB, h link.Handler) *link.Link {
	t.Helper()
	known, links := book{}, []*link.Link{}
	var running sync.WaitGroup
	for _, id := range []protocol.ParticipantID{alice, bob} {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		known.enter(id, conn.LocalAddr().String())
		l, err := link.New(link.Config{Conn: conn, Self: id, Key: keyOf(id), Book: known, Handle: h})
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, l)
	}
	for _, l := range links {
		running.Go(func() {
			if err := l.Run(context.Background()); err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	t.Cleanup(func() {
		for _, l := range links {
			l.Close()
		}
		running.Wait()
	})
	return links[0]
}

// A line is alice, who fetches with an engine, and bob, who serves, as links on a
// network in virtual time.
type line struct {
	t    *testing.T
	net  *linktest.Network
	book book

	shares *transfer.Shares
	socket *roaming // of alice
	alice  *link.Link
	engine *transfer.Engine
	stop   func() // the engine
	end    func() // bob

	mu     sync.Mutex // guards what follows
	have   map[protocol.Digest]*object
	served map[protocol.Digest]int64 // bytes of blocks that bob answered with
	ended  map[protocol.Digest]error
}

// onLine runs f in a bubble.
func onLine(t *testing.T, c linktest.Conditions, f func(t *testing.T, l *line)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &line{t: t, net: linktest.NewNetwork(c), book: book{}, have: map[protocol.Digest]*object{},
			served: map[protocol.Digest]int64{}, ended: map[protocol.Digest]error{}}
		l.book.enter(alice, l.net.Addr(string(alice)))
		l.book.enter(bob, l.net.Addr(string(bob)))
		l.startBob()
		l.socket = &roaming{got: make(chan packet, 1024), over: make(chan struct{})}
		l.socket.move(l.net.Listen(string(alice)))
		l.socket.PacketConn = l.socket.now
		var closeAlice func()
		l.alice, closeAlice = l.startLink(alice, l.socket, nil)
		l.startEngine()
		f(t, l)
		l.stop()
		closeAlice()
		l.end()
		l.net.Close()
	})
}

func (l *line) startLink(id protocol.ParticipantID, conn net.PacketConn, h link.Handler) (*link.Link, func()) {
	n, err := link.New(link.Config{Conn: conn, Self: id, Key: keyOf(id), Book: l.book, Handle: h})
	if err != nil {
		l.t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() {
		if h == nil {
			ran <- nil
			return
		}
		ran <- n.Run(context.Background())
	}()
	synctest.Wait()
	return n, sync.OnceFunc(func() {
		n.Close()
		if err := <-ran; err != nil {
			l.t.Errorf("run: %v", err)
		}
	})
}

func (l *line) startBob() {
	l.shares = transfer.NewShares()
	_, l.end = l.startLink(bob, l.net.Listen(string(bob)), l.lend)
}

func (l *line) startEngine() {
	l.engine = transfer.New(transfer.Config{Source: l.alice.Exchange, Done: func(j transfer.Job, err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended[j.Tree] = err
	}})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		l.engine.Run(ctx)
		close(ran)
	}()
	l.stop = sync.OnceFunc(func() {
		cancel()
		<-ran
	})
}

// lend answers as bob's node would.
func (l *line) lend(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	switch q := m.(type) {
	case *wire.Ping:
		return &wire.Pong{Nonce: q.Nonce, Time: 1}, nil
	case *wire.BlockQuery:
		l.mu.Lock()
		o := l.have[q.Tree]
		l.mu.Unlock()
		answer := o.answer(int64(q.Index))
		leave, err := l.shares.Enter(ctx, transfer.Request{Peer: peer, Case: "c", Tree: o.tree,
			Size: int64(len(answer.Block)), Sealed: o.sealed()})
		var busy *transfer.BusyError
		if errors.As(err, &busy) {
			return busy.Answer(), nil
		}
		if err != nil {
			return nil, err
		}
		defer leave()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.served[q.Tree] += int64(len(answer.Block))
		return answer, nil
	}
	return nil, errors.New("not in this test")
}

// fetch begins to fetch an object.
func (l *line) fetch(size int, urgent bool) (*object, *disk) {
	l.t.Helper()
	o := newObject(size, uint64(len(l.have)))
	l.mu.Lock()
	l.have[o.tree] = o
	l.mu.Unlock()
	d := newDisk(o)
	l.fetchTo(o, d, urgent)
	return o, d
}

func (l *line) fetchTo(o *object, d *disk, urgent bool) {
	l.t.Helper()
	if err := l.engine.Add(transfer.Job{Peer: bob, Case: "c", Tree: o.tree, Sealed: o.sealed(), Urgent: urgent, Target: d}); err != nil {
		l.t.Fatal(err)
	}
}

// roam gives alice another address.
func (l *line) roam() { l.socket.move(l.net.Listen("elsewhere")) }

// wait waits until an object is there, and returns how long that took.
func (l *line) wait(o *object, most time.Duration) time.Duration {
	l.t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		l.mu.Lock()
		err, ok := l.ended[o.tree]
		l.mu.Unlock()
		if ok && err == nil {
			return time.Since(began)
		}
		if took := time.Since(began); ok || took > most {
			p, _ := l.engine.Progress(o.tree)
			l.t.Fatalf("after %v it ended with %v, want it complete (%+v)", took, err, p)
		}
	}
}

// beyond returns how many bytes bob served more than the object has.
func (l *line) beyond(o *object) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.served[o.tree] - o.sealed()
}
