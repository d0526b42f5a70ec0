//go:build linux

package node_test

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/transfer"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// kills is how often a side is killed in one transfer. The object is killedObject
// large, unless -object says how large: "-kills 50 -object 1073741824".
var kills = flag.Int("kills", 4, "how often a side is killed in the middle of one transfer")

const (
	// killedObject is large enough that beginning anew costs more than what may be
	// in flight.
	killedObject = 96 << 20
	// killedWithin is how long it may take until the next kill can be meant.
	killedWithin = 2 * time.Minute
)

// killed does the orders of the test that kills.
func (e *end) killed(ctx context.Context, o order) (r report, err error) {
	switch o.Do {
	case "want":
		for patience := time.Now().Add(killedWithin); ; time.Sleep(look) { // the disclosure comes
			v, err := e.node.Fetch(ctx, o.Case, desk.Fetch{})
			if err == nil && len(v.Items) > 0 {
				return r, nil
			}
			if time.Now().After(patience) {
				return r, errors.Join(err, errors.New("nothing was disclosed"))
			}
		}
	case "have":
		v, err := e.node.Evidence(ctx, o.Case)
		for _, i := range v.Items {
			r.Have, r.State, r.Objects = i.Have, i.State, append(r.Objects, i.Object)
		}
		return r, err
	case "blocks":
		r.Blocks, err = e.blocks()
	case "read":
		digest := sha512.New()
		err = e.node.Content(ctx, desk.Piece{Case: o.Case, Object: o.Objects[0].Tree}, digest)
		r.Digest = hex.EncodeToString(digest.Sum(nil))
	case "check":
		if r.Vault, err = e.node.CheckVault(ctx); err != nil {
			return r, err
		}
		ledger, err := e.node.Check(ctx)
		if err == nil && len(ledger.Trouble) > 0 {
			err = fmt.Errorf("the ledger: %v", ledger.Trouble)
		}
		return r, err
	}
	return r, err
}

// blocks returns how many blocks of evidence came, and how many went.
func (e *end) blocks() (n [2]int64, err error) {
	families, err := e.registry.Gather()
	for _, f := range families {
		if f.GetName() != "comity_evidence_blocks_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["outcome"] == "block" {
				n[slices.Index([]string{"in", "out"}, labels["direction"])] += int64(m.GetCounter().GetValue())
			}
		}
	}
	return n, err
}

// A killing is one transfer in which sides are killed.
type killing struct {
	*pair
	size    int64
	id      protocol.CaseID
	seen    map[*process]int64 // blocks that a side had counted when it was asked last
	moved   int64              // blocks that were moved, as whoever lived on has counted
	longest time.Duration      // from a start until more was there
}

// kill ends a side on the spot. The other one says what moved meanwhile.
func (k *killing) kill(t *testing.T, victim **process) {
	t.Helper()
	(*victim).cmd.Process.Kill()
	(*victim).cmd.Wait()
	k.count(t, *victim)
	name, home := "killed-provider", k.world.Home(provider).Dir
	if victim == &k.to {
		name, home = "killed-receiver", k.world.Home(receiver).Dir
	}
	*victim = startEnd(t, home, name)
}

// count adds what moved since it was asked last, as the side says that is not dead:
// the authority says what it took, the provider what it served.
func (k *killing) count(t *testing.T, dead *process) {
	t.Helper()
	alive, direction := k.to, 0
	if dead == k.to {
		alive, direction = k.holder, 1
	}
	n := alive.do(t, order{Do: "blocks"}).Blocks[direction]
	k.moved += n - k.seen[alive]
	k.seen[alive] = n
}

// sound wants a provider's vault in which there is what the store names, and no more.
func (k *killing) sound(t *testing.T) []protocol.Object {
	t.Helper()
	objects := k.holder.do(t, order{Do: "have", Case: k.id}).Objects
	v := k.holder.do(t, order{Do: "check"}).Vault
	if v.Objects != len(objects) || len(v.Damaged)+len(v.Missing)+len(v.Keys)+v.Stray > 0 {
		t.Errorf("%d objects, and the vault: %+v", len(objects), v)
	}
	left, err := filepath.Glob(filepath.Join(k.world.Home(provider).Dir, "data", "vault", "work", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("half an object stays: %q, %v", left, err)
	}
	return objects
}

// takeIn kills the provider while it takes the object in.
func (k *killing) takeIn(t *testing.T, times int) protocol.Object {
	t.Helper()
	for range times {
		taking := order{Do: "take in", Case: k.id, Size: k.size, Count: 1}
		if err := k.holder.orders.Encode(taking); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(time.Duration(k.size) * time.Second / (400 << 20)))
		k.kill(t, &k.holder)
		if got := k.sound(t); len(got) > 1 {
			t.Errorf("taken in %d times", len(got))
		}
	}
	return k.holder.do(t, order{Do: "take in", Case: k.id, Size: k.size, Count: 1}).Objects[0]
}

