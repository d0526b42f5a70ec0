package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"comity.example/crypto/identity"
)

// TestFingerprintCoversLabelAndBothKeys computes it from the specification.
func TestFingerprintCoversLabelAndBothKeys(t *testing.T) {
	first, second := make([]byte, 32), make([]byte, 1952)
	for i := range second {
		second[i] = byte(i)
	}
	p, err := identity.NewPublic(first, second)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("comity identity v1\n" + string(first) + string(second)))
	if got, want := p.Fingerprint().String(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, half := range [][2]int{{31, 1952}, {33, 1952}, {32, 1951}, {32, 1953}, {0, 0}} {
		if _, err := identity.NewPublic(make([]byte, half[0]), make([]byte, half[1])); err == nil {
			t.Errorf("keys of %d and %d bytes are accepted", half[0], half[1])
		}
	}
}

func TestFingerprintHasOneText(t *testing.T) {
	want := testKey(t, 1).Public().Fingerprint()
	got, err := identity.ParseFingerprint(want.String())
	if err != nil || got != want {
		t.Errorf("got %v and error %v, want %v", got, err, want)
	}
	s := want.String()
	for _, bad := range []string{"", s[:63], s[:62], s + "0", s + "00", strings.ToUpper(s),
		"0x" + s[2:], strings.Repeat("g", 64), " " + s[1:]} {
		before := got
		if err := got.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
		if got != before {
			t.Errorf("%q changed the fingerprint although it was refused", bad)
		}
	}
}
