// Package casefile is the life of a case: a state machine without I/O. A case
// is what one participant holds of a matter: its thread of acts, its state,
// and who may move next. Apply takes a case and a verified act to the next
// case, or refuses the act with a reason and leaves the case as it was.
//
// The thread is a hash graph: each act names the acts that it follows. Two
// participants may hold different parts of one case; no one can drop or
// reorder an act between them unseen. Acts travel by different ways, so they
// overtake each other and cross:
//
//   - An act that follows what is not held here yet, or whose case is not, is
//     early (ErrEarly): it is neither taken nor refused, and comes again.
//   - An act that came in is judged in the state in which its sender stood: the
//     state after the acts that it follows, and those that they follow, and no
//     others. Who receives it may know more by now. An answer comes after the
//     answers before it, whether it follows them or not.
//   - An act of one's own is judged by all that one holds, besides (Send).
//
// The state of a case is therefore a function of the set of acts that are held,
// not of the order in which they came. Each act leads to a state; of those the
// one that stands last in this list is the state of the case:
//
//	requested, under_review, served, accepted, expired, refused,
//	partly_produced, produced, impossible, not_applicable, lifted,
//	ground_raised, withdrawn, closed
//
// A withdrawal ends the case, whatever crossed it (law: the unified life cycle,
// row 30). Evidence that crossed a withdrawal is kept and shown as such
// (Crossed), for a person to decide; no answer follows a withdrawal. Evidence
// that came after all outweighs that its order was thought lost.
//
// What goes to and fro meanwhile leads to no state. A question (question.go) is
// open from the act that asks until an act that names it: a clarification, an
// objection, an offer of conditions, a challenge. What runs beside the case, such
// as secrecy, or a preservation, is a region (region.go): where it stands follows
// from the set of its acts and from the time. So two who hold the same acts say
// the same of a case at every moment, whatever came first.
//
// The package is trusted with turn-taking: who may certify, disclose, refuse
// or withdraw, and when. It trusts its caller that signatures and registers
// were checked (package chain) and that the agreement allowed it.
package casefile

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

const (
	// MaxThread bounds the acts of one case, so that a peer cannot make a case
	// that is slow to read.
	MaxThread = 512
	// MaxNames bounds the recipients and the followed acts that the acts of one
	// case name together, of which ordinary acts name a few each: whoever keeps a
	// case knows that it stays under 1 MiB.
	MaxNames = 16 * MaxThread
	// MaxSent bounds the acts of one case that one participant sends: whoever fills
	// a case leaves the others room to withdraw, to answer and to close it.
	MaxSent = MaxThread - MaxThread/8
	// MaxNamed bounds what these name: beside it there is room to certify of all objects
	// that a case may have, and to end it.
	MaxNamed = MaxNames - MaxHanded - MaxNames/16
	// MaxHanded bounds the objects that the disclosures of one case name, so that
	// each side can certify of all of them that it deleted them.
	MaxHanded = MaxNames / 4
)

// ErrEarly says that an act may fit once what it follows has come: it is to be
// offered again.
var ErrEarly = errors.New("casefile: the act follows what is not held yet")

// A State is where the main region of a case stands (law: the unified life
// cycle; this version holds what a direct order needs).
type State string

// The states.
const (
	Requested      State = "requested"       // waits for the designated authority's certification
	UnderReview    State = "under_review"    // held for a named role of the receiving side
	Served         State = "served"          // before the addressee
	Accepted       State = "accepted"        // an authority of the receiving side accepted it, and has it carried out
	PartlyProduced State = "partly_produced" // some evidence was disclosed, more is to come
	Produced       State = "produced"        // all evidence was disclosed
	Refused        State = "refused"         // the addressee, or its node, said no
	Withdrawn      State = "withdrawn"       // the issuing side ended it
	Expired        State = "expired"         // could not be delivered in its time
	Impossible     State = "impossible"      // the issuing side confirmed that it cannot be done
	NotApplicable  State = "not_applicable"  // the receiving authority: the agreement does not apply
	Lifted         State = "lifted"          // a court lifted the order
	GroundRaised   State = "ground_raised"   // a notified authority raised a ground for refusal
	Closed         State = "closed"          // the issuing side has closed it
)

