package register

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"comity.example/crypto/cosign"
	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// Limits of a participant's entry.
const (
	MaxPins        = 4         // TLS keys of one participant: the present one, the next, spares
	MaxInstruments = 64        // instruments of one participant
	MaxAlsoUnder   = 8         // Parties whose law binds one participant besides its own
	MaxAddress     = 259       // bytes of host and port: a DNS name of 253, a colon, 5 digits
	MaxEntry       = 256 << 10 // bytes of an entry's file, before it is parsed
)

// A Participant is one entry of a register.
type Participant struct {
	ID    protocol.ParticipantID `json:"id"`
	Name  string                 `json:"name"`  // of the organisation: "Home Office"
	Roles []protocol.Role        `json:"roles"` // at least one, each once

	Address string            `json:"address"` // of its node, for QUIC: "node.example:4433"
	TLS     []protocol.Digest `json:"tls"`     // pins: SHA-256 of SubjectPublicKeyInfos (RFC 7469)

	Signing *identity.Public `json:"signing"` // signs its acts; its node holds it
	// Enrolment signs its officers' credentials. It is not on the node: who
	// steals all of the node's keys has no officer.
	Enrolment *identity.Public  `json:"enrolment"`
	Seal      *seal.SealKey     `json:"seal"` // what is sent to it is sealed to this key
	Log       *cosign.LogPublic `json:"log"`  // signs its ledger's checkpoints

	Hours   Hours   `json:"hours,omitzero"`
	Contact Contact `json:"contact,omitzero"`
	// Instruments are the ids of the agreements under which it acts.
	Instruments []string `json:"instruments"`
	// AlsoUnder are the other Parties whose law binds it: of a provider's
	// establishment, that of its parent.
	AlsoUnder []protocol.Party `json:"also_under,omitempty"`

	Since time.Time `json:"since"`          // stands in the register from then
	Until time.Time `json:"until,omitzero"` // and to just before then, if set
}

// Hours are when people work there. The zero Hours are not known.
type Hours struct {
	Zone string   `json:"zone"` // IANA time zone: "Europe/London"
	Days []string `json:"days"` // of "mon" to "sun", in that order
	From string   `json:"from"` // local time: "09:00"
	To   string   `json:"to"`   // local time, "24:00" for midnight
}

// IsZero reports whether the hours are not known.
func (h Hours) IsZero() bool {
	return h.Zone == "" && len(h.Days) == 0 && h.From == "" && h.To == ""
}

// A Contact is the desk that answers questions: never a person.
type Contact struct {
	Desk  string `json:"desk"`
	Email string `json:"email,omitzero"`
	Phone string `json:"phone,omitzero"`
}

// Has reports whether p is registered for one of the roles.
func (p *Participant) Has(roles ...protocol.Role) bool {
	return overlap(p.Roles, roles)
}

// overlap reports whether one of the roles is in both lists.
func overlap(have, want []protocol.Role) bool {
	return slices.ContainsFunc(want, func(r protocol.Role) bool { return slices.Contains(have, r) })
}

// stands reports whether p stands in the register at the given time.
func (p *Participant) stands(at time.Time) bool {
	return !at.Before(p.Since) && (p.Until.IsZero() || at.Before(p.Until))
}

