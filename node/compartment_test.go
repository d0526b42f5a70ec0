package node_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity.example/crypto/seal"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/protocol"
)

const secretFacts = "the witness saw the heron at noon"

// drafted saves an order with compartments and sends it.
func (b *border) drafted() protocol.CaseID {
	b.t.Helper()
	saved, err := b.node(police).Save(b.t.Context(), desk.Draft{Body: protocol.Body{Request: newOrder()},
		Sealed: []desk.SealedText{{Name: protocol.CompartmentFacts, Text: secretFacts}}})
	b.must(err)
	done, err := b.act(police, desk.Draft{Case: saved.Case})
	b.must(err)
	b.awaitState(office, done.Case, "requested")
	_, err = b.act(office, desk.Draft{Case: done.Case, Body: certification()})
	b.must(err)
	b.awaitState(contoso, done.Case, "served")
	return done.Case
}

// compartments returns what a participant reads in the compartments of a case.
func (b *border) compartments(at protocol.ParticipantID, id protocol.CaseID) []desk.SealedText {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	for _, a := range v.Acts {
		if len(a.Compartments) > 0 {
			return a.Compartments
		}
	}
	return nil
}

// TestTheAddresseeHoldsNoKeyToACompartment: the authority that certifies reads
// the facts, the provider sees only that there are some, cannot open them with
// any key of its node, and keeps nothing that could be read later.
func TestTheAddresseeHoldsNoKeyToACompartment(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.drafted()
		for _, who := range []protocol.ParticipantID{police, office} {
			if got := b.compartments(who, id); len(got) != 1 || got[0].Text != secretFacts {
				t.Errorf("%s reads %d compartments", who, len(got))
			}
		}
		got := b.compartments(contoso, id)
		if len(got) != 1 || got[0].Text != "" || got[0].Name != protocol.CompartmentFacts {
			t.Fatalf("the provider sees %d compartments, and text in them: %v", len(got), len(got) > 0 && got[0].Text != "")
		}
		v, err := b.node(contoso).Case(t.Context(), id)
		b.must(err)
		c := v.Acts[0].Carried.Body.Request.Compartments[0]
		if _, err := seal.Open(node.CompartmentType, c.Sealed, b.keys(contoso).Open); err == nil {
			t.Error("the provider's key opens the compartment")
		}
		if text, err := seal.Open(node.CompartmentType, c.Sealed, b.keys(office).Open); err != nil || !bytes.Contains(text, []byte(secretFacts)) {
			t.Errorf("the office's key does not: %v", err)
		}
		recipients, err := seal.Recipients(c.Sealed)
		b.must(err)
		for _, r := range recipients {
			if r == b.keys(contoso).Open.Public().Fingerprint() {
				t.Error("the provider is among its recipients")
			}
		}
		var out bytes.Buffer
		b.must(b.node(contoso).Export(t.Context(), id, &out))
		if bytes.Contains(out.Bytes(), []byte(secretFacts)) {
			t.Error("the provider's package holds the text")
		}
	}, police, office, contoso)
}

// TestACompartmentIsOfItsCase: sealed text that is put into another case, or
// under another name, is not shown.
func TestACompartmentIsOfItsCase(t *testing.T) {
	text := protocol.CompartmentText{Case: protocol.NewCaseID(), Name: protocol.CompartmentFacts, Text: "x"}
	b, err := text.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := protocol.ParseCompartmentText(b, text.Case, text.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := protocol.ParseCompartmentText(b, protocol.NewCaseID(), text.Name); err == nil {
		t.Error("read in another case")
	}
	if _, err := protocol.ParseCompartmentText(b, text.Case, protocol.CompartmentNecessity); err == nil {
		t.Error("read under another name")
	}
}

// TestACompartmentLeavesNoTextOnTheDisk of the provider, nor in the logs.
func TestACompartmentLeavesNoTextOnTheDisk(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.drafted()
		b.halt(contoso)
		dir := b.Home(contoso).Dir
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(name)
			if err == nil && bytes.Contains(content, []byte(secretFacts)) {
				t.Errorf("%s holds the text", filepath.Base(name))
			}
			return err
		})
		b.must(err)
		if strings.Contains(b.logged.String(), secretFacts) {
			t.Error("a log holds the text")
		}
	}, police, office, contoso)
}

// TestWhatIsSealedToTheAddresseeBesidesIsNotShown: a request whose sender sealed the
// facts to the provider too, under another's name, shows them to nobody there.
func TestWhatIsSealedToTheAddresseeBesidesIsNotShown(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		a := b.forged(office)
		text := protocol.CompartmentText{Case: a.Case, Name: protocol.CompartmentFacts, Text: secretFacts}
		plain, err := text.Encode()
		b.must(err)
		sealed, err := seal.Seal(node.CompartmentType, plain, b.entry(contoso).Seal, b.entry(office).Seal)
		b.must(err)
		a.Body.Request.Compartments = []protocol.Compartment{{Name: text.Name, For: []protocol.ParticipantID{office}, Sealed: sealed}}
		b.endorse(a)
		b.smuggle(a)
		b.awaitState(office, a.Case, "requested")
		_, err = b.act(office, desk.Draft{Case: a.Case, Body: certification()})
		b.must(err)
		b.awaitState(contoso, a.Case, "served")
		if got := b.compartments(office, a.Case); len(got) != 1 || got[0].Text != secretFacts {
			t.Errorf("the office reads %d compartments", len(got))
		}
		if got := b.compartments(contoso, a.Case); len(got) != 1 || got[0].Text != "" {
			t.Error("the provider is shown what is not for it")
		}
	}, office, contoso)
}
