package report

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// Inputs is the digest of the acts that a report was computed from: SHA-256 over
// a line of words, and then, in the order of their names, each case: its name,
// and of each act up to the moment of the report, in the order in which they
// became durable, the act's digest and the second in which it did.
type Inputs struct{ sum hash.Hash }

const inputsLine = "comity report inputs v1\n"

// NewInputs begins a digest.
func NewInputs() *Inputs {
	in := &Inputs{sha256.New()}
	in.sum.Write([]byte(inputsLine))
	return in
}

// Add takes a case. Cases come in the order of their names.
func (in *Inputs) Add(c *casefile.Case, asOf time.Time) {
	in.sum.Write([]byte(c.ID))
	var at [8]byte
	for i := range c.Thread {
		if e := &c.Thread[i]; !e.At.After(asOf) {
			binary.BigEndian.PutUint64(at[:], uint64(e.At.Unix()))
			in.sum.Write(e.Act[:])
			in.sum.Write(at[:])
		}
	}
	in.sum.Write([]byte{'\n'})
}

// Digest returns the digest of what was added.
func (in *Inputs) Digest() protocol.Digest { return protocol.Digest(in.sum.Sum(nil)) }
