package node

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// The bytes of evidence lie in the vault (node/vault), sealed; what an object is,
// and where it stands here, lies in the store, case by case. The vault comes first:
// what the store names is there, and what it does not name is collected at the start.

// Evidence says how a node deals with evidence.
type Evidence struct {
	// Manual has nothing fetched before a person asks for it.
	Manual bool
	// Quota bounds what comes from one peer, and what one case holds; 0: no bound of
	// a case, and of a peer PeerShare.
	Quota vault.Quota
	// Reserve is how many bytes of the disk stay free; 0: the constant.
	Reserve int64
	// Scanner is a program with its arguments that looks at what was fetched
	// (node/scan); none: nothing does. ScanTimeout is how long it may take, 0: its
	// own constant.
	Scanner     []string
	ScanTimeout time.Duration
}

const (
	// Reserve is how many bytes of the disk evidence leaves free for acts.
	Reserve = 1 << 30
	// PeerShare is how many percent of what the disk has for evidence one peer may
	// have by itself, with what it only announced. Whatever it announces, as much is
	// left for the others.
	PeerShare = 50
)

// An exhibit is an object of a case as the store holds it.
type exhibit struct {
	Number int                `json:"number"` // in its case, from 1: see numberObject
	Object protocol.Object    `json:"object"`
	State  desk.EvidenceState `json:"state"` // never fetching, checking or live: those pass
	// Act is the disclosure that hands it over, and In the act of the store in
	// which that stands: itself, or a relay of it.
	Act protocol.Digest `json:"act,omitzero"`
	In  protocol.Digest `json:"in,omitzero"`
	// From is who has it for us to fetch; none of what was taken in here.
	From protocol.ParticipantID `json:"from,omitzero"`
	// Bound is the case in which it was taken in, wherever it was.
	Bound     protocol.CaseID `json:"bound"`
	Emergency bool            `json:"emergency,omitzero"`
	Despite   bool            `json:"despite,omitzero"` // fetched over a quota
	Why       string          `json:"why,omitzero"`
	// Anew says that what is here of it, the key too, was damaged: it is dropped
	// before it is fetched.
	Anew bool `json:"anew,omitzero"`
	Live bool `json:"live,omitzero"` // it was delivered as it grew (live.go)
	// Readers are others who may fetch it from here.
	Readers []protocol.ParticipantID `json:"readers,omitempty"`
}

// An exhibitID names an object of a case.
type exhibitID struct {
	Case   protocol.CaseID
	Object protocol.Digest // its tree hash
}

func (x exhibitID) key() []byte {
	return fmt.Appendf(nil, "%s%s/%x", prefixEvidence, x.Case, x.Object[:])
}

// pendingKey is there as long as an object is to be fetched.
func (x exhibitID) pendingKey() []byte {
	return fmt.Appendf(nil, "%s%s/%x", prefixFetch, x.Case, x.Object[:])
}

// parseExhibitKey reads what key and pendingKey wrote.
func parseExhibitKey(prefix string, key []byte) (exhibitID, error) {
	id, tree, _ := strings.Cut(strings.TrimPrefix(string(key), prefix), "/")
	b, err := hex.DecodeString(tree)
	if err != nil || len(b) != len(protocol.Digest{}) {
		return exhibitID{}, errors.New("node: a key of evidence is damaged")
	}
	return exhibitID{protocol.CaseID(id), protocol.Digest(b)}, nil
}

func evidencePrefix(id protocol.CaseID) []byte { return []byte(prefixEvidence + string(id) + "/") }

// vaultKey is the key that seals the vault's key files: it is no other key's, and
// who has the store's has it.
func vaultKey(storeKey [32]byte) ([32]byte, error) {
	k, err := hkdf.Key(sha256.New, storeKey[:], nil, "comity vault key files v1", 32)
	if err != nil {
		return [32]byte{}, fmt.Errorf("node: vault key: %w", err)
	}
	return [32]byte(k), nil
}

