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
)

const (
	encA256GCM     = "A256GCM" // RFC 7518, section 5.3
	contentKeySize = 32        // bytes
	ivSize         = 12        // bytes
	tagSize        = 16        // bytes
	bindingSize    = sha256.Size

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
// else.
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
	key, iv := make([]byte, contentKeySize), make([]byte, ivSize)
	rand.Read(key)
	rand.Read(iv)
	var list []recipient
	for _, k := range sorted(to) {
		r, err := encryptKey(key, k)
		if err != nil {
			return nil, fmt.Errorf("seal: seal: %w", err)
		}
		if n := len(list); n > 0 && list[n-1].kid == r.kid {
			return nil, errors.New("seal: seal: a recipient is named twice")
		}
		list = append(list, r)
	}
	e := &envelope{typ: typ, iv: iv}
	e.address(list)
	e.binding = bind(key, e.list)
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
	out := contentCipher(key).Seal(nil, e.iv, pad(plaintext), e.authenticated())
	e.ciphertext, e.tag = out[:len(out)-tagSize], out[len(out)-tagSize:]
}

// authenticated returns the additional authenticated data of the content.
func (e *envelope) authenticated() []byte {
	protected := base64url.EncodeToString([]byte(protectedEnvelopeHeader(e.typ)))
	return []byte(protected + "." + base64url.EncodeToString(e.binding))
}

func contentCipher(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: content key of a wrong size")
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: no GCM for AES")
	}
	return gcm
}

// Open returns what is sealed in an envelope of the given type. The only error
// is ErrOpen. Who sealed it is not known: the content is a stranger's until
// the signatures in it are verified.
func Open(typ string, sealed []byte, key *OpenKey) ([]byte, error) {
	e, ok := readEnvelope(sealed)
	if !ok || e.typ != typ {
		return nil, ErrOpen
	}
	contentKey, ok := e.decryptKey(key)
	if !ok {
		return nil, ErrOpen
	}
	padded, ok := e.decryptContent(contentKey)
	if !ok {
		return nil, ErrOpen
	}
	plaintext, ok := unpad(padded)
	if !ok {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// decryptKey returns the content key, if one of the recipients is key and the
// list of recipients is the one that the content key was bound to.
func (e *envelope) decryptKey(key *OpenKey) ([]byte, bool) {
	at := slices.IndexFunc(e.recipients,
		func(r recipient) bool { return r.kid == key.public.fingerprint })
	if at < 0 {
		return nil, false
	}
	contentKey, err := e.recipients[at].decryptKey(key.private())
	if err != nil || len(contentKey) != contentKeySize {
		return nil, false
	}
	return contentKey, hmac.Equal(e.binding, bind(contentKey, e.list))
}

// decryptKey undoes encryptKey.
func (r *recipient) decryptKey(private hpke.PrivateKey) ([]byte, error) {
	kdf, aead := hpke.SHAKE256(), hpke.AES256GCM()
	opener, err := hpke.NewRecipient(r.ek, private, kdf, aead, hpkeInfo)
	if err != nil {
		return nil, err
	}
	return opener.Open(nil, r.encryptedKey)
}

// decryptContent undoes encryptContent (RFC 7516, section 5.2, steps 14 to 16).
func (e *envelope) decryptContent(key []byte) ([]byte, bool) {
	out := slices.Concat(e.ciphertext, e.tag)
	out, err := contentCipher(key).Open(out[:0], e.iv, out, e.authenticated())
	return out, err == nil
}
