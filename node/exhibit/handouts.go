package exhibit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

const (
	// HandoutEvery is how long what was handed out may be noted in memory only: a
	// crash loses no more of it.
	HandoutEvery = time.Second
	// MaxHandouts bounds how many are in memory that the store has too.
	MaxHandouts = 4096
)

// A handoutID names what one reader was given of one object.
type handoutID struct {
	exhibitID
	Reader protocol.ParticipantID
}

func (h handoutID) key() []byte {
	return fmt.Appendf(nil, "%s%s/%x/%s", prefixHandout, h.Case, h.Object[:], h.Reader)
}

// A handout is what a reader was given of an object. It counts a block once, however
// often the reader asked for it.
type handout struct {
	Blocks []byte    `json:"blocks,omitempty"` // a bit each, of those that it had; none any more when it had all
	Bytes  int64     `json:"bytes"`
	Last   time.Time `json:"last,omitzero"` // when it had a block that it had not had
	All    time.Time `json:"all,omitzero"`  // when it had the last of them
	Key    time.Time `json:"key,omitzero"`  // when it had the share of the key, first
}

// handouts are those of lately.
type handouts struct {
	dirty chan struct{} // holds at most one: something is not in the store

	mu      sync.Mutex
	held    map[handoutID]*handout // guarded by mu; never changed in place
	unsaved map[handoutID]bool     // guarded by mu
}

func newHandouts() *handouts {
	return &handouts{dirty: make(chan struct{}, 1), held: map[handoutID]*handout{}, unsaved: map[handoutID]bool{}}
}

// see returns a handout, out of memory or of the store: an empty one if there is none.
func (h *handouts) see(r record.Getter, id handoutID) (handout, error) {
	h.mu.Lock()
	held := h.held[id]
	h.mu.Unlock()
	if held != nil {
		return *held, nil
	}
	x, err := record.Read[handout](r, id.key())
	return x, record.IgnoreMissing(err)
}

// change has a handout be what change makes of it, unless that reports that it
// changed nothing. What the store has is read first.
func (k *Keeper) change(ctx context.Context, id handoutID, change func(*handout) bool) error {
	h := k.handouts
	h.mu.Lock()
	defer h.mu.Unlock()
	var next handout
	if h.held[id] == nil {
		h.mu.Unlock()
		err := k.journal.View(ctx, func(r store.Reader) (err error) {
			next, err = h.see(r, id)
			return err
		})
		h.mu.Lock()
		if err != nil {
			return err
		}
	}
	if held := h.held[id]; held != nil { // perhaps since
		next = *held
	}
	next.Blocks = slices.Clone(next.Blocks)
	if !change(&next) {
		return nil
	}
	if h.held[id] == nil && len(h.held) >= MaxHandouts {
		maps.DeleteFunc(h.held, func(id handoutID, _ *handout) bool { return !h.unsaved[id] })
	}
	h.held[id], h.unsaved[id] = &next, true
	signal(h.dirty)
	return nil
}

// handedBlock notes that a reader was given a block. Nothing is refused for want of the
// note.
func (k *Keeper) handedBlock(ctx context.Context, id handoutID, sealed, i int64) {
	err := k.change(ctx, id, func(x *handout) bool {
		if !x.All.IsZero() {
			return false
		}
		if x.Blocks == nil {
			x.Blocks = make([]byte, (evidence.Blocks(sealed)+7)/8)
		}
		if x.Blocks[i/8]&(1<<(i%8)) != 0 {
			return false
		}
		x.Blocks[i/8] |= 1 << (i % 8)
		_, size := evidence.BlockAt(sealed, i)
		x.Bytes, x.Last = x.Bytes+size, k.cfg.Now()
		if x.Bytes == sealed {
			x.All, x.Blocks = x.Last, nil
		}
		return true
	})
	k.logHandout(ctx, err)
}

// handedKey notes that a reader was given the share of a key.
func (k *Keeper) handedKey(ctx context.Context, id handoutID) {
	k.logHandout(ctx, k.change(ctx, id, func(x *handout) bool {
		first := x.Key.IsZero()
		if first {
			x.Key = k.cfg.Now()
		}
		return first
	}))
}

func (k *Keeper) logHandout(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		k.cfg.Log.Error("what a reader was given cannot be noted", "error", err)
	}
}

// noteHandouts has the store know what was handed out, soon after it was, until ctx
// ends.
func (k *Keeper) noteHandouts(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.handouts.dirty:
		}
		late := time.NewTimer(HandoutEvery)
		select {
		case <-ctx.Done():
			late.Stop()
			return nil // the caller of Run saves
		case <-late.C:
		}
		if err := k.Save(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("exhibit: note what was handed out: %w", err)
		}
	}
}

// Save writes what is in memory only.
func (k *Keeper) Save(ctx context.Context) error {
	for {
		some, err := k.saveSome(ctx)
		if err != nil || some < exhibitsAtOnce {
			return err
		}
	}
}

// saveSome writes as much of it as one commit takes, and returns how much.
func (k *Keeper) saveSome(ctx context.Context) (int, error) {
	h := k.handouts
	h.mu.Lock()
	some := len(h.unsaved) > 0
	h.mu.Unlock()
	if !some {
		return 0, nil
	}
	saved := map[handoutID]*handout{}
	_, err := k.journal.Commit(ctx, func(tx *journal.Tx) error {
		h.mu.Lock()
		clear(saved)
		for id := range h.unsaved {
			if len(saved) < exhibitsAtOnce { // the others come next
				saved[id] = h.held[id]
			}
		}
		h.mu.Unlock()
		var err error
		for id, x := range saved {
			err = errors.Join(err, record.Write(tx, id.key(), x))
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, x := range saved {
		if h.held[id] == x { // else it has changed since
			delete(h.unsaved, id)
		}
	}
	return len(saved), nil
}

// served says what each reader of an object of ours was given.
func (k *Keeper) served(r record.Getter, x exhibitID, e *exhibit) ([]desk.Served, error) {
	var out []desk.Served
	for _, reader := range e.Readers {
		h, err := k.handouts.see(r, handoutID{x, reader})
		if err != nil {
			return nil, err
		}
		out = append(out, desk.Served{Reader: reader, Bytes: h.Bytes, Total: stream.SealedSize(e.Object.Size),
			Last: h.Last, All: h.All, Key: h.Key})
	}
	return out, nil
}

// readersBeside returns who may fetch besides ourselves, ascending: those of an earlier
// disclosure of the object too.
func (k *Keeper) readersBeside(before, readers []protocol.ParticipantID) []protocol.ParticipantID {
	all := slices.Concat(before, readers)
	all = slices.DeleteFunc(all, func(id protocol.ParticipantID) bool { return id == k.cfg.Self })
	slices.Sort(all)
	return slices.Compact(all)
}
