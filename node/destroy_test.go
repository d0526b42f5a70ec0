package node_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/seal"
	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/evidence"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// produced takes a case to where the police have the provider's evidence: the act
// that disclosed it, and its objects.
func (b *border) produced(names ...string) (id protocol.CaseID, act protocol.Digest, objects []protocol.Digest) {
	b.t.Helper()
	id = b.served()
	body := disclosure(protocol.ProductionComplete)
	if len(names) > 0 {
		body = protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete}}
		for _, name := range names {
			body.Disclosure.Objects = append(body.Disclosure.Objects, protocol.Object{Name: name, MediaType: "text/plain"})
		}
	}
	act = b.does(contoso, id, body).Act
	b.awaitState(office, id, "produced")
	b.does(office, id, protocol.Body{Relay: &protocol.Relay{}})
	for _, i := range b.evidence(contoso, id) {
		objects = append(objects, i.Object.Tree)
	}
	return id, act, objects
}

func (b *border) evidence(at protocol.ParticipantID, id protocol.CaseID) []desk.EvidenceItem {
	b.t.Helper()
	e, err := b.node(at).Evidence(b.t.Context(), id)
	b.must(err)
	return e.Items
}

func (b *border) awaitEvidence(at protocol.ParticipantID, id protocol.CaseID, want desk.EvidenceState) {
	b.t.Helper()
	b.await("evidence "+string(want)+" at "+string(at), func() bool {
		items := b.evidence(at, id)
		return len(items) > 0 && !slices.ContainsFunc(items, func(i desk.EvidenceItem) bool { return i.State != want })
	})
}

func deleting(objects ...protocol.Digest) protocol.Body {
	return deletingBecause(protocol.DeletionMinimised, objects...)
}

// purging is for a reason of the sender's own law, which no agreement has to know.
func purging(objects ...protocol.Digest) protocol.Body {
	return deletingBecause(protocol.DeletionPurge, objects...)
}

func deletingBecause(reason protocol.DeletionReason, objects ...protocol.Digest) protocol.Body {
	return protocol.Body{Deletion: &protocol.Deletion{Action: protocol.Deleted, Reason: reason, Objects: objects}}
}

func restricting(objects ...protocol.Digest) protocol.Body {
	return protocol.Body{Deletion: &protocol.Deletion{Action: protocol.Restricted, Reason: protocol.DeletionMinimised, Objects: objects}}
}

// signedDraft is a draft as an officer signed it, before it is submitted.
func (b *border) signedDraft(at protocol.ParticipantID, id protocol.CaseID, body protocol.Body) desk.Draft {
	b.t.Helper()
	p, err := b.node(at).Prepare(b.t.Context(), desk.Draft{Case: id, Body: body})
	b.must(err)
	p.Statement.Signed = b.now()
	e, err := b.officer(at).Endorse(p.Statement)
	b.must(err)
	return desk.Draft{Case: id, Body: p.Body, Endorsements: []protocol.Endorsement{e}}
}

// unread wants an object to be handed out by nobody's node but others'.
func (b *border) unread(at protocol.ParticipantID, id protocol.CaseID, object protocol.Digest, want int) {
	b.t.Helper()
	var out bytes.Buffer
	err := b.node(at).Content(b.t.Context(), desk.Piece{Case: id, Object: object}, &out)
	var problem *desk.Problem
	if !errors.As(err, &problem) || problem.Status != want || out.Len() > 0 {
		b.t.Errorf("%s hands out %d bytes: %v, want %d", at, out.Len(), err, want)
	}
}

func (b *border) certificates(at protocol.ParticipantID, id protocol.CaseID) int {
	b.t.Helper()
	return b.acts(at, id, protocol.KindDeletion, police)
}

// destroyed counts the ledger entries of destroyed keys.
func (b *border) destroyed(at protocol.ParticipantID) (n int) {
	b.t.Helper()
	for _, rec := range b.records(at) {
		if rec.Kind == ledger.KindDestroyed {
			n++
		}
	}
	return n
}