// ParseEntry reads a participant's entry as a person may have written it: the
// file that "comity init" makes and that an operator merges into a register.
func ParseEntry(b []byte) (*Participant, error) {
	if len(b) > MaxEntry {
		return nil, fmt.Errorf("register: read entry: %d bytes: want at most %d", len(b), MaxEntry)
	}
	p := new(Participant)
	if err := canon.Read(b, p); err != nil {
		return nil, fmt.Errorf("register: read entry: %w", err)
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return p, nil
}

// Check reports whether p is complete and well formed. The error names the
// member that must be mended.
func (p *Participant) Check() error {
	if err := p.check(); err != nil {
		return fmt.Errorf("register: participant %q: %w: %w", p.ID, ErrMalformed, err)
	}
	return nil
}

func (p *Participant) check() error {
	if _, err := protocol.ParseParticipantID(string(p.ID)); err != nil {
		return err
	}
	if p.Signing == nil || p.Enrolment == nil || p.Seal == nil || p.Log == nil {
		return errors.New("signing, enrolment, seal, log: want all four keys")
	}
	if p.Seal.Fingerprint() == (identity.Fingerprint{}) ||
		p.Signing.Fingerprint() == (identity.Fingerprint{}) ||
		p.Enrolment.Fingerprint() == (identity.Fingerprint{}) || p.Log.Equal(new(cosign.LogPublic)) {
		return errors.New("signing, enrolment, seal, log: want no empty key")
	}
	if err := checkRoles(p.Roles); err != nil {
		return err
	}
	if len(p.TLS) == 0 || len(p.TLS) > MaxPins || !distinct(p.TLS) ||
		slices.Contains(p.TLS, protocol.Digest{}) {
		return fmt.Errorf("tls: want 1 to %d pins, each once", MaxPins)
	}
	if len(p.AlsoUnder) > MaxAlsoUnder || !distinct(p.AlsoUnder) || slices.Contains(p.AlsoUnder, p.ID.Party()) {
		return fmt.Errorf("also_under: want at most %d Parties, each once, and not its own", MaxAlsoUnder)
	}
	for _, party := range p.AlsoUnder {
		if _, err := protocol.ParseParty(string(party)); err != nil {
			return fmt.Errorf("also_under: %w", err)
		}
	}
	if len(p.Instruments) > MaxInstruments || !distinct(p.Instruments) {
		return fmt.Errorf("instruments: want at most %d, each once", MaxInstruments)
	}
	for _, s := range p.Instruments {
		if err := checkText("instruments", s); err != nil {
			return err
		}
	}
	err := errors.Join(checkText("name", p.Name), checkAddress(p.Address),
		p.Hours.check(), p.Contact.check(), checkTime("since", p.Since))
	if err == nil && !p.Until.IsZero() {
		if err = checkTime("until", p.Until); err == nil && !p.Until.After(p.Since) {
			err = errors.New("until: want after since")
		}
	}
	return err
}

func checkRoles(roles []protocol.Role) error {
	if len(roles) == 0 || !distinct(roles) {
		return errors.New("roles: want at least one, each once")
	}
	for _, r := range roles {
		if !slices.Contains(protocol.Roles(), r) {
			return errors.New("roles: want only known roles")
		}
	}
	return nil
}

var days = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

var (
	zoneForm  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)
	clockForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

func (h *Hours) check() error {
	if h.IsZero() {
		return nil
	}
	if len(h.Zone) > protocol.MaxReference || !zoneForm.MatchString(h.Zone) {
		return errors.New("hours.zone: want an IANA time zone, such as Europe/London")
	}
	if !clockForm.MatchString(h.From) || h.From >= h.To ||
		(!clockForm.MatchString(h.To) && h.To != "24:00") {
		return errors.New("hours: want from before to, such as 09:00 and 17:30")
	}
	order := func(d string) int { return slices.Index(days, d) }
	for i, d := range h.Days {
		if order(d) < 0 || (i > 0 && order(h.Days[i-1]) >= order(d)) {
			return errors.New("hours.days: want days from mon to sun, in that order, each once")
		}
	}
	if len(h.Days) == 0 {
		return errors.New("hours.days: want at least one day")
	}
	return nil
}

func (c *Contact) check() error {
	if *c == (Contact{}) {
		return nil
	}
	err := checkText("contact.desk", c.Desk)
	if c.Email != "" {
		err = errors.Join(err, checkText("contact.email", c.Email))
	}
	if c.Phone != "" {
		err = errors.Join(err, checkText("contact.phone", c.Phone))
	}
	return err
}

// hostForm: labels of small letters, digits and inner hyphens (RFC 1123, 2.1).
var hostForm = regexp.MustCompile(
	`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// checkAddress accepts one spelling: an IP address as netip writes it, or a
// DNS name in small letters, and a port from 1 to 65535.
func checkAddress(s string) error {
	bad := errors.New("address: want host:port, such as node.example:4433")
	if len(s) > MaxAddress {
		return bad
	}
	if a, err := netip.ParseAddrPort(s); err == nil {
		if a.String() != s || a.Port() == 0 || a.Addr().Zone() != "" {
			return bad
		}
		return nil
	}
	host, port, ok := strings.Cut(s, ":")
	n, err := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil || n == 0 || strconv.FormatUint(n, 10) != port ||
		!hostForm.MatchString(host) {
		return bad
	}
	return nil
}

// checkText refuses what a terminal or a page would not show as it is: control
// characters and those that turn the direction of writing could make a person
// who compares two registers, or signs one, read something else.
func checkText(member, s string) error {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if s == "" || len(s) > protocol.MaxReference || !utf8.ValidString(s) ||
		strings.TrimSpace(s) != s || strings.ContainsFunc(s, hidden) {
		return fmt.Errorf("%s: want 1 to %d bytes of printable text", member, protocol.MaxReference)
	}
	return nil
}

// checkTime accepts whole seconds in UTC only, so that one instant has one encoding.
func checkTime(member string, t time.Time) error {
	if t.IsZero() || t.Location() != time.UTC || t.Nanosecond() != 0 || t.Year() > 9999 {
		return fmt.Errorf("%s: want UTC and whole seconds, such as 2026-11-22T10:00:00Z", member)
	}
	return nil
}

func distinct[T comparable](list []T) bool {
	seen := make(map[T]bool, len(list))
	for _, v := range list {
		if seen[v] {
			return false
		}
		seen[v] = true
	}
	return true
}
