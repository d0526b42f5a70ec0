package cosign_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/protocol/canon"
	"golang.org/x/mod/sumdb/note"
)

const origin = "gb.home-office.comity.example/log"

var at = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func logKey(t testing.TB, b byte) *cosign.LogKey {
	t.Helper()
	key, err := cosign.LogKeyFromSeed(bytes.Repeat([]byte{b}, cosign.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func body(size uint64) string {
	return cosign.Checkpoint{Origin: origin, Size: size, Root: [32]byte{1, 2, 3}}.Body()
}

func signCheckpoint(t testing.TB, key *cosign.LogKey) []byte {
	t.Helper()
	signed, err := key.SignCheckpoint(origin, body(7), at)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// lines splits a signed checkpoint into its text, with the empty line, and its
// signature lines.
func lines(t testing.TB, signed []byte) (text string, signatures []string) {
	t.Helper()
	text, rest, ok := strings.Cut(string(signed), "\n\n")
	if !ok {
		t.Fatal("no empty line in a signed checkpoint")
	}
	all := strings.SplitAfter(rest, "\n")
	return text + "\n\n", all[:len(all)-1]
}

func TestCheckpointComesBackWithItsTime(t *testing.T) {
	key := logKey(t, 1)
	got, when, err := key.Public().OpenCheckpoint(origin, signCheckpoint(t, key))
	if err != nil {
		t.Fatal(err)
	}
	if want := body(7); got != want {
		t.Errorf("body: got %q, want %q", got, want)
	}
	if !when.Equal(at) || when.Location() != time.UTC {
		t.Errorf("time: got %v, want %v", when, at)
	}
}

// TestXModVerifiesTheEd25519Line uses the verifier of golang.org/x/mod.
func TestXModVerifiesTheEd25519Line(t *testing.T) {
	key := logKey(t, 1)
	vkeys, err := key.Public().VerifierKeys(origin)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkeys[0])
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signCheckpoint(t, key), note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 1 || n.Text != body(7) {
		t.Errorf("got %d verified and %d other lines, want 1 and 1", len(n.Sigs), len(n.UnverifiedSigs))
	}
}

func TestStrippedOrRepeatedLineIsRefused(t *testing.T) {
	key, other := logKey(t, 1), logKey(t, 2)
	text, own := lines(t, signCheckpoint(t, key))
	_, foreign := lines(t, signCheckpoint(t, other))
	for name, altered := range map[string]string{
		"without Ed25519":       text + own[1],
		"without ML-DSA-44":     text + own[0],
		"without both":          text,
		"swapped":               text + own[1] + own[0],
		"Ed25519 twice":         text + own[0] + own[0],
		"Ed25519 repeated":      text + own[0] + own[1] + own[0],
		"ML-DSA-44 repeated":    text + own[0] + own[1] + own[1],
		"another's lines":       text + foreign[0] + foreign[1],
		"another's Ed25519":     text + foreign[0] + own[1],
		"another's ML-DSA-44":   text + own[0] + foreign[1],
		"another's line before": text + foreign[0] + own[0] + own[1],
		"another's line inside": text + own[0] + foreign[0] + own[1],
		"line end missing":      strings.TrimSuffix(text+own[0]+own[1], "\n"),
		"empty line at the end": text + own[0] + own[1] + "\n",
		"text at the end":       text + own[0] + own[1] + "text\n",
		"another's line twice":  text + own[0] + own[1] + foreign[0] + foreign[0],
	} {
		_, _, err := key.Public().OpenCheckpoint(origin, []byte(altered))
		if err != cosign.ErrCheckpoint {
			t.Errorf("%s: got %v, want %v", name, err, cosign.ErrCheckpoint)
		}
	}
	_, _, err := key.Public().OpenCheckpoint("other.example/log", signCheckpoint(t, key))
	if err != cosign.ErrCheckpoint {
		t.Errorf("other origin: got %v, want %v", err, cosign.ErrCheckpoint)
	}
}

// TestOtherBase64OfTheSameSignatureIsRefused sets a bit behind the last byte of
// each signature, which base64 readers commonly ignore.
func TestOtherBase64OfTheSameSignatureIsRefused(t *testing.T) {
	key := logKey(t, 1)
	signed := signCheckpoint(t, key)
	text, own := lines(t, signed)
	for i := range own {
		altered := slices.Clone(own)
		at := strings.Index(own[i], "=\n") - 1
		next := strings.IndexByte(base64Alphabet, own[i][at]) + 1
		altered[i] = own[i][:at] + base64Alphabet[next:next+1] + "=\n"
		_, _, err := key.Public().OpenCheckpoint(origin, []byte(text+altered[0]+altered[1]))
		if err != cosign.ErrCheckpoint {
			t.Errorf("line %d: got %v, want %v", i, err, cosign.ErrCheckpoint)
		}
	}
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func TestLinesOfWitnessesAreIgnoredUpToALimit(t *testing.T) {
	key := logKey(t, 1)
	signed := string(signCheckpoint(t, key))
	for n := range cosign.MaxCosignatures + 2 {
		_, _, err := key.Public().OpenCheckpoint(origin, []byte(signed))
		if want := n <= cosign.MaxCosignatures; (err == nil) != want {
			t.Errorf("%d witnesses: got error %v, want accepted %v", n, err, want)
		}
		signature := append([]byte{1, 2, 3, byte(n)}, make([]byte, 2428)...)
		signed += fmt.Sprintf("— witness.example/w%d %s\n", n,
			base64.StdEncoding.EncodeToString(signature))
	}
}

func TestSignatureOverAnotherCheckpointIsRefused(t *testing.T) {
	key := logKey(t, 1)
	_, own := lines(t, signCheckpoint(t, key))
	later, err := key.SignCheckpoint(origin, body(8), at)
	if err != nil {
		t.Fatal(err)
	}
	text, newer := lines(t, later)
	for name, altered := range map[string]string{
		"both of another":      text + own[0] + own[1],
		"Ed25519 of another":   text + own[0] + newer[1],
		"ML-DSA-44 of another": text + newer[0] + own[1],
	} {
		if _, _, err := key.Public().OpenCheckpoint(origin, []byte(altered)); err != cosign.ErrCheckpoint {
			t.Errorf("%s: got %v, want %v", name, err, cosign.ErrCheckpoint)
		}
	}
}

func TestFlippedBitInEveryByteOfACheckpointIsRefused(t *testing.T) {
	key := logKey(t, 1)
	signed := signCheckpoint(t, key)
	for i := range signed {
		signed[i] ^= 1 << (i % 8)
		if _, _, err := key.Public().OpenCheckpoint(origin, signed); err != cosign.ErrCheckpoint {
			t.Fatalf("bit %d of byte %d: got %v, want %v", i%8, i, err, cosign.ErrCheckpoint)
		}
		signed[i] ^= 1 << (i % 8)
	}
}

func TestEveryPrefixOfACheckpointAndOneByteMoreIsRefused(t *testing.T) {
	key := logKey(t, 1)
	signed := signCheckpoint(t, key)
	for n := range signed {
		if _, _, err := key.Public().OpenCheckpoint(origin, signed[:n]); err != cosign.ErrCheckpoint {
			t.Fatalf("the first %d of %d bytes: got %v, want %v", n, len(signed), err, cosign.ErrCheckpoint)
		}
	}
	for b := range 256 {
		more := append(slices.Clone(signed), byte(b))
		if _, _, err := key.Public().OpenCheckpoint(origin, more); err != cosign.ErrCheckpoint {
			t.Fatalf("with byte %#x more: got %v, want %v", b, err, cosign.ErrCheckpoint)
		}
	}
	large := append(slices.Clone(signed), make([]byte, cosign.MaxCheckpoint)...)
	if _, _, err := key.Public().OpenCheckpoint(origin, large); err != cosign.ErrCheckpoint {
		t.Errorf("too large: got %v, want %v", err, cosign.ErrCheckpoint)
	}
}

func TestBodyOfAnotherFormIsRefused(t *testing.T) {
	good := body(7)
	root := strings.Split(good, "\n")[2]
	for name, bad := range map[string]string{
		"empty":               "",
		"two lines":           origin + "\n7\n",
		"extension line":      good + "extension\n",
		"empty line":          good + "\n",
		"no line end":         strings.TrimSuffix(good, "\n"),
		"carriage return":     strings.ReplaceAll(good, "\n", "\r\n"),
		"zero before size":    strings.Replace(good, "\n7\n", "\n07\n", 1),
		"sign":                strings.Replace(good, "\n7\n", "\n+7\n", 1),
		"negative":            strings.Replace(good, "\n7\n", "\n-7\n", 1),
		"no size":             strings.Replace(good, "\n7\n", "\n\n", 1),
		"2^63":                strings.Replace(good, "\n7\n", "\n9223372036854775808\n", 1),
		"short root":          strings.Replace(good, root, "AQID", 1),
		"base64url root":      strings.Replace(good, root, strings.Repeat("_", 43)+"=", 1),
		"root unpadded":       strings.Replace(good, "=", "", 1),
		"root's idle bits":    strings.Replace(good, root, root[:42]+"B=", 1),
		"no origin":           strings.TrimPrefix(good, origin),
		"space in origin":     "a b" + strings.TrimPrefix(good, origin),
		"plus in origin":      "a+b" + strings.TrimPrefix(good, origin),
		"control in origin":   "a\x01b" + strings.TrimPrefix(good, origin),
		"origin of 256":       strings.Repeat("a", 256) + strings.TrimPrefix(good, origin),
		"not UTF-8 in origin": "a\xff" + strings.TrimPrefix(good, origin),
	} {
		if _, err := cosign.ParseCheckpoint(bad); err == nil {
			t.Errorf("%s: %q is read", name, bad)
		}
		if _, err := logKey(t, 1).SignCheckpoint(origin, bad, at); err == nil {
			t.Errorf("%s: %q is signed", name, bad)
		}
	}
	c, err := cosign.ParseCheckpoint(good)
	if err != nil || c.Size != 7 || c.Origin != origin || c.Root != [32]byte{1, 2, 3} {
		t.Errorf("got %v and error %v", c, err)
	}
}

func TestSignCheckpointRefusesOtherLogsAndNoTime(t *testing.T) {
	key := logKey(t, 1)
	if _, err := key.SignCheckpoint("other.example/log", body(7), at); err == nil {
		t.Error("signed the checkpoint of another log")
	}
	for _, when := range []time.Time{{}, time.Unix(0, 0), time.Unix(-1, 0)} {
		if _, err := key.SignCheckpoint(origin, body(7), when); err == nil {
			t.Errorf("signed at %v", when)
		}
	}
}

func TestLongestOriginAndEmptyTreeAreSigned(t *testing.T) {
	key, long := logKey(t, 1), strings.Repeat("ä", 127)+"a"
	c := cosign.Checkpoint{Origin: long}
	signed, err := key.SignCheckpoint(long, c.Body(), at)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := key.Public().OpenCheckpoint(long, signed); err != nil || got != c.Body() {
		t.Errorf("got %q and error %v, want %q", got, err, c.Body())
	}
}

// FuzzOpenCheckpoint compares lengths rather than bytes: signatures are
// randomised, and each process of the fuzzer makes its own.
func FuzzOpenCheckpoint(f *testing.F) {
	key := logKey(f, 1)
	signed := signCheckpoint(f, key)
	text, own := lines(f, signed)
	f.Add(signed)
	f.Add([]byte(text + own[0]))
	f.Add([]byte(text + own[0] + own[1] + "— witness.example AAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, when, err := key.Public().OpenCheckpoint(origin, b)
		if err == nil && (got != body(7) || !when.Equal(at) || len(b) < len(signed)) {
			t.Errorf("%q opens and the log did not sign it", b)
		}
		if c, err := cosign.ParseCheckpoint(string(b)); err == nil && c.Body() != string(b) {
			t.Errorf("%q is read and is not the encoding", b)
		}
	})
}

func FuzzLogPublicJSON(f *testing.F) {
	encoded, err := canon.Encode(logKey(f, 1).Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p cosign.LogPublic
		if canon.Decode(b, &p) != nil {
			return
		}
		if again, err := canon.Encode(&p); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q decodes but is not the encoding", b)
		}
	})
}
