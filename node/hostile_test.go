package node_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity.example/crypto/seal"
	"comity.example/node/desk"
	"comity.example/node/link"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// A liar is a provider whose node is its own work: it signs, seals and serves what
// it likes.
type liar struct {
	b     *border
	vault *vault.Vault
	// cases it was served in, with what its acts in them follow.
	cases map[protocol.CaseID][]protocol.Digest
	mu    sync.Mutex
	lies  map[protocol.Digest]*lie // by tree hash; guarded by mu
	stop  context.CancelFunc
	ended chan error
}

// A lie is about one object.
type lie struct {
	name    string
	content []byte
	// object changes what is signed of the object.
	object func(*protocol.Object)
	// keys changes the shares that are sent, and who gets them.
	keys func(k *protocol.EvidenceKeys, readers *[]protocol.ParticipantID)
	// answers, if it answers, is what a query is answered with.
	answers func(ctx context.Context, m wire.Message, honest wire.Message) (wire.Message, error)

	want desk.EvidenceState
	why  string

	id   protocol.CaseID
	tree protocol.Digest
}

// liar has the provider served so many times, and puts a liar in its place, who knows
// the cases, too, in which the provider was served before.
func (b *border) liar(cases int, before ...protocol.CaseID) (*liar, []protocol.CaseID) {
	b.t.Helper()
	l := &liar{b: b, cases: map[protocol.CaseID][]protocol.Digest{}, lies: map[protocol.Digest]*lie{},
		ended: make(chan error, 1)}
	var ids []protocol.CaseID
	for range cases {
		ids = append(ids, b.served())
	}
	for _, id := range append(slices.Clone(ids), before...) {
		l.cases[id] = b.thread(contoso, id)
	}
	b.halt(contoso)
	var err error
	l.vault, err = vault.Open(b.t.Context(), vault.Config{Dir: filepath.Join(b.t.TempDir(), "liar")})
	b.must(err)
	served, err := link.New(link.Config{Conn: b.network.Listen(string(contoso)), Self: contoso, Key: b.keys(contoso).TLS,
		Book: openDoor{(*anybody)(b)}, Handle: l.handle})
	b.must(err)
	ctx, stop := context.WithCancel(context.Background())
	l.stop = func() {
		stop()
		b.must(errors.Join(<-l.ended, served.Close(), l.vault.Close()))
	}
	go func() { l.ended <- served.Run(ctx) }()
	return l, ids
}

// An openDoor lets everybody in.
type openDoor struct{ *anybody }

func (openDoor) Pinned(protocol.ParticipantID, [32]byte) bool { return true }

func (l *liar) handle(ctx context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	var tree protocol.Digest
	var honest wire.Message = &wire.Nothing{}
	switch q := m.(type) {
	case *wire.BlockQuery:
		tree = q.Tree
		if block, err := l.vault.Block(tree, int64(q.Index)); err == nil {
			honest = block
		}
	case *wire.ShareQuery:
		tree = q.Object
		if lie := l.lie(tree); lie != nil {
			if held, _, err := l.vault.Key(lie.id, tree); err == nil {
				honest = &wire.Share{Share: held}
			}
		}
	default:
		return &wire.Busy{RetryAfter: time.Second}, nil
	}
	if lie := l.lie(tree); lie != nil && lie.answers != nil {
		return lie.answers(ctx, m, honest)
	}
	return honest, nil
}

func (l *liar) lie(tree protocol.Digest) *lie {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lies[tree]
}

// takeIn seals what the lies are about.
func (l *liar) takeIn(id protocol.CaseID, lies ...*lie) {
	l.b.t.Helper()
	for _, x := range lies {
		taken, err := l.vault.TakeIn(l.b.t.Context(), id, bytes.NewReader(x.content), nil)
		l.b.must(err)
		l.mu.Lock()
		x.id, x.tree = id, taken.Tree
		l.lies[x.tree] = x
		l.mu.Unlock()
	}
}

