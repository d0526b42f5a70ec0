package vectors_test

import (
	"encoding/base64"
	"slices"
	"strconv"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// An arrival is how an act of chainArea comes in.
type arrival struct {
	registers  string
	at         time.Time
	peer, self protocol.ParticipantID
}

func (a arrival) fields() []field {
	return []field{{"directory", a.registers}, {"at", a.at.Format(time.RFC3339)},
		{"peer", string(a.peer)}, {"self", string(a.self)}}
}

// arriving is how an act arrives as it should.
func arriving(from, to protocol.ParticipantID) arrival {
	return arrival{"gb-1 us-1", now, from, to}
}

// chainArea holds signed acts on their arrival.
func (w world) chainArea() area {
	recipes := w.chainGood()
	recipes = append(recipes, w.chainForms()...)
	recipes = append(recipes, w.chainJourney()...)
	recipes = append(recipes, w.chainRoles()...)
	recipes = append(recipes, w.chainOfficers()...)
	recipes = append(recipes, w.chainCarried()...)
	recipes = append(recipes, w.chainProofs()...)
	recipes = append(recipes, w.chainLife()...)
	return area{"chain", append(recipes, w.chainOrder()...), world.examineChain}
}

func signedAct(name, expect, about string, a arrival, body func() []byte) recipe {
	return recipe{name, expect, about, a.fields(), body}
}

func (w world) chainGood() []recipe {
	provider, up := arriving(contoso, office), arriving(police, office)
	from := func(p protocol.ParticipantID) arrival { return arrival{"xa-authorities us-1", now, p, doj} }
	return []recipe{
		signedAct("disclosure", "valid", "a provider's disclosure, by no officer", provider,
			func() []byte { return w.send(w.disclosure()) }),
		signedAct("request", "valid", "a request that an officer endorsed", up,
			func() []byte { return w.send(w.request()) }),
		signedAct("certification", "valid", "a certification of that request", arriving(office, contoso),
			func() []byte { return w.send(w.certification(w.send(w.request()), nil)) }),
		signedAct("relay", "valid", "a relay of the disclosure, by no officer", arriving(office, police),
			func() []byte { return w.send(w.relay(w.send(w.disclosure()))) }),
		signedAct("withdrawal", "valid", "a withdrawal that an officer endorsed", up, func() []byte {
			return w.send(w.endorse(w.act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, office)))
		}),
		signedAct("refusal", "valid", "a refusal that a provider's officer endorsed", provider, func() []byte {
			return w.send(w.endorse(w.act(protocol.Body{Refusal: &protocol.Refusal{
				Reason: protocol.ReasonNotHeld}}, contoso, office)))
		}),
		signedAct("transmitted", "valid", "a designated authority's request for an authority of its Party",
			arriving(office, contoso), func() []byte {
				return w.send(w.endorse(w.act(protocol.Body{Request: order()}, office, contoso)))
			}),
		signedAct("request-central", "valid", "a request of a central authority", from(ministry), func() []byte {
			return w.send(w.endorse(w.act(protocol.Body{Request: w.orderOf(ministry)}, ministry, doj)))
		}),
		signedAct("request-contact", "valid", "a request of a point of contact", from(contact), func() []byte {
			return w.send(w.endorse(w.act(protocol.Body{Request: w.orderOf(contact)}, contact, doj)))
		}),
		signedAct("refusal-contact", "valid", "a refusal of a point of contact", from(contact), func() []byte {
			return w.send(w.endorse(w.act(protocol.Body{Refusal: &protocol.Refusal{
				Reason: protocol.ReasonNotHeld}}, contact, doj)))
		}),
		signedAct("disclosure-contact", "officer_missing", "a disclosure of a point of contact, by no officer",
			from(contact), func() []byte {
				act := w.disclosure()
				act.From, act.To = contact, []protocol.ParticipantID{doj}
				return w.send(act)
			}),
		signedAct("last-second", "valid", "an act that arrives in the second in which it expires",
			arrival{"gb-1 us-1", now.Add(7 * day), contoso, office}, func() []byte { return w.send(w.disclosure()) }),
		signedAct("skew", "valid", "an act that was issued five minutes ahead",
			arrival{"gb-1 us-1", now.Add(-protocol.MaxSkew), contoso, office},
			func() []byte { return w.send(w.disclosure()) }),
		signedAct("foreign-revocation", "valid", "another Party says that it revokes the sender's key",
			arrival{"gb-1 us-1 gb-2", now, contoso, office}, func() []byte { return w.send(w.disclosure()) }),
	}
}

