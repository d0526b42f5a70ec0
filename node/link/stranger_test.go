package link_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"

	"comity.example/node/link"
	"comity.example/protocol/wire"
)

const notServed = quic.StreamErrorCode(1)

func TestKeyExchangeIsHybrid(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		w.pair(receipt)
		state := w.newRaw(string(alice)).mustDial(w, bob).ConnectionState().TLS
		if state.CurveID != tls.X25519MLKEM768 || uint16(state.CurveID) != 4588 {
			t.Errorf("key exchange: got %v, want X25519MLKEM768 (4588)", state.CurveID)
		}
		if state.Version != tls.VersionTLS13 || state.NegotiatedProtocol != "comity/1" {
			t.Errorf("got version %x and protocol %q", state.Version, state.NegotiatedProtocol)
		}
	})
}

// Each of these does one thing wrong.
func TestStrangersAreTurnedAwayInTheHandshake(t *testing.T) {
	for name, spoil := range map[string]func(r *raw){
		"no certificate": func(r *raw) { r.tls.Certificates = nil },
		"unknown certificate": func(r *raw) {
			r.tls.Certificates = []tls.Certificate{certificate(string(alice), keyOf("mallory"))}
		},
		"the key of the node itself": func(r *raw) {
			r.tls.Certificates = []tls.Certificate{certificate(string(bob), keyOf(string(bob)))}
		},
		"known key under another name": func(r *raw) {
			r.tls.Certificates = []tls.Certificate{certificate("gb.other", keyOf(string(alice)))}
		},
		"known key in a chain": func(r *raw) {
			c := certificate(string(alice), keyOf(string(alice)))
			c.Certificate = append(c.Certificate, certificate(string(alice), keyOf("mallory")).Certificate[0])
			r.tls.Certificates = []tls.Certificate{c}
		},
		"other protocol": func(r *raw) { r.tls.NextProtos = []string{"h3"} },
		"classical key exchange": func(r *raw) {
			r.tls.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256}
		},
		"other hybrid": func(r *raw) { r.tls.CurvePreferences = []tls.CurveID{tls.SecP256r1MLKEM768} },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, conditions(), func(t *testing.T, w *world) {
				c, seen := w.config(bob, receipt), newCounts()
				c.Metrics = seen
				w.start(c)
				w.config(alice, receipt).Conn.Close()
				r := w.newRaw(string(alice))
				spoil(r)
				conn, err := r.dial(w, bob)
				var alert *quic.TransportError
				if !errors.As(err, &alert) || !alert.ErrorCode.IsCryptoError() {
					t.Errorf("got %v, want an alert of TLS", err)
				}
				if conn != nil && conn.Context().Err() == nil {
					t.Error("the connection is open")
				}
				if n := seen.acceptedSoFar(); n != 0 {
					t.Errorf("%d connections were accepted, want none", n)
				}
			})
		})
	}
}

func TestPeerThatDoesNotKnowUsIsNotAdmitting(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		w.start(w.config(bob, receipt))
		c := w.config(alice, receipt)
		c.Key = keyOf("mallory")
		a, _ := w.start(c)
		for range 2 {
			_, err := a.Exchange(t.Context(), bob, ask(1))
			if !errors.Is(err, link.ErrNotAdmitted) || !errors.Is(err, link.ErrUnreachable) {
				t.Errorf("got %v, want ErrNotAdmitted", err)
			}
		}
	})
}

func TestImpostorIsNamedAndLearnsNotWhoCalled(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		w.book.enter(bob, w.net.Addr(string(bob)), keyOf(string(bob)))
		var shown atomic.Int32
		conn := w.net.Listen(string(bob))
		transport := &quic.Transport{Conn: conn}
		impostor, err := transport.Listen(&tls.Config{
			NextProtos:   []string{"comity/1"},
			Certificates: []tls.Certificate{certificate(string(alice), keyOf("mallory"))},
			ClientAuth:   tls.RequireAnyClientCert,
			VerifyConnection: func(s tls.ConnectionState) error {
				shown.Add(int32(len(s.PeerCertificates)))
				return nil
			},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.ends = append(w.ends, func() {
			impostor.Close()
			transport.Close()
			conn.Close()
		})
		a, _ := w.start(w.config(alice, receipt))
		_, err = a.Exchange(t.Context(), bob, ask(1))
		if !errors.Is(err, link.ErrPinMismatch) || errors.Is(err, link.ErrUnreachable) {
			t.Errorf("got %v, want ErrPinMismatch", err)
		}
		time.Sleep(time.Second)
		if n := shown.Load(); n != 0 {
			t.Errorf("the impostor saw %d certificates, want none", n)
		}
	})
}

