package upload

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"comity.example/crypto/stream"
	"comity.example/protocol"
)

const (
	caseA = protocol.CaseID("case-aaaaaaaaaaaaaaaaaaaaaaaaaa")
	caseB = protocol.CaseID("case-bbbbbbbbbbbbbbbbbbbbbbbbbb")
)

// A vault is what takes in.
type vault struct {
	mu    sync.Mutex
	taken map[protocol.Digest][]byte
	about About
	times int
	fail  error
	wait  chan struct{} // if it is set, TakeIn reads one byte and waits
	began chan struct{}
}

func (v *vault) takeIn(ctx context.Context, about About, r io.Reader) (protocol.Object, error) {
	if v.wait != nil {
		close(v.began)
		select {
		case <-v.wait:
		case <-ctx.Done():
			return protocol.Object{}, ctx.Err()
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fail != nil {
		return protocol.Object{}, v.fail
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return protocol.Object{}, err
	}
	sum := sha512.Sum512(b)
	o := protocol.Object{Name: about.Name, MediaType: about.MediaType, Size: int64(len(b)),
		SHA512: hex.EncodeToString(sum[:]), Tree: protocol.DigestOf(b)}
	v.taken[o.Tree], v.about = b, about
	v.times++
	return o, nil
}

// A site is a store behind a real server.
type site struct {
	*testing.T
	cfg   Config
	store *Store
	vault *vault
	url   string
	stop  func()
	clock time.Time
	room  int64
	by    atomic.Value // who sends, a string; nothing: whoever may everything
}

var errFull = errors.New("quota")

func newSite(t *testing.T) *site {
	s := &site{T: t, vault: &vault{taken: map[protocol.Digest][]byte{}}, clock: time.Now(), room: 1 << 40}
	s.cfg = Config{Dir: filepath.Join(t.TempDir(), "uploads"), Key: stream.NewKey(), TakeIn: s.vault.takeIn,
		Room: func() int64 { return s.room }, Now: func() time.Time { return s.clock },
		Explain: func(error) (int, string) { return http.StatusConflict, "the quota is used up" }}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start starts a node; stop before ends it without a word, as a kill does.
func (s *site) start() {
	var err error
	if s.store, err = Open(s.cfg); err != nil {
		s.Fatal(err)
	}
	mux := http.NewServeMux()
	store := s.store
	mux.HandleFunc("/v1/cases/{case}/uploads/", func(w http.ResponseWriter, r *http.Request) {
		by, _ := s.by.Load().(string)
		store.Handler(Access{By: by}).ServeHTTP(w, r)
	})
	srv := httptest.NewServer(mux)
	s.url, s.stop = srv.URL, func() {
		srv.CloseClientConnections()
		srv.Close()
		if err := store.Close(); err != nil {
			s.Error(err)
		}
	}
}

// do sends a request. Headers are name, value, name, value.
func (s *site) do(method, at string, body io.Reader, headers ...string) *http.Response {
	s.Helper()
	resp, err := s.try(method, at, body, headers...)
	if err != nil {
		s.Fatal(err)
	}
	return resp
}

func (s *site) try(method, at string, body io.Reader, headers ...string) (*http.Response, error) {
	r, err := http.NewRequest(method, s.url+at, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return resp, err
}

func meta(pairs ...string) string {
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return strings.Join(out, ",")
}

// create begins an upload and returns its place.
func (s *site) create(id protocol.CaseID, size int) string {
	s.Helper()
	resp := s.do("POST", "/v1/cases/"+string(id)+"/uploads/", nil, "Upload-Length", strconv.Itoa(size),
		"Upload-Metadata", meta("filename", "mail.mbox", "filetype", "application/mbox", "collector", "export job 7",
			"collected", "2026-11-22T10:00:00Z"))
	at := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusCreated || !strings.HasPrefix(at, "/v1/cases/"+string(id)+"/uploads/") {
		s.Fatalf("create: %s, Location %q", resp.Status, at)
	}
	return at
}

func (s *site) patch(at string, offset int64, body io.Reader) (*http.Response, error) {
	return s.try("PATCH", at, body, "Upload-Offset", strconv.FormatInt(offset, 10),
		"Content-Type", "application/offset+octet-stream")
}

func (s *site) offset(at string) int64 {
	s.Helper()
	resp := s.do("HEAD", at, nil)
	n, err := strconv.ParseInt(resp.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.Fatalf("HEAD: %s, Upload-Offset %q", resp.Status, resp.Header.Get("Upload-Offset"))
	}
	return n
}

func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// broken gives n bytes and then breaks the connection.
type broken struct {
	r io.Reader
	n int
}

func (b *broken) Read(p []byte) (int, error) {
	if b.n == 0 {
		return 0, errors.New("the cable is out")
	}
	k, err := b.r.Read(p[:min(len(p), b.n)])
	b.n -= k
	return k, err
}

// TestGoesOnWhereItBrokeOff: connections break at random places, the node is
// started again between, and the result is what was sent.
func TestGoesOnWhereItBrokeOff(t *testing.T) {
	s := newSite(t)
	content := random(5 << 20)
	at := s.create(caseA, len(content))
	var last *http.Response
	for i := 0; ; i++ {
		if i%3 == 2 {
			s.stop()
			s.start()
		}
		n := s.offset(at)
		if n == int64(len(content)) {
			break
		}
		rest := content[n:]
		var body io.Reader = bytes.NewReader(rest)
		if i < 12 {
			body = &broken{body, rand.IntN(min(len(rest), 600<<10))}
		}
		if resp, err := s.patch(at, n, body); err == nil {
			last = resp
		}
	}
	if last == nil || last.StatusCode != http.StatusNoContent {
		t.Fatalf("the last PATCH answered %v", last)
	}
	tree := protocol.DigestOf(content)
	if !bytes.Equal(s.vault.taken[tree], content) || s.vault.times != 1 {
		t.Errorf("taken in %d times, or not what was sent", s.vault.times)
	}
	for name, got := range map[string]string{"PATCH": last.Header.Get(ObjectHeader),
		"HEAD": s.do("HEAD", at, nil).Header.Get(ObjectHeader)} {
		if got != tree.String() {
			t.Errorf("%s names the object %q, want %s", name, got, tree)
		}
	}
	want := About{caseA, "mail.mbox", "application/mbox", time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), "export job 7"}
	if s.vault.about != want {
		t.Errorf("taken in as %+v, want %+v", s.vault.about, want)
	}
	s.empty(at)
}

// empty wants nothing left of an upload but what it became.
func (s *site) empty(at string) {
	s.Helper()
	files, err := os.ReadDir(filepath.Join(s.cfg.Dir, filepath.Base(at)))
	if err != nil || len(files) != 1 || files[0].Name() != doneName {
		s.Errorf("left over: %v, %v", files, err)
	}
}

func TestNothingLiesOnDiskInTheClear(t *testing.T) {
	s := newSite(t)
	content := bytes.Repeat([]byte("From someone@example.com\n"), 1000)
	at := s.create(caseA, len(content)+1)
	if _, err := s.patch(at, 0, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(s.cfg.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("someone")) || bytes.Contains(b, []byte("mail.mbox")) || bytes.Contains(b, []byte("export job")) {
			t.Errorf("%s holds what was uploaded, or its name", path)
		}
		return err
	})
	if err != nil || files != 2 {
		t.Errorf("%d files, %v; want a record and a segment", files, err)
	}
}

func TestRefusesWhatDoesNotFit(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, 10)
	if resp, err := s.patch(at, 0, strings.NewReader("12345")); err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatalf("%v, %v", resp, err)
	}
	other := strings.Replace(at, string(caseA), string(caseB), 1)
	post := func(id string, headers ...string) *http.Response {
		return s.do("POST", "/v1/cases/"+id+"/uploads/", nil, headers...)
	}
	patch := func(at string, offset int64, text string) *http.Response {
		resp, err := s.patch(at, offset, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	named := meta("filename", "x")
	s.room = 1 << 20
	for name, c := range map[string]struct {
		resp *http.Response
		want int
		text string
	}{
		"an offset before":      {patch(at, 3, "x"), http.StatusConflict, "mismatched offset"},
		"an offset behind":      {patch(at, 6, "x"), http.StatusConflict, "mismatched offset"},
		"more than was said":    {patch(at, 5, "123456"), http.StatusRequestEntityTooLarge, ""},
		"another case":          {patch(other, 5, "x"), http.StatusNotFound, ""},
		"nothing known":         {patch(at+"x", 5, "x"), http.StatusNotFound, ""},
		"a path":                {patch(at+"/../../x", 5, "x"), http.StatusNotFound, ""},
		"a list":                {s.do("GET", "/v1/cases/"+string(caseA)+"/uploads/", nil), http.StatusMethodNotAllowed, ""},
		"a download":            {s.do("GET", at, nil), http.StatusMethodNotAllowed, ""},
		"no case":               {post("case-1", "Upload-Length", "1", "Upload-Metadata", named), http.StatusBadRequest, "case: want"},
		"no name":               {post(string(caseA), "Upload-Length", "1"), http.StatusBadRequest, "filename: want a plain name"},
		"a name that is a path": {post(string(caseA), "Upload-Length", "1", "Upload-Metadata", meta("filename", "../x")), http.StatusBadRequest, "filename: want"},
		"a time that is none": {post(string(caseA), "Upload-Length", "1", "Upload-Metadata", named+","+meta("collected", "today")),
			http.StatusBadRequest, "collected: want a time"},
		"no length": {post(string(caseA), "Upload-Metadata", named), http.StatusBadRequest, ""},
		"too large": {post(string(caseA), "Upload-Length", strconv.FormatInt(MaxSize+1, 10), "Upload-Metadata", named),
			http.StatusRequestEntityTooLarge, ""},
		"no room": {post(string(caseA), "Upload-Length", "600000", "Upload-Metadata", named), http.StatusInsufficientStorage, "no room"},
	} {
		text, _ := io.ReadAll(c.resp.Body)
		if c.resp.StatusCode != c.want || !strings.Contains(string(text), c.text) {
			t.Errorf("%s: %s %q, want %d %q", name, c.resp.Status, text, c.want, c.text)
		}
	}
	if n := s.offset(at); n != 5 {
		t.Errorf("offset %d, want 5", n)
	}
}

// TestManyAtOnce: who writes to one upload at the same time as another writes what
// comes next, or is refused; never both.
func TestManyAtOnce(t *testing.T) {
	s := newSite(t)
	content := random(1 << 20)
	at := s.create(caseA, len(content))
	for s.offset(at) < int64(len(content)) {
		n := s.offset(at)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				end := min(n+200_000, int64(len(content)))
				resp, err := s.patch(at, n, bytes.NewReader(content[n:end]))
				if err == nil && resp.StatusCode/100 == 5 {
					t.Errorf("PATCH: %s", resp.Status)
				}
			})
		}
		wg.Wait()
	}
	if !bytes.Equal(s.vault.taken[protocol.DigestOf(content)], content) || s.vault.times != 1 {
		t.Errorf("taken in %d times, or not what was sent", s.vault.times)
	}
}

