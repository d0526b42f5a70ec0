package desk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
	"comity.example/protocol/register"
)

// A Client is a Node at the other end of the API. It shows the same Problems.
type Client struct {
	// Base is the address of the API: "http://127.0.0.1:8443".
	Base string
	// At is where a person looks for the API: a socket's path. Empty: Base.
	At    string
	Token string
	// HTTP does the round trips; a test may put a node's handler behind it.
	HTTP http.Client
}

var _ Node = (*Client)(nil)

// Save implements Acts.
func (c *Client) Save(ctx context.Context, d Draft) (p Prepared, err error) {
	return p, c.call(ctx, "POST /v1/drafts", d, &p)
}

// Prepare implements Acts.
func (c *Client) Prepare(ctx context.Context, d Draft) (p Prepared, err error) {
	return p, c.call(ctx, "POST /v1/acts/prepare", d, &p)
}

// Discard implements Acts.
func (c *Client) Discard(ctx context.Context, id protocol.CaseID) (d Discarded, err error) {
	return d, c.call(ctx, "DELETE /v1/drafts/"+string(id), nil, &d)
}

// Approve implements Approving.
func (c *Client) Approve(ctx context.Context, d Draft) (a Approvals, err error) {
	return a, c.call(ctx, "POST /v1/drafts/"+string(d.Case)+"/approvals", d, &a)
}

// Unapprove implements Approving.
func (c *Client) Unapprove(ctx context.Context, id protocol.CaseID, officer register.OfficerID) (a Approvals, err error) {
	return a, c.call(ctx, "DELETE /v1/drafts/"+string(id)+"/approvals/"+string(officer), nil, &a)
}

// Submit implements Acts.
func (c *Client) Submit(ctx context.Context, d Draft) (s Submitted, err error) {
	return s, c.call(ctx, "POST /v1/acts/submit", d, &s)
}

// Inbox implements Cases.
func (c *Client) Inbox(ctx context.Context, p Page) (in Inbox, err error) {
	return in, c.call(ctx, "GET /v1/inbox?"+p.query(), nil, &in)
}

// Drafts implements Cases.
func (c *Client) Drafts(ctx context.Context, p Page) (d Drafts, err error) {
	return d, c.call(ctx, "GET /v1/drafts?"+p.query(), nil, &d)
}

// Clocks implements Cases.
func (c *Client) Clocks(ctx context.Context, p ClockPage) (k Clocks, err error) {
	return k, c.call(ctx, "GET /v1/clocks?"+p.query(), nil, &k)
}

func (p ClockPage) query() string {
	q := p.values()
	if p.All {
		q.Set("all", "true")
	}
	return q.Encode()
}

func (p Page) query() string { return p.values().Encode() }

func (p Page) values() url.Values {
	q := url.Values{}
	if p.After != "" {
		q.Set("after", p.After)
	}
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	return q
}

// Case implements Cases.
func (c *Client) Case(ctx context.Context, id protocol.CaseID) (v CaseView, err error) {
	return v, c.call(ctx, "GET /v1/cases/"+string(id), nil, &v)
}

// MarkRead implements Cases.
func (c *Client) MarkRead(ctx context.Context, id protocol.CaseID, seen Seen) (v CaseView, err error) {
	return v, c.call(ctx, "POST /v1/cases/"+string(id)+"/read", seen, &v)
}

// Export implements Cases.
func (c *Client) Export(ctx context.Context, id protocol.CaseID, w io.Writer) error {
	return c.do(ctx, "GET /v1/cases/"+string(id)+"/export", nil, func(r io.Reader) error {
		_, err := io.Copy(w, r)
		return err
	})
}

// Documents implements Documents.
func (c *Client) Documents(ctx context.Context) (d []Document, err error) {
	return d, c.call(ctx, "GET /v1/documents", nil, &d)
}

// Read implements Documents.
func (c *Client) Read(ctx context.Context, kind, name string) ([]byte, error) {
	return c.bytes(ctx, "/v1/documents/"+url.PathEscape(kind)+"/"+url.PathEscape(name))
}

