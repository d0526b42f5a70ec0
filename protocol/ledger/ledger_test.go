package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/cosign"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

const origin = "gb.test/ledger"

func key(t testing.TB, seed byte) *cosign.LogKey {
	t.Helper()
	k, err := cosign.LogKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), cosign.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func full() ledger.Record {
	return ledger.Record{
		V: ledger.Version, Kind: ledger.KindRefused, At: noon(),
		Act: protocol.DigestOf([]byte("act")), ID: "act-" + protocol.ActID(strings.Repeat("a", 26)),
		Case: "case-" + protocol.CaseID(strings.Repeat("b", 26)), Peer: "us.doj-oia",
		Verdict: "deny", Decision: protocol.DigestOf([]byte("decision")),
		Reasons:  []protocol.Reason{protocol.ReasonNoAgreement, protocol.ReasonOverbroad},
		Document: protocol.DigestOf([]byte("new")), Previous: protocol.DigestOf([]byte("old")),
	}
}

// A log is the tree of some records, as a node would keep it.
type log struct {
	hashes []tlog.Hash
	size   int64
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, l.hashes[i])
	}
	return out, nil
}

func (l *log) add(t testing.TB, record []byte) {
	t.Helper()
	h, err := tlog.StoredHashes(l.size, record, l)
	if err != nil {
		t.Fatal(err)
	}
	l.hashes = append(l.hashes, h...)
	l.size++
}

func (l *log) checkpoint(t testing.TB, size int64) ledger.Checkpoint {
	t.Helper()
	root, err := tlog.TreeHash(size, l)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Checkpoint{Origin: origin, Size: size, Root: root}
}

func (l *log) prove(t testing.TB, k *cosign.LogKey, index int64, record []byte) ledger.Proof {
	t.Helper()
	path, err := tlog.ProveRecord(l.size, index, l)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := k.SignCheckpoint(origin, l.checkpoint(t, l.size).Body(), noon())
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Proof{Record: record, Index: index, Path: path, Checkpoint: signed}
}

// example returns a proof of full in a log of 11 records.
func example(t testing.TB) ledger.Proof {
	t.Helper()
	record, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	l := &log{}
	for i := range 11 {
		if i == 6 {
			l.add(t, record)
			continue
		}
		l.add(t, fmt.Append(nil, i))
	}
	return l.prove(t, key(t, 1), 6, record)
}

