package vectors_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base32"
	"fmt"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/chain"
	"comity.example/protocol/evidence/evidencetest"
	"comity.example/protocol/register"
)

// now is the time in the vectors.
var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// The participants of the vectors.
const (
	office   = protocol.ParticipantID("gb.home-office") // designated, central
	police   = protocol.ParticipantID("gb.met-police")  // issuing
	doj      = protocol.ParticipantID("us.doj-oia")     // designated, central
	contoso  = protocol.ParticipantID("us.contoso")     // provider
	ministry = protocol.ParticipantID("xa.ministry")    // central
	contact  = protocol.ParticipantID("xa.contact")     // point of contact
)

// daa is the agreement that the acts of the vectors name.
var daa = protocol.AgreementRef{ID: "vector-daa", Version: "1"}

// seed returns the 64 bytes from which the private key called name is made:
// SHA-512 over a label and the name. Who implements the protocol can therefore
// make every private key of the vectors.
func seed(name string) []byte {
	sum := sha512.Sum512([]byte("comity vectors v1\n" + name))
	return sum[:]
}

// id returns an identifier that does not change: prefix and 26 characters.
func id(prefix, name string) string {
	enc := base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
	return prefix + enc.EncodeToString(seed("id " + name)[:16])
}

// A world makes keys and documents from names.
type world struct {
	t    testing.TB // the test that is running now
	made *made
}

// made is what is dear to make twice. Tests that share it do not run in parallel.
type made struct {
	keys        map[string]*identity.Key
	directories map[string]*register.Directory
}

func newWorld(t testing.TB) world {
	return world{t, &made{map[string]*identity.Key{}, map[string]*register.Directory{}}}
}

func (w world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("vectors: %v", err)
	}
}

func (w world) key(name string) *identity.Key {
	w.t.Helper()
	if w.made.keys[name] == nil {
		k, err := identity.FromSeed(seed(name))
		w.must(err)
		w.made.keys[name] = k
	}
	return w.made.keys[name]
}

func (w world) openKey(name string) *seal.OpenKey {
	w.t.Helper()
	k, err := seal.OpenKeyFromSeed(seed(name)[:seal.OpenSeedSize])
	w.must(err)
	return k
}

func (w world) logKey(name string) *cosign.LogKey {
	w.t.Helper()
	k, err := cosign.LogKeyFromSeed(seed(name))
	w.must(err)
	return k
}

// sign is the key with which a participant signs acts and credentials.
func (w world) sign(p protocol.ParticipantID) *identity.Key { return w.key(string(p) + " sign") }

// enrolment is the key that signs a participant's credentials.
func (w world) enrolment(p protocol.ParticipantID) *identity.Key {
	return w.key(string(p) + " enrolment")
}

// officer is the key of a participant's officer.
func (w world) officer(p protocol.ParticipantID) *identity.Key { return w.key(string(p) + " officer") }

// roots are the keys of a Party: GB 1, GB 2, …
func (w world) roots(p protocol.Party, numbers ...string) []*identity.Key {
	w.t.Helper()
	var keys []*identity.Key
	for _, n := range numbers {
		keys = append(keys, w.key(string(p)+" root "+n))
	}
	return keys
}

func (w world) rootsOf(threshold int, keys ...*identity.Key) register.Roots {
	public := make([]*identity.Public, len(keys))
	for i, k := range keys {
		public[i] = k.Public()
	}
	return register.SortedRoots(threshold, public...)
}

// entry returns a participant's entry.
func (w world) entry(p protocol.ParticipantID, roles ...protocol.Role) register.Participant {
	w.t.Helper()
	tls := ed25519.NewKeyFromSeed(seed(string(p) + " tls")[:32]).Public()
	spki, err := x509.MarshalPKIXPublicKey(tls)
	w.must(err)
	return register.Participant{
		ID: p, Name: "Participant " + string(p), Roles: roles,
		Address: strings.ReplaceAll(string(p), ".", "-") + ".example:4433",
		TLS:     []protocol.Digest{protocol.DigestOf(spki)},
		Signing: w.sign(p).Public(), Enrolment: w.enrolment(p).Public(), Seal: w.openKey(string(p) + " open").Public(),
		Log: w.logKey(string(p) + " log").Public(), Instruments: []string{daa.ID}, Since: now.Add(-30 * day),
	}
}

// claim returns what the credential of a participant's officer says.
func (w world) claim(p protocol.ParticipantID, roles ...protocol.Role) *register.Credential {
	return &register.Credential{
		Format: protocol.Version, Participant: p, Officer: register.OfficerID(id("officer-", string(p))),
		Roles: roles, Types: []protocol.RequestType{}, Key: w.officer(p).Public(),
		Issued: now.Add(-10 * day), Expires: now.Add(90 * day),
	}
}

// signed returns v as a JWS of any type by any keys, whatever it is: crimes
// that the packages of the protocol do not commit.
func (w world) signed(typ string, v any, keys ...*identity.Key) []byte {
	w.t.Helper()
	payload, ok := v.([]byte)
	if !ok {
		payload = w.encode(v)
	}
	jws, err := seal.Sign(typ, payload, keys...)
	w.must(err)
	return jws
}

func (w world) encode(v any) []byte {
	w.t.Helper()
	b, err := canon.Encode(v)
	w.must(err)
	return b
}

// roles of the four participants.
func rolesOf(p protocol.ParticipantID) []protocol.Role {
	switch p {
	case office, doj:
		return []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral}
	case police:
		return []protocol.Role{protocol.RoleIssuing}
	case ministry:
		return []protocol.Role{protocol.RoleCentral}
	case contact:
		return []protocol.Role{protocol.RoleContact}
	}
	return []protocol.Role{protocol.RoleProvider}
}