func TestUnknownPeerIsNotDialled(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.start(w.config(alice, receipt))
		if _, err := a.Exchange(t.Context(), "us.nobody", ask(1)); !errors.Is(err, link.ErrUnknownPeer) {
			t.Errorf("got %v, want ErrUnknownPeer", err)
		}
		if n, _ := w.net.Carried(); n > 0 {
			t.Errorf("%d packets crossed, want none", n)
		}
	})
}

func TestKeyStruckOutOfTheServersBookIsCutOffMidConnection(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(receipt)
		mustAnswer(t, a, bob, ask(1))
		w.book.strike(keyOf(string(alice)))
		if _, err := a.Exchange(t.Context(), bob, ask(2)); !errors.Is(err, link.ErrNoAnswer) {
			t.Errorf("on the old connection: got %v, want ErrNoAnswer", err)
		}
		if _, err := a.Exchange(t.Context(), bob, ask(3)); !errors.Is(err, link.ErrNotAdmitted) {
			t.Errorf("on a new one: got %v, want ErrNotAdmitted", err)
		}
	})
}

func TestKeyStruckOutOfTheClientsBookIsNotAskedAgain(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		var handled atomic.Int32
		a, _ := w.pair(func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			handled.Add(1)
			return receipt(ctx, p, m)
		})
		mustAnswer(t, a, bob, ask(1))
		w.book.strike(keyOf(string(bob)))
		if _, err := a.Exchange(t.Context(), bob, ask(2)); !errors.Is(err, link.ErrPinMismatch) {
			t.Errorf("got %v, want ErrPinMismatch", err)
		}
		if n := handled.Load(); n != 1 {
			t.Errorf("handled %d requests, want 1", n)
		}
	})
}

func TestNewKeyOfAPeerIsAcceptedOnceTheBookHasIt(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		_, stop := w.start(w.config(bob, receipt))
		a, _ := w.start(w.config(alice, receipt))
		mustAnswer(t, a, bob, ask(1))
		stop()
		time.Sleep(trip)
		c := w.config(bob, receipt)
		c.Key = keyOf("bob's new key")
		w.start(c)
		if _, err := a.Exchange(t.Context(), bob, ask(2)); !errors.Is(err, link.ErrPinMismatch) {
			t.Errorf("before: got %v, want ErrPinMismatch", err)
		}
		w.book.enter(bob, w.net.Addr(string(bob)), c.Key)
		mustAnswer(t, a, bob, ask(3))
	})
}

func TestRotatedKeyIsDialledBeforeTheOldConnectionDies(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		_, stop := w.start(w.config(bob, receipt))
		a, _ := w.start(w.config(alice, receipt))
		mustAnswer(t, a, bob, ask(1))
		w.net.Partition(string(alice), string(bob)) // bob dies without a word
		stop()
		w.net.Heal(string(alice), string(bob))
		w.book.strike(keyOf(string(bob)))
		c := w.config(bob, receipt)
		w.book.strike(c.Key)
		c.Key = keyOf("bob's new key")
		w.book.enter(bob, w.net.Addr(string(bob)), c.Key)
		w.start(c)
		start := time.Now()
		mustAnswer(t, a, bob, ask(2))
		if took := time.Since(start); took > 2*trip+latency {
			t.Errorf("took %v, want two round trips", took)
		}
	})
}

