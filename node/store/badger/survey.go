package badger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	dgraph "github.com/dgraph-io/badger/v4"

	"comity.example/node/store"
)

// Badger's own names of files.
const (
	manifestName = dgraph.ManifestFilename
	registryName = dgraph.KeyRegistryFileName
	tableSuffix  = ".sst"
	walSuffix    = ".mem"
	vlogSuffix   = ".vlog"
	// discardName is where Badger counts what the collection of value logs would
	// gain. It has no checksum, and Badger panics over a short one.
	discardName = "DISCARD"
)

// A directory is what a survey finds in one.
type directory struct {
	path     string
	names    map[string]int64 // name to size, in bytes
	wals     []uint64         // ids, ascending
	tables   []uint64
	vlogs    []uint64
	keys     *dataKeys
	manifest dgraph.Manifest
	reach    reach // of the tables and logs that were checked
}

// survey reads every byte that Badger will rely on and returns
// store.ErrDamaged if one of them is not what was written. If all are, it takes
// away what a crash leaves: the torn end of a log of values, and files of
// length zero, on which Badger would not open.
func survey(ctx context.Context, path string, key []byte) (err error) {
	defer damaged(&err)
	d, err := list(path)
	if err != nil {
		return err
	}
	if fresh, err := d.fresh(); fresh || err != nil {
		return err
	}
	if d.keys, err = readRegistry(path, d.names[registryName], key); err != nil {
		return err
	}
	var tail []byte
	if d.manifest, tail, err = readManifest(path); err != nil {
		return err
	}
	if err := checkTail(tail); err != nil {
		return err
	}
	if err := d.checkTables(ctx, slices.Collect(maps.Keys(d.manifest.Tables))); err != nil {
		return err
	}
	if err := d.checkWALs(); err != nil {
		return err
	}
	ends, err := d.checkVlogs(ctx)
	if err != nil {
		return err
	}
	return d.clear(ends)
}

// damaged turns a panic in the parsers of others into an error.
func damaged(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("badger: survey: %w: %.200v", store.ErrDamaged, r)
	}
}

func damage(name, format string, args ...any) error {
	return fmt.Errorf("badger: %w: %s: %s", store.ErrDamaged, name, fmt.Sprintf(format, args...))
}

func list(path string) (*directory, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("badger: list the directory: %w", err)
	}
	d := &directory{path: path, names: map[string]int64{}}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("badger: list the directory: %w", err)
		}
		d.add(e.Name(), info.Size())
	}
	slices.Sort(d.wals)
	slices.Sort(d.vlogs)
	return d, nil
}

func (d *directory) add(name string, size int64) {
	d.names[name] = size
	stem, suffix := name, filepath.Ext(name)
	stem = strings.TrimSuffix(stem, suffix)
	id, err := strconv.ParseUint(stem, 10, 64)
	if err != nil {
		return
	}
	switch suffix {
	case tableSuffix:
		d.tables = append(d.tables, id)
	case walSuffix:
		d.wals = append(d.wals, id)
	case vlogSuffix:
		d.vlogs = append(d.vlogs, id)
	}
}

// fresh reports whether there is nothing to survey. Badger takes a directory
// without a MANIFEST for a new one and deletes the tables in it.
func (d *directory) fresh() (bool, error) {
	_, manifest := d.names[manifestName]
	_, registry := d.names[registryName]
	data := len(d.tables)+len(d.wals)+len(d.vlogs) > 0
	switch {
	case !manifest && (registry || data):
		return false, damage(manifestName, "is missing")
	case !registry && data:
		return false, damage(registryName, "is missing")
	}
	return !registry, nil
}

// spread does work, as much of it at a time as there are processors, and
// returns the states of those who did it.
func spread[W, T any](ctx context.Context, work []T, do func(*W, T) error) ([]W, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan T)
	var running sync.WaitGroup
	workers := make([]W, min(runtime.GOMAXPROCS(0), len(work)))
	for i := range workers {
		running.Go(func() {
			for t := range next {
				if err := do(&workers[i], t); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, t := range work {
		if ctx.Err() != nil {
			break
		}
		next <- t
	}
	close(next)
	running.Wait()
	return workers, context.Cause(ctx)
}

// checkTables checks these tables and notes where they point.
func (d *directory) checkTables(ctx context.Context, ids []uint64) error {
	checks, err := spread(ctx, ids, d.checkTable)
	for i := range checks {
		d.reach.merge(checks[i].reach)
	}
	return err
}

func (d *directory) checkTable(c *tableCheck, id uint64) (err error) {
	defer damaged(&err)
	name := fmt.Sprintf("%06d%s", id, tableSuffix)
	key, err := d.keys.get(name, d.manifest.Tables[id].KeyID)
	if err != nil {
		return err
	}
	return c.run(d.path, name, key)
}

// checkWALs checks the write-ahead logs, the newest last: only that one may
// end in the middle of a transaction.
func (d *directory) checkWALs() error {
	for i, id := range d.wals {
		name := fmt.Sprintf("%05d%s", id, walSuffix)
		if d.names[name] == 0 {
			if err := os.Remove(filepath.Join(d.path, name)); err != nil {
				return fmt.Errorf("badger: remove an empty log: %w", err)
			}
			continue
		}
		end, err := checkWAL(d.path, name, d.keys)
		if err != nil {
			return err
		}
		if !end.clean && i < len(d.wals)-1 {
			return damage(name, "unreadable at byte %d, and there is a newer log", end.offset)
		}
		d.reach.merge(end.reach)
	}
	return nil
}
