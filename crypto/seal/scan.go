package seal

import (
	"encoding/base64"
	"strings"
)

// base64url is the encoding of RFC 7515, section 2, without the freedom to set
// bits behind the last byte.
var base64url = base64.RawURLEncoding.Strict()

// A scanner compares bytes with the one form they may have. After the first
// difference it stays failed and consumes nothing more.
type scanner struct {
	rest   string
	failed bool
}

// literal consumes exactly want.
func (s *scanner) literal(want string) {
	rest, ok := strings.CutPrefix(s.rest, want)
	if !ok {
		s.failed = true
	}
	if !s.failed {
		s.rest = rest
	}
}

// text consumes everything up to the next quote and returns it as it stands.
func (s *scanner) text() string {
	end := strings.IndexByte(s.rest, '"')
	if s.failed || end < 0 {
		s.failed = true
		return ""
	}
	text := s.rest[:end]
	s.rest = s.rest[end:]
	return text
}

// base64 consumes base64url up to the next quote and returns it, as it stands
// and as what it encodes.
func (s *scanner) base64() (text string, decoded []byte) {
	text = s.text()
	decoded, err := base64url.DecodeString(text)
	// DecodeString skips line ends, which would be a second encoding.
	if err != nil || strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0 {
		s.failed = true
	}
	return text, decoded
}

// next consumes want if it stands here, and reports whether it did.
func (s *scanner) next(want string) bool {
	rest, ok := strings.CutPrefix(s.rest, want)
	if ok && !s.failed {
		s.rest = rest
	}
	return ok && !s.failed
}

// end reports whether everything was consumed and nothing differed.
func (s *scanner) end() bool { return !s.failed && s.rest == "" }
