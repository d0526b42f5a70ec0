package seal

import (
	"bytes"
	"testing"
)

func TestPaddedSizeIsPadme(t *testing.T) {
	// Computed from the paper's formula: S = ⌊log2 E⌋ + 1 significant bits.
	for n, want := range map[int]int{
		0: 1024, 1: 1024, 1024: 1024, 1025: 1088, 1088: 1088, 1089: 1152,
		2047: 2048, 2049: 2176, 4096: 4096, 4097: 4352, 65537: 67584, 100_000: 100_352,
	} {
		if got := paddedSize(n); got != want {
			t.Errorf("%d bytes: got %d, want %d", n, got, want)
		}
	}
	for n := minPadded; n < 1<<20; n += 13 {
		got := paddedSize(n)
		if got < n || float64(got) > 1.12*float64(n) || paddedSize(got) != got {
			t.Fatalf("%d bytes: got %d, want at most 12 %% more, and that of itself", n, got)
		}
	}
	if got := paddedSize(MaxPlaintext + lengthSize); got != MaxPlaintext+lengthSize {
		t.Errorf("MaxPlaintext grows to %d bytes, want a Padmé size", got)
	}
}

func TestPaddingThatPadDoesNotWriteIsRefused(t *testing.T) {
	good := pad([]byte("content"))
	if got, ok := unpad(good); !ok || string(got) != "content" {
		t.Fatalf("got %q and %v, want the content", got, ok)
	}
	for name, bad := range map[string][]byte{
		"empty":             nil,
		"short":             good[:len(good)-1],
		"long":              append(bytes.Clone(good), 0),
		"next bucket":       append(bytes.Clone(good), make([]byte, 64)...),
		"length too large":  append([]byte{0, 0, 4, 1}, good[lengthSize:]...),
		"length enormous":   append([]byte{255, 255, 255, 255}, good[lengthSize:]...),
		"last byte not 0":   append(bytes.Clone(good[:len(good)-1]), 1),
		"length one fewer":  append([]byte{0, 0, 0, 6}, good[lengthSize:]...),
		"nothing but zeros": make([]byte, 2048),
	} {
		if got, ok := unpad(bad); ok {
			t.Errorf("%s: got %q, want a refusal", name, got)
		}
	}
}
