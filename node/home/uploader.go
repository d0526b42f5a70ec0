package home

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// UploadersName is the file of those who may upload evidence: digests of their
// tokens, of which no token can be made.
const UploadersName = "uploaders.json"

// MaxUploaders is how many uploaders a home may have.
const MaxUploaders = 64

// uploaderPrefix begins every uploader's token: whoever finds one knows what it is,
// and a token of another kind is looked for nowhere else.
const uploaderPrefix = "comity-upload-"

// Errors of uploaders.
var (
	ErrUploaderName    = errors.New("want a name of 1 to 32 of a-z, 0-9 and -")
	ErrUploaderThere   = errors.New("there is such an uploader")
	ErrNoUploader      = errors.New("there is no such uploader")
	ErrUploaderExpired = errors.New("the uploader's token has expired")
	ErrUploaders       = fmt.Errorf("want at most %d uploaders", MaxUploaders)
	ErrUploadersBusy   = errors.New("somebody else changes the list of uploaders, or was cut short")
)

var uploaderForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// An Uploader is a system that may upload evidence, and nothing else.
type Uploader struct {
	Name    string          `json:"name"`
	Token   protocol.Digest `json:"token"` // of the token
	Case    protocol.CaseID `json:"case,omitzero"`
	Made    time.Time       `json:"made"`
	Expires time.Time       `json:"expires"`
}

type uploaders struct {
	Uploaders []Uploader `json:"uploaders"`
}

// Uploaders returns who may upload, by name.
func (h *Home) Uploaders() ([]Uploader, error) {
	info, err := os.Stat(h.path(UploadersName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("home: others may open %s: chmod 600 it", UploadersName)
	}
	b, err := h.read(UploadersName)
	if err != nil {
		return nil, err
	}
	var list uploaders
	if err := canon.Read(b, &list); err != nil {
		return nil, fmt.Errorf("home: %s: %w", UploadersName, err)
	}
	return list.Uploaders, nil
}

// AddUploader makes a token for an uploader, and returns it: it is kept nowhere. One
// of the same name must be there exactly if it is to be replaced; its token then
// opens nothing any more.
func (h *Home) AddUploader(u Uploader, replace bool) (token string, err error) {
	if !uploaderForm.MatchString(u.Name) {
		return "", ErrUploaderName
	}
	token = uploaderPrefix + strings.TrimSpace(string(newToken()))
	u.Token = protocol.DigestOf([]byte(token))
	return token, h.changeUploaders(func(list []Uploader) ([]Uploader, error) {
		switch at, there := findUploader(list, u.Name); {
		case there != replace && there:
			return nil, ErrUploaderThere
		case there != replace:
			return nil, ErrNoUploader
		case there:
			list[at] = u
		case len(list) >= MaxUploaders:
			return nil, ErrUploaders
		default:
			list = slices.Insert(list, at, u)
		}
		return list, nil
	})
}

// RemoveUploader takes an uploader's token away.
func (h *Home) RemoveUploader(name string) error {
	return h.changeUploaders(func(list []Uploader) ([]Uploader, error) {
		at, there := findUploader(list, name)
		if !there {
			return nil, ErrNoUploader
		}
		return slices.Delete(list, at, at+1), nil
	})
}

// changeUploaders writes the list anew, whole or not at all. It is read when nobody else
// changes it any more: of two who do at once one is refused, and a token that was taken
// away does not come back with what another had read before.
func (h *Home) changeUploaders(change func([]Uploader) ([]Uploader, error)) (err error) {
	next := h.path(UploadersName + ".new")
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return ErrUploadersBusy
	}
	if err != nil {
		return fmt.Errorf("home: uploaders: %w", err)
	}
	err = errors.Join(h.writeUploaders(f, change), f.Close())
	if err == nil {
		err = os.Rename(next, h.path(UploadersName))
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return nil
}

// writeUploaders writes the list as it is after a change.
func (h *Home) writeUploaders(f *os.File, change func([]Uploader) ([]Uploader, error)) error {
	list, err := h.Uploaders()
	if err != nil {
		return err
	}
	if list, err = change(list); err != nil {
		return err
	}
	b, err := canon.Encode(uploaders{append([]Uploader{}, list...)})
	if err == nil {
		_, err = f.Write(b)
	}
	if err = errors.Join(err, f.Sync()); err != nil {
		return fmt.Errorf("home: uploaders: %w", err)
	}
	return nil
}

// Uploader returns whose token it is: one that is no uploader's, or is not known any
// more, is ErrNoUploader. The file is read each time: a change counts at once.
func (h *Home) Uploader(token string, now time.Time) (Uploader, error) {
	if !IsUploaderToken(token) {
		return Uploader{}, ErrNoUploader
	}
	list, err := h.Uploaders()
	if err != nil {
		return Uploader{}, err
	}
	got, found := protocol.DigestOf([]byte(token)), Uploader{}
	for _, u := range list {
		if subtle.ConstantTimeCompare(got[:], u.Token[:]) == 1 {
			found = u
		}
	}
	switch {
	case found.Name == "":
		return Uploader{}, ErrNoUploader
	case !now.Before(found.Expires):
		return Uploader{}, ErrUploaderExpired
	}
	return found, nil
}

// hasUploader reports whether there is one of that name. While the list cannot be
// read there is.
func (h *Home) hasUploader(name string) bool {
	list, err := h.Uploaders()
	_, there := findUploader(list, name)
	return there || err != nil
}

// IsUploaderToken reports whether a token has an uploader's form.
func IsUploaderToken(token string) bool { return strings.HasPrefix(token, uploaderPrefix) }

func findUploader(list []Uploader, name string) (int, bool) {
	return slices.BinarySearchFunc(list, name, func(u Uploader, name string) int { return strings.Compare(u.Name, name) })
}
