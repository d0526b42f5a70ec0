package casepack_test

import (
	"bufio"
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/bag"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/evidence"
	"comity.example/protocol/evidence/evidencetest"
)

// page is how many bytes a sparse file keeps together.
const page = 1 << 16

// A sparse file keeps the pages that are not all zeros.
type sparse struct {
	size  int64
	pages map[int64][]byte
	zeros [page]byte
}

// Write implements io.Writer.
func (s *sparse) Write(b []byte) (int, error) {
	for left := b; len(left) > 0; {
		at := s.size % page
		n := min(int64(len(left)), page-at)
		if p := s.pages[s.size/page]; p != nil || !bytes.Equal(left[:n], s.zeros[:n]) {
			if p == nil {
				p = make([]byte, page)
				s.pages[s.size/page] = p
			}
			copy(p[at:], left[:n])
		}
		s.size, left = s.size+n, left[n:]
	}
	return len(b), nil
}

// ReadAt implements io.ReaderAt.
func (s *sparse) ReadAt(b []byte, at int64) (int, error) {
	n := min(int64(len(b)), max(0, s.size-at))
	for done := int64(0); done < n; {
		in := (at + done) % page
		k := min(n-done, page-in)
		if p := s.pages[(at+done)/page]; p != nil {
			copy(b[done:done+k], p[in:])
		} else {
			clear(b[done : done+k])
		}
		done += k
	}
	if n < int64(len(b)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// large is a package with an object of size zeros, as a sparse file.
func large(t *testing.T, size int64) (*sparse, *pack) {
	t.Helper()
	p, book := newCase(t, func(*protocol.Request) {})
	out := &sparse{pages: map[int64][]byte{}}
	w := bag.NewWriter(out, string(p.index.Case))
	tree := protocol.DigestOf([]byte("large"))
	sum, err := w.Add("data/"+casepack.EvidenceName(tree), io.LimitReader(zeros{}, size))
	must(t, err)
	p.index.Evidence = []casepack.EvidenceEntry{{Tree: tree, Standing: casepack.Here}}
	p.discloses(book, w, []protocol.Object{{Name: "disk.img", MediaType: "application/octet-stream", Size: sum.Size,
		SHA512: hex.EncodeToString(sum.SHA512[:]), Tree: tree}})
	return out, p
}

// discloses ends a package, in which the evidence lies already, with the act that
// discloses it.
func (p *pack) discloses(book *agreement.Book, w *bag.Writer, objects []protocol.Object) {
	p.t.Helper()
	answer := p.w.Disclose(p.acts[1], contoso, office)
	answer.Body.Disclosure = evidencetest.Disclosure(protocol.ProductionComplete, objects, office)
	answer.Follows = []protocol.Digest{digest(p.t, p.acts[1])}
	p.act(book, answer)
	p.index.Format = casepack.Format
	var err error
	p.files["custody.jsonld"], err = casepack.CustodyOf(p.files, p.index)
	must(p.t, err)
	p.files["case.json"], err = canon.Encode(p.index)
	must(p.t, err)
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		_, err := w.Add("data/"+name, bytes.NewReader(p.files[name]))
		must(p.t, err)
	}
	must(p.t, w.Close(casepack.InfoOf(&p.index)...))
}

// TestLargePackageTakesLittleMemory: what it takes does not grow with the evidence, and
// sizes that need ZIP64 keep to the one form.
func TestLargePackageTakesLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes 4 GiB twice")
	}
	const most = 64 << 20
	out, p := large(t, 4<<30)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, peak, calls := m.HeapAlloc, uint64(0), 0
	opened, err := casepack.Open(out, out.size)
	must(t, err)
	opened.Progress = func(done, total int64) {
		if calls++; calls%512 == 0 || done == total {
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	r := opened.Verify(p.pins)
	if !r.Holds || len(r.Evidence) != 1 || !r.Evidence[0].Here || r.Evidence[0].Size != 4<<30 {
		t.Errorf("got %+v", wrong(r))
	}
	if calls < 1000 || peak > before+most {
		t.Errorf("a package of %d bytes took %d bytes of memory, in %d pieces", out.size, peak-before, calls)
	}
	t.Logf("a package of %d bytes took %d bytes of memory", out.size, int64(peak)-int64(before))
}

// TestCustodyOfThousandsOfObjects: as many as the disclosures of a case can name, under
// long names.
func TestCustodyOfThousandsOfObjects(t *testing.T) {
	if testing.Short() {
		t.Skip("signs dozens of acts")
	}
	const disclosures = casefile.MaxHanded / protocol.MaxObjects
	p, book := newCase(t, func(*protocol.Request) {})
	p.index.Evidence = nil
	for n := range disclosures {
		var objects []protocol.Object
		for i := range protocol.MaxObjects {
			o := evidencetest.Object(strings.Repeat(`"`, protocol.MaxObjectName), "message/rfc822", fmt.Appendf(nil, "%d of %d", i, n))
			o.Collected = chaintest.Now
			objects = append(objects, o)
			p.index.Evidence = append(p.index.Evidence, casepack.EvidenceEntry{Tree: o.Tree, Standing: casepack.Unfetched})
		}
		a := p.w.Disclose(p.acts[1], contoso, office)
		a.Body.Disclosure = evidencetest.Disclosure(protocol.ProductionPartial, objects, office)
		a.Follows = []protocol.Digest{digest(t, p.acts[1])}
		p.act(book, a)
	}
	var out bytes.Buffer
	w := casepack.NewWriter(&out, p.index.Case)
	for name, b := range p.files {
		must(t, w.Add(name, b))
	}
	for _, a := range p.acts[2:] {
		for i := range a.Body.Disclosure.Objects {
			must(t, w.AddEvidence(&a.Body.Disclosure.Objects[i], casepack.Unfetched, nil))
		}
	}
	must(t, w.Close(p.index))
	r, err := verify(out.Bytes(), p.pins)
	if err != nil || !r.Holds || len(r.Evidence) != disclosures*protocol.MaxObjects {
		t.Errorf("%d objects, holds %t, %v", len(r.Evidence), r.Holds, err)
	}
}

// listed is how many files a list has in the test of many: make bench-long has as many
// as one may have.
var listed = flag.Int("files", 20_000, "files of a list that is verified")

// TestManyListedFilesTakeLittleMemory: what it takes does not grow with the list.
func TestManyListedFilesTakeLittleMemory(t *testing.T) {
	const most = 384 << 10 // bytes more from the first eighth on: less than 20 for each of 20,000 files
	p, book := newCase(t, func(*protocol.Request) {})
	file, err := os.Create(filepath.Join(t.TempDir(), "case.zip"))
	must(t, err)
	defer file.Close()
	w := bag.NewWriter(file, string(p.index.Case))
	content := func(i int) []byte { return fmt.Appendf(nil, "mail %07d\n", i) }
	var objects []protocol.Object
	add := func(role protocol.ObjectRole, write func(io.Writer) error) {
		o := protocol.Object{Name: "share." + string(role), MediaType: "text/plain", Role: role, Tree: protocol.DigestOf([]byte(role))}
		r, to := io.Pipe()
		go func() { to.CloseWithError(write(to)) }()
		sum, err := w.Add("data/"+casepack.EvidenceName(o.Tree), bufio.NewReaderSize(r, 1<<20))
		must(t, err)
		o.Size, o.SHA512 = sum.Size, hex.EncodeToString(sum.SHA512[:])
		objects = append(objects, o)
		p.index.Evidence = append(p.index.Evidence, casepack.EvidenceEntry{Tree: o.Tree, Standing: casepack.Here})
	}
	add(protocol.RolePack, func(w io.Writer) error {
		for i := range *listed {
			if _, err := w.Write(content(i)); err != nil {
				return err
			}
		}
		return nil
	})
	add(protocol.RoleList, func(w io.Writer) error {
		list, at := evidence.NewListWriter(w), int64(0)
		for i := range *listed {
			b := content(i)
			sum := sha512.Sum512(b)
			err := list.Add(evidence.Entry{Name: fmt.Sprintf("mailbox%%2Finbox%%2F2026%%2F%08d.eml", i), MediaType: "message/rfc822", Size: int64(len(b)),
				SHA512: hex.EncodeToString(sum[:]), Pack: objects[0].Tree, Offset: at})
			if err != nil {
				return err
			}
			at += int64(len(b))
		}
		return nil
	})
	p.discloses(book, w, objects)
	size, err := file.Seek(0, io.SeekEnd)
	must(t, err)
	opened, err := casepack.Open(file, size)
	must(t, err)
	var seen []uint64
	opened.Progress = func(done, total int64) {
		if done*8/total < int64(len(seen)) {
			return
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		seen = append(seen, m.HeapAlloc)
	}
	r := opened.Verify(p.pins)
	if !r.Holds || len(r.Evidence) != 2 || r.Evidence[0].Files != int64(*listed) {
		t.Errorf("got %+v, %+v", wrong(r), r.Evidence)
	}
	t.Logf("heap: %v", seen)
	if len(seen) < 7 || slices.Max(seen[2:]) > seen[1]+most {
		t.Errorf("the heap grew with %d files: %v", *listed, seen)
	}
}
