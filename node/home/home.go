// Package home is the directory of one participant: its configuration, its
// locked keys, and the pins, registers and agreements that were exchanged as
// files. Create makes one, Open reads one, and NodeConfig unlocks it into what
// a node works with.
//
//	comity.toml      configuration, for people to read and change
//	unlock.key       opens the key files, unless a passphrase does
//	keys/*.key       signing, opening, log, link and store keys, locked; and the
//	                 enrolment key, which a node never reads: keep it elsewhere
//	officers/*.key   officers' keys with their credentials, locked
//	entry.json       the participant's entry, for its Party to put into the register
//	pins/*.json      root keys of the Parties, compared out of band
//	registers/*.jws  registers, as the Parties' roots signed them
//	agreements/*     agreements (*.yaml with *.signatures.json) and notices (*.jws)
//	data/            store, anchor and vault, and why the node ended last
//	run/api.sock     the API of the node that runs
//	api.token        token of the API
//	metrics.token    token of the metrics, for who collects them
//	uploaders.json   digests of the tokens of those who upload evidence
//	notify.secret    signs what a webhook is sent
//
// The package is trusted with the keys while it unlocks them.
package home

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/crypto/identity"
	"comity.example/crypto/keyfile"
	"comity.example/crypto/seal"
	"comity.example/node"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/register"
)

// The names of a home's files.
const (
	ConfigName = "comity.toml"
	UnlockName = "unlock.key"
	EntryName  = "entry.json"
	TokenName  = "api.token"
	// MetricsTokenName is the file of the token that opens /metrics and nothing else.
	MetricsTokenName = "metrics.token"
	// NotifySecretName is the file of the secret that signs what a webhook is sent.
	NotifySecretName = "notify.secret"

	OfficerName = "officer.key" // the officer who signs when none is named
	RootName    = "root.key"    // a Party's root key, in a directory of its own
	PublicName  = "root.pub"    // its public half

	PinsDir       = "pins"
	RegistersDir  = "registers"
	AgreementsDir = "agreements"
	DataDir       = "data"

	keysDir     = "keys"
	officersDir = "officers"
	socketName  = "run/api.sock"
)

// ErrNoHome says that a directory is no participant's home.
var ErrNoHome = errors.New("is no participant's home")

// MaxFile bounds a file of a home that is read whole, in bytes.
const MaxFile = 16 << 20

// The labels of the key files, so that one cannot be taken for another.
const (
	labelSign    = "sign"
	labelEnrol   = "enrolment"
	labelOpen    = "open"
	labelLog     = "log"
	labelTLS     = "link"
	labelStore   = "store"
	labelOfficer = "officer"
	labelToken   = "officer-on-token"
	labelRoot    = "root"
)

// A Home is the directory of one participant.
type Home struct {
	Dir    string
	Config Config
}

// A Spec says what home to create.
type Spec struct {
	Dir    string
	Config Config
	Name   string // of the organisation, for the register
	Roles  []protocol.Role
	// AlsoUnder are the Parties whose law binds it besides its own.
	AlsoUnder []protocol.Party
	// Address is where peers reach the node: host:port. Empty: Config.Listen.
	Address    string
	Passphrase string // locks the keys; empty: an unlock file does
	Since      time.Time
}

// Create makes a home that does not exist yet, with fresh keys.
func Create(s Spec) (*Home, error) {
	if _, err := os.Stat(filepath.Join(s.Dir, ConfigName)); err == nil {
		return nil, fmt.Errorf("home: create: %s is a participant's home: %w", s.Dir, fs.ErrExist)
	}
	for _, d := range []string{keysDir, officersDir, PinsDir, RegistersDir, AgreementsDir, DataDir} {
		if err := os.MkdirAll(filepath.Join(s.Dir, d), 0o700); err != nil {
			return nil, fmt.Errorf("home: create: %w", err)
		}
	}
	h := &Home{Dir: s.Dir, Config: s.Config}
	lock, err := h.newLock(s.Passphrase)
	if err != nil {
		return nil, err
	}
	entry, err := h.newKeys(s, lock)
	if err != nil {
		return nil, fmt.Errorf("home: create: %w", err)
	}
	text, err := canon.Encode(entry)
	if err != nil {
		return nil, fmt.Errorf("home: create: %w", err)
	}
	err = errors.Join(
		h.write(EntryName, text),
		h.write(TokenName, newToken()),
		h.write(MetricsTokenName, newToken()),
		h.write(NotifySecretName, newSecret()),
		h.write(ConfigName, s.Config.text()), // last: only a whole home has one
	)
	return h, err
}

func newToken() []byte {
	token := make([]byte, 32)
	rand.Read(token) // never returns an error
	return []byte(hex.EncodeToString(token) + "\n")
}

// newLock makes the lock of a new home.
func (h *Home) newLock(passphrase string) (keyfile.Lock, error) {
	if passphrase != "" {
		return keyfile.Passphrase(passphrase)
	}
	text, err := keyfile.NewUnlockFile()
	if err != nil {
		return keyfile.Lock{}, err
	}
	if err := h.write(UnlockName, text); err != nil {
		return keyfile.Lock{}, err
	}
	return keyfile.UnlockFile(text)
}

