package vectors_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

// A draft is one version of a register on its way to its roots.
type draft struct {
	register.Register
	by []*identity.Key
}

// first returns version 1 of a Party's register, in which ids stand.
func (w world) first(p protocol.Party, ids ...protocol.ParticipantID) *draft {
	d := &draft{by: w.roots(p, "1", "2")}
	d.Format, d.Party, d.Version = protocol.Version, p, 1
	d.Issued, d.Expires = now.Add(-day), now.Add(364*day)
	d.Roots = w.rootsOf(2, w.roots(p, "1", "2", "3")...)
	d.Participants = []register.Participant{}
	d.Revoked = []register.Revocation{}
	for _, id := range ids {
		d.Participants = append(d.Participants, w.entry(id, rolesOf(id)...))
	}
	return d
}

// small returns version 1 of a register with one root and nobody in it.
func (w world) small() *draft {
	d := w.first("XA")
	d.by = w.roots("XA", "1")
	d.Roots = w.rootsOf(1, d.by...)
	return d
}

// next returns the version after d, an hour later.
func (w world) next(d *draft) *draft {
	n := *d
	n.Version++
	n.Previous = protocol.DigestOf(w.encode(&d.Register))
	n.Issued = d.Issued.Add(time.Hour)
	n.Participants, n.Revoked = slices.Clone(d.Participants), slices.Clone(d.Revoked)
	return &n
}

// registers are those that are stored as vectors of their own, and that others
// name in their fields.
func (w world) gb() *draft { return w.first("GB", office, police) }
func (w world) us() *draft { return w.first("US", contoso, doj) }

// revoking returns the version after d that revokes keys from now on.
func (w world) revoking(d *draft, keys ...*identity.Key) *draft {
	n := w.next(d)
	for _, k := range keys {
		n.Revoked = append(n.Revoked, register.Revocation{Key: k.Public().Fingerprint(), Time: now,
			Cause: register.CauseCompromised})
	}
	return n
}

// rotated returns the version after d with another root in the place of the first.
func (w world) rotated(d *draft) *draft {
	n := w.next(d)
	n.Roots = w.rootsOf(2, w.roots(d.Party, "2", "3", "4")...)
	n.by = w.roots(d.Party, "1", "2", "4")
	return n
}

// under returns a register whose participant the law of other Parties binds.
func (w world) under(parties ...protocol.Party) *draft {
	d := w.small()
	p := w.entry("xa.some", protocol.RoleProvider)
	p.AlsoUnder = parties
	d.Participants = []register.Participant{p}
	return d
}

func (w world) register(d *draft) []byte { return w.signed(typeRegister, &d.Register, d.by...) }

func (w world) pinArea() area {
	pin := func(p protocol.Party, threshold int, numbers ...string) *register.Pin {
		return &register.Pin{Party: p, Roots: w.rootsOf(threshold, w.roots(p, numbers...)...)}
	}
	good := func(name string, p *register.Pin) recipe {
		return recipe{name, "valid", "the roots of " + string(p.Party), []field{{"spoken", p.Fingerprint()}},
			func() []byte { return w.encode(p) }}
	}
	bad := func(name, about string, spoil func() *register.Pin) recipe {
		return recipe{name, "malformed", about, nil, func() []byte { return w.encode(spoil()) }}
	}
	return area{"pin", []recipe{
		good("gb", pin("GB", 2, "1", "2", "3")),
		good("us", pin("US", 2, "1", "2", "3")),
		good("xa", pin("XA", 1, "1")),
		{"other-threshold", "refused", "the fingerprint covers the threshold",
			[]field{{"spoken", pin("GB", 2, "1", "2", "3").Fingerprint()}},
			func() []byte { return w.encode(pin("GB", 1, "1", "2", "3")) }},
		bad("threshold", "more signatures than there are roots",
			func() *register.Pin { return pin("XA", 2, "1") }),
		bad("none", "a threshold of none", func() *register.Pin { return pin("XA", 0, "1") }),
		bad("unsorted", "roots in descending order", func() *register.Pin {
			p := pin("XA", 1, "1", "2")
			slices.Reverse(p.Keys)
			return p
		}),
		bad("root-twice", "one root twice", func() *register.Pin { return pin("XA", 2, "1", "1") }),
	}, func(_ world, v *vector) string {
		p, err := register.ParsePin(v.body)
		switch {
		case err != nil:
			return string(register.Reason(err))
		case p.Fingerprint() != v.field("spoken"):
			return "refused"
		}
		return "valid"
	}}
}

