package testnet

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/keyfile"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/register"
)

// RegisterLife is how long the registers of a testnet are valid.
const RegisterLife = 90 * 24 * time.Hour

// WrongOfficer is the officer of each participant whose credential is good for
// nothing that is done here: for the stories about stolen things.
const WrongOfficer = protocol.RoleContact

// The names by which the officers' files are found in a home.
const (
	officerLink    = home.OfficerName
	supervisorLink = "supervisor.key"
	wrongLink      = "wrong-officer.key"
)

// A Founding says where a world is founded, and on which network.
type Founding struct {
	Dir      string
	Topology Topology
	At       time.Time
	// Address returns where a participant listens.
	Address func(protocol.ParticipantID) (listen string, err error)
	// Turning says that legal time can be turned forward in this world. Its nodes
	// listen on loopback, or do not start.
	Turning bool
}

// A World is a founded world on disk: one home for each participant, and the
// Parties' roots.
//
//	DIR/GB/root.key, pin.json, register.jws
//	DIR/gb.met-police/    a home
//	DIR/legal-time        how far legal time is turned forward, if it can be
type World struct {
	Dir      string
	Topology Topology
	homes    map[protocol.ParticipantID]*home.Home
}

// Found makes a world that does not exist yet.
func Found(f Founding) (*World, error) {
	w := &World{Dir: f.Dir, Topology: f.Topology, homes: map[protocol.ParticipantID]*home.Home{}}
	clock := ""
	if f.Turning {
		clock = filepath.Join("..", clockName)
		if err := w.foundClock(); err != nil {
			return nil, err
		}
	}
	at := f.At.UTC().Truncate(time.Second)
	since := at.Add(-time.Hour)
	for _, id := range f.Topology.Participants() {
		listen, err := f.Address(id)
		if err != nil {
			return nil, err
		}
		m := f.Topology.Parties[id.Party()][id]
		h, err := home.Create(home.Spec{Dir: w.homeDir(id), Name: m.Name, Roles: m.Roles, AlsoUnder: m.AlsoUnder, Since: since,
			Config: home.Config{Participant: id, Listen: listen, TestnetClock: clock}})
		if err != nil {
			return nil, err
		}
		w.homes[id] = h
		if err := w.foundOfficers(h, m.Roles, since); err != nil {
			return nil, err
		}
	}
	roots := map[protocol.Party]*identity.Key{}
	for party := range f.Topology.Parties {
		root, err := w.foundParty(party, since)
		if err != nil {
			return nil, err
		}
		roots[party] = root
	}
	return w, w.foundAgreements(roots, since)
}

// foundOfficers gives a participant two officers of its duty list with its own
// roles, one of them a supervisor, and one with a role that is good for nothing here.
func (w *World) foundOfficers(h *home.Home, roles []protocol.Role, since time.Time) error {
	lock, err := h.Lock("")
	if err != nil {
		return err
	}
	for _, o := range []struct {
		roles  []protocol.Role
		grades []register.Grade
		link   string
	}{
		{roles, []register.Grade{register.GradeDuty}, officerLink},
		{roles, register.Grades(), supervisorLink},
		{[]protocol.Role{WrongOfficer}, nil, wrongLink},
	} {
		path, err := h.NewOfficer(register.Credential{Roles: o.roles, Grades: o.grades, Issued: since,
			Types: []protocol.RequestType{}, Expires: since.Add(RegisterLife)}, lock)
		if err != nil {
			return err
		}
		// Relative, so that a world can be named from anywhere, and moved.
		target, err := filepath.Rel(h.Dir, path)
		if err != nil {
			return err
		}
		if err := os.Symlink(target, filepath.Join(h.Dir, o.link)); err != nil {
			return err
		}
	}
	return nil
}

// foundParty makes a Party's root, its pin and its signed register.
func (w *World) foundParty(party protocol.Party, since time.Time) (*identity.Key, error) {
	dir := filepath.Join(w.Dir, string(party))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	text, err := keyfile.NewUnlockFile()
	if err != nil {
		return nil, err
	}
	lock, err := keyfile.UnlockFile(text)
	if err != nil {
		return nil, err
	}
	public, err := home.NewRoot(filepath.Join(dir, "root.key"), lock)
	if err != nil {
		return nil, err
	}
	if err := home.WriteNew(filepath.Join(dir, home.UnlockName), text); err != nil {
		return nil, err
	}
	root, err := home.ReadRoot(filepath.Join(dir, "root.key"), lock)
	if err != nil {
		return nil, err
	}
	roots := register.SortedRoots(1, public)
	changes := register.Changes{Issued: since, Expires: since.Add(RegisterLife), Roots: &roots}
	for _, id := range slices.Sorted(maps.Keys(w.Topology.Parties[party])) {
		entry, err := w.homes[id].Entry()
		if err != nil {
			return nil, err
		}
		changes.Put = append(changes.Put, *entry)
	}
	r, err := register.Draft(party, changes)
	if err != nil {
		return nil, err
	}
	signed, err := register.Sign(r, root)
	if err != nil {
		return nil, err
	}
	return root, w.exchange(party, r, signed)
}

