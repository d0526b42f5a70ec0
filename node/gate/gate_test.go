package gate_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/node/gate"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

const (
	police  = protocol.ParticipantID("gb.met-police")
	office  = protocol.ParticipantID("gb.home-office")
	contoso = protocol.ParticipantID("us.contoso")
	doj     = protocol.ParticipantID("us.doj-oia")
)

// A border is a world with its agreement, and a gate of each participant.
type border struct {
	*chaintest.World
	t     *testing.T
	gates map[protocol.ParticipantID]*gate.Gate
	book  *agreement.Book
}

func newBorder(t *testing.T) *border {
	t.Helper()
	b := &border{World: chaintest.New(t, "GB", "US"), t: t, gates: map[protocol.ParticipantID]*gate.Gate{}}
	for _, id := range []protocol.ParticipantID{police, office, contoso, doj} {
		m := b.Member(id)
		b.gates[id] = gate.New(gate.Config{Self: id, Sign: m.Signing, Open: m.Open})
	}
	docs, err := library.Documents()
	b.must(err)
	doc := docs[slices.IndexFunc(docs, func(d *agreement.Document) bool { return d.ID == chaintest.Agreement.ID })]
	sigs := &agreement.PartySignatures{Agreement: doc.Ref(), Signatures: []agreement.PartySignature{}}
	for _, party := range doc.Parties() {
		sig, err := agreement.SignDocument(doc, party, chaintest.Now, b.State(party).Roots[:2]...)
		b.must(err)
		sigs.Add(sig)
	}
	signed, err := agreement.VerifyDocument(doc, sigs, func(p protocol.Party) ([]*identity.Public, int, bool) {
		pin, ok := b.Directory.Trusted(p)
		return pin.Keys, pin.Threshold, ok
	})
	b.must(err)
	b.book, err = agreement.NewSignedBook([]agreement.SignedDocument{signed}, nil)
	b.must(err)
	return b
}

func (b *border) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *border) grounds() casefile.Grounds {
	return casefile.Grounds{Directory: b.Directory, Book: b.book}
}

// order is a request that waits only for its certification.
func (b *border) order() *protocol.Act {
	b.t.Helper()
	r := chaintest.Order(police, contoso)
	r.Target.Nationalities, r.Target.ResidentIn = []protocol.Party{"GB"}, []protocol.Party{"GB"}
	r.Authorisation.Order = protocol.DigestOf([]byte("order"))
	for _, s := range []string{"not_receiving_party_person", "no_reverse_targeting", "no_speech_infringement",
		"no_discrimination", "reasonable_justification", "own_purpose"} {
		r.Attestations = append(r.Attestations, protocol.Attestation{Statement: s})
	}
	a := b.Act(protocol.Body{Request: r}, police, office)
	b.Endorse(a, b.Member(police).Officer)
	return a
}

// certified is the office's certification of an order.
func (b *border) certified() *protocol.Act {
	b.t.Helper()
	return b.Certify(b.order(), office, contoso, police)
}

// out lets an act leave by its sender's gate.
func (b *border) out(a *protocol.Act) gate.Departure {
	b.t.Helper()
	return b.gates[a.From].Out(b.grounds(), a, chaintest.Now)
}

// sealed returns an act that left by its sender's gate, on its way to one recipient.
func (b *border) sealed(d gate.Departure, to protocol.ParticipantID) []byte {
	b.t.Helper()
	if d.Refused() {
		b.t.Fatalf("it does not leave: %s %v %v", d.Reason, d.Err, d.Decision.Reasons())
	}
	envelope, err := b.gates[d.Act.Act.From].Seal(b.grounds(), d.Act.Signed, to, chaintest.Now)
	b.must(err)
	return envelope
}

func (b *border) in(at, from protocol.ParticipantID, envelope []byte) gate.Arrival {
	return b.gates[at].In(b.grounds(), from, envelope, chaintest.Now)
}

