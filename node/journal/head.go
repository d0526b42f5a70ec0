package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

// A head says where the journal stands. The store keeps it under headKey, the
// anchor beside the store.
type head struct {
	batch      int64 // counts transactions, also those without a ledger record
	checkpoint ledger.Checkpoint
	// signed is the time that the checkpoint bears, in whole seconds. It never
	// goes back, whatever the clock does: peers take a larger tree that is signed
	// earlier for a history that was rewritten (SPEC.md, section 11.1).
	signed time.Time
}

// headFirstLine is headMagic and the version of the format.
const (
	headMagic     = "comity journal head v"
	headFirstLine = headMagic + "2\n"
)

// maxHead bounds an encoded head, in bytes.
const maxHead = anchorSlot - anchorFrame

// encode names the log's key, so that a store is not opened under another.
func (h head) encode(c Config) ([]byte, error) {
	b := fmt.Appendf(nil, "%s%d\n%d\n%s\n\n%s", headFirstLine, h.batch, h.signed.Unix(), keyName(c.Key),
		h.checkpoint.Body())
	if len(b) > maxHead {
		return nil, fmt.Errorf("journal: head of %d bytes, at most %d", len(b), maxHead)
	}
	return b, nil
}

// keyName returns the SHA-256 of the public key, in hexadecimal.
func keyName(key *cosign.LogKey) string {
	b, err := key.Public().MarshalJSON()
	if err != nil {
		panic(err) // only an empty key has no JSON
	}
	return fmt.Sprintf("%x", sha256.Sum256(b))
}

// parseHead reads what encode wrote.
func parseHead(b []byte, c Config) (_ head, err error) {
	rest, ok := bytes.CutPrefix(b, []byte(headFirstLine))
	line, _, whole := bytes.Cut(b, []byte("\n"))
	if !ok && whole && bytes.HasPrefix(line, []byte(headMagic)) {
		return head{}, fmt.Errorf("%w: %.40q", ErrVersion, line)
	}
	if !ok || len(b) > maxHead {
		return head{}, fmt.Errorf("%w: unreadable head", ErrDamaged)
	}
	lines, body, ok := bytes.Cut(rest, []byte("\n\n"))
	if !ok {
		return head{}, fmt.Errorf("%w: unreadable head", ErrDamaged)
	}
	number, lines, _ := bytes.Cut(lines, []byte("\n"))
	signed, key, _ := bytes.Cut(lines, []byte("\n"))
	h := head{}
	if h.batch, err = strconv.ParseInt(string(number), 10, 64); err != nil || h.batch < 1 {
		return head{}, fmt.Errorf("%w: unreadable head", ErrDamaged)
	}
	seconds, err := strconv.ParseInt(string(signed), 10, 64)
	if err != nil {
		return head{}, fmt.Errorf("%w: unreadable head", ErrDamaged)
	}
	h.signed = time.Unix(seconds, 0)
	if h.checkpoint, err = ledger.ParseCheckpoint(string(body)); err != nil {
		return head{}, fmt.Errorf("%w: unreadable head: %w", ErrDamaged, err)
	}
	if h.checkpoint.Origin != c.Origin || string(key) != keyName(c.Key) {
		return head{}, fmt.Errorf("%w: head of another ledger or another key", ErrDamaged)
	}
	again, err := h.encode(c)
	if err != nil || !bytes.Equal(again, b) {
		return head{}, fmt.Errorf("%w: unreadable head", ErrDamaged)
	}
	return h, nil
}

// readHead returns the head in the store, the zero head if the store is empty.
func readHead(ctx context.Context, c Config) (h head, err error) {
	err = c.Store.View(ctx, func(r store.Reader) error {
		b, err := r.Get(headKey)
		if errors.Is(err, store.ErrNotFound) {
			return requireEmpty(r)
		}
		if err != nil {
			return err
		}
		h, err = parseHead(b, c)
		return err
	})
	if err != nil {
		return head{}, fmt.Errorf("journal: read the head: %w", err)
	}
	return h, nil
}

// requireEmpty returns an error if there is anything: all writes come through
// the journal, so a store with keys has a head, unless that was lost.
func requireEmpty(r store.Reader) error {
	return r.Scan(store.Range{Limit: 1, KeysOnly: true}, func(_, _ []byte) (bool, error) {
		return false, fmt.Errorf("%w: the store has keys but no head", ErrDamaged)
	})
}
