package vectors_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
)

// typeEnvelope is the typ of a sealed act.
const typeEnvelope = "comity-envelope+jwe"

// An envelope is a JWE on its way to its bytes, made here by hand: package
// seal commits none of the crimes.
type envelope struct {
	typ, enc   string
	key        []byte
	padded     []byte
	recipients []sealedTo
	bound      string // the recipients as the aad member covers them, "" for as they stand
}

type sealedTo struct{ encryptedKey, ek, kid string }

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// padded returns content as SPEC.md §5 pads it, for contents that fit into 1 KiB.
func padded(content string) []byte {
	b := make([]byte, 1024)
	binary.BigEndian.PutUint32(b, uint32(len(content)))
	copy(b[4:], content)
	return b
}

// wrap encrypts a content key to the participant.
func (w world) wrap(key []byte, p protocol.ParticipantID) sealedTo {
	w.t.Helper()
	public := w.openKey(string(p) + " open").Public()
	private, err := hpke.MLKEM768X25519().NewPrivateKey(seed(string(p) + " open")[:32])
	w.must(err)
	ek, sender, err := hpke.NewSender(private.PublicKey(), hpke.SHAKE256(), hpke.AES256GCM(),
		[]byte("JOSE-HPKE rcpt\xffA256GCM\xff"))
	w.must(err)
	encrypted, err := sender.Seal(nil, key)
	w.must(err)
	return sealedTo{b64(encrypted), b64(ek), public.Fingerprint().String()}
}

// envelope returns one that is sealed to the participants.
func (w world) envelope(to ...protocol.ParticipantID) *envelope {
	e := &envelope{typ: typeEnvelope, enc: "A256GCM", key: make([]byte, 32), padded: padded("content")}
	rand.Read(e.key)
	for _, p := range to {
		e.recipients = append(e.recipients, w.wrap(e.key, p))
	}
	slices.SortFunc(e.recipients, func(a, b sealedTo) int { return strings.Compare(a.kid, b.kid) })
	return e
}

func (e *envelope) list() string {
	items := make([]string, len(e.recipients))
	for i, r := range e.recipients {
		items[i] = fmt.Sprintf(`{"encrypted_key":"%s","header":{"alg":"HPKE-9-KE","ek":"%s","kid":"%s"}}`,
			r.encryptedKey, r.ek, r.kid)
	}
	return "[" + strings.Join(items, ",") + "]"
}

func (e *envelope) text() []byte {
	bound := e.bound
	if bound == "" {
		bound = e.list()
	}
	h := hmac.New(sha256.New, e.key)
	h.Write([]byte("comity envelope v1\n" + bound))
	aad := b64(h.Sum(nil))
	protected := b64(fmt.Appendf(nil, `{"enc":"%s","typ":"%s"}`, e.enc, e.typ))
	block, _ := aes.NewCipher(e.key)
	gcm, _ := cipher.NewGCM(block)
	iv := make([]byte, 12)
	rand.Read(iv)
	out := gcm.Seal(nil, iv, e.padded, []byte(protected+"."+aad))
	n := len(out) - 16
	return fmt.Appendf(nil, `{"aad":"%s","ciphertext":"%s","iv":"%s","protected":"%s","recipients":%s,"tag":"%s"}`,
		aad, b64(out[:n]), b64(iv), protected, e.list(), b64(out[n:]))
}

