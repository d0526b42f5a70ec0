package exhibit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/node/transfer"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// FetchRetry is how long a node waits before it tries again what it could not
// begin or end: for lack of room or quota, or because who has the key's other
// share, or the scanner, does not answer.
const FetchRetry = 15 * time.Second

// ScanTries is how often the scanner is asked about an object before it goes into
// quarantine without a verdict: there a person decides.
const ScanTries = 5

// A fetcher is what the node knows of objects on their way. What must last of it
// is in the store and in the vault: an object is pending there until it was
// checked, and its blocks are kept as they come.
type fetcher struct {
	woken chan struct{} // holds at most one
	// landed say that there is something in arrived; each holds at most one.
	landed [lines]chan struct{}

	mu   sync.Mutex
	jobs map[exhibitID]*fetching // guarded by mu
	// scans is how often the scanner gave no verdict; guarded by mu.
	scans   map[exhibitID]int
	arrived [lines][]arrival // guarded by mu
	// checking is how many objects of each peer are being checked; guarded by mu.
	checking map[seat]int
}

// The lines in which objects wait to be checked, brief ones apart.
const (
	urgentLine = iota
	largeLine
	urgentBriefLine
	briefLine
	lines
)

// A seat is what a peer has of those who check large objects, or brief ones; its
// emergencies have seats of their own.
type seat struct {
	peer   protocol.ParticipantID
	brief  bool
	urgent bool
}

// An arrival is an object of which all blocks are here, or about which there is a
// verdict without them.
type arrival struct {
	exhibitID
	peer    protocol.ParticipantID // whom it came from
	verdict verdict
	urgent  bool
	brief   bool
}

func (a *arrival) line() int {
	switch {
	case a.urgent && a.brief:
		return urgentBriefLine
	case a.urgent:
		return urgentLine
	case a.brief:
		return briefLine
	}
	return largeLine
}

func (a *arrival) seat() seat { return seat{a.peer, a.brief, a.urgent} }

// seats is how many objects of the peer may be checked at a time.
func (a *arrival) seats() int {
	if a.brief {
		return briefCheckersPeer
	}
	return checkersPeer
}

func isBrief(sealed int64) bool { return sealed <= transfer.Brief }

// A fetching is an object on its way.
type fetching struct {
	state desk.EvidenceState // waiting, fetching or checking
	why   string             // it waits
}

func newFetcher() *fetcher {
	f := &fetcher{woken: make(chan struct{}, 1), jobs: map[exhibitID]*fetching{}, scans: map[exhibitID]int{}, checking: map[seat]int{}}
	for line := range f.landed {
		f.landed[line] = make(chan struct{}, 1)
	}
	return f
}

// unjudged counts that the scanner gave no verdict on an object, and returns how often
// that was since it came here, or the node started.
func (f *fetcher) unjudged(x exhibitID) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scans[x]++
	return f.scans[x]
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
		delete(f.scans, x)
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
	line := a.line()
	f.arrived[line] = append(f.arrived[line], a)
	signal(f.landed[line])
}

// next returns an object that is to be checked, of the first of some lines that has
// one, and of one peer only so many at a time. Whoever has one calls checked.
func (f *fetcher) next(of ...int) (a arrival, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, line := range of {
		waiting := f.arrived[line]
		i := slices.IndexFunc(waiting, func(a arrival) bool { return f.checking[a.seat()] < a.seats() })
		if i < 0 {
			continue
		}
		a = waiting[i]
		f.arrived[line] = slices.Delete(waiting, i, i+1)
		f.checking[a.seat()]++
		if len(waiting) > 1 {
			signal(f.landed[line]) // for whoever checks beside
		}
		return a, true
	}
	return a, false
}

func (f *fetcher) checked(a arrival) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.checking[a.seat()]--; f.checking[a.seat()] == 0 {
		delete(f.checking, a.seat())
	}
	for line := range f.arrived {
		if len(f.arrived[line]) > 0 {
			signal(f.landed[line]) // it may be of the peer
		}
	}
}

