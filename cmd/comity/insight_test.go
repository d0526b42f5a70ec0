package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity.example/node/desk"
)

// TestNothingIsWrittenOutOfSight: whoever discloses chooses the names, and neither fills
// a folder that programs look into, nor hides a file, nor keeps it from being written.
func TestNothingIsWrittenOutOfSight(t *testing.T) {
	for list, want := range map[string]string{".ssh.list": "_.ssh", ".list": "_", "..list": "_.", "...list": "_..",
		"." + strings.Repeat("x", 249) + ".list": "_." + strings.Repeat("x", 249)} {
		base := t.TempDir()
		out := filepath.Join(base, "out")
		if err := os.MkdirAll(filepath.Join(out, ".ssh"), 0o700); err != nil {
			t.Fatal(err)
		}
		s := hostile(t, "one", entryOf("authorized_keys", "one", 0))
		for i := range s.items {
			if o := &s.items[i].Object; strings.HasSuffix(o.Name, listEnding) {
				o.Name = list
			}
		}
		o := objectOf("."+strings.Repeat("a", 254), []byte("hidden"))
		s.holds[o.Tree] = []byte("hidden")
		s.items = append(s.items, desk.EvidenceItem{Object: o, State: desk.EvidenceComplete})
		if err := s.unpackInto(t, out, fetchCmd{}); err != nil {
			t.Errorf("%s: %v", list, err)
			continue
		}
		if b, err := os.ReadFile(filepath.Join(out, want, "authorized_keys")); err != nil || string(b) != "one" {
			t.Errorf("%s: want the files in %s: %v", list, want, err)
		}
		if _, err := os.Stat(filepath.Join(out, "_."+strings.Repeat("a", 253))); err != nil {
			t.Errorf("%s: the other: %v", list, err)
		}
	}
}
