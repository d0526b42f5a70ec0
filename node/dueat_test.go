package node

import (
	"bytes"
	"testing"
	"time"

	"comity.example/protocol/casefile"
)

// TestDueKeysSortWhateverDayIsNamed: a peer names the day of a clock's end. Keys
// that did not sort would be passed over, or would hide those of other cases.
func TestDueKeysSortWhateverDayIsNamed(t *testing.T) {
	var last []byte
	for _, at := range []time.Time{time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC), time.Date(5100, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)} {
		due := dueAt(&casefile.Case{}, []casefile.Running{{ID: "x", Ends: at, Effect: casefile.EffectAlert}})
		key := dueKey(due, "")
		if due <= 0 || due >= never || bytes.Compare(key, last) < 0 {
			t.Errorf("of %v: due %d, with the key %s, after %s", at, due, key, last)
		}
		last = key
	}
}
