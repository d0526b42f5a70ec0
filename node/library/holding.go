package library

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

// The keys of the store that are this package's.
//
//	document/<kind>/<name>.<digest>    register, agreement or notice, as signed
//	part/<document digest>/<nnnn>      a part of a document that is too large for one value
const (
	prefixDocument = "document/"
	prefixPart     = "part/"
)

// documentKey has the document's digest in it: an agreement that more Parties
// sign keeps its name, and what was decided before rests on the earlier file.
func documentKey(h *Holding) []byte {
	return []byte(prefixDocument + string(h.Kind) + "/" + h.FileName())
}

func documentPrefix(kind Kind, name string) []byte {
	return []byte(prefixDocument + string(kind) + "/" + name + ".")
}

func partKey(document protocol.Digest, i int) []byte {
	return fmt.Appendf(nil, "%s%x/%04d", prefixPart, document[:], i)
}

// A Holding is a document as the store holds it. The bytes of one that is larger
// than the store takes in one value lie beside it, in parts.
type Holding struct {
	Kind   Kind            `json:"kind"`
	Name   string          `json:"name"`
	Bytes  []byte          `json:"bytes"`
	Whole  protocol.Digest `json:"whole,omitzero"` // of the bytes, if they lie in parts
	Parts  int             `json:"parts,omitzero"`
	Index  int64           `json:"index"` // of its ledger entry
	Status string          `json:"status"`

	// Digest stands for an agreement or a notice as it came, among what its
	// bearer holds. It is not stored.
	Digest protocol.Digest `json:"-"`
}

// File is the digest of the document's bytes.
func (h *Holding) File() protocol.Digest {
	if h.Parts > 0 {
		return h.Whole
	}
	return protocol.DigestOf(h.Bytes)
}

// FileName names the document's bytes, where the name alone does not.
func (h *Holding) FileName() string {
	d := h.File()
	return h.Name + "." + hex.EncodeToString(d[:4])
}

// partSize is the size of a part, in bytes: it fits into a commit with others.
const partSize = 512 << 10

// Load puts the parts together.
func (h *Holding) Load(r store.Reader) error {
	for i := range h.Parts {
		part, err := r.Get(partKey(h.Whole, i))
		if err != nil {
			return fmt.Errorf("library: part %d of %s: %w", i, h.Name, err)
		}
		h.Bytes = append(h.Bytes, part...)
	}
	if h.Parts > 0 && protocol.DigestOf(h.Bytes) != h.Whole {
		return fmt.Errorf("library: %s: %w", h.Name, store.ErrDamaged)
	}
	return nil
}

// Spread has put write the bytes of a large document in parts, each by itself and
// before the commit that adopts it, and returns the holding without them. After a
// crash in between the parts are nobody's, until the same document is adopted.
func (h Holding) Spread(put func(key, part []byte) error) (Holding, error) {
	if len(h.Bytes) <= partSize {
		return h, nil
	}
	h.Whole = protocol.DigestOf(h.Bytes)
	for part := range slices.Chunk(h.Bytes, partSize) {
		if err := put(partKey(h.Whole, h.Parts), part); err != nil {
			return h, err
		}
		h.Parts++
	}
	h.Bytes = []byte{}
	return h, nil
}

// Save has the store hold a document that was spread.
func (h *Holding) Save(tx record.Values) error { return record.Write(tx, documentKey(h), h) }

// Read rebuilds a library from the store, in the order in which the documents were
// adopted.
func Read(r store.Reader, own protocol.Party, pins []register.Pin, at time.Time) (*Library, error) {
	l, err := New(own, pins)
	if err != nil {
		return nil, err
	}
	held, err := List(r)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(held, func(a, b Holding) int { return int(a.Index - b.Index) })
	for _, h := range held {
		if err := h.Load(r); err != nil {
			return nil, err
		}
		next, _, err := l.With(Document{Kind: h.Kind, Bytes: h.Bytes}, at)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", h.Kind, h.Name, err)
		}
		l = next
	}
	return l, nil
}

// Find returns the newest document of a name that is wanted.
func Find(r store.Reader, kind Kind, name string, wanted func(*Holding) bool) (Holding, error) {
	found := Holding{Index: -1}
	err := r.Scan(store.Range{Prefix: documentPrefix(kind, name)}, func(_, value []byte) (bool, error) {
		h, err := record.Parse[Holding](value)
		if h.Name == name && h.Index > found.Index && wanted(&h) {
			found = h
		}
		return true, err
	})
	if err == nil && found.Index < 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return found, err
	}
	return found, found.Load(r)
}

// List returns what the store holds, by kind and name, without the bytes that lie in
// parts.
func List(r store.Reader) (out []Holding, err error) {
	err = r.Scan(store.Range{Prefix: []byte(prefixDocument)}, func(_, value []byte) (bool, error) {
		h, err := record.Parse[Holding](value)
		out = append(out, h)
		return true, err
	})
	return out, err
}
