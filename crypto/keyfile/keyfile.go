// Package keyfile keeps a secret at rest: an armored age file
// (age-encryption.org/v1) around a label and the secret. It works on bytes;
// reading and writing files is for others.
//
// The label says what the secret is for and stands inside the encryption, so
// that the file of a signing key cannot be loaded as the file of an opening
// key. A file is locked with a passphrase (scrypt) or with an unlock file (an
// age post-quantum hybrid key, MLKEM768-X25519), which a service keeps apart.
//
// The package is trusted with this: without the lock a file tells nothing but
// the length of the secret, and what Decrypt returns is what Encrypt was given
// under that label, whole and unaltered.
package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const (
	// MaxSecret bounds a secret, in bytes: keys are tens of bytes long.
	MaxSecret = 4 << 10
	// MaxFile bounds a file, in bytes, before it is parsed.
	MaxFile = 16 << 10
	// workFactor is the scrypt cost of a new passphrase lock: 2^17 rounds of
	// 1 KiB, 128 MiB of memory and about half a second.
	workFactor = 17
	// maxWorkFactor bounds the scrypt cost a file may ask of us, as its
	// logarithm: 18 is 256 MiB, the age tool's own default.
	maxWorkFactor = 18
	// maxLabel bounds a label, in bytes.
	maxLabel = 32

	header        = "comity key v1\n"
	labelAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789-"
)

// ErrUnlock is what Decrypt answers to a wrong lock, a wrong label and a
// damaged file alike.
var ErrUnlock = errors.New(
	"keyfile: cannot unlock: wrong passphrase, wrong kind of key or damaged file")

// Encrypt returns secret as a file that lock opens. The label is 1 to 32 of
// a-z, 0-9 and hyphen.
func Encrypt(label string, secret []byte, lock Lock) ([]byte, error) {
	if err := checkLabel(label); err != nil {
		return nil, fmt.Errorf("keyfile: encrypt: %w", err)
	}
	if len(secret) == 0 || len(secret) > MaxSecret {
		return nil, fmt.Errorf("keyfile: encrypt: %d bytes, want 1 to %d", len(secret), MaxSecret)
	}
	if lock.keys == nil {
		return nil, errors.New("keyfile: encrypt: no lock")
	}
	var encrypted bytes.Buffer
	w, err := age.Encrypt(&encrypted, lock.keys().recipient)
	if err != nil {
		return nil, fmt.Errorf("keyfile: encrypt: %w", err)
	}
	w.Write([]byte(header + label + "\n")) // a bytes.Buffer takes everything
	w.Write(secret)
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("keyfile: encrypt: %w", err)
	}
	return armored(encrypted.Bytes()), nil
}

// Decrypt returns the secret in file, if lock opens it and it was encrypted
// under label.
func Decrypt(label string, file []byte, lock Lock) ([]byte, error) {
	if len(file) > MaxFile || lock.keys == nil || checkLabel(label) != nil {
		return nil, ErrUnlock
	}
	encrypted, err := io.ReadAll(armor.NewReader(bytes.NewReader(file)))
	// age forgives spaces around the armor; one file has one encoding here.
	if err != nil || !bytes.Equal(armored(encrypted), file) {
		return nil, ErrUnlock
	}
	r, err := age.Decrypt(bytes.NewReader(encrypted), lock.keys().identity)
	if err != nil {
		return nil, ErrUnlock
	}
	// age authenticates the end of the file when it is reached, and only then.
	plaintext, err := io.ReadAll(r)
	if err != nil {
		return nil, ErrUnlock
	}
	secret, ok := bytes.CutPrefix(plaintext, []byte(header+label+"\n"))
	if !ok || len(secret) == 0 || len(secret) > MaxSecret {
		return nil, ErrUnlock
	}
	return secret, nil
}

func armored(encrypted []byte) []byte {
	var out bytes.Buffer
	w := armor.NewWriter(&out)
	w.Write(encrypted)
	w.Close()
	return out.Bytes()
}

func checkLabel(label string) error {
	if label == "" || len(label) > maxLabel || strings.Trim(label, labelAlphabet) != "" {
		return fmt.Errorf("label %q: want 1 to %d of a-z, 0-9 and hyphen", label, maxLabel)
	}
	return nil
}
