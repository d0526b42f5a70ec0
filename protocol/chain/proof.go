package chain

import (
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

// verifyProof verifies the proof that a nondelivery carries: the recipient's
// own ledger says that it refused the act, or an envelope of the sender's in
// which it found none, for the reasons that are named. Nobody can make an
// issuing authority believe in a refusal that the recipient did not sign.
func (q *inquiry) verifyProof() *Fault {
	n := q.found.Act.Body.Nondelivery
	if n == nil || len(n.Proof) == 0 {
		return nil
	}
	recipient, err := q.Directory.AsOf(n.Recipient, q.moment)
	if err != nil {
		return refuse(protocol.ReasonNotAuthentic, "the recipient stands in no register")
	}
	proof, err := ledger.ParseProof(n.Proof)
	if err != nil {
		return &Fault{protocol.ReasonNotAuthentic, err}
	}
	entry, err := proof.Verify(ledger.Origin(n.Recipient), recipient.Log)
	if err != nil {
		return &Fault{protocol.ReasonNotAuthentic, err}
	}
	rec := entry.Record
	envelope := !rec.Act.IsZero() && rec.ID == "" && rec.Case == "" // the recipient could not read what came
	about := rec.Act == n.Act && rec.Case == q.found.Act.Case || envelope
	if rec.Kind != ledger.KindRefused || rec.Peer != q.found.Act.From || !about || !slices.Equal(rec.Reasons, n.Reasons) {
		return refuse(protocol.ReasonNotAuthentic, "the recipient's record says something else")
	}
	return nil
}
