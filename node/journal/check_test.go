package journal_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

func leafKey(i uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte("ledger/leaf/"), i)
}

// Each crime is committed against a store of 9 records, behind the journal's back.
var crimes = map[string]func(store.Txn) error{
	"a record is changed": func(tx store.Txn) error {
		v, err := tx.Get(leafKey(4))
		if err != nil {
			return err
		}
		v[len(v)-5] ^= 1
		return tx.Set(leafKey(4), v)
	},
	"a hash is changed": func(tx store.Txn) error {
		v, err := tx.Get(leafKey(3))
		if err != nil {
			return err
		}
		v[40] ^= 1
		return tx.Set(leafKey(3), v)
	},
	"two records are exchanged": func(tx store.Txn) error {
		a, err := tx.Get(leafKey(0))
		if err != nil {
			return err
		}
		b, err := tx.Get(leafKey(2))
		if err != nil {
			return err
		}
		return errors.Join(tx.Set(leafKey(2), a), tx.Set(leafKey(0), b))
	},
	"a record is removed": func(tx store.Txn) error { return tx.Delete(leafKey(4)) },
	"a record is added": func(tx store.Txn) error {
		v, err := tx.Get(leafKey(8))
		if err != nil {
			return err
		}
		return tx.Set(leafKey(9), v)
	},
	"the last record is removed": func(tx store.Txn) error { return tx.Delete(leafKey(8)) },
	"the head is cut":            func(tx store.Txn) error { return tx.Set([]byte("ledger/head"), nil) },
}

func TestTamperedStoreIsFound(t *testing.T) {
	for name, commit := range crimes {
		t.Run(name, func(t *testing.T) {
			dir, _ := committed(t, 9)
			d := mustStart(t, dir)
			if err := d.store.Update(t.Context(), commit); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Check(t.Context(), journal.Audit{}); !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("Check: got %v, want ErrDamaged", err)
			}
			mustEnd(t, d)
		})
	}
}

// What Open alone must see: all that the next leaf and the root rest on.
func TestTamperedEdgeDoesNotStart(t *testing.T) {
	for _, name := range []string{"a record is added", "the last record is removed", "the head is cut"} {
		dir, _ := committed(t, 9)
		s, err := openStore(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), crimes[name]); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := start(t.Context(), dir, nil); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", name, err)
		}
	}
}

func TestCheckReportsAndAsks(t *testing.T) {
	dir, _ := committed(t, 9)
	d := mustStart(t, dir)
	defer d.end()
	var asked, done, total int64
	report, err := d.Check(t.Context(), journal.Audit{
		Progress: func(d, t int64) { done, total = d, t },
		Record: func(r store.Reader, index int64, rec ledger.Record) error {
			if index != asked || rec.Kind != ledger.KindAccepted {
				t.Errorf("asked about %s %d, want accepted %d", rec.Kind, index, asked)
			}
			asked++
			_, err := r.Get([]byte("act/0"))
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if asked != 9 || done != 9 || total != 9 || report.Kinds[ledger.KindAccepted] != 9 ||
		report.Checkpoint.Size != 9 || report.Batch != 10 {
		t.Errorf("asked %d, %d of %d done, report %+v, want 9 everywhere", asked, done, total, report)
	}
	missing := errors.New("its act is missing")
	_, err = d.Check(t.Context(), journal.Audit{
		Record: func(store.Reader, int64, ledger.Record) error { return missing },
	})
	if !errors.Is(err, missing) {
		t.Errorf("got %v, want the audit's error", err)
	}
}
