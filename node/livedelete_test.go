package node_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casepack"
	"comity.example/protocol/wire"
)

// overheard is an interception that runs, of which its reader has a segment: the case,
// the act that announced the live object, and its id.
func (b *border) overheard() (id protocol.CaseID, start, live protocol.Digest) {
	b.t.Helper()
	id = b.tapped()
	_, err := b.feeds(id, "one ")
	b.must(err)
	b.await("one segment", func() bool { return b.exhibit(police, id).Segments == 1 })
	for _, a := range b.view(contoso, id).Acts {
		if t := a.Content.Body.Interception; t != nil && t.Live != nil {
			start = a.Act
		}
	}
	return id, start, b.exhibit(police, id).Object.Tree
}

// lends wants a provider to hand out a live object to the police, or nothing.
func (b *border) lends(start, live protocol.Digest, want bool) {
	b.t.Helper()
	for _, m := range []wire.Message{&wire.SegmentQuery{Act: start}, &wire.ShareQuery{Act: start, Object: live}} {
		answer, err := b.thief(police).Exchange(b.t.Context(), contoso, m)
		b.must(err)
		if got := answer.Type() != wire.TypeNothing; got != want {
			b.t.Errorf("a %v is answered with a %v", m.Type(), answer.Type())
		}
	}
}

// followed wants nobody to follow a live object any more.
func (b *border) unfollowed(at protocol.ParticipantID, id protocol.CaseID, want int) {
	b.t.Helper()
	var out strings.Builder
	b.problem(b.node(at).Follow(b.t.Context(), desk.Piece{Case: id}, &out), want, "")
	if out.Len() > 0 {
		b.t.Errorf("%s reads %q all the same", at, out.String())
	}
}

func (b *border) counted(at protocol.ParticipantID, id protocol.CaseID, kind protocol.Kind, want int) {
	b.t.Helper()
	b.await("the "+string(kind), func() bool { return b.acts(at, id, kind, police) == want })
}

// TestALiveObjectIsDeletedWhileItGrows: it is gone at its reader, for whoever follows it
// too; nothing more of it is lent, asked for or adopted, also after restarts and when the
// stop says what it became. Others have their own.
func TestALiveObjectIsDeletedWhileItGrows(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, start, live := b.overheard()
		_, err := b.node(office).Fetch(t.Context(), id, desk.Fetch{})
		b.must(err)
		b.await("a segment at the office", func() bool { return b.exhibit(office, id).Segments == 1 })
		following := make(chan error, 1)
		var followed lockedBuffer
		go func() { following <- b.node(police).Follow(t.Context(), desk.Piece{Case: id}, &followed) }()
		b.lends(start, live, true)
		waits := make(chan wire.Message, 1)
		reader := b.thief(police)
		go func() {
			m, err := reader.Exchange(t.Context(), contoso, &wire.SegmentQuery{Act: start, Seq: 1})
			b.must(err)
			waits <- m
		}()
		time.Sleep(time.Second)

		b.does(police, id, deleting(live))
		b.problem(<-following, http.StatusGone, "deleted")
		b.counted(contoso, id, protocol.KindDeletion, 1)
		b.lends(start, live, false)
		_, err = b.feeds(id, "two")
		b.must(err)
		if m := <-waits; m.Type() != wire.TypeNothing {
			t.Errorf("who waited when it was deleted got a %v", m.Type())
		}
		gone := func() {
			t.Helper()
			i := b.awaitExhibit(police, id, desk.EvidenceDeleted)
			if i.Number != 1 || i.Why != "" || i.Segments != 0 || i.Object.Name != "calls.pcap" {
				t.Errorf("people see %+v", i)
			}
			if b.node(police).HasKey(id, live) || followed.String() != "one " {
				t.Errorf("its key is there, or %q was followed", followed.String())
			}
			b.unfollowed(police, id, http.StatusGone)
			b.unread(police, id, live, http.StatusGone)
		}
		gone()
		b.halt(police)
		b.start(police)
		_, err = b.node(police).Fetch(t.Context(), id, desk.Fetch{})
		b.must(err)
		time.Sleep(2 * time.Minute)
		gone()
		b.await("two segments at the office", func() bool { return b.exhibit(office, id).Segments == 2 })

		b.does(contoso, id, tap(protocol.TapStopped, b.now()))
		p := b.product(police, id)
		if p == nil || p.Segments != 2 {
			t.Fatalf("the stop says %+v", p)
		}
		b.awaitExhibit(office, id, desk.EvidenceComplete)
		time.Sleep(2 * time.Minute)
		gone()
		b.unread(police, id, p.Tree, http.StatusGone)
		b.lends(start, live, false)
		for _, name := range []protocol.Digest{live, p.Tree} {
			_, err := b.act(police, desk.Draft{Case: id, Body: deleting(name)})
			wantProblem(t, "deleted twice", err, "deleted already")
		}
		if n := b.destroyed(police); n != 1 {
			t.Errorf("the ledger says %d times that a key was destroyed", n)
		}
		if strings.Contains(b.logged.String(), "a live object does not come") {
			t.Error("it is asked for still")
		}
		var file bytes.Buffer
		b.must(b.node(police).Export(t.Context(), id, &file))
		pack, err := casepack.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
		b.must(err)
		if e := pack.Index.Evidence; len(e) != 1 || e[0].Tree != p.Tree || e[0].Standing != casepack.Deleted {
			t.Errorf("the package says %+v", e)
		}
		b.check(police)
	}, police, office, contoso)
}

