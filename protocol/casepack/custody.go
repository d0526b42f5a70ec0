package casepack

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
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

// tell returns the chain of custody, in the order of the thread.
func (c *custody) tell(x *Index) []ldNode {
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
	return append([]ldNode{investigation}, out.nodes...)
}

// read returns it in canonical form. Of a case with some thousands of objects it has
// tens of megabytes: node by node it is made as it is read.
func (c *custody) read(x *Index) (io.Reader, error) {
	prefixes, err := canon.Encode(ldContext())
	if err != nil {
		return nil, err
	}
	return &telling{nodes: c.tell(x), text: fmt.Appendf(nil, `{"@context":%s,"@graph":[`, prefixes)}, nil
}

// A telling reads as the nodes, one behind the other.
type telling struct {
	nodes []ldNode // that are still to come
	text  []byte   // that was made, and not read
	end   error
}

// Read implements io.Reader.
func (t *telling) Read(p []byte) (int, error) {
	for len(t.text) == 0 {
		if t.end != nil {
			return 0, t.end
		}
		b, err := canon.Encode(t.nodes[0])
		if err != nil {
			return 0, err
		}
		if t.nodes = t.nodes[1:]; len(t.nodes) > 0 {
			t.text = append(b, ',')
		} else {
			t.text, t.end = append(b, "]}"...), io.EOF
		}
	}
	n := copy(p, t.text)
	t.text = t.text[n:]
	return n, nil
}

// same wants two readers to have the same bytes.
func same(had, want io.Reader, buffer []byte) error {
	a, b := buffer[:len(buffer)/2], buffer[len(buffer)/2:]
	for {
		n, err := full(want, a)
		if err != nil {
			return err
		}
		m, err := full(had, b)
		if err != nil {
			return err
		}
		if !bytes.Equal(a[:n], b[:m]) {
			return errors.New("it says something else")
		}
		if n < len(a) { // both have ended
			return nil
		}
	}
}

// full fills b as far as r goes.
func full(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
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
