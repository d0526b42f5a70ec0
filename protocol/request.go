package protocol

import (
	"errors"
	"fmt"
	"time"
)

// Limits of a request, so that a parser's memory is bounded and a desk can
// show what it was sent.
const (
	MaxIdentifiers  = 64   // identifiers in one request
	MaxDataItems    = 32   // data items in one request
	MaxAttestations = 32   // attestations in one request
	MaxNationality  = 8    // nationalities of one target
	MaxProvisions   = 16   // provisions of one offence
	MaxText         = 4096 // bytes of a free text
	MaxReference    = 128  // bytes of a file number or reference

	maxMonths = 12_000 // months in custody: stands for life
)

// A RequestType says what the addressee is asked to do.
type RequestType string

// The request types of this version. The list is append-only.
const (
	Production   RequestType = "production"   // disclose stored data
	Preservation RequestType = "preservation" // keep stored data from being deleted
	Subscriber   RequestType = "subscriber"   // disclose subscriber information only
	Interception RequestType = "interception" // disclose communications as they happen
	// PathDisclosure is to disclose enough traffic data to identify who carried
	// a communication, and by which path (Budapest Convention, Art. 30).
	PathDisclosure RequestType = "path_disclosure"
)

// RequestTypes lists every request type.
func RequestTypes() []RequestType {
	return []RequestType{Production, Preservation, Subscriber, Interception, PathDisclosure}
}

// UnmarshalText refuses a type that is not in the list.
func (t *RequestType) UnmarshalText(b []byte) error {
	*t = RequestType(b)
	return known("request type", *t, RequestTypes())
}

// A Category is a neutral code for the kind of data asked for; agreements map
// their own words to it.
type Category string

// The data categories. The list is append-only.
const (
	CategorySubscriber  Category = "subscriber"          // name, address, payment, services used
	CategoryUserID      Category = "user_identification" // IP address, port and time, for identification only
	CategoryDomain      Category = "domain_registration" // registrant of a domain name
	CategoryTraffic     Category = "traffic_stored"      // stored traffic data
	CategoryTrafficLive Category = "traffic_realtime"    // traffic data as it arises
	CategoryLocation    Category = "location"            // where a device was
	CategoryContent     Category = "content_stored"      // stored content
	CategoryContentLive Category = "content_realtime"    // content as it is communicated
	CategoryOther       Category = "other_records"       // other records of the provider
)

// Categories lists every data category.
func Categories() []Category {
	return []Category{CategorySubscriber, CategoryUserID, CategoryDomain, CategoryTraffic,
		CategoryTrafficLive, CategoryLocation, CategoryContent, CategoryContentLive, CategoryOther}
}

// UnmarshalText refuses a category that is not in the list.
func (c *Category) UnmarshalText(b []byte) error {
	*c = Category(b)
	return known("data category", *c, Categories())
}

// A Request is what an issuing authority asks of an addressee. It is the body
// of a request act and the content of a draft.
type Request struct {
	Type      RequestType   `json:"type"`
	Issuer    ParticipantID `json:"issuer"`    // the issuing authority
	Addressee ParticipantID `json:"addressee"` // the provider or authority that is to act on it

	// FileNumber is the issuer's own reference.
	FileNumber string `json:"file_number"`

	Authorisation Authorisation `json:"authorisation"`
	Offence       Offence       `json:"offence"`
	Target        Target        `json:"target"`
	Identifiers   []Identifier  `json:"identifiers"`
	Data          []DataItem    `json:"data"`
	Purpose       string        `json:"purpose"`

	Emergency    *Emergency    `json:"emergency,omitzero"`
	Interception *Window       `json:"interception,omitzero"`
	Attestations []Attestation `json:"attestations,omitempty"`
	// Drill says that this is an exercise of people and pipeline: in its case
	// nothing can be disclosed.
	Drill bool `json:"drill,omitzero"`

	// What follows is asked for by some instruments only.

	Related     []Related `json:"related,omitempty"`
	Proceedings Stage     `json:"proceedings,omitzero"`
	Sentence    *Sentence `json:"sentence,omitzero"`
	Service     *Service  `json:"service,omitzero"`
	// Languages are those of the request and of its translations, as ISO 639-1
	// codes.
	Languages []string  `json:"languages,omitempty"`
	Secrecy   *Secrecy  `json:"secrecy,omitzero"`
	Deadline  *Deadline `json:"deadline,omitzero"`
	Procedure string    `json:"procedure,omitzero"` // a special procedure that is asked for
	Facts     string    `json:"facts,omitzero"`     // in short, for the addressee
	Nexus     string    `json:"nexus,omitzero"`     // why this data belongs to these facts
	Promise   string    `json:"promise,omitzero"`   // the written promise of reciprocity

	// Compartments are sealed to authorities, away from the addressee.
	Compartments []Compartment `json:"compartments,omitempty"`
}

