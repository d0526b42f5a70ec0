package casepack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain/chaintest"
)

// A vocabulary is which terms JSON-LD documents use, and for what their prefixes stand.
type vocabulary struct {
	prefixes map[string]string
	terms    map[string]bool // members, types, and the methods of hashes
	ids      map[string]bool // of things that are described
	refs     map[string]bool // of things that are named
}

func (v *vocabulary) read(t *testing.T, b []byte) {
	t.Helper()
	var doc map[string]any
	must(t, json.Unmarshal(b, &doc))
	for prefix, iri := range doc["@context"].(map[string]any) {
		if s, ok := iri.(string); ok {
			v.prefixes[prefix] = s
		}
	}
	delete(doc, "@context")
	v.walk(doc)
}

func (v *vocabulary) walk(x any) {
	switch x := x.(type) {
	case []any:
		for _, y := range x {
			v.walk(y)
		}
	case map[string]any:
		if id, ok := x["@id"].(string); ok && len(x) > 1 {
			v.ids[id] = true
		} else if ok {
			v.refs[id] = true
		}
		for name, y := range x {
			v.terms[name] = true
			if name == "@type" {
				if s, ok := y.(string); ok {
					y = []any{s}
				}
				for _, s := range y.([]any) {
					v.terms[s.(string)] = true
				}
			}
			v.walk(y)
		}
	}
}

func newVocabulary() *vocabulary {
	return &vocabulary{map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

// TestCustodySpeaksCASE: every term of the chain of custody is one that the examples of
// CASE use, under the same prefix; what it names it describes; and it names no person.
func TestCustodySpeaksCASE(t *testing.T) {
	t.Parallel()
	examples, ours := newVocabulary(), newVocabulary()
	files, err := filepath.Glob("testdata/case-uco/*.json")
	must(t, err)
	for _, name := range files {
		b, err := os.ReadFile(name)
		must(t, err)
		examples.read(t, b)
	}
	p := newPack(t)
	collected := p.w.Disclose(p.acts[1], contoso, office)
	collected.Follows = []protocol.Digest{digest(t, p.acts[1])}
	o := &collected.Body.Disclosure.Objects[0]
	o.Name, o.Collected, o.Collector = "second.mbox", chaintest.Now.Add(-chaintest.Day), "J. Doe of the duty desk"
	p.act(nil, collected)
	b, err := casepack.CustodyOf(p.files, p.index)
	must(t, err)
	ours.read(t, b)
	for term := range ours.terms {
		if !examples.terms[term] {
			t.Errorf("no example uses %s", term)
		}
	}
	for prefix, iri := range ours.prefixes {
		if prefix != "kb" && examples.prefixes[prefix] != iri {
			t.Errorf("%s stands for %s, and in the examples for %q", prefix, iri, examples.prefixes[prefix])
		}
	}
	uuid := regexp.MustCompile(`^kb:[a-z-]+-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for id := range ours.ids {
		if !uuid.MatchString(id) {
			t.Errorf("the name %s does not end in a UUID", id)
		}
	}
	for id := range ours.refs {
		if !ours.ids[id] {
			t.Errorf("%s is named and not described", id)
		}
	}
	text := string(b)
	for _, never := range []string{"officer-", "J. Doe", "OP-1", "a@example.com"} {
		if strings.Contains(text, never) {
			t.Errorf("%q is in the chain of custody", never)
		}
	}
}

// TestCustodyTellsWhatHappened, in the order in which it did.
func TestCustodyTellsWhatHappened(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	o := p.object()
	b, err := casepack.CustodyOf(p.files, p.index)
	must(t, err)
	var doc struct {
		Graph []struct {
			Type      string `json:"@type"`
			Name      string `json:"uco-core:name"`
			Performer struct {
				ID string `json:"@id"`
			} `json:"uco-action:performer"`
			Start struct {
				Value string `json:"@value"`
			} `json:"uco-action:startTime"`
			ID     string            `json:"@id"`
			Object []json.RawMessage `json:"uco-action:object"`
		} `json:"@graph"`
	}
	must(t, json.Unmarshal(b, &doc))
	who := map[string]string{}
	var got []string
	for _, n := range doc.Graph {
		switch n.Type {
		case "uco-identity:Organization":
			who[n.ID] = n.Name
		case "case-investigation:InvestigativeAction":
			if len(n.Object) != 1 || n.Start.Value == "" {
				t.Errorf("got %+v", n)
			}
			got = append(got, n.Name+" by "+who[n.Performer.ID])
		}
	}
	want := []string{"disclosed by us.contoso", "receipted by gb.home-office", "disclosed by gb.home-office",
		"receipted by gb.met-police", "exported by gb.home-office"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(string(b), o.SHA512) || !strings.Contains(string(b), `"SHA512"`) {
		t.Error("the digest of the object is not there")
	}
}
