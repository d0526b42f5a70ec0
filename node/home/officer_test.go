package home_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"errors"
	"os"
	"testing"

	"comity.example/node/home"
	"comity.example/node/token"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

// A soft half stands for one on a token, and counts how often it was closed.
type soft struct {
	crypto.Signer
	closed *int
}

func (s soft) Close() error {
	*s.closed++
	return nil
}

// TestHalfOfAKeyOnAToken signs with the file and the token, and with neither alone.
func TestHalfOfAKeyOnAToken(t *testing.T) {
	h := create(t, "")
	lock := lockOf(t, h, "")
	closed := 0
	half := func(seed byte) (home.Held, error) {
		return soft{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)), &closed}, nil
	}
	at := token.Address{Module: "/lib/module.so", Token: "officers", Key: "one"}
	c := register.Credential{Roles: []protocol.Role{protocol.RoleIssuing}, Types: []protocol.RequestType{},
		Issued: day, Expires: day.AddDate(0, 0, 30)}
	made := 0
	e := home.Enrolment{Home: lock, Officer: lock, Token: &at, Hold: func() (home.Held, error) { made++; return half(1) }}
	long := c
	long.Expires = day.AddDate(9, 0, 0)
	if _, err := h.Enrol(long, e); err == nil || made != 0 {
		t.Errorf("a credential that is not issued: got %v, and %d keys were made", err, made)
	}
	path, err := h.Enrol(c, e)
	if err != nil || closed != 1 {
		t.Fatalf("got %v, closed %d times", err, closed)
	}
	if named, err := home.ReadToken(path); err != nil || *named != at {
		t.Errorf("got %v, %v, want %v", named, err, at)
	}

	if _, err := home.ReadOfficer(path, lock); !errors.Is(err, home.ErrOnToken) {
		t.Errorf("without the token: got %v", err)
	}
	open := func(path string, seed byte) (*home.Officer, error) {
		return home.OpenOfficer(path, lock, func(got token.Address) (home.Held, error) {
			if got != at {
				t.Errorf("got %v, want %v", got, at)
			}
			return half(seed)
		})
	}
	o, err := open(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := h.Entry()
	if err != nil {
		t.Fatal(err)
	}
	issued, err := register.VerifyCredential(o.Credential, entry)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := o.Key.Sign([]byte("payload"))
	if err != nil || !issued.Key.Verify([]byte("payload"), signature) {
		t.Errorf("the signature does not hold: %v", err)
	}
	if err := o.Close(); err != nil || closed != 2 {
		t.Errorf("got %v, closed %d times", err, closed)
	}

	if _, err := open(path, 2); !errors.Is(err, home.ErrOtherKey) || closed != 3 {
		t.Errorf("another key: got %v, closed %d times", err, closed)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"another module": {"/lib/module.so", "/tmp/module.so"}, "another token": {`"officers"`, `"others"`},
	} {
		text := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		if err := os.WriteFile(path+".changed", text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := open(path+".changed", 1); !errors.Is(err, home.ErrOtherToken) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
