package casefile_test

import (
	"errors"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// product is what a provider disclosed in another case.
func product() casefile.Step {
	s := step(protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionPartial}}, "us.initech", to(contoso))
	s.Act.Case = "case-zyxwvutsrqponmlkjihgfedcba"
	return s
}

// passing is the addressee's passing on of it.
func passing(origin casefile.Step, follows ...protocol.Digest) casefile.Step {
	s := disclosure(protocol.ProductionPartial, follows...)
	s.Inner = &origin
	return s
}

// TestProductIsPassedOnOnce: by itself, or in a relay.
func TestProductIsPassedOnOnce(t *testing.T) {
	r := request()
	opened := certification(r, decision(protocol.Allow))
	c, err := casefile.Open(opened)
	if err != nil {
		t.Fatal(err)
	}
	origin := product()
	first := passing(origin, opened.Digest)
	if c, err = c.Apply(first); err != nil {
		t.Fatal(err)
	}
	if !c.Passes(origin.Digest) || c.Holds(origin.Digest) || c.State != casefile.PartlyProduced {
		t.Errorf("passes %v, holds %v, %s", c.Passes(origin.Digest), c.Holds(origin.Digest), c.State)
	}
	again := passing(origin, first.Digest)
	var turn *casefile.TurnError
	if _, err := c.Apply(again); !errors.As(err, &turn) || turn.Reason != protocol.ReasonThread {
		t.Errorf("again: got %v", err)
	}
	if _, err := c.Apply(relay(again, first.Digest)); !errors.As(err, &turn) || turn.Reason != protocol.ReasonThread {
		t.Errorf("again in a relay: got %v", err)
	}
	other := passing(product(), first.Digest)
	if _, err := c.Apply(other); err != nil {
		t.Errorf("another: got %v", err)
	}
	lost := c.Undelivered(first.Digest, office, casefile.Expired)
	if _, err := lost.Apply(passing(origin, opened.Digest)); err != nil {
		t.Errorf("again, after it was lost: got %v", err)
	}
}

// TestTheIssuerKnowsProductByItsRelay.
func TestTheIssuerKnowsProductByItsRelay(t *testing.T) {
	r := request()
	c, err := casefile.Open(r)
	if err != nil {
		t.Fatal(err)
	}
	opened := certification(r, decision(protocol.Allow))
	if c, err = c.Apply(opened); err != nil {
		t.Fatal(err)
	}
	origin := product()
	first := passing(origin, opened.Digest)
	if c, err = c.Apply(relay(first, opened.Digest)); err != nil {
		t.Fatal(err)
	}
	if !c.Passes(origin.Digest) {
		t.Error("it does not know that it was passed on")
	}
}
