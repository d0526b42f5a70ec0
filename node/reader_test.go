package node_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/node/transfer"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// asks has a participant's thief ask the provider for a block and a share, and returns
// what came: "" for nothing, "busy", or "bytes".
func (b *border) asks(f *thief, act, tree protocol.Digest) (got [2]string) {
	b.t.Helper()
	for i, m := range []wire.Message{&wire.BlockQuery{Act: act, Tree: tree}, &wire.ShareQuery{Act: act, Object: tree}} {
		switch answer, err := f.Exchange(b.t.Context(), contoso, m); {
		case err != nil || answer.Type() == wire.TypeNothing:
		case answer.Type() == wire.TypeBusy:
			got[i] = "busy"
		default:
			got[i] = "bytes"
		}
	}
	return got
}

// TestReadersGetNothingThatIsNotTheirs: nor what is not disclosed yet, nor any more.
func TestReadersGetNothingThatIsNotTheirs(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		f := b.thief(police)
		wants := func(what string, act, tree protocol.Digest, want string) {
			t.Helper()
			if got := b.asks(f, act, tree); got != [2]string{want, want} {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
		}
		id, act, objects := b.produced()
		other, otherAct, otherObjects := b.produced("a.txt")
		b.awaitEvidence(police, id, desk.EvidenceComplete)
		b.awaitEvidence(police, other, desk.EvidenceComplete)
		wants("its own", act, objects[0], "bytes")
		wants("of another case, by this one's act", act, otherObjects[0], "")
		wants("of this case, by another's act", otherAct, objects[0], "")

		// Held is not disclosed, whatever act is named.
		held := b.served()
		o, err := b.node(contoso).TakeIn(t.Context(), held, desk.Intake{Name: "held"}, strings.NewReader("held"))
		b.must(err)
		wants("what is held", act, o.Tree, "")
		wants("what is held, by no act", protocol.Digest{}, o.Tree, "")
		// Signed by an officer, and not submitted.
		d := b.signedDraft(contoso, held, protocol.Body{Disclosure: &protocol.Disclosure{
			Status: protocol.ProductionComplete, Objects: []protocol.Object{o}}})
		wants("what is prepared", protocol.DigestOf(d.Body.Disclosure.Keys), o.Tree, "")

		b.does(contoso, id, purging(objects...))
		wants("what is deleted", act, objects[0], "")
		wants("what is not", otherAct, otherObjects[0], "bytes")
	}, police, office, contoso)
}

// TestAReaderMayNotAskForTheSameForEver: it is told to come again, and others are
// served.
func TestAReaderMayNotAskForTheSameForEver(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		content := bytes.Repeat([]byte("From falcon\n"), 86<<10) // a block, nearly
		o := b.handsOver(id, map[string][]byte{"mailbox.mbox": content})[0]
		act := b.exhibit(office, id).Act
		f := b.thief(office)
		most := int64(transfer.RepeatSlack) + (transfer.Repeats+1)*o.Size
		had, busy := int64(0), 0
		for busy < 3 && had <= 2*most {
			answer, err := f.Exchange(context.Background(), contoso, &wire.BlockQuery{Act: act, Tree: o.Tree})
			b.must(err)
			switch m := answer.(type) {
			case *wire.Block:
				had += int64(len(m.Block))
			case *wire.Busy:
				busy++
				time.Sleep(time.Second)
			default:
				t.Fatalf("answered with a %v", answer.Type())
			}
		}
		if had > most || busy < 3 {
			t.Errorf("had %d bytes of an object of %d, and was told to come again %d times", had, o.Size, busy)
		}
		// Who may read it, and has not, is served.
		if got := b.asks(b.thief(police), act, o.Tree); got[0] != "bytes" {
			t.Errorf("another reader gets %q", got)
		}
	}, police, office, contoso)
}
