package vectors_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
)

// typeVector is the typ of the JWS of this area.
const typeVector = "comity-vector+jws"

// jwsArea holds signed texts: the form of a JWS, and both signatures of each key.
func (w world) jwsArea() area {
	one := func(name, expect, about string, spoil func(j jws) []byte) recipe {
		return recipe{name, expect, about, []field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte { return spoil(w.jws("vector 1")) }}
	}
	recipes := []recipe{
		one("one", "valid", "two signatures of one key", func(j jws) []byte { return j.text() }),
		{"two", "valid", "four signatures of two keys", []field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte { return w.jws("vector 1", "vector 2").text() }},
		one("ed25519-alone", "signature_missing", "the ML-DSA-65 signature is stripped",
			func(j jws) []byte { j.list = j.list[:1]; return j.text() }),
		one("ml-dsa-alone", "signature_missing", "the Ed25519 signature is stripped",
			func(j jws) []byte { j.list = j.list[1:]; return j.text() }),
		one("none", "signature_missing", "no signature", func(j jws) []byte { j.list = nil; return j.text() }),
		one("same-twice", "not_authentic", "the Ed25519 signature twice",
			func(j jws) []byte { j.list[1] = j.list[0]; return j.text() }),
		one("swapped", "not_authentic", "ML-DSA-65 before Ed25519",
			func(j jws) []byte { j.list[0], j.list[1] = j.list[1], j.list[0]; return j.text() }),
		one("payload", "not_authentic", "another payload than the one that was signed",
			func(j jws) []byte { j.payload = base64.RawURLEncoding.EncodeToString([]byte("other")); return j.text() }),
		one("ed25519-flipped", "not_authentic", "one bit of the Ed25519 signature differs",
			func(j jws) []byte { return j.flip(0) }),
		one("ml-dsa-flipped", "not_authentic", "one bit of the ML-DSA-65 signature differs",
			func(j jws) []byte { return j.flip(1) }),
		{"unknown-key", "not_authentic", "signed by a key that is no candidate",
			[]field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte { return w.jws("vector 3").text() }},
		{"third-signer", "not_authentic", "one signer too many: every signature must be a candidate's",
			[]field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte { return w.jws("vector 1", "vector 3").text() }},
		{"other-type", "not_authentic", "signed under another type",
			[]field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte { return w.signed(typeAct, []byte("payload"), w.key("vector 1")) }},
		{"descending", "not_authentic", "keys in descending order of their fingerprints",
			[]field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte {
				j := w.jws("vector 1", "vector 2")
				j.list = append(j.list[2:], j.list[:2]...)
				return j.text()
			}},
		{"pair-twice", "not_authentic", "the two signatures of one key, twice",
			[]field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte { j := w.jws("vector 1"); j.list = append(j.list, j.list...); return j.text() }},
	}
	return area{"jws", append(recipes, w.jwsForms()...), world.examineJWS}
}

// jwsForms are encodings other than the one.
func (w world) jwsForms() []recipe {
	form := func(name, about, from, to string) recipe {
		return recipe{"form-" + name, "not_authentic", about,
			[]field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte { return w.replaced(w.jws("vector 1").text(), from, to) }}
	}
	header := func(name, about, from, to string) recipe {
		return recipe{"header-" + name, "not_authentic", about,
			[]field{{"type", typeVector}, {"candidates", "vector 1, vector 2"}},
			func() []byte { return w.header(from, to).text() }}
	}
	return []recipe{
		form("space", "a space", `"signatures":[`, `"signatures": [`),
		form("trailing", "a line feed at the end", `]}`, "]}\n"),
		form("member", "a member that is not known", `{"payload":"cGF5bG9hZA","signatures"`,
			`{"payload":"cGF5bG9hZA","x":"","signatures"`),
		form("padding", "base64 with padding", `"cGF5bG9hZA"`, `"cGF5bG9hZA=="`),
		form("loose-bits", "base64 with bits set behind the last byte", `"cGF5bG9hZA"`, `"cGF5bG9hZB"`),
		form("line-break", "base64 with a line break", `"cGF5bG9hZA"`, "\"cGF5\nbG9hZA\""),
		form("escape", "a letter as an escape", `"payload"`, `"\u0070ayload"`),
		form("unprotected", "an unprotected header", `"signatures":[{`, `"signatures":[{"header":{},`),
		header("crit", "crit in the protected header", `{"alg"`, `{"crit":["b64"],"alg"`),
		header("jwk", "the key itself in the protected header", `"kid"`, `"jwk":{},"kid"`),
		header("order", "typ before kid", `"kid":`, `"typ":"x","kid":`),
		header("alg-eddsa", "the older name of the algorithm", `"alg":"Ed25519"`, `"alg":"EdDSA"`),
		header("alg-none", "no algorithm", `"alg":"Ed25519"`, `"alg":"none"`),
	}
}

// A jws is a JWS in its parts.
type jws struct {
	payload string
	list    []part
}

type part struct{ protected, signature string }

func (w world) jws(names ...string) jws {
	w.t.Helper()
	var keys []*identity.Key
	for _, n := range names {
		keys = append(keys, w.key(n))
	}
	return parts(w.signed(typeVector, []byte("payload"), keys...))
}

// parts takes a well-formed JWS apart.
func parts(b []byte) jws {
	var j jws
	head, tail, _ := strings.Cut(strings.TrimPrefix(string(b), `{"payload":"`), `","signatures":[`)
	j.payload = head
	for _, p := range strings.Split(strings.TrimSuffix(tail, "]}"), "},{") {
		p = strings.Trim(p, "{}")
		protected, signature, _ := strings.Cut(strings.TrimPrefix(p, `"protected":"`), `","signature":"`)
		j.list = append(j.list, part{protected, strings.TrimSuffix(signature, `"`)})
	}
	return j
}

func (j jws) text() []byte {
	items := make([]string, len(j.list))
	for i, p := range j.list {
		items[i] = fmt.Sprintf(`{"protected":"%s","signature":"%s"}`, p.protected, p.signature)
	}
	return fmt.Appendf(nil, `{"payload":"%s","signatures":[%s]}`, j.payload, strings.Join(items, ","))
}

// flip changes one bit of a signature.
func (j jws) flip(i int) []byte {
	raw, _ := base64.RawURLEncoding.DecodeString(j.list[i].signature)
	raw[len(raw)/2] ^= 1
	j.list[i].signature = base64.RawURLEncoding.EncodeToString(raw)
	return j.text()
}

// header signs with another first protected header: the Ed25519 signature over
// it is genuine, so that only the header is the crime.
func (w world) header(from, to string) jws {
	w.t.Helper()
	j := w.jws("vector 1")
	raw, err := base64.RawURLEncoding.DecodeString(j.list[0].protected)
	w.must(err)
	j.list[0].protected = base64.RawURLEncoding.EncodeToString(w.replaced(raw, from, to))
	signature, err := w.key("vector 1").SignEd25519([]byte(j.list[0].protected + "." + j.payload))
	w.must(err)
	j.list[0].signature = base64.RawURLEncoding.EncodeToString(signature)
	return j
}

func (w world) examineJWS(v *vector) string {
	var candidates []*identity.Public
	for _, name := range strings.Split(v.field("candidates"), ", ") {
		candidates = append(candidates, w.key(name).Public())
	}
	payload, _, err := seal.Verify(v.field("type"), v.body, candidates...)
	switch {
	case errors.Is(err, seal.ErrSignatureMissing):
		return "signature_missing"
	case err != nil:
		return "not_authentic"
	case string(payload) != "payload":
		return "another payload"
	}
	return "valid"
}
