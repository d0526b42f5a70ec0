package vectors_test

import (
	"slices"

	"comity.example/protocol"
)

// before is the digest of something that was said in the case.
var before = []protocol.Digest{protocol.DigestOf([]byte("before"))}

// chainLife are the acts of a case's life: what they carry, and who may send them.
func (w world) chainLife() []recipe {
	return slices.Concat(w.chainPut(), w.chainOrigins(), w.chainAlone(), w.chainSays())
}

// put returns an act that puts an order to an authority, endorsed after change.
func (w world) put(body protocol.Body, from, to protocol.ParticipantID, change func(*protocol.Act)) []byte {
	act := w.act(body, from, to)
	act.Follows = before
	if change != nil {
		change(act)
	}
	return w.send(w.endorse(act))
}

func objectionTo(order []byte) protocol.Body {
	return protocol.Body{Objection: &protocol.Objection{Level: protocol.LevelReceiving, Text: "it was not invoked",
		Grounds: []protocol.Reason{protocol.ReasonNotInvoked}, Request: order}}
}

func enforcementOf(order []byte) protocol.Body {
	return protocol.Body{Enforcement: &protocol.Enforcement{Request: order, Reason: protocol.ReasonOverdue}}
}

// chainPut are orders that are put to an authority of the receiving side.
func (w world) chainPut() []recipe {
	up, down := arriving(contoso, doj), arriving(office, doj)
	objects := func(name, expect, about string, order func() []byte, change func(*protocol.Act)) recipe {
		return signedAct("put-"+name, expect, about, up, func() []byte { return w.put(objectionTo(order()), contoso, doj, change) })
	}
	certified := func() []byte { return w.send(w.certification(w.send(w.request()), nil)) }
	direct := func() []byte { return w.send(w.endorse(w.act(protocol.Body{Request: order()}, office, contoso))) }
	expired := func() []byte {
		act := w.act(protocol.Body{Request: order()}, office, contoso)
		act.Issued, act.Expires = now.Add(-8*day), now.Add(-day)
		return w.send(w.endorse(act))
	}
	return []recipe{
		objects("objection", "valid", "an objection with the certification, and the request in it", certified, nil),
		signedAct("put-enforcement", "valid", "an enforcement with the certification, by who sent it", down,
			func() []byte { return w.put(enforcementOf(certified()), office, doj, nil) }),
		signedAct("put-use", "valid", "a use with the request, by who sent it", down, func() []byte {
			return w.put(protocol.Body{Use: &protocol.Use{Purpose: "onward_transfer", Request: direct()}}, office, doj, nil)
		}),
		signedAct("put-use-alone", "valid", "a use without the order, to one who has it", down, func() []byte {
			return w.put(protocol.Body{Use: &protocol.Use{Purpose: "onward_transfer"}}, office, doj, nil)
		}),
		objects("expired", "valid", "the order had expired when it was objected to", expired, nil),
		objects("case", "wrong_case", "an order of another case", direct,
			func(a *protocol.Act) { a.Case = protocol.CaseID(id("case-", "2")) }),
		objects("agreement", "agreement_does_not_govern", "an order under another agreement", direct,
			func(a *protocol.Act) { a.Agreement.Version = "2" }),
		objects("recipient", "wrong_recipient", "an order that was sent to another", func() []byte {
			return w.send(w.endorse(w.act(protocol.Body{Request: order()}, office, doj)))
		}, nil),
		objects("kind", "malformed", "what is put is no order", func() []byte { return w.send(w.disclosure()) }, nil),
		objects("deep", "malformed", "an objection in an objection",
			func() []byte { return w.put(objectionTo(direct()), contoso, doj, nil) }, nil),
		objects("relay", "malformed", "a relay in an objection",
			func() []byte { return w.send(w.relay(w.send(w.disclosure()))) }, nil),
		objects("officer", "officer_missing", "nobody stands behind the request in the certification", func() []byte {
			return w.send(w.certification(w.send(w.act(protocol.Body{Request: order()}, police, office)), nil))
		}, nil),
		signedAct("put-role", "role", "an objection by an issuing authority", arriving(police, doj),
			func() []byte { return w.put(objectionTo(direct()), police, doj, nil) }),
		signedAct("relayed-certification", "malformed", "a relay of a certification, with its request",
			arriving(office, police), func() []byte { return w.send(w.relay(certified())) }),
	}
}

