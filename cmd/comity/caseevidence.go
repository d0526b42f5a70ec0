package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"comity.example/node/home"
	"comity.example/protocol"
)

type caseEvidenceCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	Out  string          `required:"" type:"path" help:"Folder to write the files into; it is made." placeholder:"DIR"`
}

func (c *caseEvidenceCmd) Help() string {
	return `Writes each disclosed file under the name that it was given, after comparing it with the digests that
were signed. Nothing is overwritten.`
}

// saved is one file that was written.
type saved struct {
	Path   string                 `json:"path"`
	Size   int64                  `json:"size"`
	SHA256 protocol.Digest        `json:"sha256"`
	From   protocol.ParticipantID `json:"from"`
}

func (c *caseEvidenceCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	files := []saved{}
	for _, act := range v.Acts {
		for _, held := range []*protocol.Act{&act.Content, act.Carried} {
			if held == nil || held.Body.Disclosure == nil {
				continue
			}
			if files, err = c.save(files, held); err != nil {
				return err
			}
		}
	}
	if len(files) == 0 {
		return &failure{exitError, "nothing was disclosed in this case yet", "see comity case show"}
	}
	return a.show(files, func(w io.Writer) {
		for _, f := range files {
			fmt.Fprintf(w, "%s, %d bytes, %s, from %s\n", f.Path, f.Size, f.SHA256, f.From)
		}
	})
}

// save writes the objects of one disclosure. Their names are plain names: what
// is not, Check refuses.
func (c *caseEvidenceCmd) save(files []saved, act *protocol.Act) ([]saved, error) {
	if err := os.MkdirAll(c.Out, 0o700); err != nil {
		return nil, err
	}
	for _, o := range act.Body.Disclosure.Objects {
		if err := o.Check(); err != nil {
			return nil, &failure{exitDoubt, "an object of the disclosure does not fit its description: " + err.Error(), ""}
		}
		path := filepath.Join(c.Out, o.Name)
		if err := home.WriteNew(path, o.Content); err != nil {
			return nil, err
		}
		files = append(files, saved{path, o.Size, o.SHA256, act.From})
	}
	return files, nil
}
