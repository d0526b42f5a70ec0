package protocol

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a disclosure.
const (
	MaxObjects    = 64       // objects in one disclosure
	MaxObjectName = 255      // bytes of an object's name
	MaxObject     = 1 << 42  // bytes of one object: 4 TiB
	MaxKeys       = 48 << 10 // bytes of the sealed keys of one disclosure
	MaxSegments   = 1 << 26  // segments of a live object
	// MaxOrigin bounds the signed disclosure that another passes on, in bytes, so
	// that a relay of that other one is an act within MaxAct too, however many
	// officers stand behind it.
	MaxOrigin = 175_000
)

// A ProductionStatus says how much of what was asked for a disclosure holds.
type ProductionStatus string

// The statuses of a production.
const (
	ProductionComplete ProductionStatus = "complete"
	ProductionPartial  ProductionStatus = "partial"
	ProductionNoData   ProductionStatus = "no_data"
)

// UnmarshalText refuses a status that is not in the list.
func (s *ProductionStatus) UnmarshalText(b []byte) error {
	*s = ProductionStatus(b)
	return known("production status", *s,
		[]ProductionStatus{ProductionComplete, ProductionPartial, ProductionNoData})
}

// A Disclosure hands over evidence: a manifest of objects, whose bytes its readers
// fetch (SPEC.md §18). An authority that had it from a provider of its own Party, in
// a case that executes this one, hands over the provider's disclosure as it was
// signed, with keys of its own and no objects of its own.
type Disclosure struct {
	Status  ProductionStatus `json:"status"`
	Objects []Object         `json:"objects"`
	Note    string           `json:"note,omitzero"`
	// Until is when the objects cease to be accessible, where their holder says so
	// (Implementing Regulation (EU) 2025/1550, Annex, 3.3.3(b)).
	Until time.Time `json:"until,omitzero"`
	// Readers are who can open the objects, in ascending order, and Keys is how.
	// The node fills both in.
	Readers []ParticipantID `json:"readers,omitempty"`
	// Keys is a JWE (SPEC.md §5) of an EvidenceKeys in canonical form, sealed to
	// the readers and the sender.
	Keys Signed `json:"keys,omitzero"`
	// Origin is the disclosure that is passed on: the signed act, byte for byte.
	Origin Signed `json:"origin,omitempty"`
}

// An ObjectRole says what an object is for.
type ObjectRole string

// The roles. A pack has the contents of many files, one behind the other; a list
// says what they are (package evidence).
const (
	RoleFile ObjectRole = ""
	RolePack ObjectRole = "pack"
	RoleList ObjectRole = "list"
)

// UnmarshalText refuses a role that is not in the list.
func (r *ObjectRole) UnmarshalText(b []byte) error {
	*r = ObjectRole(b)
	return known("role", *r, []ObjectRole{RolePack, RoleList})
}

// An Object is one piece of evidence. Its name is data, never a path.
type Object struct {
	Name      string     `json:"name"`
	MediaType string     `json:"media_type"`
	Role      ObjectRole `json:"role,omitzero"`
	Size      int64      `json:"size"`   // bytes of the content
	SHA512    string     `json:"sha512"` // of the content, 128 hexadecimal digits (Implementing Regulation 2025/1550, 3.3)
	// Tree is the tree hash of the sealed content (SPEC.md §18): it names the object.
	Tree Digest `json:"tree"`
	// Segments is how many segments a live object was delivered in.
	Segments int64 `json:"segments,omitzero"`
	// Collected is when its holder took it out of its systems, and Collector who or
	// what did, in the holder's words.
	Collected time.Time `json:"collected,omitzero"`
	Collector string    `json:"collector,omitzero"`
}

var sha512Form = regexp.MustCompile(`^[0-9a-f]{128}$`)

