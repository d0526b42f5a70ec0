package casepack

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/protocol"
	"comity.example/protocol/bag"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
)

// A Claim is one thing that a package says, and whether it holds. One that is
// unproved says what the package does not show, and is no fault of it.
type Claim struct {
	About    string `json:"about"` // an act or a document
	Claim    string `json:"claim"` // in plain words
	Holds    bool   `json:"holds"`
	Unproved bool   `json:"unproved,omitzero"`
	Why      string `json:"why,omitzero"` // when it does not hold
}

// False reports whether the package says what is not so.
func (c *Claim) False() bool { return !c.Holds && !c.Unproved }

// A Report is what Verify found. It covers
// Acts and, of each ledger, what is in the tree named: that the exporter left
// nothing out, it cannot say.
type Report struct {
	Case     protocol.CaseID        `json:"case"`
	Exporter protocol.ParticipantID `json:"exporter"`
	Exported time.Time              `json:"exported"` // by its word
	// Fingerprint is the SHA-512 digest of the tag manifest, which leads to every file
	// of the package, in an archive as in a folder.
	Fingerprint string  `json:"fingerprint"`
	Holds       bool    `json:"holds"`    // no claim is false
	Unproved    int     `json:"unproved"` // claims
	Claims      []Claim `json:"claims"`
	// Evidence are the objects that acts name, but those whose bytes are false, and
	// Absent how many of them the package does not show.
	Evidence []Evidence `json:"evidence"`
	Absent   int        `json:"absent"`
	Acts     []Covered  `json:"acts"`    // in the order of the thread
	Ledgers  []Head     `json:"ledgers"` // by participant
}

func (r *Report) claim(about, claim string, err error) bool {
	c := Claim{About: about, Claim: claim, Holds: err == nil}
	if err != nil {
		c.Why = err.Error()
	}
	r.Claims = append(r.Claims, c)
	return c.Holds
}

// leaveOpen notes what the package does not show.
func (r *Report) leaveOpen(about, claim string) {
	r.Claims = append(r.Claims, Claim{About: about, Claim: claim, Unproved: true})
	r.Unproved++
}

// A verifier rebuilds, for each act, what the exporter knew when it decided it.
type verifier struct {
	p      *Package
	pins   []register.Pin
	docs   []document // in the order of the exporter's ledger
	report *Report
	file   *casefile.Case
	next   int64           // index in the exporter's ledger behind the acts so far
	used   map[string]bool // files of the archive that a claim rests on

	decisions []Replayed // of the acts so far
	custody   custody
	contents  map[protocol.Digest]content // evidence that was read
	rows      map[row]int                 // where in the report
	standings map[protocol.Digest]Standing
	named     map[protocol.Digest]bool // objects that acts name
	growing   bool                     // an interception that announced an object runs
	listed    map[protocol.Digest]bool // lists that were compared with their packs
	// matched are the objects whose bytes some act describes as they are.
	matched        map[protocol.Digest]bool
	contradictions []contradiction
	lies           []lie
	streams        map[protocol.Digest]int // how often a pack was read for a list
	buffer         []byte
	brief          bool // no evidence is read

	keys       map[protocol.ParticipantID][]*cosign.LogPublic
	last       *casefile.Grounds // what groundsAt returned last
	lastBefore int               // how many documents were before it
}

// Verify checks everything in p against the pinned roots of the Parties.
func (p *Package) Verify(pins []register.Pin) Report {
	v := p.verifier(pins)
	defer p.watch()()
	if v.acts() {
		v.rest()
	}
	v.report.Holds = !slices.ContainsFunc(v.report.Claims, func(c Claim) bool { return c.False() })
	return *v.report
}

func (p *Package) verifier(pins []register.Pin) *verifier {
	v := &verifier{p: p, pins: pins, used: map[string]bool{indexName: true}, decisions: []Replayed{},
		contents: map[protocol.Digest]content{}, rows: map[row]int{}, standings: map[protocol.Digest]Standing{},
		named: map[protocol.Digest]bool{}, listed: map[protocol.Digest]bool{}, matched: map[protocol.Digest]bool{}, streams: map[protocol.Digest]int{}, buffer: make([]byte, 256<<10),
		report: &Report{Case: p.Index.Case, Exporter: p.Index.Exporter, Exported: p.Index.Exported, Fingerprint: p.bag.Fingerprint(),
			Claims: []Claim{}, Evidence: []Evidence{}, Acts: []Covered{}, Ledgers: []Head{}}}
	for _, e := range p.Index.Evidence {
		v.standings[e.Tree] = e.Standing
	}
	return v
}

// acts goes through the documents and then through the acts. It reports false if there
// is nothing on which an act could be decided.
func (v *verifier) acts() bool {
	if err := v.readDocuments(); !v.report.claim("documents",
		"registers, agreements and notices are signed by the Parties' pinned roots", err) {
		return false
	}
	for i := range v.p.Index.Acts {
		v.replay(&v.p.Index.Acts[i])
	}
	if len(v.p.Index.Acts) == 0 {
		v.report.claim("case", "the package holds acts", errors.New("there is none"))
	}
	return true
}

