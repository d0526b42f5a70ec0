//go:build linux

package node_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/store"
	"comity.example/node/store/badger"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// smallDisk gives the test a disk of its own with that much room beside what
// the store keeps in reserve, where the system lets it.
func smallDisk(t *testing.T, room int64) string {
	t.Helper()
	dir := t.TempDir()
	size := fmt.Sprintf("size=%d", badger.DefaultReserve+room)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, size); err != nil {
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillUp leaves less room than the store keeps in reserve, until the file that
// it returns is removed.
func fillUp(t *testing.T, dir string) string {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(st.Bavail)*st.Bsize - badger.DefaultReserve + 1<<20
	if err := errors.Join(unix.Fallocate(int(f.Fd()), 0, 0, n), f.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}

// onDisk puts one participant's node on a disk of its own.
func (b *border) onDisk(id protocol.ParticipantID, dir string) {
	b.alter = func(c *node.Config) {
		if c.Self == id {
			c.Dir = filepath.Join(dir, "data")
		}
	}
}

func health(r *runner) int {
	w := httptest.NewRecorder()
	r.http.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	return w.Code
}

func TestFullDiskIsSaidAndLosesNothing(t *testing.T) {
	for name, first := range map[string]func(*border) error{
		"a peer meets it first":        (*border).deliverInVain,
		"our own people meet it first": (*border).submitInVain,
	} {
		t.Run(name, func(t *testing.T) { testFullDisk(t, first) })
	}
}

func testFullDisk(t *testing.T, meet func(*border) error) {
	t.Parallel()
	disk, dir := smallDisk(t, 48<<20), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := found(t, dir)
		defer b.close()
		b.onDisk(office, disk)
		b.start(police)
		n := b.start(office)
		sent := []desk.Submitted{b.request(newOrder())}
		b.awaitReceipt(police, sent[0].Case)
		if got := health(n); got != http.StatusOK {
			t.Errorf("/healthz: got %d with room on the disk", got)
		}

		ballast := fillUp(t, disk)
		if err := meet(b); err != nil {
			t.Error(err)
		}
		ran := <-n.ended
		if !errors.Is(ran, store.ErrNoSpace) {
			t.Errorf("Run: got %v, want ErrNoSpace", ran)
		}
		s, err := n.Status(t.Context())
		if err != nil || s.Accepting || !strings.Contains(s.Trouble, "disk is nearly full") {
			t.Errorf("the status is %+v, %v", s, err)
		}
		if got := health(n); got != http.StatusServiceUnavailable {
			t.Errorf("/healthz: got %d", got)
		}
		delete(b.running, office)
		b.must(n.Close())

		sent = append(sent, b.request(newOrder())) // while it is down
		time.Sleep(time.Minute)
		b.must(os.Remove(ballast))
		b.start(office)
		b.await("the outbox to be empty", func() bool { return b.waiting(police) == 0 })
		b.allOnce(police, office, sent)
	})
}

// deliverInVain has a peer meet the full disk: it is told to come back, or
// nothing, but never that its act was accepted.
func (b *border) deliverInVain() error {
	m := &wire.Deliver{Lane: wire.Ordinary, Envelope: b.seal(b.sign(b.forged(office)), office)}
	answer, err := b.thief(police).Exchange(b.t.Context(), office, m)
	if _, busy := answer.(*wire.Busy); !busy && err == nil {
		return fmt.Errorf("answered with a %v by a node whose disk is full", answer.Type())
	}
	return nil
}

func (b *border) submitInVain() error {
	item := b.inbox(office)[0]
	_, err := b.act(office, desk.Draft{Case: item.Case, Body: certification()})
	var p *desk.Problem
	if !errors.As(err, &p) || p.Status != http.StatusInsufficientStorage || p.Hint == "" {
		return fmt.Errorf("submitted on a full disk: got %#v, want a Problem with a hint", err)
	}
	return nil
}

func TestFullDiskAtStartIsNamed(t *testing.T) {
	t.Parallel()
	disk, dir := smallDisk(t, 48<<20), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := found(t, dir)
		defer b.close()
		b.onDisk(office, disk)
		fillUp(t, disk)
		if r, err := b.open(office); err == nil {
			r.Close()
			t.Error("a node opened on a full disk")
		} else if !errors.Is(err, store.ErrNoSpace) {
			t.Errorf("Open: got %v, want ErrNoSpace", err)
		}
	})
}

func TestReadOnlyDiskIsNamedAndLosesNothing(t *testing.T) {
	t.Parallel()
	disk, dir := smallDisk(t, 48<<20), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := found(t, dir)
		defer b.close()
		b.onDisk(office, disk)
		b.start(police)
		b.start(office)
		sent := []desk.Submitted{b.request(newOrder())}
		b.awaitReceipt(police, sent[0].Case)
		b.halt(office)
		b.must(unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
		if r, err := b.open(office); err == nil {
			r.Close()
			t.Error("a node opened on a disk that it cannot write")
		} else if !errors.Is(err, unix.EROFS) {
			t.Errorf("Open: got %v, want EROFS", err)
		}
		b.must(unix.Mount("", disk, "", unix.MS_REMOUNT, ""))
		b.start(office)
		b.allOnce(police, office, sent)
	})
}
