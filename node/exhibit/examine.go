package exhibit

import (
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/scan"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

const (
	// checkers is how many objects are checked side by side, beside one of an
	// emergency: a large one is read for hours.
	checkers = 3
	// checkersPeer is how many of them are of one peer, which may be slow to hand out
	// its share of a key.
	checkersPeer = 2
	// briefCheckers and briefCheckersPeer are the same for brief objects: those wait
	// for disks and peers, and what they write is synced together.
	briefCheckers     = 16
	briefCheckersPeer = 12
)

// checkEvidence checks what has arrived, one object after the other and emergencies
// first, until ctx ends.
func (k *Keeper) checkEvidence(ctx context.Context) error {
	return k.checkArrived(ctx, urgentLine, largeLine)
}

// checkEmergencies does so for emergencies alone, which wait for nothing ordinary.
func (k *Keeper) checkEmergencies(ctx context.Context) error {
	return k.checkArrived(ctx, urgentBriefLine, urgentLine)
}

// checkBrief does so for what is brief, which waits for nothing large.
func (k *Keeper) checkBrief(ctx context.Context) error {
	return k.checkArrived(ctx, urgentBriefLine, briefLine)
}

func (k *Keeper) checkArrived(ctx context.Context, first, then int) error {
	f := k.fetcher
	for {
		for a, ok := f.next(first, then); ok && ctx.Err() == nil; a, ok = f.next(first, then) {
			k.check(ctx, a.exhibitID, a.verdict)
			f.checked(a)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.landed[first]:
		case <-f.landed[then]:
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
func (k *Keeper) check(ctx context.Context, x exhibitID, v verdict) {
	var err error
	if v.state == "" {
		v, err = k.examine(ctx, x)
		if errors.Is(err, scan.ErrScan) && k.fetcher.unjudged(x) >= ScanTries {
			v, err = verdict{desk.EvidenceQuarantined, "the scanner gave no verdict"}, nil
		}
	}
	if err == nil {
		err = k.settleExhibit(ctx, x, v)
	}
	if err == nil {
		k.fetcher.set(x, nil)
		return
	}
	why := "it cannot be checked now: the node tries again"
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, errShareLater):
		why = "all of it is here but a share of its key, which its holder does not hand out now: the node tries again"
	case errors.Is(err, errRotten):
		why = "what came was changed on this node's disk: the node fetches it again"
	case errors.Is(err, scan.ErrScan):
		why = "the scanner gives no verdict: the node tries again"
	}
	k.cfg.Log.Warn("evidence is not checked yet", "error", err)
	k.fetcher.set(x, &fetching{desk.EvidenceWaiting, why})
	time.AfterFunc(FetchRetry, k.fetcher.wake)
}

// errShareLater says that the holder of a share did not hand it out this time.
var errShareLater = errors.New("exhibit: no share of the key for now")

// errRotten says that what came is not what lies on the disk any more: nobody but
// this node is to blame.
var errRotten = errors.New("exhibit: an object was changed on the disk")

// rotten returns errRotten, and has an object fetched once more, where its bytes are
// not those that came. An interception comes only once.
func (k *Keeper) rotten(ctx context.Context, x exhibitID) error {
	if sound, err := k.vault.Sound(ctx, x.Object); err != nil || sound {
		return err
	}
	_, err := k.journal.Commit(ctx, func(tx *journal.Tx) error {
		e, err := record.Read[exhibit](tx, x.key())
		if err != nil {
			return err
		}
		e.Anew = true
		return record.Write(tx, x.key(), e)
	})
	return cmp.Or(err, errRotten)
}

func (k *Keeper) examine(ctx context.Context, x exhibitID) (verdict, error) {
	v, err := k.compareExhibit(ctx, x)
	if err == nil && v == unopenable {
		e, missing := k.exhibit(ctx, x)
		if missing == nil && !e.Live {
			err = k.rotten(ctx, x)
		}
	}
	return v, err
}

func (k *Keeper) compareExhibit(ctx context.Context, x exhibitID) (verdict, error) {
	e, err := k.exhibit(ctx, x)
	if err != nil {
		return verdict{}, err
	}
	if v, err := k.joinKey(ctx, x, &e); err != nil || v.state != "" {
		return v, err
	}
	content, err := k.vault.Open(x.Case, x.Object, e.Bound)
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
	if e.Object.Role == protocol.RoleList {
		whole, err := k.listed(ctx, &e, content)
		if err != nil {
			return verdict{}, err
		}
		if !whole {
			return verdict{desk.EvidenceDamaged, "it is no list of the files that were disclosed with it"}, nil
		}
	}
	if len(k.cfg.Scanner.Args) > 0 {
		found, err := k.cfg.Scanner.Scan(ctx, io.NewSectionReader(content, 0, content.Size()))
		switch {
		case err != nil:
			return verdict{}, err
		case found:
			return verdict{desk.EvidenceQuarantined, "the scanner found something in it"}, nil
		}
	}
	return verdict{state: desk.EvidenceComplete}, nil
}

// listed reports whether content lists every byte of the packs that were disclosed
// with it. That the files have the digests in the list, whoever takes them out of the
// packs sees.
func (k *Keeper) listed(ctx context.Context, e *exhibit, content *vault.Content) (bool, error) {
	var m *manifest
	err := k.journal.View(ctx, func(r store.Reader) error {
		act, err := k.cfg.Cases.Act(r, e.In)
		if err != nil {
			return err
		}
		m, err = manifestIn(act)
		return err
	})
	if err != nil {
		return false, err
	}
	list := evidence.NewListReader(io.NewSectionReader(content, 0, content.Size()), m.list())
	for ctx.Err() == nil {
		_, err := list.Next()
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case errors.Is(err, vault.ErrClosed):
			return false, err
		case err != nil:
			return false, nil
		}
	}
	return false, ctx.Err()
}

// unopenable is the verdict on what does not open.
var unopenable = verdict{desk.EvidenceDamaged, "it does not open under the key that was disclosed"}

// unopened returns the verdict on what does not open, though its bytes are those
// that were signed: whoever sealed it sealed something else.
func unopened(err error) (verdict, bool) {
	for _, is := range []error{stream.ErrKey, stream.ErrChanged, stream.ErrTruncated} {
		if errors.Is(err, is) {
			return unopenable, true
		}
	}
	return verdict{}, false
}

// joinKey puts both shares of an object's key into the vault. A verdict says that
// there is no key to be had.
func (k *Keeper) joinKey(ctx context.Context, x exhibitID, e *exhibit) (verdict, error) {
	if _, _, err := k.vault.Key(x.Case, x.Object); err == nil {
		return verdict{}, nil
	}
	sent, err := k.sealedShare(ctx, x, e)
	if errors.Is(err, errNoShare) {
		return verdict{desk.EvidenceDamaged, "the disclosure has no key to it for this participant"}, nil
	}
	if err != nil {
		return verdict{}, err
	}
	answer, err := k.cfg.Exchange(ctx, e.From, &wire.ShareQuery{Act: e.Act, Object: x.Object})
	if err != nil {
		return verdict{}, fmt.Errorf("%w: %w", errShareLater, err)
	}
	switch m := answer.(type) {
	case *wire.Share:
		k.fetched("share", 0)
		return verdict{}, k.vault.SetKey(x.Case, x.Object, m.Share, sent)
	case *wire.Nothing:
		return verdict{desk.EvidenceWaiting, "who disclosed it has destroyed the other share of its key"}, nil
	}
	return verdict{}, errShareLater
}

// settleExhibit makes the verdict on an object last, and tells people when nothing
// of the case is on its way any more.
func (k *Keeper) settleExhibit(ctx context.Context, x exhibitID, v verdict) error {
	_, err := k.journal.Commit(ctx, func(tx *journal.Tx) error {
		e, err := record.Read[exhibit](tx, x.key())
		if err != nil || e.State != desk.EvidenceWaiting {
			return errors.Join(record.IgnoreMissing(err), tx.Delete(x.pendingKey()))
		}
		e.State, e.Why = v.state, v.why
		if err := errors.Join(record.Write(tx, x.key(), e), tx.Delete(x.pendingKey())); err != nil {
			return err
		}
		return k.tellEvidence(tx, x.Case)
	})
	if err == nil {
		k.cfg.Told()
	}
	return err
}

// tellEvidence tells that all the evidence of a case that was asked for is here.
func (k *Keeper) tellEvidence(tx *journal.Tx, id protocol.CaseID) error {
	left := false
	g := store.Range{Prefix: []byte(prefixFetch + string(id) + "/"), Limit: 1, KeysOnly: true}
	err := tx.Scan(g, func(_, _ []byte) (bool, error) { left = true; return false, nil })
	if err != nil || left {
		return err
	}
	c, err := k.cfg.Cases.Case(tx, id)
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
	return k.cfg.Tell(tx, c, "the evidence is here"+worst)
}
