package node

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/node/gate"
	"comity.example/node/journal"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// A request that was refused under one instrument does not come back under
// another, weaker one, as if nothing had been: it must say from which case it
// was converted. Both nodes keep by what was asked for that it was refused.

// A matter is where what somebody asked for was refused. The identifiers are
// not kept, only their digests, in its key.
type matter struct {
	Refused []refusedMatter `json:"refused"` // the newest last
}

type refusedMatter struct {
	Case      protocol.CaseID `json:"case"`
	Agreement string          `json:"agreement"`
}

// refusalsKept is how many refusals of one matter are kept, the newest: what
// was refused more often under one name is told apart by its last refusal.
const refusalsKept = 8

func matterKey(issuer protocol.ParticipantID, id *protocol.Identifier) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", issuer, id.Type, strings.ToLower(id.Value)))
	return digestKey(prefixMatter, sum)
}

// A getter is what is read of a store, and values what is read and written.
type (
	getter interface {
		Get(key []byte) ([]byte, error)
	}
	values interface {
		getter
		Set(key, value []byte) error
	}
)

// noteRefused keeps that a request was refused in a case.
func noteRefused(tx values, r *protocol.Request, c protocol.CaseID, agreement string) error {
	noted := refusedMatter{c, agreement}
	for i := range r.Identifiers {
		key := matterKey(r.Issuer, &r.Identifiers[i])
		m, err := readJSON[matter](tx, key)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		if slices.Contains(m.Refused, noted) {
			continue
		}
		m.Refused = append(m.Refused, noted)
		m.Refused = m.Refused[max(0, len(m.Refused)-refusalsKept):]
		if err := writeJSON(tx, key, m); err != nil {
			return err
		}
	}
	return nil
}

// noteCase is noteRefused for the request with which a case was opened.
func noteCase(tx *journal.Tx, c *casefile.Case) error {
	signed, err := tx.Get(digestKey(prefixAct, c.Thread[0].Act))
	if err != nil {
		return ignoreMissing(err)
	}
	act, err := chain.Unverified(signed) // we verified it when we took it
	if err == nil && act.Body.Certification != nil {
		act, err = chain.Unverified(act.Body.Certification.Request)
	}
	if err != nil || act.Body.Request == nil {
		return err
	}
	return noteRefused(tx, act.Body.Request, c.ID, c.Agreement.ID)
}

// unlinked returns where what the request asks for was refused under another
// instrument, nothing if nowhere, or if the request says that it was converted
// from there.
func unlinked(r getter, req *protocol.Request, c protocol.CaseID, agreement string) (refusedMatter, error) {
	linked := req.RelatedBy(protocol.RelationConvertedFrom)
	var found refusedMatter
	for i := range req.Identifiers {
		m, err := readJSON[matter](r, matterKey(req.Issuer, &req.Identifiers[i]))
		if err := ignoreMissing(err); err != nil {
			return found, err
		}
		for _, earlier := range m.Refused {
			if slices.ContainsFunc(linked, func(x protocol.Related) bool { return x.Case == earlier.Case }) {
				return refusedMatter{}, nil
			}
			if earlier.Case != c && earlier.Agreement != agreement {
				found = earlier
			}
		}
	}
	return found, nil
}

// mayConvert tells who submits a request that it was refused before.
func mayConvert(tx *journal.Tx, act *protocol.Act) error {
	r := act.Body.Request
	if r == nil {
		return nil
	}
	earlier, err := unlinked(tx, r, act.Case, act.Agreement.ID)
	if err != nil || earlier.Case == "" {
		return err
	}
	return &desk.Problem{Status: http.StatusConflict,
		Text: fmt.Sprintf("what this asks for was refused in %s, under %s", earlier.Case, earlier.Agreement),
		Hint: fmt.Sprintf("say so in the request: related: [{relation: converted_from, case: %s}]", earlier.Case)}
}

// converts reports whether an arrival asks again, without saying so, for what
// was refused under another instrument.
func (n *Node) converts(tx *journal.Tx, a *gate.Arrival) (bool, error) {
	r := a.Act.Request()
	if r == nil || a.Act.Act.Body.Relay != nil || r.Issuer == n.cfg.Self {
		return false, nil
	}
	earlier, err := unlinked(tx, r, a.Act.Act.Case, a.Act.Act.Agreement.ID)
	return earlier.Case != "", err
}

// refuseRequest is refuse for what an agreement denied.
func (n *Node) refuseRequest(tx *journal.Tx, a *gate.Arrival, r refusal) (response, error) {
	out, err := n.refuse(tx, a, r)
	req := a.Act.Request()
	if err != nil || !out.fresh || req == nil || a.Act.Act.Body.Relay != nil {
		return out, err
	}
	return out, noteRefused(tx, req, a.Act.Act.Case, a.Act.Act.Agreement.ID)
}