func TestKeyThatNowBelongsToAnotherIsCutOffMidConnection(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(receipt)
		mustAnswer(t, a, bob, ask(1))
		w.book.enter("gb.heir", w.net.Addr(string(alice)), keyOf(string(alice)))
		if _, err := a.Exchange(t.Context(), bob, ask(2)); !errors.Is(err, link.ErrNoAnswer) {
			t.Errorf("on the connection of alice: got %v, want ErrNoAnswer", err)
		}
		if _, err := a.Exchange(t.Context(), bob, ask(3)); !errors.Is(err, link.ErrNotAdmitted) {
			t.Errorf("dialled again as alice: got %v, want ErrNotAdmitted", err)
		}
	})
}

func TestKeyStruckOutDuringTheDialIsNotAsked(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(receipt)
		first := make(chan error)
		go func() {
			_, err := a.Exchange(context.Background(), bob, ask(1))
			first <- err
		}()
		synctest.Wait()
		w.book.strike(keyOf(string(bob)))
		if _, err := a.Exchange(t.Context(), bob, ask(2)); !errors.Is(err, link.ErrPinMismatch) {
			t.Errorf("got %v, want ErrPinMismatch", err)
		}
		if err := <-first; err != nil {
			t.Errorf("asked before: got %v, want an answer", err)
		}
	})
}

// wantCut checks that the peer resets a stream with the one code that there is.
func wantCut(t *testing.T, s *quic.Stream) {
	t.Helper()
	b, err := readAll(s)
	var reset *quic.StreamError
	if !errors.As(err, &reset) || !reset.Remote || reset.ErrorCode != notServed || len(b) > 0 {
		t.Errorf("got %d bytes and %v, want none and code %d", len(b), err, notServed)
	}
}

func TestBadFramesAreCutOff(t *testing.T) {
	ping := func() []byte { b, _ := wire.Encode(ask(1)); return b }
	answer, _ := wire.Encode(&wire.Receipt{Proof: []byte("proof")})
	oversize := append([]byte{byte(wire.TypeDeliver)}, binary.BigEndian.AppendUint32(nil, 2<<20)...)
	for name, frame := range map[string][]byte{
		"nothing":        {},
		"half a header":  ping()[:3],
		"unknown type":   {99, 0, 0, 0, 1, 0},
		"an answer":      answer,
		"oversize":       append(oversize, make([]byte, 100)...),
		"half a frame":   ping()[:15],
		"one byte more":  append(ping(), 0),
		"another ping":   append(ping(), ping()...),
		"http":           []byte("GET / HTTP/1.1\r\n\r\n"),
		"an empty frame": {byte(wire.TypePing), 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, conditions(), func(t *testing.T, w *world) {
				var handled atomic.Int32
				w.start(w.config(bob, func(context.Context, peerID, wire.Message) (wire.Message, error) {
					handled.Add(1)
					return nil, errors.New("unexpected")
				}))
				w.config(alice, receipt).Conn.Close()
				conn := w.newRaw(string(alice)).mustDial(w, bob)
				s, err := conn.OpenStreamSync(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				s.Write(frame)
				s.Close()
				wantCut(t, s)
				if n := handled.Load(); n != 0 {
					t.Errorf("the handler was called %d times", n)
				}
			})
		})
	}
}

func TestPeerThatSendsAByteASecondIsCutOff(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		w.start(w.config(bob, receipt))
		w.config(alice, receipt).Conn.Close()
		conn := w.newRaw(string(alice)).mustDial(w, bob)
		s, err := conn.OpenStreamSync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		frame, _ := wire.Encode(deliver(wire.Ordinary, 1000))
		start := time.Now()
		for i := range frame {
			if _, err := s.Write(frame[i : i+1]); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(start); took > link.DefaultLimits().Frame+2*time.Second {
			t.Errorf("cut off after %v, want Limits.Frame", took)
		}
		wantCut(t, s)
	})
}

