package bag_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"comity.example/protocol/bag"
)

// checked opens and checks a bag, and returns everything that is wrong with it.
func checked(b *bag.Bag, err error) (faults, warnings []string) {
	if err != nil {
		return []string{err.Error()}, nil
	}
	r := b.Check()
	return r.Faults, r.Warnings
}

// zipped is a folder as an archive, as another program would write it, but stored.
func zipped(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	root := os.DirFS(dir)
	must(t, fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: path.Join("bag", name), Method: zip.Store})
		if err != nil {
			return err
		}
		content, err := fs.ReadFile(root, name)
		if err == nil {
			_, err = f.Write(content)
		}
		return err
	}))
	must(t, w.Close())
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestConformanceSuite: each bag of the suite is judged as its folder says, out of a
// folder and out of an archive. Bags that lead out of themselves on one system are
// invalid on every one.
func TestConformanceSuite(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("testdata/bagit/v*/*/*")
	must(t, err)
	if len(dirs) < 45 {
		t.Fatalf("got %d bags of the suite", len(dirs))
	}
	warns := map[string]string{
		"made-with-md5sum-tools":                                  "asterisk",
		"same-filename-listed-twice-with-the-same-hash":           "stands there twice",
		"relative-path":                                           "./ before a name",
		"duplicate-file-with-different-case":                      "in case or normalisation",
		"same-filename-listed-twice-with-different-normalization": "in case or normalisation",
		"special-system-files":                                    "of an operating system",
	}
	for _, dir := range dirs {
		kind := filepath.Base(filepath.Dir(dir))
		archive := zipped(t, dir)
		for how, open := range map[string]func() (*bag.Bag, error){
			"folder":  func() (*bag.Bag, error) { return bag.OpenFolder(os.DirFS(dir)) },
			"archive": func() (*bag.Bag, error) { return bag.OpenZIP(bytes.NewReader(archive), int64(len(archive))) },
		} {
			faults, warnings := checked(open())
			var bad bool
			switch kind {
			case "valid":
				bad = len(faults) > 0
			case "warning":
				bad = len(faults) > 0 || warns[filepath.Base(dir)] == "" || !strings.Contains(strings.Join(warnings, "\n"), warns[filepath.Base(dir)])
			case "invalid", "linux-only", "windows-only":
				bad = len(faults) == 0
			default:
				t.Fatalf("a folder %q that the suite did not have", kind)
			}
			if bad {
				t.Errorf("%s as %s: faults %q, warnings %q", dir, how, faults, warnings)
			}
		}
	}
}
