package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"comity.example/protocol"
)

// How long evidence that was made available outside of the decentralised IT system
// remains accessible, in calendar days from that moment (Implementing Regulation
// (EU) 2025/1550, point 3.3.3(b)).
const (
	LeastAvailable = 10
	MostAvailable  = 45
)

// HashAlgorithm is the algorithm of the digests in a manifest. SHA-256 is not among
// the examples of point 3.3.3(a)(7), SHA-512 is.
const HashAlgorithm = "SHA-512"

// A Manifest says of a disclosure what the originator records and transmits where
// electronic evidence takes another way than the decentralised IT system:
// Implementing Regulation (EU) 2025/1550, point 3.3.3. It is a view: what was signed
// is the disclosure.
type Manifest struct {
	Sender     protocol.ParticipantID   `json:"sender"`
	Recipients []protocol.ParticipantID `json:"recipients"`
	Order      ManifestOrder            `json:"order"`
	// Status says how much of what was asked for was produced.
	Status    protocol.ProductionStatus `json:"status"`
	Sent      time.Time                 `json:"sent"`
	Available time.Time                 `json:"available"`
	Means     string                    `json:"means"`
	// Received is the proof that the act came: the receipts of its recipients.
	Received []ManifestReceipt `json:"received,omitempty"`
	Files    []ManifestFile    `json:"files"`
	// Until is when the evidence ceases to be accessible; without it no end is
	// set. Extended says that the issuing authority asked for more time.
	Until    time.Time `json:"until,omitzero"`
	Extended bool      `json:"extended,omitzero"`
	// Note is what the sender wrote in the act, and Remarks what is added here.
	Note    string `json:"note,omitzero"`
	Remarks string `json:"remarks,omitzero"`
	// Made is when the view was made, and Rules which provision asks for what.
	Made  time.Time      `json:"made"`
	Rules []ManifestRule `json:"rules"`
}

// A ManifestOrder links evidence to the order for it.
type ManifestOrder struct {
	Case       protocol.CaseID        `json:"case"`
	Type       protocol.RequestType   `json:"type"`
	Issuer     protocol.ParticipantID `json:"issuer"`
	FileNumber string                 `json:"file_number"` // of the issuer
	Authority  string                 `json:"authority"`   // that authorised it
	Reference  string                 `json:"reference"`   // of the authorisation
	Date       time.Time              `json:"date"`
	// Validated is the reference of its validation, if another authority did that.
	Validated string `json:"validated,omitzero"`
	// Preserves are the orders by which the same data was preserved before.
	Preserves []ManifestRelated `json:"preserves,omitempty"`
}

// A ManifestRelated is another order: its case, or its reference, or both.
type ManifestRelated struct {
	Case      protocol.CaseID `json:"case,omitzero"`
	Reference string          `json:"reference,omitzero"`
	Date      time.Time       `json:"date,omitzero"`
}

// A ManifestReceipt says when a recipient received the act, by its own ledger.
type ManifestReceipt struct {
	By protocol.ParticipantID `json:"by"`
	At time.Time              `json:"at"`
}

// A ManifestFile is one file that was transmitted. One that is in a pack names it.
type ManifestFile struct {
	Name      string              `json:"name"`
	MediaType string              `json:"media_type"`
	Size      int64               `json:"size"` // bytes
	Hashes    []ManifestHash      `json:"hashes"`
	Role      protocol.ObjectRole `json:"role,omitzero"`
	Pack      string              `json:"pack,omitzero"` // the name of the pack that it is in
	Offset    int64               `json:"offset,omitzero"`
	Collected time.Time           `json:"collected,omitzero"`
	Collector string              `json:"collector,omitzero"`
}

// A ManifestHash is a digest of a file, and how it was computed.
type ManifestHash struct {
	Algorithm string `json:"algorithm"`
	Digest    string `json:"digest"` // hexadecimal
}

// A ManifestRule says which provision asks for a member, and whether its text was read.
type ManifestRule struct {
	Member     string `json:"member"`
	Article    string `json:"article"`
	Provenance string `json:"provenance"`
}