// orderOf returns a request that the participant issues itself.
func (w world) orderOf(p protocol.ParticipantID) *protocol.Request {
	r := order()
	r.Issuer, r.Addressee = p, doj
	return r
}

// chainForms are what is no act that its sender signed.
func (w world) chainForms() []recipe {
	in := arriving(contoso, office)
	spoilt := func(name, expect, about string, spoil func(jws) []byte) recipe {
		return signedAct(name, expect, about, in, func() []byte { return beside(spoil(parts(inside(w.send(w.disclosure()))))) })
	}
	large := signedAct("too-large", "too_large", "more bytes than an act may have", in,
		func() []byte { return []byte("{}") })
	large.fields = append(large.fields, field{"pad-to", strconv.Itoa(chain.MaxSigned + 1)})
	return []recipe{
		large,
		signedAct("not-jws", "malformed", "no JWS", in, func() []byte { return []byte("{}") }),
		signedAct("not-act", "malformed", "a JWS of something else", in,
			func() []byte { return beside(w.signed(typeAct, []byte("{}"), w.sign(contoso))) }),
		signedAct("bare", "malformed", "the JWS without what stands beside it", in,
			func() []byte { return inside(w.send(w.disclosure())) }),
		signedAct("trailing", "malformed", "a byte behind the act", in,
			func() []byte { return append(w.send(w.disclosure()), '\n') }),
		signedAct("space", "malformed", "a space behind the JWS", in,
			func() []byte { return w.replaced(w.send(w.disclosure()), `,"endorsements"`, ` ,"endorsements"`) }),
		signedAct("member", "malformed", "a member that is not known", in,
			func() []byte { return w.replaced(w.send(w.disclosure()), `{"act":`, `{"a":1,"act":`) }),
		spoilt("trailing-jws", "malformed", "a byte behind the JWS",
			func(j jws) []byte { return append(j.text(), '\n') }),
		spoilt("ed25519-alone", "signature_missing", "the ML-DSA-65 signature is stripped",
			func(j jws) []byte { j.list = j.list[:1]; return j.text() }),
		spoilt("ml-dsa-alone", "signature_missing", "the Ed25519 signature is stripped",
			func(j jws) []byte { j.list = j.list[1:]; return j.text() }),
		spoilt("none", "signature_missing", "no signature", func(j jws) []byte { j.list = nil; return j.text() }),
		spoilt("altered", "not_authentic", "addressed to another after it was signed", func(j jws) []byte {
			act := w.disclosure()
			act.To = []protocol.ParticipantID{police}
			j.payload = base64.RawURLEncoding.EncodeToString(w.encode(act))
			return j.text()
		}),
		signedAct("other-key", "not_authentic", "signed by another participant", in,
			func() []byte { return w.sendAs(w.disclosure(), typeAct, w.sign(doj)) }),
		signedAct("officer-signed", "not_authentic", "signed by an officer of the sender's", in,
			func() []byte { return w.sendAs(w.disclosure(), typeAct, w.officer(contoso)) }),
		signedAct("other-type", "not_authentic", "signed as a statement", in,
			func() []byte { return w.sendAs(w.disclosure(), typeStatement, w.sign(contoso)) }),
		signedAct("two-signers", "not_authentic", "another participant signed as well", in,
			func() []byte { return w.sendAs(w.disclosure(), typeAct, w.sign(contoso), w.sign(doj)) }),
	}
}

// chainJourney are genuine acts that come the wrong way or at the wrong time.
func (w world) chainJourney() []recipe {
	one := func(name, expect, about string, a arrival) recipe {
		return signedAct(name, expect, about, a, func() []byte { return w.send(w.disclosure()) })
	}
	later := func(registers string, after time.Duration) arrival {
		return arrival{registers, now.Add(after), contoso, office}
	}
	return []recipe{
		one("wrong-sender", "wrong_sender", "delivered by another than its sender", arriving(doj, office)),
		one("wrong-recipient", "wrong_recipient", "sealed to one to whom it is not addressed",
			arriving(contoso, police)),
		one("expired", "expired", "a second too late", later("gb-1 us-1", 7*day+time.Second)),
		one("clock", "clock", "issued more than five minutes ahead",
			later("gb-1 us-1", -protocol.MaxSkew-time.Second)),
		one("unknown-party", "unknown_party", "no register of the sender's Party is held", later("gb-1", 0)),
		one("lapsed", "register_lapsed", "the register of the sender's Party lapsed at this second",
			later("gb-1 us-lapsed", 0)),
		one("revoked", "key_revoked", "the sender's key is revoked from this second on", later("gb-1 us-1 us-2", 0)),
		one("revoked-later", "valid", "a second before the key is revoked", later("gb-1 us-1 us-2", -time.Second)),
		signedAct("unregistered", "unregistered", "the sender does not stand in its Party's register",
			arrival{"gb-1 us-1", now, "us.initech", office}, func() []byte {
				act := w.disclosure()
				act.From = "us.initech"
				return w.send(act)
			}),
	}
}

