package agreement

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits of a document's source.
const (
	MaxDocument = 256 << 10 // bytes of a document
	maxItems    = 512       // items of one list
	maxLists    = 32        // lists of offences: no more than the cost of an expression reckons with
	maxText     = 4096      // bytes of one text
	maxFlow     = 8         // depth of brackets: the parser recurses once for each
	maxIndent   = 64        // columns before the first word of a line, for the same reason
	maxProblems = 20        // problems that one error lists
)

// A source reads the YAML of a document as strictly as signed bytes deserve:
// every member is known, stands once and has one type, and nothing in the file
// refers to another part of it. It collects what is wrong, with the line.
type source struct {
	file     string
	problems []error
	keys     map[string]ast.Node // the member names that were read, by path
}

// A Problem is one thing that is wrong with a document's source: where, and
// what to mend.
type Problem struct {
	File string
	Line int
	Text string
}

func (p *Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// Problems returns what is wrong with a document that did not parse, in the
// order in which it was found.
func Problems(err error) []*Problem {
	var out []*Problem
	var p *Problem
	switch e := err.(type) {
	case nil:
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			out = append(out, Problems(one)...)
		}
	default:
		if errors.As(err, &p) && error(p) == err {
			return []*Problem{p}
		}
		return Problems(errors.Unwrap(err))
	}
	return out
}

// Lines returns the line of each member of a document that parses, by its
// path: "rules[3].text".
func Lines(b []byte) map[string]int {
	s := &source{keys: map[string]ast.Node{}}
	out := map[string]int{}
	root := s.parse(b)
	if root == nil {
		return out
	}
	s.document(root, new(Document))
	for path, key := range s.keys {
		out[path] = key.GetToken().Position.Line
	}
	return out
}

// at returns where a member stands, or n where it does not.
func (s *source) at(path string, n ast.Node) ast.Node {
	if key, ok := s.keys[path]; ok {
		return key
	}
	return n
}

// bad notes what is wrong at the line of n, and what to mend.
func (s *source) bad(n ast.Node, format string, args ...any) {
	line := 1
	if n != nil && n.GetToken() != nil {
		line = n.GetToken().Position.Line
	}
	s.badLine(line, format, args...)
}

func (s *source) badLine(line int, format string, args ...any) {
	if len(s.problems) < maxProblems {
		s.problems = append(s.problems, &Problem{s.file, line, fmt.Sprintf(format, args...)})
	}
}

func (s *source) err() error {
	if len(s.problems) == 0 {
		return nil
	}
	return fmt.Errorf("agreement: %w", errors.Join(s.problems...))
}

// parse returns the one mapping that the file holds, nil after a problem.
func (s *source) parse(b []byte) ast.Node {
	switch {
	case len(b) > MaxDocument:
		s.badLine(1, "%d bytes: want at most %d", len(b), MaxDocument)
		return nil
	case !utf8.Valid(b):
		s.badLine(1, "want UTF-8")
		return nil
	}
	if line, ok := shallow(b); !ok {
		s.badLine(line, "nested too deep: want at most %d levels of brackets and %d columns of "+
			"indentation", maxFlow, maxIndent)
		return nil
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil {
			s.badLine(e.GetToken().Position.Line, "%s", e.GetMessage())
		} else {
			s.badLine(1, "not YAML")
		}
		return nil
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		s.badLine(1, "want exactly one YAML document")
		return nil
	}
	return file.Docs[0].Body
}

// shallow reports whether brackets and indentation nest no deeper than their
// limits: the parser recurses once a level, and a hostile file of dashes alone
// would keep it busy for minutes. Counting what stands in texts too errs on
// the safe side.
func shallow(b []byte) (line int, ok bool) {
	depth, column, indented := 0, 0, true
	line = 1
	for _, c := range b {
		switch c {
		case '\n', '\r':
			if c == '\n' {
				line++
			}
			column, indented = 0, true
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		}
		column++
		indented = indented && (c == ' ' || c == '-' || c == '?' || c == '\t')
		if depth > maxFlow || indented && column > maxIndent {
			return line, false
		}
	}
	return line, true
}

// A member is one member of a mapping: how its value is read, and whether it
// must be there.
type member struct {
	name     string
	required bool
	read     func(ast.Node)
}

