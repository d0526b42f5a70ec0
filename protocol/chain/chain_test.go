package chain_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

const (
	police  = protocol.ParticipantID("gb.met-police")
	office  = protocol.ParticipantID("gb.home-office")
	contoso = protocol.ParticipantID("us.contoso")
	doj     = protocol.ParticipantID("us.doj-oia")
)

// at makes the context in which to gets what from sends.
func at(w *chaintest.World, act *protocol.Act) chain.Context {
	return w.Context(act.From, act.To[0])
}

// wantFault fails the test unless the act is refused for the reason.
func wantFault(t *testing.T, signed []byte, in chain.Context, want protocol.Reason) {
	t.Helper()
	got, f := chain.Verify(signed, in)
	switch {
	case f == nil:
		t.Fatalf("got an authentic act, want %s", want)
	case got != nil:
		t.Fatalf("got an act together with a fault")
	case f.Reason != want:
		t.Fatalf("got %v, want %s", f, want)
	case f.Err == nil || !strings.HasPrefix(f.Err.Error(), "chain: "):
		t.Fatalf("got error %v, want one for the log", f.Err)
	}
}

func wantAuthentic(t *testing.T, signed []byte, in chain.Context) *chain.Authentic {
	t.Helper()
	a, f := chain.Verify(signed, in)
	if f != nil {
		t.Fatal(f)
	}
	return a
}

func TestRequestIsAuthentic(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	signed := w.Sign(act)
	in := at(w, act)
	in.Cache = register.NewCredentialCache(8)
	for range 2 { // the second time from the cache
		a := wantAuthentic(t, signed, in)
		enc, err := act.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if a.Digest != protocol.DigestOf(enc) || a.Act.ID != act.ID || !bytes.Equal(a.Signed, signed) {
			t.Error("not the act that was signed")
		}
		if a.Sender.ID != police || a.Origin() != a || a.Request() != a.Act.Body.Request || a.Inner != nil {
			t.Error("not the sender's own request")
		}
		officer := w.Member(police).Officer
		if len(a.Officers) != 1 || a.Officers[0].ID != officer.Claim.Officer ||
			a.Officers[0].Participant != police || a.Officers[0].Key != officer.Key.Public().Fingerprint() {
			t.Errorf("got officers %v", a.Officers)
		}
	}
}

func TestCertifiedRequestIsAuthentic(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	request := w.Request(police, office)
	request.Body.Request.Addressee = contoso
	request.Endorsements = nil
	w.Endorse(request, w.Member(police).Officer)
	act := w.Certify(request, office, contoso)
	a := wantAuthentic(t, w.Sign(act), at(w, act))
	if a.Inner == nil || a.Origin().Sender.ID != police || a.Sender.ID != office {
		t.Fatalf("got origin %v, want the police's request inside the office's certification", a.Origin().Sender)
	}
	if a.Request() == nil || a.Request().Addressee != contoso {
		t.Errorf("got request %v", a.Request())
	}
	if len(a.Officers) != 1 || len(a.Inner.Officers) != 1 {
		t.Errorf("got %d and %d officers, want one each", len(a.Officers), len(a.Inner.Officers))
	}
}

func TestAuthorityMayCertifyItsOwnRequest(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Certify(w.Request(office, contoso), office, contoso)
	wantAuthentic(t, w.Sign(act), at(w, act))
}

func TestDesignatedAuthorityMayTransmitForAnIssuerOfItsParty(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Act(protocol.Body{Request: chaintest.Order(police, contoso)}, office, contoso)
	w.Endorse(act, w.Member(office).Officer)
	wantAuthentic(t, w.Sign(act), at(w, act))
}

func TestDisclosureNeedsNoOfficerOfAProvider(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Disclose(w.Request(police, contoso), contoso, police)
	a := wantAuthentic(t, w.Sign(act), at(w, act))
	if a.Request() != nil || len(a.Officers) != 0 {
		t.Errorf("got %v and %v, want no request and no officer", a.Request(), a.Officers)
	}
	w.Endorse(act, w.Member(contoso).Officer)
	wantAuthentic(t, w.Sign(act), at(w, act))
}

