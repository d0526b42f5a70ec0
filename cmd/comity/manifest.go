package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

const (
	// linkMeans is how evidence is transmitted, unless a person says otherwise.
	linkMeans = "the Comity network: sealed objects, fetched block by block over QUIC with mutual TLS 1.3 (SPEC.md, section 18)"
	// maxManifest is how many files of packs a manifest names one by one.
	maxManifest = 200_000
	// ruleWidth is how wide the line between two manifests is, in characters.
	ruleWidth = 72
)

type manifestCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	Act       int             `help:"Only of the act with this number. By default of each that discloses." placeholder:"N"`
	Files     bool            `help:"Name the files of packs one by one, as their lists do."`
	Means     string          `help:"How it was transmitted. By default: over this network." placeholder:"TEXT"`
	Available time.Time       `help:"When it was made available. By default when it was disclosed." placeholder:"TIME"`
	Until     string          `help:"When it ceases to be accessible, or how long after it was made available: 10d to 45d." placeholder:"TIME"`
	Extended  bool            `help:"The issuing authority asked for more than 45 days."`
	Remarks   string          `help:"Remarks." placeholder:"TEXT"`
	Record    bool            `help:"Of the acts that this participant sent instead, as points 3.3.1 and 3.3.2 ask for."`
}

func (c *manifestCmd) Help() string {
	return fmt.Sprintf(`Prints what the EU asks to be recorded of evidence that does not take the decentralised IT system (Implementing
Regulation (EU) 2025/1550, point 3.3.3): sender, recipient, order, times, means, and of each file its name, its size and a strong
hash. It is a view of the signed disclosure, made when it is asked for. With --files it names at most %d files of packs: where there
are more, the list that was disclosed with a pack names them, and is signed. With --record, what is to be recorded of the
orders, forms and other acts themselves: reference number, time, sender, recipient, file name and size.`, maxManifest)
}

// manifested is what manifest says to a program: a manifest of each disclosure.
type manifested struct {
	Case      protocol.CaseID      `json:"case"`
	Manifests []*evidence.Manifest `json:"manifests"`
}

func (c *manifestCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	if c.Record {
		return c.record(a, &v)
	}
	acts, err := c.disclosures(&v)
	if err != nil {
		return err
	}
	out := manifested{Case: c.Case}
	for _, act := range acts {
		m, err := c.manifest(ctx, a, node, c.transmission(&v, act))
		if err != nil {
			return err
		}
		out.Manifests = append(out.Manifests, m)
	}
	var wrong error
	err = a.show(out, func(w io.Writer) {
		for i, m := range out.Manifests {
			if i > 0 {
				fmt.Fprintf(w, "\n%s\n\n", strings.Repeat("-", ruleWidth))
			}
			wrong = errors.Join(wrong, m.WriteText(w))
		}
	})
	return errors.Join(err, wrong)
}

// manifest makes the manifest of a disclosure.
func (c *manifestCmd) manifest(ctx context.Context, a *app, node *desk.Client, x *evidence.Transmission) (*evidence.Manifest, error) {
	var err error
	if x.Until, err = c.until(x); err != nil {
		return nil, err
	}
	if c.Files {
		if x.Listed, err = listedIn(ctx, node, c.Case, cmp.Or(x.Origin, x.Act)); err != nil {
			return nil, err
		}
	}
	m, err := x.Manifest(a.instant())
	if err != nil {
		return nil, badInput(strings.TrimPrefix(plain(err), "manifest: "), "")
	}
	return m, nil
}

// record prints the record of what this participant sent.
func (c *manifestCmd) record(a *app, v *desk.CaseView) error {
	h, _, err := a.openDesk()
	if err != nil {
		return err
	}
	var acts []*protocol.Act
	for i := range v.Acts {
		acts = append(acts, &v.Acts[i].Content)
	}
	request := requestOf(v)
	if len(acts) == 0 || request.Request == nil {
		return &failure{exitError, "nothing was sent in this case yet", "see comity case show"}
	}
	r, err := evidence.RecordOf(acts, request.Request, h.Config.Participant, a.instant())
	if err != nil {
		return err
	}
	var wrong error
	err = a.show(r, func(w io.Writer) { wrong = r.WriteText(w) })
	return errors.Join(err, wrong)
}

