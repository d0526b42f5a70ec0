package node_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/gate"
	"comity.example/node/home"
	"comity.example/node/link"
	"comity.example/node/link/linktest"
	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/evidence/evidencetest"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
	"comity.example/testnet"
)

const (
	police  = protocol.ParticipantID("gb.met-police")
	office  = protocol.ParticipantID("gb.home-office")
	contoso = protocol.ParticipantID("us.contoso")
	fbi     = protocol.ParticipantID("us.fbi")
	initech = protocol.ParticipantID("us.initech")
)

// daa is the agreement that governs every case here.
var daa = protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}

// founded is the legal time at which a border begins.
var founded = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// smallWorld is two Parties with an agreement; which of the participants run
// nodes is the test's choice.
func smallWorld() testnet.Topology {
	return testnet.Topology{
		Parties: map[protocol.Party]map[protocol.ParticipantID]testnet.Member{
			"GB": {
				police: {Name: "Metropolitan Police Service", Roles: []protocol.Role{protocol.RoleIssuing}},
				office: {Name: "Home Office", Roles: []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral}},
			},
			"US": {
				fbi:     {Name: "Federal Bureau of Investigation", Roles: []protocol.Role{protocol.RoleIssuing}},
				contoso: {Name: "Contoso Inc.", Roles: []protocol.Role{protocol.RoleProvider}},
				initech: {Name: "Initech Inc.", Roles: []protocol.Role{protocol.RoleProvider}},
			},
		},
		Agreements: map[string][]protocol.Party{daa.ID: {"GB", "US"}},
	}
}

// A border is a small world in virtual time: some of its participants run
// nodes, and the test holds the keys of all of them.
type border struct {
	*testnet.World
	t       *testing.T
	network *linktest.Network
	began   time.Time // bubble time at founded
	logged  *lockedBuffer

	// alter, if set, changes what a node is opened with.
	alter func(*node.Config)

	mu       sync.Mutex
	turned   time.Duration // legal time ahead of the bubble's; guarded by mu
	thieves  []*thief      // guarded by mu; they end with the border
	running  map[protocol.ParticipantID]*runner
	stolen   map[protocol.ParticipantID]node.Keys     // guarded by opening
	officers map[protocol.ParticipantID]*home.Officer // guarded by opening

	opening sync.Mutex // keys are opened once, also by those who ask at once
}

// A runner is one node that runs.
type runner struct {
	*node.Node
	http    http.Handler
	metrics *prometheus.Registry
	stop    context.CancelFunc
	ended   chan error
}

// atBorder runs do in a bubble with a world in which the nodes of ids run,
// beside other tests: most of a test's time is spent waiting for the disk. Time
// is virtual there: a sleep lasts as long as the protocol says, and takes none.
func atBorder(t *testing.T, do func(t *testing.T, b *border), ids ...protocol.ParticipantID) {
	t.Helper()
	t.Parallel()
	aloneAtBorder(t, do, ids...)
}

// aloneAtBorder is atBorder with no other test beside it.
func aloneAtBorder(t *testing.T, do func(t *testing.T, b *border), ids ...protocol.ParticipantID) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := found(t, dir)
		defer b.close()
		for _, id := range ids {
			b.start(id)
		}
		do(t, b)
	})
}

// template is the files of a founded world that every border is a copy of:
// making the keys takes longer than most tests.
var template struct {
	once  sync.Once
	files map[string][]byte // by path below the world's directory
	err   error
}

func findTemplate(t *testing.T) (map[string][]byte, error) {
	template.once.Do(func() {
		dir, network := filepath.Join(t.TempDir(), "world"), linktest.NewNetwork(linktest.Conditions{})
		_, template.err = testnet.Found(testnet.Founding{Dir: dir, Topology: smallWorld(), At: founded,
			Address: func(id protocol.ParticipantID) (string, error) { return network.Addr(string(id)), nil }})
		template.files = map[string][]byte{}
		template.err = errors.Join(template.err, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err1 := filepath.Rel(dir, path)
			b, err2 := os.ReadFile(path)
			template.files[name] = b
			return errors.Join(err1, err2)
		}))
	})
	return template.files, template.err
}

