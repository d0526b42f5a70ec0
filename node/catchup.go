package node

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"comity.example/node/library"
	"comity.example/protocol"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// Documents are published once, and a publication that waits too long is given
// up. So a node also asks: each Party's participants, its own Party's others
// among them, for the register, the agreements and the notices that it lacks.
// Whoever answers is not trusted: what it lends is signed by its Party.
const (
	// RefreshEvery is how often a node asks a Party's participants what it
	// missed, and peers for proof that their ledgers only grew. Half of it is
	// jitter.
	RefreshEvery = 10 * time.Minute
	// RetryFirst and RetryLast bound the pause after nobody of a Party answered.
	RetryFirst = time.Second
	RetryLast  = time.Minute

	// askedAtOnce is how many participants of a Party are asked at a time while
	// it has not answered: one that is down, or hostile, is not the last word.
	askedAtOnce = 3
	// partiesAtOnce is how many Parties are asked at a time.
	partiesAtOnce = 16
	// catchUpTime bounds what one participant may take to lend what is missing.
	catchUpTime = 2 * time.Minute
	// maxPulled bounds the documents that one participant is asked for at a time:
	// a list without end, or of what is never shown, ends here.
	maxPulled = 1024
	// maxUnfit bounds those of them that are not lent or cannot be adopted: each
	// may cost a signature's verification.
	maxUnfit = 16
)

var (
	errNotLent  = errors.New("node: a document that was listed is not lent")
	errSpinning = errors.New("node: too many documents at a time")
)

// catchUp asks each Party again and again, until ctx ends.
func (n *Node) catchUp(ctx context.Context) error {
	h := n.heard
	defer close(h.over)
	hurry := time.AfterFunc(EmergencyWait, func() { h.allow(h.emergency) })
	defer hurry.Stop()
	patience := time.AfterFunc(CatchUpWait, func() {
		if missing := n.unheard(); len(missing) > 0 {
			n.cfg.Log.Warn("decides without having heard from every Party", "parties", missing)
		}
		h.allow(h.emergency, h.ordinary)
	})
	defer patience.Stop()
	n.allowWhenHeard()
	room := make(chan struct{}, partiesAtOnce)
	var all sync.WaitGroup
	for _, party := range n.grounds.Load().Directory.Parties() {
		all.Go(func() { n.keepAsking(ctx, party, room) })
	}
	all.Wait()
	<-ctx.Done() // a node that knows no Party has nobody to ask, and runs
	return nil
}

// others returns the participants of a Party but this one.
func (n *Node) others(party protocol.Party) []protocol.ParticipantID {
	held, err := n.grounds.Load().Directory.Register(party)
	if err != nil {
		return nil
	}
	var out []protocol.ParticipantID
	for i := range held.Participants {
		if id := held.Participants[i].ID; id != n.cfg.Self && held.Participants[i].Address != "" {
			out = append(out, id)
		}
	}
	return out
}

