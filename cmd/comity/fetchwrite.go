package main

import (
	"context"
	"crypto/rand"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// saved is one file that was written, or a pack that was written as its files.
type saved struct {
	Path   string                 `json:"path"`
	Size   int64                  `json:"size"`
	SHA512 string                 `json:"sha512,omitzero"`
	Tree   protocol.Digest        `json:"tree"`
	From   protocol.ParticipantID `json:"from"`
	Files  int                    `json:"files,omitzero"` // of a pack
}

// errDiffers says that what the node gave is not what was signed.
var errDiffers = &failure{exitDoubt, "what the node holds is not what was signed; it was not written",
	"do not rely on it; comity vault check looks at all that the node holds"}

// A reader writes what an object holds, from an offset on.
type content interface {
	Content(ctx context.Context, piece desk.Piece, w io.Writer) error
}

// A folder takes the files of a case, each under a name of its own. Nothing is
// written outside of it.
type folder struct {
	root   *os.Root
	path   string
	given  *nameTable // by this errand
	board  *board
	within bool // it has the files of a list: they are synced together
	flat   bool // no folders are made of names

	inner *os.Root // the folder within that was entered last, since one has many files; nil: none
	dir   string   // its path
}

// A measure is what content must have.
type measure struct {
	size int64
	sum  string // SHA-512
}

// openFolder makes a folder, if it is not there.
func openFolder(path string, b *board) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return newFolder(root, path, b)
}

// newFolder returns a folder, which closes root.
func newFolder(root *os.Root, path string, b *board) (*folder, error) {
	given, err := newNameTable()
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &folder{root: root, path: path, given: given, board: b}, nil
}

func (f *folder) close() error {
	err := errors.Join(f.root.Close(), f.given.close())
	if f.inner != nil {
		err = errors.Join(err, f.inner.Close())
	}
	return err
}

// enter makes a folder within, if it is not there, and opens it.
func (f *folder) enter(dir string) (*os.Root, error) {
	switch {
	case dir == "":
		return f.root, nil
	case f.inner != nil && f.dir == dir:
		return f.inner, nil
	}
	if err := f.root.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	inner, err := f.root.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if f.inner != nil {
		f.inner.Close()
	}
	f.inner, f.dir = inner, dir
	return inner, nil
}

// write writes the objects that are here. What was written before something failed
// stays, and is told.
func (c *fetchCmd) write(ctx context.Context, a *app, node content, e desk.Evidence) (files []saved, err error) {
	b := a.board()
	f, err := openFolder(c.Out, b)
	if err != nil {
		return nil, err
	}
	f.flat = c.Flat
	defer func() {
		b.clear()
		err = errors.Join(err, syncRoot(f.root), f.close())
	}()
	unpacked := map[protocol.Digest]bool{}
	for _, i := range e.Items {
		if i.Object.Role != protocol.RoleList || !here(i) || c.Packed || c.quarantined(i) {
			continue
		}
		if err := i.Object.Check(); err != nil {
			return files, errDescribed(err)
		}
		s, packs, err := f.unpack(ctx, node, &e, &i)
		if err != nil {
			return files, err
		}
		files = append(files, s)
		maps.Copy(unpacked, packs)
	}
	for _, i := range e.Items {
		if !here(i) || c.quarantined(i) || unpacked[i.Object.Tree] {
			continue
		}
		s, err := f.save(ctx, node, e.Case, &i)
		if err != nil {
			return files, err
		}
		files = append(files, s)
	}
	return files, nil
}

func (c *fetchCmd) quarantined(i desk.EvidenceItem) bool {
	return i.State == desk.EvidenceQuarantined && !c.DespiteQuarantine
}

func errDescribed(err error) error {
	return &failure{exitDoubt, "an object is not described as it should be: " + plain(err), ""}
}

// save writes one object.
func (f *folder) save(ctx context.Context, node content, id protocol.CaseID, i *desk.EvidenceItem) (saved, error) {
	o := &i.Object
	if err := o.Check(); err != nil {
		return saved{}, errDescribed(err)
	}
	name, err := f.place("", inSight(o.Name), measure{o.Size, o.SHA512}, func(w io.Writer) error {
		seen := &passage{gauge: gauge{name: o.Name, total: o.Size}, board: f.board}
		return node.Content(ctx, desk.Piece{Case: id, Object: o.Tree}, io.MultiWriter(w, seen))
	})
	return saved{Path: filepath.Join(f.path, name), Size: o.Size, SHA512: o.SHA512, Tree: o.Tree, From: i.From}, err
}

