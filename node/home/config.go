package home

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"comity.example/node"
	"comity.example/protocol"
)

// Config is what stands in comity.toml.
type Config struct {
	Participant protocol.ParticipantID `toml:"participant"`
	Listen      string                 `toml:"listen"` // host:port, UDP
	// Socket is the path of the API's socket, if it is not in the home.
	Socket string `toml:"socket"`
	// API is host:port, TCP, loopback only; "" where only the socket is served.
	API string `toml:"api"`
	// Approvals say how many officers stand behind what the participant sends.
	Approvals Approvals `toml:"approvals"`
}

// Approvals are those of node.Config, as a file says them. 0 stands for 1.
type Approvals struct {
	Request    int `toml:"request"`
	Disclosure int `toml:"disclosure"`
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
	if err := c.Approvals.node().Check(); err != nil {
		return err
	}
	if c.Socket != "" && !filepath.IsAbs(c.Socket) {
		return fmt.Errorf("socket: want a path from the root on, such as /run/comity/api.sock")
	}
	if c.API == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.API)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("api: want a loopback address and a port, such as 127.0.0.1:8433: " +
			"the API is for this machine only")
	}
	return nil
}

// Configure writes a home's comity.toml anew: what a person added to it is gone.
// The node takes it when it starts.
func (h *Home) Configure(c Config) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("home: configure: %w", err)
	}
	next := h.path(ConfigName + ".new")
	if err := WriteNew(next, c.text()); err != nil {
		return err
	}
	if err := os.Rename(next, h.path(ConfigName)); err != nil {
		return fmt.Errorf("home: configure: %w", err)
	}
	h.Config = c
	return nil
}

// text returns c as a file for people.
func (c *Config) text() []byte {
	return fmt.Appendf(nil, `# The node of one participant of Comity. comity doctor says whether it fits.

# Who this node is: the country, a point, and the name in that country's register.
participant = %q

# Where peers reach it: UDP (QUIC). The register must name an address that leads here.
listen = %q

# The command line reaches the node through run/api.sock in this folder, which only this user may
# open. Where the path of this folder is too long for a socket, name another place here. Nobody else
# may be able to write into its folder.
%s

# The same API over TCP, on this machine only: for programs that cannot open the socket, and for
# Prometheus (/metrics, with the content of metrics.token as bearer). It is off where none is named.
# While the node is down any user of this machine can take the port, and is handed the token by
# whoever calls. So give nobody api.token who could use the socket, and Prometheus metrics.token.
%s

# Four eyes: how many officers must stand behind a request, or behind a disclosure, before it leaves
# (at most 4, whoever sends it among them). The others sign it with comity approve. An emergency that
# fewer than two officers of the duty list signed is held at its addressee, whatever stands here.
[approvals]
%s
%s
`, string(c.Participant), c.Listen, setting("socket", c.Socket, "/run/comity/api.sock"),
		setting("api", c.API, "127.0.0.1:8433"), number("request", c.Approvals.Request), number("disclosure", c.Approvals.Disclosure))
}

// number writes how many officers, or an example of it that is off.
func number(name string, n int) string {
	if n == 0 {
		return fmt.Sprintf("# %s = 2", name)
	}
	return fmt.Sprintf("%s = %d", name, n)
}

func (a Approvals) node() node.Approvals {
	return node.Approvals{Request: a.Request, Disclosure: a.Disclosure}
}

// setting writes a setting, or an example of it that is off.
func setting(name, value, example string) string {
	if value == "" {
		return fmt.Sprintf("# %s = %q", name, example)
	}
	return fmt.Sprintf("%s = %q", name, value)
}
