// Package record reads and writes values of the store as what they are: a record is
// a Go value in the form of package canon, read back as strictly as it was written.
// Which keys there are, their owners say.
//
// The package is trusted with nothing that its caller does not hand it.
package record

import (
	"errors"
	"fmt"

	"comity.example/node/store"
	"comity.example/protocol/canon"
)

// A Getter is what is read of a store: a store.Reader, or a transaction.
type Getter interface {
	Get(key []byte) ([]byte, error)
}

// Values are what is read and written.
type Values interface {
	Getter
	Set(key, value []byte) error
}

// Read reads a value that Write wrote. The error wraps store.ErrNotFound.
func Read[T any](r Getter, key []byte) (T, error) {
	var v T
	b, err := r.Get(key)
	if err != nil {
		return v, err
	}
	return Parse[T](b)
}

// Parse reads the bytes of a value that Write wrote.
func Parse[T any](b []byte) (v T, err error) {
	if err := canon.Read(b, &v); err != nil {
		return v, fmt.Errorf("record: stored value: %w", err)
	}
	return v, nil
}

// Write has a value stand under a key.
func Write(tx Values, key []byte, v any) error {
	b, err := canon.Write(v)
	if err != nil {
		return err
	}
	return tx.Set(key, b)
}

// IgnoreMissing returns err, or nil if it says that there is no such value.
func IgnoreMissing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
