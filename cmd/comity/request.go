package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/draft"
	"comity.example/protocol/lint"
)

type requestCmd struct {
	New      requestNewCmd      `cmd:"" help:"Keep a request as a draft, and say what the agreements find."`
	List     requestListCmd     `cmd:"" help:"List the drafts: requests that were not sent."`
	Send     requestSendCmd     `cmd:"" help:"Sign a draft and send it."`
	Show     requestShowCmd     `cmd:"" help:"Show a request and what was found of it."`
	Withdraw requestWithdrawCmd `cmd:"" help:"End a request that was sent."`
	Discard  requestDiscardCmd  `cmd:"" help:"Remove a draft."`
}

type requestNewCmd struct {
	File      string          `help:"The request, in YAML or JSON." placeholder:"FILE" xor:"what" required:""`
	Replace   protocol.CaseID `help:"Draft in whose place it comes. Approvals of what was another are void." placeholder:"CASE"`
	Template  bool            `help:"Print a request to fill in, made of the agreement that it is to go under." xor:"what" required:""`
	Facts     string          `help:"Text file with a summary of the facts, for the authorities only: sealed away from the addressee." placeholder:"FILE"`
	Necessity string          `help:"Text file with why it is necessary and proportionate, sealed likewise." placeholder:"FILE"`
	Agreement string          `help:"Id of the agreement to rely on. By default the one that carries it, of a template ukus-daa-2019." placeholder:"ID"`

	Type      protocol.RequestType   `help:"Of a template: what kind of request." placeholder:"TYPE" predictor:"type"`
	Issuer    protocol.ParticipantID `help:"Of a template: who issues it." placeholder:"ID"`
	Addressee protocol.ParticipantID `help:"Of a template: to whom it goes." placeholder:"ID"`
}

func (c *requestNewCmd) Help() string {
	return `A template is complete: it holds what the agreement asks for, each line explained, and can be sent as
it is where these participants and that agreement are. What follows from its kind is chosen with
--type: comity request new --template --agreement eu-epoc-2023 --type preservation prints an EPOC-PR.

The status says whether the draft can be sent: 0 if so, also where it then waits for its certification or for a
person at its addressee; 3 where something is to be supplied first, and 4 where no agreement carries it. Of comity
check 3 says that either is missing.`
}

// drafted is what request new says to a program.
type drafted struct {
	desk.Prepared
	Terms []termed `json:"terms"`
	Lint  []defect `json:"lint"`
	// Unknown are codes that nothing reads in the documents.
	Unknown []unknown `json:"unknown"`
}

func (c *requestNewCmd) Run(ctx context.Context, a *app) error {
	if c.Template {
		return c.template(ctx, a)
	}
	if c.Type != "" || c.Issuer != "" || c.Addressee != "" {
		return badInput("--type, --issuer and --addressee are for a template: a file says it itself", "")
	}
	_, node, err := a.openDesk() // first: a testnet's file is read by its legal time
	if err != nil {
		return err
	}
	r, where, err := a.readPlaced(c.File, c.Agreement)
	if err != nil {
		return err
	}
	sealed, err := c.sealed()
	if err != nil {
		return err
	}
	p, err := node.Save(ctx, desk.Draft{Case: c.Replace, Agreement: c.Agreement, Body: protocol.Body{Request: r}, Sealed: sealed})
	if err != nil {
		return c.meant(ctx, node, err)
	}
	held := participantsOf(published(ctx, node))
	used := a.usedBy(ctx, &p.Decision)
	governing := governingOf(&p.Decision, used)
	out := drafted{p, termsOf(r, governing), where.defects(lint.Lint(r, governing, a.instant())), where.unknowns(used, r)}
	err = a.show(out, func(w io.Writer) {
		field(w, "draft", string(p.Case))
		writeSealedTo(w, p.Body.Request)
		writeDecision(w, &p.Decision, brief)
		writeApprovals(w, p.Case, p.Approvals)
		where.writeStrangers(w, r, &p.Decision, held)
		writeAsked(w, unsaid(askedOf(used, &p.Decision), r.Attestations, nil))
		writeUnknowns(w, out.Unknown)
		writeTerms(w, out.Terms)
		writeLint(w, out.Lint)
		if p.Decision.Verdict != protocol.Deny && !incomplete(&p) {
			field(w, "next", "comity request send "+string(p.Case)+", which goes to "+words(p.To))
		} else {
			field(w, "mend", "the file, then comity request new --file FILE --replace "+string(p.Case))
		}
	})
	return errors.Join(err, done(statusOfDraft(&p)))
}

