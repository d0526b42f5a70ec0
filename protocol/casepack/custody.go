package casepack

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/bag"
	"comity.example/protocol/canon"
	"comity.example/protocol/chain"
	"comity.example/protocol/ledger"
)

// A custody gathers from the acts and proofs of a package what the chain of custody is
// told from. Whoever exports and whoever verifies tell it from the same bytes, and
// compare. It names organisations, never officers: who collected something in
// its holder's words, which may be a person, stands in the signed act only.
type custody struct {
	acts map[string][]handover      // by the name of the act's file, the outermost first
	at   map[string]time.Time       // when a ledger took an act, by the name of the proof's file
	sums map[protocol.Digest]string // SHA-512 of the content of objects that are here, and are what was signed
}

// has notes the content of an object that is here and is what was signed.
func (c *custody) has(object protocol.Digest, sum bag.Sum) {
	if c.sums == nil {
		c.sums = map[protocol.Digest]string{}
	}
	c.sums[object] = hex.EncodeToString(sum.SHA512[:])
}

// A handover is an act that names objects, or carries one that does.
type handover struct {
	digest  protocol.Digest
	kind    protocol.Kind
	from    protocol.ParticipantID
	to      []protocol.ParticipantID
	issued  time.Time
	objects []protocol.Object
}

// see takes a file. What cannot be read no claim holds for.
func (c *custody) see(name string, content []byte) {
	switch {
	case strings.HasPrefix(name, "acts/"):
		if act, err := chain.Unverified(content); err == nil {
			if c.acts == nil {
				c.acts = map[string][]handover{}
			}
			c.acts[name] = handovers(act)
		}
	case strings.HasPrefix(name, "proofs/"):
		p, err := ledger.ParseProof(content)
		if err != nil {
			return
		}
		if r, err := ledger.ParseRecord(p.Record); err == nil && !r.Act.IsZero() {
			if c.at == nil {
				c.at = map[string]time.Time{}
			}
			c.at[name] = r.At
		}
	}
}

// handovers returns the act and those inside of it, if there are objects in one.
func handovers(act *protocol.Act) []handover {
	var out []handover
	objects := objectsOf(act)
	for a := act; a != nil; a = innerOf(a) {
		raw, err := a.Encode()
		if err != nil {
			return nil
		}
		out = append(out, handover{protocol.DigestOf(raw), a.Body.Kind(), a.From, a.To, a.Issued, nil})
		objects = objectsOf(a)
	}
	if len(objects) == 0 {
		return nil
	}
	for i := range out {
		out[i].objects = objects
	}
	return out
}

// innerOf returns the act that hands objects over inside of another.
func innerOf(a *protocol.Act) *protocol.Act {
	var signed []byte
	switch {
	case a.Body.Relay != nil:
		signed = a.Body.Relay.Act
	case a.Body.Disclosure != nil:
		signed = a.Body.Disclosure.Origin
	}
	if len(signed) == 0 {
		return nil
	}
	inner, err := chain.Unverified(signed)
	if err != nil {
		return nil
	}
	return inner
}

// objectsOf returns the objects that an act itself names: those of a disclosure, or
// the product of an interception that stopped.
func objectsOf(a *protocol.Act) []protocol.Object {
	switch {
	case a.Body.Disclosure != nil:
		return a.Body.Disclosure.Objects
	case a.Body.Interception != nil && a.Body.Interception.Product != nil:
		return []protocol.Object{*a.Body.Interception.Product}
	}
	return nil
}

// A chronicle is the chain of custody as it is written.
type chronicle struct {
	nodes []ldNode
	seen  map[ldID]bool
	here  map[protocol.Digest]bool
	sums  map[protocol.Digest]string
	files []ldRef // that are here
}

func (c *chronicle) add(n ldNode) ldRef {
	if !c.seen[n.ID] {
		c.seen[n.ID] = true
		c.nodes = append(c.nodes, n)
	}
	return ldRef{n.ID}
}

// organisation adds a participant and its node, with which it acts.
func (c *chronicle) organisation(id protocol.ParticipantID) (who, with *ldRef) {
	w := c.add(ldNode{ID: ldName("organization", string(id)), Type: "uco-identity:Organization", Name: string(id)})
	t := c.add(ldNode{ID: ldName("tool", string(id)), Type: "uco-tool:Tool", Name: "Comity node of " + string(id)})
	return &w, &t
}

