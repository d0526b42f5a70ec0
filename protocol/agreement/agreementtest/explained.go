package agreementtest

import (
	"github.com/go-json-experiment/json/jsontext"

	"comity.example/protocol"
)

// Unexplained says what is wrong with the inputs of a decision: each name that a
// finding looked at is there once, in order, with a value as JSON.
func Unexplained(d protocol.Decision) string {
	values := map[string]bool{}
	for i, in := range d.Inputs {
		if !jsontext.Value(in.Value).IsValid() {
			return "no JSON for " + in.Name + ": " + in.Value
		}
		if i > 0 && d.Inputs[i-1].Name >= in.Name {
			return in.Name + " is out of order"
		}
		values[in.Name] = false
	}
	for _, f := range d.Findings {
		for i, name := range f.Inputs {
			if _, ok := values[name]; !ok {
				return f.Rule + " looked at " + name + ", which has no value"
			}
			if values[name] = true; i > 0 && f.Inputs[i-1] >= name {
				return f.Rule + " names what it looked at out of order"
			}
		}
	}
	for name, used := range values {
		if !used {
			return "nothing looked at " + name
		}
	}
	return ""
}
