package story

import (
	"context"
	"errors"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// sealed returns what a request says to authorities only: facts=FILE.
func (p *player) sealed(st step) ([]desk.SealedText, error) {
	name := st.option("facts")
	if name == "" {
		return nil, nil
	}
	text, err := p.file(name)
	return []desk.SealedText{{Name: protocol.CompartmentFacts, Text: strings.TrimSpace(string(text))}}, err
}

// reads: reads CASE PARTICIPANT FILE, or reads CASE PARTICIPANT nothing — what the
// participant can read in the sealed facts of a request.
func (p *player) reads(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	var want string
	if args[2] != "nothing" {
		text, err := p.file(args[2])
		if err != nil {
			return err
		}
		want = strings.TrimSpace(string(text))
	}
	v, err := p.caseAt(ctx, args[0], args[1])
	if err != nil {
		return err
	}
	var held []desk.SealedText
	for _, a := range v.Acts {
		held = append(held, a.Compartments...)
	}
	switch {
	case len(held) == 0:
		return errors.New("the request has no sealed facts")
	case held[0].Text != want:
		return errors.New("it reads something else")
	case want == "":
		p.say("  ✗ %s sees that there are sealed facts, and holds no key to them", args[1])
	default:
		p.say("  ✓ %s reads the sealed facts", args[1])
	}
	return nil
}
