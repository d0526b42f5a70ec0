package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/quic-go/quic-go"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// whereabouts is what the Book says of a peer at the moment of an exchange.
type whereabouts struct {
	addr string
	pins [][32]byte
}

func (w whereabouts) pinned(pin [32]byte) bool { return slices.Contains(w.pins, pin) }

// Exchange sends a request to a peer and returns its answer, which may be
// *wire.Busy. When it returns an error, the request may have had its effect or
// not. A Deliver in the emergency lane, and what asks for pieces of evidence, go by
// connections of their own.
func (l *Link) Exchange(ctx context.Context, peer protocol.ParticipantID,
	request wire.Message) (wire.Message, error) {
	start := time.Now()
	answer, err := l.exchange(ctx, peer, request)
	outcome := Answered
	if err != nil {
		outcome = outcomeOf(err)
	} else if answer.Type() == wire.TypeBusy {
		outcome = Busy
	}
	l.metrics.Asked(request.Type(), outcome, time.Since(start))
	if err != nil {
		return nil, fmt.Errorf("link: exchange with %s: %w", peer, err)
	}
	return answer, nil
}

func (l *Link) exchange(ctx context.Context, peer protocol.ParticipantID,
	request wire.Message) (wire.Message, error) {
	head, rest, err := wire.Split(request)
	if err != nil {
		return nil, err
	}
	if !request.Type().IsRequest() {
		return nil, fmt.Errorf("%s opens no exchange", request.Type())
	}
	if peer == l.self {
		return nil, errors.New("the peer is this node")
	}
	ctx, cancel := context.WithTimeout(ctx, l.limits.Exchange)
	defer cancel()
	addr, pins, err := l.book.Locate(peer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknownPeer, err)
	}
	conn, stream, err := l.open(ctx, route{peer, wire.LaneOf(request)}, whereabouts{addr, pins})
	if err != nil {
		return nil, err
	}
	defer l.watch(ctx, conn, request.Type())()
	answer, err := ask(ctx, stream, [][]byte{head, rest}, request)
	if err != nil {
		// What is still under way on the stream is of no use to anybody.
		stream.CancelWrite(codeNotServed)
		stream.CancelRead(codeNotServed)
		return nil, err
	}
	return answer, nil
}

// open opens a stream to the peer. A connection that turns out to be broken is
// dialled once more: nothing has been sent by then.
func (l *Link) open(ctx context.Context, r route, at whereabouts) (*quic.Conn, *quic.Stream, error) {
	var last error
	for range 2 {
		conn, err := l.connect(ctx, r, at)
		if err != nil {
			return nil, nil, err
		}
		stream, err := conn.OpenStreamSync(ctx)
		if err == nil {
			return conn, stream, nil
		}
		last = classify(ctx, err)
		if errors.Is(last, ErrNotAdmitted) {
			break
		}
		// quic-go fails the streams of a broken connection a moment before it
		// ends the connection's context, which is what connect goes by.
		select {
		case <-conn.Context().Done():
		case <-ctx.Done():
			return nil, nil, last
		}
	}
	return nil, nil, last
}

// ask sends a frame and reads the answer.
func ask(ctx context.Context, stream *quic.Stream, frame [][]byte,
	request wire.Message) (wire.Message, error) {
	stop := context.AfterFunc(ctx, func() { stream.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := send(stream, frame); err != nil {
		return nil, classify(ctx, err)
	}
	answer, err := wire.ReadAnswer(stream, request)
	if errors.Is(err, wire.ErrMalformed) {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	if err != nil {
		return nil, classify(ctx, err)
	}
	return answer, nil
}

// send writes a frame and closes this side. A peer that is busy may stop us
// halfway: then its answer is there to be read.
func send(stream *quic.Stream, frame [][]byte) error {
	var err error
	for _, part := range frame {
		if _, err = stream.Write(part); err != nil {
			break
		}
	}
	var stopped *quic.StreamError
	if errors.As(err, &stopped) && stopped.Remote && stopped.ErrorCode == codeBusy {
		return nil
	}
	if err != nil {
		return err
	}
	stream.Close() // fails only when the peer stopped us after the last byte
	return nil
}
