package main

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

const someCase = protocol.CaseID("case-aaaaaaaaaaaaaaaaaaaaaaaaaa")

// A shelf is a node of which only the evidence is there.
type shelf struct {
	desk.Node
	mu     sync.Mutex
	items  []desk.EvidenceItem
	holds  map[protocol.Digest][]byte
	fetch  func(*shelf) // what Fetch brings about
	asked  []desk.Fetch
	refuse error
}

func newShelf() *shelf { return &shelf{holds: map[protocol.Digest][]byte{}} }

func (s *shelf) Case(_ context.Context, id protocol.CaseID) (desk.CaseView, error) {
	return desk.CaseView{Case: id}, nil
}

// client returns the way to the shelf.
func (s *shelf) client() *desk.Client {
	return &desk.Client{Base: "http://node", Token: "t",
		HTTP: http.Client{Transport: desk.InProcess{Handler: desk.Server(s, "t", nil)}}}
}

func objectOf(name string, b []byte) protocol.Object {
	sum := sha512.Sum512(b)
	return protocol.Object{Name: name, MediaType: "text/plain", Size: int64(len(b)), SHA512: hex.EncodeToString(sum[:]),
		Tree: protocol.DigestOf(b)}
}

// put adds an object in a state.
func (s *shelf) put(name, text string, state desk.EvidenceState) *desk.EvidenceItem {
	o := objectOf(name, []byte(text))
	s.holds[o.Tree] = []byte(text)
	s.items = append(s.items, desk.EvidenceItem{Object: o, Number: len(s.items) + 1, State: state, From: "us.contoso-mail",
		Total: o.Size})
	return &s.items[len(s.items)-1]
}

func (s *shelf) TakeIn(_ context.Context, _ protocol.CaseID, about desk.Intake, r io.Reader) (protocol.Object, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return protocol.Object{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return protocol.Object{}, s.refuse
	}
	o := objectOf(about.Name, b)
	o.MediaType, o.Role, o.Collected, o.Collector = about.MediaType, about.Role, about.Collected, about.Collector
	for _, i := range s.items {
		if i.Object.Tree == o.Tree {
			return i.Object, nil
		}
	}
	s.holds[o.Tree] = b
	s.items = append(s.items, desk.EvidenceItem{Object: o, State: desk.EvidenceHeld})
	return o, nil
}

func (s *shelf) PutBack(_ context.Context, id protocol.CaseID, object protocol.Digest) (desk.Evidence, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = slices.DeleteFunc(s.items, func(i desk.EvidenceItem) bool { return i.Object.Tree == object })
	return desk.Evidence{Case: id, Items: s.items}, nil
}

func (s *shelf) Evidence(_ context.Context, id protocol.CaseID) (desk.Evidence, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return desk.Evidence{Case: id, Items: slices.Clone(s.items)}, nil
}

func (s *shelf) Fetch(_ context.Context, id protocol.CaseID, what desk.Fetch) (desk.Evidence, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, what)
	if s.fetch != nil {
		s.fetch(s)
	}
	return desk.Evidence{Case: id, Items: slices.Clone(s.items)}, nil
}

func (s *shelf) Content(_ context.Context, piece desk.Piece, w io.Writer) error {
	object, offset := piece.Object, piece.From
	s.mu.Lock()
	b := s.holds[object]
	s.mu.Unlock()
	_, err := w.Write(b[offset:])
	return err
}

// names returns the names of what the shelf has.
func (s *shelf) names() []string {
	var out []string
	for _, i := range s.items {
		out = append(out, i.Object.Name)
	}
	return out
}

// quietApp is an app that keeps what it says.
func quietApp() (*app, *bytes.Buffer, *bytes.Buffer) {
	var out, errs bytes.Buffer
	return &app{in: strings.NewReader(""), out: &out, errs: &errs}, &out, &errs
}