func TestRelayedDisclosureIsAuthentic(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Relay(w.Disclose(w.Request(office, contoso), contoso, office), office, police)
	a := wantAuthentic(t, w.Sign(act), at(w, act))
	if a.Origin().Sender.ID != contoso || a.Origin().Act.Body.Disclosure == nil {
		t.Error("want the provider's disclosure at the bottom")
	}
}

func TestWithdrawalAndRefusalAreAuthentic(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	withdrawal := w.Act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, contoso)
	w.Endorse(withdrawal, w.Member(police).Officer)
	wantAuthentic(t, w.Sign(withdrawal), at(w, withdrawal))
	refusal := w.Act(protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld}}, contoso, police)
	w.Endorse(refusal, w.Member(contoso).Officer)
	wantAuthentic(t, w.Sign(refusal), at(w, refusal))
}

func TestOfflineAsksNeitherForPeerNorForSelf(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	signed := w.Sign(act)
	if _, f := chain.VerifyOffline(signed, chain.Context{Directory: w.Directory, At: chaintest.Now}); f != nil {
		t.Fatal(f)
	}
	// The gate does: what it was not told is no permission.
	wantFault(t, signed, w.Context("", contoso), protocol.ReasonWrongSender)
	wantFault(t, signed, w.Context(police, ""), protocol.ReasonWrongRecipient)
}

// An act stays what it was: the registers as they stood on arrival believe it,
// those of today do not.
func TestOfflineVerifiesByTheRegistersAsTheyStood(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	signed := w.Sign(act)
	then := w.Directory
	w.Update("GB", register.Changes{Remove: []protocol.ParticipantID{police}})
	in := chain.Context{Directory: then, At: chaintest.Now.Add(time.Hour)}
	if _, f := chain.VerifyOffline(signed, in); f != nil {
		t.Fatal(f)
	}
	in.Directory = w.Directory
	if _, f := chain.VerifyOffline(signed, in); f == nil || f.Reason != protocol.ReasonUnregistered {
		t.Fatalf("got %v, want unregistered", f)
	}
}

func TestZeroContextRefuses(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	signed := w.Sign(act)
	wantFaultAnyLog := func(in chain.Context, want protocol.Reason) {
		t.Helper()
		for _, verify := range []func([]byte, chain.Context) (*chain.Authentic, *chain.Fault){
			chain.Verify, chain.VerifyOffline,
		} {
			if a, f := verify(signed, in); a != nil || f == nil || f.Reason != want {
				t.Errorf("got %v, %v, want %s", a, f, want)
			}
		}
	}
	wantFaultAnyLog(chain.Context{}, protocol.ReasonUnknownParty)
	wantFaultAnyLog(chain.Context{At: chaintest.Now, Peer: police, Self: contoso}, protocol.ReasonUnknownParty)
	wantFaultAnyLog(chain.Context{Directory: w.Directory, Peer: police, Self: contoso}, protocol.ReasonClock)
	wantFaultAnyLog(chain.Context{Directory: new(register.Directory), At: chaintest.Now}, protocol.ReasonUnknownParty)
}

func TestUnverifiedReadsWhatStandsThere(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	if got, err := chain.Unverified(w.Sign(act)); err != nil || got.ID != act.ID {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := chain.Unverified([]byte("{}")); err == nil {
		t.Error("something was read where no act is")
	}
}

func TestEndorseRefusesAnotherOfficersCredential(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, contoso)
	st, err := chain.StatementOf(act, act.Issued)
	if err != nil {
		t.Fatal(err)
	}
	us, them := w.Member(police).Officer, w.Member(office).Officer
	late := st
	late.Signed = us.Claim.Expires
	foreign := st
	foreign.Participant = office
	unsigned := st
	unsigned.Kind = ""
	for name, tc := range map[string]struct {
		by, holder *chaintest.Officer
		st         protocol.Statement
	}{
		"another's credential":   {us, them, st},
		"another's key":          {them, us, st},
		"for another":            {us, us, foreign},
		"after it expired":       {us, us, late},
		"nothing that is signed": {us, us, unsigned},
	} {
		if _, err := chain.Endorse(tc.holder.Credential, tc.by.Key, tc.st); err == nil {
			t.Errorf("%s: was endorsed", name)
		}
	}
}