// chainRoles are acts of participants that are not registered for them.
func (w world) chainRoles() []recipe {
	return []recipe{
		signedAct("role-disclosure", "role", "a disclosure of an issuing authority", arriving(police, office),
			func() []byte { act := w.disclosure(); act.From = police; return w.send(act) }),
		signedAct("role-withdrawal", "role", "a withdrawal of a provider", arriving(contoso, office),
			func() []byte {
				return w.send(w.act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, contoso, office))
			}),
		signedAct("role-relay", "role", "a relay of an issuing authority", arriving(police, office),
			func() []byte {
				return w.send(w.act(protocol.Body{Relay: &protocol.Relay{Act: []byte("{}")}}, police, office))
			}),
		signedAct("role-issuer", "role", "a request in the name of another, by one who is not designated",
			arriving(police, office), func() []byte {
				r := order()
				r.Issuer = office
				return w.send(w.act(protocol.Body{Request: r}, police, office))
			}),
		signedAct("role-issuer-party", "role", "a request for an authority of another Party",
			arriving(office, contoso), func() []byte {
				r := order()
				r.Issuer = doj
				return w.send(w.act(protocol.Body{Request: r}, office, contoso))
			}),
	}
}

// relay returns the designated authority's relay of a signed act.
func (w world) relay(signed []byte) *protocol.Act {
	return w.act(protocol.Body{Relay: &protocol.Relay{Act: signed}}, office, police)
}

// chainOfficers are requests whose officers do not stand behind them.
func (w world) chainOfficers() []recipe {
	in := arriving(police, office)
	one := func(name, expect, about string, endorse func(*protocol.Act)) recipe {
		return signedAct("officer-"+name, expect, about, in, func() []byte {
			act := w.act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, office)
			endorse(act)
			return w.send(act)
		})
	}
	statement := func(name, expect, about string, change func(*protocol.Statement)) recipe {
		return one(name, expect, about, func(a *protocol.Act) {
			w.endorseAs(a, w.credential(police), w.officer(police), change)
		})
	}
	claim := func(name, expect, about string, change func(*register.Credential)) recipe {
		return one(name, expect, about, func(a *protocol.Act) {
			c := w.claim(police, protocol.RoleIssuing)
			change(c)
			w.endorseAs(a, w.signed(typeCredential, c, w.enrolment(police)), w.officer(police), nil)
		})
	}
	revoked := one("revoked", "key_revoked", "the officer's key is revoked from this second on",
		func(a *protocol.Act) { w.endorse(a) })
	revoked.fields = arrival{"gb-1 us-1 gb-2", now, police, office}.fields()
	apart := func(name, about string, change func(*protocol.Act) []protocol.Endorsement) recipe {
		return signedAct("officer-"+name, "malformed", about, in, func() []byte {
			act := w.endorse(w.act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, office))
			signed := inside(w.send(act))
			return beside(signed, change(act)...)
		})
	}
	return []recipe{
		one("missing", "officer_missing", "no officer", func(*protocol.Act) {}),
		apart("removed", "the endorsement that the act names does not stand beside it",
			func(*protocol.Act) []protocol.Endorsement { return nil }),
		apart("added", "an endorsement stands beside the act that it does not name",
			func(a *protocol.Act) []protocol.Endorsement { w.endorse(a); return a.Endorsements }),
		apart("exchanged", "another statement of the officer stands beside the act", func(a *protocol.Act) []protocol.Endorsement {
			a.Endorsements = nil
			return w.endorseAs(a, w.credential(police), w.officer(police), func(st *protocol.Statement) {
				st.Signed = st.Signed.Add(time.Second)
			}).Endorsements
		}),
		revoked,
		one("twice", "officer_invalid", "the same officer twice",
			func(a *protocol.Act) { w.endorse(a); w.endorse(a) }),
		one("foreign", "officer_invalid", "an officer of another participant", func(a *protocol.Act) {
			w.endorseAs(a, w.credential(office), w.officer(office), nil)
		}),
		one("half", "officer_invalid", "the ML-DSA-65 signature of the statement is stripped",
			func(a *protocol.Act) {
				w.endorse(a)
				j := parts(a.Endorsements[0].Statement)
				j.list = j.list[:1]
				a.Endorsements[0].Statement = j.text()
			}),
		claim("expired", "officer_invalid", "the credential expired before the act was issued",
			func(c *register.Credential) { c.Expires = now }),
		claim("role", "officer_role", "the credential names a role that does not fit",
			func(c *register.Credential) { c.Roles = []protocol.Role{protocol.RoleContact} }),
		claim("role-of-another", "officer_role", "the credential names a role that the participant does not have",
			func(c *register.Credential) { c.Roles = []protocol.Role{protocol.RoleDesignated} }),
		statement("other-case", "wrong_case", "the statement is for another case",
			func(st *protocol.Statement) { st.Case = protocol.CaseID(id("case-", "2")) }),
		statement("other-body", "officer_invalid", "the statement is for another body",
			func(st *protocol.Statement) { st.Body[0] ^= 1 }),
		statement("later", "officer_invalid", "the statement was signed after the act was issued",
			func(st *protocol.Statement) { st.Signed = now.Add(protocol.MaxSkew + time.Second) }),
		statement("before-credential", "officer_invalid", "the statement was signed before the credential",
			func(st *protocol.Statement) { st.Signed = now.Add(-10*day - time.Second) }),
		signedAct("officer-stale", "officer_invalid", "the statement was signed more than 30 days before the act",
			in, w.stale),
		signedAct("officer-type", "officer_role", "the officer is not competent for this type of request", in,
			func() []byte {
				c := w.claim(police, protocol.RoleIssuing)
				c.Types = []protocol.RequestType{protocol.Subscriber}
				act := w.act(protocol.Body{Request: order()}, police, office)
				return w.send(w.endorseAs(act, w.signed(typeCredential, c, w.enrolment(police)), w.officer(police), nil))
			}),
	}
}

