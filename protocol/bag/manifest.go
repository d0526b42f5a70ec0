package bag

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A manifest is one that the bag has: of the payload, or of the tag files.
type manifest struct {
	algorithm
	file  string
	tags  bool
	lists map[string]bool
	order []string
}

// readManifests reads every manifest. RFC 8493, sections 2.1.3 and 2.2.1.
func (b *Bag) readManifests(of encoding) error {
	payload := false
	for _, a := range algorithms() {
		for _, prefix := range []string{"manifest-", "tagmanifest-"} {
			m := &manifest{algorithm: a, file: prefix + a.name + ".txt", tags: prefix == "tagmanifest-", lists: map[string]bool{}}
			if !b.Has(m.file) {
				continue
			}
			if err := b.readManifest(m, of); err != nil {
				return err
			}
			payload = payload || !m.tags
			b.manifests = append(b.manifests, m)
			if m.weak {
				b.report.warn("%s: %s proves nothing against somebody who changes files", m.file, m.name)
			}
		}
	}
	for _, name := range b.names {
		tail, is := strings.CutPrefix(name, "manifest-")
		if is && !slices.ContainsFunc(b.manifests, func(m *manifest) bool { return m.file == name }) {
			b.report.warn("a manifest %q of an algorithm that is not known", tail)
		}
	}
	if !payload {
		b.report.fault("there is no manifest of the payload of an algorithm that is known")
	}
	return nil
}

func (b *Bag) readManifest(m *manifest, of encoding) error {
	text, err := b.tagFile(m.file, MaxManifest, of)
	if err != nil {
		return err
	}
	b.files[m.file].checked = false // a tag manifest that is read later may list it
	for len(text) > 0 {
		end := strings.IndexAny(text, "\r\n")
		line, rest := text, ""
		if end >= 0 {
			line, rest = text[:end], text[end+1:]
		}
		text = rest
		if len(line) > MaxLine {
			return fmt.Errorf("bag: %s: a line of more than %d bytes", m.file, MaxLine)
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if len(m.order) >= MaxFiles {
			return fmt.Errorf("bag: %s: more than %d files", m.file, MaxFiles)
		}
		b.entry(m, line)
	}
	return nil
}

// entry takes a line of a manifest: a digest, blanks, and a name.
func (b *Bag) entry(m *manifest, line string) {
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		b.report.fault("%s: a line without a name", m.file)
		return
	}
	sum, name := strings.ToLower(line[:end]), strings.TrimLeft(line[end:], " \t")
	if len(sum) != m.digits || strings.Trim(sum, "0123456789abcdef") != "" {
		b.report.fault("%s: a digest: want %d hexadecimal digits", m.file, m.digits)
		return
	}
	if strings.HasPrefix(name, "*") {
		b.report.warn("%s: an asterisk before a name, as md5sum writes it", m.file)
		name = name[1:]
	}
	if strings.HasPrefix(name, "./") {
		b.report.warn("%s: ./ before a name", m.file)
		name = strings.TrimPrefix(name, "./")
	}
	name = unescape(name)
	if err := checkPath(name); err != nil {
		b.report.fault("%s: a name: %v", m.file, err)
		return
	}
	if Payload(name) == m.tags {
		b.report.fault("%s: %q does not belong into this manifest", m.file, name)
		return
	}
	b.list(m, name, sum)
}

// list notes what a manifest says of a file. Twice the same was no fault before 1.0.
func (b *Bag) list(m *manifest, name, sum string) {
	f := b.files[name]
	if m.lists[name] {
		if b.Version == "1.0" || f == nil || !slices.Contains(f.listed, listing{m, sum}) {
			b.report.fault("%s: %q stands there twice", m.file, name)
		} else {
			b.report.warn("%s: %q stands there twice", m.file, name)
		}
		return
	}
	m.lists[name], m.order = true, append(m.order, name)
	if f != nil {
		f.listed = append(f.listed, listing{m, sum})
		f.checked = false
		return
	}
	b.missing(m, name, sum)
}

// missing tells what is really missing from what a file system folded into one name.
func (b *Bag) missing(m *manifest, name, sum string) {
	twin := b.twin(name)
	if twin == "" {
		b.report.fault("%q is missing", name)
		return
	}
	b.report.warn("%s: %q differs from %q in case or normalisation only", m.file, name, twin)
	b.later = append(b.later, claim{m, twin, sum})
}

// systemFile reports whether a file is one of those that operating systems leave
// behind, and take away again.
func systemFile(name string) bool {
	return slices.Contains([]string{".DS_Store", "Thumbs.db", "desktop.ini"}, path.Base(name))
}

// fold makes names that some file system takes for one the same.
func fold(name string) string { return cases.Fold().String(norm.NFC.String(name)) }

// twin returns the file whose name some file system takes for the given one.
func (b *Bag) twin(name string) string {
	if b.folded == nil {
		b.folded = make(map[string]string, len(b.names))
		for _, n := range b.names {
			b.folded[fold(n)] = n
		}
	}
	return b.folded[fold(name)]
}

// A claim is that a file has a digest, made by a manifest under another name.
type claim struct {
	by        *manifest
	name, sum string
}

// compareLists finds files that a manifest of the payload does not list, and names that
// differ in case or normalisation only.
func (b *Bag) compareLists() {
	for _, c := range b.later {
		if !slices.Contains(b.files[c.name].listed, listing{c.by, c.sum}) {
			b.report.fault("%s: a file that is missing, beside %q", c.by.file, c.name)
		}
	}
	for _, m := range b.manifests {
		if m.tags {
			continue
		}
		for _, name := range b.names {
			if Payload(name) && !m.lists[name] {
				b.report.fault("%q is not in %s", name, m.file)
			}
		}
	}
	seen := make(map[string]bool, len(b.names))
	for _, name := range b.names {
		if systemFile(name) {
			b.report.warn("%q is a file of an operating system", name)
		}
		if seen[fold(name)] {
			b.report.warn("%q has a twin that differs in case or normalisation only", name)
		}
		seen[fold(name)] = true
	}
}
