// Package chaintest is a small world for tests: four Parties with their roots,
// registers, participants and officers, all with keys of their own, fresh for
// each World.
//
//	GB  gb.home-office (designated, central)   gb.met-police (issuing)
//	US  us.doj-oia (designated, central)       us.fbi (issuing)         us.contoso (provider)
//	IE  ie.justice (central, enforcing)        ie.garda (issuing)       ie.initech (provider)
//	FR  fr.chancellerie (designated, central)  fr.parquet (issuing)     fr.babar (provider)
//
// It is trusted with nothing: only tests import it.
package chaintest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// Now is the time in a World: registers are a day old, and valid for a year.
var Now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// Day is what most times in a World are counted in.
const Day = 24 * time.Hour

// A World holds every private key of its States and Members. It is not safe
// for concurrent use, except for what it returns.
type World struct {
	tb      testing.TB
	states  map[protocol.Party]*State
	members map[protocol.ParticipantID]*Member
	// Directory holds the newest register of every Party. Update replaces it.
	Directory *register.Directory
}

// A State is a Party with its three roots, of which two sign.
type State struct {
	Party protocol.Party
	Roots []*identity.Key
	// Signed are the registers so far, the first version first.
	Signed [][]byte
}

// A Member is a participant with its private keys.
type Member struct {
	ID        protocol.ParticipantID
	Entry     register.Participant
	Signing   *identity.Key
	Enrolment *identity.Key
	Open      *seal.OpenKey
	Log       *cosign.LogKey
	TLS       ed25519.PrivateKey // whose pin stands in the entry
	Officer   *Officer           // with all of the participant's roles
}

// An Officer is an officer with the private key.
type Officer struct {
	Key        *identity.Key
	Credential []byte
	Claim      *register.Credential
}

// New returns a world of its own, of the given Parties only if any are given:
// making keys takes most of a test's time.
func New(tb testing.TB, parties ...protocol.Party) *World {
	tb.Helper()
	const (
		central    = protocol.RoleCentral
		designated = protocol.RoleDesignated
		enforcing  = protocol.RoleEnforcing
		issuing    = protocol.RoleIssuing
		provider   = protocol.RoleProvider
	)
	w := &World{
		tb:      tb,
		states:  map[protocol.Party]*State{},
		members: map[protocol.ParticipantID]*Member{},
	}
	for _, m := range []struct {
		id    protocol.ParticipantID
		name  string
		roles []protocol.Role
	}{
		{"gb.home-office", "Home Office", []protocol.Role{designated, central}},
		{"gb.met-police", "Metropolitan Police", []protocol.Role{issuing}},
		{"us.doj-oia", "Office of International Affairs", []protocol.Role{designated, central}},
		{"us.fbi", "Federal Bureau of Investigation", []protocol.Role{issuing}},
		{"us.contoso", "Contoso", []protocol.Role{provider}},
		{"ie.justice", "Department of Justice", []protocol.Role{central, enforcing}},
		{"ie.garda", "An Garda Síochána", []protocol.Role{issuing}},
		{"ie.initech", "Initech", []protocol.Role{provider}},
		{"fr.chancellerie", "Chancellerie", []protocol.Role{designated, central}},
		{"fr.parquet", "Parquet de Paris", []protocol.Role{issuing}},
		{"fr.babar", "Babar", []protocol.Role{provider}},
	} {
		if len(parties) == 0 || slices.Contains(parties, m.id.Party()) {
			w.members[m.id] = w.NewMember(m.id, m.name, m.roles...)
		}
	}
	w.Directory = w.found()
	return w
}

// found makes the Parties of the members, and a directory of their first registers.
func (w *World) found() *register.Directory {
	w.tb.Helper()
	entries := map[protocol.Party][]register.Participant{}
	for id, m := range w.members {
		entries[id.Party()] = append(entries[id.Party()], m.Entry)
	}
	var pins []register.Pin
	for party, put := range entries {
		s := &State{Party: party, Roots: []*identity.Key{w.key(), w.key(), w.key()}}
		roots := s.roots()
		draft, err := register.Draft(party, register.Changes{
			Issued: Now.Add(-Day), Expires: Now.Add(364 * Day), Roots: &roots, Put: put,
		})
		w.must(err)
		s.Signed = append(s.Signed, w.SignRegister(draft, s.Roots[:2]...))
		w.states[party] = s
		pins = append(pins, draft.Pin())
	}
	d, err := register.NewDirectory(pins...)
	w.must(err)
	for _, s := range w.states {
		d, err = d.With(s.Signed[0], Now)
		w.must(err)
	}
	return d
}

