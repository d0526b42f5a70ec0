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
	ErrNoToken  = errors.New("token: the module has no token with that label")
	ErrNoKey    = errors.New("token: the token has no such key")
	ErrPIN      = errors.New("token: the PIN is wrong, or the token is locked")
)

// MaxPIN bounds a PIN, in bytes.
const MaxPIN = 255

// An Address says where a key is.
type Address struct {
	Module string `json:"module"` // path of the token's PKCS#11 module
	Token  string `json:"token"`  // label of the token
	Key    string `json:"key"`    // label of the key on it
}

// Check reports whether a is complete.
func (a *Address) Check() error {
	for name, value := range map[string]string{"module": a.Module, "token": a.Token, "key": a.Key} {
		if value == "" || len(value) > 4096 {
			return fmt.Errorf("token: %s: want the path of the module, the label of the token and that of the key", name)
		}
	}
	return nil
}
