// Package badger is the embedded store: one directory, one process, encrypted
// at rest, each Update synced before it returns.
//
// Badger opens in silence when bytes of its files are damaged and drops what
// came after. So Open surveys the files first, byte by byte against their
// checksums, and gives Badger only a directory that passed. What a survey
// cannot see (a log that ends cleanly, but too early) is the journal's anchor's
// to find.
//
// Large values lie in value logs, which only grow: Badger's collection of them
// is not run. It copies what is alive back into the tree beside transactions
// that may be deleting it, and has brought deleted keys back to life that way
// (its issues 2143 and 2286). A node deletes or replaces hardly any large
// value: drafts, each time they are saved and when they are sent, and the state
// of a case once its thread is long. So the dead part of the logs is bounded by
// the drafts ever saved, and for a case of the longest thread by about twice its
// acts. What is deleted stays on the disk, encrypted, for the life of the store.
//
// The package is trusted with the plaintext of the whole node and with the word
// "durable".
package badger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	dgraph "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"comity.example/node/store"
)

const (
	// KeySize is the length of the encryption key, in bytes: AES-256.
	KeySize = 32
	// DefaultReserve is how much disk an Update leaves free, in bytes: what
	// Badger may need at once to flush its memtables, to compact, and to begin
	// its next logs. What it writes to a value log is allocated before.
	DefaultReserve = 256 << 20

	// memTable bounds the newest writes, in bytes, that are held in memory and
	// in one write-ahead log. 15 % of it bounds a Badger transaction, which must
	// take store.MaxTxnBytes and what Badger adds to each key. Twice as much is
	// not faster, and takes 130 MiB more while a node is busy.
	memTable = 16 << 20
	// memTables is how many of them may wait for their flush.
	memTables = 2
	// valueThreshold is the size of the smallest value that goes to the value
	// log, in bytes. Tables are rewritten several times as they grow, a value log
	// never is. So acts, decisions and receipts go there, which are written once;
	// what is written again and again, above all the head of the journal and the
	// cases, does not as long as it is small.
	valueThreshold = 4 << 10
	// valueLog is the size at which Badger begins another value log, in bytes.
	// The newest one is a sparse file of twice that.
	valueLog = 64 << 20
	// allocation is how much of a value log gets its blocks at once, in bytes.
	allocation = 8 << 20
	// beginnings is more than the blocks that Badger's next logs, what it counts
	// and the index of a few tables take, in bytes.
	beginnings = 4 << 20
	// tableSize is the size of the smallest table, in bytes.
	tableSize = 8 << 20
	// baseLevel is the size of the first sorted level, in bytes.
	baseLevel = 64 << 20
	// blockCache and indexCache bound what is kept decrypted in memory, in bytes.
	blockCache = 4 << 20
	indexCache = 8 << 20
	// compactors is the least number that Badger works with.
	compactors = 2
	// closePatience bounds the wait of Close for a store that is broken: its
	// flusher retries for ever.
	closePatience = 5 * time.Second
)

// Config says where a store lives.
type Config struct {
	Dir     string        // made if it does not exist
	Key     [KeySize]byte // the key-encryption key: the caller keeps it
	Log     *slog.Logger  // nil: silence
	Reserve int64         // bytes of disk to leave free; 0: DefaultReserve
}

// A Store is a store.Store in one directory.
type Store struct {
	db      *dgraph.DB
	dir     string
	key     [KeySize]byte
	reserve int64
	lock    *os.File
	log     *logger

	writer sync.Mutex     // held by the one Update that runs
	values valueFile      // guarded by writer
	users  sync.WaitGroup // Views and Updates that run; Add only under mu

	mu     sync.Mutex
	closed bool  // guarded by mu
	broken error // guarded by mu; the first reason why no Update is taken
}