func TestRecordsRoundTrip(t *testing.T) {
	for _, r := range []ledger.Record{full(), {V: 1, Kind: ledger.KindStarted, At: noon()}} {
		b, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ledger.ParseRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(r) {
			t.Errorf("got %v, want %v", got, r)
		}
	}
	b, err := ledger.Record{Kind: ledger.KindStarted, At: noon()}.Encode()
	if want := `{"at":"2026-11-22T12:00:00Z","kind":"started","v":1}`; string(b) != want || err != nil {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
}

func TestEveryKindIsTaken(t *testing.T) {
	for _, k := range ledger.Kinds() {
		if _, err := (ledger.Record{Kind: k, At: noon()}).Encode(); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
}

func TestLargestRecordIsUnderTheLimit(t *testing.T) {
	r := full()
	for _, reason := range protocol.Reasons() {
		if len(r.Reasons) < ledger.MaxReasons {
			r.Reasons = append(r.Reasons, reason)
		}
	}
	b, err := r.Encode()
	if err != nil || len(b) > ledger.MaxRecord {
		t.Errorf("%d bytes, %v, want at most %d", len(b), err, ledger.MaxRecord)
	}
}

func TestInvalidRecordsAreNotWritten(t *testing.T) {
	tests := map[string]func(*ledger.Record){
		"no kind":           func(r *ledger.Record) { r.Kind = "" },
		"unknown kind":      func(r *ledger.Record) { r.Kind = "hacked" },
		"no time":           func(r *ledger.Record) { r.At = time.Time{} },
		"part of a second":  func(r *ledger.Record) { r.At = r.At.Add(time.Millisecond) },
		"another zone":      func(r *ledger.Record) { r.At = r.At.In(time.FixedZone("", 3600)) },
		"a name as id":      func(r *ledger.Record) { r.ID = "john-doe" },
		"a name as case":    func(r *ledger.Record) { r.Case = "The matter of John Doe" },
		"a name as peer":    func(r *ledger.Record) { r.Peer = "John Doe" },
		"a name as reason":  func(r *ledger.Record) { r.Reasons = []protocol.Reason{"John Doe"} },
		"a name as verdict": func(r *ledger.Record) { r.Verdict = "John Doe" },
		"too many reasons": func(r *ledger.Record) {
			r.Reasons = make([]protocol.Reason, ledger.MaxReasons+1)
			for i := range r.Reasons {
				r.Reasons[i] = protocol.ReasonOverbroad
			}
		},
	}
	for name, spoil := range tests {
		r := full()
		spoil(&r)
		if b, err := r.Encode(); err == nil {
			t.Errorf("%s: written as %s", name, b)
		}
	}
}

func TestInvalidRecordsAreNotRead(t *testing.T) {
	for name, text := range map[string]string{
		"empty":            ``,
		"null":             `null`,
		"unknown member":   `{"at":"2026-11-22T12:00:00Z","kind":"started","name":"John Doe","v":1}`,
		"twice":            `{"at":"2026-11-22T12:00:00Z","kind":"started","kind":"started","v":1}`,
		"other version":    `{"at":"2026-11-22T12:00:00Z","kind":"started","v":2}`,
		"no version":       `{"at":"2026-11-22T12:00:00Z","kind":"started"}`,
		"other order":      `{"kind":"started","at":"2026-11-22T12:00:00Z","v":1}`,
		"space":            `{"at":"2026-11-22T12:00:00Z","kind":"started","v":1} `,
		"no reasons":       `{"at":"2026-11-22T12:00:00Z","kind":"started","reasons":[],"v":1}`,
		"empty member":     `{"act":"","at":"2026-11-22T12:00:00Z","kind":"started","v":1}`,
		"offset":           `{"at":"2026-11-22T12:00:00+01:00","kind":"started","v":1}`,
		"zero offset":      `{"at":"2026-11-22T12:00:00+00:00","kind":"started","v":1}`,
		"part of a second": `{"at":"2026-11-22T12:00:00.5Z","kind":"started","v":1}`,
		"large": `{"at":"2026-11-22T12:00:00Z","kind":"` +
			strings.Repeat("x", ledger.MaxRecord) + `","v":1}`,
	} {
		if r, err := ledger.ParseRecord([]byte(text)); err == nil {
			t.Errorf("%s: read as %v", name, r)
		}
	}
}

func TestPartsOfARecordAreRefused(t *testing.T) {
	b, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if _, err := ledger.ParseRecord(b[:i]); err == nil {
			t.Errorf("the first %d bytes were read", i)
		}
	}
	if _, err := ledger.ParseRecord(append(b, ' ')); err == nil {
		t.Error("one byte more was read")
	}
}

func TestErrorDoesNotQuoteTheRecord(t *testing.T) {
	long := `{"at":"2026-11-22T12:00:00Z","kind":"` + strings.Repeat("x", 2000) + `","v":1}`
	_, err := ledger.ParseRecord([]byte(long))
	if err == nil || len(err.Error()) > 300 {
		t.Errorf("error of %d bytes", len(fmt.Sprint(err)))
	}
}

func TestCheckpointsRoundTrip(t *testing.T) {
	l := &log{}
	for i := range 5 {
		c := l.checkpoint(t, l.size)
		got, err := ledger.ParseCheckpoint(c.Body())
		if err != nil || got != c {
			t.Errorf("got %v, %v, want %v", got, err, c)
		}
		l.add(t, fmt.Append(nil, i))
	}
}

func TestMalformedCheckpointsAreRefused(t *testing.T) {
	body := (&log{}).checkpoint(t, 0).Body()
	root := strings.Split(body, "\n")[2]
	for i := range body {
		if _, err := ledger.ParseCheckpoint(body[:i]); err == nil {
			t.Errorf("the first %d bytes were read", i)
		}
	}
	for name, text := range map[string]string{
		"one byte more":    body + "\n",
		"extension line":   body + "more\n",
		"no origin":        "\n0\n" + root + "\n",
		"space":            "a b\n0\n" + root + "\n",
		"plus":             "a+b\n0\n" + root + "\n",
		"leading zero":     origin + "\n00\n" + root + "\n",
		"negative":         origin + "\n-1\n" + root + "\n",
		"plus sign":        origin + "\n+1\n" + root + "\n",
		"over the maximum": origin + "\n281474976710657\n" + root + "\n",
		"2^63":             origin + "\n9223372036854775808\n" + root + "\n",
		"short root":       origin + "\n0\n" + root[:40] + "\n",
	} {
		if c, err := ledger.ParseCheckpoint(text); err == nil {
			t.Errorf("%s: read as %v", name, c)
		}
	}
}

func TestForkIsTold(t *testing.T) {
	l := &log{}
	l.add(t, []byte("a"))
	l.add(t, []byte("b"))
	c := l.checkpoint(t, 2)
	other := c
	other.Root[0] ^= 1
	if err := other.Extends(c, nil); !errors.Is(err, ledger.ErrFork) {
		t.Errorf("two roots of one size: got %v, want ErrFork", err)
	}
	if err := c.Extends(c, nil); err != nil {
		t.Errorf("the same again: %v", err)
	}
}

func TestOnlyALargerTreeExtends(t *testing.T) {
	l := &log{}
	for i := range 9 {
		l.add(t, fmt.Append(nil, i))
	}
	later := l.checkpoint(t, 9)
	for n := int64(0); n <= 9; n++ {
		old := l.checkpoint(t, n)
		var proof tlog.TreeProof
		if n > 0 {
			var err error
			if proof, err = tlog.ProveTree(9, n, l); err != nil {
				t.Fatal(err)
			}
		}
		if err := later.Extends(old, proof); err != nil {
			t.Errorf("%d to 9: %v", n, err)
		}
		if err := later.Extends(old, append(proof, tlog.Hash{})); !errors.Is(err, ledger.ErrNotExtended) {
			t.Errorf("%d to 9 with one hash more: got %v, want ErrNotExtended", n, err)
		}
		wrong := old
		wrong.Root[31] ^= 1
		if err := later.Extends(wrong, proof); err == nil {
			t.Errorf("%d to 9: extends another tree", n)
		}
		wrong = old
		wrong.Origin = "us.test/ledger"
		if err := later.Extends(wrong, proof); !errors.Is(err, ledger.ErrNotExtended) {
			t.Errorf("%d to 9: extends another log: %v", n, err)
		}
		if err := old.Extends(later, proof); n < 9 && !errors.Is(err, ledger.ErrNotExtended) {
			t.Errorf("9 to %d: got %v, want ErrNotExtended", n, err)
		}
	}
}

// The tree library does not end on sizes over 2^62.
func TestHugeSizesEnd(t *testing.T) {
	c := ledger.Checkpoint{Origin: origin, Size: 1<<63 - 1}
	if err := c.Includes(0, tlog.Hash{}, make(tlog.RecordProof, 63)); err == nil {
		t.Error("included")
	}
	if err := c.Extends(ledger.Checkpoint{Origin: origin, Size: 1}, nil); err == nil {
		t.Error("extended")
	}
}
