// Package upload takes in evidence from a provider's own systems over HTTP, with
// the tus protocol 1.0 (https://tus.io): an upload that breaks off goes on where it
// stopped, also after the node was started again.
//
// What has come lies in segments below one folder, each sealed (package
// crypto/stream) under a random key of its upload, which lies in the upload's
// record, sealed under the key of the store. The names of files are in the record
// too. When the last byte is there the content is given to TakeIn, which seals it
// for its case; then the key is destroyed and the segments are removed. So no
// plaintext ever rests on disk here, but until then an upload takes its room twice.
//
// On disk, of each upload, in a folder with a random name:
//
//	record     what the upload is, sealed
//	00000000   the first segment, at most SegmentBytes of content, then the next
//	done       the object that it became, sealed: record and segments are removed
//
// A segment appears under its name when it is synced. After a crash what lies under
// other names is removed; what was lost the client sends again.
//
// The package is trusted with the content of uploads until it is taken in, and with
// showing each uploader its own alone. Whom uploads may be taken from, the token in
// front of the handler says.
package upload

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tus/tusd/v2/pkg/memorylocker"

	"comity.example/crypto/stream"
	"comity.example/protocol"
)

// Limits of uploads.
const (
	// MaxUploads is how many uploads there may be at once, in all cases together.
	MaxUploads = 1024
	// MaxOwn is how many of them one uploader may have that are not taken in, so that
	// it does not keep the others out.
	MaxOwn = 256
	// OwnShare is how much of the room that is left those may be promised, in percent,
	// for the same reason.
	OwnShare = 75
	// MaxSize bounds one upload, in bytes.
	MaxSize = protocol.MaxObject
	// SegmentBytes is how much content is in a segment, at most: what a node that
	// is killed while a client sends loses.
	SegmentBytes = 64 << 20
	// MaxSegments bounds the segments of one upload: whoever sends it in pieces of
	// a few bytes comes to an end.
	MaxSegments = 1 << 17
	// MaxSmall is how many of them may have less than SmallSegment bytes each, taken
	// together: each costs the disk a file, of which it does not have many.
	MaxSmall     = 1 << 10
	SmallSegment = 64 << 10
	// Abandon is how long nothing may come before an upload is removed.
	Abandon = 72 * time.Hour
	// Remember is how long a client can still ask what became of its upload.
	Remember = 24 * time.Hour
	// sweepEvery is how often uploads are looked at that nobody goes on with.
	sweepEvery = time.Hour
)

// Errors of uploads.
var (
	ErrNoRoom   = errors.New("upload: the disk has no room for it")
	ErrTooMany  = errors.New("upload: there are too many uploads at once")
	ErrSegments = errors.New("upload: it came in too many pieces")
	errClosed   = errors.New("upload: the node is stopping")
	errAbsent   = errors.New("upload: no such upload")
)

// An About says what is uploaded.
type About struct {
	Case      protocol.CaseID
	Name      string
	MediaType string
	// Collected and Collector are as of protocol.Object.
	Collected time.Time
	Collector string
}

// Config is what a Store works with.
type Config struct {
	Dir string // data/uploads; it is made
	Key stream.Key
	// Admit says, before a byte is taken, whether evidence may be taken in for a
	// case. nil: TakeIn says so at the end.
	Admit func(ctx context.Context, id protocol.CaseID) error
	// TakeIn seals what was uploaded into the vault.
	TakeIn func(ctx context.Context, about About, content io.Reader) (protocol.Object, error)
	// Known says whether there still is an uploader of that name: what one that is gone
	// did not finish is removed. nil: there always is.
	Known func(by string) bool
	// Room is how many bytes may still be written to the disk.
	Room func() int64
	// Explain returns the HTTP status and the words of an error of Admit or TakeIn.
	Explain func(err error) (status int, text string)
	Now     func() time.Time
	Log     *slog.Logger
}

// A Store keeps uploads until they are taken in.
type Store struct {
	cfg    Config
	locker *memorylocker.MemoryLocker
	ctx    context.Context // ends with Close, and what is being taken in with it
	stop   context.CancelFunc
	taking sync.WaitGroup

	mu      sync.Mutex // guards what follows, and the fields of uploads that say so
	uploads map[string]*entry
	closed  bool
}

// An entry is one upload.
type entry struct {
	store *Store
	id    string
	record

	// Guarded by the store's mu.
	offset   int64
	segments int
	touched  time.Time
	busy     int              // requests that write to it, or take it in
	object   *protocol.Object // once it was taken in
}

// Open returns the store in a folder. Uploads that were not finished go on.
func Open(cfg Config) (*Store, error) {
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	s := &Store{cfg: cfg, locker: memorylocker.New(), uploads: map[string]*entry{}}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("upload: open: %w", err)
	}
	folders, err := os.ReadDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("upload: open: %w", err)
	}
	for _, f := range folders {
		e, err := s.load(f.Name())
		if err != nil {
			return nil, err
		}
		if e != nil {
			s.uploads[e.id] = e
		}
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.Sweep()
	return s, nil
}

// Run removes what nobody goes on with, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			s.Sweep()
		}
	}
}

// Close ends what is being taken in: it is taken in anew when the client asks for
// it, or sends again.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.taking.Wait()
	return nil
}

// Sweep removes the uploads that nobody went on with, or will, and forgets those that
// were taken in a while ago.
func (s *Store) Sweep() {
	now, gone := s.cfg.Now(), s.gone()
	s.mu.Lock()
	var old []*entry
	for _, e := range s.uploads {
		age := now.Sub(e.touched)
		if e.busy == 0 && (age > Abandon || e.object != nil && age > Remember || e.object == nil && gone[e.By]) {
			old = append(old, e)
			delete(s.uploads, e.id)
		}
	}
	s.mu.Unlock()
	for _, e := range old {
		if err := e.destroy(); err != nil {
			s.cfg.Log.Warn("an upload could not be removed", "error", err)
		}
	}
	if len(old) > 0 {
		s.cfg.Log.Info("uploads removed", "uploads", len(old))
	}
}

