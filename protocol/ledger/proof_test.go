package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/protocol/ledger"
)

func TestProofsRoundTripAndVerify(t *testing.T) {
	k := key(t, 1)
	record, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for size := int64(1); size <= 20; size++ {
		for index := range size {
			l := &log{}
			for i := range size {
				if i == index {
					l.add(t, record)
				} else {
					l.add(t, fmt.Append(nil, i))
				}
			}
			p := l.prove(t, k, index, record)
			got, err := ledger.ParseProof(p.Format())
			if err != nil || !bytes.Equal(got.Format(), p.Format()) {
				t.Fatalf("%d of %d: %v", index, size, err)
			}
			e, err := got.Verify(origin, k.Public())
			if err != nil {
				t.Fatalf("%d of %d: %v", index, size, err)
			}
			if e.Index != index || e.Checkpoint.Size != size || !e.Signed.Equal(noon()) ||
				!reflect.DeepEqual(e.Record, full()) {
				t.Errorf("%d of %d: got %v", index, size, e)
			}
		}
	}
}

func TestFormatIsTlogProof(t *testing.T) {
	lines := strings.Split(string(example(t).Format()), "\n")
	for i, want := range []string{"c2sp.org/tlog-proof@v1", "extra eyJhY3Qi", "index 6"} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d: got %q, want %q", i, lines[i], want)
		}
	}
	if lines[7] != "" || lines[8] != origin || lines[9] != "11" {
		t.Errorf("the checkpoint does not follow four hashes and an empty line: %q", lines[3:10])
	}
}

func TestPartsOfAProofAreRefused(t *testing.T) {
	text := example(t).Format()
	public := key(t, 1).Public()
	for i := range text {
		p, err := ledger.ParseProof(text[:i])
		if err != nil {
			continue
		}
		if _, err := p.Verify(origin, public); err == nil {
			t.Errorf("the first %d bytes of %d verify", i, len(text))
		}
	}
	for _, more := range []string{"\n", " ", "x", "\n\n"} {
		p, err := ledger.ParseProof(append(bytes.Clone(text), more...))
		if err != nil {
			continue
		}
		if _, err := p.Verify(origin, public); err == nil {
			t.Errorf("with %q behind it, it verifies", more)
		}
	}
}

// A flipped bit must not verify, wherever it is: there is one encoding.
func TestFlippedBitsAreRefused(t *testing.T) {
	text := example(t).Format()
	public := key(t, 1).Public()
	signatures := bytes.Index(text, []byte("\n\n— "))
	for i := range text {
		if i > signatures && i%3 != 0 {
			continue // the signatures are long, and one of their bits is like another
		}
		changed := bytes.Clone(text)
		changed[i] ^= 1 << (i % 8)
		p, err := ledger.ParseProof(changed)
		if err != nil {
			continue
		}
		if _, err := p.Verify(origin, public); err == nil {
			t.Fatalf("byte %d, bit %d: verifies", i, i%8)
		}
	}
}

func TestProofOfSomethingElseIsRefused(t *testing.T) {
	k := key(t, 1)
	good := example(t)
	other, err := ledger.Record{Kind: ledger.KindAccepted, At: noon()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*ledger.Proof){
		"another record": func(p *ledger.Proof) { p.Record = other },
		"another index":  func(p *ledger.Proof) { p.Index = 7 },
		"a hash less":    func(p *ledger.Proof) { p.Path = p.Path[1:] },
		"a hash more":    func(p *ledger.Proof) { p.Path = append(p.Path, tlog.Hash{}) },
		"another hash":   func(p *ledger.Proof) { p.Path[0][0] ^= 1 },
		"no checkpoint":  func(p *ledger.Proof) { p.Checkpoint = nil },
	}
	for name, spoil := range tests {
		p := good
		p.Path = append(tlog.RecordProof{}, good.Path...)
		spoil(&p)
		if _, err := p.Verify(origin, k.Public()); err == nil {
			t.Errorf("%s: verifies", name)
		}
	}
	if _, err := good.Verify("us.test/ledger", k.Public()); err == nil {
		t.Error("verifies for another log")
	}
	if _, err := good.Verify(origin, key(t, 2).Public()); err == nil {
		t.Error("verifies with another key")
	}
	wrong := good
	wrong.Index = 5
	if _, err := wrong.Verify(origin, k.Public()); !errors.Is(err, ledger.ErrNotIncluded) {
		t.Errorf("wrong index: got %v, want ErrNotIncluded", err)
	}
}

func TestMalformedProofsAreRefused(t *testing.T) {
	text := string(example(t).Format())
	lines := strings.SplitAfter(text, "\n")
	hash := lines[3]
	replace := func(old, new string) string { return strings.Replace(text, old, new, 1) }
	for name, changed := range map[string]string{
		"version 2":           replace("@v1", "@v2"),
		"no extra":            replace(lines[1], ""),
		"no index":            replace(lines[2], ""),
		"leading zero":        replace("index 6", "index 06"),
		"plus sign":           replace("index 6", "index +6"),
		"negative index":      replace("index 6", "index -6"),
		"index over the size": replace("index 6", "index 11"),
		"two spaces":          replace("index 6", "index  6"),
		"carriage return":     replace("index 6\n", "index 6\r\n"),
		"break in base64":     replace("extra e", "extra e\r"),
		"hash with a space":   replace(hash, " "+hash),
		"empty line":          replace(hash, "\n"),
		"65 hashes":           replace(hash, strings.Repeat(hash, 62)),
		"too long":            text + strings.Repeat("x", ledger.MaxProof),
		"extension line":      replace("\n11\n"+lines[10], "\n11\n"+lines[10]+"more\n"),
	} {
		if changed == text {
			t.Errorf("%s: the test changes nothing", name)
		}
		if _, err := ledger.ParseProof([]byte(changed)); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	b, err := full().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"at":"2026-11-22T12:00:00Z","kind":"started","v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ledger.ParseRecord(b)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q was read, and is written %q, %v", b, again, err)
		}
	})
}

func FuzzParseProof(f *testing.F) {
	p := example(f)
	f.Add(p.Format())
	p.Path = nil
	f.Add(p.Format())
	public := key(f, 1).Public()
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ledger.ParseProof(b)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Format(), b) {
			t.Errorf("%q was read, and is written %q", b, p.Format())
		}
		e, err := p.Verify(origin, public)
		if err == nil && (e.Index != 6 || !reflect.DeepEqual(e.Record, full())) {
			t.Errorf("%q verifies", b)
		}
	})
}
