package identity_test

import (
	"strings"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/protocol/canon"
)

func encode(t testing.TB, p *identity.Public) string {
	t.Helper()
	b, err := canon.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPublicKeySurvivesItsJSON(t *testing.T) {
	key := testKey(t, 1)
	text := encode(t, key.Public())
	var read struct {
		Key *identity.Public `json:"key"`
	}
	if err := canon.Decode([]byte(`{"key":`+text+`}`), &read); err != nil {
		t.Fatal(err)
	}
	if !read.Key.Equal(key.Public()) {
		t.Error("got another key")
	}
	if got, want := read.Key.Fingerprint(), key.Public().Fingerprint(); got != want {
		t.Errorf("fingerprint: got %v, want %v", got, want)
	}
	if !read.Key.Verify([]byte("m"), sign(t, key, "m")) {
		t.Error("the key that was read does not verify")
	}
	const want = `{"keys":[{"alg":"Ed25519","crv":"Ed25519","kty":"OKP","x":"`
	if !strings.HasPrefix(text, want) {
		t.Errorf("got %.80s, want %s…", text, want)
	}
}

func TestAlteredPublicKeyIsRefused(t *testing.T) {
	text := encode(t, testKey(t, 1).Public())
	cut := strings.Index(text, `},{`)
	first, second := text[len(`{"keys":[`):cut+1], text[cut+2:len(text)-2]
	x := strings.TrimSuffix(first[strings.Index(first, `"x":"`)+5:], `"}`)
	cases := map[string]string{
		"null":                    `null`,
		"array":                   `[]`,
		"no keys":                 `{"keys":[]}`,
		"one key":                 `{"keys":[` + first + `]}`,
		"other order":             `{"keys":[` + second + `,` + first + `]}`,
		"three keys":              `{"keys":[` + first + `,` + second + `,` + second + `]}`,
		"unknown member outside":  strings.Replace(text, `{"keys"`, `{"a":1,"keys"`, 1),
		"private Ed25519 member":  strings.Replace(text, `"kty":"OKP"`, `"d":"AA","kty":"OKP"`, 1),
		"private ML-DSA member":   strings.Replace(text, `"pub"`, `"priv":"AA","pub"`, 1),
		"kid":                     strings.Replace(text, `"kty":"AKP"`, `"kid":"a","kty":"AKP"`, 1),
		"member twice":            strings.Replace(text, `"kty":"AKP"`, `"kty":"AKP","kty":"AKP"`, 1),
		"member in another case":  strings.Replace(text, `"pub"`, `"Pub"`, 1),
		"member missing":          strings.Replace(text, `"crv":"Ed25519",`, ``, 1),
		"algorithm EdDSA":         strings.Replace(text, `"alg":"Ed25519"`, `"alg":"EdDSA"`, 1),
		"algorithm ML-DSA-44":     strings.Replace(text, `ML-DSA-65`, `ML-DSA-44`, 1),
		"short Ed25519 key":       strings.Replace(text, x, x[:42], 1),
		"long Ed25519 key":        strings.Replace(text, x, x+"AA", 1),
		"padding":                 strings.Replace(text, x, x+"=", 1),
		"line end in base64":      strings.Replace(text, x, x[:8]+`\n`+x[8:], 1),
		"bits behind the end":     strings.Replace(text, x, x[:42]+string(x[42]+1), 1),
		"key of one JWK in other": `{"keys":[` + first + `,` + first + `]}`,
		"trailing bytes":          text + ` {}`,
	}
	for name, altered := range cases {
		if altered == text {
			t.Fatalf("%s: the case alters nothing", name)
		}
		var p identity.Public
		if err := canon.Read([]byte(altered), &p); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestEveryPrefixOfAPublicKeyIsRefused(t *testing.T) {
	text := encode(t, testKey(t, 1).Public())
	for n := range text {
		var p identity.Public
		if err := canon.Decode([]byte(text[:n]), &p); err == nil {
			t.Fatalf("the first %d of %d bytes are accepted", n, len(text))
		}
	}
}

func TestZeroPublicVerifiesNothing(t *testing.T) {
	var zero identity.Public
	if zero.Verify([]byte("m"), sign(t, testKey(t, 1), "m")) {
		t.Error("the zero key verifies a signature")
	}
	if zero.VerifyEd25519([]byte("m"), make([]byte, 64)) {
		t.Error("the zero key verifies an Ed25519 signature")
	}
	if _, err := canon.Encode(&zero); err == nil {
		t.Error("the zero key has JSON")
	}
	if zero.Equal(testKey(t, 1).Public()) || (*identity.Public)(nil).Equal(&zero) {
		t.Error("the zero key equals another")
	}
}

func FuzzPublicJSON(f *testing.F) {
	f.Add([]byte(encode(f, testKey(f, 1).Public())))
	f.Add([]byte(`{"keys":[{},{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p identity.Public
		if canon.Decode(b, &p) == nil && encode(t, &p) != string(b) {
			t.Errorf("%q decodes but is not the encoding", b)
		}
	})
}
