package library_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

func contains[T comparable](list []T, item T) bool { return slices.Contains(list, item) }

// notifications sees each held, met, and where it is conditional not applying.
func (c *coverage) notifications() {
	for i := range c.doc.Rights {
		r := &c.doc.Rights[i]
		if r.Notifies == nil {
			continue
		}
		seen := map[protocol.Outcome]bool{}
		c.tellings(r, func(s *scene, notices ...*agreement.Notice) {
			book := c.inst.alone(c.t, notices...)
			seen[told(s.Decide(book), r.Notifies)] = true
			s.Facts.Notified = append(s.Facts.Notified,
				agreementtest.StandingOf(someone(s.Facts.Addressee.Party, "told"), r.Notifies.Role))
			seen[told(s.Decide(book), r.Notifies)] = true
		})
		var missing []string
		for what, o := range map[string]protocol.Outcome{"held": protocol.Held, "met": protocol.Pass} {
			if !seen[o] {
				missing = append(missing, what)
			}
		}
		if conditional := r.Notifies.When != "" || r.Notifies.Option != ""; conditional && !seen[protocol.NotApplicable] {
			missing = append(missing, "not applying")
		}
		c.count("notifications", r.ID, missing...)
	}
}

// told is what was found of a notification, Fail if nothing was.
func told(d protocol.Decision, x *agreement.Notification) protocol.Outcome {
	for _, f := range d.Findings {
		if f.Rule == agreement.StepNotification && f.Article == x.Article && f.Text == x.Text {
			return f.Outcome
		}
	}
	return protocol.Fail
}

// tellings are requests under a right: one made up for it, with and without the
// option on which it hangs, and all that the rows make.
func (c *coverage) tellings(r *agreement.Right, each func(*scene, ...*agreement.Notice)) {
	var notices []*agreement.Notice
	c.inst.uses(c.doc, r, nil, func(u use) bool {
		each(u.scene)
		for i := range c.doc.Options {
			if o := &c.doc.Options[i]; o.ID == r.Notifies.Option {
				notices = append(notices, makes(u.to, c.doc.ID, o))
				each(c.inst.scene(u, c.doc), notices...)
			}
		}
		return false
	})
	for _, row := range c.inst.rows {
		for _, make := range c.inst.scenes {
			if row.only != nil && !row.only(make()) {
				continue
			}
			s := make()
			if row.setup != nil {
				row.setup(s)
			}
			s.Facts.Notified = nil
			each(s, row.given...)
		}
	}
}

// shelf keeps what was read of each instrument, and its book without notices.
var shelf = map[string]*agreement.Book{}

// alone is a book of the document as its rows see it, without those beside it.
func (i *instrument) alone(t testing.TB, notices ...*agreement.Notice) *agreement.Book {
	t.Helper()
	plain := shelf[i.id]
	if plain == nil {
		plain = agreementtest.NewBook(t, []*agreement.Document{i.document(t)})
		shelf[i.id] = plain
	}
	if len(notices) == 0 {
		return plain
	}
	return agreementtest.NewBook(t, plain.Documents(), notices...)
}
