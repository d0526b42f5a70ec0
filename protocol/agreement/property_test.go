package agreement_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/canon"
)

var parties = []protocol.Party{"GB", "US", "FR"}

// anyScene draws a request that is mostly in order: a target of one shape,
// and some facts that are missing or wrong.
func anyScene(t *rapid.T) *agreementtest.Scene {
	s := rapid.SampledFrom([]func() *agreementtest.Scene{agreementtest.UKOrder, agreementtest.USOrder,
		func() *agreementtest.Scene { return agreementtest.Assistance("us.doj-oia", "ie.justice") }}).Draw(t, "order")()
	in, of := rapid.SampledFrom(parties).Draw(t, "in"), rapid.SampledFrom(parties).Draw(t, "of")
	home := s.Req.Issuer.Party()
	switch rapid.IntRange(0, 5).Draw(t, "target") {
	case 0:
		s.Person(in, of, rapid.SampledFrom(parties).Draw(t, "resident"))
	case 1:
		s.Organisation(in, of)
	case 2:
		s.Authority(in, of)
	default:
		s.Person(home, home, home)
	}
	switch rapid.IntRange(0, 5).Draw(t, "type") {
	case 0:
		s.Ask(protocol.Interception, protocol.CategoryContentLive)
	case 1:
		s.Ask(protocol.Subscriber, protocol.CategorySubscriber)
	case 2:
		s.Ask(protocol.Production, protocol.CategoryTraffic, protocol.CategoryContent)
	}
	if rapid.Bool().Draw(t, "notified") {
		s.Attest("third_country_notified")
	}
	s.Req.Offence.MaxCustodyMonths = rapid.SampledFrom([]int64{12, 36, 120}).Draw(t, "months")
	s.Facts.At = agreementtest.Day.AddDate(0, 0, rapid.IntRange(-10, 10).Draw(t, "days"))
	if rapid.Bool().Draw(t, "named") {
		s.Facts.Ref.ID = "ukus-daa-2019"
	}
	return s
}

func anyNotice(id string) *rapid.Generator[*agreement.Notice] {
	return rapid.Custom(func(t *rapid.T) *agreement.Notice {
		n := agreementtest.Suspension(rapid.SampledFrom(parties[:2]).Draw(t, "party"), id)
		n.Effective = agreementtest.Day.AddDate(0, 0, rapid.IntRange(0, 9).Draw(t, "effective"))
		if rapid.Bool().Draw(t, "narrow") {
			n.Categories = []protocol.Category{rapid.SampledFrom([]protocol.Category{
				protocol.CategoryContent, protocol.CategoryTraffic}).Draw(t, "category")}
		}
		if rapid.Bool().Draw(t, "resume") {
			n.Kind = agreement.Resume
		}
		return n
	})
}

// another is an agreement with fewer rules between the same Parties, so that
// there is something to fall back on.
func another(t testing.TB) []*agreement.Document {
	return append(agreementtest.Library(t), agreementtest.Parse(t, agreementtest.Bilateral("z-other", "GB", "US", agreementtest.Standing2020)),
		agreementtest.Parse(t, agreementtest.Bilateral("a-ended", "GB", "US", "status: lapsed\nin_force: 2020-06-01\nended: 2021-01-01")))
}

func TestSuspensionNeverMakesADecisionBetter(t *testing.T) {
	docs := another(t)
	rapid.Check(t, func(r *rapid.T) {
		s := anyScene(r)
		var notices []*agreement.Notice
		for i := range rapid.IntRange(0, 4).Draw(r, "notices") {
			notices = append(notices, anyNotice(fmt.Sprintf("n-%d", i)).Draw(r, "notice"))
		}
		before := s.Decide(agreementtest.NewBook(t, docs, notices...))
		more := anyNotice("more").Draw(r, "more")
		more.Kind = agreement.Suspend
		after := s.Decide(agreementtest.NewBook(t, docs, append(notices, more)...))
		if after.Verdict > before.Verdict {
			r.Errorf("got %v after a suspension, %v before it", after.Verdict, before.Verdict)
		}
	})
}

func TestDecisionDoesNotDependOnTheOrderOfDocuments(t *testing.T) {
	docs := another(t)
	rapid.Check(t, func(r *rapid.T) {
		s := anyScene(r)
		notices := []*agreement.Notice{anyNotice("n-1").Draw(r, "1"), anyNotice("n-2").Draw(r, "2"),
			anyNotice("n-3").Draw(r, "3")}
		want, err := canon.Encode(s.Decide(agreementtest.NewBook(t, docs, notices...)))
		if err != nil {
			r.Fatal(err)
		}
		shuffled := rapid.Permutation(docs).Draw(r, "docs")
		got, err := canon.Encode(s.Decide(agreementtest.NewBook(t, shuffled, rapid.Permutation(notices).Draw(r, "order")...)))
		if err != nil {
			r.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			r.Errorf("got %s\nwant %s", got, want)
		}
	})
}

