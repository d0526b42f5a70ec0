package casefile_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// produced is a case of a European Production Order in which the addressee disclosed
// in two parts, each with the end that it gives.
func produced(first, second time.Time, more ...deed) clockCase {
	part := func(at, name string, until time.Time, leads casefile.State) deed {
		return deed{kind: protocol.KindDisclosure, from: alnwick, at: at, name: name, leads: leads,
			got:  map[protocol.ParticipantID]string{paris: at},
			says: casefile.Says{What: "complete", Until: until, Objects: []protocol.Digest{digest(name)}}}
	}
	return clockCase{doc: "eu-epoc-2023", from: paris, to: alnwick, state: casefile.Produced,
		matter: casefile.Matter{Type: protocol.Production, Categories: []protocol.Category{protocol.CategoryContent}},
		deeds: append([]deed{order(paris, alnwick, "2026-09-01 10:00", "2026-09-01 10:00"),
			part("2026-09-02 10:00", "one", first, casefile.PartlyProduced), part("2026-09-05 10:00", "two", second, casefile.Produced)}, more...)}
}

// gone is a certificate of deletion.
func gone(from, to protocol.ParticipantID, at string, action protocol.DeletionAction, objects ...string) deed {
	d := deed{kind: protocol.KindDeletion, from: from, at: at, got: map[protocol.ParticipantID]string{to: at},
		says: casefile.Says{What: string(action), Ground: string(protocol.DeletionRetention)}}
	for _, o := range objects {
		d.says.Objects = append(d.says.Objects, digest(o))
	}
	return d
}

// TestEvidenceIsAccessibleForAsLongAsTheLawSays: ten days at least, 45 if nothing else
// is said, and each part of a production by itself; both sides count the same.
func TestEvidenceIsAccessibleForAsLongAsTheLawSays(t *testing.T) {
	docs := documents()
	for name, x := range map[string]struct {
		first, second time.Time
		want          map[string]string
	}{
		"no end is given": {want: map[string]string{"evidence-available": "2026-09-12 10:00", "evidence-removed": "2026-10-17 10:00",
			"evidence-available/2": "2026-09-15 10:00", "evidence-removed/2": "2026-10-20 10:00"}},
		"thirty days, and less than ten": {moment("2026-10-02 10:00"), moment("2026-09-07 10:00"),
			map[string]string{"evidence-available": "2026-10-02 10:00", "evidence-removed": "2026-10-02 10:00",
				"evidence-available/2": "2026-09-15 10:00", "evidence-removed/2": "2026-09-07 10:00"}},
	} {
		m := produced(x.first, x.second)
		for _, self := range []protocol.ParticipantID{paris, alnwick} {
			c := m.as(self)
			list := casefile.Clocks(&c, law(docs, m.doc, self))
			for id, end := range x.want {
				r := clock(list, id)
				if r == nil || !r.Ends.Equal(moment(end)) || !r.Fetch || !r.Stopped.IsZero() {
					t.Errorf("%s, at %s: %s is %+v, want its end at %s", name, self, id, r, end)
				}
			}
			if r := clock(list, "evidence-available"); r.Whose != paris || len(r.Remind) != 2 || !r.Remind[0].Equal(r.Ends.AddDate(0, 0, -3)) {
				t.Errorf("%s: %s is to fetch it, and is reminded at %v", name, r.Whose, r.Remind)
			}
			if r := clock(list, "evidence-removed"); r.Whose != alnwick || r.Provenance != "verified" {
				t.Errorf("%s: %s may take it away, %s", name, r.Whose, r.Provenance)
			}
		}
	}
}

// TestKeepingIsLookedAtUntilItIsDeleted: also in a case that was closed, and not where
// the use is only restricted, or another deleted its copy.
func TestKeepingIsLookedAtUntilItIsDeleted(t *testing.T) {
	docs := documents()
	closed := deed{kind: protocol.KindClosure, from: paris, at: "2026-09-20 10:00", leads: casefile.Closed,
		got: map[protocol.ParticipantID]string{alnwick: "2026-09-20 10:00"}}
	for name, x := range map[string]struct {
		more    []deed
		stopped string
	}{
		"nothing is deleted":      {nil, ""},
		"one of two":              {[]deed{gone(paris, alnwick, "2026-09-21 10:00", protocol.Deleted, "one")}, ""},
		"both, one after another": {[]deed{gone(paris, alnwick, "2026-09-21 10:00", protocol.Deleted, "one"), gone(paris, alnwick, "2026-09-23 10:00", protocol.Deleted, "two")}, "2026-09-23 10:00"},
		"restricted":              {[]deed{gone(paris, alnwick, "2026-09-21 10:00", protocol.Restricted, "one", "two")}, ""},
		"by the provider":         {[]deed{gone(alnwick, paris, "2026-09-21 10:00", protocol.Deleted, "one", "two")}, ""},
	} {
		m := produced(time.Time{}, time.Time{}, append([]deed{closed}, x.more...)...)
		m.state = casefile.Closed
		c := m.as(paris)
		list := casefile.Clocks(&c, law(docs, m.doc, paris))
		r := clock(list, "keeping-reviewed")
		if r == nil || !r.Policy || !r.Ends.Equal(moment("2027-09-02 10:00")) || r.Whose != paris {
			t.Fatalf("%s: %+v", name, r)
		}
		if got := r.Stopped; x.stopped == "" && !got.IsZero() || x.stopped != "" && !got.Equal(moment(x.stopped)) {
			t.Errorf("%s: it stopped at %v, want %q", name, got, x.stopped)
		}
		if r := clock(list, "evidence-available"); r.Stopped.IsZero() {
			t.Errorf("%s: what is to be fetched is counted in a closed case", name)
		}
		if by := clock(list, "evidence-removed"); name == "by the provider" && !by.Stopped.Equal(moment("2026-09-20 10:00")) {
			t.Errorf("%s: the provider's own time stopped at %v", name, by.Stopped)
		}
	}
	m := produced(time.Time{}, time.Time{}, gone(alnwick, paris, "2026-09-21 10:00", protocol.Deleted, "one"))
	c := m.as(alnwick)
	list := casefile.Clocks(&c, law(docs, m.doc, alnwick))
	if one, two := clock(list, "evidence-removed"), clock(list, "evidence-removed/2"); !one.Stopped.Equal(moment("2026-09-21 10:00")) || !two.Stopped.IsZero() {
		t.Errorf("the provider deleted the first part: %v, %v", one.Stopped, two.Stopped)
	}
}
