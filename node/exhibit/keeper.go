// Package exhibit keeps the exhibits of a node's cases: the objects of evidence that
// were taken in, disclosed, fetched or intercepted. Their bytes lie in the vault,
// sealed; what an object is, and where it stands here, lies in the store, case by
// case (exhibit.go). The vault comes first: what the store names is there, and what
// it does not name is collected at the start.
//
// An object comes here from our own people (intake.go), or by an act that discloses
// it (manifest.go): then it is fetched from whoever has it (fetch.go), and examined
// before it counts (examine.go). Whoever discloses completes the act with the keys
// (share.go), and hands out what it names (lendblock.go, handouts.go). What grows while
// an interception runs has a gate (live.go), which whoever feeds it passes
// (livefeed.go); it is announced and accounted for in acts (livestart.go), and goes
// over as it comes (livelend.go, livepull.go). People read what is here (read.go), and
// take it along with the case (pack.go). In the end its key is destroyed (destroy.go).
//
// A Keeper knows of acts and cases what Config gives it. It submits none: what is to
// be sent, the node sends, and calls the Keeper inside the commit.
//
// The package is trusted with the keys to evidence, and with handing out nothing to
// anybody but those whom the signed acts name.
package exhibit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"comity.example/crypto/seal"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/scan"
	"comity.example/node/transfer"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/wire"
)

// Config says what a Keeper works with. All but Scanner and Manual is required.
type Config struct {
	Self    protocol.ParticipantID
	Open    *seal.OpenKey // opens the keys that are disclosed to us
	Journal *journal.Journal
	Vault   *vault.Vault
	Cases   Cases
	// Exchange asks a peer.
	Exchange func(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error)
	Now      func() time.Time // legal time, in whole seconds

	// Manual has nothing fetched before a person asks for it.
	Manual bool
	// Scanner looks at what was fetched; without arguments: nothing does.
	Scanner scan.Scanner

	// Tell tells people of a case, with the commit; Told is called after it.
	Tell func(tx *journal.Tx, c *casefile.Case, text string) error
	Told func()
	// Explain puts an error of a case or the disk into words for a person.
	Explain func(error) error
	// Count counts what came ("in") of evidence, or went ("out"), by outcome, in bytes.
	Count func(direction, outcome string, size int)
	Log   *slog.Logger
}

// Cases are what a Keeper sees of cases and acts: as r has them, which is the store or
// a transaction. An error that wraps store.ErrNotFound says that there is none.
type Cases interface {
	Case(r record.Getter, id protocol.CaseID) (*casefile.Case, error)
	// Act returns an act that was verified when it came.
	Act(r record.Getter, act protocol.Digest) (*protocol.Act, error)
	// Proposed returns the disclosure that waits for approval in a case, nil if none.
	Proposed(r record.Getter, id protocol.CaseID) (*protocol.Disclosure, error)
}

// A Keeper keeps the exhibits of one node.
type Keeper struct {
	cfg     Config
	journal *journal.Journal
	vault   *vault.Vault

	// engine fetches the bytes of evidence, shares divides what peers fetch from us,
	// and handouts are what they were given.
	engine   *transfer.Engine
	shares   *transfer.Shares
	fetcher  *fetcher
	lives    *lives
	handouts *handouts
	grants   grants
	opened   opened
	splits   sync.Mutex // held while a key is split for another case, or destroyed
}

// Open returns a Keeper, and has the vault forget what the store does not name: a
// crash came between the two.
func Open(ctx context.Context, cfg Config) (*Keeper, error) {
	k := &Keeper{cfg: cfg, journal: cfg.Journal, vault: cfg.Vault, fetcher: newFetcher(), lives: newLives(),
		shares: transfer.NewShares(), handouts: newHandouts()}
	k.engine = transfer.New(transfer.Config{Source: cfg.Exchange, Done: k.fetchEnded, Log: cfg.Log})
	return k, k.collectStrays(ctx)
}

// Run fetches, examines and notes until ctx ends or one of its parts fails. What was
// handed out lately is then not in the store yet: see Save.
func (k *Keeper) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	parts := []func(context.Context) error{k.fetchEvidence, k.checkEmergencies, k.noteHandouts, k.pullLives,
		func(ctx context.Context) error { k.engine.Run(ctx); return nil }}
	for range checkers {
		parts = append(parts, k.checkEvidence)
	}
	for range briefCheckers {
		parts = append(parts, k.checkBrief)
	}
	ended := make(chan error, len(parts))
	for _, run := range parts {
		go func() { ended <- run(ctx) }()
	}
	var first error
	for range parts {
		if err := <-ended; first == nil {
			first = err
		}
		stop()
	}
	return first
}

// Wake has the Keeper look for what is to be fetched, after a commit. It never blocks.
func (k *Keeper) Wake() {
	k.fetcher.wake()
	k.lives.wake()
}

// lent counts what a peer asked for of evidence, and fetched what we asked for.
func (k *Keeper) lent(outcome string, size int)    { k.cfg.Count("out", outcome, size) }
func (k *Keeper) fetched(outcome string, size int) { k.cfg.Count("in", outcome, size) }