// Check reports whether the description is well formed. That it fits the bytes
// shows when they are there.
func (o *Object) Check() error {
	switch {
	case o.Name == "" || len(o.Name) > MaxObjectName || !utf8.ValidString(o.Name) ||
		path.Base(o.Name) != o.Name || strings.ContainsAny(o.Name, "/\\\x00") || o.Name == "." || o.Name == "..":
		return fmt.Errorf("name: want a plain name of 1 to %d bytes, without a path", MaxObjectName)
	case len(o.MediaType) > MaxReference:
		return fmt.Errorf("media_type: want at most %d bytes", MaxReference)
	case o.Size < 0 || o.Size > MaxObject:
		return fmt.Errorf("size: want 0 to %d bytes", int64(MaxObject))
	case !sha512Form.MatchString(o.SHA512):
		return errors.New("sha512: want 128 small hexadecimal digits")
	case o.Tree.IsZero():
		return errors.New("tree: want the tree hash of the sealed content")
	case o.Segments < 0 || o.Segments > MaxSegments:
		return fmt.Errorf("segments: want at most %d", MaxSegments)
	}
	if !o.Collected.IsZero() {
		if err := checkTime("collected", o.Collected); err != nil {
			return err
		}
	}
	return checkReference("collector", o.Collector)
}

// Reading returns who can open what is disclosed to the recipients of an act, in a
// case of issuer's: nobody else has a part in it.
func Reading(to []ParticipantID, issuer, self ParticipantID) []ParticipantID {
	out := slices.DeleteFunc(append(slices.Clone(to), issuer), func(id ParticipantID) bool { return id == self })
	slices.Sort(out)
	return slices.Compact(out)
}

func (d *Disclosure) check() error {
	if len(d.Objects) > MaxObjects || len(d.Note) > MaxText {
		return fmt.Errorf("disclosure: want at most %d objects and a note of at most %d bytes", MaxObjects, MaxText)
	}
	if err := d.checkKeys(); err != nil {
		return err
	}
	if !d.Until.IsZero() {
		if d.Status == ProductionNoData {
			return errors.New("disclosure.until: want it only where there is something to fetch")
		}
		if err := checkTime("disclosure.until", d.Until); err != nil {
			return err
		}
	}
	if len(d.Origin) > 0 {
		return d.checkOrigin()
	}
	if (d.Status == ProductionNoData) != (len(d.Objects) == 0) {
		return errors.New("disclosure: want objects exactly when there is data")
	}
	var trees []Digest
	for i := range d.Objects {
		if err := d.Objects[i].Check(); err != nil {
			return fmt.Errorf("disclosure.objects[%d].%w", i, err)
		}
		trees = append(trees, d.Objects[i].Tree)
	}
	return checkOnce("disclosure.objects", trees)
}

// checkKeys: what is there to be read can be read by somebody. A draft has none,
// and its node fills them in.
func (d *Disclosure) checkKeys() error {
	switch {
	case len(d.Readers) > MaxRecipients+1:
		return fmt.Errorf("disclosure.readers: want at most %d", MaxRecipients+1)
	case len(d.Keys) > MaxKeys:
		return fmt.Errorf("disclosure.keys: want at most %d bytes", MaxKeys)
	case (len(d.Readers) == 0) != (len(d.Keys) == 0):
		return errors.New("disclosure.readers: want them and the keys, or neither")
	case !slices.IsSorted(d.Readers):
		return errors.New("disclosure.readers: want ascending order")
	case len(d.Objects) > 0 && len(d.Readers) == 0:
		return errors.New("disclosure.readers: want who can read the objects")
	}
	for i, r := range d.Readers {
		if _, err := ParseParticipantID(string(r)); err != nil {
			return fmt.Errorf("disclosure.readers[%d]: %w", i, err)
		}
	}
	return checkOnce("disclosure.readers", d.Readers)
}

func (d *Disclosure) checkOrigin() error {
	switch {
	case len(d.Objects) > 0:
		return errors.New("disclosure: want no objects beside the disclosure that is passed on")
	case len(d.Origin) > MaxOrigin:
		return fmt.Errorf("disclosure.origin: %d bytes: want at most %d, to be passed on once more", len(d.Origin), MaxOrigin)
	}
	return nil
}

// PassesOn reports whether d, which passes on a disclosure, may have its status:
// the same, or that more is to come, from somebody else. Who passes on objects
// passes on their keys.
func (d *Disclosure) PassesOn(origin *Disclosure) bool {
	return (d.Status == origin.Status || d.Status == ProductionPartial) &&
		(len(origin.Objects) == 0) == (len(d.Keys) == 0)
}
