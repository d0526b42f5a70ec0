package protocol

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// countries are the codes that ISO 3166-1 assigns to countries. Source: GitHub
// datasets/country-codes, data/country-codes.csv, commit
// caa72d1e0e5af8876c170bb36a9e4d64a01bba88 (2026-05-15), ODC-PDDL 1.0.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ " +
	"BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM " +
	"DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS " +
	"GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN " +
	"KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ " +
	"MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM " +
	"PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV " +
	"SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI " +
	"VN VU WF WS YE YT ZA ZM ZW"

// kosovo has no code of its own in ISO 3166-1; this one of the user-assigned
// codes stands for it in the papers that people carry.
const kosovo Party = "XK"

// union is the one Party that is no State.
const union Party = "EU"

// mistaken are codes that people write for those that ISO 3166-1 assigns.
var mistaken = map[Party]Party{"UK": "GB", "EL": "GR", "EN": "GB"}

// MaxAuthorisationAge is how many years before a request its authorisation may
// be dated: more is a typing error.
const MaxAuthorisationAge = 30

// country reports whether p is a country in which a person can live.
func (p Party) country() bool {
	return len(p) == 2 && !strings.Contains(string(p), " ") && strings.Contains(countries, string(p)) || p == kosovo
}

// userAssigned reports whether ISO 3166-1 leaves the code to its users: trials
// use such Parties.
func (p Party) userAssigned() bool {
	return p == "AA" || p == "ZZ" || p >= "QM" && p <= "QZ" || p >= "XA" && p <= "XZ"
}

func (p Party) unknown() string {
	text := fmt.Sprintf("%q is no country of ISO 3166-1", string(p))
	if meant := mistaken[p]; meant != "" {
		text += fmt.Sprintf(": did you mean %s?", meant)
	}
	return text
}

// CheckAssigned refuses a Party that cannot be one: its code is not assigned,
// nor the EU's, nor left to trials.
func (p Party) CheckAssigned() error {
	if p.country() || p == union || p.userAssigned() {
		return nil
	}
	return errors.New(p.unknown())
}

// CheckAssigned refuses a participant of a Party that cannot be one.
func (id ParticipantID) CheckAssigned() error {
	p := id.Party()
	if p.CheckAssigned() == nil {
		return nil
	}
	if meant := mistaken[p]; meant != "" {
		return fmt.Errorf("%q is no country of ISO 3166-1: did you mean %s%s?", string(p),
			strings.ToLower(string(meant)), string(id[2:]))
	}
	return errors.New(p.unknown())
}

// CheckDraft finds what a person probably mistyped in a request that is about
// to be issued. A request that was issued is not held to it: lists of countries
// change. The error names each member that must be mended.
func (r *Request) CheckDraft(issued time.Time) error {
	var errs []error
	bad := func(member string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", member, err))
		}
	}
	bad("issuer", r.Issuer.CheckAssigned())
	bad("addressee", r.Addressee.CheckAssigned())
	home := func(member string, p Party) {
		if p != "" && !p.country() {
			bad(member, errors.New(p.unknown()))
		}
	}
	t := &r.Target
	home("target.located_in", t.LocatedIn)
	home("target.incorporated_in", t.Incorporated)
	for i, p := range t.Nationalities {
		home(fmt.Sprintf("target.nationalities[%d]", i), p)
	}
	for i, p := range t.ResidentIn {
		home(fmt.Sprintf("target.resident_in[%d]", i), p)
	}
	if t.GovernmentOf != union {
		home("target.government_of", t.GovernmentOf)
	}
	for i, p := range r.Offence.CommittedIn {
		home(fmt.Sprintf("offence.committed_in[%d]", i), p)
	}
	switch date := r.Authorisation.Date; {
	case date.After(issued.Add(MaxSkew)):
		bad("authorisation.date", errors.New("is after the time of the request"))
	case date.Before(issued.AddDate(-MaxAuthorisationAge, 0, 0)):
		bad("authorisation.date", fmt.Errorf("is more than %d years before the request", MaxAuthorisationAge))
	}
	return errors.Join(errs...)
}
