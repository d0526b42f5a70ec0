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
}

// A Prepared draft is what the officer is asked to sign.
type Prepared struct {
	Case      protocol.CaseID          `json:"case"`
	To        []protocol.ParticipantID `json:"to"` // whom the act will be sent to
	Body      protocol.Body            `json:"body"`
	Statement protocol.Statement       `json:"statement"` // without the time, which the officer sets
	Decision  protocol.Decision        `json:"decision"`
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
	// Save keeps a request as a draft and says what the agreement finds.
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
	Content    protocol.Act       `json:"content"`
	Carried    *protocol.Act      `json:"carried,omitzero"`
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
	// Crossed says that the act is an answer whose sender did not know of the
	// withdrawal that the case holds: what becomes of it a person decides.
	Crossed bool `json:"crossed,omitzero"`
}

// A CaseView is a case as a person sees it. A draft has no thread.
type CaseView struct {
	Case  protocol.CaseID `json:"case"`
	State string          `json:"state"`
	Move  casefile.Move   `json:"move,omitzero"`
	// Draft is the saved request, as long as it was not sent.
	Draft    *Draft             `json:"draft,omitzero"`
	Decision *protocol.Decision `json:"decision,omitzero"`
	File     *casefile.Case     `json:"file,omitzero"`
	Acts     []ActView          `json:"acts,omitzero"`
	// Title is the agreement's, and Clocks are the periods that it sets.
	Title         string         `json:"title,omitzero"`
	Clocks        []Clock        `json:"clocks,omitzero"`
	Organisations []Organisation `json:"organisations,omitzero"`
	// Linked are cases that carry this one out, or that it carries out.
	Linked []Linked `json:"linked,omitempty"`
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
	Issuer    protocol.ParticipantID `json:"issuer"`
	Addressee protocol.ParticipantID `json:"addressee"`
	Agreement string                 `json:"agreement"`
	Since     time.Time              `json:"since"`
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

// A DraftItem is one line of the list of drafts. It says nothing of whom the
// request is about: a list is read over a shoulder.
type DraftItem struct {
	Case      protocol.CaseID       `json:"case"`
	Saved     time.Time             `json:"saved"` // when it was kept and decided last
	Verdict   protocol.Verdict      `json:"verdict"`
	Agreement protocol.AgreementRef `json:"agreement"` // none where none carries it
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
	Address     string                 `json:"address"`
	LedgerSize  int64                  `json:"ledger_size"`
	Outbox      int                    `json:"outbox"` // deliveries that wait, at most MaxPage are counted
	Peers       []Peer                 `json:"peers"`
	Registers   []Document             `json:"registers"`
	// Unconfirmed are the Parties of which nobody has said lately that this
	// node missed none of their notices. It goes on with those that it holds.
	Unconfirmed []Unconfirmed `json:"unconfirmed,omitzero"`
	// Unused are the documents among the home's files that the node does not use.
	Unused []Unused `json:"unused,omitzero"`
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
	Cases
	Documents
	Health
}

// A Problem is what a person can mend. Its text names no person and no identifier.
type Problem struct {
	Status int    `json:"-"` // HTTP status
	Text   string `json:"error"`
	Hint   string `json:"hint,omitzero"`
}

func (p *Problem) Error() string { return p.Text }