// Open opens the store in c.Dir. It returns store.ErrDamaged when a byte on
// disk is not what was written, store.ErrWrongKey and store.ErrInUse for what
// they say, and store.ErrNoSpace on a disk on which Badger would end the process.
// A crash at any instruction leaves a directory that Open takes.
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("badger: make the directory: %w", err)
	}
	lock, err := lockDir(c.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: c.Dir, key: c.Key, reserve: c.Reserve, lock: lock}
	if s.reserve == 0 {
		s.reserve = DefaultReserve
	}
	s.log = &logger{log: c.Log, fail: s.fail}
	if err := survey(ctx, c.Dir, c.Key[:]); err != nil {
		lock.Close()
		return nil, err
	}
	if err := requireFlush(c.Dir); err != nil {
		lock.Close()
		return nil, fmt.Errorf("badger: open: %w", err)
	}
	if s.db, err = openBadger(s.options()); err != nil {
		lock.Close()
		return nil, err
	}
	if s.values, err = newestValueFile(c.Dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) options() dgraph.Options {
	o := dgraph.DefaultOptions(s.dir)
	o.SyncWrites = true
	o.EncryptionKey = s.key[:]
	o.ValueThreshold = valueThreshold
	o.ValueLogFileSize = valueLog
	o.MemTableSize = memTable
	o.NumMemtables = memTables
	o.BaseTableSize = tableSize
	o.BaseLevelSize = baseLevel
	o.BlockCacheSize = blockCache
	o.IndexCacheSize = indexCache
	o.NumCompactors = compactors
	// Acts are plain JWS, but value logs are never compressed. Tables, of keys,
	// digests and small JSON, are 4 to 16 % of a node's store; Snappy would take
	// 8 to 42 % off them, so under 2 % off the whole, for a survey and a read
	// path that unpack what is damaged.
	o.Compression = options.None
	o.ChecksumVerificationMode = options.OnBlockRead
	o.VerifyValueChecksum = true
	o.DetectConflicts = false // Store.writer lets one Update run at a time
	o.MetricsEnabled = false
	o.Logger = s.log
	return o
}

// openBadger turns a panic over damaged files into ErrDamaged. The survey
// comes first because Badger also ends the process, or panics in goroutines of
// its own, where nobody can recover.
func openBadger(o dgraph.Options) (db *dgraph.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, fmt.Errorf("badger: open: %w: Badger gave up: %.200v", store.ErrDamaged, r)
		}
	}()
	if db, err = dgraph.Open(o); err != nil {
		return nil, fmt.Errorf("badger: open: %w", err)
	}
	return db, nil
}

// begin lets a View or an Update in; the caller calls users.Done.
func (s *Store) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.users.Add(1)
	return nil
}

// fail notes the first reason why the state on disk is unknown. It does so also
// while Close waits: the last Update must hear of it.
func (s *Store) fail(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = reason
	}
}

func (s *Store) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		return nil
	}
	return fmt.Errorf("badger: %w: %w", store.ErrBroken, s.broken)
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, read func(store.Reader) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.users.Done()
	if err := s.failure(); err != nil {
		return err
	}
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	return read(reader{txn})
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, write func(store.Txn) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.users.Done()
	s.writer.Lock()
	defer s.writer.Unlock()
	if err := s.failure(); err != nil {
		return err
	}
	t := &txn{reader: reader{s.db.NewTransaction(true)}}
	defer t.txn.Discard()
	if err := write(t); err != nil {
		return err
	}
	if t.err != nil || !t.wrote {
		return t.err
	}
	if err := s.room(t.logged); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.values.written += t.logged
	if err := t.txn.Commit(); err != nil {
		s.fail(err)
	}
	// Badger tells only its log when a sync in the background went wrong, and
	// when the sync of a value log did. That one is called before the tree hears
	// of the values (writeRequests: vlog.write, and in it a deferred curlf.Sync,
	// then writeToLSM), in the goroutine that Commit waits for. So its complaint
	// is here by now. Pointers to values that are not on disk may be in the tree
	// then; whoever opens the store next finds it damaged, not shorter.
	return s.failure()
}

// Verify implements store.Store. It reads every table and value log as Open
// does; what is still in memory was synced and is not read again.
func (s *Store) Verify(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.users.Done()
	if err := s.failure(); err != nil {
		return err
	}
	return verifyLive(ctx, s.dir, s.key[:], &s.writer)
}

// Size implements store.Store.
func (s *Store) Size() (int64, error) {
	return diskUse(s.dir, "")
}

// Close implements store.Store. The writes of every Update that returned nil
// are durable already; Close only saves the next Open the replay. Of a broken
// store, and on a full disk, where it returns store.ErrNoSpace, it may leave
// goroutines that end with the process.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	broken := s.broken != nil
	s.mu.Unlock()
	s.users.Wait()

	if err := requireFlush(s.dir); err != nil {
		return fmt.Errorf("badger: close: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- s.db.Close() }()
	var patience <-chan time.Time
	if broken {
		patience = time.After(closePatience)
	}
	var err error
	select {
	case err = <-done:
	case <-patience:
		return fmt.Errorf("badger: close: %w: Badger does not stop", store.ErrBroken)
	}
	if err = errors.Join(err, s.lock.Close()); err != nil {
		return fmt.Errorf("badger: close: %w", err)
	}
	return nil
}

// lockName is our own lock: the survey reads files before Badger locks them.
const lockName = "comity.lock"

func lockPath(dir string) string { return filepath.Join(dir, lockName) }
