package cosign_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"comity.example/crypto/cosign"
	"comity.example/protocol/canon"
)

func TestLogSeedGivesTheSameKeyBack(t *testing.T) {
	key, err := cosign.GenerateLogKey()
	if err != nil {
		t.Fatal(err)
	}
	again, err := cosign.LogKeyFromSeed(key.Seed())
	if err != nil {
		t.Fatal(err)
	}
	if !again.Public().Equal(key.Public()) {
		t.Error("got another key from the same seed")
	}
	for _, n := range []int{0, 32, cosign.SeedSize - 1, cosign.SeedSize + 1} {
		if _, err := cosign.LogKeyFromSeed(make([]byte, n)); err == nil {
			t.Errorf("a seed of %d bytes is accepted", n)
		}
	}
}

func TestLogKeysDoNotPrint(t *testing.T) {
	key := logKey(t, 0xa7)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		if got, want := fmt.Sprintf(verb, key), "cosign.LogKey"; got != want {
			t.Errorf("%s: got %q, want %q", verb, got, want)
		}
		hidden := fmt.Sprintf(verb, struct {
			inside cosign.LogKey
			behind *cosign.LogKey
		}{*key, key})
		part := key.Seed()[:4]
		for _, secret := range []string{
			string(part), hex.EncodeToString(part), strings.Trim(fmt.Sprint(part), "[]"),
			strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"),
		} {
			if strings.Contains(hidden, secret) {
				t.Errorf("%s: %.60q… shows the seed as %q", verb, hidden, secret)
			}
		}
	}
}

func TestLogPublicSurvivesItsJSON(t *testing.T) {
	key := logKey(t, 1)
	text, err := canon.Encode(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var read cosign.LogPublic
	if err := canon.Decode(text, &read); err != nil {
		t.Fatal(err)
	}
	if !read.Equal(key.Public()) {
		t.Error("got another key")
	}
	if _, _, err := read.OpenCheckpoint(origin, signCheckpoint(t, key)); err != nil {
		t.Error(err)
	}
}

func TestAlteredLogPublicIsRefused(t *testing.T) {
	encoded, err := canon.Encode(logKey(t, 1).Public())
	if err != nil {
		t.Fatal(err)
	}
	text := string(encoded)
	first := text[len(`{"ed25519":"`):strings.Index(text, `","mldsa44"`)]
	for name, altered := range map[string]string{
		"null":               `null`,
		"empty":              `{}`,
		"Ed25519 alone":      `{"ed25519":"` + first + `"}`,
		"unknown member":     strings.Replace(text, `{`, `{"a":1,`, 1),
		"member twice":       strings.Replace(text, `{`, `{"ed25519":"`+first+`",`, 1),
		"short key":          strings.Replace(text, first, first[:40], 1),
		"unpadded":           strings.Replace(text, first, first[:43], 1),
		"idle bits":          strings.Replace(text, first, first[:42]+"B=", 1),
		"line end in base64": strings.Replace(text, first, first[:4]+`\n`+first[4:], 1),
	} {
		if altered == text {
			t.Fatalf("%s: the case alters nothing", name)
		}
		var p cosign.LogPublic
		if err := canon.Read([]byte(altered), &p); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestZeroLogPublicOpensNothing(t *testing.T) {
	var zero cosign.LogPublic
	_, _, err := zero.OpenCheckpoint(origin, signCheckpoint(t, logKey(t, 1)))
	if err != cosign.ErrCheckpoint {
		t.Errorf("got %v, want %v", err, cosign.ErrCheckpoint)
	}
	if _, err := zero.VerifierKeys(origin); err == nil {
		t.Error("the zero key has verifier keys")
	}
	if _, err := canon.Encode(&zero); err == nil {
		t.Error("the zero key has JSON")
	}
}
