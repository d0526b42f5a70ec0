package vectors_test

import (
	"strings"
	"time"

	"comity.example/protocol"
)

// particulars sets what only some instruments ask for.
func particulars(r *protocol.Request) {
	r.Related = []protocol.Related{
		{Relation: protocol.RelationFollows, Case: protocol.CaseID(id("case-", "2")), Date: now.Add(-20 * day)},
		{Relation: protocol.RelationConvertedFrom, Reference: "EPOC 7/2026"}}
	r.Authorisation.Kind = protocol.AuthorityProsecutor
	r.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityCourt, Authority: "Crown Court",
		Reference: "V-1", Date: now.Add(-2 * day)}
	r.Offence.CommittedIn = []protocol.Party{"GB", "FR"}
	r.Offence.Category, r.Offence.Lists = "fraud", []string{"eu_2019_713", "ets185_2_11"}
	r.Offence.ByInformationSystem, r.Offence.ReceivingMaxCustodyMonths = true, 60
	r.Offence.Fiscal, r.Offence.Political, r.Offence.Military = true, true, true
	r.Proceedings = protocol.StageSentence
	r.Sentence = &protocol.Sentence{Months: 48, InAbsentia: true, Absconded: true}
	r.Service = &protocol.Service{Class: protocol.ServiceCommunications, Capacity: protocol.CapacityProcessor,
		CapacityReason: protocol.HarmfulToInvestigation}
	r.Languages = []string{"en", "fr"}
	r.Secrecy = &protocol.Secrecy{Grounds: protocol.SecrecyGrounds(), Until: now.Add(60 * day)}
	r.Deadline = &protocol.Deadline{At: now.Add(10 * day), Reason: "a hearing"}
	r.Data[0].Own = []string{"content_data"}
	r.Procedure, r.Facts, r.Nexus, r.Promise = "under seal", "in short", "the account was used", "the same will be done"
}

// particularForms are requests of which one of these members is not well formed.
func (w world) particularForms() []recipe {
	bad := func(name, about string, change func(*protocol.Request)) recipe {
		return recipe{"particular-" + name, "malformed", about, nil, func() []byte {
			r := order()
			change(r)
			return w.encode(w.act(protocol.Body{Request: r}, police, office))
		}}
	}
	related := func(x protocol.Related) func(*protocol.Request) {
		return func(r *protocol.Request) { r.Related = []protocol.Related{x} }
	}
	service := func(s protocol.Service) func(*protocol.Request) {
		return func(r *protocol.Request) { r.Service = &s }
	}
	secrecy := func(s protocol.Secrecy) func(*protocol.Request) {
		return func(r *protocol.Request) { r.Secrecy = &s }
	}
	one := func(id protocol.Identifier) func(*protocol.Request) {
		return func(r *protocol.Request) { r.Identifiers[0] = id }
	}
	long := strings.Repeat("x", protocol.MaxText+1)
	tamper := []protocol.SecrecyGround{protocol.SecrecyTamper}
	return append(w.offenceForms(), []recipe{
		bad("type", "a type of request that is not known", func(r *protocol.Request) { r.Type = "path" }),
		bad("relation", "a relation that is not known", related(protocol.Related{Relation: "cousin", Reference: "1"})),
		bad("related-to-nothing", "related to neither a case nor a reference",
			related(protocol.Related{Relation: protocol.RelationRenews})),
		bad("related-case", "related to what is no case",
			related(protocol.Related{Relation: protocol.RelationRenews, Case: "case-1"})),
		bad("related-reference", "the reference of another matter has 129 bytes", related(protocol.Related{
			Relation: protocol.RelationRenews, Reference: long[:protocol.MaxReference+1]})),
		bad("related-date", "the date of another matter has a fraction of a second", related(protocol.Related{
			Relation: protocol.RelationRenews, Reference: "1", Date: now.Add(time.Millisecond)})),
		bad("related-many", "seventeen other matters", func(r *protocol.Request) {
			for range protocol.MaxRelated + 1 {
				r.Related = append(r.Related, protocol.Related{Relation: protocol.RelationFollows, Reference: "1"})
			}
		}),
		bad("proceedings", "a stage of proceedings that is not known",
			func(r *protocol.Request) { r.Proceedings = "appeal" }),
		bad("sentence", "a sentence of no months", func(r *protocol.Request) { r.Sentence = &protocol.Sentence{} }),
		bad("service", "a class of service that is not known", service(protocol.Service{Class: "postal"})),
		bad("service-class", "a service without its class",
			service(protocol.Service{Capacity: protocol.CapacityController})),
		bad("capacity", "a capacity that is not known",
			service(protocol.Service{Class: protocol.ServiceDomain, Capacity: "owner"})),
		bad("capacity-reason", "a reason to ask a processor that is not known",
			service(protocol.Service{Class: protocol.ServiceDomain, CapacityReason: "cheaper"})),
		bad("language", "a language of three letters", func(r *protocol.Request) { r.Languages = []string{"eng"} }),
		bad("language-twice", "one language twice", func(r *protocol.Request) { r.Languages = []string{"en", "en"} }),
		bad("languages", "nine languages", func(r *protocol.Request) {
			r.Languages = strings.Fields("bg cs da de el en es et fi")
		}),
		bad("secrecy", "secrecy without a ground", secrecy(protocol.Secrecy{Grounds: []protocol.SecrecyGround{}})),
		bad("secrecy-ground", "a ground of secrecy that is not known",
			secrecy(protocol.Secrecy{Grounds: []protocol.SecrecyGround{"habit"}})),
		bad("secrecy-twice", "one ground of secrecy twice", secrecy(protocol.Secrecy{Grounds: append(tamper, tamper...)})),
		bad("secrecy-until", "secrecy that ends in another zone",
			secrecy(protocol.Secrecy{Grounds: tamper, Until: now.In(time.FixedZone("", 3600))})),
		bad("deadline", "a deadline without a time",
			func(r *protocol.Request) { r.Deadline = &protocol.Deadline{Reason: "a hearing"} }),
		bad("deadline-reason", "a deadline without a reason",
			func(r *protocol.Request) { r.Deadline = &protocol.Deadline{At: now} }),
		bad("procedure", "a procedure of 4097 bytes", func(r *protocol.Request) { r.Procedure = long }),
		bad("facts", "facts of 4097 bytes", func(r *protocol.Request) { r.Facts = long }),
		bad("nexus", "a nexus of 4097 bytes", func(r *protocol.Request) { r.Nexus = long }),
		bad("promise", "a promise of 4097 bytes", func(r *protocol.Request) { r.Promise = long }),
		bad("own", "an own code in capitals", func(r *protocol.Request) { r.Data[0].Own = []string{"Content"} }),
		bad("own-twice", "one own code twice", func(r *protocol.Request) { r.Data[0].Own = []string{"a", "a"} }),
		bad("own-many", "seventeen own codes", func(r *protocol.Request) {
			r.Data[0].Own = strings.Fields("a b c d e f g h i j k l m n o p q")
		}),
		bad("mac", "a MAC address in capitals",
			one(protocol.Identifier{Type: protocol.IdentifierMAC, Value: "02:00:5E:10:00:00"})),
		bad("domain", "a domain without a dot",
			one(protocol.Identifier{Type: protocol.IdentifierDomain, Value: "localhost"})),
		bad("domain-address", "an address for a domain",
			one(protocol.Identifier{Type: protocol.IdentifierDomain, Value: "198.51.100.7"})),
		bad("customer-number", "a customer number with a wildcard",
			one(protocol.Identifier{Type: protocol.IdentifierNumber, Value: "17%"})),
		bad("seen", "when an e-mail address was seen", one(protocol.Identifier{Type: protocol.IdentifierEmail,
			Value: "name@example.com", Seen: now})),
		bad("seen-fraction", "an IP address that was seen at a fraction of a second", one(protocol.Identifier{
			Type: protocol.IdentifierIP, Value: "198.51.100.7:443", Seen: now.Add(time.Millisecond)})),
		{"particular-attestations", "malformed", "a certification of thirty-three attestations", nil, func() []byte {
			c := &protocol.Certification{Request: []byte("{}"), Contact: "desk"}
			for range protocol.MaxAttestations + 1 {
				c.Attestations = append(c.Attestations, protocol.Attestation{Statement: "necessary"})
			}
			return w.encode(w.act(protocol.Body{Certification: c}, office, contoso))
		}},
	}...)
}

