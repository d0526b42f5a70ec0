package home

import (
	"fmt"

	"comity.example/crypto/identity"
	"comity.example/crypto/keyfile"
)

// A key is a secret with the label that says what it is for.
type key struct {
	label  string
	secret []byte
}

func (h *Home) writeKey(name string, k key, lock keyfile.Lock) error {
	return writeKey(h.path(name), k, lock)
}

func (h *Home) readKey(name, label string, lock keyfile.Lock) ([]byte, error) {
	return readKey(h.path(name), label, lock)
}

func writeKey(path string, k key, lock keyfile.Lock) error {
	b, err := keyfile.Encrypt(k.label, k.secret, lock)
	if err != nil {
		return err
	}
	return WriteNew(path, b)
}

func readKey(path, label string, lock keyfile.Lock) ([]byte, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	secret, err := keyfile.Decrypt(label, b, lock)
	if err != nil {
		return nil, fmt.Errorf("home: %s: %w", path, err)
	}
	return secret, nil
}

// NewRoot makes a root key of a Party, and returns its public half for the pin.
func NewRoot(path string, lock keyfile.Lock) (*identity.Public, error) {
	root, err := identity.Generate()
	if err != nil {
		return nil, err
	}
	return root.Public(), writeKey(path, key{labelRoot, root.Seed()}, lock)
}

// ReadRoot unlocks a root key.
func ReadRoot(path string, lock keyfile.Lock) (*identity.Key, error) {
	seed, err := readKey(path, labelRoot, lock)
	if err != nil {
		return nil, err
	}
	return identity.FromSeed(seed)
}
