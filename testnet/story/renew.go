package story

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

// renew: renew PARTICIPANT — every Party signs the next version of its register,
// which every node takes, and every officer on duty and supervisor gets a new
// credential: both end, and a story may take years. The participant's node says who there is.
func (p *player) renew(ctx context.Context, st step) error {
	args, err := st.want(1)
	if err != nil {
		return err
	}
	first := protocol.ParticipantID(args[0])
	node, err := p.Desk(first)
	if err != nil {
		return err
	}
	status, err := node.Status(ctx)
	if err != nil {
		return err
	}
	ids := []protocol.ParticipantID{first}
	var parties []protocol.Party
	for _, peer := range status.Peers {
		ids = append(ids, peer.ID)
	}
	for _, id := range ids {
		if !slices.Contains(parties, id.Party()) {
			parties = append(parties, id.Party())
		}
	}
	entries := map[protocol.ParticipantID]*register.Participant{}
	for _, party := range parties {
		r, signed, err := p.next(ctx, node, party)
		if err != nil {
			return err
		}
		for i := range r.Participants {
			entries[r.Participants[i].ID] = &r.Participants[i]
		}
		for _, id := range ids {
			if err := p.take(ctx, id, signed); err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
		}
	}
	for _, id := range ids {
		officer, err1 := p.Officer(id)
		supervisor, err2 := p.Supervisor(id)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		err1 = p.enrol(entries[id], officer, "officer.key")
		err2 = p.enrol(entries[id], supervisor, "supervisor.key")
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	p.say("  ⟳ %d registers and %d credentials are renewed", len(parties), 2*len(ids))
	return nil
}

// next signs the next version of a Party's register.
func (p *player) next(ctx context.Context, node desk.Node, party protocol.Party) (*register.Register, []byte, error) {
	docs, err := node.Documents(ctx)
	if err != nil {
		return nil, nil, err
	}
	var newest *register.Signed
	for _, d := range docs {
		if d.Kind != "register" {
			continue
		}
		text, err := node.Read(ctx, d.Kind, d.Name)
		if err != nil {
			return nil, nil, err
		}
		claimed, err := register.Claim(text)
		if err != nil || claimed.Party != party || newest != nil && newest.Version >= claimed.Version {
			continue
		}
		if newest, err = register.Verify(text, claimed.Roots); err != nil {
			return nil, nil, err
		}
	}
	if newest == nil {
		return nil, nil, fmt.Errorf("no register of %s is held", party)
	}
	r, err := register.Next(newest, register.Changes{Issued: p.now(), Expires: p.now().Add(register.MaxLife)})
	if err != nil {
		return nil, nil, err
	}
	root, err := p.Root(party)
	if err != nil {
		return nil, nil, err
	}
	signed, err := register.Sign(r, root)
	return r, signed, err
}

// take has a node take a register, which its peers may have brought it before.
func (p *player) take(ctx context.Context, id protocol.ParticipantID, signed []byte) error {
	node, err := p.Desk(id)
	if err != nil {
		return err
	}
	_, err = node.Publish(ctx, "register", signed)
	var problem *desk.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusConflict {
		return nil
	}
	return err
}

// enrol gives an officer of a participant a new key, under the old name, and a
// credential that says the same as the old one.
func (p *player) enrol(entry *register.Participant, old *home.Officer, name string) error {
	held, err := register.VerifyCredential(old.Credential, entry)
	if err != nil {
		return err
	}
	h := p.Home(entry.ID)
	lock, err := h.Lock("")
	if err != nil {
		return err
	}
	c := *held
	c.Officer, c.Issued, c.Expires = "", p.now(), p.now().Add(register.MaxCredentialLife)
	path, err := h.NewOfficer(c, lock)
	if err != nil {
		return err
	}
	link := filepath.Join(h.Dir, name)
	return errors.Join(os.Remove(link), os.Symlink(path, link))
}
