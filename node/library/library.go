// Package library is the registers, agreements and notices on which a node decides.
//
// A Library is all that are in use, and what follows from them: it takes one more
// (library.go), or says why one of the home's files is not in use (idle.go), and
// whether a start could do with such a file (foresee.go). It answers peers that ask
// for a document (lend.go). How documents lie in the store is in holding.go.
//
// The package is trusted with what every decision rests on: it takes nothing that
// its Parties have not signed.
package library

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
)

// A Library is every document in use, and what follows from them. It never
// changes: With returns another.
type Library struct {
	own        protocol.Party
	directory  *register.Directory
	registers  map[protocol.Party]protocol.Digest // of the bytes of each in directory
	agreements map[string]heldAgreement           // by id@version
	notices    map[string]heldNotice              // by Party and id

	shelves sync.Map // of *Shelf, by shelfName: those that were asked for
}

// A heldAgreement keeps its bytes, to be lent.
type heldAgreement struct {
	agreement.SignedDocument
	bytes []byte
}

// concerns reports whether the agreement is between the two Parties: both signed
// it, or it is the law of one of them, which that one signed.
func (a *heldAgreement) concerns(p, q protocol.Party) bool {
	if a.domestic() {
		return a.Document().Has(p) || a.Document().Has(q)
	}
	return slices.Contains(a.By(), p) && slices.Contains(a.By(), q)
}

func (a *heldAgreement) domestic() bool { return a.Document().Kind == agreement.KindDomestic }

// A heldNotice keeps its bytes, to be lent.
type heldNotice struct {
	agreement.SignedNotice
	bytes []byte
}

// New returns an empty library, of a participant of a Party.
func New(own protocol.Party, pins []register.Pin) (*Library, error) {
	d, err := register.NewDirectory(pins...)
	return &Library{own: own, directory: d, registers: map[protocol.Party]protocol.Digest{},
		agreements: map[string]heldAgreement{}, notices: map[string]heldNotice{}}, err
}

// With returns a library with one more document, and the document's name and
// what there is to say of it.
func (l *Library) With(d Document, at time.Time) (*Library, Holding, error) {
	next := &Library{own: l.own, directory: l.directory, registers: maps.Clone(l.registers),
		agreements: maps.Clone(l.agreements), notices: maps.Clone(l.notices)}
	h := Holding{Kind: d.Kind, Bytes: d.Bytes}
	var err error
	switch d.Kind {
	case RegisterDocument:
		err = next.addRegister(&h, at)
	case AgreementDocument:
		err = next.addAgreement(&h)
	case NoticeDocument:
		err = next.addNotice(&h)
	default:
		err = errors.New("library: want a register, an agreement or a notice")
	}
	return next, h, err
}

func (l *Library) addRegister(h *Holding, at time.Time) error {
	file := protocol.DigestOf(h.Bytes)
	for _, held := range l.registers {
		if held == file {
			return ErrHeld // reading a large one again would be dear
		}
	}
	next, err := l.directory.With(h.Bytes, at)
	if err != nil {
		return err
	}
	if next == l.directory {
		return ErrHeld
	}
	var r *register.Signed
	for _, party := range next.Parties() {
		before, _ := l.directory.Register(party)
		if now, err := next.Register(party); err == nil && now != before {
			r = now
		}
	}
	l.directory, l.registers[r.Party] = next, file
	h.Name = fmt.Sprintf("%s@%d", r.Party, r.Version)
	h.Status = fmt.Sprintf("%d participants, valid until %s", len(r.Participants), r.Expires.Format(time.DateOnly))
	return nil
}

