package seal_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"comity.example/crypto/seal"
	"comity.example/protocol/canon"
)

func TestOpenSeedGivesTheSameKeyBack(t *testing.T) {
	key, err := seal.GenerateOpenKey()
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.OpenKeyFromSeed(key.Seed())
	if err != nil {
		t.Fatal(err)
	}
	if !again.Public().Equal(key.Public()) {
		t.Error("got another key from the same seed")
	}
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := seal.OpenKeyFromSeed(make([]byte, n)); err == nil {
			t.Errorf("a seed of %d bytes is accepted", n)
		}
	}
}

func TestOpenKeysPrintAsTheirFingerprintOnly(t *testing.T) {
	key := openKey(t, 0xa7)
	want := key.Public().Fingerprint().String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		if got := fmt.Sprintf(verb, *key); got != want {
			t.Errorf("%s: got %q, want %q", verb, got, want)
		}
		if got := fmt.Sprintf(verb, key); got != want {
			t.Errorf("%s of a pointer: got %q, want %q", verb, got, want)
		}
		hidden := fmt.Sprintf(verb, struct {
			inside seal.OpenKey
			behind *seal.OpenKey
		}{*key, key})
		part := key.Seed()[:4]
		for _, secret := range []string{
			string(part), hex.EncodeToString(part), strings.ToUpper(hex.EncodeToString(part)),
			strings.Trim(fmt.Sprint(part), "[]"),
			strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"),
		} {
			if strings.Contains(hidden, secret) {
				t.Errorf("%s: %.60q… shows the seed as %q", verb, hidden, secret)
			}
		}
	}
	if got := fmt.Sprint(seal.OpenKey{}); got != "no key" {
		t.Errorf("zero key: got %q, want %q", got, "no key")
	}
}

func TestSealKeySurvivesItsJSON(t *testing.T) {
	key := openKey(t, 1)
	text, err := canon.Encode(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var read seal.SealKey
	if err := canon.Decode(text, &read); err != nil {
		t.Fatal(err)
	}
	if !read.Equal(key.Public()) || read.Fingerprint() != key.Public().Fingerprint() {
		t.Error("got another key")
	}
	got, err := seal.Open(jweType, sealed(t, []byte("x"), &read), key)
	if err != nil || string(got) != "x" {
		t.Errorf("sealed to the key that was read: got %q and error %v", got, err)
	}
	if _, err := canon.Encode(seal.SealKey{}); err == nil {
		t.Error("the zero key has JSON")
	}
}

func TestAlteredSealKeyIsRefused(t *testing.T) {
	encoded, err := canon.Encode(openKey(t, 1).Public())
	if err != nil {
		t.Fatal(err)
	}
	text := string(encoded)
	pub := strings.TrimSuffix(text[strings.Index(text, `"pub":"`)+7:], `"}`)
	notReduced := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 1216)))
	for name, altered := range map[string]string{
		"null":               `null`,
		"empty":              `{}`,
		"private member":     strings.Replace(text, `"pub"`, `"priv":"AA","pub"`, 1),
		"kid":                strings.Replace(text, `"kty"`, `"kid":"a","kty"`, 1),
		"other alg":          strings.Replace(text, `HPKE-9-KE`, `HPKE-10-KE`, 1),
		"integrated alg":     strings.Replace(text, `HPKE-9-KE`, `HPKE-9`, 1),
		"other kty":          strings.Replace(text, `AKP`, `OKP`, 1),
		"one byte fewer":     strings.Replace(text, pub, b64(strings.Repeat("a", 1215)), 1),
		"one byte more":      strings.Replace(text, pub, b64(strings.Repeat("a", 1217)), 1),
		"not reduced mod q":  strings.Replace(text, pub, notReduced, 1),
		"line end in base64": strings.Replace(text, pub, pub[:4]+`\n`+pub[4:], 1),
		"padding":            strings.Replace(text, pub, pub+"==", 1),
		"trailing bytes":     text + "0",
	} {
		if altered == text {
			t.Fatalf("%s: the case alters nothing", name)
		}
		var k seal.SealKey
		if err := canon.Read([]byte(altered), &k); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