// States lists the states in the order of their precedence (SPEC.md §13): of
// those that the acts of a case lead to, the last is the state of the case.
func States() []State { return slices.Clone(precedence[:]) }

var precedence = [...]State{Requested, UnderReview, Served, Accepted, Expired, Refused, PartlyProduced, Produced,
	Impossible, NotApplicable, Lifted, GroundRaised, Withdrawn, Closed}

// Ended reports whether nothing more is asked of the addressee.
func (s State) Ended() bool {
	switch s {
	case Requested, UnderReview, Served, Accepted, PartlyProduced:
		return false
	}
	return true
}

// rank is the place of a state in that order, 0 for none.
func (s State) rank() int { return slices.Index(precedence[:], s) + 1 }

// merge returns which of two states prevails.
func merge(a, b State) State {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// A Case is one matter between participants, as one of them holds it.
type Case struct {
	ID        protocol.CaseID       `json:"case"`
	State     State                 `json:"state"`
	Agreement protocol.AgreementRef `json:"agreement"`
	Emergency bool                  `json:"emergency,omitzero"`

	Issuer    protocol.ParticipantID `json:"issuer"`             // the issuing authority
	Certifier protocol.ParticipantID `json:"certifier,omitzero"` // the designated authority, once it certified
	Addressee protocol.ParticipantID `json:"addressee"`
	// Notified are the authorities that got the request at the same time as its
	// addressee, because the agreement wants them to know.
	Notified []protocol.ParticipantID `json:"notified,omitempty"`
	// Joined are the authorities of the receiving side to which something in the
	// case was put later: an objection, an enforcement, a use.
	Joined []protocol.ParticipantID `json:"joined,omitempty"`
	// Matter is what the life of the case depends on in its request.
	Matter Matter `json:"matter"`
	// Terms are what the documents say of the regions, nil where they were not looked
	// up: in a package that is verified without a node.
	Terms *Terms `json:"terms,omitzero"`
	// Fired are the clocks whose effects have come about here (Tick).
	Fired []Fired `json:"fired,omitempty"`

	Thread []Entry `json:"thread"` // the acts held, in the order in which they became durable
}

// A Matter is what the life of a case depends on in its request. There is
// nothing of a person in it.
type Matter struct {
	Type        protocol.RequestType `json:"type,omitzero"`
	Categories  []protocol.Category  `json:"categories,omitempty"`
	Issued      time.Time            `json:"issued,omitzero"`
	Unvalidated bool                 `json:"unvalidated,omitzero"` // to be validated after the fact
	Window      *protocol.Window     `json:"window,omitzero"`      // of an interception
	Secrecy     *protocol.Secrecy    `json:"secrecy,omitzero"`     // that was asked for
	Deadline    time.Time            `json:"deadline,omitzero"`    // that the issuing side asks for
	// Officers are who signed the request, and Keys with which keys: only they
	// answer a challenge.
	Officers []register.OfficerID   `json:"officers,omitempty"`
	Keys     []identity.Fingerprint `json:"keys,omitempty"`
	// Drill: the request is an exercise, and nothing can be disclosed.
	Drill bool `json:"drill,omitzero"`
	// ThirdStates are the Parties, other than the two, whom the matter concerns.
	ThirdStates []protocol.Party `json:"third_states,omitempty"`
	// Executes is the case of another State's request that this one carries out
	// within a Party.
	Executes protocol.CaseID `json:"executes,omitzero"`
}

// An Entry is one act of a thread.
type Entry struct {
	Act     protocol.Digest          `json:"act"`
	ID      protocol.ActID           `json:"id"`
	Kind    protocol.Kind            `json:"kind"`
	From    protocol.ParticipantID   `json:"from"`
	To      []protocol.ParticipantID `json:"to"`
	Follows []protocol.Digest        `json:"follows"`
	Issued  time.Time                `json:"issued"`
	// Leads is the state to which the act leads a case, or of a relay the act
	// in it.
	Leads State `json:"leads,omitzero"`
	// Inner is the act that a certification or a relay carries.
	Inner protocol.Digest `json:"inner,omitzero"`
	// InnerKind is its kind.
	InnerKind protocol.Kind `json:"inner_kind,omitzero"`
	// InnerFollows are the acts that it follows.
	InnerFollows []protocol.Digest `json:"inner_follows,omitzero"`
	// Origin is the disclosure from another case that the act passes on, or of a
	// relay the act in it.
	Origin protocol.Digest `json:"origin,omitzero"`
	// Undelivered is set when the act, which was to open the case at its
	// recipient, or is an answer or a relay, did not get there: Refused or
	// Expired. Only its sender knows.
	Undelivered State `json:"undelivered,omitzero"`

	// Says is what the act says, as far as the life of the case depends on it.
	Says *Says `json:"says,omitzero"`
	// StateTold is what a request or a certification attests of the notice to a third
	// State: sent, exception, or nothing.
	StateTold string `json:"state_told,omitzero"`
	// Joins are the authorities to which the act puts something for the first time.
	Joins []protocol.ParticipantID `json:"joins,omitempty"`

	// What follows only the holder knows. At is when the act became durable here.
	At time.Time `json:"at,omitzero"`
	// Receipts are those of its recipients, of an act of the holder's own.
	Receipts []Receipt `json:"receipts,omitempty"`
	// LostTo are the recipients that it did not get to.
	LostTo []protocol.ParticipantID `json:"lost_to,omitempty"`
}

// A Receipt says when, by its own ledger, a recipient received an act.
type Receipt struct {
	By protocol.ParticipantID `json:"by"`
	At time.Time              `json:"at"`
}

// A Step is a verified act on its way into a case.
type Step struct {
	Act    *protocol.Act
	Digest protocol.Digest
	Inner  *Step // the act that it carries

	// Self is who holds the case: what opens one at an authority to which something
	// is put opens none at the others.
	Self protocol.ParticipantID
	// Endorsed says that an officer stands behind the act.
	Endorsed bool
	// Officers are who, with which Keys, and Roles what the sender is registered for.
	Officers []register.OfficerID
	Keys     []identity.Fingerprint
	Roles    []protocol.Role
	// At is when the act becomes durable.
	At time.Time
	// Unfit are those whom the act, or the request in it, is addressed to as
	// authorities of the receiving side and who are registered for no such role.
	Unfit []protocol.ParticipantID

	// Decision is what the agreement says of a request or certification.
	Decision *protocol.Decision
	// Terms are what the documents say of the regions of the case that it opens.
	Terms *Terms
}

// A TurnError says why an act does not fit a case.
type TurnError struct {
	Reason protocol.Reason
	Kind   protocol.Kind
	State  State
}

func (e *TurnError) Error() string {
	if e.State == "" {
		return fmt.Sprintf("casefile: %s opens no case: %s", e.Kind, e.Reason)
	}
	return fmt.Sprintf("casefile: %s in a case that is %s: %s", e.Kind, e.State, e.Reason)
}

// Holds reports whether the case holds the act with digest d, by itself or
// inside another.
func (c *Case) Holds(d protocol.Digest) bool {
	for i := range c.Thread {
		if c.Thread[i].Act == d || c.Thread[i].Inner == d {
			return true
		}
	}
	return false
}

// stands reports whether the case holds the act with digest d by itself.
func (c *Case) stands(d protocol.Digest) bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.Act == d })
}

