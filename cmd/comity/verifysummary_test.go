package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casepack"
)

// summarised is the page of what was verified.
func summarised(t *testing.T, c *compared) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := c.summarise(file, time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if err := c.summarise(file, time.Time{}); err == nil {
		t.Error("a page was overwritten")
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSummaryOfHostileNames: what a peer named is text on the page and nothing else.
func TestSummaryOfHostileNames(t *testing.T) {
	t.Parallel()
	const hostile = "</td><script>alert(1)</script>\u202egnp.exe\x00\u2066&\"'"
	v := verified{File: hostile, Report: casepack.Report{Case: "case-a", Exporter: "gb.home-office", Unproved: 1,
		Claims: []casepack.Claim{{About: hostile, Claim: hostile, Why: hostile}, {About: "x", Claim: hostile, Unproved: true}},
		Acts: []casepack.Covered{{Kind: protocol.KindDisclosure, From: "us.contoso", To: []protocol.ParticipantID{"gb.home-office"},
			Agreement: protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}}},
		Evidence: []casepack.Evidence{{Name: hostile, Collector: hostile, SHA512: strings.Repeat("0", 128), From: "us.contoso",
			Standing: casepack.Quarantined}}}, Pins: []pinned{{"GB", "GB 00000"}},
		story: []told{{Content: &protocol.Act{Body: protocol.Body{Refusal: &protocol.Refusal{Reason: "impossible", Note: hostile}}}}}}
	page := summarised(t, &compared{Packages: []verified{v, v}, Lacks: []casepack.Lack{{Not: 1}}})
	for _, never := range []string{"<script", "\u202e", "\u2066", "\x00", "http:", "https:", "src=", "href="} {
		if strings.Contains(page, never) {
			t.Errorf("%q is on the page", never)
		}
	}
	for _, want := range []string{"&lt;script&gt;", "DOUBT", "What does not hold", "What is not proved", "QUARANTINED",
		"disclosure: <bdi>impossible: ", "ukus-daa-2019, version 1", "GB, US", "gb.home-office, us.contoso", "size: A4", "GB 00000", "is in"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

// TestSummarySaysTheVerdict, as the exit status does.
func TestSummarySaysTheVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		holds, compared bool
		absent          int
		want            string
		status          exitStatus
	}{
		{false, true, 0, "DOUBT", exitDoubt}, {true, false, 0, "Holds IF", exitHold},
		{true, true, 1, "is not complete: 1 object", exitHold}, {true, true, 0, "Holds: 1 claim verified", exitOK},
	} {
		v := verified{Compared: c.compared, Report: casepack.Report{Holds: c.holds, Absent: c.absent, Claims: []casepack.Claim{{Holds: true}}}}
		page := summarised(t, &compared{Packages: []verified{v}})
		if !strings.Contains(page, c.want) || v.status() != c.status {
			t.Errorf("got the status %v, want %v and %q on the page", v.status(), c.status, c.want)
		}
	}
}

// TestSummaryHidesNoDoubt: a page whose packages hold, each by itself, begins with the
// doubt that they raise beside each other; and what is not proved stands in the verdict.
func TestSummaryHidesNoDoubt(t *testing.T) {
	t.Parallel()
	v := verified{Compared: true, Report: casepack.Report{Holds: true, Unproved: 1, Claims: []casepack.Claim{{Holds: true}, {Unproved: true}}}}
	page := summarised(t, &compared{Packages: []verified{v, v}, Lacks: []casepack.Lack{{Not: 1}}})
	doubt, holds := strings.Index(page, "DOUBT: a package leaves something out"), strings.Index(page, "Holds: 1 claim verified, 1 claim not proved")
	if doubt < 0 || holds < doubt {
		t.Errorf("the doubt stands at %d, and that each holds at %d", doubt, holds)
	}
}

// TestSummaryIsBounded: a page of a case with more acts than anybody prints says so.
func TestSummaryIsBounded(t *testing.T) {
	t.Parallel()
	v := verified{Report: casepack.Report{Acts: make([]casepack.Covered, maxSummaryRows+7)}}
	if page := summarised(t, &compared{Packages: []verified{v}}); !strings.Contains(page, "and 7 acts more") {
		t.Error("the page does not say how many acts it leaves out")
	}
}
