package main

import (
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// settleWithin is how long the node is given, after the end, to compare what came with
// what was signed.
const settleWithin = 30 * time.Second

// fromNow stands for the next segment that comes.
const fromNow = -1

type tapFollowCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	Out  string          `type:"path" help:"File to write into; it is made. By default standard output." placeholder:"FILE"`
	From string          `help:"Begin at this segment, counted from 0, or at the next that comes: now. By default at the beginning." placeholder:"N"`
}

func (c *tapFollowCmd) Help() string {
	return `Writes what was delivered from the beginning, and then what comes, until the interception stops. Then it compares
what it wrote with what the provider signed. Nothing is written that does not open at its place under the key that
was disclosed. Whoever stops following stops nothing: the node goes on. With --from what was written is a part only, and is
not compared; the node compares the whole all the same.`
}

// followed is what follow says to a program at the end.
type followed struct {
	Object protocol.Object    `json:"object"`
	State  desk.EvidenceState `json:"state"`
	From   int64              `json:"from,omitzero"` // the segment at which it began
	Bytes  int64              `json:"bytes"`         // that were written
	Same   bool               `json:"same"`          // they are what was signed, all of it
}

func (c *tapFollowCmd) Run(ctx context.Context, a *app) error {
	if a.JSON && c.Out == "" {
		return badInput("--json: want a file for what is delivered", "name it with --out")
	}
	from, err := c.begin()
	if err != nil {
		return err
	}
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	i, err := c.live(ctx, node)
	if err != nil {
		return err
	}
	if from == fromNow {
		from = cmp.Or(i.Object.Segments, i.Segments+int64(len(i.Gaps)))
	}
	if i.State == desk.EvidenceWaiting {
		if _, err := node.Fetch(ctx, c.Case, desk.Fetch{Object: i.Object.Tree}); err != nil {
			return err
		}
	}
	out, done, err := c.open(a)
	if err != nil {
		return err
	}
	w := &digested{w: out, sum: sha512.New()}
	err = node.Follow(ctx, desk.Piece{Case: c.Case, Object: i.Object.Tree, From: from}, w)
	err = errors.Join(err, done())
	if ctx.Err() != nil {
		return &failure{exitInterrupted, fmt.Sprintf("interrupted: %s were written", byteText(w.n)), "comity tap follow begins again from the beginning, with --from now at what comes next"}
	}
	if err != nil {
		return err
	}
	return c.compare(ctx, a, node, &written{w, from})
}

// begin returns the segment at which to begin.
func (c *tapFollowCmd) begin() (int64, error) {
	switch c.From {
	case "":
		return 0, nil
	case "now":
		return fromNow, nil
	}
	n, err := strconv.ParseInt(c.From, 10, 64)
	if err != nil || n < 0 || n > protocol.MaxSegments {
		return 0, badInput(fmt.Sprintf("--from: %q: want the number of a segment, from 0, or now", c.From), "")
	}
	return n, nil
}

// live returns the live object of the case, or what it became.
func (c *tapFollowCmd) live(ctx context.Context, node *desk.Client) (*desk.EvidenceItem, error) {
	e, err := node.Evidence(ctx, c.Case)
	if err != nil {
		return nil, err
	}
	for i := range e.Items {
		if e.Items[i].State == desk.EvidenceLive || e.Items[i].Object.Segments > 0 || e.Items[i].Object.SHA512 == "" {
			return &e.Items[i], nil
		}
	}
	return nil, &failure{exitError, "nothing is delivered live in this case", "see comity case show " + string(c.Case)}
}

func (c *tapFollowCmd) open(a *app) (io.Writer, func() error, error) {
	if c.Out == "" {
		return a.out, func() error { return nil }, nil
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, nil, badInput("--out: the file is there already", "name one that is not: nothing is overwritten")
	}
	if err != nil {
		return nil, nil, err
	}
	return f, func() error { return errors.Join(f.Sync(), f.Close()) }, nil
}

// compare compares what was written with what was signed.
func (c *tapFollowCmd) compare(ctx context.Context, a *app, node *desk.Client, w *written) error {
	var i *desk.EvidenceItem
	for end := time.Now().Add(settleWithin); ; {
		e, err := node.Evidence(ctx, c.Case)
		if err != nil {
			return err
		}
		i = nil
		for k := range e.Items {
			if e.Items[k].Object.Segments > 0 {
				i = &e.Items[k]
			}
		}
		if i == nil || i.State != desk.EvidenceWaiting && i.State != desk.EvidenceChecking && i.State != desk.EvidenceFetching ||
			time.Now().After(end) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
	if i == nil && w.n == 0 && w.from == 0 {
		return a.follows(followed{Same: true}, "the interception has stopped: nothing was delivered")
	}
	if i == nil {
		return &failure{exitDoubt, "the interception was stopped without a word of what had been delivered", "ask its provider"}
	}
	f := followed{i.Object, i.State, w.from, w.n, w.n == i.Object.Size && hex.EncodeToString(w.sum.Sum(nil)) == i.Object.SHA512}
	if w.from > 0 && i.State != desk.EvidenceDamaged {
		return a.follows(f, fmt.Sprintf("the interception has stopped: %s of %s were written, from segment %d on, and not compared; "+
			"comity fetch %s --out DIR writes and compares the whole", byteText(w.n), byteText(i.Object.Size), w.from, c.Case))
	}
	if !f.Same || i.State == desk.EvidenceDamaged {
		return errors.Join(a.follows(f, ""), &failure{exitDoubt, "what was delivered is not what was signed when it stopped",
			"do not rely on it, and tell its provider"})
	}
	return a.follows(f, fmt.Sprintf("the interception has stopped: %s were delivered, which is what was signed: %s", byteText(w.n), i.Object.Tree))
}

// follows says how it ended: to a person beside what was written.
func (a *app) follows(f followed, text string) error {
	if text != "" {
		a.note("%s", text)
	}
	if a.JSON {
		return a.line(f)
	}
	return nil
}

// A written part is what follow wrote, and the segment at which that began.
type written struct {
	*digested
	from int64
}

// A digested writer keeps the digest of what was written.
type digested struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (d *digested) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	d.sum.Write(p[:n])
	d.n += int64(n)
	return n, err
}
