package home_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity.example/node/home"
	"comity.example/protocol"
)

// newUploader adds an uploader and returns its token.
func newUploader(t *testing.T, h *home.Home, u home.Uploader, replace bool) string {
	t.Helper()
	token, err := h.AddUploader(u, replace)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestUploaderIsWhoHoldsTheToken(t *testing.T) {
	h := create(t, "")
	if list, err := h.Uploaders(); err != nil || len(list) != 0 {
		t.Errorf("a new home has uploaders %v, %v", list, err)
	}
	const bound = protocol.CaseID("case-aaaaaaaaaaaaaaaaaaaaaaaaaa")
	u := home.Uploader{Name: "mail", Case: bound, Made: day, Expires: day.Add(time.Hour)}
	token := newUploader(t, h, u, false)
	other := newUploader(t, h, home.Uploader{Name: "logs", Made: day, Expires: day.Add(time.Hour)}, false)
	api, err := h.Token()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Uploader(token, day); err != nil || got.Name != "mail" || got.Case != bound {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := h.Uploader(other, day); err != nil || got.Name != "logs" || got.Case != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, wrong := range []string{"", api, token + "0", token[:len(token)-1], strings.ToUpper(token), "comity-upload-"} {
		if got, err := h.Uploader(wrong, day); !errors.Is(err, home.ErrNoUploader) || got.Name != "" {
			t.Errorf("%q: got %+v, %v", wrong, got, err)
		}
	}
	if _, err := h.Uploader(token, day.Add(time.Hour-time.Second)); err != nil {
		t.Errorf("before its end: %v", err)
	}
	if got, err := h.Uploader(token, day.Add(time.Hour)); !errors.Is(err, home.ErrUploaderExpired) || got.Name != "" {
		t.Errorf("at its end: got %+v, %v", got, err)
	}
	if list, err := h.Uploaders(); err != nil || len(list) != 2 || list[0].Name != "logs" || list[1].Name != "mail" {
		t.Errorf("got %+v, %v, want both by name", list, err)
	}
}

func TestUploaderIsReplacedAndRemoved(t *testing.T) {
	h := create(t, "")
	u := home.Uploader{Name: "mail", Made: day, Expires: day.Add(time.Hour)}
	if _, err := h.AddUploader(u, true); !errors.Is(err, home.ErrNoUploader) {
		t.Errorf("replaced what is not there: %v", err)
	}
	first := newUploader(t, h, u, false)
	cfg, err := h.NodeConfig(lockOf(t, h, ""), time.Now)
	if err != nil || !cfg.Uploader("mail") || cfg.Uploader("logs") {
		t.Errorf("the node knows mail: %v, %v; and logs: %v", cfg.Uploader("mail"), err, cfg.Uploader("logs"))
	}
	if _, err := h.AddUploader(u, false); !errors.Is(err, home.ErrUploaderThere) {
		t.Errorf("made twice: %v", err)
	}
	second := newUploader(t, h, u, true)
	if _, err := h.Uploader(first, day); !errors.Is(err, home.ErrNoUploader) {
		t.Errorf("the token that was replaced: %v", err)
	}
	if _, err := h.Uploader(second, day); err != nil {
		t.Error(err)
	}
	if err := h.RemoveUploader("mail"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Uploader(second, day); !errors.Is(err, home.ErrNoUploader) {
		t.Errorf("the token that was removed: %v", err)
	}
	if err := h.RemoveUploader("mail"); !errors.Is(err, home.ErrNoUploader) {
		t.Errorf("removed twice: %v", err)
	}
}

// TestUploadersFileHoldsNoToken, is for its owner alone, and what is damaged lets
// nobody in.
func TestUploadersFileHoldsNoToken(t *testing.T) {
	h := create(t, "")
	token := newUploader(t, h, home.Uploader{Name: "mail", Made: day, Expires: day.Add(time.Hour)}, false)
	path := filepath.Join(h.Dir, home.UploadersName)
	b, err := os.ReadFile(path)
	if err != nil || bytes.Contains(b, []byte(token[len("comity-upload-"):])) {
		t.Errorf("%q, %v holds the token", b, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o620); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Uploader(token, day); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("others may write it: %v", err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, b[:len(b)-2], 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Uploader(token, day); err == nil || errors.Is(err, home.ErrNoUploader) {
		t.Errorf("a file that breaks off: %v", err)
	}
	if err := h.RemoveUploader("mail"); err == nil {
		t.Error("a file that breaks off was written anew")
	}
	if cfg, err := h.NodeConfig(lockOf(t, h, ""), time.Now); err != nil || !cfg.Uploader("mail") {
		t.Errorf("of a file that cannot be read nobody is gone: %v", err)
	}
}

func TestUploadersAreBounded(t *testing.T) {
	h := create(t, "")
	u := home.Uploader{Made: day, Expires: day.Add(time.Hour)}
	for i := range home.MaxUploaders {
		u.Name = fmt.Sprint("n", i)
		newUploader(t, h, u, false)
	}
	u.Name = "more"
	if _, err := h.AddUploader(u, false); !errors.Is(err, home.ErrUploaders) {
		t.Errorf("one too many: %v", err)
	}
	for _, name := range []string{"", "a b", "A", "-a", "a/b", "é", "a\n", strings.Repeat("a", 33)} {
		if u.Name = name; true {
			if _, err := h.AddUploader(u, true); !errors.Is(err, home.ErrUploaderName) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}

func TestUploadsOffThisMachineWantACertificate(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"listen = '127.0.0.1:8443'":    "",
		"listen = '[::1]:8443'":        "",
		"listen = '0.0.0.0:8443'":      "want certificate and key too",
		"listen = ':8443'":             "want certificate and key too",
		"listen = 'localhost:8443'":    "want certificate and key too",
		"listen = 'node.example:8443'": "want certificate and key too",
		"listen = 'node.example:8443'\ncertificate = '/c'\nkey = '/k'": "",
		"listen = 'node.example'\ncertificate = '/c'\nkey = '/k'":      "listen: want host:port",
		"listen = '127.0.0.1:8443'\ncertificate = '/c'":                "want both, or none",
		"key = '/k'": "want both, or none",
		"listen = '0.0.0.0:1'\ncertificate = 'c'\nkey = '/k'": "certificate: want a path from the root on",
		"listen = '0.0.0.0:1'\ncertificate = '/c'\nkey = 'k'": "key: want a path from the root on",
	} {
		_, err := home.ParseConfig([]byte("participant = 'gb.a'\nlisten = 'a:1'\n[uploads]\n" + text + "\n"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
