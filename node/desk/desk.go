// Package desk is where people and their programs meet a node: an HTTP/JSON
// API on a socket that only this user may open, on loopback where a port is
// configured, behind a token; and the client that the command line uses.
// The desk sees the node through the small interfaces below.
//
// A person acts in two steps. Prepare says what the agreement finds and what
// the officer is asked to sign; the officer signs with a key that the node
// never sees; Submit takes the signature.
//
// The desk is trusted with authorisation on this machine: whoever holds the
// token can read what this node may read, and submit what officers signed. It
// cannot sign for an officer.
package desk

import (
	"context"
	"io"
	"net/http"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// Limits of the API.
const (
	MaxBody     = 2 << 20  // bytes of one request
	MaxDocument = 16 << 20 // bytes of a register, and of what is read whole
	MaxPage     = 200      // items of one list
	DefaultPage = 50
)

// A Draft is what a person wants to do: open a case with a request, or act in
// a case. The node fills in what it knows better: the certified request, the
// relayed act.
type Draft struct {
	Case      protocol.CaseID `json:"case,omitzero"`      // none: a new case
	Agreement string          `json:"agreement,omitzero"` // id, for a request; none: let the node find it
	Body      protocol.Body   `json:"body"`
	// Endorsements are there once the officers have signed.
	Endorsements []protocol.Endorsement `json:"endorsements,omitzero"`
	// Sealed is what the node puts into compartments of a request when it saves
	// it, sealed to the authorities that may read it, away from the addressee.
	Sealed []SealedText `json:"sealed,omitempty"`
}

// A SealedText is what goes into a compartment, or was read in one.
type SealedText struct {
	Name protocol.CompartmentName `json:"name"`
	Text string                   `json:"text,omitzero"`
	// For is who can open it; the node fills it in.
	For []protocol.ParticipantID `json:"for,omitempty"`
}

// A Prepared draft is what the officer is asked to sign.
type Prepared struct {
	Case      protocol.CaseID          `json:"case"`
	To        []protocol.ParticipantID `json:"to"` // whom the act will be sent to
	Body      protocol.Body            `json:"body"`
	Statement protocol.Statement       `json:"statement"` // without the time, which the officer sets
	Decision  protocol.Decision        `json:"decision"`
	// Approvals are those of a saved draft.
	Approvals *Approvals `json:"approvals,omitzero"`
}

// A Submitted act is durable, and on its way unless the decision denies it.
type Submitted struct {
	Case     protocol.CaseID   `json:"case"`
	Act      protocol.Digest   `json:"act,omitzero"` // none when it was denied: it stays a draft
	Decision protocol.Decision `json:"decision"`
}

// A Discarded draft is no more.
type Discarded struct {
	Case protocol.CaseID `json:"case"`
}

// Acts takes what people want done.
type Acts interface {
	// Save keeps a request as a draft and says what the agreement finds: in a new
	// case, or in the place of the draft of the named one. A disclosure is kept in
	// its case until enough officers have approved it.
	Save(ctx context.Context, d Draft) (Prepared, error)
	// Prepare completes a draft for signing. With a case and an empty body it
	// takes the saved request.
	Prepare(ctx context.Context, d Draft) (Prepared, error)
	// Discard removes a draft for good: nobody has signed it.
	Discard(ctx context.Context, id protocol.CaseID) (Discarded, error)
	// Submit sends an endorsed act.
	Submit(ctx context.Context, d Draft) (Submitted, error)
}

// A Delivery is where an act stands with one of its recipients.
type Delivery struct {
	To      protocol.ParticipantID `json:"to"`
	State   string                 `json:"state"` // waiting, receipted, refused, expired
	Reasons []protocol.Reason      `json:"reasons,omitzero"`
}

// An ActView is one act of a case as a person sees it.
type ActView struct {
	casefile.Entry
	Content protocol.Act  `json:"content"`
	Carried *protocol.Act `json:"carried,omitzero"`
	// Within is the request in a certification that is carried, and Found what
	// the agreements find of an order with which an authority came into the case.
	Within     *protocol.Act      `json:"within,omitzero"`
	Found      *protocol.Decision `json:"found,omitzero"`
	Decision   *protocol.Decision `json:"decision,omitzero"`
	Deliveries []Delivery         `json:"deliveries,omitzero"`
	// Signers are who stands behind the act, and behind the one that it carries.
	Signers []Signer `json:"signers,omitzero"`
	// Product is the disclosure from another case that the act, or the act in it,
	// passes on.
	Product *protocol.Act `json:"product,omitzero"`
	// Right is there where the agreement grants what the act asks for.
	Right *Right `json:"right,omitzero"`
	Leaf  int64  `json:"ledger_entry"`
	// Compartments are those of its request, with their text where this
	// participant can open them.
	Compartments []SealedText `json:"compartments,omitempty"`
	// Crossed says that the act is an answer whose sender did not know of the
	// withdrawal that the case holds: what becomes of it a person decides.
	Crossed bool `json:"crossed,omitzero"`
}

// A CaseView is a case as a person sees it. A draft has no thread.
type CaseView struct {
	Case  protocol.CaseID `json:"case"`
	State string          `json:"state"`
	Move  casefile.Move   `json:"move,omitzero"`
	// Draft is the saved request, as long as it was not sent, and Proposed the
	// disclosure that waits for approval in an open case.
	Draft    *Draft `json:"draft,omitzero"`
	Proposed *Draft `json:"proposed,omitzero"`
	// Approvals are those of the draft, or of what is proposed.
	Approvals *Approvals         `json:"approvals,omitzero"`
	Decision  *protocol.Decision `json:"decision,omitzero"`
	// Compartments are those of the saved request.
	Compartments []SealedText   `json:"compartments,omitempty"`
	File         *casefile.Case `json:"file,omitzero"`
	Acts         []ActView      `json:"acts,omitzero"`
	// Title is the agreement's, and Clocks are the periods that it sets, in its
	// own words.
	Title         string         `json:"title,omitzero"`
	Clocks        []Clock        `json:"clocks,omitzero"`
	Organisations []Organisation `json:"organisations,omitzero"`
	// Linked are cases that carry this one out, or that it carries out.
	Linked []Linked `json:"linked,omitempty"`

	// Evidence are the objects of the case, and where each stands at this node.
	Evidence []EvidenceItem `json:"evidence,omitempty"`

	// ToDelete says that what was disclosed is to be deleted, and used no more.
	ToDelete bool `json:"to_delete,omitzero"`

	// Current is the request as its amendments leave it, and Version which one
	// that is: 1 is the request as it was made.
	Current *protocol.Request `json:"current,omitzero"`
	Version int64             `json:"version,omitzero"`

	// Where the case stands now. Running are its clocks as they run, also those
	// that stand still or have stopped; Fired is what came about here at the end
	// of one, or ahead of it; Awaits says whose move it is, of all in the case.
	Running   []casefile.Running  `json:"running,omitzero"`
	Fired     []casefile.Fired    `json:"fired,omitzero"`
	Questions []casefile.Question `json:"questions,omitzero"`
	Regions   []casefile.Stand    `json:"regions,omitzero"`
	Awaits    []casefile.Awaited  `json:"awaits,omitzero"`
}

// How two cases of one participant are linked.
const (
	Executes   = "executes"    // this one carries out the other
	ExecutedBy = "executed_by" // the other carries out this one
)

// A Linked case is another that this participant holds and that belongs to it.
type Linked struct {
	Case     protocol.CaseID `json:"case"`
	Relation string          `json:"relation"`
	State    casefile.State  `json:"state"`
	// Product counts what came in the other case and was not passed on yet.
	Product int `json:"product,omitzero"`
	// Halt says why this case is not to go on: the other "ended", or is "narrow"er.
	Halt string `json:"halt,omitzero"`
}

// An Item is one line of the inbox.
type Item struct {
	Case      protocol.CaseID        `json:"case"`
	State     casefile.State         `json:"state"`
	Move      casefile.Move          `json:"move"`
	Emergency bool                   `json:"emergency,omitzero"`
	Drill     bool                   `json:"drill,omitzero"` // an exercise
	Issuer    protocol.ParticipantID `json:"issuer"`
	Addressee protocol.ParticipantID `json:"addressee"`
	Agreement string                 `json:"agreement"`
	Since     time.Time              `json:"since"`
	// Due is the earliest end of a clock that runs against this participant, and
	// Clock which it is: its id, as case show has it.
	Due   time.Time `json:"due,omitzero"`
	Clock string    `json:"clock,omitzero"`
	// Alert is the newest of what came about at the end of a clock, or ahead of
	// it, and that our people have neither read nor acted upon since; Alerts is
	// how many there are.
	Alert  casefile.Fired `json:"alert,omitzero"`
	Alerts int            `json:"alerts,omitzero"`
}

// A Page asks for part of a list.
type Page struct {
	After string // the last item of the page before; "" for the first page
	Limit int
}

// An Inbox is one page of what waits for this participant's people,
// emergencies first, then the longest wait first.
type Inbox struct {
	Items []Item `json:"items"`
	Next  string `json:"next,omitzero"` // After of the next page, if there is one
}

// A CaseClock is one clock of a case.
type CaseClock struct {
	Case      protocol.CaseID `json:"case"`
	State     casefile.State  `json:"state"`
	Emergency bool            `json:"emergency,omitzero"`
	Drill     bool            `json:"drill,omitzero"` // an exercise
	Agreement string          `json:"agreement"`
	// Clock is as case show has it.
	Clock casefile.Running `json:"clock"`
	// Passed says that its end has come about.
	Passed bool `json:"passed,omitzero"`
}

// A ClockPage asks for part of the clocks. Its limit is one of cases.
type ClockPage struct {
	Page
	// All asks also for clocks that have stopped or passed, and has the cases in
	// the order of their names, which is none in time.
	All bool
}

// Clocks is one page of clocks: the cases by when something is next due in them,
// those whose clocks all stand still or are overdue last.
type Clocks struct {
	Items []CaseClock `json:"items"`
	Next  string      `json:"next,omitzero"` // After of the next page, if there is one
}

// A DraftItem is one line of the list of drafts. It says nothing of whom the
// request is about: a list is read over a shoulder.
type DraftItem struct {
	Case      protocol.CaseID       `json:"case"`
	Saved     time.Time             `json:"saved"` // when it was kept and decided last
	Verdict   protocol.Verdict      `json:"verdict"`
	Agreement protocol.AgreementRef `json:"agreement"` // none where none carries it
	Kind      protocol.Kind         `json:"kind,omitzero"`
	Approvals *Approvals            `json:"approvals,omitzero"`
}

// Drafts is one page of the requests that were not sent, in the order of their
// cases, which is none in time.
type Drafts struct {
	Items []DraftItem `json:"items"`
	Next  string      `json:"next,omitzero"` // After of the next page, if there is one
}

// Seen says what a person has seen of a case: all of it, or the node refuses.
type Seen struct {
	Acts  int            `json:"acts"`
	State casefile.State `json:"state"`
}

// Cases shows what the node holds.
type Cases interface {
	Inbox(ctx context.Context, p Page) (Inbox, error)
	Drafts(ctx context.Context, p Page) (Drafts, error)
	Clocks(ctx context.Context, p ClockPage) (Clocks, error)
	Case(ctx context.Context, id protocol.CaseID) (CaseView, error)
	// MarkRead takes a case that was to be read out of the inbox, until
	// something new comes.
	MarkRead(ctx context.Context, id protocol.CaseID, seen Seen) (CaseView, error)
	// Export writes the case as one package that verifies offline.
	Export(ctx context.Context, id protocol.CaseID, w io.Writer) error
}

// A Document is a register, an agreement or a notice that the node holds.
type Document struct {
	Kind    string          `json:"kind"` // register, agreement, notice
	Name    string          `json:"name"`
	Version string          `json:"version,omitzero"`
	Digest  protocol.Digest `json:"digest"`
	Status  string          `json:"status"` // in words: valid until …, signed by …
}

// Documents holds registers, agreements and notices.
type Documents interface {
	Documents(ctx context.Context) ([]Document, error)
	// Read returns a document as it was signed.
	Read(ctx context.Context, kind, name string) ([]byte, error)
	// Publish takes a signed document, makes it durable, and sends it to the
	// peers whom it concerns.
	Publish(ctx context.Context, kind string, document []byte) (Document, error)
}

// A Status says how the node is.
type Status struct {
	Participant protocol.ParticipantID `json:"participant"`
	Accepting   bool                   `json:"accepting"`        // whether it takes acts
	Trouble     string                 `json:"trouble,omitzero"` // why not
	Time        time.Time              `json:"time"`             // legal time
	// Testnet says that legal time is turned by hand here, and how far: "8h0m0s
	// ahead". It is empty in every node that is not one of a testnet.
	Testnet    string     `json:"testnet,omitzero"`
	Address    string     `json:"address"`
	LedgerSize int64      `json:"ledger_size"`
	Outbox     int        `json:"outbox"` // deliveries that wait, at most MaxPage are counted
	Peers      []Peer     `json:"peers"`
	Registers  []Document `json:"registers"`
	// Unconfirmed are the Parties of which nobody has said lately that this
	// node missed none of their notices. It goes on with those that it holds.
	Unconfirmed []Unconfirmed `json:"unconfirmed,omitzero"`
	// Unused are the documents among the home's files that the node does not use.
	Unused []Unused `json:"unused,omitzero"`
	// Room is how many bytes of evidence the disk still takes.
	Room int64 `json:"room"`
}

// An Unused document is not in use, and why.
type Unused struct {
	Kind string `json:"kind"` // register, agreement, notice
	File string `json:"file"`
	Why  string `json:"why"`
}

// An Unconfirmed is a Party whose notices may have been missed.
type Unconfirmed struct {
	Party protocol.Party `json:"party"`
	Since time.Time      `json:"since,omitzero"` // legal time; zero: since the node started
}

// A Peer is the way to another participant.
type Peer struct {
	ID      protocol.ParticipantID `json:"id"`
	Address string                 `json:"address"`
	// Ledger is the size of the newest checkpoint that is held of the peer's ledger.
	Ledger int64 `json:"ledger_size"`
}

// A LedgerReport is the result of checking the whole ledger.
type LedgerReport struct {
	Size       int64    `json:"size"`
	Checkpoint string   `json:"checkpoint"`
	Trouble    []string `json:"trouble,omitzero"`
}

// Health shows and checks the node itself.
type Health interface {
	Status(ctx context.Context) (Status, error)
	Probe(ctx context.Context, peer protocol.ParticipantID) (Probe, error)
	Check(ctx context.Context) (LedgerReport, error)
	// Prove returns the C2SP tlog-proof of a ledger entry.
	Prove(ctx context.Context, index int64) ([]byte, error)
	Checkpoint(ctx context.Context) ([]byte, error)
}

// A Node is what a desk stands in front of.
type Node interface {
	Acts
	Approving
	Cases
	Exhibits
	Documents
	Reports
	Health
}

// A Problem is what a person can mend. Its text names no person and no identifier.
type Problem struct {
	Status int    `json:"-"` // HTTP status
	Text   string `json:"error"`
	Hint   string `json:"hint,omitzero"`
}

func (p *Problem) Error() string { return p.Text }

// NoCase is the problem of who names a case that the node does not hold.
func NoCase() error {
	return &Problem{Status: http.StatusNotFound, Text: "this node holds no such case",
		Hint: "comity inbox lists the cases that wait for you, comity request list the drafts"}
}