// stale returns an act whose statement is older than it may be.
func (w world) stale() []byte {
	c := w.claim(police, protocol.RoleIssuing)
	c.Issued = now.Add(-100 * day)
	act := w.act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, office)
	return w.send(w.endorseAs(act, w.signed(typeCredential, c, w.enrolment(police)), w.officer(police),
		func(st *protocol.Statement) { st.Signed = now.Add(-chain.MaxEndorsementAge - time.Second) }))
}

// chainCarried are certifications and relays that do not fit what they carry.
func (w world) chainCarried() []recipe {
	certified := func(name, expect, about string, request func() []byte, change func(*protocol.Act)) recipe {
		return signedAct("certified-"+name, expect, about, arriving(office, contoso),
			func() []byte { return w.send(w.certification(request(), change)) })
	}
	// bare is the request without an officer: what is checked before the
	// officer needs none, and the vector stays small.
	bare := func(change func(*protocol.Act)) func() []byte {
		return func() []byte {
			act := w.act(protocol.Body{Request: order()}, police, office)
			change(act)
			return w.send(act)
		}
	}
	whole := func() []byte { return w.send(w.request()) }
	relayed := func(name, expect, about string, signed func() []byte, change func(*protocol.Act)) recipe {
		return signedAct("relayed-"+name, expect, about, arriving(office, police), func() []byte {
			act := w.relay(signed())
			change(act)
			return w.send(act)
		})
	}
	as := func(*protocol.Act) {}
	disclosed := func() []byte { return w.send(w.disclosure()) }
	return []recipe{
		certified("malformed", "malformed", "what is certified is no act", func() []byte { return []byte("{}") }, nil),
		certified("other-kind", "malformed", "what is certified is no request", disclosed, nil),
		certified("officer", "officer_missing", "no officer stands behind the request", bare(as), nil),
		certified("expired", "expired", "the request had expired when the certification was issued",
			bare(func(a *protocol.Act) { a.Issued, a.Expires = now.Add(-8*day), now.Add(-day) }), nil),
		certified("clock", "clock", "the request was issued after the certification",
			bare(func(a *protocol.Act) { a.Issued = now.Add(time.Hour) }), nil),
		certified("case", "wrong_case", "the certification is of another case", whole,
			func(a *protocol.Act) { a.Case = protocol.CaseID(id("case-", "2")) }),
		certified("agreement", "agreement_does_not_govern", "the certification is under another agreement", whole,
			func(a *protocol.Act) { a.Agreement.Version = "2" }),
		certified("recipient", "wrong_recipient", "the request was not sent to who certifies it", func() []byte {
			return w.send(w.endorse(w.act(protocol.Body{Request: order()}, police, contoso)))
		}, nil),
		relayed("case", "wrong_case", "the act passed on is of another case", disclosed,
			func(a *protocol.Act) { a.Case = protocol.CaseID(id("case-", "2")) }),
		relayed("expired", "valid", "the act passed on had expired when it was", func() []byte {
			act := w.disclosure()
			act.Issued, act.Expires = now.Add(-8*day), now.Add(-day)
			return w.send(act)
		}, as),
		relayed("recipient", "wrong_recipient", "the act passed on was not sent to who passes it on",
			func() []byte {
				act := w.disclosure()
				act.To = []protocol.ParticipantID{police}
				return w.send(act)
			}, as),
		relayed("half", "signature_missing", "a signature of the act passed on is stripped", func() []byte {
			j := parts(inside(disclosed()))
			j.list = j.list[:1]
			return beside(j.text())
		}, as),
		relayed("relay", "malformed", "a relay of a relay", func() []byte { return w.send(w.relay(disclosed())) }, as),
	}
}

