package casepack_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/bag"
	"comity.example/protocol/casefile"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
)

func TestTruePackageHolds(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	r, err := verify(p.bytes(), p.pins)
	must(t, err)
	for _, c := range r.Claims {
		if !c.Holds {
			t.Errorf("%s: %s: %s", c.About, c.Claim, c.Why)
		}
	}
	if !r.Holds || r.Case != p.index.Case {
		t.Errorf("the report is %v of %s", r.Holds, r.Case)
	}
	o := p.object()
	disclosed, passed := r.Acts[2], r.Acts[3]
	want := []casepack.Evidence{{Name: o.Name, MediaType: o.MediaType, Size: o.Size, SHA512: o.SHA512, Tree: o.Tree, Here: true,
		Standing: casepack.Here, From: contoso, Handed: []casepack.Handed{
			{Act: disclosed.Digest, Kind: "disclosure", From: contoso, At: disclosed.Issued,
				Receipts: []casepack.Receipted{{By: office, At: chaintest.Now}}},
			{Act: passed.Digest, Kind: "relay", From: office, At: passed.Issued,
				Receipts: []casepack.Receipted{{By: police, At: chaintest.Now}}}}}}
	if !reflect.DeepEqual(r.Evidence, want) || r.Absent != 0 {
		t.Errorf("the evidence is %+v, want %+v", r.Evidence, want)
	}
	node, err := verify(p.written(), p.pins)
	must(t, err)
	if len(node.Fingerprint) != 128 || len(r.Fingerprint) != 128 {
		t.Errorf("got the fingerprints %q and %q", node.Fingerprint, r.Fingerprint)
	}
	node.Fingerprint = r.Fingerprint // the files stand in another order
	if !reflect.DeepEqual(node, r) {
		t.Errorf("as a node writes it, got %+v, want %+v", node.Evidence, r.Evidence)
	}
	if a, b := p.bytes(), p.clone().bytes(); !bytes.Equal(a, b) {
		t.Error("the same package is written in two ways")
	}
}

// falls wants a package not to hold, for the reason that a claim or the error
// gives.
func falls(t *testing.T, name string, p *pack, why string) {
	t.Helper()
	r, err := verify(p.bytes(), p.pins)
	said := fmt.Sprint(err)
	for _, c := range r.Claims {
		if c.False() {
			said += fmt.Sprintf("\n%s %s: %s", c.About, c.Claim, c.Why)
		}
	}
	if r.Holds || !strings.Contains(said, why) {
		t.Errorf("%s: holds %v, and it says %s; want %q", name, r.Holds, said, why)
	}
}

func TestChangedFilesDoNotHold(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	random := rand.New(rand.NewPCG(3, 4))
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		without := p.clone()
		delete(without.files, name)
		falls(t, name+" is left out", without, "missing")
		changed := p.clone()
		b := bytes.Clone(p.files[name])
		bit := random.IntN(8 * len(b))
		b[bit/8] ^= 1 << (bit % 8)
		changed.files[name] = b
		falls(t, fmt.Sprintf("bit %d of %s", bit, name), changed, "")
	}
}

