package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// Limits of a list.
const (
	// MaxLine bounds a line of a list, in bytes: the longest name, media type and
	// collector fit, if each of their bytes is written as an escape of six.
	MaxLine = 4 << 10

	// MaxListed bounds the files of a list: a mailbox or a file share of a large
	// organisation has some millions, and a list of so many has a few GiB, which
	// is read in minutes.
	MaxListed = 10_000_000
)

// An Entry is one file of a pack: a line of a list, in canonical form. Its name is
// data, never a path, and several files may have one name.
type Entry struct {
	Name      string          `json:"name"`
	MediaType string          `json:"media_type"`
	Size      int64           `json:"size"`   // bytes of the content
	SHA512    string          `json:"sha512"` // of the content, 128 hexadecimal digits
	Pack      protocol.Digest `json:"pack"`   // the tree hash of the pack that it is in
	Offset    int64           `json:"offset"` // where it begins in the content of the pack
	Collected time.Time       `json:"collected,omitzero"`
	Collector string          `json:"collector,omitzero"`
}

// Check reports whether e is well formed: what an object has, it has by the rules
// of one.
func (e *Entry) Check() error {
	o := protocol.Object{Name: e.Name, MediaType: e.MediaType, Size: e.Size, SHA512: e.SHA512, Tree: e.Pack,
		Collected: e.Collected, Collector: e.Collector}
	switch {
	case e.Pack.IsZero():
		return errors.New("pack: want the tree hash of the pack that it is in")
	case e.Offset < 0 || e.Offset > protocol.MaxObject:
		return fmt.Errorf("offset: want 0 to %d bytes", int64(protocol.MaxObject))
	}
	return o.Check()
}

// An order is how entries follow one another: file behind file, pack behind pack.
type order struct {
	sizes map[protocol.Digest]int64 // of the packs; nil where they are not known
	lines int
	pack  protocol.Digest
	end   int64                    // of what was listed of pack
	seen  map[protocol.Digest]bool // packs, MaxObjects at most
}

// next reports whether e may come next.
func (o *order) next(e *Entry) error {
	if o.lines++; o.lines > MaxListed {
		return fmt.Errorf("want at most %d files in a list: make another", MaxListed)
	}
	if err := e.Check(); err != nil {
		return err
	}
	if e.Pack != o.pack {
		if err := o.turn(e.Pack); err != nil {
			return err
		}
	}
	if e.Offset != o.end {
		return fmt.Errorf("offset: want %d, where the file before it ends", o.end)
	}
	if size, ok := o.sizes[e.Pack]; ok && e.Size > size-o.end {
		return errors.New("size: want a file that ends within its pack")
	}
	o.end += e.Size
	return nil
}

// turn goes to another pack.
func (o *order) turn(pack protocol.Digest) error {
	if err := o.whole(); err != nil {
		return err
	}
	if _, ok := o.sizes[pack]; !ok && o.sizes != nil {
		return errors.New("pack: want one that is disclosed with the list")
	}
	if o.seen[pack] || len(o.seen) == protocol.MaxObjects {
		return fmt.Errorf("pack: want the files of one pack together, and at most %d packs", protocol.MaxObjects)
	}
	if o.seen == nil {
		o.seen = map[protocol.Digest]bool{}
	}
	o.pack, o.end, o.seen[pack] = pack, 0, true
	return nil
}

// whole reports whether all of the pack was listed.
func (o *order) whole() error {
	if size, ok := o.sizes[o.pack]; ok && o.end != size {
		return fmt.Errorf("pack: %d of its %d bytes belong to a file in the list: want all", o.end, size)
	}
	return nil
}

// A ListWriter writes a list, entry by entry, in constant memory.
type ListWriter struct {
	w     io.Writer
	order order
	err   error
}

// NewListWriter returns a ListWriter to w, which is best buffered.
func NewListWriter(w io.Writer) *ListWriter { return &ListWriter{w: w} }

// Add writes the next entry: it begins where the one before it ends. After an error
// the list is of no more use.
func (w *ListWriter) Add(e Entry) error {
	if w.err != nil {
		return w.err
	}
	line, err := w.line(&e)
	if err == nil {
		_, err = w.w.Write(line)
	}
	if err != nil {
		w.err = fmt.Errorf("evidence: list: file %d: %w", w.order.lines, err)
	}
	return w.err
}

func (w *ListWriter) line(e *Entry) ([]byte, error) {
	if err := w.order.next(e); err != nil {
		return nil, err
	}
	line, err := canon.Encode(e)
	if err != nil {
		return nil, err
	}
	return append(line, '\n'), nil
}

// A ListReader reads a list, entry by entry, in constant memory.
type ListReader struct {
	r     *bufio.Reader
	order order
	err   error
}

// NewListReader returns a ListReader of r, whose files are in the packs among the
// objects: those that were disclosed with the list.
func NewListReader(r io.Reader, objects []protocol.Object) *ListReader {
	sizes := map[protocol.Digest]int64{}
	for _, o := range objects {
		if o.Role == protocol.RolePack {
			sizes[o.Tree] = o.Size
		}
	}
	return &ListReader{r: bufio.NewReaderSize(r, MaxLine), order: order{sizes: sizes}}
}

// Next returns the next entry. It ends with io.EOF where the list ends: each byte of
// the packs that a list has belongs to one file. The first error stays.
func (l *ListReader) Next() (Entry, error) {
	var e Entry
	if l.err == nil {
		if err := l.read(&e); errors.Is(err, io.EOF) {
			l.err = io.EOF
		} else if err != nil {
			l.err = fmt.Errorf("evidence: list: line %d: %w", l.order.lines, err)
		}
	}
	if l.err != nil {
		return Entry{}, l.err
	}
	return e, nil
}

func (l *ListReader) read(e *Entry) error {
	line, err := l.r.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		if err := l.order.whole(); err != nil {
			return err
		}
		return io.EOF
	case errors.Is(err, io.EOF):
		l.order.lines++
		return errors.New("want a line feed at its end")
	case errors.Is(err, bufio.ErrBufferFull):
		l.order.lines++
		return fmt.Errorf("want at most %d bytes", MaxLine)
	case err != nil:
		return err
	}
	if err := canon.Decode(bytes.TrimSuffix(line, []byte("\n")), e); err != nil {
		l.order.lines++
		return fmt.Errorf("want a file of a pack in canonical form: %w", err)
	}
	return l.order.next(e)
}

// ErrContent says that content is not what was signed, or listed.
var ErrContent = errors.New("evidence: the content is not what was signed")

// Checked returns r, which ends with ErrContent in place of io.EOF where its bytes
// are not as many as size says, or do not have the digest. Whoever copies it knows at
// the end, not before.
func Checked(r io.Reader, size int64, digest string) io.Reader {
	return &checked{r: io.LimitReader(r, size+1), left: size, want: digest, hash: sha512.New()}
}

type checked struct {
	r    io.Reader
	left int64
	want string
	hash hash.Hash
}

func (c *checked) Read(p []byte) (int, error) {
	k, err := c.r.Read(p)
	c.hash.Write(p[:k])
	if c.left -= int64(k); c.left < 0 {
		return 0, ErrContent
	}
	if errors.Is(err, io.EOF) && (c.left != 0 || hex.EncodeToString(c.hash.Sum(nil)) != c.want) {
		err = ErrContent
	}
	return k, err
}

// In returns the content of the file that e lists, out of the content of its pack,
// checked.
func (e *Entry) In(pack io.ReaderAt) io.Reader {
	return Checked(io.NewSectionReader(pack, e.Offset, e.Size), e.Size, e.SHA512)
}
