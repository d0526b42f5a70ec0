package seal

import (
	"encoding/binary"
	"math/bits"
)

const (
	// lengthSize is the length of the prefix that says how much is content.
	lengthSize = 4
	// minPadded is the smallest padded size, in bytes: short acts (a receipt, a
	// refusal, an acceptance) look alike.
	minPadded = 1 << 10
)

// paddedSize returns the Padmé size for n bytes: n rounded up so that only as
// many leading bits stay free as its order of magnitude has bits. It leaks
// O(log log n) bits of n.
func paddedSize(n int) int {
	if n <= minPadded {
		return minPadded
	}
	exponent := bits.Len(uint(n)) - 1
	free := exponent - bits.Len(uint(exponent))
	mask := 1<<free - 1
	return (n + mask) &^ mask
}

// pad returns plaintext with its length in front and zeros behind.
func pad(plaintext []byte) []byte {
	padded := make([]byte, paddedSize(lengthSize+len(plaintext)))
	binary.BigEndian.PutUint32(padded, uint32(len(plaintext)))
	copy(padded[lengthSize:], plaintext)
	return padded
}

// unpad undoes pad, and reports whether padded is what pad returns: another
// size or a byte that is not zero would be a second encoding, or a message of
// somebody else.
func unpad(padded []byte) ([]byte, bool) {
	if len(padded) < minPadded {
		return nil, false
	}
	n := binary.BigEndian.Uint32(padded)
	if n > MaxPlaintext || len(padded) != paddedSize(lengthSize+int(n)) {
		return nil, false
	}
	end := lengthSize + int(n)
	for _, b := range padded[end:] {
		if b != 0 {
			return nil, false
		}
	}
	return padded[lengthSize:end:end], true
}
