package paper_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/paper"
)

var update = flag.Bool("update", false, "write the renderings in testdata anew: read them before they are committed")

// golden compares a rendering with the one that was read and committed.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s", name, got)
	}
}

// rendered returns what a rendering writes.
func rendered(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sample returns a version of the document that has one of everything.
func sample(t testing.TB, name string) *agreement.Document {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return agreementtest.Parse(t, string(b))
}

// notice is one of the sample's that takes effect when it is issued.
func notice(id string, p protocol.Party, k agreement.NoticeKind, day string) *agreement.Notice {
	at, _ := time.Parse(time.DateOnly, day)
	return &agreement.Notice{ID: id, Agreement: "sample", Party: p, Kind: k, Toward: []protocol.Party{},
		Types: []protocol.RequestType{}, Categories: []protocol.Category{}, Issued: at, Effective: at, Ground: "review"}
}

// given are a reservation, a suspension, and one that is yet to come.
func given() []*agreement.Notice {
	reserve := notice("no-content", "GB", agreement.Reserve, "2026-01-01")
	reserve.Option = "no-content"
	suspend := notice("subscribers", "US", agreement.Suspend, "2026-02-01")
	suspend.Categories = []protocol.Category{protocol.CategorySubscriber}
	suspend.Types = []protocol.RequestType{protocol.Subscriber}
	suspend.Toward = []protocol.Party{"GB"}
	return []*agreement.Notice{reserve, suspend, notice("all", "FR", agreement.Suspend, "2026-03-01"),
		notice("later", "US", agreement.Suspend, "2027-01-01")}
}

func options(t testing.TB, d *agreement.Document, from, to protocol.Party) paper.Options {
	return paper.Options{Direction: &paper.Direction{From: from, To: to}, At: agreementtest.Day,
		Book: agreementtest.NewBook(t, []*agreement.Document{d}, given()...)}
}

func TestRenderingsAreAsTheyWereRead(t *testing.T) {
	one, two := sample(t, "sample-1.yaml"), sample(t, "sample-2.yaml")
	book := agreementtest.NewBook(t, []*agreement.Document{one}, given()...)
	matrix, err := paper.NewMatrix(book, paper.Question{Parties: []protocol.Party{"GB", "US", "FR"}, At: agreementtest.Day})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := paper.Diff(one, two)
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(io.Writer) error{
		"sample.txt": func(w io.Writer) error {
			return paper.Text(w, one, paper.Options{Signed: []protocol.Party{"GB"}})
		},
		"sample-gb-us.txt": func(w io.Writer) error { return paper.Text(w, one, options(t, one, "GB", "US")) },
		"sample-us-gb.txt": func(w io.Writer) error { return paper.Text(w, one, options(t, one, "US", "GB")) },
		"sample.html":      func(w io.Writer) error { return paper.HTML(w, one, options(t, one, "GB", "US")) },
		"changes.txt":      func(w io.Writer) error { return changes.Text(w, 0) },
		"matrix.txt":       func(w io.Writer) error { return matrix.Text(w, 0) },
		"matrix.svg":       matrix.SVG,
		"matrix.json":      func(w io.Writer) error { return json.MarshalWrite(w, matrix, jsontext.WithIndent("  ")) },
	} {
		golden(t, name, rendered(t, write))
	}
}

// broken takes so many bytes and no more.
type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if len(p) > b.left {
		return b.left, errors.New("no space left")
	}
	b.left -= len(p)
	return len(p), nil
}

func TestWhatCouldNotBeWrittenIsReported(t *testing.T) {
	d := sample(t, "sample-1.yaml")
	m, err := paper.NewMatrix(agreementtest.NewBook(t, []*agreement.Document{d}),
		paper.Question{Parties: []protocol.Party{"GB", "US"}, At: agreementtest.Day})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := paper.Diff(d, sample(t, "sample-2.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(io.Writer) error{
		"text":    func(w io.Writer) error { return paper.Text(w, d, paper.Options{}) },
		"html":    func(w io.Writer) error { return paper.HTML(w, d, paper.Options{}) },
		"changes": func(w io.Writer) error { return changes.Text(w, 0) },
		"matrix":  func(w io.Writer) error { return m.Text(w, 0) },
		"picture": m.SVG,
	} {
		whole := len(rendered(t, write))
		for _, left := range []int{0, 100, whole - 1} {
			if err := write(&broken{left}); err == nil {
				t.Errorf("%s: got no error after %d bytes", name, left)
			}
		}
		if err := write(&broken{whole}); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// wellFormed reads all of an XML document, entities of HTML included.
func wellFormed(b []byte) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
