package casepack_test

import (
	"errors"
	"reflect"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

// TestReportSaysWhatItCovers: every act, and the largest tree of each ledger
// that a proof leads to.
func TestReportSaysWhatItCovers(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	r, err := verify(p.bytes(), p.pins)
	must(t, err)
	var want []casepack.Covered
	for i, a := range p.acts {
		c := casepack.Covered{Digest: digest(t, a), Kind: a.Body.Kind(), From: a.From, To: a.To, Issued: a.Issued,
			Register:  casepack.RegisterRef{Party: a.From.Party(), Version: 1},
			Agreement: chaintest.Agreement, Verdict: p.index.Acts[i].Decision.Verdict}
		if i < 2 {
			c.Officers = []register.OfficerID{p.w.Member(a.From).Officer.Claim.Officer}
		}
		by := a.To
		if a.From != office {
			by = []protocol.ParticipantID{office}
		}
		for _, id := range by {
			c.Receipts = append(c.Receipts, casepack.Receipted{By: id, At: chaintest.Now})
		}
		want = append(want, c)
	}
	if !reflect.DeepEqual(r.Acts, want) || r.Exporter != office {
		t.Errorf("got %+v of %s, want %+v of %s", r.Acts, r.Exporter, want, office)
	}
	heads := []casepack.Head{
		{Participant: office, Size: int64(len(p.logs[office].records)), Signed: chaintest.Now},
		{Participant: police, Size: int64(len(p.logs[police].records)), Signed: chaintest.Now},
		{Participant: contoso, Size: int64(len(p.logs[contoso].records)), Signed: chaintest.Now}}
	if !reflect.DeepEqual(r.Ledgers, heads) {
		t.Errorf("got %+v, want %+v", r.Ledgers, heads)
	}
}

// TestWhatIsLeftOutShowsBesideAnother: the newest act can be left out of a
// package, which holds all the same.
func TestWhatIsLeftOutShowsBesideAnother(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	whole, err := verify(p.bytes(), p.pins)
	must(t, err)
	last := digest(t, p.acts[3])
	short := p.clone()
	short.index.Acts = short.index.Acts[:3]
	for _, name := range []string{casepack.ActName(last), casepack.ProofName(last, office), casepack.ProofName(last, police)} {
		delete(short.files, name)
	}
	r, err := verify(short.bytes(), p.pins)
	must(t, err)
	if !r.Holds || len(r.Acts) != 3 {
		t.Fatalf("without its newest act the package holds %v, with %d acts", r.Holds, len(r.Acts))
	}
	for _, c := range []struct {
		name      string
		reports   []casepack.Report
		in, short int
	}{{"the whole one first", []casepack.Report{whole, r}, 0, 1}, {"the short one first", []casepack.Report{r, whole}, 1, 0},
		{"three", []casepack.Report{whole, whole, r}, 0, 2}} {
		got, err := casepack.Compare(c.reports...)
		if err != nil || len(got) != 1 || got[0].Act.Digest != last || got[0].In != c.in || got[0].Not != c.short {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
	if got, err := casepack.Compare(whole, whole); err != nil || len(got) != 0 {
		t.Errorf("beside itself: got %+v, %v", got, err)
	}
	// The provider was never to have what was passed on, and the police were.
	for exporter, want := range map[protocol.ParticipantID]int{contoso: 0, police: 1} {
		r.Exporter = exporter
		if got, err := casepack.Compare(whole, r); err != nil || len(got) != want {
			t.Errorf("a package of %s: got %+v, %v, want %d", exporter, got, err, want)
		}
	}
	r.Case = protocol.NewCaseID()
	if _, err := casepack.Compare(whole, r); !errors.Is(err, casepack.ErrCases) {
		t.Errorf("of another case: got %v", err)
	}
}
