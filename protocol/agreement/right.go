package agreement

import (
	"slices"

	"comity.example/protocol"
)

// A Channel says to whom a request under a right is addressed.
type Channel string

// The channels.
const (
	Direct  Channel = "direct"  // to the provider
	Central Channel = "central" // to the central authority of the receiving Party
)

func channels() []Channel { return []Channel{Direct, Central} }

// A Reciprocity says what a right depends on.
type Reciprocity string

// The reciprocities.
const (
	Mirrored Reciprocity = "mirrored"  // the same right stands in the other direction
	OneSided Reciprocity = "one-sided" // the article says that it does not depend on it
	Promise  Reciprocity = "promise"   // a written promise is attached to each request
)

func reciprocities() []Reciprocity { return []Reciprocity{Mirrored, OneSided, Promise} }

// PromiseStatement is the statement code that a right with Reciprocity Promise
// asks for.
const PromiseStatement = "reciprocity_promise"

// A Right is one permission.
type Right struct {
	ID       string
	From, To PartySet // the issuing and the receiving Party
	// Within says that the right is one of a Party's own law, from the Party to
	// itself: by it a request of another State is executed. From and To are it.
	Within      bool
	Types       []protocol.RequestType
	Categories  []protocol.Category
	Channel     Channel
	Article     string
	Reciprocity Reciprocity
	// OneSidedArticle is the article that says that the right does not depend
	// on its mirror; set exactly when Reciprocity is OneSided.
	OneSidedArticle string
	Transmitted     *Transmission // nil: anyone the issuing Party registered may send it
	Notifies        *Notification // nil: nobody need be told at the same time
	// EmergencyOnly says that the right is for requests that state an emergency.
	EmergencyOnly bool
	Mark
}

// A Transmission says who alone may send a request under a right.
type Transmission struct {
	Role    protocol.Role // of a participant of the issuing Party
	Article string
	Text    string
	Mark
}

// A Notification says who of the receiving Party must get a request under a
// right at the same time as its addressee.
type Notification struct {
	Role    protocol.Role
	When    string // CEL; "": always
	Option  string // only if the receiving Party made this option; "": always
	Article string
	Text    string
	Mark

	when   *expression
	inputs []string // what it looks at, in ascending order
}

// A wanted is what is asked for under a right, one category at a time.
type wanted struct {
	typ       protocol.RequestType
	category  protocol.Category
	emergency bool
}

// covers reports whether the right is for what is wanted.
func (r *Right) covers(w wanted) bool {
	return slices.Contains(r.Types, w.typ) && slices.Contains(r.Categories, w.category) &&
		(w.emergency || !r.EmergencyOnly)
}

// joins reports whether the right is from one to another Party, or within one.
func (r *Right) joins(from, to protocol.Party) bool {
	return (from == to) == r.Within && r.From.Has(from) && r.To.Has(to)
}