// keepAsking asks one Party again and again, until ctx ends.
func (n *Node) keepAsking(ctx context.Context, party protocol.Party, room chan struct{}) {
	pause := backoff.NewExponentialBackOff() // adds jitter of one half either way
	pause.InitialInterval, pause.MaxInterval = RetryFirst, RetryLast
	for {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		err := n.askParty(ctx, party)
		<-room
		wait := pause.NextBackOff()
		if err == nil {
			pause.Reset()
			wait = RefreshEvery/2 + rand.N(RefreshEvery)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// askParty asks participants of a Party, others each time. It is enough that
// one of them answers.
func (n *Node) askParty(ctx context.Context, party protocol.Party) error {
	peers := n.others(party)
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	ask := askedAtOnce
	if c, ok := n.heard.of(party); ok && time.Since(c.clock) < 2*RefreshEvery {
		ask = 1
	}
	peers = peers[:min(ask, len(peers))]
	ctx, cancel := context.WithTimeout(ctx, catchUpTime)
	defer cancel()
	failed := make([]error, len(peers))
	var all sync.WaitGroup
	for i, peer := range peers {
		all.Go(func() {
			if failed[i] = n.ask(ctx, peer); failed[i] != nil {
				return
			}
			n.heard.confirm(party, n.now())
			n.allowWhenHeard()
		})
	}
	all.Wait()
	if len(peers) == 0 || slices.Contains(failed, nil) {
		return nil
	}
	return errors.Join(failed...)
}

// ask takes from one participant what it holds and this node lacks: the
// registers of both Parties first, which say who signs the rest. Without an error, it holds no
// notice that concerns us both and is not held here.
func (n *Node) ask(ctx context.Context, peer protocol.ParticipantID) error {
	for _, party := range slices.Compact([]protocol.Party{peer.Party(), n.cfg.Self.Party()}) {
		if err := n.pullRegister(ctx, peer, party); err != nil {
			return err
		}
	}
	for _, kind := range []DocumentKind{AgreementDocument, NoticeDocument} {
		err := n.compareHoldings(ctx, peer, kind)
		if errors.Is(err, errNotLent) || errors.Is(err, errSpinning) {
			n.cfg.Log.Warn("documents not lent", "peer", peer, "kind", kind, "error", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pullRegister asks a participant for a register if it is another than ours. One
// that is not adopted changes nothing.
func (n *Node) pullRegister(ctx context.Context, peer protocol.ParticipantID, party protocol.Party) error {
	m := &wire.Pull{Kind: wire.KindRegister, Name: string(party)}
	_, m.Have = n.library.Load().Register(party)
	answer, err := n.link.Exchange(ctx, peer, m)
	if err != nil {
		return err
	}
	p, ok := answer.(*wire.Publish)
	if !ok {
		return nil
	}
	_, err = n.adopt(ctx, Document{Kind: RegisterDocument, Bytes: p.Document}, adoption{peer: peer})
	if err != nil && !errors.Is(err, library.ErrHeld) && ctx.Err() == nil {
		n.cfg.Log.Warn("register not adopted", "peer", peer, "reason", register.Reason(err))
	}
	return nil
}

// compareHoldings takes the documents of a kind that a participant lists and
// this node lacks. Each page begins after the last one, and each document that
// is lacking counts, so it ends whatever the participant answers. The error is
// errNotLent when not all of them could be had.
func (n *Node) compareHoldings(ctx context.Context, peer protocol.ParticipantID, kind DocumentKind) error {
	q := &wire.HoldingsQuery{Kind: kind.Wire()}
	pulled, unfit := 0, 0
	for {
		held := n.library.Load().Shelf(kind, peer.Party())
		q.Have = held.Set()
		answer, err := n.link.Exchange(ctx, peer, q)
		if err != nil {
			return err
		}
		list, ok := answer.(*wire.HoldingsAnswer)
		if !ok {
			if answer.Type() == wire.TypeNothing {
				return nil
			}
			return fmt.Errorf("node: %s is busy", peer)
		}
		for _, d := range list.Digests {
			if held.Has(d) {
				continue
			}
			if pulled++; pulled > maxPulled || unfit > maxUnfit {
				return errSpinning
			}
			err := n.pullDocument(ctx, peer, Document{Kind: kind}, d)
			if errors.Is(err, errNotLent) {
				unfit++ // those that follow may be in order
			} else if err != nil {
				return err
			}
		}
		if len(list.Digests) < wire.MaxHoldings {
			if unfit > 0 {
				return errNotLent
			}
			return nil
		}
		q.After = list.Digests[len(list.Digests)-1]
	}
}

// pullDocument adopts the document that stands behind a digest.
func (n *Node) pullDocument(ctx context.Context, peer protocol.ParticipantID, d Document, want protocol.Digest) error {
	answer, err := n.link.Exchange(ctx, peer, &wire.Pull{Kind: d.Kind.Wire(), Name: want.String()})
	if err != nil {
		return err
	}
	m, ok := answer.(*wire.Publish)
	if !ok {
		return errNotLent
	}
	d.Bytes = m.Document
	h, err := n.adopt(ctx, d, adoption{peer: peer})
	switch {
	case err != nil && !errors.Is(err, library.ErrHeld) && ctx.Err() == nil:
		return fmt.Errorf("%w: %s", errNotLent, library.ReasonOf(err))
	case err != nil && !errors.Is(err, library.ErrHeld):
		return err
	case h.Digest != want:
		return errNotLent // in order, but not what was listed
	}
	return nil
}
