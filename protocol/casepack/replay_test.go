package casepack_test

import (
	"bytes"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/ledger"
)

func replayed(t *testing.T, p *pack) ([]casepack.Replayed, error) {
	t.Helper()
	b := p.bytes()
	opened, err := casepack.Open(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	return opened.Replay(p.pins)
}

func TestEveryActOfATruePackageIsDecidedTheSame(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	got, err := replayed(t, p)
	must(t, err)
	if len(got) != len(p.index.Acts) {
		t.Fatalf("got %d acts, want %d", len(got), len(p.index.Acts))
	}
	for i, r := range got {
		enc, err := canon.Encode(p.index.Acts[i].Decision)
		must(t, err)
		if !r.Same || !r.Recorded || r.Decision != protocol.DigestOf(enc) || r.Where != "" || r.Why != "" ||
			r.Act != p.index.Acts[i].Digest || r.From != p.acts[i].From || !r.At.Equal(chaintest.Now) {
			t.Errorf("act %d: got %+v, want the same", i, r)
		}
	}
	if got[0].Verdict != protocol.Hold || got[1].Again != protocol.Allow {
		t.Errorf("got %v and %v, want the request held and the certification allowed", got[0].Verdict, got[1].Again)
	}
}

func TestReplaySaysWhichActDiffersAndWhere(t *testing.T) {
	t.Parallel()
	whole := newPack(t)
	const request, certified = 0, 1
	for name, c := range map[string]struct {
		change func(*pack)
		act    int
		where  string
		why    string
	}{
		"a finding":  {func(p *pack) { p.index.Acts[certified].Decision.Findings[3].Text = "all is well" }, certified, "findings[3], ", ""},
		"a verdict":  {func(p *pack) { p.index.Acts[certified].Decision.Verdict = protocol.Hold }, certified, "verdict", ""},
		"an input":   {func(p *pack) { changeInput(p, certified) }, certified, "inputs[0], ", ""},
		"a document": {func(p *pack) { p.index.Acts[request].Decision.Documents = nil }, request, "documents", ""},
		"an act": {func(p *pack) { delete(p.files, casepack.ActName(p.index.Acts[request].Digest)) }, request, "",
			"is missing"},
	} {
		p := whole.clone()
		c.change(p)
		got, err := replayed(t, p)
		must(t, err)
		for i, r := range got {
			switch wrong := i == c.act; {
			case !wrong && (!r.Same || !r.Recorded):
				t.Errorf("%s: act %d: got %+v, want the same", name, i, r)
			case wrong && (r.Same || !strings.HasPrefix(r.Where, c.where) || !strings.Contains(r.Why, c.why)):
				t.Errorf("%s: act %d: got %+v, want that it differs at %q", name, i, r, c.where)
			}
		}
	}
	if _, err := replayed(t, func() *pack { p := whole.clone(); p.pins = nil; return p }()); err == nil {
		t.Error("got no error although nobody is pinned")
	}
}

func changeInput(p *pack, act int) {
	d := &p.index.Acts[act].Decision
	d.Inputs = append([]protocol.Input{}, d.Inputs...)
	d.Inputs[0].Value = `"another"`
}

// A ledger that recorded another decision than the package shows.
func TestReplayComparesWithTheLedger(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	l, e := p.logs[office], p.index.Acts[0]
	rec, err := ledger.ParseRecord(l.records[3])
	must(t, err)
	rec.Decision = protocol.DigestOf([]byte("another"))
	p.files[casepack.ProofName(e.Digest, office)] = l.prove(l.append(rec))
	got, err := replayed(t, p)
	must(t, err)
	if !got[0].Same || got[0].Recorded {
		t.Errorf("got %+v, want the same decision and another in the ledger", got[0])
	}
	falls(t, "another decision in the ledger", p, "the ledger names another decision")
}
