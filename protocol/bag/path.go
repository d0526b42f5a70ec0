package bag

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// checkPath refuses a name that leads, on any system, to somewhere outside of the bag.
// RFC 8493, section 5.1.
func checkPath(name string) error {
	switch {
	case name == "" || len(name) > MaxName || !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return fmt.Errorf("want 1 to %d bytes of UTF-8", MaxName)
	case strings.Contains(name, `\`):
		return errors.New("want / between folders")
	case strings.HasPrefix(name, "/") || strings.HasPrefix(name, "~"):
		return errors.New("want a path inside the bag")
	case len(name) > 1 && name[1] == ':':
		return errors.New("want a path without a drive")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return errors.New(`want a path inside the bag, without "." and ".." in it`)
		}
	}
	return nil
}

// escape writes a name for a manifest: RFC 8493, section 2.1.3.
func escape(name string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(name)
}

// unescape reads a name out of a manifest. A percent sign that begins no escape
// stands for itself, as in the bags of version 0.97.
func unescape(name string) string {
	return strings.NewReplacer("%25", "%", "%0D", "\r", "%0d", "\r", "%0A", "\n", "%0a", "\n").Replace(name)
}
