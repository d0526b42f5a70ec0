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
	"comity.example/node/notify"
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
	// Notify is where people are told that something waits for them.
	Notify Notify `toml:"notify"`
	// Clocks are the participant's own periods, such as "48h" or "10 days", by the id
	// of a clock that is policy and not law.
	Clocks map[string]Period `toml:"clocks"`
	// Evidence says how evidence is dealt with.
	Evidence Evidence `toml:"evidence"`
	// Uploads is where systems on other machines upload evidence.
	Uploads Uploads `toml:"uploads"`
	// TestnetClock is the file by which a testnet turns legal time; "" in every
	// home that is not one of a testnet.
	TestnetClock string `toml:"testnet_clock"`
}

// Approvals are those of node.Config, as a file says them. 0 stands for 1.
type Approvals struct {
	Request    int `toml:"request"`
	Disclosure int `toml:"disclosure"`
}

// Notify says how people are told outside of the node. Nothing is told where
// neither is named.
type Notify struct {
	// Command is a program with its arguments, run for each event.
	Command []string `toml:"command"`
	// Webhook is a URL to which each event is posted, signed with the secret in
	// the home's notify.secret.
	Webhook string `toml:"webhook"`
}

func (n *Notify) check() error {
	if len(n.Command) > 0 && !filepath.IsAbs(n.Command[0]) {
		return fmt.Errorf("notify: command: want a program by its path from the root on, such as /usr/local/bin/page")
	}
	if n.Webhook == "" {
		return nil
	}
	if err := notify.CheckURL(n.Webhook); err != nil {
		return fmt.Errorf("notify: webhook: %w", err)
	}
	return nil
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
		text := strings.TrimPrefix(at.Error(), "toml: ")
		if strings.HasSuffix(text, "already exists") { // comity init wrote all tables, some of them empty
			text += ": put its lines under the one that is there"
		}
		return c, fmt.Errorf("line %d: %s", row, text)
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
	if err := errors.Join(c.checkTestClock(), c.Notify.check(), c.Evidence.check(), c.Uploads.check()); err != nil {
		return err
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
%s
# Four eyes: how many officers must stand behind a request, or behind a disclosure, before it leaves
# (at most 4, whoever sends it among them). The others sign it with comity approve. An emergency that
# fewer than two officers of the duty list signed is held at its addressee, whatever stands here.
[approvals]
%s
%s

# Your own periods, for the clocks of which an agreement says that they are policy and not law: the
# clock's id (comity agreement show names it), and hours or days. What the law sets stands.
%s
# Evidence: what is disclosed to cases of this participant is fetched by itself, or only when somebody
# asks (fetch = "manual"). How much is fetched from one peer by itself, half of what the disk has for
# evidence unless it stands here (comity fetch --despite-quota takes more), and how much one case may
# hold; how much of the disk stays free. And a program that looks at what was fetched before anybody
# reads it: it gets the content on its standard input, and ends with 0, or with 1 where it found
# something; then the object is put into quarantine, and never deleted.
%s
# Where systems on other machines upload evidence (comity uploader makes them tokens), and nothing
# else is served. Off this machine it wants a certificate and its key, PEM; they are read again for
# each connection. It is off where no address is named.
%s
# How people are told outside of the node that something waits for them: a program that is run for
# each event, with the event as JSON on its standard input and a line of text in COMITY_TEXT; and a
# URL that each event is posted to, signed (Standard Webhooks) with the secret in notify.secret.
%s`, string(c.Participant), c.Listen, setting("socket", c.Socket, "/run/comity/api.sock"),
		setting("api", c.API, "127.0.0.1:8433"), c.testnetText(), number("request", c.Approvals.Request),
		number("disclosure", c.Approvals.Disclosure), c.clocksText(), c.Evidence.text(), c.Uploads.text(), c.Notify.text())
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

// text returns n as the last part of a file: a table goes on to the end.
func (n *Notify) text() string {
	if len(n.Command) == 0 && n.Webhook == "" {
		return "# [notify]\n# command = [\"/usr/local/bin/page\"]\n# webhook = \"https://pager.example/hooks/comity\"\n"
	}
	var words []string
	for _, w := range n.Command {
		words = append(words, fmt.Sprintf("%q", w))
	}
	out := "[notify]\n"
	if len(words) > 0 {
		out += "command = [" + strings.Join(words, ", ") + "]\n"
	}
	return out + setting("webhook", n.Webhook, "https://pager.example/hooks/comity") + "\n"
}

// testnetText is there in a testnet only, and says what it does.
func (c *Config) testnetText() string {
	if c.TestnetClock == "" {
		return ""
	}
	return fmt.Sprintf(`
# A TESTNET'S HOME. Legal time here is what this file says: comity testnet advance turns it forward.
# A node that others reach refuses to start with it.
testnet_clock = %q
`, c.TestnetClock)
}

// setting writes a setting, or an example of it that is off.
func setting(name, value, example string) string {
	if value == "" {
		return fmt.Sprintf("# %s = %q", name, example)
	}
	return fmt.Sprintf("%s = %q", name, value)
}
