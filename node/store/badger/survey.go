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
)

// A directory is what a survey finds in one.
type directory struct {
	path     string
	names    map[string]int64 // name to size, in bytes
	wals     []uint64         // ids, ascending
	tables   []uint64
	vlogs    []string
	keys     *dataKeys
	manifest dgraph.Manifest
}

// survey reads every byte that Badger will rely on and returns
// store.ErrDamaged if one of them is not what was written. It removes files of
// length zero, which a crash leaves between two steps of Badger and on which
// Badger would not open.
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
	return errors.Join(d.checkWALs(), d.checkVlogs())
}

// verifyLive checks the tables of a store in use. A table that fails counts
// only if it was not compacted away meanwhile, and the end of MANIFEST may be
// an entry that is just being written.
func verifyLive(ctx context.Context, path string, key []byte) (err error) {
	defer damaged(&err)
	d, err := list(path)
	if err != nil {
		return err
	}
	if d.keys, err = readRegistry(path, d.names[registryName], key); err != nil {
		return err
	}
	if d.manifest, _, err = readManifest(path); err != nil {
		return err
	}
	for id := range d.manifest.Tables {
		err := d.checkTables(ctx, []uint64{id})
		if err == nil {
			continue
		}
		now, _, again := readManifest(path)
		if again != nil {
			return again
		}
		if _, still := now.Tables[id]; still || ctx.Err() != nil {
			return err
		}
	}
	return nil
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
		d.vlogs = append(d.vlogs, name)
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

// checkTables checks these tables, as many at a time as there are processors.
func (d *directory) checkTables(ctx context.Context, ids []uint64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan uint64)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(ids)) {
		workers.Go(func() {
			var c tableCheck
			for id := range work {
				if err := d.checkTable(&c, id); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			break
		}
		work <- id
	}
	close(work)
	workers.Wait()
	return context.Cause(ctx)
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
	}
	return nil
}

// checkVlogs checks the value logs, which hold nothing but their headers.
func (d *directory) checkVlogs() error {
	for _, name := range d.vlogs {
		if d.names[name] == 0 {
			if err := os.Remove(filepath.Join(d.path, name)); err != nil {
				return fmt.Errorf("badger: remove an empty log: %w", err)
			}
			continue
		}
		f, err := os.Open(filepath.Join(d.path, name))
		if err != nil {
			return fmt.Errorf("badger: open a value log: %w", err)
		}
		_, err = readLogHeader(f, name, d.keys)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