// found copies the template into dir.
func found(t *testing.T, dir string) *border {
	t.Helper()
	b := &border{t: t, began: time.Now(), logged: &lockedBuffer{},
		network:  linktest.NewNetwork(linktest.Conditions{Latency: 10 * time.Millisecond, Seed: 1}),
		running:  map[protocol.ParticipantID]*runner{},
		stolen:   map[protocol.ParticipantID]node.Keys{},
		officers: map[protocol.ParticipantID]*home.Officer{}}
	for _, id := range smallWorld().Participants() {
		b.network.Addr(string(id)) // in the order in which the template has them
	}
	files, err := findTemplate(t)
	b.must(err)
	world := filepath.Join(dir, "world")
	for name, content := range files {
		b.must(os.MkdirAll(filepath.Dir(filepath.Join(world, name)), 0o700))
		b.must(os.WriteFile(filepath.Join(world, name), content, 0o600))
	}
	b.World, err = testnet.Load(world, smallWorld())
	b.must(err)
	return b
}

func (b *border) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// now is legal time, as acts carry it.
func (b *border) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return founded.Add(time.Since(b.began) + b.turned).Truncate(time.Second)
}

// turn moves legal time forward; the network's stays.
func (b *border) turn(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turned += d
}

func (b *border) config(id protocol.ParticipantID) node.Config {
	b.t.Helper()
	lock, err := b.Home(id).Lock("")
	b.must(err)
	cfg, err := b.Home(id).NodeConfig(lock, b.now)
	b.must(err)
	cfg.Log = slog.New(slog.NewTextHandler(b.logged, &slog.HandlerOptions{Level: slog.LevelDebug})).With("node", id)
	if b.alter != nil {
		b.alter(&cfg)
	}
	return cfg
}

// open opens a node that does not run yet.
func (b *border) open(id protocol.ParticipantID) (*runner, error) {
	b.t.Helper()
	cfg := b.config(id)
	cfg.Conn = b.network.Listen(string(id))
	r := &runner{metrics: prometheus.NewRegistry(), ended: make(chan error, 1)}
	cfg.Metrics = r.metrics
	var err error
	if r.Node, err = node.Open(b.t.Context(), cfg); err != nil {
		return nil, errors.Join(err, cfg.Conn.Close())
	}
	r.http = desk.Server(r.Node, "token", nil)
	return r, nil
}

// start runs a node, and waits until it takes acts.
func (b *border) start(id protocol.ParticipantID) *runner {
	b.t.Helper()
	r, err := b.open(id)
	b.must(err)
	b.run(id, r)
	b.await("node to take acts", func() bool { return b.accepting(r) })
	return r
}

func (b *border) run(id protocol.ParticipantID, r *runner) {
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	b.running[id] = r
	go func() { r.ended <- r.Run(ctx) }()
}

func (b *border) accepting(r *runner) bool {
	s, err := r.Status(b.t.Context())
	return err == nil && s.Accepting
}

// halt ends a node in good order.
func (b *border) halt(id protocol.ParticipantID) {
	b.t.Helper()
	r := b.running[id]
	delete(b.running, id)
	r.stop()
	b.must(errors.Join(<-r.ended, r.Close()))
}

