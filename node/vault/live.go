package vault

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// A live object grows by segments, each sealed by itself under the object's key. Its
// key is that of its id, as long as it grows; what it became is an object like others,
// by its tree hash, whose entry then has the key: there is one entry with it, so that
// destroying that one destroys it.

// Errors of live objects.
var (
	// ErrSealed says that a live object takes nothing more.
	ErrSealed = errors.New("vault: sealed: it takes nothing more")
	// ErrSegment says that a segment does not open at its place.
	ErrSegment = errors.New("vault: not the segment of that place")
)

// MaxSegment is how many bytes of content one segment has at most.
const MaxSegment = 256 << 10

// maxOpenLogs is how many logs stay open that nobody uses.
const maxOpenLogs = 64

// living are the logs that are open.
type living struct {
	mu   sync.Mutex
	logs map[place]*liveLog // guarded by mu
}

// live has the log of a live object open until done is called. make makes it, if it is
// not there; otherwise that is ErrAbsent.
func (v *Vault) live(p place, make bool) (l *liveLog, done func(), err error) {
	if err := v.standing(p); err != nil {
		return nil, nil, err
	}
	if l, err = v.openLive(p, make); err != nil {
		return nil, nil, err
	}
	l.mu.Lock()
	return l, func() {
		l.mu.Unlock()
		v.living.mu.Lock()
		defer v.living.mu.Unlock()
		l.users--
	}, nil
}

func (v *Vault) openLive(p place, make bool) (l *liveLog, err error) {
	v.living.mu.Lock()
	defer v.living.mu.Unlock()
	if l = v.living.logs[p]; l == nil {
		dir := v.livePath(p)
		switch {
		case exists(dir):
		case !make:
			return nil, ErrAbsent
		default:
			if err := errors.Join(v.disk.mkdir(filepath.Dir(dir)), v.disk.mkdir(dir)); err != nil {
				return nil, err
			}
		}
		if l, err = openLog(p, dir, &v.disk); err != nil {
			return nil, err
		}
		if err := v.closeIdle(maxOpenLogs - 1); err != nil {
			return nil, errors.Join(err, l.file.Close())
		}
		if r, err := v.readEntry(p); err == nil {
			l.sent = peerOf(r)
		}
		v.living.logs[p] = l
	}
	l.users++
	return l, nil
}

// closeIdle closes logs that nobody uses until no more than n are open. The caller
// has locked living.
func (v *Vault) closeIdle(n int) (err error) {
	for p, l := range v.living.logs {
		if len(v.living.logs) <= n {
			break
		}
		if l.users == 0 {
			delete(v.living.logs, p)
			err = errors.Join(err, l.file.Close())
		}
	}
	return err
}

// closeLive closes all logs, when nothing is at them any more.
func (v *Vault) closeLive() (err error) {
	v.living.mu.Lock()
	defer v.living.mu.Unlock()
	for p, l := range v.living.logs {
		l.mu.Lock()
		delete(v.living.logs, p)
		err = errors.Join(err, l.file.Close())
		l.mu.Unlock()
	}
	return err
}

// StartLive begins a live object of our own, under a fresh key of which it returns the
// shares. One that was begun keeps its key.
func (v *Vault) StartLive(id protocol.CaseID, live protocol.Digest) (held, sent evidence.Share, err error) {
	held, sent, err = v.Key(id, live)
	if errors.Is(err, ErrNoKey) {
		held, sent = evidence.Split(stream.NewKey())
		err = v.SetKey(id, live, held, sent)
	}
	if err == nil {
		err = v.begin(id, live)
	}
	return held, sent, err
}

// An Awaited live object comes from a peer.
type Awaited struct {
	Case protocol.CaseID
	Live protocol.Digest
	Peer protocol.ParticipantID
}

// AwaitLive begins a live object that comes from a peer, against whose quota it counts.
func (v *Vault) AwaitLive(a Awaited, held, sent evidence.Share) error {
	p, err := at(a.Case, a.Live)
	if err != nil {
		return err
	}
	if err := v.SetKey(a.Case, a.Live, held, sent); err != nil {
		return err
	}
	unlock := v.object(a.Live)
	r, err := v.readEntry(p)
	if err == nil && peerOf(r) != a.Peer {
		copy(r.Peer[:], a.Peer)
		err = v.setEntry(p, r)
	}
	unlock()
	if err != nil {
		return fmt.Errorf("vault: await: %w", err)
	}
	return v.begin(a.Case, a.Live)
}

