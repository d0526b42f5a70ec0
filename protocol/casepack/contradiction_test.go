package casepack_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casepack"
)

// contradicted is a case in which the provider describes the bytes of one object in
// two ways, the false one first where that is said.
func contradicted(t *testing.T, falseFirst bool) *pack {
	t.Helper()
	p, book := newCase(t, func(*protocol.Request) {})
	certified := p.acts[1]
	for i := range 2 {
		answer := p.w.Disclose(certified, contoso, office)
		answer.Follows = []protocol.Digest{digest(t, p.acts[len(p.acts)-1])}
		d := answer.Body.Disclosure
		if i == 0 {
			d.Status = protocol.ProductionPartial
		}
		if (i == 0) == falseFirst {
			d.Objects[0].SHA512 = strings.Repeat("0", 128)
		}
		p.act(book, answer)
	}
	o := p.object()
	p.files[casepack.EvidenceName(o.Tree)] = []byte(mail)
	p.index.Evidence = []casepack.EvidenceEntry{{Tree: o.Tree, Standing: casepack.Here}}
	return p
}

// TestAProviderDoesNotSpoilAPackage: one that describes the same bytes once more, and
// falsely, does not make the package of whoever was honest doubtful. It is said, and
// nothing is proved by that description.
func TestAProviderDoesNotSpoilAPackage(t *testing.T) {
	t.Parallel()
	for _, falseFirst := range []bool{false, true} {
		p := contradicted(t, falseFirst)
		held := p.object()
		if falseFirst {
			held = &p.acts[3].Body.Disclosure.Objects[0]
		}
		var b bytes.Buffer
		w := casepack.NewWriter(&b, p.index.Case)
		for _, name := range slices.Sorted(maps.Keys(p.files)) {
			if !strings.HasPrefix(name, "evidence/") {
				must(t, w.Add(name, p.files[name]))
			}
		}
		must(t, w.AddEvidence(held, casepack.Here, strings.NewReader(mail)))
		must(t, w.Close(p.index))
		r, err := verify(b.Bytes(), p.pins)
		must(t, err)
		said := false
		for _, c := range r.Claims {
			said = said || c.Unproved && strings.Contains(c.Claim, "contradicts itself")
		}
		if !r.Holds || !said || r.Absent != 1 || len(r.Evidence) != 1 || !r.Evidence[0].Here || strings.HasPrefix(r.Evidence[0].SHA512, "00") {
			t.Errorf("the false one first %v: holds %v, absent %d, %+v: %+v", falseFirst, r.Holds, r.Absent, r.Evidence, wrong(r))
		}
		p.files[casepack.EvidenceName(p.object().Tree)] = []byte("From c\n") // what neither of them says
		falls(t, "bytes that nobody signed", p, "the file is another")
	}
}
