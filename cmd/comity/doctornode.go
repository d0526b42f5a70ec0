package main

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

// node looks at a node that answers.
func (d *doctor) node(s *desk.Status) {
	if !s.Accepting {
		d.find("node", sick, "takes no acts: "+cmp.Or(s.Trouble, "it is starting or stopping"), "see the node's log")
		return
	}
	d.well("node", "takes acts at %s; ledger of %d entries, %d to deliver", s.Address, s.LedgerSize, s.Outbox)
	if s.Testnet != "" {
		d.find("testnet", warn, "legal time is turned by hand here, "+s.Testnet+" of this machine's: nothing here is for real", "")
	}
	if s.Trouble != "" {
		d.find("trouble", warn, s.Trouble, "see the node's log")
	}
	d.room(s)
	for _, u := range s.Unconfirmed {
		since := "since the node started"
		if !u.Since.IsZero() {
			since = "since " + u.Since.Format(time.RFC3339)
		}
		d.find("notices", warn, fmt.Sprintf("of %s not confirmed %s: what it suspended may be allowed here", u.Party, since),
			"see which of its participants answer, below")
	}
	for _, u := range s.Unused {
		d.find("document", warn, fmt.Sprintf("%s %s is not in use: %s", u.Kind, u.File, u.Why), unusedHint(u.Kind))
	}
	if skew := s.Time.Sub(d.now()).Abs(); skew > skewWarn {
		d.find("clock", warn,
			fmt.Sprintf("the node's legal time differs from this clock by %v", skew.Truncate(time.Second)),
			"check this machine's clock against network time")
	} else {
		d.well("clock", "the node's legal time is this clock's")
	}
}

// unusedHint says what makes a document usable.
func unusedHint(kind string) string {
	switch kind {
	case "agreement":
		return "put the file that all its Parties signed in its place and start the node again, or publish it " +
			"with comity agreement publish"
	case "register":
		return "pin its Party with comity register pin and start the node again, or move the file away"
	}
	return "it is taken by itself when its agreement comes; a Party that is not pinned has no rights here"
}

// peers asks each of them.
func (d *doctor) peers(ctx context.Context, node *desk.Client, s *desk.Status) {
	if len(s.Peers) == 0 {
		d.find("peers", warn, "no register names anybody else", "exchange registers with another Party")
	}
	found := make([]diagnosis, len(s.Peers))
	room := make(chan struct{}, probes)
	var all sync.WaitGroup
	for i, peer := range s.Peers {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			p, err := node.Probe(ctx, peer.ID)
			found[i] = way(peer, p, err)
		})
	}
	all.Wait()
	d.lines = append(d.lines, found...)
}

// way says how the way to a peer is.
func way(peer desk.Peer, p desk.Probe, err error) diagnosis {
	l := diagnosis{What: "peer", Health: sick}
	switch {
	case err != nil:
		l.Text = string(peer.ID) + ": " + plain(err)
	case !p.Reached:
		l.Text = fmt.Sprintf("%s at %s: %s", peer.ID, peer.Address, p.Trouble)
	case p.Trouble != "":
		l.Health, l.Text = warn, string(peer.ID)+": "+p.Trouble
	case p.Skew.Abs() > skewWarn:
		l.Health, l.Text = warn, fmt.Sprintf("%s: its clock differs by %v", peer.ID, p.Skew)
		l.Hint = "check both clocks against network time"
	default:
		l.Health = well
		l.Text = fmt.Sprintf("%s answers in %v", peer.ID, p.RoundTrip.Round(100*time.Microsecond))
	}
	return l
}

// filed returns the registers among the home's files.
func (d *doctor) filed() []*register.Register {
	docs, err := home.ReadRegisters(filepath.Join(d.home.Dir, home.RegistersDir))
	if err != nil {
		return nil
	}
	var out []*register.Register
	for _, doc := range docs {
		if r, err := register.Claim(doc.Bytes); err == nil {
			out = append(out, r)
		}
	}
	return out
}

