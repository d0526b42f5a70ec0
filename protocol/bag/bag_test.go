package bag_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"comity.example/protocol/bag"
)

var info = []bag.Field{{Name: "External-Identifier", Value: "one"}}

// payload is what is in the bags of these tests.
func payload() map[string]string {
	return map[string]string{"data/a": "alpha", "data/b/100%.txt": "", "data/ü\n\r.bin": strings.Repeat("x", 3<<20)}
}

func written(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := bag.NewWriter(&b, "case")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum, err := w.Add(name, strings.NewReader(files[name]))
		must(t, err)
		if sum.Size != int64(len(files[name])) || sum.SHA512 != sha512.Sum512([]byte(files[name])) {
			t.Errorf("%q: got the sum %d %x", name, sum.Size, sum.SHA512)
		}
	}
	must(t, w.Close(info...))
	return b.Bytes()
}

func open(b []byte) (*bag.Bag, error) { return bag.OpenZIP(bytes.NewReader(b), int64(len(b))) }

// folder is an archive, unpacked.
func folder(t testing.TB, b []byte) fstest.MapFS {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	out := fstest.MapFS{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		out[strings.TrimPrefix(f.Name, "case/")] = &fstest.MapFile{Data: content}
	}
	return out
}

func TestBagIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	whole := written(t, payload())
	archive, err := open(whole)
	must(t, err)
	unpacked, err := bag.OpenFolder(folder(t, whole))
	must(t, err)
	for _, b := range []*bag.Bag{archive, unpacked} {
		read := 0
		b.Progress = func(n int) { read += n }
		must(t, b.CheckForm(info))
		if r := b.Check(); len(r.Faults)+len(r.Warnings) > 0 {
			t.Errorf("got %+v", r)
		}
		if int64(read) < b.Total() {
			t.Errorf("progress was told of %d bytes of %d", read, b.Total())
		}
		for name, content := range payload() {
			got, err := b.Read(name, 4<<20)
			if err != nil || string(got) != content {
				t.Errorf("%q: %v", name, err)
			}
			if len(content) > 0 {
				if _, err := b.Read(name, int64(len(content)-1)); err == nil {
					t.Errorf("%q: more was read than is allowed", name)
				}
			}
		}
		if _, err := b.Read("data/c", 1); !errors.Is(err, bag.ErrAbsent) || b.Has("data/c") || b.Size("data/c") != 0 {
			t.Errorf("a file that is not there: got %v", err)
		}
		if b.Version != "1.0" || len(b.Info) != 2 || b.Info[1].Value != fmt.Sprintf("%d.3", 5+3<<20) {
			t.Errorf("got %s %v", b.Version, b.Info)
		}
		if err := b.CheckForm(nil); !errors.Is(err, bag.ErrForm) {
			t.Errorf("with other fields: got %v", err)
		}
	}
	if archive.Folder != "case" || !archive.Archived() || unpacked.Archived() {
		t.Errorf("got the folder %q", archive.Folder)
	}
}

// TestNamesInManifestsAreEscaped: RFC 8493, section 2.1.3.
func TestNamesInManifestsAreEscaped(t *testing.T) {
	t.Parallel()
	m := string(folder(t, written(t, payload()))["manifest-sha512.txt"].Data)
	for _, want := range []string{"  data/b/100%25.txt\n", "  data/ü%0A%0D.bin\n"} {
		if !strings.Contains(m, want) {
			t.Errorf("%q is not in %q", want, m)
		}
	}
}

