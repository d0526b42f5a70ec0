package node_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	shipped "comity.example/protocol/agreement/library"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// notice signs a notice with the roots of whoever the test wants.
func (b *border) notice(n *agreement.Notice, roots ...*identity.Key) []byte {
	b.t.Helper()
	signed, err := agreement.SignNotice(n, roots...)
	b.must(err)
	return signed
}

// agreed is a shipped agreement, changed and signed by whom the test wants.
func (b *border) agreed(change func([]byte) []byte, by map[protocol.Party]*identity.Key) []byte {
	b.t.Helper()
	docs, err := shipped.Documents()
	b.must(err)
	at := slices.IndexFunc(docs, func(d *agreement.Document) bool { return d.ID == daa.ID })
	doc, err := agreement.ParseDocument("changed", change(docs[at].Bytes()))
	b.must(err)
	sigs := &agreement.PartySignatures{Agreement: doc.Ref(), Signatures: []agreement.PartySignature{}}
	for party, root := range by {
		sig, err := agreement.SignDocument(doc, party, b.now(), root)
		b.must(err)
		sigs.Add(sig)
	}
	text, err := sigs.Encode()
	b.must(err)
	signed, err := agreement.EncodeSigned(doc.Bytes(), text)
	b.must(err)
	return signed
}

// grounds is what a node decides on, as far as one can see from outside.
func (b *border) grounds(at protocol.ParticipantID) (docs []desk.Document, verdict protocol.Decision) {
	b.t.Helper()
	docs, err := b.node(at).Documents(b.t.Context())
	b.must(err)
	r := newOrder()
	prepared, err := b.node(at).Prepare(b.t.Context(), desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: r}})
	b.must(err)
	return docs, prepared.Decision
}

func TestDocumentsThatDoNotBindAreNotAdopted(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		n := b.node(office)
		gb, us := b.root("GB"), b.root("US")
		first, err := n.Read(t.Context(), "register", "GB@1")
		b.must(err)
		b.must(b.publish(n, "register", b.update(n, "GB", register.Changes{})))
		b.must(b.publish(n, "notice", b.notice(b.suspension("held", "US"), us)))
		longer := b.suspension("held", "US")
		longer.Ground = "another"

		same := func(b []byte) []byte { return b }
		other := func(b []byte) []byte { return append(bytes.Clone(b), "# and so on\n"...) }
		newer := func(b []byte) []byte { return bytes.Replace(b, []byte("version: 1"), []byte("version: 2"), 1) }
		type keys = map[protocol.Party]*identity.Key
		fork, err := register.Claim(first)
		b.must(err)
		fork.Version, fork.Previous, fork.Expires = 2, protocol.DigestOf(first), fork.Expires.Add(time.Hour)
		forked, err := register.Sign(fork, gb)
		b.must(err)

		docs, verdict := b.grounds(office)
		f := b.thief(police)
		for _, c := range []struct {
			name, kind string
			document   []byte
			want       protocol.Reason
		}{
			{"not signed", "notice", b.payloadOf(b.suspension("new", "US")), protocol.ReasonNotAuthentic},
			{"of another Party's roots", "notice", b.notice(b.suspension("new", "US"), gb), ""},
			{"by an officer", "notice", b.notice(b.suspension("new", "US"), b.officer(contoso).Key), ""},
			{"of a Party that is not pinned", "notice", b.notice(b.suspension("new", "FR"), us), ""},
			{"half of its signature", "notice", stripped(t, b.notice(b.suspension("new", "US"), us), 0), protocol.ReasonSignatureMissing},
			{"other bytes under its id", "notice", b.notice(longer, us), ""},
			{"agreement that nobody signed", "agreement", b.agreed(newer, nil), ""},
			{"agreement that one Party signed", "agreement", b.agreed(newer, keys{"GB": gb}), ""},
			{"agreement by the wrong roots", "agreement", b.agreed(newer, keys{"GB": us, "US": gb}), ""},
			{"other bytes under its version", "agreement", b.agreed(other, keys{"GB": gb, "US": us}), ""},
			{"older register", "register", first, protocol.ReasonRegisterRollback},
			{"another history", "register", forked, ""},
			{"noise", "register", []byte("noise"), ""},
			{"other noise", "notice", []byte("other noise"), ""},
			{"more noise", "agreement", []byte("more noise"), ""},
		} {
			if err := b.publish(n, c.kind, c.document); err == nil {
				t.Errorf("%s %s: published here, it was adopted", c.kind, c.name)
			}
			b.refusedDocument(f, office, &wire.Publish{Kind: wireKind(c.kind), Document: c.document}, c.want)
		}
		if err := b.publish(n, "agreement", b.agreed(same, keys{"GB": gb, "US": us})); err == nil {
			t.Error("the agreement that is held was adopted again")
		}
		if d, v := b.grounds(office); !reflect.DeepEqual(docs, d) || !sameFindings(verdict, v) {
			t.Errorf("the grounds have changed: %+v %+v", d, v)
		}
		b.check(office)
	}, office)
}

