package main

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits of a file that a person wrote.
const (
	maxSource = 512 << 10 // bytes
	maxNested = 24        // levels of mappings and lists
	maxColumn = 64        // columns before the first word of a line: the parser recurses for each
)

// A source is a file in YAML or JSON that a person wrote, as one JSON value,
// with the line of each of its members, so that what is wrong can be pointed at.
type source struct {
	file  string
	value jsontext.Value
	lines map[jsontext.Pointer]int
	wrong []mistake

	agreement string // under which the request is to go, as far as it is known
}

// hint names the template to look at.
func (s *source) hint() string {
	template := "comity request new --template"
	if id, _, _ := strings.Cut(s.agreement, "@"); id != "" {
		template += " --agreement " + id
	}
	return template + " shows a request that is complete"
}

// bad is an error at a line of the file.
func (s *source) bad(line int, format string, args ...any) error {
	return badInput(fmt.Sprintf("%s:%d: %s", s.file, line, fmt.Sprintf(format, args...)), s.hint())
}

// readSource reads a file with a request that is to go under an agreement, if
// that is known. JSON is YAML too, but is read as what it is.
func readSource(file, agreement string) (*source, error) {
	b, err := readFile(file, maxSource)
	if err != nil {
		return nil, err
	}
	s := &source{file: file, agreement: agreement}
	return s, s.parse(b)
}

func parseSource(file string, b []byte) (*source, error) {
	s := &source{file: file}
	return s, s.parse(b)
}

func (s *source) parse(b []byte) (err error) {
	s.lines = map[jsontext.Pointer]int{"": 1}
	switch trimmed := bytes.TrimSpace(b); {
	case !utf8.Valid(b):
		return s.bad(1, "want UTF-8")
	case bytes.HasPrefix(trimmed, []byte("{")):
		err = s.readJSON(b)
	default:
		err = s.readYAML(b)
	}
	return err
}

// readJSON notes on which line each member stands.
func (s *source) readJSON(b []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(b))
	for {
		t, err := d.ReadToken()
		at := 1 + bytes.Count(b[:d.InputOffset()], []byte("\n"))
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) {
			return s.bad(1+bytes.Count(b[:syntax.ByteOffset], []byte("\n")), "not JSON: %v", syntax.Err)
		}
		if err != nil {
			break // the end of the file
		}
		if p := d.StackPointer(); s.lines[p] == 0 && t.Kind() != '}' && t.Kind() != ']' {
			s.lines[p] = at
		}
	}
	s.value = bytes.TrimSpace(b)
	return nil
}

func (s *source) readYAML(b []byte) error {
	if line := deep(b); line > 0 {
		return s.bad(line, "nested too deep: want at most %d columns of indentation", maxColumn)
	}
	f, err := parser.ParseBytes(b, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil {
			return s.bad(e.GetToken().Position.Line, "not YAML: %s", e.GetMessage())
		}
		return s.bad(1, "not YAML")
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		return s.bad(1, "want exactly one YAML document")
	}
	var out bytes.Buffer
	w := &yamlWriter{source: s, enc: jsontext.NewEncoder(&out)}
	if err := w.node(f.Docs[0].Body, "", 0); err != nil {
		return err
	}
	s.value = bytes.TrimSpace(out.Bytes())
	return nil
}

// deep returns the first line on which brackets or indentation nest deeper
// than a person writes, 0 if none does.
func deep(b []byte) int {
	for i, line := range bytes.Split(b, []byte("\n")) {
		indent := len(line) - len(bytes.TrimLeft(line, " \t-?"))
		if indent > maxColumn || bytes.Count(line, []byte("["))+bytes.Count(line, []byte("{")) > maxNested {
			return i + 1
		}
	}
	return 0
}

// A yamlWriter writes YAML as JSON. Anchors, aliases, tags and whatever else
// could make a file say something else than it shows are refused.
type yamlWriter struct {
	*source
	enc *jsontext.Encoder
}

func (w *yamlWriter) node(n ast.Node, at jsontext.Pointer, depth int) error {
	line := lineOf(n)
	if _, ok := w.lines[at]; !ok {
		w.lines[at] = line
	}
	if depth > maxNested {
		return w.bad(line, "nested too deep: want at most %d levels", maxNested)
	}
	switch v := n.(type) {
	case *ast.MappingNode:
		return w.mapping(v.Values, at, depth)
	case *ast.MappingValueNode:
		return w.mapping([]*ast.MappingValueNode{v}, at, depth)
	case *ast.SequenceNode:
		return w.list(v.Values, at, depth)
	case *ast.StringNode:
		return w.enc.WriteToken(jsontext.String(v.Value))
	case *ast.LiteralNode:
		return w.enc.WriteToken(jsontext.String(strings.TrimSpace(v.Value.Value)))
	case *ast.BoolNode:
		return w.enc.WriteToken(jsontext.Bool(v.Value))
	case *ast.IntegerNode:
		return w.integer(v, line)
	case *ast.NullNode:
		return w.bad(line, "%swant a value here, or leave the member out", named(at))
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return w.bad(line, "%swant text: put it in quotes", named(at))
	}
	return w.bad(line, "%swrite it out: anchors, aliases and tags are not read", named(at))
}

