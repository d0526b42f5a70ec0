// Package node is one running node of Comity. Open wires its parts together
// and starts nothing; Run blocks until the context ends or the node can no
// longer keep its promises; Close undoes Open.
//
// An act comes in by receive.go: link, gate, the case (file.go), one commit, and
// the answer. One that came before what it follows is early: nothing of it is
// kept, and its sender is asked to come again. One that may be refused only for
// a document that is lacking here waits while its sender is asked (behind.go).
//
// An act goes out by submit.go: completed (plan.go), gate, the case, one commit
// with its place in the outbox, and the courier, which settles it with the answer
// (settle.go). What cannot leave yet stays a draft (draft.go). What the node sends
// by itself, without a person, it owes first: duty.go. What an officer has deleted
// is destroyed before that is certified: destroy.go. What the acts say of evidence
// goes, in their commits, to package exhibit, which deals with it: evidence.go opens
// it beside the vault, upload.go what takes uploads for it. The clocks of the cases are
// in the docket (docket.go), which the clerk watches; what rings outside of the
// node waits in a queue of its own (tell.go).
//
// Acts are decided on registers, agreements and notices: what is in use is a library
// (package library), which grows by one adoption after the other (documents.go, and
// unused.go for the home's files). They come by publication (publish.go), and by
// asking each Party at the start and then again and again (catchup.go):
// until all have been heard, or for some seconds, nothing is decided (heard.go).
// Peers' ledgers are watched (watch.go). Everything that must last goes through
// the journal, under the keys of layout.go.
//
// The node is trusted with the participant's keys and with everything that the
// participant was sent.
package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"comity.example/node/clerk"
	"comity.example/node/courier"
	"comity.example/node/exhibit"
	"comity.example/node/gate"
	"comity.example/node/journal"
	"comity.example/node/library"
	"comity.example/node/link"
	"comity.example/node/notify"
	"comity.example/node/store/badger"
	"comity.example/node/upload"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/calendar"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// A Node is one participant's node.
type Node struct {
	cfg     Config
	store   *badger.Store
	journal *journal.Journal
	link    *link.Link
	courier *courier.Courier
	clerk   *clerk.Clerk
	// notifier tells people outside of the node.
	notifier *notify.Notifier
	gate     *gate.Gate
	metrics  *metrics
	watch    *watch

	// vault holds the bytes of evidence, and exhibits deals with them.
	vault    *vault.Vault
	exhibits *exhibit.Keeper
	ofPeople // is exhibits, for people
	uploads  *upload.Store

	// grounds is what acts are decided on. It changes only inside a commit, so
	// that the order of the ledger is the order in which they took effect.
	grounds atomic.Pointer[casefile.Grounds]
	adopts  sync.Mutex // held while a document is adopted
	unused  unused
	library atomic.Pointer[library.Library]
	heard   *heard

	precedence precedence
	refusals   refusals
	questions  questions
	duties     duties
	destroying sync.Mutex // held while keys are destroyed and that is certified
	toDestroy  duties
	places     calendar.Places
	reckon     chan struct{} // holds one when the docket may rest on what changed

	seq     uint64                // of the newest outbox entry; owned by commits
	dueFrom int64                 // nothing is due before it, in Unix seconds; owned by commits
	toTell  map[notify.Target]int // how many events wait; owned by commits
	running atomic.Bool
}

// Open opens the store, proves that it is whole, and wires the parts. The
// caller closes cfg.Conn if Open fails; afterwards it is the node's.
func Open(ctx context.Context, cfg Config) (_ *Node, err error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	n := &Node{cfg: cfg, watch: newWatch(), heard: newHeard(), duties: newDuties(), toDestroy: newDuties(),
		precedence: newPrecedence(), reckon: make(chan struct{}, 1)}
	n.metrics = newMetrics(cfg.Metrics)
	n.store, err = badger.Open(ctx, badger.Config{
		Dir: filepath.Join(cfg.Dir, "store"), Key: cfg.Keys.Store, Log: cfg.Log})
	if err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	defer func() {
		if err != nil {
			n.closeStore()
		}
	}()
	n.journal, err = journal.Open(ctx, journal.Config{
		Store: n.store, Key: cfg.Keys.Log, Origin: ledger.Origin(cfg.Self),
		Anchor: filepath.Join(cfg.Dir, "anchor"), Now: n.now})
	if err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	if err = n.loadDocuments(ctx); err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	if err = n.resumeOutbox(ctx); err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	if err = n.resumeWatch(ctx); err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	if err = n.openEvidence(ctx); err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	n.gate = gate.New(gate.Config{Self: cfg.Self, Sign: cfg.Keys.Sign, Open: cfg.Keys.Open})
	n.clerk = clerk.New(clerk.Config{Docket: (*docket)(n), Now: n.now, Log: cfg.Log})
	n.notifier = notify.New(notify.Config{Queue: (*bell)(n), Senders: cfg.Notify, Now: n.now, Log: cfg.Log,
		Count: n.metrics.told})
	if err = n.countToTell(ctx); err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	n.courier = courier.New(courier.Config{Outbox: (*outbox)(n), Exchange: n.exchange,
		Now: n.now, Log: cfg.Log, Count: n.metrics.delivery})
	n.link, err = link.New(link.Config{Conn: cfg.Conn, Self: cfg.Self, Key: cfg.Keys.TLS,
		Book: (*book)(n), Handle: n.handle, Limits: cfg.Limits, Log: cfg.Log})
	if err != nil {
		return nil, fmt.Errorf("node: open: %w", err)
	}
	return n, nil
}

