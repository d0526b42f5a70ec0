package main

import (
	"context"
	"fmt"
	"mime"
	"os"
	"path/filepath"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/evidence/evidencetest"
)

type discloseCmd struct {
	Case     protocol.CaseID `arg:"" help:"The case."`
	Files    []string        `arg:"" optional:"" help:"Files with the evidence."`
	Part     bool            `help:"More is to come."`
	NoData   bool            `help:"There is no such data." xor:"data"`
	Note     string          `help:"A note to the requesting side." placeholder:"TEXT"`
	Propose  bool            `help:"Keep it until other officers have approved it, instead of sending it." xor:"when"`
	Proposed bool            `help:"Send what was proposed, with its approvals." xor:"when"`
	signing
}

func (c *discloseCmd) Help() string {
	return fmt.Sprintf(`Hands over files, at most %d bytes together in one act. What is more goes in several acts, all but
the last with --part; a file that is larger itself must be cut first. Larger evidence comes with a
later version. A system of the provider may do this without an officer; where the home has an
officer's key, it signs.`, protocol.MaxInline)
}

func (c *discloseCmd) Run(ctx context.Context, a *app) error {
	if c.Proposed {
		return c.sendProposed(ctx, a)
	}
	asked, err := c.disclosure()
	if err != nil {
		return err
	}
	for _, name := range twice(asked.Objects) {
		a.note("note: two files are named %s: who receives them has the second as %s", shown(name), shown(numbered(name, 2)))
	}
	if c.Propose {
		return c.propose(ctx, a, asked)
	}
	want, err := (&protocol.Body{Disclosure: asked}).Digest()
	if err != nil {
		return err
	}
	return a.perform(ctx, errand{signing: c.signing, need: ifThere,
		done:  "disclosed " + count(len(asked.Objects), "object"),
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Disclosure: asked}},
		fits:  sameBody(want)})
}

// disclosure reads the files. Only the last element of a path leaves this
// machine.
func (c *discloseCmd) disclosure() (*protocol.Disclosure, error) {
	d := &protocol.Disclosure{Status: protocol.ProductionComplete, Objects: []protocol.Object{}, Note: c.Note}
	switch {
	case c.NoData && len(c.Files) > 0:
		return nil, badInput("there are files, so there is data", "leave out --no-data or the files")
	case c.NoData:
		d.Status = protocol.ProductionNoData
	case len(c.Files) == 0:
		return nil, badInput("no file to disclose", "name files, or say --no-data")
	case c.Part:
		d.Status = protocol.ProductionPartial
	}
	total := 0
	for _, path := range c.Files {
		info, err := os.Stat(path)
		if err == nil && info.Size() > protocol.MaxInline {
			return nil, badInput(fmt.Sprintf("%s: %d bytes: one act takes at most %d", path, info.Size(), protocol.MaxInline),
				"cut it, and hand over the pieces in several acts, all but the last with --part; "+
					"larger evidence comes with a later version")
		}
		content, err := readFile(path, protocol.MaxInline)
		if err != nil {
			return nil, err
		}
		if total += len(content); total > protocol.MaxInline {
			return nil, badInput(fmt.Sprintf("the files have more than %d bytes together", protocol.MaxInline),
				"hand them over in several acts, all but the last with --part")
		}
		o := evidencetest.Object(filepath.Base(path), mediaType(path), content)
		if err := o.Check(); err != nil {
			return nil, badInput(path+": "+err.Error(), "")
		}
		d.Objects = append(d.Objects, o)
	}
	return d, nil
}

// twice returns the names that more than one object has.
func twice(objects []protocol.Object) []string {
	var out []string
	times := map[string]int{}
	for _, o := range objects {
		if times[o.Name]++; times[o.Name] == 2 {
			out = append(out, o.Name)
		}
	}
	return out
}

func mediaType(path string) string {
	if t := mime.TypeByExtension(filepath.Ext(path)); t != "" {
		return t
	}
	return "application/octet-stream"
}
