// Package evidencetest makes objects and disclosures for tests. It is trusted with
// nothing: the keys of its disclosures open nothing.
package evidencetest

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"slices"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// Key is the key of every object that Object makes.
var Key = stream.Key{1, 2, 3}

// Seal returns content, sealed under Key for no case, always to the same bytes.
func Seal(content []byte) []byte {
	var header [stream.HeaderSize]byte
	a, err := stream.SealWithSalt(Key, evidence.Context(""), header[:stream.SaltSize])
	if err != nil {
		panic(err)
	}
	header = a.Header()
	sealed := bytes.Clone(header[:])
	for n := int64(0); ; n++ {
		size := min(len(content), stream.ChunkSize)
		sealed = a.SealChunk(sealed, n, content[:size])
		content = content[size:]
		if size < stream.ChunkSize {
			return sealed
		}
	}
}

// Object describes content under a name, with the tree hash of what Seal makes of it.
func Object(name, mediaType string, content []byte) protocol.Object {
	sealed := Seal(content)
	var tree evidence.Tree
	for i := range evidence.Blocks(int64(len(sealed))) {
		offset, size := evidence.BlockAt(int64(len(sealed)), i)
		if err := tree.Add(sealed[offset : offset+size]); err != nil {
			panic(err)
		}
	}
	hash, err := tree.Hash()
	if err != nil {
		panic(err)
	}
	strong := sha512.Sum512(content)
	return protocol.Object{Name: name, MediaType: mediaType, Size: int64(len(content)),
		SHA512: hex.EncodeToString(strong[:]), Tree: hash}
}

// Disclosure hands objects over to readers.
func Disclosure(status protocol.ProductionStatus, objects []protocol.Object, readers ...protocol.ParticipantID) *protocol.Disclosure {
	slices.Sort(readers)
	d := &protocol.Disclosure{Status: status, Objects: objects}
	if len(objects) > 0 {
		d.Readers, d.Keys = readers, protocol.Signed(`{"recipients":[]}`)
	}
	return d
}
