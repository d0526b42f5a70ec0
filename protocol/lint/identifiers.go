package lint

import (
	"net/netip"
	"regexp"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// identifiers finds names by which nobody is found, or found twice.
func (l *linting) identifiers() {
	type name struct {
		typ            protocol.IdentifierType
		value, service string
		seen           time.Time
	}
	first := map[name]bool{}
	for i := range l.req.Identifiers {
		id := &l.req.Identifiers[i]
		if id.Type == protocol.IdentifierIP {
			l.address(id, at("identifiers", i))
		}
		n := name{id.Type, folded(id), id.Service, id.Seen}
		if first[n] {
			l.add(Defect{Code: "identifier_twice", Member: at("identifiers", i),
				Text:  "The same identifier stands above.",
				Write: "Leave one out; whoever answers looks up each."})
		}
		first[n] = true
	}
}

// address finds an IP address that is many users' at once.
func (l *linting) address(id *protocol.Identifier, member string) {
	if id.Seen.IsZero() {
		l.add(Defect{Code: "ip_without_time", Member: member + ".seen", Likely: true,
			Text:  "An address without the time of its use belongs to many users.",
			Write: "Give the time as the log has it, in UTC and to the second."})
	}
	if p, err := netip.ParseAddrPort(id.Value); err == nil && p.Port() == 0 {
		l.add(Defect{Code: "ip_without_port", Member: member + ".value", Likely: true,
			Text:  "Port 0 is no port: one address is shared by many users, whom the source port tells apart.",
			Write: "Give the source port as the log has it."})
	}
}

// folded is the value by which two identifiers are the same.
func folded(id *protocol.Identifier) string {
	switch id.Type {
	case protocol.IdentifierEmail, protocol.IdentifierDomain, protocol.IdentifierMAC, protocol.IdentifierURL:
		return strings.ToLower(id.Value)
	}
	return id.Value
}

// revealing is what an identifier looks like in the middle of a text: an e-mail
// address, an international telephone number, or a long number.
var revealing = regexp.MustCompile(`[^\s@<>()]+@[^\s@<>()]+\.[A-Za-z]{2,}|\+[0-9][0-9 ()./-]{6,}[0-9]|[0-9]{10,}`)

// texts finds identifiers where people read them who need not know them.
func (l *linting) texts() {
	r := l.req
	type text struct{ member, value string }
	all := []text{{"offence.description", r.Offence.Description}, {"target.basis", r.Target.Basis},
		{"purpose", r.Purpose}, {"procedure", r.Procedure}}
	for i := range r.Data {
		all = append(all, text{at("data", i) + ".description", r.Data[i].Description})
	}
	if r.Deadline != nil {
		all = append(all, text{"deadline.reason", r.Deadline.Reason})
	}
	if l.channel != agreement.Central { // an authority is to know the facts
		all = append(all, text{"facts", r.Facts}, text{"nexus", r.Nexus})
	}
	for _, t := range all {
		if revealing.MatchString(t.value) {
			l.add(Defect{Code: "identifier_in_text", Member: t.member,
				Text:  "It holds what looks like an address, a telephone number or an account.",
				Write: "Put it under identifiers, with its type, and call it here the account."})
		}
	}
}
