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
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"

	"comity.example/protocol/agreement"
)

// MaxDocuments bounds the documents of a directory.
const MaxDocuments = 1024

//go:embed *.yaml
var files embed.FS

// Documents returns the shipped documents, in the order of their file names.
func Documents() ([]*agreement.Document, error) { return read(files) }

// Over returns the shipped documents with those of a directory in their place:
// one that has the id of a shipped document takes its place in every version, and
// the others stand beside. The order is that of the ids.
func Over(dir fs.FS) ([]*agreement.Document, error) {
	shipped, err := Documents()
	if err != nil {
		return nil, err
	}
	docs, err := read(dir)
	if err == nil && len(docs) == 0 { // a name that is misspelt must not pass for what is shipped
		err = errors.New("library: there is no *.yaml in the directory")
	}
	if err != nil {
		return nil, err
	}
	for _, d := range shipped {
		if !slices.ContainsFunc(docs, func(x *agreement.Document) bool { return x.ID == d.ID }) {
			docs = append(docs, d)
		}
	}
	slices.SortStableFunc(docs, func(a, b *agreement.Document) int { return strings.Compare(a.ID, b.ID) })
	return docs, nil
}

// read reads the documents of a directory, as many at a time as there are cores:
// to compile their rules takes most of the time that a command takes to start.
func read(dir fs.FS) ([]*agreement.Document, error) {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("library: %w", err)
	}
	if len(names) > MaxDocuments {
		return nil, fmt.Errorf("library: %d documents: want at most %d", len(names), MaxDocuments)
	}
	docs, errs := make([]*agreement.Document, len(names)), make([]error, len(names))
	cores := runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	for core := range cores {
		all.Go(func() {
			for i := core; i < len(names); i += cores {
				docs[i], errs[i] = readDocument(dir, names[i])
			}
		})
	}
	all.Wait()
	for _, err := range errs { // of several the first
		if err != nil {
			return nil, err
		}
	}
	return docs, nil
}

func readDocument(dir fs.FS, name string) (*agreement.Document, error) {
	b, err := readFile(dir, name)
	if err != nil {
		return nil, fmt.Errorf("library: %w", err)
	}
	return agreement.ParseDocument(name, b)
}

// readFile reads a file and no device, and little more of it than a document may
// have.
func readFile(dir fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: want a file", name)
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, agreement.MaxDocument+1))
}