// addAgreement takes an agreement that our own Party signed, or the law of a
// Party that signed it. No other carries a request that is ours to decide or
// stands in its way, and no others can then occupy an id and a version here:
// the id of a Party's law is its own.
func (l *Library) addAgreement(h *Holding) error {
	var known []*agreement.Document // a peer may offer one that is held over and over, signed anew
	for _, held := range l.agreements {
		if bytes.Equal(held.bytes, h.Bytes) {
			return ErrHeld // also when its signers have other roots by now
		}
		known = append(known, held.Document())
	}
	signed, err := agreement.ParseSigned(h.Bytes, l.roots, known...)
	if err != nil {
		return err
	}
	ref := signed.Document().Ref()
	h.Name, h.Digest = ref.ID+"@"+ref.Version, signed.Digest()
	if signed.Document().Kind != agreement.KindDomestic && !slices.Contains(signed.By(), l.own) {
		return fmt.Errorf("%w: %s", ErrForeign, h.Name)
	}
	if err := l.roomForLaw(signed.Document()); err != nil {
		return err
	}
	if held, ok := l.agreements[h.Name]; ok {
		if held.Document().Digest() != signed.Document().Digest() {
			return fmt.Errorf("%w as %s: give it a new version", ErrReplaced, h.Name)
		}
		if signed, err = l.join(h, held, signed); err != nil {
			return err
		}
	}
	h.Status = status(signed)
	l.agreements[h.Name] = heldAgreement{signed, h.Bytes}
	return nil
}

// Limits of one Party's own law that a node takes, in all its documents and
// versions. Its Party alone signs it, and it is asked for every act to and from
// that Party: hostile roots must fill no disk with it and keep no machine busy.
const (
	MaxLaws     = 32        // documents
	MaxLawBytes = 512 << 10 // bytes of their texts
	// MaxLawCost bounds their expressions, in CEL's cost units: some milliseconds
	// of one decision.
	MaxLawCost = 100_000
)

func (l *Library) roomForLaw(d *agreement.Document) error {
	if d.Kind != agreement.KindDomestic {
		return nil
	}
	party := d.Members[0].Party
	held, size, cost := 1, len(d.Bytes()), d.Cost()
	for _, a := range l.agreements {
		if a.Document().Ref() == d.Ref() {
			return nil
		}
		if a.domestic() && a.Document().Has(party) {
			held, size, cost = held+1, size+len(a.Document().Bytes()), cost+a.Document().Cost()
		}
	}
	if held > MaxLaws || size > MaxLawBytes || cost > MaxLawCost {
		return fmt.Errorf("%w: %d documents of the law of %s, of %d bytes and %d cost units", ErrTooMany, held, party, size, cost)
	}
	return nil
}

// status says in words where an agreement stands.
func status(signed agreement.SignedDocument) string {
	var by []string
	for _, p := range signed.By() {
		by = append(by, string(p))
	}
	return strings.ReplaceAll(string(signed.Document().Status), "_", " ") + ", signed by " + strings.Join(by, ", ")
}

// join returns the document with the signatures that are held and those that
// came. A file that has more of them and lacks one takes nothing away: whoever
// brings it may have left that one out.
func (l *Library) join(h *Holding, held heldAgreement, came agreement.SignedDocument) (agreement.SignedDocument, error) {
	if subset(came.By(), held.By()) {
		return held.SignedDocument, ErrHeld
	}
	if subset(held.By(), came.By()) {
		return came, nil
	}
	joined, err := agreement.JoinSigned(held.bytes, h.Bytes)
	if err != nil {
		return agreement.SignedDocument{}, err
	}
	h.Bytes = joined
	return agreement.ParseSigned(joined, l.roots, held.Document())
}

func subset(some, all []protocol.Party) bool {
	return !slices.ContainsFunc(some, func(p protocol.Party) bool { return !slices.Contains(all, p) })
}

func (l *Library) addNotice(h *Holding) error {
	for _, held := range l.notices {
		if bytes.Equal(held.bytes, h.Bytes) {
			return ErrHeld // also when its Party has other roots by now
		}
	}
	signed, err := agreement.VerifyNotice(h.Bytes, l.roots)
	if err != nil {
		return err
	}
	notice := signed.Notice()
	h.Name, h.Digest = string(notice.Party)+"."+notice.ID, signed.Digest()
	h.Status = fmt.Sprintf("%s of %s by %s, effective %s", notice.Kind, notice.Agreement, notice.Party,
		notice.Effective.Format(time.RFC3339))
	if held, ok := l.notices[h.Name]; ok {
		if held.Digest() != signed.Digest() {
			return fmt.Errorf("%w as %s: give it a new id", ErrReplaced, h.Name)
		}
		return ErrHeld
	}
	if !l.holds(notice.Agreement) {
		return fmt.Errorf("%w: agreement %s", ErrEarly, notice.Agreement)
	}
	given := 0
	for _, other := range l.notices {
		if n := other.Notice(); n.Party == notice.Party && n.Agreement == notice.Agreement {
			given++
		}
	}
	if given >= agreement.MaxNotices {
		return fmt.Errorf("%w: %d of %s under %s", ErrTooMany, given, notice.Party, notice.Agreement)
	}
	l.notices[h.Name] = heldNotice{signed, h.Bytes}
	return nil
}