// disclose kills the provider while it discloses the object.
func (k *killing) disclose(t *testing.T, times int, o protocol.Object) {
	t.Helper()
	disclosing := order{Do: "disclose", Case: k.id, Objects: []protocol.Object{o}}
	for range times {
		if err := k.holder.orders.Encode(disclosing); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(100 * time.Millisecond))
		k.kill(t, &k.holder)
		if got := k.sound(t); len(got) != 1 {
			t.Errorf("%d objects, want the one that was disclosed", len(got))
		}
	}
	k.holder.do(t, disclosing)
}

// until waits until so many bytes are there, and returns how many are.
func (k *killing) until(t *testing.T, bytes int64) int64 {
	t.Helper()
	for patience := time.Now().Add(killedWithin); ; time.Sleep(time.Millisecond) {
		r := k.to.do(t, order{Do: "have", Case: k.id})
		switch {
		case len(r.Objects) != 1:
			t.Fatalf("the authority has %d objects, want one", len(r.Objects))
		case r.Have >= bytes || r.State != desk.EvidenceFetching && r.State != desk.EvidenceWaiting:
			return r.Have
		case time.Now().After(patience):
			t.Fatalf("%d bytes of %d are there, and no more come", r.Have, k.size)
		}
	}
}

// TestKilledTransferIsBitIdentical kills either side at random moments: while the
// object is taken in, disclosed, moved and completed. Nothing is moved twice beyond
// what was in flight.
func TestKilledTransferIsBitIdentical(t *testing.T) {
	if *measuring {
		return
	}
	k := &killing{pair: newPair(t, "killed"), size: killedObject, seen: map[*process]int64{}}
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "object" {
			k.size = *objectSize
		}
	})
	k.holder = startEnd(t, k.world.Home(provider).Dir, "killed-provider")
	k.id = k.ask(t)
	o := k.takeIn(t, max(1, *kills/10))
	k.disclose(t, max(1, *kills/10), o)
	sealed := stream.SealedSize(k.size)
	moments := make([]int64, *kills)
	for i := range moments {
		moments[i] = sealed/10 + rand.Int64N(sealed-sealed/10)
	}
	slices.Sort(moments)
	moments[len(moments)-1] = sealed // when it is completed, or compared
	k.to.do(t, order{Do: "want", Case: k.id})
	before, authority := int64(0), 0
	for i, moment := range moments {
		have := k.until(t, moment)
		if have < before {
			t.Errorf("kill %d: %d bytes are there, after %d", i, have, before)
		}
		before = have
		victim := &k.holder
		if i%2 == 1 || moment == sealed {
			victim = &k.to
			authority++
		}
		k.kill(t, victim)
		if have < sealed {
			began := time.Now()
			k.until(t, have+1)
			took := time.Since(began)
			k.longest = max(k.longest, took)
			if took > resumeAfter {
				t.Logf("kill %d, of the authority %v: %v until it went on", i, victim == &k.to, took.Round(time.Millisecond))
			}
		}
	}
	for patience := time.Now().Add(killedWithin); ; time.Sleep(look) {
		r := k.to.do(t, order{Do: "have", Case: k.id})
		if r.State == desk.EvidenceComplete {
			break
		}
		if time.Now().After(patience) {
			t.Fatalf("the evidence is %s", r.State)
		}
	}
	k.count(t, k.to) // served since
	blocks := evidence.Blocks(sealed)
	t.Logf("%d kills: %d blocks were moved for %d; at most %v until it went on", *kills, k.moved, blocks,
		k.longest.Round(time.Millisecond))
	if most := blocks + int64(authority)*transfer.DefaultWindow; k.moved < blocks || k.moved > most {
		t.Errorf("%d blocks were moved for %d, want at most %d", k.moved, blocks, most)
	}
	want := sha512.New()
	if _, err := io.CopyN(want, filler(0, 0, byte(k.size>>20)), k.size); err != nil {
		t.Fatal(err)
	}
	got := k.to.do(t, order{Do: "read", Case: k.id, Objects: []protocol.Object{o}}).Digest
	if got != hex.EncodeToString(want.Sum(nil)) || got != o.SHA512 {
		t.Error("what arrived is not what was taken in")
	}
	for name, p := range map[string]*process{"provider": k.holder, "authority": k.to} {
		v := p.do(t, order{Do: "check"}).Vault
		if v.Objects != 1 || len(v.Damaged)+len(v.Missing)+len(v.Keys)+v.Stray > 0 {
			t.Errorf("the vault of the %s: %+v", name, v)
		}
	}
	if left, err := os.ReadDir(filepath.Join(k.world.Home(receiver).Dir, "data", "vault", "incoming")); err != nil {
		t.Error(err)
	} else if len(left) > 1 {
		t.Errorf("%d cases are still being received", len(left))
	}
}