// TestNoNameKeepsEvidenceFromBeingWritten: who discloses chooses the names.
func TestNoNameKeepsEvidenceFromBeingWritten(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("ä", 127) + "b"
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "x.mbox"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time everything lies there already
		f, err := openFolder(dir, &board{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ name, content, want string }{
			{"x.mbox", "one", "x.mbox"},
			{"x.mbox", "two", "x.2.mbox"},
			{"x.mbox", "two", "x.3.mbox"},
			{"x.2.mbox", "three", "x.2.2.mbox"},
			{".profile", "one", ".profile"},
			{".profile", "two", ".profile.2"},
			{"plain", "", "plain"},
			{"plain", "", "plain.2"},
			{"taken", "one", "taken.2"},
			{"link", "one", "link.2"},
			{"out", "one", "out.2"},
			{"\u202egpj.exe\x1b[2J", "rtl", "\u202egpj.exe\x1b[2J"},
			{long, "one", long},
			{long, "two", strings.Repeat("ä", 126) + ".2"},
			{"a." + long[:250], "one", "a." + long[:250]},
			{"a." + long[:250], "two", "a." + long[:250] + ".2"},
		} {
			o := objectOf(c.name, []byte(c.content))
			got, err := f.place("", o.Name, measure{o.Size, o.SHA512}, func(w io.Writer) error {
				_, err := io.WriteString(w, c.content)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("%q is written as %q, want %q", c.name, got, c.want)
			}
			if b, err := os.ReadFile(filepath.Join(dir, got)); err != nil || string(b) != c.content {
				t.Errorf("%s holds %q, %v; want %q", got, b, err, c.content)
			}
		}
	}
	wantParts(t, dir, 0)
}

// wantParts wants so many half written files in a folder.
func wantParts(t *testing.T, dir string, want int) {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, ".comity-*"))
	if err != nil || len(parts) != want {
		t.Errorf("half written files: %v, %v; want %d", parts, err, want)
	}
}

func TestWhatIsNotWhatWasSignedIsNotWritten(t *testing.T) {
	for name, text := range map[string]string{"another": "evil", "shorter": "mai", "longer": "mail and more", "none": ""} {
		s := newShelf()
		i := s.put("mail", "mail", desk.EvidenceComplete)
		s.holds[i.Object.Tree] = []byte(text)
		dir := t.TempDir()
		a, _, _ := quietApp()
		c := fetchCmd{Case: someCase, Out: dir}
		_, err := c.write(t.Context(), a, s.client(), desk.Evidence{Case: someCase, Items: s.items})
		if f := (*failure)(nil); !errors.As(err, &f) || f.status != exitDoubt {
			t.Errorf("%s: %v, want a doubt", name, err)
		}
		if files, _ := os.ReadDir(dir); len(files) != 0 {
			t.Errorf("%s: %v was written", name, files)
		}
	}
}

func TestNamesThatArePathsAreRefused(t *testing.T) {
	for _, name := range []string{"../x", "/etc/x", "..", "a/b", "a\x00b", `a\b`, ""} {
		s := newShelf()
		s.put(name, "mail", desk.EvidenceComplete)
		a, _, _ := quietApp()
		c := fetchCmd{Case: someCase, Out: filepath.Join(t.TempDir(), "in")}
		_, err := c.write(t.Context(), a, s.client(), desk.Evidence{Case: someCase, Items: s.items})
		if f := (*failure)(nil); !errors.As(err, &f) || f.status != exitDoubt {
			t.Errorf("%q: %v, want a doubt", name, err)
		}
	}
}

// TestFetchWaitsUntilNothingMoves, and says what is wrong with its status.
func TestFetchWaitsUntilNothingMoves(t *testing.T) {
	for _, c := range []struct {
		end  desk.EvidenceState
		why  string
		want exitStatus
	}{
		{desk.EvidenceComplete, "", exitOK},
		{desk.EvidenceDamaged, "its hash differs", exitDoubt},
		{desk.EvidenceQuarantined, "the scanner found something", exitHold},
		{desk.EvidenceWaiting, "the quota of the case is used up", exitHold},
	} {
		s := newShelf()
		s.put("mail", "mail", desk.EvidenceWaiting)
		s.put("other", "other", desk.EvidenceWaiting).Why = "not asked for"
		steps := []desk.EvidenceState{"", desk.EvidenceWaiting, desk.EvidenceFetching, desk.EvidenceChecking, c.end}
		a, out, _ := quietApp()
		a.JSON = true
		watched := &watchedShelf{shelf: s, each: func() {
			if len(steps) > 1 {
				steps = steps[1:]
			}
			if s.items[0].State = steps[0]; len(steps) == 1 {
				s.items[0].Why = c.why
			}
		}}
		node := &desk.Client{Base: "http://node", Token: "t",
			HTTP: http.Client{Transport: desk.InProcess{Handler: desk.Server(watched, "t", nil)}}}
		cmd := fetchCmd{Case: someCase, Object: []string{"1"}, DespiteQuota: true}
		chosen, err := cmd.choose(&desk.Evidence{Items: s.items})
		if err != nil {
			t.Fatal(err)
		}
		last, err := cmd.fetch(t.Context(), a, node, chosen)
		if err != nil || len(last.Items) != 1 || last.Items[0].State != c.end {
			t.Fatalf("%s: %+v, %v", c.end, last, err)
		}
		if want := (desk.Fetch{Object: s.items[0].Object.Tree, Despite: true}); len(s.asked) != 1 || s.asked[0] != want {
			t.Errorf("asked %+v, want %+v", s.asked, want)
		}
		if got := a.fail(cmd.trouble(last)); got != c.want {
			t.Errorf("%s: status %d, want %d", c.end, got, c.want)
		}
		if !strings.Contains(out.String(), `"state":"checking"`) || strings.Count(out.String(), "\n") < 1 {
			t.Errorf("a program is told %q", out)
		}
	}
}

