//go:build !pkcs11 || !cgo

package token

import "crypto"

// Built says whether the binary was built with PKCS#11.
const Built = false

// A Session is a token that is open. Here there is none.
type Session struct{}

// Open fails: the binary was built without PKCS#11.
func Open(Address, string) (*Session, error) { return nil, ErrNotBuilt }

// Generate makes a key on the token and returns it.
func (*Session) Generate() (crypto.Signer, error) { return nil, ErrNotBuilt }

// Signer returns the key at the address.
func (*Session) Signer() (crypto.Signer, error) { return nil, ErrNotBuilt }

// Close ends the session.
func (*Session) Close() error { return nil }