// gone returns which uploaders there are no more.
func (s *Store) gone() map[string]bool {
	out := map[string]bool{}
	if s.cfg.Known == nil {
		return out
	}
	s.mu.Lock()
	for _, e := range s.uploads {
		out[e.By] = false
	}
	s.mu.Unlock()
	for by := range out {
		out[by] = by != "" && !s.cfg.Known(by)
	}
	return out
}

// create makes a new upload, if there is room for it.
func (s *Store) create(r record) (*entry, error) {
	s.Sweep()
	r.Key = stream.NewKey()
	e := &entry{store: s, id: strings.ToLower(rand.Text()), touched: s.cfg.Now(), record: r}
	if err := s.add(e); err != nil {
		return nil, err
	}
	if err := e.writeRecord(); err != nil {
		s.mu.Lock()
		delete(s.uploads, e.id)
		s.mu.Unlock()
		return nil, errors.Join(err, e.destroy())
	}
	return e, nil
}

// add takes an upload into the list. What all uploads still want to write is never
// more than what the disk has.
func (s *Store) add(e *entry) error {
	room := s.cfg.Room()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if len(s.uploads) >= MaxUploads && !s.forget() {
		return ErrTooMany
	}
	promised := 2 * stream.SealedSize(e.Size) // here, and in the vault
	own, owns := promised, 0
	for _, other := range s.uploads {
		if other.object != nil {
			continue
		}
		wants := 2*stream.SealedSize(other.Size) - other.offset
		promised += wants
		if other.By == e.By {
			own, owns = own+wants, owns+1
		}
	}
	if e.By != "" && owns >= MaxOwn {
		return ErrTooMany
	}
	if promised > room || e.By != "" && own > room/100*OwnShare {
		return ErrNoRoom
	}
	s.uploads[e.id] = e
	return nil
}

// forget removes the upload that was taken in the longest ago. mu is held.
func (s *Store) forget() bool {
	var oldest *entry
	for _, e := range s.uploads {
		if e.object != nil && e.busy == 0 && (oldest == nil || e.touched.Before(oldest.touched)) {
			oldest = e
		}
	}
	if oldest == nil {
		return false
	}
	delete(s.uploads, oldest.id)
	if err := oldest.destroy(); err != nil {
		s.cfg.Log.Warn("an upload could not be removed", "error", err)
	}
	return true
}

// find returns an upload of the case.
func (c *ofCase) find(id string) (*entry, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	e := c.s.uploads[id]
	if e == nil || e.About.Case != c.id || c.by != "" && e.By != c.by {
		return nil, errAbsent
	}
	return e, nil
}

// remove forgets an upload, and destroys what has come of it.
func (s *Store) remove(e *entry) error {
	s.mu.Lock()
	delete(s.uploads, e.id)
	s.mu.Unlock()
	return e.destroy()
}

// begin keeps an upload from being swept, until the function is called that it returns.
func (e *entry) begin() (func(), error) {
	s := e.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	e.busy++
	s.taking.Add(1)
	return func() {
		s.mu.Lock()
		e.busy--
		e.touched = s.cfg.Now()
		s.mu.Unlock()
		s.taking.Done()
	}, nil
}

// state returns how much has come, and what became of it.
func (e *entry) state() (offset int64, object *protocol.Object) {
	e.store.mu.Lock()
	defer e.store.mu.Unlock()
	return e.offset, e.object
}

// append writes what src has into segments, and returns how much of it is durable.
// Nobody else writes to the upload: the handler holds its lock.
func (e *entry) append(src io.Reader) (int64, error) {
	end, err := e.begin()
	if err != nil {
		return 0, err
	}
	defer end()
	total := int64(0)
	for {
		n, err := e.writeSegment(io.LimitReader(src, SegmentBytes))
		total += n
		if err != nil || n < SegmentBytes {
			return total, err
		}
	}
}

// take has a whole upload taken in, once. It is not ended by a client that goes
// away: what it has sent is all here.
func (e *entry) take() (err error) {
	if _, object := e.state(); object != nil {
		return nil
	}
	end, err := e.begin()
	if err != nil {
		return err
	}
	defer end()
	s := e.store
	content := e.content()
	defer func() { err = errors.Join(err, content.Close()) }()
	o, err := s.cfg.TakeIn(s.ctx, e.About, content)
	if err != nil {
		return err
	}
	if o.Size != e.Size {
		return fmt.Errorf("upload: %d bytes were taken in of %d", o.Size, e.Size)
	}
	if err := e.finish(&o); err != nil {
		return err
	}
	s.mu.Lock()
	e.object = &o
	s.mu.Unlock()
	s.cfg.Log.Info("an upload was taken in", "bytes", o.Size)
	return nil
}

// segmentName is the name of a segment's file.
func segmentName(n int) string { return fmt.Sprintf("%08d", n) }

// inOrder returns the segments among the files of a folder. They are numbered
// without a gap: each was synced before the next was begun.
func inOrder(files []os.DirEntry) (segments []string, rest []string) {
	for _, f := range files {
		rest = append(rest, f.Name())
	}
	for slices.Contains(rest, segmentName(len(segments))) {
		name := segmentName(len(segments))
		segments = append(segments, name)
		rest = slices.DeleteFunc(rest, func(s string) bool { return s == name })
	}
	return segments, rest
}
