//go:build linux

package node_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/link/linktest"
	"comity.example/node/store/badger"
	"comity.example/protocol"
)

// ballast leaves so many bytes of a disk, until it is removed.
func ballast(t *testing.T, dir string, leave int64) string {
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
	if err := errors.Join(unix.Fallocate(int(f.Fd()), 0, 0, int64(st.Bavail)*st.Bsize-leave), f.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestEvidenceWaitsForRoomAndActsDoNot: somebody else fills the disk of who receives,
// in the middle of an object, and makes room again.
func TestEvidenceWaitsForRoomAndActsDoNot(t *testing.T) {
	t.Parallel()
	const evidenceReserve = badger.DefaultReserve + 24<<20
	disk, dir := smallDisk(t, 128<<20), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := found(t, dir)
		defer b.close()
		b.onDisk(office, disk)
		onDisk := b.alter
		b.alter = func(c *node.Config) {
			onDisk(c)
			if c.Self == office {
				c.Evidence.Reserve = evidenceReserve
			}
		}
		for _, id := range []protocol.ParticipantID{police, office, contoso} {
			b.start(id)
		}
		content := bytes.Repeat([]byte("From falcon\n"), 1<<20) // 12 MiB
		id := b.served()
		o := b.handsOver(id, map[string][]byte{"mailbox.mbox": content})[0]
		b.network.Set(linktest.Conditions{Latency: 10 * time.Millisecond, Speed: 1 << 20, Seed: 1})
		b.fetch(office, id, desk.Fetch{})
		b.await("some of it", func() bool { return b.exhibit(office, id).Have > 2<<20 })

		full := ballast(t, disk, evidenceReserve)
		b.await("the room to be missed", func() bool {
			i := b.exhibit(office, id)
			return i.State == desk.EvidenceFetching && strings.Contains(i.Why, "the room on its disk")
		})
		stuck := b.exhibit(office, id).Have
		next := b.request(newOrder())
		b.awaitReceipt(police, next.Case)
		b.does(office, next.Case, certification())
		b.awaitState(contoso, next.Case, "served")
		time.Sleep(2 * time.Minute)
		if i := b.exhibit(office, id); i.Have > stuck || i.Have == 0 {
			t.Errorf("%d bytes are there on a full disk, and %d were", i.Have, stuck)
		}

		b.must(os.Remove(full))
		b.awaitExhibit(office, id, desk.EvidenceComplete)
		if got, err := b.opens(office, id, o.Tree); err != nil || got != string(content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		b.check(office)
	})
}