// taking are the fields of a register that arrives now, at one who holds the
// named registers.
func taking(held string) []field {
	return []field{{"pins", "gb us xa"}, {"held", held}, {"at", now.Format(time.RFC3339)}}
}

// registerArea holds registers, each to be taken by one who holds others:
// "pins" and "held" name vectors, "at" is when it arrives.
func (w world) registerArea() area {
	one := func(name, expect, about, held string, d func() []byte) recipe {
		return recipe{name, expect, about, taking(held), d}
	}
	gb := func(d func() *draft) func() []byte { return func() []byte { return w.register(d()) } }
	recipes := []recipe{
		one("gb-1", "valid", "the first register of GB, by two of three roots", "none", gb(w.gb)),
		one("us-1", "valid", "the first register of US", "none", gb(w.us)),
		one("xa-1", "valid", "a register with one root and nobody in it", "none", gb(w.small)),
		one("gb-2", "valid", "the next version: the keys of the police's officer and of us.contoso are revoked",
			"gb-1", gb(func() *draft {
				d := w.revoking(w.gb(), w.officer(police), w.sign(contoso))
				slices.SortFunc(d.Revoked, byKey)
				return d
			})),
		one("us-2", "valid", "the next version: the key of us.contoso is revoked", "us-1",
			gb(func() *draft { return w.revoking(w.us(), w.sign(contoso)) })),
		one("us-lapsed", "valid", "a register that has lapsed is taken, for its revocations", "none",
			gb(func() *draft { d := w.us(); d.Expires = now; return d })),
		one("xa-2", "valid", "the second version", "xa-1", gb(func() *draft { return w.next(w.small()) })),
		one("again", "valid", "the same document again changes nothing", "gb-1",
			func() []byte { return load(w.t, "register", "gb-1").body }),
		one("skip", "valid", "versions may be skipped while the roots stay", "xa-1",
			gb(func() *draft { return w.next(w.next(w.small())) })),
		one("xa-authorities", "valid", "a register with a central authority and a point of contact", "none",
			gb(func() *draft {
				d := w.small()
				d.Participants = []register.Participant{w.entry(contact, rolesOf(contact)...),
					w.entry(ministry, rolesOf(ministry)...)}
				return d
			})),
		one("also-under", "valid", "a participant whom the law of two other Parties binds", "none",
			gb(func() *draft { return w.under("GB", "US") })),
		one("rotation", "valid", "other roots, signed by enough of the old and of the new", "gb-1",
			gb(func() *draft { return w.rotated(w.gb()) })),
	}
	return area{"register", append(recipes, append(w.registerCrimes(), w.registerForms()...)...), world.examineRegister}
}

func byKey(a, b register.Revocation) int { return slices.Compare(a.Key[:], b.Key[:]) }

