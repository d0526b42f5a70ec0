package evidence_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/evidence/evidencetest"
)

// packed returns a pack with so many files of a few bytes, and their entries.
func packed(name string, files int) (protocol.Object, []byte, []evidence.Entry) {
	var content []byte
	var list []evidence.Entry
	for i := range files {
		file := fmt.Appendf(nil, "%s, file %d", name, i)
		sum := sha512.Sum512(file)
		list = append(list, evidence.Entry{Name: fmt.Sprintf("%d.eml", i%3), MediaType: "message/rfc822", Size: int64(len(file)),
			SHA512: hex.EncodeToString(sum[:]), Offset: int64(len(content)), Collected: time.Unix(1795341600, 0).UTC(), Collector: "export"})
		content = append(content, file...)
	}
	pack := evidencetest.Object(name, "", content)
	pack.Role = protocol.RolePack
	for i := range list {
		list[i].Pack = pack.Tree
	}
	return pack, content, list
}

func listOf(t testing.TB, entries ...evidence.Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := evidence.NewListWriter(&out)
	for _, e := range entries {
		if err := w.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func readList(r io.Reader, packs ...protocol.Object) ([]evidence.Entry, error) {
	l := evidence.NewListReader(r, packs)
	var out []evidence.Entry
	for {
		e, err := l.Next()
		if err != nil {
			if _, again := l.Next(); again != err {
				panic("the first error does not stay")
			}
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
}

func TestListsRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		one, content, first := packed("one", rapid.IntRange(1, 50).Draw(rt, "one"))
		two, _, second := packed("two", rapid.IntRange(1, 5).Draw(rt, "two"))
		b := listOf(t, append(first, second...)...)
		got, err := readList(iotest.HalfReader(bytes.NewReader(b)), one, two)
		if err != nil || len(got) != len(first)+len(second) {
			rt.Fatalf("%d files, %v", len(got), err)
		}
		for i, e := range first {
			if got[i] != e {
				rt.Fatalf("got %+v, want %+v", got[i], e)
			}
			file, err := io.ReadAll(got[i].In(bytes.NewReader(content)))
			if err != nil || string(file) != fmt.Sprintf("one, file %d", i) {
				rt.Fatalf("got %q, %v", file, err)
			}
		}
	})
}

// TestEveryPrefixOfAListIsRefused: what a list does not say of its pack is missed.
func TestEveryPrefixOfAListIsRefused(t *testing.T) {
	pack, _, entries := packed("one", 4)
	b := listOf(t, entries...)
	for i := 1; i < len(b); i++ {
		if _, err := readList(bytes.NewReader(b[:i]), pack); err == nil {
			t.Errorf("a prefix of %d of %d bytes is taken", i, len(b))
		}
	}
	for _, more := range []string{"\n", " ", "{}\n", "x\n", string(b)} {
		if _, err := readList(strings.NewReader(string(b)+more), pack); err == nil {
			t.Errorf("a tail of %q is taken", more)
		}
	}
	if got, err := readList(bytes.NewReader(nil), pack); len(got) > 0 || err != nil {
		t.Errorf("an empty list: %v", err)
	}
}

// TestEntriesAreChecked by whoever writes a list and by whoever reads it; the error
// says what to mend, and quotes no name.
func TestEntriesAreChecked(t *testing.T) {
	pack, _, good := packed("one", 3)
	for _, c := range []struct {
		says   string // "" where it is taken
		change func([]evidence.Entry)
	}{
		{"", func([]evidence.Entry) {}},
		{"", func(e []evidence.Entry) { e[1].Name = e[0].Name }},
		{"", func(e []evidence.Entry) { e[1].Name = "\u202egnp.exe \x1b[2J -rf" }}, // data
		{"", func(e []evidence.Entry) { e[1].Name = strings.Repeat("\x01", protocol.MaxObjectName) }},
		{"", func(e []evidence.Entry) { e[1].Collected, e[1].Collector, e[1].MediaType = time.Time{}, "", "" }},
		{"", func(e []evidence.Entry) { // the longest line
			long := strings.Repeat("\x01", protocol.MaxReference)
			e[1].Name, e[1].MediaType, e[1].Collector = strings.Repeat("\x01", protocol.MaxObjectName), long, long
		}},
		{"2: name: want a plain name", func(e []evidence.Entry) { e[1].Name = "../../etc/passwd" }},
		{"2: name: want a plain name", func(e []evidence.Entry) { e[1].Name = `..\secret` }},
		{"2: name: want a plain name", func(e []evidence.Entry) { e[1].Name = "secret\x00.eml" }},
		{"2: name: want a plain name", func(e []evidence.Entry) { e[1].Name = "" }},
		{"2: name: want a plain name", func(e []evidence.Entry) { e[1].Name = ".." }},
		{"2: name: want a plain name", func(e []evidence.Entry) { e[1].Name = strings.Repeat("\u202e", 1<<10/3) }},
		{"2: size: want", func(e []evidence.Entry) { e[1].Size = -1 }},
		{"2: size: want", func(e []evidence.Entry) { e[1].Size = protocol.MaxObject + 1 }},
		{"2: size: want", func(e []evidence.Entry) { e[1].Size = 1<<53 - 1 }},
		{"2: offset: want", func(e []evidence.Entry) { e[1].Offset = 1<<53 - 1 }},
		{"2: sha512: want", func(e []evidence.Entry) { e[1].SHA512 = "" }},
		{"2: pack: want the tree hash", func(e []evidence.Entry) { e[1].Pack = protocol.Digest{} }},
		{"2: offset: want", func(e []evidence.Entry) { e[1].Offset = -1 }},
		{"2: offset: want", func(e []evidence.Entry) { e[1].Offset++ }},                    // a gap
		{"2: offset: want", func(e []evidence.Entry) { e[1].Offset-- }},                    // one over the other
		{"2: offset: want", func(e []evidence.Entry) { e[1], e[2] = e[2], e[1] }},          // descending
		{"3: offset: want", func(e []evidence.Entry) { e[1].Size++ }},                      // over the next
		{"3: offset: want", func(e []evidence.Entry) { e[2].Offset = protocol.MaxObject }}, // far out
		{"2: collected: want", func(e []evidence.Entry) { e[1].Collected = e[1].Collected.Add(1) }},
		{"2: collector: want", func(e []evidence.Entry) { e[1].Collector = strings.Repeat("c", protocol.MaxReference+1) }},
	} {
		entries := append([]evidence.Entry{}, good...)
		c.change(entries)
		w, written := evidence.NewListWriter(io.Discard), error(nil)
		for _, e := range entries {
			if written == nil {
				written = w.Add(e)
			}
		}
		_, read := readList(bytes.NewReader(lines(t, entries)), pack)
		for who, err := range map[string]error{"file ": written, "line ": read} {
			if (err == nil) != (c.says == "") || (err != nil && !strings.Contains(err.Error(), who+c.says)) {
				t.Errorf("%s: got %v, want %q", who, err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes a name: %v", err)
			}
		}
		if c.says != "" && w.Add(good[2]) == nil {
			t.Error("the list goes on after an error")
		}
	}
}

// lines writes entries as somebody would who checks nothing.
func lines(t *testing.T, entries []evidence.Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, e := range entries {
		out.Write(encoded(t, e))
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// TestListsFitTheirPacks: what only the reader knows.
func TestListsFitTheirPacks(t *testing.T) {
	one, _, first := packed("one", 3)
	two, _, second := packed("two", 2)
	other := one
	other.Role = protocol.RoleFile
	short, long := one, one
	short.Size, long.Size = one.Size-1, one.Size+1
	all := append(append([]evidence.Entry{}, first...), second...)
	for name, c := range map[string]struct {
		says    string
		packs   []protocol.Object
		entries []evidence.Entry
	}{
		"good":                {"", []protocol.Object{one, two}, all},
		"the other way round": {"", []protocol.Object{one, two}, append(append([]evidence.Entry{}, second...), first...)},
		"no such pack":        {"line 4: pack: want one that is disclosed", []protocol.Object{one}, all},
		"no pack":             {"line 1: pack: want one that is disclosed", []protocol.Object{other}, first},
		"beyond its end":      {"line 3: size: want a file that ends within", []protocol.Object{short}, first},
		"bytes not listed":    {"belong to a file in the list: want all", []protocol.Object{long}, first},
		"not listed, another": {"line 4: pack: ", []protocol.Object{long, two}, all},
		"a pack again":        {"line 6: pack: want the files of one pack together", []protocol.Object{one, two}, append(all[:5:5], all[0])},
	} {
		_, err := readList(bytes.NewReader(lines(t, c.entries)), c.packs...)
		if (err == nil) != (c.says == "") || (err != nil && !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
}

func TestLinesAreCanonicalAndBounded(t *testing.T) {
	pack, _, entries := packed("one", 1)
	line := string(listOf(t, entries...))
	for name, b := range map[string]string{
		"space":      strings.Replace(line, `"name":`, `"name": `, 1),
		"member":     strings.Replace(line, `"name":`, `"mode":"0777","name":`, 1),
		"missing":    strings.Replace(line, `"media_type":"message/rfc822",`, ``, 1),
		"return":     strings.Replace(line, "\n", "\r\n", 1),
		"two lines":  strings.Replace(line, `,"offset"`, ",\n\"offset\"", 1),
		"below 0":    strings.Replace(line, `"size":11`, `"size":-11`, 1),
		"overflow":   strings.Replace(line, `"size":11`, `"size":9223372036854775819`, 1),  // 11 and 2^63
		"wraps":      strings.Replace(line, `"size":11`, `"size":18446744073709551627`, 1), // 11 and 2^64
		"fraction":   strings.Replace(line, `"size":11`, `"size":11.0`, 1),
		"exponent":   strings.Replace(line, `"size":11`, `"size":11e0`, 1),
		"negative 0": strings.Replace(line, `"offset":0`, `"offset":-0`, 1),
		"no UTF-8":   strings.Replace(line, `"0.eml"`, "\"\xff.eml\"", 1),
		"surrogate":  strings.Replace(line, `"0.eml"`, `"\ud800.eml"`, 1),
		"no end":     strings.TrimSuffix(line, "\n"),
		"a list":     "[" + strings.TrimSuffix(line, "\n") + "]\n",
		"very long":  strings.Replace(line, `"export"`, `"`+strings.Repeat("x", 1<<20)+`"`, 1),
		"marks":      strings.Replace(line, `"0.eml"`, `"`+strings.Repeat("\u202e", 4<<10/3)+`"`, 1),
		"empty line": "\n" + line,
	} {
		if b == line {
			t.Fatalf("%s: the crime was not committed", name)
		}
		if _, err := readList(strings.NewReader(b), pack); err == nil || !strings.Contains(err.Error(), "line 1: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	broken := errors.New("the disk is broken")
	if _, err := readList(io.MultiReader(strings.NewReader(line), iotest.ErrReader(broken)), pack); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// endless is a list of files without content, which never ends.
type endless struct {
	line []byte
	at   int
}

func (r *endless) Read(p []byte) (int, error) {
	k := copy(p, r.line[r.at:])
	r.at = (r.at + k) % len(r.line)
	return k, nil
}

// TestListsAreBounded, and take no more memory the longer they are.
func TestListsAreBounded(t *testing.T) {
	pack, _, _ := packed("one", 0)
	sum := sha512.Sum512(nil)
	e := evidence.Entry{Name: "a", SHA512: hex.EncodeToString(sum[:]), Pack: pack.Tree}
	l := evidence.NewListReader(&endless{line: append(encoded(t, e), '\n')}, []protocol.Object{pack})
	read := func() uint64 {
		for range 20_000 {
			if _, err := l.Next(); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	if before, after := read(), read(); after > before+100_000 {
		t.Errorf("20000 files more take %d bytes more", after-before)
	}
	l.Skip(evidence.MaxListed - 1)
	if _, err := l.Next(); err != nil {
		t.Errorf("the last: %v", err)
	}
	if _, err := l.Next(); err == nil || !strings.Contains(err.Error(), "at most 10000000 files") {
		t.Errorf("one more: %v", err)
	}
}

func TestContentIsChecked(t *testing.T) {
	content := []byte("From a\n")
	sum := sha512.Sum512(content)
	digest := hex.EncodeToString(sum[:])
	for name, c := range map[string]struct {
		content string
		size    int64
		digest  string
		ok      bool
	}{
		"good":            {"From a\n", 7, digest, true},
		"shorter":         {"From a", 7, digest, false},
		"longer":          {"From a\n\n", 7, digest, false},
		"other":           {"From b\n", 7, digest, false},
		"another digest":  {"From a\n", 7, strings.Repeat("0", 128), false},
		"a size too many": {"From a\n", 8, digest, false},
		"a size too few":  {"From a\n", 6, digest, false},
	} {
		for _, slow := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader} {
			_, err := io.ReadAll(evidence.Checked(slow(strings.NewReader(c.content)), c.size, c.digest))
			if (err == nil) != c.ok || (err != nil && !errors.Is(err, evidence.ErrContent)) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

// BenchmarkList reads the lines of a list.
func BenchmarkList(b *testing.B) {
	pack, _, entries := packed("one", 1000)
	list := listOf(b, entries...)
	b.SetBytes(int64(len(list)))
	for b.Loop() {
		if got, err := readList(bytes.NewReader(list), pack); err != nil || len(got) != 1000 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/file")
}

func FuzzListReader(f *testing.F) {
	pack, _, entries := packed("one", 3)
	f.Add(listOf(f, entries...))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readList(bytes.NewReader(b), pack)
		if err == nil && !bytes.Equal(listOf(t, got...), b) {
			t.Fatal("two lists of the same files")
		}
	})
}
