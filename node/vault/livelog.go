package vault

import (
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// A live object is a folder: its log, and once it takes nothing more the empty file
// closedName. The log has one frame for each segment, in the order in which they came:
//
//	seq     8 bytes
//	length  4 bytes
//	crc     4 bytes: CRC-32C of the twelve bytes before and of the segment
//	segment
//
// A frame is synced before the next is written, and before anybody hears of it. So a
// crash tears the last one only, of which nobody has heard: it is cut off.
const (
	logName     = "segments"
	closedName  = "closed"
	frameHeader = 16
)

// MaxAhead is how far beyond the segments that are here one is taken, in segments.
// Who asks for one after the other needs no more.
const MaxAhead = 4096

// A liveLog is an open log.
type liveLog struct {
	at    place
	dir   string
	disk  *disk
	users int // guarded by living.mu

	mu   sync.Mutex // guards what follows
	file *file
	end  int64
	// frames is where the frame of each segment lies, plus one: 0 of one that is not here.
	frames []int64
	have   int64 // segments
	bytes  int64 // of sealed segments
	holds  int64 // bytes, opened
	closed bool  // nothing is appended any more
	sums   sums
	sent   protocol.ParticipantID // from whom it comes, none of our own
}

// Sums are what is signed of a live object, of its segments up to next.
type sums struct {
	next   int64
	tree   evidence.Tree
	sha    hash.Hash
	size   int64
	sealed int64
}

// add goes on with a segment, if it is the next.
func (s *sums) add(seq int64, sealed, plain []byte) error {
	if seq != s.next {
		return nil // all is read again at the end
	}
	if s.sha == nil {
		s.sha = sha512.New()
	}
	s.sha.Write(plain)
	s.next++
	s.size += int64(len(plain))
	s.sealed += int64(len(sealed))
	return s.tree.Add(sealed)
}

// openLog opens the log in dir, which is there, and cuts off what a crash has torn.
func openLog(at place, dir string, d *disk) (l *liveLog, err error) {
	l = &liveLog{at: at, dir: dir, disk: d}
	if l.file, err = d.open(filepath.Join(dir, logName), os.O_RDWR|os.O_CREATE); err != nil {
		return nil, err
	}
	l.closed = exists(filepath.Join(dir, closedName))
	if err := errors.Join(l.scan(), d.syncDir(dir)); err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	return l, nil
}

// scan finds the frames. Each is compared with its sum whenever it is used, so only
// the last one is here.
func (l *liveLog) scan() error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	last := int64(-1)
	for l.end < info.Size() {
		seq, size, err := l.header(l.end)
		next := l.end + frameHeader + size
		if err != nil || next > info.Size() || seq > int64(len(l.frames))+MaxAhead || l.has(seq) {
			break
		}
		l.note(seq, l.end, size)
		last, l.end = seq, next
	}
	if last >= 0 {
		if _, err := l.segment(last); errors.Is(err, ErrDamaged) {
			l.forget(last)
		} else if err != nil {
			return err
		}
	}
	if l.end == info.Size() {
		return nil
	}
	return errors.Join(l.disk.do("truncate", func() error { return l.file.Truncate(l.end) }), l.file.Sync())
}

func (l *liveLog) header(at int64) (seq, size int64, err error) {
	var h [frameHeader]byte
	if _, err := l.file.ReadAt(h[:], at); err != nil {
		if errors.Is(err, io.EOF) {
			err = ErrDamaged
		}
		return 0, 0, err
	}
	s, n := binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint32(h[8:12])
	if s >= protocol.MaxSegments || n == 0 || n > wire.MaxSegment {
		return 0, 0, ErrDamaged
	}
	return int64(s), int64(n), nil
}

func (l *liveLog) note(seq, at, size int64) {
	for int64(len(l.frames)) <= seq {
		l.frames = append(l.frames, 0)
	}
	l.frames[seq] = at + 1
	l.have++
	l.count(size, 1)
}

// count adds a segment to the sizes, or takes it away.
func (l *liveLog) count(sealed, sign int64) {
	l.bytes += sign * sealed
	if opened, err := stream.OpenedSize(sealed); err == nil { // else it is found damaged when it is read
		l.holds += sign * opened
	}
}

// forget takes the last frame out.
func (l *liveLog) forget(seq int64) {
	at := l.frames[seq] - 1
	l.count(l.end-at-frameHeader, -1)
	l.end = at
	l.frames[seq] = 0
	l.have--
	for len(l.frames) > 0 && l.frames[len(l.frames)-1] == 0 {
		l.frames = l.frames[:len(l.frames)-1]
	}
}

// has reports whether a segment is here.
func (l *liveLog) has(seq int64) bool {
	return seq >= 0 && seq < int64(len(l.frames)) && l.frames[seq] != 0
}

// segment returns a sealed segment as it was written: ErrAbsent, ErrDamaged.
func (l *liveLog) segment(seq int64) ([]byte, error) {
	if !l.has(seq) {
		return nil, ErrAbsent
	}
	at := l.frames[seq] - 1
	got, size, err := l.header(at)
	if err == nil && got != seq {
		err = ErrDamaged
	}
	if err != nil {
		return nil, err
	}
	b := make([]byte, frameHeader+size)
	if _, err := l.file.ReadAt(b, at); err != nil {
		if errors.Is(err, io.EOF) {
			err = ErrDamaged
		}
		return nil, err
	}
	if binary.BigEndian.Uint32(b[12:]) != frameSum(b) {
		return nil, ErrDamaged
	}
	return b[frameHeader:], nil
}

func frameSum(frame []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(frame[:12], table), table, frame[frameHeader:])
}

// put appends a segment. When it returns nil the segment is durable; after an error
// it is not here, though a crash may find it whole: whoever handed it in was told
// nothing.
func (l *liveLog) put(seq int64, sealed []byte) error {
	b := make([]byte, frameHeader, frameHeader+len(sealed))
	binary.BigEndian.PutUint64(b, uint64(seq))
	binary.BigEndian.PutUint32(b[8:], uint32(len(sealed)))
	b = append(b, sealed...)
	binary.BigEndian.PutUint32(b[12:], frameSum(b))
	_, err := l.file.WriteAt(b, l.end)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.disk.do("truncate", func() error { return l.file.Truncate(l.end) }))
	}
	l.note(seq, l.end, int64(len(sealed)))
	l.end += int64(len(b))
	return nil
}

// gaps returns the segments that are not here, before the last that is.
func (l *liveLog) gaps() (out []int64) {
	if l.have == int64(len(l.frames)) {
		return nil
	}
	for seq := range l.frames {
		if l.frames[seq] == 0 {
			out = append(out, int64(seq))
		}
	}
	return out
}

// sum brings the sums up to all the segments, which are here from the first on.
func (l *liveLog) sum(open func(seq int64, sealed []byte) ([]byte, error)) error {
	for l.sums.next < int64(len(l.frames)) {
		seq := l.sums.next
		sealed, err := l.segment(seq)
		if err != nil {
			return fmt.Errorf("segment %d: %w", seq, err)
		}
		plain, err := open(seq, sealed)
		if err != nil {
			return fmt.Errorf("segment %d: %w", seq, err)
		}
		if err := l.sums.add(seq, sealed, plain); err != nil {
			return err
		}
	}
	return nil
}