// Heads returns what the next act to the given recipients is to follow: of the
// acts that all of them hold, those that no other of these follows, oldest first.
// An authority to which something is put now holds nothing yet, and takes what
// opens its case as it comes; one to which something was put holds what came
// since, and the order. What did not get to somebody is not followed, nor what was
// said before the certification, which the addressee never gets.
func (c *Case) Heads(to ...protocol.ParticipantID) []protocol.Digest {
	followed := map[protocol.Digest]bool{}
	heads := []protocol.Digest{}
	all := append(c.Participants(), c.Thread[0].To...) // also who is asked to certify
	in := slices.DeleteFunc(slices.Clone(to), func(id protocol.ParticipantID) bool { return !slices.Contains(all, id) })
	if len(in) == 0 {
		return heads
	}
	order := c.order()
	for _, e := range slices.Backward(c.Thread) {
		head := e.Act
		switch {
		case e.Lost() || len(e.LostTo) > 0 || shared(e.Kind) && !e.seenBy([]protocol.ParticipantID{c.Addressee}):
			continue
		case e.seenBy(in):
		case e.Act == order && e.seenBy(c.besidesJoined(in)):
		case e.Inner == order && e.joins():
			head = order // which everybody holds by itself
		default:
			continue
		}
		if !followed[head] {
			heads = append(heads, head)
		}
		for _, d := range slices.Concat(e.Follows, []protocol.Digest{e.Inner}) {
			followed[d] = true
		}
	}
	if len(heads) > protocol.MaxFollows {
		heads = heads[:protocol.MaxFollows]
	}
	slices.Reverse(heads)
	return heads
}