func (v *Vault) begin(id protocol.CaseID, live protocol.Digest) error {
	p, err := at(id, live)
	if err != nil {
		return err
	}
	_, done, err := v.live(p, true)
	if err != nil {
		return fmt.Errorf("vault: begin a live object: %w", err)
	}
	done()
	return nil
}

// Append seals content as the next segment of a live object of our own. When it returns
// nil the segment is durable. ErrSealed after Finish.
func (v *Vault) Append(id protocol.CaseID, live protocol.Digest, content []byte) (seq int64, err error) {
	if len(content) == 0 || len(content) > MaxSegment {
		return 0, fmt.Errorf("vault: append: want 1 to %d bytes", MaxSegment)
	}
	p, err := at(id, live)
	if err != nil {
		return 0, err
	}
	l, done, err := v.live(p, false)
	if err != nil {
		return 0, fmt.Errorf("vault: append: %w", err)
	}
	defer done()
	seq = int64(len(l.frames))
	if l.closed {
		return 0, ErrSealed
	}
	if seq >= protocol.MaxSegments {
		return 0, fmt.Errorf("vault: append: want at most %d segments", protocol.MaxSegments)
	}
	held, sent, err := v.Key(id, live)
	if err != nil {
		return 0, err
	}
	var sealed bytes.Buffer
	w, err := stream.NewWriter(&sealed, evidence.Join(held, sent), evidence.SegmentContext(id, live, seq))
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return 0, fmt.Errorf("vault: append: %w", err)
	}
	if err := v.putLive(l, seq, sealed.Bytes(), content); err != nil {
		return 0, fmt.Errorf("vault: append: %w", err)
	}
	return seq, nil
}

// PutSegment keeps a segment that came. It is authenticated by opening it: ErrSegment.
// One that is here already is taken once more.
func (v *Vault) PutSegment(id protocol.CaseID, live protocol.Digest, seq int64, sealed []byte) error {
	p, err := at(id, live)
	if err != nil {
		return err
	}
	if seq < 0 || seq >= protocol.MaxSegments || len(sealed) == 0 || len(sealed) > wire.MaxSegment {
		return fmt.Errorf("vault: put a segment: %w", ErrSegment)
	}
	plain, err := v.openSegment(id, live, seq, sealed)
	if err != nil {
		return fmt.Errorf("vault: put a segment: %w", err)
	}
	l, done, err := v.live(p, true)
	if err != nil {
		return fmt.Errorf("vault: put a segment: %w", err)
	}
	defer done()
	switch {
	case l.has(seq):
		return nil
	case l.closed:
		return ErrSealed
	case seq > int64(len(l.frames))+MaxAhead:
		return fmt.Errorf("vault: put a segment: %w: %d, of %d", ErrSegment, seq, len(l.frames))
	}
	if err := v.putLive(l, seq, sealed, plain); err != nil {
		return fmt.Errorf("vault: put a segment: %w", err)
	}
	return nil
}

// putLive makes a segment durable, if there is room and quota for it.
func (v *Vault) putLive(l *liveLog, seq int64, sealed, plain []byte) error {
	n := int64(len(sealed))
	room := v.spare()
	if room < n+frameHeader { // what comes only once is not kept out by what was announced
		return ErrNoRoom
	}
	v.mu.Lock()
	err := v.index.within(v.quota, l.at.id, l.sent, n)
	if err == nil {
		err = v.index.withinShare(v.quota, room, l.sent, n)
	}
	if err == nil {
		v.index.use(l.at.id, l.sent, n)
	}
	v.mu.Unlock()
	if err != nil {
		return err
	}
	if err := l.put(seq, sealed); err != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.index.use(l.at.id, l.sent, -n)
		return err
	}
	return l.sums.add(seq, sealed, plain)
}

// openSegment returns what a sealed segment holds.
func (v *Vault) openSegment(id protocol.CaseID, live protocol.Digest, seq int64, sealed []byte) ([]byte, error) {
	held, sent, err := v.Key(id, live)
	if err != nil {
		return nil, err
	}
	return openedSegment(evidence.Join(held, sent), evidence.SegmentContext(id, live, seq), sealed)
}

func openedSegment(key stream.Key, context, sealed []byte) ([]byte, error) {
	r, err := stream.NewReader(bytes.NewReader(sealed), key, context)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSegment, err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSegment, err)
	}
	return plain, nil
}

