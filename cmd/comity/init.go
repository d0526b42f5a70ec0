package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"

	"comity.example/node/home"
	"comity.example/protocol"
)

type initCmd struct {
	Participant protocol.ParticipantID `arg:"" help:"Country, a point, and a name: gb.home-office."`
	Name        string                 `required:"" help:"Name of the organisation, for the register."`
	Role        []protocol.Role        `required:"" help:"What it is registered to do: ${roles}. May be given again." placeholder:"ROLE" predictor:"role"`
	AlsoUnder   []protocol.Party       `help:"Another Party whose law binds it, as the parent's binds a provider's establishment. May be given again." placeholder:"PARTY"`
	Listen      string                 `default:"0.0.0.0:4433" help:"Where the node listens: host:port, UDP." placeholder:"ADDR"`
	Address     string                 `help:"Where peers reach it: host:port. By default where it listens." placeholder:"ADDR"`
	API         string                 `name:"api" help:"Serve the API over TCP too, at loopback:port, for Prometheus. By default only the socket in the home." placeholder:"ADDR"`
}

func (c *initCmd) Help() string {
	return `Makes the directory that --dir names: a commented comity.toml, fresh keys, and entry.json, which
goes to the keeper of the Party's register (comity register sign --entry). The keys are locked
with a passphrase where one is given (COMITY_PASSPHRASE, --passphrase-file). Otherwise they open
with unlock.key, so that the node can start alone: keep it on another medium than the backups.`
}

// initialised is what init says to a program.
type initialised struct {
	Dir         string                 `json:"dir"`
	Participant protocol.ParticipantID `json:"participant"`
	Entry       string                 `json:"entry"`
	Passphrase  bool                   `json:"passphrase"`
}

func (c *initCmd) Run(_ context.Context, a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	p, err := a.givenPassphrase()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		return err
	}
	h, err := home.Create(home.Spec{Dir: a.Dir, Name: c.Name, Roles: c.Role, AlsoUnder: c.AlsoUnder, Address: c.Address,
		Config:     home.Config{Participant: c.Participant, Listen: c.Listen, API: c.API},
		Passphrase: p, Since: a.instant()})
	if err != nil {
		return err
	}
	entry := filepath.Join(h.Dir, home.EntryName)
	return a.show(initialised{h.Dir, c.Participant, entry, p != ""}, func(w io.Writer) {
		fmt.Fprintf(w, "home   %s, of %s\n", h.Dir, c.Participant)
		fmt.Fprintf(w, "entry  %s, for the register of %s\n", entry, c.Participant.Party())
		if p == "" {
			fmt.Fprintf(w, "keys   open with %s: keep it apart from backups\n", filepath.Join(h.Dir, home.UnlockName))
		} else {
			fmt.Fprintln(w, "keys   open with the passphrase")
		}
	})
}

// check finds what is wrong before anything is written.
func (c *initCmd) check() error {
	if c.Name == "" {
		return badInput("name: want the name of the organisation", "")
	}
	if c.Address == "" {
		c.Address = c.Listen
	}
	host, _, err := net.SplitHostPort(c.Address)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		return badInput("the register must say where peers reach the node, and "+c.Address+" is no such place",
			"give --address host:port")
	}
	for i, r := range c.Role {
		if slices.Contains(c.Role[:i], r) {
			return badInput(fmt.Sprintf("role: %s stands twice", r), "")
		}
	}
	if err := c.Participant.CheckAssigned(); err != nil {
		return badInput("participant: "+err.Error(), "")
	}
	config := home.Config{Participant: c.Participant, Listen: c.Listen, API: c.API}
	if err := config.Check(); err != nil {
		return badInput(plain(err), "")
	}
	return nil
}
