package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/keyfile"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/register"
)

type registerCmd struct {
	Root    registerRootCmd    `cmd:"" help:"Make a root key of a Party."`
	Pin     registerPinCmd     `cmd:"" help:"Write a Party's pin, or print the fingerprint of one."`
	Sign    registerSignCmd    `cmd:"" help:"Draft and sign the next version of a Party's register."`
	Cosign  registerCosignCmd  `cmd:"" help:"Add the signature of one more root."`
	Show    registerShowCmd    `cmd:"" help:"Show who is who."`
	Publish registerPublishCmd `cmd:"" help:"Have the node use a signed register and send it to its peers."`
}

type registerRootCmd struct {
	Out        string `required:"" help:"Directory for the key: it must not hold one." placeholder:"DIR"`
	UnlockFile bool   `help:"Lock the key with a file beside it instead of a passphrase: for trying things out."`
}

func (c *registerRootCmd) Help() string {
	return `Writes root.key, locked, and root.pub, which the other keepers of the Party's roots need for the pin.
A root speaks for its Party: it belongs on a machine without a network, and never on a node.`
}

// root is what register root says to a program.
type root struct {
	Key         string               `json:"key"`
	Public      string               `json:"public"`
	Fingerprint identity.Fingerprint `json:"fingerprint"`
}

func (c *registerRootCmd) Run(ctx context.Context, a *app) error {
	key, public := filepath.Join(c.Out, home.RootName), filepath.Join(c.Out, home.PublicName)
	if _, err := os.Stat(key); err == nil {
		return badInput(key+" is there already", "nothing is overwritten: name another directory")
	}
	if err := os.MkdirAll(c.Out, 0o700); err != nil {
		return err
	}
	lock, err := c.lock(ctx, a)
	if err != nil {
		return err
	}
	p, err := home.NewRoot(key, lock)
	if err != nil {
		return err
	}
	text, err := canon.Encode(p)
	if err != nil {
		return err
	}
	if err := home.WriteNew(public, text); err != nil {
		return err
	}
	return a.show(root{key, public, p.Fingerprint()}, func(w io.Writer) {
		fmt.Fprintf(w, "root    %s\npublic  %s\nkey     %s\n", key, public, p.Fingerprint())
	})
}

func (c *registerRootCmd) lock(ctx context.Context, a *app) (keyfile.Lock, error) {
	if !c.UnlockFile {
		p, err := a.newPassphrase(ctx, "the root key")
		if err != nil {
			return keyfile.Lock{}, err
		}
		return keyfile.Passphrase(p)
	}
	text, err := keyfile.NewUnlockFile()
	if err != nil {
		return keyfile.Lock{}, err
	}
	if err := home.WriteNew(filepath.Join(c.Out, home.UnlockName), text); err != nil {
		return keyfile.Lock{}, err
	}
	return keyfile.UnlockFile(text)
}

type registerPinCmd struct {
	Pin       string         `arg:"" optional:"" help:"A pin whose fingerprint to print."`
	Party     protocol.Party `help:"Whose pin to write." placeholder:"PARTY"`
	Public    []string       `help:"root.pub of a root. May be given again." placeholder:"FILE"`
	Threshold int            `default:"1" help:"How many roots must sign together."`
	Out       string         `help:"File to write." placeholder:"FILE"`
}

func (c *registerPinCmd) Help() string {
	return `A node believes what the roots in its pins/*.json lead to, and nothing else. Before you put another
Party's pin there, read its fingerprint to a person of that Party whom you know, by phone.`
}

func (c *registerPinCmd) Run(_ context.Context, a *app) error {
	pin, err := c.pin()
	if err != nil {
		return err
	}
	return a.show(pinnedOf([]register.Pin{*pin})[0], func(w io.Writer) { fmt.Fprintln(w, pin.Fingerprint()) })
}

// pin reads the pin that is there, or writes a new one.
func (c *registerPinCmd) pin() (*register.Pin, error) {
	if c.Pin != "" {
		b, err := readFile(c.Pin, register.MaxPin)
		if err != nil {
			return nil, err
		}
		pin, err := register.ParsePin(b)
		if err != nil {
			return nil, badInput(c.Pin+": "+plain(err), "")
		}
		return pin, nil
	}
	if c.Party == "" || len(c.Public) == 0 || c.Out == "" {
		return nil, badInput("want a pin to read, or --party, --public and --out to write one",
			"see comity register pin --help")
	}
	keys, err := readPublics(c.Public)
	if err != nil {
		return nil, err
	}
	if err := c.Party.CheckAssigned(); err != nil {
		return nil, badInput("--party: "+err.Error(), "")
	}
	pin := &register.Pin{Party: c.Party, Roots: register.SortedRoots(c.Threshold, keys...)}
	text, err := pin.Encode()
	if err != nil {
		return nil, badInput(plain(err), "")
	}
	return pin, home.WriteNew(c.Out, text)
}