func TestPeerThatReadsNoAnswerIsCutOff(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c, seen := w.config(bob, func(context.Context, peerID, wire.Message) (wire.Message, error) {
			return &wire.Publish{Kind: wire.KindRegister, Document: make([]byte, wire.MaxDocument)}, nil
		}), newCounts()
		c.Metrics = seen
		w.start(c)
		w.config(alice, receipt).Conn.Close()
		r := w.newRaw(string(alice))
		r.quic.InitialStreamReceiveWindow = 1 << 10
		r.quic.KeepAlivePeriod = time.Second
		s, err := r.mustDial(w, bob).OpenStreamSync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wire.Write(s, &wire.Pull{Kind: wire.KindRegister})
		s.Close()
		time.Sleep(link.DefaultLimits().Frame + time.Second)
		if n := seen.of(seen.served, link.Slow); n != 1 {
			t.Errorf("%d requests were cut off as slow, want 1", n)
		}
	})
}

func TestStreamFloodRunsNoMoreHandlersThanStreams(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		var now, most atomic.Int32
		release := make(chan struct{})
		w.start(w.config(bob, func(context.Context, peerID, wire.Message) (wire.Message, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer now.Add(-1)
			<-release
			return nil, errors.New("too late")
		}))
		w.config(alice, receipt).Conn.Close()
		conn := w.newRaw(string(alice)).mustDial(w, bob)
		opened := 0
		for range 10_000 {
			s, err := conn.OpenStream()
			if err != nil {
				time.Sleep(trip) // for credit, if any comes
				if s, err = conn.OpenStream(); err != nil {
					break
				}
			}
			opened++
			// Ask, and abandon at once: both halves of the stream are over,
			// but the work for it is not (CVE-2023-44487).
			wire.Write(s, ask(1))
			s.Close()
			s.CancelRead(0)
		}
		synctest.Wait()
		limit := link.DefaultLimits().StreamsPerConnection
		if opened > limit || most.Load() > int32(limit) {
			t.Errorf("got %d streams and %d handlers, want at most %d", opened, most.Load(), limit)
		}
		close(release)
		time.Sleep(2 * trip)
		if _, err := conn.OpenStream(); err != nil {
			t.Errorf("after the handlers: got %v, want credit", err)
		}
	})
}

func TestTooManyConnectionsCloseTheOldest(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c, seen := w.config(bob, receipt), newCounts()
		c.Metrics = seen
		w.start(c)
		w.config(alice, receipt).Conn.Close()
		r := w.newRaw(string(alice))
		limit := link.DefaultLimits().ConnectionsPerPeer
		var conns []*quic.Conn
		for range limit + 1 {
			conns = append(conns, r.mustDial(w, bob))
		}
		for i, conn := range conns {
			if closed := conn.Context().Err() != nil; closed != (i == 0) {
				t.Errorf("connection %d: closed is %v", i, closed)
			}
		}
		if seen.most != limit {
			t.Errorf("got %d connections at a time, want %d", seen.most, limit)
		}
	})
}

func TestRetryProvesAddressesUnderLoad(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c := w.config(bob, receipt)
		c.Limits = link.DefaultLimits()
		c.Limits.FreeHandshakes = 0
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		start := time.Now()
		mustAnswer(t, a, bob, ask(1))
		if took := time.Since(start); took < 3*trip || took > 3*trip+latency {
			t.Errorf("took %v, want a round trip more than two", took)
		}
	})
}

func TestHandshakesInFlightAreBoundedAndForgotten(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c := w.config(bob, receipt)
		c.Limits = link.DefaultLimits()
		c.Limits.Handshakes = 1
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))

		// A client that goes silent after its first packet.
		silent := w.newRaw("silent")
		time.AfterFunc(latency+time.Millisecond, func() { w.net.Partition("silent", string(bob)) })
		gone := make(chan struct{})
		go func() {
			silent.dial(w, bob)
			close(gone)
		}()
		time.Sleep(trip)
		if _, err := a.Exchange(t.Context(), bob, ask(1)); !errors.Is(err, link.ErrUnreachable) {
			t.Errorf("while a handshake is in flight: got %v, want ErrUnreachable", err)
		}
		time.Sleep(c.Limits.Dial)
		mustAnswer(t, a, bob, ask(2))
		mustAnswer(t, a, bob, deliver(wire.Emergency, 10))
		<-gone
	})
}
