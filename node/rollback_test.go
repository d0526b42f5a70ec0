//go:build linux

package node_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node"
	"comity.example/node/journal"
	"comity.example/protocol/ledger"
)

// A rollback is the data folder of the office as it was, and the police's order
// that it receipted since.
type rollback struct {
	*border
	data, old string
}

// rolledBack has the office receipt an order, keeps a copy of its folder, and
// has it receipt another one.
func rolledBack(t *testing.T, do func(t *testing.T, r *rollback)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := found(t, dir)
		defer b.close()
		b.start(police)
		b.start(office)
		r := &rollback{border: b, data: b.config(office).Dir, old: filepath.Join(dir, "old")}
		b.awaitReceipt(police, b.request(newOrder()).Case)
		b.halt(office)
		cloneDir(t, r.old, r.data)
		b.start(office)
		b.awaitReceipt(police, b.request(newOrder()).Case)
		do(t, r)
	})
}

// putBack puts back what the copy has under these names.
func (r *rollback) putBack(names ...string) {
	r.t.Helper()
	for _, name := range names {
		r.must(os.RemoveAll(filepath.Join(r.data, name)))
		r.must(os.Rename(filepath.Join(r.old, name), filepath.Join(r.data, name)))
	}
}

func TestStoreThatWasPutBackDoesNotStart(t *testing.T) {
	rolledBack(t, func(t *testing.T, r *rollback) {
		r.halt(office)
		r.putBack("store")
		var behind *journal.BehindError
		for range 2 { // trying does not make it better
			if n, err := r.open(office); !errors.As(err, &behind) {
				t.Errorf("got %v, want a BehindError", err)
				if err == nil {
					n.Close()
				}
			}
		}
		r.must(os.Remove(filepath.Join(r.data, "anchor")))
		for range 2 {
			if n, err := r.open(office); !errors.Is(err, journal.ErrAnchorMissing) {
				t.Errorf("got %v, want ErrAnchorMissing", err)
				if err == nil {
					n.Close()
				}
			}
		}
	})
}

// forks counts what the police's ledger says of the office's.
func (r *rollback) forks() (n int) {
	for _, rec := range r.records(police) {
		if rec.Kind == ledger.KindFork && rec.Peer == office {
			n++
		}
	}
	return n
}

func (r *rollback) wantAlarm() {
	r.t.Helper()
	time.Sleep(4 * node.RefreshEvery) // so that it could be noticed twice
	if n := r.forks(); n != 1 {
		r.t.Errorf("the contradiction is on record %d times, want once", n)
	}
	s, err := r.node(police).Status(r.t.Context())
	if err != nil || !strings.Contains(s.Trouble, string(office)) {
		r.t.Errorf("the status is %q, %v", s.Trouble, err)
	}
	r.check(police)
}

// TestPeersNoticeAStoreAndAnchorThatWerePutBack: the node itself cannot tell.
func TestPeersNoticeAStoreAndAnchorThatWerePutBack(t *testing.T) {
	for name, between := range map[string]func(*rollback){
		"after they compared":  func(*rollback) { time.Sleep(2 * node.RefreshEvery) },
		"before they compared": func(*rollback) {},
		"after they compared and started again": func(r *rollback) {
			time.Sleep(2 * node.RefreshEvery)
			r.halt(police)
			r.start(police)
		},
		"before they compared and after they started again": func(r *rollback) {
			r.halt(police)
			r.start(police)
		},
	} {
		t.Run(name, func(t *testing.T) {
			rolledBack(t, func(t *testing.T, r *rollback) {
				between(r)
				r.halt(office)
				r.putBack("store", "anchor")
				r.start(office)
				r.request(newOrder()) // its receipt makes them look again
				r.wantAlarm()
			})
		})
	}
}
