package keyfile

import (
	"strings"
	"testing"

	"filippo.io/age"
)

// TestCostlyPassphraseIsRefusedBeforeItCosts asks for 2^19 scrypt rounds, which
// would be 512 MiB. Decrypt says ErrUnlock either way, so the lock is asked.
func TestCostlyPassphraseIsRefusedBeforeItCosts(t *testing.T) {
	lock, err := Passphrase("x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = lock.keys().identity.Unwrap([]*age.Stanza{{
		Type: "scrypt",
		Args: []string{"AAAAAAAAAAAAAAAAAAAAAA", "19"},
		Body: make([]byte, 32),
	}})
	if err == nil || !strings.Contains(err.Error(), "work factor too large") {
		t.Errorf("got %v, want a refusal of the work factor", err)
	}
}
