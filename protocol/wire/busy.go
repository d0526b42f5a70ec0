package wire

import (
	"encoding/binary"
	"fmt"
	"time"
)

// A Busy says that nothing was kept and nothing was decided: ask again later.
//
//	retry after  4 bytes: milliseconds, 0 to MaxRetryAfter
type Busy struct {
	RetryAfter time.Duration // whole milliseconds
}

// Type returns TypeBusy.
func (*Busy) Type() Type { return TypeBusy }

func (m *Busy) appendBody(b []byte) ([]byte, error) {
	if m.RetryAfter < 0 || m.RetryAfter > MaxRetryAfter || m.RetryAfter%time.Millisecond != 0 {
		return nil, fmt.Errorf("retry after %v: want whole milliseconds, at most %v",
			m.RetryAfter, MaxRetryAfter)
	}
	return binary.BigEndian.AppendUint32(b, uint32(m.RetryAfter/time.Millisecond)), nil
}

func decodeBusy(b []byte) (Message, error) {
	d := time.Duration(binary.BigEndian.Uint32(b)) * time.Millisecond
	if d > MaxRetryAfter {
		return nil, fmt.Errorf("%w: retry after %v", ErrMalformed, d)
	}
	return &Busy{RetryAfter: d}, nil
}