// besidesJoined leaves out the authorities that have the order by what was put to
// them.
func (c *Case) besidesJoined(ids []protocol.ParticipantID) []protocol.ParticipantID {
	if len(c.Joined) == 0 {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id protocol.ParticipantID) bool { return slices.Contains(c.Joined, id) })
}

// order returns the order of the case, which goes with what is put to an
// authority: the certification, or else the request.
func (c *Case) order() protocol.Digest {
	if c.late() {
		return c.Thread[0].Inner
	}
	for i := range c.Thread {
		if c.Thread[i].Kind == protocol.KindCertification {
			return c.Thread[i].Act
		}
	}
	return c.Thread[0].Act
}

// late reports whether its holder came into the case when something was put to
// it: it does not hold what was said before, and takes the word of who does.
func (c *Case) late() bool { return len(c.Thread) > 0 && c.Thread[0].joins() }

func (e *Entry) joins() bool {
	return e.Kind == protocol.KindObjection || e.Kind == protocol.KindEnforcement || e.Kind == protocol.KindUse
}

// seenBy reports whether each of ids sent or was sent the act.
func (e *Entry) seenBy(ids []protocol.ParticipantID) bool {
	for _, id := range ids {
		if e.From != id && !slices.Contains(e.To, id) || slices.Contains(e.LostTo, id) {
			return false
		}
	}
	return true
}

// A Room is what a case still takes of one participant.
type Room struct {
	Acts    int
	Names   int // recipients, acts, reasons and objects that these name together
	Objects int // that these disclose
}

// Room returns what the case still takes of a participant.
func (c *Case) Room(of protocol.ParticipantID) Room {
	all := Room{MaxThread, MaxNames, MaxHanded}
	own := Room{MaxSent, MaxNamed, MaxHanded}
	for i := range c.Thread {
		e := &c.Thread[i]
		all.take(e)
		if e.From == of {
			own.take(e)
		}
	}
	return Room{min(all.Acts, own.Acts), min(all.Names, own.Names), all.Objects}
}

func (r *Room) take(e *Entry) {
	r.Acts, r.Names, r.Objects = r.Acts-1, r.Names-e.names(), r.Objects-e.handed()
}

// fits reports whether the case takes an entry more.
func (c *Case) fits(e *Entry) bool {
	r := c.Room(e.From)
	r.take(e)
	return r.Acts >= 0 && r.Names >= 0 && (r.Objects >= 0 || e.handed() == 0)
}

// handed is how many objects an entry discloses.
func (e *Entry) handed() int {
	if e.Says == nil || e.Kind != protocol.KindDisclosure && e.InnerKind != protocol.KindDisclosure {
		return 0
	}
	return len(e.Says.Objects)
}

// names counts the recipients, acts, reasons and objects that an entry names.
func (e *Entry) names() int {
	n := len(e.To) + len(e.Follows) + len(e.InnerFollows)
	if e.Says != nil {
		n += len(e.Says.Answers) + len(e.Says.Reasons) + len(e.Says.Objects)
	}
	return n
}

// Last returns the newest entry of the given kind, by itself or inside
// another act, and whether there is one.
func (c *Case) Last(kind protocol.Kind) (Entry, bool) {
	for _, e := range slices.Backward(c.Thread) {
		if e.Kind == kind || e.InnerKind == kind {
			return e, true
		}
	}
	return Entry{}, false
}

// Participants returns the participants of the case, each once.
func (c *Case) Participants() []protocol.ParticipantID {
	var out []protocol.ParticipantID
	for _, id := range slices.Concat([]protocol.ParticipantID{c.Issuer, c.Certifier, c.Addressee}, c.Notified, c.Joined) {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
