package vectors_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/cosign"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/ledger"
)

// records returns the leaves of the ledger of gb.home-office in the vectors.
func (w world) records() []ledger.Record {
	act := protocol.DigestOf([]byte("act"))
	list := []ledger.Record{
		{Kind: ledger.KindStarted, At: now},
		{Kind: ledger.KindRegister, At: now, Peer: office, Document: protocol.DigestOf([]byte("register"))},
		{Kind: ledger.KindAccepted, At: now, Act: act, ID: protocol.ActID(id("act-", "1")),
			Case: protocol.CaseID(id("case-", "1")), Peer: contoso, Verdict: "allow",
			Decision: protocol.DigestOf([]byte("decision"))},
		{Kind: ledger.KindRefused, At: now, Act: protocol.DigestOf([]byte("envelope")), Peer: doj,
			Verdict: "deny", Reasons: []protocol.Reason{protocol.ReasonUnreadable}},
		{Kind: ledger.KindReceipted, At: now, Act: act, Peer: police, Case: protocol.CaseID(id("case-", "1")),
			Document: protocol.DigestOf([]byte("proof"))},
	}
	for i := range 6 {
		list = append(list, ledger.Record{Kind: ledger.KindNote, At: now, Document: protocol.DigestOf([]byte{byte(i)})})
	}
	return list
}

// A tree is a ledger in memory.
type tree struct {
	leaves [][]byte
	hashes []tlog.Hash
}

func (tr *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		out[i] = tr.hashes[at]
	}
	return out, nil
}

func (w world) tree(leaves ...[]byte) *tree {
	w.t.Helper()
	tr := &tree{leaves: leaves}
	for i, leaf := range leaves {
		more, err := tlog.StoredHashes(int64(i), leaf, tr)
		w.must(err)
		tr.hashes = append(tr.hashes, more...)
	}
	return tr
}

// grown returns the ledger of the vectors with the first n records.
func (w world) grown(n int) *tree {
	var leaves [][]byte
	for _, r := range w.records()[:n] {
		b, err := r.Encode()
		w.must(err)
		leaves = append(leaves, b)
	}
	return w.tree(leaves...)
}

func (w world) head(tr *tree) cosign.Checkpoint { return w.headOf(office, tr) }

func (w world) headOf(p protocol.ParticipantID, tr *tree) cosign.Checkpoint {
	root, err := tlog.TreeHash(int64(len(tr.leaves)), tr)
	w.must(err)
	return cosign.Checkpoint{Origin: ledger.Origin(p), Size: uint64(len(tr.leaves)), Root: root}
}

func (w world) checkpoint(c cosign.Checkpoint) []byte {
	p := strings.TrimSuffix(c.Origin, "/comity")
	note, err := w.logKey(p+" log").SignCheckpoint(c.Origin, c.Body(), now)
	w.must(err)
	return note
}

// recordArea holds the leaves of ledgers.
func (w world) recordArea() area {
	good := func(name, about string, n int) recipe {
		return recipe{name, "valid", about, nil, func() []byte {
			b, _ := w.records()[n].Encode()
			return b
		}}
	}
	bad := func(name, about string, change func(*ledger.Record)) recipe {
		return recipe{name, "malformed", about, nil, func() []byte {
			r := w.records()[2]
			r.V = ledger.Version
			change(&r)
			b, _ := canon.Encode(r)
			return b
		}}
	}
	return area{"record", []recipe{
		good("started", "the first record of a ledger", 0),
		good("accepted", "an act was accepted", 2),
		good("refused", "an envelope was refused", 3),
		good("receipted", "a receipt was verified", 4),
		bad("version", "another version", func(r *ledger.Record) { r.V = 2 }),
		bad("kind", "a kind that is not in the list", func(r *ledger.Record) { r.Kind = "burnt" }),
		bad("verdict", "a verdict that is not in the list", func(r *ledger.Record) { r.Verdict = "perhaps" }),
		bad("reason", "a reason that is not in the list",
			func(r *ledger.Record) { r.Reasons = []protocol.Reason{"mood"} }),
		bad("reasons", "33 reasons", func(r *ledger.Record) {
			r.Reasons = slices.Repeat([]protocol.Reason{protocol.ReasonRole}, ledger.MaxReasons+1)
		}),
		bad("fraction", "a time with a fraction of a second",
			func(r *ledger.Record) { r.At = r.At.Add(time.Millisecond) }),
	}, func(_ world, v *vector) string {
		if _, err := ledger.ParseRecord(v.body); err != nil {
			return string(protocol.ReasonMalformed)
		}
		return "valid"
	}}
}

func ledgerFields(more ...field) []field {
	return append([]field{{"origin", ledger.Origin(office)}, {"key", string(office) + " log"}}, more...)
}

