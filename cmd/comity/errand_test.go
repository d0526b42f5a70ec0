package main

import (
	"errors"
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
			if p.Body.Refusal == nil || *p.Body.Refusal != asked {
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
