package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"comity.example/protocol"
)

// A claimFile is a request with claims beside it that signatures and registers
// would carry.
type claimFile struct {
	Request            *protocol.Request      `json:"request"`
	Agreement          string                 `json:"agreement,omitzero"`
	Certification      *certified             `json:"certification,omitzero"`
	Sender             protocol.ParticipantID `json:"sender,omitzero"`
	AddresseeRole      protocol.Role          `json:"addressee_role,omitzero"`
	AddresseeAlsoUnder []protocol.Party       `json:"addressee_also_under,omitempty"`
	// Notified is nil where whoever must be told is.
	Notified []protocol.ParticipantID                   `json:"notified,omitzero"`
	Roles    map[protocol.ParticipantID][]protocol.Role `json:"roles,omitempty"`
	At       time.Time                                  `json:"at,omitzero"`

	source *source
	under  jsontext.Pointer // where in the source the request stands
}

func (f *claimFile) place() place { return place{f.source, f.under} }

// certifies returns what the certification attests.
func (f *claimFile) certifies() []protocol.Attestation {
	if f.Certification == nil {
		return nil
	}
	return f.Certification.Attestations
}

type certified struct {
	By           protocol.ParticipantID `json:"by"`
	Contact      string                 `json:"contact"`
	Targeting    string                 `json:"targeting,omitzero"`
	Attestations []protocol.Attestation `json:"attestations,omitempty"`
}

// addresseeRoles are what an addressee may be claimed to be.
var addresseeRoles = []protocol.Role{protocol.RoleProvider, protocol.RoleCentral, protocol.RoleContact}

// oneOf joins the words of a closed list: "a, b or c".
func oneOf[T ~string](list []T) string {
	all := words(list)
	if i := strings.LastIndex(all, ", "); i >= 0 {
		return all[:i] + " or " + all[i+2:]
	}
	return all
}

// readClaims reads either form of the file, and notes in its source what is wrong
// with the request.
func readClaims(file, agreement string) (*claimFile, error) {
	s, err := readSource(file, agreement)
	if err != nil {
		return nil, err
	}
	f := &claimFile{source: s}
	if _, wrapped := s.lines["/request"]; !wrapped {
		f.Request = new(protocol.Request)
		s.decode(f.Request)
		s.check(f.Request.Check(), "")
		return f, nil
	}
	s.decode(f)
	f.source, f.under = s, "/request"
	if s.agreement == "" {
		s.agreement = f.Agreement
	}
	if f.Request == nil && len(s.wrong) > 0 {
		return nil, s.failure()
	}
	if err := f.check(); err != nil && len(s.wrong) == 0 {
		return nil, err
	}
	s.check(f.Request.Check(), f.under)
	return f, nil
}

// check refuses claims that cannot be.
func (f *claimFile) check() error {
	at := func(p jsontext.Pointer, format string, args ...any) error {
		return f.source.bad(f.source.line(p), "%s%s", named(p), fmt.Sprintf(format, args...))
	}
	if f.Request == nil {
		return at("/request", "want members below it")
	}
	if f.AddresseeRole != "" && !slices.Contains(addresseeRoles, f.AddresseeRole) {
		return at("/addressee_role", "want %s", oneOf(addresseeRoles))
	}
	if c := f.Certification; c != nil {
		if c.By == "" {
			return f.source.bad(f.source.line("/certification"), "certification.by: want the designated authority")
		}
		for i, x := range c.Attestations {
			if x.Statement == "" {
				return f.source.bad(f.source.line("/certification"), "certification.attestations[%d].statement: want a code", i)
			}
		}
	}
	for _, p := range f.AddresseeAlsoUnder {
		if err := p.CheckAssigned(); err != nil {
			return at("/addressee_also_under", "%v", err)
		}
	}
	return nil
}