func (b *border) close() {
	for _, f := range b.thieves {
		if err := f.Close(); err != nil {
			b.t.Error(err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.running)) {
		r := b.running[id]
		r.stop()
		if err := errors.Join(<-r.ended, r.Close()); err != nil {
			b.t.Error(err)
		}
	}
	if err := b.network.Close(); err != nil {
		b.t.Error(err)
	}
}

// patience bounds how long a test waits for something, in virtual time.
const patience = 10 * time.Minute

// await looks again and again, less often the longer it takes.
func (b *border) await(what string, come func() bool) {
	b.t.Helper()
	pause := 5 * time.Millisecond
	for end := time.Now().Add(patience); !come(); time.Sleep(pause) {
		if time.Now().After(end) {
			b.t.Fatalf("waited %v for %s", patience, what)
		}
		pause = min(2*pause, time.Second)
	}
}

func (b *border) node(id protocol.ParticipantID) *runner {
	b.t.Helper()
	if b.running[id] == nil {
		b.t.Fatalf("%s does not run", id)
	}
	return b.running[id]
}

// keys are a participant's node keys, as a thief has them.
func (b *border) keys(id protocol.ParticipantID) node.Keys {
	b.t.Helper()
	b.opening.Lock()
	defer b.opening.Unlock()
	if k, ok := b.stolen[id]; ok {
		return k
	}
	lock, err := b.Home(id).Lock("")
	b.must(err)
	k, err := b.Home(id).Keys(lock)
	b.must(err)
	b.stolen[id] = k
	return k
}

func (b *border) officer(id protocol.ParticipantID) *home.Officer {
	b.t.Helper()
	b.opening.Lock()
	defer b.opening.Unlock()
	if o, ok := b.officers[id]; ok {
		return o
	}
	o, err := b.Officer(id)
	b.must(err)
	b.officers[id] = o
	return o
}

func (b *border) root(p protocol.Party) *identity.Key {
	b.t.Helper()
	k, err := b.Root(p)
	b.must(err)
	return k
}

func (b *border) entry(id protocol.ParticipantID) *register.Participant {
	b.t.Helper()
	p, err := b.Home(id).Entry()
	b.must(err)
	return p
}

// newOrder is a complete production request that the agreement allows once it is
// certified.
func newOrder() *protocol.Request {
	day := func(y int, m time.Month) time.Time { return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC) }
	r := &protocol.Request{Type: protocol.Production, Issuer: police, Addressee: contoso,
		FileNumber: "OP-FALCON-17", Purpose: "criminal investigation",
		Authorisation: protocol.Authorisation{Kind: protocol.AuthorityJudge,
			Authority: "Crown Court at Southwark", Reference: "T20260417", Date: day(2026, 1),
			Instrument: "overseas production order", Order: protocol.DigestOf([]byte("order"))},
		Offence: protocol.Offence{Description: "Fraud by false representation",
			Provisions: []string{"Fraud Act 2006 s.1"}, MaxCustodyMonths: 120},
		Target: protocol.Target{LocatedIn: "GB", Nationalities: []protocol.Party{"GB"},
			ResidentIn: []protocol.Party{"GB"}, Basis: "passport and address confirmed"},
		Identifiers: []protocol.Identifier{{Type: protocol.IdentifierEmail, Value: "falcon@contoso.example"}},
		Data: []protocol.DataItem{{Category: protocol.CategoryContent,
			From: day(2025, 1), To: day(2025, 7)}},
		Proceedings: protocol.StageInvestigation,
		Service:     &protocol.Service{Class: protocol.ServiceCommunications}}
	for _, s := range []string{"not_receiving_party_person", "no_reverse_targeting", "no_speech_infringement",
		"no_discrimination", "reasonable_justification", "own_purpose"} {
		r.Attestations = append(r.Attestations, protocol.Attestation{Statement: s})
	}
	return r
}

// act has a participant's officer sign what its node prepares, and submits it.
func (b *border) act(id protocol.ParticipantID, d desk.Draft) (desk.Submitted, error) {
	b.t.Helper()
	n := b.node(id)
	prepared, err := n.Prepare(b.t.Context(), b.takeIn(id, d))
	if err != nil {
		return desk.Submitted{}, err
	}
	prepared.Statement.Signed = b.now()
	e, err := b.officer(id).Endorse(prepared.Statement)
	b.must(err)
	return n.Submit(b.t.Context(), desk.Draft{Case: prepared.Case, Agreement: prepared.Statement.Agreement.ID,
		Body: prepared.Body, Endorsements: []protocol.Endorsement{e}})
}

