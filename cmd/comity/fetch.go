package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type fetchCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Object []string        `help:"Only this object, by its number in --list, its name or its tree hash; may be repeated." placeholder:"N" sep:"none"`
	List   bool            `help:"List the objects and where they stand, and fetch nothing."`
	Out    string          `type:"path" help:"Folder to write the files into; it is made." placeholder:"DIR"`
	Flat   bool            `help:"Make no folders of the names in a list: write each under its name as it stands there."`
	Packed bool            `help:"Write packs and lists as they are."`
	Wait   time.Duration   `help:"Wait at most so long. By default as long as something is on its way." placeholder:"TIME"`
	// The following are for who must go on although something speaks against it.
	DespiteQuota      bool `help:"Fetch although the node's quota for the peer or the case is used up."`
	DespiteQuarantine bool `help:"Write also files in which the scanner found something."`
	Despite           bool `help:"Go on although what was disclosed is to be deleted."`
}

func (c *fetchCmd) Help() string {
	return `Has the node fetch what was disclosed and is not here yet, and shows how far it is. Whoever stops waiting stops
nothing: the node goes on, also after it was started again.

With --out each file is written under the name that it was given, after comparing it with the digests that were
signed. Of files that have one name, the second is written as NAME.2.EXT. A pack is written as the files that are in it, in
a folder of its name, and the folders that comity disclose found are made again. Nothing is overwritten: what lies there
already with the same content is left as it is, what has another content keeps its name.`
}

// fetched is what fetch says to a program: a line whenever something has changed,
// and the last one when it is done.
type fetched struct {
	desk.Evidence
	Done  bool    `json:"done,omitzero"`
	Files []saved `json:"files,omitempty"`
}

func (c *fetchCmd) Run(ctx context.Context, a *app) error {
	if c.List && (c.Out != "" || c.DespiteQuota) {
		return badInput("--list fetches nothing", "leave out the other flags")
	}
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	e, err := node.Evidence(ctx, c.Case)
	if err != nil {
		return err
	}
	chosen, err := c.choose(&e)
	if err != nil {
		return err
	}
	if c.List {
		return a.show(e, func(w io.Writer) { writeEvidence(w, &e) })
	}
	if err := c.allowed(ctx, node); err != nil {
		return err
	}
	last, err := c.fetch(ctx, a, node, chosen)
	if err != nil {
		return err
	}
	var files []saved
	if c.Out != "" {
		files, err = c.write(ctx, a, node, last)
	}
	if err == nil || len(files) > 0 {
		err = errors.Join(c.tell(a, last, files), err)
	}
	if err != nil {
		return err
	}
	return c.trouble(last)
}

// choose returns the objects that are meant.
func (c *fetchCmd) choose(e *desk.Evidence) ([]protocol.Digest, error) {
	if len(e.Items) == 0 {
		return nil, &failure{exitError, "nothing was disclosed in this case yet, and nothing is held", "see comity case show " + string(c.Case)}
	}
	var out []protocol.Digest
	for _, word := range c.Object {
		i, err := pick(e.Items, word, "--object")
		if err != nil {
			return nil, err
		}
		out = append(out, i.Object.Tree)
	}
	if len(out) == 0 {
		for _, i := range e.Items {
			out = append(out, i.Object.Tree)
		}
	}
	return together(e, out), nil
}

// together adds the lists of the packs that are meant, and the packs of the lists.
func together(e *desk.Evidence, chosen []protocol.Digest) []protocol.Digest {
	meant, acts := setOf(chosen), map[protocol.Digest]bool{}
	packed := func(i desk.EvidenceItem) bool { return i.Object.Role != protocol.RoleFile }
	for _, i := range e.Items {
		if packed(i) && meant[i.Object.Tree] {
			acts[i.Act] = true
		}
	}
	for _, i := range e.Items {
		if packed(i) && acts[i.Act] && !meant[i.Object.Tree] {
			chosen = append(chosen, i.Object.Tree)
		}
	}
	return chosen
}

func setOf(chosen []protocol.Digest) map[protocol.Digest]bool {
	out := map[protocol.Digest]bool{}
	for _, d := range chosen {
		out[d] = true
	}
	return out
}

