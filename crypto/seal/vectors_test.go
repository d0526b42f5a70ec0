package seal

import (
	"bytes"
	"crypto/hpke"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"comity.example/crypto/identity"
	"github.com/cloudflare/circl/kem/xwing"
	"github.com/go-jose/go-jose/v4"
)

// readVectors reads a file under testdata (see testdata/SOURCES.md) into v.
func readVectors(t *testing.T, name string, v any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// An unwrapper decrypts the content key for go-jose, which does the rest: it
// asks once for each recipient.
type unwrapper struct {
	kid     string
	private hpke.PrivateKey
}

func (u *unwrapper) DecryptKey(encryptedKey []byte, header jose.Header) ([]byte, error) {
	ek, _ := header.ExtraHeaders["ek"].(string)
	if header.KeyID != u.kid {
		return nil, errors.New("another's")
	}
	encapsulated, err := base64url.DecodeString(ek)
	if err != nil {
		return nil, err
	}
	r := recipient{encryptedKey: encryptedKey, ek: encapsulated}
	return r.decryptKey(u.private)
}

// TestGoJoseOpensOurEnvelope: another implementation of RFC 7516 reads what
// Seal writes, for each recipient.
func TestGoJoseOpensOurEnvelope(t *testing.T) {
	var keys []*OpenKey
	var to []*SealKey
	for range 3 {
		key, err := GenerateOpenKey()
		if err != nil {
			t.Fatal(err)
		}
		keys, to = append(keys, key), append(to, key.Public())
	}
	for size := range 3 {
		content := bytes.Repeat([]byte("content"), size*1000)
		sealed, err := Seal("comity-test", content, to...)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			jwe, err := jose.ParseEncryptedJSON(string(sealed),
				[]jose.KeyAlgorithm{algHPKE}, []jose.ContentEncryption{jose.A256GCM})
			if err != nil {
				t.Fatal(err)
			}
			_, _, padded, err := jwe.DecryptMulti(&unwrapper{kid: key.public.fingerprint.String(), private: key.private()})
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := unpad(padded); !ok || !bytes.Equal(got, content) {
				t.Errorf("%d bytes: got %d bytes, want them back", len(content), len(got))
			}
		}
	}
}

// TestUnwrapperOpensTheExamplesOfTheDraft runs the code of Open over every
// example of draft-ietf-jose-hpke-pq-pqt with key encryption: HPKE-9-KE, which
// is ours, and its siblings with other KEMs.
func TestUnwrapperOpensTheExamplesOfTheDraft(t *testing.T) {
	kems := map[string]hpke.KEM{
		"HPKE-8-KE": hpke.MLKEM768P256(), "HPKE-9-KE": hpke.MLKEM768X25519(),
		"HPKE-10-KE": hpke.MLKEM1024P384(), "HPKE-12-KE": hpke.MLKEM768(),
		"HPKE-13-KE": hpke.MLKEM1024(),
	}
	var vectors []struct {
		Alg string
		JWK struct {
			Kid, Priv string
		}
		Flattened json.RawMessage
		Compact   string
	}
	readVectors(t, "jose-vectors.json", &vectors)
	opened := 0
	for _, vector := range vectors {
		kem, ok := kems[vector.Alg]
		if !ok {
			continue // integrated encryption, which this package does not use
		}
		seed, err := base64.RawURLEncoding.DecodeString(vector.JWK.Priv)
		if err != nil {
			t.Fatal(err)
		}
		private, err := kem.NewPrivateKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		u := &unwrapper{kid: vector.JWK.Kid, private: private}
		for _, form := range []struct {
			text  string
			parse func(string, []jose.KeyAlgorithm, []jose.ContentEncryption) (*jose.JSONWebEncryption, error)
		}{{string(vector.Flattened), jose.ParseEncryptedJSON}, {vector.Compact, jose.ParseEncryptedCompact}} {
			jwe, err := form.parse(form.text,
				[]jose.KeyAlgorithm{jose.KeyAlgorithm(vector.Alg)},
				[]jose.ContentEncryption{jose.A256GCM})
			if err != nil {
				t.Fatal(err)
			}
			plaintext, err := jwe.Decrypt(u)
			if err != nil || len(plaintext) == 0 {
				t.Errorf("%s: got %q and error %v", vector.Alg, plaintext, err)
			}
			opened++
		}
	}
	if want := 2 * len(kems); opened != want {
		t.Errorf("opened %d examples, want %d", opened, want)
	}
}