// A watchedShelf goes on whenever somebody looks.
type watchedShelf struct {
	*shelf
	each func()
}

func (s *watchedShelf) Evidence(ctx context.Context, id protocol.CaseID) (desk.Evidence, error) {
	s.each()
	return s.shelf.Evidence(ctx, id)
}

func TestWhoStopsWaitingStopsNothing(t *testing.T) {
	s := newShelf()
	s.put("mail", "mail", desk.EvidenceFetching)
	a, _, _ := quietApp()
	ctx, stop := context.WithCancel(t.Context())
	looks := 0
	node := &desk.Client{Base: "http://node", Token: "t", HTTP: http.Client{Transport: desk.InProcess{
		Handler: desk.Server(&watchedShelf{s, func() {
			if looks++; looks == 3 {
				stop()
			}
		}}, "t", nil)}}}
	cmd := fetchCmd{Case: someCase}
	_, err := cmd.fetch(ctx, a, node, []protocol.Digest{s.items[0].Object.Tree})
	if f := (*failure)(nil); !errors.As(err, &f) || f.status != exitInterrupted || !strings.Contains(f.text, "goes on") {
		t.Errorf("got %v", err)
	}
}

// files makes files in a folder.
func files(t *testing.T, dir string, content map[string]string) {
	t.Helper()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGatherTakesFilesFoldersAndStandardInput(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"a.txt": "one", "flat/b": "two", "flat/c": "", "flat/d": "one"})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "flat", "link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "flat", "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newShelf()
	a, _, errs := quietApp()
	a.in = strings.NewReader("from a pipe")
	c := discloseCmd{Case: someCase, Name: "dump", Files: []string{filepath.Join(dir, "a.txt"), filepath.Join(dir, "flat"), "-"},
		Collector: "export job 7", MediaType: "text/x-test"}
	objects, err := c.gather(t.Context(), a, s.client())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.names(), []string{"a.txt", "b", "c", "dump"}; !slices.Equal(got, want) || len(objects) != len(want) {
		t.Errorf("%q, want %q", got, want)
	}
	if o := objects[3]; o.Collector != "export job 7" || o.MediaType != "text/x-test" || o.Size != 11 {
		t.Errorf("%+v", o)
	}
	for _, want := range []string{"link is a symbolic link", "pipe is no file", "d has the same content as a.txt"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("%q is not said: %s", want, errs)
		}
	}
}

// TestGatherLeavesNothingWhenItFails: but what was there before stays.
func TestGatherLeavesNothingWhenItFails(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"a": "one", "b": "two"})
	s := newShelf()
	s.put("before", "one", desk.EvidenceHeld)
	a, _, _ := quietApp()
	c := discloseCmd{Case: someCase, Files: []string{filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "none")}}
	if _, err := c.gather(t.Context(), a, s.client()); explain(err).status != exitInput {
		t.Errorf("got %v", err)
	}
	if got := s.names(); !slices.Equal(got, []string{"before"}) {
		t.Errorf("%q is held, want what was there before", got)
	}

	ctx, stop := context.WithCancel(t.Context())
	a.in = io.MultiReader(strings.NewReader("half"), readFunc(func([]byte) (int, error) {
		stop()
		<-ctx.Done()
		return 0, ctx.Err()
	}))
	c = discloseCmd{Case: someCase, Name: "x", Files: []string{filepath.Join(dir, "b"), "-"}}
	if _, err := c.gather(ctx, a, s.client()); explain(err).status != exitInterrupted {
		t.Errorf("interrupted: got %v", err)
	}
	if got := s.names(); !slices.Equal(got, []string{"before"}) {
		t.Errorf("interrupted: %q is held, want what was there before", got)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestGatherSaysWhyTheNodeDoesNotTakeIt(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"a": "one"})
	s := newShelf()
	s.refuse = &desk.Problem{Status: http.StatusInsufficientStorage, Text: "the disk has no room", Hint: "make room"}
	a, _, _ := quietApp()
	c := discloseCmd{Case: someCase, Files: []string{filepath.Join(dir, "a")}}
	_, err := c.gather(t.Context(), a, s.client())
	if f := explain(err); f.text != "the disk has no room" || f.hint != "make room" {
		t.Errorf("got %+v", f)
	}
}

