package node_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/wire"
)

// live is a start that announces a live object.
func live(at time.Time) protocol.Body {
	b := tap(protocol.TapStarted, at)
	b.Interception.Live = &protocol.Live{Name: "calls.pcap", MediaType: "application/vnd.tcpdump.pcap"}
	return b
}

// tapped opens an interception with a live object, which runs.
func (b *border) tapped() protocol.CaseID {
	b.t.Helper()
	id := b.order(b.tapOrder())
	b.does(contoso, id, live(b.now()))
	b.awaitStand(id, casefile.RegionInterception, "active", police, contoso)
	return id
}

// A feeder feeds a live object as somebody writes to it.
type feeder struct {
	*io.PipeWriter
	ended chan struct{}
	fed   desk.Fed
	err   error
}

func (b *border) feeder(id protocol.CaseID) *feeder {
	r, w := io.Pipe()
	f := &feeder{PipeWriter: w, ended: make(chan struct{})}
	n := b.node(contoso)
	go func() {
		defer close(f.ended)
		f.fed, f.err = n.Feed(b.t.Context(), id, r)
	}()
	return f
}

func (f *feeder) wait() (desk.Fed, error) {
	<-f.ended
	return f.fed, f.err
}

// feeds feeds content and its end.
func (b *border) feeds(id protocol.CaseID, content string) (desk.Fed, error) {
	return b.node(contoso).Feed(b.t.Context(), id, strings.NewReader(content))
}

// problem wants an error that says something to a person.
func (b *border) problem(err error, status int, text string) {
	b.t.Helper()
	var p *desk.Problem
	if !errors.As(err, &p) || p.Status != status || !strings.Contains(p.Text, text) {
		b.t.Errorf("got %v, want %d with %q", err, status, text)
	}
}

// item is the only one of a case's evidence.
func (b *border) exhibit(at protocol.ParticipantID, id protocol.CaseID) desk.EvidenceItem {
	b.t.Helper()
	e, err := b.node(at).Evidence(b.t.Context(), id)
	b.must(err)
	if len(e.Items) != 1 {
		b.t.Fatalf("%s has %d objects: %+v", at, len(e.Items), e.Items)
	}
	return e.Items[0]
}

func (b *border) awaitExhibit(at protocol.ParticipantID, id protocol.CaseID, want desk.EvidenceState) desk.EvidenceItem {
	b.t.Helper()
	var last desk.Evidence
	b.await(string(want)+" evidence at "+string(at), func() bool {
		var err error
		last, err = b.node(at).Evidence(b.t.Context(), id)
		b.must(err)
		return len(last.Items) == 1 && last.Items[0].State == want
	})
	return last.Items[0]
}

func (b *border) content(at protocol.ParticipantID, id protocol.CaseID) string {
	b.t.Helper()
	var out bytes.Buffer
	b.must(b.node(at).Content(b.t.Context(), desk.Piece{Case: id, Object: b.exhibit(at, id).Object.Tree}, &out))
	return out.String()
}

// product is what the stop of an interception says, as a participant holds it.
func (b *border) product(at protocol.ParticipantID, id protocol.CaseID) *protocol.Object {
	b.t.Helper()
	var out *protocol.Object
	b.await("the stop at "+string(at), func() bool {
		found := false
		for _, a := range b.view(at, id).Acts {
			if t := a.Content.Body.Interception; t != nil && t.Action == protocol.TapStopped {
				found, out = true, t.Product
			}
		}
		return found
	})
	return out
}

