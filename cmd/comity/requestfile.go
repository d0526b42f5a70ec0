package main

import (
	_ "embed" // for the template

	"comity.example/protocol"
)

// requestTemplate is a request to fill in. It is checked by a test.
//
//go:embed request.yaml
var requestTemplate []byte

// readRequest reads a file that holds a request.
func readRequest(file string) (*protocol.Request, error) {
	s, err := readSource(file)
	if err != nil {
		return nil, err
	}
	r := new(protocol.Request)
	if err := s.into(r); err != nil {
		return nil, err
	}
	return r, s.located(r.Check(), "")
}
