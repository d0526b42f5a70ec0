package register_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

func TestNilDirectoryKnowsNobody(t *testing.T) {
	for _, d := range []*register.Directory{nil, {}} {
		if _, err := d.Participant(police, chaintest.Now); !errors.Is(err, register.ErrUnknownParty) {
			t.Errorf("got %v, want %v", err, register.ErrUnknownParty)
		}
		if _, err := d.AsOf("", chaintest.Now); !errors.Is(err, register.ErrUnknownParty) {
			t.Errorf("got %v, want %v", err, register.ErrUnknownParty)
		}
		if d.ByPin(protocol.Digest{}, chaintest.Now) != nil || d.ByRole("GB", "issuing", chaintest.Now) != nil ||
			d.Parties() != nil || d.Revoked("GB", identity.Fingerprint{}, chaintest.Now) {
			t.Error("an empty directory knows something")
		}
	}
}

func TestDirectoryFinds(t *testing.T) {
	w := chaintest.New(t)
	d := w.Directory
	if got := d.Parties(); !slices.Equal(got, []protocol.Party{"FR", "GB", "IE", "US"}) {
		t.Errorf("got Parties %v", got)
	}
	p, err := d.Participant(police, chaintest.Now)
	if err != nil || p.ID != police || !p.Signing.Equal(w.Member(police).Signing.Public()) {
		t.Errorf("got %v, %v", p, err)
	}
	if got := d.ByPin(p.TLS[0], chaintest.Now); len(got) != 1 || got[0] != p {
		t.Errorf("by pin: got %d participants", len(got))
	}
	if got := d.ByPin(protocol.DigestOf(nil), chaintest.Now); len(got) != 0 {
		t.Errorf("by an unknown pin: got %d participants", len(got))
	}
	for role, want := range map[protocol.Role][]protocol.ParticipantID{
		protocol.RoleDesignated: {"gb.home-office"}, protocol.RoleIssuing: {police}, protocol.RoleProvider: nil,
	} {
		if got := d.ByRole("GB", role, chaintest.Now); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", role, got, want)
		}
	}
	if _, err := d.Participant("gb.nobody", chaintest.Now); !errors.Is(err, register.ErrUnregistered) {
		t.Errorf("got %v, want %v", err, register.ErrUnregistered)
	}
	if _, err := d.Participant("zz.nobody", chaintest.Now); !errors.Is(err, register.ErrUnknownParty) {
		t.Errorf("got %v, want %v", err, register.ErrUnknownParty)
	}
}

func TestParticipantsComeAndGo(t *testing.T) {
	w := chaintest.New(t, "GB")
	entry := w.Member(police).Entry
	entry.Since, entry.Until = chaintest.Now, chaintest.Now.Add(time.Hour)
	w.Update("GB", register.Changes{Put: []register.Participant{entry}})
	for at, want := range map[time.Time]error{
		chaintest.Now.Add(-time.Second): register.ErrUnregistered,
		chaintest.Now:                   nil,
		entry.Until.Add(-time.Second):   nil,
		entry.Until:                     register.ErrUnregistered,
	} {
		if _, err := w.Directory.Participant(police, at); !errors.Is(err, want) {
			t.Errorf("at %v: got %v, want %v", at, err, want)
		}
		stands := want == nil
		if got := w.Directory.ByPin(entry.TLS[0], at); (len(got) == 1) != stands {
			t.Errorf("at %v: by pin got %d", at, len(got))
		}
		if got := w.Directory.ByRole("GB", protocol.RoleIssuing, at); (len(got) == 1) != stands {
			t.Errorf("at %v: by role got %d", at, len(got))
		}
	}
}

// What a participant signed while it stood there is verified with Find, also
// when it stands there no longer.
func TestFindAsksForNoTime(t *testing.T) {
	w := chaintest.New(t, "GB")
	entry := w.Member(police).Entry
	entry.Until = chaintest.Now
	w.Update("GB", register.Changes{Put: []register.Participant{entry}})
	if p, err := w.Directory.Find(police); err != nil || p.ID != police {
		t.Errorf("got %v, %v", p, err)
	}
	if _, err := w.Directory.Find("gb.nobody"); !errors.Is(err, register.ErrUnregistered) {
		t.Errorf("got %v, want %v", err, register.ErrUnregistered)
	}
	if _, err := new(register.Directory).Find(police); !errors.Is(err, register.ErrUnknownParty) {
		t.Errorf("got %v, want %v", err, register.ErrUnknownParty)
	}
}

