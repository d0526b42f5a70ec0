package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

const (
	encA256GCM  = "A256GCM" // RFC 7518, section 5.3
	contentKey  = 32        // bytes
	ivSize      = 12        // bytes
	tagSize     = 16        // bytes
	bindingSize = sha256.Size

	bindingLabel = "comity envelope v1\n"
)

// hpkeInfo is the HPKE info of a recipient: the draft's label, the content
// encryption, and no further information, separated by 0xFF.
var hpkeInfo = []byte("JOSE-HPKE rcpt\xff" + encA256GCM + "\xff")

// bind returns the value of the JWE "aad" member: it ties the recipients, as
// they are encoded, and the content key to the ciphertext.
func bind(key []byte, recipients string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(bindingLabel))
	h.Write([]byte(recipients))
	return h.Sum(nil)
}

// Seal encrypts plaintext so that each of the given keys opens it, and nobody
// else. go-jose cannot encrypt with an algorithm of ours, hence this sender.
func Seal(typ string, plaintext []byte, to ...*SealKey) ([]byte, error) {
	if err := checkType(typ); err != nil {
		return nil, fmt.Errorf("seal: seal: %w", err)
	}
	if len(to) == 0 || len(to) > MaxRecipients {
		return nil, fmt.Errorf("seal: seal: %d recipients, want 1 to %d", len(to), MaxRecipients)
	}
	if len(plaintext) > MaxPlaintext {
		return nil, fmt.Errorf("seal: seal: more than %d bytes", MaxPlaintext)
	}
	// The key is fresh for each envelope, so that a random iv cannot repeat under it.
	key, iv := make([]byte, contentKey), make([]byte, ivSize)
	rand.Read(key)
	rand.Read(iv)
	e := &envelope{typ: typ, iv: iv}
	for _, k := range sorted(to) {
		r, err := encryptKey(key, k)
		if err != nil {
			return nil, fmt.Errorf("seal: seal: %w", err)
		}
		if n := len(e.recipients); n > 0 && e.recipients[n-1].kid == r.kid {
			return nil, errors.New("seal: seal: a recipient is named twice")
		}
		e.recipients = append(e.recipients, r)
	}
	e.binding = bind(key, encodeRecipients(e.recipients))
	e.encryptContent(key, plaintext)
	return e.encode(), nil
}

func sorted(keys []*SealKey) []*SealKey {
	return slices.SortedFunc(slices.Values(keys),
		func(a, b *SealKey) int { return compare(a.fingerprint, b.fingerprint) })
}

// encryptKey encrypts the content key to one recipient.
func encryptKey(key []byte, to *SealKey) (recipient, error) {
	if to.public == nil {
		return recipient{}, errors.New("an empty key")
	}
	ek, sender, err := hpke.NewSender(to.public, hpke.SHAKE256(), hpke.AES256GCM(), hpkeInfo)
	if err != nil {
		return recipient{}, fmt.Errorf("encapsulate: %w", err)
	}
	encrypted, err := sender.Seal(nil, key)
	if err != nil {
		return recipient{}, fmt.Errorf("encrypt content key: %w", err)
	}
	return recipient{encryptedKey: encrypted, ek: ek, kid: to.fingerprint}, nil
}

// encryptContent fills in ciphertext and tag (RFC 7516, section 5.1, steps 14
// to 16).
func (e *envelope) encryptContent(key, plaintext []byte) {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: content key of a wrong size")
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: no GCM for AES")
	}
	protected := base64url.EncodeToString([]byte(protectedEnvelopeHeader(e.typ)))
	authenticated := []byte(protected + "." + base64url.EncodeToString(e.binding))
	out := gcm.Seal(nil, e.iv, pad(plaintext), authenticated)
	e.ciphertext, e.tag = out[:len(out)-tagSize], out[len(out)-tagSize:]
}

// Open returns what is sealed in an envelope of the given type. The only error
// is ErrOpen. Who sealed it is not known: the content is a stranger's until
// the signatures in it are verified.
func Open(typ string, sealed []byte, key *OpenKey) ([]byte, error) {
	e, ok := readEnvelope(sealed)
	if !ok || e.typ != typ {
		return nil, ErrOpen
	}
	u := &unwrapper{
		kid:     key.public.fingerprint.String(),
		private: key.private(),
		accept: func(contentKey []byte) bool {
			return hmac.Equal(e.binding, bind(contentKey, encodeRecipients(e.recipients)))
		},
	}
	jwe, err := jose.ParseEncryptedJSON(string(sealed),
		[]jose.KeyAlgorithm{algHPKE}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, ErrOpen
	}
	_, _, padded, err := jwe.DecryptMulti(u)
	if err != nil {
		return nil, ErrOpen
	}
	plaintext, ok := unpad(padded)
	if !ok {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// An unwrapper decrypts the content key for go-jose, which asks it once for
// each recipient.
type unwrapper struct {
	kid     string
	private hpke.PrivateKey
	accept  func(contentKey []byte) bool
}

var _ jose.OpaqueKeyDecrypter = (*unwrapper)(nil)

// DecryptKey answers for the one recipient that is named, without work for the
// others.
func (u *unwrapper) DecryptKey(encryptedKey []byte, header jose.Header) ([]byte, error) {
	ek, _ := header.ExtraHeaders["ek"].(string)
	if header.KeyID != u.kid {
		return nil, ErrOpen
	}
	encapsulated, err := base64url.DecodeString(ek)
	if err != nil {
		return nil, ErrOpen
	}
	kdf, aead := hpke.SHAKE256(), hpke.AES256GCM()
	r, err := hpke.NewRecipient(encapsulated, u.private, kdf, aead, hpkeInfo)
	if err != nil {
		return nil, ErrOpen
	}
	key, err := r.Open(nil, encryptedKey)
	if err != nil || !u.accept(key) {
		return nil, ErrOpen
	}
	return key, nil
}