// meant says which agreement was meant, where what the node found wrong is its
// name.
func (c *requestNewCmd) meant(ctx context.Context, node *desk.Client, err error) error {
	var p *desk.Problem
	if !errors.As(err, &p) || p.Status != http.StatusBadRequest || c.Agreement == "" {
		return err
	}
	used, failed := usedTexts(ctx, node)
	if failed != nil {
		return err
	}
	return cmp.Or(among(c.Agreement, documentsOf(used)), err)
}

// usedBy returns those of the texts at hand on which a decision rests, which may rest on
// notices too.
func (a *app) usedBy(ctx context.Context, d *protocol.Decision) (used []*agreement.Document) {
	for _, texts := range []func(context.Context) ([]text, error){a.heldTexts, a.texts} {
		all, err := texts(ctx)
		if err != nil {
			return nil
		}
		if used = usedBy(d, documentsOf(all)); len(used) == len(d.Documents) {
			break
		}
	}
	return used
}

func documentsOf(all []text) []*agreement.Document {
	var out []*agreement.Document
	for _, t := range all {
		out = append(out, t.doc)
	}
	return out
}

// defaultAgreement is the one whose template is printed where none is named.
const defaultAgreement = "ukus-daa-2019"

// template prints a request to fill in.
func (c *requestNewCmd) template(ctx context.Context, a *app) error {
	t, err := a.find(ctx, cmp.Or(c.Agreement, defaultAgreement))
	if err != nil {
		return err
	}
	all, err := a.texts(ctx)
	if err != nil {
		return err
	}
	made, err := templateOf(t.doc, documentsOf(all), draft.Want{Type: c.Type, Issuer: c.Issuer, Addressee: c.Addressee,
		At: a.instant()})
	if err != nil {
		return err
	}
	_, err = a.out.Write(writeTemplate(made))
	return err
}

// templateOf makes a template among the texts at hand, of which those of one
// agreement are left out that are not the one that is meant.
func templateOf(doc *agreement.Document, all []*agreement.Document, w draft.Want) (*draft.Template, error) {
	among := []*agreement.Document{doc}
	for _, d := range all {
		if !slices.ContainsFunc(among, func(x *agreement.Document) bool { return x.Ref() == d.Ref() }) {
			among = append(among, d)
		}
	}
	book, err := agreement.NewBook(among, nil)
	if err != nil {
		return nil, orBadInput(err)
	}
	w.Book, w.Document = book, doc
	made, err := draft.New(w)
	switch {
	case errors.Is(err, draft.ErrDomestic):
		return nil, badInput(doc.ID+" is a Party's own law, which carries no request", "comity agreement list names the agreements")
	case errors.Is(err, draft.ErrNoRight):
		return nil, badInput(fmt.Sprintf("%s carries no such request between these Parties", doc.ID),
			"comity agreement show "+doc.ID+" says which types it carries, and between whom")
	}
	return made, err
}

// statusOfDraft is the exit status of a draft. That it still waits for its
// certification is no fault of it.
func statusOfDraft(p *desk.Prepared) exitStatus {
	if p.Decision.Verdict == protocol.Hold && !incomplete(p) {
		return exitOK
	}
	return statusOf(p.Decision.Verdict)
}

type requestListCmd struct {
	After string `help:"Go on behind this draft: next of the page before." placeholder:"CASE"`
	Limit int    `default:"50" help:"At most so many."`
}

func (c *requestListCmd) Help() string {
	return `Says nothing of whom the requests are about: comity request show does. The newest of a page come
first; a page is in no order of time.`
}

func (c *requestListCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	list, err := node.Drafts(ctx, desk.Page{After: c.After, Limit: c.Limit})
	if err != nil {
		return err
	}
	slices.SortStableFunc(list.Items, func(x, y desk.DraftItem) int { return y.Saved.Compare(x.Saved) })
	return a.show(list, func(w io.Writer) {
		if len(list.Items) == 0 {
			fmt.Fprintln(w, "there are no drafts")
			return
		}
		rows := [][]string{{"CASE", "SAVED", "VERDICT", "AGREEMENT", "APPROVED"}}
		for _, d := range list.Items {
			verdict := d.Verdict.String()
			if d.Kind == protocol.KindDisclosure {
				verdict = "disclosure"
			}
			rows = append(rows, []string{string(d.Case), moment(d.Saved), verdict, d.Agreement.ID, backed(d.Approvals)})
		}
		table(w, rows)
		if list.Next != "" {
			fmt.Fprintf(w, "more: comity request list --after %s\n", list.Next)
		}
	})
}

type requestSendCmd struct {
	Case protocol.CaseID `arg:"" help:"The draft's case."`
	File string          `help:"Sign only if the draft is what stands in this file." placeholder:"FILE"`
	signing
}

