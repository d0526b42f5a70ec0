package node_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// contents are the files of the tests, by their names.
var contents = map[string]string{"mailbox.mbox": "From falcon\n", "a.txt": "a", "large.bin": strings.Repeat("large", 1<<19)}

// takeIn takes the objects of a draft into the vault of who discloses them. What the
// node does not take in stays as it is described.
func (b *border) takeIn(at protocol.ParticipantID, d desk.Draft) desk.Draft {
	b.t.Helper()
	if d.Body.Disclosure == nil || len(d.Body.Disclosure.Keys) > 0 {
		return d
	}
	taken := *d.Body.Disclosure
	taken.Objects = slices.Clone(taken.Objects)
	for i, o := range taken.Objects {
		held, err := b.node(at).TakeIn(b.t.Context(), d.Case, desk.Intake{Name: o.Name, MediaType: o.MediaType},
			strings.NewReader(contents[o.Name]))
		if err == nil {
			taken.Objects[i] = held
		}
	}
	d.Body.Disclosure = &taken
	return d
}

// fetched has a participant fetch all that was disclosed to it, and waits for it.
func (b *border) fetched(at protocol.ParticipantID, id protocol.CaseID) []desk.EvidenceItem {
	b.t.Helper()
	e, err := b.node(at).Fetch(b.t.Context(), id, desk.Fetch{})
	b.must(err)
	b.await(fmt.Sprintf("evidence at %s", at), func() bool {
		e, err = b.node(at).Evidence(b.t.Context(), id)
		b.must(err)
		return !e.Moving() && !slices.ContainsFunc(e.Items, func(i desk.EvidenceItem) bool { return i.State == desk.EvidenceWaiting })
	})
	return e.Items
}

// disclosed takes a case to where the provider has disclosed the mailbox, and the
// office holds the disclosure.
func (b *border) disclosed() (protocol.CaseID, protocol.Digest, desk.EvidenceItem) {
	b.t.Helper()
	id := b.served()
	act := b.does(contoso, id, disclosure(protocol.ProductionComplete)).Act
	b.awaitState(office, id, "produced")
	return id, act, b.exhibit(office, id)
}

// handsOver has the provider take in and disclose contents, by their names, and
// returns what it disclosed, in the order of the names.
func (b *border) handsOver(id protocol.CaseID, named map[string][]byte) (objects []protocol.Object) {
	b.t.Helper()
	n := b.node(contoso)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		o, err := n.TakeIn(b.t.Context(), id, desk.Intake{Name: name, MediaType: "application/octet-stream"}, bytes.NewReader(named[name]))
		b.must(err)
		objects = append(objects, o)
	}
	d := b.signedDraft(contoso, id, protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete, Objects: objects}})
	_, err := n.Submit(b.t.Context(), d)
	b.must(err)
	b.awaitState(office, id, "produced")
	return objects
}

func (b *border) fetch(at protocol.ParticipantID, id protocol.CaseID, what desk.Fetch) {
	b.t.Helper()
	_, err := b.node(at).Fetch(b.t.Context(), id, what)
	b.must(err)
}

func (b *border) opens(at protocol.ParticipantID, id protocol.CaseID, object protocol.Digest) (string, error) {
	var out bytes.Buffer
	err := b.node(at).Content(b.t.Context(), desk.Piece{Case: id, Object: object}, &out)
	return out.String(), err
}

// TestNobodyButItsReadersFetches: and they nothing but what the act lists.
func TestNobodyButItsReadersFetches(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, act, item := b.disclosed()
		tree := item.Object.Tree
		ask := func(as protocol.ParticipantID, m wire.Message) wire.Message {
			answer, err := b.thief(as).Exchange(t.Context(), contoso, m)
			b.must(err)
			return answer
		}
		for _, c := range []struct {
			name string
			as   protocol.ParticipantID
			act  protocol.Digest
			tree protocol.Digest
			i    uint64
			want wire.Type
		}{
			{"the office", office, act, tree, 0, wire.TypeBlock},
			{"who asked for it", police, act, tree, 0, wire.TypeBlock},
			{"a stranger", fbi, act, tree, 0, wire.TypeNothing},
			{"another act", office, protocol.Digest{1}, tree, 0, wire.TypeNothing},
			{"another object", office, act, protocol.Digest{1}, 0, wire.TypeNothing},
			{"behind its end", office, act, tree, 1, wire.TypeNothing},
			{"far behind its end", office, act, tree, 1 << 63, wire.TypeNothing},
		} {
			if got := ask(c.as, &wire.BlockQuery{Act: c.act, Tree: c.tree, Index: c.i}); got.Type() != c.want {
				t.Errorf("%s: got a %v, want a %v", c.name, got.Type(), c.want)
			}
		}
		for as, want := range map[protocol.ParticipantID]wire.Type{office: wire.TypeShare, police: wire.TypeShare, fbi: wire.TypeNothing} {
			if got := ask(as, &wire.ShareQuery{Act: act, Object: tree}); got.Type() != want {
				t.Errorf("the share for %s: got a %v, want a %v", as, got.Type(), want)
			}
		}
		b.awaitState(contoso, id, "produced")
	}, police, office, contoso)
}