// offenceForms are requests whose offence, target or validation is not well formed.
func (w world) offenceForms() []recipe {
	bad := func(name, about string, change func(*protocol.Request)) recipe {
		return recipe{"particular-" + name, "malformed", about, nil, func() []byte {
			r := order()
			change(r)
			return w.encode(w.act(protocol.Body{Request: r}, police, office))
		}}
	}
	validated := func(change func(*protocol.Validation)) func(*protocol.Request) {
		return func(r *protocol.Request) {
			r.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityJudge, Authority: "a court",
				Reference: "V-1", Date: now}
			change(r.Authorisation.ValidatedBy)
		}
	}
	return []recipe{
		bad("committed-in", "an offence committed in what is no Party",
			func(r *protocol.Request) { r.Offence.CommittedIn = []protocol.Party{"gb"} }),
		bad("committed-twice", "an offence committed in one Party twice",
			func(r *protocol.Request) { r.Offence.CommittedIn = []protocol.Party{"GB", "GB"} }),
		bad("committed-many", "an offence committed in nine Parties", func(r *protocol.Request) {
			for _, p := range strings.Fields("GB US FR DE IT ES PT NL BE") {
				r.Offence.CommittedIn = append(r.Offence.CommittedIn, protocol.Party(p))
			}
		}),
		bad("category", "an offence's code with a hyphen",
			func(r *protocol.Request) { r.Offence.Category = "child-abuse" }),
		bad("lists", "a list of offences in capitals", func(r *protocol.Request) { r.Offence.Lists = []string{"EU"} }),
		bad("lists-twice", "one list of offences twice",
			func(r *protocol.Request) { r.Offence.Lists = []string{"eu_2019_713", "eu_2019_713"} }),
		bad("receiving-custody", "a penalty of more than 12000 months in the receiving Party",
			func(r *protocol.Request) { r.Offence.ReceivingMaxCustodyMonths = 12_001 }),
		bad("protected", "a protection that is not known",
			func(r *protocol.Request) { r.Target.Protected = []protocol.Protection{"wealth"} }),
		bad("protected-twice", "one protection twice", func(r *protocol.Request) {
			r.Target.Protected = []protocol.Protection{protocol.ProtectionPress, protocol.ProtectionPress}
		}),
		bad("validation", "a validation without its authority",
			validated(func(v *protocol.Validation) { v.Authority = "" })),
		bad("validation-kind", "a validation by what is no kind of authority",
			validated(func(v *protocol.Validation) { v.Kind = "clerk" })),
		bad("validation-date", "a validation without its date",
			validated(func(v *protocol.Validation) { v.Date = time.Time{} })),
		bad("unvalidated", "validated, and still to be validated", func(r *protocol.Request) {
			validated(func(*protocol.Validation) {})(r)
			r.Authorisation.Unvalidated = true
		}),
	}
}
