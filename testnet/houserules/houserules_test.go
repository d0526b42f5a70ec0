package houserules_test

import (
	"slices"
	"strings"
	"testing"
)

// A rule is what the house asks of its sources, with sources that break it.
type rule struct {
	name  string
	find  func(*house) []string
	crime map[string]string
	// want are parts of what must be found, one for each finding, in any order.
	want []string
}

const trusted = "// Package x is trusted with nothing.\n"

func rules() []rule {
	return append(importRules(), formRules()...)
}

func importRules() []rule {
	return []rule{
		{"arrows point down", arrows, map[string]string{
			"crypto/a/a.go":      `package a; import _ "comity.example/protocol"`,
			"protocol/a/a.go":    `package a; import _ "comity.example/node/store"`,
			"node/a.go":          `package node; import _ "comity.example/testnet"`,
			"testnet/a.go":       `package testnet; import _ "comity.example/cmd/comity"`,
			"attic/a.go":         `package attic`,
			"protocol/b/b.go":    `package b; import (_ "comity.example/crypto/seal"; _ "comity.example/protocol")`,
			"cmd/comity/main.go": `package main; import (_ "comity.example/testnet"; _ "comity.example/node")`,
		}, []string{"crypto imports protocol", "protocol imports node/store", "node imports testnet",
			"testnet imports cmd/comity", `no room called "attic"`}},
		{"packages under node meet in node", meeting, map[string]string{
			"node/gate/a.go":         `package gate; import _ "comity.example/node/journal"`,
			"node/store/a.go":        `package store; import _ "comity.example/node/store/badger"`,
			"node/journal/a.go":      `package journal; import _ "comity.example/node/store"`,
			"node/desk/a.go":         `package desk; import _ "comity.example/node/store/badger"`,
			"node/store/badger/a.go": `package badger; import _ "comity.example/node/store"`,
			"node/link/test/a.go":    `package test; import _ "comity.example/node/link"`,
			"node/exhibit/a.go":      `package exhibit; import (_ "comity.example/node/vault"; _ "comity.example/node/courier")`,
			"node/vault/a.go":        `package vault; import (_ "comity.example/node/record"; _ "comity.example/node/exhibit")`,
			"node/a.go":              `package node; import (_ "comity.example/node/gate"; _ "comity.example/node/home")`,
			"node/home/a.go":         `package home; import (_ "comity.example/node"; _ "comity.example/node/desk")`,
		}, []string{"node/gate imports node/journal", "node/desk imports node/store/badger",
			"node/exhibit imports node/courier", "node/vault imports node/exhibit", "node imports node/home, which is above it"}},
		{"one package stands before each dependency", keepers, map[string]string{
			"node/a.go":              `package node; import _ "github.com/quic-go/quic-go"`,
			"protocol/a.go":          `package protocol; import _ "github.com/go-jose/go-jose/v4"`,
			"node/journal/a.go":      `package journal; import _ "github.com/dgraph-io/badger/v4"`,
			"node/link/a.go":         `package link; import _ "github.com/quic-go/quic-go/qlog"`,
			"crypto/seal/a.go":       `package seal; import _ "github.com/go-jose/go-jose/v4"`,
			"node/store/badger/a.go": `package badger; import _ "github.com/dgraph-io/badger/v4"`,
		}, []string{"imported by node/link only", "imported by crypto/seal only", "imported by node/store/badger only"}},
		{"protocol and crypto are pure", pure, map[string]string{
			"protocol/a.go":  `package protocol; import "time"; var at = time.Now()`,
			"protocol/b.go":  `package protocol; import _ "os"`,
			"crypto/a/a.go":  `package a; import _ "net"`,
			"crypto/a/b.go":  `package a; import _ "math/rand/v2"`,
			"crypto/a/c.go":  `package a; import (clock "time"; _ "log/slog"); func f() { clock.Sleep(1) }`,
			"protocol/ok.go": `package protocol; import (_ "crypto/rand"; _ "net/netip"; "time"); const d = time.Hour`,
			"node/a.go":      `package node; import (_ "os"; "time"); var at = time.Now()`,
		}, []string{"time.Now", "protocol imports os", "imports net", "imports math/rand/v2", "imports log/slog",
			"time.Sleep"}},
	}
}