func TestChangedFilesAreFound(t *testing.T) {
	t.Parallel()
	whole := folder(t, written(t, payload()))
	for name := range whole {
		for _, change := range []string{"changed", "cut", "removed"} {
			c := maps.Clone(whole)
			data := bytes.Clone(c[name].Data)
			switch {
			case change == "removed":
				delete(c, name)
			case len(data) == 0:
				data = []byte("x")
			case change == "cut":
				data = data[:len(data)-1]
			default:
				data[len(data)/2] ^= 1
			}
			if c[name] != nil {
				c[name] = &fstest.MapFile{Data: data}
			}
			b, err := bag.OpenFolder(c)
			if faults, _ := checked(b, err); len(faults) == 0 && name != "tagmanifest-sha512.txt" {
				t.Errorf("%q is %s, and nothing is said", name, change)
			}
			if b, err := bag.OpenFolder(c); err == nil && b.CheckForm(info) == nil && !strings.HasPrefix(name, "data/") {
				t.Errorf("%q is %s, and the form holds", name, change)
			}
		}
	}
	b, err := bag.OpenFolder(func() fstest.MapFS {
		c := maps.Clone(whole)
		c["data/a"] = &fstest.MapFile{Data: []byte("alphA")}
		return c
	}())
	must(t, err)
	if _, err := b.Read("data/a", 100); !errors.Is(err, bag.ErrDigest) {
		t.Errorf("got %v, want ErrDigest", err)
	}
}

// TestReaderEndsWithoutEOFWhenTheBytesDiffer: whoever streams into a file does not
// take it for complete.
func TestReaderEndsWithoutEOFWhenTheBytesDiffer(t *testing.T) {
	t.Parallel()
	c := folder(t, written(t, payload()))
	c["data/ü\n\r.bin"].Data[1<<20] = 'y'
	b, err := bag.OpenFolder(c)
	must(t, err)
	r, err := b.Open("data/ü\n\r.bin")
	must(t, err)
	n, err := io.Copy(io.Discard, r)
	if n != 3<<20 || !errors.Is(err, bag.ErrDigest) {
		t.Errorf("got %d bytes and %v", n, err)
	}
	must(t, r.Close())
	if got := b.Check(); got.FaultsTotal != 1 {
		t.Errorf("got %+v, want one fault", got)
	}
}

// TestOneForm: whatever is put around the files of an archive, it is not in the form.
func TestOneForm(t *testing.T) {
	t.Parallel()
	whole := written(t, payload())
	z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	must(t, err)
	again := func(change func(i int, h *zip.FileHeader) (keep bool), more ...string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i, f := range z.File {
			h := zip.FileHeader{Name: f.Name, Method: zip.Store}
			if !change(i, &h) {
				continue
			}
			out, err := w.CreateHeader(&h)
			must(t, err)
			r, err := f.Open()
			must(t, err)
			_, err = io.Copy(out, r)
			must(t, err)
		}
		for _, name := range more {
			_, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
			must(t, err)
		}
		must(t, w.Close())
		return b.Bytes()
	}
	all := func(int, *zip.FileHeader) bool { return true }
	if same := again(all); !bytes.Equal(same, whole) {
		t.Fatal("another writer writes another form")
	}
	directory := bytes.Index(whole, []byte("PK\x01\x02"))
	flip := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 1
		return b
	}
	for name, b := range map[string][]byte{
		"bytes before": slices.Concat([]byte("MZ"), whole), "bytes after": slices.Concat(whole, []byte{0}),
		"the end is missing": whole[:len(whole)-1], "half": whole[:len(whole)/2],
		"a file is compressed": again(func(i int, h *zip.FileHeader) bool { h.Method = uint16(8 * (i % 2)); return true }),
		"a comment":            again(func(i int, h *zip.FileHeader) bool { h.Comment = "x"; return true }),
		"an extra field":       again(func(i int, h *zip.FileHeader) bool { h.Extra = []byte{1, 0, 0, 0}; return true }),
		"a mode":               again(func(i int, h *zip.FileHeader) bool { h.SetMode(0o4755); return true }),
		"a file twice":         again(all, "case/data/a"), "a folder": again(all, "case/data/x/"),
		"another folder": again(all, "other/x"), "no folder": again(all, "x"), "a way out": again(all, "case/../x"),
		"a tag file more":     again(all, "case/readme.txt"),
		"a header at the top": flip(10), "a header in the table": flip(directory + 12), "the name of a file": flip(30),
		"a flag in the table": flip(directory + 8), "the length of a file": flip(directory + 20),
		"bytes between": slices.Concat(whole[:directory], []byte("hidden"), whole[directory:]),
	} {
		opened, err := open(b)
		if err == nil {
			err = opened.CheckForm(info)
		}
		if err == nil {
			t.Errorf("%s: the form holds", name)
		}
	}
	for name, c := range map[string]struct {
		archive []byte
		why     string
	}{
		"compressed": {again(func(i int, h *zip.FileHeader) bool { h.Method = uint16(8 * (i % 2)); return true }), "which nothing unpacks"},
		"twice":      {again(all, "case/data/a"), "two files of one name"},
	} {
		if _, err := open(c.archive); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: got %v, want %q", name, err, c.why)
		}
	}
	// In another order the manifest does not fit.
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, i := range []int{0, 2, 1, 3, 4, 5, 6} {
		must(t, w.Copy(z.File[i]))
	}
	must(t, w.Close())
	opened, err := open(b.Bytes())
	must(t, err)
	if err := opened.CheckForm(info); !errors.Is(err, bag.ErrForm) {
		t.Errorf("in another order: got %v", err)
	}
}

