package story

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// FetchPatience bounds how long a step may wait for evidence to be fetched.
const FetchPatience = time.Hour

// takeIn takes content into the case that is the first argument of a step, as the
// systems of the participant that is the second would.
func (p *player) takeIn(ctx context.Context, st step, about desk.Intake, content io.Reader) (o protocol.Object, err error) {
	id, err := p.caseOf(st.args[0])
	if err != nil {
		return o, err
	}
	node, err := p.Desk(protocol.ParticipantID(st.args[1]))
	if err != nil {
		return o, err
	}
	return node.TakeIn(ctx, id, about, content)
}

// taken takes a file of the transcript, the last of three arguments, into the case
// that is the first.
func (p *player) taken(ctx context.Context, st step) (protocol.CaseID, protocol.Object, error) {
	args, err := st.want(3)
	if err != nil {
		return "", protocol.Object{}, err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return "", protocol.Object{}, err
	}
	content, err := p.file(args[2])
	if err != nil {
		return "", protocol.Object{}, err
	}
	o, err := p.takeIn(ctx, st, desk.Intake{Name: args[2], MediaType: "application/octet-stream"}, bytes.NewReader(content))
	return id, o, err
}

// handOver discloses a file of the transcript: the last of three arguments.
func (p *player) handOver(ctx context.Context, st step, status protocol.ProductionStatus) error {
	_, o, err := p.taken(ctx, st)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Disclosure: &protocol.Disclosure{Status: status, Objects: []protocol.Object{o}}})
}

// disclose: disclose CASE PARTICIPANT FILE — takes it in, and hands it over.
func (p *player) disclose(ctx context.Context, st step) error {
	return p.handOver(ctx, st, protocol.ProductionComplete)
}

// part: part CASE PARTICIPANT FILE — discloses it, and more is to come.
func (p *player) part(ctx context.Context, st step) error {
	return p.handOver(ctx, st, protocol.ProductionPartial)
}

// hold: hold CASE PARTICIPANT FILE — takes it in, and discloses nothing.
func (p *player) hold(ctx context.Context, st step) error {
	id, o, err := p.taken(ctx, st)
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(st.args[1]))
	if err != nil {
		return err
	}
	e, err := node.Evidence(ctx, id)
	if err != nil {
		return err
	}
	for _, i := range e.Items {
		if i.Object.Tree == o.Tree && i.State == desk.EvidenceHeld {
			p.say("  ✓ %s holds the file for review", st.args[1])
			return nil
		}
	}
	return errors.New("it is not held")
}

// unseen: unseen CASE PARTICIPANT FILE — the participant knows of no such object.
func (p *player) unseen(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	e, err := node.Evidence(ctx, id)
	if err != nil {
		return err
	}
	for _, i := range e.Items {
		if i.Object.Name == args[2] {
			return fmt.Errorf("it is there, and %s", i.State)
		}
	}
	p.say("  ✗ %s knows nothing of it", args[1])
	return nil
}

// evidence: evidence CASE PARTICIPANT FILE — the participant has it, bit for bit:
// its node fetched it by itself, or because somebody asks for it now.
func (p *player) evidence(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	content, err := p.file(args[2])
	if err != nil {
		return err
	}
	item, err := p.fetched(ctx, st, args[2])
	if err != nil {
		return err
	}
	var got bytes.Buffer
	if err := p.content(ctx, st, &item, &got); err != nil {
		return err
	}
	if !bytes.Equal(got.Bytes(), content) {
		return fmt.Errorf("it is another file, of %d bytes", got.Len())
	}
	p.say("  ✓ %s has the file, and its digest is the one that was signed", args[1])
	return nil
}

func (p *player) content(ctx context.Context, st step, item *desk.EvidenceItem, w io.Writer) error {
	node, err := p.Desk(protocol.ParticipantID(st.args[1]))
	if err != nil {
		return err
	}
	return node.Content(ctx, desk.Piece{Case: p.cases[st.args[0]], Object: item.Object.Tree}, w)
}

// fetched waits until an object of that name is complete, and has it fetched if the
// node waits for somebody to ask.
func (p *player) fetched(ctx context.Context, st step, name string) (item desk.EvidenceItem, err error) {
	id, err := p.caseOf(st.args[0])
	if err != nil {
		return item, err
	}
	node, err := p.Desk(protocol.ParticipantID(st.args[1]))
	if err != nil {
		return item, err
	}
	asked := false
	err = untilAfter(ctx, FetchPatience, func() (bool, error) {
		e, err := node.Evidence(ctx, id)
		if err != nil {
			return false, err
		}
		found := false
		for _, i := range e.Items {
			if i.Object.Name == name {
				item, found = i, true
			}
		}
		switch {
		case !found:
			return false, errors.New("the case has no such object")
		case item.State == desk.EvidenceWaiting && !asked:
			asked = true
			_, err := node.Fetch(ctx, id, desk.Fetch{Object: item.Object.Tree})
			return false, err
		case item.State == desk.EvidenceDamaged, item.State == desk.EvidenceQuarantined, item.State == desk.EvidenceDeleted:
			return true, fmt.Errorf("it is %s: %s", item.State, item.Why)
		case item.State == desk.EvidenceComplete, item.State == desk.EvidenceDisclosed:
			return true, nil
		}
		return false, fmt.Errorf("it is %s: %s (%d of %d bytes)", item.State, item.Why, item.Have, item.Total)
	})
	return item, err
}

