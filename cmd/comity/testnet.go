package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/draft"
	"comity.example/testnet"
	"comity.example/testnet/story"
)

// topologyName is the file in a world that says who is in it, where that is not the
// default world.
const topologyName = "world.yaml"

// pidName is the file in a running world that names the process that runs it.
const pidName = "testnet.pid"

// downPatience bounds how long testnet down waits for a world to end.
const downPatience = 30 * time.Second

type testnetCmd struct {
	Up   testnetUpCmd   `cmd:"" help:"Run a world of nodes on this machine until Ctrl-C."`
	Demo testnetDemoCmd `cmd:"" help:"Run a world and play the stories on it."`
	Down testnetDownCmd `cmd:"" help:"End a world that runs in another terminal."`

	Advance testnetAdvanceCmd `cmd:"" help:"Turn legal time forward in a world."`
}

// worldFlags say which world is meant.
type worldFlags struct {
	World    string `help:"Folder of the world: founded if it is not there." placeholder:"DIR"`
	Topology string `type:"existingfile" help:"Who is in a world that is founded; the default world if none is named." placeholder:"FILE"`
}

// topology returns who is in the world: of one that was founded, as it was.
func (f *worldFlags) topology() (testnet.Topology, error) {
	name := f.Topology
	if name == "" {
		name = filepath.Join(f.World, topologyName)
		if _, err := os.Stat(name); err != nil {
			return testnet.DefaultTopology(), nil
		}
	}
	b, err := readFile(name, maxTopology)
	if err != nil {
		return testnet.Topology{}, err
	}
	t, err := testnet.ParseTopology(b)
	if err != nil {
		return t, badInput(name+": "+plain(err), "see testnet/world.yaml for an example")
	}
	return t, nil
}

// maxTopology bounds a topology file, in bytes.
const maxTopology = 1 << 20

// open founds or loads the world.
func (f *worldFlags) open(a *app) (*testnet.Processes, error) {
	t, err := f.topology()
	if err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var w *testnet.World
	if testnet.Exists(f.World) {
		w, err = testnet.Load(f.World, t)
	} else {
		w, err = testnet.Found(testnet.Founding{Dir: f.World, Topology: t, At: a.now(),
			Address: testnet.Loopback, Turning: true})
		if err == nil && f.Topology != "" {
			err = f.keepTopology()
		}
	}
	if err != nil {
		return nil, err
	}
	return &testnet.Processes{World: w, Command: []string{exe, "node", "--dir"}}, nil
}

// keepTopology has the world say who is in it, so that nobody need name that again.
func (f *worldFlags) keepTopology() error {
	b, err := readFile(f.Topology, maxTopology)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.World, topologyName), b, 0o600)
}

// run runs a world while during does something with it.
func (f *worldFlags) run(ctx context.Context, a *app, during func(*testnet.Processes) error) (err error) {
	p, err := f.open(a)
	if err != nil {
		return err
	}
	release, err := f.claim()
	if err != nil {
		return err
	}
	defer release()
	began := time.Now()
	defer func() { err = errors.Join(err, p.Stop()) }()
	if err := p.Start(ctx); err != nil {
		return err
	}
	a.note("%d nodes run in %s, each a process of its own (started in %v)",
		len(p.Topology.Participants()), f.World, time.Since(began).Round(10*time.Millisecond))
	return during(p)
}

// claim writes this process's number into the world and locks the file until
// release. The lock ends with the process, whatever ends it: a number alone may
// be another program's by now.
func (f *worldFlags) claim() (release func(), err error) {
	name := filepath.Join(f.World, pidName)
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if !lockFile(file) {
		defer file.Close()
		b, _ := os.ReadFile(name)
		return nil, badInput(fmt.Sprintf("the world in %s runs already (pid %s)", f.World, strings.TrimSpace(string(b))),
			"end it with comity testnet down --world "+f.World)
	}
	if err = file.Truncate(0); err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() { os.Remove(name); file.Close() }, nil
}