// inSight returns a name in whose place nothing is hidden, and no folder stands into
// which programs look: one that begins with a dot, or is none, gets _ before it.
func inSight(name string) string {
	if name != "" && !strings.HasPrefix(name, ".") {
		return name
	}
	name = "_" + name
	for len(name) > protocol.MaxObjectName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}

// place writes content under the first name in dir that is free. Who disclosed it
// chose the name, and must not keep what comes after it from being written.
func (f *folder) place(dir, name string, m measure, content func(io.Writer) error) (string, error) {
	in, err := f.enter(dir)
	if err != nil {
		return "", err
	}
	part := ""
	for n := 1; ; n++ {
		numbered := numbered(name, n)
		whole := filepath.Join(dir, numbered)
		switch _, err := in.Lstat(numbered); {
		case err == nil:
			next, err := f.given.next(whole)
			if err != nil {
				return "", err
			}
			if next > 0 || !holds(in, numbered, m) {
				if n == 1 {
					if next, err = f.given.next(series(dir, name)); err != nil {
						return "", err
					}
					n = max(n, next-1)
				}
				continue
			}
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		case part == "":
			if part, err = f.part(in, m, content); err != nil {
				return "", err
			}
			fallthrough
		default:
			err := publish(in, part, numbered)
			if errors.Is(err, fs.ErrExist) {
				continue
			}
			if err != nil {
				return "", errors.Join(err, in.Remove(part))
			}
			part = ""
		}
		if part != "" { // the name was taken meanwhile, by the same content
			err = in.Remove(part)
		}
		if n > 1 {
			err = errors.Join(err, f.given.give(series(dir, name), n+1))
		}
		return whole, errors.Join(err, f.given.give(whole, 2))
	}
}

// part writes content into a file of its own, which is there whole or not at all.
func (f *folder) part(in *os.Root, m measure, content func(io.Writer) error) (_ string, err error) {
	name := ".comity-" + strings.ToLower(rand.Text()) + ".part"
	file, err := in.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			err = errors.Join(err, in.Remove(name))
		}
	}()
	w := &measured{w: file, hash: sha512.New(), most: m.size}
	if err := content(w); err != nil {
		return "", err
	}
	if w.size != m.size || hex.EncodeToString(w.hash.Sum(nil)) != m.sum {
		return "", errDiffers
	}
	if f.within {
		return name, nil
	}
	return name, file.Sync()
}

// publish renames a file, and fails where the name is taken. Where the system has
// no links, an empty file holds the name for the moment.
func publish(root *os.Root, part, name string) error {
	err := root.Link(part, name)
	if err == nil {
		return root.Remove(part)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	hold, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(hold.Close(), root.Rename(part, name)); err != nil {
		return errors.Join(err, root.Remove(name))
	}
	return nil
}

// A measured writer counts and hashes what it passes on, and no more than most.
type measured struct {
	w    io.Writer
	hash hash.Hash
	size int64
	most int64
}

func (m *measured) Write(p []byte) (int, error) {
	if m.size += int64(len(p)); m.size > m.most {
		return 0, errDiffers
	}
	m.hash.Write(p)
	return m.w.Write(p)
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

// lastNumber is no smaller than any number of a name.
const lastNumber = 1_000_000_000

// series stands in a nameTable for all names that numbered makes the same names of: what
// gives way to a number may be all in which they differ. It is no file's name.
func series(dir, name string) string {
	return "\x00" + filepath.Join(dir, numbered(name, lastNumber))
}

// maxExtension is how long the end of a name may be that stays its end, in bytes.
const maxExtension = 16

// holds reports whether a file is there with this content and no other.
func holds(root *os.Root, name string, m measure) bool {
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != m.size {
		return false
	}
	file, err := root.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	h := sha512.New()
	_, err = io.Copy(h, file)
	return err == nil && hex.EncodeToString(h.Sum(nil)) == m.sum
}

// syncRoot makes the names in a folder durable.
func syncRoot(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
