package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"comity.example/protocol"
)

func (s *sheet) target() {
	t := &s.t.Request.Target
	home := s.t.Request.Issuer.Party()
	s.member("target", "", "as far as the agreement asks; who it is stands in the identifiers")
	s.member("target.located_in", string(t.LocatedIn), "leave out what is not known: it is not taken as no")
	s.member("target.nationalities", flow(t.Nationalities), "of a person")
	s.member("target.resident_in", flow(t.ResidentIn), "of a person: lawful permanent residence")
	s.maybe("target.incorporated_in", scalar(string(home)), "of an organisation")
	s.maybe("target.government_of", scalar(string(home)), "of a public authority")
	s.member("target.basis", scalar(t.Basis), "why this is believed")
	s.maybe("target.protected", "[press]", oneOf(protocol.Protections()))
	s.blank()
}

func (s *sheet) identifiers() {
	s.member("identifiers", "", "account, email, phone, imei, imsi, ip, url, device, mac, domain, customer_number")
	for _, id := range s.t.Request.Identifiers {
		s.line("  - type: "+string(id.Type), "an ip has a port, and beside it seen: the time of its use")
		s.line("    value: "+scalar(id.Value), "")
		s.line("    service: "+scalar(id.Service), "the provider's")
	}
	s.blank()
}

func (s *sheet) data() {
	s.member("data", "", "")
	s.remark("  ", "Categories, each with its own time: "+offered(s.t.Offers.Categories)+".")
	for _, d := range s.t.Request.Data {
		s.line("  - category: "+string(d.Category), "")
		if own := ownCodes(s.t.Document, d.Category); len(own) > 0 {
			s.line("    # own: ["+own[0]+"]", "in the agreement's own words")
			if len(own) > 1 {
				s.remark("    ", "or "+strings.Join(own[1:], ", "))
			}
		}
		s.line("    from: "+moment(d.From), "")
		s.line("    to: "+moment(d.To), "")
		s.line("    description: "+scalar(d.Description), "what of it: never an identifier")
	}
	s.blank()
}

// reasons are the texts that say why.
func (s *sheet) reasons() {
	r := &s.t.Request
	s.member("purpose", scalar(r.Purpose), "")
	stage := cmp.Or(r.Proceedings, protocol.StageInvestigation)
	s.either(r.Proceedings != "", "proceedings", string(stage), oneOf(protocol.Stages()))
	s.either(r.Facts != "", "facts", scalar(cmp.Or(r.Facts, "in short")), "who did what, when and where, and how that is known")
	s.either(r.Nexus != "", "nexus", scalar(cmp.Or(r.Nexus, "in short")), "why this data belongs to these facts")
	s.either(r.Promise != "", "promise", scalar(cmp.Or(r.Promise, "in full")), "the written promise of reciprocity")
	s.maybe("procedure", "as it is asked for", "a special procedure, where the law of the issuing Party asks for one")
	s.blank()
}

// circumstances are what only some instruments ask for.
func (s *sheet) circumstances() {
	r := &s.t.Request
	related := orElseList(r.Related, protocol.Related{Relation: protocol.RelationFollows, Reference: "24/7-117"})[0]
	s.either(len(r.Related) > 0, "related", fmt.Sprintf("[{relation: %s, reference: %s}]", related.Relation,
		scalar(related.Reference)), oneOf(protocol.Relations())+", with the case, or the reference of what is none")
	s.either(len(r.Languages) > 0, "languages", flow(orElseList(r.Languages, "en")),
		"of the request and its translations, ISO 639-1")
	service := "{class: electronic_communications, capacity: controller}"
	if x := r.Service; x != nil {
		service = "{class: " + string(x.Class)
		if x.Capacity != "" {
			service += ", capacity: " + string(x.Capacity)
		}
		service += "}"
	}
	s.either(r.Service != nil, "service", service, "The class is electronic_communications, domain_or_ip, "+
		"information_society or financial. A processor has a capacity_reason, controller_unidentified or harmful_to_investigation.")
	s.maybe("sentence", "{months: 12, absconded: true}", "where one is to be executed")
	grounds := s.t.Offers.Secrecy
	s.maybe("secrecy", "{grounds: ["+string(preferring(grounds, protocol.SecrecyInvestigation))+"], until: "+
		moment(s.today().AddDate(0, 6, 0))+"}", "why and how long the user is not told: "+offered(grounds))
	s.maybe("deadline", "{at: "+moment(s.today().AddDate(0, 0, 14))+", reason: the hearing is on that day}",
		"by when an answer is needed, and why")
	s.blank()
}

func (s *sheet) today() time.Time { return s.t.Decision.At.UTC().Truncate(24 * time.Hour) }

func (s *sheet) urgency() {
	r := &s.t.Request
	kind, facts := preferring(s.t.Offers.Emergencies, protocol.EmergencyLife), "what is in danger, since when, how that is known, and why it cannot wait"
	if e := r.Emergency; e != nil {
		kind, facts = e.Kind, e.Facts
	}
	s.group(r.Emergency != nil, "emergency", "only where it cannot wait, with the statements that comity check then asks for: "+offered(s.t.Offers.Emergencies), "kind: "+string(kind), "facts: "+scalar(facts))
	if !slices.Contains(s.t.Offers.Types, protocol.Interception) {
		return
	}
	start, end, considered := s.today().AddDate(0, 0, 1), s.today().AddDate(0, 0, 29), true
	if x := r.Interception; x != nil {
		start, end, considered = x.Start, x.End, x.LessIntrusiveConsidered
	}
	s.group(r.Interception != nil, "interception", "exactly when type is interception",
		"start: "+moment(start), "end: "+moment(end), "less_intrusive_considered: "+strconv.FormatBool(considered))
}

// offered names the words among which a person chooses.
func offered[T ~string](words []T) string {
	if len(words) == 1 {
		return string(words[0]) + " and nothing else"
	}
	return oneOf(words)
}

// preferring returns the word for an example: the one if it is offered.
func preferring[T comparable](words []T, one T) T {
	if slices.Contains(words, one) || len(words) == 0 {
		return one
	}
	return words[0]
}

// group writes a member with members below it, set or as one that can be.
func (s *sheet) group(set bool, name, remark string, lines ...string) {
	out := "# "
	if set {
		out = ""
	}
	s.put(out, name, "", remark)
	for _, l := range lines {
		s.line(out+"  "+l, "")
	}
	s.blank()
}

func (s *sheet) attestations() {
	defer s.optional()
	if len(s.t.Statements) == 0 {
		s.remark("", "The agreement asks for no statement of an officer.")
		return
	}
	s.line("attestations:", "what an officer states: strike out what is not so")
	for _, x := range s.t.Statements {
		s.remark("  ", x.Article+": "+x.Text)
		if len(x.Or) > 0 {
			s.remark("  ", "Or "+strings.Join(x.Or, ", or ")+".")
		}
		s.line("  - statement: "+x.Code, "")
	}
}

// optional writes the statements that would only spare a warning, as ones that
// can be made.
func (s *sheet) optional() {
	if len(s.t.Optional) == 0 {
		return
	}
	indent, out := "  ", "  # "
	if len(s.t.Statements) == 0 {
		indent, out = "", "#   "
	}
	s.remark(indent, "Only where it is so, an officer can state as well:")
	for _, x := range s.t.Optional {
		s.remark(indent, x.Article+": "+x.Text)
	}
	if len(s.t.Statements) == 0 {
		s.line("# attestations:", "")
	}
	for _, x := range s.t.Optional {
		s.line(out+"- statement: "+x.Code, "")
	}
}