// chainOrder are acts with two crimes: the reason is that of the first step.
func (w world) chainOrder() []recipe {
	late := now.Add(30 * day)
	return []recipe{
		signedAct("order-sender-signature", "unregistered",
			"an unknown sender and a stripped signature: the sender is looked up first",
			arrival{"gb-1 us-1", now, "us.initech", office}, func() []byte {
				act := w.disclosure()
				act.From = "us.initech"
				j := parts(inside(w.send(act)))
				j.list = j.list[:1]
				return beside(j.text())
			}),
		signedAct("order-signature-recipient", "signature_missing",
			"a stripped signature and another's act: signatures come before the journey", arriving(doj, police),
			func() []byte {
				j := parts(inside(w.send(w.disclosure())))
				j.list = j.list[:1]
				return beside(j.text())
			}),
		signedAct("order-delivery-recipient", "wrong_sender", "delivered by another, to another",
			arriving(doj, police), func() []byte { return w.send(w.disclosure()) }),
		signedAct("order-recipient-expired", "wrong_recipient", "to another, and too late",
			arrival{"gb-1 us-1", late, contoso, police}, func() []byte { return w.send(w.disclosure()) }),
		signedAct("order-expired-role", "expired", "too late, and by one who may not",
			arrival{"gb-1 us-1", late, police, office},
			func() []byte { act := w.disclosure(); act.From = police; return w.send(act) }),
	}
}

func (w world) examineChain(v *vector) string {
	at := v.at(w.t)
	_, fault := chain.Verify(v.body, chain.Context{
		// What a vector says is held was taken at a time when it was no news.
		Directory: w.directory(v.list("directory"), now), At: at,
		Peer: protocol.ParticipantID(v.field("peer")), Self: protocol.ParticipantID(v.field("self"))})
	if fault != nil {
		return string(fault.Reason)
	}
	return "valid"
}

// Of every reason that package chain gives there is a vector.
func TestEveryReasonOfTheChainHasAVector(t *testing.T) {
	reasons := []protocol.Reason{
		protocol.ReasonMalformed, protocol.ReasonSignatureMissing, protocol.ReasonNotAuthentic,
		protocol.ReasonWrongSender, protocol.ReasonWrongRecipient, protocol.ReasonExpired, protocol.ReasonClock,
		protocol.ReasonWrongCase, protocol.ReasonUnknownParty, protocol.ReasonRegisterLapsed,
		protocol.ReasonUnregistered, protocol.ReasonKeyRevoked, protocol.ReasonOfficerMissing,
		protocol.ReasonOfficerInvalid, protocol.ReasonOfficerRole, protocol.ReasonRole,
		protocol.ReasonTooLarge, protocol.ReasonNotGoverning,
	}
	recipes := newWorld(t).chainArea().recipes
	for _, r := range reasons {
		if !slices.ContainsFunc(recipes, func(x recipe) bool { return x.expect == string(r) }) {
			t.Errorf("no vector of area chain expects %s", r)
		}
	}
}
