package desk

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
)

// An Intake says what content is that is taken in, to be disclosed.
type Intake struct {
	Name      string              `json:"name"`
	MediaType string              `json:"media_type"`
	Role      protocol.ObjectRole `json:"role,omitzero"`
	// Collected and Collector are as of protocol.Object.
	Collected time.Time `json:"collected,omitzero"`
	Collector string    `json:"collector,omitzero"`
}

// An EvidenceState says where an object stands at this node.
type EvidenceState string

// The states of an object.
const (
	EvidenceHeld        EvidenceState = "held"        // taken in, and not disclosed yet
	EvidenceDisclosed   EvidenceState = "disclosed"   // here, and for its readers to fetch
	EvidenceWaiting     EvidenceState = "waiting"     // not fetched: see Why
	EvidenceFetching    EvidenceState = "fetching"    // on its way
	EvidenceChecking    EvidenceState = "checking"    // all here; being compared with what was signed, and scanned
	EvidenceComplete    EvidenceState = "complete"    // all here, and what was signed
	EvidenceQuarantined EvidenceState = "quarantined" // complete, and the scanner found something
	EvidenceDamaged     EvidenceState = "damaged"     // not what was signed: see Why
	EvidenceLive        EvidenceState = "live"        // grows
	EvidenceDeleted     EvidenceState = "deleted"     // its key is destroyed
	EvidenceRestricted  EvidenceState = "restricted"  // its key is there, and nothing of it is handed out
)

// An EvidenceItem is one object of a case. Sizes are in bytes, Rate in bytes a
// second of the last seconds, 0 when nothing moves.
type EvidenceItem struct {
	// Number is the object's in its case at this node, from 1. It stays, and is no
	// other's, though the object be put back.
	Number int                    `json:"number"`
	Object protocol.Object        `json:"object"`
	Act    protocol.Digest        `json:"act,omitzero"` // that disclosed it, or started it
	From   protocol.ParticipantID `json:"from,omitzero"`
	State  EvidenceState          `json:"state"`
	Why    string                 `json:"why,omitzero"`
	// Have and Total are of the sealed object. Of a live object they are of what it
	// holds, and Total is 0 as long as it grows.
	Have  int64 `json:"have"`
	Total int64 `json:"total"`
	Rate  int64 `json:"rate,omitzero"`
	// Left is until it is complete, at that rate; as JSON, whole nanoseconds in left_ns.
	Left time.Duration `json:"-"`
	// Segments are those of a live object that are here, and Gaps those that should
	// be and are not.
	Segments int64   `json:"segments,omitzero"`
	Gaps     []int64 `json:"gaps,omitempty"`
	// Served is what each of its readers was given by this node, which disclosed it.
	Served []Served `json:"served,omitempty"`
}

// Served is what a reader was given of an object: each block counts once. Whether it
// arrived, and what became of it, the reader alone knows.
type Served struct {
	Reader protocol.ParticipantID `json:"reader"`
	Bytes  int64                  `json:"bytes"` // of the sealed object
	Total  int64                  `json:"total"`
	Last   time.Time              `json:"last,omitzero"` // when it was given a block last that it had not had
	All    time.Time              `json:"all,omitzero"`  // when it was given the last of all
	Key    time.Time              `json:"key,omitzero"`  // when it was given the share of the key without which nothing opens
}

type plainItem EvidenceItem

type itemJSON struct {
	plainItem
	LeftNS int64 `json:"left_ns,omitzero"`
}

// MarshalJSON writes i with its duration in nanoseconds.
func (i EvidenceItem) MarshalJSON() ([]byte, error) {
	return json.Marshal(itemJSON{plainItem(i), int64(i.Left)}, json.Deterministic(true))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *EvidenceItem) UnmarshalJSON(b []byte) error {
	var j itemJSON
	err := json.Unmarshal(b, &j)
	*i = EvidenceItem(j.plainItem)
	i.Left = time.Duration(j.LeftNS)
	return err
}

// Moving reports whether something of the case is on its way, or being checked.
func (e *Evidence) Moving() bool {
	return slices.ContainsFunc(e.Items, func(i EvidenceItem) bool {
		return i.State == EvidenceFetching || i.State == EvidenceChecking || i.State == EvidenceLive
	})
}

// Evidence is what a case has beside its acts.
type Evidence struct {
	Case  protocol.CaseID `json:"case"`
	Items []EvidenceItem  `json:"items"`
}

// A Fetch asks a node to fetch what it lacks of a case.
type Fetch struct {
	// Object is the only one that is wanted; none: all.
	Object protocol.Digest `json:"object,omitzero"`
	// Despite fetches although a quota of the node is used up.
	Despite bool `json:"despite,omitzero"`
	// Release takes out of quarantine what is in it.
	Release bool `json:"release,omitzero"`
}

// A Fed live object was given what Feed was handed.
type Fed struct {
	Live     protocol.Digest `json:"live"`
	Segments int64           `json:"segments"` // of this feed
	Bytes    int64           `json:"bytes"`    // of this feed
	// Stopped says that the interception ended before the input did: what came
	// afterwards was not taken.
	Stopped bool `json:"stopped,omitzero"`
}

// A VaultReport is what a check of the vault found. Digests are tree hashes.
type VaultReport struct {
	Objects int               `json:"objects"`
	Bytes   int64             `json:"bytes"`
	Damaged []protocol.Digest `json:"damaged"` // not what their digest says
	Missing []protocol.Digest `json:"missing"` // referred to, and not there
	Keys    []protocol.Digest `json:"keys"`    // of which the key cannot be read
	Stray   int               `json:"stray"`   // files that nothing refers to
}

// An Uploader takes uploads that go on where they broke off: tus 1.0, of which the
// pattern's wildcard is the case. That the case is the pass's, and that the pass stands
// when a request begins, the caller sees to.
type Uploader interface {
	Uploads(Pass) http.Handler
}

// A Piece is an object of a case from a place on: a byte of its content, or a segment
// of a live object, both from 0.
type Piece struct {
	Case   protocol.CaseID
	Object protocol.Digest
	From   int64
}

// Exhibits holds the bytes of cases.
type Exhibits interface {
	// TakeIn seals content into the vault, for a case in which this participant may
	// disclose, and returns its description. Nothing is disclosed by it.
	TakeIn(ctx context.Context, id protocol.CaseID, about Intake, content io.Reader) (protocol.Object, error)
	// PutBack removes an object that was taken in and not disclosed.
	PutBack(ctx context.Context, id protocol.CaseID, object protocol.Digest) (Evidence, error)
	// Evidence lists the objects of a case.
	Evidence(ctx context.Context, id protocol.CaseID) (Evidence, error)
	// Fetch has the node fetch what it lacks, and returns at once.
	Fetch(ctx context.Context, id protocol.CaseID, what Fetch) (Evidence, error)
	// Content writes what an object holds, from a byte on. Nothing is written that
	// was not authenticated.
	Content(ctx context.Context, piece Piece, w io.Writer) error
	// Feed appends to the live object of an interception that runs here.
	Feed(ctx context.Context, id protocol.CaseID, content io.Reader) (Fed, error)
	// Follow writes a live object as it comes, from a segment on, until it is sealed.
	Follow(ctx context.Context, piece Piece, w io.Writer) error
	// CheckVault reads every object again.
	CheckVault(ctx context.Context) (VaultReport, error)
}
