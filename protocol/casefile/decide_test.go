package casefile_test

import (
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

// grounds are those of a synthetic agreement between GB and US, after changes.
func grounds(t testing.TB, w *chaintest.World, changes ...string) casefile.Grounds {
	t.Helper()
	text := strings.NewReplacer(changes...).Replace(agreementtest.Bilateral(daa.ID, "GB", "US", agreementtest.Standing2020))
	return casefile.Grounds{Directory: w.Directory, Book: agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, text)})}
}

// A ground counts in the direction of the request, which is that from whoever
// gets the refusal to whoever gives it.
func TestRefusalWithABarredGroundIsDenied(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	g := grounds(t, w, "rights:", "barred_grounds:\n  - {ground: bank_secrecy, from: GB, article: Art. 8, text: barred, provenance: unverified}\nrights:")
	refusal := func(reason protocol.Reason, from, to protocol.ParticipantID) *chain.Authentic {
		act := w.Act(protocol.Body{Refusal: &protocol.Refusal{Reason: reason}}, from, to)
		act.Agreement = daa
		return &chain.Authentic{Act: act}
	}
	for _, c := range []struct {
		name string
		a    *chain.Authentic
		want protocol.Verdict
		rule string
	}{
		{"barred", refusal(protocol.ReasonBankSecrecy, contoso, office), protocol.Deny, agreement.StepGround},
		{"barred in the other direction", refusal(protocol.ReasonBankSecrecy, office, contoso), protocol.Allow, agreement.StepGround},
		{"another ground", refusal(protocol.ReasonNotHeld, contoso, office), protocol.Allow, agreement.StepGround},
		{"passed on", &chain.Authentic{Act: w.Act(protocol.Body{Relay: &protocol.Relay{Act: []byte("{}")}}, office, police),
			Inner: refusal(protocol.ReasonBankSecrecy, contoso, office)}, protocol.Allow, "case"},
	} {
		d := g.Decide(c.a, chaintest.Now)
		if d.Verdict != c.want || len(d.Findings) != 1 || d.Findings[0].Rule != c.rule {
			t.Errorf("%s: got %v, findings %v", c.name, d.Verdict, d.Findings)
		}
		if c.want == protocol.Deny && d.Reasons()[0] != protocol.ReasonBarredGround {
			t.Errorf("%s: got %v", c.name, d.Reasons())
		}
	}
}

// What a register and an act say must come to the rules.
func TestFactsAreThoseOfTheActAndTheRegisters(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	entry := w.Member(contoso).Entry
	entry.AlsoUnder = []protocol.Party{"IE"}
	told := w.NewMember("us.marshals", "Marshals", protocol.RoleEnforcing).Entry
	w.Update("US", register.Changes{Put: []register.Participant{entry, told}})
	request := w.Act(protocol.Body{Request: chaintest.Order(police, contoso)}, police, office)
	certified := w.Act(protocol.Body{Certification: &protocol.Certification{Request: []byte("{}"), Contact: "desk",
		Attestations: []protocol.Attestation{{Statement: "necessary"}}}}, office, contoso, "us.marshals", "us.unknown", police)
	certified.Agreement = daa
	g := grounds(t, w, "offence.max_custody_months >= 12", `addressee.law == ["US", "IE"] && notified.roles == ["enforcing"] && certified == ["necessary"]`)
	d := g.Decide(&chain.Authentic{Act: certified, Inner: &chain.Authentic{Act: request}}, chaintest.Now)
	got := map[string]string{}
	for _, in := range d.Inputs {
		got[in.Name] = in.Value
	}
	for name, want := range map[string]string{"addressee.law": `["US","IE"]`, "notified.roles": `["enforcing"]`, "certified": `["necessary"]`} {
		if got[name] != want {
			t.Errorf("%s: got %s, want %s", name, got[name], want)
		}
	}
	agreementtest.Expect(t, d, protocol.Allow)
}

// TestWhatIsDeletedIsNotDenied: a certificate whose reason no document here knows is
// denied to its own sender, and taken from another, who has deleted already.
func TestWhatIsDeletedIsNotDenied(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Act(protocol.Body{Deletion: &protocol.Deletion{Action: protocol.Deleted, Reason: protocol.DeletionRefused,
		Objects: []protocol.Digest{{1}}}}, office, contoso)
	act.Agreement = daa
	a := &chain.Authentic{Act: act}
	if d := grounds(t, w).Decide(a, chaintest.Now); d.Verdict != protocol.Deny {
		t.Fatalf("got %v, findings %v", d.Verdict, d.Findings)
	}
	for _, c := range []struct {
		self protocol.ParticipantID
		open bool
		want bool
	}{{contoso, true, true}, {police, true, true}, {office, true, false}, {contoso, false, false}} {
		if got := casefile.Files(a, c.self, c.open); got != c.want {
			t.Errorf("at %s, of a case that is held %t: got %t", c.self, c.open, got)
		}
	}
	act.Body.Deletion.Action = protocol.Restricted
	if casefile.Files(a, contoso, true) {
		t.Error("a restriction that no document knows is taken")
	}
}