// TestLiveProductEndsWithItsAuthorisation: what is fed is at the authority within a
// second, the clock ends it, and the authority's object is what was fed, whoever
// follows it.
func TestLiveProductEndsWithItsAuthorisation(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		var followed lockedBuffer
		following := make(chan error, 1)
		go func() {
			following <- b.node(police).Follow(t.Context(), desk.Piece{Case: id, Object: protocol.Digest{}}, &followed)
		}()
		f := b.feeder(id)
		all := ""
		for i, said := range []string{"hello", strings.Repeat("a call of some length ", 30_000), "goodbye"} {
			all += said
			_, err := io.WriteString(f, said)
			b.must(err)
			time.Sleep(time.Second)
			if got := followed.String(); got != all {
				t.Fatalf("a second after %d the authority has %d bytes, want %d", i, len(got), len(all))
			}
		}
		for _, at := range []protocol.ParticipantID{contoso, police} {
			i := b.exhibit(at, id)
			if i.State != desk.EvidenceLive || i.Segments < 4 || len(i.Gaps) != 0 || i.Object.Name != "calls.pcap" {
				t.Errorf("at %s: %+v", at, i)
			}
		}
		b.turn(30 * 24 * time.Hour)
		fed, err := f.wait()
		b.must(err)
		if !fed.Stopped || fed.Bytes != int64(len(all)) {
			t.Errorf("got %+v", fed)
		}
		b.ticks(id, contoso, police)
		p := b.product(police, id)
		sum := sha512.Sum512([]byte(all))
		if p == nil || p.Size != int64(len(all)) || p.SHA512 != hex.EncodeToString(sum[:]) || p.Segments != fed.Segments {
			t.Fatalf("the stop says %+v", p)
		}
		b.must(<-following)
		b.awaitExhibit(police, id, desk.EvidenceComplete)
		b.awaitExhibit(contoso, id, desk.EvidenceDisclosed)
		for _, at := range []protocol.ParticipantID{contoso, police} {
			if b.content(at, id) != all || followed.String() != all {
				t.Errorf("%s does not have what was fed", at)
			}
		}
		_, err = b.feeds(id, "more")
		b.problem(err, http.StatusConflict, "has stopped")
	}, police, office, contoso)
}

// TestAClockThatIsPutBackOpensNothing, nor a restart with it.
func TestAClockThatIsPutBackOpensNothing(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		_, err := b.feeds(id, "one")
		b.must(err)
		b.turn(31 * 24 * time.Hour)
		_, err = b.feeds(id, "late")
		b.problem(err, http.StatusConflict, "has stopped")
		b.turn(-31 * 24 * time.Hour)
		_, err = b.feeds(id, "back")
		b.problem(err, http.StatusConflict, "has stopped")

		b.turn(31 * 24 * time.Hour)
		b.ticks(id, contoso)
		b.product(police, id)
		b.turn(-31 * 24 * time.Hour)
		b.halt(contoso)
		b.start(contoso)
		_, err = b.feeds(id, "after a restart")
		b.problem(err, http.StatusConflict, "has stopped")
		b.must(b.node(contoso).Owe(t.Context(), id, protocol.KindInterception)) // nothing is owed
		time.Sleep(time.Minute)
		if n := b.acts(police, id, protocol.KindInterception, contoso); n != 2 {
			t.Errorf("%d acts of interception, want two", n)
		}
	}, police, office, contoso)
}

// TestAFiredEndStaysTheEnd though the node was killed before it said so, and its
// clock put back.
func TestAFiredEndStaysTheEnd(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		b.turn(30 * 24 * time.Hour)
		b.must(b.node(contoso).TickOnly(t.Context(), id))
		b.halt(contoso)
		b.turn(-2 * 24 * time.Hour)
		b.start(contoso)
		_, err := b.feeds(id, "back")
		b.problem(err, http.StatusConflict, "has stopped")
	}, police, office, contoso)
}

// TestWithdrawalSealsAtOnce, and the node says that it stopped and what there was.
func TestWithdrawalSealsAtOnce(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		f := b.feeder(id)
		_, err := io.WriteString(f, "what was said")
		b.must(err)
		time.Sleep(time.Second)
		b.does(police, id, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
		fed, err := f.wait()
		b.must(err)
		if !fed.Stopped || fed.Bytes != 13 {
			t.Errorf("got %+v", fed)
		}
		if p := b.product(police, id); p == nil || p.Size != 13 {
			t.Errorf("the stop says %+v", p)
		}
		_, err = b.feeds(id, "more")
		b.problem(err, http.StatusConflict, "has stopped")
		b.awaitExhibit(police, id, desk.EvidenceComplete)
		if got := b.content(police, id); got != "what was said" {
			t.Errorf("got %q", got)
		}
	}, police, office, contoso)
}

