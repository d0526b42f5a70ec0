package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

func TestAPathBecomesANameAndAPathAgain(t *testing.T) {
	for file, want := range map[string]string{
		"a":             "a",
		"in/sent/1.eml": "in%2Fsent%2F1.eml",
		"100%/x":        "100%25%2Fx",
		"a%2Fb":         "a%252Fb",
		`c:\x`:          "c:%5Cx",
		"\xff\xfe.bin":  "%FF%FE.bin",
		"ä/\u202ex":     "ä%2F\u202ex",
		"\uFFFD":        "\uFFFD",
	} {
		name := listedName(file)
		if name != want {
			t.Errorf("%q is listed as %q, want %q", file, name, want)
		}
		o := objectOf(name, nil)
		if err := o.Check(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if dir, base := foldersOf(name); filepath.Join(dir, base) != file {
			t.Errorf("%q becomes %q in %q, want %q", name, base, dir, file)
		}
	}
	for _, long := range []string{
		strings.Repeat("folder/", 60) + "mail.eml",
		strings.Repeat("ä", 200),
		"x/" + strings.Repeat("%", 255),
		strings.Repeat("\xff", 255),
	} {
		name := listedName(long)
		if o := objectOf(name, nil); o.Check() != nil || !strings.HasPrefix(name, "…") {
			t.Errorf("%q is listed as %q", long, name)
		}
	}
	if got := listedName(strings.Repeat("folder/", 60) + "mail.eml"); !strings.HasSuffix(got, "folder%2Fmail.eml") {
		t.Errorf("the end of a long path is lost: %q", got)
	}
}

func TestNoPathIsMadeOfANameThatLeadsElsewhere(t *testing.T) {
	for _, name := range []string{"..%2Fx", "%2Fetc%2Fpasswd", "a%2F..%2F..%2Fx", "a%2F", "%2F", "a%2F%2Fb", ".%2Fx", "a%00b", "100%", "%zz",
		"%2E%2E%2Fx", "a%2F%2e%2e%2Fx", "a%2F..", "..", "%2F%2Fx", "a%2F%00", "a%2F."} {
		if dir, base := foldersOf(name); dir != "" || base != name {
			t.Errorf("%q becomes %q in %q", name, base, dir)
		}
	}
}

// packed takes a folder in as disclose does, and returns what fetch writes of it.
func packed(t *testing.T, dir string) (*shelf, []protocol.Object) {
	t.Helper()
	s := newShelf()
	a, _, _ := quietApp()
	c := discloseCmd{Case: someCase, Files: []string{dir}}
	objects, err := c.gather(t.Context(), a, s.client())
	if err != nil {
		t.Fatal(err)
	}
	return s, objects
}

func (s *shelf) unpackInto(t *testing.T, dir string, c fetchCmd) error {
	t.Helper()
	a, _, _ := quietApp()
	c.Case, c.Out = someCase, dir
	_, err := c.write(t.Context(), a, s.client(), desk.Evidence{Case: someCase, Items: s.items})
	return err
}

// TestAFolderComesOutAsItWent: more files than an act has objects, with folders,
// empty files, files that are the same, and names of every kind.
func TestAFolderComesOutAsItWent(t *testing.T) {
	in, out := filepath.Join(t.TempDir(), "share"), t.TempDir()
	content := map[string]string{"empty": "", "sub/empty": "", "sub/deep/100%.txt": "percent", "same": "one", "sub/same": "one",
		"..x": "dots", "\u202e.exe": "rtl", "\xff.bin": "no UTF-8"}
	for i := range 200 {
		content[fmt.Sprintf("many/%d.eml", i)] = strings.Repeat("mail ", i)
	}
	files(t, in, content)
	s, objects := packed(t, in)
	if len(objects) != 2 || objects[0].Name != "share.pack" || objects[0].Role != protocol.RolePack || objects[1].Name != "share.list" ||
		objects[1].Role != protocol.RoleList {
		t.Fatalf("taken in as %+v", objects)
	}
	for range 2 { // the second time everything lies there already
		if err := s.unpackInto(t, out, fetchCmd{}); err != nil {
			t.Fatal(err)
		}
		found := 0
		err := filepath.WalkDir(filepath.Join(out, "share"), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			found++
			name, _ := filepath.Rel(filepath.Join(out, "share"), path)
			if b, err := os.ReadFile(path); err != nil || string(b) != content[name] {
				t.Errorf("%q holds %q, want %q", name, b, content[name])
			}
			return nil
		})
		if err != nil || found != len(content) {
			t.Errorf("%d files, %v; want %d", found, err, len(content))
		}
	}
	wantParts(t, filepath.Join(out, "share"), 0)
	// The same folder, once more, is the same objects.
	a, _, _ := quietApp()
	c := discloseCmd{Case: someCase, Files: []string{in}}
	again, err := c.gather(t.Context(), a, s.client())
	if err != nil || !slices.Equal(again, objects) {
		t.Errorf("once more: %+v, %v", again, err)
	}
}

