package exhibit

import (
	"errors"
	"net/http"
	"slices"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// A manifest is what a disclosure hands over, as it stands in an act or in a relay
// of that act.
type manifest struct {
	act     *protocol.Act   // that has the keys
	digest  protocol.Digest // of act
	objects []protocol.Object
	bound   protocol.CaseID // the case in which they were taken in
}

// list returns the objects, none of no manifest.
func (m *manifest) list() []protocol.Object {
	if m == nil {
		return nil
	}
	return m.objects
}

// manifestIn returns the manifest in an act that was verified, nil if there is none.
func manifestIn(act *protocol.Act) (*manifest, error) {
	if act.Body.Relay != nil {
		inner, err := chain.Unverified(act.Body.Relay.Act)
		if err != nil {
			return nil, err
		}
		act = inner
	}
	d := act.Body.Disclosure
	if d == nil {
		return nil, nil
	}
	m := &manifest{act: act, objects: d.Objects, bound: act.Case}
	if len(d.Origin) > 0 {
		origin, err := chain.Unverified(d.Origin)
		if err != nil || origin.Body.Disclosure == nil {
			return nil, errors.Join(err, errors.New("exhibit: what is passed on is no disclosure"))
		}
		m.objects, m.bound = origin.Body.Disclosure.Objects, origin.Case
	}
	enc, err := act.Encode()
	if err != nil {
		return nil, err
	}
	m.digest = protocol.DigestOf(enc)
	return m, nil
}

// Note has the store know the objects that an act hands over, in the commit
// that takes or sends the act: to whoever can read them they are to be fetched. It does
// the same of a live object.
func (k *Keeper) Note(tx *journal.Tx, c *casefile.Case, a *chain.Authentic) error {
	if a.Act.Body.Interception != nil {
		return k.noteLive(tx, c, a)
	}
	m, err := manifestIn(a.Act)
	if err != nil || m == nil {
		return err
	}
	own := m.act.From == k.cfg.Self
	if !own && !slices.Contains(m.act.Body.Disclosure.Readers, k.cfg.Self) {
		return nil
	}
	live, err := liveOf(tx, c.ID)
	if err != nil {
		return err
	}
	for _, o := range m.objects {
		if !own && live != nil && live.called(o.Tree) {
			continue // it comes, or came, as it grew
		}
		x := exhibitID{c.ID, o.Tree}
		held, err := record.Read[exhibit](tx, x.key())
		if record.IgnoreMissing(err) != nil {
			return err
		}
		next := exhibit{Object: o, State: desk.EvidenceWaiting, Act: m.digest, In: a.Digest, From: m.act.From,
			Bound: m.bound, Emergency: c.Emergency, Anew: err == nil, Number: held.Number}
		switch {
		case own && (err != nil && m.bound == c.ID || held.State == desk.EvidenceDeleted || held.State == desk.EvidenceRestricted):
			return &desk.Problem{Status: http.StatusConflict, Text: "an object of the disclosure is not held any more",
				Hint: "take it in first: see comity case show " + string(c.ID)}
		case own:
			next.State, next.From, next.Anew = desk.EvidenceDisclosed, "", false
			next.Readers = k.readersBeside(held.Readers, m.act.Body.Disclosure.Readers)
		case err == nil && held.State != desk.EvidenceDamaged:
			continue // disclosed once more, or by itself and in a relay
		case !k.cfg.Manual && c.Issuer == k.cfg.Self:
			err = tx.Set(x.pendingKey(), nil)
		default:
			next.Why, err = "nobody has asked for it yet: comity fetch "+string(c.ID), nil
		}
		if record.IgnoreMissing(err) != nil {
			return err
		}
		if next.Number == 0 {
			next.Number, err = numberObject(tx, c.ID)
		}
		if err := errors.Join(err, record.Write(tx, x.key(), next)); err != nil {
			return err
		}
	}
	return nil
}

// TakeBack has what a disclosure handed over that nobody took be held again.
func (k *Keeper) TakeBack(tx *journal.Tx, c *casefile.Case, act protocol.Digest) error {
	lost := slices.ContainsFunc(c.Thread, func(e casefile.Entry) bool { return e.Act == act && e.Lost() })
	if !lost {
		return nil
	}
	k.grants.forget(act)
	changed := map[exhibitID]exhibit{}
	err := exhibitsOf(tx, c.ID, func(x exhibitID, e exhibit) error {
		if e.Act == act && e.State == desk.EvidenceDisclosed {
			changed[x] = e
		}
		return nil
	})
	for x, e := range changed {
		if e.Bound != c.ID { // of another case, where it is
			err = errors.Join(err, tx.Delete(x.key()))
			continue
		}
		e.State, e.Act, e.In, e.Readers = desk.EvidenceHeld, protocol.Digest{}, protocol.Digest{}, nil
		err = errors.Join(err, record.Write(tx, x.key(), e))
	}
	return err
}
