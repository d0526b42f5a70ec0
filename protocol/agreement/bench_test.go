package agreement_test

import (
	"fmt"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/library"
)

// crowd is the library and 198 synthetic agreements of the United States and
// the United Kingdom with others.
func crowd(b *testing.B) *agreement.Book {
	docs := agreementtest.Library(b)
	for i := range 198 {
		home := []protocol.Party{"GB", "US"}[i%2]
		other := protocol.Party(fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26))
		if other == "GB" || other == "US" {
			other = "ZZ"
		}
		docs = append(docs, agreementtest.Parse(b, agreementtest.Bilateral(fmt.Sprintf("synthetic-%d", i), home, other, agreementtest.Standing2020)))
	}
	return agreementtest.NewBook(b, docs)
}

func BenchmarkDecide(b *testing.B) {
	book := crowd(b)
	irish := agreementtest.USOrder()
	irish.Req.Addressee = "ie.contoso"
	irish.Facts.Addressee = agreementtest.StandingOf("ie.contoso", protocol.RoleProvider)
	named := agreementtest.UKOrder()
	named.Facts.Ref = protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}
	for _, c := range []struct {
		name string
		s    *agreementtest.Scene
		want protocol.Verdict
	}{
		{"allow", agreementtest.UKOrder(), protocol.Allow},
		{"named", named, protocol.Allow},
		{"route", irish, protocol.Deny},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := book.Decide(&c.s.Req, c.s.Facts); d.Verdict != c.want {
					b.Fatalf("got %v, want %v%s", d.Verdict, c.want, agreementtest.Failures(d))
				}
			}
		})
	}
}

func BenchmarkLibrary(b *testing.B) {
	for b.Loop() {
		if _, err := library.Documents(); err != nil {
			b.Fatal(err)
		}
	}
}
