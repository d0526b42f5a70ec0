package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

const someObject = "sha256:0102030405060708091011121314151617181920212223242526272829303132"

func (c *clerk) TakeIn(_ context.Context, id protocol.CaseID, about desk.Intake, content io.Reader) (protocol.Object, error) {
	b, err := io.ReadAll(content)
	return protocol.Object{Name: about.Name, Size: int64(len(b))}, errors.Join(err,
		c.ask("take in %s %s %s %s %s", id, about.Name, about.Role, about.Collected.Format(time.DateOnly), b))
}

func (c *clerk) PutBack(_ context.Context, id protocol.CaseID, o protocol.Digest) (desk.Evidence, error) {
	return desk.Evidence{Case: id}, c.ask("put back %s %s", id, o)
}

func (c *clerk) Evidence(_ context.Context, id protocol.CaseID) (desk.Evidence, error) {
	if c.mu != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	return desk.Evidence{Case: id, Items: c.items}, c.ask("evidence %s", id)
}

func (c *clerk) Fetch(_ context.Context, id protocol.CaseID, f desk.Fetch) (desk.Evidence, error) {
	return desk.Evidence{Case: id}, c.ask("fetch %s %t", id, f.Despite)
}

func (c *clerk) Content(_ context.Context, piece desk.Piece, w io.Writer) error {
	if err := c.ask("content %s %s %d", piece.Case, piece.Object, piece.From); err != nil {
		return err
	}
	_, err := w.Write(make([]byte, c.bytes))
	return errors.Join(err, c.late)
}

func (c *clerk) Feed(_ context.Context, id protocol.CaseID, content io.Reader) (desk.Fed, error) {
	b, err := io.ReadAll(content)
	return desk.Fed{Bytes: int64(len(b))}, errors.Join(err, c.ask("feed %s %s", id, b))
}

func (c *clerk) Follow(_ context.Context, piece desk.Piece, w io.Writer) error {
	if err := c.ask("follow %s %s %d", piece.Case, piece.Object, piece.From); err != nil {
		return err
	}
	_, err := io.WriteString(w, "spoken")
	return err
}

func (c *clerk) CheckVault(context.Context) (desk.VaultReport, error) {
	return desk.VaultReport{Objects: 3}, c.ask("check vault")
}

// TestContentIsTakenHoweverLargeAndNeverHeld: more than any other body may have,
// over the socket, in both directions.
func TestContentIsTakenHoweverLargeAndNeverHeld(t *testing.T) {
	n := &drain{}
	h := desk.Server(n, token, nil)
	path := filepath.Join(t.TempDir(), "run", "api.sock")
	l, err := desk.ListenSocket(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	defer s.Close()
	const size = 64 << 20
	c := desk.Dial(path, token)
	o, err := c.TakeIn(t.Context(), someCase, desk.Intake{Name: "a"}, io.LimitReader(zeros{}, size))
	if err != nil || o.Size != size {
		t.Fatalf("got %d bytes, %v", o.Size, err)
	}
	if n.largest > 1<<20 {
		t.Errorf("%d bytes came at once", n.largest)
	}
	var got countWriter
	if err := c.Content(t.Context(), desk.Piece{Case: someCase, Object: protocol.Digest{1}}, &got); err != nil || got != size {
		t.Errorf("got %d bytes, %v", got, err)
	}
}

// TestARefusalIsSeenWhateverWasToBeSent: a node that wants no body says why, and
// who has much to send hears it each time.
func TestARefusalIsSeenWhateverWasToBeSent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "api.sock")
	serveAt(t, path, &shut{})
	c := desk.Dial(path, token)
	for range 50 {
		_, err := c.Feed(t.Context(), someCase, zeros{})
		var p *desk.Problem
		if !errors.As(err, &p) || p.Text != "nothing is taken" {
			t.Fatalf("got %v", err)
		}
	}
}

// A shut node takes nothing.
type shut struct{ clerk }

func (*shut) Feed(_ context.Context, _ protocol.CaseID, content io.Reader) (desk.Fed, error) {
	content.(io.Closer).Close()
	return desk.Fed{}, &desk.Problem{Status: http.StatusConflict, Text: "nothing is taken"}
}

// A drain is a node that reads what it is given and gives as much back.
type drain struct {
	clerk
	size    int64
	largest int
}

func (d *drain) TakeIn(_ context.Context, _ protocol.CaseID, _ desk.Intake, r io.Reader) (protocol.Object, error) {
	b := make([]byte, 4<<20)
	for {
		n, err := r.Read(b)
		d.size += int64(n)
		d.largest = max(d.largest, n)
		if errors.Is(err, io.EOF) {
			return protocol.Object{Size: d.size}, nil
		}
		if err != nil {
			return protocol.Object{}, err
		}
	}
}

func (d *drain) Content(_ context.Context, _ desk.Piece, w io.Writer) error {
	_, err := io.CopyN(w, zeros{}, d.size)
	return err
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

type countWriter int64

func (c *countWriter) Write(b []byte) (int, error) { *c += countWriter(len(b)); return len(b), nil }

// TestAnAnswerThatBreaksOffIsAnError: what the node finds late is not taken for an end.
func TestAnAnswerThatBreaksOffIsAnError(t *testing.T) {
	for size, whole := range map[int]bool{100: true, 1 << 20: false} {
		n := &clerk{bytes: size, late: &desk.Problem{Status: http.StatusConflict, Text: "damaged"}}
		var b bytes.Buffer
		err := client(n).Content(t.Context(), desk.Piece{Case: someCase, Object: protocol.Digest{1}}, &b)
		var p *desk.Problem
		if !errors.As(err, &p) || whole == strings.Contains(p.Text, "broke off") || whole && b.Len() > 0 {
			t.Errorf("%d bytes: got %v after %d bytes", size, err, b.Len())
		}
	}
}

// TestEventsTellWhatChanged: an item's time is kept, and nothing is told twice.
func TestEventsTellWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &clerk{mu: new(sync.Mutex), items: []desk.EvidenceItem{{State: desk.EvidenceFetching, Have: 1, Left: time.Minute}}}
		done := errors.New("seen enough")
		began := time.Now()
		var got []string
		err := client(n).Watch(t.Context(), someCase, func(e desk.Evidence) error {
			i := e.Items[0]
			got = append(got, fmt.Sprintf("%d %s", i.Have, i.Left))
			if len(got) == 2 {
				return done
			}
			time.AfterFunc(5*desk.EventsEvery/2, func() {
				n.mu.Lock()
				defer n.mu.Unlock()
				n.items = []desk.EvidenceItem{{Have: 2}}
			})
			return nil
		})
		if !errors.Is(err, done) || fmt.Sprint(got) != "[1 1m0s 2 0s]" || time.Since(began) != 3*desk.EventsEvery {
			t.Errorf("got %v after %v, %v", got, time.Since(began), err)
		}
		synctest.Wait()
	})
}