// discloses what was taken in, past every check of its node.
func (l *liar) discloses(id protocol.CaseID, status protocol.ProductionStatus, lies ...*lie) {
	l.b.t.Helper()
	b := l.b
	k := &protocol.EvidenceKeys{Case: id}
	d := &protocol.Disclosure{Status: status, Readers: protocol.Reading([]protocol.ParticipantID{office}, police, contoso)}
	sealed := append(slices.Clone(d.Readers), contoso)
	for _, x := range lies {
		content := x.content
		o := protocol.Object{Name: "mailbox.mbox", MediaType: "application/mbox", Size: int64(len(content)), SHA512: sum(content), Tree: x.tree}
		if x.object != nil {
			x.object(&o)
		}
		_, sent, err := l.vault.Key(x.id, x.tree)
		if !errors.Is(err, vault.ErrAbsent) && !errors.Is(err, vault.ErrNoKey) { // it is made up
			b.must(err)
		}
		k.Shares = append(k.Shares, protocol.KeyShare{Object: x.tree, Share: sent[:]})
		d.Objects = append(d.Objects, o)
		if x.keys != nil {
			x.keys(k, &sealed)
		}
	}
	enc, err := k.Encode()
	b.must(err)
	var keys []*seal.SealKey
	for _, r := range sealed {
		keys = append(keys, b.entry(r).Seal)
	}
	d.Keys, err = seal.Seal(evidence.KeysType, enc, keys...)
	b.must(err)
	a := b.blank(protocol.Body{Disclosure: d}, contoso, office)
	a.Case, a.Follows = id, l.cases[id]
	b.endorse(a)
	if answer, ok := b.smuggle(a).(*wire.Receipt); !ok {
		b.t.Fatalf("the disclosure of a liar was not taken: %v", answer)
	}
	l.cases[id] = []protocol.Digest{b.digest(a)}
}

// rot changes a byte of an object on the disk of a participant, until it is mended.
func (b *border) rot(at protocol.ParticipantID, tree protocol.Digest, offset int64) (mend func()) {
	b.t.Helper()
	name := fmt.Sprintf("%x", tree[:])
	path := filepath.Join(b.Home(at).Dir, "data", "vault", "objects", name[:2], name)
	flip := func() {
		b.t.Helper()
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		b.must(err)
		var one [1]byte
		_, err = f.ReadAt(one[:], offset)
		b.must(err)
		one[0] ^= 1
		_, err = f.WriteAt(one[:], offset)
		b.must(errors.Join(err, f.Close()))
	}
	flip()
	return flip
}

// named wants the check of a vault to find one object damaged.
func (b *border) named(at protocol.ParticipantID, tree protocol.Digest) {
	b.t.Helper()
	if r, err := b.node(at).CheckVault(b.t.Context()); err != nil || len(r.Damaged) != 1 || r.Damaged[0] != tree {
		b.t.Errorf("the check of the vault of %s: %+v, %v", at, r, err)
	}
}

// incoming returns the files of what a node receives.
func (b *border) incoming(at protocol.ParticipantID) (files []string) {
	b.t.Helper()
	root := filepath.Join(b.Home(at).Dir, "data", "vault")
	for _, dir := range []string{"incoming", "work"} {
		b.must(filepath.WalkDir(filepath.Join(root, dir), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		}))
	}
	return files
}

// otherShare answers a query for a share with one that is not it.
func otherShare(_ context.Context, m, honest wire.Message) (wire.Message, error) {
	if _, ok := m.(*wire.ShareQuery); ok {
		return &wire.Share{Share: evidence.Share{1, 2, 3}}, nil
	}
	return honest, nil
}

// hangs answers queries of a type when it is too late.
func hangs(typ wire.Type) func(context.Context, wire.Message, wire.Message) (wire.Message, error) {
	return func(ctx context.Context, m, honest wire.Message) (wire.Message, error) {
		if m.Type() == typ {
			<-ctx.Done()
		}
		return honest, ctx.Err()
	}
}

// lies are what a provider may say of its objects that is not so.
func lies() []*lie {
	small, blocks := []byte("From falcon\n"), bytes.Repeat([]byte("From falcon\n"), 3<<18) // nine MiB
	wrong, damaged := "not the one it signed", desk.EvidenceDamaged
	return []*lie{
		{name: "announces 4 TiB", content: small, object: func(o *protocol.Object) { o.Size = protocol.MaxObject },
			want: desk.EvidenceWaiting, why: "no room"},
		{name: "announces a byte, and has blocks", content: blocks, object: func(o *protocol.Object) { o.Size = 1 },
			want: desk.EvidenceWaiting, why: wrong},
		{name: "announces more blocks than there are", content: blocks, object: func(o *protocol.Object) { o.Size *= 2 },
			want: desk.EvidenceWaiting, why: wrong},
		{name: "announces a byte less", content: blocks, object: func(o *protocol.Object) { o.Size-- },
			want: desk.EvidenceWaiting, why: wrong},
		{name: "announces a byte more", content: blocks, object: func(o *protocol.Object) { o.Size++ },
			want: desk.EvidenceWaiting, why: wrong},
		{name: "announces none", content: small, object: func(o *protocol.Object) { o.Size = 0 }, want: desk.EvidenceWaiting, why: wrong},
		{name: "another SHA-512", content: small, object: func(o *protocol.Object) { o.SHA512 = strings.Repeat("0", 128) },
			want: damaged, why: "SHA-512"},
		{name: "another SHA-512 of many blocks", content: blocks, object: func(o *protocol.Object) { o.SHA512 = sum(small) },
			want: damaged, why: "SHA-512"},
		{name: "another share than it held back", content: small, answers: otherShare, want: damaged, why: "does not open"},
		{name: "another share than it should have sent", content: small,
			keys: func(k *protocol.EvidenceKeys, _ *[]protocol.ParticipantID) { k.Shares[0].Share = make([]byte, 32) },
			want: damaged, why: "does not open"},
		{name: "keys for nobody here", content: small,
			keys: func(_ *protocol.EvidenceKeys, to *[]protocol.ParticipantID) { *to = []protocol.ParticipantID{contoso} },
			want: damaged, why: "no key"},
		{name: "keys of another case", content: small,
			keys: func(k *protocol.EvidenceKeys, _ *[]protocol.ParticipantID) { k.Case = protocol.NewCaseID() },
			want: damaged, why: "no key"},
		{name: "keys of another object", content: small,
			keys: func(k *protocol.EvidenceKeys, _ *[]protocol.ParticipantID) { k.Shares[0].Object = protocol.Digest{1} },
			want: damaged, why: "no key"},
		{name: "no list though it says so", content: small, object: func(o *protocol.Object) { o.Role = protocol.RoleList },
			want: damaged, why: "no list"},
		{name: "no share, ever", content: small, answers: hangs(wire.TypeShareQuery), want: desk.EvidenceWaiting, why: "share of its key"},
		{name: "no block, ever", content: blocks, answers: hangs(wire.TypeBlockQuery), want: desk.EvidenceWaiting, why: ""},
	}
}

