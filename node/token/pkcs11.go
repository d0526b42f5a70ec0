//go:build pkcs11 && cgo

package token

import (
	"crypto"
	"crypto/ed25519"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/miekg/pkcs11"
)

// Built says whether the binary was built with PKCS#11.
const Built = true

// What PKCS#11 3.0 added for EdDSA, which the library does not name yet.
const (
	ckkEdwards    = 0x40
	ckmEdwardsGen = 0x1055
	ckmEdDSA      = 0x1057
)

// curve names Edwards25519 in CKA_EC_PARAMS (RFC 8410, 1.3.101.112).
var curve = []byte{0x06, 0x03, 0x2b, 0x65, 0x70}

// A Session is a token that is open. It is safe for concurrent use.
type Session struct {
	at Address

	mu      sync.Mutex // a PKCS#11 session does one thing at a time
	ctx     *pkcs11.Ctx
	session pkcs11.SessionHandle
	whole   bool // the module was initialised here
}

// Open loads the module and logs in with the PIN. The error is ErrModule,
// ErrNoToken, ErrPIN or one of the module's.
func Open(at Address, pin string) (_ *Session, err error) {
	if err := at.Check(); err != nil {
		return nil, err
	}
	if len(pin) > MaxPIN {
		return nil, ErrPIN
	}
	ctx := pkcs11.New(at.Module)
	if ctx == nil {
		return nil, fmt.Errorf("%w: %s", ErrModule, at.Module)
	}
	s := &Session{at: at, ctx: ctx}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	switch err := ctx.Initialize(); {
	case err == nil:
		s.whole = true
	case !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)):
		return nil, fmt.Errorf("token: initialise the module: %w", err)
	}
	slot, err := s.slot()
	if err != nil {
		return nil, err
	}
	if s.session, err = ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION); err != nil {
		return nil, fmt.Errorf("token: open a session: %w", err)
	}
	switch err := ctx.Login(s.session, pkcs11.CKU_USER, pin); {
	case err == nil, errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)):
		return s, nil
	case errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_INCORRECT)), errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_LOCKED)),
		errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_LEN_RANGE)):
		return nil, ErrPIN
	default:
		return nil, fmt.Errorf("token: log in: %w", err)
	}
}

// slot returns the slot of the token with the label.
func (s *Session) slot() (uint, error) {
	slots, err := s.ctx.GetSlotList(true)
	if err != nil {
		return 0, fmt.Errorf("token: list the slots: %w", err)
	}
	for _, slot := range slots {
		if info, err := s.ctx.GetTokenInfo(slot); err == nil && info.Label == s.at.Token {
			return slot, nil
		}
	}
	return 0, ErrNoToken
}

// Close ends the session.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := errors.Join(s.ctx.Logout(s.session), s.ctx.CloseSession(s.session))
	s.release()
	return err
}

func (s *Session) release() {
	if s.whole {
		s.ctx.Finalize()
	}
	s.ctx.Destroy()
}

// Generate makes an Ed25519 key on the token, which cannot be read out of it.
func (s *Session) Generate() (crypto.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(pkcs11.CKO_PRIVATE_KEY); !errors.Is(err, ErrNoKey) {
		if err == nil {
			err = ErrKeyThere
		}
		return nil, err
	}
	public := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, ckkEdwards),
		pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, curve),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, s.at.Key),
	}
	private := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, s.at.Key),
	}
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(ckmEdwardsGen, nil)}
	switch _, _, err := s.ctx.GenerateKeyPair(s.session, mechanism, public, private); {
	case errors.Is(err, pkcs11.Error(pkcs11.CKR_MECHANISM_INVALID)):
		return nil, ErrNoEdDSA
	case err != nil:
		return nil, fmt.Errorf("token: make a key: %w", err)
	}
	return s.signer()
}

// Signer returns the key at the address.
func (s *Session) Signer() (crypto.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signer()
}

func (s *Session) signer() (crypto.Signer, error) {
	private, err := s.find(pkcs11.CKO_PRIVATE_KEY)
	if err != nil {
		return nil, err
	}
	public, err := s.find(pkcs11.CKO_PUBLIC_KEY)
	if err != nil {
		return nil, err
	}
	attributes, err := s.ctx.GetAttributeValue(s.session, public,
		[]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil)})
	if err != nil || len(attributes) != 1 {
		return nil, fmt.Errorf("token: read the public key: %w", err)
	}
	point, err := pointOf(attributes[0].Value)
	return &key{session: s, private: private, public: point}, err
}

// pointOf reads CKA_EC_POINT: the point in an OCTET STRING, or by itself.
func pointOf(b []byte) (ed25519.PublicKey, error) {
	var inner []byte
	if rest, err := asn1.Unmarshal(b, &inner); err == nil && len(rest) == 0 {
		b = inner
	}
	if len(b) != ed25519.PublicKeySize {
		return nil, errors.New("token: the key is no Ed25519 key")
	}
	return ed25519.PublicKey(b), nil
}

// find returns the one object of a class with the label of the key.
func (s *Session) find(class uint) (pkcs11.ObjectHandle, error) {
	wanted := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, class),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, s.at.Key),
	}
	if err := s.ctx.FindObjectsInit(s.session, wanted); err != nil {
		return 0, fmt.Errorf("token: look for the key: %w", err)
	}
	found, _, err := s.ctx.FindObjects(s.session, 2)
	if err = errors.Join(err, s.ctx.FindObjectsFinal(s.session)); err != nil {
		return 0, fmt.Errorf("token: look for the key: %w", err)
	}
	if len(found) != 1 {
		return 0, ErrNoKey // none, or more than one: which is meant nobody can say
	}
	return found[0], nil
}

// A key is a private key on the token.
type key struct {
	session *Session
	private pkcs11.ObjectHandle
	public  ed25519.PublicKey
}

// Public implements crypto.Signer.
func (k *key) Public() crypto.PublicKey { return k.public }

// Sign implements crypto.Signer, for whole messages (RFC 8032, PureEdDSA).
func (k *key) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.Hash(0) {
		return nil, errors.New("token: Ed25519 signs the message and not its digest")
	}
	s := k.session
	s.mu.Lock()
	defer s.mu.Unlock()
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(ckmEdDSA, nil)}
	switch err := s.ctx.SignInit(s.session, mechanism, k.private); {
	case errors.Is(err, pkcs11.Error(pkcs11.CKR_MECHANISM_INVALID)):
		return nil, ErrNoEdDSA
	case err != nil:
		return nil, fmt.Errorf("token: sign: %w", err)
	}
	signature, err := s.ctx.Sign(s.session, message)
	if err != nil {
		return nil, fmt.Errorf("token: sign: %w", err)
	}
	return signature, nil
}
