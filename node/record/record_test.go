package record_test

import (
	"errors"
	"fmt"
	"testing"

	"comity.example/node/record"
	"comity.example/node/store"
)

// values are what a store holds.
type values map[string][]byte

func (v values) Get(key []byte) ([]byte, error) {
	b, ok := v[string(key)]
	if !ok {
		return nil, fmt.Errorf("here: %w", store.ErrNotFound)
	}
	return b, nil
}

func (v values) Set(key, value []byte) error {
	v[string(key)] = value
	return nil
}

type pair struct {
	Name  string `json:"name"`
	Count int    `json:"count,omitzero"`
}

// TestWhatIsWrittenIsRead, and nothing is taken for what it is not.
func TestWhatIsWrittenIsRead(t *testing.T) {
	held := values{"other": []byte(`{"name":"a","more":1}`), "twice": []byte(`{"name":"a","name":"b"}`)}
	want := pair{"a", 2}
	if err := record.Write(held, []byte("one"), want); err != nil {
		t.Fatal(err)
	}
	if got, err := record.Read[pair](held, []byte("one")); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, key := range []string{"other", "twice"} {
		if got, err := record.Read[pair](held, []byte(key)); err == nil || record.IgnoreMissing(err) == nil {
			t.Errorf("%s is read as %v, %v", key, got, err)
		}
	}
	if _, err := record.Read[pair](held, []byte("none")); !errors.Is(err, store.ErrNotFound) || record.IgnoreMissing(err) != nil {
		t.Errorf("what is not there: %v", err)
	}
}
