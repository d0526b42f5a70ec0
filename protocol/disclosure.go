package protocol

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// Limits of a disclosure whose bytes travel inside the act.
const (
	MaxObjects = 64 // objects in one disclosure
	// MaxInline bounds all objects of one disclosure together, in bytes, so that
	// a relay of the signed disclosure is an act within MaxAct too.
	MaxInline     = 185_000
	MaxObjectName = 255 // bytes of an object's name
	// MaxOrigin bounds the signed disclosure that another passes on, in bytes, so
	// that a relay of that other one is an act within MaxAct too, however many
	// officers stand behind it.
	MaxOrigin = 240_000
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

// A Disclosure hands over evidence. An authority that had it from a provider of
// its own Party, in a case that executes this one, hands over the provider's
// disclosure as it was signed, and no objects of its own.
type Disclosure struct {
	Status  ProductionStatus `json:"status"`
	Objects []Object         `json:"objects"`
	Note    string           `json:"note,omitzero"`
	// Origin is the disclosure that is passed on: the signed act, byte for byte.
	Origin Signed `json:"origin,omitempty"`
}

// An Object is one piece of evidence. Its name is data, never a path.
type Object struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`   // bytes
	SHA256    Digest `json:"sha256"` // of the content
	SHA512    string `json:"sha512"` // of the content, 128 hexadecimal digits (Implementing Regulation 2025/1550, 3.3)
	Content   []byte `json:"content"`
}

// NewObject describes content under name.
func NewObject(name, mediaType string, content []byte) Object {
	strong := sha512.Sum512(content)
	return Object{Name: name, MediaType: mediaType, Size: int64(len(content)),
		SHA256: DigestOf(content), SHA512: hex.EncodeToString(strong[:]), Content: content}
}

// Check reports whether the description fits the content.
func (o *Object) Check() error {
	want := NewObject(o.Name, o.MediaType, o.Content)
	switch {
	case o.Name == "" || len(o.Name) > MaxObjectName || !utf8.ValidString(o.Name) ||
		path.Base(o.Name) != o.Name || strings.ContainsAny(o.Name, "/\\\x00") || o.Name == "." || o.Name == "..":
		return fmt.Errorf("name: want a plain name of 1 to %d bytes, without a path", MaxObjectName)
	case len(o.MediaType) > MaxReference:
		return fmt.Errorf("media_type: want at most %d bytes", MaxReference)
	case o.Size != want.Size:
		return errors.New("size: does not fit the content")
	case o.SHA256 != want.SHA256 || o.SHA512 != want.SHA512:
		return errors.New("digest: does not fit the content")
	}
	return nil
}

func (d *Disclosure) check() error {
	if len(d.Objects) > MaxObjects || len(d.Note) > MaxText {
		return fmt.Errorf("disclosure: want at most %d objects and a note of at most %d bytes", MaxObjects, MaxText)
	}
	if len(d.Origin) > 0 {
		return d.checkOrigin()
	}
	if (d.Status == ProductionNoData) != (len(d.Objects) == 0) {
		return errors.New("disclosure: want objects exactly when there is data")
	}
	total := 0
	for i := range d.Objects {
		if err := d.Objects[i].Check(); err != nil {
			return fmt.Errorf("disclosure.objects[%d].%w", i, err)
		}
		total += len(d.Objects[i].Content)
	}
	if total > MaxInline {
		return fmt.Errorf("disclosure: %d bytes: want at most %d in one act", total, MaxInline)
	}
	return nil
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
// the same, or that more is to come, from somebody else.
func (d *Disclosure) PassesOn(origin *Disclosure) bool {
	return d.Status == origin.Status || d.Status == ProductionPartial
}
