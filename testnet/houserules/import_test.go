package houserules_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// inner are the packages of the house that a file imports, from the top of the
// module.
func (s *source) inner() map[string]string {
	out := map[string]string{}
	for name := range s.imports() {
		if rest, ok := strings.CutPrefix(name, module+"/"); ok {
			out[rest] = name
		}
	}
	return out
}

// arrows: crypto knows nothing but crypto, protocol nothing but crypto and
// protocol, node nothing above it, testnet nothing of cmd but what it starts.
func arrows(h *house) []string {
	below := map[string][]string{
		"crypto":   {"crypto"},
		"protocol": {"crypto", "protocol"},
		"node":     {"crypto", "protocol", "node"},
		"testnet":  {"crypto", "protocol", "node", "testnet"},
		"cmd":      {"crypto", "protocol", "node", "testnet", "cmd"},
	}
	var out []string
	for _, f := range h.production() {
		folder, _, _ := strings.Cut(f.dir, "/")
		allowed, ok := below[folder]
		if !ok {
			out = append(out, fmt.Sprintf("%s: the house has no room called %q", f.name, folder))
			continue
		}
		for name, full := range f.inner() {
			top, _, _ := strings.Cut(name, "/")
			if !slices.Contains(allowed, top) {
				out = append(out, fmt.Sprintf("%s: %s imports %s", h.at(f.imports()[full]), folder, name))
			}
		}
	}
	return out
}

// meeting: packages under node meet only in package node, and in node/home,
// which reads its configuration; those that evidence passes through, in node/exhibit.
// Everything may know the store's interface, and how records are read from it.
func meeting(h *house) []string {
	known := []string{"node/store", "node/record"}
	met := map[string][]string{
		"node/exhibit": {"node/desk", "node/journal", "node/scan", "node/transfer", "node/vault"}}
	var out []string
	for _, f := range h.production("node") {
		if f.dir == "node" || f.dir == "node/home" {
			continue
		}
		for name, full := range f.inner() {
			foreign := within(name, "node") && family(name) != family(f.dir) &&
				!slices.Contains(known, name) && !slices.Contains(met[f.dir], name)
			if foreign {
				out = append(out, fmt.Sprintf("%s: %s imports %s", h.at(f.imports()[full]), f.dir, name))
			}
		}
	}
	for _, f := range h.production("node") {
		if _, ok := f.inner()["node/home"]; ok && f.dir != "node/home" {
			out = append(out, fmt.Sprintf("%s: %s imports node/home, which is above it", f.name, f.dir))
		}
	}
	return out
}

// family returns the package under node that a package belongs to: node/link
// for node/link/linktest.
func family(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	return path.Join(parts[:min(len(parts), 2)]...)
}

// keepers: one package stands between the house and each dear dependency.
func keepers(h *house) []string {
	doors := map[string]string{
		"github.com/quic-go/quic-go":  "node/link",
		"github.com/go-jose/go-jose":  "crypto/seal",
		"github.com/dgraph-io/badger": "node/store/badger",
		"cel.dev/cel-go":              "protocol/agreement",
	}
	var out []string
	for _, f := range h.production() {
		for name, n := range f.imports() {
			for dependency, door := range doors {
				if within(name, dependency) && !within(f.dir, door) {
					out = append(out, fmt.Sprintf("%s: %s is imported by %s only", h.at(n), dependency, door))
				}
			}
		}
	}
	return out
}

// pure: protocol and crypto read no clock, disk, socket or environment, make
// no choice by chance, and keep no log.
func pure(h *house) []string {
	banned := []string{"os", "os/exec", "os/user", "net", "net/http", "syscall", "math/rand", "math/rand/v2",
		"log", "log/slog", "io/ioutil"}
	clocks := []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc",
		"time.Tick", "time.NewTimer", "time.NewTicker", "time.LoadLocation"}
	var out []string
	for _, f := range h.production("protocol", "crypto") {
		for name, n := range f.imports() {
			if slices.Contains(banned, name) {
				out = append(out, fmt.Sprintf("%s: %s imports %s", h.at(n), f.dir, name))
			}
		}
		f.uses(usesOf(h, clocks, &out))
	}
	return out
}
