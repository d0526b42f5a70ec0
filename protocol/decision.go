package protocol

import (
	"fmt"
	"time"
)

// A Verdict is what the agreement says of an act. The zero Verdict refuses,
// and the order is deny > hold > allow.
type Verdict uint8

// The verdicts.
const (
	Deny Verdict = iota
	Hold
	Allow
)

var verdictNames = [...]string{"deny", "hold", "allow"}

func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return "deny"
}

// MarshalText writes "deny", "hold" or "allow".
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText accepts what MarshalText writes and nothing else.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, name := range verdictNames {
		if string(b) == name {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("verdict %q: want deny, hold or allow", truncate(b))
}

// An Outcome is what one rule says. The zero Outcome fails.
type Outcome uint8

// The outcomes of a rule.
const (
	Fail          Outcome = iota
	Held                  // a named role must decide or supply something
	Pass                  // met
	NotApplicable         // the rule's condition does not hold
	Flag                  // not met, and shown: it changes no verdict
)

var outcomeNames = [...]string{"fail", "hold", "pass", "n/a", "flag"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "fail"
}

// MarshalText writes "fail", "hold", "pass", "n/a" or "flag".
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText accepts what MarshalText writes and nothing else.
func (o *Outcome) UnmarshalText(b []byte) error {
	for i, name := range outcomeNames {
		if string(b) == name {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("outcome %q: want fail, hold, pass, n/a or flag", truncate(b))
}

// A Side says whose move a hold waits for.
type Side string

// The sides of a request.
const (
	SideIssuing   Side = "issuing"
	SideReceiving Side = "receiving"
)

// A Finding is what one rule said of one act.
type Finding struct {
	Rule    string  `json:"rule"`
	Article string  `json:"article,omitzero"`
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitzero"` // set when Outcome is Fail, Held or Flag
	Text    string  `json:"text"`            // one sentence in plain words

	// Inputs are the names of what the rule looked at, in ascending order.
	Inputs []string `json:"inputs,omitempty"`
	// Ask is the question that a person answers, of a rule that is left to
	// judgement, or else what to do or to write when the rule is not met.
	Ask string `json:"ask,omitzero"`

	// Side and Role say who is to act on a hold.
	Side Side `json:"side,omitzero"`
	Role Role `json:"role,omitzero"`

	// Provenance is "unverified" when the rule's source was not read in
	// primary text.
	Provenance string `json:"provenance,omitzero"`
}

// An Input is what one name stood for when a rule looked at it.
type Input struct {
	Name  string `json:"name"`
	Value string `json:"value"` // as JSON: 120, "GB", ["GB","US"], true
}

// A Route is a way by which the same request could be made.
type Route struct {
	Agreement string          `json:"agreement"`     // id, "" for a letter rogatory
	Title     string          `json:"title"`         // of the agreement
	Article   string          `json:"article"`       // that grants the right
	Via       []ParticipantID `json:"via,omitempty"` // the central authorities, the issuing side's first
	Text      string          `json:"text"`          // one sentence in plain words
}

// A Decision is what a node found of an act, rule by rule. The zero Decision
// refuses.
type Decision struct {
	Verdict   Verdict      `json:"verdict"`
	Agreement AgreementRef `json:"agreement"`
	Routes    []Route      `json:"route"` // the ways that would work, best first, when this one does not
	Findings  []Finding    `json:"findings"`

	// Inputs are what the findings looked at, in ascending order of the names.
	Inputs []Input `json:"inputs,omitempty"`

	At time.Time `json:"at"` // the legal time for which it was decided
	// Documents are the digests of the agreement and notices it rests on.
	Documents []Digest `json:"documents"`
}

// Reasons returns the reasons of the findings that deny, or if none does, of
// those that hold, each once, in the order of the document.
func (d *Decision) Reasons() []Reason {
	worst := Fail
	if d.Verdict == Hold {
		worst = Held
	}
	var out []Reason
	seen := map[Reason]bool{}
	for _, f := range d.Findings {
		if f.Outcome == worst && !seen[f.Reason] {
			seen[f.Reason] = true
			out = append(out, f.Reason)
		}
	}
	return out
}