// exhibitsOf calls each for every object of a case, in the order of their tree hashes.
func exhibitsOf(r scanner, id protocol.CaseID, each func(exhibitID, exhibit) error) error {
	return r.Scan(store.Range{Prefix: evidencePrefix(id)}, func(key, value []byte) (bool, error) {
		x, err := parseExhibitKey(prefixEvidence, key)
		if err != nil {
			return false, err
		}
		e, err := record.Parse[exhibit](value)
		if err != nil {
			return false, err
		}
		return true, each(x, e)
	})
}

// numberObject returns the number of the next object of a case: in the order in which
// they were taken in or disclosed, and in one act in that of its manifest. A number
// stays its object's, and nobody else gets it, so people can go by it.
func numberObject(tx *journal.Tx, id protocol.CaseID) (int, error) {
	key := []byte(prefixNumber + string(id))
	last, err := record.Read[int](tx, key)
	if record.IgnoreMissing(err) != nil {
		return 0, err
	}
	return last + 1, record.Write(tx, key, last+1)
}

// A scanner is a store.Reader or a transaction.
type scanner interface {
	Scan(store.Range, func(key, value []byte) (bool, error)) error
}

// A manifest is what a disclosure hands over, as it stands in an act or in a relay
// of that act.
type manifest struct {
	act     *protocol.Act   // that has the keys
	digest  protocol.Digest // of act
	objects []protocol.Object
	bound   protocol.CaseID // the case in which they were taken in
}

// list returns the objects, none of no manifest.
func (m *manifest) list() []protocol.Object {
	if m == nil {
		return nil
	}
	return m.objects
}

// manifestIn returns the manifest in an act that was verified, nil if there is none.
func manifestIn(act *protocol.Act) (*manifest, error) {
	if act.Body.Relay != nil {
		inner, err := chain.Unverified(act.Body.Relay.Act)
		if err != nil {
			return nil, err
		}
		act = inner
	}
	d := act.Body.Disclosure
	if d == nil {
		return nil, nil
	}
	m := &manifest{act: act, objects: d.Objects, bound: act.Case}
	if len(d.Origin) > 0 {
		origin, err := chain.Unverified(d.Origin)
		if err != nil || origin.Body.Disclosure == nil {
			return nil, errors.Join(err, errors.New("node: what is passed on is no disclosure"))
		}
		m.objects, m.bound = origin.Body.Disclosure.Objects, origin.Case
	}
	enc, err := act.Encode()
	if err != nil {
		return nil, err
	}
	m.digest = protocol.DigestOf(enc)
	return m, nil
}

// noteManifest has the store know the objects that an act hands over, in the commit
// that takes or sends the act: to whoever can read them they are to be fetched.
func (n *Node) noteManifest(tx *journal.Tx, c *casefile.Case, a *chain.Authentic) error {
	if a.Act.Body.Interception != nil {
		return n.noteLive(tx, c, a)
	}
	m, err := manifestIn(a.Act)
	if err != nil || m == nil {
		return err
	}
	own := m.act.From == n.cfg.Self
	if !own && !slices.Contains(m.act.Body.Disclosure.Readers, n.cfg.Self) {
		return nil
	}
	for _, o := range m.objects {
		x := exhibitID{c.ID, o.Tree}
		held, err := record.Read[exhibit](tx, x.key())
		if record.IgnoreMissing(err) != nil {
			return err
		}
		next := exhibit{Object: o, State: desk.EvidenceWaiting, Act: m.digest, In: a.Digest, From: m.act.From,
			Bound: m.bound, Emergency: c.Emergency, Anew: err == nil, Number: held.Number}
		switch {
		case own && (err != nil && m.bound == c.ID || held.State == desk.EvidenceDeleted || held.State == desk.EvidenceRestricted):
			return &desk.Problem{Status: http.StatusConflict, Text: "an object of the disclosure is not held any more",
				Hint: "take it in first: see comity case show " + string(c.ID)}
		case own:
			next.State, next.From, next.Anew = desk.EvidenceDisclosed, "", false
			next.Readers = n.readersBeside(held.Readers, m.act.Body.Disclosure.Readers)
		case err == nil && held.State != desk.EvidenceDamaged:
			continue // disclosed once more, or by itself and in a relay
		case !n.cfg.Evidence.Manual && c.Issuer == n.cfg.Self:
			err = tx.Set(x.pendingKey(), nil)
		default:
			next.Why, err = "nobody has asked for it yet: comity fetch "+string(c.ID), nil
		}
		if record.IgnoreMissing(err) != nil {
			return err
		}
		if next.Number == 0 {
			next.Number, err = numberObject(tx, c.ID)
		}
		if err := errors.Join(err, record.Write(tx, x.key(), next)); err != nil {
			return err
		}
	}
	return nil
}

