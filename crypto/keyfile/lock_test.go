package keyfile_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"comity.example/crypto/keyfile"
	"filippo.io/age"
)

func TestUnlockFileHoldsExactlyOneKey(t *testing.T) {
	text, err := keyfile.NewUnlockFile()
	if err != nil {
		t.Fatal(err)
	}
	classical, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	comment, key := string(lines[0]), string(lines[1])
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"as written":       {comment + key, true},
		"key alone":        {key, true},
		"without line end": {strings.TrimSuffix(key, "\n"), true},
		"empty lines":      {"\n" + key + "\n\n", true},
		"empty":            {"", false},
		"comment alone":    {comment, false},
		"key twice":        {key + key, false},
		"key and rubbish":  {key + "rubbish\n", false},
		"space before":     {" " + key, false},
		"carriage return":  {strings.TrimSuffix(key, "\n") + "\r\n", false},
		"key cut short":    {key[:len(key)-2], false},
		"character more":   {strings.Replace(key, "-PQ-1", "-PQ-1Q", 1), false},
		"classical key":    {classical.String() + "\n", false},
		"too long":         {key + strings.Repeat("#\n", 4096), false},
	} {
		if _, err := keyfile.UnlockFile([]byte(c.text)); (err == nil) != c.ok {
			t.Errorf("%s: got error %v, want accepted %v", name, err, c.ok)
		} else if err != nil && strings.Contains(err.Error(), key[20:30]) {
			t.Errorf("%s: the error quotes the key", name)
		}
	}
}

func TestLocksDoNotPrint(t *testing.T) {
	text, err := keyfile.NewUnlockFile()
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := keyfile.UnlockFile(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, lock := range []keyfile.Lock{passphrase(t, "correct horse"), unlock} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got, want := fmt.Sprintf(verb, lock), "keyfile.Lock"; got != want {
				t.Errorf("%s: got %q, want %q", verb, got, want)
			}
			hidden := fmt.Sprintf(verb, struct {
				inside keyfile.Lock
				behind *keyfile.Lock
			}{lock, &lock})
			for _, secret := range []string{"correct", "636f7272", "99 111 114", "SECRET"} {
				if strings.Contains(hidden, secret) {
					t.Errorf("%s: %.60q… shows the secret", verb, hidden)
				}
			}
		}
	}
}
