package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"comity.example/node/home"
	"comity.example/protocol"
)

type uploaderCmd struct {
	New    uploaderNewCmd    `cmd:"" help:"Make a token with which a system uploads evidence, and may do nothing else."`
	List   uploaderListCmd   `cmd:"" help:"List who may upload."`
	Remove uploaderRemoveCmd `cmd:"" help:"Take an uploader's token away."`
}

type uploaderNewCmd struct {
	Name    string          `arg:"" help:"Name of the system, such as mail-export: a-z, 0-9 and -. No person's."`
	Case    protocol.CaseID `help:"The one case that it may upload to. By default each in which evidence may be taken in." placeholder:"CASE"`
	Expires string          `default:"90d" help:"When the token ends: a day, or so many days from now (90d)." placeholder:"DAY"`
	Replace bool            `help:"Make another token for an uploader that there is: the one before opens nothing any more."`
	Out     string          `help:"File to write the token to, for its owner alone. By default it is shown." placeholder:"FILE"`
}

func (c *uploaderNewCmd) Help() string {
	return `The token is shown this once: the home keeps its digest. Whoever holds it uploads with the tus protocol
to /v1/cases/CASE/uploads/ and sees its own uploads, and nothing else. What it uploaded is held; a person
discloses it. A token that is replaced or removed ends within seconds, also in the middle of an upload;
an uploader that is replaced goes on with what it began.`
}

// uploaderView is an uploader as it is shown. The token is there once.
type uploaderView struct {
	Name    string          `json:"name"`
	Case    protocol.CaseID `json:"case,omitzero"`
	Made    time.Time       `json:"made"`
	Expires time.Time       `json:"expires"`
	State   string          `json:"state"` // valid, expired
	Token   string          `json:"token,omitzero"`
	File    string          `json:"file,omitzero"` // with the token
}

func viewUploader(u home.Uploader, now time.Time) uploaderView {
	v := uploaderView{Name: u.Name, Case: u.Case, Made: u.Made, Expires: u.Expires, State: "valid"}
	if !now.Before(u.Expires) {
		v.State = "expired"
	}
	return v
}

func (c *uploaderNewCmd) Run(_ context.Context, a *app) error {
	h, err := a.openHome()
	if err != nil {
		return err
	}
	until, err := parseUntil(c.Expires, a.instant())
	if err != nil {
		return err
	}
	u := home.Uploader{Name: c.Name, Case: c.Case, Made: a.instant(), Expires: until}
	if c.Out != "" { // before the token before it ends
		if err := home.WriteNew(c.Out, nil); err != nil {
			return err
		}
	}
	token, err := h.AddUploader(u, c.Replace)
	if err != nil {
		if c.Out != "" {
			err = errors.Join(uploaderProblem(err, c.Name), os.Remove(c.Out))
		}
		return uploaderProblem(err, c.Name)
	}
	v := viewUploader(u, a.instant())
	if v.Token = token; c.Out != "" {
		v.Token, v.File = "", c.Out
		if err := os.WriteFile(c.Out, []byte(token+"\n"), 0o600); err != nil {
			return err
		}
	}
	return a.show(v, func(w io.Writer) {
		field(w, "uploader", v.Name)
		field(w, "uploads", "to "+whichCase(v.Case)+", until "+day(v.Expires))
		field(w, "token", v.Token)
		field(w, "wrote", v.File)
	})
}

func whichCase(id protocol.CaseID) string {
	if id == "" {
		return "all cases"
	}
	return string(id)
}

// uploaderProblem says what is to be mended of what was asked.
func uploaderProblem(err error, name string) error {
	switch {
	case errors.Is(err, home.ErrUploaderName):
		return badInput(fmt.Sprintf("%q: %v", name, err), "name the system, such as mail-export, and no person")
	case errors.Is(err, home.ErrUploaderThere):
		return badInput("there is an uploader "+name, "make it another token with --replace, or give this one another name")
	case errors.Is(err, home.ErrNoUploader):
		return badInput("there is no uploader "+shown(name), "comity uploader list says which there are")
	case errors.Is(err, home.ErrUploadersBusy):
		return &failure{exitError, home.ErrUploadersBusy.Error(),
			"try again; if nobody else does, remove " + home.UploadersName + ".new in the home first"}
	case errors.Is(err, home.ErrUploaders):
		return badInput(err.Error(), "comity uploader remove those that are not needed")
	}
	return err
}

type uploaderListCmd struct{}

func (c *uploaderListCmd) Run(_ context.Context, a *app) error {
	h, err := a.openHome()
	if err != nil {
		return err
	}
	all, err := h.Uploaders()
	if err != nil {
		return err
	}
	list := []uploaderView{}
	for _, u := range all {
		list = append(list, viewUploader(u, a.instant()))
	}
	return a.show(list, func(w io.Writer) {
		if len(list) == 0 {
			fmt.Fprintln(w, "nobody may upload but who holds api.token")
			return
		}
		rows := [][]string{{"UPLOADER", "CASES", "MADE", "UNTIL", "STATE"}}
		for _, v := range list {
			rows = append(rows, []string{v.Name, whichCase(v.Case), day(v.Made), day(v.Expires), v.State})
		}
		table(w, rows)
	})
}

type uploaderRemoveCmd struct {
	Name string `arg:"" help:"The uploader's name."`
}

func (c *uploaderRemoveCmd) Help() string {
	return `Counts at once, and ends an upload that runs within seconds. What became whole stays held; what did not
is removed within the hour.`
}

func (c *uploaderRemoveCmd) Run(_ context.Context, a *app) error {
	h, err := a.openHome()
	if err != nil {
		return err
	}
	if err := h.RemoveUploader(c.Name); err != nil {
		return uploaderProblem(err, c.Name)
	}
	return a.show(struct {
		Removed string `json:"removed"`
	}{c.Name}, func(w io.Writer) { field(w, "removed", c.Name) })
}
