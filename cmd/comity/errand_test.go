package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
)

// prepared is what an honest node prepares for a refusal, and the errand that
// asked for it.
func prepared(t *testing.T) (errand, *home.Home, desk.Prepared) {
	t.Helper()
	h := &home.Home{Config: home.Config{Participant: "us.contoso-mail"}}
	asked := protocol.Refusal{Reason: protocol.ReasonNotHeld}
	body := protocol.Body{Refusal: &asked}
	digest, err := body.Digest()
	if err != nil {
		t.Fatal(err)
	}
	id := protocol.NewCaseID()
	e := errand{draft: desk.Draft{Case: id, Agreement: "ukus-daa-2019", Body: body},
		fits: func(p *desk.Prepared) error {
			if !reflect.DeepEqual(p.Body.Refusal, &asked) {
				return errNotAsked
			}
			return nil
		}}
	return e, h, desk.Prepared{Case: id, Body: body, Statement: protocol.Statement{
		Kind: protocol.KindRefusal, Body: digest, Case: id, Participant: "us.contoso-mail",
		Agreement: protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}}}
}

func TestOfficerSignsOnlyWhatWasAskedFor(t *testing.T) {
	other := protocol.Refusal{Reason: protocol.ReasonFreeSpeech}
	for name, change := range map[string]func(*desk.Prepared){
		"another digest":      func(p *desk.Prepared) { p.Statement.Body[0] ^= 1 },
		"another kind":        func(p *desk.Prepared) { p.Statement.Kind = protocol.KindWithdrawal },
		"a statement's case":  func(p *desk.Prepared) { p.Statement.Case = protocol.NewCaseID() },
		"another participant": func(p *desk.Prepared) { p.Statement.Participant = "us.other" },
		"another agreement":   func(p *desk.Prepared) { p.Statement.Agreement.ID = "other" },
		"another case": func(p *desk.Prepared) {
			p.Case = protocol.NewCaseID()
			p.Statement.Case = p.Case
		},
		"another body": func(p *desk.Prepared) {
			p.Body.Refusal = &other
			p.Statement.Body, _ = p.Body.Digest()
		},
		"a body that is shown and one that is signed": func(p *desk.Prepared) { p.Body.Refusal = &other },
	} {
		t.Run(name, func(t *testing.T) {
			e, h, p := prepared(t)
			change(&p)
			if err := e.check(h, &p); !errors.Is(err, errNotAsked) {
				t.Errorf("got %v, want errNotAsked", err)
			}
		})
	}
}

func TestOfficerSignsWhatWasAskedFor(t *testing.T) {
	e, h, p := prepared(t)
	if err := e.check(h, &p); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

// readTemplate is the template as a request, changed.
func readTemplate(t *testing.T, change func(*protocol.Request)) *protocol.Request {
	t.Helper()
	s, err := parseSource("request.yaml", orderTemplate(t))
	if err != nil {
		t.Fatal(err)
	}
	r := new(protocol.Request)
	if err := s.into(r); err != nil {
		t.Fatal(err)
	}
	change(r)
	return r
}

// TestNodeThatPreparesAnotherRequest than the file's stays an alarm.
func TestNodeThatPreparesAnotherRequest(t *testing.T) {
	file := protocol.Body{Request: readTemplate(t, func(*protocol.Request) {})}
	want, err := file.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := sameBody(want)(&desk.Prepared{Body: file}); err != nil {
		t.Errorf("what was asked for: %v", err)
	}
	other := protocol.Body{Request: readTemplate(t, func(r *protocol.Request) { r.FileNumber = "other" })}
	if err := sameBody(want)(&desk.Prepared{Body: other}); !errors.Is(err, errNotAsked) {
		t.Errorf("got %v, want errNotAsked", err)
	}
}

func TestFirstMemberThatDiffersIsNamed(t *testing.T) {
	for want, change := range map[string]func(*protocol.Request){
		"":                     func(*protocol.Request) {},
		"file_number":          func(r *protocol.Request) { r.FileNumber = "secret" },
		"target.basis":         func(r *protocol.Request) { r.Target.Basis = "secret" },
		"identifiers[0].value": func(r *protocol.Request) { r.Identifiers[0].Value = "secret" },
		"attestations":         func(r *protocol.Request) { r.Attestations = r.Attestations[1:2] },
		"identifiers":          func(r *protocol.Request) { r.Identifiers = append(r.Identifiers, r.Identifiers[0]) },
		"emergency":            func(r *protocol.Request) { r.Emergency = &protocol.Emergency{Facts: "secret"} },
	} {
		got, err := differ(readTemplate(t, func(*protocol.Request) {}), readTemplate(t, change))
		if err != nil {
			t.Fatal(err)
		}
		if want == "attestations" && strings.HasPrefix(got, "attestations[0]") {
			got = "attestations" // the first of them is already another
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestPromptSaysWhatIsAnswered, so that nobody signs in the wrong case.
func TestPromptSaysWhatIsAnswered(t *testing.T) {
	about := readTemplate(t, func(*protocol.Request) {})
	for _, body := range []protocol.Body{
		{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld}},
		{Withdrawal: &protocol.Withdrawal{}},
		{Disclosure: &protocol.Disclosure{Status: protocol.ProductionNoData}},
	} {
		var out bytes.Buffer
		if err := (&app{out: &out}).present(&desk.Prepared{Case: protocol.NewCaseID(), Body: body}, about); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"issuer     gb.home-office\n", "file       2026/117\n", "type       production\n",
			"identifier email someone@example.com at mail\n"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("the prompt for a %s lacks %q:\n%s", body.Kind(), want, &out)
			}
		}
	}
}

func TestWhoStopsWaitingIsToldWhereToLook(t *testing.T) {
	id := protocol.NewCaseID()
	got := explain(unsure(fmt.Errorf("desk: %w", context.Canceled), id))
	if got.status != exitInterrupted || got.hint != "comity case show "+string(id)+" says whether it went out" {
		t.Errorf("got %+v", got)
	}
	other := errors.New("other")
	if unsure(other, id) != other {
		t.Error("another error was changed")
	}
}