// TestALiveObjectIsDeletedByItsIDOnceItHasBecomeSomething, and by both names once.
func TestALiveObjectIsDeletedByItsIDOnceItHasBecomeSomething(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, start, live := b.overheard()
		b.does(contoso, id, tap(protocol.TapStopped, b.now()))
		product := b.awaitExhibit(police, id, desk.EvidenceComplete).Object.Tree
		_, err := b.act(police, desk.Draft{Case: id, Body: deleting(live, product)})
		wantProblem(t, "by both names", err, "two names")
		b.does(police, id, deleting(live))
		b.awaitExhibit(police, id, desk.EvidenceDeleted)
		b.unread(police, id, product, http.StatusGone)
		if b.node(police).HasKey(id, product) || b.node(police).HasKey(id, live) {
			t.Error("its key is there")
		}
		b.counted(contoso, id, protocol.KindDeletion, 1)
		b.lends(start, live, false)
		b.does(contoso, id, purging(live))
		b.awaitExhibit(contoso, id, desk.EvidenceDeleted)
		b.unread(contoso, id, product, http.StatusGone)
	}, police, office, contoso)
}

// turnedAway is how often a node gave nothing to who asked for evidence.
func (b *border) turnedAway(at protocol.ParticipantID) (n float64) {
	b.t.Helper()
	families, err := b.node(at).metrics.Gather()
	b.must(err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "comity_evidence_blocks_total" && l.GetValue() == "refused" {
					n += m.GetCounter().GetValue()
				}
			}
		}
	}
	return n
}

// TestALiveObjectIsRestricted: its key stays, and nothing of it is handed out or comes;
// it can be deleted afterwards.
func TestALiveObjectIsRestricted(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, start, live := b.overheard()
		b.does(police, id, restricting(live))
		b.counted(contoso, id, protocol.KindDeletion, 1)
		b.lends(start, live, false)
		_, err := b.feeds(id, "two")
		b.must(err)
		b.does(contoso, id, tap(protocol.TapStopped, b.now()))
		p := b.product(police, id)
		asked := b.turnedAway(contoso)
		time.Sleep(2 * time.Minute)
		if n := b.turnedAway(contoso); asked == 0 || n != asked {
			t.Errorf("it is asked for still: %v times, and before that %v", n-asked, asked)
		}
		b.awaitExhibit(police, id, desk.EvidenceRestricted)
		b.unfollowed(police, id, http.StatusConflict)
		b.unread(police, id, live, http.StatusConflict)
		if !b.node(police).HasKey(id, live) || b.node(police).HasKey(id, p.Tree) {
			t.Error("its key is gone, or it was adopted")
		}
		b.does(police, id, deleting(p.Tree))
		b.awaitExhibit(police, id, desk.EvidenceDeleted)
		if b.node(police).HasKey(id, live) {
			t.Error("its key is there")
		}
	}, police, office, contoso)
}

// TestWhoFeedsStopsBeforeItDeletes: what grows would come back.
func TestWhoFeedsStopsBeforeItDeletes(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, start, live := b.overheard()
		_, err := b.act(contoso, desk.Draft{Case: id, Body: purging(live)})
		wantProblem(t, "while it runs", err, "has not stopped")
		if _, err := b.feeds(id, "two"); err != nil {
			t.Errorf("nothing is taken any more: %v", err)
		}
		b.does(contoso, id, tap(protocol.TapStopped, b.now()))
		b.does(contoso, id, purging(live))
		b.awaitExhibit(contoso, id, desk.EvidenceDeleted)
		b.lends(start, live, false)
	}, police, office, contoso)
}