func TestZeroArrivalAndDepartureAreRefused(t *testing.T) {
	if !new(gate.Arrival).Refused() || !new(gate.Departure).Refused() {
		t.Error("nothing passes")
	}
}

// TestBothSidesFindTheSame: what leaves one gate is decided alike at the other,
// finding by finding.
func TestBothSidesFindTheSame(t *testing.T) {
	b := newBorder(t)
	a := b.certified()
	d := b.out(a)
	if d.Refused() || d.Decision.Verdict != protocol.Allow {
		t.Fatalf("it does not leave: %s %v %v", d.Reason, d.Err, d.Decision.Reasons())
	}
	for _, at := range []protocol.ParticipantID{contoso, police} {
		envelope := b.sealed(d, at)
		got := b.in(at, office, envelope)
		if got.Refused() || got.Act.Digest != d.Act.Digest || got.Envelope != protocol.DigestOf(envelope) || got.Peer != office {
			t.Fatalf("%s: %s %v %v", at, got.Reason, got.Err, got.Decision.Reasons())
		}
		if x, y := findings(d.Decision), findings(got.Decision); x != y {
			t.Errorf("%s finds\n%s, the sender found\n%s", at, y, x)
		}
	}
}

func findings(d protocol.Decision) string {
	var b strings.Builder
	for _, f := range d.Findings {
		b.WriteString(f.Rule + " " + f.Outcome.String() + " " + string(f.Reason) + "\n")
	}
	return b.String() + d.Verdict.String()
}

func TestWhatIsNotForUsDoesNotOpen(t *testing.T) {
	b := newBorder(t)
	d := b.out(b.certified())
	envelope := b.sealed(d, contoso)
	for name, got := range map[string]gate.Arrival{
		"sealed to others": b.in(doj, office, envelope),
		"to another of To": b.in(police, office, envelope),
		"nothing":          b.in(contoso, office, nil),
		"half of it":       b.in(contoso, office, envelope[:len(envelope)/2]),
		"not sealed":       b.in(contoso, office, d.Act.Signed),
	} {
		if !got.Refused() || got.Reason != protocol.ReasonUnreadable || got.Act != nil {
			t.Errorf("%s: %s, %v", name, got.Reason, got.Act)
		}
	}
}

// TestSealedUnderAnotherTypeDoesNotOpen: what was sealed as something else is
// no act, though the key fits.
func TestSealedUnderAnotherTypeDoesNotOpen(t *testing.T) {
	b := newBorder(t)
	other, err := seal.Seal("comity-document+jwe", b.Sign(b.certified()), b.Member(contoso).Entry.Seal)
	b.must(err)
	if got := b.in(contoso, office, other); got.Reason != protocol.ReasonUnreadable {
		t.Errorf("got %s", got.Reason)
	}
}

// TestRequestThatIsNotFinishedReachesOnlyWhoFinishesIt: a real officer's order
// without a certification is an order to the office, and to nobody else.
func TestRequestThatIsNotFinishedReachesOnlyWhoFinishesIt(t *testing.T) {
	b := newBorder(t)
	for at, refused := range map[protocol.ParticipantID]bool{office: false, contoso: true, doj: true} {
		a := b.order()
		a.To = []protocol.ParticipantID{at}
		envelope, err := seal.Seal(gate.EnvelopeType, b.Sign(a), b.Member(at).Entry.Seal)
		b.must(err)
		got := b.in(at, police, envelope)
		if got.Act == nil || got.Refused() != refused {
			t.Errorf("%s: refused %v, %s %v", at, got.Refused(), got.Reason, got.Err)
		}
	}
}

func TestWhatIsDeniedDoesNotLeave(t *testing.T) {
	b := newBorder(t)
	a := b.order()
	a.Body.Request.Offence.MaxCustodyMonths = 6
	a.Endorsements = nil
	b.Endorse(a, b.Member(police).Officer)
	d := b.out(a)
	if !d.Refused() || !slices.Contains(d.Decision.Reasons(), protocol.ReasonThreshold) {
		t.Errorf("got %v, %v", d.Refused(), d.Decision.Reasons())
	}
}