func TestFalsePackagesDoNotHold(t *testing.T) {
	t.Parallel()
	whole := newPack(t)
	other := newPack(t) // another world with keys of its own
	const request, certified, answer = 0, 1, 2
	receipt := func(i int, of protocol.ParticipantID) string {
		return casepack.ProofName(whole.index.Acts[i].Digest, of)
	}
	for name, c := range map[string]struct {
		change func(*pack)
		why    string
	}{
		"a file is added":   {func(p *pack) { p.files["acts/readme.txt"] = []byte("hello") }, "is part of no claim"},
		"evidence is added": {func(p *pack) { p.files[casepack.EvidenceName(protocol.DigestOf(nil))] = nil }, "is part of no claim"},
		"evidence is another": {func(p *pack) {
			p.files[casepack.EvidenceName(p.object().Tree)] = []byte("From b\n")
		}, "the file is another"},
		"two receipts are swapped": {func(p *pack) {
			a, b := receipt(certified, contoso), receipt(certified, police)
			p.files[a], p.files[b] = p.files[b], p.files[a]
		}, "was receipted by us.contoso"},
		"a receipt is for another act": {func(p *pack) {
			p.files[receipt(certified, police)] = p.files[casepack.ProofName(p.index.Acts[3].Digest, police)]
		}, "the entry is about something else"},
		"a receipt is left out, but not its proof": {func(p *pack) {
			p.index.Acts[certified].Receipts = p.index.Acts[certified].Receipts[1:]
		}, "is part of no claim"},
		"a receipt is named and not there": {func(p *pack) {
			delete(p.files, receipt(certified, contoso))
		}, "us.contoso.tlog-proof is missing"},
		"the exporter's entry is the receipt": {func(p *pack) {
			p.files[receipt(certified, office)] = p.files[receipt(certified, contoso)]
		}, "is in the exporter's own ledger"},
		"an act of another case": {func(p *pack) {
			p.files[casepack.ActName(p.index.Acts[answer].Digest)] = p.w.Sign(p.w.Disclose(p.w.Request(police, contoso), contoso, office))
		}, "in this case"},
		"an act of another world": {func(p *pack) {
			p.files[casepack.ActName(p.index.Acts[request].Digest)] = other.files[casepack.ActName(other.index.Acts[request].Digest)]
		}, "is signed by whom it names"},
		"a Party's pin is another's": {func(p *pack) { p.pins = other.pins }, "signed by the Parties' pinned roots"},
		"one Party is not pinned":    {func(p *pack) { p.pins = p.pins[:1] }, "signed by the Parties' pinned roots"},
		"nobody is pinned":           {func(p *pack) { p.pins = nil }, "signed by the Parties' pinned roots"},
		"a verdict is changed": {func(p *pack) {
			p.index.Acts[certified].Decision.Verdict = protocol.Hold
		}, "decided again"},
		"a finding is changed": {func(p *pack) {
			p.index.Acts[certified].Decision.Findings[0].Text = "all is well"
		}, "decided again"},
		"a decision is older": {func(p *pack) {
			p.index.Acts[certified].Decision.At = chaintest.Now.Add(-chaintest.Day)
		}, "decided again"},
		"the order of the acts":  {func(p *pack) { slices.Reverse(p.index.Acts) }, "fits the thread"},
		"an act is left out":     {func(p *pack) { p.index.Acts = slices.Delete(p.index.Acts, certified, certified+1) }, "fits the thread"},
		"there are no acts":      {func(p *pack) { p.index.Acts = nil }, "there is none"},
		"another case":           {func(p *pack) { p.index.Case = protocol.NewCaseID() }, "in this case"},
		"another exporter":       {func(p *pack) { p.index.Exporter = contoso }, "signed by the Parties' pinned roots"},
		"exporter of no Party":   {func(p *pack) { p.index.Exporter = "gb.militia" }, "gb.militia.tlog-proof is missing"},
		"a register is left out": {func(p *pack) { p.index.Documents = p.index.Documents[1:] }, ""},
		"the agreement is left out": {func(p *pack) {
			d := p.index.Documents[2]
			p.index.Documents = p.index.Documents[:2]
			delete(p.files, casepack.DocumentName(d.Kind, d.Name))
			delete(p.files, casepack.ProofName(d.Digest, office))
		}, "decided again"},
		"a document of another kind": {func(p *pack) {
			d := &p.index.Documents[2]
			p.files[casepack.DocumentName("letter", d.Name)] = p.files[casepack.DocumentName(d.Kind, d.Name)]
			d.Kind = "letter"
		}, "no known kind"},
		"a document is another": {func(p *pack) {
			a, b := casepack.DocumentName("register", "GB@1"), casepack.DocumentName("register", "US@1")
			p.files[a], p.files[b] = p.files[b], p.files[a]
		}, "is not the one that is named"},
		"a document stands there twice": {func(p *pack) { p.index.Documents = append(p.index.Documents, p.index.Documents[0]) }, "twice"},
		"an act stands there twice":     {func(p *pack) { p.index.Acts = append(p.index.Acts, p.index.Acts[0]) }, "twice"},
		"too many acts": {func(p *pack) {
			p.index.Acts = slices.Repeat(p.index.Acts, casefile.MaxThread)
		}, ""},
		"too many documents": {func(p *pack) { p.index.Documents = slices.Repeat(p.index.Documents, casepack.MaxDocuments) }, "documents: want at most"},
	} {
		p := whole.clone()
		c.change(p)
		falls(t, name, p, c.why)
	}
	if r, err := verify(whole.bytes(), whole.pins); err != nil || !r.Holds {
		t.Errorf("the true package has suffered: %v %v", r.Holds, err)
	}
}

