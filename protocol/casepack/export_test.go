package casepack

import "io"

// RootsOf lets tests look up the roots of a directory as Verify does.
var RootsOf = rootsOf

// InfoOf lets tests write the tag files of a package that Writer would not write.
var InfoOf = infoOf

// CustodyOf tells the chain of custody of files, whatever they are.
func CustodyOf(files map[string][]byte, x Index) ([]byte, error) {
	var c custody
	for name, content := range files {
		c.see(name, content)
	}
	chain, err := c.read(&x)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(chain)
}
