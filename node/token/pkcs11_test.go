//go:build pkcs11 && cgo

package token_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/node/token"
)

// softToken makes a software token (SoftHSM) in a folder of the test's own.
// SOFTHSM2_MODULE names the module where it is not in its usual place.
func softToken(t *testing.T) token.Address {
	t.Helper()
	util, err := exec.LookPath("softhsm2-util")
	if own := os.Getenv("SOFTHSM2_UTIL"); own != "" {
		util, err = own, nil
	}
	if err != nil {
		t.Skip("no softhsm2-util: make test-token gets it")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	text := "directories.tokendir = " + dir + "\nobjectstore.backend = file\nlog.level = ERROR\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	at := token.Address{Module: module(t), Token: "officers", Key: "officer-1"}
	init := exec.Command(util, "--module", at.Module, "--init-token", "--free", "--label", at.Token, "--so-pin", "so-secret", "--pin", pin)
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("init the token: %v\n%s", err, out)
	}
	return at
}

const pin = "officer-pin"

func module(t *testing.T) string {
	for _, name := range []string{os.Getenv("SOFTHSM2_MODULE"), "/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so"} {
		if _, err := os.Stat(name); name != "" && err == nil {
			return name
		}
	}
	t.Skip("no SoftHSM module: make test-token gets it")
	return ""
}

// TestAKeyOnATokenSigns as one in a file does, and stays there.
func TestAKeyOnATokenSigns(t *testing.T) {
	at := softToken(t)
	s, err := token.Open(at, pin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Signer(); !errors.Is(err, token.ErrNoKey) {
		t.Errorf("before there is a key: got %v", err)
	}
	made, err := s.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Generate(); !errors.Is(err, token.ErrKeyThere) {
		t.Error("a second key under one label was made")
	}
	key, err := identity.OnToken(made, bytes.Repeat([]byte{7}, identity.TokenSeedSize))
	if err != nil {
		t.Fatal(err)
	}
	if key.Seed() != nil {
		t.Error("the key has a seed")
	}
	jws, err := seal.Sign("test+jws", []byte("payload"), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := seal.Verify("test+jws", jws, key.Public()); err != nil {
		t.Errorf("the signature does not hold: %v", err)
	}
	if _, err := made.Sign(nil, make([]byte, 32), crypto.SHA256); err == nil {
		t.Error("it signed a digest")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	again, err := token.Open(at, pin)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	found, err := again.Signer()
	if err != nil {
		t.Fatal(err)
	}
	if !found.Public().(ed25519.PublicKey).Equal(made.Public()) {
		t.Error("another key was found")
	}
}

// TestWhatIsWrongWithATokenIsSaid without the PIN.
func TestWhatIsWrongWithATokenIsSaid(t *testing.T) {
	at := softToken(t)
	other := at
	other.Token = "of-another"
	nowhere := at
	nowhere.Module = filepath.Join(t.TempDir(), "none.so")
	for name, x := range map[string]struct {
		at   token.Address
		pin  string
		want error
	}{
		"wrong PIN": {at, "wrong-secret", token.ErrPIN}, "no token": {other, pin, token.ErrNoToken}, "no module": {nowhere, pin, token.ErrModule},
		"long PIN": {at, strings.Repeat("1", token.MaxPIN+1), token.ErrPIN},
	} {
		s, err := token.Open(x.at, x.pin)
		switch {
		case err == nil:
			t.Errorf("%s: it was opened", name)
			s.Close()
		case x.want != nil && !errors.Is(err, x.want):
			t.Errorf("%s: got %v", name, err)
		case strings.Contains(err.Error(), x.pin):
			t.Errorf("%s: the error repeats the PIN", name)
		}
	}
}
