package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"comity.example/node/home"
	"comity.example/protocol"
)

type caseEvidenceCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	Out  string          `required:"" type:"path" help:"Folder to write the files into; it is made." placeholder:"DIR"`
	// Despite is for who must look at it before it is gone.
	Despite bool `help:"Write the files although they are to be deleted."`
}

func (c *caseEvidenceCmd) Help() string {
	return `Writes each disclosed file under the name that it was given, after comparing it with the digests that
were signed. Of files that have one name, the second is written as NAME.2.EXT. Nothing is overwritten:
what lies there already with the same content is left as it is, what has another content keeps its name.`
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
	if v.ToDelete && !c.Despite {
		return &failure{exitHold, "what was disclosed in this case is to be deleted: the request was not validated in time, " +
			"or an authority raised a ground for refusal",
			"comity delete " + string(c.Case) + " --all destroys it; --despite writes it all the same"}
	}
	f := folder{dir: c.Out, used: map[string]bool{}}
	told := map[protocol.Digest]bool{}
	for _, act := range v.Acts {
		digest, held := act.Act, &act.Content
		if act.Carried != nil {
			digest, held = act.Inner, act.Carried
		}
		if act.Product != nil {
			digest, held = act.Origin, act.Product
		}
		if held.Body.Disclosure == nil || told[digest] {
			continue
		}
		told[digest] = true
		if err := f.save(held); err != nil {
			return err
		}
	}
	files := f.files
	if len(files) == 0 {
		return &failure{exitError, "nothing was disclosed in this case yet", "see comity case show"}
	}
	return a.show(files, func(w io.Writer) {
		for _, f := range files {
			fmt.Fprintf(w, "%s, %d bytes, %s, from %s\n", shown(f.Path), f.Size, f.SHA256, f.From)
		}
	})
}

// A folder takes the files of a case, each under a name of its own.
type folder struct {
	dir   string
	used  map[string]bool // names that this errand gave
	files []saved
}

// save writes the objects of one disclosure. Their names are plain names: what
// is not, Check refuses.
func (f *folder) save(act *protocol.Act) error {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	for _, o := range act.Body.Disclosure.Objects {
		if err := o.Check(); err != nil {
			return &failure{exitDoubt, "an object of the disclosure does not fit its description: " + plain(err), ""}
		}
		path, err := f.place(o.Name, o.Content)
		if err != nil {
			return err
		}
		f.files = append(f.files, saved{path, o.Size, o.SHA256, act.From})
	}
	return nil
}

// place writes content under the first name that is free. Who disclosed it
// chose the name, and must not keep what comes after it from being written.
func (f *folder) place(name string, content []byte) (string, error) {
	for n := 1; ; n++ {
		numbered := numbered(name, n)
		if f.used[numbered] {
			continue
		}
		path := filepath.Join(f.dir, numbered)
		err := home.WriteNew(path, content)
		if errors.Is(err, fs.ErrExist) && !holds(path, content) {
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		f.used[numbered] = true
		return path, nil
	}
}

// numbered is the name of the n-th file that was given one name: x.2.mbox. It is
// no longer than a file's name may be.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	if ext == name || len(ext) > maxExtension {
		ext = ""
	}
	stem, suffix := strings.TrimSuffix(name, ext), fmt.Sprintf(".%d%s", n, ext)
	for len(stem)+len(suffix) > protocol.MaxObjectName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	return stem + suffix
}

// maxExtension is how long the end of a name may be that stays its end, in bytes.
const maxExtension = 16

// holds reports whether a file is there with this content and no other.
func holds(path string, content []byte) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(content)) {
		return false
	}
	b, err := os.ReadFile(path)
	return err == nil && bytes.Equal(b, content)
}
