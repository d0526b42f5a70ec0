package node

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/node/gate"
	"comity.example/node/journal"
	"comity.example/node/record"
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

// Limits of what is kept of one matter: a request with as many identifiers as it
// may have still fits into a commit.
const (
	// refusalsKept is how many refusals under one agreement are kept, the newest.
	refusalsKept = 4
	// agreementsKept is under how many agreements, those of the newest: more
	// than join two Parties.
	agreementsKept = 16
)

// add keeps a refusal. Those under one agreement do not crowd out another's.
func (m *matter) add(r refusedMatter) {
	m.Refused = append(m.Refused, r)
	under := map[string]int{}
	for i := len(m.Refused) - 1; i >= 0; i-- {
		name := m.Refused[i].Agreement
		if under[name]++; under[name] > refusalsKept || len(under) > agreementsKept {
			m.Refused = slices.Delete(m.Refused, i, i+1)
			if under[name]--; under[name] == 0 {
				delete(under, name)
			}
		}
	}
}

// matterKey is one for all that an identifier can be written as, and as which
// type it is named.
func matterKey(issuer protocol.ParticipantID, id *protocol.Identifier) []byte {
	return digestKey(prefixMatter, sha256.Sum256(fmt.Appendf(nil, "%s\n%s", issuer, plainest(id))))
}

func plainest(id *protocol.Identifier) string {
	folded := strings.ToLower(strings.ToUpper(id.Value))
	switch id.Type {
	case protocol.IdentifierIP:
		if a, err := netip.ParseAddrPort(id.Value); err == nil {
			return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port()).String()
		}
	case protocol.IdentifierURL:
		if u, err := url.Parse(folded); err == nil {
			host := strings.TrimSuffix(strings.TrimSuffix(u.Host, ":443"), ":80")
			return host + strings.TrimRight(u.Path, "/") + "?" + u.RawQuery
		}
	}
	return folded
}

// noteRefused keeps that a request was refused in a case.
func noteRefused(tx record.Values, r *protocol.Request, c protocol.CaseID, agreement string) error {
	noted := refusedMatter{c, agreement}
	for i := range r.Identifiers {
		key := matterKey(r.Issuer, &r.Identifiers[i])
		m, err := record.Read[matter](tx, key)
		if err := record.IgnoreMissing(err); err != nil {
			return err
		}
		if slices.Contains(m.Refused, noted) {
			continue
		}
		m.add(noted)
		if err := record.Write(tx, key, m); err != nil {
			return err
		}
	}
	return nil
}

// noteCase is noteRefused for the request with which a case was opened.
func noteCase(tx *journal.Tx, c *casefile.Case) error {
	signed, err := tx.Get(digestKey(prefixAct, c.Thread[0].Act))
	if err != nil {
		return record.IgnoreMissing(err)
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
// instrument, nothing if nowhere, or if of each identifier the request says that
// it was converted from there.
func unlinked(r record.Getter, req *protocol.Request, c protocol.CaseID, agreement string) (refusedMatter, error) {
	linked := req.RelatedBy(protocol.RelationConvertedFrom)
	for i := range req.Identifiers {
		m, err := record.Read[matter](r, matterKey(req.Issuer, &req.Identifiers[i]))
		if err := record.IgnoreMissing(err); err != nil {
			return refusedMatter{}, err
		}
		m.Refused = slices.DeleteFunc(m.Refused, func(x refusedMatter) bool { return x.Case == c || x.Agreement == agreement })
		said := slices.ContainsFunc(m.Refused, func(earlier refusedMatter) bool {
			return slices.ContainsFunc(linked, func(x protocol.Related) bool { return x.Case == earlier.Case })
		})
		if n := len(m.Refused); n > 0 && !said {
			return m.Refused[n-1], nil
		}
	}
	return refusedMatter{}, nil
}

// mayConvert tells who drafts or submits a request that it was refused before.
func mayConvert(tx record.Getter, act *protocol.Act) error {
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

// refuseRequest is refuse for what an agreement denied. What was asked under a
// name that stands for none was refused under none.
func (n *Node) refuseRequest(tx *journal.Tx, a *gate.Arrival, r refusal) (response, error) {
	out, err := n.refuse(tx, a, r)
	req := a.Act.Request()
	if err != nil || !out.fresh || req == nil || a.Act.Act.Body.Relay != nil || len(a.Decision.Documents) == 0 {
		return out, err
	}
	return out, noteRefused(tx, req, a.Act.Act.Case, a.Act.Act.Agreement.ID)
}
