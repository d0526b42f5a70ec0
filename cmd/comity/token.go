package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"comity.example/node/home"
	"comity.example/node/token"
)

// tokenFlags say on which token half of a new officer's key is.
type tokenFlags struct {
	Token    string `help:"Label of a PKCS#11 token: the Ed25519 half of the key is made on it and never leaves it." placeholder:"LABEL"`
	Module   string `help:"The token's PKCS#11 module, with --token." env:"COMITY_MODULE" placeholder:"PATH"`
	Key      string `help:"Label of the key on the token, with --token." placeholder:"LABEL"`
	Existing bool   `help:"The key is on the token already, with --token."`
}

// address returns where the key is to be, nil if it is to be in the file.
func (f *tokenFlags) address() (*token.Address, error) {
	switch {
	case f.Token == "" && (f.Key != "" || f.Existing):
		return nil, badInput("--key and --existing are for a key on a token", "name the token with --token LABEL --module PATH")
	case f.Token == "":
		return nil, nil
	case f.Module == "" || f.Key == "":
		return nil, badInput("--token: want the token's module and a label for the key too", "add --module PATH --key LABEL")
	}
	module, err := filepath.Abs(f.Module) // the file is used from other directories
	if err != nil {
		return nil, err
	}
	at := &token.Address{Module: module, Token: f.Token, Key: f.Key}
	if err := at.Check(); err != nil {
		return nil, badInput(plain(err), "")
	}
	return at, nil
}

// A hold says which key is wanted of an open token.
type hold func(*token.Session) (crypto.Signer, error)

// The key that is on the token, and one that is made there.
var (
	onIt hold = (*token.Session).Signer
	anew hold = (*token.Session).Generate
)

// A key on a token closes it.
type onToken struct {
	crypto.Signer
	*token.Session
}

// moved returns the address with the module where it lies on this machine.
func moved(at token.Address) token.Address {
	if here := os.Getenv(moduleVariable); here != "" {
		at.Module = here
	}
	return at
}

// openToken opens a token, and asks for the PIN when its module is there.
func (a *app) openToken(ctx context.Context, at token.Address, which hold) (home.Held, error) {
	if !token.Built {
		return nil, token.ErrNotBuilt
	}
	if _, err := os.Stat(at.Module); err != nil {
		return nil, fmt.Errorf("%w: cannot read %s: %s", token.ErrModule, at.Module, reasonOf(err))
	}
	pin, err := a.pin(ctx, at.Token)
	if err != nil {
		return nil, err
	}
	s, err := token.Open(at, pin)
	if err != nil {
		return nil, err
	}
	k, err := which(s)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return onToken{k, s}, nil
}

// moduleVariable names where the module lies on this machine.
const moduleVariable = "COMITY_MODULE"

// pin returns the PIN that was given, or asks for it. It is never an argument:
// others on the machine see those.
func (a *app) pin(ctx context.Context, label string) (string, error) {
	if a.PINFile != "" {
		return firstLine(a.PINFile, "the PIN")
	}
	if given := os.Getenv("COMITY_PIN"); given != "" {
		return given, nil
	}
	return a.askSecret(ctx, "PIN of the token "+label+": ", badInput("a PIN is needed and there is no terminal to ask on",
		"set COMITY_PIN, or name a file with --pin-file"))
}

// tokenHint says what to do about a token, "" if the error is not of one.
func tokenHint(err error) string {
	for _, x := range []struct {
		is   error
		hint string
	}{
		{token.ErrNotBuilt, "build one that knows tokens: make build TAGS=pkcs11, which needs a C compiler"},
		{token.ErrModule, "want the .so of the token's maker: --module when the officer is made, and " + moduleVariable +
			" where it lies elsewhere on this machine"},
		{token.ErrNoToken, "put the token in, and compare its label: pkcs11-tool --module PATH --list-slots"},
		{token.ErrPIN, "try it once more with care: most tokens lock themselves after a few wrong ones, and then need their administrator"},
		{token.ErrNoKey, "compare the label: pkcs11-tool --module PATH --login --list-objects; a token that was set up anew has lost it, " +
			"and the officer needs another key (comity officer new)"},
		{token.ErrKeyThere, "name another with --key, or use that one with --existing"},
		{token.ErrNoEdDSA, "want a token with Ed25519 (CKM_EDDSA, PKCS#11 3.0)"},
		{home.ErrOtherKey, "put the officer's own token in; for a new one, make another officer's file with comity officer new"},
		{home.ErrOtherToken, "somebody changed the file: do not use it before you know why, and put back a copy"},
	} {
		if errors.Is(err, x.is) {
			return x.hint
		}
	}
	return ""
}
