package chain_test

import (
	"reflect"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
)

// TestRequestIsReadOutOfWhatCarriesIt: as the verified act has it.
func TestRequestIsReadOutOfWhatCarriesIt(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	request := w.Request(police, office)
	request.Body.Request.Addressee = contoso
	request.Endorsements = nil
	w.Endorse(request, w.Member(police).Officer)
	alone := w.Sign(request)
	act := w.Certify(request, office, contoso)
	carried := w.Sign(act)
	want := wantAuthentic(t, carried, at(w, act)).Request()
	for name, signed := range map[string][]byte{"alone": alone, "in a certification": carried} {
		got, err := chain.UnverifiedRequest(signed)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v and %v, want %+v", name, got, err, want)
		}
		if _, err := chain.UnverifiedRequest(signed[:len(signed)-1]); err == nil {
			t.Errorf("%s: what is cut off is read", name)
		}
	}
}

func TestWhatCarriesNoRequestHasNone(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	act := w.Act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, contoso)
	if _, err := chain.UnverifiedRequest(w.Sign(act)); err == nil {
		t.Error("a withdrawal has a request")
	}
}