// takeBack has what a disclosure handed over that nobody took be held again.
func (n *Node) takeBack(tx *journal.Tx, c *casefile.Case, act protocol.Digest) error {
	lost := slices.ContainsFunc(c.Thread, func(e casefile.Entry) bool { return e.Act == act && e.Lost() })
	if !lost {
		return nil
	}
	n.grants.forget(act)
	changed := map[exhibitID]exhibit{}
	err := exhibitsOf(tx, c.ID, func(x exhibitID, e exhibit) error {
		if e.Act == act && e.State == desk.EvidenceDisclosed {
			changed[x] = e
		}
		return nil
	})
	for x, e := range changed {
		if e.Bound != c.ID { // of another case, where it is
			err = errors.Join(err, tx.Delete(x.key()))
			continue
		}
		e.State, e.Act, e.In, e.Readers = desk.EvidenceHeld, protocol.Digest{}, protocol.Digest{}, nil
		err = errors.Join(err, record.Write(tx, x.key(), e))
	}
	return err
}

// TakeIn implements desk.Exhibits.
func (n *Node) TakeIn(ctx context.Context, id protocol.CaseID, about desk.Intake, content io.Reader) (protocol.Object, error) {
	o := protocol.Object{Name: about.Name, MediaType: about.MediaType, Role: about.Role,
		Collected: about.Collected.UTC().Truncate(time.Second), Collector: about.Collector}
	if about.Collected.IsZero() {
		o.Collected = time.Time{}
	}
	likely := o // what is known only at the end, as it will be formed
	likely.SHA512, likely.Tree = strings.Repeat("0", 128), protocol.Digest{1}
	if err := likely.Check(); err != nil {
		return o, &desk.Problem{Status: http.StatusUnprocessableEntity, Text: err.Error(),
			Hint: "mend the members that are named and try again"}
	}
	if err := n.journal.View(ctx, func(r store.Reader) error { return n.mayTakeIn(r, id) }); err != nil {
		return o, err
	}
	taken, err := n.vault.TakeIn(ctx, id, &limited{r: content, left: protocol.MaxObject, ctx: ctx}, nil)
	if err != nil {
		return o, n.vaultProblem(err)
	}
	o.Size, o.SHA512, o.Tree = taken.Size, taken.SHA512, taken.Tree
	x := exhibitID{id, o.Tree}
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		if err := n.mayTakeIn(tx, id); err != nil {
			return err
		}
		held, err := record.Read[exhibit](tx, x.key())
		if err == nil { // the same content: it stays what it was said to be
			o = held.Object
			return nil
		}
		number, err2 := numberObject(tx, id)
		return errors.Join(record.IgnoreMissing(err), err2,
			record.Write(tx, x.key(), exhibit{Number: number, Object: o, State: desk.EvidenceHeld, Bound: id}))
	})
	if err != nil {
		if !taken.Already {
			err = errors.Join(err, n.vault.Drop(id, o.Tree))
		}
		return o, n.problem(err)
	}
	return o, nil
}