// TestNothingIsHandedOutOfWhatALiarDisclosed: every lie is told, and holds up
// nothing that is true.
func TestNothingIsHandedOutOfWhatALiarDisclosed(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		all := lies()
		l, ids := b.liar(len(all) + 1)
		defer l.stop()
		for i, x := range all {
			x.content = append(slices.Clone(x.content), byte(i)) // each its own
			l.takeIn(ids[i], x)
			l.discloses(ids[i], protocol.ProductionComplete, x)
			b.fetch(office, ids[i], desk.Fetch{})
		}
		truth := &lie{name: "the truth", content: bytes.Repeat([]byte("To falcon\n"), 1<<18)}
		last := ids[len(all)]
		l.takeIn(last, truth)
		l.discloses(last, protocol.ProductionComplete, truth)
		b.fetch(office, last, desk.Fetch{})
		b.awaitExhibit(office, last, desk.EvidenceComplete)
		if got, err := b.opens(office, last, truth.tree); err != nil || got != string(truth.content) {
			t.Errorf("the truth: %d bytes, %v", len(got), err)
		}
		for i, x := range all {
			var item desk.EvidenceItem
			b.await(x.name, func() bool {
				item = b.exhibit(office, ids[i])
				return item.State == x.want && strings.Contains(item.Why, x.why) || item.State == desk.EvidenceFetching && strings.Contains(item.Why, x.why)
			})
			if got, err := b.opens(office, ids[i], x.tree); err == nil || got != "" {
				t.Errorf("%s: %d bytes were handed out, %v", x.name, len(got), err)
			}
		}
		b.check(office)
		if r, err := b.node(office).CheckVault(t.Context()); err != nil || len(r.Damaged)+len(r.Missing)+r.Stray > 0 {
			t.Errorf("the vault: %+v, %v", r, err)
		}
	}, police, office, contoso)
}

// TestWhatWasDamagedIsMendedByAnotherDisclosure of the same sealed bytes: neither the
// key nor the state of the first stays.
func TestWhatWasDamagedIsMendedByAnotherDisclosure(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		l, ids := b.liar(1)
		defer l.stop()
		x := &lie{name: "wrong at first", content: bytes.Repeat([]byte("From falcon\n"), 3<<18), answers: otherShare}
		l.takeIn(ids[0], x)
		l.discloses(ids[0], protocol.ProductionPartial, x)
		b.fetch(office, ids[0], desk.Fetch{})
		b.awaitExhibit(office, ids[0], desk.EvidenceDamaged)
		x.answers = nil
		l.discloses(ids[0], protocol.ProductionPartial, x)
		b.fetch(office, ids[0], desk.Fetch{})
		b.awaitExhibit(office, ids[0], desk.EvidenceComplete)
		if got, err := b.opens(office, ids[0], x.tree); err != nil || got != string(x.content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}, police, office, contoso)
}