// TestAnOfficersStopSaysWhatWasDelivered, and nothing is taken from when it is asked
// for: a stop that was prepared and not sent stops all the same.
func TestAnOfficersStopSaysWhatWasDelivered(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		_, err := b.feeds(id, "one")
		b.must(err)
		stop := tap(protocol.TapStopped, b.now())
		_, err = b.node(contoso).Prepare(t.Context(), desk.Draft{Case: id, Body: stop})
		b.must(err)
		if fed, err := b.feeds(id, "two"); err != nil || !fed.Stopped || fed.Bytes != 0 {
			t.Errorf("got %+v, %v", fed, err)
		}
		b.does(contoso, id, stop)
		if p := b.product(police, id); p == nil || p.Size != 3 {
			t.Errorf("the stop says %+v", p)
		}
		b.awaitExhibit(police, id, desk.EvidenceComplete)
	}, police, office, contoso)
}

// TestNothingDeliveredIsNoProduct.
func TestNothingDeliveredIsNoProduct(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		b.turn(30 * 24 * time.Hour)
		b.ticks(id, contoso)
		if p := b.product(police, id); p != nil {
			t.Errorf("the stop says %+v", p)
		}
		for _, at := range []protocol.ParticipantID{police, contoso} {
			b.await("no evidence at "+string(at), func() bool {
				e, err := b.node(at).Evidence(t.Context(), id)
				b.must(err)
				return len(e.Items) == 0
			})
		}
	}, police, office, contoso)
}

// TestNobodyFeedsWhatDoesNotRun: no live object, not begun, another's, two at once,
// while a question keeps from disclosing.
func TestNobodyFeedsWhatDoesNotRun(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.order(b.tapOrder())
		_, err := b.feeds(id, "a")
		b.problem(err, http.StatusConflict, "no live object")
		later := b.tapOrder()
		later.Interception.Start = b.now().Add(time.Hour)
		notYet := b.order(later)
		b.refuses(contoso, notYet, live(b.now()))
		b.does(contoso, notYet, live(b.now().Add(2*time.Hour)))
		_, err = b.feeds(notYet, "a")
		b.problem(err, http.StatusConflict, "does not begin before")

		b.does(contoso, id, live(b.now()))
		b.refuses(contoso, id, live(b.now()))
		b.awaitStand(id, casefile.RegionInterception, "active", police)
		_, err = b.node(police).Feed(t.Context(), id, strings.NewReader("a"))
		b.problem(err, http.StatusConflict, "no live object")
		f := b.feeder(id)
		_, err = io.WriteString(f, "a")
		b.must(err)
		_, err = b.feeds(id, "b")
		b.problem(err, http.StatusConflict, "already")
		b.must(f.Close())
		_, err = f.wait()
		b.must(err)

		b.does(contoso, id, protocol.Body{Objection: &protocol.Objection{Level: protocol.LevelCourt, Reference: "1/26",
			Grounds: []protocol.Reason{protocol.ReasonInsufficient}, Text: "a court decides"}})
		_, err = b.feeds(id, "c")
		b.problem(err, http.StatusConflict, "keeps from disclosing")
	}, police, office, contoso)
}

// TestALiveObjectSurvivesRestartsAndComesLate: either end is started again, and a
// reader that was away gets all of it afterwards.
func TestALiveObjectSurvivesRestartsAndComesLate(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		say := func(s string) {
			t.Helper()
			_, err := b.feeds(id, s)
			b.must(err)
		}
		say("one ")
		b.await("one segment", func() bool { return b.exhibit(police, id).Segments == 1 })
		b.halt(police)
		say("two ")
		say("three ")
		b.halt(contoso)
		b.start(contoso)
		say("four ")
		b.start(police)
		b.await("four segments", func() bool { return b.exhibit(police, id).Segments == 4 })
		b.halt(contoso)
		time.Sleep(2 * time.Minute)
		b.start(contoso)
		say("five ")
		b.await("five segments", func() bool { return b.exhibit(police, id).Segments == 5 })
		b.halt(police)
		say("six")
		b.turn(30 * 24 * time.Hour)
		b.ticks(id, contoso)
		time.Sleep(time.Minute)
		b.start(police)
		b.awaitExhibit(police, id, desk.EvidenceComplete)
		if got := b.content(police, id); got != "one two three four five six" {
			t.Errorf("got %q", got)
		}
		// Who is no issuer gets it when it asks.
		i := b.exhibit(office, id)
		if i.State != desk.EvidenceWaiting {
			t.Errorf("the office has it as %s", i.State)
		}
		_, err := b.node(office).Fetch(t.Context(), id, desk.Fetch{})
		b.must(err)
		b.awaitExhibit(office, id, desk.EvidenceComplete)
	}, police, office, contoso)
}

