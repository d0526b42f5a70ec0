package desk_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity.example/node/desk"
)

var somebody = &clerk{status: desk.Status{Participant: "gb.met-police"}}

// serveAt serves a node's API at path until the test ends.
func serveAt(t *testing.T, path string, n desk.Node) {
	t.Helper()
	l, err := desk.ListenSocket(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s := http.Server{Handler: desk.Server(n, token, nil)}
	ended := make(chan struct{})
	go func() { defer close(ended); s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-ended })
}

func TestSocketIsForThisUserAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "api.sock")
	serveAt(t, path, somebody)
	for name, want := range map[string]fs.FileMode{path: fs.ModeSocket | 0o600, filepath.Dir(path): fs.ModeDir | 0o700} {
		if info, err := os.Lstat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	if s, err := desk.Dial(path, token).Status(t.Context()); err != nil || s.Participant != "gb.met-police" {
		t.Errorf("got %+v, %v", s, err)
	}
	var p *desk.Problem
	if _, err := desk.Dial(path, "wrong").Status(t.Context()); !errors.As(err, &p) || p.Status != http.StatusUnauthorized {
		t.Errorf("with a wrong token: got %v", err)
	}
}

// TestSocketOfAKilledNodeIsReplaced, and no other file is.
func TestSocketOfAKilledNodeIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	var p *desk.Problem
	if _, err := desk.Dial(path, token).Status(t.Context()); !errors.As(err, &p) || p.Status != http.StatusBadGateway ||
		!strings.Contains(p.Text, path) {
		t.Errorf("behind a socket of nobody: got %v", err)
	}
	serveAt(t, path, somebody)
	if _, err := desk.Dial(path, token).Status(t.Context()); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "api.sock")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.ListenSocket(t.Context(), file); !errors.As(err, &p) || p.Hint == "" {
		t.Errorf("over a file: got %v", err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "kept" {
		t.Errorf("the file is gone: %v", err)
	}
}

// TestSocketOfARunningNodeIsKept: two homes name one path.
func TestSocketOfARunningNodeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	serveAt(t, path, somebody)
	var p *desk.Problem
	if _, err := desk.ListenSocket(t.Context(), path); !errors.As(err, &p) || !strings.Contains(p.Text, "another node answers") {
		t.Fatalf("a second node: got %v", err)
	}
	if _, err := desk.Dial(path, token).Status(t.Context()); err != nil {
		t.Errorf("the first is gone: %v", err)
	}
}

// TestNobodyElsesSocketIsGivenTheToken: while the node is down somebody who may
// write into the folder listens in its place.
func TestNobodyElsesSocketIsGivenTheToken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "api.sock")
	heard := make(chan string, 1)
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	thief := http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case heard <- r.Header.Get("Authorization"):
		default:
		}
	})}
	ended := make(chan struct{})
	go func() { defer close(ended); thief.Serve(l) }()
	defer func() { thief.Close(); <-ended }()
	for _, mode := range []fs.FileMode{0o777, 0o770, fs.ModeSticky | 0o777, 0o702} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		var p *desk.Problem
		if _, err := desk.Dial(path, token).Status(t.Context()); !errors.As(err, &p) || !strings.Contains(p.Hint, "chmod 700") {
			t.Errorf("%v: asked: got %v", mode, err)
		}
		if _, err := desk.ListenSocket(context.Background(), path); !errors.As(err, &p) || !strings.Contains(p.Hint, "chmod 700") {
			t.Errorf("%v: listened: got %v", mode, err)
		}
	}
	select {
	case got := <-heard:
		t.Errorf("somebody else was handed %q", got)
	default:
	}
}

func TestPathTooLongForASocketHasAWayOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", desk.MaxSocketPath), "api.sock")
	_, err1 := desk.ListenSocket(t.Context(), path)
	_, err2 := desk.Dial(path, token).Status(t.Context())
	for _, err := range []error{err1, err2} {
		var p *desk.Problem
		if !errors.As(err, &p) || !strings.Contains(p.Text, "want at most 107") || !strings.Contains(p.Hint, "socket =") {
			t.Errorf("got %v", err)
		}
	}
	longest := filepath.Join(t.TempDir(), "s")
	longest += strings.Repeat("s", desk.MaxSocketPath-len(longest))
	serveAt(t, longest, somebody)
	if _, err := desk.Dial(longest, token).Status(t.Context()); err != nil {
		t.Errorf("a path of %d bytes: %v", len(longest), err)
	}
}
