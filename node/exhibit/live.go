package exhibit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// A live object grows while an interception runs (SPEC.md §18.5). The act that
// starts it announces the object, the one that stops it says what it became; between
// them the addressee's node appends what it is fed (livefeed.go) and hands it out
// (livelend.go), and its readers' nodes ask for one segment after the other
// (livepull.go). Whether bytes may still be taken is seen under the lock of the
// case's gate, and they are appended under the same lock: what comes after the end
// finds it shut, whoever feeds it.

const (
	// SegmentLinger is how long a segment waits to be filled.
	SegmentLinger = 100 * time.Millisecond
	// LiveLook is how often it is seen whether an interception still runs into which
	// nothing is fed, or in which nothing comes.
	LiveLook = time.Second
)

// A liveRecord is the live object of a case as the store holds it.
type liveRecord struct {
	Number    int                    `json:"number"` // see numberObject
	Start     protocol.Digest        `json:"start"`  // the act that announces it
	ID        protocol.Digest        `json:"id"`
	Name      string                 `json:"name"`
	MediaType string                 `json:"media_type"`
	From      protocol.ParticipantID `json:"from"` // who has it
	Emergency bool                   `json:"emergency,omitzero"`
	// Wanted says that it is to be fetched: its reader asked for the case, or for it.
	Wanted bool `json:"wanted,omitzero"`
	// Stop is the act that says what became of it: Product, or that there was nothing.
	Stop    protocol.Digest  `json:"stop,omitzero"`
	Product *protocol.Object `json:"product,omitzero"`
	// Over says that an exhibit stands in its place, or nothing does.
	Over bool `json:"over,omitzero"`
	// Gone says that it was deleted, or its use restricted, before it became Product
	// here: the exhibit in its place has its ID, and nothing more comes.
	Gone bool   `json:"gone,omitzero"`
	Why  string `json:"why,omitzero"`
}

func liveKey(id protocol.CaseID) []byte { return []byte(prefixLive + string(id)) }

// liveOf returns the live object of a case, nil if there is none.
func liveOf(r record.Getter, id protocol.CaseID) (*liveRecord, error) {
	l, err := record.Read[liveRecord](r, liveKey(id))
	if err != nil {
		return nil, record.IgnoreMissing(err)
	}
	return &l, nil
}