func TestLimitsOfABag(t *testing.T) {
	t.Parallel()
	many := func(n int) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := range n {
			_, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("case/data/%d", i), Method: zip.Store})
			must(t, err)
		}
		must(t, w.Close())
		return b.Bytes()
	}
	if _, err := open(many(bag.MaxFiles + 1)); err == nil || !strings.Contains(err.Error(), "files") {
		t.Errorf("too many files: got %v", err)
	}
	if _, err := open(many(70_000)); !errors.Is(err, bag.ErrNoBag) || !strings.Contains(err.Error(), "bagit.txt is missing") {
		t.Errorf("more files than fit into the old end: got %v", err)
	}
	declaration := "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	manifest := hex.EncodeToString(make([]byte, 64)) + "  data/"
	for name, files := range map[string]map[string]string{
		"a long name":              {"data/" + strings.Repeat("x", bag.MaxName): ""},
		"a long name in the list":  {"manifest-sha512.txt": manifest + strings.Repeat("x", bag.MaxName) + "\n"},
		"a long line":              {"manifest-sha512.txt": manifest + strings.Repeat("x", bag.MaxLine) + "\n"},
		"a long line of info":      {"bag-info.txt": "A: " + strings.Repeat("x", bag.MaxLine)},
		"too much info":            {"bag-info.txt": strings.Repeat("A: x\n", bag.MaxTags+1)},
		"a large declaration":      {"bagit.txt": declaration + strings.Repeat("\n", bag.MaxTagFile)},
		"a manifest not in UTF-8":  {"manifest-sha512.txt": "\xff"},
		"a backslash":              {`data/..\..\x`: ""},
		"a drive":                  {"C:/x": ""},
		"NUL":                      {"data/a\x00b": ""},
		"another version":          {"bagit.txt": strings.Replace(declaration, "1.0", "2.0", 1)},
		"another encoding":         {"bagit.txt": strings.Replace(declaration, "UTF-8", "EBCDIC", 1)},
		"no manifest":              {"manifest-sha3.txt": ""},
		"a short digest":           {"manifest-sha512.txt": "00  data/a\n"},
		"a tag file in the list":   {"manifest-sha512.txt": strings.Replace(manifest, "data/", "bagit.txt", 1) + "\n"},
		"nothing behind a digest":  {"manifest-sha512.txt": manifest[:128] + "\n"},
		"a file that is not there": {"fetch.txt": "https://example.org/a 5 data/a\n"},
	} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		if files["bagit.txt"] == "" {
			files["bagit.txt"] = declaration
		}
		for n, content := range files {
			f, err := w.CreateHeader(&zip.FileHeader{Name: "case/" + n, Method: zip.Store})
			must(t, err)
			_, err = f.Write([]byte(content))
			must(t, err)
		}
		must(t, w.Close())
		if faults, _ := checked(open(b.Bytes())); len(faults) == 0 {
			t.Errorf("%s: nothing is said", name)
		}
	}
}

