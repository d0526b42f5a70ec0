package home

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A TestClock is legal time in a testnet: the machine's, turned forward by what a
// file says that all nodes of the world read. A home has one only where its
// comity.toml names that file, which founding a testnet writes and nothing else;
// and only a node that listens on loopback takes it (Config.Check), so that no
// node that others reach can have its time turned.
type TestClock struct {
	path    string
	machine func() time.Time

	mu    sync.Mutex
	read  time.Time     // by the machine's clock, when the file was read last; guarded by mu
	ahead time.Duration // guarded by mu
}

const (
	// testClockEvery is how often the file is read.
	testClockEvery = 20 * time.Millisecond
	// MaxAhead bounds how far legal time is turned forward.
	MaxAhead = 20 * 366 * 24 * time.Hour
)

// TestClock returns the clock of a testnet's home, nil for any other.
func (h *Home) TestClock(machine func() time.Time) *TestClock {
	if h.Config.TestnetClock == "" {
		return nil
	}
	path := h.Config.TestnetClock
	if !filepath.IsAbs(path) {
		path = h.path(path)
	}
	return &TestClock{path: path, machine: machine}
}

// Now returns legal time.
func (c *TestClock) Now() time.Time { return c.machine().Add(c.Ahead()) }

// Ahead returns how far legal time is turned forward. It never goes back, also
// when the file cannot be read.
func (c *TestClock) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.machine(); c.read.IsZero() || now.Sub(c.read).Abs() >= testClockEvery {
		c.read = now
		if d, err := ReadAhead(c.path); err == nil {
			c.ahead = max(c.ahead, d)
		}
	}
	return c.ahead
}

// ReadAhead reads the file that says how far legal time is turned forward.
func ReadAhead(path string) (time.Duration, error) {
	b, err := readFile(path)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(strings.TrimSpace(string(b)))
	if err != nil || d < 0 || d > MaxAhead {
		return 0, fmt.Errorf("home: %s: want how far legal time is turned forward, such as 8h", path)
	}
	return d, nil
}

// WriteAhead writes that file, all of it or nothing.
func WriteAhead(path string, d time.Duration) error {
	if d < 0 || d > MaxAhead {
		return fmt.Errorf("home: legal time is turned forward by at most %v", MaxAhead)
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := WriteNew(part, []byte(d.String()+"\n")); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// checkTestClock: legal time of a node that others reach is the machine's.
func (c *Config) checkTestClock() error {
	if c.TestnetClock == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("testnet_clock: legal time is turned in a testnet on this machine only, and listen is not loopback: " +
			"take the setting out")
	}
	return nil
}