func (b *border) payloadOf(n *agreement.Notice) []byte {
	b.t.Helper()
	enc, err := n.Encode()
	b.must(err)
	return enc
}

func wireKind(kind string) wire.Kind {
	return map[string]wire.Kind{"register": wire.KindRegister, "agreement": wire.KindAgreement, "notice": wire.KindNotice}[kind]
}

func sameFindings(a, b protocol.Decision) bool {
	a.At, b.At = time.Time{}, time.Time{}
	a.Inputs, b.Inputs = nil, nil // the time is one of them
	return reflect.DeepEqual(a, b)
}

// refusedDocument publishes a document as a peer twice: one record.
func (b *border) refusedDocument(f *thief, at protocol.ParticipantID, m *wire.Publish, want protocol.Reason) {
	b.t.Helper()
	size := b.size(at)
	for range 2 {
		answer, err := f.Exchange(b.t.Context(), at, m)
		b.must(err)
		rec := b.proven(at, answer).Record
		if rec.Kind != ledger.KindRefused || rec.Document != protocol.DigestOf(m.Document) || len(rec.Reasons) != 1 ||
			want != "" && rec.Reasons[0] != want {
			b.t.Errorf("%v of %d bytes: the record is %+v, want a refusal for %s", m.Kind, len(m.Document), rec, want)
		}
	}
	if got := b.size(at); got != size+1 {
		b.t.Errorf("%v: %d entries, want one", m.Kind, got-size)
	}
}

func TestPublishedDocumentReachesWhomItConcerns(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.must(b.publish(b.node(office), "notice", b.notice(b.suspension("s1", "GB"), b.root("GB"))))
		b.must(b.publish(b.node(office), "register", b.update(b.node(office), "GB", register.Changes{})))
		for _, id := range []protocol.ParticipantID{police, contoso} {
			b.await("the documents", func() bool {
				docs, err := b.node(id).Documents(t.Context())
				b.must(err)
				has := func(name string) bool {
					return slices.ContainsFunc(docs, func(d desk.Document) bool { return d.Name == name })
				}
				return has("GB.s1") && has("GB@2")
			})
		}
	}, police, office, contoso)
}

func TestDocumentsSurviveRestartWithTheirEffect(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		n := b.node(police)
		_, before := b.grounds(police)
		b.must(b.publish(n, "notice", b.notice(b.suspension("s1", "US"), b.root("US"))))
		b.must(b.publish(n, "register", b.update(n, "GB", register.Changes{})))
		docs, verdict := b.grounds(police)
		if before.Verdict == protocol.Deny || verdict.Verdict != protocol.Deny {
			t.Fatalf("the suspension changed the verdict from %v to %v", before.Verdict, verdict.Verdict)
		}
		b.halt(police)
		// The files that the home has are the first ones: older registers.
		b.start(police)
		if d, v := b.grounds(police); !reflect.DeepEqual(docs, d) || !sameFindings(verdict, v) {
			t.Errorf("after a restart the grounds are %+v %+v\nwere %+v %+v", d, v, docs, verdict)
		}
		// The peers are down: what was to be told them waits.
		s, err := b.node(police).Status(t.Context())
		b.must(err)
		if s.Outbox == 0 {
			t.Error("nothing waits for the peers")
		}
	}, police)
}

// The racers of a race each do something a few times while a right is suspended.
const racers, laps = 16, 4

// race has a node adopt a notice in the middle of what many do. After the
// notice's entry its ledger holds no order that was decided without it.
func (b *border) race(at protocol.ParticipantID, do func(i, lap int), publish func(notice []byte)) {
	b.t.Helper()
	notice := b.notice(b.suspension("s1", "US"), b.root("US"))
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() {
			for lap := range laps {
				if i == 0 && lap == laps/2 {
					all.Go(func() { publish(notice) })
				}
				do(i, lap)
			}
		})
	}
	all.Wait()
	b.noneAfterNotice(at)
	b.check(at)
}

