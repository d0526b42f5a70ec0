package desk

import (
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
)

// A Probe is the answer of a peer to a ping. As JSON its durations are whole
// nanoseconds: they have no form of their own there.
type Probe struct {
	Peer      protocol.ParticipantID
	Reached   bool
	Trouble   string
	RoundTrip time.Duration
	Skew      time.Duration // the peer's clock minus ours, ±1 s
}

type probeJSON struct {
	Peer      protocol.ParticipantID `json:"peer"`
	Reached   bool                   `json:"reached"`
	Trouble   string                 `json:"trouble,omitzero"`
	RoundTrip int64                  `json:"round_trip_ns,omitzero"`
	Skew      int64                  `json:"skew_ns,omitzero"`
}

// MarshalJSON writes p with its durations in nanoseconds.
func (p Probe) MarshalJSON() ([]byte, error) {
	return json.Marshal(probeJSON{p.Peer, p.Reached, p.Trouble, int64(p.RoundTrip), int64(p.Skew)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Probe) UnmarshalJSON(b []byte) error {
	var j probeJSON
	err := json.Unmarshal(b, &j)
	*p = Probe{j.Peer, j.Reached, j.Trouble, time.Duration(j.RoundTrip), time.Duration(j.Skew)}
	return err
}