// request opens a case with an order of the police, which goes to the office.
func (b *border) request(r *protocol.Request) desk.Submitted {
	b.t.Helper()
	done, err := b.act(police, desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: r}})
	b.must(err)
	if done.Act.IsZero() {
		b.t.Fatalf("the order was not sent: %v", done.Decision.Reasons())
	}
	return done
}

func certification() protocol.Body {
	return protocol.Body{Certification: &protocol.Certification{Invokes: true, Contact: "duty desk",
		Targeting: "procedure 1"}}
}

// disclosure hands over the mailbox, which act takes in first.
func disclosure(status protocol.ProductionStatus) protocol.Body {
	return protocol.Body{Disclosure: &protocol.Disclosure{Status: status, Objects: []protocol.Object{
		evidencetest.Object("mailbox.mbox", "application/mbox", []byte(contents["mailbox.mbox"]))}}}
}

// served takes a case to the provider: the police request, the office certifies.
func (b *border) served() protocol.CaseID {
	b.t.Helper()
	return b.serve(b.request(newOrder()).Case)
}

func (b *border) serve(id protocol.CaseID) protocol.CaseID {
	b.t.Helper()
	b.awaitState(office, id, "requested")
	_, err := b.act(office, desk.Draft{Case: id, Body: certification()})
	b.must(err)
	b.awaitState(contoso, id, "served")
	b.awaitState(police, id, "served")
	return id
}

func (b *border) state(at protocol.ParticipantID, id protocol.CaseID) string {
	v, err := b.node(at).Case(b.t.Context(), id)
	if err != nil {
		return "none"
	}
	return v.State
}

func (b *border) awaitState(at protocol.ParticipantID, id protocol.CaseID, want string) {
	b.t.Helper()
	b.await(fmt.Sprintf("%s at %s", want, at), func() bool { return b.state(at, id) == want })
}

// forged is a complete order that its sender's node never saw, endorsed by its
// officer.
func (b *border) forged(to ...protocol.ParticipantID) *protocol.Act {
	b.t.Helper()
	a := b.blank(protocol.Body{Request: newOrder()}, police, to...)
	b.endorse(a)
	return a
}

// blank is an act of a fresh case, not endorsed.
func (b *border) blank(body protocol.Body, from protocol.ParticipantID, to ...protocol.ParticipantID) *protocol.Act {
	now := b.now()
	if d := body.Disclosure; d != nil && len(d.Objects) > 0 && len(d.Keys) == 0 {
		body.Disclosure = evidencetest.Disclosure(d.Status, d.Objects, slices.Clone(to)...)
	}
	return &protocol.Act{Version: protocol.Version, ID: protocol.NewActID(), Case: protocol.NewCaseID(),
		Follows: []protocol.Digest{}, From: from, To: to, Agreement: daa, Issued: now,
		Expires: now.Add(24 * time.Hour), Body: body, Endorsements: []protocol.Endorsement{}}
}

func (b *border) endorse(a *protocol.Act) {
	b.t.Helper()
	st, err := chain.StatementOf(a, a.Issued)
	b.must(err)
	e, err := chain.Endorse(b.officer(a.From).Credential, b.officer(a.From).Key, st)
	b.must(err)
	a.Endorsements, a.Endorsed = []protocol.Endorsement{e}, []protocol.Digest{protocol.DigestOf(e.Encode())}
}

func (b *border) sign(a *protocol.Act) []byte {
	b.t.Helper()
	signed, err := chain.Sign(a, b.keys(a.From).Sign)
	b.must(err)
	return signed
}

func (b *border) seal(signed []byte, to ...protocol.ParticipantID) []byte {
	b.t.Helper()
	var keys []*seal.SealKey
	for _, id := range to {
		keys = append(keys, b.entry(id).Seal)
	}
	envelope, err := seal.Seal(gate.EnvelopeType, signed, keys...)
	b.must(err)
	return envelope
}