// TestKilledWhileItIsTakenIn: all had come, and the client hears after the start.
func TestKilledWhileItIsTakenIn(t *testing.T) {
	s := newSite(t)
	s.vault.wait, s.vault.began = make(chan struct{}), make(chan struct{})
	at := s.create(caseA, 4)
	asked := make(chan error)
	go func() {
		resp, err := s.patch(at, 0, strings.NewReader("mail"))
		if err == nil && resp.StatusCode == http.StatusNoContent {
			err = errors.New("the node answered that it has it")
		} else {
			err = nil
		}
		asked <- err
	}()
	<-s.vault.began
	if err := s.store.Close(); err != nil { // what is being taken in ends
		t.Fatal(err)
	}
	if err := <-asked; err != nil {
		t.Error(err)
	}
	s.stop()
	s.vault.wait = nil
	s.start()
	resp := s.do("HEAD", at, nil)
	if got := resp.Header.Get(ObjectHeader); got != protocol.DigestOf([]byte("mail")).String() || s.vault.times != 1 {
		t.Errorf("%s, object %q, taken in %d times", resp.Status, got, s.vault.times)
	}
	s.empty(at)
}

// TestSaysWhyItIsNotTakenIn: what has come stays, and goes on when there is room.
func TestSaysWhyItIsNotTakenIn(t *testing.T) {
	s := newSite(t)
	s.vault.fail = errFull
	at := s.create(caseA, 4)
	for range 2 {
		resp, err := s.patch(at, 0, strings.NewReader("mail"))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusConflict || !strings.Contains(string(text), "the quota is used up") {
			t.Errorf("%s %q", resp.Status, text)
		}
	}
	s.vault.fail = nil
	if s.offset(at) != 4 || s.vault.times != 1 {
		t.Errorf("taken in %d times", s.vault.times)
	}
}