// mayTakeIn wants a case in which this participant may still disclose something.
func (n *Node) mayTakeIn(r record.Getter, id protocol.CaseID) error {
	f, err := record.Read[filed](r, caseKey(id))
	c := &f.File
	var reason protocol.Reason
	switch {
	case errors.Is(err, store.ErrNotFound):
		return noCase()
	case err != nil:
		return err
	case c.Addressee != n.cfg.Self:
		reason = protocol.ReasonRole
	case c.Matter.Drill:
		reason = protocol.ReasonDrill
	case c.State.Ended():
		reason = protocol.ReasonOutOfTurn
	default:
		return nil
	}
	return turnProblem(&casefile.TurnError{Reason: reason, State: c.State, Kind: protocol.KindDisclosure})
}

// A limited reader ends with its context, and does not read more than an object
// may have.
type limited struct {
	r    io.Reader
	left int64
	ctx  context.Context
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	if l.left <= 0 {
		return 0, &desk.Problem{Status: http.StatusRequestEntityTooLarge,
			Text: fmt.Sprintf("an object has at most %d bytes", int64(protocol.MaxObject)), Hint: "hand it over in several"}
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// PutBack implements desk.Exhibits.
func (n *Node) PutBack(ctx context.Context, id protocol.CaseID, object protocol.Digest) (desk.Evidence, error) {
	x := exhibitID{id, object}
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		e, err := record.Read[exhibit](tx, x.key())
		switch {
		case errors.Is(err, store.ErrNotFound):
			return noExhibit(id)
		case err != nil:
			return err
		case e.State != desk.EvidenceHeld:
			return &desk.Problem{Status: http.StatusConflict, Text: "the object was disclosed: it is not only held any more",
				Hint: "comity delete destroys it, with a certificate"}
		}
		return tx.Delete(x.key())
	})
	if err != nil {
		return desk.Evidence{}, n.problem(err)
	}
	if err := n.vault.Drop(id, object); err != nil {
		return desk.Evidence{}, n.vaultProblem(err)
	}
	return n.Evidence(ctx, id)
}

func noExhibit(id protocol.CaseID) error {
	return &desk.Problem{Status: http.StatusNotFound, Text: "this case has no such object here",
		Hint: "comity case show " + string(id) + " lists those that it has"}
}

// Evidence implements desk.Exhibits.
func (n *Node) Evidence(ctx context.Context, id protocol.CaseID) (desk.Evidence, error) {
	out := desk.Evidence{Case: id, Items: []desk.EvidenceItem{}}
	err := n.journal.View(ctx, func(r store.Reader) error {
		if _, err := r.Get(caseKey(id)); err != nil {
			if errors.Is(err, store.ErrNotFound) {
				return noCase()
			}
			return err
		}
		var err error
		out.Items, err = n.items(r, id)
		return err
	})
	return out, err
}

// items returns the objects of a case as people see them.
func (n *Node) items(r store.Reader, id protocol.CaseID) ([]desk.EvidenceItem, error) {
	items := []desk.EvidenceItem{}
	err := exhibitsOf(r, id, func(x exhibitID, e exhibit) error {
		i := desk.EvidenceItem{Number: e.Number, Object: e.Object, Act: e.Act, From: e.From, State: e.State, Why: e.Why,
			Total: stream.SealedSize(e.Object.Size)}
		switch e.State {
		case desk.EvidenceWaiting:
			n.showFetching(x, &i)
		case desk.EvidenceDeleted:
		default:
			i.Have = i.Total
		}
		var err error
		i.Served, err = n.served(r, x, &e)
		items = append(items, i)
		return err
	})
	if err != nil {
		return nil, err
	}
	if live, err := n.liveItem(r, id); err != nil {
		return nil, err
	} else if live != nil {
		items = append(items, *live)
	}
	slices.SortFunc(items, func(a, b desk.EvidenceItem) int { return cmp.Compare(a.Number, b.Number) })
	return items, nil
}