func (s *State) roots() register.Roots {
	var public []*identity.Public
	for _, k := range s.Roots {
		public = append(public, k.Public())
	}
	return register.SortedRoots(2, public...)
}

// NewMember returns a participant with fresh keys and an officer. It stands in
// no register until Update puts its entry there.
func (w *World) NewMember(id protocol.ParticipantID, name string, roles ...protocol.Role) *Member {
	w.tb.Helper()
	m := &Member{ID: id, Signing: w.key(), Enrolment: w.key()}
	var err error
	m.Open, err = seal.GenerateOpenKey()
	w.must(err)
	m.Log, err = cosign.GenerateLogKey()
	w.must(err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	spki, err := x509.MarshalPKIXPublicKey(public)
	w.must(err)
	m.TLS = private
	m.Entry = register.Participant{
		ID: id, Name: name, Roles: roles,
		Address: strings.ReplaceAll(string(id), ".", "-") + ".test:4433",
		TLS:     []protocol.Digest{sha256.Sum256(spki)},
		Signing: m.Signing.Public(), Enrolment: m.Enrolment.Public(), Seal: m.Open.Public(), Log: m.Log.Public(),
		Instruments: []string{}, Since: Now.Add(-30 * Day),
	}
	m.Officer = w.NewOfficer(m, roles)
	return m
}

// Join is NewMember for one that Member and Sign are to know as well.
func (w *World) Join(id protocol.ParticipantID, name string, roles ...protocol.Role) *Member {
	w.tb.Helper()
	w.members[id] = w.NewMember(id, name, roles...)
	return w.members[id]
}

// NewOfficer returns another officer of m, with the given roles and, if any
// are given, for these request types only.
func (w *World) NewOfficer(
	m *Member, roles []protocol.Role, types ...protocol.RequestType) *Officer {
	w.tb.Helper()
	key := w.key()
	return w.Credential(m.Enrolment, key, &register.Credential{
		Format: protocol.Version, Participant: m.ID, Officer: register.NewOfficerID(),
		Roles: roles, Types: slices.Clone(types), Key: key.Public(),
		Issued: Now.Add(-10 * Day), Expires: Now.Add(90 * Day),
	})
}

// Credential returns the officer who holds key, with the claim signed by the
// key of a participant, whichever that is.
func (w *World) Credential(participant, key *identity.Key, claim *register.Credential) *Officer {
	w.tb.Helper()
	jws, err := register.Issue(claim, participant)
	w.must(err)
	return &Officer{Key: key, Credential: jws, Claim: claim}
}

// SignRegister returns r signed by the roots.
func (w *World) SignRegister(r *register.Register, roots ...*identity.Key) []byte {
	w.tb.Helper()
	signed, err := register.Sign(r, roots...)
	w.must(err)
	return signed
}

// Update makes the next version of a Party's register, an hour after the one
// before unless the changes say when, and takes it into the directory.
func (w *World) Update(party protocol.Party, c register.Changes) {
	w.tb.Helper()
	s := w.State(party)
	held, err := w.Directory.Register(party)
	w.must(err)
	if c.Issued.IsZero() {
		c.Issued = held.Issued.Add(time.Hour)
	}
	if c.Expires.IsZero() {
		c.Expires = held.Expires
	}
	next, err := register.Next(held, c)
	w.must(err)
	s.Signed = append(s.Signed, w.SignRegister(next, s.Roots[:2]...))
	w.Directory, err = w.Directory.With(s.Signed[len(s.Signed)-1], Now)
	w.must(err)
}

// State returns a Party of the world.
func (w *World) State(party protocol.Party) *State {
	w.tb.Helper()
	if w.states[party] == nil {
		w.tb.Fatalf("chaintest: no Party %s", party)
	}
	return w.states[party]
}

// Member returns a participant of the world.
func (w *World) Member(id protocol.ParticipantID) *Member {
	w.tb.Helper()
	if w.members[id] == nil {
		w.tb.Fatalf("chaintest: no participant %s", id)
	}
	return w.members[id]
}

// Context returns what the gate of self knows when peer delivers to it now.
func (w *World) Context(peer, self protocol.ParticipantID) chain.Context {
	return chain.Context{Directory: w.Directory, At: Now, Peer: peer, Self: self}
}

func (w *World) key() *identity.Key {
	w.tb.Helper()
	k, err := identity.Generate()
	w.must(err)
	return k
}

func (w *World) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatalf("chaintest: %v", err)
	}
}