// exchange puts a Party's pin and register into its folder and every home.
func (w *World) exchange(party protocol.Party, r *register.Register, signed []byte) error {
	pin := r.Pin()
	text, err := pin.Encode()
	if err != nil {
		return err
	}
	dir := filepath.Join(w.Dir, string(party))
	err = errors.Join(
		home.WriteNew(filepath.Join(dir, "pin.json"), text),
		home.WriteNew(filepath.Join(dir, "register.jws"), signed))
	for _, h := range w.homes {
		err = errors.Join(err,
			home.WriteNew(filepath.Join(h.Dir, "pins", string(party)+".json"), text),
			home.WriteNew(filepath.Join(h.Dir, "registers", string(party)+".jws"), signed))
	}
	return err
}

// foundAgreements has the shipped documents signed by the test roots of the
// Parties that the topology names.
func (w *World) foundAgreements(roots map[protocol.Party]*identity.Key, at time.Time) error {
	docs, err := library.Documents()
	if err != nil {
		return err
	}
	for _, doc := range docs {
		parties, ok := w.Topology.Agreements[doc.ID]
		if !ok {
			continue
		}
		sigs := &agreement.PartySignatures{Agreement: doc.Ref(), Signatures: []agreement.PartySignature{}}
		for _, p := range parties {
			if roots[p] == nil {
				return fmt.Errorf("testnet: %s: the topology has no Party %s", doc.ID, p)
			}
			sig, err := agreement.SignDocument(doc, p, at, roots[p])
			if err != nil {
				return err
			}
			sigs.Add(sig)
		}
		text, err := sigs.Encode()
		if err != nil {
			return err
		}
		for _, h := range w.homes {
			name := filepath.Join(h.Dir, "agreements", doc.ID+".yaml")
			err = errors.Join(err, home.WriteNew(name, doc.Bytes()),
				home.WriteNew(home.SignaturesOf(name), text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Load reads a world that was founded before.
func Load(dir string, t Topology) (*World, error) {
	w := &World{Dir: dir, Topology: t, homes: map[protocol.ParticipantID]*home.Home{}}
	for _, id := range t.Participants() {
		h, err := home.Open(w.homeDir(id))
		if err != nil {
			return nil, err
		}
		w.homes[id] = h
	}
	return w, nil
}

// Exists reports whether dir holds a world.
func Exists(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist)
}

func (w *World) homeDir(id protocol.ParticipantID) string { return filepath.Join(w.Dir, string(id)) }

// Home returns a participant's home, nil if the world has none of that name.
func (w *World) Home(id protocol.ParticipantID) *home.Home { return w.homes[id] }

// Root unlocks a Party's root key.
func (w *World) Root(party protocol.Party) (*identity.Key, error) {
	dir := filepath.Join(w.Dir, string(party))
	text, err := os.ReadFile(filepath.Join(dir, home.UnlockName))
	if err != nil {
		return nil, err
	}
	lock, err := keyfile.UnlockFile(text)
	if err != nil {
		return nil, err
	}
	return home.ReadRoot(filepath.Join(dir, "root.key"), lock)
}

// Officer unlocks a participant's officer, who is on duty.
func (w *World) Officer(id protocol.ParticipantID) (*home.Officer, error) {
	return w.officer(id, officerLink)
}

// Supervisor unlocks the other officer on duty, a supervisor.
func (w *World) Supervisor(id protocol.ParticipantID) (*home.Officer, error) {
	return w.officer(id, supervisorLink)
}

// Wrong returns the officer of a participant whose credential lacks every role.
func (w *World) Wrong(id protocol.ParticipantID) (*home.Officer, error) {
	return w.officer(id, wrongLink)
}

func (w *World) officer(id protocol.ParticipantID, name string) (*home.Officer, error) {
	h := w.homes[id]
	if h == nil {
		return nil, fmt.Errorf("testnet: no participant %q", id)
	}
	lock, err := h.Lock("")
	if err != nil {
		return nil, err
	}
	return home.ReadOfficer(filepath.Join(h.Dir, name), lock)
}
