package desk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// MaxSocketPath bounds the path of a socket, in bytes: the system's sun_path,
// which ends with a zero.
const MaxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// dialPatience bounds how long a client waits to be connected. A node that is
// there connects at once.
const dialPatience = 5 * time.Second

// bodyPatience bounds how long a client waits for the node to want a large body,
// or to refuse it, before it is sent anyway.
const bodyPatience = 10 * time.Second

// ListenSocket opens the API's socket for this user alone. A file that a killed
// node left there is removed. The caller holds the lock of its store, so no
// other node of its home listens there; a node of another home that is
// configured with the same path answers, and keeps it.
func ListenSocket(ctx context.Context, path string) (net.Listener, error) {
	if problem := guarded(path); problem != nil {
		return nil, problem
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("desk: listen: %w", err)
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("desk: listen: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("desk: listen: %w", err), l.Close())
	}
	return l, nil
}

// removeStale removes a socket behind which nobody answers.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return nil // there is none; what else is wrong there, listening finds
	}
	if info.Mode().Type() != fs.ModeSocket {
		return &Problem{Text: "cannot listen for the API: " + path + " is no socket",
			Hint: "move it away: the node removes nothing that it did not make"}
	}
	dialer := net.Dialer{Timeout: dialPatience}
	if conn, err := dialer.DialContext(ctx, "unix", path); err == nil {
		conn.Close()
		return &Problem{Text: "cannot listen for the API: another node answers at " + path,
			Hint: "give each home a socket of its own in its comity.toml"}
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("desk: listen: %w", err)
	}
	return nil
}

// Dial returns the API behind the socket at path. It connects for each call,
// and gives the token to nobody who is not this user or root.
func Dial(path, token string) *Client {
	dialer := net.Dialer{Timeout: dialPatience}
	return &Client{Base: "http://node", At: path, Token: token, HTTP: http.Client{Transport: &http.Transport{
		DisableKeepAlives:     true,
		ExpectContinueTimeout: bodyPatience,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if problem := guarded(path); problem != nil {
				return nil, problem
			}
			return dialer.DialContext(ctx, "unix", path)
		}}}}
}

// guarded refuses a path at which somebody else could put a socket of their
// own while the node is down, and be handed the token. Root, who may read the
// token anyway, looks at whose the folder is as its owner would.
func guarded(path string) *Problem {
	if len(path) > MaxSocketPath {
		return &Problem{Text: fmt.Sprintf("the path of the API's socket has %d bytes: want at most %d: %s",
			len(path), MaxSocketPath, path),
			Hint: `name a shorter one in comity.toml, such as socket = "/run/comity/api.sock"`}
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err != nil {
		return nil // nobody listens there, and whoever does next makes the folder
	}
	owner, me := uint32(os.Getuid()), uint32(os.Geteuid())
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = s.Uid
	}
	if info.Mode().Perm()&0o022 != 0 || (me != 0 && owner != me && owner != 0) {
		return &Problem{Text: "others could put a socket of their own into " + dir + ": the API's token would be theirs",
			Hint: "chmod 700 " + dir + ", and chown it to the user that runs the node"}
	}
	return nil
}
