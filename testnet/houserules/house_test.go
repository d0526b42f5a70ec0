package houserules_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path of the module, which every package of the house begins with.
const module = "comity.example"

// A house is the sources that rules are put to.
type house struct {
	fset  *token.FileSet
	files []*source
	mod   string // go.mod
}

// A source is one Go file.
type source struct {
	name string // with slashes, from the top of the module
	dir  string
	ast  *ast.File
	test bool
}

// at says where a node stands.
func (h *house) at(n ast.Node) string {
	p := h.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// lines returns how many lines a node takes.
func (h *house) lines(n ast.Node) int {
	return h.fset.Position(n.End()).Line - h.fset.Position(n.Pos()).Line + 1
}

// production returns the files that are no tests, of the given folders; of the
// whole house if none is given.
func (h *house) production(folders ...string) []*source {
	var out []*source
	for _, f := range h.files {
		in := len(folders) == 0 || slices.ContainsFunc(folders, func(d string) bool { return within(f.dir, d) })
		if !f.test && in {
			out = append(out, f)
		}
	}
	return out
}

// within reports whether a folder is another or inside it.
func within(dir, folder string) bool {
	return dir == folder || strings.HasPrefix(dir, folder+"/")
}

// imports returns what a file imports, and where.
func (s *source) imports() map[string]ast.Node {
	out := map[string]ast.Node{}
	for _, i := range s.ast.Imports {
		name, _ := strconv.Unquote(i.Path.Value)
		out[name] = i
	}
	return out
}

// uses calls each for every use of a member of an imported package, such as
// "time.Now". A local variable with the name of a package is taken for it.
func (s *source) uses(each func(name string, n ast.Node)) {
	local := map[string]string{}
	for _, i := range s.ast.Imports {
		full, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(full)
		if i.Name != nil {
			name = i.Name.Name
		}
		local[name] = full
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && local[x.Name] != "" {
				each(local[x.Name]+"."+sel.Sel.Name, n)
			}
		}
		return true
	})
}

func (h *house) add(name string, content []byte) error {
	f, err := parser.ParseFile(h.fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	h.files = append(h.files, &source{name: name, dir: path.Dir(name), ast: f,
		test: strings.HasSuffix(name, "_test.go")})
	return nil
}

// whole returns the module as it stands on the disk.
func whole(t *testing.T) *house {
	t.Helper()
	root := filepath.Join("..", "..")
	h := &house{fset: token.NewFileSet()}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	h.mod = string(mod)
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && name != root
		if d.IsDir() && (hidden || d.Name() == "testdata" || d.Name() == "bin") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return h.add(filepath.ToSlash(rel), b)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.files) < 100 {
		t.Fatalf("got %d files: this is not the whole house", len(h.files))
	}
	return h
}

// built returns a house of files that are given by their names.
func built(t *testing.T, files map[string]string) *house {
	t.Helper()
	h := &house{fset: token.NewFileSet()}
	for name, content := range files {
		if name == "go.mod" {
			h.mod = content
			continue
		}
		if err := h.add(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}