// watch tells Progress of what is read, until the function that it returns is called.
func (p *Package) watch() func() {
	if p.Progress == nil {
		return func() {}
	}
	done, total := int64(0), p.bag.Total()
	p.bag.Progress = func(bytes int) {
		done += int64(bytes)
		p.Progress(min(done, total), total)
	}
	return func() { p.bag.Progress = nil }
}

// rest claims what is not about one act.
func (v *verifier) rest() {
	v.settleContradictions()
	v.settleLies()
	v.deletions()
	if v.growing {
		v.report.leaveOpen("evidence", "the product of an interception that had not stopped is not in the package")
		v.report.Absent++
	}
	for _, e := range v.p.Index.Evidence {
		if !v.named[e.Tree] {
			v.report.claim("evidence", "the index lists the objects that acts name",
				fmt.Errorf("none that was verified names %s", e.Tree))
			break
		}
	}
	v.report.claim("custody", "the chain of custody in CASE/UCO says what the acts and the receipts say", v.checkCustody())
	v.report.claim("package", "holds nothing that was not verified", v.unused())
	v.report.claim("package", "is a complete and valid bag (RFC 8493): every file has the SHA-512 digest of the manifest", v.checkBag())
}

// checkCustody tells the chain of custody again and compares.
func (v *verifier) checkCustody() error {
	v.used[custodyName] = true
	had, err := v.p.bag.Open(payload(custodyName))
	if errors.Is(err, bag.ErrAbsent) {
		return fmt.Errorf("%s is missing", custodyName)
	}
	if err != nil {
		return err
	}
	defer had.Close()
	for object := range v.matched {
		v.custody.has(object, v.contents[object].sum)
	}
	again, err := v.custody.read(&v.p.Index)
	if err != nil {
		return err
	}
	return same(had, again, v.buffer)
}

func (v *verifier) checkBag() error {
	r := v.p.bag.Check()
	if said := append(r.Faults, r.Warnings...); len(said) > 0 {
		return errors.New(said[0])
	}
	return nil
}

func (v *verifier) read(name string) ([]byte, error) {
	v.used[name] = true
	b, err := v.p.read(name)
	if err == nil {
		v.custody.see(name, b)
	}
	return b, err
}

// unused finds what somebody might take for verified because it lies beside
// what is. Evidence lies there a second time, and must be the same bytes.
func (v *verifier) unused() error {
	for _, name := range v.p.bag.Names() {
		if short, ok := strings.CutPrefix(name, payload("")); ok && !v.used[short] {
			return fmt.Errorf("%q is part of no claim", name)
		}
	}
	return nil
}

// act checks one act: its bytes, its chain of signatures, its place in the
// thread, the decision on it, and who proved to have it.
func (v *verifier) act(e *ActEntry) {
	about := "act " + hexOf(e.Digest)[:8]
	signed, err := v.read(ActName(e.Digest))
	if !v.report.claim(about, "is in the package", err) {
		return
	}
	own, err := v.checkProof(proofOf{by: v.p.Index.Exporter, digest: e.Digest})
	if err == nil && own.Record.Act != e.Digest {
		err = errors.New("the entry is about something else")
	}
	at := own.Record.At
	claim := "is in the exporter's own ledger"
	if err == nil {
		claim += ", since " + at.Format(time.RFC3339)
	}
	if !v.report.claim(about, claim, err) {
		return
	}
	grounds, err := v.groundsAt(own.Index)
	if err != nil {
		v.report.claim(about, "the documents of its time stand", err)
		return
	}
	a, fault := chain.VerifyOffline(signed, chain.Context{Directory: grounds.Directory, At: at})
	if fault != nil {
		v.report.claim(about, "is signed by whom it names, each registered for it", fmt.Errorf("%s", fault))
		return
	}
	about = fmt.Sprintf("%s by %s (%s)", a.Act.Body.Kind(), a.Act.From, hexOf(e.Digest)[:8])
	v.report.claim(about, "is signed by the organisation and the officers that it names, each registered for it: "+
		signers(a, grounds.Directory), nil)
	if a.Digest != e.Digest || a.Act.Case != v.p.Index.Case {
		v.report.claim(about, "is the act that is named, in this case", fmt.Errorf("it is another"))
		return
	}
	covered := v.report.cover(a, grounds.Directory)
	d := decided{a, e, own.Record, own.Index}
	covered.Agreement, covered.Verdict = v.decision(about, d, grounds)
	v.thread(about, d, grounds)
	if d.taken(v.p.Index.Exporter) && a.Act.From != v.p.Index.Exporter {
		covered.Receipts = append(covered.Receipts, Receipted{v.p.Index.Exporter, at})
	}
	covered.Receipts = append(covered.Receipts, v.receipts(about, a, e)...)
	v.evidence(about, a, covered.Receipts)
}

