package badger

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	dgraph "github.com/dgraph-io/badger/v4"
)

// readManifest replays MANIFEST. The tail is what could not be read as an
// entry, because it is, or seems, incomplete.
func readManifest(dir string) (m dgraph.Manifest, tail []byte, err error) {
	f, err := os.Open(filepath.Join(dir, manifestName))
	if err != nil {
		return m, nil, fmt.Errorf("badger: open %s: %w", manifestName, err)
	}
	defer f.Close()
	m, end, err := dgraph.ReplayManifestFile(f, 0, dgraph.Options{})
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return m, nil, damage(manifestName, "%s", line)
	}
	tail, err = io.ReadAll(io.NewSectionReader(f, end, math.MaxInt64-end))
	if err != nil {
		return m, nil, fmt.Errorf("badger: read %s: %w", manifestName, err)
	}
	return m, tail, nil
}

// checkTail tells an entry that a crash cut short, which Badger drops rightly,
// from one whose length has changed and that hides all that follows, which
// Badger drops as well, and then deletes the tables that those entries name.
// Only what is complete fits its checksum under some length.
func checkTail(tail []byte) error {
	if len(tail) < frameHeader {
		return nil
	}
	want := binary.BigEndian.Uint32(tail[4:])
	data := tail[frameHeader:]
	var sum uint32
	for n := 0; ; n++ {
		if sum == want {
			return damage(manifestName, "the length of its last readable entry, of %d bytes", n)
		}
		if n == len(data) {
			return nil
		}
		sum = crc32.Update(sum, castagnoli, data[n:n+1])
	}
}
