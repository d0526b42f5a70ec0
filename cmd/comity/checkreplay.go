package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/replay"
	"comity.example/protocol/casepack"
	"comity.example/protocol/register"
)

// save keeps the decision with all that it rests on. It holds the request, so
// nobody else may read it.
func (k *checking) save(file string, f agreement.Facts, d protocol.Decision) (protocol.Digest, error) {
	record, err := replay.Make(k.claims.Request, f, k.sources, d)
	if err != nil {
		return protocol.Digest{}, err
	}
	b, err := record.Encode()
	if err != nil {
		return protocol.Digest{}, err
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return protocol.Digest{}, err
	}
	_, err = out.Write(b)
	return record.Digest, errors.Join(err, out.Close())
}

// replayed is what check --replay says to a program of a decision.
type replayed struct {
	File string `json:"file"`
	replay.Result
	Agreement protocol.AgreementRef `json:"agreement"`
	Record    protocol.Digest       `json:"record"` // what the file says its digest is
	rooted
}

// replayedCase is what check --replay says to a program of a case.
type replayedCase struct {
	File string              `json:"file"`
	Case protocol.CaseID     `json:"case"`
	Same bool                `json:"same"` // of every act
	Acts []casepack.Replayed `json:"acts"`
	rooted
}

// rooted says whose signatures counted.
type rooted struct {
	Pins []pinned `json:"pins"`
	// Compared says that the pins were given, and are not the file's own.
	Compared bool `json:"pins_compared"`
}

// zipped is how an exported case begins.
var zipped = []byte("PK\x03\x04")

// replay decides again what a file holds.
func (c *checkCmd) replay(ctx context.Context, a *app) error {
	if c.Agreement != "" || c.Agreements != "" || c.Registers != "" || c.Save != "" || !c.At.IsZero() ||
		c.AddresseeRole != "" || c.Candidates || c.All {
		return badInput("--replay decides on what is in the file: only --pins goes with it", "see comity check --help")
	}
	f, err := os.Open(c.Replay)
	if err != nil {
		return badInput("cannot read "+c.Replay+": "+reasonOf(err), "")
	}
	defer f.Close()
	begin := make([]byte, len(zipped))
	if _, err := io.ReadFull(f, begin); err == nil && bytes.Equal(begin, zipped) {
		return c.replayCase(ctx, a)
	}
	return c.replayRecord(a)
}

// given returns the pins that were given, or else the file's own.
func (c *checkCmd) given(own []register.Pin) ([]register.Pin, rooted, error) {
	pins, compared := own, false
	if c.Pins != "" {
		var err error
		if pins, err = readPins(c.Pins); err != nil {
			return nil, rooted{}, err
		}
		compared = true
	}
	return pins, rooted{pinnedOf(pins), compared}, nil
}

func (c *checkCmd) replayCase(ctx context.Context, a *app) error {
	p, closing, err := openPackage(ctx, c.Replay)
	if err != nil {
		return err
	}
	defer closing.Close()
	pins, roots, err := c.given(p.Index.Pins)
	if err != nil {
		return err
	}
	acts, err := p.Replay(pins)
	if err != nil {
		return &failure{exitDoubt, c.Replay + " cannot be decided again: " + plain(err), "see comity verify " + c.Replay}
	}
	out := replayedCase{File: c.Replay, Case: p.Index.Case, Acts: acts, rooted: roots, Same: len(acts) > 0}
	for i := range acts {
		acts[i].Why = plainText(acts[i].Why)
		out.Same = out.Same && acts[i].Same && acts[i].Recorded
	}
	status := out.status(out.Same)
	return errors.Join(a.show(out, out.text), done(status))
}

// status is the exit status of what is the same, or not.
func (r *rooted) status(same bool) exitStatus {
	switch {
	case !same:
		return exitDoubt
	case len(r.Pins) > 0 && !r.Compared:
		return exitHold
	}
	return exitOK
}

