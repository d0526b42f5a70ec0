package main

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"comity.example/protocol"
)

// TestLongNamesAreNumberedInSteps: names that are the same as far as a number leaves them
// share their numbers. Each file finds the next one at once: who chose the names must not
// make all the others be tried for each.
func TestLongNamesAreNumberedInSteps(t *testing.T) {
	t.Parallel()
	const names = 400
	f, err := openFolder(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	sum := sha512.Sum512(nil)
	empty := measure{0, hex.EncodeToString(sum[:])}
	for i := range 2 * names {
		name := strings.Repeat("a", protocol.MaxObjectName-6) + fmt.Sprintf("%06d", i/2)
		if _, err := f.place("", name, empty, func(io.Writer) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			continue
		}
		other := strings.Repeat("a", protocol.MaxObjectName-6) + "999999"
		if next, err := f.given.next(series("", other)); err != nil || next != i/2+3 {
			t.Fatalf("after %d of them the next is tried from the number %d on, %v", i/2+1, next, err)
		}
	}
	there, err := os.ReadDir(f.path)
	if err != nil || len(there) != 2*names {
		t.Errorf("%d files are there, %v, want %d", len(there), err, 2*names)
	}
}
