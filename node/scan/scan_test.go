package scan_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"comity.example/node/scan"
)

func shell(script string) *scan.Scanner {
	return &scan.Scanner{Args: []string{"/bin/sh", "-c", script}}
}

func TestScannersVerdicts(t *testing.T) {
	large := strings.Repeat("x", 4<<20)
	for _, c := range []struct {
		script, content string
		found           bool
		ok              bool
	}{
		{"grep -q EICAR && exit 1; exit 0", "a EICAR b", true, true},
		{"grep -q EICAR && exit 1; exit 0", "nothing", false, true},
		{"exit 1", large, true, true}, // it need not read to the end
		{"exit 0", large, false, true},
		{"cat >/dev/null; exit 2", "x", false, false}, // clamdscan: an error of its own
		{"kill -9 $$", "x", false, false},
	} {
		found, err := shell(c.script).Scan(t.Context(), strings.NewReader(c.content))
		if found != c.found || (err == nil) != c.ok || err != nil && !errors.Is(err, scan.ErrScan) {
			t.Errorf("%s: got %t, %v", c.script, found, err)
		}
	}
	if _, err := (&scan.Scanner{Args: []string{"/nowhere"}}).Scan(t.Context(), strings.NewReader("")); !errors.Is(err, scan.ErrScan) {
		t.Errorf("a scanner that is not there: got %v", err)
	}
}

// TestContentThatBreaksOffIsNotClean: the scanner saw only what came before.
func TestContentThatBreaksOffIsNotClean(t *testing.T) {
	broken := errors.New("the disk")
	content := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))
	if _, err := shell("cat >/dev/null").Scan(t.Context(), content); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// TestScannerThatHangsIsKilled, with what it started.
func TestScannerThatHangsIsKilled(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	s := shell("(sleep 1; touch " + mark + ") & sleep 30")
	s.Patience = 50 * time.Millisecond
	if _, err := s.Scan(t.Context(), strings.NewReader("x")); !errors.Is(err, scan.ErrScan) || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got %v", err)
	}
	time.Sleep(1200 * time.Millisecond)
	if _, err := os.Stat(mark); err == nil {
		t.Error("what it started lives on")
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := shell("sleep 30").Scan(ctx, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("a node that ends: got %v", err)
	}
}
