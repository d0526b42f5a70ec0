package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"comity.example/protocol/canon"
)

// troubleName is the file in which a node that ended leaves the reason for who
// comes to look. It is advice, never evidence.
const troubleName = DataDir + "/trouble.json"

// A Trouble is why a node ended. It names no person and no matter.
type Trouble struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	Hint string    `json:"hint,omitzero"`
}

// LeaveTrouble keeps the reason why the node ended, in the place of an older one.
func (h *Home) LeaveTrouble(t Trouble) error {
	b, err := canon.Encode(t)
	if err == nil {
		err = os.WriteFile(h.path(troubleName), b, 0o600)
	}
	if err != nil {
		return fmt.Errorf("home: leave trouble: %w", err)
	}
	return nil
}

// ClearTrouble forgets it: the node runs.
func (h *Home) ClearTrouble() error {
	if err := os.Remove(h.path(troubleName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("home: clear trouble: %w", err)
	}
	return nil
}

// Trouble returns why the node ended last, the zero Trouble if it ended well
// or nothing that can be read was left.
func (h *Home) Trouble() Trouble {
	var t Trouble
	b, err := h.read(troubleName)
	if err != nil || canon.Read(b, &t) != nil {
		return Trouble{}
	}
	return t
}
