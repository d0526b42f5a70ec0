package home

import (
	"errors"
	"testing"
	"time"
)

// TestNobodyPutsARemovedUploaderBack: a change that began before another one ended does
// not write what it read before. A token that was taken away would open again.
func TestNobodyPutsARemovedUploaderBack(t *testing.T) {
	h := &Home{Dir: t.TempDir()}
	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := h.AddUploader(Uploader{Name: "mail", Expires: until}, false); err != nil {
		t.Fatal(err)
	}
	var removed error
	err := h.changeUploaders(func(list []Uploader) ([]Uploader, error) {
		removed = h.RemoveUploader("mail")
		return list, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := h.Uploaders(); err != nil || removed == nil && len(list) != 0 {
		t.Errorf("its token was taken away, and there are %v again, %v", list, err)
	}
	if !errors.Is(removed, ErrUploadersBusy) {
		t.Errorf("of two who change the list one is told %v, want that the other does", removed)
	}
	if err := h.RemoveUploader("mail"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
