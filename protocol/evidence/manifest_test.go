package evidence_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/canon"
	"comity.example/protocol/evidence"
	"comity.example/protocol/evidence/evidencetest"
)

var theCase = protocol.NewCaseID()

var sent = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// transmission is a provider's disclosure of a mailbox under a production order.
func transmission() *evidence.Transmission {
	mail := evidencetest.Object("mail.mbox", "application/mbox", []byte("From a\n"))
	mail.Collected, mail.Collector = sent.Add(-time.Hour), "export 4"
	d := evidencetest.Disclosure(protocol.ProductionComplete, []protocol.Object{mail}, "fr.parquet")
	d.Note = "the whole mailbox"
	return &evidence.Transmission{
		Act: &protocol.Act{Case: theCase, From: "ie.initech", To: []protocol.ParticipantID{"fr.parquet"}, Issued: sent,
			Body: protocol.Body{Disclosure: d}},
		Request: &protocol.Request{Type: protocol.Production, Issuer: "fr.parquet", FileNumber: "2026/17",
			Authorisation: protocol.Authorisation{Authority: "juge d'instruction", Reference: "J-9", Date: sent.AddDate(0, 0, -5),
				ValidatedBy: &protocol.Validation{Reference: "V-3"}},
			Related: []protocol.Related{{Relation: protocol.RelationPreserves, Reference: "2026/9", Date: sent.AddDate(0, 0, -40)},
				{Relation: protocol.RelationRenews, Reference: "2025/1"}}},
		Received: []evidence.ManifestReceipt{{By: "fr.parquet", At: sent.Add(time.Second)}},
		Means:    "comity-link/1, mutual TLS 1.3", Until: sent.AddDate(0, 0, 30),
	}
}