func TestTrustedRootsAreThoseOfTheRegisterOnceOneIsHeld(t *testing.T) {
	r := rotate(t)
	before, err := register.NewDirectory(held(t, r.world).Pin())
	if err != nil {
		t.Fatal(err)
	}
	pinned, ok := before.Trusted("GB")
	if !ok || pinned.Threshold != 2 || len(pinned.Keys) != 3 {
		t.Errorf("got %d of %d, %v, want the pin", pinned.Threshold, len(pinned.Keys), ok)
	}
	signed := r.world.SignRegister(r.draft, r.old[0], r.old[1], r.new[0], r.new[1])
	after, err := r.world.Directory.With(signed, chaintest.Now)
	if err != nil {
		t.Fatal(err)
	}
	if now, ok := after.Trusted("GB"); !ok || len(now.Keys) != 2 {
		t.Errorf("got %d keys, %v, want the new roots", len(now.Keys), ok)
	}
	if _, ok := after.Trusted("ZZ"); ok {
		t.Error("a Party that is not pinned is trusted")
	}
}

func TestLapsedRegisterStopsOnlyWhatIsNew(t *testing.T) {
	w := chaintest.New(t, "GB")
	end := held(t, w).Expires
	if _, err := w.Directory.Participant(police, end.Add(-time.Second)); err != nil {
		t.Error(err)
	}
	_, err := w.Directory.Participant(police, end)
	if !errors.Is(err, register.ErrLapsed) || register.Reason(err) != protocol.ReasonRegisterLapsed {
		t.Errorf("got %v, want %v", err, register.ErrLapsed)
	}
	p, err := w.Directory.AsOf(police, end)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Directory.ByPin(p.TLS[0], end); len(got) != 1 {
		t.Errorf("by pin: got %d participants, want 1", len(got))
	}
}

func TestRevocationHoldsFromItsTime(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	entry := w.Member(police).Entry
	pin := identity.Fingerprint(entry.TLS[0])
	w.Update("GB", register.Changes{Revoke: []register.Revocation{
		{Key: pin, Time: chaintest.Now, Cause: register.CauseCompromised}}})
	for at, want := range map[time.Time]bool{chaintest.Now.Add(-1): false, chaintest.Now: true} {
		if got := w.Directory.Revoked("GB", pin, at); got != want {
			t.Errorf("at %v: got %v, want %v", at, got, want)
		}
		if got := w.Directory.ByPin(entry.TLS[0], at); (len(got) == 0) != want {
			t.Errorf("at %v: by pin got %d participants", at, len(got))
		}
	}
	if w.Directory.Revoked("US", pin, chaintest.Now) {
		t.Error("revoked in another Party's register")
	}
}

