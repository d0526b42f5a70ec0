package vectors_test

import (
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

// refusedBy returns the proof that a participant's ledger holds one refusal,
// of the certification of the vectors' case, as change leaves it.
func (w world) refusedBy(p protocol.ParticipantID, change func(*ledger.Record)) []byte {
	w.t.Helper()
	r := ledger.Record{Kind: ledger.KindRefused, At: now, Act: protocol.DigestOf([]byte("certification")),
		ID: protocol.ActID(id("act-", "certification")), Case: protocol.CaseID(id("case-", "1")), Peer: office,
		Verdict: "deny", Reasons: []protocol.Reason{protocol.ReasonRole}}
	change(&r)
	leaf, err := r.Encode()
	w.must(err)
	tr := w.tree(leaf)
	return ledger.Proof{Record: leaf, Path: nil, Checkpoint: w.checkpoint(w.headOf(p, tr))}.Format()
}

func asItIs(*ledger.Record) {}

// nondelivery returns the designated authority's word that the provider
// refused its certification, with a proof.
func (w world) nondelivery(proof []byte) *protocol.Act {
	return w.act(protocol.Body{Nondelivery: &protocol.Nondelivery{Act: protocol.DigestOf([]byte("certification")),
		Recipient: contoso, State: protocol.FailureRefused, Reasons: []protocol.Reason{protocol.ReasonRole},
		Proof: proof}}, office, police)
}

// expired returns its word that the certification expired.
func (w world) expired() *protocol.Act {
	act := w.nondelivery(nil)
	n := act.Body.Nondelivery
	n.State, n.Reasons = protocol.FailureExpired, []protocol.Reason{}
	return act
}

// nondeliveryForms are acts of the area act.
func (w world) nondeliveryForms() []recipe {
	bad := func(name, about string, change func(*protocol.Nondelivery)) recipe {
		return recipe{"nondelivery-" + name, "malformed", about, nil, func() []byte {
			act := w.nondelivery([]byte("x"))
			change(act.Body.Nondelivery)
			return w.encode(act)
		}}
	}
	return []recipe{
		{"nondelivery-refused", "valid", "a nondelivery, whose proof is not looked at here", nil,
			func() []byte { return w.encode(w.nondelivery([]byte("x"))) }},
		{"nondelivery-expired", "valid", "a nondelivery of what expired", nil,
			func() []byte { return w.encode(w.expired()) }},
		bad("no-proof", "a refusal without its proof", func(n *protocol.Nondelivery) { n.Proof = nil }),
		bad("proof", "a proof of what expired", func(n *protocol.Nondelivery) {
			n.State, n.Reasons = protocol.FailureExpired, []protocol.Reason{}
		}),
		bad("reasons", "reasons of what expired", func(n *protocol.Nondelivery) {
			n.State, n.Proof = protocol.FailureExpired, nil
		}),
		bad("state", "a state that is not in the list", func(n *protocol.Nondelivery) { n.State = "lost" }),
		bad("act", "no act", func(n *protocol.Nondelivery) { n.Act = protocol.Digest{} }),
	}
}

// chainProofs are nondeliveries on their arrival.
func (w world) chainProofs() []recipe {
	in := arriving(office, police)
	one := func(name, expect, about string, proof func() []byte) recipe {
		return signedAct("nondelivery-"+name, expect, about, in,
			func() []byte { return w.send(w.nondelivery(proof())) })
	}
	record := func(name, expect, about string, change func(*ledger.Record)) recipe {
		return one(name, expect, about, func() []byte { return w.refusedBy(contoso, change) })
	}
	return []recipe{
		record("refused", "valid", "a nondelivery with the recipient's refusal, by no officer", asItIs),
		record("unopened", "valid", "the recipient refused an envelope in which it found no act",
			func(r *ledger.Record) { r.Act, r.ID, r.Case = protocol.DigestOf([]byte("envelope")), "", "" }),
		signedAct("nondelivery-expired", "valid", "a nondelivery of what expired", in,
			func() []byte { return w.send(w.expired()) }),
		one("ledger", "not_authentic", "a refusal from the sender's own ledger",
			func() []byte { return w.refusedBy(office, asItIs) }),
		one("text", "not_authentic", "a proof that is none", func() []byte { return []byte("x") }),
		record("kind", "not_authentic", "the recipient's ledger says that the sender refused the act",
			func(r *ledger.Record) { r.Kind = ledger.KindRejected }),
		record("peer", "not_authentic", "the recipient refused the act of another",
			func(r *ledger.Record) { r.Peer = doj }),
		record("act", "not_authentic", "the recipient refused another act",
			func(r *ledger.Record) { r.Act = protocol.DigestOf([]byte("another")) }),
		record("case", "not_authentic", "the recipient refused the act in another case",
			func(r *ledger.Record) { r.Case = protocol.CaseID(id("case-", "2")) }),
		record("reason", "not_authentic", "the recipient refused the act for another reason",
			func(r *ledger.Record) { r.Reasons = []protocol.Reason{protocol.ReasonExpired} }),
		signedAct("role-nondelivery", "role", "a nondelivery of a provider", arriving(contoso, police), func() []byte {
			act := w.expired()
			act.From = contoso
			return w.send(act)
		}),
	}
}
