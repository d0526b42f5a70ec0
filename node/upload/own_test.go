package upload

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestEachFindsItsOwn: an uploader finds no other's uploads, also after they were
// taken in and after a start; who may everything finds all.
func TestEachFindsItsOwn(t *testing.T) {
	s := newSite(t)
	as := func(by string) { s.by.Store(by) }
	as("mail")
	whole, half := s.create(caseA, 4), s.create(caseA, 9)
	for _, at := range []string{whole, half} {
		if _, err := s.patch(at, 0, strings.NewReader("mail")); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for _, at := range []string{whole, half} {
			as("logs")
			s.want(http.StatusNotFound, "", func() (*http.Response, error) { return s.try("HEAD", at, nil) })
			s.want(http.StatusNotFound, "", func() (*http.Response, error) { return s.patch(at, 4, strings.NewReader("x")) })
			s.want(http.StatusNotFound, "", func() (*http.Response, error) { return s.try("DELETE", at, nil) })
			for _, by := range []string{"mail", ""} {
				as(by)
				if n := s.offset(at); n != 4 {
					t.Errorf("%q: offset %d", by, n)
				}
			}
		}
		s.stop()
		s.start()
	}
	// What whoever may everything began is no uploader's.
	at := s.create(caseA, 4)
	as("mail")
	s.want(http.StatusNotFound, "", func() (*http.Response, error) { return s.try("HEAD", at, nil) })
}

// TestOneKeepsNoOtherOut: an uploader may have so many uploads that are not taken
// in, and what was taken in does not count.
func TestOneKeepsNoOtherOut(t *testing.T) {
	s := newSite(t)
	for i := range MaxOwn {
		id := fmt.Sprint(i)
		s.store.uploads[id] = &entry{store: s.store, id: id, touched: s.clock, record: record{By: "mail"}}
	}
	s.by.Store("mail")
	s.want(http.StatusTooManyRequests, "too many uploads", func() (*http.Response, error) { return s.announce(1) })
	for _, by := range []string{"logs", ""} {
		s.by.Store(by)
		s.create(caseA, 1)
	}
	s.by.Store("mail")
	delete(s.store.uploads, "7")
	at := s.create(caseA, 1)
	if _, err := s.patch(at, 0, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	s.create(caseA, 1)
}

// TestWhatOneThatIsGoneDidNotFinish is removed, and makes room; what was taken in is
// remembered, and whoever may everything is never gone.
func TestWhatOneThatIsGoneDidNotFinish(t *testing.T) {
	s := newSite(t)
	known := map[string]bool{"mail": true, "logs": true}
	s.stop()
	s.cfg.Known = func(by string) bool { return known[by] }
	s.start()
	places := map[string]string{}
	for _, by := range []string{"mail", "logs", ""} {
		s.by.Store(by)
		places[by] = s.create(caseA, 10)
	}
	s.by.Store("mail")
	whole := s.create(caseA, 1)
	if _, err := s.patch(whole, 0, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	known["mail"] = false
	s.store.Sweep()
	s.by.Store("")
	for at, status := range map[string]int{places["mail"]: 404, places["logs"]: 200, places[""]: 200, whole: 200} {
		s.want(status, "", func() (*http.Response, error) { return s.try("HEAD", at, nil) })
	}
}

// TestOneIsNotPromisedTheDisk: who announces large uploads, and sends nothing, leaves room
// to the others.
func TestOneIsNotPromisedTheDisk(t *testing.T) {
	s := newSite(t)
	s.room = 1 << 30 // an upload is promised twice its size
	s.by.Store("mail")
	s.create(caseA, 1<<28)
	s.want(http.StatusInsufficientStorage, "no room", func() (*http.Response, error) { return s.announce(1 << 27) })
	for _, by := range []string{"logs", ""} {
		s.by.Store(by)
		s.create(caseA, 1<<26)
	}
}
