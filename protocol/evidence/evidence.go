// Package evidence is what a disclosure says of bytes that travel beside it: how
// an object is cut into blocks, the tree hash by which each block is verified
// alone, the two shares of its key, and the lists of what stands in a pack.
//
// An object is sealed once, by whoever hands it over (package crypto/stream), and
// only the sealed bytes travel and are stored. A block is 64 sealed chunks: 1 MiB
// of plaintext. The tree hash is the Merkle tree hash of RFC 9162, section 2.1.1,
// with SHA-256, over the blocks; a block travels with its inclusion proof
// (section 2.1.3), so that it is verified against the signed act when it arrives.
//
// The key of an object is split into two shares by XOR: one is sealed to the
// readers in the signed act, the other is handed out over the link to whoever
// fetches. Either alone says nothing. Acts are kept for ever; whoever destroys
// the second share makes the object unreadable all the same.
//
// The package is trusted with this: a block that Verify accepts is, bit for bit,
// the one that the sender of the disclosure signed, at that place.
package evidence

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"

	"comity.example/crypto/stream"
	"comity.example/protocol"
)

// KeysType is the media type of the sealed shares in a disclosure (SPEC.md §18).
const KeysType = "comity-evidence-keys+jwe"

// A Share is one of the two shares of a key.
type Share = [stream.KeySize]byte

// Split returns two shares of a key: the held one is random.
func Split(key stream.Key) (held, sent Share) {
	rand.Read(held[:])
	return held, Other(key, held)
}

// Other returns the share that makes the key with the given one.
func Other(key stream.Key, share Share) (other Share) {
	subtle.XORBytes(other[:], key[:], share[:])
	return other
}

// Join returns the key of two shares.
func Join(held, sent Share) stream.Key { return stream.Key(Other(stream.Key(held), sent)) }

// Context returns what the objects that were taken in for a case are bound to: an
// object does not open as one of another case. What is passed on into another case
// keeps the context of the case in which it was taken in.
func Context(id protocol.CaseID) []byte {
	return []byte("comity evidence v1\n" + string(id) + "\n")
}

// SegmentContext returns what segment seq, from 0, of a live object is bound to.
func SegmentContext(id protocol.CaseID, live protocol.Digest, seq int64) []byte {
	return fmt.Appendf(Context(id), "live %x %d\n", live[:], seq)
}
