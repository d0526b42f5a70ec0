package canon_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol/canon"
)

type inner struct {
	Numbers []int64 `json:"numbers"`
	Flag    bool    `json:"flag,omitzero"`
}

type outer struct {
	Text  string           `json:"text"`
	When  time.Time        `json:"when"`
	Bytes []byte           `json:"bytes"`
	Inner *inner           `json:"inner,omitzero"`
	Named map[string]int64 `json:"named,omitzero"`
}

const form = `{"bytes":"AP8=","inner":{"numbers":[1,-2]},"named":{"a":1,"b":2},"text":"é\n€","when":"2026-11-22T10:00:00Z"}`

func value() outer {
	return outer{Text: "é\n€", When: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Bytes: []byte{0, 255},
		Inner: &inner{Numbers: []int64{1, -2}}, Named: map[string]int64{"b": 2, "a": 1}}
}

func TestOneValueHasOneForm(t *testing.T) {
	got, err := canon.Encode(value())
	if err != nil || string(got) != form {
		t.Errorf("got %s, %v\nwant %s", got, err, form)
	}
	var back outer
	if err := canon.Decode([]byte(form), &back); err != nil || !reflect.DeepEqual(back, value()) {
		t.Errorf("got %+v, %v", back, err)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	b, err := canon.Write(value())
	if err != nil {
		t.Fatal(err)
	}
	again, err := canon.Write(value())
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("one value is written as %s and as %s, %v", b, again, err)
	}
	var back outer
	if err := canon.Read(b, &back); err != nil || !reflect.DeepEqual(back, value()) {
		t.Errorf("got %+v, %v", back, err)
	}
	if err := canon.Decode(b, &back); err == nil {
		t.Error("what is written for ourselves passes for a canonical form")
	}
}

// TestOtherFormsAreRefused: what a signature covers has one form. Read takes
// those that a person may write, and no others.
func TestOtherFormsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		read           bool // whether Read takes it
	}{
		{"a space", `"text":`, `"text": `, true},
		{"a line break at the end", `Z"}`, "Z\"}\n", true},
		{"another order", `{"bytes":"AP8=","inner":{"numbers":[1,-2]}`, `{"inner":{"numbers":[1,-2]},"bytes":"AP8="`, true},
		{"another order in a map", `"a":1,"b":2`, `"b":2,"a":1`, true},
		{"an escape that is not needed", `é`, `\u00e9`, true},
		{"a number with a point", `[1,`, `[1.0,`, false},
		{"a number with an exponent", `[1,`, `[1e0,`, false},
		{"minus zero", `[1,`, `[-0,`, true},
		{"what the form leaves out", `[1,-2]}`, `[1,-2],"flag":false}`, true},
		{"null for a list", `[1,-2]`, `null`, true},
		{"an unknown member", `{"bytes"`, `{"also":1,"bytes"`, false},
		{"a member twice", `"text":`, `"text":"x","text":`, false},
		{"a key twice", `"b":2`, `"b":2,"b":2`, false},
		{"a member in capitals", `"text"`, `"Text"`, false},
		{"a comma too many", `2]`, `2,]`, false},
		{"a comment", `{"bytes"`, `/**/{"bytes"`, false},
		{"a value more", `Z"}`, `Z"}{}`, false},
		{"a byte more", `Z"}`, `Z"}x`, false},
		{"a zero byte more", `Z"}`, "Z\"}\x00", false},
		{"not UTF-8", `é`, "\xff", false},
		{"half a surrogate", `é`, `\ud800`, false},
		{"a byte order mark", `{"bytes"`, "\ufeff{\"bytes\"", false},
		{"base64 without padding", `AP8=`, `AP8`, false},
		{"base64 with loose bits", `AP8=`, `AP9=`, true},
		{"base64 for addresses", `AP8=`, `AP_=`, false},
		{"a time with a fraction", `10:00:00Z`, `10:00:00.0Z`, true},
		{"text for a number", `[1,`, `["1",`, false},
	} {
		b := []byte(strings.Replace(form, c.from, c.to, 1))
		if string(b) == form {
			t.Errorf("%s: nothing was replaced", c.name)
		}
		var v outer
		if err := canon.Decode(b, &v); err == nil && reencodes(b) {
			t.Errorf("%s: decoded to %+v", c.name, v)
		} else if err == nil {
			t.Errorf("%s: decoded, though it is not what Encode writes", c.name)
		}
		if err := canon.Read(b, new(outer)); (err == nil) != c.read {
			t.Errorf("%s: Read: got %v, want it taken %v", c.name, err, c.read)
		}
	}
}

func reencodes(b []byte) bool {
	var v outer
	if canon.Read(b, &v) != nil {
		return false
	}
	again, err := canon.Encode(v)
	return err == nil && bytes.Equal(again, b)
}

// TestTimeOfAnotherZoneIsAnotherValue: that a time is in UTC is for whoever
// decodes it to check.
func TestTimeOfAnotherZoneIsAnotherValue(t *testing.T) {
	var v outer
	b := strings.Replace(form, "10:00:00Z", "11:00:00+01:00", 1)
	if err := canon.Decode([]byte(b), &v); err != nil || v.When.Location() == time.UTC {
		t.Errorf("got %v, %v", v.When, err)
	}
}

func TestEveryPrefixIsRefused(t *testing.T) {
	for i := range len(form) {
		if canon.Decode([]byte(form[:i]), new(outer)) == nil || canon.Read([]byte(form[:i]), new(outer)) == nil {
			t.Errorf("the first %d bytes were decoded", i)
		}
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	var v any
	deep := strings.Repeat("[", 1<<20)
	if err := canon.Read([]byte(deep), &v); err == nil {
		t.Error("a million brackets were read")
	}
}

func TestWhatIsEncodedDecodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := outer{
			Text:  rapid.String().Draw(t, "text"),
			When:  time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "when"), 0).UTC(),
			Bytes: rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "bytes"),
			Named: rapid.MapOfN(rapid.String(), rapid.Int64Range(-1<<53, 1<<53), 1, 5).Draw(t, "named"),
		}
		b, err := canon.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		var back outer
		if err := canon.Decode(b, &back); err != nil || !reflect.DeepEqual(v, back) {
			t.Fatalf("%s: got %+v, %v", b, back, err)
		}
	})
}

// FuzzDecode: two byte strings that both decode never decode to one value.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(form))
	f.Add([]byte(`{"bytes":"","text":"","when":"0001-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v outer
		if canon.Decode(b, &v) != nil {
			return
		}
		if again, err := canon.Encode(v); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s decoded, and encodes as %s, %v", b, again, err)
		}
	})
}
