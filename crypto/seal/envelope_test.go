package seal_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
)

func TestEveryRecipientOpensAndNobodyElse(t *testing.T) {
	a, b, c := openKey(t, 1), openKey(t, 2), openKey(t, 3)
	envelope := sealed(t, []byte("content"), a.Public(), b.Public())
	for _, key := range []*seal.OpenKey{a, b} {
		got, err := seal.Open(jweType, envelope, key)
		if err != nil || string(got) != "content" {
			t.Errorf("recipient %v: got %q and error %v", key, got, err)
		}
	}
	if _, err := seal.Open(jweType, envelope, c); err != seal.ErrOpen {
		t.Errorf("stranger: got %v, want %v", err, seal.ErrOpen)
	}
	if _, err := seal.Open("other+jwe", envelope, a); err != seal.ErrOpen {
		t.Errorf("other type: got %v, want %v", err, seal.ErrOpen)
	}
}

func TestRecipientsAreListedAscending(t *testing.T) {
	a, b, c := openKey(t, 1), openKey(t, 2), openKey(t, 3)
	want := []identity.Fingerprint{
		a.Public().Fingerprint(), b.Public().Fingerprint(), c.Public().Fingerprint()}
	slices.SortFunc(want, func(x, y identity.Fingerprint) int { return bytes.Compare(x[:], y[:]) })
	got, err := seal.Recipients(sealed(t, nil, a.Public(), b.Public(), c.Public()))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v and error %v, want %v", got, err, want)
	}
	if _, err := seal.Recipients([]byte("{}")); err != seal.ErrOpen {
		t.Errorf("no envelope: got %v, want %v", err, seal.ErrOpen)
	}
}

func TestContentOfAnyLengthComesBack(t *testing.T) {
	key := openKey(t, 1)
	for _, n := range []int{0, 1, 1019, 1020, 1021, 5000, 100_000, seal.MaxPlaintext} {
		want := bytes.Repeat([]byte{'x'}, n)
		got, err := seal.Open(jweType, sealed(t, want, key.Public()), key)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d bytes and error %v", n, len(got), err)
		}
	}
}

func TestLargestContentToMostRecipientsFitsAnEnvelope(t *testing.T) {
	var to []*seal.SealKey
	for i := range seal.MaxRecipients + 1 {
		to = append(to, openKey(t, byte(i)).Public())
	}
	envelope := sealed(t, make([]byte, seal.MaxPlaintext), to[:seal.MaxRecipients]...)
	if len(envelope) > seal.MaxEnvelope {
		t.Errorf("got %d bytes, want at most %d", len(envelope), seal.MaxEnvelope)
	}
	if _, err := seal.Open(jweType, envelope, openKey(t, 0)); err != nil {
		t.Error(err)
	}
	if _, err := seal.Seal(jweType, nil, to...); err == nil {
		t.Error("sealed to more than MaxRecipients")
	}
	if _, err := seal.Seal(jweType, make([]byte, seal.MaxPlaintext+1), to[0]); err == nil {
		t.Error("sealed more than MaxPlaintext")
	}
}

func TestEnvelopesOfOneSizeBucketAreEquallyLong(t *testing.T) {
	key := openKey(t, 1).Public()
	if got, want := len(sealed(t, make([]byte, 1020), key)), len(sealed(t, nil, key)); got != want {
		t.Errorf("1020 bytes: got an envelope of %d bytes, an empty one has %d", got, want)
	}
}

func TestSealRefusesBadArguments(t *testing.T) {
	key := openKey(t, 1).Public()
	if _, err := seal.Seal(jweType, nil); err == nil {
		t.Error("sealed to nobody")
	}
	if _, err := seal.Seal(jweType, nil, key, openKey(t, 2).Public(), key); err == nil {
		t.Error("sealed to one key twice")
	}
	if _, err := seal.Seal(jweType, nil, &seal.SealKey{}); err == nil {
		t.Error("sealed to the zero key")
	}
	if _, err := seal.Seal(`a"b`, nil, key); err == nil {
		t.Error("sealed as a type that needs an escape")
	}
}

