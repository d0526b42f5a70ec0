package chain

import (
	"errors"
	"fmt"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/register"
)

// Sign makes act name its endorsements, and returns it signed with its
// sender's signing key.
func Sign(act *protocol.Act, key *identity.Key) ([]byte, error) {
	name(act)
	payload, err := act.Encode()
	if err != nil {
		return nil, err
	}
	jws, err := seal.Sign(typeAct, payload, key)
	if err != nil {
		return nil, fmt.Errorf("chain: sign act: %w", err)
	}
	return (&signedAct{jws, act.Endorsements}).encode(), nil
}

// StatementOf returns what an officer signs to stand behind act.
func StatementOf(act *protocol.Act, signed time.Time) (protocol.Statement, error) {
	body, err := act.Body.Digest()
	if err != nil {
		return protocol.Statement{}, err
	}
	return protocol.Statement{
		Kind:        act.Body.Kind(),
		Body:        body,
		Case:        act.Case,
		Participant: act.From,
		Agreement:   act.Agreement,
		Signed:      signed,
	}, nil
}

// Endorse returns an officer's endorsement: st signed with the officer's key,
// with the credential that the officer's participant issued for that key.
func Endorse(credential []byte, officer *identity.Key, st protocol.Statement) (
	protocol.Endorsement, error) {
	c, err := register.ClaimCredential(credential)
	if err != nil {
		return protocol.Endorsement{}, err
	}
	if !c.Key.Equal(officer.Public()) || c.Participant != st.Participant {
		return protocol.Endorsement{}, errors.New("chain: endorse: not the officer's credential")
	}
	if err := c.ValidAt(st.Signed); err != nil {
		return protocol.Endorsement{}, fmt.Errorf("chain: endorse: %w", err)
	}
	payload, err := canon.Encode(st)
	if err != nil {
		return protocol.Endorsement{}, fmt.Errorf("chain: endorse: %w", err)
	}
	// What could not be read back would not be believed either.
	if err := canon.Decode(payload, new(protocol.Statement)); err != nil {
		return protocol.Endorsement{}, fmt.Errorf("chain: endorse: %w", err)
	}
	signed, err := seal.Sign(typeStatement, payload, officer)
	if err != nil {
		return protocol.Endorsement{}, fmt.Errorf("chain: endorse: %w", err)
	}
	return protocol.Endorsement{Credential: credential, Statement: signed}, nil
}