func TestEmptyUpload(t *testing.T) {
	s := newSite(t)
	resp := s.do("POST", "/v1/cases/"+string(caseA)+"/uploads/", nil, "Upload-Length", "0",
		"Upload-Metadata", meta("filename", "empty"))
	if resp.StatusCode != http.StatusCreated || resp.Header.Get(ObjectHeader) != protocol.DigestOf(nil).String() || s.vault.times != 1 {
		t.Errorf("%s, object %q", resp.Status, resp.Header.Get(ObjectHeader))
	}
}

func TestWithItsFirstBytes(t *testing.T) {
	s := newSite(t)
	resp := s.do("POST", "/v1/cases/"+string(caseA)+"/uploads/", strings.NewReader("mail"), "Upload-Length", "4",
		"Upload-Metadata", meta("filename", "x"), "Content-Type", "application/offset+octet-stream")
	if resp.StatusCode != http.StatusCreated || resp.Header.Get(ObjectHeader) != protocol.DigestOf([]byte("mail")).String() {
		t.Errorf("%s, object %q", resp.Status, resp.Header.Get(ObjectHeader))
	}
}

func TestAbandonedUploadsAreRemoved(t *testing.T) {
	s := newSite(t)
	at, done := s.create(caseA, 10), s.create(caseA, 1)
	if _, err := s.patch(done, 0, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	s.clock = s.clock.Add(Remember + time.Hour)
	s.store.Sweep()
	if resp := s.do("HEAD", done, nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("what was taken in is remembered: %s", resp.Status)
	}
	if _, err := s.patch(at, 0, strings.NewReader("12345")); err != nil {
		t.Fatal(err)
	}
	s.clock = s.clock.Add(Abandon - time.Hour)
	s.store.Sweep()
	if s.offset(at) != 5 {
		t.Error("an upload is removed too early")
	}
	s.clock = s.clock.Add(2 * time.Hour)
	s.store.Sweep()
	if resp := s.do("HEAD", at, nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an abandoned upload is there: %s", resp.Status)
	}
	s.gone()
}

func (s *site) gone() {
	s.Helper()
	if files, err := os.ReadDir(s.cfg.Dir); err != nil || len(files) != 0 {
		s.Errorf("left over: %v, %v", files, err)
	}
}

func TestDeleted(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, 10)
	if _, err := s.patch(at, 0, strings.NewReader("12345")); err != nil {
		t.Fatal(err)
	}
	if resp := s.do("DELETE", at, nil); resp.StatusCode != http.StatusNoContent {
		t.Errorf("DELETE: %s", resp.Status)
	}
	if resp := s.do("HEAD", at, nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("HEAD: %s", resp.Status)
	}
	s.gone()
}