// A thief delivers with a participant's stolen link key.
type thief struct {
	*link.Link
	b *border
}

func (b *border) thief(as protocol.ParticipantID) *thief {
	b.t.Helper()
	key := b.keys(as).TLS
	b.mu.Lock()
	defer b.mu.Unlock()
	conn := b.network.Listen(fmt.Sprintf("thief-%d", len(b.thieves)))
	l, err := link.New(link.Config{Conn: conn, Self: as, Key: key, Book: (*anybody)(b)})
	b.must(err)
	f := &thief{l, b}
	b.thieves = append(b.thieves, f)
	return f
}

// anybody is the address book of somebody who has every entry.
type anybody border

func (b *anybody) Pinned(protocol.ParticipantID, [32]byte) bool { return false }

func (b *anybody) Locate(id protocol.ParticipantID) (string, [][32]byte, error) {
	p, err := b.Home(id).Entry()
	if err != nil {
		return "", nil, err
	}
	var pins [][32]byte
	for _, pin := range p.TLS {
		pins = append(pins, pin)
	}
	return p.Address, pins, nil
}

// deliver hands an envelope over and returns the answer.
func (f *thief) deliver(to protocol.ParticipantID, envelope []byte) wire.Message {
	f.b.t.Helper()
	answer, err := f.Exchange(f.b.t.Context(), to, &wire.Deliver{Lane: wire.Ordinary, Envelope: envelope})
	f.b.must(err)
	return answer
}

// deliver is thief.deliver for one envelope.
func (b *border) deliver(as, to protocol.ParticipantID, envelope []byte) wire.Message {
	b.t.Helper()
	return b.thief(as).deliver(to, envelope)
}

// smuggle signs, seals and delivers an act past its sender's node.
func (b *border) smuggle(a *protocol.Act) wire.Message {
	b.t.Helper()
	return b.deliver(a.From, a.To[0], b.seal(b.sign(a), a.To...))
}

// proven is the ledger entry that an answer proves.
func (b *border) proven(by protocol.ParticipantID, m wire.Message) ledger.Entry {
	b.t.Helper()
	var text []byte
	switch m := m.(type) {
	case *wire.Receipt:
		text = m.Proof
	case *wire.Refusal:
		text = m.Proof
	default:
		b.t.Fatalf("answered with a %v", m.Type())
	}
	p, err := ledger.ParseProof(text)
	b.must(err)
	e, err := p.Verify(ledger.Origin(by), b.entry(by).Log)
	b.must(err)
	return e
}

// records are a node's ledger.
func (b *border) records(id protocol.ParticipantID) []ledger.Record {
	b.t.Helper()
	n := b.node(id)
	s, err := n.Status(b.t.Context())
	b.must(err)
	out := make([]ledger.Record, s.LedgerSize)
	for i := range out {
		text, err := n.Prove(b.t.Context(), int64(i))
		b.must(err)
		p, err := ledger.ParseProof(text)
		b.must(err)
		out[i], err = ledger.ParseRecord(p.Record)
		b.must(err)
	}
	return out
}

func (b *border) size(id protocol.ParticipantID) int64 {
	b.t.Helper()
	s, err := b.node(id).Status(b.t.Context())
	b.must(err)
	return s.LedgerSize
}

// inbox is a node's whole inbox, read page by page.
func (b *border) inbox(id protocol.ParticipantID) []desk.Item {
	b.t.Helper()
	var out []desk.Item
	for p := (desk.Page{Limit: 50}); ; {
		in, err := b.node(id).Inbox(b.t.Context(), p)
		b.must(err)
		out = append(out, in.Items...)
		if p.After = in.Next; p.After == "" {
			return out
		}
	}
}

// check has a node check its whole ledger and what it names.
func (b *border) check(id protocol.ParticipantID) {
	b.t.Helper()
	report, err := b.node(id).Check(b.t.Context())
	if err != nil || len(report.Trouble) > 0 {
		b.t.Errorf("ledger check of %s: %v %v", id, report.Trouble, err)
	}
}