// TestHostileEndIsNotBelieved: package zip makes room for as many files as the end of an
// archive names.
func TestHostileEndIsNotBelieved(t *testing.T) {
	t.Parallel()
	end := make([]byte, 98)
	copy(end, "PK\x06\x06")
	end[4], end[12], end[14] = 44, 45, 45
	copy(end[24:], []byte{0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 8}) // 2^27 files
	copy(end[56:], "PK\x06\x07")
	copy(end[64:], []byte{0, 0, 0, 0, 1, 0, 0, 0}) // at 2^32
	end[72] = 1
	copy(end[76:], "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00")
	const size = 1<<32 + 98
	at := behind{1 << 32, end}
	if _, err := bag.OpenZIP(at, size); err == nil || !strings.Contains(err.Error(), "want at most") {
		t.Errorf("got %v", err)
	}
}

// behind is so many zeros, and then something.
type behind struct {
	zeros int64
	end   []byte
}

func (z behind) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	for i := range p {
		if k := at + int64(i) - z.zeros; k >= 0 && k < int64(len(z.end)) {
			p[i] = z.end[k]
		}
	}
	return len(p), nil
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	w := bag.NewWriter(io.Discard, "case")
	for _, name := range []string{"", "a", "data/", "data/../a", "data//a", `data/a\b`, "/data/a", "data/a\x00"} {
		if _, err := w.Add(name, strings.NewReader("")); err == nil {
			t.Errorf("%q was written", name)
		}
	}
	_, err := w.Add("data/a", strings.NewReader("x"))
	must(t, err)
	if _, err := w.Add("data/a", strings.NewReader("x")); err == nil {
		t.Error("a second file of one name was written")
	}
	if err := w.Close(bag.Field{Name: "A", Value: "x\nPayload-Oxum: 0.0"}); err == nil {
		t.Error("a field of two lines was written")
	}
	if err := w.Close(); err == nil {
		t.Error("closed twice")
	}
}

// TestUnfinishedArchiveIsNone: what a Writer wrote before Close does not open.
func TestUnfinishedArchiveIsNone(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := bag.NewWriter(&b, "case")
	_, err := w.Add("data/a", strings.NewReader(strings.Repeat("x", 1<<20)))
	must(t, err)
	if _, err := open(b.Bytes()); !errors.Is(err, bag.ErrNoBag) {
		t.Errorf("got %v", err)
	}
}

// FuzzOpen: what a stranger hands over is read without a panic, and what is in the
// form is what Writer wrote.
func FuzzOpen(f *testing.F) {
	small := payload()
	small["data/ü\n\r.bin"] = "x"
	whole := written(f, small)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	for _, name := range []string{"data/a", "bagit.txt", "manifest-md5.txt", "fetch.txt", "bag-info.txt"} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		out, err := w.CreateHeader(&zip.FileHeader{Name: "x/" + name, Method: zip.Store})
		must(f, err)
		_, err = out.Write([]byte("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-16\n"))
		must(f, err)
		must(f, w.Close())
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		opened, err := open(b)
		if err != nil {
			return
		}
		form := opened.CheckForm(info)
		report := opened.Check()
		if form != nil || report.FaultsTotal > 0 {
			return
		}
		var again bytes.Buffer
		w := bag.NewWriter(&again, opened.Folder)
		for _, name := range opened.Names() {
			if bag.Payload(name) {
				content, err := opened.Read(name, 1<<30)
				must(t, err)
				_, err = w.Add(name, bytes.NewReader(content))
				must(t, err)
			}
		}
		must(t, w.Close(info...))
		if !bytes.Equal(again.Bytes(), b) {
			t.Error("two archives hold the same bag in the one form")
		}
	})
}