// showFetching says where an object that the store has as waiting stands.
func (k *Keeper) showFetching(x exhibitID, i *desk.EvidenceItem) {
	k.fetcher.mu.Lock()
	if j := k.fetcher.jobs[x]; j != nil {
		i.State, i.Why = j.state, j.why
	}
	k.fetcher.mu.Unlock()
	if i.State == desk.EvidenceChecking {
		i.Have = i.Total
		return
	}
	if p, ok := k.engine.Progress(x.Object); ok {
		i.Have, i.Rate, i.Left = p.Have, p.Rate, p.Left
		if p.Why != "" {
			i.Why = p.Why
		}
	}
}

// collectStrays drops what was taken in, or passed on, and the store does not name.
// What a disclosure that waits for approval passes on stays: its keys are signed.
func (k *Keeper) collectStrays(ctx context.Context) error {
	for id, objects := range k.vault.Own() {
		err := k.journal.View(ctx, func(r store.Reader) error {
			proposed, err := k.cfg.Cases.Proposed(r, id)
			if err != nil || proposed != nil {
				return err
			}
			for _, tree := range objects {
				_, err := r.Get(exhibitID{id, tree}.key())
				if errors.Is(err, store.ErrNotFound) {
					err = k.vault.Drop(id, tree)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchEvidence has what is pending fetched, and what becomes so, until ctx ends.
func (k *Keeper) fetchEvidence(ctx context.Context) error {
	for {
		blocked, err := k.startFetches(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("exhibit: fetch evidence: %w", err)
		}
		var retry <-chan time.Time
		if blocked {
			retry = time.After(FetchRetry)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.fetcher.woken:
		case <-retry:
		}
	}
}

// startFetches begins with what is pending and nobody is at. It reports whether
// something could not be begun.
func (k *Keeper) startFetches(ctx context.Context) (blocked bool, err error) {
	var pending []exhibitID
	err = k.journal.View(ctx, func(r store.Reader) error {
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
		if !k.fetcher.idle(x) {
			continue
		}
		var why string
		if why, err = k.startFetch(ctx, x); why != "" {
			blocked = true
			k.fetcher.set(x, &fetching{desk.EvidenceWaiting, why})
		}
	}
	return blocked, err
}

// startFetch has an object fetched. It says why it cannot be now.
func (k *Keeper) startFetch(ctx context.Context, x exhibitID) (why string, err error) {
	e, err := k.exhibit(ctx, x)
	if err != nil {
		return "", err
	}
	sealed := stream.SealedSize(e.Object.Size)
	here := arrival{exhibitID: x, peer: e.From, urgent: e.Emergency, brief: isBrief(sealed)}
	if e.Live { // it came as it grew
		k.fetcher.arrive(here)
		return "", nil
	}
	if k.fetcher.taken(x) {
		return "the same bytes are on their way for another case", nil
	}
	if e.Anew {
		err = k.dropDamaged(ctx, x)
	}
	var in *vault.Incoming
	if err == nil {
		in, err = k.vault.Receive(ctx, vault.Receipt{Case: x.Case, Peer: e.From, Tree: x.Object, Size: e.Object.Size,
			Despite: e.Despite, Urgent: e.Emergency})
	}
	switch {
	case errors.Is(err, vault.ErrQuota):
		return "a quota of this node is used up: comity fetch CASE --despite-quota takes it all the same", nil
	case errors.Is(err, vault.ErrNoRoom):
		return "this node's disk has no room for it: make room", nil
	case errors.Is(err, vault.ErrDestroyed):
		return "", k.settleExhibit(ctx, x, verdict{desk.EvidenceDeleted, "its key was destroyed here"})
	case err != nil && ctx.Err() == nil:
		k.cfg.Log.Error("evidence cannot be received", "error", err)
		return "this node's vault does not take it: see its log", nil
	case err != nil:
		return "", err
	}
	if in.Done() {
		err := in.Close()
		k.fetcher.arrive(here)
		return "", err
	}
	k.fetcher.set(x, &fetching{state: desk.EvidenceFetching})
	err = k.engine.Add(transfer.Job{Case: x.Case, Peer: e.From, Act: e.Act, Tree: x.Object,
		Sealed: sealed, Urgent: e.Emergency, Target: &counted{in, k}})
	if err != nil { // it ends, or the bytes are on their way for another case
		k.fetcher.set(x, nil)
		return "the node tries again", in.Close()
	}
	return "", nil
}

// dropDamaged drops what came of an object before it was disclosed once more.
func (k *Keeper) dropDamaged(ctx context.Context, x exhibitID) error {
	if err := k.vault.Drop(x.Case, x.Object); err != nil {
		return err
	}
	_, err := k.journal.Commit(ctx, func(tx *journal.Tx) error {
		e, err := record.Read[exhibit](tx, x.key())
		if err != nil {
			return record.IgnoreMissing(err)
		}
		e.Anew = false
		return record.Write(tx, x.key(), e)
	})
	return err
}

// A counted target counts what comes.
type counted struct {
	transfer.Target
	k *Keeper
}

func (c *counted) Put(i int64, block []byte, proof []protocol.Digest) error {
	err := c.Target.Put(i, block, proof)
	switch {
	case err == nil:
		c.k.fetched("block", len(block))
	case errors.Is(err, evidence.ErrBlock):
		c.k.fetched("wrong", 0)
	default:
		c.k.fetched("failed", 0)
	}
	return err
}

// fetchEnded is called by the engine when it is done with a job.
func (k *Keeper) fetchEnded(j transfer.Job, err error) {
	x := exhibitID{j.Case, j.Tree}
	switch {
	case err == nil:
		k.fetcher.arrive(arrival{exhibitID: x, peer: j.Peer, urgent: j.Urgent, brief: isBrief(j.Sealed)})
		return
	case errors.Is(err, transfer.ErrGone):
		k.fetcher.arrive(arrival{exhibitID: x, peer: j.Peer, urgent: j.Urgent, brief: isBrief(j.Sealed),
			verdict: verdict{desk.EvidenceWaiting, "who disclosed it has it no more"}})
		return
	}
	k.fetcher.set(x, &fetching{desk.EvidenceWaiting, whyNot(err)})
	time.AfterFunc(FetchRetry, k.fetcher.wake)
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

// Lacks reports whether something of a case was not fetched yet.
func (k *Keeper) Lacks(tx *journal.Tx, id protocol.CaseID) (lacks bool, err error) {
	err = exhibitsOf(tx, id, func(_ exhibitID, e exhibit) error {
		lacks = lacks || e.State == desk.EvidenceWaiting
		return nil
	})
	return lacks, err
}

// Fetch implements desk.Exhibits. Whoever fetches what is in quarantine despite
// that takes it out of there.
func (k *Keeper) Fetch(ctx context.Context, id protocol.CaseID, what desk.Fetch) (desk.Evidence, error) {
	for more := true; more; {
		var err error
		if more, err = k.askFor(ctx, id, what); err != nil {
			return desk.Evidence{}, k.cfg.Explain(err)
		}
	}
	k.Wake()
	return k.Evidence(ctx, id)
}

// exhibitsAtOnce is how many objects one commit changes: a case may have very many.
const exhibitsAtOnce = 256

// askFor has some objects of a case fetched, and reports whether there are more.
func (k *Keeper) askFor(ctx context.Context, id protocol.CaseID, what desk.Fetch) (more bool, err error) {
	_, err = k.journal.Commit(ctx, func(tx *journal.Tx) error {
		if _, err := k.cfg.Cases.Case(tx, id); errors.Is(err, store.ErrNotFound) {
			return desk.NoCase()
		}
		changed := map[exhibitID]exhibit{}
		known := false
		more = false
		err := exhibitsOf(tx, id, func(x exhibitID, e exhibit) error {
			if !what.Object.IsZero() && what.Object != x.Object {
				return nil
			}
			known = true
			if len(changed) >= exhibitsAtOnce {
				more = true
				return nil
			}
			switch {
			case e.State == desk.EvidenceWaiting:
				asked := e
				asked.Why, asked.Despite = "", e.Despite || what.Despite
				if _, err := tx.Get(x.pendingKey()); err != nil || asked.Why != e.Why || asked.Despite != e.Despite {
					changed[x] = asked
				}
			case e.State == desk.EvidenceQuarantined && what.Release:
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
			err = errors.Join(err, record.Write(tx, x.key(), e))
			if e.State == desk.EvidenceWaiting {
				err = errors.Join(err, tx.Set(x.pendingKey(), nil))
			}
		}
		return err
	})
	return more, err
}
