package node

import (
	"fmt"
	"net/http"

	"comity.example/node/desk"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// A version is a request as amendments leave it; 1 is as it was made.
type version struct {
	request *protocol.Request
	number  int64
}

// current returns the request of a case as it stands for one who holds the acts
// in follows. An amendment that does not narrow what came before it changes
// nothing: of two that crossed, the second may be such a one.
func current(r store.Reader, c *casefile.Case, follows []protocol.Digest) (version, error) {
	signed, err := r.Get(digestKey(prefixAct, c.Thread[0].Act))
	if err != nil {
		return version{}, err
	}
	request, err := requestWithin(signed)
	if err != nil {
		return version{}, err
	}
	v := version{request, 1}
	for _, e := range c.Amendments(follows) {
		signed, err := r.Get(digestKey(prefixAct, e.Act))
		if err != nil {
			return version{}, err
		}
		act, err := chain.Unverified(signed)
		if err != nil {
			return version{}, err
		}
		if next, err := v.request.Narrow(act.Body.Amendment); err == nil {
			v = version{next, act.Body.Amendment.Version}
		}
	}
	return v, nil
}

// requestWithin returns the request that a signed act makes, or carries: by itself,
// or in the certification that it carries.
func requestWithin(signed []byte) (*protocol.Request, error) {
	for range chain.MaxDepth + 1 {
		act, err := chain.Unverified(signed)
		if err != nil {
			return nil, err
		}
		if act.Body.Request != nil {
			return act.Body.Request, nil
		}
		if signed = carriedBy(&act.Body); signed == nil {
			break
		}
	}
	return nil, fmt.Errorf("node: a case that no request opens")
}

// narrows checks that an amendment asks for nothing that its sender had not asked
// for by what it follows. Who holds the amendment holds that too, so all say the
// same of it.
func narrows(r store.Reader, c *casefile.Case, act *protocol.Act) error {
	if act.Body.Amendment == nil {
		return nil
	}
	v, err := current(r, c, act.Follows)
	if err != nil {
		return err
	}
	if _, err := v.request.Narrow(act.Body.Amendment); err != nil {
		return &wider{err}
	}
	return nil
}

// A wider amendment asks for what was not asked for before.
type wider struct{ err error }

func (w *wider) Error() string { return w.err.Error() }

func (w *wider) problem() *desk.Problem {
	return &desk.Problem{Status: http.StatusUnprocessableEntity, Text: w.Error() + " (" + string(protocol.ReasonNarrower) + ")",
		Hint: "an amendment only gives up: who needs more makes a new request"}
}

// notificationClock is the id of the clock at whose end the addressee may produce
// although a notified authority said nothing (Regulation (EU) 2023/1543,
// Art. 10(2)). A document without such a clock has nobody wait: the notification
// of CETS 224, Art. 7(5), does not suspend.
const notificationClock = "production-after-notification"

// mayProduce: in a case of which an authority was notified, nothing is disclosed
// before it has said that it raises no ground for refusal, or its time to do so
// has passed; in an emergency it may object afterwards (Regulation (EU) 2023/1543,
// Art. 8(4), 10(2), 10(4)).
func mayProduce(g casefile.Grounds, p *plan) error {
	c := p.file
	if p.body.Disclosure == nil || c.Emergency || len(c.Notified) == 0 || c.State.Ended() || c.Examined() {
		return nil
	}
	for _, d := range g.Book.Documents() {
		if d.Ref() != c.Agreement {
			continue
		}
		for i := range d.Clocks {
			if d.Clocks[i].ID == notificationClock {
				return &desk.Problem{Status: http.StatusConflict,
					Text: fmt.Sprintf("the authority that was notified may still raise a ground for refusal: nothing is produced before it has confirmed, or its time has passed (%s, %s)",
						d.Clocks[i].Article, protocol.ReasonNotified),
					Hint: fmt.Sprintf("comity case show %s says by when", c.ID)}
			}
		}
	}
	return nil
}
