package main

import (
	"fmt"
	"io"

	"comity.example/protocol/casepack"
)

func (v *verified) status() exitStatus {
	switch {
	case !v.Holds:
		return exitDoubt
	case !v.Compared, v.Absent > 0:
		return exitHold
	}
	return exitOK
}

func (v *verified) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n", shown(string(v.Case)))
	if v.Timeline != nil {
		v.timeline(w)
	}
	about := ""
	for _, c := range v.Claims {
		if v.Timeline != nil && c.Holds {
			continue
		}
		if c.About != about {
			about = c.About
			fmt.Fprintf(w, "%s\n", shown(about))
		}
		switch {
		case c.Holds:
			hang(w, "  ✓ ", shown(c.Claim))
		case c.Unproved:
			hang(w, "  – ", shown(c.Claim))
		default:
			hang(w, "  ✗ ", shown("does not hold: "+c.Claim+": "+c.Why))
		}
	}
	for i := range v.Evidence {
		writeVerified(w, &v.Evidence[i])
	}
	v.covers(w)
	switch {
	case !v.Holds:
		fmt.Fprintln(w, "DOUBT: do not rely on this package")
	case v.Compared:
		fmt.Fprintf(w, "holds: %s\n", count(len(v.Claims)-v.Unproved, "claim"))
	default:
		fmt.Fprintln(w, "holds IF these are the Parties' roots: read them to each other by phone")
		for _, p := range v.Pins {
			fmt.Fprintf(w, "  %s\n", p.Fingerprint)
		}
	}
	if v.Holds && v.Absent > 0 {
		hang(w, "", fmt.Sprintf("NOT COMPLETE: %s that acts name %s not in the package", count(v.Absent, "object"), areOrIs(v.Absent)))
	}
	if v.Holds && v.Unproved > 0 {
		fmt.Fprintf(w, "not proved: %s above, with –; a later export may prove it, but not what was deleted\n", count(v.Unproved, "claim"))
	}
}

func areOrIs(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// writeVerified says of an object who handed it over, and who has the act.
func writeVerified(w io.Writer, e *casepack.Evidence) {
	from := "evidence of " + string(e.From)
	if e.PassedOn != "" {
		from = fmt.Sprintf("evidence produced by %s, passed on by %s", e.From, e.PassedOn)
	}
	fmt.Fprintf(w, "%s\n  %s, %d bytes\n", from, shown(e.Name), e.Size)
	fmt.Fprintf(w, "  sha512:%s\n", shown(e.SHA512))
	if e.Here {
		fmt.Fprintf(w, "  lies in the package as data/%s\n", casepack.EvidenceName(e.Tree))
	} else {
		fmt.Fprintln(w, "  not in the package: not proved")
	}
	if e.Files > 0 {
		fmt.Fprintf(w, "  a pack of %s, each compared with its list\n", count(int(e.Files), "file"))
	}
	if e.Standing == casepack.Quarantined {
		fmt.Fprintln(w, "  quarantined: a scanner of the exporter's found something in it")
	}
	if !e.Collected.IsZero() || e.Collector != "" {
		hang(w, "  ", shown(collected(e)))
	}
	for _, h := range e.Handed {
		hang(w, "  ", fmt.Sprintf("%s of %s, issued %s%s", h.Kind, h.From, moment(h.At), receiptsText(h.Receipts)))
	}
}

// collected says when and how an object was taken out of its holder's systems.
func collected(e *casepack.Evidence) string {
	text := "collected"
	if !e.Collected.IsZero() {
		text += " " + moment(e.Collected)
	}
	if e.Collector != "" {
		text += " by " + e.Collector
	}
	return text + ", as " + string(e.From) + " says"
}

func receiptsText(list []casepack.Receipted) string {
	text := ""
	for _, r := range list {
		text += fmt.Sprintf(", receipted by %s at %s", r.By, moment(r.At))
	}
	return text
}

// covers says which acts the package is about, and as of when.
func (v *verified) covers(w io.Writer) {
	fmt.Fprintf(w, "covers %s\n", count(len(v.Acts), "act"))
	for _, act := range v.Acts[len(v.Timeline):] { // those that are not shown above
		fmt.Fprintf(w, "  %s  %s of %s\n", moment(act.Issued), act.Kind, act.From)
	}
	for _, h := range v.Ledgers {
		what := "newest receipt"
		if h.Participant == v.Exporter {
			what = "exporter"
		}
		hang(w, "  ", fmt.Sprintf("as of the checkpoint of size %d signed at %s by %s (%s)",
			h.Size, moment(h.Signed), h.Participant, what))
	}
}

// alone says what one package cannot show.
func (v *verified) alone(w io.Writer) {
	v.text(w)
	hang(w, "", fmt.Sprintf("What %s left out, or took later, does not show: compare with the package of "+
		"another participant, comity verify ONE OTHER", shown(string(v.Exporter))))
}

func (c *compared) status() exitStatus {
	status := exitOK
	for _, v := range c.Packages {
		status = max(status, v.status()) // ok, hold, doubt
	}
	if len(c.Lacks) > 0 {
		return exitDoubt
	}
	return status
}

func (c *compared) text(w io.Writer) {
	for _, v := range c.Packages {
		fmt.Fprintf(w, "%s, exported by %s\n", v.File, shown(string(v.Exporter)))
		v.text(w)
		fmt.Fprintln(w)
	}
	for _, l := range c.Lacks {
		has, lacks := c.Packages[l.In], c.Packages[l.Not]
		hang(w, "✗ ", fmt.Sprintf("the %s of %s, issued %s (%s), is in %s and not in %s, although %s sent it or was to have it",
			l.Act.Kind, l.Act.From, moment(l.Act.Issued), l.Act.Digest, has.File, lacks.File, lacks.Exporter))
	}
	if len(c.Lacks) > 0 {
		fmt.Fprintln(w, "DOUBT: a package leaves something out, or was exported before it came")
		return
	}
	if c.Nothing {
		fmt.Fprintf(w, "nothing was compared: %s exported all of them; want the package of another participant\n",
			shown(string(c.Packages[0].Exporter)))
		return
	}
	fmt.Fprintln(w, "no package lacks an act that another holds and its exporter sent or was to have")
}