// registerCrimes are well-formed registers that are not to be taken.
func (w world) registerCrimes() []recipe {
	crime := func(name, expect, about, held string, d func() []byte) recipe {
		return recipe{name, expect, about, taking(held), d}
	}
	small := func(change func(*draft)) func() []byte {
		return func() []byte { d := w.next(w.small()); change(d); return w.register(d) }
	}
	by := func(d func() *draft, keys ...*identity.Key) func() []byte {
		return func() []byte { n := d(); n.by = keys; return w.register(n) }
	}
	third := func() *draft { return w.next(w.revoking(w.small(), w.officer(police))) }
	return []recipe{
		crime("one-root", "signature_missing", "one root signed where two must", "none",
			by(func() *draft { return w.first("GB") }, w.roots("GB", "1")...)),
		crime("half-root", "signature_missing", "the second root gave its Ed25519 signature only", "none",
			func() []byte {
				j := parts(w.register(w.first("GB")))
				j.list = j.list[:3]
				return j.text()
			}),
		crime("foreign-roots", "not_authentic", "signed by the roots of another Party", "none",
			by(func() *draft { return w.first("GB") }, w.roots("US", "1", "2")...)),
		crime("other-type", "not_authentic", "signed as an agreement", "none", func() []byte {
			d := w.small()
			return w.signed(typeAgreement, &d.Register, d.by...)
		}),
		crime("rotation-without-old", "signature_missing", "new roots that the old ones did not sign", "gb-1",
			by(func() *draft { return w.rotated(w.first("GB")) }, w.roots("GB", "3", "4")...)),
		crime("rotation-without-new", "signature_missing", "new roots that did not sign themselves", "xa-1",
			small(func(d *draft) { d.Roots = w.rootsOf(1, w.roots("XA", "2")...) })),
		crime("skip-over-rotation", "signature_missing",
			"a version after a change of roots that the one who takes it has not seen", "gb-1",
			by(func() *draft { return w.next(w.rotated(w.first("GB"))) }, w.roots("GB", "2", "4")...)),
		crime("rollback", "register_rollback", "an older version than the one held", "xa-1 xa-2",
			func() []byte { return load(w.t, "register", "xa-1").body }),
		crime("rollback-time", "register_rollback", "a later version that was issued earlier", "xa-1",
			small(func(d *draft) { d.Issued = d.Issued.Add(-2 * time.Hour) })),
		crime("fork-version", "conflict", "another document with the version that is held", "xa-1 xa-2",
			small(func(d *draft) { d.Expires = d.Expires.Add(time.Hour) })),
		crime("fork-previous", "conflict", "the next version does not name the one that is held", "xa-1",
			small(func(d *draft) { d.Previous[0] ^= 1 })),
		crime("revival", "register_rollback", "a revocation was taken out", "xa-1 revoked-2",
			func() []byte { n := third(); n.Revoked = []register.Revocation{}; return w.register(n) }),
		crime("revival-later", "register_rollback", "a revocation was moved to a later time", "xa-1 revoked-2",
			func() []byte { n := third(); n.Revoked[0].Time = now.Add(time.Hour); return w.register(n) }),
		crime("revoked-2", "valid", "a revocation", "xa-1",
			func() []byte { return w.register(w.revoking(w.small(), w.officer(police))) }),
		crime("future", "clock", "issued more than five minutes ahead", "xa-1",
			small(func(d *draft) { d.Issued = now.Add(protocol.MaxSkew + time.Second) })),
		crime("unknown-party", "unknown_party", "of a Party that is not pinned", "none", func() []byte {
			d := w.small()
			d.Party = "XB"
			return w.register(d)
		}),
	}
}

