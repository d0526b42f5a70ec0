package casepack_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/bag"
	"comity.example/protocol/casepack"
)

// One package is stored, for implementations that share no code with this one
// (protocol/testdata/vectors/check.mjs), and beside it what is changed in it: a line
// each.
var update = flag.Bool("update", false, "write the stored package anew, with other keys, and its changes")

const (
	storedPackage = "testdata/package.zip.gz"
	storedChanges = "testdata/packages.jsonl"
)

// A change makes another package of the stored one. Files are named below the folder
// of the case, and the manifests fit them afterwards; Flip and Append come last.
type change struct {
	About   string               `json:"about"`
	Expect  string               `json:"expect"`            // holds or fails
	Copy    map[string]string    `json:"copy,omitempty"`    // to a name, from another
	Replace map[string][2]string `json:"replace,omitempty"` // the first of a text in a file
	Add     map[string]string    `json:"add,omitempty"`
	Drop    []string             `json:"drop,omitempty"`
	Flip    []int                `json:"flip,omitempty"` // the lowest bit of a byte, negative: from the end
	Append  string               `json:"append,omitempty"`
}

// changes are those of a package.
func changes(p *pack) []change {
	const request, certified, answer, passed = 0, 1, 2, 3
	file := func(name string) string { return "data/" + name }
	proof := func(i int, of protocol.ParticipantID) string {
		return file(casepack.ProofName(p.index.Acts[i].Digest, of))
	}
	act := func(i int) string { return file(casepack.ActName(p.index.Acts[i].Digest)) }
	exhibit, custody, index := file(casepack.EvidenceName(p.object().Tree)), file("custody.jsonld"), file("case.json")
	fails := func(about string, c change) change {
		c.About, c.Expect = about, "fails"
		return c
	}
	replace := func(about, name, from, to string) change {
		return fails(about, change{Replace: map[string][2]string{name: {from, to}}})
	}
	moved := func(about, to, from string) change { return fails(about, change{Copy: map[string]string{to: from}}) }
	return []change{
		{About: "the package as it is", Expect: "holds"},
		replace("evidence is another", exhibit, "From a", "From b"),
		fails("evidence is missing", change{Drop: []string{exhibit}}),
		replace("evidence is there, and should not be", index, `"standing":"here"`, `"standing":"not_fetched"`),
		replace("a standing that nobody knows", index, `"standing":"here"`, `"standing":"lost"`),
		fails("evidence that no act names", change{Add: map[string]string{file("evidence/" + strings.Repeat("0", 64)): "more"}}),
		fails("a file that no claim rests on", change{Add: map[string]string{file("acts/readme.txt"): "hello"}}),
		replace("the chain of custody names another organisation", custody, "us.contoso", "us.fabrikam"),
		replace("the chain of custody has another time", custody, "T10:", "T09:"),
		fails("the chain of custody is missing", change{Drop: []string{custody}}),
		fails("an entry of the own ledger is missing", change{Drop: []string{proof(request, office)}}),
		replace("another format", index, casepack.Format, "comity-case/1"),
		replace("another exporter", index, `"exporter":"gb.home-office"`, `"exporter":"gb.met-police"`),
		replace("a decision says something else", index, `"outcome":"pass"`, `"outcome":"hold"`),
		fails("a receipt is missing", change{Drop: []string{proof(certified, contoso)}}),
		moved("a receipt is another's", proof(certified, contoso), proof(certified, police)),
		moved("a receipt is of another act", proof(certified, police), proof(passed, police)),
		moved("an act stands in the ledger as another", proof(answer, office), proof(request, office)),
		moved("an act is another", act(answer), act(request)),
		replace("a signature is another", act(answer), `"signature":"`, `"signature":"A`),
		fails("an act is missing", change{Drop: []string{act(answer)}}),
		moved("a register is another's", file("documents/register/US@1"), file("documents/register/GB@1")),
		moved("an agreement is another document", file("documents/agreement/ukus-daa-2019@1"), file("documents/register/GB@1")),
		fails("a bit in the header of the first file", change{Flip: []int{10}}),
		fails("a bit of a file", change{Flip: []int{5000}}),
		fails("a bit in the table of contents", change{Flip: []int{-100}}),
		fails("a bit in the end", change{Flip: []int{-10}}),
		fails("a byte behind the end", change{Append: "\n"}),
	}
}