// until returns when the evidence ceases to be accessible; zero where nobody says so.
func (c *manifestCmd) until(x *evidence.Transmission) (time.Time, error) {
	if c.Until == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, c.Until); err == nil {
		return t.UTC(), nil
	}
	from := x.Available
	if from.IsZero() {
		from = x.Act.Issued
	}
	t, err := parseUntil(c.Until, from)
	if err != nil {
		return t, badInput(fmt.Sprintf("--until: %q: want a day such as 2026-12-24, or a number of days: 30d", c.Until), "")
	}
	return t, nil
}

// disclosures returns the acts that are meant: those that disclose.
func (c *manifestCmd) disclosures(v *desk.CaseView) ([]*desk.ActView, error) {
	var out []*desk.ActView
	for i := range v.Acts {
		if disclosureIn(&v.Acts[i]) != nil && (c.Act == 0 || c.Act == i+1) {
			out = append(out, &v.Acts[i])
		}
	}
	switch {
	case len(out) == 0 && c.Act != 0:
		return nil, badInput(fmt.Sprintf("--act: act %d discloses nothing", c.Act), "comity case show "+string(c.Case)+" numbers the acts")
	case len(out) == 0:
		return nil, &failure{exitError, "nothing was disclosed in this case yet", "see comity case show " + string(c.Case)}
	}
	return out, nil
}

// transmission returns a disclosure with the request that it answers.
func (c *manifestCmd) transmission(v *desk.CaseView, act *desk.ActView) *evidence.Transmission {
	var received []evidence.ManifestReceipt
	for _, r := range act.Receipts {
		received = append(received, evidence.ManifestReceipt{By: r.By, At: r.At})
	}
	return &evidence.Transmission{Act: disclosureIn(act), Received: received, Origin: act.Product, Request: requestOf(v).Request,
		Means: cmp.Or(c.Means, linkMeans), Available: c.Available, Extended: c.Extended, Remarks: c.Remarks}
}

// disclosureIn returns the disclosure that an act is, or passes on; nil if it is none.
func disclosureIn(act *desk.ActView) *protocol.Act {
	switch {
	case act.Content.Body.Disclosure != nil:
		return &act.Content
	case act.Carried != nil && act.Carried.Body.Disclosure != nil:
		return act.Carried
	}
	return nil
}

// listedIn reads the lists that were disclosed with an act.
func listedIn(ctx context.Context, node *desk.Client, id protocol.CaseID, act *protocol.Act) ([]evidence.Entry, error) {
	var out []evidence.Entry
	objects := act.Body.Disclosure.Objects
	for i := range objects {
		if objects[i].Role != protocol.RoleList {
			continue
		}
		err := (&listing{node, id, &objects[i], objects}).read(ctx, func(e evidence.Entry) error {
			if out = append(out, e); len(out) > maxManifest {
				return badInput(fmt.Sprintf("the packs have more than %d files", maxManifest), "leave out --files: the list of a pack names them, and is signed")
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A listing is a list in a case, with the objects that were disclosed with it.
type listing struct {
	node    content
	id      protocol.CaseID
	list    *protocol.Object
	objects []protocol.Object
}

// read calls each for every entry of the list.
func (l *listing) read(ctx context.Context, each func(evidence.Entry) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lines := pulled(ctx, l.node, position{l.id, l.list.Tree, 0})
	defer lines.Close()
	entries := evidence.NewListReader(evidence.Checked(lines, l.list.Size, l.list.SHA512), l.objects)
	for {
		e, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return listFailure(ctx, err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
}