// TestDisclosureIsReadByNobodyElse: readers are filled in by the
// node, and a reader more is evidence for a stranger.
func TestDisclosureIsReadByNobodyElse(t *testing.T) {
	o := objectOf("a", []byte("a"))
	asked := &protocol.Disclosure{Status: protocol.ProductionComplete, Objects: []protocol.Object{o}}
	fits, err := fitsDisclosure(asked, "us.contoso-mail", "gb.met")
	if err != nil {
		t.Fatal(err)
	}
	filled := func(change func(*protocol.Disclosure)) *desk.Prepared {
		d := *asked
		d.Readers, d.Keys = []protocol.ParticipantID{"gb.home-office", "gb.met"}, protocol.Signed(`{"jwe":1}`)
		change(&d)
		return &desk.Prepared{To: []protocol.ParticipantID{"gb.home-office"}, Body: protocol.Body{Disclosure: &d}}
	}
	if err := fits(filled(func(*protocol.Disclosure) {})); err != nil {
		t.Errorf("what was asked for: %v", err)
	}
	for name, change := range map[string]func(*protocol.Disclosure){
		"a reader more":  func(d *protocol.Disclosure) { d.Readers = append(d.Readers, "xx.stranger") },
		"no reader":      func(d *protocol.Disclosure) { d.Readers = nil },
		"an object less": func(d *protocol.Disclosure) { d.Objects = nil },
		"another status": func(d *protocol.Disclosure) { d.Status = protocol.ProductionPartial },
		"another object": func(d *protocol.Disclosure) { d.Objects = []protocol.Object{objectOf("b", nil)} },
	} {
		if err := fits(filled(change)); !errors.Is(err, errNotAsked) {
			t.Errorf("%s: %v, want errNotAsked", name, err)
		}
	}
	approved := *asked
	approved.Readers, approved.Keys = []protocol.ParticipantID{"gb.home-office", "gb.met"}, protocol.Signed(`{"jwe":2}`)
	if fits, err = fitsDisclosure(&approved, "us.contoso-mail", "gb.met"); err != nil {
		t.Fatal(err)
	}
	if err := fits(filled(func(*protocol.Disclosure) {})); !errors.Is(err, errNotAsked) {
		t.Errorf("other keys than those that were approved: %v", err)
	}
}

func TestByteText(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 1 << 31: "2.0 GiB", 1 << 51: "2048.0 TiB"} {
		if got := byteText(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestServedIsSaidInWords(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for want, s := range map[string]desk.Served{
		"nothing yet": {Total: 8 << 30},
		"3.1 GiB of 8.0 GiB, last at 2026-11-22T10:00:00Z":              {Bytes: 31 << 30 / 10, Total: 8 << 30, Last: at},
		"3.1 GiB of 8.0 GiB, last at 2026-11-22T10:00:00Z, and its key": {Bytes: 31 << 30 / 10, Total: 8 << 30, Last: at, Key: at},
		"0 bytes of 8.0 GiB, and its key":                               {Total: 8 << 30, Key: at},
		"all of it, at 2026-11-22T10:00:00Z, but not its key":           {Bytes: 8 << 30, Total: 8 << 30, Last: at, All: at},
		"all of it, at 2026-11-22T10:00:00Z":                            {Bytes: 8 << 30, Total: 8 << 30, Last: at, All: at, Key: at.Add(time.Hour)},
	} {
		if got := servedText(&s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestMissingSegmentsAreNamed, as many as a person reads.
func TestMissingSegmentsAreNamed(t *testing.T) {
	i := desk.EvidenceItem{State: desk.EvidenceLive, Segments: 3, Gaps: []int64{0, 4}}
	if got, want := standingText(&i), "live, 3 segments, missing: 0, 4"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := gapsText(make([]int64, maxShown+2)), "and 2 more"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
}