// Segment returns a sealed segment: ErrAbsent if it is not here.
func (v *Vault) Segment(id protocol.CaseID, live protocol.Digest, seq int64) ([]byte, error) {
	p, err := at(id, live)
	if err != nil {
		return nil, err
	}
	l, done, err := v.live(p, false)
	if err != nil {
		return nil, fmt.Errorf("vault: segment: %w", err)
	}
	defer done()
	b, err := l.segment(seq)
	if err != nil {
		return nil, fmt.Errorf("vault: segment: %w", err)
	}
	return b, nil
}

// PlainSegment returns what a segment holds.
func (v *Vault) PlainSegment(id protocol.CaseID, live protocol.Digest, seq int64) ([]byte, error) {
	sealed, err := v.Segment(id, live, seq)
	if err != nil {
		return nil, err
	}
	plain, err := v.openSegment(id, live, seq, sealed)
	if errors.Is(err, ErrSegment) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return plain, err
}

// Segments returns how many segments are here, which are not before the last of them,
// and how many bytes those that are here hold.
func (v *Vault) Segments(id protocol.CaseID, live protocol.Digest) (have int64, gaps []int64, size int64, err error) {
	p, err := at(id, live)
	if err != nil {
		return 0, nil, 0, err
	}
	l, done, err := v.live(p, false)
	if err != nil {
		return 0, nil, 0, fmt.Errorf("vault: segments: %w", err)
	}
	defer done()
	return l.have, l.gaps(), l.holds, nil
}

// Finish has a live object of our own take nothing more, for ever, and returns what it
// became: an object that Open reads, unless it has no segments. Who finishes it again
// is told the same.
func (v *Vault) Finish(id protocol.CaseID, live protocol.Digest) (taken Taken, segments int64, err error) {
	p, err := at(id, live)
	if err != nil {
		return taken, 0, err
	}
	l, done, err := v.live(p, false)
	if err != nil {
		return taken, 0, fmt.Errorf("vault: finish: %w", err)
	}
	defer done()
	if err := v.shut(l); err != nil {
		return taken, 0, fmt.Errorf("vault: finish: %w", err)
	}
	if l.have == 0 {
		return taken, 0, nil
	}
	r, err := v.became(l)
	if err != nil {
		return taken, 0, fmt.Errorf("vault: finish: %w", err)
	}
	tree, err := v.settleLive(l, r)
	if err != nil {
		return taken, 0, fmt.Errorf("vault: finish: %w", err)
	}
	return Taken{Tree: tree, Size: r.Size, Sealed: r.Sealed, SHA512: hex.EncodeToString(r.SHA512[:])}, r.Segments, nil
}

// Adopt has what came of a live object be the object that was signed, which Open reads
// from then on: ErrIncomplete if segments are missing, ErrDamaged if what came is
// something else.
func (v *Vault) Adopt(id protocol.CaseID, live protocol.Digest, product protocol.Object) error {
	p, err := at(id, live)
	if err != nil {
		return err
	}
	l, done, err := v.live(p, false)
	if err != nil {
		return fmt.Errorf("vault: adopt: %w", err)
	}
	defer done()
	if n := int64(len(l.frames)); l.have < n || n < product.Segments {
		return fmt.Errorf("vault: adopt: %w", ErrIncomplete)
	}
	r, err := v.became(l)
	if err != nil {
		return fmt.Errorf("vault: adopt: %w", err)
	}
	tree, err := l.sums.tree.Hash()
	switch {
	case err != nil:
		return fmt.Errorf("vault: adopt: %w", err)
	case tree != product.Tree || r.Size != product.Size || r.Segments != product.Segments ||
		hex.EncodeToString(r.SHA512[:]) != product.SHA512:
		return fmt.Errorf("vault: adopt: %w: it is not what was signed", ErrDamaged)
	}
	if err := v.shut(l); err != nil {
		return fmt.Errorf("vault: adopt: %w", err)
	}
	if _, err := v.settleLive(l, r); err != nil {
		return fmt.Errorf("vault: adopt: %w", err)
	}
	return nil
}

// shut has a log take nothing more.
func (v *Vault) shut(l *liveLog) error {
	l.closed = true
	if path := filepath.Join(l.dir, closedName); !exists(path) {
		return v.place(nil, path)
	}
	return nil
}