// Content implements desk.Exhibits.
func (n *Node) Content(ctx context.Context, piece desk.Piece, w io.Writer) error {
	id, object, offset := piece.Case, piece.Object, piece.From
	e, err := n.exhibit(ctx, exhibitID{id, object})
	if err != nil {
		return err
	}
	if err := e.readable(id); err != nil {
		return err
	}
	if offset > e.Object.Size {
		return &desk.Problem{Status: http.StatusRequestedRangeNotSatisfiable,
			Text: fmt.Sprintf("offset: want at most %d, the size of the object", e.Object.Size)}
	}
	content, err := n.vault.Open(id, object, e.Bound)
	if err != nil {
		return n.vaultProblem(err)
	}
	defer content.Close()
	if _, err := content.WriteFrom(&patient{w, ctx}, offset); err != nil {
		return n.vaultProblem(err)
	}
	return nil
}

func (n *Node) exhibit(ctx context.Context, x exhibitID) (e exhibit, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		e, err = record.Read[exhibit](r, x.key())
		if errors.Is(err, store.ErrNotFound) {
			return noExhibit(x.Case)
		}
		return err
	})
	return e, err
}

// readable says why an object cannot be read here now.
func (e *exhibit) readable(id protocol.CaseID) error {
	switch e.State {
	case desk.EvidenceHeld, desk.EvidenceDisclosed, desk.EvidenceComplete:
		return nil
	case desk.EvidenceQuarantined:
		return &desk.Problem{Status: http.StatusConflict, Text: "the object is in quarantine: the scanner found something in it",
			Hint: "whoever wants it all the same: comity fetch " + string(id) + " --despite-quarantine"}
	case desk.EvidenceDamaged:
		return &desk.Problem{Status: http.StatusConflict, Text: "the object is not what the disclosure says: " + e.Why,
			Hint: "ask who disclosed it to disclose it again"}
	case desk.EvidenceRestricted:
		return &desk.Problem{Status: http.StatusConflict, Text: "the use of the object is restricted: nothing of it is handed out",
			Hint: "the case says why: comity case show " + string(id)}
	case desk.EvidenceDeleted:
		return &desk.Problem{Status: http.StatusGone, Text: "the object was deleted here: its key is destroyed",
			Hint: "the case has the certificate: comity case show " + string(id)}
	}
	return &desk.Problem{Status: http.StatusConflict, Text: "the object is not here yet", Hint: "comity fetch " + string(id)}
}

// A patient writer ends with its context.
type patient struct {
	w   io.Writer
	ctx context.Context
}

func (p *patient) Write(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.w.Write(b)
}

// CheckVault implements desk.Exhibits.
func (n *Node) CheckVault(ctx context.Context) (desk.VaultReport, error) {
	found, err := n.vault.Check(ctx, nil)
	if err != nil {
		return desk.VaultReport{}, n.vaultProblem(err)
	}
	return desk.VaultReport{Objects: found.Objects, Bytes: found.Bytes, Damaged: slices.Concat([]protocol.Digest{}, found.Damaged),
		Missing: slices.Concat([]protocol.Digest{}, found.Missing), Keys: slices.Concat([]protocol.Digest{}, found.Keys),
		Stray: found.Stray}, nil
}

// vaultProblem turns an error of the vault into words for a person.
func (n *Node) vaultProblem(err error) error {
	var own *desk.Problem
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, vault.ErrNoRoom):
		return &desk.Problem{Status: http.StatusInsufficientStorage, Text: "the node's disk has no room for it",
			Hint: "make room on the node's disk: nothing of it was kept"}
	case errors.Is(err, vault.ErrQuota):
		return &desk.Problem{Status: http.StatusInsufficientStorage, Text: "the case has as much evidence as this node takes for one",
			Hint: "raise case_quota in comity.toml"}
	case errors.Is(err, vault.ErrDestroyed):
		return &desk.Problem{Status: http.StatusGone, Text: "the object was deleted here: its key is destroyed"}
	}
	return err
}
