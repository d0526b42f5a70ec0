package houserules_test

import (
	"fmt"
	"go/ast"
)

// maxParameters is how many parameters of a function a reader keeps apart. What
// needs more is a struct, whose fields have names where it is called.
const maxParameters = 4

// said: every exported name says what it is. A method that an interface of
// another package asks for need not say it again; a program exports nothing.
func said(h *house) []string {
	var out []string
	want := func(n ast.Node, name string, comment string) {
		if ast.IsExported(name) && comment == "" {
			out = append(out, fmt.Sprintf("%s: %s has no comment", h.at(n), name))
		}
	}
	for _, f := range h.production("crypto", "protocol", "node", "testnet") {
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					want(d, d.Name.Name, d.Doc.Text())
				}
			case *ast.GenDecl:
				above, end := "", 0
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						want(s, s.Name.Name, d.Doc.Text()+s.Doc.Text()+s.Comment.Text())
					case *ast.ValueSpec:
						// One comment may speak of the lines that follow it without a gap.
						own := s.Doc.Text() + s.Comment.Text()
						if own != "" || h.fset.Position(s.Pos()).Line > end+1 {
							above = own
						}
						end = h.fset.Position(s.End()).Line
						want(s, s.Names[0].Name, d.Doc.Text()+above)
					}
				}
			}
		}
	}
	return out
}

// few: no function takes more parameters than a reader keeps apart, and where
// there is a context it comes first.
func few(h *house) []string {
	var out []string
	for _, f := range h.production() {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := 0
			for _, p := range fn.Type.Params.List {
				s, _ := p.Type.(*ast.SelectorExpr)
				if s != nil && s.Sel.Name == "Context" && n > 0 {
					if x, _ := s.X.(*ast.Ident); x != nil && x.Name == "context" {
						out = append(out, fmt.Sprintf("%s: %s: the context comes first", h.at(fn), fn.Name.Name))
					}
				}
				n += max(1, len(p.Names))
			}
			if n > maxParameters {
				out = append(out, fmt.Sprintf("%s: %s has %d parameters, want at most %d",
					h.at(fn), fn.Name.Name, n, maxParameters))
			}
		}
	}
	return out
}
