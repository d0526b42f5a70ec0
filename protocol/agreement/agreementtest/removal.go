package agreementtest

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A Removal takes something that is said or known out of a scene.
type Removal struct {
	Path string // "Req.Target.LocatedIn"; "Req.Attestations[]" is one item of a list
	set  func()
	back func()
}

// String returns what is taken out.
func (r Removal) String() string { return r.Path }

// saysOtherwise are the members whose absence is not ignorance: without them
// another thing is asked for, or something is denied that was said.
var saysOtherwise = map[string]string{
	"Req.Type":                 "another thing is asked for",
	"Req.Data[]":               "less is asked for",
	"Req.Emergency":            "no emergency is stated: another lane, other rules",
	"Req.Emergency.Kind":       "no emergency is stated",
	"Req.Secrecy":              "no secrecy is asked for",
	"Req.Deadline":             "no deadline is asked for",
	"Req.Procedure":            "no procedure is asked for",
	"Req.Identifiers[]":        "less is asked for",
	"Req.Data[].Own":           "nothing is said in the instrument's own words",
	"Req.Data[].Own[]":         "less is said in the instrument's own words",
	"Req.Offence.DeathPenalty": "the penalty is denied",
	"Req.Offence.Speech":       "the offence is said to be none of speech",
	"Req.Offence.Fiscal":       "the offence is said not to be fiscal",
	"Req.Offence.Political":    "the offence is said not to be political",
	"Req.Offence.Military":     "the offence is said not to be military",
	"Req.Sentence.InAbsentia":  "the person is said to have been there",
	"Req.Target.Protected":     "the data is said not to be protected",
	"Req.Target.Protected[]":   "the data is said not to be protected so",
	// One of several says that the others are all.
	"Req.Target.Nationalities[]":  "the others are said to be all",
	"Req.Target.ResidentIn[]":     "the others are said to be all",
	"Req.Offence.CommittedIn[]":   "the others are said to be all",
	"Facts.Ref":                   "another agreement may be found",
	"Facts.Ref.ID":                "another agreement may be found",
	"Facts.Ref.Version":           "another version may be found",
	"Facts.Addressee.Roles[]":     "it goes by another channel",
	"Facts.Addressee.AlsoUnder":   "no other law is said to bind it",
	"Facts.Addressee.AlsoUnder[]": "the others are said to be all",
}

// Removals lists everything that can be taken out of the scene: what is set, and
// what of lists, each alone and what holds it.
func Removals(s *Scene) []Removal {
	r := &remover{torn: torn(&s.Req.Target)}
	r.members(reflect.ValueOf(s).Elem(), "")
	return r.out
}

// Without does something while the removals are made, and puts them back.
func Without(removals []Removal, do func()) {
	for _, r := range removals {
		r.set()
	}
	do()
	for i := range removals {
		removals[len(removals)-1-i].back()
	}
}

type remover struct {
	out  []Removal
	torn bool // the target is said to be of two shapes
}

// shapes say of what shape a target is. Of one that is of two, one less takes a
// contradiction away, and no fact.
var shapes = map[string]bool{"Req.Target.Nationalities": true, "Req.Target.ResidentIn": true,
	"Req.Target.Incorporated": true, "Req.Target.GovernmentOf": true}

func torn(t *protocol.Target) bool {
	person := len(t.Nationalities) > 0 || len(t.ResidentIn) > 0
	return person && t.Incorporated != "" || person && t.GovernmentOf != "" || t.Incorporated != "" && t.GovernmentOf != ""
}

// add lists the removal of a value, which is one of what the path names.
func (r *remover) add(path string, v, without reflect.Value) {
	if _, ok := saysOtherwise[path]; ok || r.torn && shapes[path] {
		return
	}
	var old []reflect.Value // one removal may be made twice, alone and with others
	r.out = append(r.out, Removal{Path: path, set: func() {
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		old = append(old, was)
		v.Set(without)
	}, back: func() {
		v.Set(old[len(old)-1])
		old = old[:len(old)-1]
	}})
}

func (r *remover) members(v reflect.Value, path string) {
	for i := range v.NumField() {
		r.value(v.Field(i), strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."))
	}
}

func (r *remover) value(v reflect.Value, path string) {
	if v.IsZero() || v.Kind() == reflect.Func {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			r.add(path, v, reflect.Zero(v.Type()))
			return
		}
		before := len(r.out)
		r.members(v, path)
		r.together(path, before)
	case reflect.Pointer:
		if !tells(path) {
			r.add(path, v, reflect.Zero(v.Type()))
		}
		r.members(v.Elem(), path)
	case reflect.Slice:
		if !tells(path) {
			r.add(path, v, reflect.Zero(v.Type()))
		}
		for i := range v.Len() {
			rest := reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v.Slice(0, i))
			r.add(path+"[]", v, reflect.AppendSlice(rest, v.Slice(i+1, v.Len())))
			if v.Type().Elem().Kind() == reflect.Struct {
				r.members(v.Index(i), path+"[]")
			}
		}
	default:
		r.add(path, v, reflect.Zero(v.Type()))
	}
}

// tells reports whether something below the path says more by its absence than
// that it is not known: then the whole is not taken out at once. Of lists it is
// only an item.
func tells(path string) bool {
	for other := range saysOtherwise {
		if strings.HasPrefix(other, path+".") {
			return true
		}
	}
	return false
}

// together lists the removal of everything that was listed since.
func (r *remover) together(path string, since int) {
	all := r.out[since:len(r.out):len(r.out)]
	if len(all) > 1 && strings.Contains(path, ".") {
		r.out = append(r.out, Removal{Path: path, set: func() {
			for _, x := range all {
				x.set()
			}
		}, back: func() {
			for i := range all {
				all[len(all)-1-i].back()
			}
		}})
	}
}

// SaysOtherwise are the members that Removals leaves alone, with why.
func SaysOtherwise() map[string]string { return saysOtherwise }

// Paths are the paths of everything that a scene can say or know.
func Paths() []string {
	var out []string
	paths(reflect.TypeFor[Scene](), "", &out)
	return out
}

func paths(t reflect.Type, path string, out *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name := strings.TrimPrefix(fmt.Sprintf("%s.%s", path, f.Name), ".")
		kind := f.Type
		if kind.Kind() == reflect.Slice {
			*out = append(*out, name)
			name, kind = name+"[]", kind.Elem()
		}
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		*out = append(*out, name)
		if kind.Kind() == reflect.Struct && kind != reflect.TypeFor[time.Time]() {
			paths(kind, name, out)
		}
	}
}

// Computed is the verdict but for the rules that are left to judgement, which
// hold whatever is known.
func Computed(d protocol.Decision, docs ...*agreement.Document) protocol.Verdict {
	verdict := protocol.Allow
	for _, f := range d.Findings {
		if judged(f.Rule, docs) {
			continue
		}
		switch f.Outcome {
		case protocol.Fail:
			return protocol.Deny
		case protocol.Held:
			verdict = protocol.Hold
		}
	}
	return verdict
}

func judged(name string, docs []*agreement.Document) bool {
	for _, d := range docs {
		for i := range d.Rules {
			r := &d.Rules[i]
			if r.Kind == agreement.Judgement && (name == r.ID || name == d.ID+"/"+r.ID) {
				return true
			}
		}
	}
	return false
}
