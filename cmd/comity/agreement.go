package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
)

type agreementCmd struct {
	List   agreementListCmd   `cmd:"" help:"List the agreements that are at hand."`
	Show   agreementShowCmd   `cmd:"" help:"Show an agreement as a document to read."`
	Lint   agreementLintCmd   `cmd:"" help:"Say what is wrong with an agreement's file, and what looks wrong."`
	Diff   agreementDiffCmd   `cmd:"" help:"Say by article what changed from one version to another."`
	Matrix agreementMatrixCmd `cmd:"" help:"Show who may ask whom for what, as it stands."`

	Sign     agreementSignCmd     `cmd:"" help:"Add a Party's signature to an agreement."`
	Publish  agreementPublishCmd  `cmd:"" help:"Have the node use a signed agreement or notice and send it to its peers."`
	Suspend  agreementSuspendCmd  `cmd:"" help:"Sign a Party's notice that it suspends rights under an agreement."`
	Resume   agreementResumeCmd   `cmd:"" help:"Sign a Party's notice that it takes a suspension back."`
	Reserve  agreementReserveCmd  `cmd:"" help:"Sign a Party's notice that it makes a reservation."`
	Declare  agreementDeclareCmd  `cmd:"" help:"Sign a Party's notice that it makes a declaration."`
	Withdraw agreementWithdrawCmd `cmd:"" help:"Sign a Party's notice that it takes a reservation or a declaration back."`
}

// A text is an agreement's document with where it was found.
type text struct {
	doc  *agreement.Document
	path string // "" when it is not a file
	from string // in words
}

// texts finds the documents that are at hand: the node's come first, then the
// home's files, then what is shipped.
func (a *app) texts(ctx context.Context) ([]text, error) {
	held, err := a.heldTexts(ctx)
	if err != nil {
		return nil, err
	}
	more, err := a.library()
	if err != nil {
		return nil, err
	}
	return distinct(append(held, more...)), nil
}

// distinct returns the first text of each document.
func distinct(texts []text) []text {
	var out []text
	for _, t := range texts {
		if !slices.ContainsFunc(out, func(o text) bool { return o.doc.Digest() == t.doc.Digest() }) {
			out = append(out, t)
		}
	}
	return out
}

// library returns the shipped texts, with those of --library in their place. It reads
// them once: that takes a command most of its time, so whoever may find what it wants
// among the held texts looks there first.
func (a *app) library() ([]text, error) {
	if a.shelf != nil {
		return a.shelf, nil
	}
	shipped, err := library.Documents()
	if err != nil {
		return nil, err
	}
	docs := shipped
	if a.Library != "" {
		if docs, err = library.Over(os.DirFS(a.Library)); err != nil {
			return nil, badInput(plain(err), "mend the document, or leave it out of "+a.Library)
		}
	}
	out := make([]text, len(docs))
	for i, d := range docs {
		out[i] = text{doc: d, from: "in " + a.Library + ", not signed"}
		if slices.ContainsFunc(shipped, func(s *agreement.Document) bool { return s.Digest() == d.Digest() }) {
			out[i].from = "shipped, not signed"
		}
	}
	a.shelf = out
	return out, nil
}

// libraryDocuments returns the documents of library.
func (a *app) libraryDocuments() ([]*agreement.Document, error) {
	texts, err := a.library()
	if err != nil {
		return nil, err
	}
	docs := make([]*agreement.Document, len(texts))
	for i := range texts {
		docs[i] = texts[i].doc
	}
	return docs, nil
}

// heldTexts returns what the node uses and the home's files. Where there is no
// home there is neither.
func (a *app) heldTexts(ctx context.Context) ([]text, error) {
	if _, err := os.Stat(filepath.Join(a.Dir, home.ConfigName)); err != nil {
		return nil, nil
	}
	h, node, err := a.openDesk()
	if err != nil {
		return nil, err
	}
	used, err := usedTexts(ctx, node)
	if err != nil {
		return nil, err
	}
	files, err := readTexts(filepath.Join(h.Dir, home.AgreementsDir))
	if err != nil {
		return nil, err
	}
	dir, err := a.believed(ctx)
	if err != nil {
		return nil, err
	}
	for i := range files {
		if err := files[i].judge(dir); err != nil {
			return nil, err
		}
	}
	return distinct(append(used, files...)), nil
}

// usedTexts asks the node. One that does not run uses none.
func usedTexts(ctx context.Context, node *desk.Client) ([]text, error) {
	docs, err := node.Documents(ctx)
	if err != nil {
		return nil, ctx.Err()
	}
	var out []text
	for _, d := range docs {
		if d.Kind != "agreement" {
			continue
		}
		b, err := node.Read(ctx, d.Kind, d.Name)
		if err != nil {
			return nil, err
		}
		source, _, err := agreement.SplitSigned(b)
		if err != nil {
			return nil, err
		}
		doc, err := agreement.ParseDocument(d.Name, source)
		if err != nil {
			return nil, err
		}
		out = append(out, text{doc: doc, from: "used by the node: " + d.Status})
	}
	return out, nil
}