// TestWhoDidNotAskFetchesOnDemand, and the issuer by itself. A restart in between
// loses nothing.
func TestWhoDidNotAskFetchesOnDemand(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, _, item := b.disclosed()
		time.Sleep(time.Minute)
		if item = b.exhibit(office, id); item.State != desk.EvidenceWaiting || !strings.Contains(item.Why, "comity fetch") {
			t.Errorf("at the office: %+v", item)
		}
		_, err := b.opens(office, id, item.Object.Tree)
		wantProblem(t, "read too early", err, "not here yet")
		b.halt(contoso)
		b.fetch(office, id, desk.Fetch{})
		b.halt(office)
		b.start(office)
		b.start(contoso)
		b.awaitExhibit(office, id, desk.EvidenceComplete)
		b.does(office, id, protocol.Body{Relay: &protocol.Relay{}})
		b.awaitState(police, id, "produced")
		b.awaitExhibit(police, id, desk.EvidenceComplete)
		for _, at := range []protocol.ParticipantID{police, office, contoso} {
			if got, err := b.opens(at, id, item.Object.Tree); err != nil || got != contents["mailbox.mbox"] {
				t.Errorf("%s reads %q, %v", at, got, err)
			}
			b.check(at)
			if r, err := b.node(at).CheckVault(t.Context()); err != nil || r.Objects != 1 || len(r.Damaged)+len(r.Missing)+r.Stray > 0 {
				t.Errorf("the vault of %s: %+v, %v", at, r, err)
			}
		}
	}, police, office, contoso)
}

// TestAQuotaIsTold: and who wants it all the same gets it.
func TestAQuotaIsTold(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.alter = func(c *node.Config) {
			if c.Self == office {
				c.Evidence.Quota = vault.Quota{Case: 10}
			}
		}
		for _, id := range []protocol.ParticipantID{police, office, contoso} {
			b.start(id)
		}
		id, _, item := b.disclosed()
		b.fetch(office, id, desk.Fetch{})
		b.await("the quota to be told", func() bool { return strings.Contains(b.exhibit(office, id).Why, "quota") })
		time.Sleep(10 * node.FetchRetry)
		if i := b.exhibit(office, id); i.State != desk.EvidenceWaiting || i.Have != 0 {
			t.Errorf("got %+v", i)
		}
		b.fetch(office, id, desk.Fetch{Object: item.Object.Tree, Despite: true})
		b.awaitExhibit(office, id, desk.EvidenceComplete)
		_, err := b.node(office).Fetch(t.Context(), id, desk.Fetch{Object: protocol.Digest{1}})
		wantProblem(t, "another object", err, "no such object")
	})
}

// TestWhatTheScannerFindsIsPutApart: nobody reads it who does not say so, and it is
// there. Without a verdict it is not complete.
func TestWhatTheScannerFindsIsPutApart(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   desk.EvidenceState
		why    string
	}{
		"clean": {"cat >/dev/null", desk.EvidenceComplete, ""},
		"found": {"grep -q falcon && exit 1; exit 0", desk.EvidenceQuarantined, "scanner found something"},
		"error": {"exit 2", desk.EvidenceWaiting, "scanner gives no verdict"},
	} {
		t.Run(name, func(t *testing.T) {
			atBorder(t, func(t *testing.T, b *border) {
				b.alter = func(n *node.Config) { n.Evidence.Scanner = []string{"/bin/sh", "-c", c.script} }
				for _, id := range []protocol.ParticipantID{police, office, contoso} {
					b.start(id)
				}
				id, _, item := b.disclosed()
				b.fetch(office, id, desk.Fetch{})
				b.await("a verdict", func() bool {
					i := b.exhibit(office, id)
					return i.State == c.want && strings.Contains(i.Why, c.why)
				})
				got, err := b.opens(office, id, item.Object.Tree)
				if c.want == desk.EvidenceComplete {
					b.must(err)
					return
				}
				if err == nil || got != "" {
					t.Errorf("read %q", got)
				}
				if c.want == desk.EvidenceWaiting { // and at last a person decides
					b.await("a quarantine without a verdict", func() bool {
						i := b.exhibit(office, id)
						return i.State == desk.EvidenceQuarantined && strings.Contains(i.Why, "no verdict")
					})
				}
				if c.want != desk.EvidenceComplete {
					b.fetch(office, id, desk.Fetch{Despite: true}) // the quota, and nothing else
					if got, err := b.opens(office, id, item.Object.Tree); err == nil || got != "" {
						t.Errorf("in quarantine, despite a quota: %q", got)
					}
					b.fetch(office, id, desk.Fetch{Release: true})
					if got, err := b.opens(office, id, item.Object.Tree); err != nil || got != contents["mailbox.mbox"] {
						t.Errorf("taken out of quarantine: %q, %v", got, err)
					}
				}
			})
		})
	}
}

