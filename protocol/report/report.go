// Package report counts cases for those to whom the law lets them be told: the
// statistics of Regulation (EU) 2023/1543, Art. 28, the bands of 50 USC 1874,
// the yearly figures under an agreement, a provider's transparency report, and
// how orders of secrecy stand.
//
// A report is folded in one pass over facts (Fact), in memory that does not grow
// with the number of cases. It names the checkpoint of the ledger and the digest
// of the acts that it was computed from, so that whoever may read them gets the
// same figures. Beside each figure stands the article that asks for it. What the
// node cannot know is said to be unknown, and is not 0.
//
// The package is trusted with this: that a figure counts what its article says;
// that a report under 50 USC 1874 has no number but bands, and no other report
// counts what only that one may tell; and that no fact names a person.
package report

import (
	"fmt"
	"slices"
	"time"

	"comity.example/protocol"
)

// A Kind names a report.
type Kind string

// The reports.
const (
	EUState  Kind = "eu-28-2"          // Regulation (EU) 2023/1543, Art. 28(2): a Member State's authorities
	EUHolder Kind = "eu-28-4"          // Art. 28(4): a service provider
	USC1874  Kind = "usc-1874"         // 50 USC 1874: bands of national security process
	Provider Kind = "provider"         // what providers publish
	Annual   Kind = "agreement-annual" // between designated authorities, per agreement and direction
	Secrecy  Kind = "secrecy"          // orders of secrecy, and the notices after them
)

// Kinds lists the reports.
func Kinds() []Kind { return []Kind{EUState, EUHolder, USC1874, Provider, Annual, Secrecy} }

// EURegulation is the id of the agreement that holds the rules of Regulation
// (EU) 2023/1543.
const EURegulation = "eu-epoc-2023"

const (
	// MaxRows bounds the rows of one table: what is more is counted in a row
	// "others".
	MaxRows = 4096
	// MaxServices bounds the services that a report under 50 USC 1874 tells apart.
	MaxServices = 4096
)

// Options say what is to be reported.
type Options struct {
	Kind Kind `json:"kind"`
	// From and To are the period: from the beginning of the one to before the
	// beginning of the other. Of a report under 50 USC 1874, To is the day of its
	// publication, and what it covers follows from the statute.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Structure is 1 to 4, of a report under 50 USC 1874.
	Structure int `json:"structure,omitzero"`
	// Suppress hides numbers below it, as a policy; 0: none.
	Suppress int64 `json:"suppress,omitzero"`
}

// A Basis is what a report was computed from.
type Basis struct {
	Participant protocol.ParticipantID `json:"participant"`
	// Checkpoint is the tree head of the participant's ledger to which the acts
	// belong: its origin and its root hash (C2SP tlog-checkpoint). The size is left
	// out, which with the figures of other reports would tell how much there is of
	// what only bands may tell.
	Checkpoint string `json:"checkpoint"`
	// AsOf is the moment up to which acts count.
	AsOf time.Time `json:"as_of"`
	// Inputs is the digest of the acts that were read (Inputs).
	Inputs protocol.Digest `json:"inputs"`
}

// A Report is a set of tables. The figures are whole numbers.
type Report struct {
	Options
	Title string `json:"title"`
	Law   string `json:"law"`
	Basis Basis  `json:"basis"`
	// Covers are the periods that it covers, where they are not From to To.
	Covers []Cover  `json:"covers,omitempty"`
	Notes  []string `json:"notes"`
	Tables []Table  `json:"tables"`
	Charts []Chart  `json:"charts,omitempty"`
}

// A Cover is a period for some of the figures.
type Cover struct {
	Of      string    `json:"of"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Article string    `json:"article"`
}

// A Table is figures by the words of its dimensions.
type Table struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Article string   `json:"article"`
	Dims    []string `json:"dimensions"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	Notes   []string `json:"notes,omitempty"`
	// sums says that the numbers of a row add up to one that is told too.
	sums bool
}

// A Column is one figure of each row.
type Column struct {
	Name    string `json:"name"`
	Article string `json:"article"`
	Unit    Unit   `json:"unit"`
}

// A Unit is in what a figure is counted.
type Unit string

// The units.
const (
	Count   Unit = "number"
	Mean    Unit = "mean_seconds"   // the arithmetic mean, rounded down
	Median  Unit = "median_seconds" // the lower median, to the bucket (Span)
	Percent Unit = "percent"        // rounded down
	Money   Unit = "smallest_unit"  // of the currency that the row names
	Band    Unit = "band"
)

