package chain

import (
	"bytes"
	"errors"
	"fmt"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// A signed act in its one encoding is
//
//	{"act":JWS,"endorsements":[{"credential":JWS,"statement":JWS},…]}
//
// The sender signs the act alone, which names each endorsement by its digest:
// officers' signatures are not encoded and hashed once more for each of the
// sender's.
type signedAct struct {
	Act          protocol.Signed        `json:"act"`
	Endorsements []protocol.Endorsement `json:"endorsements"`
}

func (s *signedAct) encode() []byte {
	const frame = 64 // bytes of member names
	size := frame + len(s.Act)
	for _, e := range s.Endorsements {
		size += frame + len(e.Credential) + len(e.Statement)
	}
	b := make([]byte, 0, size)
	b = append(b, `{"act":`...)
	b = append(b, s.Act...)
	b = append(b, `,"endorsements":[`...)
	for i, e := range s.Endorsements {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e.Encode()...)
	}
	return append(b, `]}`...)
}

// readSigned reads a signed act in its one encoding. Whether what it is made of
// was signed is not looked at.
func readSigned(signed []byte) (*signedAct, error) {
	s := new(signedAct)
	if err := canon.Read(signed, s); err != nil {
		return nil, err
	}
	if len(s.Endorsements) > protocol.MaxEndorsements {
		return nil, fmt.Errorf("more than %d endorsements", protocol.MaxEndorsements)
	}
	if !bytes.Equal(s.encode(), signed) {
		return nil, errors.New("not a signed act in its one encoding")
	}
	for _, e := range s.Endorsements { // of the act itself, its signatures have their one encoding
		if err := errors.Join(canon.Check(e.Credential), canon.Check(e.Statement)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// open reads the act in a payload and puts the endorsements beside it, if they
// are those that it names.
func (s *signedAct) open(payload []byte) (*protocol.Act, error) {
	act, err := protocol.ParseAct(payload)
	if err != nil {
		return nil, err
	}
	if len(act.Endorsed) != len(s.Endorsements) {
		return nil, fmt.Errorf("%d endorsements, the act names %d", len(s.Endorsements), len(act.Endorsed))
	}
	for i := range s.Endorsements {
		if protocol.DigestOf(s.Endorsements[i].Encode()) != act.Endorsed[i] {
			return nil, fmt.Errorf("endorsement %d is not the one that the act names", i)
		}
	}
	act.Endorsements = s.Endorsements
	return act, nil
}

// name makes act name the endorsements that stand beside it.
func name(act *protocol.Act) {
	act.Endorsed = make([]protocol.Digest, len(act.Endorsements))
	for i := range act.Endorsements {
		act.Endorsed[i] = protocol.DigestOf(act.Endorsements[i].Encode())
	}
}
