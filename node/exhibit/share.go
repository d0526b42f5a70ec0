package exhibit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/node/desk"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/evidence"
)

// An Unfilled act lacks what only the Keeper knows.
type Unfilled struct {
	Act     *protocol.Act
	Case    *casefile.Case // nil for a request, which opens one
	Grounds casefile.Grounds
	At      time.Time
}

// Fill returns the body of an act, completed. Of a disclosure it says who can read
// what it hands over, and has for them one share of the key of each object, sealed.
// What was prepared before keeps its keys, which are compared with those of the vault:
// officers signed them. The word of an interception it completes likewise.
func (k *Keeper) Fill(ctx context.Context, u Unfilled) (protocol.Body, error) {
	body := u.Act.Body
	if body.Disclosure == nil {
		err := k.fillTap(ctx, u, &body)
		return body, err
	}
	d := *body.Disclosure
	body.Disclosure = &d
	err := k.fillKeys(ctx, u, &d)
	return body, err
}

// fillKeys completes d, a disclosure.
func (k *Keeper) fillKeys(ctx context.Context, u Unfilled, d *protocol.Disclosure) error {
	act := *u.Act // which the caller keeps as it is
	act.Body.Disclosure = d
	m := &manifest{act: &act, objects: d.Objects, bound: act.Case}
	if len(d.Origin) > 0 {
		var err error
		if m, err = manifestIn(&act); err != nil {
			return err
		}
	}
	if len(m.objects) == 0 {
		d.Readers, d.Keys = nil, nil
		return nil
	}
	readers := protocol.Reading(act.To, u.Case.Issuer, k.cfg.Self)
	keys, err := sealKeys(u, readers)
	if err != nil {
		return err
	}
	keys = append(keys, k.cfg.Open.Public())
	shares, err := k.sharesOf(ctx, m)
	if err != nil {
		return err
	}
	if len(d.Keys) > 0 {
		if !slices.Equal(d.Readers, readers) || !k.areKeys(d.Keys, shares, keys) {
			return &desk.Problem{Status: http.StatusConflict, Text: "the case, or a key of who reads it, has changed since this was prepared",
				Hint: "prepare it again"}
		}
		return nil
	}
	proposed, err := k.proposed(ctx, act.Case, d)
	if err != nil {
		return err
	}
	if proposed != nil && slices.Equal(proposed.Readers, readers) && k.areKeys(proposed.Keys, shares, keys) {
		d.Readers, d.Keys = proposed.Readers, proposed.Keys
		return nil
	}
	b, err := shares.Encode()
	if err != nil {
		return err
	}
	d.Readers = readers
	d.Keys, err = seal.Seal(evidence.KeysType, b, keys...)
	return err
}

// proposed returns the disclosure that waits for approval in a case if it is d, but
// for the keys, which are other bytes each time they are sealed: what officers have
// signed stays signed.
func (k *Keeper) proposed(ctx context.Context, id protocol.CaseID, d *protocol.Disclosure) (out *protocol.Disclosure, err error) {
	err = k.journal.View(ctx, func(r store.Reader) (err error) {
		out, err = k.cfg.Cases.Proposed(r, id)
		return err
	})
	if err != nil || out == nil {
		return nil, err
	}
	bare := *out
	bare.Readers, bare.Keys = nil, nil
	x, err1 := (&protocol.Body{Disclosure: &bare}).Digest()
	y, err2 := (&protocol.Body{Disclosure: d}).Digest()
	if err1 != nil || err2 != nil || x != y {
		return nil, nil
	}
	return out, nil
}

// sealKeys returns the keys to which something is sealed for participants.
func sealKeys(u Unfilled, to []protocol.ParticipantID) ([]*seal.SealKey, error) {
	var keys []*seal.SealKey
	for _, id := range to {
		p, err := u.Grounds.Directory.Participant(id, u.At)
		if err != nil {
			return nil, &desk.Problem{Status: http.StatusUnprocessableEntity,
				Text: string(id) + " stands in no register, and is to read what is disclosed", Hint: "see comity register show"}
		}
		keys = append(keys, p.Seal)
	}
	return keys, nil
}

// areKeys reports whether sealed keys are these shares, sealed to exactly those
// who are to have them.
func (k *Keeper) areKeys(sealed []byte, want *protocol.EvidenceKeys, to []*seal.SealKey) bool {
	b, err := seal.Open(evidence.KeysType, sealed, k.cfg.Open)
	if err != nil {
		return false
	}
	got, err := protocol.ParseEvidenceKeys(b, want.Case)
	if err != nil || len(got.Shares) != len(want.Shares) {
		return false
	}
	for _, s := range want.Shares {
		if share, ok := got.Of(s.Object); !ok || share != [32]byte(s.Share) {
			return false
		}
	}
	named, err := seal.Recipients(sealed)
	fingerprints := make([]identity.Fingerprint, len(to))
	for i, key := range to {
		fingerprints[i] = key.Fingerprint()
	}
	return err == nil && len(named) == len(fingerprints) && !slices.ContainsFunc(named, func(f identity.Fingerprint) bool {
		return !slices.Contains(fingerprints, f)
	})
}

