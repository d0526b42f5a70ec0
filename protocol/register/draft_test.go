package register_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

func TestEntryFileRoundTrips(t *testing.T) {
	entry := chaintest.New(t, "GB").Member(police).Entry
	entry.Hours = hours("Europe/London", "09:00", "24:00", "mon", "sun")
	entry.Contact = register.Contact{Desk: "Single point of contact", Email: "spoc@police.example"}
	entry.AlsoUnder = []protocol.Party{"US", "IE"}
	entry.Until = entry.Since.Add(time.Hour)
	enc, err := canon.Encode(&entry)
	if err != nil {
		t.Fatal(err)
	}
	back, err := register.ParseEntry(append([]byte("  "), enc...)) // as a person spaced it
	if err != nil {
		t.Fatal(err)
	}
	again, err := canon.Encode(back)
	if err != nil || string(again) != string(enc) {
		t.Errorf("got %s, %v, want %s", again, err, enc)
	}
	for i := 0; i < len(enc); i += 1 + i/100 {
		if _, err := register.ParseEntry(enc[:i]); err == nil {
			t.Fatalf("a prefix of %d bytes was accepted", i)
		}
	}
	for name, bad := range map[string][]byte{
		"tail": append(slices.Clone(enc), '{'), "unknown": []byte(`{"x":1,` + string(enc[1:])),
		"too long": append(make([]byte, register.MaxEntry), enc...),
	} {
		if _, err := register.ParseEntry(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestNextFollows(t *testing.T) {
	w := chaintest.New(t, "GB")
	first := held(t, w)
	entry := w.NewMember("gb.a-new-one", "A New One", protocol.RoleIssuing).Entry
	next, err := register.Next(first, register.Changes{
		Issued: chaintest.Now, Expires: first.Expires, Put: []register.Participant{entry},
		Remove: []protocol.ParticipantID{police},
		Revoke: []register.Revocation{
			{Key: key(t).Public().Fingerprint(), Time: chaintest.Now, Cause: register.CauseCeased},
			{Key: key(t).Public().Fingerprint(), Time: chaintest.Now, Cause: register.CauseCompromised},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if next.Version != 2 || next.Previous != first.Digest || len(next.Participants) != 2 ||
		next.Participants[0].ID != "gb.a-new-one" || len(next.Revoked) != 2 {
		t.Errorf("got %v", next)
	}
	if len(first.Participants) != 2 || first.Participants[1].ID != police {
		t.Error("the register before was changed")
	}
	if _, err := register.Next(first, register.Changes{Issued: chaintest.Now, Expires: first.Expires,
		Remove: []protocol.ParticipantID{"gb.nobody"}}); !errors.Is(err, register.ErrUnregistered) {
		t.Errorf("got %v, want %v", err, register.ErrUnregistered)
	}
	if _, err := register.Next(first, register.Changes{}); !errors.Is(err, register.ErrMalformed) {
		t.Errorf("without times: got %v, want %v", err, register.ErrMalformed)
	}
	rootless := register.Changes{Issued: chaintest.Now, Expires: first.Expires}
	if _, err := register.Draft("GB", rootless); !errors.Is(err, register.ErrMalformed) {
		t.Errorf("without roots: got %v, want %v", err, register.ErrMalformed)
	}
}

func TestDiffOfTheSameIsEmpty(t *testing.T) {
	r := held(t, chaintest.New(t, "GB")).Register
	if got := register.Diff(r, copyOf(t, r)); len(got) != 0 {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestDiffReadsPlainly(t *testing.T) {
	w := chaintest.New(t, "GB")
	first := held(t, w)
	entry := w.Member(police).Entry
	entry.Address = "new.police.test:4433"
	entry.Contact.Desk = `Desk -> "x"`
	entry.AlsoUnder = []protocol.Party{"US", "IE"}
	gone := key(t).Public().Fingerprint()
	next, err := register.Next(first, register.Changes{
		Issued: chaintest.Now, Expires: first.Expires, Put: []register.Participant{entry},
		Remove: []protocol.ParticipantID{"gb.home-office"},
		Revoke: []register.Revocation{{Key: gone, Time: chaintest.Now, Cause: register.CauseCompromised}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`~ version: 1 -> 2`,
		`~ previous: ` + first.Digest.String(),
		`~ issued: 2026-11-21T10:00:00Z -> 2026-11-22T10:00:00Z`,
		`- participant gb.home-office "Home Office"`,
		`~ gb.met-police: address: gb-met-police.test:4433 -> new.police.test:4433`,
		`~ gb.met-police: desk: "Desk -> \"x\""`,
		`~ gb.met-police: also under the law of: "US", "IE"`,
		`! revoked: ` + gone.String() + ` from 2026-11-22T10:00:00Z, compromised`,
	}
	if got := register.Diff(first.Register, next); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDiffAgainstNothingShowsEverything(t *testing.T) {
	w := chaintest.New(t, "GB")
	r := held(t, w).Register
	got := strings.Join(register.Diff(nil, r), "\n")
	for _, want := range []string{
		"+ register of GB, version 1", "! roots: 0 of 0 -> 2 of 3", "+ participant gb.home-office",
		"! new root: " + r.Roots.Keys[2].Fingerprint().String(),
		w.Member(police).Signing.Public().Fingerprint().String(), w.Member(police).Entry.TLS[0].String(),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant a line with %q", got, want)
		}
	}
}

// A root's keeper signs what Diff showed: a member that it leaves out could be
// changed unseen. So every member there is, is changed in turn.
func TestDiffLeavesNothingOut(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police).Entry
	us.Hours = hours("Europe/London", "08:00", "16:00", "tue")
	us.Contact = register.Contact{Desk: "desk", Email: "mail", Phone: "phone"}
	w.Update("GB", register.Changes{Put: []register.Participant{us}, Revoke: []register.Revocation{
		{Key: key(t).Public().Fingerprint(), Time: chaintest.Now, Cause: register.CauseCeased}}})
	r := held(t, w).Register
	other := w.NewMember("gb.other", "Other", protocol.RoleProvider).Entry
	other.Hours = hours("UTC", "09:00", "17:00", "mon")
	other.Contact = register.Contact{Desk: "d", Email: "e", Phone: "p"}
	other.Instruments = []string{"x"}
	other.AlsoUnder = []protocol.Party{"US"}
	other.Until = other.Since.Add(time.Hour)
	other.Since = other.Since.Add(time.Second)
	held, err := w.Directory.Register("US")
	if err != nil {
		t.Fatal(err)
	}
	otherRegister := register.Register{Format: "x", Party: "US", Version: 9, Previous: held.Digest, Issued: chaintest.Now,
		Expires: chaintest.Now, Roots: held.Roots, Participants: held.Participants}

	each := func(what string, target, source func(*register.Register) reflect.Value) {
		for i := range target(r).NumField() {
			c := copyOf(t, r)
			target(c).Field(i).Set(source(c).Field(i))
			name := what + "." + target(c).Type().Field(i).Name
			if lines := register.Diff(r, c); len(lines) == 0 {
				t.Errorf("%s: changed unseen", name)
			}
		}
	}
	value := func(v any) func(*register.Register) reflect.Value {
		return func(*register.Register) reflect.Value { return reflect.ValueOf(v) }
	}
	each("Register", func(r *register.Register) reflect.Value { return reflect.ValueOf(r).Elem() }, value(otherRegister))
	each("Participant", func(r *register.Register) reflect.Value {
		return reflect.ValueOf(&r.Participants[1]).Elem()
	}, value(other))
	each("Hours", func(r *register.Register) reflect.Value {
		return reflect.ValueOf(&r.Participants[1].Hours).Elem()
	}, value(other.Hours))
	each("Contact", func(r *register.Register) reflect.Value {
		return reflect.ValueOf(&r.Participants[1].Contact).Elem()
	}, value(other.Contact))
	each("Roots", func(r *register.Register) reflect.Value {
		return reflect.ValueOf(&r.Roots).Elem()
	}, value(register.Roots{Threshold: 3, Keys: held.Roots.Keys}))
	each("Revocation", func(r *register.Register) reflect.Value {
		return reflect.ValueOf(&r.Revoked[0]).Elem()
	}, value(register.Revocation{Key: key(t).Public().Fingerprint(), Time: held.Issued, Cause: "compromised"}))
}

func TestDiffTellsOneTextFromTwo(t *testing.T) {
	w := chaintest.New(t, "GB")
	r := held(t, w).Register
	one, two := copyOf(t, r), copyOf(t, r)
	one.Participants[0].Instruments = []string{`a", "b`}
	two.Participants[0].Instruments = []string{"a", "b"}
	if len(register.Diff(one, two)) != 1 {
		t.Error("one instrument became two unseen")
	}
}

func TestPinFileRoundTrips(t *testing.T) {
	pin := held(t, chaintest.New(t, "GB")).Pin()
	enc, err := pin.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := register.ParsePin(append(enc, '\n'))
	if err != nil {
		t.Fatal(err)
	}
	if back.Fingerprint() != pin.Fingerprint() {
		t.Errorf("got %s, want %s", back.Fingerprint(), pin.Fingerprint())
	}
	for i := 0; i < len(enc); i += 1 + i/100 {
		if _, err := register.ParsePin(enc[:i]); err == nil {
			t.Fatalf("a prefix of %d bytes was accepted", i)
		}
	}
	if _, err := register.ParsePin(append(make([]byte, register.MaxPin), enc...)); err == nil {
		t.Error("a file that is too long was accepted")
	}
}

func TestPinFingerprintCoversEverything(t *testing.T) {
	w := chaintest.New(t, "FR", "GB")
	pin := held(t, w).Pin()
	words := strings.Fields(pin.Fingerprint())
	if len(words) != 11 || words[0] != "GB" {
		t.Fatalf("got %q, want GB and ten groups", words)
	}
	for _, group := range words[1:] {
		if len(group) != 5 || strings.Trim(group, "0123456789") != "" {
			t.Errorf("got group %q, want five digits", group)
		}
	}
	seen := map[string]bool{strings.TrimPrefix(pin.Fingerprint(), "GB"): true}
	for name, change := range map[string]func(*register.Pin){
		"party":     func(p *register.Pin) { p.Party = "FR" },
		"threshold": func(p *register.Pin) { p.Threshold = 1 },
		"fewer":     func(p *register.Pin) { p.Keys = p.Keys[:2] },
		"other":     func(p *register.Pin) { p.Keys = append(slices.Clone(p.Keys[:2]), key(t).Public()) },
	} {
		p := pin
		change(&p)
		digits := p.Fingerprint()[2:]
		if seen[digits] {
			t.Errorf("%s: the same fingerprint", name)
		}
		seen[digits] = true
	}
}