// encode writes the chain of custody, in the order of the thread.
func (c *custody) encode(x *Index) ([]byte, error) {
	out := &chronicle{seen: map[ldID]bool{}, here: map[protocol.Digest]bool{}, sums: c.sums}
	for _, e := range x.Evidence {
		out.here[e.Tree] = e.Standing == Here
	}
	for _, e := range x.Acts {
		chain := c.acts[ActName(e.Digest)]
		for i := len(chain) - 1; i >= 0; i-- { // the innermost came first
			out.handOver(&chain[i], e.Digest)
		}
		if len(chain) == 0 {
			continue
		}
		if chain[0].from != x.Exporter {
			out.receipt(&chain[0], x.Exporter, c.at[ProofName(e.Digest, x.Exporter)])
		}
		for _, r := range e.Receipts {
			out.receipt(&chain[0], r.From, c.at[ProofName(e.Digest, r.From)])
		}
	}
	out.export(x)
	investigation := ldNode{ID: ldName("investigation", string(x.Case)), Type: "case-investigation:Investigation", Name: string(x.Case)}
	for _, n := range out.nodes {
		investigation.Objects = append(investigation.Objects, ldRef{n.ID})
	}
	return canon.Encode(ldDocument{ldContext(), append([]ldNode{investigation}, out.nodes...)})
}

// handOver tells that the objects of an act were collected and handed over.
func (c *chronicle) handOver(h *handover, carrier protocol.Digest) {
	who, with := c.organisation(h.from)
	var files, records []ldRef
	for i := range h.objects {
		o := &h.objects[i]
		file := c.add(ldFile(o))
		files = append(files, file)
		if !o.Collected.IsZero() {
			c.collected(o, h)
		}
		if sum, known := c.sums[o.Tree]; c.here[o.Tree] && (!known || sum == o.SHA512) {
			c.here[o.Tree] = false // once
			c.files = append(c.files, file)
		}
		records = append(records, c.add(ldNode{ID: ldName("provenance-record", h.digest.String(), o.Tree.String()),
			Type: "case-investigation:ProvenanceRecord", Exhibit: fmt.Sprintf("%s-%d", hex.EncodeToString(h.digest[:4]), i+1),
			Description: fmt.Sprintf("as %s signed it in the %s %s", h.from, h.kind, h.digest), Objects: []ldRef{file}}))
	}
	description := fmt.Sprintf("%s to %s, in the act %s", h.kind, join(h.to), h.digest)
	if carrier != h.digest {
		description += ", which the act " + carrier.String() + " carries"
	}
	c.add(ldNode{ID: ldName("disclosed", h.digest.String()), Type: "case-investigation:InvestigativeAction", Name: "disclosed",
		Description: description, Start: ldTime(h.issued), Performer: who, Instrument: with, On: files, Result: records})
}

func join(ids []protocol.ParticipantID) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return strings.Join(out, ", ")
}

// collected tells that an object was taken out of its holder's systems. An act that
// carries the one in which that stands tells it no second time.
func (c *chronicle) collected(o *protocol.Object, h *handover) {
	id := ldName("collected", o.Tree.String(), o.Collected.UTC().Format(time.RFC3339))
	if c.seen[id] {
		return
	}
	who, _ := c.organisation(h.from)
	c.add(ldNode{ID: id, Type: "case-investigation:InvestigativeAction", Name: "collected",
		Start: ldTime(o.Collected), Performer: who, Result: []ldRef{{ldFileID(o)}}})
}

// receipt tells that a participant's ledger took an act with objects.
func (c *chronicle) receipt(h *handover, by protocol.ParticipantID, at time.Time) {
	who, with := c.organisation(by)
	n := ldNode{ID: ldName("receipted", h.digest.String(), string(by)), Type: "case-investigation:InvestigativeAction",
		Name: "receipted", Description: fmt.Sprintf("the act %s", h.digest), Performer: who, Instrument: with, Start: ldTime(at)}
	for i := range h.objects {
		n.On = append(n.On, ldRef{ldFileID(&h.objects[i])})
	}
	c.add(n)
}

// export tells which objects left the exporter's node with this package.
func (c *chronicle) export(x *Index) {
	who, with := c.organisation(x.Exporter)
	n := ldNode{ID: ldName("exported", string(x.Case), string(x.Exporter), x.Exported.UTC().Format(time.RFC3339)),
		Type: "case-investigation:InvestigativeAction", Name: "exported", Start: ldTime(x.Exported), Performer: who, Instrument: with}
	n.On = c.files
	c.add(n)
}
