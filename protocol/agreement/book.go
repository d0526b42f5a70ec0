package agreement

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"comity.example/protocol"
)

// A Book is the set of agreements and notices that a node holds at a moment.
// It never changes and is safe for concurrent use: what is added makes a new
// Book. The zero Book allows nothing.
type Book struct {
	entries  []*entry // by id, the newest version of each first
	byPair   map[pair][]*entry
	byID     map[string][]*entry
	everyone []*entry                    // of what every State may be Party to
	domestic map[protocol.Party][]*entry // its own law, by id, the newest version of each first

	signatures bool // a right is usable only between Parties that signed
}

// A pair is a direction: from the issuing to the receiving Party.
type pair struct{ from, to protocol.Party }

// An entry is a document in a Book.
type entry struct {
	doc     *Document
	signed  []protocol.Party // by whom its signatures were verified
	notices []*Notice        // in the order in which they take effect
	digests []protocol.Digest
}

// NewBook returns a Book whose documents nobody's signature was asked for:
// for drafting and for checking a request against a text. A node uses
// NewSignedBook.
func NewBook(docs []*Document, notices []*Notice) (*Book, error) {
	held := make([]SignedDocument, len(docs))
	for i, d := range docs {
		held[i] = SignedDocument{doc: d}
	}
	signed := make([]SignedNotice, len(notices))
	for i, n := range notices {
		signed[i] = SignedNotice{notice: n}
	}
	return newBook(held, signed)
}

// NewSignedBook returns a Book in which a right between two Parties is usable
// only if both signed the document.
func NewSignedBook(docs []SignedDocument, notices []SignedNotice) (*Book, error) {
	b, err := newBook(docs, notices)
	if err != nil {
		return nil, err
	}
	b.signatures = true
	return b, nil
}

func newBook(docs []SignedDocument, notices []SignedNotice) (*Book, error) {
	b := &Book{byPair: map[pair][]*entry{}, byID: map[string][]*entry{},
		domestic: map[protocol.Party][]*entry{}}
	for _, d := range docs {
		if d.doc == nil {
			return nil, errors.New("agreement: new book: a document is missing")
		}
		b.entries = append(b.entries, &entry{doc: d.doc, signed: d.by,
			digests: []protocol.Digest{d.doc.digest}})
	}
	slices.SortFunc(b.entries, func(x, y *entry) int {
		return cmp.Or(strings.Compare(x.doc.ID, y.doc.ID), compareVersion(y.doc, x.doc))
	})
	for i, e := range b.entries {
		if i > 0 && e.doc.Ref() == b.entries[i-1].doc.Ref() {
			return nil, fmt.Errorf("agreement: new book: two documents are %s, version %s",
				e.doc.ID, e.doc.Version)
		}
		b.byID[e.doc.ID] = append(b.byID[e.doc.ID], e)
	}
	b.index()
	if err := b.addNotices(notices); err != nil {
		return nil, err
	}
	return b, nil
}

// index files the entries under the pairs that they join. Of one pair the most
// specific come first: those of fewest Parties, then by id, the newest version
// of each first.
func (b *Book) index() {
	for _, e := range slices.SortedStableFunc(slices.Values(b.entries), func(x, y *entry) int {
		return cmp.Compare(len(x.doc.Members), len(y.doc.Members))
	}) {
		switch {
		case e.doc.Kind == KindDomestic:
			party := e.doc.Members[0].Party
			b.domestic[party] = append(b.domestic[party], e)
			continue
		case e.doc.EveryParty:
			b.everyone = append(b.everyone, e)
			continue
		}
		for _, from := range e.doc.Members {
			for _, to := range e.doc.Members {
				if from.Party != to.Party {
					p := pair{from.Party, to.Party}
					b.byPair[p] = append(b.byPair[p], e)
				}
			}
		}
	}
}

// between returns what joins a pair, the most specific first. Within a Party
// that is its own law, as far as it grants rights there.
func (b *Book) between(p pair) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		if p.from == "" || p.to == "" {
			return
		}
		if p.from == p.to {
			for _, e := range b.domestic[p.from] {
				if e.doc.Governs(p.from, p.to) && !yield(e) {
					return
				}
			}
			return
		}
		for _, list := range [...][]*entry{b.byPair[p], b.everyone} {
			for _, e := range list {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// addNotices refuses a notice that would have no effect: a suspension whose
// agreement is misspelt must not be lost in silence.
func (b *Book) addNotices(notices []SignedNotice) error {
	seen := map[string]bool{}
	for _, s := range notices {
		n := s.notice
		if n == nil {
			return errors.New("agreement: new book: a notice is missing")
		}
		if err := n.Check(); err != nil {
			return err
		}
		versions := b.byID[n.Agreement]
		if len(versions) == 0 {
			return fmt.Errorf("agreement: new book: notice %s: agreement %q is not held",
				n.ID, n.Agreement)
		}
		key := string(n.Party) + " " + n.ID
		if seen[key] {
			return fmt.Errorf("agreement: new book: two notices of %s are %s", n.Party, n.ID)
		}
		seen[key] = true
		if versions[0].doc.Kind == KindDomestic {
			return fmt.Errorf("agreement: new book: notice %s: %s is a Party's law: it grants nothing that a notice could take",
				n.ID, n.Agreement)
		}
		party, option := false, n.Option == ""
		for _, e := range versions {
			party = party || e.doc.Has(n.Party)
			if n.Option != "" {
				o := e.doc.option(n.Option)
				option = option || o != nil && n.Kind.fits(o.Kind)
			}
			e.notices = append(e.notices, n)
		}
		if !party {
			return fmt.Errorf("agreement: new book: notice %s: %s is not Party to %s",
				n.ID, n.Party, n.Agreement)
		}
		if !option {
			return fmt.Errorf("agreement: new book: notice %s: %s has no option %q for a notice of kind %s",
				n.ID, n.Agreement, n.Option, n.Kind)
		}
	}
	return b.orderNotices()
}

func (b *Book) orderNotices() error {
	for _, e := range b.entries {
		slices.SortFunc(e.notices, compareNotices)
		for _, n := range e.notices {
			enc, err := n.Encode()
			if err != nil {
				return err
			}
			e.digests = append(e.digests, protocol.DigestOf(enc))
		}
	}
	return nil
}

// Documents returns the documents, by id, the newest version of each first.
func (b *Book) Documents() []*Document {
	out := make([]*Document, len(b.entries))
	for i, e := range b.entries {
		out[i] = e.doc
	}
	return out
}

// Notices returns the notices under an agreement, in the order in which they
// take effect.
func (b *Book) Notices(id string) []*Notice {
	if len(b.byID[id]) == 0 {
		return nil
	}
	return slices.Clone(b.byID[id][0].notices)
}

// usable reports whether signatures do not stand in the way of the entry
// carrying requests between the two Parties.
func (b *Book) usable(e *entry, p pair) bool {
	return !b.signatures || slices.Contains(e.signed, p.from) && slices.Contains(e.signed, p.to)
}
