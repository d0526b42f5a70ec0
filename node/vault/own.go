package vault

import "comity.example/protocol"

// Own returns the objects that came from no peer, by the cases that refer to them:
// what was taken in, and what was passed on into another case.
func (v *Vault) Own() map[protocol.CaseID][]protocol.Digest {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := map[protocol.CaseID][]protocol.Digest{}
	for id, c := range v.index.cases {
		for object, e := range c {
			if e.refers && !e.gone && !e.damaged && e.peer == "" && e.live.IsZero() {
				out[id] = append(out[id], object)
			}
		}
	}
	return out
}

// Cases returns the cases that refer to an object, and in which its key was not destroyed.
func (v *Vault) Cases(object protocol.Digest) (ids []protocol.CaseID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, c := range v.index.cases {
		if e := c[object]; e != nil && e.refers && !e.gone {
			ids = append(ids, id)
		}
	}
	return ids
}
