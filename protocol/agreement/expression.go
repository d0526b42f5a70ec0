package agreement

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/go-json-experiment/json/jsontext"

	"comity.example/protocol"
)

// Limits of an expression.
const (
	MaxExpression = 1024 // bytes of one expression

	// MaxCost bounds the worst case of one expression, in CEL's cost units,
	// for the longest lists and texts that a request may hold. It is checked
	// when a document is loaded: an expression that could run away does not
	// load, and nothing needs to be counted while a request waits.
	MaxCost = 5_000

	// maxList is the length of the longest list that an expression may meet:
	// the types of the identifiers, or the ids of the offence lists.
	maxList = max(protocol.MaxIdentifiers, maxLists, protocol.MaxAttestations)

	// maxNesting bounds the depth of an expression.
	maxNesting = 32
)

// An expression is a compiled CEL expression that yields a bool. It is safe
// for concurrent use.
type expression struct {
	program cel.Program
	names   []string // of the variables that it looks at, in ascending order
	cost    uint64   // at worst, at most MaxCost
}

// environment declares the variables. It never changes after it was made.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.ParserExpressionSizeLimit(MaxExpression),
		cel.ParserRecursionLimit(maxNesting),
		cel.DefaultUTCTimeZone(true),
	}
	for _, v := range variables {
		opts = append(opts, cel.Variable(v.name, v.typ))
	}
	return cel.NewEnv(opts...)
})

// compile refuses what does not type-check, does not yield a bool, or could
// cost more than MaxCost.
func compile(text string) (*expression, error) {
	env, err := environment()
	if err != nil {
		return nil, fmt.Errorf("expression language: %w", err)
	}
	if len(text) > MaxExpression {
		return nil, fmt.Errorf("%d bytes: want at most %d", len(text), MaxExpression)
	}
	checked, issues := env.Compile(text)
	if err := issues.Err(); err != nil {
		e := issues.Errors()[0]
		return nil, fmt.Errorf("column %d: %s", e.Location.Column()+1, plainly(e.Message))
	}
	if checked.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("yields %s: want bool", checked.OutputType())
	}
	worst, err := env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, fmt.Errorf("estimate cost: %w", err)
	}
	if worst.Max > MaxCost {
		return nil, fmt.Errorf("may cost %d: want at most %d", worst.Max, MaxCost)
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, err
	}
	return &expression{program, variablesOf(checked), worst.Max}, nil
}

// variablesOf returns the names of the variables that an expression looks at.
func variablesOf(checked *cel.Ast) []string {
	names := map[string]bool{}
	for _, r := range checked.NativeRep().ReferenceMap() {
		if _, ok := positions[r.Name]; ok {
			names[r.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// looksAt returns some names, and those of the variables that the expressions
// look at, in ascending order; nil expressions look at none.
func looksAt(names []string, expressions ...*expression) []string {
	out := slices.Clone(names)
	for _, e := range expressions {
		if e != nil {
			out = append(out, e.names...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sizes tells the cost estimate how long a variable can be.
type sizes struct{}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	switch {
	case len(node.Path()) == 0:
		return nil
	case node.Type().Kind() == types.ListKind:
		return &cost.SizeEstimate{Min: 0, Max: maxList}
	case node.Type().Kind() == types.StringKind:
		return &cost.SizeEstimate{Min: 0, Max: protocol.MaxText}
	}
	return nil
}

var errNotBool = errors.New("the expression did not yield a bool")

// holds evaluates the expression. An error is never a yes.
func (e *expression) holds(vars *values) (bool, error) {
	out, _, err := e.program.Eval(vars)
	if err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, errNotBool
	}
	return bool(b), nil
}

// values lends the variables of one decision to its expressions, each made
// when it is first asked for. It serves one goroutine.
type values struct {
	in   input
	made []ref.Val // by position in variables

	// Room to write inputs in.
	seen []bool // by position in variables
	text []byte
	ends []int
}

// positions finds a variable by its name. It is never written to.
var positions = func() map[string]int {
	m := make(map[string]int, len(variables))
	for i, v := range variables {
		m[v.name] = i
	}
	return m
}()

// ResolveName returns the value of a variable.
func (v *values) ResolveName(name string) (any, bool) {
	i, ok := positions[name]
	if !ok {
		return nil, false
	}
	if v.made[i] == nil {
		v.made[i] = variables[i].value(&v.in)
	}
	return v.made[i], true
}

// inputs returns what the names that the findings looked at stand for.
func (v *values) inputs(findings []protocol.Finding) []protocol.Input {
	clear(v.seen)
	n := 0
	for i := range findings {
		for _, name := range findings[i].Inputs {
			if at := positions[name]; !v.seen[at] {
				v.seen[at] = true
				n++
			}
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]protocol.Input, 0, n)
	for _, at := range alphabetical {
		if v.seen[at] {
			val, _ := v.ResolveName(variables[at].name)
			v.text = appendJSON(v.text, val.(ref.Val))
			out, v.ends = append(out, protocol.Input{Name: variables[at].name}), append(v.ends, len(v.text))
		}
	}
	text, start := string(v.text), 0
	for i, end := range v.ends {
		out[i].Value, start = text[start:end], end
	}
	return out
}

// alphabetical are the positions of the variables in the order of their names.
// It is never written to.
var alphabetical = func() []int {
	out := make([]int, len(variables))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(a, b int) int { return strings.Compare(variables[a].name, variables[b].name) })
	return out
}()

// appendJSON writes what a variable stands for.
func appendJSON(b []byte, v ref.Val) []byte {
	switch v := v.(type) {
	case types.String:
		b, _ = jsontext.AppendQuote(b, string(v))
	case types.Int:
		b = strconv.AppendInt(b, int64(v), 10)
	case types.Bool:
		b = strconv.AppendBool(b, bool(v))
	case types.Timestamp:
		b = append(b, '"')
		b = v.AppendFormat(b, time.RFC3339)
		b = append(b, '"')
	case traits.Lister:
		b = append(b, '[')
		for i, item := range v.Value().([]string) {
			if i > 0 {
				b = append(b, ',')
			}
			b, _ = jsontext.AppendQuote(b, item)
		}
		b = append(b, ']')
	}
	return b
}

// Parent returns nil: there are no other variables.
func (v *values) Parent() cel.Activation { return nil }