func need(name string, read func(ast.Node)) member { return member{name, true, read} }
func may(name string, read func(ast.Node)) member  { return member{name, false, read} }

// mapping reads a mapping with exactly these members.
func (s *source) mapping(n ast.Node, what string, members ...member) {
	var pairs []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	default:
		s.bad(n, "%s: want a mapping%s", what, plainOnly(n))
		return
	}
	seen := map[string]bool{}
	for _, pair := range pairs {
		name := pair.Key.GetToken().Value
		at := slices.IndexFunc(members, func(m member) bool { return m.name == name })
		key, plain := pair.Key.(*ast.StringNode)
		switch {
		case !plain || at < 0:
			s.bad(pair.Key, "%s: unknown member %q: want one of %s", what, clip(name), names(members))
		case seen[name]:
			s.bad(key, "%s.%s: stands twice: want it once", what, name)
		default:
			seen[name] = true
			s.keys[what+"."+name] = key
			members[at].read(pair.Value)
		}
	}
	for _, m := range members {
		if m.required && !seen[m.name] {
			s.bad(n, "%s.%s: missing", what, m.name)
		}
	}
}

func names(members []member) string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.name
	}
	return strings.Join(out, ", ")
}

// plainOnly says why an anchor, an alias or a tag is refused: with them a few
// bytes can stand for very many, and a text for something else than it shows.
func plainOnly(n ast.Node) string {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return ": write it out: anchors and aliases are not allowed"
	case *ast.TagNode, *ast.DirectiveNode:
		return ": leave out the tag"
	}
	return ""
}

// each reads every item of a list.
func (s *source) each(n ast.Node, what string, read func(ast.Node, string)) {
	list, ok := n.(*ast.SequenceNode)
	switch {
	case !ok:
		s.bad(n, "%s: want a list%s", what, plainOnly(n))
		return
	case len(list.Values) == 0 || len(list.Values) > maxItems:
		s.bad(n, "%s: want 1 to %d items", what, maxItems)
		return
	}
	for i, item := range list.Values {
		read(item, fmt.Sprintf("%s[%d]", what, i))
	}
}

// text reads one text.
func (s *source) text(n ast.Node, what string) string {
	var value string
	switch v := n.(type) {
	case *ast.StringNode:
		value = v.Value
	case *ast.LiteralNode:
		value = v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		s.bad(n, "%s: want text: put it in quotes", what)
		return ""
	default:
		s.bad(n, "%s: want text%s", what, plainOnly(n))
		return ""
	}
	value = strings.TrimSpace(value)
	if value == "" || len(value) > maxText || strings.ContainsFunc(value, hidden) {
		s.bad(n, "%s: want 1 to %d bytes of text without control characters", what, maxText)
		return ""
	}
	return value
}

// hidden reports whether a character could make a text read as another: it
// controls, is not seen, or turns round what is beside it.
func hidden(r rune) bool {
	return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector,
		unicode.Other_Default_Ignorable_Code_Point) || r == '\u2800' // a Braille pattern without dots
}

// clip keeps an error line readable.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// into returns a reader of one text into dst.
func (s *source) into(dst *string, what string) func(ast.Node) {
	return func(n ast.Node) { *dst = s.text(n, what) }
}

// choose returns a reader of one word of a closed list.
func choose[T ~string](s *source, dst *T, what string, list []T) func(ast.Node) {
	return func(n ast.Node) {
		word := T(s.text(n, what))
		if word != "" && !slices.Contains(list, word) {
			words := make([]string, len(list))
			for i, w := range list {
				words[i] = string(w)
			}
			s.bad(n, "%s: %q is not known: want one of %s", what, clip(string(word)),
				strings.Join(words, ", "))
		}
		*dst = word
	}
}

// chooseMany returns a reader of a list of words of a closed list, each once.
func chooseMany[T ~string](s *source, dst *[]T, what string, list []T) func(ast.Node) {
	return func(n ast.Node) {
		s.each(n, what, func(item ast.Node, what string) {
			var word T
			choose(s, &word, what, list)(item)
			if slices.Contains(*dst, word) {
				s.bad(item, "%s: %q stands twice", what, clip(string(word)))
			}
			*dst = append(*dst, word)
		})
	}
}
