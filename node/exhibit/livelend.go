package exhibit

import (
	"context"
	"errors"
	"slices"
	"time"

	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/wire"
)

const (
	// LiveWait is how long a query waits for a segment that has not come yet.
	LiveWait = 15 * time.Second
	// LiveAhead is how far beyond what is here a query waits, in segments: for more
	// nobody need ask.
	LiveAhead = 8
	// LiveWaiters bounds the queries of one peer that wait at once, for all its cases.
	LiveWaiters = 24
	// LivePause is how long a peer is asked to wait that has more of them.
	LivePause = time.Second
)

// lentLive returns the case and the live object that an act of ours announces, if the
// peer may read it; of any other act nothing.
func (k *Keeper) lentLive(ctx context.Context, peer protocol.ParticipantID, act protocol.Digest) (id protocol.CaseID, l *liveRecord, err error) {
	err = k.journal.View(ctx, func(r store.Reader) error {
		a, err := k.cfg.Cases.Act(r, act)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || a.From != k.cfg.Self || a.Body.Interception == nil || a.Body.Interception.Live == nil ||
			!slices.Contains(a.Body.Interception.Live.Readers, peer) {
			return err
		}
		c, err := k.cfg.Cases.Case(r, a.Case)
		if err != nil {
			return err
		}
		held, err := liveOf(r, a.Case)
		lost := slices.ContainsFunc(c.Thread, func(e casefile.Entry) bool { return e.Act == act && e.Lost() })
		if err == nil && held != nil && held.Start == act && !lost && c.Serves(act, held.ID, peer) {
			id, l = a.Case, held
		}
		return err
	})
	return id, l, err
}

// LendSegment answers a peer that asks for a segment. It waits for the next ones,
// so that they are on their way as soon as they are here, if the peer may have them
// then.
func (k *Keeper) LendSegment(ctx context.Context, peer protocol.ParticipantID, m *wire.SegmentQuery) (wire.Message, error) {
	waiting, stop := context.WithTimeout(ctx, LiveWait)
	defer stop()
	waits := false
	for {
		id, l, err := k.lentLive(ctx, peer, m.Act) // what was waited for may be taken back
		if err != nil {
			return nil, err
		}
		if l == nil || m.Seq >= protocol.MaxSegments {
			k.lent("refused", 0)
			return &wire.Nothing{}, nil
		}
		grown := k.lives.grown(id)
		b, err := k.vault.Segment(id, l.ID, int64(m.Seq))
		if err == nil {
			k.lent("segment", len(b))
			return &wire.Segment{Segment: b}, nil
		}
		if !errors.Is(err, vault.ErrAbsent) {
			return k.lendNothing(err)
		}
		if more, err := k.mayCome(waiting, id, l, m.Seq); err != nil || !more {
			return &wire.Nothing{}, err
		}
		if !waits {
			leave, ok := k.lives.await(peer)
			if !ok {
				k.lent("busy", 0)
				return &wire.Busy{RetryAfter: LivePause}, nil
			}
			defer leave()
			waits = true
		}
		select {
		case <-waiting.Done():
			return &wire.Nothing{}, nil
		case <-grown:
		}
	}
}

// mayCome reports whether a segment is one of the next, of an interception of which
// nobody said that it stopped.
func (k *Keeper) mayCome(ctx context.Context, id protocol.CaseID, l *liveRecord, seq uint64) (bool, error) {
	var now *liveRecord
	err := k.journal.View(ctx, func(r store.Reader) (err error) {
		now, err = liveOf(r, id)
		return err
	})
	if ctx.Err() != nil {
		return false, nil
	}
	if err != nil || now == nil || !now.Stop.IsZero() {
		return false, err
	}
	have, _, _, err := k.vault.Segments(id, l.ID)
	if errors.Is(err, vault.ErrAbsent) {
		err = nil
	}
	return int64(seq) < have+LiveAhead, err
}

// await lets a query of a peer wait, if not too many of its do.
func (s *lives) await(peer protocol.ParticipantID) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waits[peer] >= LiveWaiters {
		return nil, false
	}
	s.waits[peer]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.waits[peer]--; s.waits[peer] == 0 {
			delete(s.waits, peer)
		}
	}, true
}

// lendLiveShare hands out the share of a live object's key that was kept back. The
// act is ours, or the answer is nil.
func (k *Keeper) lendLiveShare(ctx context.Context, peer protocol.ParticipantID, m *wire.ShareQuery) (wire.Message, error) {
	id, l, err := k.lentLive(ctx, peer, m.Act)
	if err != nil || l == nil || l.ID != m.Object {
		return nil, err
	}
	held, _, err := k.vault.Key(id, l.ID)
	if err != nil {
		return k.lendNothing(err)
	}
	k.lent("share", 0)
	return &wire.Share{Share: held}, nil
}