// Run serves until ctx ends. Any other return means that the node could not
// keep its promises; what it receipted is safe, and the next Open decides.
func (n *Node) Run(ctx context.Context) error {
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWriting()
	wrote := make(chan error, 1)
	go func() { wrote <- n.journal.Run(writing) }()

	serving, stop := context.WithCancel(ctx)
	defer stop()
	err := n.adoptAll(serving)
	if err == nil {
		err = n.checkClocks()
	}
	if err == nil {
		n.running.Store(true)
		err = n.serve(serving, wrote)
		n.running.Store(false)
	}
	stop()
	// The journal ends last: what the others were writing is written.
	if err == nil {
		err = n.exhibits.Save(writing)
	}
	stopWriting()
	if e := <-wrote; e != nil && err == nil {
		err = e
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}

// serve runs the parts until ctx ends or one of them fails. It puts the
// journal's end, if it sees it, back into wrote.
func (n *Node) serve(ctx context.Context, wrote chan error) error {
	ctx, stop := context.WithCancel(ctx)
	parts := []func(context.Context) error{n.link.Run, n.courier.Run, n.compareLedgers, n.catchUp, n.doDuties, n.finishDestroying,
		n.clerk.Run, n.notifier.Run, n.followTurns, n.keepDocket, n.exhibits.Run, n.sweepUploads}
	ended := make(chan error, len(parts))
	for _, run := range parts {
		go func() { ended <- run(ctx) }()
	}
	var first error
	left := len(parts)
	select {
	case <-ctx.Done():
	case first = <-wrote:
		wrote <- first
	case first = <-ended:
		left--
	}
	stop()
	for range left {
		if err := <-ended; first == nil {
			first = err
		}
	}
	return first
}

// Close ends every session and closes the store. The caller has ended Run.
func (n *Node) Close() error {
	return errors.Join(n.link.Close(), n.closeStore())
}

func (n *Node) closeStore() error {
	var err error
	if n.uploads != nil {
		err = n.uploads.Close()
	}
	if n.vault != nil {
		err = errors.Join(err, n.vault.Close())
	}
	if n.journal != nil {
		err = errors.Join(err, n.journal.Close())
	}
	return errors.Join(err, n.store.Close())
}

// now is legal time as acts and records carry it: UTC, whole seconds.
func (n *Node) now() time.Time { return n.cfg.Now().UTC().Truncate(time.Second) }

// Wake says that legal time was put forward.
func (n *Node) Wake() { n.clerk.Wake() }

// exchange asks a peer over the link, in the courier's words.
func (n *Node) exchange(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	answer, err := n.link.Exchange(ctx, peer, m)
	if errors.Is(err, link.ErrUnreachable) || errors.Is(err, link.ErrPinMismatch) ||
		errors.Is(err, link.ErrUnknownPeer) {
		return nil, fmt.Errorf("%w: %w", courier.ErrUnreachable, err)
	}
	return answer, err
}

// book is how the link looks participants up.
type book Node

// Pinned implements link.Book.
func (b *book) Pinned(id protocol.ParticipantID, pin [32]byte) bool {
	n := (*Node)(b)
	listed := n.grounds.Load().Directory.ByPin(pin, n.now())
	return slices.ContainsFunc(listed, func(p *register.Participant) bool { return p.ID == id })
}

// Locate implements link.Book.
func (b *book) Locate(id protocol.ParticipantID) (string, [][32]byte, error) {
	n := (*Node)(b)
	p, err := n.grounds.Load().Directory.AsOf(id, n.now())
	if err != nil {
		return "", nil, err
	}
	pins := make([][32]byte, len(p.TLS))
	for i, pin := range p.TLS {
		pins[i] = pin
	}
	return p.Address, pins, nil
}
