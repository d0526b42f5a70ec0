package upload

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
)

// want sends a request and wants a status and a text in the answer.
func (s *site) want(status int, text string, send func() (*http.Response, error)) {
	s.Helper()
	resp, err := send()
	if err != nil {
		s.Error(err)
		return
	}
	if got, _ := io.ReadAll(resp.Body); resp.StatusCode != status || !strings.Contains(string(got), text) {
		s.Errorf("%s %q, want %d %q", resp.Status, got, status, text)
	}
}

// announce sends what begins an upload, with further headers.
func (s *site) announce(size int, headers ...string) (*http.Response, error) {
	return s.try("POST", "/v1/cases/"+string(caseA)+"/uploads/", nil,
		append([]string{"Upload-Length", strconv.Itoa(size), "Upload-Metadata", meta("filename", "x")}, headers...)...)
}

// TestMoreThanWasAnnounced: a body whose length nobody said is longer than the rest
// of its upload. What is cut short is never taken in.
func TestMoreThanWasAnnounced(t *testing.T) {
	s := newSite(t)
	for _, extra := range []int{1, 300_000} {
		content := strings.Repeat("x", 200_000)
		at := s.create(caseA, len(content)+3)
		if _, err := s.patch(at, 0, strings.NewReader("abc")); err != nil {
			t.Fatal(err)
		}
		s.want(http.StatusRequestEntityTooLarge, "", func() (*http.Response, error) {
			return s.patch(at, 3, io.MultiReader(strings.NewReader(content), strings.NewReader(strings.Repeat("y", extra))))
		})
		if n := s.offset(at); n != 3 || s.vault.times != 0 {
			t.Errorf("%d bytes too many: offset %d, taken in %d times; want 3 and 0", extra, n, s.vault.times)
		}
		// The rest as it was announced is taken.
		s.want(http.StatusNoContent, "", func() (*http.Response, error) {
			return s.patch(at, 3, io.MultiReader(strings.NewReader(content)))
		})
		if s.vault.times != 1 {
			t.Errorf("taken in %d times, want once", s.vault.times)
		}
		s.vault.times = 0
	}
}

// zeros is content without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestMoreThanASegment: what was announced ends where a segment does.
func TestMoreThanASegment(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, SegmentBytes)
	s.want(http.StatusRequestEntityTooLarge, "", func() (*http.Response, error) {
		return s.patch(at, 0, io.LimitReader(zeros{}, SegmentBytes+1))
	})
	if n := s.offset(at); n != 0 || s.vault.times != 0 {
		t.Errorf("offset %d, taken in %d times", n, s.vault.times)
	}
}

// TestLessThanWasAnnounced stays an upload that is not whole.
func TestLessThanWasAnnounced(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, 10)
	s.want(http.StatusNoContent, "", func() (*http.Response, error) {
		return s.patch(at, 0, io.MultiReader(strings.NewReader("123456789")))
	})
	if n := s.offset(at); n != 9 || s.vault.times != 0 {
		t.Errorf("offset %d, taken in %d times", n, s.vault.times)
	}
}

// TestExtensionsThatAreNotThere are refused, and make no upload: the library would
// take a part of a concatenation for an upload of its own, and compare no checksum.
func TestExtensionsThatAreNotThere(t *testing.T) {
	s := newSite(t)
	for name, value := range map[string]string{"Upload-Concat": "partial", "Upload-Defer-Length": "1",
		"Upload-Checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="} {
		s.want(http.StatusNotImplemented, name+": this node has no such extension", func() (*http.Response, error) {
			return s.announce(4, name, value)
		})
	}
	s.gone()
	resp := s.do("OPTIONS", "/v1/cases/"+string(caseA)+"/uploads/", nil)
	if got := resp.Header.Get("Tus-Extension"); got != "creation,creation-with-upload,termination" {
		t.Errorf("Tus-Extension: %q", got)
	}
}

func TestLengthsThatAreNone(t *testing.T) {
	s := newSite(t)
	for _, length := range []string{"-1", "1e3", "0x10", "99999999999999999999", "", "1 "[:1] + "\t2"} {
		resp, err := s.try("POST", "/v1/cases/"+string(caseA)+"/uploads/", nil, "Upload-Length", length,
			"Upload-Metadata", meta("filename", "x"))
		if err != nil || resp.StatusCode/100 != 4 {
			t.Errorf("Upload-Length %q: %v, %v", length, resp, err)
		}
	}
	s.gone()
}

