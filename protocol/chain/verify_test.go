package chain_test

import (
	"strings"
	"testing"

	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

// Whatever comes in, either it is refused with a reason, or it is, byte for
// byte, an act that its sender signed.
func FuzzVerify(f *testing.F) {
	w := chaintest.New(f, "GB", "US")
	request := w.Request(police, contoso)
	genuine := map[string]bool{}
	for _, act := range []*protocol.Act{
		request,
		w.Certify(w.Request(police, office), office, contoso),
		w.Relay(w.Disclose(w.Request(office, contoso), contoso, office), office, contoso),
	} {
		signed := w.Sign(act)
		genuine[string(signed)] = true
		f.Add(signed)
	}
	in := chain.Context{Directory: w.Directory, At: chaintest.Now, Cache: register.NewCredentialCache(16)}
	known := map[protocol.Reason]bool{}
	for _, r := range protocol.Reasons() {
		known[r] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, fault := chain.VerifyOffline(b, in)
		if fault == nil {
			if !genuine[string(b)] || string(a.Signed) != string(b) {
				t.Fatal("an act that nobody signed is authentic")
			}
			return
		}
		if a != nil || !known[fault.Reason] || fault.Err == nil {
			t.Fatalf("got %v and %v", a, fault)
		}
	})
}

// FuzzEndorsement puts what comes in where an officer's credential and
// statement stand, in an act that is otherwise genuine.
func FuzzEndorsement(f *testing.F) {
	w := chaintest.New(f, "GB", "US")
	good := w.Request(police, contoso)
	f.Add([]byte(good.Endorsements[0].Credential), []byte(good.Endorsements[0].Statement))
	in, sender := w.Context(police, contoso), w.Member(police).Signing
	f.Fuzz(func(t *testing.T, credential, statement []byte) {
		act := *good
		act.Endorsements = []protocol.Endorsement{{Credential: credential, Statement: statement}}
		signed, err := chain.Sign(&act, sender)
		if err != nil {
			return
		}
		_, fault := chain.Verify(signed, in)
		genuine := string(credential) == string(good.Endorsements[0].Credential) &&
			string(statement) == string(good.Endorsements[0].Statement)
		if (fault == nil) != genuine {
			t.Fatalf("got %v, want authentic: %v", fault, genuine)
		}
	})
}

func benchmarkRequest(b *testing.B) (*chaintest.World, *protocol.Act) {
	w := chaintest.New(b, "GB", "US")
	order := chaintest.Order(police, contoso)
	order.Purpose = strings.Repeat("p", 1700)
	order.Target.Basis = strings.Repeat("b", 1600)
	act := w.Act(protocol.Body{Request: order}, police, contoso)
	w.Endorse(act, w.Member(police).Officer)
	return w, act
}

func BenchmarkVerifyRequestWarm(b *testing.B) {
	w, act := benchmarkRequest(b)
	signed, in := w.Sign(act), at(w, act)
	in.Cache = register.NewCredentialCache(8)
	b.ReportMetric(float64(len(signed)), "bytes")
	b.ReportAllocs()
	for b.Loop() {
		if _, f := chain.Verify(signed, in); f != nil {
			b.Fatal(f)
		}
	}
}

func BenchmarkVerifyRequestCold(b *testing.B) {
	w, act := benchmarkRequest(b)
	signed, in := w.Sign(act), at(w, act)
	b.ReportAllocs()
	for b.Loop() {
		if _, f := chain.Verify(signed, in); f != nil {
			b.Fatal(f)
		}
	}
}

func BenchmarkVerifyCertifiedRequestWarm(b *testing.B) {
	w, request := benchmarkRequest(b)
	request.To = []protocol.ParticipantID{office}
	act := w.Certify(request, office, contoso)
	signed, in := w.Sign(act), at(w, act)
	in.Cache = register.NewCredentialCache(8)
	for b.Loop() {
		if _, f := chain.Verify(signed, in); f != nil {
			b.Fatal(f)
		}
	}
}

// What the request cannot be verified without: two JWS, of the act and of the
// statement, four signatures in all.
func BenchmarkRawFourSignatures(b *testing.B) {
	w, act := benchmarkRequest(b)
	sender, officer := w.Member(police).Signing, w.Member(police).Officer.Key
	message := chaintest.Unwrap(w.Sign(act))
	statement := act.Endorsements[0].Statement
	first, err := sender.Sign(message)
	if err != nil {
		b.Fatal(err)
	}
	second, err := officer.Sign(statement)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !sender.Public().Verify(message, first) || !officer.Public().Verify(statement, second) {
			b.Fatal("does not verify")
		}
	}
}

func BenchmarkRawTwoJWS(b *testing.B) {
	w, act := benchmarkRequest(b)
	sender, officer := w.Member(police).Signing, w.Member(police).Officer.Key
	message := chaintest.Unwrap(w.Sign(act))
	statement := act.Endorsements[0].Statement
	for b.Loop() {
		_, _, err1 := seal.Verify("comity-act+jws", message, sender.Public())
		_, _, err2 := seal.Verify("comity-statement+jws", statement, officer.Public())
		if err1 != nil || err2 != nil {
			b.Fatal(err1, err2)
		}
	}
}

func BenchmarkParseAct(b *testing.B) {
	_, act := benchmarkRequest(b)
	enc, err := act.Encode()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := protocol.ParseAct(enc); err != nil {
			b.Fatal(err)
		}
	}
}