func formRules() []rule {
	return []rule{
		{"packages say what they are trusted with", commented, map[string]string{
			"node/a/a.go": "package a",
			"node/b/b.go": "// Package b does something.\npackage b",
			"node/c/c.go": "// Package c is trusted with all.\n//\n// It does something.\npackage c",
			"node/d/d.go": "// Package d does something.\n//\n// It is trusted with all.\npackage d",
			"node/d/e.go": "package d",
		}, []string{"node/a: no package comment", "node/b: the package comment", "node/c: the package comment"}},
		{"files and functions are short", short, map[string]string{
			"node/a.go":      trusted + "package node" + strings.Repeat("\n", maxFile) + "var x int",
			"node/b_test.go": "package node" + strings.Repeat("\n", maxFile) + "var y int",
			"node/c.go":      "package node\nfunc f() {" + strings.Repeat("\n", maxFunction) + "}",
			"node/d.go":      "package node\nfunc g() {" + strings.Repeat("\n", maxFunction-1) + "}",
		}, []string{"node/a.go", "node/b_test.go", "f has 81 lines"}},
		{"nothing runs on import", noInit, map[string]string{
			"node/a.go": "package node\nfunc init() {}",
			"node/b.go": "package node\ntype t int\nfunc (t) init() {}",
		}, []string{"node/a.go:2: init"}},
		{"packages have names", named, map[string]string{
			"node/util/a.go":    "package util",
			"node/helpers/a.go": "package aid",
			"node/gate/a.go":    "package gate",
		}, []string{"package util", "node/helpers/a.go"}},
		{"nodes do not print", quiet, map[string]string{
			"node/a.go":       `package node; import "fmt"; func f() { fmt.Println(); fmt.Errorf("") }`,
			"node/b.go":       `package node; import "os"; var w = os.Stdout`,
			"cmd/comity/a.go": `package main; import "fmt"; func main() { fmt.Println() }`,
		}, []string{"fmt.Println", "os.Stdout"}},
		{"nobody sleeps", awake, map[string]string{
			"node/a.go":      `package node; import "time"; func f() { time.Sleep(1) }`,
			"node/b_test.go": `package node; import "time"; func g() { time.Sleep(1) }`,
		}, []string{"node/a.go:1: time.Sleep"}},
		{"dependencies earn a sentence", earned, map[string]string{
			"go.mod": "module x\n\nrequire (\n\ta.example v1 // what for\n\tb.example v1\n\tc.example v1 // indirect\n)\n" +
				"require d.example v1\n",
		}, []string{"b.example v1", "d.example v1"}},
		{"reasons are listed", listed, map[string]string{
			"protocol/a.go": "package protocol\ntype Reason string\nconst (\n\tReasonA Reason = \"a\"\n" +
				"\tReasonB Reason = \"b\"\n)\nfunc Reasons() []Reason { return []Reason{ReasonA} }",
		}, []string{"ReasonB does not stand in Reasons"}},
		{"exported names say what they are", said, map[string]string{
			"node/a.go":       "package node\n\nfunc A() {}\n\ntype B int\n\n// B does.\nfunc (B) C() {}\n\nfunc (B) D() {}\n",
			"node/b.go":       "package node\n\nvar E, f int\n\nconst (\n\tG = 1\n\t// H and I are two.\n\tH = 2\n\tI = 3\n\n\tN = 4\n)\n",
			"node/c.go":       "package node\n\n// The letters.\nconst (\n\tJ = 1\n)\n\n// K is one.\ntype K int\n\nfunc l() {}\n",
			"cmd/comity/a.go": "package main\n\nfunc M() {}\n",
		}, []string{"A has no comment", "B has no comment", "E has no comment", "G has no comment", "N has no comment"}},
		{"functions take few parameters", few, map[string]string{
			"node/a.go":      "package node\nfunc f(a, b int, c, d string) {}\nfunc g(a, b, c int, _ string, _ bool) {}",
			"node/b.go":      `package node; import "context"; func h(ctx context.Context, a int) {}; func i(a int, ctx context.Context) {}`,
			"node/c_test.go": "package node\nfunc j(a, b, c, d, e int) {}",
			"protocol/a.go":  `package protocol; import "comity.example/protocol/chain"; func k(a int, c chain.Context) {}`,
		}, []string{"g has 5 parameters", "i: the context comes first"}},
		{"limits say what they bound", bounded, map[string]string{
			"node/a.go": "package node\n\n// Limits.\nconst (\n\tMaxA = 1\n\tMaxB = 2 // bytes of b\n\t// MaxC bounds c, in bytes.\n" +
				"\tMaxC = 3\n)\n\n// MaxD bounds d, in bytes.\nconst MaxD = 4\n\nconst MaxE = 5\n",
		}, []string{"MaxA has no comment", "MaxE has no comment"}},
	}
}

func TestHouseKeepsItsRules(t *testing.T) {
	h := whole(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			found := r.find(h)
			slices.Sort(found)
			for _, f := range found {
				t.Error(f)
			}
		})
	}
}

func TestRulesFindWhatBreaksThem(t *testing.T) {
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			found := r.find(built(t, r.crime))
			for _, want := range r.want {
				if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
					t.Errorf("did not find %q in %q", want, found)
				}
			}
			if len(found) != len(r.want) {
				t.Errorf("got %d findings %q, want %d", len(found), found, len(r.want))
			}
		})
	}
}
