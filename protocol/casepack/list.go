package casepack

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"comity.example/protocol"
	"comity.example/protocol/bag"
	"comity.example/protocol/evidence"
)

// lists compares the files in packs with the lists that were disclosed with them. A
// pack is streamed once, for its list and for its own digest.
func (v *verifier) lists(about string, objects []protocol.Object) {
	for i := range objects {
		o := &objects[i]
		if o.Role != protocol.RoleList || v.listed[o.Tree] || !v.p.bag.Has(payload(EvidenceName(o.Tree))) {
			continue
		}
		v.listed[o.Tree] = true
		l := &listing{v: v, objects: objects, hash: sha512.New()}
		err := l.read(o)
		if !v.report.claim(about, fmt.Sprintf("list %s says which %d files are in the packs that are here, each with its digest",
			o.Tree, l.files), err) {
			v.lies = append(v.lies, lie{len(v.report.Claims) - 1, o.Tree, objects})
		}
	}
}

// A lie is the claim of a list that does not fit its packs.
type lie struct {
	claim   int // its place in the report
	list    protocol.Digest
	objects []protocol.Object // with which it was disclosed
}

// settleLies tells a list or a pack that somebody changed from a list that was signed as
// it is, of packs that were: that is no fault of the package. The packs are what was
// signed, and what the list says of the files in them is not proved.
func (v *verifier) settleLies() {
	for _, x := range v.lies {
		signed := v.matched[x.list]
		for i := range x.objects {
			o := &x.objects[i]
			signed = signed && (o.Role != protocol.RolePack || v.matched[o.Tree] || !v.p.bag.Has(payload(EvidenceName(o.Tree))))
		}
		if !signed {
			continue
		}
		c := &v.report.Claims[x.claim]
		c.Claim = fmt.Sprintf("list %s does not fit its packs, and was signed like that: what it says of their files is not proved: %s",
			x.list, c.Why)
		c.Unproved, c.Why = true, ""
		v.report.Unproved++
		v.report.Absent++
	}
}

// maxStreams bounds how often a pack is read for lists. Who discloses a large one with
// very many lists of it would have its reader read for weeks.
const maxStreams = 4

// A listing is a list that is being compared.
type listing struct {
	v       *verifier
	objects []protocol.Object
	hash    hash.Hash
	files   int64 // that were compared, of all packs

	pack   protocol.Digest // the current one
	reader *bag.Reader     // of it; nil if it is not here
	of     int64           // files of it
}

func (l *listing) read(o *protocol.Object) error {
	name := EvidenceName(o.Tree)
	l.v.used[name] = true
	in, err := l.v.p.bag.Open(payload(name))
	if err != nil {
		return err
	}
	defer in.Close()
	defer l.close()
	list := evidence.NewListReader(in, l.objects)
	for n := 1; ; n++ {
		e, err := list.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = l.file(&e)
		}
		if err != nil {
			return fmt.Errorf("file %d of the list: %w", n, err)
		}
	}
	if err := l.next(protocol.Digest{}); err != nil {
		return err
	}
	if sum, ok := in.Sum(); ok {
		l.v.contents[o.Tree] = content{sum: sum}
	}
	return nil
}

// file compares the next file.
func (l *listing) file(e *evidence.Entry) error {
	if e.Pack != l.pack {
		if err := l.next(e.Pack); err != nil {
			return err
		}
	}
	if l.reader == nil {
		return nil
	}
	l.hash.Reset()
	r := io.LimitReader(l.reader, e.Size)
	n, err := io.CopyBuffer(struct{ io.Writer }{l.hash}, r, l.v.buffer)
	if err != nil {
		return err
	}
	want, err := hex.DecodeString(e.SHA512)
	if err != nil || n != e.Size || !bytes.Equal(l.hash.Sum(nil), want) {
		return errors.New("its bytes in the pack are others")
	}
	l.files++
	l.of++
	return nil
}

// next reads the current pack to its end, and goes on to another.
func (l *listing) next(pack protocol.Digest) error {
	if l.reader != nil {
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{l.reader}, l.v.buffer); err != nil {
			return err
		}
		if sum, ok := l.reader.Sum(); ok {
			l.v.contents[l.pack] = content{sum: sum, files: l.of}
		}
		l.close()
	}
	l.pack, l.of = pack, 0
	name := EvidenceName(pack)
	if pack.IsZero() || !l.v.p.bag.Has(payload(name)) {
		return nil
	}
	l.v.used[name] = true
	if l.v.streams[pack]++; l.v.streams[pack] > maxStreams {
		return fmt.Errorf("its pack was compared with %d lists already", maxStreams)
	}
	var err error
	l.reader, err = l.v.p.bag.Open(payload(name))
	return err
}

func (l *listing) close() {
	if l.reader != nil {
		l.reader.Close()
		l.reader = nil
	}
}