// checkpointArea holds signed checkpoints of the ledger of gb.home-office.
func (w world) checkpointArea() area {
	whole := func() []string { // text, empty line, the two signatures
		return strings.SplitAfter(string(w.checkpoint(w.head(w.grown(7)))), "\n")
	}
	one := func(name, expect, about string, change func(lines []string) []string) recipe {
		return recipe{name, expect, about, ledgerFields(),
			func() []byte { return []byte(strings.Join(change(whole()), "")) }}
	}
	other := func(name, about string, change func(*cosign.Checkpoint)) recipe {
		return recipe{name, "refused", about, ledgerFields(), func() []byte {
			c := w.head(w.grown(7))
			change(&c)
			return w.checkpoint(c)
		}}
	}
	zero, err := w.logKey("zero log").Public().VerifierKeys(ledger.Origin(office))
	w.must(err)
	stranger := "— witness.example " + base64.StdEncoding.EncodeToString([]byte(zero[0][:40])) + "\n"
	as := func(l []string) []string { return l }
	return area{"checkpoint", []recipe{
		one("seven", "valid", "a tree of seven leaves", as),
		one("witness", "valid", "a third line by somebody else, which is not looked at",
			func(l []string) []string { return append(l, stranger) }),
		{"empty", "valid", "a tree without leaves", ledgerFields(), func() []byte {
			return w.checkpoint(w.head(w.grown(0)))
		}},
		one("ed25519-alone", "refused", "the ML-DSA-44 line is stripped",
			func(l []string) []string { return l[:5] }),
		one("ml-dsa-alone", "refused", "the Ed25519 line is stripped",
			func(l []string) []string { return append(l[:4], l[5:]...) }),
		one("swapped", "refused", "ML-DSA-44 before Ed25519",
			func(l []string) []string { l[4], l[5] = l[5], l[4]; return l }),
		one("twice", "refused", "the Ed25519 line twice",
			func(l []string) []string { return slices.Insert(l, 5, l[4]) }),
		one("between", "refused", "another's line before the log's own",
			func(l []string) []string { return slices.Insert(l, 4, stranger) }),
		one("size", "refused", "another size than the one that was signed",
			func(l []string) []string { l[1] = "8\n"; return l }),
		one("zeros", "refused", "a zero before the size", func(l []string) []string { l[1] = "07\n"; return l }),
		one("extension", "refused", "an extension line, which ML-DSA-44 would not cover",
			func(l []string) []string { return slices.Insert(l, 3, "ext\n") }),
		one("trailing", "refused", "a byte at the end", func(l []string) []string { return append(l, "x") }),
		{"other-key", "refused", "signed by the key of another ledger",
			[]field{{"origin", ledger.Origin(office)}, {"key", string(doj) + " log"}},
			func() []byte { return []byte(strings.Join(whole(), "")) }},
		other("origin", "of another ledger with the same key",
			func(c *cosign.Checkpoint) { c.Origin = ledger.Origin(doj) }),
		other("too-many", "more leaves than a ledger may have",
			func(c *cosign.Checkpoint) { c.Size = ledger.MaxSize + 1 }),
	}, func(w world, v *vector) string {
		key := w.logKey(v.field("key")).Public()
		if _, _, err := ledger.OpenCheckpoint(v.field("origin"), key, v.body); err != nil {
			return "refused"
		}
		return "valid"
	}}
}

