package node

import (
	"context"
	"errors"
	"io"
	"slices"

	"comity.example/node/desk"
	"comity.example/node/exhibit"
	"comity.example/node/library"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain"
)

// Export implements desk.Cases: the case with everything that a stranger needs
// to check it.
func (n *Node) Export(ctx context.Context, id protocol.CaseID, w io.Writer) error {
	x := &export{n: n, ctx: ctx, out: casepack.NewWriter(w, id), index: casepack.Index{
		Case: id, Exporter: n.cfg.Self, Exported: n.now(), Pins: n.cfg.Pins,
		Acts: []casepack.ActEntry{}, Documents: []casepack.DocumentEntry{}}}
	err := n.journal.View(ctx, func(r store.Reader) error {
		f, err := record.Read[filed](r, caseKey(id))
		if errors.Is(err, store.ErrNotFound) {
			return desk.NoCase()
		}
		if err != nil {
			return err
		}
		for _, e := range f.File.Thread {
			if e.Lost() { // it is no part of what anybody else holds
				continue
			}
			if err := x.act(r, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := x.documents(); err != nil {
		return err
	}
	for _, named := range x.named {
		if err := n.exhibits.Pack(ctx, id, named, x.out); err != nil {
			return err
		}
	}
	return x.out.Close(x.index)
}

type export struct {
	n     *Node
	ctx   context.Context
	out   *casepack.Writer
	index casepack.Index
	named []exhibit.Named // by the acts
}

func (x *export) act(r store.Reader, e casefile.Entry) error {
	signed, err := r.Get(digestKey(prefixAct, e.Act))
	if err != nil {
		return err
	}
	j, err := record.Read[judged](r, digestKey(prefixJudged, e.Act))
	if err != nil {
		return err
	}
	decision, err := record.Read[protocol.Decision](r, digestKey(prefixDecision, e.Act))
	if err != nil {
		return err
	}
	own, err := x.n.journal.Prove(x.ctx, j.Index)
	if err != nil {
		return err
	}
	entry := casepack.ActEntry{Digest: e.Act, Decision: decision, Receipts: []casepack.ReceiptEntry{}}
	err = errors.Join(x.out.Add(casepack.ActName(e.Act), signed),
		x.out.Add(casepack.ProofName(e.Act, x.n.cfg.Self), own.Format()))
	for _, to := range e.To {
		d, e2 := record.Read[delivery](r, deliveryKey(e.Act, to))
		if errors.Is(e2, store.ErrNotFound) || d.State != receipted {
			continue
		}
		name := casepack.ProofName(e.Act, to)
		entry.Receipts = append(entry.Receipts, casepack.ReceiptEntry{From: to, Name: name})
		err = errors.Join(err, e2, x.out.Add(name, d.Proof))
	}
	x.index.Acts = append(x.index.Acts, entry)
	return errors.Join(err, x.objects(r, signed))
}

// objects notes the objects that an act, or the act in it, names.
func (x *export) objects(r store.Reader, signed []byte) error {
	act, err := chain.Unverified(signed)
	for err == nil && carriedBy(&act.Body) != nil {
		act, err = chain.Unverified(carriedBy(&act.Body))
	}
	if err != nil {
		return err
	}
	named, err := x.n.exhibits.Named(r, x.index.Case, act)
	x.named = append(x.named, named...)
	return err
}

// documents adds every register, agreement and notice in use, in the order in
// which they were adopted: a verifier rebuilds from them what stood when.
func (x *export) documents() error {
	held, err := x.n.documents(x.ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(held, func(a, b library.Holding) int { return int(a.Index - b.Index) })
	for _, h := range held {
		proof, err := x.n.journal.Prove(x.ctx, h.Index)
		if err != nil {
			return err
		}
		if err := x.n.journal.View(x.ctx, h.Load); err != nil {
			return err
		}
		e := casepack.DocumentEntry{Kind: string(h.Kind), Name: h.FileName(), Digest: h.File()}
		x.index.Documents = append(x.index.Documents, e)
		err = errors.Join(x.out.Add(casepack.DocumentName(e.Kind, e.Name), h.Bytes),
			x.out.Add(casepack.ProofName(e.Digest, x.n.cfg.Self), proof.Format()))
		if err != nil {
			return err
		}
	}
	return nil
}
