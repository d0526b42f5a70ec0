// Package gate is the border of a node, in both directions: it opens, verifies
// and decides what comes in, and decides, signs and seals what goes out. It
// reads no disk and keeps nothing; what it returns is made durable by the node.
//
// The gate is trusted with promises 1, 2 and 3: nothing that it does not allow
// is delivered, on either side. It holds the organisation's keys.
package gate

import (
	"fmt"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// EnvelopeType is the media type of a sealed act (SPEC.md §5).
const EnvelopeType = "comity-envelope+jwe"

// Credentials is how many verified officer credentials a gate remembers.
const Credentials = 4096

// Config says whose border it is.
type Config struct {
	Self protocol.ParticipantID
	Sign *identity.Key
	Open *seal.OpenKey
}

// A Gate is safe for concurrent use.
type Gate struct {
	cfg   Config
	cache *register.CredentialCache
}

// New returns the gate of one participant.
func New(cfg Config) *Gate {
	return &Gate{cfg: cfg, cache: register.NewCredentialCache(Credentials)}
}

// An Arrival is what a gate makes of an envelope. The zero Arrival is refused.
type Arrival struct {
	Peer     protocol.ParticipantID
	Envelope protocol.Digest

	// Act is nil when the envelope does not hold an authentic act for us.
	Act      *chain.Authentic
	Decision protocol.Decision
	// unfinished says that the issuing side lacks what is not ours to supply.
	unfinished bool

	// Claim is what the envelope holds in the place of an authentic act, if it
	// says that it is Peer's, and Claimed its bytes: it may have been authentic
	// once. Nothing in it is to be believed.
	Claim   *protocol.Act
	Claimed []byte

	// Reason is set when the act is refused before any agreement is asked.
	Reason protocol.Reason
	// Err is why, for the local log: it names no person and no content.
	Err error
}

// Refused reports whether a is not to be accepted.
func (a *Arrival) Refused() bool {
	return a.Act == nil || a.Reason != "" || a.unfinished || a.Decision.Verdict == protocol.Deny
}

// Urgent reports whether a may be decided as an emergency: an authentic request
// says so itself, and of any other act no agreement decides.
func (a *Arrival) Urgent() bool {
	if a.Act == nil {
		return false
	}
	r := a.Act.Request()
	return r == nil || r.Emergency != nil
}

// In opens, verifies and decides an envelope that peer delivered.
func (g *Gate) In(grounds casefile.Grounds, peer protocol.ParticipantID, envelope []byte, at time.Time) Arrival {
	a := Arrival{Peer: peer, Envelope: protocol.DigestOf(envelope)}
	signed, err := seal.Open(EnvelopeType, envelope, g.cfg.Open)
	if err != nil {
		a.Reason, a.Err = protocol.ReasonUnreadable, err
		return a
	}
	act, fault := chain.Verify(signed, chain.Context{
		Directory: grounds.Directory, At: at, Peer: peer, Self: g.cfg.Self, Cache: g.cache})
	if fault != nil {
		a.Reason, a.Err = fault.Reason, fault.Err
		if claim, err := chain.Unverified(signed); err == nil && claim.From == peer {
			a.Claim, a.Claimed = claim, signed
		}
		return a
	}
	a.Act = act
	a.Decision = grounds.Decide(act, at)
	a.unfinished = !g.completes(grounds, &a, at)
	if !g.concerned(grounds, act, at) {
		a.Reason = protocol.ReasonWrongRecipient
	}
	return a
}

// concerned reports whether an act that opens a case is any business of ours:
// as its addressee or issuer, as an authority of the issuing Party that is asked
// to certify or transmit it, as the enforcing authority that is notified, or as
// an authority of the addressee's Party to which something in it is put. Sealed
// to us it may be all the same.
func (g *Gate) concerned(grounds casefile.Grounds, a *chain.Authentic, at time.Time) bool {
	b := &a.Act.Body
	put := b.Objection != nil || b.Enforcement != nil || b.Use != nil
	r := a.Request()
	if r == nil || b.Request == nil && b.Certification == nil && !put {
		return true // the case says whose it is
	}
	if g.cfg.Self == r.Addressee || g.cfg.Self == r.Issuer {
		return true
	}
	self := grounds.Standing(g.cfg.Self, at)
	is := func(roles ...protocol.Role) bool {
		return slices.ContainsFunc(roles, func(r protocol.Role) bool { return slices.Contains(self.Roles, r) })
	}
	transmits := is(protocol.RoleDesignated, protocol.RoleCentral) && self.Party == r.Issuer.Party()
	receives := self.Party == r.Addressee.Party()
	switch {
	case put:
		return transmits || receives && is(protocol.RoleDesignated, protocol.RoleCentral, protocol.RoleEnforcing)
	case b.Request != nil:
		return transmits || receives && is(protocol.RoleEnforcing)
	}
	return false
}

// completes reports whether what the issuing side still lacks, if anything, is
// ours to supply: a request without a certification may reach the authority
// that certifies it, and nobody else. To a provider it is no request.
func (g *Gate) completes(grounds casefile.Grounds, a *Arrival, at time.Time) bool {
	self := grounds.Standing(g.cfg.Self, at)
	for _, f := range a.Decision.Findings {
		waits := f.Outcome == protocol.Held && f.Side == protocol.SideIssuing
		if waits && (a.Act.Act.From.Party() != self.Party || !slices.Contains(self.Roles, f.Role)) {
			return false
		}
	}
	return true
}

// A Departure is an act that may leave, signed. When Refused says so, nothing
// may leave.
type Departure struct {
	Act      *chain.Authentic
	Decision protocol.Decision

	// Reason is set when the act does not pass its own examination.
	Reason protocol.Reason
	Err    error
}

// Refused reports whether the act must not leave.
func (d *Departure) Refused() bool {
	return d.Act == nil || d.Reason != "" || d.Decision.Verdict == protocol.Deny
}

// Out examines an act as its receiver will, signs it, and decides it as its
// receiver will. What the act lacks is in the Departure.
func (g *Gate) Out(grounds casefile.Grounds, act *protocol.Act, at time.Time) Departure {
	for _, id := range act.To {
		if _, err := grounds.Directory.Participant(id, at); err != nil {
			return Departure{Reason: register.Reason(err), Err: err}
		}
	}
	issued, fault := chain.Issue(act, g.cfg.Sign, chain.Context{
		Directory: grounds.Directory, At: at, Cache: g.cache})
	if fault != nil {
		return Departure{Reason: fault.Reason, Err: fault.Err}
	}
	return Departure{Act: issued, Decision: grounds.Decide(issued, at)}
}

// Seal encrypts a signed act to one of its recipients, under the key that the
// recipient's Party names now: each delivery is an envelope of its own.
func (g *Gate) Seal(grounds casefile.Grounds, signed []byte, to protocol.ParticipantID, at time.Time) ([]byte, error) {
	p, err := grounds.Directory.AsOf(to, at)
	if err != nil {
		return nil, fmt.Errorf("gate: seal: %w", err)
	}
	envelope, err := seal.Seal(EnvelopeType, signed, p.Seal)
	if err != nil {
		return nil, fmt.Errorf("gate: seal: %w", err)
	}
	return envelope, nil
}
