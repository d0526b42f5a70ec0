package home

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Period is a time as a file says it: "48h" or "10 days".
type Period struct{ Length time.Duration }

// The longest period that a participant sets itself.
const longestPeriod = 3660 * 24 * time.Hour

// UnmarshalText reads hours or days, and nothing else.
func (p *Period) UnmarshalText(b []byte) error {
	m := regexp.MustCompile(`^([1-9][0-9]{0,4}) ?(h|hours?|d|days?)$`).FindStringSubmatch(string(b))
	if m == nil {
		return fmt.Errorf("want hours or days, such as \"48h\" or \"10 days\"")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return err
	}
	d := time.Duration(n) * time.Hour
	if m[2][0] == 'd' {
		d *= 24
	}
	if d > longestPeriod {
		return fmt.Errorf("want ten years at most")
	}
	p.Length = d
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (p Period) MarshalText() ([]byte, error) {
	h := p.Length / time.Hour
	if h%24 == 0 {
		return fmt.Appendf(nil, "%d days", h/24), nil
	}
	return fmt.Appendf(nil, "%dh", h), nil
}

// periods returns them as a node takes them.
func (c *Config) periods() map[string]time.Duration {
	out := map[string]time.Duration{}
	for id, p := range c.Clocks {
		out[id] = p.Length
	}
	return out
}

// clocksText returns the periods as a part of a file.
func (c *Config) clocksText() string {
	if len(c.Clocks) == 0 {
		return "# [clocks]\n# objection-time = \"10 days\"\n"
	}
	var b strings.Builder
	b.WriteString("[clocks]\n")
	for _, id := range slices.Sorted(maps.Keys(c.Clocks)) {
		text, err := c.Clocks[id].MarshalText()
		if err == nil {
			fmt.Fprintf(&b, "%s = %q\n", id, text)
		}
	}
	return b.String()
}
