package chain

import (
	"errors"

	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
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

// A glance is of an act the request that it makes, or what it carries.
type glance struct {
	Body struct {
		Request       *protocol.Request `json:"request"`
		Certification carried           `json:"certification"`
		Objection     carried           `json:"objection"`
		Enforcement   carried           `json:"enforcement"`
		Use           carried           `json:"use"`
	} `json:"body"`
}

type carried struct {
	Request protocol.Signed `json:"request"`
}

// UnverifiedRequest returns the request that opened a case, from the act that did,
// by itself or inside what carried it: for counting what was verified before and
// kept, never for believing it. It does not check again that there is one encoding.
func UnverifiedRequest(signed []byte) (*protocol.Request, error) {
	for range MaxDepth + 1 {
		whole := new(signedAct)
		if err := canon.Read(signed, whole); err != nil {
			return nil, err
		}
		payload, err := seal.UnverifiedPayload(whole.Act)
		if err != nil {
			return nil, err
		}
		var g glance
		if err := canon.Glance(payload, &g); err != nil {
			return nil, err
		}
		if g.Body.Request != nil {
			return g.Body.Request, nil
		}
		signed = nil
		for _, c := range []carried{g.Body.Certification, g.Body.Objection, g.Body.Enforcement, g.Body.Use} {
			if c.Request != nil {
				signed = c.Request
			}
		}
		if signed == nil {
			break
		}
	}
	return nil, errors.New("nothing that opened the case carries a request")
}
