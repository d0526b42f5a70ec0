package bag

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// An encoding is how the tag files but bagit.txt are written.
type encoding func([]byte) (string, error)

var bom = []byte("\xef\xbb\xbf")

// encodings are those that bags are found in. A name is compared in capitals.
func encodings() map[string]encoding {
	return map[string]encoding{"UTF-8": fromUTF8, "US-ASCII": fromUTF8, "ISO-8859-1": fromLatin, "UTF-16": fromUTF16}
}

func fromUTF8(b []byte) (string, error) {
	b = bytes.TrimPrefix(b, bom)
	if !utf8.Valid(b) {
		return "", errors.New("want UTF-8")
	}
	return string(b), nil
}

func fromLatin(b []byte) (string, error) {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out), nil
}

// fromUTF16 reads what begins with a byte order mark, or is big-endian (RFC 2781).
func fromUTF16(b []byte) (string, error) {
	if len(b)%2 != 0 {
		return "", errors.New("want UTF-16")
	}
	little := bytes.HasPrefix(b, []byte{0xff, 0xfe})
	if little || bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		b = b[2:]
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		high, low := b[2*i], b[2*i+1]
		if little {
			high, low = low, high
		}
		units[i] = uint16(high)<<8 | uint16(low)
	}
	return string(utf16.Decode(units)), nil
}

// tagFile returns a tag file as text.
func (b *Bag) tagFile(name string, limit int64, of encoding) (string, error) {
	raw, err := b.Read(name, limit)
	if err != nil {
		if errors.Is(err, ErrDigest) { // of manifests that were read before: Check says so
			return "", fmt.Errorf("%w: %s", err, name)
		}
		return "", fmt.Errorf("bag: %s: %w", name, err)
	}
	text, err := of(raw)
	if err != nil {
		return "", fmt.Errorf("bag: %s: %w", name, err)
	}
	return text, nil
}

// lines splits a text at line feeds, carriage returns, or both: RFC 8493, section 5.1.
func lines(text string) ([]string, error) {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	out := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, line := range out {
		if len(line) > MaxLine {
			return nil, fmt.Errorf("a line of more than %d bytes", MaxLine)
		}
	}
	return out, nil
}

// declaration reads bagit.txt: two lines, in this order and in UTF-8 without a mark.
// RFC 8493, section 2.1.1.
func (b *Bag) declaration() (encoding, error) {
	raw, err := b.Read(declarationName, MaxTagFile)
	if err != nil {
		return nil, fmt.Errorf("bag: %s: %w", declarationName, err)
	}
	if bytes.HasPrefix(raw, bom) || !utf8.Valid(raw) {
		return nil, fmt.Errorf("%w: %s: want UTF-8 without a byte order mark", ErrNoBag, declarationName)
	}
	found, err := lines(string(raw))
	if err != nil || len(found) != 2 {
		return nil, fmt.Errorf("%w: %s: want two lines, BagIt-Version and Tag-File-Character-Encoding", ErrNoBag, declarationName)
	}
	version, ok1 := strings.CutPrefix(found[0], "BagIt-Version:")
	name, ok2 := strings.CutPrefix(found[1], "Tag-File-Character-Encoding:")
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("%w: %s: want two lines, BagIt-Version and Tag-File-Character-Encoding", ErrNoBag, declarationName)
	}
	b.Version = strings.TrimPrefix(version, " ")
	if !slices.Contains([]string{"0.96", "0.97", "1.0"}, b.Version) {
		return nil, fmt.Errorf("%w: %s: want version 0.97 or 1.0", ErrNoBag, declarationName)
	}
	of := encodings()[strings.ToUpper(strings.TrimPrefix(name, " "))]
	if of == nil {
		return nil, fmt.Errorf("%w: %s: want the encoding UTF-8, US-ASCII, ISO-8859-1 or UTF-16", ErrNoBag, declarationName)
	}
	return of, nil
}

// readInfo reads bag-info.txt and compares Payload-Oxum with the files that are here.
func (b *Bag) readInfo(of encoding) error {
	if !b.Has(infoName) {
		return nil
	}
	text, err := b.tagFile(infoName, MaxTagFile, of)
	if err != nil {
		return err
	}
	found, err := lines(text)
	if err != nil || len(found) > MaxTags {
		return fmt.Errorf("bag: %s: want at most %d lines of at most %d bytes", infoName, MaxTags, MaxLine)
	}
	for _, line := range found {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' { // goes on with the line before
			if len(b.Info) == 0 {
				return fmt.Errorf("bag: %s: a first line that goes on", infoName)
			}
			last := &b.Info[len(b.Info)-1]
			last.Value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			b.report.fault("%s: a line without a colon", infoName)
			continue
		}
		b.Info = append(b.Info, Field{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	b.checkOxum()
	return nil
}

func (b *Bag) checkOxum() {
	var files int
	var size int64
	for name, f := range b.files {
		if Payload(name) {
			files, size = files+1, size+f.size
		}
	}
	for _, f := range b.Info {
		if !strings.EqualFold(f.Name, "Payload-Oxum") {
			continue
		}
		bytes, count, ok := strings.Cut(f.Value, ".")
		n, err1 := strconv.ParseInt(bytes, 10, 64)
		m, err2 := strconv.Atoi(count)
		if !ok || err1 != nil || err2 != nil {
			b.report.fault("Payload-Oxum: want bytes.files")
		} else if n != size || m != files {
			b.report.fault("Payload-Oxum says %s, and here are %s", oxum(n, m), oxum(size, files))
		}
	}
}

// readFetch looks at fetch.txt, whose files are somewhere else: nothing is fetched, so
// each of them must be here all the same.
func (b *Bag) readFetch(of encoding) error {
	if !b.Has(fetchName) {
		return nil
	}
	text, err := b.tagFile(fetchName, MaxTagFile, of)
	if err != nil {
		return err
	}
	found, err := lines(text)
	if err != nil {
		return fmt.Errorf("bag: %s: %w", fetchName, err)
	}
	b.report.warn("%s names addresses, from which nothing is fetched", fetchName)
	for _, line := range found {
		if strings.TrimSpace(line) == "" {
			continue
		}
		_, rest, _ := strings.Cut(line, " ")
		_, name, _ := strings.Cut(strings.TrimLeft(rest, " \t"), " ")
		name = unescape(strings.TrimPrefix(strings.TrimLeft(name, " \t"), "./"))
		switch err := checkPath(name); {
		case err != nil:
			b.report.fault("%s: a name: %v", fetchName, err)
		case !Payload(name):
			b.report.fault("%s: %q is outside of %s", fetchName, name, payloadFolder)
		case !b.Has(name):
			b.report.fault("%s: %q is not in the bag, and is not fetched", fetchName, name)
		}
	}
	return nil
}
