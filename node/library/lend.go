package library

import (
	"bytes"
	"maps"
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// Lend answers a participant of a Party that asks for a document.
func (l *Library) Lend(peer protocol.Party, m *wire.Pull) wire.Message {
	if m.Kind == wire.KindRegister {
		b, d := l.Register(protocol.Party(m.Name))
		if b == nil || d == m.Have {
			return &wire.Nothing{}
		}
		return &wire.Publish{Kind: m.Kind, Document: b}
	}
	var wanted protocol.Digest
	if err := wanted.UnmarshalText([]byte(m.Name)); err != nil {
		return &wire.Nothing{}
	}
	b, ok := l.Shelf(KindOf(m.Kind), peer).docs[wanted]
	if !ok {
		return &wire.Nothing{}
	}
	return &wire.Publish{Kind: m.Kind, Document: b}
}

// ShowHoldings answers one that compares what it holds with what we hold of what
// concerns us both.
func (l *Library) ShowHoldings(peer protocol.Party, m *wire.HoldingsQuery) wire.Message {
	s := l.Shelf(KindOf(m.Kind), peer)
	list := s.after(m.After)
	if s.set == m.Have || len(list) == 0 {
		return &wire.Nothing{}
	}
	return &wire.HoldingsAnswer{Digests: list[:min(len(list), wire.MaxHoldings)]}
}

// A shelf is the agreements, or the notices, that concern our Party and another.
type Shelf struct {
	docs map[protocol.Digest][]byte // by what stands for each (SPEC.md, section 11.2)
	list []protocol.Digest          // the keys of docs, ascending
	set  protocol.Digest            // of list
}

type shelfName struct {
	kind  Kind
	party protocol.Party
}

// Shelf returns the agreements that our Party and another signed, or the notices
// under them. It is put together once: whoever asks often costs no more. Only
// Parties that are pinned are asked for.
func (l *Library) Shelf(kind Kind, party protocol.Party) *Shelf {
	name := shelfName{kind, party}
	if s, ok := l.shelves.Load(name); ok {
		return s.(*Shelf)
	}
	s := &Shelf{docs: map[protocol.Digest][]byte{}}
	bound := map[string]bool{}
	for _, a := range l.agreements {
		if !a.concerns(l.own, party) {
			continue
		}
		bound[a.Document().ID] = true
		if kind == AgreementDocument {
			s.docs[a.Digest()] = a.bytes
		}
	}
	for _, n := range l.notices {
		if kind == NoticeDocument && bound[n.Notice().Agreement] {
			s.docs[n.Digest()] = n.bytes
		}
	}
	s.list = slices.SortedFunc(maps.Keys(s.docs), compare)
	s.set = wire.SetDigest(s.list)
	l.shelves.Store(name, s)
	return s
}

// Set is the digest of what is on the shelf.
func (s *Shelf) Set() protocol.Digest { return s.set }

// Has reports whether a document is on the shelf, by what stands for it.
func (s *Shelf) Has(d protocol.Digest) bool {
	_, ok := s.docs[d]
	return ok
}

// Empty reports whether nothing is.
func (s *Shelf) Empty() bool { return len(s.list) == 0 }

// after returns the digests of the shelf that follow d.
func (s *Shelf) after(d protocol.Digest) []protocol.Digest {
	i, found := slices.BinarySearchFunc(s.list, d, compare)
	if found {
		i++
	}
	return s.list[i:]
}

func compare(a, b protocol.Digest) int { return bytes.Compare(a[:], b[:]) }