func readPublics(paths []string) ([]*identity.Public, error) {
	var keys []*identity.Public
	for _, path := range paths {
		b, err := readFile(path, register.MaxPin)
		if err != nil {
			return nil, err
		}
		k := new(identity.Public)
		if err := canon.Read(b, k); err != nil {
			return nil, badInput(path+" holds no public key", "want the root.pub that comity register root wrote")
		}
		keys = append(keys, k)
	}
	return keys, nil
}

type registerShowCmd struct {
	File string `arg:"" optional:"" help:"A signed register. By default those that the node uses."`
}

// shownRegister is a register as register show says it to a program.
type shownRegister struct {
	*register.Register
	// Verified says that pinned roots signed it.
	Verified bool            `json:"verified"`
	Digest   protocol.Digest `json:"digest"`
}

func (c *registerShowCmd) Run(ctx context.Context, a *app) error {
	list, err := c.read(ctx, a)
	if err != nil {
		return err
	}
	return a.show(list, func(w io.Writer) {
		for i := range list {
			writeRegister(w, &list[i], a.now())
		}
		if len(list) == 0 {
			fmt.Fprintln(w, "this node holds no register")
		}
	})
}

func (c *registerShowCmd) read(ctx context.Context, a *app) ([]shownRegister, error) {
	if c.File != "" {
		b, err := readFile(c.File, register.MaxSigned)
		if err != nil {
			return nil, err
		}
		one, err := a.showRegister(b)
		if err != nil {
			return nil, badInput(c.File+": "+plain(err), "want a register that comity register sign wrote")
		}
		return []shownRegister{one}, nil
	}
	_, node, err := a.openDesk()
	if err != nil {
		return nil, err
	}
	docs, err := node.Documents(ctx)
	if err != nil {
		return nil, err
	}
	newest := map[protocol.Party]shownRegister{}
	for _, d := range docs {
		if d.Kind != "register" {
			continue
		}
		b, err := node.Read(ctx, d.Kind, d.Name)
		if err != nil {
			return nil, err
		}
		one, err := a.showRegister(b)
		if err != nil {
			return nil, err
		}
		if have, ok := newest[one.Party]; !ok || have.Version < one.Version {
			newest[one.Party] = one
		}
	}
	return sorted(newest), nil
}

// showRegister reads a register, and verifies it where the home pins its Party.
func (a *app) showRegister(b []byte) (shownRegister, error) {
	r, err := register.Claim(b)
	if err != nil {
		return shownRegister{}, err
	}
	enc, err := r.Encode()
	if err != nil {
		return shownRegister{}, err
	}
	one := shownRegister{Register: r, Digest: protocol.DigestOf(enc)}
	pins, err := home.ReadPins(filepath.Join(a.Dir, home.PinsDir))
	for _, pin := range pins {
		if pin.Party == r.Party && err == nil {
			_, err := register.Verify(b, pin.Roots)
			one.Verified = err == nil
		}
	}
	return one, nil
}

func writeRegister(w io.Writer, r *shownRegister, now time.Time) {
	fmt.Fprintf(w, "register of %s, version %d\n", r.Party, r.Version)
	until := day(r.Expires)
	if !now.Before(r.Expires) {
		until += ": it has LAPSED"
	}
	field(w, "valid", day(r.Issued)+" until "+until)
	field(w, "roots", fmt.Sprintf("%d of %d", r.Roots.Threshold, len(r.Roots.Keys)))
	if r.Verified {
		field(w, "signed", "by the pinned roots")
	} else {
		field(w, "signed", "by roots that this home does not pin")
	}
	var rows [][]string
	for i := range r.Participants {
		p := &r.Participants[i]
		rows = append(rows, []string{"  " + string(p.ID), shown(p.Name), words(p.Roles), shown(p.Address)})
	}
	table(w, rows)
	for _, v := range r.Revoked {
		fmt.Fprintf(w, "  revoked %s from %s, %s\n", v.Key, moment(v.Time), v.Cause)
	}
}

type registerPublishCmd struct {
	File string `arg:"" help:"The signed register."`
}

func (c *registerPublishCmd) Run(ctx context.Context, a *app) error {
	b, err := readFile(c.File, register.MaxSigned)
	if err != nil {
		return err
	}
	return a.publish(ctx, "register", b)
}

// publish gives a signed document to the node.
func (a *app) publish(ctx context.Context, kind string, document []byte) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	d, err := node.Publish(ctx, kind, document)
	if err != nil {
		return err
	}
	return a.show(d, func(w io.Writer) { writePublished(w, &d) })
}

func writePublished(w io.Writer, d *desk.Document) {
	fmt.Fprintf(w, "published %s %s: %s\n", d.Kind, d.Name, d.Status)
}

// sorted returns the newest registers by Party.
func sorted(byParty map[protocol.Party]shownRegister) []shownRegister {
	out := []shownRegister{}
	for _, p := range slices.Sorted(maps.Keys(byParty)) {
		out = append(out, byParty[p])
	}
	return out
}
