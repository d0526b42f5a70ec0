package store

import "fmt"

// CheckKey returns ErrTooLarge for a key that no store takes, and an error for
// the empty key.
func CheckKey(key []byte) error {
	if len(key) == 0 {
		return fmt.Errorf("store: empty key")
	}
	if len(key) > MaxKey {
		return fmt.Errorf("%w: key of %d bytes, at most %d", ErrTooLarge, len(key), MaxKey)
	}
	return nil
}

// CheckPair returns ErrTooLarge for a key or a value that no store takes.
func CheckPair(key, value []byte) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if len(value) > MaxValue {
		return fmt.Errorf("%w: value of %d bytes, at most %d", ErrTooLarge, len(value), MaxValue)
	}
	return nil
}

// A Budget counts what one transaction writes against MaxTxnBytes and
// MaxTxnWrites. The zero Budget has spent nothing.
type Budget struct {
	bytes  int
	writes int
}

// Spend adds one write, or returns ErrTooLarge and adds nothing.
func (b *Budget) Spend(key, value []byte) error {
	n := len(key) + len(value)
	if b.bytes+n > MaxTxnBytes {
		return fmt.Errorf("%w: transaction of more than %d bytes", ErrTooLarge, MaxTxnBytes)
	}
	if b.writes+1 > MaxTxnWrites {
		return fmt.Errorf("%w: transaction of more than %d writes", ErrTooLarge, MaxTxnWrites)
	}
	b.bytes += n
	b.writes++
	return nil
}
