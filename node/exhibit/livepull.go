package exhibit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"comity.example/crypto/seal"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

const (
	// livePulls is how many segments of one live object are asked for at once.
	livePulls = 4
	// livePause is how long a reader waits with a segment that has not come.
	livePause = 100 * time.Millisecond
	// LiveRetry and LiveRetryMost are how long a reader waits after something went
	// wrong: at first, and at most.
	LiveRetry     = 500 * time.Millisecond
	LiveRetryMost = time.Minute
)

// A livePull is a live object on its way to this node.
type livePull struct {
	stop protocol.Digest    // the act that stopped it, as it was known when this began
	end  context.CancelFunc // begins it again, if it is wanted still
	over chan struct{}      // closed when nothing of it comes any more
	why  string             // it is not on its way now
}

// show says why a live object is not on its way.
func (s *lives) show(id protocol.CaseID, i *desk.EvidenceItem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pulls[id]; p != nil && p.why != "" {
		i.Why = p.why
	}
}

func (s *lives) explain(id protocol.CaseID, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pulls[id]; p != nil {
		p.why = why
	}
}

// pullLives has the live objects that are wanted come here, and those that will be,
// until ctx ends.
func (k *Keeper) pullLives(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	for {
		wanted, err := k.wantedLives(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("exhibit: read live objects: %w", err)
		}
		for id, l := range wanted {
			k.lives.mu.Lock()
			p := k.lives.pulls[id]
			switch {
			case p == nil:
				inner, end := context.WithCancel(ctx)
				k.lives.pulls[id] = &livePull{stop: l.Stop, end: end, over: make(chan struct{})}
				work.Go(func() { k.pullLive(inner, id) })
			case p.stop != l.Stop:
				p.end() // and pullLive wakes this loop
			}
			k.lives.mu.Unlock()
		}
		k.lives.endOthers(wanted)
		select {
		case <-ctx.Done():
			return nil
		case <-k.lives.woken:
		}
	}
}

// endOthers ends what is pulled and not wanted any more.
func (s *lives) endOthers(wanted map[protocol.CaseID]liveRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, p := range s.pulls {
		if _, ok := wanted[id]; !ok {
			p.end()
		}
	}
}

// endPull ends that a live object is pulled, and returns when nothing of it comes any
// more. Whoever calls it has noted that it is not wanted.
func (s *lives) endPull(ctx context.Context, id protocol.CaseID) error {
	s.mu.Lock()
	p := s.pulls[id]
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	p.end()
	select {
	case <-p.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *Keeper) wantedLives(ctx context.Context) (map[protocol.CaseID]liveRecord, error) {
	out := map[protocol.CaseID]liveRecord{}
	err := k.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixLive)}, func(key, value []byte) (bool, error) {
			l, err := record.Parse[liveRecord](value)
			if err == nil && l.From != k.cfg.Self && l.Wanted && !l.Over {
				out[protocol.CaseID(strings.TrimPrefix(string(key), prefixLive))] = l
			}
			return true, err
		})
	})
	return out, err
}

