package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/lint"
)

type checkCmd struct {
	Request       string        `help:"The request, in YAML or JSON." placeholder:"FILE" xor:"what" required:""`
	Replay        string        `help:"Decide again what was saved with --save, or every act of an exported case." placeholder:"FILE" xor:"what" required:""`
	Agreement     string        `help:"Id of the agreement to rely on. By default the one that carries it." placeholder:"ID"`
	AddresseeRole protocol.Role `help:"What the addressee is, where no register says it: provider, central or point-of-contact-24/7." placeholder:"ROLE" predictor:"role"`
	Agreements    string        `help:"Directory with agreements and notices. By default the home's, else the shipped ones." placeholder:"DIR"`
	Registers     string        `help:"Directory with signed registers. By default the home's, else the file is believed." placeholder:"DIR"`
	Pins          string        `help:"Directory with the Parties' pins: then only what their roots signed counts." placeholder:"DIR"`
	At            time.Time     `help:"Legal time: RFC 3339. By default now." placeholder:"TIME"`
	All           bool          `help:"Show every rule, not only those that keep the request or warn."`
	Candidates    bool          `help:"List every agreement that grants what is asked for, and what stands against each."`
	Save          string        `help:"Keep the decision with all that it rests on, to be decided again years later." placeholder:"FILE"`
}

func (c *checkCmd) Help() string {
	return `Needs no node and no network. In a home (--dir) it rests on what its node uses, with the notices that
came over the wire, or where none runs on its files; elsewhere on the shipped texts, as if signed, and on
no notice. --agreements, --registers and --pins take the place of all of it. FILE is a request as comity request new reads it, or holds one under
request, and beside it what signatures and registers would say:

    request: …
    agreement: ukus-daa-2019
    certification: {by: gb.home-office, contact: the desk, targeting: the procedure,
                    attestations: [{statement: own_purpose}]}
    sender: gb.home-office              # who transmits it, where that is neither
    addressee_role: provider            # or central, or point-of-contact-24/7
    addressee_also_under: [US]          # other Parties whose law binds the addressee
    notified: [fr.parquet-paris]        # who gets it at the same time; by default whoever must
    roles: {gb.home-office: [designated, central]}
    at: 2026-11-22T10:00:00Z

What stands there is taken at its word, and the answer says so; with --registers they say who is who.
What stands under lint is no rule of the agreement: it is what such requests are known to come back
for, and changes no verdict.

--replay decides again from the documents that are in FILE, without a node, and compares byte for byte:
0 says that all is the same, 3 that it is if the roots that FILE names are the Parties' (give --pins),
5 that something differs or has changed since it was saved, 2 that FILE cannot be read. A file that --save wrote holds the whole
request: keep it as the request is kept.`
}

// checked is what check says to a program.
type checked struct {
	protocol.Decision
	Terms      []termed        `json:"terms"`
	Lint       []defect        `json:"lint"`
	Unknown    []unknown       `json:"unknown"` // codes that nothing reads in the documents
	Candidates []candidate     `json:"candidates,omitempty"`
	Saved      protocol.Digest `json:"saved,omitzero"` // of what --save wrote
	// Notices are those that were considered.
	Notices []*agreement.Notice `json:"notices"`
	Rests   string              `json:"rests_on,omitzero"`
	// Assumed is what was taken at its word.
	Assumed []string `json:"assumed"`
}

func (c *checkCmd) Run(ctx context.Context, a *app) error {
	if c.Replay != "" {
		return c.replay(ctx, a)
	}
	claims, err := readClaims(c.Request, c.Agreement)
	if err != nil {
		return err
	}
	if err := c.claim(claims); err != nil {
		return err
	}
	if a.atHome(c) { // a testnet's home has its own legal time
		if _, err := a.openHome(); err != nil {
			return err
		}
	}
	k := &checking{claims: claims, at: a.instant()}
	switch {
	case !c.At.IsZero():
		k.at = c.At.UTC().Truncate(time.Second)
	case !claims.At.IsZero():
		k.at = claims.At.UTC().Truncate(time.Second)
	}
	claims.source.check(claims.Request.CheckDraft(k.at), claims.under)
	if err := claims.source.failure(); err != nil {
		return err
	}
	if err := k.read(ctx, a, c); err != nil {
		return err
	}
	if err := among(claims.Agreement, k.grounds.Book.Documents()); err != nil {
		return err
	}
	return c.decide(a, k)
}

