package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"comity.example/crypto/identity"
	"comity.example/node/home"
	"comity.example/node/token"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/register"
)

// An officerView is an officer's file as it is shown: who that is, it does not
// know.
type officerView struct {
	File    string                 `json:"file"`
	Officer register.OfficerID     `json:"officer"`
	Of      protocol.ParticipantID `json:"participant"`
	Roles   []protocol.Role        `json:"roles"`
	Types   []protocol.RequestType `json:"types"` // none stands for all
	Grades  []register.Grade       `json:"grades"`
	Key     identity.Fingerprint   `json:"key"`
	Issued  time.Time              `json:"issued"`
	Expires time.Time              `json:"expires"`
	State   string                 `json:"state"` // valid, not yet valid, expired, revoked
	Token   *token.Address         `json:"token,omitempty"`
}

// where adds to a text on which token half of the key is.
func (v *officerView) where(text string) string {
	if v.Token == nil {
		return text
	}
	return text + ", on token " + shown(v.Token.Token)
}

// viewOfficer reads an officer's file. Revoked is what the Party has said, as far
// as this home has heard it.
func (a *app) viewOfficer(ctx context.Context, path string) (officerView, error) {
	path = inHome(&home.Home{Dir: a.Dir}, path)
	c, err := home.ReadCredential(path)
	if err != nil {
		return officerView{}, badInput(plain(err), "want the file that comity officer new wrote; comity officer list names them")
	}
	at, err := home.ReadToken(path)
	if err != nil {
		return officerView{}, err
	}
	v := officerView{File: path, Token: at, Officer: c.Officer, Of: c.Participant, Roles: c.Roles, Types: c.Types,
		Grades: append([]register.Grade{}, c.Grades...), Key: c.Key.Fingerprint(), Issued: c.Issued, Expires: c.Expires, State: "valid"}
	now := a.now()
	switch {
	case now.Before(c.Issued):
		v.State = "not yet valid"
	case c.ValidAt(now) != nil:
		v.State = "expired"
	}
	directory, err := a.believed(ctx)
	if err != nil {
		return v, err
	}
	if directory != nil && directory.Revoked(c.Participant.Party(), v.Key, now) {
		v.State = "revoked"
	}
	return v, nil
}

type officerListCmd struct{}

func (c *officerListCmd) Help() string {
	return `Files that were given away, as they should be, are not here: who has which is for your own list.
No name stands anywhere.`
}

func (c *officerListCmd) Run(ctx context.Context, a *app) error {
	h, err := a.openHome()
	if err != nil {
		return err
	}
	files, err := h.Officers()
	if err != nil {
		return err
	}
	list := []officerView{}
	for _, path := range files {
		v, err := a.viewOfficer(ctx, path)
		if err != nil {
			return err
		}
		list = append(list, v)
	}
	return a.show(list, func(w io.Writer) {
		if len(list) == 0 {
			fmt.Fprintln(w, "there are no officers' files in this home")
			return
		}
		rows := [][]string{{"FILE", "ROLES", "TYPES", "GRADES", "UNTIL", "STATE"}}
		for _, v := range list {
			rows = append(rows, []string{filepath.Base(v.File), words(v.Roles), orAll(v.Types, "types"), orDash(words(v.Grades)),
				day(v.Expires), v.where(v.State)})
		}
		table(w, rows)
	})
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

type officerShowCmd struct {
	File string `arg:"" help:"The officer's file."`
}

func (c *officerShowCmd) Run(ctx context.Context, a *app) error {
	v, err := a.viewOfficer(ctx, c.File)
	if err != nil {
		return err
	}
	return a.show(v, func(w io.Writer) {
		field(w, "officer", string(v.Officer)+" of "+string(v.Of))
		field(w, "may act", "as "+words(v.Roles))
		field(w, "types", orAll(v.Types, "types"))
		field(w, "grades", orDash(words(v.Grades)))
		field(w, "valid", moment(v.Issued)+" until "+moment(v.Expires)+": "+v.State)
		field(w, "key", v.where(v.Key.String()))
		if v.Token != nil {
			field(w, "on token", shown(fmt.Sprintf("%s, key %s, module %s", v.Token.Token, v.Token.Key, v.Token.Module)))
		}
	})
}

// A revocationFile is what a participant hands to its Party to have an officer's
// key revoked: comity register sign --revoke reads it.
type revocationFile struct {
	Participant protocol.ParticipantID `json:"participant"`
	Officer     register.OfficerID     `json:"officer"`
	Key         identity.Fingerprint   `json:"key"`
	Cause       register.Cause         `json:"cause"`
}

// maxRevocation bounds such a file, in bytes.
const maxRevocation = 4096

func readRevocation(path string) (revocationFile, error) {
	var f revocationFile
	b, err := readFile(path, maxRevocation)
	if err != nil {
		return f, err
	}
	if err := canon.Read(b, &f); err != nil {
		return f, badInput(path+" is no revocation", "want the file that comity officer revoke wrote")
	}
	return f, nil
}

type officerRevokeCmd struct {
	File  string         `arg:"" help:"The officer's file."`
	Cause register.Cause `default:"ceased" help:"Why: ceased (has left), superseded (has a new key), compromised (somebody else may have it)." placeholder:"CAUSE"`
	Out   string         `required:"" help:"File to write, for the Party." placeholder:"FILE"`
}

func (c *officerRevokeCmd) Help() string {
	return `Only the Party revokes: what its register says, every peer learns. This writes what the keepers of its
roots need, and revokes nothing by itself. What arrives after the revocation is not believed, whatever
it says of when it was signed. The file of a key that nobody holds any more is not needed: the Party
can revoke a fingerprint, which comity officer show prints.`
}

// asked is what officer revoke says to a program.
type askedToRevoke struct {
	revocationFile
	File string `json:"file"`
}

func (c *officerRevokeCmd) Run(ctx context.Context, a *app) error {
	v, err := a.viewOfficer(ctx, c.File)
	if err != nil {
		return err
	}
	if v.State == "revoked" {
		return badInput("the register of "+string(v.Of.Party())+" says already that this key is revoked", "see comity register show")
	}
	f := revocationFile{v.Of, v.Officer, v.Key, c.Cause}
	text, err := canon.Encode(f)
	if err != nil {
		return err
	}
	if err := home.WriteNew(c.Out, text); err != nil {
		return badInput(plain(err), "")
	}
	return a.show(askedToRevoke{f, c.Out}, func(w io.Writer) {
		field(w, "wrote", c.Out)
		field(w, "key", v.Key.String()+", "+string(c.Cause))
		fmt.Fprintf(w, "%-11scomity register sign --root DIR --previous FILE --revoke %s --out FILE, by %s\n", "next", c.Out, v.Of.Party())
		fmt.Fprintf(w, "%-11scomity register publish FILE\n", "then")
	})
}
