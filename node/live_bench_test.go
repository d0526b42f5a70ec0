//go:build linux

package node_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// What is measured of live product.
const (
	livePieces   = 400 // one after another
	livePiece    = smallSize
	liveInterval = 50 * time.Millisecond
	liveTarget   = time.Second // from the feed to the authority's disk, 99 times of 100
)

// liveProduct does the orders that are about live product.
func (e *end) liveProduct(ctx context.Context, o order) (r report, err error) {
	r.Case = o.Case
	switch o.Do {
	case "ask to tap":
		var drafts []desk.Draft
		if drafts, err = e.draftLike(ctx, 1, intercept, "officer.key"); err == nil {
			r.Case = drafts[0].Case
			_, err = e.submit(ctx, drafts[0])
		}
	case "start tap":
		err = e.speak(ctx, o.Case, protocol.Body{Interception: &protocol.Tap{Action: protocol.TapStarted,
			At:   time.Now().UTC().Truncate(time.Second),
			Live: &protocol.Live{Name: "calls.pcap", MediaType: "application/vnd.tcpdump.pcap"}}})
	case "feed":
		content, w := io.Pipe()
		go func() { w.CloseWithError(stamp(ctx, w, o.Count)) }()
		_, err = e.node.Feed(ctx, o.Case, content)
	case "follow":
		r.Latencies, err = e.follow(ctx, o)
	default:
		return r, fmt.Errorf("no such order: %q", o.Do)
	}
	return r, err
}

// intercept makes an order of a measured request whose product is live.
func intercept(r *protocol.Request) {
	start := time.Now().UTC().Truncate(time.Second)
	end := start.AddDate(0, 0, 7)
	r.Type = protocol.Interception
	r.Data = []protocol.DataItem{{Category: protocol.CategoryContentLive, From: start, To: end}}
	r.Interception = &protocol.Window{Start: start, End: end, LessIntrusiveConsidered: true}
	r.Attestations = append(r.Attestations, protocol.Attestation{Statement: "interception_no_longer_than_needed"})
}

// stamp writes pieces that begin with the time at which they were written.
func stamp(ctx context.Context, w io.Writer, count int) error {
	tick := time.NewTicker(liveInterval)
	defer tick.Stop()
	for piece := make([]byte, livePiece); count > 0; count-- {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		binary.BigEndian.PutUint64(piece, uint64(time.Now().UnixNano()))
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// follow reads stamped pieces as they come to this node's vault, and returns how old
// each was then.
func (e *end) follow(ctx context.Context, o order) ([]time.Duration, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	aged := &aged{all: o.Count, stop: stop}
	for patience := time.Now().Add(20 * time.Second); ; time.Sleep(look) { // the start comes
		err := e.node.Follow(ctx, desk.Piece{Case: o.Case}, aged)
		if len(aged.ages) == o.Count {
			return aged.ages, nil
		}
		if len(aged.ages) > 0 || time.Now().After(patience) {
			return nil, errors.Join(err, fmt.Errorf("%d of %d pieces came", len(aged.ages), o.Count))
		}
	}
}

// aged takes stamped pieces, and stops whoever writes them when all are there.
type aged struct {
	rest bytes.Buffer
	ages []time.Duration
	all  int
	stop func()
}

func (a *aged) Write(b []byte) (int, error) {
	a.rest.Write(b)
	for a.rest.Len() >= livePiece {
		at := binary.BigEndian.Uint64(a.rest.Next(livePiece))
		a.ages = append(a.ages, time.Since(time.Unix(0, int64(at))))
	}
	if len(a.ages) == a.all {
		a.stop()
	}
	return len(b), nil
}

// live has product delivered as it happens, and returns how long each piece took
// from the provider's feed to the disk of the authority that asked.
func (p *pair) live(t *testing.T) []time.Duration {
	t.Helper()
	id := p.from.do(t, order{Do: "ask to tap"}).Case
	p.to.do(t, order{Do: "certify", Case: id})
	p.holder.do(t, order{Do: "start tap", Case: id})
	if err := p.holder.orders.Encode(order{Do: "feed", Case: id, Count: livePieces}); err != nil {
		t.Fatal(err)
	}
	ages := p.from.do(t, order{Do: "follow", Case: id, Count: livePieces}).Latencies
	p.holder.report(t)
	return ages
}
