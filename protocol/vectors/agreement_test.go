package vectors_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// document returns the bytes of an agreement of the vectors.
func document(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "decision", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w world) document(name string) *agreement.Document {
	w.t.Helper()
	d, err := agreement.ParseDocument(name, document(w.t, name))
	w.must(err)
	return d
}

// suspension returns the notice by which US suspends content towards GB.
func suspension() *agreement.Notice {
	return &agreement.Notice{
		ID: "us-1", Agreement: daa.ID, Party: "US", Kind: agreement.Suspend,
		Toward: []protocol.Party{"GB"}, Types: []protocol.RequestType{protocol.Production},
		Categories: []protocol.Category{protocol.CategoryContent},
		Effective:  now.Add(-day), Issued: now.Add(-2 * day), Article: "Art. 12", Ground: "review of safeguards",
	}
}

// noticeArea holds notices of US, signed by its roots as its pin names them.
func (w world) noticeArea() area {
	roots := func() []*identity.Key { return w.roots("US", "1", "2") }
	one := func(name, expect, about string, body func() []byte) recipe {
		return recipe{name, expect, about, []field{{"pins", "gb us xa"}}, body}
	}
	bad := func(name, about string, change func(*agreement.Notice)) recipe {
		return one(name, "refused", about, func() []byte {
			n := suspension()
			change(n)
			return w.signed(typeNotice, n, roots()...)
		})
	}
	return area{"notice", []recipe{
		one("suspend", "valid", "a suspension of one category", func() []byte {
			return w.signed(typeNotice, suspension(), roots()...)
		}),
		one("resume", "valid", "the suspension is withdrawn, for all", func() []byte {
			n := suspension()
			n.ID, n.Kind, n.Effective, n.Article = "us-2", agreement.Resume, now, ""
			n.Toward, n.Types, n.Categories = []protocol.Party{}, []protocol.RequestType{}, []protocol.Category{}
			return w.signed(typeNotice, n, roots()...)
		}),
		one("one-root", "refused", "one root signed where two must", func() []byte {
			return w.signed(typeNotice, suspension(), w.roots("US", "1")...)
		}),
		one("other-party", "refused", "signed by the roots of another Party", func() []byte {
			return w.signed(typeNotice, suspension(), w.roots("GB", "1", "2")...)
		}),
		one("half", "refused", "an ML-DSA-65 signature is stripped", func() []byte {
			j := parts(w.signed(typeNotice, suspension(), roots()...))
			j.list = j.list[:3]
			return j.text()
		}),
		one("type", "refused", "signed as an agreement", func() []byte {
			return w.signed(typeAgreement, suspension(), roots()...)
		}),
		one("space", "refused", "a payload that is not canonical", func() []byte {
			return w.signed(typeNotice, w.replaced(w.encode(suspension()), `"party":`, `"party": `), roots()...)
		}),
		one("reserve", "valid", "a reservation", func() []byte {
			return w.signed(typeNotice, choice("US", agreement.Reserve, "no-interception"), roots()...)
		}),
		one("declare", "valid", "a declaration toward one Party", func() []byte {
			n := choice("US", agreement.Declare, "be-told")
			n.Toward = []protocol.Party{"GB"}
			return w.signed(typeNotice, n, roots()...)
		}),
		one("withdraw", "valid", "a declaration is withdrawn", func() []byte {
			return w.signed(typeNotice, choice("US", agreement.Withdraw, "dual-criminality"), roots()...)
		}),
		bad("no-option", "a reservation that names none", func(n *agreement.Notice) {
			n.Kind, n.Types, n.Categories = agreement.Reserve, []protocol.RequestType{}, []protocol.Category{}
		}),
		bad("option", "a suspension that names an option", func(n *agreement.Notice) {
			n.Option, n.Types, n.Categories = "no-location", []protocol.RequestType{}, []protocol.Category{}
		}),
		bad("option-form", "an option in capitals",
			func(n *agreement.Notice) { *n = *choice("US", agreement.Declare, "Be-Told") }),
		bad("option-types", "a declaration that names types as well", func(n *agreement.Notice) {
			*n = *choice("US", agreement.Declare, "be-told")
			n.Types = []protocol.RequestType{protocol.Production}
		}),
		bad("backwards", "takes effect before it was issued",
			func(n *agreement.Notice) { n.Effective = n.Issued.Add(-time.Second) }),
		bad("toward-itself", "a Party suspends towards itself",
			func(n *agreement.Notice) { n.Toward = []protocol.Party{"US"} }),
		bad("no-ground", "no ground", func(n *agreement.Notice) { n.Ground = "" }),
		bad("kind", "a kind that is not in the list", func(n *agreement.Notice) { n.Kind = "annul" }),
		bad("id", "an id in capitals", func(n *agreement.Notice) { n.ID = "US-1" }),
	}, func(w world, v *vector) string {
		if _, err := agreement.VerifyNotice(v.body, w.rootsOfPins()); err != nil {
			return "refused"
		}
		return "valid"
	}}
}

