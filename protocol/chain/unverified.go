package chain

import (
	"comity.example/crypto/seal"
	"comity.example/protocol"
)

// Unverified returns the act in signed as it stands there: for showing what
// was verified before, never for believing it.
func Unverified(signed []byte) (*protocol.Act, error) {
	whole, err := readSigned(signed)
	if err != nil {
		return nil, err
	}
	payload, err := seal.UnverifiedPayload(whole.Act)
	if err != nil {
		return nil, err
	}
	return whole.open(payload)
}
