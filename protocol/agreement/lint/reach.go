package lint

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// reach sees that each rule can apply, and can be met and not be met, as far as
// that shows without a request.
func (l *linter) reach() {
	for i := range l.doc.Rules {
		r := &l.doc.Rules[i]
		path := fmt.Sprintf("rules[%d]", i)
		scenes := l.scenes(r)
		if len(scenes) == 0 {
			l.warn(path+".from", "no right goes in its direction, so it never applies: mend from and to")
			continue
		}
		when, require := parse(r.When), parse(r.Require)
		scenes = slices.DeleteFunc(scenes, func(s *scene) bool { return !s.assume(when).may(when) })
		if len(scenes) == 0 {
			l.warn(path+".when", "it never applies: what it says contradicts itself, or asks for what no right grants")
			continue
		}
		if require == nil {
			continue
		}
		never, always := true, true
		for _, s := range scenes {
			given := s.assume(when)
			never = never && !given.assume(require).may(require)
			always = always && given.eval(require) == true
		}
		switch {
		case never:
			l.warn(path+".require", "it can never be met: no request passes it")
		case always:
			l.warn(path+".require", "it is always met, so the rule does nothing")
		}
	}
}

// A scene is what is known of a request without having one: its type, what
// categories it may ask for, and what was assumed.
type scene struct {
	categories []protocol.Category
	known      map[string]any // string, bool or int64, by variable
	least      map[string]int64
	most       map[string]int64
}

// scenes returns one for each type of request that a rule could be for.
func (l *linter) scenes(r *agreement.Rule) []*scene {
	if l.doc.Kind == agreement.KindDomestic {
		var out []*scene
		for _, t := range protocol.RequestTypes() {
			out = append(out, l.scene(t, protocol.Categories(), r))
		}
		return out
	}
	var out []*scene
	for _, t := range protocol.RequestTypes() {
		var categories []protocol.Category
		for i := range l.doc.Rights {
			if right := &l.doc.Rights[i]; slices.Contains(right.Types, t) && l.meets(r, right) {
				categories = append(categories, right.Categories...)
			}
		}
		if len(categories) > 0 {
			out = append(out, l.scene(t, categories, r))
		}
	}
	return out
}

func (l *linter) scene(t protocol.RequestType, categories []protocol.Category, r *agreement.Rule) *scene {
	s := &scene{categories, map[string]any{"request.type": string(t)}, map[string]int64{}, map[string]int64{}}
	for name, set := range map[string]agreement.PartySet{"issuing.party": r.From, "receiving.party": r.To} {
		if p := set.String(); len(p) == 2 { // one Party alone
			s.known[name] = p
		}
	}
	return s
}

// parse reads an expression; nil for none, and for one that does not parse,
// which the document then would not have.
func parse(text string) ast.Expr {
	if text == "" {
		return nil
	}
	env, err := cel.NewCustomEnv(cel.ClearMacros())
	if err != nil {
		return nil
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil
	}
	return parsed.NativeRep().Expr()
}

// may reports whether an expression may be true; none is.
func (s *scene) may(e ast.Expr) bool { return e == nil || s.eval(e) != false }

// assume returns a scene in which what the expression joins with && is so.
func (s *scene) assume(e ast.Expr) *scene {
	out := &scene{s.categories, map[string]any{}, map[string]int64{}, map[string]int64{}}
	for k, v := range s.known {
		out.known[k] = v
	}
	for k, v := range s.least {
		out.least[k] = v
	}
	for k, v := range s.most {
		out.most[k] = v
	}
	out.learn(e)
	return out
}

func (s *scene) learn(e ast.Expr) {
	if e == nil {
		return
	}
	if name := symbol(e); name != "" {
		s.set(name, true)
		return
	}
	if e.Kind() != ast.CallKind {
		return
	}
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd:
		s.learn(args[0])
		s.learn(args[1])
	case operators.LogicalNot:
		if name := symbol(args[0]); name != "" {
			s.set(name, false)
		}
	case operators.Equals:
		for i := range args {
			if name, v := symbol(args[i]), literal(args[1-i]); name != "" && v != nil {
				s.set(name, v)
			}
		}
	case operators.GreaterEquals, operators.Greater, operators.LessEquals, operators.Less:
		s.bound(call.FunctionName(), args)
	}
}

func (s *scene) set(name string, v any) {
	if _, ok := s.known[name]; !ok {
		s.known[name] = v
	}
}

// bound learns between which numbers a variable lies.
func (s *scene) bound(op string, args []ast.Expr) {
	name := symbol(args[0])
	n, ok := literal(args[1]).(int64)
	if name == "" || !ok {
		return
	}
	switch op {
	case operators.GreaterEquals:
		s.least[name] = max(s.least[name], n)
	case operators.Greater:
		s.least[name] = max(s.least[name], n+1)
	case operators.LessEquals:
		s.lower(name, n)
	case operators.Less:
		s.lower(name, n-1)
	}
}