// TestWhatIsHeldIsPutBackOrDisclosed, once each, and described as it was taken in.
func TestWhatIsHeldIsPutBackOrDisclosed(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		d := b.takeIn(contoso, desk.Draft{Case: id, Body: disclosure(protocol.ProductionComplete)})
		o := d.Body.Disclosure.Objects[0]
		again, err := b.node(contoso).TakeIn(t.Context(), id, desk.Intake{Name: "copy"}, strings.NewReader(contents["mailbox.mbox"]))
		if err != nil || again != o {
			t.Errorf("taken in twice: got %+v, %v", again, err)
		}
		renamed := o
		renamed.Name = "other.mbox"
		_, err = b.act(contoso, desk.Draft{Case: id, Body: protocol.Body{Disclosure: &protocol.Disclosure{
			Status: protocol.ProductionComplete, Objects: []protocol.Object{renamed}, Readers: []protocol.ParticipantID{office}, Keys: []byte("{}")}}})
		wantProblem(t, "described otherwise", err, "described otherwise")
		left, err := b.node(contoso).PutBack(t.Context(), id, o.Tree)
		if err != nil || len(left.Items) != 0 {
			t.Errorf("put back: %+v, %v", left, err)
		}
		_, err = b.node(contoso).Prepare(t.Context(), d)
		wantProblem(t, "disclosed though it was put back", err, "not held")
		_, err = b.node(office).TakeIn(t.Context(), id, desk.Intake{Name: "a"}, strings.NewReader("a"))
		wantProblem(t, "taken in by who was not asked", err, string(protocol.ReasonRole))
		_, err = b.node(contoso).TakeIn(t.Context(), id, desk.Intake{Name: "../a"}, strings.NewReader("a"))
		wantProblem(t, "with a path for a name", err, "name: want a plain name")
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		_, err = b.node(contoso).PutBack(t.Context(), id, b.exhibit(contoso, id).Object.Tree)
		wantProblem(t, "put back though it was disclosed", err, "was disclosed")
		b.halt(contoso)
		b.start(contoso)
		if r, err := b.node(contoso).CheckVault(t.Context()); err != nil || r.Objects != 1 || r.Stray != 0 {
			t.Errorf("the vault after a restart: %+v, %v", r, err)
		}
	}, police, office, contoso)
}

// TestObjectsKeepTheirNumbers: those of the order in which they were taken in or
// disclosed, at either side, whatever their tree hashes are. What a person named by
// its number, and wrote under a name, is that object tomorrow.
func TestObjectsKeepTheirNumbers(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		n := b.node(contoso)
		take := func(content string) protocol.Object {
			o, err := n.TakeIn(t.Context(), id, desk.Intake{Name: "same.txt", MediaType: "text/plain"}, strings.NewReader(content))
			b.must(err)
			return o
		}
		var objects []protocol.Object
		for i := range 8 {
			objects = append(objects, take(fmt.Sprintf("file %d", i)))
		}
		_, err := n.PutBack(t.Context(), id, objects[7].Tree)
		b.must(err)
		objects[7] = take("another")
		numbers := func(at protocol.ParticipantID) (out []int) {
			e, err := b.node(at).Evidence(t.Context(), id)
			b.must(err)
			for i, item := range e.Items {
				if i >= len(objects) || item.Object != objects[i] {
					t.Errorf("at %s, object %d is not the one that was taken in there", at, i)
				}
				out = append(out, item.Number)
			}
			return out
		}
		want := []int{1, 2, 3, 4, 5, 6, 7, 9}
		if got := numbers(contoso); !slices.Equal(got, want) {
			t.Errorf("held: got the numbers %v, want %v", got, want)
		}
		_, err = n.Submit(t.Context(), b.signedDraft(contoso, id, protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete, Objects: objects}}))
		b.must(err)
		b.awaitState(office, id, "produced")
		if got := numbers(contoso); !slices.Equal(got, want) {
			t.Errorf("disclosed: got the numbers %v, want %v", got, want)
		}
		want[7] = 8
		if got := numbers(office); !slices.Equal(got, want) {
			t.Errorf("received: got the numbers %v, want %v", got, want)
		}
	}, police, office, contoso)
}