func (w *yamlWriter) integer(v *ast.IntegerNode, line int) error {
	switch n := v.Value.(type) {
	case int64:
		return w.enc.WriteToken(jsontext.Int(n))
	case uint64:
		return w.enc.WriteToken(jsontext.Uint(n))
	}
	return w.bad(line, "not a number that can be read")
}

func (w *yamlWriter) list(items []ast.Node, at jsontext.Pointer, depth int) error {
	if err := w.enc.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for i, item := range items {
		if err := w.node(item, at.AppendToken(strconv.Itoa(i)), depth+1); err != nil {
			return err
		}
	}
	return w.enc.WriteToken(jsontext.EndArray)
}

func (w *yamlWriter) mapping(pairs []*ast.MappingValueNode, at jsontext.Pointer, depth int) error {
	if err := w.enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, pair := range pairs {
		key, plain := pair.Key.(*ast.StringNode)
		line := lineOf(pair.Key)
		switch {
		case !plain:
			return w.bad(line, "want the name of a member in plain letters")
		case seen[key.Value]:
			return w.bad(line, "%s stands twice: want it once", key.Value)
		}
		seen[key.Value] = true
		p := at.AppendToken(key.Value)
		w.lines[p] = line
		if err := w.enc.WriteToken(jsontext.String(key.Value)); err != nil {
			return err
		}
		if err := w.node(pair.Value, p, depth+1); err != nil {
			return err
		}
	}
	return w.enc.WriteToken(jsontext.EndObject)
}

func lineOf(n ast.Node) int {
	if n != nil && n.GetToken() != nil {
		return n.GetToken().Position.Line
	}
	return 1
}

// line returns where a member stands, or the nearest one around it.
func (s *source) line(p jsontext.Pointer) int {
	for {
		if line, ok := s.lines[p]; ok || p == "" {
			return line
		}
		p = p.Parent()
	}
}

// into reads the file into v.
func (s *source) into(v any) error {
	s.decode(v)
	return s.failure()
}

// mismatch says what is wrong with a member, and what may stand there.
func (s *source) mismatch(e *json.SemanticError, v any) mistake {
	at, where := e.JSONPointer, named(e.JSONPointer)
	wrong := func(format string, args ...any) mistake {
		return mistake{s.line(at), fmt.Sprintf(format, args...), []jsontext.Pointer{at}}
	}
	switch {
	case errors.Is(e.Err, json.ErrUnknownName):
		name, members := at.LastToken(), membersAt(reflect.TypeOf(v), at.Parent())
		if near := nearest(name, members); near != "" {
			m := wrong("unknown member %q: did you mean %s?", name, near)
			m.at = append(m.at, at.Parent().AppendToken(near))
			return m
		}
		return wrong("unknown member %q: want one of %s", name, strings.Join(members, ", "))
	case e.GoType != nil && e.GoType.String() == "time.Time":
		return wrong("%swant a time such as 2026-11-22T10:00:00Z", where)
	case e.Err != nil && e.JSONKind == '"':
		return wrong("%s%v", where, e.Err)
	}
	return wrong("%swant %s", where, kindOf(e.GoType))
}

func kindOf(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Pointer:
		return "members below it"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	}
	return "text: put it in quotes"
}

// membersAt lists the members that may stand at a place. It reads the names in
// the types, for a hint: what is accepted is decided by the decoder.
func membersAt(t reflect.Type, at jsontext.Pointer) []string {
	for token := range at.Tokens() {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Slice {
			t = t.Elem()
			continue
		}
		for i := range t.NumField() {
			if memberName(t.Field(i)) == token {
				t = t.Field(i).Type
				break
			}
		}
	}
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var names []string
	for i := 0; t.Kind() == reflect.Struct && i < t.NumField(); i++ {
		names = append(names, memberName(t.Field(i)))
	}
	return names
}

func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// named writes a place for a person: "data[0].from: ".
func named(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.Atoi(token); err == nil {
			fmt.Fprintf(&b, "[%s]", token)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	return b.String()
}

// placeForm is how a Check of package protocol names the member that is wrong.
var placeForm = regexp.MustCompile(`^([a-z_]+(?:\[[0-9]+\])?(?:\.[a-z_]+(?:\[[0-9]+\])?)*)[,:]`)

func splitsPlace(r rune) bool { return strings.ContainsRune(".[]", r) }
