package bag

import (
	"archive/zip"
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"io"
	"math"
	"slices"
)

// CheckForm returns ErrForm unless the bag is what Writer writes for these fields of
// bag-info.txt: all tag files, byte for byte, and no other; and of an archive every bit
// around the bytes of its files. Bytes before, between and after the files, comments
// and second headers are where another program would find what was never checked. It
// reads no file of the payload: Check does.
func (b *Bag) CheckForm(info []Field) error {
	m := b.manifest("manifest-sha512.txt")
	if m == nil || len(b.manifests) != 2 || b.report.FaultsTotal+b.report.WarningsTotal > 0 {
		return ErrForm
	}
	payload := slices.DeleteFunc(slices.Clone(b.names), func(name string) bool { return !Payload(name) })
	want := slices.Concat([]string{declarationName}, payload, []string{infoName, m.file, "tagmanifest-sha512.txt"})
	order := payload
	if b.archive == nil { // in a folder there is no order but the manifest's
		slices.Sort(want)
		order = m.order
	}
	if !slices.Equal(want, b.names) {
		return ErrForm
	}
	if err := b.checkTags(order, info); err != nil {
		return err
	}
	if b.archive != nil {
		return b.archive.checkForm()
	}
	return nil
}

func (b *Bag) manifest(file string) *manifest {
	i := slices.IndexFunc(b.manifests, func(m *manifest) bool { return m.file == file })
	if i < 0 {
		return nil
	}
	return b.manifests[i]
}

// Fingerprint returns the SHA-512 digest of tagmanifest-sha512.txt, in hexadecimal: of
// a bag whose Report is clean, it leads to every file. It is empty where there is none.
func (b *Bag) Fingerprint() string {
	text, err := b.Read("tagmanifest-sha512.txt", MaxManifest)
	if err != nil {
		return ""
	}
	sum := sha512.Sum512(text)
	return hex.EncodeToString(sum[:])
}

// checkTags writes the tag files again and compares.
func (b *Bag) checkTags(order []string, info []Field) error {
	same := func(name string, content []byte) error {
		had, err := b.Read(name, MaxManifest)
		if err != nil {
			return err
		}
		if !bytes.Equal(had, content) {
			return ErrForm
		}
		return nil
	}
	if err := same(declarationName, []byte(declaration)); err != nil {
		return err
	}
	w := NewWriter(io.Discard, b.Folder)
	if err := w.start(); err != nil {
		return err
	}
	for _, name := range order {
		f := b.files[name]
		if f == nil || len(f.listed) != 1 {
			return ErrForm
		}
		sum := Sum{Size: f.size}
		if _, err := hex.Decode(sum.SHA512[:], []byte(f.listed[0].sum)); err != nil {
			return ErrForm
		}
		w.note(name, sum)
	}
	return w.finish(info, same)
}

// checkForm writes the archive again, with zeros in place of the bytes of its files,
// which cost nothing and are compared when the files are read.
func (a *archive) checkForm() error {
	along := &comparer{r: a.r}
	w := zip.NewWriter(along)
	zeros := make([]byte, copyBuffer)
	for _, f := range a.files {
		h := header(f.Name)
		h.Flags, h.CreatorVersion, h.ReaderVersion = 0x8|utf8Flag(f.Name), 20, 20
		h.CRC32, h.CompressedSize64, h.UncompressedSize64 = f.CRC32, f.CompressedSize64, f.UncompressedSize64
		out, err := w.CreateRaw(h)
		if err == nil {
			err = w.Flush()
		}
		if err != nil {
			return err
		}
		if f.UncompressedSize64 >= math.MaxUint32 {
			h.ReaderVersion = 45 // in the table of contents only: the header came before the size
		}
		along.skip = true
		for left := f.UncompressedSize64; left > 0; {
			n := min(left, uint64(len(zeros)))
			if _, err := out.Write(zeros[:n]); err != nil {
				return err
			}
			left -= n
		}
		if err := w.Flush(); err != nil {
			return err
		}
		along.skip = false
	}
	if err := w.Close(); err != nil {
		return err
	}
	if along.differs || along.at != a.size {
		return ErrForm
	}
	return nil
}

// utf8Flag is what package zip sets for a name that is not plain ASCII.
func utf8Flag(name string) uint16 {
	for _, c := range []byte(name) {
		if c < 0x20 || c > 0x7d || c == '\\' {
			return 0x800
		}
	}
	return 0
}

// A comparer reads along with what is written.
type comparer struct {
	r       io.ReaderAt
	at      int64
	skip    bool
	differs bool
}

// Write implements io.Writer.
func (c *comparer) Write(b []byte) (int, error) {
	if !c.skip && !c.differs {
		got := make([]byte, len(b))
		n, _ := c.r.ReadAt(got, c.at)
		c.differs = !bytes.Equal(got[:n], b)
	}
	c.at += int64(len(b))
	return len(b), nil
}
