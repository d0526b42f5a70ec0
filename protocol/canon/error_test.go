package canon_test

import (
	"errors"
	"strings"
	"testing"

	"comity.example/protocol/canon"
)

func TestErrorsNameTheMemberAndWhatItWants(t *testing.T) {
	for text, want := range map[string]string{
		`{"text":"x"`:                          "canon: want one JSON value: it ends, or is not well formed, at byte 11",
		`{"text":7}`:                           "canon: /text: want text",
		`{"when":"12 January"}`:                "canon: /when: want a time, such as 2026-11-22T10:00:00Z",
		`{"bytes":"?"}`:                        "canon: /bytes: want bytes, in base64",
		`{"inner":[]}`:                         "canon: /inner: want an object",
		`{"inner":{"numbers":1}}`:              "canon: /inner/numbers: want a list",
		`{"inner":{"numbers":[1,"2"]}}`:        "canon: /inner/numbers/1: want a whole number of 64 bits",
		`{"inner":{"flag":0}}`:                 "canon: /inner/flag: want true or false",
		`{"inner":{"number":1}}`:               "canon: /inner: holds an unknown member: want no other than numbers, flag",
		`{"inner":{"flag":true,"flag":false}}`: "canon: /inner/flag: want each member once",
		`{"named":{"Ms Falcon":"x"}}`:          "canon: /named: want a whole number of 64 bits",
		`{"named":{"x":1,"x":1}}`:              "canon: /named: want each member once",
	} {
		var e *canon.Error
		if err := canon.Read([]byte(text), new(outer)); !errors.As(err, &e) || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestWhatCannotBeWrittenIsNotQuoted(t *testing.T) {
	v := value()
	v.Text = "Falcon\xff"
	_, err1 := canon.Encode(v)
	_, err2 := canon.Write(v)
	for _, err := range []error{err1, err2} {
		var e *canon.Error
		if !errors.As(err, &e) || e.Member != "/text" || strings.Contains(err.Error(), "Falcon") {
			t.Errorf("got %v", err)
		}
	}
}
