package agreement_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

func TestTextWarnsAtItsHeadAndShowsEveryRule(t *testing.T) {
	for _, d := range agreementtest.Library(t) {
		var b bytes.Buffer
		if err := d.Text(&b, agreement.TextOptions{Signed: []protocol.Party{"GB", "US"}}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		warning, rules := strings.Index(text, "WARNING: "), strings.Index(text, "\nRules\n")
		if unproven, _ := d.Unproven(); unproven > 0 && (warning < 0 || rules < warning) {
			t.Errorf("%s: want a warning before the rules", d.ID)
		}
		flat := strings.Join(strings.Fields(text), " ")
		for _, r := range d.Rules {
			sentence := strings.Join(strings.Fields(r.Text), " ")
			if !strings.Contains(flat, sentence) || !strings.Contains(flat, r.Article+" ["+string(r.Provenance)+"]") {
				t.Errorf("%s: rule %s is not shown with its article and its mark", d.ID, r.ID)
			}
		}
		for _, line := range strings.Split(text, "\n") {
			if utf8.RuneCountInString(line) > 80 && strings.Contains(strings.TrimSpace(line), " ") &&
				!strings.Contains(line, "sha256:") {
				t.Errorf("%s: a line of %d characters: %s", d.ID, utf8.RuneCountInString(line), line)
			}
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestTextReportsWhatItCouldNotWrite(t *testing.T) {
	if err := agreementtest.Library(t)[0].Text(fullDisk{}, agreement.TextOptions{}); err == nil {
		t.Error("got no error from a full disk")
	}
}
