package node

import (
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/notify"
	"comity.example/node/scan"
	"comity.example/node/store"
	"comity.example/node/transfer"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// FetchRetry is how long a node waits before it tries again what it could not
// begin or end: for lack of room or quota, or because who has the key's other
// share, or the scanner, does not answer.
const FetchRetry = 15 * time.Second

// A fetcher is what the node knows of objects on their way. What must last of it
// is in the store and in the vault: an object is pending there until it was
// checked, and its blocks are kept as they come.
type fetcher struct {
	woken  chan struct{} // holds at most one
	landed chan struct{} // holds at most one: there is something in arrived

	mu      sync.Mutex
	jobs    map[exhibitID]*fetching // guarded by mu
	arrived []arrival               // guarded by mu
}

// An arrival is an object of which all blocks are here, or about which there is a
// verdict without them.
type arrival struct {
	exhibitID
	verdict verdict
}

// A fetching is an object on its way.
type fetching struct {
	state desk.EvidenceState // waiting, fetching or checking
	why   string             // it waits
}

func newFetcher() *fetcher {
	return &fetcher{woken: make(chan struct{}, 1), landed: make(chan struct{}, 1), jobs: map[exhibitID]*fetching{}}
}

// wake has the loop look for what is pending. It never blocks.
func (f *fetcher) wake() { signal(f.woken) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// set notes where an object stands; none: it is not on its way any more.
func (f *fetcher) set(x exhibitID, j *fetching) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if j == nil {
		delete(f.jobs, x)
		return
	}
	f.jobs[x] = j
}

// idle reports whether nobody is at an object: it is new, or waits.
func (f *fetcher) idle(x exhibitID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.jobs[x]
	return j == nil || j.state == desk.EvidenceWaiting
}

// taken reports whether an object of that tree hash is on its way for another case.
func (f *fetcher) taken(x exhibitID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for other, j := range f.jobs {
		if other.Object == x.Object && other.Case != x.Case && j.state != desk.EvidenceWaiting {
			return true
		}
	}
	return false
}

func (f *fetcher) arrive(a arrival) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jobs[a.exhibitID] = &fetching{state: desk.EvidenceChecking}
	f.arrived = append(f.arrived, a)
	signal(f.landed)
}

// next returns an object that is to be checked.
func (f *fetcher) next() (a arrival, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.arrived) == 0 {
		return a, false
	}
	a = f.arrived[0]
	f.arrived = f.arrived[1:]
	return a, true
}

// showFetching says where an object that the store has as waiting stands.
func (n *Node) showFetching(x exhibitID, i *desk.EvidenceItem) {
	n.fetcher.mu.Lock()
	if j := n.fetcher.jobs[x]; j != nil {
		i.State, i.Why = j.state, j.why
	}
	n.fetcher.mu.Unlock()
	if i.State == desk.EvidenceChecking {
		i.Have = i.Total
		return
	}
	if p, ok := n.engine.Progress(x.Object); ok {
		i.Have, i.Rate, i.Left = p.Have, p.Rate, p.Left
		if p.Why != "" {
			i.Why = p.Why
		}
	}
}

// openVault opens the vault beside the store, and has it forget what the store does
// not name: a crash came between the two.
func (n *Node) openVault(ctx context.Context) error {
	key, err := vaultKey(n.cfg.Keys.Store)
	if err != nil {
		return err
	}
	c := n.cfg.Evidence
	n.vault, err = vault.Open(ctx, vault.Config{Dir: filepath.Join(n.cfg.Dir, "vault"), Key: key, Quota: c.Quota,
		Reserve: cmp.Or(c.Reserve, Reserve), Log: n.cfg.Log})
	if err != nil {
		return err
	}
	n.engine = transfer.New(transfer.Config{Source: n.source, Done: n.fetchEnded, Log: n.cfg.Log})
	n.shares = transfer.NewShares()
	return n.collectStrays(ctx)
}