// credential returns the credential of a participant's officer.
func (w world) credential(p protocol.ParticipantID) []byte {
	return w.signed(typeCredential, w.claim(p, rolesOf(p)...), w.enrolment(p))
}

// act returns an act of the vectors' case, issued now for a week.
func (w world) act(body protocol.Body, from protocol.ParticipantID, to ...protocol.ParticipantID) *protocol.Act {
	return &protocol.Act{
		Version: protocol.Version, ID: protocol.ActID(id("act-", string(body.Kind()))),
		Case: protocol.CaseID(id("case-", "1")), Follows: []protocol.Digest{}, From: from, To: to,
		Agreement: daa, Issued: now, Expires: now.Add(7 * day), Body: body,
		Endorsements: []protocol.Endorsement{},
	}
}

// endorse adds the endorsement of the sender's officer.
func (w world) endorse(act *protocol.Act) *protocol.Act {
	w.t.Helper()
	return w.endorseAs(act, w.credential(act.From), w.officer(act.From), nil)
}

// endorseAs adds an endorsement with any credential and key, over a statement
// that change, if any, has spoilt.
func (w world) endorseAs(act *protocol.Act, credential []byte, key *identity.Key,
	change func(*protocol.Statement)) *protocol.Act {
	w.t.Helper()
	st, err := chain.StatementOf(act, act.Issued.Add(-time.Minute))
	w.must(err)
	if change != nil {
		change(&st)
	}
	act.Endorsements = append(act.Endorsements, protocol.Endorsement{
		Credential: credential, Statement: w.signed(typeStatement, st, key)})
	return act
}

// send returns the act as its sender signs it, well formed or not.
func (w world) send(act *protocol.Act) []byte {
	w.t.Helper()
	return w.sendAs(act, typeAct, w.sign(act.From))
}

// sendAs returns the act signed under any type by any keys, beside its endorsements.
func (w world) sendAs(act *protocol.Act, typ string, keys ...*identity.Key) []byte {
	w.t.Helper()
	act.Endorsed = []protocol.Digest{}
	for _, e := range act.Endorsements {
		act.Endorsed = append(act.Endorsed, protocol.DigestOf(e.Encode()))
	}
	return beside(w.signed(typ, act, keys...), act.Endorsements...)
}

// beside returns a signed act: a JWS and what stands beside it.
func beside(jws []byte, endorsements ...protocol.Endorsement) []byte {
	var list [][]byte
	for _, e := range endorsements {
		list = append(list, fmt.Appendf(nil, `{"credential":%s,"statement":%s}`, e.Credential, e.Statement))
	}
	return fmt.Appendf(nil, `{"act":%s,"endorsements":[%s]}`, jws, bytes.Join(list, []byte(",")))
}

// inside returns the JWS of a signed act.
func inside(signed []byte) []byte {
	jws, _, _ := bytes.Cut(bytes.TrimPrefix(signed, []byte(`{"act":`)), []byte(`,"endorsements":[`))
	return jws
}

// replaced returns b with the one occurrence of from replaced.
func (w world) replaced(b []byte, from, to string) []byte {
	w.t.Helper()
	if bytes.Count(b, []byte(from)) != 1 {
		w.t.Fatalf("vectors: %q stands %d times", from, bytes.Count(b, []byte(from)))
	}
	return bytes.Replace(b, []byte(from), []byte(to), 1)
}

// order returns a complete production request of the police.
func order() *protocol.Request {
	return &protocol.Request{
		Type: protocol.Production, Issuer: police, Addressee: contoso,
		FileNumber: "OP-1", Purpose: "criminal investigation",
		Authorisation: protocol.Authorisation{
			Kind: protocol.AuthorityJudge, Authority: "Crown Court at Southwark", Reference: "T20261234",
			Date: now.Add(-3 * day), Instrument: "overseas production order",
			Order: protocol.DigestOf([]byte("order")),
		},
		Offence: protocol.Offence{
			Description: "fraud", Provisions: []string{"Fraud Act 2006 s.1"}, MaxCustodyMonths: 120,
		},
		Target: protocol.Target{LocatedIn: "GB", Nationalities: []protocol.Party{"GB"}, Basis: "subscriber check"},
		Identifiers: []protocol.Identifier{
			{Type: protocol.IdentifierEmail, Value: "name@example.com", Service: "mail"},
		},
		Data: []protocol.DataItem{{
			Category: protocol.CategoryContent, From: now.Add(-300 * day), To: now.Add(-100 * day),
		}},
	}
}

// disclosure returns the provider's answer: one object, no officer.
func (w world) disclosure() *protocol.Act {
	return w.act(protocol.Body{Disclosure: evidencetest.Disclosure(protocol.ProductionComplete,
		[]protocol.Object{evidencetest.Object("mail.mbox", "application/mbox", []byte("From a\n"))}, office)}, contoso, office)
}

// request returns the police's request to its designated authority, endorsed.
func (w world) request() *protocol.Act {
	return w.endorse(w.act(protocol.Body{Request: order()}, police, office))
}

// certification returns the designated authority's certification of request,
// endorsed by its officer after change.
func (w world) certification(request []byte, change func(*protocol.Act)) *protocol.Act {
	act := w.act(protocol.Body{Certification: &protocol.Certification{
		Request: request, Invokes: true, Contact: "International desk", Targeting: "TP-1",
	}}, office, contoso, police)
	if change != nil {
		change(act)
	}
	return w.endorse(act)
}

// The JWS types, as SPEC.md names them.
const (
	typeAct        = "comity-act+jws"
	typeStatement  = "comity-statement+jws"
	typeCredential = "comity-credential+jws"
	typeRegister   = "comity-register+jws"
	typeNotice     = "comity-notice+jws"
	typeAgreement  = "comity-agreement+jws"
)
