package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/evidence"
)

// manyFiles is how many files a folder has in the tests of many: make bench-long has
// as many as one list may have.
var manyFiles = flag.Int("files", 20_000, "files of a folder that is disclosed and written again")

const (
	inFolder = 1000 // files of each folder within
	nameSize = 1024 // bytes of each file: a pack is handed on by the MiB
	// heapGrowth is how many bytes more may be in use when nearly all files are through
	// than after the first eighth: of 20,000 files, less than 30 for each.
	heapGrowth = 512 << 10
)

// A heapWatch looks at what is in use, eight times in so many steps.
type heapWatch struct {
	steps, step int
	seen        []uint64
}

func (h *heapWatch) tick() {
	if h.step++; h.steps == 0 || h.step%max(1, h.steps/8) != 0 {
		return
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.seen = append(h.seen, m.HeapAlloc)
}

// steady wants what was in use not to have grown with the steps.
func (h *heapWatch) steady(t *testing.T) {
	t.Helper()
	if len(h.seen) < 7 {
		t.Fatalf("looked %d times at the heap", len(h.seen))
	}
	if grown := int64(slices.Max(h.seen[1:])) - int64(h.seen[0]); grown > heapGrowth {
		t.Errorf("the heap grew by %d bytes with %d files: %v", grown, h.steps, h.seen)
	}
}

// manyNames makes a folder of many names of few files, in folders within.
func manyNames(t *testing.T, files int) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "share")
	first := ""
	for i := range files {
		dir := filepath.Join(base, fmt.Sprintf("%04d", i/inFolder/100), fmt.Sprintf("%06d", i/inFolder))
		if i%inFolder == 0 {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		name := filepath.Join(dir, fmt.Sprintf("%08d.eml", i))
		err := error(nil)
		if i%50_000 == 0 { // a file has 65,000 names at most
			first = name
			err = os.WriteFile(name, append(bytes.Repeat([]byte("mail"), nameSize/4), '\n'), 0o600)
		} else {
			err = os.Link(first, name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return base
}

// A stepper counts the lines that are written: each file has one.
type stepper struct {
	w     io.Writer
	watch *heapWatch
}

func (s *stepper) Write(b []byte) (int, error) {
	for range bytes.Count(b, []byte("\n")) {
		s.watch.tick()
	}
	return s.w.Write(b)
}

// TestAFolderOfManyFilesTakesNoMemory: going through it, packing it and listing it.
func TestAFolderOfManyFilesTakesNoMemory(t *testing.T) {
	a, _, _ := quietApp()
	began := time.Now()
	in := manyNames(t, *manyFiles)
	t.Logf("%d names made in %v", *manyFiles, time.Since(began))
	began = time.Now()
	tr, err := openTree(a, in, false)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.root.Close()
	if tr.files != *manyFiles || tr.flat() != nil {
		t.Fatalf("%d files", tr.files)
	}
	t.Logf("gone through in %v", time.Since(began))
	began = time.Now()
	spool, err := spoolFile("list")
	if err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	pack, size := &heapWatch{steps: *manyFiles}, &counting{}
	if err := tr.pour(&stepper{w: size, watch: pack}, spool); err != nil {
		t.Fatal(err)
	}
	pack.steady(t)
	t.Logf("packed in %v", time.Since(began))
	began = time.Now()
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	list := &heapWatch{steps: *manyFiles}
	of := protocol.Object{Role: protocol.RolePack, Tree: protocol.Digest{1}, Size: size.n}
	r, w := io.Pipe()
	go func() { w.CloseWithError(writeList(w, spool, of.Tree)) }()
	read, files, last := evidence.NewListReader(r, []protocol.Object{of}), 0, ""
	for {
		e, err := read.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.Name <= last {
			t.Fatalf("%s comes behind %s", e.Name, last)
		}
		files, last = files+1, e.Name
		list.tick()
	}
	if list.steady(t); files != *manyFiles {
		t.Errorf("%d files are listed", files)
	}
	t.Logf("listed in %v", time.Since(began))
}

// counting counts what is written.
type counting struct{ n int64 }

func (c *counting) Write(b []byte) (int, error) { c.n += int64(len(b)); return len(b), nil }

// A mill is a node with a pack of many small files, which it makes as it is read.
type mill struct {
	files      int
	pack, list protocol.Object
	watch      *heapWatch
}

// millSize is how many bytes each of its files has.
const millSize = 13

func millFile(i int) []byte { return fmt.Appendf(nil, "mail %07d\n", i) }

func newMill(t *testing.T, files int) *mill {
	t.Helper()
	m := &mill{files: files, watch: &heapWatch{steps: files}}
	m.pack = protocol.Object{Name: "share.pack", MediaType: packType, Role: protocol.RolePack, Size: int64(files) * millSize,
		SHA512: strings.Repeat("0", 128), Tree: protocol.DigestOf([]byte("pack"))}
	h, size := sha512.New(), &counting{}
	if err := m.writeList(io.MultiWriter(h, size), &heapWatch{}); err != nil {
		t.Fatal(err)
	}
	m.list = protocol.Object{Name: "share.list", MediaType: listType, Role: protocol.RoleList, Size: size.n,
		SHA512: hex.EncodeToString(h.Sum(nil)), Tree: protocol.DigestOf([]byte("list"))}
	return m
}

func (m *mill) writeList(w io.Writer, watch *heapWatch) error {
	out := bufio.NewWriterSize(w, 64<<10)
	list := evidence.NewListWriter(out)
	for i := range m.files {
		watch.tick()
		sum := sha512.Sum512(millFile(i))
		err := list.Add(evidence.Entry{Name: fmt.Sprintf("%06d%%2F%08d.eml", i/inFolder, i), MediaType: "message/rfc822",
			Size: millSize, SHA512: hex.EncodeToString(sum[:]), Pack: m.pack.Tree, Offset: int64(i) * millSize})
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// Content writes the list, or the pack from an offset on.
func (m *mill) Content(_ context.Context, piece desk.Piece, w io.Writer) error {
	if piece.Object == m.list.Tree {
		return m.writeList(w, m.watch)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	for i := piece.From / millSize; i < int64(m.files); i++ {
		b := millFile(int(i))
		if i == piece.From/millSize {
			b = b[piece.From%millSize:]
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return out.Flush()
}

// TestManyFilesAreWrittenInLittleMemory, and once more where they lie already.
func TestManyFilesAreWrittenInLittleMemory(t *testing.T) {
	m := newMill(t, *manyFiles)
	dir := t.TempDir()
	e := desk.Evidence{Case: someCase, Items: []desk.EvidenceItem{
		{Object: m.pack, State: desk.EvidenceComplete}, {Object: m.list, State: desk.EvidenceComplete}}}
	for _, what := range []string{"written", "found there"} {
		a, _, _ := quietApp()
		m.watch = &heapWatch{steps: m.files}
		began := time.Now()
		files, err := (&fetchCmd{Case: someCase, Out: dir}).write(t.Context(), a, m, e)
		if err != nil || len(files) != 2 || files[0].Files != m.files { // the list is written as well
			t.Fatalf("%+v, %v", files, err)
		}
		m.watch.steady(t)
		t.Logf("%d files %s in %v", m.files, what, time.Since(began))
	}
	folders, err := os.ReadDir(filepath.Join(dir, "share"))
	if err != nil || len(folders) != (m.files+inFolder-1)/inFolder {
		t.Errorf("%d folders, %v", len(folders), err)
	}
	last := filepath.Join(dir, "share", fmt.Sprintf("%06d", (m.files-1)/inFolder), fmt.Sprintf("%08d.eml", m.files-1))
	if b, err := os.ReadFile(last); err != nil || !bytes.Equal(b, millFile(m.files-1)) {
		t.Errorf("the last holds %q, %v", b, err)
	}
}

// TestOneLargeFolderIsReadInRuns: its names come in order, few of them in memory.
func TestOneLargeFolderIsReadInRuns(t *testing.T) {
	dir := t.TempDir()
	var want []string
	odd := []string{"a", "a\x01b", "a b", "a.b", "ab", "new\nline", "\xff", "ä"}
	for i := range 2500 {
		odd = append(odd, fmt.Sprintf("%d", i*7919%2500))
	}
	for _, name := range odd {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "a!"), 0o700), os.Symlink("a", filepath.Join(dir, "b"))); err != nil {
		t.Fatal(err)
	}
	want = append(odd, "a!", "b")
	slices.Sort(want)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, most := range []int{1, readAtOnce, 1 << 20} {
		var got []string
		kinds := map[byte]int{}
		err := eachIn(root, most, func(l leaf) error {
			name, kind := l.split()
			got = append(got, name)
			kinds[kind]++
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("in runs of %d: %d names, %v; want %d", most, len(got), err, len(want))
		}
		if kinds['f'] != len(want)-2 || kinds['d'] != 1 || kinds['l'] != 1 {
			t.Errorf("in runs of %d: %v", most, kinds)
		}
	}
	stop := errors.New("stop")
	if err := eachIn(root, 1, func(leaf) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

// TestTooMuchIsToldBeforeAnythingIsTaken: what a list cannot have.
func TestTooMuchIsToldBeforeAnythingIsTaken(t *testing.T) {
	deep := filepath.Join(t.TempDir(), "deep")
	root := deep
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	in, err := os.OpenRoot(deep)
	for range maxDepth + 1 {
		if err == nil {
			err = in.Mkdir("d", 0o700)
		}
		if err == nil {
			next, err2 := in.OpenRoot("d")
			in.Close()
			in, err = next, err2
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	a, _, _ := quietApp()
	if _, err := openTree(a, root, false); err == nil || !strings.Contains(err.Error(), "folders within folders") {
		t.Errorf("deep: %v", err)
	}
	large := filepath.Join(t.TempDir(), "large")
	files(t, large, map[string]string{"one": ""})
	for _, name := range []string{"one", "two"} {
		f, err := os.Create(filepath.Join(large, name))
		if err == nil {
			err = errors.Join(f.Truncate(protocol.MaxObject/2+1), f.Close())
		}
		if err != nil {
			t.Skipf("no sparse file of that size here: %v", err)
		}
	}
	if _, err := openTree(a, large, true); err == nil || !strings.Contains(err.Error(), "one pack takes at most") {
		t.Errorf("large: %v", err)
	}
}

// TestNamesAreCounted: more of them than the first table has room for.
func TestNamesAreCounted(t *testing.T) {
	given, err := newNameTable()
	if err != nil {
		t.Fatal(err)
	}
	defer given.close()
	const many = 10 * firstSlots
	for i := range many {
		if err := given.give(fmt.Sprint(i), i+2); err != nil {
			t.Fatal(err)
		}
	}
	if err := given.give("7", 700); err != nil {
		t.Fatal(err)
	}
	for i := range many {
		want := i + 2
		if i == 7 {
			want = 700
		}
		if got, err := given.next(fmt.Sprint(i)); err != nil || got != want {
			t.Fatalf("%d: got %d, %v", i, got, err)
		}
	}
	if got, err := given.next("other"); err != nil || got != 0 {
		t.Errorf("another: got %d, %v", got, err)
	}
}

// TestACaseThatIsFullIsTold: its acts are only so many, and name only so many objects.
func TestACaseThatIsFullIsTold(t *testing.T) {
	act := casefile.Entry{Kind: protocol.KindDisclosure, To: []protocol.ParticipantID{"gb.met"}, Says: &casefile.Says{Objects: make([]protocol.Digest, protocol.MaxObjects)}}
	f, acts := &casefile.Case{}, 0
	for ; hasRoom(f, protocol.MaxObjects) == nil; acts++ {
		f.Thread = append(f.Thread, act)
	}
	if acts != 31 {
		t.Errorf("%d acts with %d objects each have room", acts, protocol.MaxObjects)
	}
	if err := hasRoom(f, 2); err != nil {
		t.Errorf("a pack and its list: %v", err)
	}
	for want, f := range map[string]*casefile.Case{"takes only 48 more": f, "takes only 0 more": {Thread: make([]casefile.Entry, casefile.MaxThread)}} {
		if err := hasRoom(f, protocol.MaxObjects); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestManyObjectsAreAskedForAtOnce, and of some of them each by itself.
func TestManyObjectsAreAskedForAtOnce(t *testing.T) {
	s := newShelf()
	for i := range 200 {
		s.put(fmt.Sprint(i), fmt.Sprint(i), desk.EvidenceWaiting).Number = i + 1
	}
	for want, c := range map[int]fetchCmd{1: {Case: someCase, DespiteQuota: true}, 2: {Case: someCase, Object: []string{"3", "5"}}} {
		s.asked = nil
		chosen, err := c.choose(&desk.Evidence{Items: s.items})
		if err != nil {
			t.Fatal(err)
		}
		last, err := c.ask(t.Context(), s.client(), chosen)
		if err != nil || len(s.asked) != want || len(last.Items) != len(chosen) {
			t.Errorf("asked %d times, %v; want %d", len(s.asked), err, want)
		}
		for _, f := range s.asked {
			if f.Despite != c.DespiteQuota || f.Object.IsZero() != (want == 1) {
				t.Errorf("asked %+v", f)
			}
		}
	}
}