// made is the stored package, changed.
func (c *change) made(t *testing.T, whole []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	must(t, err)
	folder, _, _ := strings.Cut(z.File[0].Name, "/")
	files, order := map[string][]byte{}, []string{}
	for _, f := range z.File {
		name := strings.TrimPrefix(f.Name, folder+"/")
		if !bag.Payload(name) {
			continue
		}
		r, err := f.Open()
		must(t, err)
		files[name], err = io.ReadAll(r)
		must(t, err)
		order = append(order, name)
	}
	had := maps.Clone(files)
	for to, from := range c.Copy {
		files[to] = had[from]
	}
	for name, x := range c.Replace {
		if !bytes.Contains(files[name], []byte(x[0])) {
			t.Fatalf("%s: %s has no %q", c.About, name, x[0])
		}
		files[name] = bytes.Replace(files[name], []byte(x[0]), []byte(x[1]), 1)
	}
	for name, text := range c.Add {
		files[name] = []byte(text)
		order = append(order, name)
	}
	for _, name := range c.Drop {
		if files[name] == nil {
			t.Fatalf("%s: no %s", c.About, name)
		}
		delete(files, name)
	}
	var told struct { // what the bag says of the index, which may be wrong otherwise
		Exporter protocol.ParticipantID
		Case     protocol.CaseID
		Exported time.Time
	}
	must(t, json.Unmarshal(files["data/case.json"], &told))
	index := casepack.Index{Exporter: told.Exporter, Case: told.Case, Exported: told.Exported}
	var out bytes.Buffer
	w := bag.NewWriter(&out, folder)
	for _, name := range order {
		if b, ok := files[name]; ok {
			_, err := w.Add(name, bytes.NewReader(b))
			must(t, err)
		}
	}
	must(t, w.Close(casepack.InfoOf(&index)...))
	b := out.Bytes()
	for _, at := range c.Flip {
		b[(at+len(b))%len(b)] ^= 1
	}
	return append(b, c.Append...)
}

func writeStored(t *testing.T) {
	t.Helper()
	p := newPack(t)
	var packed, lines bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	must(t, err)
	_, err = z.Write(p.written())
	must(t, err)
	must(t, z.Close())
	for _, c := range changes(p) {
		b, err := json.Marshal(c)
		must(t, err)
		lines.Write(append(b, '\n'))
	}
	must(t, os.MkdirAll("testdata", 0o755))
	must(t, os.WriteFile(storedPackage, packed.Bytes(), 0o644))
	must(t, os.WriteFile(storedChanges, lines.Bytes(), 0o644))
}

func TestStoredPackage(t *testing.T) {
	if *update {
		writeStored(t)
	}
	f, err := os.Open(storedPackage)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	whole, err := io.ReadAll(z)
	must(t, err)
	p, err := casepack.Open(bytes.NewReader(whole), int64(len(whole)))
	must(t, err)
	pins := p.Index.Pins // a verifier brings its own: these are nobody's
	text, err := os.ReadFile(storedChanges)
	must(t, err)
	expected := map[string]int{}
	for line := range bytes.Lines(text) {
		var c change
		must(t, json.Unmarshal(line, &c))
		r, err := verify(c.made(t, whole), pins)
		got := "fails"
		if err == nil && r.Holds {
			got = "holds"
		}
		if got != c.Expect {
			t.Errorf("%s: got %s, want %s", c.About, got, c.Expect)
		}
		expected[c.Expect]++
	}
	if expected["holds"] != 1 || expected["fails"] < 20 {
		t.Errorf("got %v changes", slices.Sorted(maps.Keys(expected)))
	}
}