// proofArea holds proofs that a record stands in the ledger of gb.home-office.
func (w world) proofArea() area {
	one := func(name, expect, about string, change func(*ledger.Proof)) recipe {
		return recipe{name, expect, about, ledgerFields(), func() []byte {
			p := w.proof(w.grown(7), 2)
			change(&p)
			return p.Format()
		}}
	}
	text := func(name, about, from, to string) recipe {
		return recipe{name, "refused", about, ledgerFields(),
			func() []byte { return w.replaced(w.proof(w.grown(7), 2).Format(), from, to) }}
	}
	return area{"proof", []recipe{
		one("accepted", "valid", "record 2 of 7", func(*ledger.Proof) {}),
		{"alone", "valid", "the only record: no hashes", ledgerFields(),
			func() []byte { return w.proof(w.grown(1), 0).Format() }},
		{"last", "valid", "the last of eleven records", ledgerFields(),
			func() []byte { return w.proof(w.grown(11), 10).Format() }},
		one("index", "refused", "another index", func(p *ledger.Proof) { p.Index = 3 }),
		one("index-beyond", "refused", "an index beyond the tree", func(p *ledger.Proof) { p.Index = 7 }),
		one("record", "refused", "another record", func(p *ledger.Proof) {
			p.Record, _ = w.records()[3].Encode()
		}),
		one("short", "refused", "a hash is missing", func(p *ledger.Proof) { p.Path = p.Path[1:] }),
		one("long", "refused", "a hash too many",
			func(p *ledger.Proof) { p.Path = append(p.Path, p.Path[0]) }),
		one("order", "refused", "hashes in another order",
			func(p *ledger.Proof) { p.Path[0], p.Path[1] = p.Path[1], p.Path[0] }),
		one("checkpoint", "refused", "the checkpoint of an earlier tree",
			func(p *ledger.Proof) { p.Checkpoint = w.checkpoint(w.head(w.grown(5))) }),
		{"not-canonical", "refused", "a leaf that is no canonical record", ledgerFields(), func() []byte {
			return w.proof(w.tree([]byte(`{"kind":"started", "v":1}`)), 0).Format()
		}},
		text("header", "another version of the format", "tlog-proof@v1", "tlog-proof@v2"),
		text("zeros", "a zero before the index", "index 2\n", "index 02\n"),
		text("no-extra", "a proof without the record", "extra ", "extras "),
		text("line-ends", "line ends of another system", "index 2\n", "index 2\r\n"),
	}, func(w world, v *vector) string {
		p, err := ledger.ParseProof(v.body)
		if err == nil {
			_, err = p.Verify(v.field("origin"), w.logKey(v.field("key")).Public())
		}
		if err != nil {
			return "refused"
		}
		return "valid"
	}}
}

func (w world) proof(tr *tree, index int64) ledger.Proof {
	w.t.Helper()
	path, err := tlog.ProveRecord(int64(len(tr.leaves)), index, tr)
	w.must(err)
	return ledger.Proof{Record: tr.leaves[index], Index: index, Path: path, Checkpoint: w.checkpoint(w.head(tr))}
}

// A growth is the body of consistencyArea: two bodies of checkpoints, and the
// hashes that lead from one to the other, in base64.
type growth struct {
	New   string   `json:"new"`
	Old   string   `json:"old"`
	Proof []string `json:"proof"`
}

// consistencyArea holds proofs that one tree begins with another.
func (w world) consistencyArea() area {
	one := func(name, expect, about string, from, to int, change func(*growth)) recipe {
		return recipe{name, expect, about, nil, func() []byte {
			g := growth{New: w.head(w.grown(to)).Body(), Old: w.head(w.grown(from)).Body(), Proof: []string{}}
			if from > 0 && from < to {
				proof, err := tlog.ProveTree(int64(to), int64(from), w.grown(to))
				w.must(err)
				for _, h := range proof {
					g.Proof = append(g.Proof, h.String())
				}
			}
			if change != nil {
				change(&g)
			}
			return w.encode(g)
		}}
	}
	fork := w.head(w.tree([]byte("another history"))).Body()
	return area{"consistency", []recipe{
		one("grown", "valid", "from 3 to 7 leaves", 3, 7, nil),
		one("power", "valid", "from 4 to 8 leaves", 4, 8, nil),
		one("same", "valid", "the same tree, without hashes", 7, 7, nil),
		one("from-nothing", "valid", "from the empty tree, without hashes", 0, 7, nil),
		one("shrunk", "refused", "a tree that is smaller than before", 7, 3, nil),
		one("unproven", "refused", "without the hashes", 3, 7, func(g *growth) { g.Proof = []string{} }),
		one("order", "refused", "hashes in another order", 3, 7, func(g *growth) { slices.Reverse(g.Proof) }),
		one("rewritten", "refused", "a tree that does not begin with the earlier one", 1, 7,
			func(g *growth) { g.Old = fork }),
		one("fork", "fork", "two roots for one size", 1, 1, func(g *growth) { g.Old = fork }),
		one("needless", "refused", "a hash where none is needed", 7, 7,
			func(g *growth) { g.Proof = []string{base64.StdEncoding.EncodeToString(make([]byte, 32))} }),
	}, world.examineConsistency}
}

func (w world) examineConsistency(v *vector) string {
	var g growth
	if err := json.Unmarshal(v.body, &g); err != nil {
		w.t.Fatal(err)
	}
	older, err1 := ledger.ParseCheckpoint(g.Old)
	newer, err2 := ledger.ParseCheckpoint(g.New)
	if err := errors.Join(err1, err2); err != nil {
		w.t.Fatal(err)
	}
	var proof tlog.TreeProof
	for _, text := range g.Proof {
		h, err := tlog.ParseHash(text)
		if err != nil {
			w.t.Fatal(fmt.Errorf("%q: %w", text, err))
		}
		proof = append(proof, h)
	}
	switch err := newer.Extends(older, proof); {
	case errors.Is(err, ledger.ErrFork):
		return "fork"
	case err != nil:
		return "refused"
	}
	return "valid"
}