// An AuthorityKind says what sort of authority approved a request.
type AuthorityKind string

// The kinds of authority. The list is append-only.
const (
	AuthorityJudge          AuthorityKind = "judge"
	AuthorityCourt          AuthorityKind = "court"
	AuthorityInvestigating  AuthorityKind = "investigating_judge"
	AuthorityProsecutor     AuthorityKind = "prosecutor"
	AuthorityPolice         AuthorityKind = "police"
	AuthorityAdministrative AuthorityKind = "administrative"
)

// UnmarshalText refuses a kind that is not in the list.
func (k *AuthorityKind) UnmarshalText(b []byte) error {
	*k = AuthorityKind(b)
	return known("authority kind", *k, []AuthorityKind{AuthorityJudge, AuthorityCourt,
		AuthorityInvestigating, AuthorityProsecutor, AuthorityPolice, AuthorityAdministrative})
}

// An Authorisation is the domestic decision that stands behind a request.
// Where the approving authority has no key of its own, the officer who
// endorses the request attests to the digest of the order.
type Authorisation struct {
	Kind      AuthorityKind `json:"kind"`
	Authority string        `json:"authority"` // its name: "Crown Court at Southwark"
	Reference string        `json:"reference"`
	Date      time.Time     `json:"date"`
	// Instrument is the domestic instrument: "overseas production order".
	Instrument string `json:"instrument"`
	// Order is the digest of the approved order as a document.
	Order Digest `json:"order"`

	ValidatedBy *Validation `json:"validated_by,omitzero"`
	// Unvalidated says that a validation is needed and will be sought
	// afterwards, for an emergency.
	Unvalidated bool `json:"unvalidated,omitzero"`
}

// An Offence is what is investigated, under the issuing Party's law.
type Offence struct {
	Description string   `json:"description"`
	Provisions  []string `json:"provisions"`
	// MaxCustodyMonths is the maximum custodial penalty, in months.
	MaxCustodyMonths int64 `json:"max_custody_months"`
	// DeathPenalty says that the offence can carry the death penalty.
	DeathPenalty bool `json:"death_penalty,omitzero"`
	// Speech says that the offence is on a list that raises freedom of speech.
	Speech bool `json:"speech,omitzero"`

	CommittedIn []Party `json:"committed_in,omitempty"`
	// Category is the code of a category in a list that an instrument prints.
	Category string `json:"category,omitzero"`
	// Lists are codes of the lists of offences to which it belongs and that an
	// instrument names.
	Lists               []string `json:"lists,omitempty"`
	ByInformationSystem bool     `json:"by_information_system,omitzero"`
	// ReceivingMaxCustodyMonths is the maximum custodial penalty for the same
	// conduct under the receiving Party's law, in months; 0: not known.
	ReceivingMaxCustodyMonths int64 `json:"receiving_max_custody_months,omitzero"`
	Fiscal                    bool  `json:"fiscal,omitzero"`
	Political                 bool  `json:"political,omitzero"`
	Military                  bool  `json:"military,omitzero"`
}

// A Target is the person or organisation whose data is asked for, as far as an
// agreement's rules need it: who it is stands in the identifiers alone.
// Empty fields mean "not known", which no rule may read as "no".
type Target struct {
	LocatedIn     Party   `json:"located_in,omitzero"`
	Nationalities []Party `json:"nationalities,omitempty"`
	ResidentIn    []Party `json:"resident_in,omitempty"`    // lawful permanent residence
	Incorporated  Party   `json:"incorporated_in,omitzero"` // for an organisation
	GovernmentOf  Party   `json:"government_of,omitzero"`   // for a public authority
	Basis         string  `json:"basis"`                    // why this is believed

	// Protected is what may protect the data, as far as it is known.
	Protected []Protection `json:"protected,omitempty"`
}