// TestNoByteIsTakenAfterTheEnd: the end comes while bytes come, and what the stop
// says is what the feed was told that it took.
func TestNoByteIsTakenAfterTheEnd(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		var wg sync.WaitGroup
		var fed desk.Fed
		wg.Go(func() {
			for {
				f, err := b.feeds(id, "x")
				if err != nil {
					return
				}
				fed.Segments += f.Segments
				time.Sleep(time.Millisecond) // time stands still while nobody waits
			}
		})
		time.Sleep(3 * time.Second)
		b.does(police, id, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
		wg.Wait()
		p := b.product(police, id)
		if p == nil || p.Segments != fed.Segments || p.Size != fed.Segments {
			t.Errorf("the stop says %+v, taken were %d", p, fed.Segments)
		}
	}, police, office, contoso)
}

// TestStrangersAndTheGreedyGetNoSegment: whoever is no reader gets nothing, and who
// asks for the future waits in turn.
func TestStrangersAndTheGreedyGetNoSegment(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		_, err := b.feeds(id, "one")
		b.must(err)
		var start protocol.Digest
		for _, a := range b.view(contoso, id).Acts {
			if a.Kind == protocol.KindInterception {
				start = a.Act
			}
		}
		ask := func(f *thief, m wire.Message) wire.Message {
			t.Helper()
			answer, err := f.Exchange(t.Context(), contoso, m)
			b.must(err)
			return answer
		}
		nothing := func(name string, m wire.Message) {
			t.Helper()
			if _, ok := m.(*wire.Nothing); !ok {
				t.Errorf("%s: got %v", name, m.Type())
			}
		}
		b.halt(police)
		stranger, reader := b.thief(fbi), b.thief(police)
		nothing("a stranger", ask(stranger, &wire.SegmentQuery{Act: start}))
		nothing("a stranger's share", ask(stranger, &wire.ShareQuery{Act: start, Object: b.exhibit(contoso, id).Object.Tree}))
		nothing("another object", ask(reader, &wire.ShareQuery{Act: start, Object: protocol.Digest{1}}))
		nothing("another act", ask(reader, &wire.SegmentQuery{Act: b.view(contoso, id).Acts[0].Act}))
		if m, ok := ask(reader, &wire.SegmentQuery{Act: start}).(*wire.Segment); !ok || len(m.Segment) == 0 {
			t.Errorf("the reader got %v", m)
		}
		began := time.Now()
		nothing("far ahead", ask(reader, &wire.SegmentQuery{Act: start, Seq: 1 << 40}))
		nothing("ahead", ask(reader, &wire.SegmentQuery{Act: start, Seq: 1 + node.LiveAhead}))
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("waited %v for what nobody need ask for", waited)
		}
		answers := make(chan wire.Message)
		for range node.LiveWaiters + 4 {
			go func() {
				m, err := reader.Exchange(context.WithoutCancel(t.Context()), contoso, &wire.SegmentQuery{Act: start, Seq: 1})
				if err != nil {
					t.Error(err)
				}
				answers <- m
			}()
		}
		busy, came := 0, 0
		for range 4 {
			if _, ok := (<-answers).(*wire.Busy); ok {
				busy++
			}
		}
		_, err = b.feeds(id, "two")
		b.must(err)
		for range node.LiveWaiters {
			if _, ok := (<-answers).(*wire.Segment); ok {
				came++
			}
		}
		if busy != 4 || came != node.LiveWaiters {
			t.Errorf("%d were busy and %d came", busy, came)
		}
	}, police, office, contoso)
}

