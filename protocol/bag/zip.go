package bag

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// An archive is a bag in a ZIP archive.
type archive struct {
	r     io.ReaderAt
	size  int64
	files []*zip.File
}

// Lengths of the ends of an archive, in bytes.
const (
	endLength       = 22
	locatorLength   = 20
	end64Length     = 56
	maxRecordLength = 46 + MaxName + 28 // of a file in the table of contents
)

// OpenZIP opens a bag in an archive of the given size. Its files are stored: one that
// is compressed is refused, whatever it would become.
func OpenZIP(r io.ReaderAt, size int64) (*Bag, error) {
	if err := checkEnd(r, size); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoBag, err)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoBag, err)
	}
	a := &archive{r: r, size: size, files: z.File}
	b := &Bag{archive: a}
	return b, read(folderOf{a, b}, b)
}

// checkEnd reads the end of an archive before package zip makes room for as many files
// as it names.
func checkEnd(r io.ReaderAt, size int64) error {
	length := min(size, endLength+locatorLength+end64Length)
	end := make([]byte, length)
	if _, err := r.ReadAt(end, size-length); err != nil && err != io.EOF {
		return err
	}
	at := len(end) - endLength
	if at < 0 || !bytes.HasPrefix(end[at:], []byte("PK\x05\x06")) {
		return errors.New("want an archive with nothing behind its end")
	}
	count := uint64(binary.LittleEndian.Uint16(end[at+10:]))
	directory := uint64(binary.LittleEndian.Uint32(end[at+12:]))
	offset := binary.LittleEndian.Uint32(end[at+16:])
	if count == math.MaxUint16 || directory == math.MaxUint32 || offset == math.MaxUint32 {
		if len(end) < endLength+locatorLength+end64Length ||
			!bytes.HasPrefix(end[end64Length:], []byte("PK\x06\x07")) || !bytes.HasPrefix(end, []byte("PK\x06\x06")) ||
			binary.LittleEndian.Uint64(end[end64Length+8:]) != uint64(size-length) {
			return errors.New("want a ZIP64 end right before the end")
		}
		count, directory = binary.LittleEndian.Uint64(end[32:]), binary.LittleEndian.Uint64(end[40:])
	}
	if count > MaxFiles || directory > MaxFiles*maxRecordLength {
		return fmt.Errorf("want at most %d files, with names of at most %d bytes", MaxFiles, MaxName)
	}
	return nil
}

// folderOf is the one folder of an archive, as a source.
type folderOf struct {
	a *archive
	b *Bag
}

func (s folderOf) each(add func(string, *file) error) error {
	var total uint64
	for _, f := range s.a.files {
		folder, name, ok := strings.Cut(f.Name, "/")
		switch {
		case !ok || checkPath(folder) != nil || s.b.Folder != "" && folder != s.b.Folder:
			return fmt.Errorf("%w: want one folder in the archive, and all files in it", ErrNoBag)
		case strings.HasSuffix(f.Name, "/"):
			if f.UncompressedSize64 != 0 || f.CompressedSize64 != 0 {
				return fmt.Errorf("%w: a folder with bytes of its own", ErrNoBag)
			}
			s.b.Folder = folder
			continue
		case f.Method != zip.Store || f.Flags&1 != 0 || f.CompressedSize64 != f.UncompressedSize64:
			return errors.New("bag: a file is compressed or encrypted: want stored files, which nothing unpacks")
		case f.UncompressedSize64 > uint64(s.a.size):
			return errors.New("bag: a file is larger than the archive")
		}
		if total += f.UncompressedSize64; total > uint64(s.a.size) {
			return errors.New("bag: files lie over each other")
		}
		s.b.Folder = folder
		if err := add(name, &file{size: int64(f.UncompressedSize64), open: f.Open}); err != nil {
			return err
		}
	}
	return nil
}