// size reads a size such as 64MiB: unless the story is played in full, quick=SIZE.
func (p *player) size(st step, text string) (int64, error) {
	if quick := st.option("quick"); quick != "" && !p.story.Full {
		text = quick
	}
	for unit, shift := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseInt(number, 10, 32)
			if err == nil && n > 0 {
				return n << shift, nil
			}
		}
	}
	return 0, errors.New("want a size such as 64MiB")
}

// A mailbox is content that a seed makes: as much as is wanted, and never twice the
// same.
type mailbox struct {
	left  int64
	seed  string
	n     uint64
	rest  []byte
	total hash.Hash // of what was read
}

func newMailbox(seed string, size int64) *mailbox {
	return &mailbox{left: size, seed: seed, total: sha256.New()}
}

func (m *mailbox) Read(b []byte) (int, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	if len(m.rest) == 0 {
		m.n++
		line := sha256.Sum256(fmt.Appendf(nil, "%s %d", m.seed, m.n))
		m.rest = bytes.Repeat(line[:], 128)
	}
	n := copy(b[:min(int64(len(b)), m.left)], m.rest)
	m.rest, m.left = m.rest[n:], m.left-int64(n)
	m.total.Write(b[:n])
	return n, nil
}

// mail: mail CASE PARTICIPANT NAME SIZE [quick=SIZE] — takes in a mailbox of that
// size, and discloses it.
func (p *player) mail(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	size, err := p.size(st, args[3])
	if err != nil {
		return err
	}
	o, err := p.takeIn(ctx, st, desk.Intake{Name: args[2], MediaType: "application/mbox"},
		newMailbox(args[2], size))
	if err != nil {
		return err
	}
	p.say("  → %s has taken in a mailbox of %s: nothing is disclosed by it", args[1], sizeText(size))
	return p.body(ctx, st, protocol.Body{Disclosure: &protocol.Disclosure{
		Status: protocol.ProductionComplete, Objects: []protocol.Object{o}}})
}

func sizeText(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// moving: moving CASE PARTICIPANT NAME PERCENT — waits until so much of an object is
// here, and not all of it. What was seen to be here before must still be.
func (p *player) moving(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	percent, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil || percent < 1 || percent > 99 {
		return errors.New("want a number from 1 to 99")
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	var item desk.EvidenceItem
	before := p.moved[args[1]+" "+args[2]]
	lost := false
	err = untilAfter(ctx, FetchPatience, func() (bool, error) {
		e, err := node.Evidence(ctx, id)
		for _, i := range e.Items {
			if i.Object.Name == args[2] {
				item = i
			}
		}
		lost = item.Have > 0 && item.Have < before
		return lost || item.Total > 0 && item.Have >= item.Total*percent/100, err
	})
	p.moved[args[1]+" "+args[2]] = item.Have
	switch {
	case lost:
		return fmt.Errorf("%d bytes are here, and %d were", item.Have, before)
	case err != nil:
		return fmt.Errorf("%d of %d bytes are here: %w", item.Have, item.Total, err)
	case item.State == desk.EvidenceComplete:
		return errors.New("all of it is here already")
	}
	p.say("  ✓ at %s %s of %s are here, each block of it checked", args[1], sizeText(item.Have), sizeText(item.Total))
	return nil
}

// arrived: arrived CASE PARTICIPANT NAME SIZE [quick=SIZE] — the participant has the
// mailbox that mail disclosed, bit for bit.
func (p *player) arrived(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	size, err := p.size(st, args[3])
	if err != nil {
		return err
	}
	item, err := p.fetched(ctx, st, args[2])
	if err != nil {
		return err
	}
	want := newMailbox(args[2], size)
	if _, err := io.Copy(io.Discard, want); err != nil {
		return err
	}
	got := sha256.New()
	if err := p.content(ctx, st, &item, got); err != nil {
		return err
	}
	if !bytes.Equal(got.Sum(nil), want.total.Sum(nil)) {
		return errors.New("it is another content")
	}
	p.say("  ✓ %s has all of it, bit for bit: %s", args[1], sizeText(size))
	return nil
}