// noteLive has the store know the live object that an act announces, or what became
// of it, in the commit that takes or sends the act.
func (k *Keeper) noteLive(tx *journal.Tx, c *casefile.Case, a *chain.Authentic) error {
	tap := a.Act.Body.Interception
	if tap == nil || tap.Live == nil && tap.Action != protocol.TapStopped {
		return nil
	}
	l, err := liveOf(tx, c.ID)
	if err != nil {
		return err
	}
	own := a.Act.From == k.cfg.Self
	switch {
	case tap.Live != nil && l == nil && (own || slices.Contains(tap.Live.Readers, k.cfg.Self)):
		l = &liveRecord{Start: a.Digest, ID: tap.Live.ID, Name: tap.Live.Name, MediaType: tap.Live.MediaType,
			From: a.Act.From, Emergency: c.Emergency, Wanted: !own && !k.cfg.Manual && c.Issuer == k.cfg.Self}
		if l.Number, err = numberObject(tx, c.ID); err != nil {
			return err
		}
	case tap.Live == nil && l != nil && l.Stop.IsZero() && l.From == a.Act.From:
		if l.Stop, err = a.Digest, l.becomes(tx, c.ID, tap.Product); err != nil {
			return err
		}
		if l.Product == nil || own {
			l.Over = true
		}
		if own && l.Product != nil {
			x := exhibitID{c.ID, l.Product.Tree}
			if err := record.Write(tx, x.key(), exhibit{Number: l.Number, Object: *l.Product, State: desk.EvidenceDisclosed, Act: a.Digest,
				In: a.Digest, Bound: c.ID, Emergency: c.Emergency, Live: true}); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	return record.Write(tx, liveKey(c.ID), l)
}

// becomes notes what a stop says that a live object became. What the case has stays
// what it is.
func (l *liveRecord) becomes(tx *journal.Tx, id protocol.CaseID, product *protocol.Object) error {
	l.Product = product
	if product == nil {
		return nil
	}
	_, err := tx.Get(exhibitID{id, product.Tree}.key())
	if err == nil {
		l.Product, l.Why = nil, whyOther
	}
	return record.IgnoreMissing(err)
}

// whyOther is said of a live object of which nobody said what it became.
const whyOther = "the act that stopped it names other evidence of the case as what was delivered"

// called reports whether a live object has a name: its id, or that of what it became.
func (l *liveRecord) called(object protocol.Digest) bool {
	return object == l.ID || l.Product != nil && object == l.Product.Tree
}

// exhibit names the exhibit that stands in the place of a live object, or would.
func (l *liveRecord) exhibit() protocol.Digest {
	if l.Over && !l.Gone && l.Product != nil {
		return l.Product.Tree
	}
	return l.ID
}

// lives are the live objects that grow here, or come here.
type lives struct {
	mu        sync.Mutex
	gates     map[protocol.CaseID]*liveGate
	waits     map[protocol.ParticipantID]int // queries that wait for what has not come yet
	pulls     map[protocol.CaseID]*livePull
	woken     chan struct{} // holds at most one
	announced announcements
	// latest is the latest time that was seen: a clock that is put back opens nothing.
	latest time.Time
}

func newLives() *lives {
	return &lives{gates: map[protocol.CaseID]*liveGate{}, waits: map[protocol.ParticipantID]int{},
		pulls: map[protocol.CaseID]*livePull{}, woken: make(chan struct{}, 1)}
}

// wake has the loop look for what is to be fetched. It never blocks.
func (s *lives) wake() { signal(s.woken) }

// A liveGate is where bytes are taken into the live object of a case, or not.
type liveGate struct {
	// mu is held from seeing that bytes may be taken until they are durable, and by
	// whoever shuts the gate.
	mu   sync.Mutex
	shut bool // nothing is taken, whatever the clock says; guarded by mu

	feeding bool          // guarded by lives.mu
	grown   chan struct{} // closed when something came or the gate was shut; guarded by lives.mu
}

func (s *lives) gate(id protocol.CaseID) *liveGate {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gates[id]
	if g == nil {
		g = &liveGate{grown: make(chan struct{})}
		s.gates[id] = g
	}
	return g
}

// grown returns what is closed when something comes into the live object of a case.
func (s *lives) grown(id protocol.CaseID) <-chan struct{} {
	g := s.gate(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	return g.grown
}

// grew tells whoever waits that something came.
func (s *lives) grew(id protocol.CaseID) {
	g := s.gate(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(g.grown)
	g.grown = make(chan struct{})
}

// stir has whoever waits for something of a case look again whether it may have it, and
// the loop whether it is wanted.
func (s *lives) stir(id protocol.CaseID) {
	s.mu.Lock()
	if g := s.gates[id]; g != nil {
		close(g.grown)
		g.grown = make(chan struct{})
	}
	s.mu.Unlock()
	s.wake()
}

// seen returns the time, which never goes back.
func (s *lives) seen(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.After(s.latest) {
		s.latest = now
	}
	return s.latest
}

// Guard shuts the gate of a case in which nothing is to be intercepted any more,
// or opens it again for a renewal that was sent before the end. It is called inside
// the commit that brings that about, and waits for what is being appended: from that
// commit on nothing is.
func (k *Keeper) Guard(c *casefile.Case, now time.Time) {
	if c.Addressee != k.cfg.Self || !announced(c, k.cfg.Self) {
		return
	}
	shut := mayRun(c, k.lives.seen(now)) != nil
	g := k.lives.gate(c.ID)
	g.mu.Lock()
	was := g.shut
	g.shut = shut
	g.mu.Unlock()
	if shut && !was {
		k.lives.grew(c.ID)
	}
}

// announced reports whether a participant has announced a live object in a case.
func announced(c *casefile.Case, by protocol.ParticipantID) bool {
	return slices.ContainsFunc(c.Thread, func(e casefile.Entry) bool {
		return e.Kind == protocol.KindInterception && e.From == by && e.Says.Live &&
			e.Says.What == string(protocol.TapStarted)
	})
}

// errStopped says that nothing is intercepted any more.
var errStopped = errors.New("exhibit: the interception has stopped")

// mayRun says why nothing may be intercepted in a case at a time: it has not begun,
// it has ended, or a question is open that keeps from disclosing. Its end that was
// noticed stays its end, though the clock be put back: only a later end, which was
// authorised before, takes its place.
func mayRun(c *casefile.Case, now time.Time) error {
	s := c.Stand(casefile.RegionInterception, now)
	fired := slices.ContainsFunc(c.Fired, func(f casefile.Fired) bool {
		return f.Effect == casefile.EffectStop && !f.Due.Before(s.Until)
	})
	switch {
	case c.Matter.Window == nil || s.State == "":
		return noLive(c.ID)
	case s.Ended || fired || c.Said(protocol.KindInterception, string(protocol.TapStopped)):
		return errStopped
	case now.Before(c.Matter.Window.Start) || now.Before(s.Since):
		return &desk.Problem{Status: http.StatusConflict, Text: "the interception does not begin before " + s.Since.Format(time.RFC3339)}
	case slices.ContainsFunc(c.Questions(), func(q casefile.Question) bool { return q.Holds }):
		return &desk.Problem{Status: http.StatusConflict, Text: "a question is open that keeps from disclosing: nothing is delivered meanwhile",
			Hint: "comity case show " + string(c.ID) + " says which"}
	}
	return nil
}

func noLive(id protocol.CaseID) error {
	return &desk.Problem{Status: http.StatusConflict, Text: "no live object was announced in this case: nothing is delivered",
		Hint: "comity tap start " + string(id) + " --live NAME announces one, as the interception begins"}
}

// Stopped reports whether nothing is intercepted in a case any more, at a time.
func Stopped(c *casefile.Case, at time.Time) bool { return errors.Is(mayRun(c, at), errStopped) }

// OwesStop reports whether a participant owes the word that an interception stopped
// whose live object it announced, and which ended otherwise than by its clock: the
// request was withdrawn, say.
func OwesStop(c *casefile.Case, self protocol.ParticipantID, at time.Time) bool {
	return c.Addressee == self && announced(c, self) &&
		!c.Said(protocol.KindInterception, string(protocol.TapStopped)) &&
		c.Stand(casefile.RegionInterception, at).Ended
}

// Follow implements desk.Exhibits.
func (k *Keeper) Follow(ctx context.Context, piece desk.Piece, w io.Writer) error {
	id, live, seq := piece.Case, piece.Object, piece.From
	for {
		grown := k.lives.grown(id)
		l, err := k.readable(ctx, id, live)
		if err != nil {
			return err
		}
		b, err := k.vault.PlainSegment(id, l.ID, seq)
		switch {
		case err == nil:
			if _, err := (&patient{w, ctx}).Write(b); err != nil {
				return err
			}
			seq++
			continue
		case !errors.Is(err, vault.ErrAbsent) && !errors.Is(err, vault.ErrNoKey):
			return k.vaultProblem(err)
		case !l.Stop.IsZero() && (l.Product == nil || seq >= l.Product.Segments):
			return nil
		case l.Over:
			return &desk.Problem{Status: http.StatusConflict, Text: fmt.Sprintf("segment %d is not here: %s", seq, l.Why)}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		case <-time.After(LiveLook):
		}
	}
}

// readable returns the live object of a case that can be read here now.
func (k *Keeper) readable(ctx context.Context, id protocol.CaseID, live protocol.Digest) (l *liveRecord, err error) {
	err = k.journal.View(ctx, func(r store.Reader) error {
		if l, err = liveOf(r, id); err != nil {
			return err
		}
		if l == nil || !live.IsZero() && !l.called(live) {
			return noExhibit(id)
		}
		if !l.Gone && (!l.Over || l.Product == nil) {
			return nil
		}
		e, err := record.Read[exhibit](r, exhibitID{id, l.exhibit()}.key())
		if err != nil || e.State == desk.EvidenceWaiting || e.State == desk.EvidenceDamaged {
			return record.IgnoreMissing(err)
		}
		return e.readable(id)
	})
	return l, err
}

// liveItem is a live object as people see it, nil where an exhibit stands in its place.
func (k *Keeper) liveItem(r record.Getter, id protocol.CaseID) (*desk.EvidenceItem, error) {
	l, err := liveOf(r, id)
	if err != nil || l == nil || l.Gone || l.Over && l.Product != nil {
		return nil, err
	}
	i := desk.EvidenceItem{Number: l.Number, Object: protocol.Object{Name: l.Name, MediaType: l.MediaType, Tree: l.ID}, Act: l.Start,
		From: l.From, State: desk.EvidenceLive, Why: l.Why}
	if l.From == k.cfg.Self {
		i.From = ""
	}
	have, gaps, size, err := k.vault.Segments(id, l.ID)
	if err != nil && !errors.Is(err, vault.ErrAbsent) && !errors.Is(err, vault.ErrNoKey) {
		return nil, err
	}
	i.Segments, i.Gaps, i.Have = have, gaps, size
	switch {
	case l.Over && have == 0:
		c, err := k.cfg.Cases.Case(r, id)
		if err != nil || !c.Unusable() {
			return nil, err
		}
		i.State, i.Why = desk.EvidenceDamaged, "nothing of it came: deleting it certifies that"
	case l.Over: // it was stopped without a word of what was delivered
		i.State = desk.EvidenceDamaged
	case i.From != "" && !l.Wanted:
		i.State, i.Why = desk.EvidenceWaiting, "nobody has asked for it yet: comity fetch "+string(id)
	case l.Product != nil:
		i.State = desk.EvidenceFetching
		i.Gaps = missing(l.Product.Segments, have, gaps)
	}
	if l.Product != nil {
		i.Object, i.Total = *l.Product, l.Product.Size
	}
	k.lives.show(id, &i)
	return &i, nil
}
