package home

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"comity.example/node"
	"comity.example/node/vault"
)

// Evidence says how the node deals with evidence, as a file says it.
type Evidence struct {
	// Fetch is "auto" or "manual"; "" stands for auto.
	Fetch string `toml:"fetch"`
	// PeerQuota bounds what is fetched from one peer; none: half of what the disk has
	// for evidence (node.PeerShare). CaseQuota bounds what one case holds; none: as
	// much as the disk has room for.
	PeerQuota Size `toml:"peer_quota"`
	CaseQuota Size `toml:"case_quota"`
	// Reserve is what stays free on the disk; none: the node's own.
	Reserve Size `toml:"reserve"`
	// Scanner is a program with its arguments that looks at what was fetched, and
	// ScanTimeout how long it may take: "30m".
	Scanner     []string `toml:"scanner"`
	ScanTimeout string   `toml:"scan_timeout"`
}

// A Size is a number of bytes as a file says it: "50GiB".
type Size struct{ Bytes int64 }

var sizeForm = regexp.MustCompile(`^([1-9][0-9]{0,5}) ?(MiB|GiB|TiB)$`)

var sizeUnits = []struct {
	name  string
	shift int
}{{"TiB", 40}, {"GiB", 30}, {"MiB", 20}}

// UnmarshalText reads a size, and nothing else.
func (s *Size) UnmarshalText(b []byte) error {
	m := sizeForm.FindStringSubmatch(string(b))
	if m == nil {
		return fmt.Errorf("want a size such as \"500MiB\", \"50GiB\" or \"2TiB\"")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return err
	}
	for _, u := range sizeUnits {
		if u.name == m[2] {
			s.Bytes = n << u.shift
		}
	}
	return nil
}

// String returns s as UnmarshalText reads it, "" for none.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s.Bytes > 0 && s.Bytes%(1<<u.shift) == 0 {
			return fmt.Sprintf("%d%s", s.Bytes>>u.shift, u.name)
		}
	}
	return ""
}

func (e *Evidence) check() error {
	if e.Fetch != "" && e.Fetch != "auto" && e.Fetch != "manual" {
		return fmt.Errorf("evidence: fetch: want \"auto\" or \"manual\"")
	}
	if len(e.Scanner) > 0 && !filepath.IsAbs(e.Scanner[0]) {
		return fmt.Errorf("evidence: scanner: want a program by its path from the root on, such as /usr/bin/clamdscan")
	}
	if _, err := e.timeout(); err != nil {
		return err
	}
	return nil
}

func (e *Evidence) timeout() (time.Duration, error) {
	if e.ScanTimeout == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(e.ScanTimeout)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("evidence: scan_timeout: want a time such as \"30m\"")
	}
	return d, nil
}

// node returns e, which was checked, as a node takes it.
func (e *Evidence) node() node.Evidence {
	timeout, _ := e.timeout()
	return node.Evidence{Manual: e.Fetch == "manual", Reserve: e.Reserve.Bytes,
		Quota:   vault.Quota{Peer: e.PeerQuota.Bytes, Case: e.CaseQuota.Bytes},
		Scanner: e.Scanner, ScanTimeout: timeout}
}

// text returns e as a part of a file.
func (e *Evidence) text() string {
	var words []string
	for _, w := range e.Scanner {
		words = append(words, fmt.Sprintf("%q", w))
	}
	lines := []string{setting("fetch", e.Fetch, "manual"), setting("peer_quota", e.PeerQuota.String(), "2TiB"),
		setting("case_quota", e.CaseQuota.String(), "500GiB"), setting("reserve", e.Reserve.String(), "10GiB"),
		`# scanner = ["/usr/bin/clamdscan", "--no-summary", "-"]`, setting("scan_timeout", e.ScanTimeout, "30m")}
	if len(words) > 0 {
		lines[4] = "scanner = [" + strings.Join(words, ", ") + "]"
	}
	return "[evidence]\n" + strings.Join(lines, "\n") + "\n"
}
