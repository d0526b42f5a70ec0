// Package canon is the one JSON of Comity: strict on the way in and canonical
// (RFC 8785) on the way out, so that what is signed has one encoding only.
//
// Decode refuses unknown members, duplicate members, names in another case,
// invalid UTF-8, trailing bytes, and any encoding that differs by a byte from
// the canonical one. It is trusted with this: two byte strings that both
// decode never decode to the same value.
package canon

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Encode returns v in canonical form.
func Encode(v any) ([]byte, error) {
	b, err := Write(v)
	if err != nil {
		return nil, err
	}
	out := jsontext.Value(b)
	if err := out.Canonicalize(); err != nil {
		return nil, unwritten(v, err)
	}
	return out, nil
}

// Decode reads b, which must be the canonical encoding of what it says, into
// v. The error is an Error: it names the member, never its value.
func Decode(b []byte, v any) error {
	if err := Read(b, v); err != nil {
		return err
	}
	again, err := Encode(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return &Error{Want: "want the canonical form (RFC 8785) of its content"}
	}
	return nil
}

// Check reports whether b is one JSON value in canonical form, whatever it says.
func Check(b []byte) error {
	again := jsontext.Value(bytes.Clone(b))
	if err := again.Canonicalize(); err != nil || !bytes.Equal(again, b) {
		return &Error{Want: "want the canonical form (RFC 8785) of its content"}
	}
	return nil
}

// Write returns v as Read reads it, its members in the order of v's type. It is
// for what a program keeps for itself, never for what is signed or named by its
// digest.
func Write(v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, unwritten(v, err)
	}
	return b, nil
}

// Read reads b into v as strictly as Decode does, but in whatever order and
// spacing a person wrote it. It is for drafts and files, never for what is signed.
func Read(b []byte, v any) error {
	if err := json.Unmarshal(b, v, json.RejectUnknownMembers(true)); err != nil {
		return mended(v, err)
	}
	return nil
}

// Glance reads into v what v has members for, and passes over the rest. It is for
// counting what Decode has read before, never for believing it.
func Glance(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return mended(v, err)
	}
	return nil
}