// decided is an act with what the exporter says and what its ledger recorded.
type decided struct {
	act   *chain.Authentic
	entry *ActEntry
	rec   ledger.Record
	index int64
}

// taken reports whether the record is that of an act that was sent by the
// exporter, or that came in from its sender and was not refused.
func (d *decided) taken(exporter protocol.ParticipantID) bool {
	if from := d.act.Act.From; from != exporter {
		return (d.rec.Kind == ledger.KindAccepted || d.rec.Kind == ledger.KindHeld) && d.rec.Peer == from
	}
	return d.rec.Kind == ledger.KindSent
}

// decision decides the act again, and compares the decision byte for byte with
// the one in the package and with the digest in the ledger.
func (v *verifier) decision(about string, d decided, g casefile.Grounds) (protocol.AgreementRef, protocol.Verdict) {
	r := v.decide(d, g)
	var err error
	switch {
	case r.Where != "":
		err = fmt.Errorf("decided again it gives %s, and differs at %s", r.Again, r.Where)
	case !d.taken(v.p.Index.Exporter):
		err = errors.New("the ledger does not say that it was sent or accepted")
	case !r.Recorded:
		err = errors.New("the ledger names another decision")
	case r.Again == protocol.Deny:
		err = fmt.Errorf("the agreement denies it: %v", d.entry.Decision.Reasons())
	}
	claim := fmt.Sprintf("was decided %q under %s, version %s, and gives the same findings again",
		r.Again, r.Agreement.ID, r.Agreement.Version)
	v.report.claim(about, claim, err)
	return r.Agreement, r.Again
}

// thread takes the act into the case. The acts stand in the order in which the
// exporter's ledger took them: else it could show an act of its own as sent
// before what it knew by then, evidence before a withdrawal for one.
func (v *verifier) thread(about string, d decided, g casefile.Grounds) {
	a, step := d.act, casefile.StepOf(d.act, &d.entry.Decision)
	if r := step.Request(); r != nil && v.file == nil { // as the exporter noted them when the case opened
		step.Terms = g.Terms(a.Act.Agreement, r, step.At)
	}
	step.Self = v.p.Index.Exporter
	var next casefile.Case
	var err error
	switch {
	case d.index < v.next:
		err = errors.New("the exporter's ledger holds it before an act that stands before it here")
	case v.file == nil:
		next, err = casefile.Open(step)
	case a.Act.From == v.p.Index.Exporter: // it knew all that stands before
		next, err = v.file.Send(step)
	default:
		next, err = v.file.Apply(step)
	}
	if v.report.claim(about, "fits the thread of the case", err) {
		v.file, v.next = &next, d.index+1
	}
}

// receipts checks that each recipient that the exporter sent the act to proved
// to have it. One may not have done so yet; a proof that is there and false is
// a fault.
func (v *verifier) receipts(about string, a *chain.Authentic, e *ActEntry) (proved []Receipted) {
	exporter := v.p.Index.Exporter
	if a.Act.From != exporter {
		return nil
	}
	for _, to := range a.Act.To {
		if to == exporter {
			continue
		}
		claim := "was receipted by " + string(to)
		if !slices.ContainsFunc(e.Receipts, func(r ReceiptEntry) bool { return r.From == to }) {
			v.report.leaveOpen(about, "was not receipted by "+string(to)+" when it was exported: "+
				"this proves the act, not that it arrived")
			continue
		}
		entry, err := v.checkProof(proofOf{by: to, digest: e.Digest})
		rec := entry.Record
		received := rec.Kind == ledger.KindAccepted || rec.Kind == ledger.KindHeld
		if err == nil && (rec.Act != e.Digest || !received || rec.Peer != exporter) {
			err = errors.New("the entry is about something else")
		}
		if err == nil {
			claim += " at " + rec.At.Format(time.RFC3339)
			proved = append(proved, Receipted{to, rec.At})
		}
		v.report.claim(about, claim, err)
	}
	return proved
}

// proofOf names the entry of an act or a document in a participant's ledger.
type proofOf struct {
	by     protocol.ParticipantID
	digest protocol.Digest
}

// checkProof returns the entry if the participant's log key signed a tree in
// which it stands.
func (v *verifier) checkProof(of proofOf) (ledger.Entry, error) {
	b, err := v.read(ProofName(of.digest, of.by))
	if err != nil {
		return ledger.Entry{}, err
	}
	p, err := ledger.ParseProof(b)
	if err != nil {
		return ledger.Entry{}, err
	}
	err = fmt.Errorf("%s stands in no register", of.by)
	for _, key := range v.logKeys(of.by) {
		var entry ledger.Entry
		if entry, err = p.Verify(ledger.Origin(of.by), key); err == nil {
			v.report.see(of.by, entry)
			return entry, nil
		}
	}
	return ledger.Entry{}, err
}
