package chain

import (
	"comity.example/crypto/seal"
	"comity.example/protocol"
)

// Unverified returns the act in signed as it stands there: for showing what
// was verified before, never for believing it.
func Unverified(signed []byte) (*protocol.Act, error) {
	payload, err := seal.UnverifiedPayload(signed)
	if err != nil {
		return nil, err
	}
	return protocol.ParseAct(payload)
}
