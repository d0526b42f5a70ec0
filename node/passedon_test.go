package node_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/node/link/linktest"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/wire"
	"comity.example/testnet"
)

const (
	justice = protocol.ParticipantID("ie.justice")
	dublin  = protocol.ParticipantID("ie.contoso")
)

// atDublin is a border to a central authority that has what it is asked for produced by
// a provider of its own Party.
func atDublin(t *testing.T, do func(t *testing.T, b *border)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	world := testnet.Topology{
		Parties: map[protocol.Party]map[protocol.ParticipantID]testnet.Member{
			"GB": {
				police: {Name: "Metropolitan Police Service", Roles: []protocol.Role{protocol.RoleIssuing}},
				office: {Name: "Home Office", Roles: []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral}},
			},
			"IE": {
				justice: {Name: "Department of Justice", Roles: []protocol.Role{protocol.RoleCentral, protocol.RoleEnforcing}},
				dublin:  {Name: "Contoso Ireland Ltd.", Roles: []protocol.Role{protocol.RoleProvider}},
			},
		},
		Agreements: map[string][]protocol.Party{"ets30-mla-1959": {"GB", "IE"}, "ie-law": {"IE"}},
	}
	synctest.Test(t, func(t *testing.T) {
		b := &border{t: t, began: time.Now(), logged: &lockedBuffer{},
			network:  linktest.NewNetwork(linktest.Conditions{Latency: 10 * time.Millisecond, Seed: 1}),
			running:  map[protocol.ParticipantID]*runner{},
			stolen:   map[protocol.ParticipantID]node.Keys{},
			officers: map[protocol.ParticipantID]*home.Officer{}}
		var err error
		b.World, err = testnet.Found(testnet.Founding{Dir: dir, Topology: world, At: founded,
			Address: func(id protocol.ParticipantID) (string, error) { return b.network.Addr(string(id)), nil }})
		b.must(err)
		defer b.close()
		for _, id := range []protocol.ParticipantID{police, office, justice, dublin} {
			b.start(id)
		}
		do(t, b)
	})
}

// assisted is a case in which justice is asked for mail, and the domestic case in which
// a provider disclosed it. The order there is one that was not validated yet.
func (b *border) assisted() (foreign, domestic protocol.CaseID) {
	b.t.Helper()
	r := newOrder()
	r.Addressee, r.Languages, r.Attestations = justice, []string{"en"}, nil
	r.Facts, r.Nexus = "A company was emptied by forged invoices.", "The invoices carry the address."
	r.Offence.CommittedIn = []protocol.Party{"GB"}
	done, err := b.act(police, desk.Draft{Agreement: "ets30-mla-1959", Body: protocol.Body{Request: r}})
	b.must(err)
	foreign = done.Case
	b.awaitState(office, foreign, "requested")
	b.does(office, foreign, protocol.Body{Certification: &protocol.Certification{Invokes: true, Contact: "duty desk", Targeting: "procedure 1",
		Attestations: []protocol.Attestation{{Statement: "original_on_request"}}}})
	b.awaitState(justice, foreign, "under_review")
	b.does(justice, foreign, protocol.Body{Acceptance: &protocol.Acceptance{}})

	v := b.view(justice, foreign)
	asked, err := desk.Asked(&v)
	b.must(err)
	order := &protocol.Request{Issuer: justice, Addressee: dublin, FileNumber: "MA-2026-31", Purpose: "order of the District Court",
		Authorisation: protocol.Authorisation{Kind: protocol.AuthorityCourt, Authority: "Dublin Metropolitan District Court", Reference: "MA-2026-31",
			Date: founded.AddDate(0, 0, -1).Truncate(24 * time.Hour), Instrument: "order to produce", Order: protocol.DigestOf([]byte("court")), Unvalidated: true},
		Offence: protocol.Offence{Description: "Deception", Provisions: []string{"2001 Act s.6"}, MaxCustodyMonths: 60}}
	done, err = b.act(justice, desk.Draft{Body: protocol.Body{Request: order.Executing(asked, foreign)}})
	b.must(err)
	if done.Act.IsZero() {
		b.t.Fatalf("the order was not sent: %v", done.Decision.Reasons())
	}
	b.awaitState(dublin, done.Case, "served")
	return foreign, done.Case
}

