package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// skipAhead is how many bytes of a pack are read to be thrown away, before it is
// asked for from another place.
const skipAhead = 4 << 20

// unpack writes the files that a list names, out of its packs, into a folder of the
// list's name. It returns how many there are, and the packs that they were in.
func (f *folder) unpack(ctx context.Context, node content, e *desk.Evidence, list *desk.EvidenceItem) (s saved, packs map[protocol.Digest]bool, err error) {
	objects, size := packsOf(e, list)
	name, sub, err := f.below(inSight(strings.TrimSuffix(list.Object.Name, listEnding)))
	if err != nil {
		return s, nil, err
	}
	defer func() {
		unix.Sync() // so many files one by one would take hours
		err = errors.Join(err, sub.close())
	}()
	s = saved{Path: filepath.Join(f.path, name), Size: size, Tree: list.Object.Tree, From: list.From}
	p := &packReader{ctx: ctx, node: node, id: e.Case, seen: &passage{board: f.board, gauge: gauge{name: list.Object.Name, total: size}}}
	defer p.close()
	packs = map[protocol.Digest]bool{}
	err = (&listing{node, e.Case, &list.Object, objects}).read(ctx, func(entry evidence.Entry) error {
		packs[entry.Pack] = true
		s.Files++
		return sub.saveListed(&entry, p)
	})
	return s, packs, err
}

// listFailure says what is wrong with a list: it was signed as it is.
func listFailure(ctx context.Context, err error) error {
	var p *desk.Problem
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &p):
		return p
	}
	return &failure{exitDoubt, "a list does not fit its packs: " + plain(err),
		"ask who disclosed it for another; --packed writes packs and lists as they are"}
}

// packsOf returns the packs that were disclosed with a list and are here.
func packsOf(e *desk.Evidence, list *desk.EvidenceItem) (objects []protocol.Object, size int64) {
	for _, i := range e.Items {
		if i.Object.Role == protocol.RolePack && i.Act == list.Act && here(i) {
			objects, size = append(objects, i.Object), size+i.Object.Size
		}
	}
	return objects, size
}

// below makes a folder within, under the first name that no file has.
func (f *folder) below(name string) (string, *folder, error) {
	for n := 1; ; n++ {
		numbered := numbered(name, n)
		err := f.root.Mkdir(numbered, 0o700)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", nil, err
		}
		info, err := f.root.Lstat(numbered)
		if err != nil {
			return "", nil, err
		}
		next, err := f.given.next(numbered)
		if err != nil {
			return "", nil, err
		}
		if !info.IsDir() || next > 0 {
			continue
		}
		root, err := f.root.OpenRoot(numbered)
		if err != nil {
			return "", nil, err
		}
		sub, err := newFolder(root, filepath.Join(f.path, numbered), f.board)
		if err != nil {
			return "", nil, err
		}
		sub.within, sub.flat = true, f.flat
		return numbered, sub, f.given.give(numbered, 2)
	}
}

// saveListed writes one file of a pack. Its name is data: folders are made of it
// only where the names stay within.
func (f *folder) saveListed(e *evidence.Entry, p *packReader) error {
	dir, base := "", e.Name
	if !f.flat {
		dir, base = foldersOf(e.Name)
	}
	dir = filepath.FromSlash(dir)
	if _, err := f.enter(dir); err != nil {
		dir, base = "", e.Name // a file has the name of the folder
	}
	_, err := f.place(dir, base, measure{e.Size, e.SHA512}, func(w io.Writer) error {
		return p.copy(w, e)
	})
	return err
}

// A packReader reads packs from one file to the next.
type packReader struct {
	ctx  context.Context
	node content
	id   protocol.CaseID
	seen *passage
	pack protocol.Digest
	r    io.ReadCloser
	at   int64
}

func (p *packReader) close() {
	if p.r != nil {
		p.r.Close()
	}
}

// copy writes the content of a file.
func (p *packReader) copy(w io.Writer, e *evidence.Entry) error {
	if p.r == nil || p.pack != e.Pack || e.Offset < p.at || e.Offset-p.at > skipAhead {
		p.close()
		p.pack, p.at = e.Pack, e.Offset
		p.r = pulled(p.ctx, p.node, position{p.id, e.Pack, e.Offset})
	}
	if _, err := io.CopyN(io.Discard, p.r, e.Offset-p.at); err != nil {
		return err
	}
	p.at = e.Offset
	n, err := io.CopyN(io.MultiWriter(w, p.seen), p.r, e.Size)
	p.at += n
	if errors.Is(err, io.EOF) {
		return errDiffers
	}
	return err
}

// A position is where in an object of a case something is read.
type position struct {
	id     protocol.CaseID
	object protocol.Digest
	offset int64
}

// pulled returns what an object holds, to be read. The caller closes it.
func pulled(ctx context.Context, node content, at position) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(node.Content(ctx, desk.Piece{Case: at.id, Object: at.object, From: at.offset}, w))
	}()
	return r
}

// unpackedText says what was written of a list.
func (s *saved) unpackedText() string {
	return fmt.Sprintf("%s%c, %s, %s, from %s", shown(s.Path), os.PathSeparator, count(s.Files, "file"), byteText(s.Size), s.From)
}