func TestExpiredAgreementAllowsNothing(t *testing.T) {
	status := "status: in_force\nin_force: 2020-06-01\nexpires: 2025-06-01"
	book := agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, agreementtest.Bilateral("ukus-daa-2019", "GB", "US", status))})
	end := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		s := anyScene(r)
		s.Facts.At = end.Add(time.Duration(rapid.Int64Range(0, 1<<60).Draw(r, "after")))
		if d := s.Decide(book); d.Verdict != protocol.Deny {
			r.Errorf("got %v, want deny", d.Verdict)
		}
	})
}

// removals take away one fact each. None of them says something else instead.
var removals = map[string]func(*agreementtest.Scene){
	"location":        func(s *agreementtest.Scene) { s.Req.Target.LocatedIn = "" },
	"nationalities":   func(s *agreementtest.Scene) { s.Req.Target.Nationalities = nil },
	"residence":       func(s *agreementtest.Scene) { s.Req.Target.ResidentIn = nil },
	"incorporation":   func(s *agreementtest.Scene) { s.Req.Target.Incorporated = "" },
	"government":      func(s *agreementtest.Scene) { s.Req.Target.GovernmentOf = "" },
	"target":          func(s *agreementtest.Scene) { s.Req.Target = protocol.Target{} },
	"penalty":         func(s *agreementtest.Scene) { s.Req.Offence.MaxCustodyMonths = 0 },
	"identifiers":     func(s *agreementtest.Scene) { s.Req.Identifiers = nil },
	"authorisation":   func(s *agreementtest.Scene) { s.Req.Authorisation = protocol.Authorisation{} },
	"attestations":    func(s *agreementtest.Scene) { s.Req.Attestations = nil },
	"one attestation": func(s *agreementtest.Scene) { s.Withdraw("own_purpose") },
	"window":          func(s *agreementtest.Scene) { s.Req.Interception = nil },
	"time":            func(s *agreementtest.Scene) { s.Facts.At = time.Time{} },
	"issue time":      func(s *agreementtest.Scene) { s.Facts.Issued = time.Time{} },
	"issuer":          func(s *agreementtest.Scene) { s.Facts.Issuing = agreement.Standing{} },
	"addressee":       func(s *agreementtest.Scene) { s.Facts.Addressee = agreement.Standing{} },
	"addressee roles": func(s *agreementtest.Scene) { s.Facts.Addressee.Roles = nil },
	"sender":          func(s *agreementtest.Scene) { s.Facts.Sender = agreement.Standing{} },
	"sender roles":    func(s *agreementtest.Scene) { s.Facts.Sender.Roles = nil },
	"certification":   func(s *agreementtest.Scene) { s.Facts.Certification = agreement.Certification{} },
	"certifier":       func(s *agreementtest.Scene) { s.Facts.Certification.By = agreement.Standing{} },
	"contact":         func(s *agreementtest.Scene) { s.Facts.Certification.Contact = "" },
	"officer":         func(s *agreementtest.Scene) { s.Facts.Officer = agreement.Officer{} },
}

func TestMissingFactNeverTurnsANoIntoAnAllow(t *testing.T) {
	book := agreementtest.NewBook(t, agreementtest.Library(t))
	names := make([]string, 0, len(removals))
	for name := range removals {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(r *rapid.T) {
		s := anyScene(r)
		before := s.Decide(book)
		for range rapid.IntRange(1, 3).Draw(r, "removals") {
			name := rapid.SampledFrom(names).Draw(r, "fact")
			removals[name](s)
		}
		if after := s.Decide(book); after.Verdict == protocol.Allow && before.Verdict != protocol.Allow {
			r.Errorf("got %v, with the fact it was %v%s", after.Verdict, before.Verdict, agreementtest.Failures(before))
		}
	})
}

// The same for the four facts alone that say who is protected, exhaustively.
func TestUnknownNeverReadsAsNo(t *testing.T) {
	book := agreementtest.NewBook(t, agreementtest.Library(t))
	for _, order := range []func() *agreementtest.Scene{agreementtest.UKOrder, agreementtest.USOrder} {
		for _, in := range parties {
			for _, of := range parties {
				for _, resident := range parties {
					for name, target := range map[string]func(*agreementtest.Scene){
						"person":       func(s *agreementtest.Scene) { s.Person(in, of, resident) },
						"organisation": func(s *agreementtest.Scene) { s.Organisation(in, of) },
						"authority":    func(s *agreementtest.Scene) { s.Authority(in, of) },
					} {
						s := order()
						s.Attest("third_country_notified")
						target(s)
						before := s.Decide(book).Verdict
						for _, fact := range []string{"location", "nationalities", "residence",
							"incorporation", "government"} {
							less := order()
							less.Attest("third_country_notified")
							target(less)
							removals[fact](less)
							if got := less.Decide(book).Verdict; got > before && got == protocol.Allow {
								t.Errorf("%s of %s in %s, resident in %s: %v became %v without %s",
									name, of, in, resident, before, got, fact)
							}
						}
					}
				}
			}
		}
	}
}

func TestBookServesManyAtOnce(t *testing.T) {
	book := agreementtest.LibraryBook(t)
	want, err := canon.Encode(agreementtest.UKOrder().Decide(book))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan string)
	for range 8 {
		go func() {
			got := ""
			for range 50 {
				b, _ := canon.Encode(agreementtest.UKOrder().Decide(book))
				got = string(b)
			}
			done <- got
		}()
	}
	for range 8 {
		if got := <-done; got != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
