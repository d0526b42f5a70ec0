package journal

import (
	"sync"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/protocol/ledger"
)

// A note is a checkpoint that is signed when somebody first asks for it: a
// sender's own commits need none, and in a receiver's the signature, which
// costs as much as the sync, is the work of the first who answers a peer. A
// checkpoint is durable and anchored before anybody can ask, so that the key
// signs nothing that a crash could take back. It bears the time of its batch,
// which is never before that of an earlier one.
type note struct {
	key        *cosign.LogKey
	checkpoint ledger.Checkpoint
	at         time.Time

	once   sync.Once
	signed []byte
	err    error
}

// text returns the signed note (C2SP tlog-checkpoint), always the same. The
// slice must not be changed.
func (n *note) text() ([]byte, error) {
	n.once.Do(func() {
		n.signed, n.err = n.key.SignCheckpoint(n.checkpoint.Origin, n.checkpoint.Body(), n.at)
	})
	return n.signed, n.err
}