// pullLive has one live object come here until it is whole, or ctx ends.
func (k *Keeper) pullLive(ctx context.Context, id protocol.CaseID) {
	defer func() {
		k.lives.mu.Lock()
		p := k.lives.pulls[id]
		p.end()
		close(p.over)
		delete(k.lives.pulls, id)
		k.lives.mu.Unlock()
		k.lives.wake() // it may be wanted still, for what was said meanwhile
	}()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = LiveRetry, LiveRetryMost
	for ctx.Err() == nil {
		l, err := k.liveRecord(ctx, id)
		if err == nil && l.Over {
			return
		}
		came := int64(0)
		if err == nil {
			came, err = k.pullSegments(ctx, id, l)
		}
		if err == nil && !l.Stop.IsZero() {
			if err = k.adoptLive(ctx, id, l); err == nil {
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		if came > 0 {
			pause.Reset()
		}
		k.lives.explain(id, whyNoSegment(err))
		k.cfg.Log.Warn("a live object does not come", "peer", l.From, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause.NextBackOff()):
		}
	}
}

func (k *Keeper) liveRecord(ctx context.Context, id protocol.CaseID) (l *liveRecord, err error) {
	err = k.journal.View(ctx, func(r store.Reader) error {
		l, err = liveOf(r, id)
		if err == nil && l == nil {
			err = noLive(id)
		}
		return err
	})
	return l, err
}

// errNoSegment says that a segment is not to be had which should be there.
var errNoSegment = errors.New("exhibit: a segment that was delivered is not handed out")

func whyNoSegment(err error) string {
	switch {
	case errors.Is(err, vault.ErrNoRoom):
		return "this node's disk has no room for it: make room"
	case errors.Is(err, vault.ErrQuota):
		return "a quota of this node is used up"
	case errors.Is(err, vault.ErrSegment):
		return "what its provider hands out does not open under the key that was disclosed: the node tries again"
	case errors.Is(err, errNoSegment):
		return "its provider does not hand out a segment that is missing here: the node tries again"
	}
	return "its provider does not answer: the node tries again"
}

// A pulling asks for one segment after the other. Its workers share it.
type pulling struct {
	k    *Keeper
	id   protocol.CaseID
	live *liveRecord

	mu    sync.Mutex
	gaps  []int64 // that are to be asked for first; guarded by mu
	next  int64   // guarded by mu
	total int64   // how many there are, -1 if that is not known yet
	came  int64   // guarded by mu
}

// pullSegments has segments come until all are here, or something goes wrong.
func (k *Keeper) pullSegments(ctx context.Context, id protocol.CaseID, l *liveRecord) (came int64, err error) {
	if !l.Stop.IsZero() && l.Product == nil {
		return 0, nil
	}
	if err := k.joinLiveKey(ctx, id, l); err != nil {
		return 0, err
	}
	have, gaps, _, err := k.vault.Segments(id, l.ID)
	if err != nil && !errors.Is(err, vault.ErrAbsent) {
		return 0, err
	}
	p := &pulling{k: k, id: id, live: l, gaps: gaps, next: have + int64(len(gaps)), total: -1}
	if l.Product != nil {
		p.total = l.Product.Segments
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, livePulls)
	for range livePulls {
		go func() { ended <- p.work(ctx) }()
	}
	for range livePulls {
		if e := <-ended; e != nil && err == nil {
			err = e
			stop()
		}
	}
	return p.came, err
}

// take returns the next segment to ask for.
func (p *pulling) take() (seq int64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.gaps) > 0 {
		seq, p.gaps = p.gaps[0], p.gaps[1:]
		return seq, true
	}
	if p.total >= 0 && p.next >= p.total {
		return 0, false
	}
	p.next++
	return p.next - 1, true
}

func (p *pulling) work(ctx context.Context) error {
	for {
		seq, ok := p.take()
		if !ok {
			return nil
		}
		if err := p.pull(ctx, seq); err != nil {
			return err
		}
		p.mu.Lock()
		p.came++
		p.mu.Unlock()
		p.k.lives.explain(p.id, "")
		p.k.lives.grew(p.id)
	}
}

