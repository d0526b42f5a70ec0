package chain_test

import (
	"bytes"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

// issuing is what a sender knows: nobody delivered the act.
func issuing(w *chaintest.World) chain.Context {
	return chain.Context{Directory: w.Directory, At: chaintest.Now}
}

func TestWhatIsIssuedIsAuthenticToItsReceiver(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	request := w.Request(police, office)
	for _, act := range []*protocol.Act{
		request,
		w.Certify(request, office, contoso),
		w.Disclose(w.Request(office, contoso), contoso, office),
	} {
		issued, fault := chain.Issue(act, w.Member(act.From).Signing, issuing(w))
		if fault != nil {
			t.Fatalf("%s: %v", act.Body.Kind(), fault)
		}
		got, fault := chain.Verify(issued.Signed, w.Context(act.From, act.To[0]))
		if fault != nil {
			t.Fatalf("%s: %v", act.Body.Kind(), fault)
		}
		if got.Digest != issued.Digest || got.Sender.ID != issued.Sender.ID ||
			len(got.Officers) != len(issued.Officers) || (got.Inner == nil) != (issued.Inner == nil) {
			t.Errorf("%s: got %+v, issued as %+v", act.Body.Kind(), got, issued)
		}
		enc, err := issued.Act.Encode()
		if err != nil || protocol.DigestOf(enc) != got.Digest {
			t.Errorf("%s: what was issued is not what was signed", act.Body.Kind())
		}
	}
}

// Whatever its receiver would refuse is not signed, and for the same reason.
func TestWhatWouldNotBeBelievedIsNotIssued(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	key := w.Member(police).Signing
	for name, c := range map[string]struct {
		spoil func(*protocol.Act)
		want  protocol.Reason
	}{
		"no officer":       {func(a *protocol.Act) { a.Endorsements = nil }, protocol.ReasonOfficerMissing},
		"another body":     {func(a *protocol.Act) { a.Body.Request.Purpose = "another" }, protocol.ReasonOfficerInvalid},
		"another case":     {func(a *protocol.Act) { a.Case = protocol.NewCaseID() }, protocol.ReasonWrongCase},
		"expired":          {func(a *protocol.Act) { a.Issued, a.Expires = a.Issued.Add(-9*chaintest.Day), a.Issued.Add(-time.Hour) }, protocol.ReasonExpired},
		"ahead":            {func(a *protocol.Act) { a.Issued = a.Issued.Add(time.Hour) }, protocol.ReasonClock},
		"unregistered":     {func(a *protocol.Act) { a.From = "gb.nobody" }, protocol.ReasonUnregistered},
		"another's":        {func(a *protocol.Act) { a.From = office }, protocol.ReasonNotAuthentic},
		"incomplete":       {func(a *protocol.Act) { a.To = nil }, protocol.ReasonMalformed},
		"an unknown word":  {func(a *protocol.Act) { a.Body.Request.Authorisation.Kind = "oracle" }, protocol.ReasonMalformed},
		"a broken officer": {func(a *protocol.Act) { a.Endorsements[0].Statement[40] ^= 1 }, protocol.ReasonOfficerInvalid},
	} {
		act := w.Request(police, office)
		c.spoil(act)
		issued, fault := chain.Issue(act, key, issuing(w))
		if fault == nil || fault.Reason != c.want {
			t.Errorf("%s: got %v, want %s", name, fault, c.want)
		}
		if issued != nil {
			t.Errorf("%s: it was signed", name)
		}
	}
}

// A key that the register does not name would make an act that nobody believes.
func TestNothingIsIssuedWithAKeyThatIsNotRegistered(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, office)
	for _, other := range []protocol.ParticipantID{office, contoso} {
		if _, fault := chain.Issue(act, w.Member(other).Signing, issuing(w)); fault == nil ||
			fault.Reason != protocol.ReasonNotAuthentic {
			t.Errorf("with the key of %s: got %v, want %s", other, fault, protocol.ReasonNotAuthentic)
		}
	}
	if _, fault := chain.Issue(act, w.Member(police).Officer.Key, issuing(w)); fault == nil {
		t.Error("an officer's key issues acts")
	}
	if _, fault := chain.Issue(act, w.Member(police).Signing, chain.Context{}); fault == nil {
		t.Error("the zero Context issues acts")
	}
}

func TestIssueLeavesTheActAlone(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Request(police, office)
	before, err := act.Encode()
	if err != nil {
		t.Fatal(err)
	}
	in := issuing(w)
	in.Cache = register.NewCredentialCache(1)
	if _, fault := chain.Issue(act, w.Member(police).Signing, in); fault != nil {
		t.Fatal(fault)
	}
	after, err := act.Encode()
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the caller's act has changed")
	}
}