// A DataItem is one thing that is asked for.
type DataItem struct {
	Category    Category  `json:"category"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Description string    `json:"description,omitzero"`
	// Own are the instrument's own codes for what is asked for.
	Own []string `json:"own,omitempty"`
}

// An EmergencyKind says what is in danger.
type EmergencyKind string

// The kinds of emergency. The list is append-only.
const (
	EmergencyLife           EmergencyKind = "life"
	EmergencyInjury         EmergencyKind = "serious_injury"
	EmergencySafety         EmergencyKind = "physical_integrity_or_safety"
	EmergencyInfrastructure EmergencyKind = "critical_infrastructure"
	EmergencyChild          EmergencyKind = "child"
)

// EmergencyKinds returns every kind of emergency.
func EmergencyKinds() []EmergencyKind {
	return []EmergencyKind{EmergencyLife, EmergencyInjury, EmergencySafety, EmergencyInfrastructure, EmergencyChild}
}

// UnmarshalText refuses a kind that is not in the list.
func (k *EmergencyKind) UnmarshalText(b []byte) error {
	*k = EmergencyKind(b)
	return known("emergency kind", *k, EmergencyKinds())
}

// An Emergency makes a request overtake others. It is checked harder, not softer.
type Emergency struct {
	Kind  EmergencyKind `json:"kind"`
	Facts string        `json:"facts"`
}

// A Window is the time in which an interception may run.
type Window struct {
	Start                   time.Time `json:"start"`
	End                     time.Time `json:"end"`
	LessIntrusiveConsidered bool      `json:"less_intrusive_considered,omitzero"`
}

// An Attestation is a statement that a rule asks for and no machine can
// check, made by the officer who endorses the request.
type Attestation struct {
	Statement string `json:"statement"` // a code that an agreement names: "own_purpose"
	Reference string `json:"reference,omitzero"`
}

// Categories returns the data categories asked for, each once, in order.
func (r *Request) Categories() []Category {
	var out []Category
	for _, c := range Categories() {
		for _, d := range r.Data {
			if d.Category == c {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// Check reports whether r is complete and well formed. The error names each
// member that must be mended, never its content.
func (r *Request) Check() error {
	var errs []error
	bad := func(member, want string) {
		errs = append(errs, fmt.Errorf("%s: %s", member, want))
	}
	if known("", r.Type, RequestTypes()) != nil {
		bad("type", "want one of production, preservation, subscriber, interception, path_disclosure")
	}
	if r.Issuer.check() != nil {
		bad("issuer", "want a participant, such as gb.met-police")
	}
	if r.Addressee.check() != nil {
		bad("addressee", "want a participant, such as us.contoso")
	}
	if r.FileNumber == "" || len(r.FileNumber) > MaxReference {
		bad("file_number", fmt.Sprintf("want the issuer's reference, 1 to %d bytes", MaxReference))
	}
	if len(r.Purpose) > MaxText {
		bad("purpose", fmt.Sprintf("want at most %d bytes", MaxText))
	}
	errs = append(errs, r.Authorisation.check(), r.Offence.check(), r.Target.check())
	errs = append(errs, r.checkIdentifiers(), r.checkData(), r.checkSpecials(), r.checkParticulars())
	return errors.Join(errs...)
}

func (a *Authorisation) check() error {
	switch {
	case a.Kind == "" || a.Authority == "" || a.Reference == "" || a.Instrument == "":
		return errors.New("authorisation: want kind, authority, reference, date and instrument")
	case len(a.Authority) > MaxReference || len(a.Reference) > MaxReference || len(a.Instrument) > MaxReference:
		return fmt.Errorf("authorisation: want at most %d bytes a member", MaxReference)
	}
	return checkTime("authorisation.date", a.Date)
}

func (o *Offence) check() error {
	switch {
	case o.Description == "" || len(o.Description) > MaxText:
		return fmt.Errorf("offence.description: want 1 to %d bytes", MaxText)
	case len(o.Provisions) == 0 || len(o.Provisions) > MaxProvisions:
		return fmt.Errorf("offence.provisions: want 1 to %d provisions of the issuing Party's law", MaxProvisions)
	case o.MaxCustodyMonths < 0 || o.MaxCustodyMonths > maxMonths:
		return fmt.Errorf("offence.max_custody_months: want 0 to %d months (%d for life)", maxMonths, maxMonths)
	}
	for _, p := range o.Provisions {
		if p == "" || len(p) > MaxReference {
			return fmt.Errorf("offence.provisions: want 1 to %d bytes each", MaxReference)
		}
	}
	return nil
}

func (t *Target) check() error {
	if len(t.Nationalities) > MaxNationality || len(t.ResidentIn) > MaxNationality {
		return fmt.Errorf("target: want at most %d nationalities and residences", MaxNationality)
	}
	if t.Basis == "" || len(t.Basis) > MaxText {
		return fmt.Errorf("target.basis: want why this is believed, 1 to %d bytes", MaxText)
	}
	return nil
}

func (r *Request) checkIdentifiers() error {
	if len(r.Identifiers) > MaxIdentifiers {
		return fmt.Errorf("identifiers: want at most %d", MaxIdentifiers)
	}
	for i := range r.Identifiers {
		if err := r.Identifiers[i].Check(); err != nil {
			return fmt.Errorf("identifiers[%d]: %w", i, err)
		}
	}
	return nil
}

func (r *Request) checkData() error {
	if len(r.Data) == 0 || len(r.Data) > MaxDataItems {
		return fmt.Errorf("data: want 1 to %d items", MaxDataItems)
	}
	for i, d := range r.Data {
		if known("", d.Category, Categories()) != nil {
			return fmt.Errorf("data[%d].category: want a data category", i)
		}
		if len(d.Description) > MaxText {
			return fmt.Errorf("data[%d].description: want at most %d bytes", i, MaxText)
		}
		if err := errors.Join(checkTime("from", d.From), checkTime("to", d.To)); err != nil {
			return fmt.Errorf("data[%d]: %w", i, err)
		}
		if !d.To.After(d.From) {
			return fmt.Errorf("data[%d]: want a time range whose end is after its start", i)
		}
		if err := checkCodes("own", d.Own); err != nil {
			return fmt.Errorf("data[%d].%w", i, err)
		}
	}
	return nil
}

func (r *Request) checkSpecials() error {
	if e := r.Emergency; e != nil && (e.Kind == "" || e.Facts == "" || len(e.Facts) > MaxText) {
		return fmt.Errorf("emergency: want kind, and facts of 1 to %d bytes", MaxText)
	}
	if (r.Type == Interception) != (r.Interception != nil) {
		return errors.New("type: want the member interception, with start and end, for an interception and for nothing else")
	}
	if w := r.Interception; w != nil {
		err := errors.Join(checkTime("interception.start", w.Start), checkTime("interception.end", w.End))
		if err != nil {
			return err
		}
		if !w.End.After(w.Start) {
			return errors.New("interception: want an end after the start")
		}
	}
	return checkAttestations(r.Attestations)
}

func checkAttestations(list []Attestation) error {
	if len(list) > MaxAttestations {
		return fmt.Errorf("attestations: want at most %d", MaxAttestations)
	}
	for i, a := range list {
		if a.Statement == "" || len(a.Statement) > MaxReference || len(a.Reference) > MaxReference {
			return fmt.Errorf("attestations[%d]: want a statement code, at most %d bytes", i, MaxReference)
		}
	}
	return nil
}

// checkTime accepts whole seconds in UTC only, so that one instant has one encoding.
func checkTime(member string, t time.Time) error {
	if t.IsZero() || t.Location() != time.UTC || t.Nanosecond() != 0 || t.Year() > 9999 {
		return fmt.Errorf("%s: want a time in UTC and whole seconds, such as 2026-11-22T10:00:00Z", member)
	}
	return nil
}
