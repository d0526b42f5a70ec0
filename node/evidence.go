package node

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"time"

	"comity.example/node/desk"
	"comity.example/node/exhibit"
	"comity.example/node/journal"
	"comity.example/node/notify"
	"comity.example/node/record"
	"comity.example/node/scan"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/wire"
)

// Evidence says how a node deals with evidence.
type Evidence struct {
	// Manual has nothing fetched before a person asks for it.
	Manual bool
	// Quota bounds what comes from one peer, and what one case holds; 0: no bound of
	// a case, and of a peer PeerShare.
	Quota vault.Quota
	// Reserve is how many bytes of the disk stay free; 0: the constant.
	Reserve int64
	// Scanner is a program with its arguments that looks at what was fetched
	// (node/scan); none: nothing does. ScanTimeout is how long it may take, 0: its
	// own constant.
	Scanner     []string
	ScanTimeout time.Duration
}

const (
	// Reserve is how many bytes of the disk evidence leaves free for acts.
	Reserve = 1 << 30
	// PeerShare is how many percent of what the disk has for evidence one peer may
	// have by itself, with what it only announced. Whatever it announces, as much is
	// left for the others.
	PeerShare = 50
)

// ofPeople is what people do with exhibits.
type ofPeople interface{ desk.Exhibits }

// openEvidence opens the vault beside the store, and what keeps exhibits in it and
// takes uploads for it.
func (n *Node) openEvidence(ctx context.Context) error {
	key, err := vaultKey(n.cfg.Keys.Store)
	if err != nil {
		return err
	}
	c := n.cfg.Evidence
	c.Quota.PeerShare = cmp.Or(c.Quota.PeerShare, PeerShare)
	n.vault, err = vault.Open(ctx, vault.Config{Dir: filepath.Join(n.cfg.Dir, "vault"), Key: key, Quota: c.Quota,
		Reserve: cmp.Or(c.Reserve, Reserve), Log: n.cfg.Log})
	if err != nil {
		return err
	}
	n.exhibits, err = exhibit.Open(ctx, exhibit.Config{Self: n.cfg.Self, Open: n.cfg.Keys.Open,
		Journal: n.journal, Vault: n.vault, Cases: cases{}, Now: n.now, Log: n.cfg.Log,
		Exchange: func(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error) {
			return n.link.Exchange(ctx, peer, m)
		},
		Manual: c.Manual, Scanner: scan.Scanner{Args: c.Scanner, Patience: c.ScanTimeout},
		Tell: n.tellEvidence, Told: func() { n.notifier.Wake() }, Explain: n.problem, Count: n.metrics.moved})
	if err != nil {
		return err
	}
	n.ofPeople = n.exhibits
	return n.openUploads()
}

// vaultKey is the key that seals the vault's key files: it is no other key's, and
// who has the store's has it.
func vaultKey(storeKey [32]byte) ([32]byte, error) {
	k, err := hkdf.Key(sha256.New, storeKey[:], nil, "comity vault key files v1", 32)
	if err != nil {
		return [32]byte{}, fmt.Errorf("node: vault key: %w", err)
	}
	return [32]byte(k), nil
}

// tellEvidence tells people something about the evidence of a case.
func (n *Node) tellEvidence(tx *journal.Tx, c *casefile.Case, text string) error {
	return n.tell(tx, laneOf(c), notify.Event{Kind: notify.Evidence, At: n.now(), Case: c.ID, Text: text})
}

// cases is how exhibits sees the cases.
type cases struct{}

// Case implements exhibit.Cases.
func (cases) Case(r record.Getter, id protocol.CaseID) (*casefile.Case, error) {
	f, err := record.Read[filed](r, caseKey(id))
	return &f.File, err
}

// Act implements exhibit.Cases.
func (cases) Act(r record.Getter, act protocol.Digest) (*protocol.Act, error) {
	return heldAct(r, act)
}

// Proposed implements exhibit.Cases.
func (cases) Proposed(r record.Getter, id protocol.CaseID) (*protocol.Disclosure, error) {
	s, err := record.Read[saved](r, draftKey(id))
	return s.Draft.Body.Disclosure, record.IgnoreMissing(err)
}