// manifestRules are the points of 3.3.3, which were read in the Official Journal.
func manifestRules() []ManifestRule {
	var out []ManifestRule
	for _, r := range [][2]string{
		{"sender", "(a)(1)"}, {"recipients", "(a)(1)"}, {"order", "(a)(2)"}, {"order.preserves", "(a)(2)"}, {"sent", "(a)(3)"}, {"available", "(a)(3)"},
		{"means", "(a)(4)"}, {"received", "(a)(4)"}, {"files.name", "(a)(5)"}, {"files.size", "(a)(6)"}, {"files.hashes", "(a)(7)"}, {"until", "(b)"},
		{"extended", "(b)"}, {"status", "(c)"}, {"note", "(c)"}, {"remarks", "(c)"},
	} {
		out = append(out, ManifestRule{r[0], "Implementing Regulation (EU) 2025/1550, point 3.3.3" + r[1], "verified"})
	}
	return out
}

// A Transmission is what a manifest is made of.
type Transmission struct {
	Act     *protocol.Act     // the disclosure
	Origin  *protocol.Act     // the disclosure that it passes on, if it does
	Request *protocol.Request // that it answers
	// Listed are the files of its packs, if they are to be named one by one.
	Listed []Entry
	// Means says how the evidence was transmitted: a record of the link, for one.
	Means string
	// Available is when the recipient could have it; zero: with the act.
	Available time.Time
	// Received are the receipts of the act that its sender holds.
	Received []ManifestReceipt
	// Until is when it ceases to be accessible; zero: as the act says, or no end.
	Until    time.Time
	Extended bool // at the request of the issuing authority
	Remarks  string
}

// Manifest makes the manifest of a transmission, at a time.
func (x *Transmission) Manifest(at time.Time) (*Manifest, error) {
	if x.Act == nil || x.Act.Body.Disclosure == nil || x.Request == nil {
		return nil, errors.New("evidence: manifest: want a disclosure and the request that it answers")
	}
	d, until := x.Act.Body.Disclosure, x.Until
	if until.IsZero() {
		until = d.Until
	}
	available := x.Available
	if available.IsZero() {
		available = x.Act.Issued
	}
	if err := x.checkTimes(available, until); err != nil {
		return nil, err
	}
	objects, collected := d.Objects, x.Act
	if x.Origin != nil && x.Origin.Body.Disclosure != nil {
		objects, collected = x.Origin.Body.Disclosure.Objects, x.Origin
	}
	m := &Manifest{Sender: x.Act.From, Recipients: x.Act.To, Status: d.Status, Sent: x.Act.Issued, Available: available, Means: x.Means,
		Received: x.Received, Until: until, Extended: x.Extended, Note: d.Note, Remarks: x.Remarks, Made: at, Rules: manifestRules(),
		Files: []ManifestFile{}, Order: orderOf(x.Act.Case, x.Request)}
	if collected != x.Act {
		m.Remarks = strings.TrimSpace(fmt.Sprintf("%s\nproduced by %s", m.Remarks, collected.From))
	}
	packs := map[protocol.Digest]string{}
	for _, o := range objects {
		m.Files = append(m.Files, ManifestFile{Name: o.Name, MediaType: o.MediaType, Size: o.Size, Role: o.Role,
			Hashes: []ManifestHash{{HashAlgorithm, o.SHA512}}, Collected: o.Collected, Collector: o.Collector})
		if o.Role == protocol.RolePack {
			packs[o.Tree] = o.Name
		}
	}
	for i := range x.Listed {
		e := &x.Listed[i]
		name, ok := packs[e.Pack]
		if !ok {
			return nil, fmt.Errorf("evidence: manifest: file %d: want one that is in a pack of the disclosure", i+1)
		}
		m.Files = append(m.Files, ManifestFile{Name: e.Name, MediaType: e.MediaType, Size: e.Size, Pack: name, Offset: e.Offset,
			Hashes: []ManifestHash{{HashAlgorithm, e.SHA512}}, Collected: e.Collected, Collector: e.Collector})
	}
	return m, nil
}

// orderOf links evidence to the order for it, and to those by which it was preserved.
func orderOf(id protocol.CaseID, r *protocol.Request) ManifestOrder {
	a := &r.Authorisation
	o := ManifestOrder{Case: id, Type: r.Type, Issuer: r.Issuer, FileNumber: r.FileNumber, Authority: a.Authority, Reference: a.Reference, Date: a.Date}
	if a.ValidatedBy != nil {
		o.Validated = a.ValidatedBy.Reference
	}
	for _, p := range r.RelatedBy(protocol.RelationPreserves) {
		o.Preserves = append(o.Preserves, ManifestRelated{p.Case, p.Reference, p.Date})
	}
	return o
}