// sharesOf returns the shares that the readers of a manifest are sent, of objects
// that are all here and are what the manifest says.
func (k *Keeper) sharesOf(ctx context.Context, m *manifest) (*protocol.EvidenceKeys, error) {
	keys := &protocol.EvidenceKeys{Case: m.act.Case}
	for i := range m.objects {
		o := &m.objects[i]
		e, err := k.exhibit(ctx, exhibitID{m.bound, o.Tree})
		if err != nil {
			return nil, notHeld(err, m)
		}
		if err := e.mayBeDisclosed(o, m); err != nil {
			return nil, err
		}
		sent, err := k.sentShare(m, o.Tree)
		if err != nil {
			return nil, k.vaultProblem(err)
		}
		keys.Shares = append(keys.Shares, protocol.KeyShare{Object: o.Tree, Share: sent[:]})
	}
	return keys, nil
}

// notHeld is the problem of who discloses what this node does not hold.
func notHeld(err error, m *manifest) error {
	var missing *desk.Problem
	if !errors.As(err, &missing) {
		return err
	}
	if m.bound != m.act.Case {
		return &desk.Problem{Status: http.StatusConflict, Text: "the evidence that is to be passed on is not here",
			Hint: "comity fetch " + string(m.bound)}
	}
	return &desk.Problem{Status: http.StatusConflict, Text: "an object is not held in this case: it was not taken in, or was put back",
		Hint: "take it in first: comity disclose --hold " + string(m.act.Case) + " FILE"}
}

func (e *exhibit) mayBeDisclosed(o *protocol.Object, m *manifest) error {
	passed := m.bound != m.act.Case
	switch e.State {
	case desk.EvidenceHeld, desk.EvidenceDisclosed:
		if passed {
			return errors.New("exhibit: what is passed on was taken in here")
		}
	case desk.EvidenceComplete:
		if !passed {
			return errors.New("exhibit: what is disclosed came from another")
		}
	case desk.EvidenceWaiting:
		return &desk.Problem{Status: http.StatusConflict, Text: "the evidence that is to be passed on is still being fetched",
			Hint: "comity fetch " + string(m.bound) + " shows how far it is"}
	default:
		return e.readable(m.bound)
	}
	if e.Object != *o {
		return &desk.Problem{Status: http.StatusConflict, Text: "an object is described otherwise than it was taken in",
			Hint: "disclose it as comity case show " + string(m.act.Case) + " lists it"}
	}
	return nil
}

// sentShare returns the share of an object that the readers of a disclosure are
// sent. What is passed on into another case gets two new shares of the same key
// there: who destroys those of one case has not destroyed those of the other.
func (k *Keeper) sentShare(m *manifest, tree protocol.Digest) (evidence.Share, error) {
	id := m.act.Case
	if m.bound == id {
		_, sent, err := k.vault.Key(id, tree)
		return sent, err
	}
	k.splits.Lock()
	defer k.splits.Unlock()
	_, sent, err := k.vault.Key(id, tree)
	if err == nil || !errors.Is(err, vault.ErrNoKey) && !errors.Is(err, vault.ErrAbsent) {
		return sent, err
	}
	a, b, err := k.vault.Key(m.bound, tree)
	if err != nil {
		return sent, err
	}
	if err := k.vault.Refer(id, tree); err != nil {
		return sent, err
	}
	held, sent := evidence.Split(evidence.Join(a, b))
	return sent, k.vault.SetKey(id, tree, held, sent)
}

// MaxOpened bounds how many disclosures a node remembers the opened keys of: less than
// a MiB of them.
const MaxOpened = 128

// opened are the keys that were sealed to us in acts which were asked for lately: to
// read and open the act takes longer than to examine a small object. A share in it
// opens nothing without the other one, which is destroyed with the object.
type opened struct {
	mu   sync.Mutex
	acts map[protocol.Digest]*protocol.EvidenceKeys // guarded by mu
}

// sealedShare returns the share of an object that was sealed to us in an act of
// the store.
func (k *Keeper) sealedShare(ctx context.Context, x exhibitID, e *exhibit) (share evidence.Share, err error) {
	k.opened.mu.Lock() // also while it is opened: others want the same one
	defer k.opened.mu.Unlock()
	keys := k.opened.acts[e.In]
	if keys == nil {
		if keys, err = k.openKeys(ctx, e.In); err != nil {
			return share, err
		}
		if k.opened.acts == nil || len(k.opened.acts) >= MaxOpened {
			k.opened.acts = map[protocol.Digest]*protocol.EvidenceKeys{}
		}
		k.opened.acts[e.In] = keys
	}
	share, ok := keys.Of(x.Object)
	if !ok {
		return share, fmt.Errorf("%w: the object is not among them", errNoShare)
	}
	return share, nil
}

// openKeys opens what was sealed to us in an act.
func (k *Keeper) openKeys(ctx context.Context, in protocol.Digest) (*protocol.EvidenceKeys, error) {
	var m *manifest
	err := k.journal.View(ctx, func(r store.Reader) error {
		act, err := k.cfg.Cases.Act(r, in)
		if err != nil {
			return err
		}
		m, err = manifestIn(act)
		return err
	})
	if err != nil || m == nil {
		return nil, errors.Join(err, errNoShare)
	}
	b, err := seal.Open(evidence.KeysType, m.act.Body.Disclosure.Keys, k.cfg.Open)
	if err != nil {
		return nil, errNoShare
	}
	keys, err := protocol.ParseEvidenceKeys(b, m.act.Case)
	if err != nil {
		return nil, errNoShare
	}
	return keys, nil
}

// errNoShare says that the keys in a disclosure do not open for us. That does not
// change.
var errNoShare = errors.New("exhibit: the disclosure has no key for this participant")
