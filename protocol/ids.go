package protocol

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// A Party is a State, or the EU where the EU is the party: an ISO 3166-1
// alpha-2 code in capitals ("GB"), or "EU".
type Party string

// ParseParty returns s as a Party.
func ParseParty(s string) (Party, error) {
	p := Party(s)
	return p, p.check()
}

func (p Party) check() error {
	if len(p) != 2 || p[0] < 'A' || p[0] > 'Z' || p[1] < 'A' || p[1] > 'Z' {
		return fmt.Errorf("Party %q: want two capital letters, such as GB", string(p))
	}
	return nil
}

// UnmarshalText refuses anything but a well-formed Party.
func (p *Party) UnmarshalText(b []byte) error {
	*p = Party(b)
	return p.check()
}

// A ParticipantID names an organisation that has a node or is served by one:
// the country in small letters, a point, and an identifier that is unique in
// that country's register, as in ETSI TS 103 120: "gb.home-office".
type ParticipantID string

// MaxParticipantID bounds the length of a ParticipantID, in bytes.
const MaxParticipantID = 64

var participantForm = regexp.MustCompile(`^[a-z]{2}\.[a-z0-9]+(-[a-z0-9]+)*$`)

// ParseParticipantID returns s as a ParticipantID.
func ParseParticipantID(s string) (ParticipantID, error) {
	id := ParticipantID(s)
	return id, id.check()
}

func (id ParticipantID) check() error {
	if len(id) > MaxParticipantID || !participantForm.MatchString(string(id)) {
		return fmt.Errorf("participant %q: want country.name in small letters, digits and "+
			"single hyphens, such as gb.home-office", string(id))
	}
	return nil
}

// Party returns the Party in whose register the participant stands.
func (id ParticipantID) Party() Party {
	if len(id) < 3 {
		return ""
	}
	return Party(strings.ToUpper(string(id[:2])))
}

// UnmarshalText refuses anything but a well-formed ParticipantID.
func (id *ParticipantID) UnmarshalText(b []byte) error {
	*id = ParticipantID(b)
	return id.check()
}

// A CaseID names one matter between participants: "case-" and 26 characters
// of base32 (128 random bits), so that it says nothing about the matter.
type CaseID string

// An ActID names one act: "act-" and 26 characters of base32 (128 random
// bits). The same id with other bytes is a conflict, never a second act.
type ActID string

var (
	idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
	caseForm   = regexp.MustCompile(`^case-[a-z2-7]{26}$`)
	actForm    = regexp.MustCompile(`^act-[a-z2-7]{26}$`)
)

func randomID(prefix string) string {
	var b [16]byte
	rand.Read(b[:]) // never returns an error: crypto/rand ends the process instead
	return prefix + idEncoding.EncodeToString(b[:])
}

// NewCaseID returns a fresh random CaseID.
func NewCaseID() CaseID { return CaseID(randomID("case-")) }

// NewActID returns a fresh random ActID.
func NewActID() ActID { return ActID(randomID("act-")) }

// ParseCaseID returns s as a CaseID.
func ParseCaseID(s string) (CaseID, error) {
	var id CaseID
	err := id.UnmarshalText([]byte(s))
	return id, err
}

// UnmarshalText refuses anything but a well-formed CaseID.
func (id *CaseID) UnmarshalText(b []byte) error {
	if !caseForm.Match(b) {
		return fmt.Errorf("case %q: want case- and 26 characters of a-z, 2-7", truncate(b))
	}
	*id = CaseID(b)
	return nil
}

// UnmarshalText refuses anything but a well-formed ActID.
func (id *ActID) UnmarshalText(b []byte) error {
	if !actForm.Match(b) {
		return fmt.Errorf("act %q: want act- and 26 characters of a-z, 2-7", truncate(b))
	}
	*id = ActID(b)
	return nil
}

// truncate keeps an error line readable whatever a stranger sent.
func truncate(b []byte) string {
	if len(b) > MaxParticipantID {
		return string(b[:MaxParticipantID]) + "…"
	}
	return string(b)
}

// A Digest is a SHA-256 digest. As text it is "sha256:" and 64 hexadecimal
// digits. The zero Digest stands for "none" and is written as "".
type Digest [sha256.Size]byte

// DigestOf returns the SHA-256 digest of b.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// IsZero reports whether d stands for "none".
func (d Digest) IsZero() bool { return d == Digest{} }

// String returns the text form of d, "" for none.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return "sha256:" + hex.EncodeToString(d[:])
}

// MarshalText returns the text form of d.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText accepts what MarshalText writes and nothing else.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Digest{}
		return nil
	}
	h, ok := strings.CutPrefix(string(b), "sha256:")
	if !ok || len(h) != 2*len(d) || strings.ToLower(h) != h {
		return fmt.Errorf("digest %q: want sha256: and 64 small hexadecimal digits", truncate(b))
	}
	if _, err := hex.Decode(d[:], []byte(h)); err != nil {
		return fmt.Errorf("digest %q: %w", truncate(b), err)
	}
	return nil
}