// collectStrays drops what was taken in, or passed on, and the store does not name.
// What a disclosure that waits for approval passes on stays: its keys are signed.
func (n *Node) collectStrays(ctx context.Context) error {
	for id, objects := range n.vault.Own() {
		for _, tree := range objects {
			err := n.journal.View(ctx, func(r store.Reader) error {
				_, named := r.Get(exhibitID{id, tree}.key())
				_, proposed := r.Get(draftKey(id))
				if !errors.Is(named, store.ErrNotFound) || !errors.Is(proposed, store.ErrNotFound) {
					return errors.Join(ignoreMissing(named), ignoreMissing(proposed))
				}
				return n.vault.Drop(id, tree)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// moveEvidence fetches and checks what is pending, and what becomes so, until ctx
// ends or one of its parts fails.
func (n *Node) moveEvidence(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	parts := []func(context.Context) error{n.fetchEvidence, n.checkEvidence,
		func(ctx context.Context) error { n.engine.Run(ctx); return nil }}
	ended := make(chan error, len(parts))
	for _, run := range parts {
		go func() { ended <- run(ctx) }()
	}
	var first error
	for range parts {
		if err := <-ended; first == nil {
			first = err
		}
		stop()
	}
	return first
}

// fetchEvidence has what is pending fetched, and what becomes so, until ctx ends.
func (n *Node) fetchEvidence(ctx context.Context) error {
	for {
		blocked, err := n.startFetches(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("node: fetch evidence: %w", err)
		}
		var retry <-chan time.Time
		if blocked {
			retry = time.After(FetchRetry)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-n.fetcher.woken:
		case <-retry:
		}
	}
}

// startFetches begins with what is pending and nobody is at. It reports whether
// something could not be begun.
func (n *Node) startFetches(ctx context.Context) (blocked bool, err error) {
	var pending []exhibitID
	err = n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixFetch), KeysOnly: true}, func(key, _ []byte) (bool, error) {
			x, err := parseExhibitKey(prefixFetch, key)
			pending = append(pending, x)
			return true, err
		})
	})
	for _, x := range pending {
		if err != nil {
			break
		}
		if !n.fetcher.idle(x) {
			continue
		}
		var why string
		if why, err = n.startFetch(ctx, x); why != "" {
			blocked = true
			n.fetcher.set(x, &fetching{desk.EvidenceWaiting, why})
		}
	}
	return blocked, err
}

// startFetch has an object fetched. It says why it cannot be now.
func (n *Node) startFetch(ctx context.Context, x exhibitID) (why string, err error) {
	e, err := n.exhibit(ctx, x)
	if err != nil {
		return "", err
	}
	if e.Live { // it came as it grew
		n.fetcher.arrive(arrival{exhibitID: x})
		return "", nil
	}
	if n.fetcher.taken(x) {
		return "the same bytes are on their way for another case", nil
	}
	in, err := n.vault.Receive(ctx, vault.Receipt{Case: x.Case, Peer: e.From, Tree: x.Object, Size: e.Object.Size, Despite: e.Despite})
	switch {
	case errors.Is(err, vault.ErrQuota):
		return "a quota of this node is used up: comity fetch CASE --despite-quota takes it all the same", nil
	case errors.Is(err, vault.ErrNoRoom):
		return "this node's disk has no room for it: make room", nil
	case errors.Is(err, vault.ErrDestroyed):
		return "", n.settleExhibit(ctx, x, verdict{desk.EvidenceDeleted, "its key was destroyed here"})
	case err != nil && ctx.Err() == nil:
		n.cfg.Log.Error("evidence cannot be received", "error", err)
		return "this node's vault does not take it: see its log", nil
	case err != nil:
		return "", err
	}
	if in.Done() {
		err := in.Close()
		n.fetcher.arrive(arrival{exhibitID: x})
		return "", err
	}
	n.fetcher.set(x, &fetching{state: desk.EvidenceFetching})
	err = n.engine.Add(transfer.Job{Case: x.Case, Peer: e.From, Act: e.Act, Tree: x.Object,
		Sealed: stream.SealedSize(e.Object.Size), Urgent: e.Emergency, Target: &counted{in, n.metrics}})
	if err != nil { // it ends, or the bytes are on their way for another case
		n.fetcher.set(x, nil)
		return "the node tries again", in.Close()
	}
	return "", nil
}

// A counted target counts what comes.
type counted struct {
	transfer.Target
	m *metrics
}

func (c *counted) Put(i int64, block []byte, proof []protocol.Digest) error {
	err := c.Target.Put(i, block, proof)
	switch {
	case err == nil:
		c.m.fetched("block", len(block))
	case errors.Is(err, evidence.ErrBlock):
		c.m.fetched("wrong", 0)
	default:
		c.m.fetched("failed", 0)
	}
	return err
}