// A Party that lists another's TLS key neither takes its place nor keeps it out.
func TestListingTheKeyOfAnotherShutsNobodyOut(t *testing.T) {
	w := chaintest.New(t, "GB", "IE")
	pin := w.Member(police).Entry.TLS[0]
	entry := w.Member("ie.garda").Entry
	entry.TLS = append(slices.Clone(entry.TLS), pin)
	w.Update("IE", register.Changes{Put: []register.Participant{entry}, Revoke: []register.Revocation{
		{Key: identity.Fingerprint(pin), Time: chaintest.Now, Cause: register.CauseCompromised}}})
	for at, want := range map[time.Time][]protocol.ParticipantID{
		chaintest.Now.Add(-1): {police, "ie.garda"}, chaintest.Now: {police},
	} {
		var got []protocol.ParticipantID
		for _, p := range w.Directory.ByPin(pin, at) {
			got = append(got, p.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("at %v: got %v, want %v", at, got, want)
		}
	}
}

// chain of three versions of GB's register, and a directory that holds the first.
func three(t *testing.T) (w *chaintest.World, first *register.Directory) {
	t.Helper()
	w = chaintest.New(t, "GB")
	first = w.Directory
	w.Update("GB", register.Changes{})
	w.Update("GB", register.Changes{})
	return w, first
}

func TestNewerRegisterTakesThePlaceOfAnOlder(t *testing.T) {
	w, first := three(t)
	versions := w.State("GB").Signed
	second, err := first.With(versions[1], chaintest.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.With(versions[2], chaintest.Now); err != nil {
		t.Error(err)
	}
	if _, err := first.With(versions[2], chaintest.Now); err != nil {
		t.Errorf("over a gap: %v", err)
	}
	if same, err := second.With(versions[1], chaintest.Now); err != nil || same != second {
		t.Errorf("the same again: got %v, %v, want no change", same, err)
	}
	if r := held(t, w); r.Version != 3 {
		t.Errorf("got version %d, want 3", r.Version)
	}
	if r, err := first.Register("GB"); err != nil || r.Version != 1 {
		t.Errorf("a directory changed: got %v, %v", r, err)
	}
	// Other signatures of the same roots over the same bytes are the same document.
	r := held(t, w)
	roots := w.State("GB").Roots
	if same, err := w.Directory.With(w.SignRegister(r.Register, roots[1], roots[2]), chaintest.Now); err != nil ||
		same != w.Directory {
		t.Errorf("signed by others: got %v, %v, want no change", same, err)
	}
}

func TestRollbackIsRefused(t *testing.T) {
	w, _ := three(t)
	_, err := w.Directory.With(w.State("GB").Signed[1], chaintest.Now)
	if !errors.Is(err, register.ErrRollback) || register.Reason(err) != protocol.ReasonRegisterRollback {
		t.Fatalf("got %v, want %v", err, register.ErrRollback)
	}
	// A version counts by its number, whatever its date says.
	r := held(t, w)
	redated := copyOf(t, r.Register)
	redated.Version, redated.Issued = r.Version-1, chaintest.Now
	signed := w.SignRegister(redated, w.State("GB").Roots...)
	if _, err = w.Directory.With(signed, chaintest.Now); !errors.Is(err, register.ErrRollback) {
		t.Errorf("got %v, want %v", err, register.ErrRollback)
	}
}

func TestForkIsRefused(t *testing.T) {
	w, first := three(t)
	roots := w.State("GB").Roots
	one, err := first.Register("GB")
	if err != nil {
		t.Fatal(err)
	}
	other, err := register.Next(one, register.Changes{Issued: one.Issued.Add(time.Minute), Expires: one.Expires})
	if err != nil {
		t.Fatal(err)
	}
	signed := w.SignRegister(other, roots...)
	branch, err := first.With(signed, chaintest.Now)
	if err != nil {
		t.Fatal(err)
	}
	// The same version with other bytes.
	_, err = branch.With(w.State("GB").Signed[1], chaintest.Now)
	if !errors.Is(err, register.ErrFork) || register.Reason(err) != protocol.ReasonConflict {
		t.Errorf("got %v, want %v", err, register.ErrFork)
	}
	// The next version of another history.
	if _, err := branch.With(w.State("GB").Signed[2], chaintest.Now); !errors.Is(err, register.ErrFork) {
		t.Errorf("got %v, want %v", err, register.ErrFork)
	}
}

func TestRegisterFromTheFutureIsRefused(t *testing.T) {
	w, first := three(t)
	issued := held(t, w).Issued
	_, err := first.With(w.State("GB").Signed[2], issued.Add(-protocol.MaxSkew-time.Second))
	if !errors.Is(err, register.ErrEarly) || register.Reason(err) != protocol.ReasonClock {
		t.Errorf("got %v, want %v", err, register.ErrEarly)
	}
	if _, err := first.With(w.State("GB").Signed[2], issued.Add(-protocol.MaxSkew)); err != nil {
		t.Error(err)
	}
}

func TestRegisterDatedBackIsRefused(t *testing.T) {
	w, _ := three(t)
	r := held(t, w)
	back := copyOf(t, r.Register)
	back.Version, back.Previous, back.Issued = r.Version+1, r.Digest, r.Issued.Add(-time.Second)
	signed := w.SignRegister(back, w.State("GB").Roots...)
	if _, err := w.Directory.With(signed, chaintest.Now); !errors.Is(err, register.ErrRollback) {
		t.Fatalf("got %v, want %v", err, register.ErrRollback)
	}
}

func TestUnpinnedPartyIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	gb := held(t, w)
	d, err := register.NewDirectory(gb.Pin())
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.With(w.State("US").Signed[0], chaintest.Now)
	if !errors.Is(err, register.ErrUnknownParty) || register.Reason(err) != protocol.ReasonUnknownParty {
		t.Errorf("got %v, want %v", err, register.ErrUnknownParty)
	}
	// Pinned, but nothing held yet.
	if _, err := d.Participant(police, chaintest.Now); !errors.Is(err, register.ErrUnknownParty) {
		t.Errorf("got %v, want %v", err, register.ErrUnknownParty)
	}
	if _, err := register.NewDirectory(gb.Pin(), gb.Pin()); err == nil {
		t.Error("two pins of one Party were accepted")
	}
	if _, err := register.NewDirectory(register.Pin{Party: "GB"}); !errors.Is(err, register.ErrMalformed) {
		t.Errorf("got %v, want %v", err, register.ErrMalformed)
	}
}

func TestRevocationIsNotTakenBack(t *testing.T) {
	w := chaintest.New(t, "GB")
	gone, node := key(t).Public().Fingerprint(), w.Member(police).Signing.Public().Fingerprint()
	old := chaintest.Now.Add(-register.MaxCredentialLife)
	w.Update("GB", register.Changes{Revoke: []register.Revocation{
		{Key: gone, Time: old, Cause: register.CauseCeased}, {Key: node, Time: old, Cause: register.CauseCeased}}})
	before := held(t, w)
	next := func(issued time.Time, spoil func(*register.Register)) error {
		r := copyOf(t, before.Register)
		r.Version, r.Previous, r.Issued = before.Version+1, before.Digest, issued
		spoil(r)
		_, err := w.Directory.With(w.SignRegister(r, w.State("GB").Roots...), chaintest.Now.Add(chaintest.Day))
		return err
	}
	drop := func(key identity.Fingerprint) func(*register.Register) {
		return func(r *register.Register) {
			r.Revoked = slices.DeleteFunc(r.Revoked, func(v register.Revocation) bool { return v.Key == key })
		}
	}
	if err := next(chaintest.Now, drop(gone)); !errors.Is(err, register.ErrRevival) {
		t.Errorf("too early: got %v, want %v", err, register.ErrRevival)
	}
	if err := next(chaintest.Now.Add(time.Second), drop(gone)); err != nil {
		t.Errorf("when it can no longer matter: %v", err)
	}
	if err := next(chaintest.Now.Add(time.Second), drop(node)); !errors.Is(err, register.ErrRevival) {
		t.Errorf("while the key is in use: got %v, want %v", err, register.ErrRevival)
	}
	move := func(by time.Duration) func(*register.Register) {
		return func(r *register.Register) { r.Revoked[0].Time = r.Revoked[0].Time.Add(by) }
	}
	if err := next(chaintest.Now, move(time.Second)); !errors.Is(err, register.ErrRevival) {
		t.Errorf("later: got %v, want %v", err, register.ErrRevival)
	}
	if err := next(chaintest.Now, move(-time.Second)); err != nil {
		t.Errorf("earlier: %v", err)
	}
	// Nobody is led to sign what peers would refuse.
	_, err := register.Next(before, register.Changes{Issued: chaintest.Now, Expires: before.Expires,
		Forget: []identity.Fingerprint{gone}})
	if !errors.Is(err, register.ErrRevival) || register.Reason(err) != protocol.ReasonRegisterRollback {
		t.Errorf("draft: got %v, want %v", err, register.ErrRevival)
	}
}
