package home_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/keyfile"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

func TestPassphraseOpensWhatItLocked(t *testing.T) {
	t.Parallel()
	const words = "correct horse battery staple"
	made := create(t, words)
	h, err := home.Open(made.Dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := h.NodeConfig(lockOf(t, h, words), func() time.Time { return day })
	if err != nil {
		t.Fatal(err)
	}
	entry, err := h.Entry()
	if err != nil || !entry.Signing.Equal(cfg.Keys.Sign.Public()) || cfg.Keys.Store == [32]byte{} {
		t.Errorf("the keys are not those of the entry: %v", err)
	}
	if _, err := h.Lock(""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the passphrase: got %v, want no unlock file", err)
	}
	if _, err := os.Stat(filepath.Join(h.Dir, home.UnlockName)); err == nil {
		t.Error("an unlock file lies beside keys that a passphrase locks")
	}
	if !h.NeedsPassphrase() {
		t.Error("got no need of a passphrase, want one")
	}
	if _, err := h.Keys(lockOf(t, h, "incorrect horse")); !errors.Is(err, keyfile.ErrUnlock) {
		t.Errorf("got %v, want keyfile.ErrUnlock", err)
	}
}

// TestNoSecretLiesOpen: no file of a home holds a key as it is, whatever locks it.
func TestNoSecretLiesOpen(t *testing.T) {
	h := create(t, "")
	lock := lockOf(t, h, "")
	keys, err := h.Keys(lock)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(h.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, secret := range [][]byte{keys.Sign.Seed(), keys.Open.Seed(), keys.Log.Seed(), keys.TLS.Seed(), keys.Store[:]} {
			if strings.Contains(string(b), string(secret)) {
				t.Errorf("%s holds a key", e.Name())
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestEachKeyFileHasItsPlace(t *testing.T) {
	h := create(t, "")
	lock := lockOf(t, h, "")
	files := map[string][]byte{}
	for _, label := range []string{"sign", "open", "log", "link", "store"} {
		b, err := os.ReadFile(filepath.Join(h.Dir, "keys", label+".key"))
		if err != nil {
			t.Fatal(err)
		}
		files[label] = b
	}
	put := func(from, to string) {
		if err := os.WriteFile(filepath.Join(h.Dir, "keys", to+".key"), files[from], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for from := range files {
		for to := range files {
			if from == to {
				continue
			}
			put(from, to)
			if _, err := h.Keys(lock); !errors.Is(err, keyfile.ErrUnlock) || !strings.Contains(err.Error(), to+".key") {
				t.Errorf("the %s key in the place of the %s key: got %v", from, to, err)
			}
			put(to, to)
		}
	}
	if _, err := h.Keys(lock); err != nil {
		t.Errorf("each in its place: got %v", err)
	}
}

func TestAKeyOfAnotherHomeIsRefused(t *testing.T) {
	a, b := create(t, ""), create(t, "")
	if _, err := a.Keys(lockOf(t, b, "")); !errors.Is(err, keyfile.ErrUnlock) {
		t.Errorf("got %v, want keyfile.ErrUnlock", err)
	}
}

// TestAnOfficersFileIsNoKeyOfTheNode, and the other way round.
func TestAnOfficersFileIsNoKeyOfTheNode(t *testing.T) {
	h := create(t, "")
	lock := lockOf(t, h, "")
	path, err := h.NewOfficer(register.Credential{Roles: []protocol.Role{protocol.RoleIssuing}, Issued: day,
		Types: []protocol.RequestType{}, Expires: day.AddDate(1, 0, 0)}, lock)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := home.ReadRoot(path, lock); err == nil {
		t.Error("an officer's file was read as a root")
	}
	if _, err := home.ReadOfficer(filepath.Join(h.Dir, "keys", "sign.key"), lock); err == nil {
		t.Error("the node's key was read as an officer's")
	}
}

// TestHalfAHomeIsNone: Create writes the configuration last, and never over a
// key that is there.
func TestHalfAHomeIsNone(t *testing.T) {
	h := create(t, "")
	if err := os.Remove(filepath.Join(h.Dir, home.ConfigName)); err != nil {
		t.Fatal(err)
	}
	if _, err := home.Open(h.Dir); !errors.Is(err, home.ErrNoHome) {
		t.Errorf("got %v, want ErrNoHome", err)
	}
	before, err := os.ReadFile(filepath.Join(h.Dir, "keys", "store.key"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = home.Create(home.Spec{Dir: h.Dir, Name: "x", Roles: []protocol.Role{protocol.RoleIssuing}, Config: h.Config, Since: day})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if after, err := os.ReadFile(filepath.Join(h.Dir, "keys", "store.key")); err != nil || string(after) != string(before) {
		t.Errorf("a key was overwritten: %v", err)
	}
}

func TestFilesOfAHomeAreBounded(t *testing.T) {
	h := create(t, "")
	name := filepath.Join(h.Dir, home.RegistersDir, "GB.jws")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, home.MaxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Documents(); err == nil || !strings.Contains(err.Error(), "GB.jws") {
		t.Errorf("got %v, want the name of the file that is too large", err)
	}
}