// readTexts reads the documents in a directory.
func readTexts(dir string) ([]text, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var out []text
	for _, name := range names {
		t, err := readText(name)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func readText(path string) (text, error) {
	b, err := readFile(path, agreement.MaxDocument)
	if err != nil {
		return text{}, err
	}
	doc, err := agreement.ParseDocument(path, b)
	if err != nil {
		return text{}, badInput(plain(err), "")
	}
	by := "not signed"
	if sigs, err := readSignatures(home.SignaturesOf(path)); err != nil {
		return text{}, err
	} else if parties := signers(sigs); len(parties) > 0 {
		by = "signatures of " + words(parties)
	}
	return text{doc, path, "file, " + by}, nil
}

// readSignatures reads a file of signatures, empty if there is none.
func readSignatures(path string) (*agreement.PartySignatures, error) {
	if _, err := os.Stat(path); err != nil {
		return &agreement.PartySignatures{Signatures: []agreement.PartySignature{}}, nil
	}
	b, err := readFile(path, agreement.MaxSignatures)
	if err != nil {
		return nil, err
	}
	sigs, err := agreement.ParseSignatures(b)
	if err != nil {
		return nil, badInput(path+": "+plain(err), "")
	}
	return sigs, nil
}

func signers(s *agreement.PartySignatures) []protocol.Party {
	var out []protocol.Party
	for _, sig := range s.Signatures {
		out = append(out, sig.Party)
	}
	return out
}

// isFile reports whether a name is a file's and no agreement's id.
func isFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.ContainsRune(name, filepath.Separator)
}

// find returns the text that a person means: a file, or an id among the texts
// at hand, the first of them and of several versions the newest.
func (a *app) find(ctx context.Context, what string) (text, error) {
	if isFile(what) {
		t, err := readText(what)
		if err != nil {
			return text{}, err
		}
		dir, err := a.believed(ctx)
		if err != nil {
			return text{}, err
		}
		err = t.judge(dir)
		return t, err
	}
	ids := map[string]bool{}
	for _, texts := range []func(context.Context) ([]text, error){a.heldTexts, a.texts} {
		all, err := texts(ctx)
		if err != nil {
			return text{}, err
		}
		for _, t := range all {
			if t.doc.ID == what || t.doc.ID+"@"+t.doc.Version == what {
				return t, nil
			}
			ids[t.doc.ID] = true
		}
	}
	return text{}, badInput(fmt.Sprintf("there is no agreement %q at hand", what),
		"there are "+strings.Join(slices.Sorted(maps.Keys(ids)), ", ")+"; or name a .yaml file")
}

type agreementListCmd struct{}

// spaced writes a code as words.
func spaced[T ~string](code T) string { return strings.ReplaceAll(string(code), "_", " ") }

// listed is a line of agreement list for a program.
type listed struct {
	ID      string           `json:"id"`
	Version string           `json:"version"`
	Title   string           `json:"title"`
	Kind    agreement.Kind   `json:"kind"`
	Status  agreement.Status `json:"status"`
	Parties []protocol.Party `json:"parties"`
	Digest  protocol.Digest  `json:"digest"`
	From    string           `json:"from"`
	// Unverified is how many of the Rules rest on no text that was read.
	Unverified int `json:"rules_unverified"`
	Rules      int `json:"rules"`
}

func (t *text) listed() listed {
	d := t.doc
	unproven, rules := d.Unproven()
	return listed{d.ID, d.Version, d.Title, d.Kind, d.Status, d.Parties(), d.Digest(), t.from, unproven, rules}
}

func (c *agreementListCmd) Run(ctx context.Context, a *app) error {
	all, err := a.texts(ctx)
	if err != nil {
		return err
	}
	out := []listed{}
	for _, t := range all {
		out = append(out, t.listed())
	}
	return a.show(out, func(w io.Writer) {
		rows := [][]string{{"AGREEMENT", "VERSION", "KIND", "STATUS", "PARTIES", "UNVERIFIED", "FROM"}}
		for _, l := range out {
			parties := words(l.Parties)
			switch n := len(l.Parties); {
			case n == 0:
				parties = "any State"
			case n > 4:
				parties = count(n, "Party")
			}
			rows = append(rows, []string{l.ID, l.Version, spaced(l.Kind), spaced(l.Status), parties,
				fmt.Sprintf("%d of %d rules", l.Unverified, l.Rules), l.From})
		}
		table(w, rows)
	})
}
