package main

import (
	"bytes"
	_ "embed" // for the page
	"fmt"
	"html/template"
	"os"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casepack"
)

// maxSummaryRows is how many acts, and how many objects, a summary spells out.
const maxSummaryRows = 500

// A summary is the page for the court file.
type summary struct {
	compared
	Case protocol.CaseID
	At   time.Time
}

// Several reports whether packages were compared.
func (s *summary) Several() bool { return len(s.Packages) > 1 }

//go:embed verifysummary.html
var summaryPage string

// summarise writes the page, in no other file's place.
func (c *compared) summarise(file string, at time.Time) error {
	s := &summary{*c, c.Packages[0].Case, at}
	var page bytes.Buffer
	t, err := template.New("summary").Funcs(s.words()).Parse(summaryPage)
	if err == nil {
		err = t.Execute(&page, s)
	}
	if err != nil {
		return fmt.Errorf("summary: %w", err)
	}
	f, err := newPage(file)
	if err != nil {
		return err
	}
	if _, err := f.Write(page.Bytes()); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// newPage makes the file for a page.
func newPage(file string) (*os.File, error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, badInput("cannot write "+file+": "+reasonOf(err), "name a file that is not there yet, in a folder that is there")
	}
	return f, nil
}

// words are what the page says.
func (s *summary) words() template.FuncMap {
	return template.FuncMap{
		"moment": moment, "shown": shown, "verdict": verdictOf,
		"parties":      func(v verified) string { return strings.Join(partiesOf(v), ", ") },
		"participants": func(v verified) string { return strings.Join(inPackage(v), ", ") },
		"agreements":   agreementsOf,
		"wrong": func(v verified) []casepack.Claim {
			return claimsOf(v, func(c *casepack.Claim) bool { return c.False() })
		},
		"unproved": func(v verified) []casepack.Claim {
			return claimsOf(v, func(c *casepack.Claim) bool { return c.Unproved })
		},
		"acts":      summaryActs,
		"evidence":  func(v verified) []casepack.Evidence { return v.Evidence[:min(len(v.Evidence), maxSummaryRows)] },
		"has":       func(e casepack.Evidence) bool { return !e.Collected.IsZero() || e.Collector != "" },
		"collected": func(e casepack.Evidence) string { return collected(&e) },
		"here":      hereText,
		"file":      func(i int) string { return shown(s.Packages[i].File) },
		"more": func(n int, what string) string {
			if n <= maxSummaryRows {
				return ""
			}
			return fmt.Sprintf("and %d %s more, which comity verify --json names", n-maxSummaryRows, what)
		},
	}
}

// A summaryAct is an act with what it says, in a line.
type summaryAct struct {
	casepack.Covered
	Said string
}

func summaryActs(v verified) []summaryAct {
	var out []summaryAct
	for i, act := range v.Acts[:min(len(v.Acts), maxSummaryRows)] {
		row := summaryAct{Covered: act}
		if i < len(v.story) {
			row.Said = cutLine(sayingOf(v.story[i].Content, v.story[i].Carried))
		}
		out = append(out, row)
	}
	return out
}

func verdictOf(v verified) string {
	switch {
	case !v.Holds:
		return "DOUBT: a claim does not hold. Do not rely on this package."
	case !v.Compared:
		return "Holds IF the roots below are those of the Parties."
	case v.Absent > 0:
		return fmt.Sprintf("Holds, and is not complete: %s not in the package.", count(v.Absent, "object"))
	}
	text := fmt.Sprintf("Holds: %s verified", count(len(v.Claims)-v.Unproved, "claim"))
	if v.Unproved > 0 {
		text += fmt.Sprintf(", %s not proved", count(v.Unproved, "claim"))
	}
	return text + "."
}

func claimsOf(v verified, want func(*casepack.Claim) bool) []casepack.Claim {
	return slices.DeleteFunc(slices.Clone(v.Claims), func(c casepack.Claim) bool { return !want(&c) })
}

// inPackage are who sent an act or was to have one.
func inPackage(v verified) []string {
	var out []string
	for i := range v.Acts {
		out = append(out, string(v.Acts[i].From))
		for _, to := range v.Acts[i].To {
			out = append(out, string(to))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func partiesOf(v verified) []string {
	var out []string
	for _, id := range inPackage(v) {
		out = append(out, string(protocol.ParticipantID(id).Party()))
	}
	return slices.Compact(out)
}

func agreementsOf(v verified) string {
	var out []string
	for i := range v.Acts {
		if a := v.Acts[i].Agreement; a.ID != "" {
			out = append(out, a.ID+", version "+a.Version)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "; ")
}

// hereText says of an object whether its bytes were compared.
func hereText(e casepack.Evidence) string {
	text := "yes, and it is what was signed"
	if !e.Here {
		text = "no: not proved"
	}
	if e.Files > 0 {
		text += fmt.Sprintf("; a pack of %s, each compared with its list", count(int(e.Files), "file"))
	}
	if e.Standing == casepack.Quarantined {
		text += "; QUARANTINED by the exporter's scanner"
	}
	return text
}
