// Package token signs with an officer's key that never leaves a PKCS#11 token:
// a smart card, or a hardware security module. It holds the Ed25519 half of a
// hybrid key; the ML-DSA-65 half stays in the officer's file, until tokens know
// post-quantum mechanisms (identity.OnToken).
//
// A token's module is C code that is loaded into the process, so the package is
// whole only in a binary that was built for it (go build -tags pkcs11, with
// cgo). No node loads it: an officer's command line does.
//
// It is trusted with the officer's PIN, and with giving to the module nothing
// else than what the officer signs.
package token

import (
	"errors"
	"fmt"
)

// Errors of a token. They name no key and no PIN.
var (
	ErrNotBuilt = errors.New("token: this binary was built without PKCS#11")
	ErrModule   = errors.New("token: there is no PKCS#11 module that can be loaded")
	ErrNoToken  = errors.New("token: the module has no token with that label")
	ErrNoKey    = errors.New("token: the token has no such key")
	ErrKeyThere = errors.New("token: the token has a key with that label already")
	ErrNoEdDSA  = errors.New("token: the token makes no Ed25519 signatures")
	ErrPIN      = errors.New("token: the PIN is wrong, or the token is locked")
)

const (
	// MaxPIN bounds a PIN, in bytes.
	MaxPIN = 255
	// maxModule bounds the path of a module, in bytes.
	maxModule = 1024
	// maxToken bounds the label of a token, in bytes, as PKCS#11 does.
	maxToken = 32
	// maxKey bounds the label of a key, in bytes.
	maxKey = 255
)

// An Address says where a key is.
type Address struct {
	Module string `json:"module"` // path of the token's PKCS#11 module
	Token  string `json:"token"`  // label of the token
	Key    string `json:"key"`    // label of the key on it
}

// Check reports whether a is complete.
func (a *Address) Check() error {
	for _, x := range []struct {
		name, value string
		most        int
	}{{"path of the module", a.Module, maxModule}, {"label of the token", a.Token, maxToken}, {"label of the key", a.Key, maxKey}} {
		if x.value == "" || len(x.value) > x.most {
			return fmt.Errorf("token: the %s: want 1 to %d bytes", x.name, x.most)
		}
	}
	return nil
}
