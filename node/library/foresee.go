package library

import (
	"cmp"
	"math"
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/register"
)

// A Foresight is what a start rests on, for who wants to know beforehand how it
// will end.
type Foresight struct {
	Self  protocol.ParticipantID
	Pins  []register.Pin
	Held  []Document // what the node's store holds, as far as it is known
	Files []Document // Config.Documents
	At    time.Time
}

// Refused returns the files without which the node must not run, and which do
// not stand: a start with them ends at the first.
func (f *Foresight) Refused() ([]*FileError, error) {
	l, err := New(f.Self.Party(), f.Pins)
	if err != nil {
		return nil, err
	}
	for _, d := range oldestFirst(InOrder(f.Held)) {
		if next, err := l.usable(d, f.At); err == nil { // what fails here rests on roots that were replaced
			l = next
		}
	}
	var out []*FileError
	for _, d := range InOrder(f.Files) {
		next, err := l.usable(d, f.At)
		if err == nil {
			l = next
			continue
		}
		if file, ok := l.Idle(d, err); ok && file.Err != nil {
			out = append(out, &FileError{Kind: d.Kind, File: d.File, Err: file.Err})
		}
	}
	return out, nil
}

// usable returns a library with one more document on which acts can be decided.
func (l *Library) usable(d Document, at time.Time) (*Library, error) {
	next, _, err := l.With(d, at)
	if err == nil {
		_, err = next.Grounds()
	}
	return next, err
}

// oldestFirst puts each register behind those whose roots signed it, and all
// else behind the registers.
func oldestFirst(docs []Document) []Document {
	version := func(d Document) uint64 {
		if d.Kind != RegisterDocument {
			return math.MaxUint64
		}
		r, err := register.Claim(d.Bytes)
		if err != nil {
			return 0
		}
		return r.Version
	}
	slices.SortStableFunc(docs, func(a, b Document) int { return cmp.Compare(version(a), version(b)) })
	return docs
}