// TestActsStandInTheOrderOfTheLedger: a provider that disclosed after it had
// taken a withdrawal shows the two the other way round.
func TestActsStandInTheOrderOfTheLedger(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	withdrawal := p.w.Act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, office)
	withdrawal.Case, withdrawal.Follows = p.index.Case, []protocol.Digest{p.index.Acts[1].Digest}
	p.w.Endorse(withdrawal, p.w.Member(police).Officer)
	p.act(nil, withdrawal) // no agreement is asked
	if r, err := verify(p.bytes(), p.pins); err != nil || !r.Holds {
		t.Fatalf("in order: %v %+v", err, r.Claims)
	}
	a := p.index.Acts
	a[2], a[4] = a[4], a[2]
	falls(t, "evidence behind the withdrawal", p, "before an act that stands before it here")
}

// TestRefusedIsNotTaken: what the exporter's ledger refused is not proved by
// the entry that refused it.
func TestRefusedIsNotTaken(t *testing.T) {
	t.Parallel()
	for i, kind := range []ledger.Kind{ledger.KindRefused, ledger.KindSent, ledger.KindReceipted, ledger.KindExpired} {
		p := newPack(t)
		l := p.logs[office]
		e := p.index.Acts[0]
		rec, err := ledger.ParseRecord(l.records[3])
		must(t, err)
		if rec.Act != e.Digest {
			t.Fatal("record 3 is not that of the request")
		}
		rec.Kind = kind
		p.files[casepack.ProofName(e.Digest, office)] = l.prove(l.append(rec))
		falls(t, fmt.Sprint(i, kind), p, "does not say that it was sent or accepted")
	}
	p := newPack(t)
	l := p.logs[office]
	d := p.index.Documents[2]
	p.files[casepack.ProofName(d.Digest, office)] = l.prove(l.append(ledger.Record{Kind: ledger.KindRefused,
		At: chaintest.Now, Peer: contoso, Document: d.Digest}))
	falls(t, "a document that was refused", p, "about something else")
}

func TestOtherFormatIsNotRead(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	p.index.Format = "comity-case/3"
	_, err := verify(p.bytes(), p.pins)
	if !errors.Is(err, casepack.ErrFormat) || errors.Is(err, casepack.ErrChanged) || !strings.Contains(err.Error(), `format "comity-case/3"`) {
		t.Errorf("got %v", err)
	}
}