// Publish implements Documents.
func (c *Client) Publish(ctx context.Context, kind string, document []byte) (d Document, err error) {
	return d, c.do(ctx, "POST /v1/documents/"+url.PathEscape(kind), document, read(&d))
}

// Status implements Health.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	return s, c.call(ctx, "GET /v1/status", nil, &s)
}

// Probe implements Health.
func (c *Client) Probe(ctx context.Context, peer protocol.ParticipantID) (p Probe, err error) {
	return p, c.call(ctx, "POST /v1/peers/"+string(peer)+"/probe", nil, &p)
}

// Check implements Health.
func (c *Client) Check(ctx context.Context) (r LedgerReport, err error) {
	return r, c.call(ctx, "POST /v1/ledger/check", nil, &r)
}

// Prove implements Health.
func (c *Client) Prove(ctx context.Context, index int64) ([]byte, error) {
	return c.bytes(ctx, "/v1/ledger/proofs/"+strconv.FormatInt(index, 10))
}

// Checkpoint implements Health.
func (c *Client) Checkpoint(ctx context.Context) ([]byte, error) {
	return c.bytes(ctx, "/v1/ledger/checkpoint")
}

func (c *Client) bytes(ctx context.Context, path string) (b []byte, err error) {
	err = c.do(ctx, "GET "+path, nil, func(r io.Reader) error {
		b, err = io.ReadAll(io.LimitReader(r, MaxDocument))
		return err
	})
	return b, err
}

// call does a request with a value, and reads the answer into another. A route
// is method and path, as the server's patterns have them.
func (c *Client) call(ctx context.Context, route string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("desk: %w", err)
		}
	}
	return c.do(ctx, route, body, read(out))
}

// read returns what reads an answer into v. The library's error would quote the
// answer, which names persons.
func read(v any) func(io.Reader) error {
	return func(r io.Reader) error {
		if json.UnmarshalRead(r, v) != nil {
			return errors.New("it is not of this version's form, or breaks off")
		}
		return nil
	}
}

func (c *Client) do(ctx context.Context, route string, body []byte, read func(io.Reader) error) error {
	return c.exchange(ctx, route, bytes.NewReader(body), read)
}

// stream is do with a body of any size, which is sent as it is read, and not
// before the node wants it: a node that refuses closes the connection, and who is
// still sending then may not see why.
func (c *Client) stream(ctx context.Context, route string, body io.Reader, read func(io.Reader) error) error {
	return c.exchange(ctx, route, struct{ io.Reader }{body}, read)
}

func (c *Client) exchange(ctx context.Context, route string, body io.Reader, read func(io.Reader) error) error {
	method, path, _ := strings.Cut(route, " ")
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return fmt.Errorf("desk: %w", err)
	}
	if req.ContentLength == 0 && req.Body != nil && req.Body != http.NoBody {
		req.Header.Set("Expect", "100-continue")
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	resp, err := c.HTTP.Do(req)
	var own *Problem
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &own): // why it was not even asked
		return own
	case err != nil:
		return &Problem{Status: http.StatusBadGateway,
			Text: "the node does not answer at " + cmp.Or(c.At, c.Base),
			Hint: "start it with comity node, or name another with --dir"}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		p := &Problem{Status: resp.StatusCode, Text: "the node answered " + resp.Status}
		json.UnmarshalRead(io.LimitReader(resp.Body, MaxBody), p) // best effort: the status is there
		return p
	}
	err = read(resp.Body)
	if (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errBrokenOff)) && ctx.Err() == nil { // the node ended it: see flow
		return &Problem{Status: http.StatusInternalServerError, Text: "the node's answer broke off before its end: do not rely on what came",
			Hint: "where it was evidence, comity vault check says whether that is damaged"}
	}
	if err != nil {
		return fmt.Errorf("desk: read answer: %w", err)
	}
	return nil
}
