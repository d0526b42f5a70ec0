package vault

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

	"comity.example/protocol"
)

// Folders of a vault.
const (
	objectsFolder  = "objects"
	casesFolder    = "cases"
	incomingFolder = "incoming"
	liveFolder     = "live"
	workFolder     = "work"
)

// What the names of files end with.
const (
	treeSuffix   = ".tree"
	goneSuffix   = ".gone"
	leavesSuffix = ".leaves"
	noteSuffix   = ".note"
)

// A place is an object in a case.
type place struct {
	id     protocol.CaseID
	object protocol.Digest
}

// at returns a place, if its case may be a name of a file.
func at(id protocol.CaseID, object protocol.Digest) (place, error) {
	if _, err := protocol.ParseCaseID(string(id)); err != nil {
		return place{}, fmt.Errorf("vault: %w", err)
	}
	if object.IsZero() {
		return place{}, fmt.Errorf("vault: %w: want the digest of an object", ErrAbsent)
	}
	return place{id, object}, nil
}

func name(d protocol.Digest) string { return hex.EncodeToString(d[:]) }

// named returns the digest that a file is named after, and what its name ends with.
func named(file string) (d protocol.Digest, suffix string, ok bool) {
	digits, suffix, found := strings.Cut(file, ".")
	if found {
		suffix = "." + suffix
	}
	if len(digits) != 2*len(d) || strings.ToLower(digits) != digits {
		return d, suffix, false
	}
	_, err := hex.Decode(d[:], []byte(digits))
	return d, suffix, err == nil && !d.IsZero()
}

func (v *Vault) lockPath() string { return filepath.Join(v.dir, "lock") }

// sealPath is the file by which the vault knows its key.
func (v *Vault) sealPath() string { return filepath.Join(v.dir, "seal") }

func (v *Vault) folder(name string) string { return filepath.Join(v.dir, name) }

func (v *Vault) objectPath(tree protocol.Digest) string {
	n := name(tree)
	return filepath.Join(v.dir, objectsFolder, n[:2], n)
}

func (v *Vault) treePath(tree protocol.Digest) string { return v.objectPath(tree) + treeSuffix }

func (v *Vault) casePath(id protocol.CaseID) string {
	return filepath.Join(v.dir, casesFolder, string(id))
}

func (v *Vault) entryPath(p place) string { return filepath.Join(v.casePath(p.id), name(p.object)) }

func (v *Vault) gonePath(p place) string { return v.entryPath(p) + goneSuffix }

func (v *Vault) incomingPath(p place) string {
	return filepath.Join(v.dir, incomingFolder, string(p.id), name(p.object))
}

func (v *Vault) livePath(p place) string {
	return filepath.Join(v.dir, liveFolder, string(p.id), name(p.object))
}