// TestNamesAreData: no name chooses a place on the disk, and one that could is refused.
func TestNamesAreData(t *testing.T) {
	s := newSite(t)
	for name, ok := range map[string]bool{
		"../../etc/passwd": false, "..": false, ".": false, "/": false, "a/b": false, `a\b`: false, "a\x00b": false,
		"": false, "\xff": false, strings.Repeat("\u202e", 1400): false, strings.Repeat("x", protocol.MaxObjectName+1): false,
		"\u202egnp.exe": true, "-rf": true, "CON": true, recordName: true, "пошта.mbox": true,
	} {
		resp, err := s.try("POST", "/v1/cases/"+string(caseA)+"/uploads/", nil, "Upload-Length", "9",
			"Upload-Metadata", meta("filename", name))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		switch want := map[bool]int{true: http.StatusCreated, false: http.StatusBadRequest}[ok]; {
		case resp.StatusCode != want:
			t.Errorf("%.20q: %s, want %d", name, resp.Status, want)
		case !ok && (!strings.Contains(string(text), "filename: want a plain name") || name != "" && strings.Contains(string(text), name) && len(name) > 3):
			t.Errorf("%.20q: %q does not say what is to be mended, or repeats it", name, text)
		case ok && filepath.Dir(resp.Header.Get("Location")) != "/v1/cases/"+string(caseA)+"/uploads":
			t.Errorf("%.20q: Location %q", name, resp.Header.Get("Location"))
		}
	}
	folders, err := filepath.Glob(filepath.Join(s.cfg.Dir, "*"))
	if err != nil || len(folders) != 5 {
		t.Errorf("%d folders, %v; want those of the five", len(folders), err)
	}
	for _, f := range folders {
		if len(filepath.Base(f)) != 26 {
			t.Errorf("a folder %q", f)
		}
	}
}

// TestRoomIsPromisedOnce: what uploads that are not whole still want to write, here
// and in the vault, is never more than the disk has; what is removed makes room.
func TestRoomIsPromisedOnce(t *testing.T) {
	s := newSite(t)
	s.room = 1 << 20
	var places []string
	for {
		resp, err := s.announce(100_000)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusCreated {
			s.want(http.StatusInsufficientStorage, "no room", func() (*http.Response, error) { return resp, nil })
			break
		}
		places = append(places, resp.Header.Get("Location"))
	}
	if len(places) != 5 {
		t.Errorf("%d uploads of 100 kB in 1 MiB, want 5", len(places))
	}
	// Not after a start either.
	s.stop()
	s.start()
	s.want(http.StatusInsufficientStorage, "no room", func() (*http.Response, error) { return s.announce(100_000) })
	s.do("DELETE", places[0], nil)
	s.want(http.StatusCreated, "", func() (*http.Response, error) { return s.announce(100_000) })
}

// TestAbandonedWhileTheNodeWasDown: the start removes it.
func TestAbandonedWhileTheNodeWasDown(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, 10)
	if _, err := s.patch(at, 0, strings.NewReader("12345")); err != nil {
		t.Fatal(err)
	}
	s.stop()
	s.clock = s.clock.Add(Abandon + time.Hour)
	s.start()
	s.gone()
}

// TestAfterItIsWhole: it is shown, never written to, and can be forgotten; what was
// taken in stays.
func TestAfterItIsWhole(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, 4)
	s.want(http.StatusNoContent, "", func() (*http.Response, error) { return s.patch(at, 0, strings.NewReader("mail")) })
	for range 2 {
		resp := s.do("HEAD", at, nil)
		if resp.Header.Get("Upload-Offset") != "4" || resp.Header.Get("Upload-Length") != "4" || resp.Header.Get(ObjectHeader) == "" {
			t.Errorf("HEAD: %s %v", resp.Status, resp.Header)
		}
		s.stop()
		s.start()
	}
	s.want(http.StatusConflict, "", func() (*http.Response, error) { return s.patch(at, 0, strings.NewReader("else")) })
	s.patch(at, 4, strings.NewReader("more"))
	if s.vault.times != 1 || s.vault.taken[protocol.DigestOf([]byte("mail"))] == nil {
		t.Errorf("taken in %d times, or not what was sent", s.vault.times)
	}
	s.want(http.StatusNoContent, "", func() (*http.Response, error) { return s.try("DELETE", at, nil) })
	s.want(http.StatusNotFound, "", func() (*http.Response, error) { return s.try("HEAD", at, nil) })
	if s.vault.taken[protocol.DigestOf([]byte("mail"))] == nil {
		t.Error("DELETE removed what was taken in")
	}
}

// TestUploadsLeaveTheReserve: what was promised room when it began is not written where
// the disk has filled since, and goes on when there is room again.
func TestUploadsLeaveTheReserve(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, 100)
	s.room = 99
	s.want(http.StatusInsufficientStorage, "no room", func() (*http.Response, error) {
		return s.patch(at, 0, bytes.NewReader(make([]byte, 100)))
	})
	if n := s.offset(at); n != 0 {
		t.Errorf("%d bytes were kept", n)
	}
	s.room = 1 << 20
	if resp, err := s.patch(at, 0, bytes.NewReader(make([]byte, 100))); err != nil || resp.StatusCode != http.StatusNoContent {
		t.Errorf("with room: %v, %v", resp, err)
	}
}

// TestPiecesOfAFewBytes come to an end: each costs a file, of which a disk has not many.
func TestPiecesOfAFewBytes(t *testing.T) {
	s := newSite(t)
	at := s.create(caseA, MaxSmall*SmallSegment+2)
	e := s.store.uploads[path.Base(at)]
	e.segments, e.offset = MaxSmall, MaxSmall*SmallSegment-1
	s.want(http.StatusRequestEntityTooLarge, "too many pieces", func() (*http.Response, error) {
		return s.patch(at, e.offset, strings.NewReader("x"))
	})
	e.offset++
	if resp, err := s.patch(at, e.offset, strings.NewReader("x")); err != nil || resp.StatusCode != http.StatusNoContent {
		t.Errorf("a piece of an upload whose others are large: %v, %v", resp, err)
	}
}
