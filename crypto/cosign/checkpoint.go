package cosign

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

const (
	// MaxOrigin bounds the name of a log, in bytes: cosigned_message counts its
	// length in one.
	MaxOrigin = 255
	// MaxCosignatures bounds the lines of others (witnesses, say) that may
	// follow the log's own two.
	MaxCosignatures = 8
	// MaxCheckpoint bounds a signed checkpoint, in bytes, before it is parsed:
	// ten lines of ML-DSA-44, 3.3 kB each, with names fit.
	MaxCheckpoint = 40 << 10

	// maxTimestamp is the bound of tlog-cosignature, "Format", in seconds.
	maxTimestamp = math.MaxInt64
)

// ErrCheckpoint is the only error of OpenCheckpoint.
var ErrCheckpoint = errors.New("cosign: not a checkpoint that the log signed")

// A Checkpoint is the text of a tree head (C2SP tlog-checkpoint), without
// extension lines: an ML-DSA-44 cosignature would not cover them.
type Checkpoint struct {
	Origin string // the name of the log
	Size   uint64 // leaves
	Root   [sha256.Size]byte
}

// Body returns the text of c: three lines.
func (c Checkpoint) Body() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size,
		base64.StdEncoding.EncodeToString(c.Root[:]))
}

// ParseCheckpoint accepts what Body writes and nothing else.
func ParseCheckpoint(body string) (Checkpoint, error) {
	malformed := errors.New("cosign: read checkpoint: want the lines origin, size and root hash")
	lines := strings.SplitN(body, "\n", 4)
	if len(lines) != 4 || checkOrigin(lines[0]) != nil {
		return Checkpoint{}, malformed
	}
	size, err := strconv.ParseUint(lines[1], 10, 63) // tree sizes elsewhere are int64
	if err != nil {
		return Checkpoint{}, malformed
	}
	root, ok := decodeBase64(lines[2])
	if !ok || len(root) != sha256.Size {
		return Checkpoint{}, malformed
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: [sha256.Size]byte(root)}
	if c.Body() != body { // a fourth line, or zeros before the size
		return Checkpoint{}, malformed
	}
	return c, nil
}

// checkOrigin accepts what can be both a log's origin and a note's key name.
func checkOrigin(origin string) error {
	if origin == "" || len(origin) > MaxOrigin || !utf8.ValidString(origin) ||
		strings.Contains(origin, "+") || strings.ContainsFunc(origin, unicode.IsSpace) ||
		strings.ContainsFunc(origin, unicode.IsControl) {
		return fmt.Errorf("origin %.80q: want 1 to %d bytes, no space, no plus", origin, MaxOrigin)
	}
	return nil
}

// SignCheckpoint returns body as a note with the two signature lines of the log
// named origin. The body must be a checkpoint of that log; at, which is
// kept in whole seconds, must be after 1970. Never to sign two checkpoints that
// do not fit together is the caller's duty.
func (k *LogKey) SignCheckpoint(origin, body string, at time.Time) ([]byte, error) {
	c, err := ParseCheckpoint(body)
	if err != nil {
		return nil, err
	}
	if c.Origin != origin {
		return nil, fmt.Errorf("cosign: sign checkpoint: of %q, want %q", c.Origin, origin)
	}
	if at.Unix() <= 0 {
		return nil, errors.New("cosign: sign checkpoint: no time")
	}
	signed, err := note.Sign(&note.Note{Text: body},
		&ed25519Signer{origin, k}, &mldsa44Signer{origin, k, at})
	if err != nil {
		return nil, fmt.Errorf("cosign: sign checkpoint: %w", err)
	}
	return signed, nil
}

// OpenCheckpoint returns the body of a note that the log named origin signed
// with both keys, and the time in its cosignature. The log's lines come first
// and have one encoding only; up to MaxCosignatures lines by others may follow
// and are ignored. The only error is ErrCheckpoint.
func (p *LogPublic) OpenCheckpoint(origin string, signed []byte) (string, time.Time, error) {
	if len(signed) > MaxCheckpoint || p.mldsa44 == nil || checkOrigin(origin) != nil {
		return "", time.Time{}, ErrCheckpoint
	}
	n, err := note.Open(signed, p.verifiers(origin))
	if err != nil {
		return "", time.Time{}, ErrCheckpoint
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil || c.Origin != origin {
		return "", time.Time{}, ErrCheckpoint
	}
	// note.Open is content with one known signature, with base64 that has bits
	// set behind its last byte, and with a line said twice. We are not.
	if len(n.Sigs) != 2 || n.Sigs[0].Hash != keyID(origin, typeEd25519, p.ed25519) {
		return "", time.Time{}, ErrCheckpoint
	}
	own := n.Text + "\n"
	var cosignature []byte
	for _, line := range n.Sigs {
		raw, ok := decodeBase64(line.Base64)
		if !ok {
			return "", time.Time{}, ErrCheckpoint
		}
		own += "— " + line.Name + " " + line.Base64 + "\n"
		cosignature = raw[4:] // behind the key ID
	}
	others, ok := strings.CutPrefix(string(signed), own)
	count := strings.Count(others, "\n")
	if !ok || count != len(n.UnverifiedSigs) || count > MaxCosignatures {
		return "", time.Time{}, ErrCheckpoint
	}
	seconds := binary.BigEndian.Uint64(cosignature)
	return n.Text, time.Unix(int64(seconds), 0).UTC(), nil
}