func (s *scene) lower(name string, n int64) {
	if old, ok := s.most[name]; !ok || n < old {
		s.most[name] = n
	}
}

// symbol returns the name of a variable, "" for anything else.
func symbol(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.SelectKind:
		if of := symbol(e.AsSelect().Operand()); of != "" && !e.AsSelect().IsTestOnly() {
			return of + "." + e.AsSelect().FieldName()
		}
	}
	return ""
}

// literal returns a string, bool or int64, nil for anything else.
func literal(e ast.Expr) any {
	if e.Kind() != ast.LiteralKind {
		return nil
	}
	switch v := e.AsLiteral().(type) {
	case types.String:
		return string(v)
	case types.Bool:
		return bool(v)
	case types.Int:
		return int64(v)
	}
	return nil
}

// eval returns a string, a bool or an int64 where it is sure, else nil.
func (s *scene) eval(e ast.Expr) any {
	if name := symbol(e); name != "" {
		return s.known[name]
	}
	if v := literal(e); v != nil {
		return v
	}
	if e.Kind() != ast.CallKind {
		return nil
	}
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		return s.each(call)
	}
	switch op := call.FunctionName(); op {
	case operators.LogicalAnd:
		return both(s.eval(args[0]), s.eval(args[1]), false)
	case operators.LogicalOr:
		return both(s.eval(args[0]), s.eval(args[1]), true)
	case operators.LogicalNot:
		return not(s.eval(args[0]))
	case operators.Equals:
		return s.equal(args[0], args[1])
	case operators.NotEquals:
		return not(s.equal(args[0], args[1]))
	case operators.In:
		return s.in(args[0], args[1])
	case operators.Conditional:
		if v, ok := s.eval(args[0]).(bool); ok {
			return s.eval(args[map[bool]int{true: 1, false: 2}[v]])
		}
	case operators.GreaterEquals, operators.Greater, operators.LessEquals, operators.Less:
		return s.compare(op, args)
	}
	return nil
}

// both joins two values: decided by one that is the deciding value, else only
// if both are known.
func both(a, b any, decides bool) any {
	switch {
	case a == decides || b == decides:
		return decides
	case a == nil || b == nil:
		return nil
	}
	return !decides
}

func not(v any) any {
	if b, ok := v.(bool); ok {
		return !b
	}
	return nil
}

func (s *scene) equal(a, b ast.Expr) any {
	x, y := s.eval(a), s.eval(b)
	if x == nil || y == nil {
		return nil
	}
	return x == y
}

// in looks for a value in a list that is written out, and for a category in
// those that may be asked for.
func (s *scene) in(item, list ast.Expr) any {
	want := s.eval(item)
	if symbol(list) == "request.categories" {
		if c, ok := want.(string); ok && !slices.Contains(s.categories, protocol.Category(c)) {
			return false
		}
		return nil
	}
	if want == nil || list.Kind() != ast.ListKind {
		return nil
	}
	unknown := false
	for _, e := range list.AsList().Elements() {
		v := s.eval(e)
		if v == want {
			return true
		}
		unknown = unknown || v == nil
	}
	if unknown {
		return nil
	}
	return false
}

// each evaluates what is said of one or all of the categories.
func (s *scene) each(call ast.CallExpr) any {
	name, args := call.FunctionName(), call.Args()
	if symbol(call.Target()) != "request.categories" || len(args) != 2 || symbol(args[0]) == "" {
		return nil
	}
	decides, ok := map[string]bool{operators.Exists: false, operators.All: true}[name]
	if !ok {
		return nil
	}
	for _, c := range s.categories {
		with := s.assume(nil)
		with.known[symbol(args[0])] = string(c)
		if with.eval(args[1]) != decides {
			return nil
		}
	}
	return decides
}

// compare is sure where all that a variable may be lies on one side. No number
// of a request is negative.
func (s *scene) compare(op string, args []ast.Expr) any {
	name := symbol(args[0])
	n, ok := literal(args[1]).(int64)
	if name == "" || !ok {
		return nil
	}
	least := s.least[name]
	most, bounded := s.most[name]
	switch op {
	case operators.Greater, operators.GreaterEquals:
		if op == operators.Greater {
			n++
		}
		if bounded && most < n {
			return false
		}
		if least >= n {
			return true
		}
	case operators.Less, operators.LessEquals:
		if op == operators.Less {
			n--
		}
		if least > n {
			return false
		}
		if bounded && most <= n {
			return true
		}
	}
	return nil
}