func (r *replayedCase) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n", shown(string(r.Case)))
	differ := 0
	for i := range r.Acts {
		x := &r.Acts[i]
		if !x.Same || !x.Recorded {
			differ++
		}
		writeReplayed(w, x)
	}
	if !r.Same {
		fmt.Fprintf(w, "DOUBT: %d of %s\n", differ, count(len(r.Acts), "act"))
		return
	}
	r.concluded(w, "the same: "+count(len(r.Acts), "act"))
}

// writeReplayed writes an act as it was decided again.
func writeReplayed(w io.Writer, x *casepack.Replayed) {
	what := fmt.Sprintf("%s of %s", x.Kind, x.From)
	if x.Kind == "" {
		what = "act " + x.Act.String()
	}
	switch {
	case x.Why != "":
		hang(w, "  ✗ ", shown(fmt.Sprintf("%s: could not be decided: %s", what, x.Why)))
	case !x.Same:
		hang(w, "  ✗ ", shown(fmt.Sprintf("%s: was decided %s, and now %s: differs first at %s", what, x.Verdict, x.Again, x.Where)))
	case !x.Recorded:
		hang(w, "  ✗ ", shown(fmt.Sprintf("%s: %s again, but the exporter's ledger names another decision", what, x.Again)))
	default:
		hang(w, "  ✓ ", shown(fmt.Sprintf("%s, %s: %s under %s, the same bytes", what, moment(x.At), x.Again, x.Agreement.ID)))
		hang(w, "    ", x.Decision.String()+", as the ledger has it")
	}
}

// concluded says that it is the same, as far as the roots are the Parties'.
func (r *rooted) concluded(w io.Writer, same string) {
	if len(r.Pins) == 0 || r.Compared {
		fmt.Fprintln(w, same)
		return
	}
	fmt.Fprintln(w, same+", IF these are the Parties' roots: read them to each other by phone")
	for _, p := range r.Pins {
		fmt.Fprintf(w, "  %s\n", p.Fingerprint)
	}
}

func (c *checkCmd) replayRecord(a *app) error {
	b, err := readFile(c.Replay, replay.MaxRecord)
	if err != nil {
		return err
	}
	record, err := replay.Parse(b)
	if err != nil {
		return badInput(c.Replay+": "+plain(err), "want a file that comity check --save or comity case export wrote")
	}
	out := replayed{File: c.Replay, Result: record.Replay(), Agreement: record.Decision.Agreement, Record: record.Digest}
	if out.Why != "" {
		out.Why = "could not be decided: " + plainText(out.Why)
	}
	out.Pins = pinnedOf(record.Roots)
	if c.Pins != "" {
		pins, roots, err := c.given(nil)
		if err != nil {
			return err
		}
		out.rooted = roots
		if len(record.Roots) == 0 {
			out.Same, out.Why = false, "nobody signed the texts in it, and pins were given"
		}
		for _, root := range record.Roots {
			if !slices.ContainsFunc(pins, func(p register.Pin) bool { return p.Fingerprint() == root.Fingerprint() }) {
				out.Same, out.Why = false, "the roots of "+string(root.Party)+" in it are not the ones that are pinned"
			}
		}
	}
	status := out.status(out.Same && out.Intact)
	return errors.Join(a.show(out, out.text), done(status))
}

func (r *replayed) text(w io.Writer) {
	field(w, "saved", shown(commas(r.Verdict.String(), r.Agreement.ID, r.Decision.String())))
	switch {
	case r.Why != "":
		field(w, "again", shown(r.Why))
	case r.Same:
		field(w, "again", r.Again.String()+", the same bytes")
	default:
		field(w, "again", shown(fmt.Sprintf("%s: differs first at %s", r.Again, r.Where)))
	}
	if !r.Intact {
		field(w, "changed", "the file is not what was saved")
	}
	field(w, "file", r.Record.String())
	if !r.Same || !r.Intact {
		fmt.Fprintln(w, "DOUBT: do not rely on this file")
		return
	}
	if len(r.Pins) == 0 {
		field(w, "assumed", "that the Parties signed the texts in it as they stand")
	}
	r.concluded(w, "the same")
}
