package identity_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"comity.example/crypto/identity"
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

type wycheproofTest struct {
	ID      int `json:"tcId"`
	Comment string
	Msg     string
	Ctx     string
	Sig     string
	Result  string
	Flags   []string
}

func TestEd25519AgreesWithWycheproof(t *testing.T) {
	var file struct {
		TestGroups []struct {
			PublicKey struct{ Pk string }
			Tests     []wycheproofTest
		}
	}
	readVectors(t, "ed25519_test.json", &file)
	second := make([]byte, 1952)
	n := 0
	for _, group := range file.TestGroups {
		p, err := identity.NewPublic(unhex(t, group.PublicKey.Pk), second)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range group.Tests {
			got := p.VerifyEd25519(unhex(t, test.Msg), unhex(t, test.Sig))
			if want := test.Result == "valid"; got != want {
				t.Errorf("test %d (%s): got %v, want %v", test.ID, test.Comment, got, want)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("got %d tests, want the whole file", n)
	}
}

func TestMLDSA65AgreesWithWycheproof(t *testing.T) {
	var file struct {
		TestGroups []struct {
			PublicKey string
			Tests     []wycheproofTest
		}
	}
	readVectors(t, "mldsa_65_verify_test.json", &file)
	first := make([]byte, 32)
	n := 0
	for _, group := range file.TestGroups {
		p, err := identity.NewPublic(first, unhex(t, group.PublicKey))
		for _, test := range group.Tests {
			// A context other than the empty one is none of ours: it must not verify.
			want := test.Result == "valid" && test.Ctx == ""
			got := err == nil && p.VerifyMLDSA65(unhex(t, test.Msg), unhex(t, test.Sig))
			if got != want {
				t.Errorf("test %d (%s): got %v, want %v", test.ID, test.Comment, got, want)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("got %d tests, want the whole file", n)
	}
}

func TestMLDSA65AgreesWithRFC9964(t *testing.T) {
	var vector struct {
		Priv string
		JWK  struct{ Pub string }
		JWS  string
	}
	readVectors(t, "ML_DSA_65.jose.json", &vector)
	pub, err := base64.RawURLEncoding.DecodeString(vector.JWK.Pub)
	if err != nil {
		t.Fatal(err)
	}
	key, err := identity.FromSeed(append(make([]byte, 32), unhex(t, vector.Priv)...))
	if err != nil {
		t.Fatal(err)
	}
	p, err := identity.NewPublic(make([]byte, 32), pub)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndexByte(vector.JWS, '.')
	signature, err := base64.RawURLEncoding.DecodeString(vector.JWS[at+1:])
	if err != nil {
		t.Fatal(err)
	}
	message := []byte(vector.JWS[:at])
	if !p.VerifyMLDSA65(message, signature) {
		t.Error("the signature of the RFC's example does not verify")
	}
	if !key.Public().VerifyMLDSA65(message, signature) {
		t.Error("the seed of the RFC's example gives another public key")
	}
	if p.VerifyMLDSA65(append(message, '.'), signature) {
		t.Error("the signature verifies over another message")
	}
}
