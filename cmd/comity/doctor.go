package main

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"comity.example/crypto/keyfile"
	"comity.example/node/home"
	"comity.example/node/link"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

const (
	// expirySoon is how long before a register lapses a new one is due.
	expirySoon = 30 * 24 * time.Hour
	// roomFail and roomWarn are the bytes of disk below which a node is about
	// to take no more acts.
	roomFail = 256 << 20
	roomWarn = 2 << 30
	// skewWarn is the difference of clocks that is more than the way there
	// explains; acts allow protocol.MaxSkew.
	skewWarn = 30 * time.Second
	// probes is how many peers are asked at once.
	probes = 16
)

type doctorCmd struct{}

func (c *doctorCmd) Help() string {
	return `Looks at the home, the keys, the registers, the clock, the network buffers, the disk, and the way to
each peer. What needs the node is left out when it does not run, and what it said last is told.`
}

// A health is how one thing is.
type health string

const (
	well health = "ok"
	warn health = "warn"
	sick health = "fail"
)

// A diagnosis is one line of the doctor.
type diagnosis struct {
	What   string `json:"what"`
	Health health `json:"health"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitzero"`
}

// A doctor collects diagnoses.
type doctor struct {
	*app
	home  *home.Home
	lines []diagnosis
}

func (d *doctor) find(what string, h health, text, hint string) {
	d.lines = append(d.lines, diagnosis{what, h, text, hint})
}

func (d *doctor) well(what, format string, args ...any) {
	d.find(what, well, fmt.Sprintf(format, args...), "")
}

func (c *doctorCmd) Run(ctx context.Context, a *app) error {
	d := &doctor{app: a}
	d.examine(ctx)
	err := a.show(d.lines, d.text)
	if slices.ContainsFunc(d.lines, func(l diagnosis) bool { return l.Health == sick }) {
		return errors.Join(err, done(exitError))
	}
	return err
}

func (d *doctor) text(w io.Writer) {
	for _, l := range d.lines {
		hang(w, fmt.Sprintf("%-4s  %-10s  ", l.Health, l.What), l.Text)
		if l.Hint != "" {
			hang(w, fmt.Sprintf("%-18s", ""), "hint: "+l.Hint)
		}
	}
}

func (d *doctor) examine(ctx context.Context) {
	h, node, err := d.openDesk()
	if err != nil {
		f := explain(err)
		d.find("home", sick, f.text, f.hint)
		return
	}
	d.home = h
	d.well("home", "%s, of %s", h.Dir, h.Config.Participant)
	d.keys(ctx)
	d.pins()
	d.disk()
	d.buffers()
	status, err := node.Status(ctx)
	if err != nil {
		d.silent(err)
		d.start(nil)
		d.registers(d.filed())
		return
	}
	d.node(&status)
	if held, err := heldDocuments(ctx, node); err != nil {
		d.find("start", warn, "the node's documents cannot be read: "+plain(err), "")
	} else {
		d.start(held)
	}
	d.registers(published(ctx, node))
	d.peers(ctx, node, &status)
}

// keys unlocks the keys and compares them with the entry that the register is
// to show.
func (d *doctor) keys(ctx context.Context) {
	const hint = "entry.json and keys/ must be of one comity init: put back the copy that fits"
	p, err := d.givenPassphrase()
	if d.home.NeedsPassphrase() && (err != nil || p == "") {
		d.find("keys", warn, "locked with a passphrase: not examined",
			"give it with COMITY_PASSPHRASE or --passphrase-file to have them examined")
		return
	}
	var lock keyfile.Lock
	if lock, err = d.homeLock(ctx, d.home); err == nil {
		err = d.compareKeys(lock)
	}
	if err != nil {
		f := explain(err)
		d.find("keys", sick, f.text, cmp.Or(f.hint, hint))
		return
	}
	d.well("keys", "open, and fit the entry")
}