func (c *requestSendCmd) Run(ctx context.Context, a *app) error {
	want, err := c.wanted(ctx, a)
	if err != nil {
		return err
	}
	return a.perform(ctx, errand{signing: c.signing, done: "signed the request", draft: desk.Draft{Case: c.Case},
		fits: sameBody(want)})
}

// wanted returns the digest of the body that is to be signed: of the file's
// where there is one. A file that was edited is told from a node that has an
// officer sign something else.
func (c *requestSendCmd) wanted(ctx context.Context, a *app) (protocol.Digest, error) {
	h, node, err := a.openDesk() // first: a testnet's file is read by its legal time
	if err != nil {
		return protocol.Digest{}, err
	}
	var file *protocol.Request
	if c.File != "" {
		if file, err = a.readRequest(c.File); err != nil {
			return protocol.Digest{}, err
		}
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return protocol.Digest{}, err
	}
	if v.Draft == nil {
		return protocol.Digest{}, noDraft(&v, h.Config.Participant)
	}
	if file == nil {
		return v.Draft.Body.Digest()
	}
	file.Compartments = v.Draft.Body.Request.Compartments // sealed by the node: case show opens them
	where, err := differ(v.Draft.Body.Request, file)
	if err != nil {
		return protocol.Digest{}, err
	}
	if where != "" {
		return protocol.Digest{}, badInput("the draft and "+c.File+" differ at "+where+"; nothing was signed",
			"if you edited the file, run comity request new --file "+c.File+" again, and send the draft that it makes")
	}
	return (&protocol.Body{Request: file}).Digest()
}

// noDraft says what a case is that is no draft of self's any more.
func noDraft(v *desk.CaseView, self protocol.ParticipantID) error {
	text := fmt.Sprintf("%s is no draft: it is %s", v.Case, v.State)
	for i := range v.Acts {
		if act := &v.Acts[i]; act.From == self && act.Kind == protocol.KindRequest {
			text = fmt.Sprintf("%s is no draft: it was sent at %s, and is %s", v.Case, moment(act.Issued), v.State)
		}
	}
	return badInput(text, "see comity case show "+string(v.Case))
}

type requestShowCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
}

// requestView is what request show says to a program.
type requestView struct {
	Case     protocol.CaseID    `json:"case"`
	State    string             `json:"state"`
	Request  *protocol.Request  `json:"request"`
	Decision *protocol.Decision `json:"decision,omitzero"`
	// Version is which one of the request it is, after amendments.
	Version int64 `json:"version,omitzero"`
	// Approvals are those of a draft.
	Approvals *desk.Approvals `json:"approvals,omitzero"`
}

func (c *requestShowCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	out := requestOf(&v)
	if out.Request == nil {
		return &failure{status: exitError, text: "this node holds no request in that case"}
	}
	return a.show(out, func(w io.Writer) {
		field(w, "case", string(out.Case))
		field(w, "state", out.State)
		if out.Version > 1 {
			field(w, "version", fmt.Sprint(out.Version))
		}
		writeRequest(w, out.Request)
		if out.Decision != nil {
			writeDecision(w, out.Decision, brief)
		}
		writeApprovals(w, out.Case, out.Approvals)
	})
}

// requestOf returns the request of a case, as far as the case shows one.
func requestOf(v *desk.CaseView) requestView {
	out := requestView{Case: v.Case, State: v.State, Decision: v.Decision}
	if v.Draft != nil {
		out.Request, out.Approvals = v.Draft.Body.Request, v.Approvals
	}
	for i := range v.Acts {
		out.see(&v.Acts[i])
	}
	if v.Current != nil {
		out.Request, out.Version = v.Current, v.Version
	}
	return out
}

// see takes the request that an act makes or certifies, with the newest
// decision on it.
func (v *requestView) see(act *desk.ActView) {
	switch {
	case act.Content.Body.Request != nil:
		v.Request, v.Decision = act.Content.Body.Request, act.Decision
	case act.Content.Body.Certification != nil && act.Carried != nil:
		v.Request, v.Decision = act.Carried.Body.Request, act.Decision
	}
}

type requestWithdrawCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	Note string          `help:"Why, in words." placeholder:"TEXT" aliases:"text"`
	signing
}

func (c *requestWithdrawCmd) Run(ctx context.Context, a *app) error {
	asked := protocol.Withdrawal{Note: c.Note}
	return a.perform(ctx, errand{signing: c.signing, done: "withdrew the request",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Withdrawal: &asked}},
		fits: func(p *desk.Prepared) error {
			if p.Body.Withdrawal == nil || *p.Body.Withdrawal != asked {
				return errNotAsked
			}
			return nil
		}})
}