// fetchEnded is called by the engine when it is done with a job.
func (n *Node) fetchEnded(j transfer.Job, err error) {
	x := exhibitID{j.Case, j.Tree}
	switch {
	case err == nil:
		n.fetcher.arrive(arrival{exhibitID: x})
		return
	case errors.Is(err, transfer.ErrGone):
		n.fetcher.arrive(arrival{x, verdict{desk.EvidenceWaiting, "who disclosed it has it no more"}})
		return
	}
	n.fetcher.set(x, &fetching{desk.EvidenceWaiting, whyNot(err)})
	time.AfterFunc(FetchRetry, n.fetcher.wake)
}

func whyNot(err error) string {
	switch {
	case errors.Is(err, vault.ErrNoRoom):
		return "this node's disk has no room for it: make room"
	case errors.Is(err, vault.ErrQuota):
		return "a quota of this node is used up: comity fetch CASE --despite-quota takes it all the same"
	}
	return "it could not be fetched: the node tries again"
}

// source asks a peer for a block, in the engine's words.
func (n *Node) source(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	return n.link.Exchange(ctx, peer, m)
}

// checkEvidence checks what has arrived, one object after the other, until ctx ends.
func (n *Node) checkEvidence(ctx context.Context) error {
	for {
		for a, ok := n.fetcher.next(); ok && ctx.Err() == nil; a, ok = n.fetcher.next() {
			n.check(ctx, a.exhibitID, a.verdict)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-n.fetcher.landed:
		}
	}
}

// A verdict is what a check made of an object.
type verdict struct {
	state desk.EvidenceState
	why   string
}

// check gets the other share of an object's key, and has it compared and scanned,
// unless there is a verdict already. Without one the object stays pending.
func (n *Node) check(ctx context.Context, x exhibitID, v verdict) {
	var err error
	if v.state == "" {
		v, err = n.examine(ctx, x)
	}
	if err == nil {
		err = n.settleExhibit(ctx, x, v)
	}
	if err == nil {
		n.fetcher.set(x, nil)
		return
	}
	why := "it cannot be checked now: the node tries again"
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, errShareLater):
		why = "all of it is here but a share of its key, which its holder does not hand out now: the node tries again"
	case errors.Is(err, scan.ErrScan):
		why = "the scanner gives no verdict: the node tries again"
	}
	n.cfg.Log.Warn("evidence is not checked yet", "error", err)
	n.fetcher.set(x, &fetching{desk.EvidenceWaiting, why})
	time.AfterFunc(FetchRetry, n.fetcher.wake)
}

// errShareLater says that the holder of a share did not hand it out this time.
var errShareLater = errors.New("node: no share of the key for now")

func (n *Node) examine(ctx context.Context, x exhibitID) (verdict, error) {
	e, err := n.exhibit(ctx, x)
	if err != nil {
		return verdict{}, err
	}
	if v, err := n.joinKey(ctx, x, &e); err != nil || v.state != "" {
		return v, err
	}
	content, err := n.vault.Open(x.Case, x.Object, e.Bound)
	if v, ok := unopened(err); ok {
		return v, nil
	}
	if err != nil {
		return verdict{}, err
	}
	defer content.Close()
	digest := sha512.New()
	if _, err := content.WriteFrom(io.MultiWriter(digest, &patient{io.Discard, ctx}), 0); err != nil {
		if v, ok := unopened(err); ok {
			return v, nil
		}
		return verdict{}, err
	}
	if content.Size() != e.Object.Size || hex.EncodeToString(digest.Sum(nil)) != e.Object.SHA512 {
		return verdict{desk.EvidenceDamaged, "its content has another size or another SHA-512 than was signed"}, nil
	}
	if len(n.cfg.Evidence.Scanner) > 0 {
		s := scan.Scanner{Args: n.cfg.Evidence.Scanner, Patience: n.cfg.Evidence.ScanTimeout}
		found, err := s.Scan(ctx, io.NewSectionReader(content, 0, content.Size()))
		switch {
		case err != nil:
			return verdict{}, err
		case found:
			return verdict{desk.EvidenceQuarantined, "the scanner found something in it"}, nil
		}
	}
	return verdict{state: desk.EvidenceComplete}, nil
}

// unopened returns the verdict on what does not open, though its bytes are those
// that were signed: whoever sealed it sealed something else.
func unopened(err error) (verdict, bool) {
	for _, is := range []error{stream.ErrKey, stream.ErrChanged, stream.ErrTruncated} {
		if errors.Is(err, is) {
			return verdict{desk.EvidenceDamaged, "it does not open under the key that was disclosed"}, true
		}
	}
	return verdict{}, false
}

