package main

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxMistakes is how many mistakes of one file are told at once.
const maxMistakes = 20

// A mistake is one thing in a file that is wrong.
type mistake struct {
	line int
	text string
	at   []jsontext.Pointer // of what nothing more is said
}

// decode reads the file into v, as strictly as what comes over a link, and notes
// every member that is wrong. After one v is without it, and good for nothing but
// to look for further mistakes.
func (s *source) decode(v any) {
	for value := s.value; ; {
		reflect.ValueOf(v).Elem().SetZero()
		err := json.Unmarshal(value, v, json.RejectUnknownMembers(true))
		var semantic *json.SemanticError
		var syntax *jsontext.SyntacticError
		switch {
		case err == nil:
			return
		case errors.As(err, &semantic):
			s.wrong = append(s.wrong, s.mismatch(semantic, v))
		case errors.As(err, &syntax):
			s.wrong = append(s.wrong, mistake{s.line(syntax.JSONPointer), fmt.Sprintf("not JSON: %v", syntax.Err), nil})
			return
		default:
			s.wrong = append(s.wrong, mistake{1, err.Error(), nil})
			return
		}
		next, ok := without(value, semantic.JSONPointer, errors.Is(semantic.Err, json.ErrUnknownName))
		if !ok || len(s.wrong) >= maxMistakes {
			return
		}
		value = next
	}
}

// without returns the value with null at a place, or with nothing there.
func without(value jsontext.Value, at jsontext.Pointer, drop bool) (jsontext.Value, bool) {
	var root any
	if json.Unmarshal(value, &root) != nil || at == "" {
		return nil, false
	}
	around := root
	for token := range at.Parent().Tokens() {
		switch v := around.(type) {
		case map[string]any:
			around = v[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(v) {
				return nil, false
			}
			around = v[i]
		}
	}
	last := at.LastToken()
	switch v := around.(type) {
	case map[string]any:
		v[last] = nil
		if drop {
			delete(v, last)
		}
	case []any:
		i, err := strconv.Atoi(last)
		if err != nil || i >= len(v) {
			return nil, false
		}
		v[i] = nil
	default:
		return nil, false
	}
	out, err := json.Marshal(root, json.Deterministic(true))
	return out, err == nil
}

// check notes the errors of a Check, each at the line that it speaks of. under is
// where in the file the checked value stands. Of a member that is wrong already,
// of one around it or below it, nothing more is said.
func (s *source) check(err error, under jsontext.Pointer) {
	if err == nil {
		return
	}
	for text := range strings.SplitSeq(err.Error(), "\n") {
		p := under
		if m := placeForm.FindStringSubmatch(text); m != nil {
			p = within(under, m[1])
		}
		if p == under || !s.told(p) {
			s.wrong = append(s.wrong, mistake{s.line(p), text, []jsontext.Pointer{p}})
		}
	}
}

// told reports whether something was said already of a member.
func (s *source) told(p jsontext.Pointer) bool {
	return slices.ContainsFunc(s.wrong, func(m mistake) bool {
		return slices.ContainsFunc(m.at, func(q jsontext.Pointer) bool { return q.Contains(p) || p.Contains(q) })
	})
}

// stands reports whether the member stands in the file.
func (s *source) stands(m mistake) bool {
	return len(m.at) == 0 || s.lines[m.at[0]] > 0
}

// failure tells all mistakes in the order of the file, what is missing last, nil
// if there are none.
func (s *source) failure() error {
	if len(s.wrong) == 0 {
		return nil
	}
	var there, missing []mistake
	for _, m := range s.wrong {
		if s.stands(m) {
			there = append(there, m)
		} else {
			missing = append(missing, m)
		}
	}
	slices.SortStableFunc(there, func(x, y mistake) int { return cmp.Compare(x.line, y.line) })
	var lines []string
	for _, m := range append(there, missing...) {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", s.file, m.line, m.text))
	}
	return badInput(strings.Join(lines, "\n"), s.hint())
}