func TestWhatFailsItsOwnExaminationDoesNotLeave(t *testing.T) {
	b := newBorder(t)
	unendorsed := b.order()
	unendorsed.Endorsements = []protocol.Endorsement{}
	wrongRole := b.order()
	wrongRole.Endorsements = nil
	b.Endorse(wrongRole, b.NewOfficer(b.Member(police), []protocol.Role{protocol.RoleContact}))
	malformed := b.order()
	malformed.ID = "act"
	nobody := b.order()
	nobody.To = []protocol.ParticipantID{"gb.militia"}
	for want, a := range map[protocol.Reason]*protocol.Act{
		protocol.ReasonOfficerMissing: unendorsed,
		protocol.ReasonOfficerRole:    wrongRole,
		protocol.ReasonMalformed:      malformed,
		protocol.ReasonUnregistered:   nobody,
	} {
		d := b.out(a)
		if !d.Refused() || d.Act != nil || d.Reason != want {
			t.Errorf("got %q, want %s and nothing signed", d.Reason, want)
		}
	}
	another := b.gates[office].Out(b.grounds(), b.order(), chaintest.Now) // signed by the office
	if another.Reason != protocol.ReasonNotAuthentic || another.Act != nil {
		t.Errorf("in another's name: got %q", another.Reason)
	}
}

func TestActToOurselvesLeaves(t *testing.T) {
	b := newBorder(t)
	r := b.order().Body.Request
	r.Issuer = office
	b.Update("GB", register.Changes{Put: []register.Participant{b.withRole(office, protocol.RoleIssuing)}})
	a := b.Act(protocol.Body{Request: r}, office, office)
	b.Endorse(a, b.Member(office).Officer)
	d := b.out(a)
	if d.Refused() {
		t.Errorf("got %s %v", d.Reason, d.Decision.Reasons())
	}
}

func (b *border) withRole(id protocol.ParticipantID, r protocol.Role) register.Participant {
	e := b.Member(id).Entry
	e.Roles = append(slices.Clone(e.Roles), r)
	slices.Sort(e.Roles)
	return e
}

func TestRegisterThatLapsedStopsBothDirections(t *testing.T) {
	b := newBorder(t)
	a := b.certified()
	envelope := b.sealed(b.out(a), contoso)
	late := chaintest.Now.Add(400 * chaintest.Day)
	if got := b.gates[contoso].In(b.grounds(), office, envelope, late); got.Reason != protocol.ReasonRegisterLapsed {
		t.Errorf("in: got %s", got.Reason)
	}
	if d := b.gates[office].Out(b.grounds(), a, late); d.Reason != protocol.ReasonRegisterLapsed || d.Act != nil {
		t.Errorf("out: got %q", d.Reason)
	}
}

func TestRevokedKeyIsRefusedThoughItsCredentialIsRemembered(t *testing.T) {
	b := newBorder(t)
	envelope := b.sealed(b.out(b.certified()), contoso)
	if got := b.in(contoso, office, envelope); got.Refused() {
		t.Fatal(got.Reason, got.Err)
	}
	officer := b.Member(police).Officer
	b.Update("GB", register.Changes{Revoke: []register.Revocation{
		{Key: officer.Key.Public().Fingerprint(), Time: chaintest.Now, Cause: register.CauseCompromised}}})
	if got := b.in(contoso, office, envelope); got.Reason != protocol.ReasonKeyRevoked {
		t.Errorf("got %q, want key_revoked", got.Reason)
	}
}

func TestGateServesManyAtOnce(t *testing.T) {
	b := newBorder(t)
	envelope := b.sealed(b.out(b.certified()), contoso)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			at := chaintest.Now.Add(time.Duration(i) * time.Second)
			if got := b.gates[contoso].In(b.grounds(), office, envelope, at); got.Refused() || !got.Decision.At.Equal(at) {
				t.Error(got.Reason, got.Decision.At)
			}
		})
	}
	all.Wait()
}
