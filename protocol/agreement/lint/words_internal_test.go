package lint

import (
	"slices"
	"strings"
	"testing"

	"comity.example/protocol/agreement"
)

// TestEveryVariableOfWordsHasAVocabulary: a new variable is either any text, or
// its words are known here.
func TestEveryVariableOfWordsHasAVocabulary(t *testing.T) {
	free := []string{"offence.category", "offence.lists", "certification.contact", "certification.targeting", "agreement.id"}
	l := &linter{doc: &agreement.Document{Kind: agreement.KindConvention}}
	known := l.vocabularies()
	for _, v := range agreement.VariablesDoc() {
		if !strings.Contains(v.Type, "string") {
			continue
		}
		if _, ok := known[v.Name]; ok == slices.Contains(free, v.Name) {
			t.Errorf("%s: has a vocabulary: %v: want one, or the name among those of any text", v.Name, ok)
		}
		delete(known, v.Name)
	}
	for name := range known {
		t.Errorf("%s: is no variable of words", name)
	}
}