// pull has one segment come, however long that takes.
func (p *pulling) pull(ctx context.Context, seq int64) error {
	for {
		wait := livePause
		answer, err := p.k.cfg.Exchange(ctx, p.live.From, &wire.SegmentQuery{Act: p.live.Start, Seq: uint64(seq)})
		if err != nil {
			return err
		}
		switch m := answer.(type) {
		case *wire.Segment:
			return p.put(seq, m.Segment)
		case *wire.Nothing:
			if p.total >= 0 {
				return errNoSegment
			}
		case *wire.Busy:
			wait = max(wait, min(m.RetryAfter, LiveRetryMost))
		default:
			return fmt.Errorf("exhibit: a %v instead of a segment", answer.Type())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// put keeps a segment that opens at its place: one of another place, object or case
// does not.
func (p *pulling) put(seq int64, sealed []byte) error {
	err := p.k.vault.PutSegment(p.id, p.live.ID, seq, sealed)
	if errors.Is(err, vault.ErrSegment) {
		p.k.fetched("wrong", 0)
	}
	if err == nil {
		p.k.fetched("segment", len(sealed))
	}
	return err
}

// joinLiveKey puts both shares of a live object's key into the vault.
func (k *Keeper) joinLiveKey(ctx context.Context, id protocol.CaseID, l *liveRecord) error {
	if _, _, err := k.vault.Key(id, l.ID); err == nil {
		return nil
	}
	var sealed protocol.Signed
	err := k.journal.View(ctx, func(r store.Reader) error {
		act, err := k.cfg.Cases.Act(r, l.Start)
		if err == nil {
			sealed = act.Body.Interception.Live.Keys
		}
		return err
	})
	if err != nil {
		return err
	}
	b, err := seal.Open(evidence.KeysType, sealed, k.cfg.Open)
	if err != nil {
		return errNoShare
	}
	keys, err := protocol.ParseEvidenceKeys(b, id)
	if err != nil {
		return errNoShare
	}
	sent, ok := keys.Of(l.ID)
	if !ok {
		return errNoShare
	}
	answer, err := k.cfg.Exchange(ctx, l.From, &wire.ShareQuery{Act: l.Start, Object: l.ID})
	if err != nil {
		return err
	}
	m, ok := answer.(*wire.Share)
	if !ok {
		return errShareLater
	}
	return k.vault.AwaitLive(vault.Awaited{Case: id, Live: l.ID, Peer: l.From}, m.Share, sent)
}

// wantLive has the live object of a case come here, for who asks for that.
func wantLive(tx *journal.Tx, id protocol.CaseID, object protocol.Digest) (known bool, err error) {
	l, err := liveOf(tx, id)
	if err != nil || l == nil || !object.IsZero() && !l.called(object) {
		return false, err
	}
	l.Wanted = true
	return true, record.Write(tx, liveKey(id), l)
}

// adoptLive has what came take its place among the evidence of the case, if it is
// what was signed.
func (k *Keeper) adoptLive(ctx context.Context, id protocol.CaseID, l *liveRecord) error {
	e := exhibit{Number: l.Number, State: desk.EvidenceWaiting, Act: l.Stop, In: l.Stop, From: l.From, Bound: id, Emergency: l.Emergency, Live: true}
	if l.Product != nil {
		e.Object = *l.Product
		err := k.vault.Adopt(id, l.ID, *l.Product)
		if errors.Is(err, vault.ErrDamaged) {
			e.State, e.Why = desk.EvidenceDamaged, "what was delivered is not what was signed when it stopped"
		} else if err != nil {
			return err
		}
	}
	why := ""
	if have, _, _, err := k.vault.Segments(id, l.ID); err == nil && have > 0 && l.Product == nil {
		why = "it was stopped without a word of what had been delivered"
	}
	_, err := k.journal.Commit(ctx, func(tx *journal.Tx) error {
		now, err := liveOf(tx, id)
		if err != nil || now == nil || now.Over {
			return err
		}
		now.Over, now.Why = true, why
		if now.Product != nil {
			_, err := tx.Get(exhibitID{id, now.Product.Tree}.key())
			if err == nil { // what the case has stays what it is
				now.Product, now.Why = nil, whyOther
			} else if record.IgnoreMissing(err) != nil {
				return err
			}
		}
		if err := record.Write(tx, liveKey(id), now); err != nil || now.Product == nil {
			return err
		}
		x := exhibitID{id, now.Product.Tree}
		if e.State == desk.EvidenceWaiting { // to be checked, as what is fetched is
			err = tx.Set(x.pendingKey(), nil)
		}
		return errors.Join(err, record.Write(tx, x.key(), e))
	})
	if err == nil {
		k.lives.grew(id)
		k.fetcher.wake()
	}
	return err
}

// missing returns the first segments of total that are not here.
func missing(total, have int64, gaps []int64) []int64 {
	out := slices.Clone(gaps)
	for seq := have + int64(len(gaps)); seq < total && len(out) < maxGaps; seq++ {
		out = append(out, seq)
	}
	return out
}

// maxGaps bounds the gaps that are listed.
const maxGaps = 64
