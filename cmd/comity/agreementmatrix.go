package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/paper"
)

type agreementMatrixCmd struct {
	Party    []protocol.Party       `help:"Of which Parties. May be given again. By default those of the agreements between two." placeholder:"PARTY"`
	Type     []protocol.RequestType `help:"For which request type. By default all." placeholder:"TYPE" predictor:"type"`
	Category []protocol.Category    `help:"For which data category. By default all." placeholder:"CATEGORY" predictor:"category"`
	At       time.Time              `help:"For which time, RFC 3339. By default now." placeholder:"TIME"`
	SVG      bool                   `name:"svg" help:"Draw a picture (SVG)."`
	writing
}

func (c *agreementMatrixCmd) Help() string {
	return `Says who may ask whom for what, by which agreement, and what is suspended, one-sided or not in force. In
a home it rests on the agreements and notices that this participant holds, else on the shipped
texts, as if their Parties had signed them and given no notice. That the rules of an agreement would
be met it does not say: see comity check.`
}

func (c *agreementMatrixCmd) Run(ctx context.Context, a *app) error {
	held, err := a.holdings(ctx)
	if err != nil {
		return err
	}
	parties, err := c.parties(held.book)
	if err != nil {
		return err
	}
	m, err := paper.NewMatrix(held.book, paper.Question{Parties: parties, Types: c.Type, Categories: c.Category,
		At: a.at(c.At)})
	if err != nil {
		return badInput(plain(err), "name the Parties with --party, each once")
	}
	switch {
	case c.SVG && a.JSON && c.Out == "":
		return badInput("--svg and --json: a picture is no JSON: name one, or --out", "")
	case c.SVG:
		return c.write(a, m.SVG)
	case a.JSON && c.Out == "":
		return a.show(struct {
			*paper.Matrix
			Rests string `json:"rests_on"`
		}{m, held.rests}, nil)
	}
	return c.write(a, func(w io.Writer) error {
		err := m.Text(w, maxWidth)
		fmt.Fprintln(w)
		hang(w, "rests on   ", held.rests)
		return err
	})
}

// parties are those that the person named, each once, or those of which the
// matrix says most.
func (c *agreementMatrixCmd) parties(b *agreement.Book) ([]protocol.Party, error) {
	seen := map[protocol.Party]bool{}
	for _, p := range c.Party {
		if err := p.CheckAssigned(); err != nil {
			return nil, badInput("--party: "+err.Error(), "")
		}
		if seen[p] {
			return nil, badInput(fmt.Sprintf("--party: %s stands twice", p), "name each once")
		}
		seen[p] = true
	}
	if len(c.Party) == 0 {
		return paper.TwoParty(b), nil
	}
	return c.Party, nil
}

// holdings are the agreements and notices that something rests on.
type holdings struct {
	book  *agreement.Book
	rests string // in words
}

// holdings are those of the home: what its node uses or, where none runs, its
// files. Where nothing was signed there, they are the shipped texts.
func (a *app) holdings(ctx context.Context) (holdings, error) {
	if _, err := os.Stat(filepath.Join(a.Dir, home.ConfigName)); err == nil {
		h, err := a.signedHoldings(ctx)
		if err != nil || h.book != nil {
			return h, err
		}
	}
	docs, err := a.libraryDocuments()
	if err != nil {
		return holdings{}, err
	}
	b, err := agreement.NewBook(docs, nil)
	from := "the shipped texts"
	if a.Library != "" {
		from += ", with those of " + a.Library
	}
	return holdings{b, from + ", as if their Parties had signed them and given no notice"}, err
}

// signedHoldings has no book where the home has no pins or nothing that was
// signed.
func (a *app) signedHoldings(ctx context.Context) (holdings, error) {
	k := &checking{at: a.instant()}
	held, err := k.readHome(ctx, a)
	if err != nil || !held {
		return holdings{}, err
	}
	return holdings{k.grounds.Book, k.rests}, nil
}

var errNoAnswer = errors.New("the node does not answer")

// usedDocuments asks the node for the documents that it uses.
func usedDocuments(ctx context.Context, client *desk.Client) ([]node.Document, error) {
	docs, err := client.Documents(ctx)
	if err != nil {
		return nil, errors.Join(errNoAnswer, ctx.Err())
	}
	var out []node.Document
	for _, d := range docs {
		b, err := client.Read(ctx, d.Kind, d.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, node.Document{Kind: node.DocumentKind(d.Kind), Bytes: b, File: d.Name})
	}
	return out, nil
}