// published returns the registers that the node uses.
func published(ctx context.Context, node *desk.Client) []*register.Register {
	docs, err := node.Documents(ctx)
	if err != nil {
		return nil
	}
	var out []*register.Register
	for _, doc := range docs {
		if doc.Kind != "register" {
			continue
		}
		b, err := node.Read(ctx, doc.Kind, doc.Name)
		if err != nil {
			continue
		}
		if r, err := register.Claim(b); err == nil {
			out = append(out, r)
		}
	}
	return out
}

// registers looks at the newest register of each Party, and at the entry of
// this participant in its own.
func (d *doctor) registers(all []*register.Register) {
	newest := map[protocol.Party]*register.Register{}
	for _, r := range all {
		if have := newest[r.Party]; have == nil || have.Version < r.Version {
			newest[r.Party] = r
		}
	}
	self := d.home.Config.Participant
	if newest[self.Party()] == nil {
		d.find("register", sick,
			fmt.Sprintf("no register of %s is held: nobody can know this participant", self.Party()),
			"have entry.json put into the register (comity register sign --entry), and put that into "+
				filepath.Join(d.home.Dir, home.RegistersDir))
	}
	for _, r := range newest {
		d.register(r)
	}
}

func (d *doctor) register(r *register.Register) {
	text := fmt.Sprintf("of %s, version %d, valid until %s", r.Party, r.Version, day(r.Expires))
	switch left := r.Expires.Sub(d.now()); {
	case left <= 0:
		d.find("register", sick,
			fmt.Sprintf("of %s lapsed on %s: nothing new from that Party is taken", r.Party, day(r.Expires)),
			"ask its keeper for the next version")
	case left < expirySoon:
		d.find("register", warn, text, "ask its keeper for the next version")
	default:
		d.well("register", "%s", text)
	}
	if r.Party == d.home.Config.Participant.Party() {
		d.entry(r)
	}
}

// entry compares this participant's entry in the register with the home's.
func (d *doctor) entry(r *register.Register) {
	const hint = "send entry.json to the keeper of the register, and publish what comes back"
	self := d.home.Config.Participant
	want, err := d.home.Entry()
	at := slices.IndexFunc(r.Participants, func(p register.Participant) bool { return p.ID == self })
	if err != nil || at < 0 {
		d.find("entry", sick, fmt.Sprintf("%s does not stand in the register of %s", self, r.Party), hint)
		return
	}
	switch got := &r.Participants[at]; {
	case !got.Signing.Equal(want.Signing) || !slices.Equal(got.TLS, want.TLS):
		d.find("entry", sick, "the register shows other keys than this home has", hint)
	case got.Address != want.Address:
		d.find("entry", warn, fmt.Sprintf("the register sends peers to %s, entry.json to %s",
			got.Address, want.Address), hint)
	default:
		d.well("entry", "stands in the register with the keys of this home, as %s", words(got.Roles))
	}
}

// room says how much evidence the node still takes, and what bounds it.
func (d *doctor) room(s *desk.Status) {
	e := d.home.Config.Evidence
	text := "room for " + byteText(s.Room) + " of evidence"
	if e.PeerQuota.Bytes == 0 {
		text += fmt.Sprintf(", at most %d%% of what the disk has for it from one peer", node.PeerShare)
	}
	for _, q := range []struct {
		size home.Size
		of   string
	}{{e.PeerQuota, "from one peer"}, {e.CaseQuota, "in one case"}} {
		if q.size.Bytes > 0 {
			text += ", at most " + byteText(q.size.Bytes) + " " + q.of
		}
	}
	switch {
	case s.Room == 0:
		d.find("vault", sick, text, "make room on the disk: no evidence is taken in or fetched before")
	case s.Room < roomWarn:
		d.find("vault", warn, text, "make room soon")
	default:
		d.well("vault", "%s", text)
	}
	d.scanner(e.Scanner)
}

// scanner says whether the program is there that is to look at what was fetched.
func (d *doctor) scanner(args []string) {
	if len(args) == 0 {
		return
	}
	if _, err := exec.LookPath(args[0]); err != nil {
		d.find("scanner", sick, args[0]+" cannot be run: "+reasonOf(err),
			"mend scanner under [evidence] in comity.toml, and start the node again: what is fetched waits for its verdict")
		return
	}
	d.well("scanner", "%s is there", args[0])
}