// chainOrigins are disclosures that pass one on from another case.
func (w world) chainOrigins() []recipe {
	produced := func(change func(*protocol.Act)) func() []byte {
		return func() []byte {
			act := w.disclosure()
			act.Case, act.To = protocol.CaseID(id("case-", "2")), []protocol.ParticipantID{doj}
			if change != nil {
				change(act)
			}
			return w.send(act)
		}
	}
	passedOn := func(origin []byte, change func(*protocol.Act)) *protocol.Act {
		act := w.act(protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete,
			Objects: []protocol.Object{}, Readers: []protocol.ParticipantID{office}, Keys: []byte(`{"ciphertext":"AA"}`),
			Origin: origin}}, doj, office)
		act.Follows = before
		if change != nil {
			change(act)
		}
		return w.endorse(act)
	}
	one := func(name, expect, about string, origin func() []byte, change func(*protocol.Act)) recipe {
		return signedAct("origin-"+name, expect, about, arriving(doj, office),
			func() []byte { return w.send(passedOn(origin(), change)) })
	}
	partial := func(a *protocol.Act) { a.Body.Disclosure.Status = protocol.ProductionPartial }
	return []recipe{
		one("passed-on", "valid", "a provider's disclosure, passed on by an authority of its Party", produced(nil), nil),
		one("partial", "valid", "more is to come, from others", produced(nil), partial),
		one("expired", "valid", "it had expired when it was passed on", produced(func(a *protocol.Act) {
			a.Issued, a.Expires = now.Add(-8*day), now.Add(-day)
		}), nil),
		signedAct("origin-relayed", "valid", "and relayed once more", arriving(office, police), func() []byte {
			return w.send(w.relay(w.send(passedOn(produced(nil)(), nil))))
		}),
		one("case", "wrong_case", "of the same case", produced(func(a *protocol.Act) { a.Case = protocol.CaseID(id("case-", "1")) }), nil),
		one("party", "role", "by a participant of another Party", func() []byte {
			act := w.disclosure()
			act.From, act.To, act.Case = office, []protocol.ParticipantID{doj}, protocol.CaseID(id("case-", "2"))
			return w.send(w.endorse(act))
		}, nil),
		one("own", "role", "by who passes it on", func() []byte {
			act := w.disclosure()
			act.From, act.To, act.Case = doj, []protocol.ParticipantID{doj}, protocol.CaseID(id("case-", "2"))
			return w.send(w.endorse(act))
		}, nil),
		one("recipient", "wrong_recipient", "not sent to who passes it on",
			produced(func(a *protocol.Act) { a.To = []protocol.ParticipantID{office} }), nil),
		one("status", "malformed", "in part, passed on as all", produced(partial), nil),
		one("no-keys", "malformed", "without keys for whoever it is passed on to", produced(nil),
			func(a *protocol.Act) { a.Body.Disclosure.Readers, a.Body.Disclosure.Keys = nil, nil }),
		one("needless-keys", "malformed", "that there is no data, passed on with keys", produced(func(a *protocol.Act) {
			a.Body.Disclosure = &protocol.Disclosure{Status: protocol.ProductionNoData, Objects: []protocol.Object{}}
		}), partial),
		one("kind", "malformed", "what is passed on is no disclosure", func() []byte {
			act := w.act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, office, doj)
			act.Case = protocol.CaseID(id("case-", "2"))
			return w.send(w.endorse(act))
		}, nil),
		one("again", "malformed", "it was passed on before", func() []byte {
			return w.send(passedOn(produced(nil)(), func(a *protocol.Act) { a.Case = protocol.CaseID(id("case-", "3")) }))
		}, nil),
		one("half", "signature_missing", "a signature of what is passed on is stripped", func() []byte {
			j := parts(inside(produced(nil)()))
			j.list = j.list[:1]
			return beside(j.text())
		}, nil),
	}
}

// chainAlone are the two facts that a node states by itself, and what it does not.
func (w world) chainAlone() []recipe {
	one := func(name, expect, about string, from, to protocol.ParticipantID, body protocol.Body) recipe {
		return signedAct("alone-"+name, expect, about, arriving(from, to), func() []byte {
			act := w.act(body, from, to)
			act.Follows = before
			return w.send(act)
		})
	}
	validation := func(r protocol.ValidationResult) protocol.Body {
		return protocol.Body{Validation: &protocol.Validated{Result: r}}
	}
	tap := func(a protocol.TapAction) protocol.Body {
		return protocol.Body{Interception: &protocol.Tap{Action: a, At: now}}
	}
	return []recipe{
		one("lapsed", "valid", "a validation has lapsed, by no officer", police, office, validation(protocol.ValidationLapsed)),
		one("denied", "officer_missing", "a validation was denied, by no officer", police, office, validation(protocol.ValidationDenied)),
		one("stopped", "valid", "an interception has stopped, by no officer", contoso, office, tap(protocol.TapStopped)),
		one("started", "officer_missing", "an interception has started, by no officer", contoso, office, tap(protocol.TapStarted)),
		one("stopped-by-issuer", "officer_missing", "an interception has stopped, says an issuing authority by no officer",
			police, office, tap(protocol.TapStopped)),
		one("lapsed-by-provider", "role", "a validation has lapsed, says a provider", contoso, office, validation(protocol.ValidationLapsed)),
	}
}

// chainSays has each kind of a case's life said by one who may, and by one who may
// not, with an officer behind it.
func (w world) chainSays() []recipe {
	yes := map[string][2]protocol.ParticipantID{ // by whom, and by whom not
		"clarification": {contoso, police}, "reply": {police, contoso}, "amendment": {police, contoso},
		"objection": {contoso, police}, "determination": {doj, ""}, "acceptance": {doj, ""}, "conditions": {doj, contoso},
		"postponement": {doj, contoso}, "consultation": {doj, police}, "extension": {contoso, ""},
		"preservation-extended": {police, contoso}, "secrecy": {office, ""}, "notice-user": {contoso, ""}, "validation": {police, contoso},
		"interception-renewed": {police, ""}, "costs": {contoso, ""}, "challenge": {contoso, police}, "response": {police, contoso},
		"closure": {police, contoso}, "deletion": {police, ""},
	}
	var out []recipe
	for name, by := range yes {
		body := lives()[name]
		for i, expect := range []string{"valid", "role"} {
			from := by[i]
			if from == "" {
				continue
			}
			to := office
			if from == office {
				to = police
			}
			out = append(out, signedAct("says-"+name+"-"+expect, expect, name+" of "+string(from), arriving(from, to), func() []byte {
				act := w.act(body, from, to)
				act.Follows = before
				return w.send(w.endorse(act))
			}))
		}
	}
	return out
}
