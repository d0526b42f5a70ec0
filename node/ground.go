package node

import (
	"fmt"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// signers says who stands behind an act, the one that it carries last. The
// directory is the one in which the act was verified.
func signers(g *casefile.Grounds, a *chain.Authentic) []desk.Signer {
	var out []desk.Signer
	for ; a != nil; a = a.Inner {
		s := desk.Signer{Kind: a.Act.Body.Kind(), Participant: a.Sender.ID, Name: a.Sender.Name,
			Officers: []desk.Officer{}}
		if r, err := g.Directory.Register(a.Sender.ID.Party()); err == nil {
			s.Register = fmt.Sprintf("%s@%d", r.Party, r.Version)
		}
		for _, o := range a.Officers {
			s.Officers = append(s.Officers, desk.Officer{ID: o.ID, Participant: o.Participant, Roles: o.Roles,
				Grades: o.Grades})
		}
		out = append(out, s)
	}
	return out
}

// rightOf returns what a decision found to grant the request, nil if nothing.
func rightOf(d *protocol.Decision) *desk.Right {
	for _, f := range d.Findings {
		if f.Rule == agreement.StepRight && f.Outcome == protocol.Pass {
			return &desk.Right{Article: f.Article, Provenance: f.Provenance}
		}
	}
	return nil
}

// lookUp adds to a case what the registers and the agreement say of it now.
func lookUp(v *desk.CaseView, g *casefile.Grounds, at time.Time) {
	for _, id := range v.File.Participants() {
		if p, err := g.Directory.AsOf(id, at); err == nil {
			v.Organisations = append(v.Organisations, desk.Organisation{ID: id, Name: p.Name, Authority: casefile.Authority(p.Roles)})
		}
	}
	for _, d := range g.Book.Documents() {
		if d.Ref() != v.File.Agreement {
			continue
		}
		v.Title = d.Title
		for _, c := range d.Clocks {
			if c.Length != "" {
				v.Clocks = append(v.Clocks, desk.Clock{ID: c.ID, Article: c.Article, Starts: c.Starts, Length: c.Length,
					Text: c.Text, Provenance: string(c.Provenance)})
			}
		}
	}
}
