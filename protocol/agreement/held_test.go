package agreement_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/canon"
)

func noticeOf(p protocol.Party, id string, k agreement.NoticeKind, option string, at time.Time) *agreement.Notice {
	return &agreement.Notice{ID: id, Agreement: "a-b", Party: p, Kind: k, Option: option, Toward: []protocol.Party{},
		Types: []protocol.RequestType{}, Categories: []protocol.Category{}, Ground: "review", Issued: at, Effective: at}
}

func TestOlderNoticeDoesNotUndoALaterPosition(t *testing.T) {
	source := strings.Replace(agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), "rights:", `options:
  - {id: no-content, kind: reservation, article: Art. 9, text: No content., excludes: {categories: [content_stored]}, provenance: unverified}
positions:
  - {party: US, option: no-content, since: 2025-06-01, provenance: unverified}
rights:`, 1)
	d := agreementtest.Parse(t, source)
	day := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	book := agreementtest.NewBook(t, []*agreement.Document{d},
		noticeOf("US", "us-1", agreement.Reserve, "no-content", day),
		noticeOf("US", "us-2", agreement.Withdraw, "no-content", day.AddDate(1, 0, 0)))
	s := agreementtest.UKOrder()
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
	s.Facts.At = day.AddDate(1, 6, 0)
	agreementtest.Expect(t, s.Decide(book), protocol.Allow)
	s.Facts.At = day.AddDate(0, 6, 0)
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
}

func TestNotificationKnowsOfAnotherTreaty(t *testing.T) {
	source := strings.Replace(agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), "    reciprocity: mirrored", `    reciprocity: mirrored
    notifies: {role: enforcing, when: treaty.other, article: Art. 2, text: It is told., provenance: unverified}`, 1)
	source = strings.Replace(source, "require: offence.max_custody_months >= 12", "require: treaty.other", 1)
	other := strings.Replace(agreementtest.Bilateral("b-c", "GB", "US", agreementtest.Standing2020), "data_access_agreement", "mutual_assistance", 1)
	book := agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, source), agreementtest.Parse(t, other)})
	s := agreementtest.UKOrder()
	s.Facts.Ref = protocol.AgreementRef{ID: "a-b", Version: "1"}
	d := s.Decide(book)
	agreementtest.Expect(t, d, protocol.Hold, protocol.ReasonNotification)
	if f := agreementtest.Found(t, d, "threshold"); f.Outcome != protocol.Pass {
		t.Errorf("treaty.other: got %v", f.Outcome)
	}
}

func TestOrderOfNoticesDoesNotHangOnTheOrderInWhichTheyCame(t *testing.T) {
	d := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	n := []*agreement.Notice{noticeOf("US", "n-1", agreement.Resume, "", agreementtest.Day),
		noticeOf("GB", "n-1", agreement.Resume, "", agreementtest.Day)}
	one := agreementtest.UKOrder().Decide(agreementtest.NewBook(t, []*agreement.Document{d}, n...))
	slices.Reverse(n)
	two := agreementtest.UKOrder().Decide(agreementtest.NewBook(t, []*agreement.Document{d}, n...))
	a, _ := canon.Encode(one)
	b, _ := canon.Encode(two)
	if string(a) != string(b) {
		t.Errorf("got two decisions")
	}
}

func TestNoticeUnderAPartysLawIsRefused(t *testing.T) {
	law := strings.NewReplacer("id: a-b", "id: gb-law", "data_access_agreement", "domestic_law", "[GB, US]", "[GB]",
		"article: Art. 3", "article: Art. 3\n    capacity: issuing").Replace(agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	a, b := strings.Index(law, "rights:"), strings.Index(law, "rules:")
	d := agreementtest.Parse(t, law[:a]+law[b:])
	n := noticeOf("GB", "gb-1", agreement.Suspend, "", agreementtest.Day)
	n.Agreement = d.ID
	if _, err := agreement.NewBook([]*agreement.Document{d}, []*agreement.Notice{n}); err == nil {
		t.Error("accepted: it would be named in every decision and change none")
	}
}
