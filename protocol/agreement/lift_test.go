package agreement_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
)

// TestResumeLiftsWhatIsSuspended: one row for what a resumption may find.
func TestResumeLiftsWhatIsSuspended(t *testing.T) {
	docs, err := library.Documents()
	if err != nil {
		t.Fatal(err)
	}
	const id = "ukus-daa-2019"
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	notice := func(kind agreement.NoticeKind, from time.Time, of ...protocol.Category) *agreement.Notice {
		return &agreement.Notice{ID: string(kind), Agreement: id, Party: "US", Kind: kind, Toward: []protocol.Party{},
			Types: []protocol.RequestType{}, Categories: append([]protocol.Category{}, of...),
			Effective: from, Issued: day(1), Ground: "review"}
	}
	other := notice(agreement.Resume, day(3))
	other.Party = "GB"
	for name, c := range map[string]struct {
		held, n *agreement.Notice
		want    bool
	}{
		"nothing":            {notice(agreement.Resume, day(2)), notice(agreement.Resume, day(3)), false},
		"all":                {notice(agreement.Suspend, day(2)), notice(agreement.Resume, day(3)), true},
		"a part":             {notice(agreement.Suspend, day(2)), notice(agreement.Resume, day(3), "content_stored"), true},
		"another category":   {notice(agreement.Suspend, day(2), "subscriber"), notice(agreement.Resume, day(3), "content_stored"), false},
		"later":              {notice(agreement.Suspend, day(4)), notice(agreement.Resume, day(3)), false},
		"another Party's":    {notice(agreement.Suspend, day(2)), other, false},
		"takes nothing back": {notice(agreement.Resume, day(2)), notice(agreement.Suspend, day(3)), true},
	} {
		b, err := agreement.NewBook(docs, []*agreement.Notice{c.held})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Lifts(c.n); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
