package casepack

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
)

// A Covered is an act that a package holds, signed by whom it names.
type Covered struct {
	Digest protocol.Digest          `json:"digest"`
	Kind   protocol.Kind            `json:"kind"`
	From   protocol.ParticipantID   `json:"from"`
	To     []protocol.ParticipantID `json:"to"`
	Issued time.Time                `json:"issued"`

	// Register is the one of From's Party under which it was verified.
	Register  RegisterRef           `json:"register"`
	Officers  []register.OfficerID  `json:"officers,omitempty"`
	Agreement protocol.AgreementRef `json:"agreement"` // under which it was decided again
	Verdict   protocol.Verdict      `json:"verdict"`
	// Receipts are those of the exporter, if the act came in, and of the recipients
	// that proved to have it.
	Receipts []Receipted `json:"receipts,omitempty"`
}

// A RegisterRef names one version of a Party's register.
type RegisterRef struct {
	Party   protocol.Party `json:"party"`
	Version uint64         `json:"version"`
}

// A Receipted says when a participant's ledger took an act.
type Receipted struct {
	By protocol.ParticipantID `json:"by"`
	At time.Time              `json:"at"`
}

// concerns reports whether a participant sent the act or was to have it.
func (c *Covered) concerns(id protocol.ParticipantID) bool {
	return c.From == id || slices.Contains(c.To, id)
}

// A Head is the largest tree of a participant's ledger that a proof in the
// package leads to. The package says nothing of what came to the ledger later.
type Head struct {
	Participant protocol.ParticipantID `json:"participant"`
	Size        int64                  `json:"size"`   // entries
	Signed      time.Time              `json:"signed"` // when the participant says it signed it
}

// see keeps the largest tree of each participant.
func (r *Report) see(by protocol.ParticipantID, e ledger.Entry) {
	h := Head{by, e.Checkpoint.Size, e.Signed}
	at, found := slices.BinarySearchFunc(r.Ledgers, h, func(x, y Head) int { return cmp.Compare(x.Participant, y.Participant) })
	switch {
	case !found:
		r.Ledgers = slices.Insert(r.Ledgers, at, h)
	case h.Size > r.Ledgers[at].Size:
		r.Ledgers[at] = h
	}
}

// cover notes an act, and returns the note, which stays valid until the next one.
func (r *Report) cover(a *chain.Authentic, dir *register.Directory) *Covered {
	c := Covered{Digest: a.Digest, Kind: a.Act.Body.Kind(), From: a.Act.From, To: a.Act.To, Issued: a.Act.Issued,
		Register: registerOf(a, dir)}
	for _, o := range a.Officers {
		c.Officers = append(c.Officers, o.ID)
	}
	r.Acts = append(r.Acts, c)
	return &r.Acts[len(r.Acts)-1]
}

// registerOf is the register in which the sender of a verified act stands.
func registerOf(a *chain.Authentic, dir *register.Directory) RegisterRef {
	party := a.Act.From.Party()
	held, err := dir.Register(party)
	if err != nil {
		return RegisterRef{Party: party}
	}
	return RegisterRef{party, held.Version}
}

// signers says who signed an act, and under which register.
func signers(a *chain.Authentic, dir *register.Directory) string {
	r := registerOf(a, dir)
	said := fmt.Sprintf("%s, under the register of %s, version %d", a.Act.From, r.Party, r.Version)
	for _, o := range a.Officers {
		said += ", " + string(o.ID)
	}
	return said
}

// A Lack is an act that one package holds and another does not, although its
// exporter sent it or was to have it.
type Lack struct {
	Act Covered `json:"act"`
	In  int     `json:"in"`  // the first package that holds it, counted from 0
	Not int     `json:"not"` // the package that does not
}

// ErrCases says that packages are not of one case.
var ErrCases = errors.New("casepack: compare: the packages are of different cases")

// Compare finds what each of the packages of one case leaves out. One package
// alone cannot show it: its exporter may have left out what it likes.
func Compare(reports ...Report) ([]Lack, error) {
	lacks := []Lack{}
	told := map[protocol.Digest]bool{}
	for in, r := range reports {
		if r.Case != reports[0].Case {
			return nil, ErrCases
		}
		for _, act := range r.Acts {
			if told[act.Digest] {
				continue
			}
			told[act.Digest] = true
			for not, other := range reports {
				if act.concerns(other.Exporter) && !other.covers(act.Digest) {
					lacks = append(lacks, Lack{act, in, not})
				}
			}
		}
	}
	return lacks, nil
}

func (r *Report) covers(d protocol.Digest) bool {
	return slices.ContainsFunc(r.Acts, func(c Covered) bool { return c.Digest == d })
}
