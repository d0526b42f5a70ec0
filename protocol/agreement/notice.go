package agreement

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// Limits of a notice.
const (
	MaxNotice = 16_384 // bytes of a notice's canonical form
	// MaxNotices bounds the notices of one Party under one agreement that a node
	// takes: more than a Party needs in a lifetime, and no more than its roots, if
	// they are hostile, can fill a disk with.
	MaxNotices   = 1024
	maxSelectors = 64 // Parties, types or categories that a notice names
)

// A NoticeKind says what a Party does to its rights under an agreement.
type NoticeKind string

// The kinds of notice. The list is append-only.
const (
	Suspend NoticeKind = "suspend"
	Resume  NoticeKind = "resume" // withdraws a suspension, from its effective time on

	Reserve  NoticeKind = "reserve"  // makes an option that is a reservation
	Declare  NoticeKind = "declare"  // makes an option that is a declaration
	Withdraw NoticeKind = "withdraw" // takes either back
)

func noticeKinds() []NoticeKind { return []NoticeKind{Suspend, Resume, Reserve, Declare, Withdraw} }

// chooses reports whether a notice of this kind is about an option.
func (k NoticeKind) chooses() bool { return k == Reserve || k == Declare || k == Withdraw }

// A Notice is a Party's statement that it no longer grants, or grants again,
// what an agreement promised. What follows for the mirrored right of the other
// side is computed and never written.
type Notice struct {
	ID        string         `json:"id"`
	Agreement string         `json:"agreement"`
	Party     protocol.Party `json:"party"` // whose statement it is
	Kind      NoticeKind     `json:"kind"`

	// Option is what a reservation, a declaration or its withdrawal is about.
	Option string `json:"option,omitzero"`

	// Toward, Types and Categories narrow the notice; each empty list means all.
	// A notice about an option has no types and categories: the option has.
	Toward     []protocol.Party       `json:"toward"`
	Types      []protocol.RequestType `json:"types"`
	Categories []protocol.Category    `json:"categories"`

	Effective time.Time `json:"effective"`
	Issued    time.Time `json:"issued"`
	Article   string    `json:"article,omitzero"` // under which it is given
	Ground    string    `json:"ground"`           // why, in plain words
}

// fits reports whether a notice of this kind may be about an option of that kind.
func (k NoticeKind) fits(o OptionKind) bool {
	return k == Withdraw || (k == Reserve) == (o == OptionReservation)
}

// ParseNotice reads a notice from its canonical form and checks it.
func ParseNotice(b []byte) (*Notice, error) {
	if len(b) > MaxNotice {
		return nil, fmt.Errorf("agreement: parse notice: %d bytes: want at most %d", len(b), MaxNotice)
	}
	n := new(Notice)
	if err := canon.Decode(b, n); err != nil {
		return nil, fmt.Errorf("agreement: parse notice: %w", err)
	}
	if err := n.Check(); err != nil {
		return nil, err
	}
	return n, nil
}

// Encode returns the canonical form of n, which is what its Party signs.
func (n *Notice) Encode() ([]byte, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	b, err := canon.Encode(n)
	if err != nil {
		return nil, fmt.Errorf("agreement: encode notice: %w", err)
	}
	if len(b) > MaxNotice {
		return nil, fmt.Errorf("agreement: encode notice: %d bytes: want at most %d", len(b), MaxNotice)
	}
	return b, nil
}

// Check reports whether n is complete and well formed.
func (n *Notice) Check() error {
	if err := n.check(); err != nil {
		return fmt.Errorf("agreement: notice: %w", err)
	}
	return nil
}

