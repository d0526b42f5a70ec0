package agreement

import (
	"slices"
	"strconv"
	"strings"
)

// compareVersion orders the documents of one id, the older first.
func compareVersion(a, b *Document) int { return slices.Compare(a.rank, b.rank) }

// parseVersion reads one to three numbers with points between them.
func parseVersion(s string) ([]int, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > maxVersionParts {
		return nil, false
	}
	rank := make([]int, len(parts))
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || strconv.Itoa(n) != part || len(part) > maxVersionDigits {
			return nil, false
		}
		rank[i] = n
	}
	return rank, true
}

// Limits of a version number, so that it is one word in an act.
const (
	maxVersionParts  = 3
	maxVersionDigits = 6
)