// rootsOfPins returns the roots of the Parties by their pins.
func (w world) rootsOfPins() agreement.Roots {
	d := w.directory(nil, now)
	return func(p protocol.Party) ([]*identity.Public, int, bool) {
		pin, ok := d.Trusted(p)
		return pin.Keys, pin.Threshold, ok
	}
}

// A claim is what a Party signs of an agreement.
type claim struct {
	Agreement protocol.AgreementRef `json:"agreement"`
	Document  protocol.Digest       `json:"document"`
	Party     protocol.Party        `json:"party"`
	Signed    time.Time             `json:"signed"`
}

// agreementArea holds agreements in the form in which they are exchanged.
func (w world) agreementArea() area {
	text, law := document(w.t, "vector-daa.yaml"), document(w.t, "vector-us-law.yaml")
	sign := func(p protocol.Party, change func(*claim), keys ...*identity.Key) agreement.PartySignature {
		c := claim{daa, protocol.DigestOf(text), p, now.Add(-day)}
		if change != nil {
			change(&c)
		}
		return agreement.PartySignature{Party: p, JWS: w.signed(typeAgreement, c, keys...)}
	}
	gb := func() agreement.PartySignature { return sign("GB", nil, w.roots("GB", "1", "2")...) }
	us := func() agreement.PartySignature { return sign("US", nil, w.roots("US", "1", "2")...) }
	usWith := func(change func(*claim)) func() []agreement.PartySignature {
		return func() []agreement.PartySignature {
			return []agreement.PartySignature{gb(), sign("US", change, w.roots("US", "1", "2")...)}
		}
	}
	one := func(name, expect, about string, sigs func() []agreement.PartySignature) recipe {
		return recipe{name, expect, about, []field{{"pins", "gb us xa"}},
			func() []byte { return w.exchanged(daa, text, sigs()) }}
	}
	domestic := func(name, expect, about string, p protocol.Party) recipe {
		return recipe{name, expect, about, []field{{"pins", "gb us xa"}}, func() []byte {
			ref := protocol.AgreementRef{ID: "us-law-vector", Version: "1"}
			return w.exchanged(ref, law, []agreement.PartySignature{sign(p, func(c *claim) {
				c.Agreement, c.Document = ref, protocol.DigestOf(law)
			}, w.roots(p, "1", "2")...)})
		}}
	}
	return area{"agreement", []recipe{
		one("both", "valid", "signed by both Parties",
			func() []agreement.PartySignature { return []agreement.PartySignature{gb(), us()} }),
		one("one", "refused", "signed by one Party",
			func() []agreement.PartySignature { return []agreement.PartySignature{gb()} }),
		one("none", "refused", "signed by nobody",
			func() []agreement.PartySignature { return []agreement.PartySignature{} }),
		one("same", "refused", "signed by one Party twice",
			func() []agreement.PartySignature { return []agreement.PartySignature{gb(), gb()} }),
		one("one-root", "refused", "one root of US signed where two must", func() []agreement.PartySignature {
			return []agreement.PartySignature{gb(), sign("US", nil, w.roots("US", "1")...)}
		}),
		one("third", "refused", "a State that is not Party to it signed as well", func() []agreement.PartySignature {
			return []agreement.PartySignature{gb(), us(), sign("XA", nil, w.roots("XA", "1")...)}
		}),
		one("other-bytes", "refused", "US signed other bytes", usWith(func(c *claim) { c.Document[0] ^= 1 })),
		one("other-version", "refused", "US signed another version",
			usWith(func(c *claim) { c.Agreement.Version = "2" })),
		one("other-party", "refused", "US signed for another", usWith(func(c *claim) { c.Party = "GB" })),
		domestic("domestic", "valid", "domestic law, signed by its own Party alone", "US"),
		domestic("domestic-other", "refused", "domestic law, signed by another Party", "GB"),
		{"altered", "refused", "one word of the document differs from what was signed",
			[]field{{"pins", "gb us xa"}}, func() []byte {
				return w.exchanged(daa, w.replaced(text, "must carry three", "must carry seven"),
					[]agreement.PartySignature{gb(), us()})
			}},
	}, func(w world, v *vector) string {
		if _, err := agreement.ParseSigned(v.body, w.rootsOfPins()); err != nil {
			return "refused"
		}
		return "valid"
	}}
}

// exchanged returns a document and signatures in one file.
func (w world) exchanged(ref protocol.AgreementRef, text []byte, sigs []agreement.PartySignature) []byte {
	w.t.Helper()
	file := agreement.PartySignatures{Agreement: ref, Signatures: sigs}
	b, err := file.Encode()
	w.must(err)
	b, err = agreement.EncodeSigned(text, b)
	w.must(err)
	return b
}
