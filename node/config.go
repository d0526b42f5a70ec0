package node

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"comity.example/crypto/cosign"
	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/node/library"
	"comity.example/node/link"
	"comity.example/node/notify"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

// Keys are the keys of a participant's node. Officers' keys are not among
// them: they never reach a node.
type Keys struct {
	Sign  *identity.Key      // signs acts
	Open  *seal.OpenKey      // opens envelopes
	Log   *cosign.LogKey     // signs checkpoints of the ledger
	TLS   ed25519.PrivateKey // shown on every link
	Store [32]byte           // encrypts the store at rest
}

// Config says what a node works with. All but Ahead, Approvals, Clocks, Evidence, Log,
// Metrics, Limits, Notify, Settled and Uploader is required.
type Config struct {
	Self protocol.ParticipantID
	Keys Keys
	Dir  string // for the store, its anchor and the vault; made if it is not there
	Conn net.PacketConn
	Now  func() time.Time // legal time
	// Ahead says how far Now is turned forward in a testnet. It is nil in any
	// other node.
	Ahead func() time.Duration

	// Pins are the root keys of the Parties, compared out of band.
	Pins []register.Pin
	// Documents are registers, agreements and notices that were exchanged as
	// files: those that are new to the node are adopted when it runs.
	Documents []Document

	// Approvals say how many officers stand behind what is sent.
	Approvals Approvals

	// Clocks are this node's own periods, by the id of a clock of which its document
	// says that it is policy and not law.
	Clocks map[string]time.Duration

	// Evidence says how evidence is dealt with.
	Evidence Evidence

	Limits  link.Limits // zero: link.DefaultLimits
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Notify is where people are told, outside of the node, that something waits.
	Notify map[notify.Target]notify.Sender
	// Settled, if set, is told of each act whose delivery to a recipient has
	// ended: receipted, refused or expired. It must not block.
	Settled func(act protocol.Digest)
	// Uploader, if set, says whether there still is an uploader of that name: what one
	// that is gone did not finish is removed.
	Uploader func(name string) bool
}

// What a node is given of documents, in the words of package library.
type (
	Document     = library.Document
	DocumentKind = library.Kind
	FileError    = library.FileError
	Foresight    = library.Foresight
)

// The kinds of documents.
const (
	RegisterDocument  = library.RegisterDocument
	AgreementDocument = library.AgreementDocument
	NoticeDocument    = library.NoticeDocument
)

func (c *Config) check() error {
	switch {
	case c.Self == "" || c.Dir == "" || c.Conn == nil || c.Now == nil:
		return errors.New("node: config: Self, Dir, Conn and Now must be set")
	case c.Keys.Sign == nil || c.Keys.Open == nil || c.Keys.Log == nil || len(c.Keys.TLS) == 0:
		return errors.New("node: config: all keys must be set")
	}
	if err := c.Approvals.Check(); err != nil {
		return fmt.Errorf("node: config: %w", err)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	return nil
}
