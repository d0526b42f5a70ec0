package vectors_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/cryptotest"
)

var (
	update = flag.Bool("update", false, "write the vectors that are missing or whose header changed")
	anew   = flag.Bool("anew", false, "with -update: write every vector")
)

// dir is where the vectors are, seen from this package.
const dir = "../testdata/vectors"

// A field is one line of a header besides expect and about.
type field struct{ key, value string }

// A vector is one file: a header of lines "key: value", an empty line, and the
// body: as it stands without the last line feed, or with "form: hex" in
// hexadecimal digits, or with "pad-to" followed by spaces up to that size.
type vector struct {
	expect string
	about  string
	fields []field
	body   []byte
}

func (v *vector) field(key string) string {
	for _, f := range v.fields {
		if f.key == key {
			return f.value
		}
	}
	return ""
}

// list returns the words of a field.
func (v *vector) list(key string) []string { return strings.Fields(v.field(key)) }

func (v *vector) head() string {
	var b strings.Builder
	fmt.Fprintf(&b, "expect: %s\nabout: %s\n", v.expect, v.about)
	for _, f := range v.fields {
		fmt.Fprintf(&b, "%s: %s\n", f.key, f.value)
	}
	return b.String()
}

// text returns the file. A body that is padded is given without its padding.
func (v *vector) text() []byte {
	b := bytes.NewBufferString(v.head() + "\n")
	if v.field("form") == "hex" {
		for line := range slices.Chunk(v.body, 32) {
			fmt.Fprintf(b, "%x\n", line)
		}
		return b.Bytes()
	}
	b.Write(v.body)
	b.WriteByte('\n')
	return b.Bytes()
}

func parse(b []byte) (*vector, error) {
	head, body, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok {
		return nil, errors.New("no empty line")
	}
	v := new(vector)
	for i, line := range strings.Split(string(head), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		switch {
		case !ok:
			return nil, fmt.Errorf("header line %d: want key: value", i+1)
		case key == "expect" && i == 0:
			v.expect = value
		case key == "about" && i == 1:
			v.about = value
		default:
			v.fields = append(v.fields, field{key, value})
		}
	}
	var err error
	v.body, err = v.decode(body)
	return v, err
}

func (v *vector) decode(body []byte) ([]byte, error) {
	if v.field("form") == "hex" {
		return hex.DecodeString(strings.ReplaceAll(string(body), "\n", ""))
	}
	body, ok := bytes.CutSuffix(body, []byte("\n"))
	if !ok {
		return nil, errors.New("no line feed at the end")
	}
	if pad := v.field("pad-to"); pad != "" {
		n, err := strconv.Atoi(pad)
		if err != nil || n < len(body) {
			return nil, errors.New("pad-to: want a size above that of the body")
		}
		body = append(bytes.Clone(body), bytes.Repeat([]byte{' '}, n-len(body))...)
	}
	return body, nil
}

// load reads a stored vector.
func load(t testing.TB, area, name string) *vector {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, area, name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := parse(b)
	if err != nil {
		t.Fatalf("%s/%s: %v", area, name, err)
	}
	return v
}

// A recipe makes one vector.
type recipe struct {
	name   string
	expect string
	about  string
	fields []field
	body   func() []byte
}

// An area is a folder of vectors: their recipes, and what this implementation
// says of a stored one, "valid" or what is expected instead.
type area struct {
	name    string
	recipes []recipe
	examine func(w world, v *vector) string
}

// run is the test of an area.
func (a area) run(t *testing.T, m *made) {
	if *update {
		a.write(t)
	}
	files, err := filepath.Glob(filepath.Join(dir, a.name, "*.txt"))
	if err != nil || len(files) != len(a.recipes) {
		t.Errorf("%s: got %d vectors (%v), want %d: run with -update", a.name, len(files), err, len(a.recipes))
	}
	for _, r := range a.recipes {
		t.Run(r.name, func(t *testing.T) {
			v := load(t, a.name, r.name)
			if want := r.vector().head(); v.head() != want {
				t.Fatalf("got the header\n%swant\n%s: run with -update", v.head(), want)
			}
			if got := a.examine(world{t, m}, v); got != v.expect {
				t.Errorf("%s: got %s, want %s", v.about, got, v.expect)
			}
		})
	}
}

func (r *recipe) vector() *vector {
	return &vector{expect: r.expect, about: r.about, fields: r.fields}
}

// write writes what is missing or has another header; everything with -anew.
func (a area) write(t *testing.T) {
	if err := os.MkdirAll(filepath.Join(dir, a.name), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, r := range a.recipes {
		path := filepath.Join(dir, a.name, r.name+".txt")
		v := r.vector()
		stored, err := os.ReadFile(path)
		if err == nil && !*anew && bytes.HasPrefix(stored, []byte(v.head()+"\n")) {
			continue
		}
		seed := sha256.Sum256([]byte(a.name + "/" + r.name))
		cryptotest.SetGlobalRandom(t, binary.BigEndian.Uint64(seed[:]))
		v.body = r.body()
		if err := os.WriteFile(path, v.text(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryAreaHasRecipes(t *testing.T) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"second"} // the implementation in check.mjs
	for _, a := range newWorld(t).areas() {
		known = append(known, a.name)
	}
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(known, e.Name()) {
			t.Errorf("%s has no recipes", e.Name())
		}
	}
}

// Registers come first: what follows is verified against those that are stored.
func (w world) areas() []area {
	return []area{w.canonArea(), w.jwsArea(), w.pinArea(), w.registerArea(), w.credentialArea(),
		w.actArea(), w.chainArea(), w.statementArea(), w.envelopeArea(), w.recordArea(),
		w.checkpointArea(), w.proofArea(), w.consistencyArea(), w.noticeArea(), w.agreementArea(),
		w.decisionArea(), w.objectArea(), w.blockArea(), w.segmentArea(), w.listArea(), w.keysArea()}
}

// Areas run one after the other: -update sets the randomness of the process.
func TestVectorsAreReadAsTheySay(t *testing.T) {
	total := 0
	w := newWorld(t)
	for _, a := range w.areas() {
		t.Run(a.name, func(t *testing.T) { a.run(t, w.made) })
		total += len(a.recipes)
	}
	t.Logf("%d vectors", total)
}

func TestBrokenVectorFileIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no body":    "expect: valid\nabout: x\n",
		"no colon":   "expect: valid\nabout x\n\nbody\n",
		"no end":     "expect: valid\nabout: x\n\nbody",
		"no hex":     "expect: valid\nabout: x\nform: hex\n\nbody\n",
		"pad short":  "expect: valid\nabout: x\npad-to: 3\n\nbody\n",
		"pad absurd": "expect: valid\nabout: x\npad-to: many\n\nbody\n",
	} {
		if _, err := parse([]byte(text)); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

func TestVectorRoundTrips(t *testing.T) {
	for _, v := range []vector{
		{expect: "valid", about: "text", body: []byte("{}")},
		{expect: "x", about: "hex", fields: []field{{"form", "hex"}}, body: bytes.Repeat([]byte{0xff, 0}, 40)},
	} {
		back, err := parse(v.text())
		if err != nil || !bytes.Equal(back.body, v.body) || back.head() != v.head() {
			t.Errorf("%s: got %v, %v", v.about, back, err)
		}
	}
}
