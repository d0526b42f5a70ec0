package casepack_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casepack"
	"comity.example/protocol/evidence"
	"comity.example/protocol/evidence/evidencetest"
)

// packed is a package in which two packs of three files were disclosed, with the list
// that change makes of the true one, and with one more for each of the other names.
func packed(t *testing.T, change func([]evidence.Entry), others ...string) (p *pack, packs []protocol.Object) {
	t.Helper()
	p, book := newCase(t, func(*protocol.Request) {})
	var list []evidence.Entry
	var files []protocol.Object
	contents := [][]string{{"one", "", "three"}, {"four"}}
	for _, names := range contents {
		o := evidencetest.Object("files.pack", "application/octet-stream", []byte(strings.Join(names, "")))
		o.Role = protocol.RolePack
		packs = append(packs, o)
		offset := int64(0)
		for _, content := range names {
			sum := sha512.Sum512([]byte(content))
			list = append(list, evidence.Entry{Name: "a.txt", MediaType: "text/plain", Size: int64(len(content)),
				SHA512: hex.EncodeToString(sum[:]), Pack: o.Tree, Offset: offset})
			offset += int64(len(content))
		}
		p.files[casepack.EvidenceName(o.Tree)] = []byte(strings.Join(names, ""))
	}
	change(list)
	var text bytes.Buffer
	w := evidence.NewListWriter(&text)
	for _, e := range list {
		must(t, w.Add(e))
	}
	l := evidencetest.Object("files.list", "application/jsonl", text.Bytes())
	l.Role = protocol.RoleList
	p.files[casepack.EvidenceName(l.Tree)] = text.Bytes()
	files = append([]protocol.Object{l}, packs...)
	for _, name := range others {
		other := bytes.ReplaceAll(text.Bytes(), []byte("a.txt"), []byte(name))
		l := evidencetest.Object(name+".list", "application/jsonl", other)
		l.Role = protocol.RoleList
		p.files[casepack.EvidenceName(l.Tree)] = other
		files = append(files, l)
	}
	answer := p.w.Disclose(p.acts[1], contoso, office)
	answer.Body.Disclosure = evidencetest.Disclosure(protocol.ProductionComplete, files, office)
	answer.Follows = []protocol.Digest{digest(t, p.acts[1])}
	p.act(book, answer)
	for _, o := range files {
		p.index.Evidence = append(p.index.Evidence, casepack.EvidenceEntry{Tree: o.Tree, Standing: casepack.Here})
	}
	return p, packs
}

func TestFilesInPacksAreComparedWithTheirList(t *testing.T) {
	t.Parallel()
	p, packs := packed(t, func([]evidence.Entry) {})
	r, err := verify(p.bytes(), p.pins)
	must(t, err)
	if !r.Holds || len(r.Evidence) != 3 || r.Evidence[1].Files != 3 || r.Evidence[2].Files != 1 || r.Evidence[0].Files != 0 {
		t.Errorf("holds %v: %+v, %+v", r.Holds, wrong(r), r.Evidence)
	}
	without := p.clone()
	delete(without.files, casepack.EvidenceName(packs[0].Tree))
	without.index.Evidence[1].Standing = casepack.Unfetched
	if r, err := verify(without.bytes(), p.pins); err != nil || !r.Holds || r.Absent != 1 || r.Evidence[1].Files != 0 || r.Evidence[2].Files != 1 {
		t.Errorf("without a pack: holds %v: %+v", r.Holds, wrong(r))
	}
	other := p.clone()
	other.files[casepack.EvidenceName(packs[0].Tree)] = []byte("onethRee")
	falls(t, "another pack", other, "file 3 of the list: its bytes in the pack are others")
	long := p.clone()
	long.files[casepack.EvidenceName(packs[0].Tree)] = []byte("onethree and more")
	falls(t, "a longer pack", long, "the file is another")
}

// TestListThatLies: the list is signed, and says what is not in the pack. That is said,
// and does not spoil the package of whoever was given it; one that the exporter changed does.
func TestListThatLies(t *testing.T) {
	t.Parallel()
	p, packs := packed(t, func(list []evidence.Entry) { list[3].SHA512 = list[0].SHA512 })
	r, err := verify(p.bytes(), p.pins)
	must(t, err)
	said := false
	for _, c := range r.Claims {
		said = said || c.Unproved && strings.Contains(c.Claim, "file 4 of the list: its bytes in the pack are others")
	}
	if !r.Holds || !said || r.Absent != 1 || r.Evidence[2].Files != 0 {
		t.Errorf("holds %v, absent %d: %+v, %+v", r.Holds, r.Absent, wrong(r), r.Evidence)
	}
	p.files[casepack.EvidenceName(packs[1].Tree)] = []byte("Four")
	falls(t, "another pack too", p, "the file is another")
}

// TestAPackIsNotReadForEver: very many lists of one pack have it read a few times.
func TestAPackIsNotReadForEver(t *testing.T) {
	t.Parallel()
	p, _ := packed(t, func([]evidence.Entry) {}, "b", "c", "d", "e", "f", "g")
	r, err := verify(p.bytes(), p.pins)
	must(t, err)
	refused := 0
	for _, c := range r.Claims {
		if c.Unproved && strings.Contains(c.Claim, "was compared with 4 lists already") {
			refused++
		}
	}
	if !r.Holds || refused != 3 || r.Evidence[1].Files != 3 {
		t.Errorf("holds %v, %d lists were not compared: %+v", r.Holds, refused, wrong(r))
	}
}