// lockFile reports whether no other process held the file.
func lockFile(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

type testnetUpCmd struct {
	worldFlags
	ReadyFile string `help:"File to write once the nodes take acts." placeholder:"FILE"`
}

func (c *testnetUpCmd) Run(ctx context.Context, a *app) error {
	if c.World == "" {
		c.World = defaultWorld()
	}
	return c.run(ctx, a, func(p *testnet.Processes) error {
		for _, id := range p.Topology.Participants() {
			m := p.Topology.Parties[id.Party()][id]
			a.note("  %-18s %-40s %v", id, m.Name, m.Roles)
		}
		if err := writeReady(c.ReadyFile, []byte(c.World+"\n")); err != nil {
			return err
		}
		now, err := legalNow(a, p)
		if err != nil {
			return err
		}
		order, err := c.order(&p.Topology, now)
		if err != nil {
			return err
		}
		return c.hint(ctx, a, c.tries(order, ""))
	})
}

// The participants of the default world between whom an order goes, and the
// authority that certifies it.
const (
	orderIssuer    = protocol.ParticipantID("gb.met-police")
	orderCertifier = protocol.ParticipantID("gb.home-office")
	orderAddressee = protocol.ParticipantID("us.contoso")
)

// order writes an order that is ready to be sent in this world, "" where the
// world has not whom it is between.
func (f *worldFlags) order(t *testnet.Topology, now time.Time) (string, error) {
	all := t.Participants()
	for _, id := range []protocol.ParticipantID{orderIssuer, orderCertifier, orderAddressee} {
		if !slices.Contains(all, id) {
			return "", nil
		}
	}
	docs, err := library.Documents()
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(docs, func(d *agreement.Document) bool { return d.ID == defaultAgreement })
	made, err := templateOf(docs[at], docs, draft.Want{Issuer: orderIssuer, Addressee: orderAddressee, At: now})
	if err != nil {
		return "", err
	}
	name := filepath.Join(f.World, "order.yaml")
	return name, os.WriteFile(name, writeTemplate(made), 0o600)
}

// legalNow is the legal time of a world: where it was turned forward, an order
// with today's dates is too old.
func legalNow(a *app, p *testnet.Processes) (time.Time, error) {
	ahead, err := p.Ahead()
	if err != nil && !errors.Is(err, testnet.ErrNoClock) {
		return time.Time{}, err
	}
	return a.instant().Add(ahead), nil
}

// place sends the order, so that somebody's inbox holds something to do. What
// keeps it from being sent is shown.
func (f *worldFlags) place(ctx context.Context, a *app, order string) (_ protocol.CaseID, err error) {
	police := *a
	var said bytes.Buffer
	police.Dir, police.out = filepath.Join(f.World, string(orderIssuer)), &said
	defer func() {
		if err != nil {
			a.note("%s", said.Bytes())
		}
	}()
	_, node, err := police.openDesk() // and so to the legal time of this world
	if err != nil {
		return "", err
	}
	r, err := police.readRequest(order)
	if err != nil {
		return "", err
	}
	p, err := node.Save(ctx, desk.Draft{Body: protocol.Body{Request: r}})
	if err != nil {
		return "", err
	}
	return p.Case, (&requestSendCmd{Case: p.Case}).Run(ctx, &police)
}

// tries are commands that work as they are printed. waiting is a case that
// waits for its certification, "" if there is none.
func (f *worldFlags) tries(order string, waiting protocol.CaseID) []string {
	at := func(id protocol.ParticipantID) string { return " --dir " + filepath.Join(f.World, string(id)) }
	var out []string
	if waiting != "" {
		out = append(out, "inbox"+at(orderCertifier)+" --wait 30s",
			"certify"+at(orderCertifier)+" "+string(waiting)+" --contact 'the desk' --targeting TP-3",
			"inbox"+at(orderAddressee)+" --wait 30s",
			"case show"+at(orderAddressee)+" "+string(waiting)+" --until served")
	}
	if order != "" {
		out = append(out, "check --request "+order+at(orderIssuer),
			"request new --file "+order+at(orderIssuer),
			"ledger check"+at(orderAddressee),
			"doctor"+at(orderAddressee))
	}
	return append(out, "agreement show ukus-daa-2019")
}

// hint says what to try, and waits for Ctrl-C.
func (f *worldFlags) hint(ctx context.Context, a *app, tries []string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	a.note("\nThe world goes on until Ctrl-C. In another terminal, try:")
	for _, try := range tries {
		a.note("  %s %s", exe, try)
	}
	<-ctx.Done()
	return nil
}

type testnetDemoCmd struct {
	worldFlags
	Once bool `help:"Play the stories, end the world, and exit with 0 only if each ended as it should."`
}

func (c *testnetDemoCmd) Run(ctx context.Context, a *app) error {
	if c.World == "" {
		dir, err := os.MkdirTemp("", "comity-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		c.World = filepath.Join(dir, "world")
	}
	if err := c.run(ctx, a, func(p *testnet.Processes) error { return c.play(ctx, a, p) }); err != nil || c.Once {
		return err
	}
	// The stories turned legal time by years, to where the agreement's first term
	// is over, and filled the inboxes: what waits to be tried waits in a new world.
	c.World += "-to-try"
	a.note("\nA new world, of today, to try it on:")
	return c.run(ctx, a, func(p *testnet.Processes) error {
		now, err := legalNow(a, p)
		if err != nil {
			return err
		}
		order, err := c.order(&p.Topology, now)
		if err != nil {
			return err
		}
		var waiting protocol.CaseID
		if order != "" {
			if waiting, err = c.place(ctx, a, order); err != nil {
				return err
			}
		}
		return c.hint(ctx, a, c.tries(order, waiting))
	})
}

func (c *testnetDemoCmd) play(ctx context.Context, a *app, p *testnet.Processes) error {
	stories, err := story.All()
	if err != nil {
		return err
	}
	began := time.Now()
	failed := 0
	for i, s := range stories {
		fmt.Fprintf(a.out, "\n%d. %s\n", i+1, s.Title)
		err := s.Play(ctx, p, func(line string) { fmt.Fprintln(a.out, line) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed++
			fmt.Fprintf(a.out, "  did not end as it should: %v\n", err)
		}
	}
	fmt.Fprintf(a.out, "\n%d of %d stories ended as they should, in %v\n",
		len(stories)-failed, len(stories), time.Since(began).Round(10*time.Millisecond))
	if failed > 0 {
		return &failure{exitError, fmt.Sprintf("%d stories did not end as they should", failed),
			"the nodes' logs are in " + c.World + "/*/node.log"}
	}
	return nil
}

type testnetDownCmd struct {
	World string `help:"Folder of the world." placeholder:"DIR"`
}

func (c *testnetDownCmd) Run(ctx context.Context, a *app) error {
	if c.World == "" {
		c.World = defaultWorld()
	}
	name := filepath.Join(c.World, pidName)
	pid, err := runningWorld(c.World, name)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return badInput("no world runs in "+c.World+" any more", "")
	}
	ctx, cancel := context.WithTimeout(ctx, downPatience)
	defer cancel()
	for {
		if _, err := os.Stat(name); err != nil {
			a.note("the world in %s has ended", c.World)
			return nil
		}
		select {
		case <-ctx.Done():
			return &failure{exitError, "the world does not end", "its process is " + strconv.Itoa(pid)}
		case <-time.After(readyEvery):
		}
	}
}

// runningWorld returns the process that runs a world, and clears away what one
// that was killed left behind.
func runningWorld(world, name string) (int, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, badInput("no world runs in "+world, "name its folder with --world")
	}
	defer f.Close()
	if lockFile(f) {
		os.Remove(name)
		return 0, badInput("no world runs in "+world+" any more", "")
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, badInput("no world runs in "+world+" any more", "")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 1 {
		return 0, badInput(name+" does not hold a process id", "remove it if no world runs there")
	}
	return pid, nil
}

// defaultWorld is where testnet up keeps its world: the same folder each time.
func defaultWorld() string { return filepath.Join(os.TempDir(), "comity-testnet") }
