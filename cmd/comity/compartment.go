package main

import (
	"fmt"
	"io"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// sealed reads what goes into compartments.
func (c *requestNewCmd) sealed() ([]desk.SealedText, error) {
	var out []desk.SealedText
	for _, x := range []struct {
		name protocol.CompartmentName
		file string
	}{{protocol.CompartmentFacts, c.Facts}, {protocol.CompartmentNecessity, c.Necessity}} {
		if x.file == "" {
			continue
		}
		b, err := readFile(x.file, protocol.MaxCompartmentText)
		if err != nil {
			return nil, err
		}
		text := strings.TrimSpace(string(b))
		if text == "" {
			return nil, badInput(x.file+" is empty", "write what only the authorities are to read, or leave the option out")
		}
		out = append(out, desk.SealedText{Name: x.name, Text: text})
	}
	return out, nil
}

// writeSealedTo says who can open the compartments of a request.
func writeSealedTo(w io.Writer, r *protocol.Request) {
	if r == nil {
		return
	}
	for _, c := range r.Compartments {
		field(w, "sealed", fmt.Sprintf("%s, for %s only", c.Name, words(c.For)))
	}
}

// writeCompartments writes what this participant can open, and names the rest.
func writeCompartments(w io.Writer, list []desk.SealedText) {
	for _, c := range list {
		text := shown(c.Text)
		if c.Text == "" {
			text = "sealed, for " + words(c.For) + " only"
		}
		field(w, string(c.Name), text)
	}
}
