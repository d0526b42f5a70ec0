package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
)

func TestEverySignerIsNamedInTheOrderOfTheCandidates(t *testing.T) {
	a, b, c, d := signingKey(t, 1), signingKey(t, 2), signingKey(t, 3), signingKey(t, 4)
	jws := sign(t, "payload", a, b, c)
	payload, signers, err := seal.Verify(jwsType, jws,
		d.Public(), c.Public(), a.Public(), a.Public(), b.Public())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(payload), "payload"; got != want {
		t.Errorf("payload: got %q, want %q", got, want)
	}
	want := []identity.Fingerprint{
		c.Public().Fingerprint(), a.Public().Fingerprint(), b.Public().Fingerprint()}
	if !slices.Equal(signers, want) {
		t.Errorf("signers: got %v, want %v", signers, want)
	}
}

func TestPayloadOfAnyLengthComesBack(t *testing.T) {
	key := signingKey(t, 1)
	for _, n := range []int{0, 1, 2, 3, 4, 1000, 100_000} {
		want := strings.Repeat("x", n)
		jws := sign(t, want, key)
		for name, read := range map[string]func() ([]byte, error){
			"verified": func() ([]byte, error) {
				payload, _, err := seal.Verify(jwsType, jws, key.Public())
				return payload, err
			},
			"unverified": func() ([]byte, error) { return seal.UnverifiedPayload(jws) },
		} {
			if got, err := read(); err != nil || string(got) != want {
				t.Errorf("%s, %d bytes: got %d bytes and error %v", name, n, len(got), err)
			}
		}
	}
}