// holds reports whether an agreement is held in any version.
func (l *Library) holds(id string) bool {
	for _, a := range l.agreements {
		if a.Document().ID == id {
			return true
		}
	}
	return false
}

// Parties returns those that are pinned.
func (l *Library) Parties() []protocol.Party { return l.directory.Parties() }

// Register returns the bytes of the register that is in use, and their digest;
// nil if there is none.
func (l *Library) Register(p protocol.Party) ([]byte, protocol.Digest) {
	held, err := l.directory.Register(p)
	if err != nil {
		return nil, protocol.Digest{}
	}
	return held.Bytes, l.registers[p]
}

// Agreement returns the agreement of a case, nil if it is not held any more.
func (l *Library) Agreement(c *casefile.Case) *agreement.Document {
	if l == nil {
		return nil
	}
	held, ok := l.agreements[c.Agreement.ID+"@"+c.Agreement.Version]
	if !ok {
		return nil
	}
	return held.Document()
}

// Clock reports whether a document has a clock that runs, by its id, and whether
// one says that it is policy.
func (l *Library) Clock(id string) (known, policy bool) {
	for _, a := range l.agreements {
		d := a.Document()
		for i := range d.Clocks {
			if c := &d.Clocks[i]; c.ID == id && c.Run != nil {
				known, policy = true, policy || c.Run.Policy
			}
		}
	}
	return known, policy
}

// Editions names the agreements in use with the digests of their files, ascending.
func (l *Library) Editions() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(l.agreements)) {
		out = append(out, name+" "+protocol.DigestOf(l.agreements[name].bytes).String())
	}
	return out
}

// Concerned returns whom a document that is published here is sent to: a
// register and a Party's law to everybody we know, an agreement or a notice to
// the participants of the Parties that signed: others do not take it.
func (l *Library) Concerned(h Holding, self protocol.ParticipantID) []protocol.ParticipantID {
	parties := l.directory.Parties()
	switch h.Kind {
	case AgreementDocument:
		if a := l.agreements[h.Name]; !a.domestic() { // everybody may come up against a Party's law
			parties = a.By()
		}
	case NoticeDocument:
		parties = nil
		id := l.notices[h.Name].Notice().Agreement
		for _, a := range l.agreements {
			if a.Document().ID == id {
				parties = append(parties, a.By()...)
			}
		}
	}
	var to []protocol.ParticipantID
	for _, p := range parties {
		held, err := l.directory.Register(p)
		if err != nil {
			continue
		}
		for i := range held.Participants {
			if id := held.Participants[i].ID; id != self && !slices.Contains(to, id) {
				to = append(to, id)
			}
		}
	}
	return to
}

// roots are the keys with which a Party signs agreements and notices: those of
// its newest register, or of its pin while none is held.
func (l *Library) roots(p protocol.Party) ([]*identity.Public, int, bool) {
	pin, ok := l.directory.Trusted(p)
	return pin.Keys, pin.Threshold, ok
}

// Grounds are what acts are decided on with this library.
func (l *Library) Grounds() (*casefile.Grounds, error) {
	var docs []agreement.SignedDocument
	for _, name := range slices.Sorted(maps.Keys(l.agreements)) {
		docs = append(docs, l.agreements[name].SignedDocument)
	}
	var notices []agreement.SignedNotice
	for _, name := range slices.Sorted(maps.Keys(l.notices)) {
		notices = append(notices, l.notices[name].SignedNotice)
	}
	book, err := agreement.NewSignedBook(docs, notices)
	if err != nil {
		return nil, err
	}
	return &casefile.Grounds{Directory: l.directory, Book: book}, nil
}
