package identity_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"comity.example/crypto/identity"
)

// testKey returns the key whose seed is SeedSize times b.
func testKey(t testing.TB, b byte) *identity.Key {
	t.Helper()
	key, err := identity.FromSeed(bytes.Repeat([]byte{b}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, key *identity.Key, message string) identity.Signatures {
	t.Helper()
	s, err := key.Sign([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBothSignaturesAreRequired(t *testing.T) {
	key, other := testKey(t, 1), testKey(t, 2)
	good, foreign := sign(t, key, "message"), sign(t, other, "message")
	first, second := good.Ed25519, good.MLDSA65
	cases := map[string]struct {
		first, second []byte
		want          bool
	}{
		"both":                  {first, second, true},
		"without Ed25519":       {nil, second, false},
		"without ML-DSA-65":     {first, nil, false},
		"none":                  {nil, nil, false},
		"another's Ed25519":     {foreign.Ed25519, second, false},
		"another's ML-DSA-65":   {first, foreign.MLDSA65, false},
		"swapped":               {second, first, false},
		"Ed25519 and one byte":  {append(bytes.Clone(first), 0), second, false},
		"ML-DSA and one byte":   {first, append(bytes.Clone(second), 0), false},
		"ML-DSA one byte fewer": {first, second[:len(second)-1], false},
	}
	for name, c := range cases {
		if got := key.Public().Verify([]byte("message"), identity.Signatures{
			Ed25519: c.first, MLDSA65: c.second}); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	if key.Public().Verify([]byte("massage"), good) {
		t.Error("signatures over another message verify")
	}
}

func TestMLDSASignaturesAreRandomised(t *testing.T) {
	key := testKey(t, 1)
	first, second := sign(t, key, "message"), sign(t, key, "message")
	if bytes.Equal(first.MLDSA65, second.MLDSA65) {
		t.Error("got the same ML-DSA-65 signature twice, want hedged signatures")
	}
}

func TestSeedGivesTheSameKeyBack(t *testing.T) {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	again, err := identity.FromSeed(key.Seed())
	if err != nil {
		t.Fatal(err)
	}
	if !again.Public().Equal(key.Public()) {
		t.Error("got another key from the same seed")
	}
	seed := key.Seed()
	clear(seed)
	if bytes.Equal(key.Seed(), seed) {
		t.Error("the caller can write to the seed inside the key")
	}
	for _, n := range []int{0, 32, identity.SeedSize - 1, identity.SeedSize + 1} {
		if _, err := identity.FromSeed(make([]byte, n)); err == nil {
			t.Errorf("a seed of %d bytes is accepted", n)
		}
	}
}

func TestGeneratedKeysDiffer(t *testing.T) {
	first, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	second, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if first.Public().Equal(second.Public()) ||
		first.Public().Fingerprint() == second.Public().Fingerprint() {
		t.Error("got the same key twice")
	}
}

func TestKeysPrintAsTheirFingerprintOnly(t *testing.T) {
	key := testKey(t, 0xa7)
	want := key.Public().Fingerprint().String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		if got := fmt.Sprintf(verb, *key); got != want {
			t.Errorf("%s: got %q, want %q", verb, got, want)
		}
		if got := fmt.Sprintf(verb, key); got != want {
			t.Errorf("%s of a pointer: got %q, want %q", verb, got, want)
		}
	}
}

func TestKeysHideInsideOtherValues(t *testing.T) {
	key := testKey(t, 0xa7)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t"} {
		hidden := fmt.Sprintf(verb, struct {
			inside identity.Key
			behind *identity.Key
		}{*key, key})
		checkHidesSeed(t, hidden, key.Seed())
	}
	printed, err := json.Marshal(struct{ Key *identity.Key }{key})
	if err != nil {
		t.Fatal(err)
	}
	checkHidesSeed(t, string(printed), key.Seed())
	if got := fmt.Sprint(identity.Key{}); got != "no key" {
		t.Errorf("zero key: got %q, want %q", got, "no key")
	}
}

// checkHidesSeed fails if printed holds four bytes of the seed in any notation.
func checkHidesSeed(t *testing.T, printed string, seed []byte) {
	t.Helper()
	part := seed[:4]
	for _, secret := range []string{
		string(part), hex.EncodeToString(part), strings.ToUpper(hex.EncodeToString(part)),
		base64.StdEncoding.EncodeToString(seed[:3]), strings.Trim(fmt.Sprint(part), "[]"),
		strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"),
	} {
		if strings.Contains(printed, secret) {
			t.Errorf("%.60q… shows the seed as %q", printed, secret)
		}
	}
}

func TestOneKeyServesManyGoroutines(t *testing.T) {
	key := testKey(t, 1)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			s, err := key.Sign([]byte("message"))
			if err != nil || !key.Public().Verify([]byte("message"), s) {
				t.Errorf("got error %v or a signature that does not verify", err)
			}
		})
	}
	group.Wait()
}
