package main

import (
	"bytes"
	"strings"
	"testing"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// clocked is a case under a shipped agreement, with all of its clocks.
func clocked(t *testing.T, id string, r *protocol.Request) *desk.CaseView {
	t.Helper()
	v := &desk.CaseView{File: &casefile.Case{Emergency: r.Emergency != nil, Agreement: protocol.AgreementRef{ID: id}},
		Acts: []desk.ActView{{Content: protocol.Act{Body: protocol.Body{Request: r}}}}}
	for _, c := range shipped(t, id).Clocks {
		if c.Length != "" {
			v.Clocks = append(v.Clocks, desk.Clock{ID: c.ID, Article: c.Article, Starts: c.Starts, Length: c.Length,
				Text: c.Text, Provenance: string(c.Provenance)})
		}
	}
	return v
}

// TestOnlyClocksThatCanRunAreShown: of an EPOC not those of an EPOC-PR, of an
// emergency or of the statistics. That there are others is said.
func TestOnlyClocksThatCanRunAreShown(t *testing.T) {
	const produced, urgent, preserved, yearly = "10 days from the addressee's receipt of the EPOC (",
		"8 hours from the addressee's receipt of the EPOC (", "60 days from the addressee's receipt of the EPOC-PR", "31 March"
	told := func(v *desk.CaseView) { v.File.Notified = []protocol.ParticipantID{"de.enforcing"} }
	const refused = "10 days from the enforcing authority's receipt of the notification"
	for name, c := range map[string]struct {
		request   protocol.Request
		change    func(*desk.CaseView)
		want, not []string
	}{
		"production": {protocol.Request{Type: protocol.Production}, func(*desk.CaseView) {},
			[]string{produced}, []string{urgent, preserved, yearly, refused, "48 hours"}},
		"production, notified": {protocol.Request{Type: protocol.Production}, told,
			[]string{produced, refused}, []string{urgent, preserved, yearly}},
		"emergency": {protocol.Request{Type: protocol.Production, Emergency: &protocol.Emergency{},
			Authorisation: protocol.Authorisation{Unvalidated: true}}, func(*desk.CaseView) {},
			[]string{produced, urgent, "48 hours from the issuing"}, []string{preserved, yearly}},
		"preservation": {protocol.Request{Type: protocol.Preservation}, func(*desk.CaseView) {},
			[]string{preserved}, []string{produced, urgent, yearly}},
	} {
		v := clocked(t, "eu-epoc-2023", &c.request)
		c.change(v)
		var out bytes.Buffer
		writeClocks(&out, v)
		text := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range append(c.want, "more of this agreement seem to be for other requests: comity agreement show eu-epoc-2023") {
			if !strings.Contains(text, want) {
				t.Errorf("%s: lacks %q:\n%s", name, want, &out)
			}
		}
		for _, not := range c.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: has %q:\n%s", name, not, &out)
			}
		}
	}
}

// TestNoClockIsLostWithoutAWord: what is shown and what is counted is all.
func TestNoClockIsLostWithoutAWord(t *testing.T) {
	v := clocked(t, "letter-rogatory", &protocol.Request{Type: protocol.Production})
	var out bytes.Buffer
	writeClocks(&out, v)
	if !strings.HasPrefix(out.String(), "clock ") || strings.Contains(out.String(), "other requests") {
		t.Errorf("got\n%s", &out)
	}
}
