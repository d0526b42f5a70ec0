package evidence_test

import (
	"testing"

	"comity.example/protocol/canon"
)

// encoded returns v in canonical form.
func encoded(t testing.TB, v any) []byte {
	t.Helper()
	b, err := canon.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
