package agreement

import (
	"embed"
	"fmt"
	"io/fs"
)

// The documents that are shipped. They are working texts: each says at its
// head what of it was read in a primary text and what was not.
//
//go:embed library/*.yaml
var library embed.FS

// Library returns the shipped documents, in the order of their file names.
func Library() ([]*Document, error) {
	names, err := fs.Glob(library, "library/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("agreement: read library: %w", err)
	}
	docs := make([]*Document, 0, len(names))
	for _, name := range names {
		b, err := library.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("agreement: read library: %w", err)
		}
		d, err := ParseDocument(name, b)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}
