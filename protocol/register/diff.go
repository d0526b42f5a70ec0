package register

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// Diff says in lines, one for each thing that next changes, what a root's
// keeper is asked to sign. Nothing that differs is left out. A previous of nil
// stands for no register: everything is new.
//
// A line begins with "+" for what is new, "-" for what goes, "~" for what
// changes, and "!" for roots and revocations, which no later version undoes.
func Diff(previous, next *Register) []string {
	d := &diff{}
	if previous == nil {
		d.add("+ register of %s, version %d", next.Party, next.Version)
		previous = &Register{Format: next.Format, Party: next.Party}
	} else {
		d.change("v", previous.Format, next.Format)
		d.change("party", string(previous.Party), string(next.Party))
		d.change("version", fmt.Sprint(previous.Version), fmt.Sprint(next.Version))
	}
	d.change("previous", previous.Previous.String(), next.Previous.String())
	d.change("issued", instant(previous.Issued), instant(next.Issued))
	d.change("expires", instant(previous.Expires), instant(next.Expires))
	d.roots(previous.Roots, next.Roots)
	d.participants(previous.Participants, next.Participants)
	d.revoked(previous.Revoked, next.Revoked)
	return d.lines
}

type diff struct{ lines []string }

func (d *diff) add(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diff) change(what, from, to string) {
	switch {
	case from == to:
	case from == "":
		d.add("~ %s: %s", what, to)
	case to == "":
		d.add("~ %s: %s -> none", what, from)
	default:
		d.add("~ %s: %s -> %s", what, from, to)
	}
}

func (d *diff) roots(from, to Roots) {
	if from.Threshold != to.Threshold || len(from.Keys) != len(to.Keys) {
		d.add("! roots: %d of %d -> %d of %d",
			from.Threshold, len(from.Keys), to.Threshold, len(to.Keys))
	}
	for _, k := range from.Keys {
		if !to.has(k.Fingerprint()) {
			d.add("! root goes: %v", k.Fingerprint())
		}
	}
	for _, k := range to.Keys {
		if !from.has(k.Fingerprint()) {
			d.add("! new root: %v", k.Fingerprint())
		}
	}
}

func (d *diff) participants(from, to []Participant) {
	byID := func(a, b *Participant) int { return cmp.Compare(a.ID, b.ID) }
	merge(from, to, byID, func(a, b *Participant) {
		if a == nil {
			d.add("+ participant %s", b.ID)
			d.entry(&Participant{ID: b.ID}, b)
		} else if b == nil {
			d.add("- participant %s %s", a.ID, quote(a.Name))
		} else {
			d.entry(a, b)
		}
	})
}

func (d *diff) entry(a, b *Participant) {
	from, to := a.describe(), b.describe()
	for i := range to {
		d.change(string(b.ID)+": "+to[i].what, from[i].text, to[i].text)
	}
}

func (d *diff) revoked(from, to []Revocation) {
	byKey := func(a, b *Revocation) int { return compare(a.Key, b.Key) }
	merge(from, to, byKey, func(a, b *Revocation) {
		switch {
		case a == nil:
			d.add("! revoked: %v from %s, %s", b.Key, instant(b.Time), b.Cause)
		case b == nil:
			d.add("! no longer revoked: %v from %s, %s", a.Key, instant(a.Time), a.Cause)
		case !a.Time.Equal(b.Time) || a.Cause != b.Cause:
			d.add("! revoked: %v from %s, %s -> from %s, %s",
				b.Key, instant(a.Time), a.Cause, instant(b.Time), b.Cause)
		}
	})
}

// A member is one member of an entry, as a line of a Diff shows it.
type member struct{ what, text string }

// describe returns every member of p but its id, in the order of the struct.
func (p *Participant) describe() []member {
	roles := make([]string, len(p.Roles))
	for i, r := range p.Roles {
		roles[i] = string(r)
	}
	pins := make([]string, len(p.TLS))
	for i, pin := range p.TLS {
		pins[i] = pin.String()
	}
	members := []member{
		{"name", quote(p.Name)},
		{"roles", strings.Join(roles, ", ")},
		{"address", p.Address},
		{"tls", strings.Join(pins, ", ")},
		{"signing key", ""},
		{"enrolment key", ""},
		{"seal key", ""},
		{"log key", logDigest(p.Log)},
		{"hours", p.Hours.String()},
		{"desk", quote(p.Contact.Desk)},
		{"e-mail", quote(p.Contact.Email)},
		{"phone", quote(p.Contact.Phone)},
		{"instruments", quote(p.Instruments...)},
		{"also under the law of", quote(texts(p.AlsoUnder)...)},
		{"since", instant(p.Since)},
		{"until", instant(p.Until)},
	}
	if p.Signing != nil {
		members[4].text = p.Signing.Fingerprint().String()
	}
	if p.Enrolment != nil {
		members[5].text = p.Enrolment.Fingerprint().String()
	}
	if p.Seal != nil {
		members[6].text = p.Seal.Fingerprint().String()
	}
	return members
}

// String returns the hours on one line, "" when they are not known.
func (h Hours) String() string {
	if h.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s %s-%s %s", strings.Join(h.Days, ","), h.From, h.To, h.Zone)
}

func texts[T ~string](items []T) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = string(item)
	}
	return out
}

// quote keeps one text from looking like two, or like the rest of a line.
func quote(texts ...string) string {
	var quoted []string
	for _, s := range texts {
		if s != "" {
			quoted = append(quoted, strconv.Quote(s))
		}
	}
	return strings.Join(quoted, ", ")
}

// logDigest names a log's key by the digest of its JSON: it has no fingerprint
// of its own.
func logDigest(k *cosign.LogPublic) string {
	if k == nil {
		return ""
	}
	enc, err := canon.Encode(k)
	if err != nil {
		return "not a key"
	}
	return protocol.DigestOf(enc).String()
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// merge walks two sorted lists together: see is called with both elements
// where they compare equal, and with nil for the one that is not there.
func merge[T any](from, to []T, compare func(a, b *T) int, see func(a, b *T)) {
	for len(from) > 0 || len(to) > 0 {
		order := 0
		switch {
		case len(from) == 0:
			order = 1
		case len(to) == 0:
			order = -1
		default:
			order = compare(&from[0], &to[0])
		}
		var a, b *T
		if order <= 0 {
			a, from = &from[0], from[1:]
		}
		if order >= 0 {
			b, to = &to[0], to[1:]
		}
		see(a, b)
	}
}
