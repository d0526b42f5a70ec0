package register_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

const police = protocol.ParticipantID("gb.met-police")

// held returns the register of GB in a world.
func held(t testing.TB, w *chaintest.World) *register.Signed {
	t.Helper()
	r, err := w.Directory.Register("GB")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func encode(t testing.TB, r *register.Register) []byte {
	t.Helper()
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// copyOf returns a copy of r whose lists can be changed.
func copyOf(t testing.TB, r *register.Register) *register.Register {
	t.Helper()
	c, err := register.Parse(encode(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func key(t testing.TB) *identity.Key {
	t.Helper()
	k, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestRegisterRoundTrips(t *testing.T) {
	w := chaintest.New(t, "GB")
	w.Update("GB", register.Changes{Revoke: []register.Revocation{
		{Key: key(t).Public().Fingerprint(), Time: chaintest.Now, Cause: register.CauseCeased}}})
	enc := encode(t, held(t, w).Register)
	back, err := register.Parse(enc)
	if err != nil {
		t.Fatal(err)
	}
	if again := encode(t, back); !bytes.Equal(again, enc) {
		t.Errorf("got %s, want %s", again, enc)
	}
}

func TestEveryPrefixOfARegisterIsRefused(t *testing.T) {
	enc := encode(t, held(t, chaintest.New(t, "GB")).Register)
	for i := 0; i < len(enc); i += 1 + i/100 {
		if _, err := register.Parse(enc[:i]); !errors.Is(err, register.ErrMalformed) {
			t.Fatalf("%d bytes: got %v, want %v", i, err, register.ErrMalformed)
		}
	}
	for _, more := range []string{" ", "\n", "{}", "\x00"} {
		if _, err := register.Parse(append(bytes.Clone(enc), more...)); !errors.Is(err, register.ErrMalformed) {
			t.Errorf("tail %q: got %v, want %v", more, err, register.ErrMalformed)
		}
	}
	if _, err := register.Parse(make([]byte, register.MaxSigned+1)); !errors.Is(err, register.ErrMalformed) {
		t.Errorf("too long: got %v, want %v", err, register.ErrMalformed)
	}
}

func TestRegisterWithAnotherEncodingIsRefused(t *testing.T) {
	enc := encode(t, held(t, chaintest.New(t, "GB")).Register)
	for name, other := range map[string][]byte{
		"space":     bytes.Replace(enc, []byte(`"party":`), []byte(`"party": `), 1),
		"unknown":   bytes.Replace(enc, []byte(`"party":`), []byte(`"extra":1,"party":`), 1),
		"duplicate": bytes.Replace(enc, []byte(`"party":"GB"`), []byte(`"party":"GB","party":"GB"`), 1),
		"case":      bytes.Replace(enc, []byte(`"party":`), []byte(`"Party":`), 1),
		"null":      bytes.Replace(enc, []byte(`"revoked":[]`), []byte(`"revoked":null`), 1),
		"number":    bytes.Replace(enc, []byte(`"version":1`), []byte(`"version":1.0`), 1),
		"format":    bytes.Replace(enc, []byte(`"v":"comity/1"`), []byte(`"v":"comity/2"`), 1),
	} {
		if bytes.Equal(other, enc) {
			t.Fatalf("%s: the crime was not committed", name)
		}
		if _, err := register.Parse(other); !errors.Is(err, register.ErrMalformed) {
			t.Errorf("%s: got %v, want %v", name, err, register.ErrMalformed)
		}
	}
}

func TestIllFormedRegisterIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	good := held(t, w).Register
	foreign := w.Member("us.contoso").Entry
	revocation := register.Revocation{Key: key(t).Public().Fingerprint(), Time: chaintest.Now, Cause: register.CauseCeased}
	for name, spoil := range map[string]func(*register.Register){
		"party":              func(r *register.Register) { r.Party = "G" },
		"version":            func(r *register.Register) { r.Version = 0 },
		"version too large":  func(r *register.Register) { r.Version = register.MaxVersion + 1; r.Previous[0] = 1 },
		"previous of first":  func(r *register.Register) { r.Previous[0] = 1 },
		"no previous":        func(r *register.Register) { r.Version = 2 },
		"fraction":           func(r *register.Register) { r.Issued = r.Issued.Add(1) },
		"local time":         func(r *register.Register) { r.Issued = r.Issued.In(time.FixedZone("", 3600)) },
		"no expiry":          func(r *register.Register) { r.Expires = time.Time{} },
		"expired when made":  func(r *register.Register) { r.Expires = r.Issued },
		"too long":           func(r *register.Register) { r.Expires = r.Issued.Add(register.MaxLife + time.Second) },
		"no roots":           func(r *register.Register) { r.Roots = register.Roots{} },
		"threshold 0":        func(r *register.Register) { r.Roots.Threshold = 0 },
		"threshold too high": func(r *register.Register) { r.Roots.Threshold = 4 },
		"root twice":         func(r *register.Register) { r.Roots.Keys[1] = r.Roots.Keys[0] },
		"roots unsorted":     func(r *register.Register) { slices.Reverse(r.Roots.Keys) },
		"root missing":       func(r *register.Register) { r.Roots.Keys[1] = nil },
		"root empty":         func(r *register.Register) { r.Roots.Keys[0] = new(identity.Public) },
		"unsorted":           func(r *register.Register) { slices.Reverse(r.Participants) },
		"participant twice":  func(r *register.Register) { r.Participants[1] = r.Participants[0] },
		"of another Party":   func(r *register.Register) { r.Participants = append(r.Participants, foreign) },
		"one key, two names": func(r *register.Register) { r.Participants[1].Signing = r.Participants[0].Signing },
		"one key, two uses":  func(r *register.Register) { r.Participants[0].Enrolment = r.Participants[0].Signing },
		"root as node":       func(r *register.Register) { r.Participants[0].Signing = r.Roots.Keys[0] },
		"revoked root": func(r *register.Register) {
			r.Revoked = []register.Revocation{revocation}
			r.Revoked[0].Key = r.Roots.Keys[0].Fingerprint()
		},
		"revoked twice":     func(r *register.Register) { r.Revoked = []register.Revocation{revocation, revocation} },
		"revoked, no time":  func(r *register.Register) { r.Revoked = []register.Revocation{{Cause: "ceased"}} },
		"revoked, no cause": func(r *register.Register) { r.Revoked = []register.Revocation{{Time: chaintest.Now}} },
		"too many revoked":  func(r *register.Register) { r.Revoked = make([]register.Revocation, register.MaxRevoked+1) },
		"too many": func(r *register.Register) {
			r.Participants = make([]register.Participant, register.MaxParticipants+1)
		},
	} {
		r := copyOf(t, good)
		spoil(r)
		if err := r.Check(); !errors.Is(err, register.ErrMalformed) {
			t.Errorf("%s: got %v, want %v", name, err, register.ErrMalformed)
		}
		if _, err := r.Encode(); err == nil {
			t.Errorf("%s: was encoded", name)
		}
	}
}

func TestIllFormedParticipantIsRefused(t *testing.T) {
	good := chaintest.New(t, "GB").Member(police).Entry
	for name, spoil := range map[string]func(*register.Participant){
		"id":               func(p *register.Participant) { p.ID = "GB.police" },
		"no name":          func(p *register.Participant) { p.Name = "" },
		"outer space":      func(p *register.Participant) { p.Name = " Police" },
		"control":          func(p *register.Participant) { p.Name = "Police\x1b[2K" },
		"line end":         func(p *register.Participant) { p.Name = "Police\nRoot" },
		"right to left":    func(p *register.Participant) { p.Name = "Police\u202eecilop" },
		"not UTF-8":        func(p *register.Participant) { p.Name = "Police\xff" },
		"no role":          func(p *register.Participant) { p.Roles = nil },
		"role twice":       func(p *register.Participant) { p.Roles = []protocol.Role{"issuing", "issuing"} },
		"unknown role":     func(p *register.Participant) { p.Roles = []protocol.Role{"king"} },
		"no address":       func(p *register.Participant) { p.Address = "" },
		"no pin":           func(p *register.Participant) { p.TLS = nil },
		"empty pin":        func(p *register.Participant) { p.TLS = make([]protocol.Digest, 1) },
		"pin twice":        func(p *register.Participant) { p.TLS = append(p.TLS, p.TLS[0]) },
		"too many pins":    func(p *register.Participant) { p.TLS = pins(register.MaxPins + 1) },
		"no signing key":   func(p *register.Participant) { p.Signing = nil },
		"no enrolment key": func(p *register.Participant) { p.Enrolment = nil },
		"empty enrolment":  func(p *register.Participant) { p.Enrolment = new(identity.Public) },
		"no seal key":      func(p *register.Participant) { p.Seal = nil },
		"no log key":       func(p *register.Participant) { p.Log = nil },
		"empty signing":    func(p *register.Participant) { p.Signing = new(identity.Public) },
		"empty seal":       func(p *register.Participant) { p.Seal = new(seal.SealKey) },
		"empty log":        func(p *register.Participant) { p.Log = new(cosign.LogPublic) },
		"no since":         func(p *register.Participant) { p.Since = time.Time{} },
		"until since":      func(p *register.Participant) { p.Until = p.Since },
		"zone":             func(p *register.Participant) { p.Hours = hours("../etc/passwd", "09:00", "17:00", "mon") },
		"hours backwards":  func(p *register.Participant) { p.Hours = hours("UTC", "17:00", "09:00", "mon") },
		"hour 25":          func(p *register.Participant) { p.Hours = hours("UTC", "09:00", "25:00", "mon") },
		"no days":          func(p *register.Participant) { p.Hours = hours("UTC", "09:00", "17:00") },
		"days unsorted":    func(p *register.Participant) { p.Hours = hours("UTC", "09:00", "17:00", "tue", "mon") },
		"desk":             func(p *register.Participant) { p.Contact.Phone = "+44" },
		"e-mail":           func(p *register.Participant) { p.Contact = register.Contact{Desk: "d", Email: "\t"} },
		"phone":            func(p *register.Participant) { p.Contact = register.Contact{Desk: "d", Phone: "\t"} },
		"instrument twice": func(p *register.Participant) { p.Instruments = []string{"a", "a"} },
		"no instrument":    func(p *register.Participant) { p.Instruments = []string{""} },
		"under its own":    func(p *register.Participant) { p.AlsoUnder = []protocol.Party{"US", "GB"} },
		"under one twice":  func(p *register.Participant) { p.AlsoUnder = []protocol.Party{"US", "US"} },
		"under no Party":   func(p *register.Participant) { p.AlsoUnder = []protocol.Party{"us"} },
		"under too many": func(p *register.Participant) {
			p.AlsoUnder = []protocol.Party{"US", "FR", "DE", "IT", "ES", "PT", "NL", "BE", "LU"}
		},
		"instruments": func(p *register.Participant) {
			for i := range register.MaxInstruments + 1 {
				p.Instruments = append(p.Instruments, fmt.Sprint(i))
			}
		},
	} {
		p := good
		p.TLS = slices.Clone(good.TLS)
		spoil(&p)
		if err := p.Check(); !errors.Is(err, register.ErrMalformed) {
			t.Errorf("%s: got %v, want %v", name, err, register.ErrMalformed)
		}
	}
}

func pins(n int) []protocol.Digest {
	out := make([]protocol.Digest, n)
	for i := range out {
		out[i] = protocol.DigestOf([]byte{byte(i)})
	}
	return out
}

func hours(zone, from, to string, days ...string) register.Hours {
	return register.Hours{Zone: zone, Days: days, From: from, To: to}
}

func TestAddressHasOneSpelling(t *testing.T) {
	p := chaintest.New(t, "GB").Member(police).Entry
	for address, ok := range map[string]bool{
		"node.example:4433": true, "192.0.2.1:4433": true, "[2001:db8::1]:4433": true, "localhost:1": true,
		"node.example": false, "node.example:0": false, "node.example:65536": false, "node.example:04433": false,
		"Node.example:4433": false, "node.example.:4433": false, "-a.example:4433": false, ":4433": false,
		"[2001:DB8::1]:4433": false, "192.0.2.1:04433": false, "[fe80::1%eth0]:4433": false,
		"node.example:4433:1": false, "node.example:+443": false, "a b:4433": false,
	} {
		p.Address = address
		if err := p.Check(); (err == nil) != ok {
			t.Errorf("%q: got %v, want ok=%v", address, err, ok)
		}
	}
}

// The limits must fit each other: a register with as many participants as may
// be, signed by as many roots as may be, is within the limit of its bytes.
func TestFullRegisterFits(t *testing.T) {
	w := chaintest.New(t, "GB")
	entry := w.Member(police).Entry
	entry.Hours = hours("Europe/London", "09:00", "17:30", "mon", "tue", "wed", "thu", "fri")
	entry.Contact = register.Contact{
		Desk: "Single point of contact", Email: "spoc@police.example", Phone: "+44 20 7946 0000"}
	entry.Instruments = []string{"ukus-daa-2019", "budapest-2001"}
	entry.AlsoUnder = []protocol.Party{"US", "FR", "DE", "IT", "ES", "PT", "NL", "BE"}
	roots := make([]*identity.Key, register.MaxRoots)
	var public []*identity.Public
	for i := range roots {
		roots[i] = key(t)
		public = append(public, roots[i].Public())
	}
	sorted := register.SortedRoots(len(roots), public...)
	size := func(participants int) int {
		c := register.Changes{Issued: chaintest.Now, Expires: chaintest.Now.Add(chaintest.Day), Roots: &sorted}
		for i := range participants {
			entry.ID = protocol.ParticipantID(fmt.Sprintf("gb.constabulary-number-%03d", i))
			entry.Signing, entry.Enrolment = key(t).Public(), key(t).Public()
			c.Put = append(c.Put, entry)
		}
		r, err := register.Draft("GB", c)
		if err != nil {
			t.Fatal(err)
		}
		signed := w.SignRegister(r, roots...)
		if _, err := register.Verify(signed, sorted); err != nil {
			t.Fatal(err)
		}
		return len(signed)
	}
	few, more := size(10), size(20)
	each := (more - few) / 10
	full := more + (register.MaxParticipants-20)*each
	t.Logf("%d participants take %d bytes signed, %d each", register.MaxParticipants, full, each)
	if full > register.MaxSigned {
		t.Errorf("got %d bytes, want at most %d", full, register.MaxSigned)
	}
}

func FuzzParse(f *testing.F) {
	w := chaintest.New(f, "GB")
	f.Add(encode(f, held(f, w).Register))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := register.Parse(b)
		if err != nil {
			if register.Reason(err) != protocol.ReasonMalformed {
				t.Fatalf("got reason %s", register.Reason(err))
			}
			return
		}
		if again, err := r.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatal("two encodings of one register")
		}
	})
}
