package houserules_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// Limits of what one reader takes in at once, in lines.
const (
	maxFile     = 600
	maxFunction = 80
)

// commented: every package says what it is, and in its last sentences what it
// is trusted with.
func commented(h *house) []string {
	comments := map[string]string{}
	for _, f := range h.production() {
		comments[f.dir] += f.ast.Doc.Text()
	}
	var out []string
	for dir, text := range comments {
		paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
		last := paragraphs[len(paragraphs)-1]
		switch {
		case text == "":
			out = append(out, dir+": no package comment")
		case !strings.Contains(last, "trust"):
			out = append(out, dir+": the package comment does not end with what the package is trusted with")
		}
	}
	return out
}

// short: no file and no function is longer than a reader's patience. The
// functions of tests, which hold tables, are as long as their tables.
func short(h *house) []string {
	var out []string
	for _, f := range h.files {
		if n := h.lines(f.ast); n > maxFile {
			out = append(out, fmt.Sprintf("%s: %d lines, want at most %d", f.name, n, maxFile))
		}
	}
	for _, f := range h.production() {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && h.lines(fn) > maxFunction {
				out = append(out, fmt.Sprintf("%s: %s has %d lines, want at most %d",
					h.at(fn), fn.Name.Name, h.lines(fn), maxFunction))
			}
		}
	}
	return out
}

// noInit: nothing happens because a package was imported.
func noInit(h *house) []string {
	var out []string
	for _, f := range h.files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				out = append(out, h.at(fn)+": init")
			}
		}
	}
	return out
}

// named: a package is called after what it is, not after what did not fit
// anywhere else.
func named(h *house) []string {
	banned := []string{"util", "utils", "common", "helper", "helpers", "types", "models", "pkg", "manager",
		"service", "impl", "misc", "base", "shared"}
	var out []string
	for _, f := range h.files {
		if slices.Contains(banned, strings.TrimSuffix(f.ast.Name.Name, "_test")) ||
			slices.Contains(banned, path.Base(f.dir)) {
			out = append(out, fmt.Sprintf("%s: package %s", f.name, f.ast.Name.Name))
		}
	}
	return out
}

// usesOf returns what notes the uses of the given members of packages.
func usesOf(h *house, banned []string, out *[]string) func(string, ast.Node) {
	return func(name string, n ast.Node) {
		if slices.Contains(banned, name) {
			*out = append(*out, h.at(n)+": "+name)
		}
	}
}

// quiet: only what has a person in front of it prints.
func quiet(h *house) []string {
	var out []string
	for _, f := range h.production("crypto", "protocol", "node") {
		f.uses(usesOf(h, []string{"fmt.Print", "fmt.Println", "fmt.Printf", "os.Stdout", "os.Stderr"}, &out))
	}
	return out
}

// awake: whoever waits, waits for something.
func awake(h *house) []string {
	var out []string
	for _, f := range h.production() {
		f.uses(usesOf(h, []string{"time.Sleep"}, &out))
	}
	return out
}

// earned: each direct dependency says in go.mod what it is for.
func earned(h *house) []string {
	var out []string
	block := false
	for line := range strings.Lines(h.mod) {
		line = strings.TrimSpace(line)
		switch {
		case line == "require (":
			block = true
			continue
		case line == ")":
			block = false
		}
		requirement, single := strings.CutPrefix(line, "require ")
		if !block && !single || line == "" || strings.HasPrefix(requirement, "//") {
			continue
		}
		name, comment, _ := strings.Cut(requirement, "//")
		if strings.TrimSpace(comment) == "" {
			out = append(out, "go.mod: "+strings.TrimSpace(name)+": no comment says what it is for")
		}
	}
	return out
}

// listed: every constant of type Reason stands in the list that Reasons returns.
func listed(h *house) []string {
	declared := map[string]ast.Node{}
	returned := map[string]bool{}
	for _, f := range h.production("protocol") {
		if f.dir != "protocol" {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				for _, s := range constants(d) {
					if t, ok := s.Type.(*ast.Ident); ok && t.Name == "Reason" {
						declared[s.Names[0].Name] = s
					}
				}
			case *ast.FuncDecl:
				if d.Name.Name == "Reasons" && d.Recv == nil {
					ast.Inspect(d, func(n ast.Node) bool {
						if x, ok := n.(*ast.Ident); ok {
							returned[x.Name] = true
						}
						return true
					})
				}
			}
		}
	}
	var out []string
	for name, n := range declared {
		if !returned[name] {
			out = append(out, fmt.Sprintf("%s: %s does not stand in Reasons", h.at(n), name))
		}
	}
	if len(declared) == 0 {
		out = append(out, "package protocol has no Reason")
	}
	return out
}

// constants returns the specifications of a declaration of constants.
func constants(d *ast.GenDecl) []*ast.ValueSpec {
	var out []*ast.ValueSpec
	if d.Tok != token.CONST {
		return nil
	}
	for _, s := range d.Specs {
		out = append(out, s.(*ast.ValueSpec))
	}
	return out
}

// bounded: every exported limit says what it bounds, and in which unit.
func bounded(h *house) []string {
	var out []string
	for _, f := range h.production() {
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range constants(g) {
				said := s.Doc.Text() + s.Comment.Text()
				if !g.Lparen.IsValid() {
					said += g.Doc.Text()
				}
				if strings.HasPrefix(s.Names[0].Name, "Max") && strings.TrimSpace(said) == "" {
					out = append(out, fmt.Sprintf("%s: %s has no comment", h.at(s), s.Names[0].Name))
				}
			}
		}
	}
	return out
}
