package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

// A head says where the journal stands. The store keeps it under headKey, the
// anchor beside the store.
type head struct {
	batch      int64 // counts transactions, also those without a ledger record
	checkpoint ledger.Checkpoint
	signed     []byte // the checkpoint as a signed note
}

const headFirstLine = "comity journal head v1\n"

// maxHead bounds an encoded head, in bytes: a checkpoint with two signatures.
const maxHead = anchorSlot - anchorFrame

func (h head) encode() ([]byte, error) {
	b := fmt.Appendf(nil, "%s%d\n\n%s", headFirstLine, h.batch, h.signed)
	if len(b) > maxHead {
		return nil, fmt.Errorf("journal: head of %d bytes, at most %d", len(b), maxHead)
	}
	return b, nil
}

// parseHead reads what encode wrote, and opens its checkpoint.
func parseHead(b []byte, c Config) (head, error) {
	rest, ok := bytes.CutPrefix(b, []byte(headFirstLine))
	if !ok || len(b) > maxHead {
		return head{}, fmt.Errorf("%w: unreadable head", ErrDamaged)
	}
	number, signed, ok := bytes.Cut(rest, []byte("\n\n"))
	if !ok {
		return head{}, fmt.Errorf("%w: unreadable head", ErrDamaged)
	}
	batch, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || batch < 1 {
		return head{}, fmt.Errorf("%w: unreadable head", ErrDamaged)
	}
	h := head{batch: batch, signed: bytes.Clone(signed)}
	h.checkpoint, _, err = ledger.OpenCheckpoint(c.Origin, c.Key.Public(), signed)
	if err != nil {
		return head{}, fmt.Errorf("%w: head of another ledger or another key: %w", ErrDamaged, err)
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