// hostile has a shelf hold a pack and a list of its own making.
func hostile(t *testing.T, pack string, entries ...evidence.Entry) *shelf {
	t.Helper()
	s := newShelf()
	s.put("x.pack", pack, desk.EvidenceComplete).Object.Role = protocol.RolePack
	tree := s.items[0].Object.Tree
	var b bytes.Buffer
	w := evidence.NewListWriter(&b)
	for _, e := range entries {
		e.Pack, e.MediaType = tree, "text/plain"
		if err := w.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	s.put("x.list", b.String(), desk.EvidenceComplete).Object.Role = protocol.RoleList
	return s
}

func entryOf(name, text string, offset int64) evidence.Entry {
	o := objectOf(name, []byte(text))
	return evidence.Entry{Name: name, Size: o.Size, SHA512: o.SHA512, Offset: offset}
}

func TestAListThatLeadsElsewhereStaysWithin(t *testing.T) {
	base := t.TempDir()
	out := filepath.Join(base, "a", "out")
	if err := os.MkdirAll(filepath.Join(out, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(base, filepath.Join(out, "x", "link")); err != nil {
		t.Fatal(err)
	}
	s := hostile(t, "onetwothreefour", entryOf("..%2F..%2Fone", "one", 0), entryOf("%2Ftwo", "two", 3), entryOf("same", "three", 6),
		entryOf("same", "four", 11))
	if err := s.unpackInto(t, out, fetchCmd{}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"..%2F..%2Fone": "one", "%2Ftwo": "two", "same": "three", "same.2": "four"} {
		if b, err := os.ReadFile(filepath.Join(out, "x", name)); err != nil || string(b) != want {
			t.Errorf("%s holds %q, %v; want %q", name, b, err, want)
		}
	}
	s = hostile(t, "one", entryOf("link%2Fone", "one", 0))
	if err := s.unpackInto(t, out, fetchCmd{}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(out, "x", "link%2Fone")); err != nil || string(b) != "one" {
		t.Errorf("what would go through a link holds %q, %v", b, err)
	}
	if _, err := os.Lstat(filepath.Join(base, "one")); err == nil {
		t.Error("a file was written outside of the folder")
	}
}

// TestNamesOfAListThatCollide: each file is written, and none over another.
func TestNamesOfAListThatCollide(t *testing.T) {
	deepest := strings.Repeat("d%2F", (protocol.MaxObjectName-1)/4) + "x"
	var entries []evidence.Entry
	text := ""
	for i, name := range []string{"a", "a%2Fb", "c%2Fd", "c", "c%2Fd", "c%2Fd", "C", "e\u0301", "\u00e9", "x%2F\u202ey", "x%2Fy\nz", deepest, "c.2", "c"} {
		content := fmt.Sprintf("%02d", i)
		entries, text = append(entries, entryOf(name, content, int64(len(text)))), text+content
	}
	want := map[string]string{"a": "00", "a%2Fb": "01", "c/d": "02", "c.2": "03", "c/d.2": "04", "c/d.3": "05", "C": "06", "e\u0301": "07", "\u00e9": "08",
		"x/\u202ey": "09", "x/y\nz": "10", strings.ReplaceAll(deepest, "%2F", "/"): "11", "c.2.2": "12", "c.3": "13"}
	out := t.TempDir()
	for range 2 { // the second time everything lies there already
		if err := hostile(t, text, entries...).unpackInto(t, out, fetchCmd{}); err != nil {
			t.Fatal(err)
		}
		found := 0
		err := filepath.WalkDir(filepath.Join(out, "x"), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			found++
			name, _ := filepath.Rel(filepath.Join(out, "x"), path)
			if b, err := os.ReadFile(path); err != nil || string(b) != want[name] {
				t.Errorf("%q holds %q, %v; want %q", name, b, err, want[name])
			}
			return nil
		})
		if err != nil || found != len(want) {
			t.Errorf("%d files, %v; want %d", found, err, len(want))
		}
	}
}

func TestAListThatLiesIsADoubt(t *testing.T) {
	for name, s := range map[string]*shelf{
		"another content": hostile(t, "one", entryOf("a", "two", 0)),
		"too little":      hostile(t, "onetwo", entryOf("a", "one", 0)),
		"too much":        hostile(t, "one", entryOf("a", "one", 0), entryOf("b", "two", 3)),
	} {
		out := t.TempDir()
		err := s.unpackInto(t, out, fetchCmd{})
		if f := (*failure)(nil); !errors.As(err, &f) || f.status != exitDoubt {
			t.Errorf("%s: %v, want a doubt", name, err)
		}
		wantParts(t, filepath.Join(out, "x"), 0)
		if err := s.unpackInto(t, out, fetchCmd{Packed: true}); err != nil {
			t.Errorf("%s: as it is: %v", name, err)
		}
		if _, err := os.Lstat(filepath.Join(out, "x.pack")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
