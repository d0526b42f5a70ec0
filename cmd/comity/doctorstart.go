package main

import (
	"fmt"

	"comity.example/node"
)

// start says which of the home's files the next start would end at. held is
// what the node holds, nil where it does not answer: then the files are all
// that is known, and its store may know better.
func (d *doctor) start(held []node.Document) {
	h, verb := sick, "the node would not start again with"
	if held == nil {
		h, verb = warn, "by the files alone, the node would not start with"
	}
	files, err := d.home.Documents()
	if err != nil {
		d.find("start", sick, "a file cannot be read, and the node would not start: "+plain(err), "mend it, or move it away")
		return
	}
	pins, err := d.home.Pins()
	if err != nil {
		return // told of the pins
	}
	f := node.Foresight{Self: d.home.Config.Participant, Pins: pins, Held: held, Files: files, At: d.now()}
	refused, err := f.Refused()
	if err != nil {
		d.find("start", sick, plain(err), "")
		return
	}
	for _, r := range refused {
		d.find("start", h, fmt.Sprintf("%s the %s in %s: %s", verb, r.Kind, r.File, plain(r.Err)),
			"have its Party give it again and put that in its place, or move the file away if it is not that Party's")
	}
}
