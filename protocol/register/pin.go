package register

import (
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// MaxPin bounds a pin's file, in bytes, before it is parsed.
const MaxPin = 64 << 10

// fingerprintLabel keeps a pin's fingerprint from being the digest of anything else.
const fingerprintLabel = "comity pin v1\n"

// A Pin is what a node was told out of band about a Party: which roots speak
// for it. Everything that a node believes about a Party rests on its Pin.
type Pin struct {
	Party protocol.Party `json:"party"`
	Roots
}

// Pin returns the pin of the roots that r names.
func (r *Register) Pin() Pin { return Pin{Party: r.Party, Roots: r.Roots} }

// ParsePin reads a pin's file.
func ParsePin(b []byte) (*Pin, error) {
	if len(b) > MaxPin {
		return nil, fmt.Errorf("register: read pin: %d bytes: want at most %d", len(b), MaxPin)
	}
	p := new(Pin)
	if err := canon.Read(b, p); err != nil {
		return nil, fmt.Errorf("register: read pin: %w: %w", ErrMalformed, err)
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return p, nil
}

// Check reports whether p is complete and well formed.
func (p *Pin) Check() error {
	if _, err := protocol.ParseParty(string(p.Party)); err != nil {
		return fmt.Errorf("register: pin: %w: %w", ErrMalformed, err)
	}
	if err := p.Roots.check(); err != nil {
		return fmt.Errorf("register: pin of %s: %w: %w", p.Party, ErrMalformed, err)
	}
	return nil
}

// Encode returns the canonical form of p.
func (p *Pin) Encode() ([]byte, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	b, err := canon.Encode(p)
	if err != nil {
		return nil, fmt.Errorf("register: encode pin: %w", err)
	}
	return b, nil
}

// Fingerprint returns p in the form that two people read to each other on the
// phone before either trusts it: the Party and ten groups of five digits,
// which every language can say. It covers the Party, the threshold and every
// root, with about 160 bits against a second pin that sounds the same.
func (p *Pin) Fingerprint() string {
	h := sha512.New()
	fmt.Fprintf(h, "%s%s %d of %d\n", fingerprintLabel, p.Party, p.Threshold, len(p.Keys))
	for _, k := range p.Keys {
		f := k.Fingerprint()
		h.Write(f[:])
	}
	sum := h.Sum(nil)
	groups := []string{string(p.Party)}
	for i := range 10 {
		// Of 40 bits the remainder by 100000 is as good as uniform.
		n := uint64(sum[5*i])<<32 | uint64(binary.BigEndian.Uint32(sum[5*i+1:]))
		groups = append(groups, fmt.Sprintf("%05d", n%100_000))
	}
	return strings.Join(groups, " ")
}
