package register

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
)

const (
	// MaxCredential bounds a signed credential, in bytes, before it is parsed.
	MaxCredential = 16 << 10
	// MaxCredentialLife bounds the time for which a credential is valid, and
	// with it how long a register must carry the revocation of its key.
	MaxCredentialLife = 400 * 24 * time.Hour

	// typeCredential is the typ of a signed credential.
	typeCredential = "comity-credential+jws"
)

// An OfficerID names an officer: "officer-" and 26 characters of base32 (128
// random bits). Who that is, only the officer's participant knows.
type OfficerID string

var (
	officerForm     = regexp.MustCompile(`^officer-[a-z2-7]{26}$`)
	officerEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").
			WithPadding(base32.NoPadding)
)

// NewOfficerID returns a fresh random OfficerID.
func NewOfficerID() OfficerID {
	var b [16]byte
	rand.Read(b[:]) // never returns an error: crypto/rand ends the process instead
	return OfficerID("officer-" + officerEncoding.EncodeToString(b[:]))
}

// UnmarshalText refuses anything but a well-formed OfficerID. The error does
// not repeat it: what is not well formed could be a name.
func (id *OfficerID) UnmarshalText(b []byte) error {
	if !officerForm.Match(b) {
		return errors.New("officer: want officer- and 26 characters of a-z, 2-7")
	}
	*id = OfficerID(b)
	return nil
}

// A Credential is a participant's word that a key is that of one of its
// officers, and for what. All of it is signed by the participant's enrolment key.
type Credential struct {
	Format      string                 `json:"v"` // protocol.Version
	Participant protocol.ParticipantID `json:"participant"`
	Officer     OfficerID              `json:"officer"`
	Roles       []protocol.Role        `json:"roles"` // at least one, each once
	// Types are the request types for which the officer is competent; none
	// stands for all.
	Types []protocol.RequestType `json:"types"`
	// Grades say whether the officer stands on the duty list, and supervises it.
	Grades  []Grade          `json:"grades,omitempty"`
	Key     *identity.Public `json:"key"` // the officer's
	Issued  time.Time        `json:"issued"`
	Expires time.Time        `json:"expires"` // not valid from then on
}

// Has reports whether the officer holds one of the roles.
func (c *Credential) Has(roles ...protocol.Role) bool {
	return overlap(c.Roles, roles)
}

// Competent reports whether the officer is competent for a request type.
func (c *Credential) Competent(t protocol.RequestType) bool {
	return len(c.Types) == 0 || slices.Contains(c.Types, t)
}

// ValidAt returns ErrExpired unless the credential was issued and had not
// expired at the given time. Revocation is the Directory's to know.
func (c *Credential) ValidAt(at time.Time) error {
	if at.Before(c.Issued) || !at.Before(c.Expires) {
		return fmt.Errorf("register: credential: %w", ErrExpired)
	}
	return nil
}

// Check reports whether c is complete and well formed, whatever the time is.
func (c *Credential) Check() error {
	if err := c.check(); err != nil {
		return fmt.Errorf("register: credential: %w: %w", ErrCredential, err)
	}
	return nil
}

func (c *Credential) check() error {
	if c.Format != protocol.Version {
		return fmt.Errorf("v: want %q", protocol.Version)
	}
	if _, err := protocol.ParseParticipantID(string(c.Participant)); err != nil {
		return err
	}
	if !officerForm.MatchString(string(c.Officer)) {
		return errors.New("officer: want an officer id")
	}
	if err := checkRoles(c.Roles); err != nil {
		return err
	}
	if !distinct(c.Types) {
		return errors.New("types: want each once")
	}
	for _, t := range c.Types {
		if !slices.Contains(protocol.RequestTypes(), t) {
			return errors.New("types: want only known request types")
		}
	}
	if err := checkGrades(c.Grades); err != nil {
		return err
	}
	if c.Key == nil || c.Key.Fingerprint() == (identity.Fingerprint{}) {
		return errors.New("key: want the officer's key")
	}
	err := errors.Join(checkTime("issued", c.Issued), checkTime("expires", c.Expires))
	if err != nil {
		return err
	}
	if life := c.Expires.Sub(c.Issued); life <= 0 || life > MaxCredentialLife {
		return fmt.Errorf("expires: want after issued, by at most %v", MaxCredentialLife)
	}
	return nil
}

// Issue returns c signed with the participant's enrolment key.
func Issue(c *Credential, key *identity.Key) ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Key.Equal(key.Public()) {
		return nil, errOwnKey()
	}
	payload, err := canon.Encode(c)
	if err != nil {
		return nil, fmt.Errorf("register: issue credential: %w", err)
	}
	jws, err := seal.Sign(typeCredential, payload, key)
	if err != nil {
		return nil, fmt.Errorf("register: issue credential: %w", err)
	}
	return jws, nil
}

// errOwnKey: an officer whose key is the node's is no second pair of eyes.
func errOwnKey() error {
	return fmt.Errorf("register: credential: %w: the key is the participant's own", ErrCredential)
}

// VerifyCredential returns the credential in jws if the enrolment key of the
// participant signed it and it speaks of that participant. Time and
// revocation are not looked at: ValidAt and Directory.Revoked are.
func VerifyCredential(jws []byte, of *Participant) (*Credential, error) {
	c, err := openCredential(jws, of.Enrolment)
	if err != nil {
		return nil, err
	}
	return c, c.of(of)
}

// of checks that c speaks of p. A Party could list another's key as that of
// its own participant; the key alone does not say whose officer it is.
func (c *Credential) of(p *Participant) error {
	if c.Participant != p.ID {
		return fmt.Errorf("register: credential: %w: of another participant", ErrCredential)
	}
	if c.Key.Equal(p.Signing) {
		return errOwnKey()
	}
	return nil
}

func openCredential(jws []byte, key *identity.Public) (*Credential, error) {
	if len(jws) > MaxCredential {
		return nil, fmt.Errorf("register: credential: %w: %d bytes: want at most %d",
			ErrCredential, len(jws), MaxCredential)
	}
	payload, _, err := seal.Verify(typeCredential, jws, key)
	if err != nil {
		return nil, fmt.Errorf("register: credential: %w: %w", ErrCredential, err)
	}
	c, err := parseCredential(payload)
	if err != nil {
		return nil, err
	}
	if c.Key.Equal(key) {
		return nil, errOwnKey()
	}
	return c, nil
}

// ClaimCredential returns the credential that jws claims to hold, before its
// signature was checked: for an officer who wants to see what was issued.
func ClaimCredential(jws []byte) (*Credential, error) {
	if len(jws) > MaxCredential {
		return nil, fmt.Errorf("register: credential: %w: %d bytes: want at most %d",
			ErrCredential, len(jws), MaxCredential)
	}
	payload, err := seal.UnverifiedPayload(jws)
	if err != nil {
		return nil, fmt.Errorf("register: credential: %w: %w", ErrCredential, err)
	}
	return parseCredential(payload)
}

func parseCredential(payload []byte) (*Credential, error) {
	c := new(Credential)
	if err := canon.Decode(payload, c); err != nil {
		return nil, fmt.Errorf("register: credential: %w: %w", ErrCredential, err)
	}
	return c, c.Check()
}
