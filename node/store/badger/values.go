package badger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

func vlogName(id uint64) string { return fmt.Sprintf("%06d%s", id, vlogSuffix) }

func (d *directory) vlogPath(id uint64) string { return filepath.Join(d.path, vlogName(id)) }

// checkVlogs checks the value logs: that all that the tree points to is there,
// and that what is unreadable behind that is the last transaction before a
// crash. It returns how each ends.
func (d *directory) checkVlogs(ctx context.Context) (map[uint64]vlogEnd, error) {
	ends, err := d.readVlogs(ctx, d.vlogs)
	if err != nil {
		return nil, err
	}
	newest := true // of those with values
	for _, id := range slices.Backward(d.vlogs) {
		end, held := ends[id]
		if !held {
			continue
		}
		if !end.clean && !newest {
			return nil, damage(vlogName(id), "unreadable at byte %d, and there is a newer log", end.good)
		}
		if !end.clean && !end.torn(d.reach.txn) {
			return nil, damage(vlogName(id), "unreadable at byte %d, but readable behind it", end.good)
		}
		newest = newest && end.clean && end.good == logHeader
	}
	return ends, nil
}

// readVlogs reads these value logs, as many at a time as there are processors,
// and returns how each ends that is not of length zero.
func (d *directory) readVlogs(ctx context.Context, ids []uint64) (map[uint64]vlogEnd, error) {
	if err := d.requireVlogs(); err != nil {
		return nil, err
	}
	ends := make(map[uint64]vlogEnd, len(ids))
	var mu sync.Mutex // guards ends
	_, err := spread(ctx, ids, func(c *vlogCheck, id uint64) (err error) {
		defer damaged(&err)
		if d.names[vlogName(id)] == 0 {
			return nil
		}
		end, err := c.run(d.vlogPath(id), d.keys, d.reach.last[id])
		mu.Lock()
		defer mu.Unlock()
		ends[id] = end
		return err
	})
	return ends, err
}

// requireVlogs returns store.ErrDamaged if the tree points into a log that is
// not there, or if there is one under a name that Badger does not give.
func (d *directory) requireVlogs() error {
	for name := range d.names {
		if filepath.Ext(name) == vlogSuffix && !slices.ContainsFunc(d.vlogs,
			func(id uint64) bool { return vlogName(id) == name }) {
			return damage(name, "is no file of this store")
		}
	}
	for id := range d.reach.last {
		if d.names[vlogName(id)] == 0 {
			return damage(vlogName(id), "is missing, and holds values")
		}
	}
	return nil
}

// clear takes away what a crash left in the value logs, and puts a log without
// values behind the newest one that has some: Badger reads the newest again, all
// of it through its memory map, and cuts it to where that reading ends. So it
// cuts nothing that the survey let through.
func (d *directory) clear(ends map[uint64]vlogEnd) error {
	var errs []error
	for _, id := range d.vlogs {
		path := d.vlogPath(id)
		switch end, held := ends[id]; {
		case !held:
			errs = append(errs, os.Remove(path))
		case end.size > end.good:
			errs = append(errs, cut(path, end.good))
		}
	}
	if n := len(d.vlogs); n > 0 && ends[d.vlogs[n-1]].good > logHeader {
		errs = append(errs, os.WriteFile(d.vlogPath(d.vlogs[n-1]+1), make([]byte, logHeader), 0o600))
	}
	err := os.Remove(filepath.Join(d.path, discardName))
	if !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("badger: clear the value logs: %w", err)
	}
	return nil
}

// cut truncates a file for good: only then may a newer log take values.
func cut(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// verifyLive checks the tables and value logs of a store in use, whose Updates
// hold writer. A table that fails counts only if it was not compacted away
// meanwhile, and the end of MANIFEST may be an entry that is just being
// written. No log of values is torn while no Update runs.
func verifyLive(ctx context.Context, path string, key []byte, writer sync.Locker) (err error) {
	defer damaged(&err)
	d, err := openLive(path, key)
	if err != nil {
		return err
	}
	if err := d.verifyTables(ctx); err != nil {
		return err
	}
	sealed := len(d.vlogs) - 1
	if sealed > 0 {
		if err := d.verifyVlogs(ctx, d.vlogs[:sealed]); err != nil {
			return err
		}
	}
	writer.Lock()
	defer writer.Unlock()
	now, err := openLive(path, key)
	if err != nil {
		return err
	}
	now.reach = d.reach
	return now.verifyVlogs(ctx, now.vlogs[max(sealed, 0):])
}

func openLive(path string, key []byte) (*directory, error) {
	d, err := list(path)
	if err != nil {
		return nil, err
	}
	if d.keys, err = readRegistry(path, d.names[registryName], key); err != nil {
		return nil, err
	}
	d.manifest, _, err = readManifest(path)
	return d, err
}

func (d *directory) verifyTables(ctx context.Context) error {
	for id := range d.manifest.Tables {
		err := d.checkTables(ctx, []uint64{id})
		if err == nil {
			continue
		}
		now, _, again := readManifest(d.path)
		if again != nil {
			return again
		}
		if _, still := now.Tables[id]; still || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

func (d *directory) verifyVlogs(ctx context.Context, ids []uint64) error {
	ends, err := d.readVlogs(ctx, ids)
	if err != nil {
		return err
	}
	for id, end := range ends {
		if !end.clean {
			return damage(vlogName(id), "unreadable at byte %d", end.good)
		}
	}
	return nil
}
