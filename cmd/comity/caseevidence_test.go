package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoNameKeepsEvidenceFromBeingWritten: who discloses chooses the names.
func TestNoNameKeepsEvidenceFromBeingWritten(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("ä", 127) + "b"
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "x.mbox"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time everything lies there already
		f := folder{dir: dir, used: map[string]bool{}}
		for _, c := range []struct{ name, content, want string }{
			{"x.mbox", "one", "x.mbox"},
			{"x.mbox", "two", "x.2.mbox"},
			{"x.mbox", "two", "x.3.mbox"},
			{"x.2.mbox", "three", "x.2.2.mbox"},
			{".profile", "one", ".profile"},
			{".profile", "two", ".profile.2"},
			{"plain", "", "plain"},
			{"plain", "", "plain.2"},
			{"taken", "one", "taken.2"},
			{"link", "one", "link.2"},
			{long, "one", long},
			{long, "two", strings.Repeat("ä", 126) + ".2"},
			{"a." + long[:250], "one", "a." + long[:250]},
			{"a." + long[:250], "two", "a." + long[:250] + ".2"},
		} {
			path, err := f.place(c.name, []byte(c.content))
			if err != nil {
				t.Fatal(err)
			}
			if got := filepath.Base(path); got != c.want || filepath.Dir(path) != dir {
				t.Errorf("%q is written as %q, want %q", c.name, path, c.want)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != c.content {
				t.Errorf("%s holds %q, %v; want %q", path, got, err, c.content)
			}
		}
	}
}
