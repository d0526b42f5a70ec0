package vault

import (
	"bytes"
	"fmt"

	"comity.example/protocol"
)

// An entry is what the vault keeps in mind of an entry on disk: never a key.
type entry struct {
	refers  bool
	whole   bool // it has the key
	damaged bool // its file cannot be read; it refers all the same
	gone    bool // its key was destroyed
	size    int64
	sealed  int64
	sum     [64]byte
	peer    protocol.ParticipantID
	live    protocol.Digest
}

// content is plaintext in a case: what is taken in twice is kept once.
type content struct {
	id   protocol.CaseID
	size int64
	sum  [64]byte
}

// An index is what is in the vault. Whoever uses it holds the vault's lock.
type index struct {
	cases     map[protocol.CaseID]map[protocol.Digest]*entry
	refs      map[protocol.Digest]int // how many cases refer to an object
	contents  map[content]protocol.Digest
	peerUse   map[protocol.ParticipantID]int64
	caseUse   map[protocol.CaseID]int64
	used      int64 // the sum of caseUse
	announced int64 // bytes that are still to come
}

func newIndex() index {
	return index{cases: map[protocol.CaseID]map[protocol.Digest]*entry{}, refs: map[protocol.Digest]int{},
		contents: map[content]protocol.Digest{}, peerUse: map[protocol.ParticipantID]int64{},
		caseUse: map[protocol.CaseID]int64{}}
}

func (x *index) get(p place) *entry { return x.cases[p.id][p.object] }

// entryOf returns what is kept in mind of a record.
func entryOf(r *record) *entry {
	return &entry{refers: r.Refers, whole: r.Whole, size: r.Size, sealed: r.Sealed, sum: r.SHA512, peer: peerOf(r), live: r.Live}
}

func peerOf(r *record) protocol.ParticipantID {
	return protocol.ParticipantID(bytes.TrimRight(r.Peer[:], "\x00"))
}

// set puts an entry in the place of the one that may be there.
func (x *index) set(p place, e *entry) {
	x.clear(p)
	if x.cases[p.id] == nil {
		x.cases[p.id] = map[protocol.Digest]*entry{}
	}
	x.cases[p.id][p.object] = e
	if !e.refers {
		return
	}
	x.refs[p.object]++
	x.use(p.id, e.peer, e.sealed)
	if e.sum != [64]byte{} {
		x.contents[content{p.id, e.size, e.sum}] = p.object
	}
}

// clear forgets an entry that may be there.
func (x *index) clear(p place) {
	e := x.get(p)
	if e == nil {
		return
	}
	delete(x.cases[p.id], p.object)
	if len(x.cases[p.id]) == 0 {
		delete(x.cases, p.id)
	}
	if !e.refers {
		return
	}
	if x.refs[p.object]--; x.refs[p.object] == 0 {
		delete(x.refs, p.object)
	}
	x.use(p.id, e.peer, -e.sealed)
	if c := (content{p.id, e.size, e.sum}); x.contents[c] == p.object {
		delete(x.contents, c)
	}
}

// use counts bytes against the quotas.
func (x *index) use(id protocol.CaseID, peer protocol.ParticipantID, n int64) {
	x.used += n
	if x.caseUse[id] += n; x.caseUse[id] == 0 {
		delete(x.caseUse, id)
	}
	if peer == "" {
		return
	}
	if x.peerUse[peer] += n; x.peerUse[peer] == 0 {
		delete(x.peerUse, peer)
	}
}

// within returns ErrQuota if n bytes more would be over a quota.
func (x *index) within(q Quota, id protocol.CaseID, peer protocol.ParticipantID, n int64) error {
	if q.Case > 0 && x.caseUse[id] > q.Case-n {
		return fmt.Errorf("%w: of a case: %d bytes of %d are used, and %d more are wanted", ErrQuota, x.caseUse[id], q.Case, n)
	}
	if peer != "" && q.Peer > 0 && x.peerUse[peer] > q.Peer-n {
		return fmt.Errorf("%w: of a peer: %d bytes of %d are used, and %d more are wanted", ErrQuota, x.peerUse[peer], q.Peer, n)
	}
	return nil
}

// withinShare returns ErrQuota if n bytes more would be over a peer's share of a disk
// that has room for so many.
func (x *index) withinShare(q Quota, room int64, peer protocol.ParticipantID, n int64) error {
	if peer == "" || q.Peer > 0 || q.PeerShare <= 0 {
		return nil
	}
	most := (max(0, room) + x.used - x.announced) / 100 * q.PeerShare
	if x.peerUse[peer] > most-n {
		return fmt.Errorf("%w: of a peer: %d bytes of %d, which are %d%% of the disk, are used, and %d more are wanted",
			ErrQuota, x.peerUse[peer], most, q.PeerShare, n)
	}
	return nil
}

// referred reports whether any case refers to an object, or awaits it.
func (v *Vault) referred(tree protocol.Digest) bool {
	if v.index.refs[tree] > 0 || v.settled[tree] > 0 {
		return true
	}
	for p := range v.coming {
		if p.object == tree {
			return true
		}
	}
	return false
}

// settling keeps an object that is moved to its name before its entry is there.
func (v *Vault) settling(tree protocol.Digest) (done func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.settled[tree]++
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.settled[tree]--; v.settled[tree] == 0 {
			delete(v.settled, tree)
		}
	}
}