// raw is an archive as somebody else would write it.
func raw(t *testing.T, write func(*zip.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	write(w)
	must(t, w.Close())
	return b.Bytes()
}

func TestArchivesThatAreNoPackageDoNotOpen(t *testing.T) {
	t.Parallel()
	add := func(w *zip.Writer, name, content string) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		must(t, err)
		_, err = io.WriteString(f, content)
		must(t, err)
	}
	var other bytes.Buffer
	w := bag.NewWriter(&other, "x")
	_, err := w.Add("data/a", strings.NewReader("a"))
	must(t, err)
	must(t, w.Close())
	for name, c := range map[string]struct {
		archive []byte
		why     string
	}{
		"nothing":     {nil, "not a case package"},
		"noise":       {[]byte(strings.Repeat("noise", 1000)), "not a case package"},
		"no bag":      {raw(t, func(w *zip.Writer) { add(w, "x/other", "") }), "bagit.txt is missing"},
		"another bag": {other.Bytes(), "case.json is missing"},
		"an old package": {raw(t, func(w *zip.Writer) {
			add(w, "acts/a.json", "{}")
			add(w, "case.json", `{"format":"comity-case/1"}`)
		}), "want one folder"},
		"a bomb": {raw(t, func(w *zip.Writer) {
			f, err := w.Create("x/bagit.txt")
			must(t, err)
			_, err = io.CopyN(f, zeros{}, 64<<20)
			must(t, err)
		}), "which nothing unpacks"},
		"files over each other": {raw(t, func(w *zip.Writer) { lie(t, w) }), "larger than the archive"},
	} {
		if _, err := verify(c.archive, nil); err == nil || !strings.Contains(err.Error(), c.why) ||
			errors.Is(err, casepack.ErrChanged) {
			t.Errorf("%s: got %v, want %q", name, err, c.why)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// lie writes a file whose directory entry says that it is large.
func lie(t *testing.T, w *zip.Writer) {
	t.Helper()
	_, err := w.CreateRaw(&zip.FileHeader{Name: "x/bagit.txt", Method: zip.Store, CompressedSize64: 1 << 40, UncompressedSize64: 1 << 40})
	must(t, err)
}

// TestBombAmongTheDocumentsIsBounded: a document of zeros takes no room in the
// archive, and a thousand of them would take two gigabytes of memory.
func TestBombAmongTheDocumentsIsBounded(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	large := make([]byte, casepack.MaxFile)
	d := protocol.DigestOf(large)
	p.index.Documents = nil
	for i := range casepack.MaxDocumentBytes/casepack.MaxFile + 1 {
		name := fmt.Sprint(i)
		p.files[casepack.DocumentName("register", name)] = large
		p.index.Documents = append(p.index.Documents, casepack.DocumentEntry{Kind: "register", Name: name, Digest: d})
	}
	falls(t, "zeros", p, "bytes of documents")
	p.index.Documents = p.index.Documents[:1]
	p.files[casepack.DocumentName("register", "0")] = make([]byte, casepack.MaxFile+1)
	falls(t, "a file that is too large", p, "want at most")
}

// TestFlippedBitsOfTheArchive: whatever is flipped, nothing holds that is not
// exactly what held before.
func TestFlippedBitsOfTheArchive(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	whole := p.bytes()
	want, err := verify(whole, p.pins)
	must(t, err)
	random := rand.New(rand.NewPCG(5, 6))
	harmless := 0
	for range 100 {
		b := bytes.Clone(whole)
		bit := random.IntN(8 * len(b))
		b[bit/8] ^= 1 << (bit % 8)
		got, err := verify(b, p.pins)
		if err == nil && got.Holds {
			harmless++
			if !reflect.DeepEqual(got, want) {
				t.Errorf("with bit %d flipped another report holds", bit)
			}
		}
	}
	t.Logf("%d of 100 flips were in what nobody reads", harmless)
	for cut := 0; cut < len(whole); cut += 1 + len(whole)/40 {
		if r, err := verify(whole[:cut], p.pins); err == nil && r.Holds {
			t.Errorf("the first %d bytes hold", cut)
		}
	}
}

// TestActThatWasNotReceiptedYetProvesItself: that it arrived is not proved, and
// that is no fault of the package.
func TestActThatWasNotReceiptedYetProvesItself(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	const certified = 1
	delete(p.files, casepack.ProofName(p.index.Acts[certified].Digest, contoso))
	p.index.Acts[certified].Receipts = p.index.Acts[certified].Receipts[1:]
	r, err := verify(p.bytes(), p.pins)
	must(t, err)
	open := slices.DeleteFunc(slices.Clone(r.Claims), func(c casepack.Claim) bool { return !c.Unproved })
	if !r.Holds || r.Unproved != 1 || len(open) != 1 || open[0].Holds || open[0].False() ||
		!strings.HasPrefix(open[0].Claim, "was not receipted by us.contoso when it was exported") {
		t.Errorf("holds %v, unproved %+v", r.Holds, open)
	}
}

// TestFalseEvidenceIsNotListed: what does not fit is not shown as evidence.
func TestFalseEvidenceIsNotListed(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	p.files[casepack.EvidenceName(p.object().Tree)] = []byte("From b\n")
	r, err := verify(p.bytes(), p.pins)
	must(t, err)
	if r.Holds || len(r.Evidence) != 0 {
		t.Errorf("holds %v, evidence %+v", r.Holds, r.Evidence)
	}
}

// TestChangedPackagesAreKnownAsSuch: a package is not taken for a file of
// another kind because somebody changed it.
func TestChangedPackagesAreKnownAsSuch(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	whole := p.bytes()
	act := p.files[casepack.ActName(p.index.Acts[0].Digest)]
	flipped := bytes.Clone(whole)
	flipped[bytes.Index(flipped, act)+len(act)/2] ^= 1
	zipped := raw(t, func(w *zip.Writer) {
		z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
		must(t, err)
		for _, f := range z.File {
			to, err := w.Create(f.Name)
			must(t, err)
			from, err := f.Open()
			must(t, err)
			_, err = io.Copy(to, from)
			must(t, err)
		}
	})
	for name, b := range map[string][]byte{
		"zipped again": zipped, "the end is cut off": whole[:len(whole)/2],
		"bytes are added": append(bytes.Clone(whole), 0), "the end is damaged": whole[:len(whole)-30],
		"the folder is another": p.in("case-" + strings.Repeat("a", 26)), "bytes before": append([]byte("MZ"), whole...),
	} {
		if _, err := verify(b, p.pins); !errors.Is(err, casepack.ErrChanged) {
			t.Errorf("%s: got %v, want ErrChanged", name, err)
		}
	}
	if r, err := verify(flipped, p.pins); err != nil || r.Holds {
		t.Errorf("a bit of an act is flipped: got %v, holds %v", err, r.Holds)
	}
	for _, b := range [][]byte{nil, []byte("noise"), raw(t, func(w *zip.Writer) {
		_, err := w.Create("case.json")
		must(t, err)
	})} {
		if _, err := verify(b, p.pins); err == nil || errors.Is(err, casepack.ErrChanged) {
			t.Errorf("what is no package: got %v", err)
		}
	}
}

func TestWriterLeavesTheSecondFileOfOneNameOut(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	var b bytes.Buffer
	w := casepack.NewWriter(&b, p.index.Case)
	o := p.object()
	for range 2 {
		must(t, w.AddEvidence(o, casepack.Here, strings.NewReader(mail)))
	}
	for name, content := range p.files {
		if name != casepack.EvidenceName(o.Tree) {
			must(t, w.Add(name, content))
			must(t, w.Add(name, []byte("another")))
		}
	}
	must(t, w.Close(p.index))
	if r, err := verify(b.Bytes(), p.pins); err != nil || !r.Holds {
		t.Errorf("got %v, %v", r.Holds, err)
	}
}

// TestWriterRefusesFalseEvidence: a node finds out while it exports, and what was
// written until then is no package.
func TestWriterRefusesFalseEvidence(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	var b bytes.Buffer
	w := casepack.NewWriter(&b, p.index.Case)
	for name, content := range p.files {
		if strings.HasPrefix(name, "documents/") {
			must(t, w.Add(name, content))
		}
	}
	if err := w.AddEvidence(p.object(), casepack.Here, strings.NewReader("From b\n")); !errors.Is(err, casepack.ErrEvidence) {
		t.Errorf("got %v, want ErrEvidence", err)
	}
	if _, err := verify(b.Bytes(), p.pins); !errors.Is(err, casepack.ErrChanged) {
		t.Errorf("unfinished: got %v, want ErrChanged", err)
	}
	w = casepack.NewWriter(io.Discard, p.index.Case)
	if err := w.AddEvidence(p.object(), casepack.Here, nil); err == nil {
		t.Error("evidence that is here was written without its content")
	}
	w = casepack.NewWriter(io.Discard, p.index.Case)
	if err := w.AddEvidence(p.object(), casepack.Deleted, strings.NewReader(mail)); err == nil {
		t.Error("evidence that is not here was written")
	}
	if err := w.Close(casepack.Index{Case: protocol.NewCaseID()}); err == nil {
		t.Error("an index of another case was written")
	}
}

// FuzzOpenAndVerify: what a stranger hands over is read without a panic, and
// does not hold unless it is the package that was made.
func FuzzOpenAndVerify(f *testing.F) {
	p := newPack(f)
	whole := p.bytes()
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	want, err := verify(whole, p.pins)
	must(f, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := verify(b, p.pins)
		if err == nil && r.Holds && !reflect.DeepEqual(r, want) {
			t.Errorf("another package holds: %+v", r)
		}
		verify(b, []register.Pin{})
	})
}