// TestAnObjectOfAnotherCaseDoesNotOpen: what is sealed for one case is not evidence
// in another, and stays what it is in its own.
func TestAnObjectOfAnotherCaseDoesNotOpen(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		l, ids := b.liar(2)
		defer l.stop()
		x := &lie{content: bytes.Repeat([]byte("From falcon\n"), 3<<18)}
		l.takeIn(ids[0], x)
		for _, id := range ids {
			l.discloses(id, protocol.ProductionComplete, x)
			b.fetch(office, id, desk.Fetch{})
		}
		b.awaitExhibit(office, ids[0], desk.EvidenceComplete)
		b.awaitExhibit(office, ids[1], desk.EvidenceDamaged)
		if got, err := b.opens(office, ids[1], x.tree); err == nil || got != "" {
			t.Errorf("%d bytes were handed out, %v", len(got), err)
		}
		if got, err := b.opens(office, ids[0], x.tree); err != nil || got != string(x.content) {
			t.Errorf("in its own case: %d bytes, %v", len(got), err)
		}
	}, police, office, contoso)
}

// TestWhoAnnouncesMuchTakesNothing: not the disk, and not the room of the others.
func TestWhoAnnouncesMuchTakesNothing(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		l, ids := b.liar(3)
		defer l.stop()
		status, err := b.node(office).Status(t.Context())
		b.must(err)
		room := status.Room
		announce := func(id protocol.CaseID, size int64) {
			var objects []*lie
			for n := range protocol.MaxObjects {
				x := &lie{content: []byte(fmt.Sprint(id, n)), answers: hangs(wire.TypeBlockQuery), object: func(o *protocol.Object) { o.Size = size }}
				l.takeIn(id, x)
				objects = append(objects, x)
			}
			l.discloses(id, protocol.ProductionComplete, objects...)
			b.fetch(office, id, desk.Fetch{})
			time.Sleep(time.Minute)
		}
		announce(ids[0], protocol.MaxObject)
		if left := b.incoming(office); len(left) > 0 {
			t.Errorf("files of what there is no room for: %q", left)
		}
		for _, i := range b.evidence(office, ids[0]) {
			if i.State != desk.EvidenceWaiting || !strings.Contains(i.Why, "no room") {
				t.Fatalf("got %s, %q", i.State, i.Why)
			}
		}
		// 64 times the eighth of what there is room for.
		announce(ids[1], room/8)
		told := 0
		for _, i := range b.evidence(office, ids[1]) {
			if strings.Contains(i.Why, "quota") && strings.Contains(i.Why, "--despite-quota") {
				told++
			}
		}
		if told < protocol.MaxObjects-4 {
			t.Errorf("%d of %d wait for a quota", told, protocol.MaxObjects)
		}
		status, err = b.node(office).Status(t.Context())
		b.must(err)
		if status.Room < room/3 {
			t.Errorf("room for %d bytes is left, of %d", status.Room, room)
		}
		small := &lie{content: []byte("To falcon\n")}
		l.takeIn(ids[2], small)
		l.discloses(ids[2], protocol.ProductionComplete, small)
		b.fetch(office, ids[2], desk.Fetch{Despite: true})
		b.awaitExhibit(office, ids[2], desk.EvidenceComplete)
	}, police, office, contoso)
}

func sum(b []byte) string {
	d := sha512.Sum512(b)
	return hex.EncodeToString(d[:])
}

// TestNamesThatAreNoneAreRefused by who receives the act, whatever its sender's node
// lets through: nothing of it is there.
func TestNamesThatAreNoneAreRefused(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		heads := b.thread(contoso, id)
		for name, bad := range map[string]string{"a way out": `../mailbox.mbox`, "a path": `/etc/passwd`, "NUL": `a\u0000b`, "a drive": `a\\b`,
			"4 KiB of marks": strings.Repeat("\u202e", 4<<10/3), "none": "", "the folder": "."} {
			a := b.blank(disclosure(protocol.ProductionComplete), contoso, office)
			a.Case, a.Follows = id, heads
			b.endorse(a)
			payload := bytes.Replace(b.payload(a), []byte(`"mailbox.mbox"`), []byte(`"`+bad+`"`), 1)
			signed := chaintest.Wrap(b.signedAs("comity-act+jws", payload, contoso), a.Endorsements...)
			b.refused(crime{name, contoso, office, b.seal(signed, office), protocol.ReasonMalformed, nil}, id)
			if items := b.evidence(office, id); len(items) > 0 {
				t.Errorf("%s: %+v", name, items)
			}
		}
		// Marks that a name has room for are data.
		marks := strings.Repeat("\u202e", protocol.MaxObjectName/3)
		o := b.handsOver(id, map[string][]byte{marks: []byte("From falcon\n")})[0]
		b.fetch(office, id, desk.Fetch{})
		if i := b.awaitExhibit(office, id, desk.EvidenceComplete); i.Object.Name != marks {
			t.Errorf("got the name %q", i.Object.Name)
		}
		if got, err := b.opens(office, id, o.Tree); err != nil || got != "From falcon\n" {
			t.Errorf("got %q, %v", got, err)
		}
	}, police, office, contoso)
}