func TestNothingIsSentOnStaleGrounds(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		var drafts [racers][laps]desk.Draft
		for i := range racers {
			for lap := range laps {
				drafts[i][lap] = b.endorsed(newOrder())
			}
		}
		n := b.node(police)
		b.race(police, func(i, lap int) { n.Submit(t.Context(), drafts[i][lap]) }, // sent or denied
			func(notice []byte) { b.must(b.publish(n, "notice", notice)) })
	}, police)
}

func TestNothingIsAcceptedOnStaleGrounds(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		var envelopes [racers][laps][]byte
		for i := range racers {
			for lap := range laps {
				envelopes[i][lap] = b.seal(b.sign(b.forged(office)), office)
			}
		}
		f := b.thief(police)
		// The notice comes by the same way, and so at the same virtual moment.
		b.race(office, func(i, lap int) { f.deliver(office, envelopes[i][lap]) }, func(notice []byte) {
			_, err := f.Exchange(t.Context(), office, &wire.Publish{Kind: wire.KindNotice, Document: notice})
			b.must(err)
		})
	}, office)
}

// endorsed is an order that needs only to be submitted.
func (b *border) endorsed(r *protocol.Request) desk.Draft {
	b.t.Helper()
	p, err := b.node(police).Prepare(b.t.Context(), desk.Draft{Case: protocol.NewCaseID(), Agreement: daa.ID,
		Body: protocol.Body{Request: r}})
	b.must(err)
	p.Statement.Signed = b.now()
	e, err := b.officer(police).Endorse(p.Statement)
	b.must(err)
	return desk.Draft{Case: p.Case, Agreement: p.Statement.Agreement.ID, Body: p.Body,
		Endorsements: []protocol.Endorsement{e}}
}

func (b *border) noneAfterNotice(at protocol.ParticipantID) {
	b.t.Helper()
	suspended, before, refused := false, 0, 0
	for i, rec := range b.records(at) {
		content := rec.Kind == ledger.KindSent || rec.Kind == ledger.KindAccepted || rec.Kind == ledger.KindHeld
		switch {
		case rec.Kind == ledger.KindNotice:
			suspended = true
		case content && suspended:
			b.t.Errorf("%s: entry %d is %s, after the suspension", at, i, rec.Kind)
		case content:
			before++
		case rec.Kind == ledger.KindRefused:
			refused++
		}
	}
	if before == 0 || !suspended {
		b.t.Errorf("%s: %d orders before the suspension, %d refused: there was no race", at, before, refused)
	}
}

func TestRegisterOfAnOlderVersionAtStartIsPassedOver(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		n := b.node(office)
		b.must(b.publish(n, "register", b.update(n, "US", register.Changes{Remove: []protocol.ParticipantID{initech}})))
		size := b.size(office)
		b.halt(office) // the home still has version 1 as a file
		n = b.start(office)
		if name := b.newest(n, "US"); name != "US@2" || b.size(office) != size {
			t.Errorf("after the restart the register is %s, with %d entries", name, b.size(office)-size)
		}
		a := b.blank(disclosure(protocol.ProductionComplete), initech, office)
		a.Follows = []protocol.Digest{protocol.DigestOf(nil)}
		if _, err := b.thief(initech).Exchange(t.Context(), office,
			&wire.Deliver{Envelope: b.seal(b.sign(a), office), Lane: wire.Ordinary}); err == nil {
			t.Error("a participant that was taken out of the register was answered")
		}
	}, office)
}

func TestForgedRegisterAtStartStopsTheNode(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		held, err := b.node(office).Read(t.Context(), "register", "GB@1")
		b.must(err)
		forged, err := register.Claim(held)
		b.must(err)
		forged.Version, forged.Previous = 2, protocol.DigestOf(held)
		signed, err := register.Sign(forged, b.root("US"))
		b.must(err)
		b.halt(office)
		b.alter = func(c *node.Config) {
			c.Documents = append(c.Documents, node.Document{Kind: node.RegisterDocument, Bytes: signed})
		}
		r, err := b.open(office)
		b.must(err)
		defer r.Close()
		if err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "register") {
			t.Errorf("Run: got %v, want an error that names the register", err)
		}
	}, office)
}