// TestAHostileProviderIsFoundOut: it hands out segments of another place, and bytes
// that nobody signed; nothing of that is kept, and what is right is taken when it comes.
func TestAHostileProviderIsFoundOut(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		b.halt(police)
		for _, s := range []string{"one ", "two ", "three"} {
			_, err := b.feeds(id, s)
			b.must(err)
		}
		reader := b.thief(police)
		var start protocol.Digest
		for _, a := range b.view(contoso, id).Acts {
			if a.Kind == protocol.KindInterception {
				start = a.Act
			}
		}
		var segments [3][]byte
		for i := range segments {
			m, err := reader.Exchange(t.Context(), contoso, &wire.SegmentQuery{Act: start, Seq: uint64(i)})
			b.must(err)
			segments[i] = m.(*wire.Segment).Segment
		}
		share, err := reader.Exchange(t.Context(), contoso, &wire.ShareQuery{Act: start, Object: b.exhibit(contoso, id).Object.Tree})
		b.must(err)
		b.halt(contoso)
		i, away := b.impostor(contoso)
		asked := map[uint64]int{}
		i.lends = func(m wire.Message) wire.Message {
			switch m := m.(type) {
			case *wire.ShareQuery:
				return share
			case *wire.SegmentQuery:
				asked[m.Seq]++
				if m.Seq == 0 {
					return &wire.Segment{Segment: segments[0]}
				}
				return &wire.Segment{Segment: segments[(m.Seq+1)%3]} // of another place
			}
			return &wire.Nothing{}
		}
		b.start(police)
		b.await("the reader to see it", func() bool {
			got := b.exhibit(police, id)
			return strings.Contains(got.Why, "does not open") && got.Segments > 0
		})
		if got := b.exhibit(police, id); got.Segments != 1 {
			t.Errorf("got %+v", got)
		}
		time.Sleep(10 * time.Minute)
		i.mu.Lock()
		if n := asked[1] + asked[2]; n > 60 {
			t.Errorf("asked %d times in ten minutes", n)
		}
		i.mu.Unlock()
		away()
		b.start(contoso)
		b.await("three segments", func() bool { return b.exhibit(police, id).Segments == 3 })
		b.turn(30 * 24 * time.Hour)
		b.ticks(id, contoso)
		b.awaitExhibit(police, id, desk.EvidenceComplete)
		if got := b.content(police, id); got != "one two three" {
			t.Errorf("got %q", got)
		}
	}, police, office, contoso)
}

// TestALiveActIsWhatWasPrepared: who signs a start or a stop signs what the node made
// of it, and nobody changes that on the way.
func TestALiveActIsWhatWasPrepared(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.order(b.tapOrder())
		prepared, err := b.node(contoso).Prepare(t.Context(), desk.Draft{Case: id, Body: live(b.now())})
		b.must(err)
		l := prepared.Body.Interception.Live
		if l.ID.IsZero() || len(l.Readers) != 2 || len(l.Keys) == 0 {
			t.Fatalf("got %+v", l)
		}
		for name, change := range map[string]func(*protocol.Live){
			"another reader": func(l *protocol.Live) { l.Readers = []protocol.ParticipantID{police} },
			"another id":     func(l *protocol.Live) { l.ID[0] ^= 1 },
			"other keys":     func(l *protocol.Live) { l.Keys = append([]byte{}, l.Keys[:len(l.Keys)-2]...) },
		} {
			p := prepared
			tap, changed := *p.Body.Interception, *l
			change(&changed)
			tap.Live = &changed
			if _, err := b.node(contoso).Submit(t.Context(), desk.Draft{Case: id, Body: protocol.Body{Interception: &tap}}); err == nil {
				t.Errorf("%s: it was sent", name)
			}
		}
		again, err := b.node(contoso).Prepare(t.Context(), desk.Draft{Case: id, Body: live(b.now())})
		b.must(err)
		if again.Body.Interception.Live.ID != l.ID {
			t.Error("who prepares again gets another object")
		}
	}, police, office, contoso)
}

// TestAWrongProductIsDamaged: what came is not what the stop says.
func TestAWrongProductIsDamaged(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		_, err := b.feeds(id, "one")
		b.must(err)
		b.await("one segment", func() bool { return b.exhibit(police, id).Segments == 1 })
		b.must(b.node(police).FalsifyStop(t.Context(), id))
		b.awaitExhibit(police, id, desk.EvidenceDamaged)
	}, police, office, contoso)
}