// errKeys says that the home's entry shows other keys than the home has.
var errKeys = errors.New("the entry shows other keys than the home has")

func (d *doctor) compareKeys(lock keyfile.Lock) error {
	k, err := d.home.Keys(lock)
	if err != nil {
		return err
	}
	e, err := d.home.Entry()
	if err != nil {
		return err
	}
	pin, err := link.PinOf(k.TLS.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	if e.ID != d.home.Config.Participant || !e.Signing.Equal(k.Sign.Public()) ||
		!e.Log.Equal(k.Log.Public()) || e.Seal.Fingerprint() != k.Open.Public().Fingerprint() ||
		!slices.Contains(e.TLS, protocol.Digest(pin)) {
		return errKeys
	}
	return nil
}

func (d *doctor) pins() {
	pins, err := d.home.Pins()
	party := d.home.Config.Participant.Party()
	own := slices.ContainsFunc(pins, func(p register.Pin) bool { return p.Party == party })
	dir := filepath.Join(d.home.Dir, home.PinsDir)
	switch {
	case err != nil:
		d.find("pins", sick, plain(err), "put back a pin that comity register pin wrote")
	case !own:
		d.find("pins", sick, fmt.Sprintf("%s has no pin of %s", dir, party),
			fmt.Sprintf("comity register pin --party %s --public root.pub --out %s.json", party,
				filepath.Join(dir, strings.ToLower(string(party)))))
	case len(pins) == 1:
		d.find("pins", warn, "only one Party is pinned: there is nobody to talk to",
			"compare another Party's pin by phone and put it into "+dir)
	default:
		d.well("pins", "of %s", count(len(pins), "Party"))
	}
}

func (d *doctor) disk() {
	var fs unix.Statfs_t
	dir := filepath.Join(d.home.Dir, home.DataDir)
	if err := unix.Statfs(dir, &fs); err != nil {
		d.find("disk", warn, "cannot see how much room there is at "+dir, "")
		return
	}
	free := fs.Bavail * uint64(fs.Bsize)
	text := fmt.Sprintf("%.1f GiB free at %s", float64(free)/(1<<30), dir)
	switch {
	case free < roomFail:
		d.find("disk", sick, text, "make room: the node takes no acts when its disk is nearly full")
	case free < roomWarn:
		d.find("disk", warn, text, "make room soon")
	default:
		d.well("disk", "%s", text)
	}
}

// buffers asks the system for what the node asks of it, on a socket of its own.
func (d *doctor) buffers() {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		d.find("udp", sick, "no UDP socket can be opened: "+rootOf(err), "")
		return
	}
	defer conn.Close()
	got := 0
	udp := conn.(*net.UDPConn)
	raw, err := udp.SyscallConn()
	if err == nil {
		err = cmp.Or(udp.SetReadBuffer(udpBuffer), raw.Control(func(fd uintptr) {
			got, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
		}))
	}
	// Linux reports twice what is there, for its own book-keeping.
	if err != nil || got/2 < udpBuffer {
		d.find("udp", warn, fmt.Sprintf("the system gives a socket %d kB of buffer; the node asks for %d",
			got/2>>10, udpBuffer>>10),
			fmt.Sprintf("sysctl -w net.core.rmem_max=%d net.core.wmem_max=%d", udpBuffer, udpBuffer))
		return
	}
	d.well("udp", "buffers of %d kB", got/2>>10)
}

// silent says why the node may not answer, or why it was not asked.
func (d *doctor) silent(err error) {
	if f := explain(err); f.status != exitNoNode {
		d.find("node", sick, f.text, f.hint)
		return
	}
	if t := d.home.Trouble(); t.Text != "" {
		d.find("node", sick, fmt.Sprintf("does not answer; at %s it ended: %s", moment(t.At), t.Text), t.Hint)
		return
	}
	d.find("node", sick, "does not answer at "+d.home.Socket(), "start it with comity node")
}
