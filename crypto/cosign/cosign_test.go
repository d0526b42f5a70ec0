package cosign

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// TestCosignedMessageIsTheStructureOfTheSpecification writes it out by hand.
func TestCosignedMessageIsTheStructureOfTheSpecification(t *testing.T) {
	root := bytes.Repeat([]byte{0xaa}, 32)
	c := Checkpoint{Origin: "b.example/log", Size: 0x0102, Root: [32]byte(root)}
	want := "subtree/v1\n\x00" + // label, 12 bytes
		"\x09a.example" + // cosigner_name
		"\x00\x00\x00\x00\x64\x18\x50\xcb" + // timestamp
		"\x0db.example/log" + // log_origin
		"\x00\x00\x00\x00\x00\x00\x00\x00" + // start
		"\x00\x00\x00\x00\x00\x00\x01\x02" + // end
		string(root) // hash
	if got := cosignedMessage("a.example", 0x641850cb, c); string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestKeyFormsAgreeWithTheSpecification uses the example of signed-note.
func TestKeyFormsAgreeWithTheSpecification(t *testing.T) {
	const want = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
	public, err := base64.StdEncoding.DecodeString(want[strings.LastIndex(want, "+")+1:])
	if err != nil {
		t.Fatal(err)
	}
	if got := verifierKey("example.com/foo", typeEd25519, public[1:]); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	v := &ed25519Verifier{"example.com/foo", &LogPublic{ed25519: public[1:]}}
	const signed = "This is an example message.\n\n— example.com/foo " +
		"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
	if _, err := note.Open([]byte(signed), note.VerifierList(v)); err != nil {
		t.Error(err)
	}
}

func TestCosignatureWithoutATimeIsRefused(t *testing.T) {
	key, err := GenerateLogKey()
	if err != nil {
		t.Fatal(err)
	}
	body := Checkpoint{Origin: "a.example", Size: 1}.Body()
	for _, seconds := range []int64{1, 0, -1} {
		signed, err := note.Sign(&note.Note{Text: body}, &ed25519Signer{"a.example", key},
			&mldsa44Signer{"a.example", key, time.Unix(seconds, 0)})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = key.Public().OpenCheckpoint("a.example", signed)
		if want := seconds > 0; (err == nil) != want {
			t.Errorf("timestamp %d: got error %v, want accepted %v", seconds, err, want)
		}
	}
}

// TestTimeIsSigned alters the timestamp in front of the ML-DSA-44 signature.
func TestTimeIsSigned(t *testing.T) {
	key, err := GenerateLogKey()
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(Checkpoint{Origin: "a.example", Size: 1}.Body())
	signature, err := (&mldsa44Signer{"a.example", key, time.Unix(1000, 0)}).Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	v := &mldsa44Verifier{"a.example", key.Public()}
	if !v.Verify(text, signature) {
		t.Error("the cosignature does not verify")
	}
	binary.BigEndian.PutUint64(signature, 1001)
	if v.Verify(text, signature) {
		t.Error("the cosignature verifies with another time")
	}
	for _, n := range []int{0, 7, 8, 64, cosignatureSize - 1} {
		if v.Verify(text, signature[:n]) {
			t.Errorf("a cosignature of %d bytes verifies", n)
		}
	}
}

// TestMLDSA44AgreesWithWycheproof checks that the key we hold is the one of FIPS
// 204, by the vectors that are valid with the empty context.
func TestMLDSA44AgreesWithWycheproof(t *testing.T) {
	b, err := os.ReadFile("testdata/mldsa_44_verify_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			PublicKey string
			Tests     []struct {
				ID                    int `json:"tcId"`
				Msg, Ctx, Sig, Result string
			}
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, group := range file.TestGroups {
		p, err := newLogPublic(make([]byte, 32), unhex(t, group.PublicKey))
		for _, test := range group.Tests {
			want := test.Result == "valid" && test.Ctx == ""
			got := err == nil && verifyMLDSA44(p, unhex(t, test.Msg), unhex(t, test.Sig))
			if got != want {
				t.Errorf("test %d: got %v, want %v", test.ID, got, want)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("got %d tests, want the whole file", n)
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
