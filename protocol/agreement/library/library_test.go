package library_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/library"
)

// TestADirectoryTakesThePlaceOfWhatIsShipped, id by id.
func TestADirectoryTakesThePlaceOfWhatIsShipped(t *testing.T) {
	mine := agreementtest.Bilateral("ukus-daa-2019", "GB", "US", agreementtest.Standing2020)
	other := agreementtest.Bilateral("a-new-one", "GB", "FR", agreementtest.Standing2020)
	docs, err := library.Over(fstest.MapFS{"a.yaml": {Data: []byte(mine)}, "b.yaml": {Data: []byte(other)},
		"note.txt": {Data: []byte("no document")}})
	if err != nil {
		t.Fatal(err)
	}
	if want := len(documents(t)) + 1; len(docs) != want {
		t.Errorf("got %d documents, want %d", len(docs), want)
	}
	at := slices.IndexFunc(docs, func(d *agreement.Document) bool { return d.ID == "ukus-daa-2019" })
	if at < 0 || docs[at].Title != "Agreement ukus-daa-2019" {
		t.Error("the shipped document is still there")
	}
	if !slices.IsSortedFunc(docs, func(a, b *agreement.Document) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("they are not in the order of their ids")
	}
}

// TestABadDocumentOfADirectoryIsNamed: nothing is shipped in its place.
func TestABadDocumentOfADirectoryIsNamed(t *testing.T) {
	_, err := library.Over(fstest.MapFS{"mine.yaml": {Data: []byte("id: x\n")}})
	if err == nil || !strings.Contains(err.Error(), "mine.yaml:1: document.version: missing") {
		t.Errorf("got %v", err)
	}
}

// TestADirectoryThatIsNoneIsRefused: whoever gave it may have put anything there.
func TestADirectoryThatIsNoneIsRefused(t *testing.T) {
	dir := t.TempDir()
	over := func(what string) {
		t.Helper()
		if _, err := library.Over(os.DirFS(dir)); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	over("nothing in it")
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	over("a device without an end")
	if _, err := library.Over(os.DirFS(filepath.Join(dir, "elsewhere"))); err == nil {
		t.Error("a directory that is not there: accepted")
	}
	many := fstest.MapFS{}
	for i := range library.MaxDocuments + 1 {
		many[fmt.Sprintf("%d.yaml", i)] = &fstest.MapFile{}
	}
	if _, err := library.Over(many); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("too many: got %v", err)
	}
}
