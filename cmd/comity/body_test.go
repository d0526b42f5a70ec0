package main

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
)

// fill sets every member below v to a value of its own, and returns what must be
// seen of each: texts as they are, numbers, and the days of times.
func fill(v reflect.Value, n *int) (seen []string) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("v%dv", *n))
		return []string{v.String()}
	case reflect.Int64:
		v.SetInt(int64(1000 + *n))
		return []string{fmt.Sprint(v.Int())}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0), n)
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(*n))
		}
		return []string{v.Interface().(fmt.Stringer).String()}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			at := time.Date(1000+*n, 1, 2, 3, 4, 5, 0, time.UTC)
			v.Set(reflect.ValueOf(at))
			return []string{day(at)}
		}
		for i := range v.NumField() {
			seen = append(seen, fill(v.Field(i), n)...)
		}
	}
	return seen
}

// An officer signs what is shown: nothing of a request or of a certification is
// left out.
func TestEverythingThatIsSignedIsShown(t *testing.T) {
	r, n := new(protocol.Request), 0
	seen := fill(reflect.ValueOf(r).Elem(), &n)
	c := protocol.Certification{Attestations: []protocol.Attestation{{}}}
	seen = append(seen, fill(reflect.ValueOf(&c.Contact).Elem(), &n)...)
	seen = append(seen, fill(reflect.ValueOf(&c.Targeting).Elem(), &n)...)
	seen = append(seen, fill(reflect.ValueOf(&c.Attestations[0]).Elem(), &n)...)
	var out bytes.Buffer
	writeBody(&out, &protocol.Body{Request: r})
	writeBody(&out, &protocol.Body{Certification: &c})
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range seen {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not shown:\n%s", want, &out)
		}
	}
	if len(seen) < 60 {
		t.Errorf("got %d values: this is not the whole request", len(seen))
	}
	// What is or is not so changes what is shown.
	before := out.String()
	for path, set := range flags(reflect.ValueOf(r).Elem(), "") {
		set.SetBool(false)
		out.Reset()
		writeBody(&out, &protocol.Body{Request: r})
		writeBody(&out, &protocol.Body{Certification: &c})
		if out.String() == before {
			t.Errorf("%s changes nothing that is shown", path)
		}
		set.SetBool(true)
	}
}

// flags finds the bools below v.
func flags(v reflect.Value, path string) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	switch v.Kind() {
	case reflect.Bool:
		out[path] = v
	case reflect.Pointer:
		return flags(v.Elem(), path)
	case reflect.Slice:
		return flags(v.Index(0), path)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return out
		}
		for i := range v.NumField() {
			for p, f := range flags(v.Field(i), path+"."+v.Type().Field(i).Name) {
				out[p] = f
			}
		}
	}
	return out
}

// TestWhatIsOfTheOffenceStandsUnderIt, and under nothing else.
func TestWhatIsOfTheOffenceStandsUnderIt(t *testing.T) {
	r := readTemplate(t, func(r *protocol.Request) {
		r.Offence.CommittedIn, r.Purpose = []protocol.Party{"GB"}, "to find who wrote"
	})
	var out bytes.Buffer
	writeRequest(&out, r)
	var name string
	for line := range strings.Lines(out.String()) {
		if first, _, _ := strings.Cut(line, " "); first != "" {
			name = first
		}
		if strings.Contains(line, "committed in GB") && name != "offence" {
			t.Errorf("it stands under %q:\n%s", name, &out)
		}
	}
	if !strings.Contains(out.String(), "committed in GB") {
		t.Errorf("it is not shown:\n%s", &out)
	}
}
