package home

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"comity.example/protocol"
)

// Config is what stands in comity.toml.
type Config struct {
	Participant protocol.ParticipantID `toml:"participant"`
	Listen      string                 `toml:"listen"` // host:port, UDP
	API         string                 `toml:"api"`    // host:port, TCP, loopback only
}

// ParseConfig reads comity.toml. The error names the line.
func ParseConfig(b []byte) (Config, error) {
	var c Config
	err := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields().Decode(&c)
	var strict *toml.StrictMissingError
	var at *toml.DecodeError
	switch {
	case errors.As(err, &strict):
		return c, fmt.Errorf("unknown setting:\n%s", strict.String())
	case errors.As(err, &at):
		row, _ := at.Position()
		return c, fmt.Errorf("line %d: %s", row, strings.TrimPrefix(at.Error(), "toml: "))
	case err != nil:
		return c, err
	}
	return c, c.Check()
}

// Check reports whether a node could run with c.
func (c *Config) Check() error {
	if _, err := protocol.ParseParticipantID(string(c.Participant)); err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen: want host:port, such as 0.0.0.0:4433")
	}
	host, _, err := net.SplitHostPort(c.API)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("api: want a loopback address and a port, such as 127.0.0.1:8433: " +
			"the API is for this machine only")
	}
	return nil
}

// text returns c as a file for people.
func (c *Config) text() []byte {
	return fmt.Appendf(nil, `# The node of one participant of Comity. comity doctor says whether it fits.

# Who this node is: the country, a point, and the name in that country's register.
participant = %q

# Where peers reach it: UDP (QUIC). The register must name an address that leads here.
listen = %q

# Where the command line and local programs reach it: TCP, on this machine only.
api = %q
`, string(c.Participant), c.Listen, c.API)
}
