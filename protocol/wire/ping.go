package wire

import (
	"encoding/binary"
	"fmt"
)

// A Ping asks whether the peer is there and what time it has. Pong answers it.
//
//	nonce  16 bytes
type Ping struct {
	Nonce [nonceSize]byte
}

// Type returns TypePing.
func (*Ping) Type() Type { return TypePing }

func (m *Ping) appendBody(b []byte) ([]byte, error) { return append(b, m.Nonce[:]...), nil }

func decodePing(b []byte) (Message, error) { return &Ping{Nonce: [nonceSize]byte(b)}, nil }

// A Pong answers a Ping.
//
//	nonce  16 bytes: that of the Ping
//	time   8 bytes: seconds since 1970, 0 to MaxPongTime, by the peer's clock
type Pong struct {
	Nonce [nonceSize]byte
	Time  int64
}

// Type returns TypePong.
func (*Pong) Type() Type { return TypePong }

func (m *Pong) appendBody(b []byte) ([]byte, error) {
	if m.Time < 0 || m.Time > MaxPongTime {
		return nil, fmt.Errorf("time %d: want seconds from 0 to %d", m.Time, int64(MaxPongTime))
	}
	return binary.BigEndian.AppendUint64(append(b, m.Nonce[:]...), uint64(m.Time)), nil
}

func decodePong(b []byte) (Message, error) {
	s := binary.BigEndian.Uint64(b[nonceSize:])
	if s > MaxPongTime {
		return nil, fmt.Errorf("%w: time after the year 9999", ErrMalformed)
	}
	return &Pong{Nonce: [nonceSize]byte(b[:nonceSize]), Time: int64(s)}, nil
}