// TestWhatIsDeletedIsGone, for its holder, for whoever copies what its holder kept,
// and for its holder again. Others have their own.
func TestWhatIsDeletedIsGone(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, act, objects := b.produced()
		b.awaitEvidence(police, id, desk.EvidenceComplete)
		o := objects[0]
		f := b.thief(police)
		ask := func(m wire.Message) wire.Message {
			answer, err := f.Exchange(t.Context(), contoso, m)
			b.must(err)
			return answer
		}
		// What a thief of everything that the police keep would have had before: the
		// sealed bytes, the share in the act and the keys that open it, and the share
		// that the provider held back.
		sent, sealed := b.stolenShare(id, act, o), b.sealedBytes(ask, act, o)
		held := ask(&wire.ShareQuery{Act: act, Object: o}).(*wire.Share).Share
		if got := opened(id, evidence.Join(held, sent), sealed); got != contents["mailbox.mbox"] {
			t.Fatalf("with both shares it opens as %q", got)
		}

		b.does(police, id, deleting(o))
		b.await("the certificate", func() bool { return b.certificates(contoso, id) == 1 && b.certificates(office, id) == 1 })
		b.unread(police, id, o, http.StatusGone)
		b.awaitEvidence(police, id, desk.EvidenceDeleted)
		if b.node(police).HasKey(id, o) {
			t.Error("the key is still there")
		}
		for _, m := range []wire.Message{&wire.ShareQuery{Act: act, Object: o}, &wire.BlockQuery{Act: act, Tree: o}} {
			if _, nothing := ask(m).(*wire.Nothing); !nothing {
				t.Errorf("the provider still answers a %v", m.Type())
			}
		}
		for name, key := range map[string]evidence.Share{"the share alone": sent, "no share": {}} {
			if got := opened(id, key, sealed); got != "" {
				t.Errorf("%s opens it: %q", name, got)
			}
		}
		if _, err := b.node(police).Fetch(t.Context(), id, desk.Fetch{Object: o}); err == nil {
			time.Sleep(time.Minute)
		}
		b.unread(police, id, o, http.StatusGone)
		b.must(b.node(contoso).Content(t.Context(), desk.Piece{Case: id, Object: o}, io.Discard))

		_, err := b.act(police, desk.Draft{Case: id, Body: deleting(o)})
		wantProblem(t, "deleted twice", err, "deleted already")
		if n := b.destroyed(police); n != 1 {
			t.Errorf("the ledger says %d times that a key was destroyed", n)
		}
		b.check(police)
		b.halt(police)
		b.start(police)
		b.unread(police, id, o, http.StatusGone)
		b.awaitReceipt(police, id)
		if n := b.certificates(contoso, id); n != 1 {
			t.Errorf("%d certificates", n)
		}
	}, police, office, contoso)
}

// stolenShare opens the share that a disclosure sent, with the key of the police.
func (b *border) stolenShare(id protocol.CaseID, act, object protocol.Digest) evidence.Share {
	b.t.Helper()
	for _, a := range b.view(contoso, id).Acts {
		if a.Act != act {
			continue
		}
		plain, err := seal.Open(evidence.KeysType, a.Content.Body.Disclosure.Keys, b.keys(police).Open)
		b.must(err)
		k, err := protocol.ParseEvidenceKeys(plain, id)
		b.must(err)
		share, _ := k.Of(object)
		return share
	}
	b.t.Fatal("no such act")
	return evidence.Share{}
}

func (b *border) sealedBytes(ask func(wire.Message) wire.Message, act, object protocol.Digest) []byte {
	b.t.Helper()
	block, ok := ask(&wire.BlockQuery{Act: act, Tree: object}).(*wire.Block)
	if !ok {
		b.t.Fatal("no block")
	}
	return block.Block
}

// opened is what sealed bytes hold under a key, "" if they do not open.
func opened(id protocol.CaseID, key [32]byte, sealed []byte) string {
	r, err := stream.NewReaderAt(bytes.NewReader(sealed), int64(len(sealed)), stream.Key(key), evidence.Context(id))
	if err != nil {
		return ""
	}
	out, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		return ""
	}
	return string(out)
}

// TestADeletionGoesOnAfterACrash between any two of its steps: the certificate is
// sent once, and never before the keys are gone.
func TestADeletionGoesOnAfterACrash(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		for name, killed := range map[string]func(d desk.Draft){
			"ordered":            func(desk.Draft) {},
			"one of two is gone": func(d desk.Draft) { b.must(b.node(police).DestroyKey(d.Case, d.Body.Deletion.Objects[0])) },
			"both are gone": func(d desk.Draft) {
				for _, o := range d.Body.Deletion.Objects {
					b.must(b.node(police).DestroyKey(d.Case, o))
				}
			},
		} {
			id, _, objects := b.produced("mailbox.mbox", "a.txt")
			b.awaitEvidence(police, id, desk.EvidenceComplete)
			before := b.destroyed(police)
			d := b.signedDraft(police, id, deleting(objects...))
			b.must(b.node(police).OrderDestruction(t.Context(), d))
			killed(d)
			if _, err := b.node(police).Dispatch(t.Context(), d); err == nil && name != "both are gone" {
				t.Errorf("%s: certified before the keys are gone", name)
			} else if name == "both are gone" {
				b.must(err)
			}
			for _, o := range objects {
				b.unread(police, id, o, http.StatusGone)
			}
			b.halt(police)
			b.start(police)
			b.await(name+": the certificate", func() bool { return b.certificates(contoso, id) == 1 })
			for _, o := range objects {
				if b.node(police).HasKey(id, o) {
					t.Errorf("%s: a key is still there", name)
				}
			}
			if n := b.destroyed(police) - before; n != len(objects) {
				t.Errorf("%s: the ledger has %d entries of destroyed keys", name, n)
			}
			b.halt(police)
			b.start(police)
			time.Sleep(time.Minute)
			if n := b.certificates(contoso, id); n != 1 {
				t.Errorf("%s: %d certificates", name, n)
			}
		}
		b.check(police)
	}, police, office, contoso)
}

