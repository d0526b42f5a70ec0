package agreement_test

import (
	"fmt"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// crowd is the library and 198 synthetic agreements of the United States and
// the United Kingdom with others.
func crowd(b *testing.B) *agreement.Book {
	docs := library(b)
	for i := range 198 {
		home := []protocol.Party{"GB", "US"}[i%2]
		other := protocol.Party(fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26))
		if other == "GB" || other == "US" {
			other = "ZZ"
		}
		docs = append(docs, parse(b, bilateral(fmt.Sprintf("synthetic-%d", i), home, other, standing2020)))
	}
	return newBook(b, docs)
}

func BenchmarkDecide(b *testing.B) {
	book := crowd(b)
	irish := usOrder()
	irish.req.Addressee = "ie.contoso"
	irish.facts.Addressee = standing("ie.contoso", protocol.RoleProvider)
	named := ukOrder()
	named.facts.Ref = protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}
	for _, c := range []struct {
		name string
		s    *scene
		want protocol.Verdict
	}{
		{"allow", ukOrder(), protocol.Allow},
		{"named", named, protocol.Allow},
		{"route", irish, protocol.Deny},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := book.Decide(&c.s.req, c.s.facts); d.Verdict != c.want {
					b.Fatalf("got %v, want %v%s", d.Verdict, c.want, failures(d))
				}
			}
		})
	}
}

func BenchmarkLibrary(b *testing.B) {
	for b.Loop() {
		if _, err := agreement.Library(); err != nil {
			b.Fatal(err)
		}
	}
}
