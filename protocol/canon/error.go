package canon

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Error says which member is wrong, and what may stand there. Both are made
// of the type that was read into, and of nothing that was read: a value could
// be a person, and so could the name of a member that does not belong there.
type Error struct {
	Member jsontext.Pointer // the nearest member that the type has; "" is the whole
	Want   string
}

func (e *Error) Error() string {
	if e.Member == "" {
		return "canon: " + e.Want
	}
	return "canon: " + string(e.Member) + ": " + e.Want
}

// mended returns err without the values that it quotes.
func mended(v any, err error) error {
	var form *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &form):
		at, _ := known(reflect.TypeOf(v), form.JSONPointer)
		return &Error{at, wanted(form)}
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		at, _ := known(reflect.TypeOf(v), syntax.JSONPointer)
		return &Error{at, "want each member once"}
	case errors.As(err, &syntax):
		return &Error{Want: "want one JSON value: it ends, or is not well formed, at byte " +
			strconv.FormatInt(syntax.ByteOffset, 10)}
	}
	return &Error{Want: "cannot be read"}
}

// unwritten is mended for what cannot be encoded.
func unwritten(v any, err error) error {
	var form *json.SemanticError
	var syntax *jsontext.SyntacticError
	var at jsontext.Pointer
	switch {
	case errors.As(err, &form):
		at, _ = known(reflect.TypeOf(v), form.JSONPointer)
	case errors.As(err, &syntax):
		at, _ = known(reflect.TypeOf(v), syntax.JSONPointer)
	}
	return &Error{at, "cannot be written: want UTF-8, and values that their types know"}
}

// known returns the part of p that t has members for, and the type there. The
// keys of a map are values.
func known(t reflect.Type, p jsontext.Pointer) (jsontext.Pointer, reflect.Type) {
	var at jsontext.Pointer
	for token := range p.Tokens() {
		next := memberOf(pointedTo(t), token)
		if next == nil {
			break
		}
		t, at = next, at.AppendToken(token)
	}
	return at, t
}

func pointedTo(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// memberOf returns the type of a member or an item of t, nil if it has none.
func memberOf(t reflect.Type, name string) reflect.Type {
	switch {
	case t == nil:
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous && nameOf(f) == "" {
				if inner := memberOf(pointedTo(f.Type), name); inner != nil {
					return inner
				}
			}
			if f.IsExported() && nameOf(f) == name {
				return f.Type
			}
		}
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		if _, err := strconv.ParseUint(name, 10, 31); err == nil {
			return t.Elem()
		}
	}
	return nil
}

func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// wanted says what may stand where e was found.
func wanted(e *json.SemanticError) string {
	const want = ": want "
	t := pointedTo(e.GoType)
	switch {
	case errors.Is(e.Err, json.ErrUnknownName):
		return "holds an unknown member: want " + membersOf(t)
	case t == nil:
		return "want something else"
	case t == reflect.TypeFor[time.Time]():
		return "want a time, such as 2026-11-22T10:00:00Z"
	}
	// A type that reads text says itself what it wants, of a text that nobody sent.
	if u, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte("?")); err != nil {
			_, text, said := strings.Cut(err.Error(), want)
			if !said {
				text = "another text"
			}
			return "want " + text
		}
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ UnmarshalJSON([]byte) error }]()) {
		return "want an object"
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "want bytes, in base64"
		}
		return "want a list"
	case reflect.Struct, reflect.Map:
		return "want an object"
	case reflect.Bool:
		return "want true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprintf("want a whole number of %d bits", t.Bits())
	}
	return "want text"
}

func membersOf(t reflect.Type) string {
	var names []string
	for i := 0; t != nil && t.Kind() == reflect.Struct && i < t.NumField(); i++ {
		if name := nameOf(t.Field(i)); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none but its own"
	}
	return "no other than " + strings.Join(names, ", ")
}