func TestEnvelopeOfAnotherFormIsRefused(t *testing.T) {
	a, b := openKey(t, 1), openKey(t, 2)
	good := string(sealed(t, []byte("content"), a.Public(), b.Public()))
	protected := b64(`{"enc":"A256GCM","typ":"` + jweType + `"}`)
	replaceHeader := func(header string) string {
		return strings.Replace(good, protected, b64(header), 1)
	}
	start, end := strings.Index(good, `[`)+1, strings.Index(good, `]`)
	middle := start + strings.Index(good[start:end], `}},{`) + 2
	first, second := good[start:middle], good[middle+1:end]
	list := func(entries ...string) string {
		return good[:start] + strings.Join(entries, ",") + good[end:]
	}
	for name, altered := range map[string]string{
		"first recipient removed":  list(second),
		"second recipient removed": list(first),
		"no recipient":             list(),
		"recipients swapped":       list(second, first),
		"recipient twice":          list(first, first, second),
		"header unprotected":       strings.Replace(good, `"tag"`, `"unprotected":{},"tag"`, 1),
		"unknown member":           strings.Replace(good, `{"aad"`, `{"a":1,"aad"`, 1),
		"without aad":              `{` + good[strings.Index(good, `"ciphertext"`):],
		"aad emptied":              `{"aad":""` + good[strings.Index(good, `,"ciphertext"`):],
		"tag twice":                strings.Replace(good, `"tag"`, `"tag":"","tag"`, 1),
		"other alg":                strings.Replace(good, "HPKE-9-KE", "HPKE-8-KE", 1),
		"space":                    strings.Replace(good, `:`, `: `, 1),
		"zip":                      replaceHeader(`{"enc":"A256GCM","typ":"test+jwe","zip":"DEF"}`),
		"crit":                     replaceHeader(`{"crit":[],"enc":"A256GCM","typ":"test+jwe"}`),
		"enc A128GCM":              replaceHeader(`{"enc":"A128GCM","typ":"` + jweType + `"}`),
		"without typ":              replaceHeader(`{"enc":"A256GCM"}`),
		"other typ":                replaceHeader(`{"enc":"A256GCM","typ":"other+jwe"}`),
		"line end after":           good + "\n",
		"two values":               good + good,
	} {
		if altered == good {
			t.Fatalf("%s: the case alters nothing", name)
		}
		for _, key := range []*seal.OpenKey{a, b} {
			got, err := seal.Open(jweType, []byte(altered), key)
			if err != seal.ErrOpen || got != nil {
				t.Errorf("%s: got %q and error %v, want %v", name, got, err, seal.ErrOpen)
			}
		}
	}
}

func TestEveryPrefixOfAnEnvelopeAndOneByteMoreIsRefused(t *testing.T) {
	key := openKey(t, 1)
	envelope := sealed(t, []byte("content"), key.Public())
	for n := range envelope {
		if _, err := seal.Open(jweType, envelope[:n], key); err != seal.ErrOpen {
			t.Fatalf("the first %d of %d bytes: got %v, want %v", n, len(envelope), err, seal.ErrOpen)
		}
	}
	for b := range 256 {
		if _, err := seal.Open(jweType, append(slices.Clone(envelope), byte(b)), key); err == nil {
			t.Fatalf("opens with byte %#x more", b)
		}
	}
}

// TestFlippedBitInAnEnvelopeIsRefused flips bits in the entries of
// other recipients, too: whoever opens the envelope notices.
func TestFlippedBitInAnEnvelopeIsRefused(t *testing.T) {
	key := openKey(t, 1)
	envelope := sealed(t, []byte("content"), key.Public(), openKey(t, 2).Public())
	for i := 0; i < len(envelope); i += flipStep {
		envelope[i] ^= 1 << (i % 8)
		if _, err := seal.Open(jweType, envelope, key); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("bit %d of byte %d: got %v, want %v", i%8, i, err, seal.ErrOpen)
		}
		envelope[i] ^= 1 << (i % 8)
	}
	if _, err := seal.Open(jweType, envelope, key); err != nil {
		t.Fatal(err)
	}
}

func TestOversizedEnvelopeIsRefusedUnread(t *testing.T) {
	envelope := bytes.Repeat([]byte("A"), seal.MaxEnvelope+1)
	if _, err := seal.Open(jweType, envelope, openKey(t, 1)); err != seal.ErrOpen {
		t.Errorf("got %v, want %v", err, seal.ErrOpen)
	}
}

// FuzzOpen compares lengths rather than bytes: each process of the fuzzer seals
// anew.
func FuzzOpen(f *testing.F) {
	key := openKey(f, 1)
	envelope := sealed(f, []byte("content"), key.Public())
	f.Add(envelope)
	f.Add(sealed(f, []byte("content"), openKey(f, 2).Public()))
	f.Add([]byte(`{"aad":"","ciphertext":"","iv":"","protected":"","recipients":[],"tag":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		content, err := seal.Open(jweType, b, key)
		if err == nil && (len(b) != len(envelope) || string(content) != "content") {
			t.Errorf("%q opens and is not what was sealed", b)
		}
		if err != nil && (err != seal.ErrOpen || content != nil) {
			t.Errorf("got content or error %v, want %v alone", err, seal.ErrOpen)
		}
		seal.Recipients(b)
	})
}