func (n *Notice) check() error {
	if !wellFormedID(n.ID) || !wellFormedID(n.Agreement) {
		return fmt.Errorf("id, agreement: want small letters, digits and single hyphens, "+
			"at most %d bytes", MaxID)
	}
	if _, err := protocol.ParseParty(string(n.Party)); err != nil {
		return err
	}
	if !slices.Contains(noticeKinds(), n.Kind) {
		return errors.New("kind: want suspend, resume, reserve, declare or withdraw")
	}
	switch {
	case n.Kind.chooses() != (n.Option != ""):
		return errors.New("option: want it exactly when kind is reserve, declare or withdraw")
	case n.Option != "" && !wellFormedID(n.Option):
		return errors.New("option: want the id of an option of the agreement")
	case n.Option != "" && len(n.Types)+len(n.Categories) > 0:
		return errors.New("types, categories: leave them out: the option says what it is about")
	}
	if err := n.checkSelectors(); err != nil {
		return err
	}
	for _, t := range []time.Time{n.Effective, n.Issued} {
		if t.IsZero() || t.Location() != time.UTC || t.Nanosecond() != 0 || t.Year() > 9999 {
			return errors.New("effective, issued: want a time in UTC and whole seconds")
		}
	}
	if n.Effective.Before(n.Issued) {
		// Yesterday's decisions stand: a notice has no effect backwards.
		return errors.New("effective: want not before issued")
	}
	if n.Ground == "" || len(n.Ground) > protocol.MaxText || strings.ContainsFunc(n.Ground, hidden) {
		return fmt.Errorf("ground: want 1 to %d bytes without control characters", protocol.MaxText)
	}
	if len(n.Article) > protocol.MaxReference || strings.ContainsFunc(n.Article, hidden) {
		return fmt.Errorf("article: want at most %d bytes without control characters", protocol.MaxReference)
	}
	return nil
}

func (n *Notice) checkSelectors() error {
	if len(n.Toward)+len(n.Types)+len(n.Categories) > maxSelectors {
		return fmt.Errorf("toward, types, categories: want at most %d together", maxSelectors)
	}
	for _, p := range n.Toward {
		if _, err := protocol.ParseParty(string(p)); err != nil || p == n.Party {
			return errors.New("toward: want other Parties")
		}
	}
	for _, t := range n.Types {
		if !slices.Contains(protocol.RequestTypes(), t) {
			return errors.New("types: want request types")
		}
	}
	for _, c := range n.Categories {
		if !slices.Contains(protocol.Categories(), c) {
			return errors.New("categories: want data categories")
		}
	}
	return nil
}

// A grant is what a Party grants another: the least that can be suspended.
type grant struct {
	by, toward protocol.Party
	typ        protocol.RequestType
	category   protocol.Category
}

func (n *Notice) concerns(g grant) bool {
	return n.Party == g.by &&
		(len(n.Toward) == 0 || slices.Contains(n.Toward, g.toward)) &&
		(len(n.Types) == 0 || slices.Contains(n.Types, g.typ)) &&
		(len(n.Categories) == 0 || slices.Contains(n.Categories, g.category))
}

// chosenBy reports whether an option's notice is of that Party, toward another.
func (n *Notice) chosenBy(by, toward protocol.Party) bool {
	return n.Party == by && (len(n.Toward) == 0 || slices.Contains(n.Toward, toward))
}

// suspended returns the notice by which the grant is suspended at that time,
// nil if it is not. The last notice in effect decides.
func suspended(notices []*Notice, g grant, at time.Time) *Notice {
	var last *Notice
	for _, n := range notices {
		if !n.Kind.chooses() && !at.Before(n.Effective) && n.concerns(g) {
			last = n
		}
	}
	if last != nil && last.Kind != Suspend {
		return nil
	}
	return last
}

// compareNotices orders notices by the time they take effect. Of two at the
// same moment the one that takes away comes last, and so decides.
func compareNotices(a, b *Notice) int {
	return cmp.Or(a.Effective.Compare(b.Effective),
		cmp.Compare(a.Kind.strictness(), b.Kind.strictness()),
		a.Issued.Compare(b.Issued), strings.Compare(a.ID, b.ID), compareParty(a.Party, b.Party))
}

// strictness orders the kinds: what takes away after what gives back.
func (k NoticeKind) strictness() int {
	return slices.Index([]NoticeKind{Resume, Withdraw, Suspend, Declare, Reserve}, k)
}