// producedAt has the provider disclose in the domestic case, and justice fetch it.
func (b *border) producedIn(domestic protocol.CaseID) {
	b.t.Helper()
	b.does(dublin, domestic, disclosure(protocol.ProductionComplete))
	b.awaitState(justice, domestic, "produced")
	b.awaitExhibit(justice, domestic, desk.EvidenceComplete)
}

var (
	passing    = protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete, Objects: []protocol.Object{}}}
	unapproved = protocol.Body{Validation: &protocol.Validated{Result: protocol.ValidationDenied}}
)

// TestWhatMayNotBeUsedIsNotServedWhereItWasPassedOn: the order of the domestic case is
// not validated after the fact, and from then on the State that asked gets nothing, though
// it was served before; people see why.
func TestWhatMayNotBeUsedIsNotServedWhereItWasPassedOn(t *testing.T) {
	atDublin(t, func(t *testing.T, b *border) {
		foreign, domestic := b.assisted()
		b.producedIn(domestic)
		b.network.Partition(string(police), string(justice))
		act := b.does(justice, foreign, passing).Act
		b.awaitState(office, foreign, "produced")
		tree := b.exhibit(justice, foreign).Object.Tree
		f := b.thief(office)
		serves := func(want bool) {
			t.Helper()
			for _, m := range []wire.Message{&wire.BlockQuery{Act: act, Tree: tree}, &wire.ShareQuery{Act: act, Object: tree}} {
				answer, err := f.Exchange(t.Context(), justice, m)
				b.must(err)
				if got := answer.Type() != wire.TypeNothing; got != want {
					t.Errorf("a %v is answered with a %v", m.Type(), answer.Type())
				}
			}
		}
		serves(true)
		if i := b.exhibit(justice, foreign); i.Why != "" {
			t.Errorf("people see %q", i.Why)
		}
		b.does(justice, domestic, unapproved)
		serves(false)
		b.does(office, foreign, protocol.Body{Relay: &protocol.Relay{}})
		b.network.Heal(string(police), string(justice))
		b.await("what the police see", func() bool {
			items := b.evidence(police, foreign)
			return len(items) == 1 && strings.Contains(items[0].Why, "has it no more")
		})
		b.halt(justice)
		b.start(justice)
		f = b.thief(office)
		serves(false)
		if i := b.exhibit(justice, foreign); i.State != desk.EvidenceDisclosed || !strings.Contains(i.Why, "may not be used in case "+string(domestic)) {
			t.Errorf("people see %s, %q", i.State, i.Why)
		}
		// It is deleted where it was passed on, and then where it came from.
		b.does(justice, foreign, deletingBecause(protocol.DeletionWithdrawn, tree))
		b.does(justice, domestic, deletingBecause(protocol.DeletionWithdrawn, tree))
	})
}

// TestWhatMayNotBeUsedIsNotPassedOn: neither does it wait for that, nor can it be done,
// also where it was prepared before.
func TestWhatMayNotBeUsedIsNotPassedOn(t *testing.T) {
	atDublin(t, func(t *testing.T, b *border) {
		foreign, domestic := b.assisted()
		b.producedIn(domestic)
		if v := b.view(justice, foreign); v.Move != casefile.Pass {
			t.Fatalf("justice is to %q", v.Move)
		}
		prepared := b.signedDraft(justice, foreign, passing)
		b.does(justice, domestic, unapproved)
		_, err := b.node(justice).Submit(t.Context(), prepared)
		wantProblem(t, "what was prepared", err, "may not be passed on")
		_, err = b.act(justice, desk.Draft{Case: foreign, Body: passing})
		wantProblem(t, "what waits", err, "may not be passed on")
		if v := b.view(justice, foreign); v.Move != casefile.Answer || v.Linked[0].Product != 0 {
			t.Errorf("justice is to %q, and %d wait to be passed on", v.Move, v.Linked[0].Product)
		}
	})
}
