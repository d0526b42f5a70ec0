package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// outcomes are the findings of a decision in the words of the oracle.
func outcomes(d protocol.Decision) []string {
	out := make([]string, len(d.Findings))
	for i, f := range d.Findings {
		out[i] = strings.TrimSpace(fmt.Sprintf("%s %v %s", f.Rule, f.Outcome, f.Reason))
	}
	return out
}

// signedBook is the world's book of texts that their signers signed.
func (w *world) signedBook(t fataler) *agreement.Book {
	var docs []agreement.SignedDocument
	for i, d := range w.documents(t) {
		docs = append(docs, agreement.SignedBy(d, w.texts[i].signers...))
	}
	var notices []agreement.SignedNotice
	for _, n := range w.notices {
		notices = append(notices, agreement.SignedAs(n))
	}
	b, err := agreement.NewSignedBook(docs, notices)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A round is a hundred times some texts, under which so many lots of notices are
// given, and so many requests are made of each world that comes of it.
const (
	oracleRounds   = 12
	oracleLots     = 3
	oracleRequests = 6
)

func TestDecideAgreesWithTheOracle(t *testing.T) {
	for i := range oracleRounds {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, agreesWithTheOracle)
		})
	}
}

func agreesWithTheOracle(t *rapid.T) {
	w := anyWorld(t, taste{rules: 2, laws: true})
	for range oracleLots {
		w.notices = anyNotices(t, w)
		signatures := oneIn(t, 2, "signatures")
		book := w.book(t)
		if signatures {
			book = w.signedBook(t)
		}
		for range oracleRequests {
			w.ask(t, book, signatures)
		}
	}
}

// ask draws a request and compares what is found of it.
func (w *world) ask(t *rapid.T, book *agreement.Book, signatures bool) {
	s := anyRequest(t, w)
	d := s.Decide(book)
	if why := agreementtest.Unexplained(d); why != "" {
		t.Fatalf("%s: %+v", why, d)
	}
	got := outcomes(d)
	want := newOracle(w, s, signatures).decide()
	if !slices.Equal(got, want) {
		t.Fatalf("from %s to %s at %v under %+v\ngot  %q\nwant %q\n%s", s.Facts.Issuing.Party, s.Facts.Addressee.Party,
			s.Facts.At, s.Facts.Ref, got, want, w.describe())
	}
	w.refuse(t, book, s)
}

// refuse asks of a ground, and of one that no text bars.
func (w *world) refuse(t *rapid.T, book *agreement.Book, s *agreementtest.Scene) {
	for _, ground := range []protocol.Reason{protocol.ReasonBankSecrecy, protocol.ReasonBurdensome} {
		o := newOracle(w, s, false)
		if s.Facts.Ref.ID != "" {
			o.find()
		}
		want := protocol.Allow
		if o.x != nil && slices.ContainsFunc(o.x.barred, func(x barred) bool {
			return x.ground == ground && (len(x.from) == 0 || slices.Contains(x.from, o.from)) &&
				(len(x.to) == 0 || slices.Contains(x.to, o.to))
		}) {
			want = protocol.Deny
		}
		d := book.Refuse(agreement.Ground{Agreement: s.Facts.Ref, Reason: ground, From: o.from, To: o.to, At: s.Facts.At})
		if d.Verdict != want {
			t.Fatalf("%s under %v from %s to %s: got %v, want %v\n%s", ground, s.Facts.Ref, o.from, o.to, d.Verdict, want, w.describe())
		}
	}
}

// describe writes the world out, for whoever must find out why.
func (w *world) describe() string {
	var b strings.Builder
	for _, x := range w.texts {
		b.WriteString(x.yaml() + "---\n")
	}
	for _, n := range w.notices {
		fmt.Fprintf(&b, "%+v\n", *n)
	}
	return b.String()
}
