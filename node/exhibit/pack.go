package exhibit

import (
	"context"
	"errors"
	"io"

	"comity.example/node/desk"
	"comity.example/node/record"
	"comity.example/protocol"
	"comity.example/protocol/casepack"
)

// A Named object is one that an act names, with what the store says of it.
type Named struct {
	object protocol.Object
	held   exhibit // zero where it is none of ours
}

// Named returns the objects that an act of a case names: one that hands them over,
// or says what an interception delivered.
func (k *Keeper) Named(r record.Getter, id protocol.CaseID, act *protocol.Act) ([]Named, error) {
	m, err := manifestIn(act)
	if err != nil {
		return nil, err
	}
	objects := m.list()
	if t := act.Body.Interception; m == nil && t != nil && t.Product != nil {
		objects = []protocol.Object{*t.Product}
	}
	live, err := liveOf(r, id)
	if err != nil {
		return nil, err
	}
	var out []Named
	for _, o := range objects {
		x := exhibitID{id, o.Tree}
		if live != nil && live.called(o.Tree) {
			x.Object = live.exhibit()
		}
		held, err := record.Read[exhibit](r, x.key())
		if record.IgnoreMissing(err) != nil {
			return nil, err
		}
		out = append(out, Named{o, held})
	}
	return out, nil
}

// Pack puts an object into the package of its case, as it lies in the vault, or says
// why it is not there.
// What is here is what was described when it came: whoever disclosed it may have described
// it otherwise in another act.
func (k *Keeper) Pack(ctx context.Context, id protocol.CaseID, named Named, out *casepack.Writer) error {
	object := named.object
	if named.held.Object.Tree == object.Tree {
		object = named.held.Object
	}
	at := casepack.Unfetched
	switch named.held.State {
	case desk.EvidenceDisclosed, desk.EvidenceComplete:
		at = casepack.Here
	case desk.EvidenceQuarantined:
		at = casepack.Quarantined
	case desk.EvidenceDamaged:
		at = casepack.Damaged
	case desk.EvidenceDeleted:
		at = casepack.Deleted
	case desk.EvidenceRestricted:
		at = casepack.Restricted
	}
	if at != casepack.Here {
		return out.AddEvidence(&object, at, nil)
	}
	content, err := k.vault.Open(id, object.Tree, named.held.Bound)
	if err != nil {
		k.cfg.Log.Error("evidence cannot be exported", "error", err)
		return out.AddEvidence(&object, casepack.Damaged, nil)
	}
	read, write := io.Pipe()
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, err := content.WriteFrom(&patient{write, ctx}, 0)
		write.CloseWithError(err)
	}()
	err = out.AddEvidence(&object, at, read)
	read.Close() // whoever writes there ends
	<-written
	return errors.Join(err, content.Close())
}
