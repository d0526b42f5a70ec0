package chain

import (
	"fmt"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// Issue signs act with its sender's key if its receiver would believe it: it puts
// to it all the questions of VerifyOffline. Only whether the sender signed
// it is not asked of the signature, which is made here, but of the key: it must
// be the one that the register names.
func Issue(act *protocol.Act, key *identity.Key, in Context) (*Authentic, *Fault) {
	if f := in.check(); f != nil {
		return nil, f
	}
	named := *act
	name(&named)
	payload, err := named.Encode()
	if err != nil {
		return nil, &Fault{protocol.ReasonMalformed, err}
	}
	// What could not be read back would not be believed either. That the bytes
	// are canonical need not be asked: they were encoded here.
	read := new(protocol.Act)
	if err := canon.Read(payload, read); err != nil {
		return nil, &Fault{protocol.ReasonMalformed, fmt.Errorf("chain: issue: %w", err)}
	}
	read.Endorsements = act.Endorsements
	q := &inquiry{Context: in, moment: in.At}
	q.found.Act, q.found.Digest = read, protocol.DigestOf(payload)
	issued, f := in.run(q, issueSteps(key.Public()))
	if f != nil {
		return nil, f
	}
	jws, err := seal.Sign(typeAct, payload, key)
	if err != nil {
		return nil, &Fault{protocol.ReasonMalformed, fmt.Errorf("chain: issue: %w", err)}
	}
	issued.Signed = (&signedAct{jws, act.Endorsements}).encode()
	if len(issued.Signed) > MaxSigned {
		return nil, refuse(protocol.ReasonTooLarge, "chain: issue: %d bytes: want at most %d",
			len(issued.Signed), MaxSigned)
	}
	return issued, nil
}

// issueSteps are the questions that are put to an act before it is signed.
func issueSteps(by *identity.Public) []step {
	steps := actSteps()[1:] // it was not read from anywhere
	steps[1] = step{"check key", func(q *inquiry) *Fault {
		if !by.Equal(q.found.Sender.Signing) {
			return refuse(protocol.ReasonNotAuthentic, "the key is not the sender's")
		}
		return nil
	}}
	return steps
}
