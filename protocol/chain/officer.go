package chain

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/register"
)

// Has reports whether the officer's credential names one of the roles.
func (o *Officer) Has(roles ...protocol.Role) bool {
	return slices.ContainsFunc(roles, func(r protocol.Role) bool {
		return slices.Contains(o.Roles, r)
	})
}

func (o *Officer) competent(t protocol.RequestType) bool {
	return len(o.Types) == 0 || slices.Contains(o.Types, t)
}

// verifyOfficers verifies every endorsement, also those that nobody asked for:
// what is shown of an act must be true.
func (q *inquiry) verifyOfficers() *Fault {
	act := q.found.Act
	if len(act.Endorsements) > 0 {
		want, err := StatementOf(act, time.Time{})
		if err != nil {
			return &Fault{protocol.ReasonMalformed, err}
		}
		for i, e := range act.Endorsements {
			officer, f := q.verifyEndorsement(e, want)
			if f != nil {
				return &Fault{f.Reason, fmt.Errorf("endorsement %d: %w", i, f.Err)}
			}
			// Two statements of one officer are not the word of two.
			if slices.ContainsFunc(q.found.Officers, func(o Officer) bool {
				return o.ID == officer.ID || o.Key == officer.Key
			}) {
				return refuse(protocol.ReasonOfficerInvalid, "endorsement %d: same officer again", i)
			}
			q.found.Officers = append(q.found.Officers, officer)
		}
	}
	return q.checkOfficersRole()
}

// verifyEndorsement verifies the participant's word for the officer and the
// officer's word for the act, of which want says all but the time.
func (q *inquiry) verifyEndorsement(e protocol.Endorsement, want protocol.Statement) (
	Officer, *Fault) {
	act := q.found.Act
	credential, err := q.Cache.Verify(e.Credential, q.found.Sender)
	if err != nil {
		return Officer{}, &Fault{protocol.ReasonOfficerInvalid, err}
	}
	key := credential.Key.Fingerprint()
	if q.Directory.Revoked(act.From.Party(), key, q.At) {
		return Officer{}, refuse(protocol.ReasonKeyRevoked, "the officer's key")
	}
	st, err := openStatement(e.Statement, credential)
	if err != nil {
		return Officer{}, &Fault{protocol.ReasonOfficerInvalid, err}
	}
	want.Signed = st.Signed
	if st.Case != want.Case {
		return Officer{}, refuse(protocol.ReasonWrongCase, "the statement is for another case")
	}
	if *st != want {
		return Officer{}, refuse(protocol.ReasonOfficerInvalid, "the statement is for another act")
	}
	if err := checkSigned(st.Signed, act, credential); err != nil {
		return Officer{}, &Fault{protocol.ReasonOfficerInvalid, err}
	}
	return Officer{
		ID:          credential.Officer,
		Participant: credential.Participant,
		Roles:       credential.Roles,
		Types:       credential.Types,
		Grades:      credential.Grades,
		Key:         key,
		Signed:      st.Signed,
	}, nil
}

// checkSigned: the credential must have been valid when the officer says the
// statement was signed, and still when the organisation issued the act, so
// that one who has left cannot date a signature back.
func checkSigned(signed time.Time, act *protocol.Act, c *register.Credential) error {
	if signed.Location() != time.UTC || signed.Nanosecond() != 0 {
		return errors.New("the statement's time is not in UTC and whole seconds")
	}
	if signed.After(act.Issued.Add(protocol.MaxSkew)) {
		return errors.New("the statement was signed after the act was issued")
	}
	if act.Issued.Sub(signed) > MaxEndorsementAge {
		return fmt.Errorf("the statement is more than %v older than the act", MaxEndorsementAge)
	}
	return errors.Join(c.ValidAt(signed), c.ValidAt(act.Issued))
}

func openStatement(jws []byte, by *register.Credential) (*protocol.Statement, error) {
	if len(jws) > MaxStatement {
		return nil, fmt.Errorf("statement: %d bytes: want at most %d", len(jws), MaxStatement)
	}
	payload, _, err := seal.Verify(typeStatement, jws, by.Key)
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	st := new(protocol.Statement)
	if err := canon.Decode(payload, st); err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	return st, nil
}