// checkTimes: 10 to 45 calendar days, or more where the authority asked for it. What the
// act says is signed, and nobody mends it.
func (x *Transmission) checkTimes(available, until time.Time) error {
	switch {
	case x.Means == "":
		return errors.New("evidence: manifest: means: want how it was transmitted (point 3.3.3(a)(4))")
	case until.IsZero() && x.Extended:
		return errors.New("evidence: manifest: until: want the end of a time that was extended")
	case x.Until.IsZero():
		return nil
	case x.Until.Before(available.AddDate(0, 0, LeastAvailable)):
		return fmt.Errorf("evidence: manifest: until: want at least %d calendar days after it was made available (point 3.3.3(b))", LeastAvailable)
	case !x.Extended && x.Until.After(available.AddDate(0, 0, MostAvailable)):
		return fmt.Errorf("evidence: manifest: until: want at most %d calendar days after it was made available, unless the issuing authority "+
			"asked for more (point 3.3.3(b))", MostAvailable)
	}
	return nil
}

// WriteText writes m for people. A name is quoted, so that it shows nothing else
// than what it is.
func (m *Manifest) WriteText(w io.Writer) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-14s "+format+"\n", append([]any{name}, args...)...)
	}
	moment := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
	b.WriteString("Manifest of electronic evidence\n(Implementing Regulation (EU) 2025/1550, point 3.3.3)\n\n")
	line("sender", "%s", m.Sender)
	for _, r := range m.Recipients {
		line("recipient", "%s", r)
	}
	o := &m.Order
	line("order", "%s, file number %q, of %s", o.Type, o.FileNumber, o.Issuer)
	line("authorised by", "%q, reference %q, %s", o.Authority, o.Reference, moment(o.Date))
	if o.Validated != "" {
		line("validated", "reference %q", o.Validated)
	}
	for _, p := range o.Preserves {
		line("preserved by", "%s, reference %q", cmp.Or(string(p.Case), "no case of this network"), p.Reference)
	}
	line("case", "%s", o.Case)
	line("produced", "%s", m.Status)
	line("sent", "%s", moment(m.Sent))
	line("available from", "%s", moment(m.Available))
	switch {
	case m.Until.IsZero():
		line("until", "no end is set")
	case m.Extended:
		line("until", "%s, extended at the request of the issuing authority", moment(m.Until))
	default:
		line("until", "%s", moment(m.Until))
	}
	line("means", "%q", m.Means)
	for _, r := range m.Received {
		line("received", "%s by %s, by its own ledger", moment(r.At), r.By)
	}
	if m.Note != "" {
		line("note", "%q", m.Note)
	}
	if m.Remarks != "" {
		line("remarks", "%q", m.Remarks)
	}
	for i := range m.Files {
		b.WriteByte('\n')
		m.Files[i].text(line)
		if b.Len() > 64<<10 { // a pack may have many files
			if _, err := io.WriteString(w, b.String()); err != nil {
				return fmt.Errorf("evidence: manifest: %w", err)
			}
			b.Reset()
		}
	}
	fmt.Fprintf(&b, "\nFiles: %d. This view was made %s.\n", len(m.Files), moment(m.Made))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("evidence: manifest: %w", err)
	}
	return nil
}

func (f *ManifestFile) text(line func(name, format string, args ...any)) {
	line("file", "%q", f.Name)
	switch {
	case f.Pack != "":
		line("in the pack", "%q, at byte %d", f.Pack, f.Offset)
	case f.Role == protocol.RolePack:
		line("holds", "many files, one behind the other: the list names them")
	case f.Role == protocol.RoleList:
		line("holds", "the names of the files in a pack")
	}
	line("type", "%q", f.MediaType)
	line("size", "%d bytes", f.Size)
	for _, h := range f.Hashes {
		line(h.Algorithm, "%s", h.Digest)
	}
	if !f.Collected.IsZero() || f.Collector != "" {
		line("collected", "%s, %q", f.Collected.UTC().Format("2006-01-02 15:04:05 UTC"), f.Collector)
	}
}
