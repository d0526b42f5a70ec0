package home

import (
	"fmt"
	"path/filepath"

	"comity.example/crypto/identity"
	"comity.example/crypto/keyfile"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// A key is a secret with the label that says what it is for.
type key struct {
	label  string
	secret []byte
}

func (h *Home) writeKey(name string, k key, lock keyfile.Lock) error {
	return writeKey(h.path(name), k, lock)
}

func (h *Home) readKey(name, label string, lock keyfile.Lock) ([]byte, error) {
	return readKey(h.path(name), label, lock)
}

func writeKey(path string, k key, lock keyfile.Lock) error {
	b, err := keyfile.Encrypt(k.label, k.secret, lock)
	if err != nil {
		return err
	}
	return WriteNew(path, b)
}

func readKey(path, label string, lock keyfile.Lock) ([]byte, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	secret, err := keyfile.Decrypt(label, b, lock)
	if err != nil {
		return nil, fmt.Errorf("home: %s: %w", path, err)
	}
	return secret, nil
}

// An Officer holds a signing key and the credential of the participant. The
// officer's own files stay with the officer; no node reads them.
type Officer struct {
	Key        *identity.Key
	Credential []byte
}

// Endorse signs a statement.
func (o *Officer) Endorse(st protocol.Statement) (protocol.Endorsement, error) {
	return chain.Endorse(o.Credential, o.Key, st)
}

// officerFile holds the locked key and the credential, which is public.
type officerFile struct {
	Key        []byte `json:"key"`
	Credential []byte `json:"credential"`
}

// NewOfficer is Enrol with one lock for both.
func (h *Home) NewOfficer(c register.Credential, lock keyfile.Lock) (path string, err error) {
	return h.Enrol(c, Enrolment{lock, lock})
}

// An Enrolment says what locks are at work when an officer is enrolled.
type Enrolment struct {
	Home    keyfile.Lock // opens the participant's enrolment key
	Officer keyfile.Lock // closes the officer's
}

// Enrol makes an officer's key and issues the credential c for it, with the
// participant's enrolment key. Key is filled in. The file's name says nothing
// about the person: it is the officer's random id.
func (h *Home) Enrol(c register.Credential, locks Enrolment) (path string, err error) {
	seed, err := h.readKey(filepath.Join(keysDir, labelEnrol+".key"), labelEnrol, locks.Home)
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
	locked, err := keyfile.Encrypt(labelOfficer, officer.Seed(), locks.Officer)
	if err != nil {
		return "", err
	}
	b, err := canon.Encode(officerFile{locked, credential})
	if err != nil {
		return "", err
	}
	path = filepath.Join(h.Dir, officersDir, string(c.Officer)+".key")
	return path, WriteNew(path, b)
}

// ReadOfficer unlocks an officer's file.
func ReadOfficer(path string, lock keyfile.Lock) (*Officer, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var f officerFile
	if err := canon.Read(b, &f); err != nil {
		return nil, fmt.Errorf("home: %s is not an officer's file", path)
	}
	seed, err := keyfile.Decrypt(labelOfficer, f.Key, lock)
	if err != nil {
		return nil, fmt.Errorf("home: %s: %w", path, err)
	}
	k, err := identity.FromSeed(seed)
	return &Officer{k, f.Credential}, err
}

// ReadCredential returns the credential in an officer's file, which is public:
// nothing is unlocked, and nobody has checked who signed it.
func ReadCredential(path string) (*register.Credential, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var f officerFile
	if err := canon.Read(b, &f); err != nil {
		return nil, fmt.Errorf("home: %s is not an officer's file", path)
	}
	return register.ClaimCredential(f.Credential)
}

// Officers returns the paths of the officers' files of a home, in order.
func (h *Home) Officers() ([]string, error) {
	return filepath.Glob(filepath.Join(h.Dir, officersDir, "officer-*.key"))
}

// NewRoot makes a root key of a Party, and returns its public half for the pin.
func NewRoot(path string, lock keyfile.Lock) (*identity.Public, error) {
	root, err := identity.Generate()
	if err != nil {
		return nil, err
	}
	return root.Public(), writeKey(path, key{labelRoot, root.Seed()}, lock)
}

// ReadRoot unlocks a root key.
func ReadRoot(path string, lock keyfile.Lock) (*identity.Key, error) {
	seed, err := readKey(path, labelRoot, lock)
	if err != nil {
		return nil, err
	}
	return identity.FromSeed(seed)
}
