package protocol

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Limits of the particulars of a request.
const (
	MaxRelated   = 16 // matters that a request is related to
	MaxLanguages = 8  // languages of a request
	MaxCodes     = 16 // codes of one list: offence lists, own codes of one data item
)

var (
	codeForm     = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+){0,15}$`)
	languageForm = regexp.MustCompile(`^[a-z]{2}$`)
)

func wellFormedCode(s string) bool { return len(s) <= MaxReference && codeForm.MatchString(s) }

// checkCodes refuses codes that are not well formed or stand twice.
func checkCodes(member string, codes []string) error {
	if len(codes) > MaxCodes {
		return fmt.Errorf("%s: want at most %d", member, MaxCodes)
	}
	for i, c := range codes {
		if !wellFormedCode(c) {
			return fmt.Errorf("%s[%d]: want a code of small letters, digits and single underscores", member, i)
		}
	}
	return checkOnce(member, codes)
}

func checkOnce[T comparable](member string, items []T) error {
	for i, item := range items {
		if slices.Contains(items[:i], item) {
			return fmt.Errorf("%s[%d]: stands twice: want it once", member, i)
		}
	}
	return nil
}

// A Relation says how a request is related to another matter.
type Relation string

// The relations. The list is append-only.
const (
	RelationFollows       Relation = "follows"        // follows up a preservation or another request
	RelationRenews        Relation = "renews"         // goes on after the end of what was ordered
	RelationReplaces      Relation = "replaces"       // takes the place of it
	RelationPreserves     Relation = "preserves"      // keeps what that case will ask for
	RelationConvertedFrom Relation = "converted_from" // asks under another instrument what was refused there
	RelationExecutes      Relation = "executes"       // carries out, within a Party, what another State asks there
)

// Relations lists every relation.
func Relations() []Relation {
	return []Relation{RelationFollows, RelationRenews, RelationReplaces, RelationPreserves,
		RelationConvertedFrom, RelationExecutes}
}

// UnmarshalText refuses a relation that is not in the list.
func (r *Relation) UnmarshalText(b []byte) error {
	*r = Relation(b)
	return known("relation", *r, Relations())
}

// A Related is another matter to which a request is related: a case, or what
// has a reference on paper only.
type Related struct {
	Relation  Relation  `json:"relation"`
	Case      CaseID    `json:"case,omitzero"`
	Reference string    `json:"reference,omitzero"`
	Date      time.Time `json:"date,omitzero"`
}

// A Validation is the decision of a second authority that validated what the
// approving authority may not issue alone.
type Validation struct {
	Kind      AuthorityKind `json:"kind"`
	Authority string        `json:"authority"`
	Reference string        `json:"reference"`
	Date      time.Time     `json:"date"`
}

// A Stage says for what proceedings the data is asked.
type Stage string

// The stages. The list is append-only.
const (
	StageInvestigation  Stage = "investigation"
	StageTrial          Stage = "trial"
	StageSentence       Stage = "sentence_execution" // to find a convict who absconded
	StageControlOrder   Stage = "control_order"
	StageSecurity       Stage = "national_security"
	StageAdministrative Stage = "administrative"
)

// Stages lists every stage.
func Stages() []Stage {
	return []Stage{StageInvestigation, StageTrial, StageSentence, StageControlOrder, StageSecurity,
		StageAdministrative}
}

// UnmarshalText refuses a stage that is not in the list.
func (s *Stage) UnmarshalText(b []byte) error {
	*s = Stage(b)
	return known("stage of proceedings", *s, Stages())
}

// A Sentence is what is to be executed, where that is the purpose.
type Sentence struct {
	Months     int64 `json:"months"`
	InAbsentia bool  `json:"in_absentia,omitzero"`
	Absconded  bool  `json:"absconded,omitzero"`
}

// A Protection is what may protect the data of a target.
type Protection string

// The protections. The list is append-only.
const (
	ProtectionProfession Protection = "privileged_profession"
	ProtectionPress      Protection = "press"
	ProtectionImmunity   Protection = "immunity"
	ProtectionPublic     Protection = "public_authority_infrastructure"
)

// Protections lists every protection.
func Protections() []Protection {
	return []Protection{ProtectionProfession, ProtectionPress, ProtectionImmunity, ProtectionPublic}
}

// UnmarshalText refuses a protection that is not in the list.
func (p *Protection) UnmarshalText(b []byte) error {
	*p = Protection(b)
	return known("protection", *p, Protections())
}

// A ServiceClass says what sort of service the data belongs to.
type ServiceClass string

// The classes of service. The list is append-only.
const (
	ServiceCommunications ServiceClass = "electronic_communications"
	ServiceDomain         ServiceClass = "domain_or_ip"
	ServiceInformation    ServiceClass = "information_society"
	ServiceFinancial      ServiceClass = "financial"
)

// UnmarshalText refuses a class that is not in the list.
func (c *ServiceClass) UnmarshalText(b []byte) error {
	*c = ServiceClass(b)
	return known("class of service", *c, []ServiceClass{ServiceCommunications, ServiceDomain,
		ServiceInformation, ServiceFinancial})
}

// A Capacity says as what the addressee holds the data.
type Capacity string

// The capacities. The list is append-only.
const (
	CapacityController Capacity = "controller"
	CapacityProcessor  Capacity = "processor"
)

// UnmarshalText refuses a capacity that is not in the list.
func (c *Capacity) UnmarshalText(b []byte) error {
	*c = Capacity(b)
	return known("capacity", *c, []Capacity{CapacityController, CapacityProcessor})
}

// A CapacityReason says why a processor is asked and not the controller.
type CapacityReason string

// The reasons. The list is append-only.
const (
	ControllerUnidentified CapacityReason = "controller_unidentified"
	HarmfulToInvestigation CapacityReason = "harmful_to_investigation"
)

// UnmarshalText refuses a reason that is not in the list.
func (c *CapacityReason) UnmarshalText(b []byte) error {
	*c = CapacityReason(b)
	return known("capacity reason", *c, []CapacityReason{ControllerUnidentified, HarmfulToInvestigation})
}

// A Service is what the data belongs to, and how the addressee holds it.
type Service struct {
	Class          ServiceClass   `json:"class"`
	Capacity       Capacity       `json:"capacity,omitzero"`
	CapacityReason CapacityReason `json:"capacity_reason,omitzero"`
}

// A SecrecyGround says why the user is not to be told. The first five are those
// of 18 USC 2705, the others those of Directive (EU) 2016/680, Art. 13(3).
type SecrecyGround string

// The grounds. The list is append-only.
const (
	SecrecyLife          SecrecyGround = "endanger_life"
	SecrecyFlight        SecrecyGround = "flight"
	SecrecyTamper        SecrecyGround = "tamper_evidence"
	SecrecyWitness       SecrecyGround = "intimidate_witness"
	SecrecyInvestigation SecrecyGround = "jeopardise_investigation"
	SecrecyInquiry       SecrecyGround = "obstruct_inquiry"
	SecrecyDetection     SecrecyGround = "prejudice_detection"
	SecrecyPublic        SecrecyGround = "public_security"
	SecrecyNational      SecrecyGround = "national_security"
	SecrecyRights        SecrecyGround = "rights_of_others"
)

// SecrecyGrounds lists every ground.
func SecrecyGrounds() []SecrecyGround {
	return []SecrecyGround{SecrecyLife, SecrecyFlight, SecrecyTamper, SecrecyWitness,
		SecrecyInvestigation, SecrecyInquiry, SecrecyDetection, SecrecyPublic, SecrecyNational, SecrecyRights}
}

// UnmarshalText refuses a ground that is not in the list.
func (g *SecrecyGround) UnmarshalText(b []byte) error {
	*g = SecrecyGround(b)
	return known("ground of secrecy", *g, SecrecyGrounds())
}

// A Secrecy asks that the user is not told. The zero Until has no end.
type Secrecy struct {
	Grounds []SecrecyGround `json:"grounds"`
	Until   time.Time       `json:"until,omitzero"`
}

// A Deadline is by when an answer is wanted, and why.
type Deadline struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// checkParticulars checks what not every request has.
func (r *Request) checkParticulars() error {
	errs := []error{r.checkRelated(), r.checkCompartments(), r.Offence.checkParticulars(), r.Authorisation.checkValidation(),
		checkOnce("target.protected", r.Target.Protected)}
	if len(r.Languages) > MaxLanguages {
		errs = append(errs, fmt.Errorf("languages: want at most %d", MaxLanguages))
	}
	for i, l := range r.Languages {
		if !languageForm.MatchString(l) {
			errs = append(errs, fmt.Errorf("languages[%d]: want two small letters of ISO 639-1, such as en", i))
		}
	}
	errs = append(errs, checkOnce("languages", r.Languages))
	for _, text := range []struct{ member, value string }{{"procedure", r.Procedure}, {"facts", r.Facts},
		{"nexus", r.Nexus}, {"promise", r.Promise}} {
		if len(text.value) > MaxText {
			errs = append(errs, fmt.Errorf("%s: want at most %d bytes", text.member, MaxText))
		}
	}
	if s := r.Sentence; s != nil && (s.Months < 1 || s.Months > maxMonths) {
		errs = append(errs, fmt.Errorf("sentence.months: want 1 to %d months", maxMonths))
	}
	if s := r.Service; s != nil && s.Class == "" {
		errs = append(errs, errors.New("service.class: want the class of the service"))
	}
	if s := r.Secrecy; s != nil {
		if len(s.Grounds) == 0 {
			errs = append(errs, errors.New("secrecy.grounds: want one ground at least"))
		}
		errs = append(errs, checkOnce("secrecy.grounds", s.Grounds), optionalTime("secrecy.until", s.Until))
	}
	if d := r.Deadline; d != nil {
		errs = append(errs, checkTime("deadline.at", d.At))
		if d.Reason == "" || len(d.Reason) > MaxText {
			errs = append(errs, fmt.Errorf("deadline.reason: want 1 to %d bytes", MaxText))
		}
	}
	return errors.Join(errs...)
}

func (r *Request) checkRelated() error {
	if len(r.Related) > MaxRelated {
		return fmt.Errorf("related: want at most %d", MaxRelated)
	}
	for i, x := range r.Related {
		switch {
		case x.Relation == "":
			return fmt.Errorf("related[%d].relation: want how it is related", i)
		case x.Case == "" && x.Reference == "":
			return fmt.Errorf("related[%d]: want a case, or the reference of what is no case", i)
		case len(x.Reference) > MaxReference:
			return fmt.Errorf("related[%d].reference: want at most %d bytes", i, MaxReference)
		}
		if err := optionalTime("date", x.Date); err != nil {
			return fmt.Errorf("related[%d].%w", i, err)
		}
	}
	return nil
}

func (a *Authorisation) checkValidation() error {
	v := a.ValidatedBy
	switch {
	case v == nil:
		return nil
	case a.Unvalidated:
		return errors.New("authorisation.unvalidated: leave it out: validated_by says that it was validated")
	case v.Kind == "" || v.Authority == "" || v.Reference == "":
		return errors.New("authorisation.validated_by: want kind, authority, reference and date")
	case len(v.Authority) > MaxReference || len(v.Reference) > MaxReference:
		return fmt.Errorf("authorisation.validated_by: want at most %d bytes a member", MaxReference)
	}
	return checkTime("authorisation.validated_by.date", v.Date)
}

func (o *Offence) checkParticulars() error {
	switch {
	case o.Category != "" && !wellFormedCode(o.Category):
		return errors.New("offence.category: want a code of small letters, digits and single underscores")
	case o.ReceivingMaxCustodyMonths < 0 || o.ReceivingMaxCustodyMonths > maxMonths:
		return fmt.Errorf("offence.receiving_max_custody_months: want 0 to %d months", maxMonths)
	case len(o.CommittedIn) > MaxNationality:
		return fmt.Errorf("offence.committed_in: want at most %d", MaxNationality)
	}
	return errors.Join(checkCodes("offence.lists", o.Lists), checkOnce("offence.committed_in", o.CommittedIn))
}

func optionalTime(member string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	return checkTime(member, t)
}

// RelatedBy returns the matters to which the request is related in one of the
// ways.
func (r *Request) RelatedBy(relations ...Relation) []Related {
	var out []Related
	for _, x := range r.Related {
		if slices.Contains(relations, x.Relation) {
			out = append(out, x)
		}
	}
	return out
}