// TestAnOldOrderWantsASignatureAnew: the node was down until the officer's signature
// held no longer. The keys go, and the certificate waits for another.
func TestAnOldOrderWantsASignatureAnew(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, _, objects := b.produced()
		b.awaitEvidence(police, id, desk.EvidenceComplete)
		d := b.signedDraft(police, id, deleting(objects...))
		b.must(b.node(police).OrderDestruction(t.Context(), d))
		b.halt(police)
		b.turn(chain.MaxEndorsementAge + time.Hour)
		b.start(police)
		b.await("the key to be gone", func() bool { return !b.node(police).HasKey(id, objects[0]) })
		time.Sleep(time.Minute)
		items := b.evidence(police, id)
		if b.certificates(police, id) != 0 || !strings.Contains(items[0].Why, "comity delete") {
			t.Errorf("%d certificates, and people are told %q", b.certificates(police, id), items[0].Why)
		}
		b.does(police, id, deleting(objects...))
		if items := b.evidence(police, id); b.certificates(police, id) != 1 || items[0].Why != "" {
			t.Errorf("%d certificates, and people are told %q", b.certificates(police, id), items[0].Why)
		}
	}, police, office, contoso)
}

// TestDeletedBeforeItCame: what is on its way is fetched no more.
func TestDeletedBeforeItCame(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.network.Partition(string(police), string(contoso))
		id, _, objects := b.produced()
		b.await("the objects", func() bool { return len(b.evidence(police, id)) == 1 })
		b.does(police, id, deleting(objects...))
		b.network.Heal(string(police), string(contoso))
		b.await("the certificate", func() bool { return b.certificates(contoso, id) == 1 })
		time.Sleep(10 * time.Minute)
		b.unread(police, id, objects[0], http.StatusGone)
		if b.node(police).HasKey(id, objects[0]) {
			t.Error("its key came all the same")
		}
	}, police, office, contoso)
}

// TestEachDeletesItsOwn: who passed evidence on deletes its copy, and others keep
// theirs; nobody deletes what it was not given, or what is of another case.
func TestEachDeletesItsOwn(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, _, objects := b.produced()
		b.awaitEvidence(police, id, desk.EvidenceComplete)
		_, err := b.node(office).Fetch(t.Context(), id, desk.Fetch{})
		b.must(err)
		b.awaitEvidence(office, id, desk.EvidenceComplete)
		b.does(office, id, deleting(objects...))
		b.unread(office, id, objects[0], http.StatusGone)
		b.must(b.node(police).Content(t.Context(), desk.Piece{Case: id, Object: objects[0]}, io.Discard))
		b.must(b.node(contoso).Content(t.Context(), desk.Piece{Case: id, Object: objects[0]}, io.Discard))

		other, _, _ := b.produced("a.txt")
		b.awaitEvidence(police, other, desk.EvidenceComplete)
		_, err = b.act(police, desk.Draft{Case: other, Body: deleting(objects...)})
		wantProblem(t, "an object of another case", err, "not handed over in this case")
		if !b.node(police).HasKey(id, objects[0]) {
			t.Error("an object of another case was destroyed")
		}
		a := b.blank(deleting(objects...), fbi, contoso)
		a.Case = id
		b.endorse(a)
		size := b.size(contoso)
		if _, taken := b.smuggle(a).(*wire.Receipt); taken {
			t.Error("a stranger's deletion is taken")
		}
		if b.certificates(contoso, id) != 0 || b.size(contoso) > size+1 {
			t.Error("a stranger's deletion is in the case")
		}
	}, police, office, contoso)
}

// TestRestrictedIsNotHandedOut, and can be deleted afterwards.
func TestRestrictedIsNotHandedOut(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, act, objects := b.produced()
		b.awaitEvidence(police, id, desk.EvidenceComplete)
		b.does(police, id, restricting(objects...))
		b.awaitEvidence(police, id, desk.EvidenceRestricted)
		b.unread(police, id, objects[0], http.StatusConflict)
		if !b.node(police).HasKey(id, objects[0]) {
			t.Error("the key is gone")
		}
		b.await("the certificate", func() bool { return b.certificates(contoso, id) == 1 })
		answer, err := b.thief(police).Exchange(t.Context(), contoso, &wire.ShareQuery{Act: act, Object: objects[0]})
		b.must(err)
		if _, nothing := answer.(*wire.Nothing); !nothing {
			t.Errorf("the provider answers with a %v", answer.Type())
		}
		b.does(police, id, deleting(objects...))
		b.unread(police, id, objects[0], http.StatusGone)
		_, err = b.act(police, desk.Draft{Case: id, Body: restricting(objects...)})
		wantProblem(t, "restricted after it was deleted", err, "deleted already")
	}, police, office, contoso)
}