func TestCosignaturesHaveTheSameFormInWhateverOrderTheyCame(t *testing.T) {
	a, b, c := signingKey(t, 1), signingKey(t, 2), signingKey(t, 3)
	var forms [][]identity.Fingerprint
	for _, order := range [][]*identity.Key{{a, b, c}, {c, b, a}, {b, a, c}} {
		jws := sign(t, "payload", order[0])
		for _, key := range order[1:] {
			var err error
			if jws, err = seal.Cosign(jwsType, jws, key); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := seal.Verify(jwsType, jws, a.Public(), b.Public(), c.Public()); err != nil {
			t.Fatal(err)
		}
		signers, err := seal.UnverifiedSigners(jws)
		if err != nil {
			t.Fatal(err)
		}
		forms = append(forms, signers)
	}
	if !slices.Equal(forms[0], forms[1]) || !slices.Equal(forms[0], forms[2]) {
		t.Errorf("got orders %v, want one", forms)
	}
}

func TestCosignRefusesWhatItCannotExtend(t *testing.T) {
	a, b := signingKey(t, 1), signingKey(t, 2)
	jws := sign(t, "payload", a)
	if _, err := seal.Cosign(jwsType, jws, a); err == nil {
		t.Error("a key signs twice")
	}
	if _, err := seal.Cosign("other+jws", jws, b); !errors.Is(err, seal.ErrSignatureInvalid) {
		t.Errorf("another type: got %v, want %v", err, seal.ErrSignatureInvalid)
	}
	half := jwsOf(signatureEntry(t, a, "Ed25519", header("Ed25519", a)))
	if _, err := seal.Cosign(jwsType, half, b); !errors.Is(err, seal.ErrSignatureMissing) {
		t.Errorf("half a pair: got %v, want %v", err, seal.ErrSignatureMissing)
	}
	if _, err := seal.Cosign(jwsType, []byte("{}"), b); err == nil {
		t.Error("an empty object is signed")
	}
}

func TestSignRefusesBadArguments(t *testing.T) {
	key := signingKey(t, 1)
	if _, err := seal.Sign(jwsType, nil); err == nil {
		t.Error("signed without a key")
	}
	if _, err := seal.Sign(jwsType, nil, key, key); err == nil {
		t.Error("signed with one key twice")
	}
	for _, typ := range []string{"", "Test", `a"b`, `a\b`, "a b", "ä", strings.Repeat("a", 65)} {
		if _, err := seal.Sign(typ, nil, key); err == nil {
			t.Errorf("signed as type %q", typ)
		}
	}
	if _, err := seal.Sign(jwsType, make([]byte, seal.MaxSigned), key); err == nil {
		t.Error("signed more than MaxSigned")
	}
	var keys []*identity.Key
	for i := range seal.MaxSigners + 1 {
		keys = append(keys, signingKey(t, byte(i)))
	}
	if _, err := seal.Sign(jwsType, nil, keys...); err == nil {
		t.Error("more than MaxSigners signed")
	}
	jws, err := seal.Sign(jwsType, nil, keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Cosign(jwsType, jws, keys[0]); err == nil {
		t.Error("more than MaxSigners cosigned")
	}
}

func TestStrippedSignatureIsRefused(t *testing.T) {
	a, b := signingKey(t, 1), signingKey(t, 2)
	if a.Public().String() > b.Public().String() {
		a, b = b, a
	}
	entries := []string{
		signatureEntry(t, a, "Ed25519", header("Ed25519", a)),
		signatureEntry(t, a, "ML-DSA-65", header("ML-DSA-65", a)),
		signatureEntry(t, b, "Ed25519", header("Ed25519", b)),
		signatureEntry(t, b, "ML-DSA-65", header("ML-DSA-65", b)),
	}
	verify := func(entries ...string) error {
		_, _, err := seal.Verify(jwsType, jwsOf(entries...), a.Public(), b.Public())
		return err
	}
	if err := verify(entries...); err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		err := verify(slices.Delete(slices.Clone(entries), i, i+1)...)
		if !errors.Is(err, seal.ErrSignatureMissing) {
			t.Errorf("without signature %d: got %v, want %v", i, err, seal.ErrSignatureMissing)
		}
		if err := verify(entries[i]); !errors.Is(err, seal.ErrSignatureMissing) {
			t.Errorf("signature %d alone: got %v, want %v", i, err, seal.ErrSignatureMissing)
		}
	}
	if err := verify(); !errors.Is(err, seal.ErrSignatureMissing) {
		t.Errorf("no signature: got %v, want %v", err, seal.ErrSignatureMissing)
	}
	e := entries
	for name, order := range map[string][]string{
		"pair swapped":       {e[1], e[0], e[2], e[3]},
		"keys swapped":       {e[2], e[3], e[0], e[1]},
		"pair twice":         {e[0], e[1], e[0], e[1]},
		"Ed25519 twice":      {e[0], e[0]},
		"ML-DSA-65 twice":    {e[1], e[1]},
		"Ed25519 repeated":   {e[0], e[0], e[1], e[1]},
		"third of one key":   {e[0], e[1], e[0]},
		"halves of two keys": {e[0], e[3]},
		"interleaved":        {e[0], e[2], e[1], e[3]},
	} {
		err := verify(order...)
		if !errors.Is(err, seal.ErrSignatureInvalid) && !errors.Is(err, seal.ErrSignatureMissing) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
}

func TestSignatureThatDoesNotFitIsRefused(t *testing.T) {
	a, b := signingKey(t, 1), signingKey(t, 2)
	first := signatureEntry(t, a, "Ed25519", header("Ed25519", a))
	second := signatureEntry(t, a, "ML-DSA-65", header("ML-DSA-65", a))
	for name, jws := range map[string][]byte{
		"unknown key":                   sign(t, "payload", b),
		"one known and one unknown key": sign(t, "payload", a, b),
		"other payload": bytes.Replace(jwsOf(first, second),
			[]byte(b64("payload")), []byte(b64("paYload")), 1),
		"Ed25519 by another": jwsOf(signatureEntry(t, b, "Ed25519", header("Ed25519", a)), second),
		"ML-DSA-65 by another": jwsOf(first,
			signatureEntry(t, b, "ML-DSA-65", header("ML-DSA-65", a))),
		"Ed25519 in place of ML-DSA-65": jwsOf(first,
			signatureEntry(t, a, "Ed25519", header("ML-DSA-65", a))),
		"ML-DSA-65 in place of Ed25519": jwsOf(
			signatureEntry(t, a, "ML-DSA-65", header("Ed25519", a)), second),
		"Ed25519 under a header of ML-DSA-65": jwsOf(
			signatureEntry(t, a, "Ed25519", header("ML-DSA-65", a)), second),
		"ML-DSA-65 under a header of Ed25519": jwsOf(first,
			signatureEntry(t, a, "ML-DSA-65", header("Ed25519", a))),
	} {
		_, _, err := seal.Verify(jwsType, jws, a.Public())
		if !errors.Is(err, seal.ErrSignatureInvalid) {
			t.Errorf("%s: got %v, want %v", name, err, seal.ErrSignatureInvalid)
		}
	}
	jws := jwsOf(first, second)
	_, _, err := seal.Verify("other+jws", jws, a.Public())
	if !errors.Is(err, seal.ErrSignatureInvalid) {
		t.Errorf("other type: got %v, want %v", err, seal.ErrSignatureInvalid)
	}
	if _, _, err := seal.Verify(jwsType, jws); !errors.Is(err, seal.ErrSignatureInvalid) {
		t.Errorf("no candidates: got %v, want %v", err, seal.ErrSignatureInvalid)
	}
}

// TestHeaderOfAnotherFormIsRefused signs headers that RFC 7515 allows, or
// demands to refuse, and that are not the one form of this package.
func TestHeaderOfAnotherFormIsRefused(t *testing.T) {
	key := signingKey(t, 1)
	kid := key.Public().Fingerprint().String()
	good := header("ML-DSA-65", key)
	first := signatureEntry(t, key, "Ed25519", header("Ed25519", key))
	for name, altered := range map[string]string{
		"crit":             strings.Replace(good, `"kid"`, `"crit":["exp"],"exp":1,"kid"`, 1),
		"crit b64":         strings.Replace(good, `"alg"`, `"b64":true,"crit":["b64"],"alg"`, 1),
		"jwk":              strings.Replace(good, `"kid"`, `"jwk":{},"kid"`, 1),
		"alg none":         strings.Replace(good, "ML-DSA-65", "none", 1),
		"alg ML-DSA-44":    strings.Replace(good, "ML-DSA-65", "ML-DSA-44", 1),
		"alg twice":        strings.Replace(good, `"kid"`, `"alg":"ML-DSA-65","kid"`, 1),
		"typ missing":      strings.Replace(good, `,"typ":"`+jwsType+`"`, "", 1),
		"typ of another":   strings.Replace(good, jwsType, "other+jws", 1),
		"kid missing":      strings.Replace(good, `"kid":"`+kid+`",`, "", 1),
		"kid in capitals":  strings.Replace(good, kid, strings.ToUpper(kid), 1),
		"members reversed": fmt.Sprintf(`{"typ":"%s","kid":"%s","alg":"ML-DSA-65"}`, jwsType, kid),
		"space":            strings.Replace(good, `"alg":`, `"alg": `, 1),
		"escape":           strings.Replace(good, `"test`, `"\u0074est`, 1),
		"trailing space":   good + " ",
		"empty":            "{}",
	} {
		if altered == good {
			t.Fatalf("%s: the case alters nothing", name)
		}
		jws := jwsOf(first, signatureEntry(t, key, "ML-DSA-65", altered))
		_, _, err := seal.Verify(jwsType, jws, key.Public())
		if !errors.Is(err, seal.ErrSignatureInvalid) {
			t.Errorf("%s: got %v, want %v", name, err, seal.ErrSignatureInvalid)
		}
	}
}

func TestJWSOfAnotherFormIsRefused(t *testing.T) {
	key := signingKey(t, 1)
	good := string(sign(t, "payload!", key)) // 8 bytes: the last character has idle bits
	payload := b64("payload!")
	for name, altered := range map[string]string{
		"unprotected header":   strings.Replace(good, `"protected"`, `"header":{},"protected"`, 1),
		"unprotected kid":      strings.Replace(good, `"prot`, `"header":{"kid":"a"},"prot`, 1),
		"unknown member":       strings.Replace(good, `{"payload"`, `{"a":1,"payload"`, 1),
		"payload twice":        strings.Replace(good, `{`, `{"payload":"`+payload+`",`, 1),
		"signatures twice":     strings.Replace(good, `"sig`, `"signatures":[],"sig`, 1),
		"member in other case": strings.Replace(good, `"payload"`, `"Payload"`, 1),
		"space":                strings.Replace(good, `:`, `: `, 1),
		"line end in base64":   strings.Replace(good, payload, payload[:4]+"\n"+payload[4:], 1),
		"escape in base64":     strings.Replace(good, payload, `\u0063`+payload[1:], 1),
		"padding":              strings.Replace(good, payload, payload+"=", 1),
		"idle bits set":        strings.Replace(good, payload, payload[:10]+"F", 1),
		"comma at the end":     strings.Replace(good, `]}`, `,]}`, 1),
		"comma at the start":   strings.Replace(good, `[{`, `[,{`, 1),
		"comma missing":        strings.Replace(good, `},{`, `}{`, 1),
		"space before":         " " + good,
		"line end after":       good + "\n",
		"two values":           good + good,
		"byte order mark":      "\ufeff" + good,
	} {
		if altered == good {
			t.Fatalf("%s: the case alters nothing", name)
		}
		_, _, err := seal.Verify(jwsType, []byte(altered), key.Public())
		if !errors.Is(err, seal.ErrSignatureInvalid) {
			t.Errorf("%s: got %v, want %v", name, err, seal.ErrSignatureInvalid)
		}
		if _, err := seal.UnverifiedPayload([]byte(altered)); err == nil {
			t.Errorf("%s: the payload is read", name)
		}
	}
}

func TestEveryPrefixOfAJWSAndOneByteMoreIsRefused(t *testing.T) {
	key := signingKey(t, 1)
	jws := sign(t, "payload", key)
	for n := range jws {
		if _, _, err := seal.Verify(jwsType, jws[:n], key.Public()); err == nil {
			t.Fatalf("the first %d of %d bytes verify", n, len(jws))
		}
	}
	for b := range 256 {
		more := append(slices.Clone(jws), byte(b))
		if _, _, err := seal.Verify(jwsType, more, key.Public()); err == nil {
			t.Fatalf("verifies with byte %#x more", b)
		}
	}
}

func TestFlippedBitInAJWSIsRefused(t *testing.T) {
	a, b := signingKey(t, 1), signingKey(t, 2)
	jws := sign(t, "payload", a, b)
	for i := 0; i < len(jws); i += flipStep {
		jws[i] ^= 1 << (i % 8)
		if _, _, err := seal.Verify(jwsType, jws, a.Public(), b.Public()); err == nil {
			t.Fatalf("verifies with bit %d of byte %d flipped", i%8, i)
		}
		jws[i] ^= 1 << (i % 8)
	}
	if _, _, err := seal.Verify(jwsType, jws, a.Public(), b.Public()); err != nil {
		t.Fatal(err)
	}
}

func TestJWSOfTooManySignersIsRefused(t *testing.T) {
	var keys []*identity.Key
	for i := range seal.MaxSigners + 1 {
		keys = append(keys, signingKey(t, byte(i)))
	}
	slices.SortFunc(keys, func(a, b *identity.Key) int {
		return strings.Compare(a.Public().String(), b.Public().String())
	})
	var entries []string
	var candidates []*identity.Public
	for _, key := range keys {
		entries = append(entries,
			signatureEntry(t, key, "Ed25519", header("Ed25519", key)),
			signatureEntry(t, key, "ML-DSA-65", header("ML-DSA-65", key)))
		candidates = append(candidates, key.Public())
	}
	for n := seal.MaxSigners; n <= seal.MaxSigners+1; n++ {
		_, _, err := seal.Verify(jwsType, jwsOf(entries[:2*n]...), candidates...)
		if want := n <= seal.MaxSigners; (err == nil) != want {
			t.Errorf("%d signers: got error %v, want accepted %v", n, err, want)
		}
	}
}

func TestOversizedJWSIsRefusedUnread(t *testing.T) {
	jws := []byte(`{"payload":"` + strings.Repeat("A", seal.MaxSigned) + `","signatures":[]}`)
	if _, _, err := seal.Verify(jwsType, jws); !errors.Is(err, seal.ErrSignatureInvalid) {
		t.Errorf("got %v, want %v", err, seal.ErrSignatureInvalid)
	}
}

// FuzzVerify compares lengths rather than bytes: signatures are randomised, and
// each process of the fuzzer makes its own.
func FuzzVerify(f *testing.F) {
	key := signingKey(f, 1)
	jws := sign(f, "payload", key)
	f.Add(jws)
	f.Add(jwsOf(signatureEntry(f, key, "Ed25519", header("Ed25519", key))))
	f.Add([]byte(`{"payload":"","signatures":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		payload, signers, err := seal.Verify(jwsType, b, key.Public())
		if err == nil && (len(b) != len(jws) || string(payload) != "payload" || len(signers) != 1) {
			t.Errorf("%q verifies and nobody signed it", b)
		}
		if err != nil && (payload != nil || signers != nil) {
			t.Errorf("got a payload or signers with error %v", err)
		}
		seal.UnverifiedSigners(b)
		seal.Cosign(jwsType, b, key)
	})
}

// A claim that was read once answers as Verify does of the same bytes.
func TestClaimIsVerifiedAsItsBytesAre(t *testing.T) {
	key, other := signingKey(t, 1), signingKey(t, 2)
	jws := sign(t, "payload", key)
	claim, err := seal.ReadClaim(jws)
	if err != nil || string(claim.UnverifiedPayload()) != "payload" {
		t.Fatalf("got %q, %v", claim.UnverifiedPayload(), err)
	}
	payload, signers, err := claim.Verify(jwsType, key.Public())
	if err != nil || string(payload) != "payload" || len(signers) != 1 {
		t.Errorf("got %q, %v, %v", payload, signers, err)
	}
	if _, _, err := claim.Verify("other+jws", key.Public()); !errors.Is(err, seal.ErrSignatureInvalid) {
		t.Errorf("of another type: got %v, want %v", err, seal.ErrSignatureInvalid)
	}
	if _, _, err := claim.Verify(jwsType, other.Public()); !errors.Is(err, seal.ErrSignatureInvalid) {
		t.Errorf("by another key: got %v, want %v", err, seal.ErrSignatureInvalid)
	}
	if _, _, err := new(seal.Claim).Verify(jwsType, key.Public()); !errors.Is(err, seal.ErrSignatureMissing) {
		t.Errorf("the zero Claim: got %v, want %v", err, seal.ErrSignatureMissing)
	}
	for i := range jws {
		if _, err := seal.ReadClaim(jws[:i]); err == nil {
			t.Fatalf("a prefix of %d bytes is a claim", i)
		}
	}
}
