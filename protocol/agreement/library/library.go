// Package library holds the shipped agreements, and the domestic law that
// blocks or conditions what they allow.
//
// They are working texts: each says at its head what of it was read in a
// primary text and what was not, and every rule says it again in each finding
// that it makes. The package is trusted with this: it ships nothing as in force
// of which its source does not say so.
package library

import (
	"embed"
	"fmt"
	"io/fs"

	"comity.example/protocol/agreement"
)

//go:embed *.yaml
var files embed.FS

// Documents returns the shipped documents, in the order of their file names.
func Documents() ([]*agreement.Document, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("library: %w", err)
	}
	docs := make([]*agreement.Document, 0, len(names))
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("library: %w", err)
		}
		d, err := agreement.ParseDocument(name, b)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}
