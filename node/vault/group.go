package vault

import (
	"errors"
	"path/filepath"
	"sync"
)

// syncers is how many directories, or files, are synced at once.
const syncers = 64

// A commit makes files durable under their names: its files are synced, then the
// first moves are made and their directories synced, then the last ones.
type commit struct {
	files []*file
	first []move
	last  []move
	bare  bool // the entry that is replaced holds no key

	lead chan struct{} // the caller is to lead the next group
	done chan error
}

// A move is a rename.
type move struct{ from, to string }

// A group makes the moves of callers that come at the same time: a directory is
// synced once for all of them. Each caller syncs its files before, beside the
// others, which the file system merges; what is large holds nobody up. Whoever comes
// while a group is under way is in the next one, and one of those leads it.
type group struct {
	mu      sync.Mutex
	leading bool
	waiting []*commit
}

// commit returns when c is durable. With an error, some of it may be.
func (v *Vault) commit(c *commit) error {
	var todo []func() error
	for _, f := range c.files {
		todo = append(todo, f.Sync)
	}
	if err := errors.Join(together(todo)...); err != nil {
		return err
	}
	c.lead, c.done = make(chan struct{}, 1), make(chan error, 1)
	g := &v.group
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if g.leading {
		g.mu.Unlock()
		select {
		case err := <-c.done:
			return err
		case <-c.lead:
		}
		g.mu.Lock()
	}
	g.leading = true
	batch := g.waiting
	g.waiting = nil
	g.mu.Unlock()

	v.disk.commit(batch)

	g.mu.Lock()
	g.leading = len(g.waiting) > 0
	if g.leading {
		g.waiting[0].lead <- struct{}{}
	}
	g.mu.Unlock()
	return <-c.done
}

// commit makes a batch durable, and tells each how it went.
func (d *disk) commit(batch []*commit) {
	errs := make([]error, len(batch))
	d.makeMoves(batch, errs, func(c *commit) []move { return c.first })
	d.makeMoves(batch, errs, func(c *commit) []move { return c.last })
	for i, c := range batch {
		c.done <- errs[i]
	}
}

// together does what is to be done, several at once.
func together(todo []func() error) []error {
	errs := make([]error, len(todo))
	if len(todo) == 1 {
		errs[0] = todo[0]()
		return errs
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, syncers)
	for i, do := range todo {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = do()
			<-slots
		})
	}
	wg.Wait()
	return errs
}

func (d *disk) makeMoves(batch []*commit, errs []error, moves func(*commit) []move) {
	var dirs []string // each once, in order
	users := map[string][]int{}
	for i, c := range batch {
		for _, m := range moves(c) {
			if errs[i] != nil {
				break
			}
			if errs[i] = d.rename(m.from, m.to); errs[i] != nil {
				break
			}
			dir := filepath.Dir(m.to)
			if users[dir] == nil {
				dirs = append(dirs, dir)
			}
			users[dir] = append(users[dir], i)
		}
	}
	var todo []func() error
	for _, dir := range dirs {
		todo = append(todo, func() error { return d.syncDir(dir) })
	}
	for k, err := range together(todo) {
		for _, i := range users[dirs[k]] {
			errs[i] = errors.Join(errs[i], err)
		}
	}
}
