package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// Worlds are those that scripts ask for. Each is founded once, with its keys and the
// signed agreement, and every script works with a copy: to found it takes longer than
// most of what a script tries.
type worlds struct {
	dir string // holds them; nothing runs there

	mu    sync.Mutex
	known map[string]string // their folders, by what was asked for
}

// partiesOfWorld are those of every world.
var partiesOfWorld = []string{"gb", "us"}

// unset is where a participant listens in a world that is not copied yet.
const unset = "127.0.0.1:1"

// world ID:ROLE,ROLE… makes participants of GB and US with all that they need, as
// two-participants.txtar does by hand. Homes are named gb.a as in the id, roots
// roots/gb and roots/us, and nothing runs yet.
func (w *worlds) world(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(copyTree(w.founded(ts, args), ts.MkAbs(".")))
	entries := map[string][]string{}
	for _, arg := range args {
		id, _, _ := strings.Cut(arg, ":")
		ports(ts, false, []string{"LISTEN"})
		replace(ts, false, []string{id + "/comity.toml", `"` + unset + `"`, `"` + ts.Getenv("LISTEN") + `"`})
		replace(ts, false, []string{id + "/entry.json", `"` + unset + `"`, `"` + ts.Getenv("LISTEN") + `"`})
		entries[id[:2]] = append(entries[id[:2]], "--entry", id+"/entry.json")
	}
	for _, p := range partiesOfWorld {
		root := "roots/" + p
		ts.Check(ts.Exec("comity", append([]string{"register", "sign", "-y", "--root", root, "--out", root + "/1.jws"},
			entries[p]...)...))
		for _, arg := range args {
			id, _, _ := strings.Cut(arg, ":")
			give(ts, root+"/1.jws", fmt.Sprintf("%s/registers/%s-1.jws", id, p))
		}
	}
}

// founded returns the folder of a world, in which everything lies that does not name a
// port.
func (w *worlds) founded(ts *testscript.TestScript, args []string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := strings.Join(args, " ")
	if dir, ok := w.known[asked]; ok {
		return dir
	}
	run := func(args ...string) { ts.Check(ts.Exec("comity", args...)) }
	dir := filepath.Join(w.dir, fmt.Sprint(len(w.known)))
	var homes []string
	for _, arg := range args {
		id, roles, _ := strings.Cut(arg, ":")
		home, flags := filepath.Join(dir, id), []string{}
		for role := range strings.SplitSeq(roles, ",") {
			flags = append(flags, "--role", role)
		}
		run(append([]string{"init", id, "--dir", home, "--name", id, "--listen", unset}, flags...)...)
		run(append([]string{"officer", "new", "--dir", home}, flags...)...)
		homes = append(homes, home)
	}
	daa, text := filepath.Join(dir, "daa.yaml"), "ukus-daa-2019"
	for _, p := range partiesOfWorld {
		root, upper := filepath.Join(dir, "roots", p), strings.ToUpper(p)
		run("register", "root", "--out", root, "--unlock-file")
		run("register", "pin", "--party", upper, "--public", root+"/root.pub", "--out", root+"/pin.json")
		run("agreement", "sign", "-y", text, "--party", upper, "--root", root, "--out", daa)
		text = daa // with the first signature beside it
		for _, h := range homes {
			give(ts, root+"/pin.json", fmt.Sprintf("%s/pins/%s.json", h, p))
		}
	}
	for _, h := range homes {
		give(ts, daa, h+"/agreements/daa.yaml")
		give(ts, filepath.Join(dir, "daa.signatures.json"), h+"/agreements/daa.signatures.json")
	}
	w.known[asked] = dir
	return dir
}

// copyTree copies a folder's files, which nobody else may read.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, at), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, at), b, 0o600)
	})
}

// give copies a file.
func give(ts *testscript.TestScript, from, to string) {
	ts.Check(os.WriteFile(ts.MkAbs(to), []byte(ts.ReadFile(from)), 0o600))
}
