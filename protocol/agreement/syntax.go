package agreement

import (
	"regexp"
	"strings"
)

// slips are what the language says of an expression that it cannot read, and
// what that means to a person who writes a document. The first that fits is
// meant. It is never written to.
var slips = []struct {
	form *regexp.Regexp
	says string
}{
	{regexp.MustCompile(`^Syntax error: token recognition error at: '= ?'$`), "one = compares nothing: write =="},
	{regexp.MustCompile(`^Syntax error: token recognition error at: '["'].*$`), "a text begins here and does not end: close its quotes"},
	{regexp.MustCompile(`^Syntax error: token recognition error at: '& ?'$`), "one & joins nothing: write &&"},
	{regexp.MustCompile(`^Syntax error: token recognition error at: '\| ?'$`), "one | joins nothing: write ||"},
	{regexp.MustCompile(`^Syntax error: token recognition error at: (.*)$`), "$1 means nothing here"},
	{regexp.MustCompile(`^Syntax error: (?:mismatched|extraneous) input 'and' .*$`), "'and' is not of the language: write &&"},
	{regexp.MustCompile(`^Syntax error: (?:mismatched|extraneous) input 'or' .*$`), "'or' is not of the language: write ||"},
	{regexp.MustCompile(`^Syntax error: missing ('.*') at '<EOF>'$`), "$1 is missing at the end"},
	{regexp.MustCompile(`^Syntax error: missing ('.*') at ('.*')$`), "$1 is missing before $2"},
	{regexp.MustCompile(`^Syntax error: .* '<EOF>'.*expecting.*$`), "it ends where something must follow"},
	{regexp.MustCompile(`^Syntax error: (?:mismatched|extraneous) input ('.*?') expecting <EOF>$`),
		"$1 does not belong here: an operator such as && must stand between two conditions"},
	{regexp.MustCompile(`^Syntax error: (?:(?:mismatched|extraneous) input|no viable alternative at input) ('.*?')(?: expecting .*)?$`),
		"$1 does not belong here"},
	{regexp.MustCompile(`^undeclared reference to ('.*')(?: \(in container '.*'\))?( \(did you mean '.*'\?\))?$`), "there is no $1$2"},
	{regexp.MustCompile(`^found no matching overload for '_?([^_']+)_?' applied to '\((.*)\)'$`), "$1 does not go with ($2)"},
}

// plainly says in plain words what is wrong with an expression.
func plainly(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	for _, s := range slips {
		if s.form.MatchString(message) {
			return s.form.ReplaceAllString(message, s.says)
		}
	}
	return message
}
