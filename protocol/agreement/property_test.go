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
	"comity.example/protocol/canon"
)

var parties = []protocol.Party{"GB", "US", "FR"}

// anyScene draws a request that is mostly in order: a target of one shape,
// and some facts that are missing or wrong.
func anyScene(t *rapid.T) *scene {
	s := rapid.SampledFrom([]func() *scene{ukOrder, usOrder,
		func() *scene { return assistance("us.doj-oia", "ie.justice") }}).Draw(t, "order")()
	in, of := rapid.SampledFrom(parties).Draw(t, "in"), rapid.SampledFrom(parties).Draw(t, "of")
	home := s.req.Issuer.Party()
	switch rapid.IntRange(0, 5).Draw(t, "target") {
	case 0:
		s.person(in, of, rapid.SampledFrom(parties).Draw(t, "resident"))
	case 1:
		s.organisation(in, of)
	case 2:
		s.authority(in, of)
	default:
		s.person(home, home, home)
	}
	switch rapid.IntRange(0, 5).Draw(t, "type") {
	case 0:
		intercept(s)
	case 1:
		s.ask(protocol.Subscriber, protocol.CategorySubscriber)
	case 2:
		s.ask(protocol.Production, protocol.CategoryTraffic, protocol.CategoryContent)
	}
	if rapid.Bool().Draw(t, "notified") {
		s.attest("third_country_notified")
	}
	s.req.Offence.MaxCustodyMonths = rapid.SampledFrom([]int64{12, 36, 120}).Draw(t, "months")
	s.facts.At = day.AddDate(0, 0, rapid.IntRange(-10, 10).Draw(t, "days"))
	if rapid.Bool().Draw(t, "named") {
		s.facts.Ref.ID = "ukus-daa-2019"
	}
	return s
}

func anyNotice(id string) *rapid.Generator[*agreement.Notice] {
	return rapid.Custom(func(t *rapid.T) *agreement.Notice {
		n := suspension(rapid.SampledFrom(parties[:2]).Draw(t, "party"), id)
		n.Effective = day.AddDate(0, 0, rapid.IntRange(0, 9).Draw(t, "effective"))
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
	return append(library(t), parse(t, bilateral("z-other", "GB", "US", standing2020)),
		parse(t, bilateral("a-ended", "GB", "US", "status: lapsed\nin_force: 2020-06-01\nended: 2021-01-01")))
}

func TestSuspensionNeverMakesADecisionBetter(t *testing.T) {
	docs := another(t)
	rapid.Check(t, func(r *rapid.T) {
		s := anyScene(r)
		var notices []*agreement.Notice
		for i := range rapid.IntRange(0, 4).Draw(r, "notices") {
			notices = append(notices, anyNotice(fmt.Sprintf("n-%d", i)).Draw(r, "notice"))
		}
		before := s.decide(newBook(t, docs, notices...))
		more := anyNotice("more").Draw(r, "more")
		more.Kind = agreement.Suspend
		after := s.decide(newBook(t, docs, append(notices, more)...))
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
		want, err := canon.Encode(s.decide(newBook(t, docs, notices...)))
		if err != nil {
			r.Fatal(err)
		}
		shuffled := rapid.Permutation(docs).Draw(r, "docs")
		got, err := canon.Encode(s.decide(newBook(t, shuffled, rapid.Permutation(notices).Draw(r, "order")...)))
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
	book := newBook(t, []*agreement.Document{parse(t, bilateral("ukus-daa-2019", "GB", "US", status))})
	end := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		s := anyScene(r)
		s.facts.At = end.Add(time.Duration(rapid.Int64Range(0, 1<<60).Draw(r, "after")))
		if d := s.decide(book); d.Verdict != protocol.Deny {
			r.Errorf("got %v, want deny", d.Verdict)
		}
	})
}

// removals take away one fact each. None of them says something else instead.
var removals = map[string]func(*scene){
	"location":        func(s *scene) { s.req.Target.LocatedIn = "" },
	"nationalities":   func(s *scene) { s.req.Target.Nationalities = nil },
	"residence":       func(s *scene) { s.req.Target.ResidentIn = nil },
	"incorporation":   func(s *scene) { s.req.Target.Incorporated = "" },
	"government":      func(s *scene) { s.req.Target.GovernmentOf = "" },
	"target":          func(s *scene) { s.req.Target = protocol.Target{} },
	"penalty":         func(s *scene) { s.req.Offence.MaxCustodyMonths = 0 },
	"identifiers":     func(s *scene) { s.req.Identifiers = nil },
	"authorisation":   func(s *scene) { s.req.Authorisation = protocol.Authorisation{} },
	"attestations":    func(s *scene) { s.req.Attestations = nil },
	"one attestation": func(s *scene) { s.withdraw("own_purpose") },
	"window":          func(s *scene) { s.req.Interception = nil },
	"time":            func(s *scene) { s.facts.At = time.Time{} },
	"issue time":      func(s *scene) { s.facts.Issued = time.Time{} },
	"issuer":          func(s *scene) { s.facts.Issuing = agreement.Standing{} },
	"addressee":       func(s *scene) { s.facts.Addressee = agreement.Standing{} },
	"addressee roles": func(s *scene) { s.facts.Addressee.Roles = nil },
	"sender":          func(s *scene) { s.facts.Sender = agreement.Standing{} },
	"sender roles":    func(s *scene) { s.facts.Sender.Roles = nil },
	"certification":   func(s *scene) { s.facts.Certification = agreement.Certification{} },
	"certifier":       func(s *scene) { s.facts.Certification.By = agreement.Standing{} },
	"contact":         func(s *scene) { s.facts.Certification.Contact = "" },
	"officer":         func(s *scene) { s.facts.Officer = agreement.Officer{} },
}

func TestMissingFactNeverTurnsANoIntoAnAllow(t *testing.T) {
	book := newBook(t, library(t))
	names := make([]string, 0, len(removals))
	for name := range removals {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(r *rapid.T) {
		s := anyScene(r)
		before := s.decide(book)
		for range rapid.IntRange(1, 3).Draw(r, "removals") {
			name := rapid.SampledFrom(names).Draw(r, "fact")
			removals[name](s)
		}
		if after := s.decide(book); after.Verdict == protocol.Allow && before.Verdict != protocol.Allow {
			r.Errorf("got %v, with the fact it was %v%s", after.Verdict, before.Verdict, failures(before))
		}
	})
}

// The same for the four facts alone that say who is protected, exhaustively.
func TestUnknownNeverReadsAsNo(t *testing.T) {
	book := newBook(t, library(t))
	for _, order := range []func() *scene{ukOrder, usOrder} {
		for _, in := range parties {
			for _, of := range parties {
				for _, resident := range parties {
					for name, target := range map[string]func(*scene){
						"person":       func(s *scene) { s.person(in, of, resident) },
						"organisation": func(s *scene) { s.organisation(in, of) },
						"authority":    func(s *scene) { s.authority(in, of) },
					} {
						s := order()
						s.attest("third_country_notified")
						target(s)
						before := s.decide(book).Verdict
						for _, fact := range []string{"location", "nationalities", "residence",
							"incorporation", "government"} {
							less := order()
							less.attest("third_country_notified")
							target(less)
							removals[fact](less)
							if got := less.decide(book).Verdict; got > before && got == protocol.Allow {
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
	book := libraryBook(t)
	want, err := canon.Encode(ukOrder().decide(book))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan string)
	for range 8 {
		go func() {
			got := ""
			for range 50 {
				b, _ := canon.Encode(ukOrder().decide(book))
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