// envelopeArea holds envelopes that gb.home-office tries to open.
func (w world) envelopeArea() area {
	one := func(name, expect, about string, body func() []byte) recipe {
		fields := []field{{"type", typeEnvelope}, {"key", string(office) + " open"}}
		if expect == "valid" {
			fields = append(fields, field{"content", hex.EncodeToString([]byte("content"))})
		}
		return recipe{name, expect, about, fields, body}
	}
	bad := func(name, about string, change func(*envelope)) recipe {
		return one(name, "unreadable", about, func() []byte {
			e := w.envelope(office, doj)
			change(e)
			return e.text()
		})
	}
	recipes := []recipe{
		one("one", "valid", "sealed to one", func() []byte { return w.envelope(office).text() }),
		one("two", "valid", "sealed to two", func() []byte { return w.envelope(office, doj).text() }),
		{"act", "valid", "an act, as package seal seals it; its bytes are those of chain/disclosure",
			[]field{{"type", typeEnvelope}, {"key", string(office) + " open"}, {"holds", "chain/disclosure"}},
			func() []byte {
				b, err := seal.Seal(typeEnvelope, load(w.t, "chain", "disclosure").body, w.openKey(string(office)+" open").Public())
				w.must(err)
				return b
			}},
		one("not-for-us", "unreadable", "sealed to another", func() []byte { return w.envelope(doj).text() }),
		bad("recipient-removed", "a recipient was removed on the way", func(e *envelope) {
			e.bound = e.list()
			e.recipients = slices.DeleteFunc(e.recipients, func(r sealedTo) bool {
				return r.kid != w.openKey(string(office)+" open").Public().Fingerprint().String()
			})
		}),
		bad("recipient-altered", "the key for another recipient was altered on the way", func(e *envelope) {
			e.bound = e.list()
			for i, r := range e.recipients {
				if r.kid != w.openKey(string(office)+" open").Public().Fingerprint().String() {
					e.recipients[i].encryptedKey = b64(make([]byte, 48))
				}
			}
		}),
		bad("recipients-unbound", "the aad member covers no recipients", func(e *envelope) { e.bound = "[]" }),
		bad("descending", "recipients in descending order", func(e *envelope) { slices.Reverse(e.recipients) }),
		bad("recipient-twice", "one recipient twice",
			func(e *envelope) { e.recipients = append(e.recipients, e.recipients[1]) }),
		bad("no-recipient", "no recipient", func(e *envelope) { e.recipients = nil }),
		bad("type", "of another type", func(e *envelope) { e.typ = "comity-other+jwe" }),
		bad("enc", "another content encryption in the header", func(e *envelope) { e.enc = "A128GCM" }),
		bad("padding-content", "a byte of the padding is not zero", func(e *envelope) { e.padded[1023] = 1 }),
		bad("padding-long", "padded further than it should be",
			func(e *envelope) { e.padded = append(e.padded, make([]byte, 64)...) }),
		bad("padding-none", "not padded", func(e *envelope) { e.padded = e.padded[:11] }),
		bad("padding-length", "a length that lies",
			func(e *envelope) { binary.BigEndian.PutUint32(e.padded, 2000) }),
	}
	return area{"envelope", append(recipes, w.envelopeForms()...), world.examineEnvelope}
}

// envelopeForms are encodings other than the one.
func (w world) envelopeForms() []recipe {
	form := func(name, about, from, to string) recipe {
		return recipe{"form-" + name, "unreadable", about,
			[]field{{"type", typeEnvelope}, {"key", string(office) + " open"}},
			func() []byte { return w.replaced(w.envelope(office).text(), from, to) }}
	}
	return []recipe{
		form("space", "a space", `"recipients":`, `"recipients": `),
		form("line", "a line feed between two members", `"recipients"`, "\n"+`"recipients"`),
		form("unprotected", "an unprotected header", `"tag":`, `"unprotected":{},"tag":`),
		form("zip", "compression in the header of a recipient", `"kid":`, `"zip":"DEF","kid":`),
		form("alg", "the number that an earlier draft gave to the suite", `"HPKE-9-KE"`, `"HPKE-10-KE"`),
		{"form-flipped", "unreadable", "one bit of the ciphertext differs",
			[]field{{"type", typeEnvelope}, {"key", string(office) + " open"}}, func() []byte {
				b := w.envelope(office).text()
				at := bytes.Index(b, []byte(`"ciphertext":"`)) + 40
				if b[at]++; b[at] == '[' || b[at] == '{' || b[at] == ':' {
					b[at] = 'A'
				}
				return b
			}},
	}
}

func (w world) examineEnvelope(v *vector) string {
	content, err := seal.Open(v.field("type"), v.body, w.openKey(v.field("key")))
	if err != nil {
		return string(protocol.ReasonUnreadable)
	}
	if holds := v.field("holds"); holds != "" {
		area, name, _ := strings.Cut(holds, "/")
		if !bytes.Equal(content, load(w.t, area, name).body) {
			return "another content"
		}
		return "valid"
	}
	if hex.EncodeToString(content) != v.field("content") {
		return "another content"
	}
	return "valid"
}

// The names of keys are digests of labels and public bytes: a second
// implementation finds the recipient by them.
func TestFingerprintsAreAsTheSpecificationSays(t *testing.T) {
	w := newWorld(t)
	private, err := hpke.MLKEM768X25519().NewPrivateKey(seed(string(office) + " open")[:32])
	w.must(err)
	want := identity.Fingerprint(sha256.Sum256(append([]byte("comity seal v1\n"), private.PublicKey().Bytes()...)))
	if got := w.openKey(string(office) + " open").Public().Fingerprint(); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
