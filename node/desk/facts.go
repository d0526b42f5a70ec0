package desk

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"comity.example/protocol/report"
)

// A Period asks for the facts of some time.
type Period struct {
	// From leaves out cases that were over before it, with all that runs beside
	// them; zero: none.
	From time.Time
	To   time.Time // leaves out cases that began then or later; zero: none
	AsOf time.Time // acts count up to then; zero: up to the second before this one
}

// Reports gives what reports are computed from.
type Reports interface {
	// Facts calls each for every case of a period, in the order of their names,
	// which are not told, in one state of the store; it takes little memory
	// however many there are. A fact is valid until each returns. It returns what
	// the facts rest on.
	Facts(ctx context.Context, p Period, each func(*report.Fact) error) (report.Basis, error)
}

// A factLine is one line of the answer: a fact, or at its end what they rest on,
// or why there are no more.
type factLine struct {
	Fact  *report.Fact  `json:"fact,omitzero"`
	Basis *report.Basis `json:"basis,omitzero"`
	Error *Problem      `json:"error,omitzero"`
}

const factsBuffer = 64 << 10 // bytes that are written at once

// facts writes a line for each fact. An error after the first bytes went out is
// a line too: an answer without a last line of its own breaks off.
func (s *server) facts(w http.ResponseWriter, r *http.Request) {
	p, err := readPeriod(r.URL.Query())
	if err != nil {
		fail(w, err)
		return
	}
	sent := &counter{w: w}
	out := bufio.NewWriterSize(sent, factsBuffer)
	write := func(l factLine) error {
		b, err := json.Marshal(l, json.Deterministic(true))
		if err != nil {
			return err
		}
		_, err = out.Write(append(b, '\n'))
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	basis, err := s.n.Facts(r.Context(), p, func(f *report.Fact) error { return write(factLine{Fact: f}) })
	switch {
	case err != nil && sent.n == 0:
		fail(w, err)
		return
	case err != nil:
		write(factLine{Error: problemOf(err)}) // best effort: without it the answer breaks off
	default:
		write(factLine{Basis: &basis})
	}
	out.Flush()
}

type counter struct {
	w io.Writer
	n int
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += n
	return n, err
}

func readPeriod(q url.Values) (p Period, err error) {
	for _, x := range []struct {
		name string
		to   *time.Time
	}{{"from", &p.From}, {"to", &p.To}, {"as_of", &p.AsOf}} {
		if v := q.Get(x.name); v != "" {
			if *x.to, err = time.Parse(time.RFC3339, v); err != nil {
				return p, &Problem{http.StatusBadRequest, x.name + ": want a time such as 2026-01-01T00:00:00Z", ""}
			}
		}
	}
	return p, nil
}

// Facts implements Reports.
func (c *Client) Facts(ctx context.Context, p Period, each func(*report.Fact) error) (report.Basis, error) {
	q := url.Values{}
	for name, t := range map[string]time.Time{"from": p.From, "to": p.To, "as_of": p.AsOf} {
		if !t.IsZero() {
			q.Set(name, t.UTC().Format(time.RFC3339))
		}
	}
	var basis *report.Basis
	var own error // each's, or the node's
	err := c.do(ctx, "GET /v1/facts?"+q.Encode(), nil, func(r io.Reader) error {
		d := jsontext.NewDecoder(bufio.NewReaderSize(r, factsBuffer))
		for {
			var l factLine
			err := json.UnmarshalDecode(d, &l)
			switch {
			case errors.Is(err, io.EOF) && basis != nil:
				return nil
			case err != nil || basis != nil: // the library's error would quote the answer
				return errors.New("it is not of this version's form, or breaks off")
			case l.Error != nil:
				own = l.Error
			case l.Basis != nil:
				basis = l.Basis
			case l.Fact != nil:
				own = each(l.Fact)
			default:
				return errors.New("it has an empty line")
			}
			if own != nil {
				return own
			}
		}
	})
	switch {
	case own != nil:
		return report.Basis{}, own
	case err != nil:
		return report.Basis{}, err
	}
	return *basis, nil
}
