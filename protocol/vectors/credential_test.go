package vectors_test

import (
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// credentialArea holds credentials of the police's officer, as they would stand
// in an act that was issued at "at".
func (w world) credentialArea() area {
	one := func(name, expect, about string, change func(*register.Credential), by *identity.Key) recipe {
		return recipe{name, expect, about, []field{{"directory", "gb-1"}, {"participant", string(police)},
			{"at", now.Format(time.RFC3339)}}, func() []byte {
			c := w.claim(police, protocol.RoleIssuing)
			change(c)
			return w.signed(typeCredential, c, by)
		}}
	}
	as := func(*register.Credential) {}
	key := w.enrolment(police)
	bad := func(name, about string, change func(*register.Credential)) recipe {
		return one(name, "officer_invalid", about, change, key)
	}
	return area{"credential", []recipe{
		one("police", "valid", "an officer who may issue requests of any type", as, key),
		one("types", "valid", "an officer who may issue two types of request", func(c *register.Credential) {
			c.Types = []protocol.RequestType{protocol.Subscriber, protocol.Preservation}
		}, key),
		one("grades", "valid", "an officer of the duty list who supervises it", func(c *register.Credential) {
			c.Grades = register.Grades()
		}, key),
		bad("unknown-grade", "with a grade that is not in the list",
			func(c *register.Credential) { c.Grades = []register.Grade{"general"} }),
		bad("grade-twice", "one grade twice", func(c *register.Credential) {
			c.Grades = []register.Grade{register.GradeDuty, register.GradeDuty}
		}),
		one("other-issuer", "officer_invalid", "signed by another participant", as, w.enrolment(office)),
		one("node-signed", "officer_invalid", "signed by the key that the participant's node holds", as, w.sign(police)),
		one("self-signed", "officer_invalid", "signed by the officer", as, w.officer(police)),
		one("root-signed", "officer_invalid", "signed by a root of the Party", as, w.roots("GB", "1")[0]),
		bad("other-participant", "says that it is another participant's",
			func(c *register.Credential) { c.Participant = office }),
		bad("own-key", "the officer's key is the participant's own",
			func(c *register.Credential) { c.Key = w.sign(police).Public() }),
		bad("expired", "expires at the second at which the act was issued",
			func(c *register.Credential) { c.Expires = now }),
		bad("early", "issued after the act", func(c *register.Credential) { c.Issued = now.Add(time.Second) }),
		bad("life", "valid for longer than 400 days",
			func(c *register.Credential) { c.Expires = c.Issued.Add(register.MaxCredentialLife + time.Second) }),
		bad("no-role", "without a role", func(c *register.Credential) { c.Roles = []protocol.Role{} }),
		bad("unknown-role", "with a role that is not in the list",
			func(c *register.Credential) { c.Roles = []protocol.Role{"king"} }),
		bad("type-twice", "one type of request twice", func(c *register.Credential) {
			c.Types = []protocol.RequestType{protocol.Subscriber, protocol.Subscriber}
		}),
		bad("officer", "an officer who is named", func(c *register.Credential) { c.Officer = "jane" }),
		{"half", "officer_invalid", "the ML-DSA-65 signature is stripped", []field{{"directory", "gb-1"},
			{"participant", string(police)}, {"at", now.Format(time.RFC3339)}}, func() []byte {
			j := parts(w.credential(police))
			j.list = j.list[:1]
			return j.text()
		}},
	}, world.examineCredential}
}

func (w world) examineCredential(v *vector) string {
	p, err := w.directory(v.list("directory"), now).Find(protocol.ParticipantID(v.field("participant")))
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := register.VerifyCredential(v.body, p)
	if err == nil {
		err = c.ValidAt(v.at(w.t))
	}
	switch {
	case err == nil:
		return "valid"
	// A credential stands in an act: whatever is wrong with it, the reason is one.
	case register.Reason(err) != protocol.ReasonOfficerInvalid:
		return "another reason: " + string(register.Reason(err))
	}
	return string(protocol.ReasonOfficerInvalid)
}

// statementArea holds the police's officer's statements on the act in the
// vector that "act" names.
func (w world) statementArea() area {
	one := func(name, expect, about string, body func(protocol.Statement) []byte) recipe {
		return recipe{name, expect, about, []field{{"credential", "police"}, {"act", "request"}},
			func() []byte {
				st, err := chain.StatementOf(w.request(), now.Add(-time.Minute))
				w.must(err)
				return body(st)
			}}
	}
	change := func(name, expect, about string, change func(*protocol.Statement)) recipe {
		return one(name, expect, about, func(st protocol.Statement) []byte {
			change(&st)
			return w.signed(typeStatement, &st, w.officer(police))
		})
	}
	return area{"statement", []recipe{
		change("police", "valid", "stands behind the request", func(*protocol.Statement) {}),
		change("case", "wrong_case", "for another case",
			func(st *protocol.Statement) { st.Case = protocol.CaseID(id("case-", "2")) }),
		change("body", "officer_invalid", "for another body", func(st *protocol.Statement) { st.Body[0] ^= 1 }),
		change("kind", "officer_invalid", "for another kind of act",
			func(st *protocol.Statement) { st.Kind = protocol.KindWithdrawal }),
		change("agreement", "officer_invalid", "under another version of the agreement",
			func(st *protocol.Statement) { st.Agreement.Version = "2" }),
		one("type", "officer_invalid", "signed as an act", func(st protocol.Statement) []byte {
			return w.signed(typeAct, &st, w.officer(police))
		}),
		one("other-key", "officer_invalid", "signed by another officer", func(st protocol.Statement) []byte {
			return w.signed(typeStatement, &st, w.officer(office))
		}),
		one("half", "officer_invalid", "the Ed25519 signature is stripped", func(st protocol.Statement) []byte {
			j := parts(w.signed(typeStatement, &st, w.officer(police)))
			j.list = j.list[1:]
			return j.text()
		}),
		one("space", "officer_invalid", "a payload that is not canonical", func(st protocol.Statement) []byte {
			return w.signed(typeStatement, w.replaced(w.encode(&st), `"kind":`, `"kind": `), w.officer(police))
		}),
	}, world.examineStatement}
}

// examineStatement does by hand what package chain does with an endorsement.
func (w world) examineStatement(v *vector) string {
	credential, err := register.ClaimCredential(load(w.t, "credential", v.field("credential")).body)
	if err != nil {
		w.t.Fatal(err)
	}
	act, err := chain.Unverified(load(w.t, "chain", v.field("act")).body)
	if err != nil {
		w.t.Fatal(err)
	}
	payload, _, err := seal.Verify(typeStatement, v.body, credential.Key)
	var st protocol.Statement
	if err != nil || canon.Decode(payload, &st) != nil {
		return string(protocol.ReasonOfficerInvalid)
	}
	want, err := chain.StatementOf(act, st.Signed)
	switch {
	case err != nil:
		w.t.Fatal(err)
	case st.Case != want.Case:
		return string(protocol.ReasonWrongCase)
	case st != want:
		return string(protocol.ReasonOfficerInvalid)
	}
	return "valid"
}