// A Row is one line of a table.
type Row struct {
	Labels []string `json:"labels"`
	Cells  []Cell   `json:"cells"`
	Total  bool     `json:"total,omitzero"`
}

// A Cell is a figure, or why there is none: exactly one of Value, Band, Below
// and Unknown is there.
type Cell struct {
	Value   *int64 `json:"value,omitempty"`
	Band    string `json:"band,omitzero"`
	Below   int64  `json:"below,omitzero"` // suppressed: fewer than so many; a policy
	Unknown string `json:"unknown,omitzero"`
	// Missing counts the cases that belong here and of which the figure is not
	// known to this node.
	Missing int64 `json:"missing,omitzero"`
}

// The words for why there is no figure.
const (
	NotKnown   = "not known to this node"
	NoCase     = "no case to measure"
	Suppressed = "hidden" // with a number of its row
)

func number(n int64) Cell { return Cell{Value: &n} }

// A Maker folds facts into one report.
type Maker struct {
	opts Options
	fold folder
}

// A folder counts facts for one kind of report.
type folder interface {
	add(f *Fact)
	report(r *Report, b Basis) error
}

// New returns what makes a report. The error says what of the options to mend.
func New(o Options) (*Maker, error) {
	if !slices.Contains(Kinds(), o.Kind) {
		return nil, fmt.Errorf("report: kind %q: want one of %v", o.Kind, Kinds())
	}
	switch {
	case o.Suppress < 0:
		return nil, fmt.Errorf("report: suppress: want 0 or more")
	case o.Kind != USC1874 && o.Structure != 0:
		return nil, fmt.Errorf("report: structure: only %s has structures", USC1874)
	case o.Kind == USC1874 && o.Suppress != 0:
		return nil, fmt.Errorf("report: suppress: leave it out: the bands of %s are the statute's", USC1874)
	}
	if o.Kind == USC1874 {
		var err error
		if o, err = statutory(o); err != nil {
			return nil, err
		}
	}
	if o.From.IsZero() || !o.To.After(o.From) {
		return nil, fmt.Errorf("report: period: want a first day, and a last one that is not before it")
	}
	m := &Maker{opts: o}
	switch o.Kind {
	case EUState:
		m.fold = newState(o)
	case EUHolder:
		m.fold = newHolder(o)
	case USC1874:
		m.fold = newBands(o)
	case Provider:
		m.fold = newProvider(o)
	case Annual:
		m.fold = newAnnual(o)
	case Secrecy:
		m.fold = newSecrecy(o)
	}
	return m, nil
}

// Options returns what is reported, with the period filled in.
func (m *Maker) Options() Options { return m.opts }

// Needs returns from when on cases matter to the report: of those that were over
// before, with all that runs beside them, it counts nothing. The zero time
// stands for every case.
func (m *Maker) Needs() time.Time {
	if m.opts.Kind == USC1874 { // whether a service got an order before
		return time.Time{}
	}
	return m.opts.From
}

// Add counts a case.
func (m *Maker) Add(f *Fact) { m.fold.add(f) }

// Report returns the report of what was added, and of nothing that is added
// later.
func (m *Maker) Report(b Basis) (Report, error) {
	r := Report{Options: m.opts, Basis: b, Notes: []string{}}
	if m.opts.Kind == USC1874 && b.AsOf.Before(m.opts.To) {
		return Report{}, fmt.Errorf("report: %s: the day of publication, %s, is not come yet at this node",
			USC1874, m.opts.To.Format(time.DateOnly))
	}
	if err := m.fold.report(&r, b); err != nil {
		return Report{}, err
	}
	if m.opts.Kind != USC1874 && b.AsOf.Before(m.opts.To) {
		r.Notes = append(r.Notes, "The period is not over: the figures are those of the moment named above.")
	}
	if m.opts.Suppress > 0 {
		suppress(&r, m.opts.Suppress)
	}
	return r, nil
}

// in reports whether a moment is in the period.
func (o *Options) in(t time.Time) bool { return !t.Before(o.From) && t.Before(o.To) }

// secretFromOthers reports whether only a report under 50 USC 1874 may count
// the case: its addressee is bound not to tell of national security process of
// the United States but in bands.
func (f *Fact) secretFromOthers() bool { return f.Receiving && f.nationalSecurity() }

func (f *Fact) nationalSecurity() bool {
	return f.Security != nil && f.Issuer.Party() == "US"
}
