package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/cosign"
)

// MaxProof bounds the text of a proof, in bytes.
const MaxProof = 16 << 10

// A Proof shows, offline, that a record is in a ledger: C2SP tlog-proof v1,
// with the record as the extra data.
type Proof struct {
	Record     []byte // in its canonical encoding
	Index      int64
	Path       tlog.RecordProof
	Checkpoint []byte // a signed note, as the log issued it
}

// An Entry is what a verified proof says.
type Entry struct {
	Record     Record
	Index      int64
	Checkpoint Checkpoint
	Signed     time.Time // when the log says it signed the checkpoint
}

const (
	proofHeader = "c2sp.org/tlog-proof@v1\n"
	extraWord   = "extra "
	indexWord   = "index "
)

// Format returns p as text.
func (p Proof) Format() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader)
	fmt.Fprintf(&b, "%s%s\n", extraWord, base64.StdEncoding.EncodeToString(p.Record))
	fmt.Fprintf(&b, "%s%d\n", indexWord, p.Index)
	for _, h := range p.Path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

var errProof = errors.New("ledger: read a proof: not a tlog-proof of a record")

// ParseProof reads what Format writes and nothing else. It checks the form
// only: nothing in a Proof is true before Verify.
func ParseProof(text []byte) (Proof, error) {
	if len(text) > MaxProof {
		return Proof{}, fmt.Errorf("ledger: read a proof: %d bytes, at most %d", len(text), MaxProof)
	}
	rest, ok := strings.CutPrefix(string(text), proofHeader)
	if !ok {
		return Proof{}, errProof
	}
	head, checkpoint, ok := strings.Cut(rest, "\n\n")
	if !ok {
		return Proof{}, errProof
	}
	p := Proof{Checkpoint: []byte(checkpoint)}
	if err := p.parseHead(strings.Split(head, "\n")); err != nil {
		return Proof{}, err
	}
	if err := p.checkForm(); err != nil {
		return Proof{}, err
	}
	// One encoding: base64 with line breaks inside or loose last bits, an
	// index with leading zeros.
	if !bytes.Equal(p.Format(), text) {
		return Proof{}, errProof
	}
	return p, nil
}

func (p *Proof) parseHead(lines []string) (err error) {
	if len(lines) < 2 || len(lines)-2 > MaxPath {
		return errProof
	}
	extra, ok := strings.CutPrefix(lines[0], extraWord)
	if !ok {
		return errProof
	}
	if p.Record, err = base64.StdEncoding.Strict().DecodeString(extra); err != nil {
		return errProof
	}
	index, ok := strings.CutPrefix(lines[1], indexWord)
	if !ok {
		return errProof
	}
	if p.Index, err = strconv.ParseInt(index, 10, 64); err != nil {
		return errProof
	}
	for _, line := range lines[2:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return errProof
		}
		p.Path = append(p.Path, h)
	}
	return nil
}

// checkForm refuses what Verify could only refuse, whatever the key.
func (p *Proof) checkForm() error {
	if _, err := ParseRecord(p.Record); err != nil {
		return err
	}
	body, _, ok := bytes.Cut(p.Checkpoint, []byte("\n\n"))
	if !ok {
		return errProof
	}
	c, err := ParseCheckpoint(string(body) + "\n")
	if err != nil {
		return err
	}
	if p.Index < 0 || p.Index >= c.Size {
		return errProof
	}
	return nil
}

// Verify returns what p proves: that the log called origin, whose key is key,
// signed a tree in which the record stands. The caller compares the record
// with what it expects it to be about.
func (p Proof) Verify(origin string, key *cosign.LogPublic) (Entry, error) {
	c, signed, err := OpenCheckpoint(origin, key, p.Checkpoint)
	if err != nil {
		return Entry{}, err
	}
	if err := c.Includes(p.Index, tlog.RecordHash(p.Record), p.Path); err != nil {
		return Entry{}, err
	}
	r, err := ParseRecord(p.Record)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Record: r, Index: p.Index, Checkpoint: c, Signed: signed}, nil
}