// TestManifestHasWhatPoint333AsksFor.
func TestManifestHasWhatPoint333AsksFor(t *testing.T) {
	x := transmission()
	m, err := x.Manifest(sent.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	o := x.Act.Body.Disclosure.Objects[0]
	want := evidence.Manifest{Sender: "ie.initech", Recipients: x.Act.To, Status: protocol.ProductionComplete, Sent: sent, Available: sent, Means: x.Means,
		Received: x.Received, Note: "the whole mailbox", Until: x.Until, Made: sent.Add(time.Hour), Rules: m.Rules,
		Order: evidence.ManifestOrder{Case: theCase, Type: protocol.Production, Issuer: "fr.parquet", FileNumber: "2026/17",
			Authority: "juge d'instruction", Reference: "J-9", Date: sent.AddDate(0, 0, -5), Validated: "V-3",
			Preserves: []evidence.ManifestRelated{{Reference: "2026/9", Date: sent.AddDate(0, 0, -40)}}},
		Files: []evidence.ManifestFile{{Name: "mail.mbox", MediaType: "application/mbox", Size: 7, Collected: o.Collected, Collector: "export 4",
			Hashes: []evidence.ManifestHash{{Algorithm: "SHA-512", Digest: o.SHA512}}}}}
	if !reflect.DeepEqual(*m, want) {
		t.Errorf("got %+v, want %+v", *m, want)
	}
	var back evidence.Manifest
	if err := canon.Decode(encoded(t, m), &back); err != nil || !reflect.DeepEqual(back, *m) {
		t.Errorf("it does not come back: %v", err)
	}
	members := map[string]bool{}
	for _, r := range m.Rules {
		members[r.Member] = true
		if r.Provenance != string(agreement.Verified) || !strings.HasPrefix(r.Article, "Implementing Regulation (EU) 2025/1550, point 3.3.3(") {
			t.Errorf("%+v", r)
		}
	}
	for _, member := range []string{"sender", "recipients", "order", "sent", "available", "means", "files.name", "files.size", "files.hashes",
		"until", "extended", "remarks", "order.preserves", "received", "status", "note"} {
		if !members[member] {
			t.Errorf("no rule asks for %s", member)
		}
	}
}

func TestManifestTimes(t *testing.T) {
	for _, c := range []struct {
		days     int
		extended bool
		says     string
	}{
		{9, false, "at least 10 calendar days"}, {10, false, ""}, {45, false, ""}, {46, false, "at most 45 calendar days"},
		{46, true, ""}, {9, true, "at least 10 calendar days"}, {400, true, ""},
	} {
		x := transmission()
		x.Available = sent.AddDate(0, 0, 3) // later than the act
		x.Until, x.Extended = x.Available.AddDate(0, 0, c.days), c.extended
		_, err := x.Manifest(sent)
		if (err == nil) != (c.says == "") || (err != nil && !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%d days, extended %t: got %v, want %q", c.days, c.extended, err, c.says)
		}
	}
	x := transmission()
	x.Until = x.Until.AddDate(0, 0, 15).Add(time.Second) // a second beyond 45 days
	if _, err := x.Manifest(sent); err == nil {
		t.Error("a second more is taken")
	}
	x.Until, x.Extended = time.Time{}, true
	if _, err := x.Manifest(sent); err == nil {
		t.Error("no end was extended")
	}
	x.Extended = false
	if _, err := x.Manifest(sent); err != nil {
		t.Error(err)
	}
	x.Means = ""
	if _, err := x.Manifest(sent); err == nil || !strings.Contains(err.Error(), "means") {
		t.Errorf("got %v", err)
	}
}

// TestManifestNamesTheFilesOfPacks, and whose product is passed on.
func TestManifestNamesTheFilesOfPacks(t *testing.T) {
	pack, _, entries := packed("mail.pack", 3)
	x := transmission()
	x.Origin = &protocol.Act{From: "ie.provider", Body: protocol.Body{Disclosure: evidencetest.Disclosure(protocol.ProductionComplete,
		[]protocol.Object{pack}, "ie.initech")}}
	x.Act.Body.Disclosure.Objects, x.Listed = nil, entries
	m, err := x.Manifest(sent)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != 4 || m.Files[0].Name != "mail.pack" || m.Files[2].Name != "1.eml" || m.Files[2].Pack != "mail.pack" ||
		m.Files[2].Hashes[0].Digest != entries[1].SHA512 || m.Files[2].Offset != entries[1].Offset || m.Remarks != "produced by ie.provider" {
		t.Errorf("got %+v", m)
	}
	x.Listed[1].Pack = protocol.DigestOf(nil)
	if _, err := x.Manifest(sent); err == nil || !strings.Contains(err.Error(), "file 2") {
		t.Errorf("got %v", err)
	}
	if _, err := (&evidence.Transmission{Act: &protocol.Act{}, Request: x.Request, Means: "x"}).Manifest(sent); err == nil {
		t.Error("a manifest of no disclosure")
	}
}

func TestManifestIsReadByPeople(t *testing.T) {
	x := transmission()
	x.Act.Body.Disclosure.Objects[0].Name = "\u202egnp.exe\x1b[2J"
	x.Remarks = "two\nlines"
	m, err := x.Manifest(sent.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := m.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sender         ie.initech\n", "recipient      fr.parquet\n", `file number "2026/17", of fr.parquet`,
		"sent           2026-11-22 10:00:00 UTC\n", "until          2026-12-22 10:00:00 UTC\n", `"\u202egnp.exe\x1b[2J"`, "size           7 bytes\n",
		"SHA-512        " + x.Act.Body.Disclosure.Objects[0].SHA512, `"two\nlines"`, "Files: 1. "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if strings.ContainsAny(out.String(), "\u202e\x1b") {
		t.Error("a name writes to the terminal")
	}
	m.Extended = true
	out.Reset()
	if err := m.WriteText(&out); err != nil || !strings.Contains(out.String(), "extended at the request of the issuing authority") {
		t.Errorf("got %v, %s", err, out.String())
	}
	if err := m.WriteText(full{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestManifestOfWhatIsSigned: the end that an act gives is recorded whatever it is. It was
// counted from when the act was prepared, or its sender gave another: nobody mends it, and
// the recipient has its record all the same.
func TestManifestOfWhatIsSigned(t *testing.T) {
	for _, until := range []time.Time{sent.AddDate(0, 0, 10).Add(-time.Minute), sent.AddDate(0, 0, 1), sent.AddDate(1, 0, 0)} {
		x := transmission()
		x.Until, x.Act.Body.Disclosure.Until = time.Time{}, until
		if m, err := x.Manifest(sent); err != nil || !m.Until.Equal(until) {
			t.Errorf("%v: got %v", until, err)
		}
		x.Until = sent.AddDate(0, 0, 9)
		if _, err := x.Manifest(sent); err == nil {
			t.Error("what a person says besides is not looked at")
		}
	}
}
