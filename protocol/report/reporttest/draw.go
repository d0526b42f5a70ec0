package reporttest

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// A draw is a stream of choices that follows from a seed alone.
type draw struct {
	seed  uint64
	count uint64
}

func (d *draw) next() [32]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], d.seed)
	binary.BigEndian.PutUint64(b[8:], d.count)
	d.count++
	return sha256.Sum256(b[:])
}

// below returns a number from 0 to n-1.
func (d *draw) below(n int) int {
	b := d.next()
	return int(binary.BigEndian.Uint64(b[:]) % uint64(n))
}

// of reports true in so many of a hundred draws.
func (d *draw) of(hundred int) bool { return d.below(100) < hundred }

// lasting returns a duration below a limit, in whole seconds, short ones more often.
func (d *draw) lasting(limit time.Duration) time.Duration {
	n := int(limit / time.Second)
	return time.Duration(1+min(d.below(n), d.below(n))) * time.Second
}

func pick[T any](d *draw, of ...T) T { return of[d.below(len(of))] }

// name returns an identifier with a prefix, as acts and cases have them.
func (d *draw) name(prefix string) string {
	b := d.next()
	return prefix + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))[:26]
}
