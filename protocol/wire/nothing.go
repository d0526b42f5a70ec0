package wire

// A Nothing answers a Pull: there is no newer document. Its body is empty.
type Nothing struct{}

// Type returns TypeNothing.
func (*Nothing) Type() Type { return TypeNothing }

func (*Nothing) appendBody(b []byte) ([]byte, error) { return b, nil }

func decodeNothing([]byte) (Message, error) { return &Nothing{}, nil }