// pick returns the object that a person means, by its number, its tree hash, or its
// name where no other has it.
func pick(items []desk.EvidenceItem, word, flag string) (*desk.EvidenceItem, error) {
	number, err := strconv.Atoi(word)
	var found []*desk.EvidenceItem
	for i := range items {
		if err == nil && items[i].Number == number {
			return &items[i], nil
		}
		if items[i].Object.Tree.String() == word || items[i].Object.Name == word {
			found = append(found, &items[i])
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	text := fmt.Sprintf("%s: %q is no object of the case: want the number of an object, its name, or its tree hash", flag, word)
	if len(found) > 1 {
		text = fmt.Sprintf("%s: %d objects are called %q: want a number or a tree hash", flag, len(found), word)
	}
	return nil, badInput(text, "comity fetch CASE --list shows them")
}

// allowed says whether there is a reason to leave it alone.
func (c *fetchCmd) allowed(ctx context.Context, node *desk.Client) error {
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	if v.ToDelete && !c.Despite {
		return &failure{exitHold, "what was disclosed in this case is to be deleted: the request was not validated in time, " +
			"or an authority raised a ground for refusal",
			"comity delete " + string(c.Case) + " --all destroys it; --despite goes on all the same"}
	}
	return nil
}

const (
	// pollEvery is how often the node is asked how far it is, and pollShare how much
	// longer than its answer takes the next waits: of a case with thousands of objects
	// it has megabytes.
	pollEvery = 250 * time.Millisecond
	pollShare = 4
	// waitGrace is how long what waits is given, after it was asked for, to begin.
	waitGrace = 3 * time.Second
)

// fetch has the node fetch what is chosen, and follows until nothing moves.
func (c *fetchCmd) fetch(ctx context.Context, a *app, node *desk.Client, chosen []protocol.Digest) (last desk.Evidence, err error) {
	if last, err = c.ask(ctx, node, chosen); err != nil {
		return last, err
	}
	b := a.board()
	defer b.clear()
	began := time.Now()
	tick := time.NewTimer(pollEvery)
	defer tick.Stop()
	var told []byte
	for !settled(&last, time.Since(began) >= waitGrace) {
		if c.Wait > 0 && time.Since(began) > c.Wait {
			return last, nil
		}
		b.draw(bars(&last)...)
		line, err := json.Marshal(fetched{Evidence: last}, json.Deterministic(true))
		if err == nil && a.JSON && !bytes.Equal(line, told) {
			_, err = fmt.Fprintf(a.out, "%s\n", line)
			told = line
		}
		if err != nil {
			return last, err
		}
		select {
		case <-ctx.Done():
			return last, c.interrupted()
		case <-tick.C:
		}
		asked := time.Now()
		e, err := node.Evidence(ctx, c.Case)
		tick.Reset(max(pollEvery, pollShare*time.Since(asked)))
		if ctx.Err() != nil {
			return last, c.interrupted()
		}
		if err != nil {
			return last, err
		}
		last = only(e, chosen)
	}
	return last, nil
}

func (c *fetchCmd) interrupted() error {
	return &failure{exitInterrupted, "interrupted: the node goes on fetching",
		"comity fetch " + string(c.Case) + " shows how far it is"}
}

// ask has the node fetch what is chosen. Each thing that is done despite something
// is done where that is in the way, and nowhere else.
func (c *fetchCmd) ask(ctx context.Context, node *desk.Client, chosen []protocol.Digest) (last desk.Evidence, err error) {
	if last, err = node.Evidence(ctx, c.Case); err != nil {
		return last, err
	}
	var asks []desk.Fetch
	items := only(last, chosen).Items
	for _, i := range items {
		switch i.State {
		case desk.EvidenceWaiting:
			asks = append(asks, desk.Fetch{Object: i.Object.Tree, Despite: c.DespiteQuota})
		case desk.EvidenceQuarantined:
			if c.DespiteQuarantine {
				asks = append(asks, desk.Fetch{Object: i.Object.Tree, Release: true})
			}
		}
	}
	if len(asks) > 1 && len(items) == len(last.Items) { // at once: there may be thousands
		asks = []desk.Fetch{{Despite: c.DespiteQuota, Release: c.DespiteQuarantine}}
	}
	for _, f := range asks {
		if last, err = node.Fetch(ctx, c.Case, f); err != nil {
			return last, err
		}
	}
	return only(last, chosen), nil
}

// line writes a line for a program.
func (a *app) line(v any) error {
	if !a.JSON {
		return nil
	}
	if err := json.MarshalWrite(a.out, v, json.Deterministic(true)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out)
	return err
}

// only returns the objects that are meant.
func only(e desk.Evidence, chosen []protocol.Digest) desk.Evidence {
	meant := setOf(chosen)
	e.Items = slices.DeleteFunc(slices.Clone(e.Items), func(i desk.EvidenceItem) bool { return !meant[i.Object.Tree] })
	return e
}

// settled reports whether nothing more is to be expected. A live object grows for as
// long as its interception runs: comity tap follow shows it.
func settled(e *desk.Evidence, patient bool) bool {
	return !slices.ContainsFunc(e.Items, func(i desk.EvidenceItem) bool {
		return i.State == desk.EvidenceFetching || i.State == desk.EvidenceChecking ||
			i.State == desk.EvidenceWaiting && (i.Why == "" || !patient)
	})
}

// bars draws the objects that move, and below them how many are there.
func bars(e *desk.Evidence) []string {
	var out []string
	sum, moving := gauge{}, 0
	for _, i := range e.Items {
		sum.done, sum.total, sum.rate = sum.done+i.Have, sum.total+i.Total, sum.rate+i.Rate
		if i.State != desk.EvidenceFetching && i.State != desk.EvidenceChecking {
			continue
		}
		moving++
		if len(out) < maxBars {
			g := gauge{name: i.Object.Name, done: i.Have, total: i.Total, rate: i.Rate, left: i.Left}
			if i.State == desk.EvidenceChecking {
				g.state = string(i.State)
			} else if i.Rate == 0 {
				g.state = shown(i.Why)
			}
			out = append(out, g.line())
		}
	}
	if len(e.Items) > 1 {
		sum.name = fmt.Sprintf("%d of %s", len(e.Items)-moving, count(len(e.Items), "object"))
		if sum.rate > 0 && sum.total > sum.done {
			sum.left = time.Duration(float64(sum.total-sum.done) / float64(sum.rate) * float64(time.Second))
		}
		out = append(out, sum.line())
	}
	return out
}

// tell says what is here now, and what was written.
func (c *fetchCmd) tell(a *app, e desk.Evidence, files []saved) error {
	if a.JSON {
		return a.line(fetched{Evidence: e, Done: true, Files: files})
	}
	return a.show(nil, func(w io.Writer) {
		if c.Out == "" {
			writeEvidence(w, &e)
			if slices.ContainsFunc(e.Items, here) {
				field(w, "write", "comity fetch "+string(c.Case)+" --out DIR writes the files")
			}
		}
		for _, f := range files {
			if f.Files > 0 {
				fmt.Fprintln(w, f.unpackedText())
				continue
			}
			fmt.Fprintf(w, "%s, %d bytes, %s", shown(f.Path), f.Size, f.Tree)
			if f.From != "" { // else it is this participant's own
				fmt.Fprintf(w, ", from %s", f.From)
			}
			fmt.Fprintln(w)
		}
		if c.Out != "" {
			c.leftOut(w, &e)
		}
	})
}

// leftOut says what was not written though nothing is wrong with it.
func (c *fetchCmd) leftOut(w io.Writer, e *desk.Evidence) {
	for _, i := range e.Items {
		switch i.State {
		case desk.EvidenceDeleted, desk.EvidenceRestricted:
			fmt.Fprintf(w, "%s is not written: %s\n", shown(i.Object.Name), standingText(&i))
		case desk.EvidenceLive:
			fmt.Fprintf(w, "%s is not written: it still grows: comity tap follow %s\n", shown(i.Object.Name), c.Case)
		}
	}
}

// here reports whether an object can be read here.
func here(i desk.EvidenceItem) bool {
	switch i.State {
	case desk.EvidenceHeld, desk.EvidenceDisclosed, desk.EvidenceComplete, desk.EvidenceQuarantined:
		return true
	}
	return false
}

// trouble says what is not as it should be, the worst of it as the status.
func (c *fetchCmd) trouble(e desk.Evidence) error {
	names := func(state desk.EvidenceState) string {
		var out []string
		for _, i := range e.Items {
			if i.State == state {
				out = append(out, strings.TrimSuffix(shown(i.Object.Name)+": "+shown(i.Why), ": "))
			}
		}
		return strings.Join(out, "; ")
	}
	var out []error
	if text := names(desk.EvidenceDamaged); text != "" {
		out = append(out, &failure{exitDoubt, "not what was signed: " + text,
			"do not rely on it, and tell who disclosed it; comity case show " + string(c.Case) + " says who that is"})
	}
	if text := names(desk.EvidenceQuarantined); text != "" && !c.DespiteQuarantine {
		out = append(out, &failure{exitHold, "in quarantine: " + text,
			"it is what was signed, and may do harm when it is opened; --despite-quarantine writes it all the same"})
	}
	if text := names(desk.EvidenceFetching) + names(desk.EvidenceChecking); text != "" {
		out = append(out, &failure{exitHold, "still on its way: " + text, "the node goes on fetching: comity fetch " + string(c.Case) + " shows how far it is"})
	}
	if text := names(desk.EvidenceWaiting); text != "" {
		out = append(out, &failure{exitHold, "not fetched: " + text,
			"comity doctor says what is wrong at this node and on the way to its sender; --despite-quota fetches although a quota is used up"})
	}
	if len(out) == 0 && c.Out != "" && !slices.ContainsFunc(e.Items, func(i desk.EvidenceItem) bool {
		return i.State == desk.EvidenceComplete || i.State == desk.EvidenceDisclosed || i.State == desk.EvidenceHeld || i.State == desk.EvidenceQuarantined
	}) {
		out = append(out, &failure{exitHold, "nothing was written: none of the evidence is complete here",
			"comity fetch " + string(c.Case) + " --list says where each object stands"})
	}
	return worst(out)
}

// worst returns the first of some failures as the one that counts, and what the
// others say with it.
func worst(failures []error) error {
	if len(failures) < 2 {
		return errors.Join(failures...)
	}
	first := *failures[0].(*failure)
	for _, err := range failures[1:] {
		first.text += "; " + err.(*failure).text
		first.hint += "; " + err.(*failure).hint
	}
	return &first
}

// writeEvidence lists the objects of a case, by the numbers that --object takes.
func writeEvidence(w io.Writer, e *desk.Evidence) {
	rows := [][]string{{"", "NAME", "SIZE", "STATE", "FROM", "TREE HASH"}}
	for _, i := range e.Items {
		name := shown(i.Object.Name)
		if i.Object.Role != protocol.RoleFile {
			name += " (" + string(i.Object.Role) + ")"
		}
		rows = append(rows, []string{strconv.Itoa(i.Number), name, byteText(sizeNow(&i)), standingText(&i), string(i.From),
			i.Object.Tree.String()})
	}
	table(w, rows)
	for _, i := range e.Items {
		for _, s := range i.Served {
			fmt.Fprintf(w, "%d was handed to %s: %s\n", i.Number, s.Reader, servedText(&s))
		}
	}
}

// servedText says how much of an object a reader was given.
func servedText(s *desk.Served) string {
	switch {
	case !s.All.IsZero() && s.Key.IsZero():
		return "all of it, at " + moment(s.All) + ", but not its key"
	case !s.All.IsZero():
		return "all of it, at " + moment(s.All)
	case s.Bytes == 0 && s.Key.IsZero():
		return "nothing yet"
	}
	text := byteText(s.Bytes) + " of " + byteText(s.Total)
	if !s.Last.IsZero() {
		text += ", last at " + moment(s.Last)
	}
	if !s.Key.IsZero() {
		text += ", and its key"
	}
	return text
}

// sizeNow is how large an object is, or how large a live one has become.
func sizeNow(i *desk.EvidenceItem) int64 {
	if i.State == desk.EvidenceLive {
		return i.Have
	}
	return i.Object.Size
}

// standingText says where an object stands.
func standingText(i *desk.EvidenceItem) string {
	text := string(i.State)
	switch i.State {
	case desk.EvidenceFetching:
		if i.Total > 0 {
			text += fmt.Sprintf(" %d %%", i.Have*100/i.Total)
		}
		if i.Rate > 0 {
			text += ", " + byteText(i.Rate) + "/s"
		}
		if i.Left > 0 {
			text += ", " + span(i.Left) + " left"
		}
	case desk.EvidenceLive:
		text += ", " + count(int(i.Segments), "segment")
		if len(i.Gaps) > 0 {
			text += ", missing: " + gapsText(i.Gaps)
		}
	}
	if i.Why != "" {
		text += ": " + shown(i.Why)
	}
	return text
}

// gapsText says which segments of a live object are missing, counted from 0.
func gapsText(gaps []int64) string {
	var out []string
	for _, seq := range gaps[:min(len(gaps), maxShown)] {
		out = append(out, strconv.FormatInt(seq, 10))
	}
	if more := len(gaps) - maxShown; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}
