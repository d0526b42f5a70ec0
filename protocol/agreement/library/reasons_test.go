package library_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"comity.example/protocol"
)

// root is the folder of the module.
const root = "../../.."

// reserved are the reasons that nothing gives, with why they are there.
var reserved = map[protocol.Reason]string{
	protocol.ReasonStorage: "a node that cannot write what it accepts does not answer: its peer sends again",
	protocol.ReasonEssentialInterest: "documents name the interest: free_speech, death_penalty, " +
		"sovereignty_security_ordre_public",
	protocol.ReasonValidation: "a person's: what was not validated after the fact a node withdraws, and nobody " +
		"but a person refuses it (comity refuse)",
}

// TestEveryReasonIsGivenOrReserved: by a shipped document, by the steps or the
// gates, or by the persons who refuse.
func TestEveryReasonIsGivenOrReserved(t *testing.T) {
	given := map[protocol.Reason]string{}
	for _, d := range documents(t) {
		for i := range d.Barred {
			given[d.Barred[i].Ground] = "barred by " + d.ID
		}
		for i := range d.Rules {
			given[d.Rules[i].Reason] = "a rule of " + d.ID
		}
	}
	used := namesInCode(t)
	by := map[string]int{}
	for _, r := range reasonsOfSource(t) {
		switch {
		case given[r.code] != "":
			by["documents"]++
		case used[r.name]:
			given[r.code] = "the code"
			by["the code alone"]++
		case strings.Contains(r.block, "a person refuses"):
			given[r.code] = "a person"
			by["persons alone"]++
		}
		why, ok := reserved[r.code]
		switch {
		case ok && given[r.code] != "":
			t.Errorf("%s is reserved, and given by %s", r.code, given[r.code])
		case ok && why == "", !ok && given[r.code] == "":
			t.Errorf("%s is given by nothing, and not reserved", r.code)
		}
		if !slices.Contains(protocol.Reasons(), r.code) {
			t.Errorf("%s is not in protocol.Reasons", r.code)
		}
	}
	t.Logf("%d reasons: %v, reserved %d", len(protocol.Reasons()), by, len(reserved))
}

// A sourceReason is a constant of protocol/reason.go.
type sourceReason struct {
	name  string
	code  protocol.Reason
	block string // what is said of its block
}

func reasonsOfSource(t *testing.T) []sourceReason {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "protocol/reason.go"), nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var out []sourceReason
	for _, decl := range f.Decls {
		block, ok := decl.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		for _, spec := range block.Specs {
			v := spec.(*ast.ValueSpec)
			code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, sourceReason{v.Names[0].Name, protocol.Reason(code), block.Doc.Text()})
		}
	}
	if len(out) != len(protocol.Reasons()) {
		t.Errorf("the source has %d reasons, protocol.Reasons %d", len(out), len(protocol.Reasons()))
	}
	return out
}

var reasonName = regexp.MustCompile(`\bReason[A-Z]\w*`)

// namesInCode are the reasons that the code of the node and of the protocol
// speaks of, but for the list of them.
func namesInCode(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, dir := range []string{"node", "protocol"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.HasSuffix(path, "protocol/reason.go") {
				return err
			}
			b, err := os.ReadFile(path)
			for _, name := range reasonName.FindAllString(string(b), -1) {
				out[name] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
