package node

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"comity.example/node/desk"
	"comity.example/node/gate"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// mayExecute tells who drafts or submits a request by which a case of another
// State is carried out why it may not: it must carry out what our people accepted,
// on the order of a court that is named by its digest, and ask for no more.
func (n *Node) mayExecute(r record.Getter, act *protocol.Act) error {
	order := act.Body.Request
	if order == nil {
		return nil
	}
	related := order.RelatedBy(protocol.RelationExecutes)
	if len(related) == 0 {
		return nil // whether it must be is for the law
	}
	conflict := func(hint, format string, args ...any) error {
		return &desk.Problem{Status: http.StatusConflict, Text: fmt.Sprintf(format, args...), Hint: hint}
	}
	if len(related) > 1 || related[0].Case == "" {
		return conflict("a request carries out one other", "related: want the one case that this carries out")
	}
	f, err := record.Read[filed](r, caseKey(related[0].Case))
	if errors.Is(err, store.ErrNotFound) {
		return conflict("comity inbox lists those that wait", "this node holds no case that this could carry out")
	}
	if err != nil {
		return err
	}
	c := &f.File
	open := slices.ContainsFunc(c.Questions(), func(q casefile.Question) bool { return q.From == n.cfg.Self })
	switch {
	case c.Addressee != n.cfg.Self || c.Issuer.Party() == n.cfg.Self.Party() || order.Issuer != n.cfg.Self:
		return conflict("", "the case that this would carry out asks nothing of this participant for another State")
	case c.State == casefile.UnderReview || c.State == casefile.Served:
		return conflict("accept it first: comity accept "+string(c.ID), "the request that this would carry out was not accepted yet")
	case c.State != casefile.Accepted && c.State != casefile.PartlyProduced:
		return conflict("see comity case show", "the request that this would carry out has ended")
	case open:
		return conflict("it goes on when they have answered", "the issuing side has been asked something, and has not answered")
	case order.Authorisation.Order.IsZero():
		return conflict("give its digest: authorisation: {order: sha256:…}", "authorisation.order: want the order of the court")
	}
	foreign, err := asked(r, c)
	if err != nil {
		return err
	}
	if err := order.Executes(foreign); err != nil {
		return &desk.Problem{Status: http.StatusUnprocessableEntity, Text: err.Error(),
			Hint: "an order for another State asks for no more than that State: leave out what it did not ask for"}
	}
	return nil
}

// carryProduct puts what a provider of our Party disclosed into a disclosure of
// ours that has nothing else in it: the oldest that was not passed on yet.
func (n *Node) carryProduct(p *plan, read func(protocol.Digest) ([]byte, error)) error {
	d := p.body.Disclosure
	if n.cfg.Self != p.file.Addressee || len(p.legs) == 0 || len(d.Objects) > 0 || d.Status == protocol.ProductionNoData && len(d.Origin) == 0 {
		return nil
	}
	var products []protocol.Digest
	under, barred := 0, protocol.CaseID("")
	for _, l := range p.legs {
		if l.Barred {
			barred = l.Case
		}
		products = append(products, l.Product...)
		if !l.State.Ended() {
			under++
		}
	}
	if len(products) == 0 && barred != "" {
		return &desk.Problem{Status: http.StatusConflict,
			Text: "the product that waits may not be passed on: it may not be used in the case in which it was disclosed, or was deleted there",
			Hint: "comity case show " + string(barred) + " says why"}
	}
	if len(products) == 0 {
		return &desk.Problem{Status: http.StatusConflict, Text: "no product waits to be passed on in this case",
			Hint: "see comity case show"}
	}
	signed, err := read(products[0])
	if err != nil {
		return err
	}
	if len(signed) > protocol.MaxOrigin {
		return &desk.Problem{Status: http.StatusRequestEntityTooLarge, Text: fmt.Sprintf(
			"the product is too large to be passed on as it was signed: %d bytes, want at most %d", len(signed), protocol.MaxOrigin),
			Hint: "hand over its files yourself: comity fetch --out writes them, comity disclose takes them"}
	}
	origin, err := chain.Unverified(signed)
	if err != nil || origin.Body.Disclosure == nil {
		return errors.Join(err, errors.New("node: the product is no disclosure"))
	}
	next := protocol.Disclosure{Status: origin.Body.Disclosure.Status, Objects: []protocol.Object{}, Note: d.Note, Origin: signed}
	if d.Status == protocol.ProductionPartial || len(products) > 1 || under > 0 {
		next.Status = protocol.ProductionPartial
	}
	if len(d.Origin) > 0 && (!bytes.Equal(d.Origin, signed) || d.Status != next.Status) {
		return &desk.Problem{Status: http.StatusConflict, Text: "the case has changed since this was prepared",
			Hint: "prepare it again"}
	}
	if len(d.Origin) > 0 { // else the node fills them in
		next.Readers, next.Keys = d.Readers, d.Keys
	}
	p.body.Disclosure = &next
	return nil
}

// mayBePassedOn tells a provider whose disclosure is to be passed on into another
// case that it is too large for that.
func mayBePassedOn(p *plan, out *gate.Departure) *desk.Problem {
	if p.file == nil || p.file.Matter.Executes == "" || p.body.Disclosure == nil || out.Act == nil ||
		len(out.Act.Signed) <= protocol.MaxOrigin {
		return nil
	}
	return &desk.Problem{Status: http.StatusRequestEntityTooLarge,
		Text: fmt.Sprintf("the disclosure is too large to be passed on to the State that asked: %d bytes as signed, want at most %d",
			len(out.Act.Signed), protocol.MaxOrigin),
		Hint: "hand it over in several acts, all but the last with --part"}
}
