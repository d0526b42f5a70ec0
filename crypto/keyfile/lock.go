package keyfile

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
)

// maxUnlockFile bounds an unlock file, in bytes: its one key and some comment.
const maxUnlockFile = 4 << 10

// A Lock closes and opens files: a passphrase or the key in an unlock file. It
// is not comparable and does not print what it is. The zero Lock opens nothing.
type Lock struct {
	_    [0]func()
	keys func() lockKeys // a function, because fmt can look behind a pointer
}

type lockKeys struct {
	recipient age.Recipient
	identity  age.Identity
}

func newLock(recipient age.Recipient, identity age.Identity) Lock {
	return Lock{keys: func() lockKeys { return lockKeys{recipient, identity} }}
}

// Format prints the same for every lock and verb.
func (Lock) Format(f fmt.State, _ rune) { fmt.Fprint(f, "keyfile.Lock") }

// Passphrase returns the lock of a passphrase. Whether it is long enough is
// for the caller to judge; only an empty one is refused.
func Passphrase(passphrase string) (Lock, error) {
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return Lock{}, errors.New("keyfile: read passphrase: it is empty")
	}
	recipient.SetWorkFactor(workFactor)
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return Lock{}, errors.New("keyfile: read passphrase: it is empty")
	}
	identity.SetMaxWorkFactor(maxWorkFactor)
	return newLock(recipient, identity), nil
}

// NewUnlockFile returns the text of a new unlock file. It is a secret: whoever
// has it and a key file has the key.
func NewUnlockFile() ([]byte, error) {
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, fmt.Errorf("keyfile: generate unlock file: %w", err)
	}
	return []byte("# Unlocks key files of comity. Keep it secret and apart from them.\n" +
		identity.String() + "\n"), nil
}

// UnlockFile returns the lock of an unlock file: one age post-quantum key on a
// line of its own, besides empty lines and lines that begin with #.
func UnlockFile(text []byte) (Lock, error) {
	refused := errors.New("keyfile: read unlock file: want exactly one line AGE-SECRET-KEY-PQ-1…")
	if len(text) > maxUnlockFile {
		return Lock{}, refused
	}
	var keys []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			keys = append(keys, line)
		}
	}
	if len(keys) != 1 {
		return Lock{}, refused
	}
	identity, err := age.ParseHybridIdentity(keys[0])
	if err != nil {
		return Lock{}, refused // the cause could quote the key
	}
	return newLock(identity.Recipient(), identity), nil
}