// became returns the entry of what a live object became.
func (v *Vault) became(l *liveLog) (*record, error) {
	held, sent, err := v.Key(l.at.id, l.at.object)
	if err != nil {
		return nil, err
	}
	key := evidence.Join(held, sent)
	err = l.sum(func(seq int64, sealed []byte) ([]byte, error) {
		plain, err := openedSegment(key, evidence.SegmentContext(l.at.id, l.at.object, seq), sealed)
		if errors.Is(err, ErrSegment) {
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return plain, err
	})
	if err != nil {
		return nil, err
	}
	r := &record{Refers: true, Whole: true, Size: l.sums.size, Sealed: l.sums.sealed, Held: held, Sent: sent,
		Live: l.at.object, Segments: l.have}
	copy(r.SHA512[:], l.sums.sha.Sum(nil))
	copy(r.Peer[:], l.sent)
	return r, nil
}

// settleLive gives what a live object became its entry, and takes out the one by the
// id: the key has moved.
func (v *Vault) settleLive(l *liveLog, r *record) (protocol.Digest, error) {
	tree, err := l.sums.tree.Hash()
	if err != nil {
		return tree, err
	}
	p := place{l.at.id, tree}
	unlock := v.object(tree)
	v.mu.Lock()
	e := v.index.get(p)
	v.mu.Unlock()
	if e == nil || !e.refers {
		if err = v.standing(p); err == nil {
			err = v.setEntry(p, r)
		}
		if err == nil {
			v.mu.Lock()
			v.index.use(l.at.id, l.sent, -l.bytes) // it counts as the object that it became
			v.mu.Unlock()
		}
	}
	unlock()
	if err != nil {
		return tree, err
	}
	defer v.object(l.at.object)()
	if err := v.disk.shred(v.entryPath(l.at)); err != nil {
		return tree, err
	}
	v.mu.Lock()
	v.index.clear(l.at)
	v.mu.Unlock()
	return tree, v.disk.syncDir(v.casePath(l.at.id))
}

// product returns the place of what a live object became, if it became one.
func (v *Vault) product(p place) (place, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for object, e := range v.index.cases[p.id] {
		if e.live == p.object {
			return place{p.id, object}, true
		}
	}
	return p, false
}

// removeLive removes the segments of a live object that may be there.
func (v *Vault) removeLive(p place) error {
	path := v.livePath(p)
	if !exists(path) {
		return nil
	}
	v.living.mu.Lock()
	defer v.living.mu.Unlock()
	var err error
	if l := v.living.logs[p]; l != nil { // whoever is at it finds it closed
		delete(v.living.logs, p)
		err = l.file.Close()
	}
	return errors.Join(err, v.disk.do("remove", func() error { return os.RemoveAll(path) }))
}

// destroyLive ends the live object that became an object whose key is destroyed: its
// key does not come back under its id either.
func (v *Vault) destroyLive(p place) error {
	if !exists(v.gonePath(p)) {
		if err := v.place(nil, v.gonePath(p)); err != nil {
			return err
		}
	}
	v.mu.Lock()
	v.index.set(p, &entry{gone: true})
	v.mu.Unlock()
	return v.removeLive(p)
}

// loadLive counts the live objects, and removes those whose key is not there any more.
func (v *Vault) loadLive(context.Context) error {
	cases, err := os.ReadDir(v.folder(liveFolder))
	if err != nil {
		return err
	}
	for _, c := range cases {
		id, err := protocol.ParseCaseID(c.Name())
		if err != nil {
			continue
		}
		objects, err := os.ReadDir(filepath.Join(v.folder(liveFolder), c.Name()))
		if err != nil {
			return err
		}
		for _, o := range objects {
			if object, suffix, ok := named(o.Name()); ok && suffix == "" {
				if err := v.loadLog(place{id, object}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (v *Vault) loadLog(p place) error {
	if _, became := v.product(p); became {
		// A crash may have left the entry by the id beside that of what it became.
		if v.index.get(p) == nil {
			return nil
		}
		v.index.clear(p)
		return v.disk.shred(v.entryPath(p))
	}
	e := v.index.get(p)
	if e == nil || e.gone {
		return v.removeLive(p)
	}
	info, err := os.Stat(filepath.Join(v.livePath(p), logName))
	if err != nil {
		return nil // nothing came yet
	}
	l, done, err := v.live(p, false)
	if err != nil {
		return fmt.Errorf("a live object of %d bytes: %w", info.Size(), err)
	}
	defer done()
	v.index.use(p.id, l.sent, l.bytes)
	return nil
}
