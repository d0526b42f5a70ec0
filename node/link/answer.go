package link

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/quic-go/quic-go"

	"comity.example/protocol/wire"
)

// answer serves one request. The peer gets an answer, or a reset that says
// nothing.
func (l *Link) answer(ctx context.Context, g guest, stream *quic.Stream) {
	start := time.Now()
	request, outcome := l.answerOne(ctx, g, stream)
	if outcome != Answered && outcome != Busy {
		stream.CancelRead(codeNotServed)
		stream.CancelWrite(codeNotServed)
		level := slog.LevelInfo
		if outcome == Canceled { // who asked wants no answer any more, as at the end of a fetch
			level = slog.LevelDebug
		}
		l.log.Log(ctx, level, "link: request", "peer", string(g.peer), "class", string(outcome))
	}
	l.metrics.Served(request, outcome, time.Since(start))
}

// answerOne takes a request through the steps in which it can fail, the
// cheapest first: nothing is read before its size and its lane are known to be
// within what the peer may spend.
func (l *Link) answerOne(ctx context.Context, g guest, stream *quic.Stream) (wire.Type, Outcome) {
	if !l.stillKnown(g) {
		g.conn.CloseWithError(codeCutOff, "")
		return 0, UnknownPeer
	}
	// For the whole frame, not for each read: a byte a second does not pay.
	began := time.Now()
	stream.SetReadDeadline(began.Add(l.limits.Frame))
	var head [wire.PreviewSize]byte
	if _, err := io.ReadFull(stream, head[:]); err != nil {
		return 0, whyUnread(err)
	}
	preview, err := wire.PreviewRequest(head)
	if err != nil {
		return 0, Malformed
	}
	c := l.desks.of(g.peer).counter(preview)
	if wait := c.spend(time.Now(), preview.Size); wait > 0 {
		return preview.Type, l.busy(stream, wait)
	}
	waiting, cancel := context.WithTimeout(ctx, l.limits.Waiting)
	defer cancel()
	room := memoryFor(preview)
	if c.memory.take(waiting, room) != nil {
		return preview.Type, l.busy(stream, l.limits.Waiting)
	}
	defer c.memory.give(room)
	stream.SetReadDeadline(began.Add(l.limits.frameTime(preview.Size)))
	request, err := wire.ReadRequest(io.MultiReader(bytes.NewReader(head[:]), stream))
	if err != nil {
		return preview.Type, whyUnread(err)
	}
	return preview.Type, l.handleOne(ctx, job{g, c, stream, request})
}

// A job is a request that was read, and what it is to be answered on.
type job struct {
	guest
	counter *counter
	stream  *quic.Stream
	request wire.Message
}

// handleOne calls the handler when there is room for it, and sends what it
// returns.
func (l *Link) handleOne(ctx context.Context, j job) Outcome {
	waiting, cancel := context.WithTimeout(ctx, l.limits.Waiting)
	defer cancel()
	done, err := j.counter.work(waiting)
	if err != nil {
		return l.busy(j.stream, l.limits.Waiting)
	}
	handling, cancel := context.WithTimeout(ctx, l.limits.Handling)
	defer cancel()
	answer, err := l.handle(handling, j.peer, j.request)
	done()
	if b, ok := answer.(*wire.Block); ok {
		defer b.Free()
	}
	if err != nil || answer == nil || !answer.Type().Answers(j.request.Type()) {
		return Failed
	}
	if answer.Type() == wire.TypeBusy {
		return l.reply(j.stream, answer, Busy)
	}
	return l.reply(j.stream, answer, Answered)
}

// reply sends an answer and closes the stream.
func (l *Link) reply(stream *quic.Stream, answer wire.Message, sent Outcome) Outcome {
	head, rest, err := wire.Split(answer)
	if err != nil {
		return Failed
	}
	size := len(rest)
	if answer.Type() == wire.TypeBlock {
		size = wire.MaxBlock // a line that carries all others has time for the last one
	}
	stream.SetWriteDeadline(time.Now().Add(l.limits.frameTime(size)))
	for _, part := range [][]byte{head, rest} {
		if _, err := stream.Write(part); err != nil {
			return whyUnread(err)
		}
	}
	stream.Close() // fails only when the peer wants no answer any more
	return sent
}

// busy answers that there is no room for at least wait. What the peer has not
// sent yet of its request, it need not send.
func (l *Link) busy(stream *quic.Stream, wait time.Duration) Outcome {
	const unit = time.Millisecond
	wait = (min(wait, wire.MaxRetryAfter) + unit - 1).Truncate(unit)
	stream.CancelRead(codeBusy)
	return l.reply(stream, &wire.Busy{RetryAfter: min(wait, wire.MaxRetryAfter)}, Busy)
}

// whyUnread returns the class of an error that ended a frame too early.
func whyUnread(err error) Outcome {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return Malformed
	case errors.As(err, &timeout) && timeout.Timeout():
		return Slow
	}
	return Canceled
}