// TestALiveDeletionGoesOnAfterACrash between any two of its steps.
func TestALiveDeletionGoesOnAfterACrash(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		for name, killed := range map[string]func(id protocol.CaseID, live protocol.Digest){
			"ordered":         func(protocol.CaseID, protocol.Digest) {},
			"its key is gone": func(id protocol.CaseID, live protocol.Digest) { b.must(b.node(police).DestroyKey(id, live)) },
		} {
			id, start, live := b.overheard()
			d := b.signedDraft(police, id, deleting(live))
			b.must(b.node(police).OrderDestruction(t.Context(), d))
			killed(id, live)
			b.unfollowed(police, id, http.StatusGone)
			b.halt(police)
			_, err := b.feeds(id, "two")
			b.must(err)
			b.start(police)
			b.counted(contoso, id, protocol.KindDeletion, 1)
			if b.node(police).HasKey(id, live) {
				t.Errorf("%s: its key is there", name)
			}
			b.lends(start, live, false)
			time.Sleep(time.Minute)
			if n := b.acts(contoso, id, protocol.KindDeletion, police); n != 1 {
				t.Errorf("%s: %d certificates", name, n)
			}
		}
		b.check(police)
	}, police, office, contoso)
}

// TestNobodyClosesAsDeletedWhatGrew: segments that came, and became nothing here, may not
// be used either.
func TestNobodyClosesAsDeletedWhatGrew(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, start, live := b.overheard()
		b.must(b.node(contoso).Bar(t.Context(), id))
		b.lends(start, live, false)
		_, err := b.feeds(id, "two")
		b.must(err)
		b.does(police, id, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
		if p := b.product(police, id); p == nil || p.Segments != 2 {
			t.Fatalf("the stop says %+v", p)
		}
		b.must(b.node(police).Bar(t.Context(), id))
		if i := b.exhibit(police, id); i.State != desk.EvidenceFetching || i.Segments != 1 || !b.view(police, id).ToDelete {
			t.Errorf("people see %+v, to delete %v", i, b.view(police, id).ToDelete)
		}
		closing := protocol.Body{Closure: &protocol.Closure{Deleted: true}}
		_, err = b.act(police, desk.Draft{Case: id, Body: closing})
		wantProblem(t, "with segments", err, "has evidence of it")
		b.does(police, id, purging(live))
		if b.view(police, id).ToDelete {
			t.Error("it is still to be deleted")
		}
		b.does(police, id, closing)
	}, police, office, contoso)
}

// TestAStopThatNamesOtherEvidenceLeavesTheLiveObject: its provider names a file that it
// disclosed before as what was delivered. Who deletes that file deletes no more than it.
func TestAStopThatNamesOtherEvidenceLeavesTheLiveObject(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, _, live := b.overheard()
		b.does(contoso, id, disclosure(protocol.ProductionPartial))
		b.awaitState(office, id, "partly_produced")
		b.does(office, id, protocol.Body{Relay: &protocol.Relay{}})
		var file protocol.Object
		b.await("the mailbox", func() bool {
			items := b.evidence(police, id)
			if len(items) == 2 {
				file = items[1].Object
			}
			return len(items) == 2 && items[1].State == desk.EvidenceComplete
		})
		b.awaitReceipt(contoso, id)
		_, err := b.node(office).Fetch(t.Context(), id, desk.Fetch{Object: file.Tree})
		b.must(err)
		b.await("the mailbox at the office", func() bool { return b.node(office).HasKey(id, file.Tree) })
		stop := b.blank(tap(protocol.TapStopped, b.now()), contoso, b.view(contoso, id).File.Recipients(protocol.KindInterception, contoso)...)
		stop.Body.Interception.Product = &protocol.Object{Name: "calls", MediaType: "text/plain", Size: file.Size, SHA512: file.SHA512, Tree: file.Tree, Segments: 1}
		stop.Case, stop.Follows = id, b.view(contoso, id).File.Held()
		b.endorse(stop)
		for _, at := range []protocol.ParticipantID{police, office} {
			if m := b.deliver(contoso, at, b.seal(b.sign(stop), stop.To...)); m.Type() != wire.TypeReceipt {
				t.Fatalf("%s answers the stop with a %v", at, m.Type())
			}
		}
		b.does(office, id, deleting(file.Tree)) // which never asked for the live object
		if b.node(office).HasKey(id, file.Tree) {
			t.Error("the file is there, and certified as deleted")
		}
		b.does(police, id, deleting(file.Tree))
		items := b.evidence(police, id)
		if items[0].State != desk.EvidenceDamaged || !strings.Contains(items[0].Why, "names other evidence") || items[1].State != desk.EvidenceDeleted {
			t.Errorf("people see %+v", items)
		}
		if !b.node(police).HasKey(id, live) || b.node(police).HasKey(id, file.Tree) {
			t.Error("something else was deleted")
		}
		b.does(police, id, deleting(live))
		if b.node(police).HasKey(id, live) {
			t.Error("its key is there")
		}
	}, police, office, contoso)
}