// registerForms are registers that are not well formed, signed nevertheless.
func (w world) registerForms() []recipe {
	form := func(name, about string, change func(*draft)) recipe {
		return recipe{"form-" + name, "malformed", about, taking("none"),
			func() []byte { d := w.small(); change(d); return w.register(d) }}
	}
	raw := func(name, about, from, to string) recipe {
		return recipe{"form-" + name, "malformed", about, taking("none"), func() []byte {
			d := w.small()
			return w.signed(typeRegister, w.replaced(w.encode(&d.Register), from, to), d.by...)
		}}
	}
	some := w.entry("xa.some", protocol.RoleProvider)
	other := w.entry("xa.other", protocol.RoleProvider)
	return []recipe{
		form("format", "another version of the protocol", func(d *draft) { d.Format = "comity/2" }),
		form("version", "version 0", func(d *draft) { d.Version = 0 }),
		form("previous", "a first version that follows another", func(d *draft) { d.Previous[0] = 1 }),
		form("no-previous", "a second version that follows none", func(d *draft) { d.Version = 2 }),
		form("life", "valid for longer than 400 days",
			func(d *draft) { d.Expires = d.Issued.Add(register.MaxLife + time.Second) }),
		form("expires", "expires before it was issued", func(d *draft) { d.Expires = d.Issued }),
		form("unsorted", "participants out of order",
			func(d *draft) { d.Participants = []register.Participant{some, other} }),
		form("foreign", "a participant of another Party", func(d *draft) {
			d.Participants = []register.Participant{w.entry("xb.some", protocol.RoleProvider)}
		}),
		form("shared-key", "two participants with one signing key", func(d *draft) {
			twin := some
			twin.Signing = other.Signing
			d.Participants = []register.Participant{other, twin}
		}),
		form("root-in-service", "a root that is a participant's signing key", func(d *draft) {
			twin := some
			twin.Signing = d.Roots.Keys[0]
			d.Participants = []register.Participant{twin}
		}),
		form("no-role", "a participant without a role", func(d *draft) {
			d.Participants = []register.Participant{w.entry("xa.some")}
		}),
		form("no-pin", "a participant without a TLS key", func(d *draft) {
			p := some
			p.TLS = []protocol.Digest{}
			d.Participants = []register.Participant{p}
		}),
		form("address", "an address in capitals", func(d *draft) {
			p := some
			p.Address = "Node.example:4433"
			d.Participants = []register.Participant{p}
		}),
		form("under-own", "a participant whom its own Party's law binds also",
			func(d *draft) { *d = *w.under("US", "XA") }),
		form("under-twice", "a participant whom one Party's law binds twice",
			func(d *draft) { *d = *w.under("US", "US") }),
		form("under-many", "a participant whom nine Parties' law binds",
			func(d *draft) { *d = *w.under("GB", "US", "FR", "DE", "IT", "ES", "PT", "NL", "BE") }),
		form("under-form", "a participant whom the law of what is no Party binds",
			func(d *draft) { *d = *w.under("us") }),
		form("revoked-root", "a root that is revoked", func(d *draft) {
			d.Revoked = []register.Revocation{{Key: d.Roots.Keys[0].Fingerprint(), Time: now,
				Cause: register.CauseCeased}}
		}),
		raw("member", "a member that is not known", `"party"`, `"owner":"","party"`),
		raw("space", "a payload that is not canonical", `"party":`, `"party": `),
		raw("null", "null for an empty list", `"revoked":[]`, `"revoked":null`),
		raw("fraction", "a time with a fraction of a second", `"issued":"2026-11-21T10:00:00Z"`,
			`"issued":"2026-11-21T10:00:00.5Z"`),
		raw("zone", "a time that is not in UTC", `"issued":"2026-11-21T10:00:00Z"`,
			`"issued":"2026-11-21T11:00:00+01:00"`),
	}
}

// directory returns one who holds the named registers, taken in that order.
func (w world) directory(names []string, at time.Time) *register.Directory {
	w.t.Helper()
	name := strings.Join(names, " ") + at.Format(time.RFC3339)
	if d := w.made.directories[name]; d != nil {
		return d
	}
	var pins []register.Pin
	for _, name := range []string{"gb", "us", "xa"} {
		p, err := register.ParsePin(load(w.t, "pin", name).body)
		w.must(err)
		pins = append(pins, *p)
	}
	d, err := register.NewDirectory(pins...)
	w.must(err)
	for _, name := range names {
		if name == "none" {
			continue
		}
		d, err = d.With(load(w.t, "register", name).body, at)
		w.must(err)
	}
	w.made.directories[name] = d
	return d
}

// at returns the time in a field.
func (v *vector) at(t testing.TB) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, v.field("at"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (w world) examineRegister(v *vector) string {
	at := v.at(w.t)
	if _, err := w.directory(v.list("held"), at).With(v.body, at); err != nil {
		return string(register.Reason(err))
	}
	return "valid"
}