// joinKey puts both shares of an object's key into the vault. A verdict says that
// there is no key to be had.
func (n *Node) joinKey(ctx context.Context, x exhibitID, e *exhibit) (verdict, error) {
	if _, _, err := n.vault.Key(x.Case, x.Object); err == nil {
		return verdict{}, nil
	}
	sent, err := n.sealedShare(ctx, x, e)
	if errors.Is(err, errNoShare) {
		return verdict{desk.EvidenceDamaged, "the disclosure has no key to it for this participant"}, nil
	}
	if err != nil {
		return verdict{}, err
	}
	answer, err := n.source(ctx, e.From, &wire.ShareQuery{Act: e.Act, Object: x.Object})
	if err != nil {
		return verdict{}, fmt.Errorf("%w: %w", errShareLater, err)
	}
	switch m := answer.(type) {
	case *wire.Share:
		n.metrics.fetched("share", 0)
		return verdict{}, n.vault.SetKey(x.Case, x.Object, m.Share, sent)
	case *wire.Nothing:
		return verdict{desk.EvidenceWaiting, "who disclosed it has destroyed the other share of its key"}, nil
	}
	return verdict{}, errShareLater
}

// settleExhibit makes the verdict on an object last, and tells people when nothing
// of the case is on its way any more.
func (n *Node) settleExhibit(ctx context.Context, x exhibitID, v verdict) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		e, err := readJSON[exhibit](tx, x.key())
		if err != nil || e.State != desk.EvidenceWaiting {
			return errors.Join(ignoreMissing(err), tx.Delete(x.pendingKey()))
		}
		e.State, e.Why = v.state, v.why
		if err := errors.Join(writeJSON(tx, x.key(), e), tx.Delete(x.pendingKey())); err != nil {
			return err
		}
		return n.tellEvidence(tx, x.Case)
	})
	if err == nil {
		n.notifier.Wake()
	}
	return err
}

// tellEvidence tells that all the evidence of a case that was asked for is here.
func (n *Node) tellEvidence(tx *journal.Tx, id protocol.CaseID) error {
	left := false
	g := store.Range{Prefix: []byte(prefixFetch + string(id) + "/"), Limit: 1, KeysOnly: true}
	err := tx.Scan(g, func(_, _ []byte) (bool, error) { left = true; return false, nil })
	if err != nil || left {
		return err
	}
	f, err := readJSON[filed](tx, caseKey(id))
	if err != nil {
		return err
	}
	worst := ""
	err = exhibitsOf(tx, id, func(_ exhibitID, e exhibit) error {
		if slices.Contains([]desk.EvidenceState{desk.EvidenceDamaged, desk.EvidenceQuarantined}, e.State) {
			worst = ", and some of it is " + string(e.State)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return n.tell(tx, laneOf(&f.File), notify.Event{Kind: notify.Evidence, At: n.now(), Case: id,
		Text: "the evidence is here" + worst})
}

// Fetch implements desk.Exhibits. Whoever fetches what is in quarantine despite
// that takes it out of there.
func (n *Node) Fetch(ctx context.Context, id protocol.CaseID, what desk.Fetch) (desk.Evidence, error) {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		if _, err := tx.Get(caseKey(id)); errors.Is(err, store.ErrNotFound) {
			return noCase()
		}
		changed := map[exhibitID]exhibit{}
		known := false
		err := exhibitsOf(tx, id, func(x exhibitID, e exhibit) error {
			if !what.Object.IsZero() && what.Object != x.Object {
				return nil
			}
			known = true
			switch {
			case e.State == desk.EvidenceWaiting:
				e.Why, e.Despite = "", e.Despite || what.Despite
				changed[x] = e
			case e.State == desk.EvidenceQuarantined && what.Despite:
				e.State, e.Why = desk.EvidenceComplete, "taken out of quarantine"
				changed[x] = e
			}
			return nil
		})
		live, err2 := wantLive(tx, id, what.Object)
		if err = errors.Join(err, err2); err == nil && !known && !live && !what.Object.IsZero() {
			return noExhibit(id)
		}
		for x, e := range changed {
			err = errors.Join(err, writeJSON(tx, x.key(), e))
			if e.State == desk.EvidenceWaiting {
				err = errors.Join(err, tx.Set(x.pendingKey(), nil))
			}
		}
		return err
	})
	if err != nil {
		return desk.Evidence{}, n.problem(err)
	}
	n.fetcher.wake()
	n.lives.wake()
	return n.Evidence(ctx, id)
}