// newKeys makes the participant's keys, and the entry that shows their public
// halves.
func (h *Home) newKeys(s Spec, lock keyfile.Lock) (*register.Participant, error) {
	sign, err1 := identity.Generate()
	enrol, err5 := identity.Generate()
	open, err2 := seal.GenerateOpenKey()
	log, err3 := cosign.GenerateLogKey()
	public, link, err4 := ed25519.GenerateKey(rand.Reader)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}
	store := make([]byte, 32)
	rand.Read(store) // never returns an error
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	for label, secret := range map[string][]byte{labelSign: sign.Seed(), labelEnrol: enrol.Seed(), labelOpen: open.Seed(),
		labelLog: log.Seed(), labelTLS: link.Seed(), labelStore: store} {
		if err := h.writeKey(filepath.Join(keysDir, label+".key"), key{label, secret}, lock); err != nil {
			return nil, err
		}
	}
	address := s.Address
	if address == "" {
		address = s.Config.Listen
	}
	p := &register.Participant{ID: s.Config.Participant, Name: s.Name, Roles: s.Roles, AlsoUnder: s.AlsoUnder, Address: address,
		TLS: []protocol.Digest{sha256.Sum256(spki)}, Signing: sign.Public(), Enrolment: enrol.Public(), Seal: open.Public(),
		Log: log.Public(), Instruments: []string{}, Since: s.Since.UTC().Truncate(time.Second)}
	return p, p.Check()
}

// Open reads the configuration of a home.
func Open(dir string) (*Home, error) {
	b, err := os.ReadFile(filepath.Join(dir, ConfigName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("home: %s %w: it has no %s", dir, ErrNoHome, ConfigName)
	}
	if err != nil {
		return nil, fmt.Errorf("home: open: %w", err)
	}
	c, err := ParseConfig(b)
	if err != nil {
		return nil, fmt.Errorf("home: %s: %w", filepath.Join(dir, ConfigName), err)
	}
	return &Home{Dir: dir, Config: c}, nil
}

// NeedsPassphrase reports whether the keys are locked with a passphrase.
func (h *Home) NeedsPassphrase() bool {
	_, err := os.Stat(h.path(UnlockName))
	return errors.Is(err, fs.ErrNotExist)
}

// Lock returns what opens the key files: the passphrase if one is given, the
// unlock file otherwise.
func (h *Home) Lock(passphrase string) (keyfile.Lock, error) {
	if passphrase != "" {
		return keyfile.Passphrase(passphrase)
	}
	text, err := h.read(UnlockName)
	if err != nil {
		return keyfile.Lock{}, err
	}
	return keyfile.UnlockFile(text)
}

// NodeConfig unlocks the keys and reads every document. Conn, Log and Metrics
// are the caller's to add.
func (h *Home) NodeConfig(lock keyfile.Lock, now func() time.Time) (node.Config, error) {
	c := node.Config{Self: h.Config.Participant, Dir: h.path(DataDir), Now: now, Approvals: h.Config.Approvals.node(),
		Clocks: h.Config.periods(), Evidence: h.Config.Evidence.node(), Uploader: h.hasUploader}
	if clock := h.TestClock(now); clock != nil {
		c.Now, c.Ahead = clock.Now, clock.Ahead
	}
	var err error
	if c.Keys, err = h.Keys(lock); err != nil {
		return c, err
	}
	if c.Notify, err = h.senders(); err != nil {
		return c, err
	}
	if c.Pins, err = h.Pins(); err != nil {
		return c, err
	}
	c.Documents, err = h.Documents()
	return c, err
}

// Keys unlocks the node's keys.
func (h *Home) Keys(lock keyfile.Lock) (k node.Keys, err error) {
	secrets := map[string][]byte{}
	for _, label := range []string{labelSign, labelOpen, labelLog, labelTLS, labelStore} {
		name := filepath.Join(keysDir, label+".key")
		if secrets[label], err = h.readKey(name, label, lock); err != nil {
			return k, err
		}
	}
	if len(secrets[labelTLS]) != ed25519.SeedSize || len(secrets[labelStore]) != len(k.Store) {
		return k, errors.New("home: a key file holds a key of another length")
	}
	k.TLS = ed25519.NewKeyFromSeed(secrets[labelTLS])
	copy(k.Store[:], secrets[labelStore])
	var err1, err2, err3 error
	k.Sign, err1 = identity.FromSeed(secrets[labelSign])
	k.Open, err2 = seal.OpenKeyFromSeed(secrets[labelOpen])
	k.Log, err3 = cosign.LogKeyFromSeed(secrets[labelLog])
	return k, errors.Join(err1, err2, err3)
}

// Entry returns the participant's entry for its Party's register.
func (h *Home) Entry() (*register.Participant, error) {
	b, err := h.read(EntryName)
	if err != nil {
		return nil, err
	}
	return register.ParseEntry(b)
}

// Token returns the token of the API.
func (h *Home) Token() (string, error) { return h.token(TokenName) }

// MetricsToken returns the token of the metrics, "" where there is none: then
// nobody is shown them.
func (h *Home) MetricsToken() (string, error) {
	token, err := h.token(MetricsTokenName)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return token, err
}

func (h *Home) token(name string) (string, error) {
	b, err := h.read(name)
	return strings.TrimSpace(string(b)), err
}

// Socket returns the path of the API's socket.
func (h *Home) Socket() string { return cmp.Or(h.Config.Socket, h.path(socketName)) }

func (h *Home) path(name string) string { return filepath.Join(h.Dir, name) }

// write makes a file that only its owner may read, and never overwrites one.
func (h *Home) write(name string, content []byte) error { return WriteNew(h.path(name), content) }

// WriteNew writes a file that does not exist yet, for its owner alone.
func WriteNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("home: write: %w", err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

func (h *Home) read(name string) ([]byte, error) { return readFile(h.path(name)) }

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > MaxFile {
		err = fmt.Errorf("%s: %d bytes: want at most %d", path, info.Size(), MaxFile)
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("home: read: %w", err)
	}
	return b, nil
}