// claim puts what the flags say in the place of what the file says.
func (c *checkCmd) claim(f *claimFile) error {
	if c.Agreement != "" {
		f.Agreement = c.Agreement
	}
	if c.AddresseeRole == "" {
		return nil
	}
	f.AddresseeRole = c.AddresseeRole
	if !slices.Contains(addresseeRoles, c.AddresseeRole) {
		return badInput("--addressee-role: want "+oneOf(addresseeRoles), "")
	}
	return nil
}

// among refuses an agreement that is none of the documents, and says which was
// meant. what is an id, ID@VERSION, or "".
func among(what string, docs []*agreement.Document) error {
	ids := map[string]bool{}
	for _, d := range docs {
		if what == d.ID || what == d.ID+"@"+d.Version {
			return nil
		}
		if d.Kind != agreement.KindDomestic {
			ids[d.ID] = true
		}
	}
	if what == "" {
		return nil
	}
	id, _, _ := strings.Cut(what, "@")
	hint := "there are " + strings.Join(keysOf(ids), ", ")
	if meant := nearest(id, keysOf(ids)); meant != "" {
		hint = "did you mean " + meant + "? " + hint
	}
	return badInput(fmt.Sprintf("there is no agreement %q among those that count here", what), hint)
}

// decide decides, and says what was found.
func (c *checkCmd) decide(a *app, k *checking) error {
	r, facts := k.claims.Request, k.facts()
	where := k.claims.place()
	out := checked{Decision: k.grounds.Book.Decide(r, facts)}
	used := usedBy(&out.Decision, k.grounds.Book.Documents())
	governing := governingOf(&out.Decision, used)
	out.Terms = termsOf(r, governing)
	out.Lint, out.Unknown = where.defects(lint.Lint(r, governing, k.at)), where.unknowns(used, r)
	if c.Candidates {
		out.Candidates = k.candidates(&out.Decision)
	}
	out.Assumed, out.Rests, out.Notices = k.assumed, k.rests, k.notices(used)
	if c.Save != "" {
		var err error
		if out.Saved, err = k.save(c.Save, facts, out.Decision); err != nil {
			return err
		}
	}
	much := brief
	if c.All {
		much = full
	}
	err := a.show(out, func(w io.Writer) {
		writeDecision(w, &out.Decision, much)
		where.writeStrangers(w, r, &out.Decision, k.participants())
		writeAsked(w, unsaid(askedOf(used, &out.Decision), r.Attestations, k.claims.certifies()))
		writeUnknowns(w, out.Unknown)
		writeTerms(w, out.Terms)
		if c.Candidates {
			writeCandidates(w, out.Candidates)
		}
		writeLint(w, out.Lint)
		field(w, "rests on", out.Rests)
		writeNotices(w, out.Notices)
		for _, s := range out.Assumed {
			field(w, "assumed", s)
		}
		if c.Save != "" {
			field(w, "saved", c.Save+", as "+out.Saved.String())
			field(w, "", "Note that digest elsewhere; comity check --replay "+c.Save+" decides it again.")
		}
	})
	return errors.Join(err, done(statusOf(out.Verdict)))
}

// usedBy returns the documents on which a decision rests, the governing one
// first.
func usedBy(d *protocol.Decision, among []*agreement.Document) []*agreement.Document {
	var out []*agreement.Document
	for _, digest := range d.Documents {
		for _, doc := range among {
			if doc.Digest() == digest {
				out = append(out, doc)
			}
		}
	}
	return out
}

// governingOf returns the agreement that a decision names, nil if it names none
// of those.
func governingOf(d *protocol.Decision, among []*agreement.Document) *agreement.Document {
	for _, doc := range among {
		if doc.Ref() == d.Agreement {
			return doc
		}
	}
	return nil
}
