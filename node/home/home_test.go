package home_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/keyfile"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

var day = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func create(t *testing.T, passphrase string) *home.Home {
	t.Helper()
	h, err := home.Create(home.Spec{Dir: t.TempDir(), Name: "Home Office", Passphrase: passphrase,
		Roles:  []protocol.Role{protocol.RoleIssuing},
		Config: home.Config{Participant: "gb.home-office", Listen: "127.0.0.1:4433", API: "127.0.0.1:8433"},
		Since:  day})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func lockOf(t *testing.T, h *home.Home, passphrase string) keyfile.Lock {
	t.Helper()
	lock, err := h.Lock(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestAHomeOpensAsItWasCreated(t *testing.T) {
	made := create(t, "")
	h, err := home.Open(made.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(h.Config, made.Config) || h.NeedsPassphrase() {
		t.Errorf("got %v %v, want %v and no passphrase", h.Config, h.NeedsPassphrase(), made.Config)
	}
	cfg, err := h.NodeConfig(lockOf(t, h, ""), func() time.Time { return day })
	if err != nil {
		t.Fatal(err)
	}
	entry, err := h.Entry()
	if err != nil {
		t.Fatal(err)
	}
	if !entry.Signing.Equal(cfg.Keys.Sign.Public()) || !entry.Log.Equal(cfg.Keys.Log.Public()) {
		t.Error("the entry shows other keys than the home has")
	}
	if token, err := h.Token(); err != nil || len(token) != 64 {
		t.Errorf("got a token of %d characters, %v, want 64", len(token), err)
	}
}

func TestOnlyTheOwnerCanReadAHome(t *testing.T) {
	h := create(t, "")
	err := filepath.WalkDir(h.Dir, func(path string, e fs.DirEntry, err error) error {
		info, statErr := e.Info()
		if path != h.Dir && (err != nil || statErr != nil || info.Mode().Perm()&0o077 != 0) {
			t.Errorf("%s: got %v, want no right for others", e.Name(), info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAHomeIsNeverOverwritten(t *testing.T) {
	h := create(t, "")
	before, err := os.ReadFile(filepath.Join(h.Dir, "keys", "sign.key"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = home.Create(home.Spec{Dir: h.Dir, Name: "x", Roles: []protocol.Role{protocol.RoleIssuing},
		Config: h.Config, Since: day})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	after, err := os.ReadFile(filepath.Join(h.Dir, "keys", "sign.key"))
	if err != nil || string(after) != string(before) {
		t.Errorf("a key was overwritten: %v", err)
	}
}

// Taking one key for another would sign acts with the key that opens mail.
func TestAKeyFileOfAnotherKindIsRefused(t *testing.T) {
	h := create(t, "")
	lock := lockOf(t, h, "")
	b, err := os.ReadFile(filepath.Join(h.Dir, "keys", "open.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.Dir, "keys", "sign.key"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Keys(lock); !errors.Is(err, keyfile.ErrUnlock) {
		t.Errorf("got %v, want keyfile.ErrUnlock", err)
	}
}

func TestOfficersFileOpensWithTheOfficersOwnLock(t *testing.T) {
	h := create(t, "")
	mine, err := keyfile.NewUnlockFile()
	if err != nil {
		t.Fatal(err)
	}
	own, err := keyfile.UnlockFile(mine)
	if err != nil {
		t.Fatal(err)
	}
	path, err := h.Enrol(register.Credential{Roles: []protocol.Role{protocol.RoleIssuing},
		Types: []protocol.RequestType{}, Issued: day, Expires: day.AddDate(0, 0, 30)},
		home.Enrolment{Home: lockOf(t, h, ""), Officer: own})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := home.ReadOfficer(path, lockOf(t, h, "")); !errors.Is(err, keyfile.ErrUnlock) {
		t.Errorf("with the home's lock: got %v, want keyfile.ErrUnlock", err)
	}
	o, err := home.ReadOfficer(path, own)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := h.Entry()
	if err != nil {
		t.Fatal(err)
	}
	c, err := register.VerifyCredential(o.Credential, entry)
	if err != nil || !c.Key.Equal(o.Key.Public()) {
		t.Errorf("got a credential for %v, %v, want the officer's key", c, err)
	}
	if files, err := h.Officers(); err != nil || len(files) != 1 || files[0] != path {
		t.Errorf("got %v, %v, want %v", files, err, path)
	}
}

func TestRootOpensOnlyAsRoot(t *testing.T) {
	h := create(t, "")
	lock := lockOf(t, h, "")
	path := filepath.Join(t.TempDir(), home.RootName)
	public, err := home.NewRoot(path, lock)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := home.ReadRoot(path, lock); err != nil || !k.Public().Equal(public) {
		t.Errorf("got %v, %v, want %v", k, err, public)
	}
	if _, err := home.ReadRoot(filepath.Join(h.Dir, "keys", "sign.key"), lock); !errors.Is(err, keyfile.ErrUnlock) {
		t.Errorf("a signing key: got %v, want keyfile.ErrUnlock", err)
	}
}

func TestConfigErrorsNameWhatToMend(t *testing.T) {
	for text, want := range map[string]string{
		"participant = \"gb.a\"\nlisten = \"a:1\"\napi = \"127.0.0.1:1\"\nspeed = 9\n": "speed",
		"participant = 'GB'\nlisten = 'a:1'\napi = '127.0.0.1:1'\n":                    "want country.name",
		"participant = 'gb.a'\nlisten = 'a'\napi = '127.0.0.1:1'\n":                    "listen: want host:port",
		"participant = 'gb.a'\nlisten = 'a:1'\napi = '0.0.0.0:1'\n":                    "api: want a loopback address",
		"participant = 'gb.a'\nlisten = 'a:1'\napi = 'localhost:1'\n":                  "api: want a loopback address",
		"participant = 'gb.a'\nlisten = 'a:1'\nsocket = 'run/api.sock'\n":              "socket: want a path from the root on",
		"participant = 'gb.a'\nlisten = 'a:1'\n[evidence]\nfetch = 'never'\n":          "evidence: fetch: want",
		"participant = 'gb.a'\nlisten = 'a:1'\n[evidence]\ncase_quota = '50 GB'\n":     "want a size such as",
		"participant = 'gb.a'\nlisten = 'a:1'\n[evidence]\ncase_quota = '0GiB'\n":      "want a size such as",
		"participant = 'gb.a'\nlisten = 'a:1'\n[evidence]\nscanner = ['clamdscan']\n":  "evidence: scanner: want a program by its path",
		"participant = 'gb.a'\nlisten = 'a:1'\n[evidence]\nscan_timeout = '-1m'\n":     "evidence: scan_timeout: want a time",
		"participant = 'gb.a'\nlisten\n":                                               "line 2",
	} {
		if _, err := home.ParseConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// TestTheCommentedFileIsTheConfiguration: what is off is off, and what a person
// takes the comment sign from is read.
func TestTheCommentedFileIsTheConfiguration(t *testing.T) {
	h, err := home.Create(home.Spec{Dir: t.TempDir(), Name: "Home Office", Roles: []protocol.Role{protocol.RoleIssuing},
		Config: home.Config{Participant: "gb.home-office", Listen: "127.0.0.1:4433"}, Since: day})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(h.Dir, "run", "api.sock"); h.Socket() != want {
		t.Errorf("got the socket %s, want %s", h.Socket(), want)
	}
	b, err := os.ReadFile(filepath.Join(h.Dir, home.ConfigName))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := home.ParseConfig(b); err != nil || !reflect.DeepEqual(c, h.Config) || c.API != "" {
		t.Errorf("got %+v, %v, want %+v", c, err, h.Config)
	}
	on := strings.NewReplacer("# socket =", "socket =", "# api =", "api =", "# [notify]", "[notify]",
		"# command =", "command =", "# webhook =", "webhook =", "# fetch =", "fetch =", "# peer_quota =", "peer_quota =",
		"# case_quota =", "case_quota =", "# reserve =", "reserve =", "# scanner =", "scanner =",
		"# scan_timeout =", "scan_timeout =", "# listen =", "listen =", "# certificate =", "certificate =",
		"# key =", "key =").Replace(string(b))
	want := home.Config{Participant: "gb.home-office", Listen: "127.0.0.1:4433",
		Socket: "/run/comity/api.sock", API: "127.0.0.1:8433",
		Evidence: home.Evidence{Fetch: "manual", PeerQuota: home.Size{Bytes: 2 << 40}, CaseQuota: home.Size{Bytes: 500 << 30},
			Reserve: home.Size{Bytes: 10 << 30}, Scanner: []string{"/usr/bin/clamdscan", "--no-summary", "-"}, ScanTimeout: "30m"},
		Uploads: home.Uploads{Listen: "0.0.0.0:8443", Certificate: "/etc/comity/uploads.pem", Key: "/etc/comity/uploads.key"},
		Notify:  home.Notify{Command: []string{"/usr/local/bin/page"}, Webhook: "https://pager.example/hooks/comity"}}
	if c, err := home.ParseConfig([]byte(on)); err != nil || !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, %v, want %+v", c, err, want)
	}
	api, err1 := h.Token()
	metrics, err2 := h.MetricsToken()
	if err1 != nil || err2 != nil || len(api) != 64 || len(metrics) != 64 || api == metrics {
		t.Errorf("got tokens of %d and %d digits, %v, %v: want two of 64", len(api), len(metrics), err1, err2)
	}
}

func TestTroubleIsLeftAndCleared(t *testing.T) {
	h := create(t, "")
	want := home.Trouble{At: day, Text: "the store is behind its anchor", Hint: "put back the newest copy"}
	if err := h.LeaveTrouble(want); err != nil {
		t.Fatal(err)
	}
	if got := h.Trouble(); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := errors.Join(h.ClearTrouble(), h.ClearTrouble()); err != nil {
		t.Error(err)
	}
	if got := h.Trouble(); got != (home.Trouble{}) {
		t.Errorf("got %v, want none", got)
	}
}

func TestDocumentsThatNobodySignedAreLeftOut(t *testing.T) {
	h := create(t, "")
	dir := filepath.Join(h.Dir, home.AgreementsDir)
	if err := os.WriteFile(filepath.Join(dir, "draft.yaml"), []byte("id: draft"), 0o600); err != nil {
		t.Fatal(err)
	}
	if docs, err := h.Documents(); err != nil || len(docs) != 0 {
		t.Errorf("got %d documents, %v, want none", len(docs), err)
	}
}

func TestAPinThatCannotBeReadIsNamed(t *testing.T) {
	h := create(t, "")
	if err := os.WriteFile(filepath.Join(h.Dir, home.PinsDir, "gb.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Pins(); err == nil || !strings.Contains(err.Error(), "gb.json") {
		t.Errorf("got %v, want the file's name", err)
	}
}

// TestAWrittenConfigurationIsReadBack, with all that may stand in it.
func TestAWrittenConfigurationIsReadBack(t *testing.T) {
	want := home.Config{Participant: "gb.home-office", Listen: "127.0.0.1:4433", API: "127.0.0.1:8433",
		TestnetClock: "../legal-time", Notify: home.Notify{Command: []string{"/bin/page", "--to", `the "desk"`},
			Webhook: "http://127.0.0.1:9000/x"},
		Evidence: home.Evidence{Fetch: "manual", CaseQuota: home.Size{Bytes: 1536 << 20}, Scanner: []string{"/bin/scan", "-"}, ScanTimeout: "90s"}}
	h, err := home.Create(home.Spec{Dir: t.TempDir(), Name: "Home Office", Roles: []protocol.Role{protocol.RoleIssuing},
		Config: want, Since: day})
	if err != nil {
		t.Fatal(err)
	}
	if h, err = home.Open(h.Dir); err != nil || !reflect.DeepEqual(h.Config, want) {
		t.Errorf("got %+v, %v, want %+v", h.Config, err, want)
	}
	cfg, err := h.NodeConfig(lockOf(t, h, ""), func() time.Time { return day })
	if err != nil || len(cfg.Notify) != 2 || cfg.Ahead == nil {
		t.Errorf("got %v, %d targets, want two and a testnet's clock", err, len(cfg.Notify))
	}
	if e := cfg.Evidence; !e.Manual || e.Quota.Case != 1536<<20 || e.Quota.Peer != 0 || len(e.Scanner) != 2 || e.ScanTimeout != 90*time.Second {
		t.Errorf("got %+v", e)
	}
	if err := os.Chmod(filepath.Join(h.Dir, home.NotifySecretName), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := h.NodeConfig(lockOf(t, h, ""), time.Now); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a secret that others may read: got %v", err)
	}
}

// TestOnlyATestnetTurnsItsClock: a node that others reach has none to turn, and a
// home that init makes does not name one.
func TestOnlyATestnetTurnsItsClock(t *testing.T) {
	h := create(t, "")
	if h.TestClock(time.Now) != nil {
		t.Error("a home that was created has a testnet's clock")
	}
	for listen, good := range map[string]bool{"127.0.0.1:4433": true, "[::1]:4433": true, "0.0.0.0:4433": false,
		":4433": false, "192.0.2.7:4433": false, "node.example:4433": false, "localhost:4433": false} {
		c := home.Config{Participant: "gb.home-office", Listen: listen, TestnetClock: "../legal-time"}
		if err := c.Check(); (err == nil) != good {
			t.Errorf("listening at %s: got %v", listen, err)
		}
	}
}

// TestATurnedClockNeverGoesBack, also when its file cannot be read.
func TestATurnedClockNeverGoesBack(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "legal-time")
	now := day
	h := &home.Home{Dir: filepath.Join(dir, "home"), Config: home.Config{TestnetClock: "../legal-time"}}
	clock := h.TestClock(func() time.Time { return now })
	want := func(ahead time.Duration) {
		t.Helper()
		now = now.Add(time.Second)
		if got := clock.Now(); !got.Equal(now.Add(ahead)) {
			t.Errorf("got %v, want %v ahead of %v", got, ahead, now)
		}
	}
	want(0)
	for _, ahead := range []time.Duration{0, 8 * time.Hour, 30 * 24 * time.Hour} {
		if err := home.WriteAhead(path, ahead); err != nil {
			t.Fatal(err)
		}
		want(ahead)
	}
	for _, text := range []string{"1h", "", "-8h", "soon", "9999999h"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		want(30 * 24 * time.Hour)
	}
	if err := home.WriteAhead(path, -time.Hour); err == nil {
		t.Error("it was turned back")
	}
}
