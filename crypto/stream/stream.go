// Package stream encrypts large objects: in chunks, in constant memory, so that
// each chunk can be decrypted and authenticated alone.
//
// The construction is c2sp.org/chunked-encryption@v1 with SHA-512 and AES-256-GCM
// ("Cobblestone-256"): it is the record layer of TLS 1.3 behind an HKDF-Expand
// that also yields a commitment to the key. It was chosen over the STREAM of age
// because it commits to the key (no object opens under two keys to two contents),
// because its AEAD is in the FIPS module and has hardware behind it everywhere,
// and because the place of a byte can be computed without reading what is before.
//
// A sealed object is
//
//	salt        24 bytes, random
//	commitment  32 bytes
//	chunks      16 KiB each, sealed with a tag of 16 bytes; the last is shorter,
//	            and may be empty
//
// The chunk number is in the nonce, and only the last chunk is short: what is
// reordered, repeated, cut off or added to does not open.
//
// The package is trusted with this: plaintext that it returns is what was sealed
// under that key and that context, at that place.
package stream

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
)

// Sizes, in bytes.
const (
	KeySize    = 32
	ChunkSize  = 16 << 10 // of plaintext in a chunk that is not the last
	Overhead   = 16       // of each chunk
	SaltSize   = 24
	CommitSize = 32
	HeaderSize = SaltSize + CommitSize

	// SealedChunk is the size of a sealed chunk that is not the last.
	SealedChunk = ChunkSize + Overhead

	// MaxChunks bounds the chunks of an object: 4 PiB.
	MaxChunks = 1 << 38
	// MaxSize bounds the plaintext of an object, in bytes.
	MaxSize = MaxChunks*ChunkSize - 1
)

// Errors of opening. They do not say more: the caller has other means to find
// out whose fault it is.
var (
	// ErrKey says that the key, or the context, is not the one it was sealed with.
	ErrKey = errors.New("stream: another key or another context")
	// ErrChanged says that a chunk is not what was sealed at its place.
	ErrChanged = errors.New("stream: a chunk was changed")
	// ErrTruncated says that the end is missing.
	ErrTruncated = errors.New("stream: the end is missing")
)

// A Key encrypts one object. It is random.
type Key [KeySize]byte

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:])
	return k
}

// SealedSize returns the size of an object of size bytes once it is sealed.
func SealedSize(size int64) int64 {
	return HeaderSize + size + Overhead*(size/ChunkSize+1)
}

// OpenedSize returns the size of what is in a sealed object of the given size, and
// ErrTruncated where no object has that size.
func OpenedSize(sealed int64) (int64, error) {
	body := sealed - HeaderSize
	if body < Overhead {
		return 0, ErrTruncated
	}
	last := body % SealedChunk
	if last < Overhead || body/SealedChunk >= MaxChunks {
		return 0, ErrTruncated
	}
	return body/SealedChunk*ChunkSize + last - Overhead, nil
}

// An Aead seals and opens the chunks of one object, in any order and from many
// goroutines.
type Aead struct {
	header [HeaderSize]byte
	base   [nonceSize]byte
	gcm    cipher.AEAD
	nonces sync.Pool // of *[nonceSize]byte: a nonce on the stack would escape at each chunk
}

const nonceSize = 12

const label = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"

func derive(key Key, salt, context []byte) (*Aead, error) {
	info := label + string(salt) + string(context)
	out, err := hkdf.Expand(sha512.New, key[:], info, KeySize+nonceSize+CommitSize)
	if err != nil {
		return nil, fmt.Errorf("stream: derive: %w", err)
	}
	block, err := aes.NewCipher(out[:KeySize])
	if err != nil {
		return nil, fmt.Errorf("stream: derive: %w", err)
	}
	a := &Aead{}
	a.nonces.New = func() any { return new([nonceSize]byte) }
	if a.gcm, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("stream: derive: %w", err)
	}
	copy(a.base[:], out[KeySize:])
	copy(a.header[:], salt)
	copy(a.header[SaltSize:], out[KeySize+nonceSize:])
	return a, nil
}

// Seal returns what seals a new object under a fresh salt.
func Seal(key Key, context []byte) (*Aead, error) {
	salt := make([]byte, SaltSize)
	rand.Read(salt)
	return derive(key, salt, context)
}

// SealWithSalt is Seal for tests and vectors. A salt must never be used twice with
// one key.
func SealWithSalt(key Key, context, salt []byte) (*Aead, error) {
	if len(salt) != SaltSize {
		return nil, fmt.Errorf("stream: salt of %d bytes: want %d", len(salt), SaltSize)
	}
	return derive(key, salt, context)
}

// Open returns what opens a sealed object that has the given header. It fails
// with ErrKey where the commitment is to another key or context.
func Open(key Key, context []byte, header [HeaderSize]byte) (*Aead, error) {
	a, err := derive(key, header[:SaltSize], context)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(a.header[:], header[:]) != 1 {
		return nil, ErrKey
	}
	return a, nil
}

// Header returns what a sealed object begins with.
func (a *Aead) Header() [HeaderSize]byte { return a.header }

// nonce returns the nonce of chunk n: the base nonce with the number in its last
// bytes. Whoever takes it gives it back.
func (a *Aead) nonce(n int64) *[nonceSize]byte {
	nonce := a.nonces.Get().(*[nonceSize]byte)
	*nonce = a.base
	low := binary.BigEndian.Uint64(nonce[4:]) ^ uint64(n)
	binary.BigEndian.PutUint64(nonce[4:], low)
	return nonce
}

// SealChunk appends chunk n, sealed, to dst. Every chunk but the last has
// ChunkSize bytes, and the last has fewer. A number is used once.
func (a *Aead) SealChunk(dst []byte, n int64, chunk []byte) []byte {
	nonce := a.nonce(n)
	defer a.nonces.Put(nonce)
	return a.gcm.Seal(dst, nonce[:], chunk, nil)
}

// OpenChunk appends what is in chunk n to dst.
func (a *Aead) OpenChunk(dst []byte, n int64, sealed []byte) ([]byte, error) {
	nonce := a.nonce(n)
	defer a.nonces.Put(nonce)
	out, err := a.gcm.Open(dst, nonce[:], sealed, nil)
	if err != nil {
		return dst, ErrChanged
	}
	return out, nil
}
