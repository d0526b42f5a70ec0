package main

import (
	"bufio"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// A pack has the contents of the files of a folder, one behind the other, and its
// list has a line for each. The name of a file in a list is its path in the folder,
// in which "%", "/" and "\", and bytes that are no UTF-8, are written as "%" and two
// hexadecimal digits: a name is never a path.

// Ends of the names of packs and lists, and their media types.
const (
	packEnding, listEnding = ".pack", ".list"
	packType, listType     = "application/octet-stream", "application/x-ndjson"
)

const hexDigits = "0123456789ABCDEF"

// listedName returns the path of a file in a folder as a name. Of a path that is
// longer than a name may be only the end is there.
func listedName(file string) string {
	var b strings.Builder
	var starts []int // where an element begins, or a letter of the last one
	for i, r := range file {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(file[i:], "\uFFFD"), r == '%', r == '/', r == '\\', r == 0:
			fmt.Fprintf(&b, "%%%c%c", hexDigits[file[i]>>4], hexDigits[file[i]&15])
			if r == '/' {
				starts = append(starts, b.Len())
			}
		default:
			b.WriteRune(r)
		}
	}
	name := b.String()
	if len(name) <= protocol.MaxObjectName {
		return name
	}
	const cut = "…"
	for _, s := range starts {
		if len(cut)+3+len(name)-s <= protocol.MaxObjectName {
			return cut + "%2F" + name[s:]
		}
	}
	end := name[len(name)-protocol.MaxObjectName+len(cut):]
	for !utf8.RuneStart(end[0]) {
		end = end[1:]
	}
	return cut + end
}

// foldersOf returns the path that listedName made a name of, or the name as it is
// where it would be none.
func foldersOf(name string) (dir, base string) {
	file, err := url.PathUnescape(name)
	if err != nil || strings.Contains(file, "\x00") {
		return "", name
	}
	for element := range strings.SplitSeq(file, "/") {
		if element == "" || element == "." || element == ".." || len(element) > protocol.MaxObjectName {
			return "", name
		}
	}
	dir, base = path.Split(file)
	return strings.TrimSuffix(dir, "/"), base
}

// spooled is what is known of a file before its pack is whole.
type spooled struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA512 string `json:"sha512"`
}

// takeTree hands over a folder as a pack and its list.
func (in *intake) takeTree(ctx context.Context, t *tree) error {
	defer t.root.Close()
	spool, err := spoolFile("list")
	if err != nil {
		return err
	}
	defer spool.Close()
	pack, err := in.piped(ctx, supply{name: t.name + packEnding, path: t.path, size: t.bytes}, protocol.RolePack,
		func(w io.Writer) error { return t.pour(w, spool) })
	if err != nil {
		return err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = in.piped(ctx, supply{name: t.name + listEnding, path: t.path, size: -1}, protocol.RoleList,
		func(w io.Writer) error { return writeList(w, spool, pack.Tree) })
	return err
}

// piped hands over what is written. A pack, or a list, must be one in the act.
func (in *intake) piped(ctx context.Context, s supply, role protocol.ObjectRole, write func(io.Writer) error) (protocol.Object, error) {
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(w)
		w.CloseWithError(err)
		written <- err
	}()
	s.open = func() (io.ReadCloser, error) { return r, nil }
	o, err := in.take(ctx, s, role)
	r.CloseWithError(errors.New("nobody takes it any more"))
	own := <-written
	var told *failure
	switch {
	case errors.As(own, &told):
		return o, own
	case err != nil:
		return o, err
	case o.Role != role:
		return o, badInput(fmt.Sprintf("%s has the same content as %s, which the case has by itself", shown(s.name), shown(o.Name)),
			"disclose the file without --pack")
	}
	return o, own
}

// pour writes the contents of all files, one behind the other, and notes what they are.
func (t *tree) pour(w io.Writer, spool io.Writer) error {
	notes := bufio.NewWriter(spool)
	out := bufio.NewWriterSize(w, 1<<20)
	buffer := make([]byte, 256<<10)
	walk := walker{file: func(in *os.Root, name, at string) error {
		n, sum, err := pourFile(out, in, name, buffer)
		if err != nil {
			return badInput("cannot read "+shown(path.Join(t.path, at))+": "+reasonOf(err), "nothing was disclosed")
		}
		line, err := json.Marshal(spooled{listedName(at), n, sum})
		if err != nil {
			return err
		}
		_, err = notes.Write(append(line, '\n'))
		return err
	}, other: func(string, string) {}}
	return errors.Join(walk.walk(t.root, "", 0), out.Flush(), notes.Flush())
}

// pourFile writes the content of a file, through a buffer.
func pourFile(w io.Writer, in *os.Root, name string, buffer []byte) (int64, string, error) {
	f, err := in.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, "", errors.Join(err, errors.New("it is no file any more"))
	}
	h := sha512.New()
	n, err := io.CopyBuffer(io.MultiWriter(w, h), struct{ io.Reader }{f}, buffer)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// writeList writes the list of what was noted, of a pack whose tree hash is known now.
func writeList(w io.Writer, spool io.Reader, pack protocol.Digest) error {
	out := bufio.NewWriterSize(w, 1<<20)
	list := evidence.NewListWriter(out)
	lines := bufio.NewScanner(spool)
	lines.Buffer(nil, evidence.MaxLine)
	offset := int64(0)
	for lines.Scan() {
		var s spooled
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return err
		}
		err := list.Add(evidence.Entry{Name: s.Name, MediaType: mediaType(s.Name), Size: s.Size, SHA512: s.SHA512,
			Pack: pack, Offset: offset})
		if err != nil {
			return err
		}
		offset += s.Size
	}
	return errors.Join(lines.Err(), out.Flush())
}
