package casepack_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/bag"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
)

const (
	police  = protocol.ParticipantID("gb.met-police")
	office  = protocol.ParticipantID("gb.home-office") // the exporter
	contoso = protocol.ParticipantID("us.contoso")
)

// A log is a participant's ledger in memory.
type log struct {
	t       testing.TB
	w       *chaintest.World
	of      protocol.ParticipantID
	records [][]byte
	hashes  []tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (l *log) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = l.hashes[x]
	}
	return out, nil
}

func (l *log) append(r ledger.Record) int64 {
	l.t.Helper()
	b, err := r.Encode()
	must(l.t, err)
	n := int64(len(l.records))
	grown, err := tlog.StoredHashes(n, b, l)
	must(l.t, err)
	l.records, l.hashes = append(l.records, b), append(l.hashes, grown...)
	return n
}

// prove is the proof of a record against the ledger as it is now.
func (l *log) prove(index int64) []byte {
	l.t.Helper()
	size := int64(len(l.records))
	root, err := tlog.TreeHash(size, l)
	must(l.t, err)
	path, err := tlog.ProveRecord(size, index, l)
	must(l.t, err)
	origin := ledger.Origin(l.of)
	c := ledger.Checkpoint{Origin: origin, Size: size, Root: root}
	signed, err := l.w.Member(l.of).Log.SignCheckpoint(origin, c.Body(), chaintest.Now)
	must(l.t, err)
	return ledger.Proof{Record: l.records[index], Index: index, Path: path, Checkpoint: signed}.Format()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A pack is a package before it is written: what is in its files, and its index.
type pack struct {
	t     testing.TB
	w     *chaintest.World
	logs  map[protocol.ParticipantID]*log
	index casepack.Index
	files map[string][]byte // but the index and, where it is not told anew, the chain of custody
	pins  []register.Pin
	acts  []*protocol.Act // of the thread
}

// mail is the content of the object that is disclosed.
const mail = "From a\n"

// newPack is a true package of the office's: a request that was certified, was
// answered by the provider, and whose answer was passed on.
func newPack(t testing.TB) *pack {
	t.Helper()
	p, book := newCase(t, func(*protocol.Request) {})
	certified := p.acts[1]
	answer := p.w.Disclose(certified, contoso, office)
	answer.Follows = []protocol.Digest{digest(t, certified)}
	passed := p.w.Relay(answer, office, police)
	passed.Follows = []protocol.Digest{digest(t, certified)}
	p.act(book, answer)
	p.act(book, passed)
	o := p.object()
	p.files[casepack.EvidenceName(o.Tree)] = []byte(mail)
	p.index.Evidence = []casepack.EvidenceEntry{{Tree: o.Tree, Standing: casepack.Here}}
	return p
}

// newCase is a package of a request, after change, that was certified.
func newCase(t testing.TB, change func(*protocol.Request)) (*pack, *agreement.Book) {
	t.Helper()
	p := &pack{t: t, w: chaintest.New(t, "GB", "US"), files: map[string][]byte{},
		logs: map[protocol.ParticipantID]*log{}}
	for _, id := range []protocol.ParticipantID{police, office, contoso} {
		p.logs[id] = &log{t: t, w: p.w, of: id}
	}
	request := p.request(change)
	p.index = casepack.Index{Case: request.Case, Exporter: office, Exported: chaintest.Now.Add(time.Hour)}
	for _, party := range []protocol.Party{"GB", "US"} {
		signed := p.w.State(party).Signed[0]
		claimed, err := register.Claim(signed)
		must(t, err)
		p.pins = append(p.pins, claimed.Pin())
		p.document("register", string(party)+"@1", signed)
	}
	p.index.Pins = p.pins
	book := p.agreement()
	certified := p.w.Certify(request, office, contoso, police)
	certified.Follows = []protocol.Digest{digest(t, request)}
	p.act(book, request)
	p.act(book, certified)
	p.index.Evidence = []casepack.EvidenceEntry{}
	return p, book
}

func digest(t testing.TB, a *protocol.Act) protocol.Digest {
	t.Helper()
	b, err := a.Encode()
	must(t, err)
	return protocol.DigestOf(b)
}

// request is an order that the agreement allows once it is certified.
func (p *pack) request(change func(*protocol.Request)) *protocol.Act {
	p.t.Helper()
	r := chaintest.Order(police, contoso)
	r.Target.Nationalities, r.Target.ResidentIn = []protocol.Party{"GB"}, []protocol.Party{"GB"}
	r.Authorisation.Order = protocol.DigestOf([]byte("order"))
	for _, s := range []string{"not_receiving_party_person", "no_reverse_targeting", "no_speech_infringement",
		"no_discrimination", "reasonable_justification", "own_purpose"} {
		r.Attestations = append(r.Attestations, protocol.Attestation{Statement: s})
	}
	change(r)
	a := p.w.Act(protocol.Body{Request: r}, police, office)
	p.w.Endorse(a, p.w.Member(police).Officer)
	return a
}

func (p *pack) document(kind, name string, b []byte) {
	d := protocol.DigestOf(b)
	p.files[casepack.DocumentName(kind, name)] = b
	l := p.logs[office]
	at := l.append(ledger.Record{Kind: ledger.Kind(kind), At: chaintest.Now, Peer: office, Document: d})
	p.files[casepack.ProofName(d, office)] = l.prove(at)
	p.index.Documents = append(p.index.Documents, casepack.DocumentEntry{Kind: kind, Name: name, Digest: d})
}

// agreement adds the agreement, signed by both Parties, and returns the book.
func (p *pack) agreement() *agreement.Book {
	p.t.Helper()
	docs, err := library.Documents()
	must(p.t, err)
	doc := docs[slices.IndexFunc(docs, func(d *agreement.Document) bool { return d.ID == chaintest.Agreement.ID })]
	sigs := &agreement.PartySignatures{Agreement: doc.Ref(), Signatures: []agreement.PartySignature{}}
	for _, party := range doc.Parties() {
		sig, err := agreement.SignDocument(doc, party, chaintest.Now, p.w.State(party).Roots[:2]...)
		must(p.t, err)
		sigs.Add(sig)
	}
	text, err := sigs.Encode()
	must(p.t, err)
	signed, err := agreement.EncodeSigned(doc.Bytes(), text)
	must(p.t, err)
	p.document("agreement", doc.ID+"@"+doc.Version, signed)
	verified, err := agreement.VerifyDocument(doc, sigs, p.roots())
	must(p.t, err)
	book, err := agreement.NewSignedBook([]agreement.SignedDocument{verified}, nil)
	must(p.t, err)
	return book
}

func (p *pack) roots() agreement.Roots {
	return casepack.RootsOf(p.w.Directory)
}

// act adds an act as the office holds it: with the decision, its own ledger
// entry, and the receipts of those whom it sent it to.
func (p *pack) act(book *agreement.Book, a *protocol.Act) {
	p.t.Helper()
	signed := p.w.Sign(a)
	authentic, fault := chain.VerifyOffline(signed, chain.Context{Directory: p.w.Directory, At: chaintest.Now})
	if fault != nil {
		p.t.Fatal(fault)
	}
	d := casefile.Grounds{Directory: p.w.Directory, Book: book}.Decide(authentic, chaintest.Now)
	enc, err := canon.Encode(d)
	must(p.t, err)
	rec := ledger.Record{Kind: ledger.KindAccepted, At: chaintest.Now, Act: authentic.Digest, ID: a.ID, Case: a.Case,
		Peer: a.From, Verdict: ledger.VerdictOf(d.Verdict), Decision: protocol.DigestOf(enc)}
	e := casepack.ActEntry{Digest: authentic.Digest, Decision: d, Receipts: []casepack.ReceiptEntry{}}
	if a.From == office {
		for _, to := range a.To {
			l := p.logs[to]
			theirs := rec // as the recipient's ledger has it
			at := l.append(theirs)
			name := casepack.ProofName(e.Digest, to)
			p.files[name] = l.prove(at)
			e.Receipts = append(e.Receipts, casepack.ReceiptEntry{From: to, Name: name})
		}
		rec.Kind, rec.Peer = ledger.KindSent, ""
	}
	l := p.logs[office]
	p.files[casepack.ActName(e.Digest)] = signed
	p.files[casepack.ProofName(e.Digest, office)] = l.prove(l.append(rec))
	p.index.Acts = append(p.index.Acts, e)
	p.acts = append(p.acts, a)
}

// clone is a pack that can be changed without changing p.
func (p *pack) clone() *pack {
	c := *p
	c.files = maps.Clone(p.files)
	c.index.Acts = slices.Clone(p.index.Acts)
	for i := range c.index.Acts {
		c.index.Acts[i].Receipts = slices.Clone(c.index.Acts[i].Receipts)
		c.index.Acts[i].Decision.Findings = slices.Clone(c.index.Acts[i].Decision.Findings)
	}
	c.index.Documents = slices.Clone(p.index.Documents)
	c.index.Evidence = slices.Clone(p.index.Evidence)
	return &c
}

// bytes is the package as a file, in the one form, with manifests that fit whatever
// is in it.
func (p *pack) bytes() []byte { return p.in(string(p.index.Case)) }

// in is the package in a folder of the given name.
func (p *pack) in(folder string) []byte {
	p.t.Helper()
	files := maps.Clone(p.files)
	index := p.index
	if index.Format == "" {
		index.Format = casepack.Format
	}
	if files["custody.jsonld"] == nil {
		custody, err := casepack.CustodyOf(files, index)
		must(p.t, err)
		files["custody.jsonld"] = custody
	}
	text, err := canon.Encode(index)
	must(p.t, err)
	files["case.json"] = text
	var b bytes.Buffer
	w := bag.NewWriter(&b, folder)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, err := w.Add("data/"+name, bytes.NewReader(files[name]))
		must(p.t, err)
	}
	must(p.t, w.Close(casepack.InfoOf(&index)...))
	return b.Bytes()
}

// written is the package as a node writes it.
func (p *pack) written() []byte {
	p.t.Helper()
	var b bytes.Buffer
	w := casepack.NewWriter(&b, p.index.Case)
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		if !strings.HasPrefix(name, "evidence/") {
			must(p.t, w.Add(name, p.files[name]))
		}
	}
	o := p.object()
	must(p.t, w.AddEvidence(o, casepack.Here, strings.NewReader(mail)))
	must(p.t, w.Close(p.index))
	return b.Bytes()
}

// object is the one that is disclosed.
func (p *pack) object() *protocol.Object { return &p.acts[2].Body.Disclosure.Objects[0] }

// verify opens and verifies a package. The report of one that does not open
// holds nothing.
func verify(b []byte, pins []register.Pin) (casepack.Report, error) {
	p, err := casepack.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return casepack.Report{}, err
	}
	return p.Verify(pins), nil
}
