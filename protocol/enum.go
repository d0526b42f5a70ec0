package protocol

import (
	"fmt"
	"slices"
	"strings"
)

// known is the check of every closed list: the error names what may stand there.
func known[T ~string](what string, v T, list []T) error {
	if slices.Contains(list, v) {
		return nil
	}
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return fmt.Errorf("%s %q is not known: want one of %s",
		what, truncate([]byte(v)), strings.Join(words, ", "))
}
