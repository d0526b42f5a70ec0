package exhibit

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/node/store/badger"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// oneCase is the only case there is.
type oneCase struct{ file casefile.Case }

func (c oneCase) Case(record.Getter, protocol.CaseID) (*casefile.Case, error) { return &c.file, nil }
func (oneCase) Act(record.Getter, protocol.Digest) (*protocol.Act, error) {
	return nil, store.ErrNotFound
}
func (oneCase) Proposed(record.Getter, protocol.CaseID) (*protocol.Disclosure, error) {
	return nil, nil
}

// TestACaseTakesInNoMoreThanItHandsOver: a system that uploads adds no small objects
// without end, and what is put back makes room. Those of other cases do not count.
func TestACaseTakesInNoMoreThanItHandsOver(t *testing.T) {
	dir := t.TempDir()
	s, err := badger.Open(t.Context(), badger.Config{Dir: filepath.Join(dir, "store"), Reserve: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key, err := cosign.GenerateLogKey()
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), journal.Config{Store: s, Key: key, Origin: "us.contoso",
		Anchor: filepath.Join(dir, "anchor"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	const id, other = protocol.CaseID("case-a"), protocol.CaseID("case-b")
	k := &Keeper{journal: j, cfg: Config{Self: "us.contoso", Cases: oneCase{casefile.Case{ID: id, State: casefile.UnderReview, Addressee: "us.contoso"}}}}
	number := func(i int) protocol.Digest { return protocol.Digest{byte(i), byte(i >> 8)} }
	change := func(of protocol.CaseID, from, to int, do func(store.Txn, []byte) error) {
		t.Helper()
		err := s.Update(t.Context(), func(tx store.Txn) (err error) {
			for i := from; i < to; i++ {
				err = errors.Join(err, do(tx, exhibitID{of, number(i)}.key()))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add := func(tx store.Txn, key []byte) error { return tx.Set(key, []byte("{}")) }
	change(other, 0, casefile.MaxHanded, add)
	change(id, 0, casefile.MaxHanded-1, add)
	if err := k.Admit(t.Context(), id); err != nil {
		t.Errorf("the last one: %v", err)
	}
	change(id, casefile.MaxHanded-1, casefile.MaxHanded, add)
	var p *desk.Problem
	if err := k.Admit(t.Context(), id); !errors.As(err, &p) || p.Status != http.StatusConflict || !strings.Contains(p.Hint, "--drop") {
		t.Errorf("one more: got %v", err)
	}
	change(id, 7, 8, func(tx store.Txn, key []byte) error { return tx.Delete(key) })
	if err := k.Admit(t.Context(), id); err != nil {
		t.Errorf("once one was put back: %v", err)
	}
}