func TestNumberIsBounded(t *testing.T) {
	s := newSite(t)
	for i := range MaxUploads {
		id := fmt.Sprint(i)
		s.store.uploads[id] = &entry{store: s.store, id: id, touched: s.clock}
	}
	resp := s.do("POST", "/v1/cases/"+string(caseA)+"/uploads/", nil, "Upload-Length", "1", "Upload-Metadata", meta("filename", "x"))
	if resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one upload too many: %s", resp.Status)
	}
	s.store.uploads["7"].object = &protocol.Object{}
	s.create(caseA, 1)
	if s.store.uploads["7"] != nil {
		t.Error("what was taken in makes no room for what comes")
	}
}

// TestKeyAndPlaceMatter: a record that was moved, or is of another node, does not open.
func TestKeyAndPlaceMatter(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, 10)
	s.stop()
	s.stop = func() {}
	cfg := s.cfg
	cfg.Key = stream.NewKey()
	if _, err := Open(cfg); !errors.Is(err, stream.ErrKey) {
		t.Errorf("another key: %v", err)
	}
	id := filepath.Base(at)
	if err := os.Rename(filepath.Join(cfg.Dir, id), filepath.Join(cfg.Dir, id+"x")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.cfg); !errors.Is(err, stream.ErrKey) {
		t.Errorf("another place: %v", err)
	}
}

// TestSegments: more than one segment is one content, and half a segment is none.
func TestSegments(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, 11)
	for i, part := range []string{"hel", "lo ", "world"} {
		if _, err := s.patch(at, int64(i*3), strings.NewReader(part)); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(s.cfg.Dir, filepath.Base(at))
		if i == 0 { // killed while it wrote
			if err := os.WriteFile(filepath.Join(dir, partName), []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			s.stop()
			s.start()
			if n := s.offset(at); n != 3 {
				t.Errorf("offset %d, want 3", n)
			}
			if _, err := os.Lstat(filepath.Join(dir, partName)); err == nil {
				t.Error("half a segment is still there")
			}
		}
	}
	if s.vault.taken[protocol.DigestOf([]byte("hello world"))] == nil {
		t.Error("not what was sent")
	}
}