func TestOpenKeyAgreesWithTheHPKEVectors(t *testing.T) {
	var vectors []struct {
		KEM         uint16 `json:"kem_id"`
		KDF         uint16 `json:"kdf_id"`
		AEAD        uint16 `json:"aead_id"`
		Info        string
		Seed        string `json:"skRm"`
		Public      string `json:"pkRm"`
		Enc         string
		Encryptions []struct{ AAD, CT, PT string }
	}
	readVectors(t, "hpke-pq-test-vectors.json", &vectors)
	n := 0
	for _, vector := range vectors {
		if vector.KEM != hpke.MLKEM768X25519().ID() {
			continue
		}
		key, err := OpenKeyFromSeed(unhex(t, vector.Seed))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(key.public.packed, unhex(t, vector.Public)) {
			t.Error("got another public key")
		}
		kdf, err := hpke.NewKDF(vector.KDF)
		if err != nil {
			t.Fatal(err)
		}
		aead, err := hpke.NewAEAD(vector.AEAD)
		if err != nil {
			t.Fatal(err)
		}
		r, err := hpke.NewRecipient(unhex(t, vector.Enc), key.private(), kdf, aead, unhex(t, vector.Info))
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range vector.Encryptions[:1] {
			plaintext, err := r.Open(unhex(t, e.AAD), unhex(t, e.CT))
			if err != nil || !bytes.Equal(plaintext, unhex(t, e.PT)) {
				t.Errorf("KDF %d, encryption %d: got %x and error %v", vector.KDF, i, plaintext, err)
			}
		}
		n++
	}
	if n != 2 {
		t.Errorf("got %d vectors of X-Wing, want 2", n)
	}
}

// TestOpenKeyAgreesWithXWing compares keys with the vectors of the draft, and
// what the draft decapsulates with circl, an independent implementation.
func TestOpenKeyAgreesWithXWing(t *testing.T) {
	var vectors []struct{ Seed, SK, PK, CT, SS string }
	readVectors(t, "xwing-test-vectors.json", &vectors)
	if len(vectors) == 0 {
		t.Error("got no vectors")
	}
	for i, vector := range vectors {
		key, err := OpenKeyFromSeed(unhex(t, vector.SK))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(key.public.packed, unhex(t, vector.PK)) {
			t.Errorf("vector %d: got another public key", i)
		}
		shared := xwing.Decapsulate(unhex(t, vector.CT), unhex(t, vector.SK))
		if !bytes.Equal(shared, unhex(t, vector.SS)) {
			t.Errorf("vector %d: circl decapsulates another secret", i)
		}
	}
}

// TestNothingOfWycheproofIsAccepted feeds the JWS and JWE of other algorithms
// and forms, valid and invalid alike, to a parser that must take none of them.
func TestNothingOfWycheproofIsAccepted(t *testing.T) {
	var file struct {
		TestGroups []struct {
			Tests []struct {
				ID       int `json:"tcId"`
				JWS, JWE json.RawMessage
			}
		}
	}
	signer, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	opener, err := GenerateOpenKey()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range []string{"json_web_signature_test.json", "json_web_encryption_test.json"} {
		readVectors(t, name, &file)
		for _, group := range file.TestGroups {
			for _, test := range group.Tests {
				for _, raw := range []json.RawMessage{test.JWS, test.JWE} {
					var text string
					if json.Unmarshal(raw, &text) != nil {
						text = string(raw) // a JSON serialisation
					}
					_, _, err := Verify("test", []byte(text), signer.Public())
					if err == nil {
						t.Errorf("%s: test %d verifies", name, test.ID)
					}
					if _, err := Open("test", []byte(text), opener); err == nil {
						t.Errorf("%s: test %d opens", name, test.ID)
					}
					n++
				}
			}
		}
	}
	if n < 500 {
		t.Errorf("got %d tests, want both files", n)
	}
}
