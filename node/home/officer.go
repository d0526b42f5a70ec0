package home

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"comity.example/crypto/identity"
	"comity.example/crypto/keyfile"
	"comity.example/node/token"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// An Officer holds a signing key and the credential of the participant. The
// officer's own files stay with the officer; no node reads them.
type Officer struct {
	Key        *identity.Key
	Credential []byte

	token io.Closer // what holds half of the key, nil for a key in a file
}

// Endorse signs a statement.
func (o *Officer) Endorse(st protocol.Statement) (protocol.Endorsement, error) {
	return chain.Endorse(o.Credential, o.Key, st)
}

// Close ends the session of the token, where there is one.
func (o *Officer) Close() error {
	if o.token == nil {
		return nil
	}
	return o.token.Close()
}

// officerFile holds the locked key and the credential, which is public. Of a
// key on a token what is locked is the other half, and the address once more:
// nobody without the lock can have another module loaded and told the PIN.
type officerFile struct {
	Key        []byte         `json:"key"`
	Credential []byte         `json:"credential"`
	Token      *token.Address `json:"token,omitempty"`
}

// A Held key is half of an officer's key, on a token that is open.
type Held interface {
	crypto.Signer
	io.Closer
}

// Errors of officers whose keys are on tokens.
var (
	ErrOnToken    = errors.New("home: the officer's key is on a token")
	ErrOtherKey   = errors.New("home: the token holds another key under that label than the officer's credential names")
	ErrOtherToken = errors.New("home: the officer's file names another token than the one that it was made for")
)

// NewOfficer is Enrol with one lock for both.
func (h *Home) NewOfficer(c register.Credential, lock keyfile.Lock) (path string, err error) {
	return h.Enrol(c, Enrolment{Home: lock, Officer: lock})
}

// An Enrolment says what locks are at work when an officer is enrolled.
type Enrolment struct {
	Home    keyfile.Lock // opens the participant's enrolment key
	Officer keyfile.Lock // closes the officer's
	// Token says where half of the key is, nil for all of it in the file. Hold
	// returns it; it is called when nothing else is wrong.
	Token *token.Address
	Hold  func() (Held, error)
}

// Enrol makes an officer's key and issues the credential c for it, with the
// participant's enrolment key. Key is filled in. The file's name says nothing
// about the person: it is the officer's random id.
func (h *Home) Enrol(c register.Credential, e Enrolment) (path string, err error) {
	seed, err := h.readKey(filepath.Join(keysDir, labelEnrol+".key"), labelEnrol, e.Home)
	if err != nil {
		return "", err
	}
	enrol, err := identity.FromSeed(seed)
	if err != nil {
		return "", err
	}
	officer, err := identity.Generate()
	if err != nil {
		return "", err
	}
	c.Format, c.Participant, c.Key = protocol.Version, h.Config.Participant, officer.Public()
	if c.Officer == "" {
		c.Officer = register.NewOfficerID()
	}
	credential, err := register.Issue(&c, enrol)
	if err != nil {
		return "", err
	}
	made := key{labelOfficer, officer.Seed()}
	if e.Token != nil {
		if c.Key, made, err = e.onToken(officer.Seed()); err != nil {
			return "", err
		}
		if credential, err = register.Issue(&c, enrol); err != nil {
			return "", err
		}
	}
	locked, err := keyfile.Encrypt(made.label, made.secret, e.Officer)
	if err != nil {
		return "", err
	}
	b, err := canon.Encode(officerFile{locked, credential, e.Token})
	if err != nil {
		return "", err
	}
	path = filepath.Join(h.Dir, officersDir, string(c.Officer)+".key")
	return path, WriteNew(path, b)
}

// onToken replaces the first half of a new key by one on a token, and returns
// what of it goes into the file.
func (e *Enrolment) onToken(seed []byte) (*identity.Public, key, error) {
	address, err := canon.Encode(e.Token)
	if err == nil {
		err = e.Token.Check()
	}
	if err != nil {
		return nil, key{}, err
	}
	half, err := e.Hold()
	if err != nil {
		return nil, key{}, err
	}
	defer half.Close()
	second := seed[len(seed)-identity.TokenSeedSize:]
	whole, err := identity.OnToken(half, second)
	if err != nil {
		return nil, key{}, err
	}
	return whole.Public(), key{labelToken, append(second, address...)}, nil
}

// ReadOfficer unlocks an officer's file. The error is ErrOnToken if half of the
// key is on a token.
func ReadOfficer(path string, lock keyfile.Lock) (*Officer, error) {
	return OpenOfficer(path, lock, func(token.Address) (Held, error) { return nil, fmt.Errorf("%s: %w", path, ErrOnToken) })
}

// OpenOfficer unlocks an officer's file, and has the token opened that holds
// half of the key, where one does. The caller closes the officer.
func OpenOfficer(path string, lock keyfile.Lock, open func(token.Address) (Held, error)) (*Officer, error) {
	f, err := readOfficerFile(path)
	if err != nil {
		return nil, err
	}
	if f.Token != nil {
		return f.onToken(path, lock, open)
	}
	seed, err := keyfile.Decrypt(labelOfficer, f.Key, lock)
	if err != nil {
		return nil, fmt.Errorf("home: %s: %w", path, err)
	}
	k, err := identity.FromSeed(seed)
	return &Officer{Key: k, Credential: f.Credential}, err
}

func (f *officerFile) onToken(path string, lock keyfile.Lock, open func(token.Address) (Held, error)) (*Officer, error) {
	secret, err := keyfile.Decrypt(labelToken, f.Key, lock)
	if err != nil {
		return nil, fmt.Errorf("home: %s: %w", path, err)
	}
	named, err := canon.Encode(f.Token)
	if err != nil {
		return nil, err
	}
	seed := secret[:min(len(secret), identity.TokenSeedSize)]
	if !bytes.Equal(secret[len(seed):], named) {
		return nil, ErrOtherToken
	}
	c, err := register.ClaimCredential(f.Credential)
	if err != nil {
		return nil, err
	}
	half, err := open(*f.Token)
	if err != nil {
		return nil, err
	}
	k, err := identity.OnToken(half, seed)
	if err == nil && k.Public().Fingerprint() != c.Key.Fingerprint() {
		err = ErrOtherKey
	}
	if err != nil {
		return nil, errors.Join(err, half.Close())
	}
	return &Officer{k, f.Credential, half}, nil
}

func readOfficerFile(path string) (*officerFile, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var f officerFile
	if err := canon.Read(b, &f); err != nil {
		return nil, fmt.Errorf("home: %s is not an officer's file", path)
	}
	return &f, nil
}

// ReadCredential returns the credential in an officer's file, which is public:
// nothing is unlocked, and nobody has checked who signed it.
func ReadCredential(path string) (*register.Credential, error) {
	f, err := readOfficerFile(path)
	if err != nil {
		return nil, err
	}
	return register.ClaimCredential(f.Credential)
}

// ReadToken returns the token that an officer's file names, nil of a key that
// is in the file. Nothing is unlocked, and nobody has checked it.
func ReadToken(path string) (*token.Address, error) {
	f, err := readOfficerFile(path)
	if err != nil {
		return nil, err
	}
	return f.Token, nil
}

// Officers returns the paths of the officers' files of a home, in order.
func (h *Home) Officers() ([]string, error) {
	return filepath.Glob(filepath.Join(h.Dir, officersDir, "officer-*.key"))
}
