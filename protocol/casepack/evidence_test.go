package casepack_test

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"comity.example/protocol"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/evidence/evidencetest"
)

// TestChangedEvidenceDoesNotHold: each way of changing what is beside the acts, with
// manifests, custody and index that fit the change.
func TestChangedEvidenceDoesNotHold(t *testing.T) {
	t.Parallel()
	whole := newPack(t)
	name := casepack.EvidenceName(whole.object().Tree)
	upper := "evidence/" + strings.ToUpper(strings.TrimPrefix(name, "evidence/"))
	other := protocol.DigestOf([]byte("another"))
	custody, err := casepack.CustodyOf(whole.files, whole.index)
	must(t, err)
	for said, c := range map[string]struct {
		change func(*pack)
		why    string
	}{
		"a bit is flipped":    {func(p *pack) { p.files[name] = []byte("From c\n") }, "the file is another"},
		"a byte is cut off":   {func(p *pack) { p.files[name] = []byte("From a") }, "the file is another"},
		"a byte is added":     {func(p *pack) { p.files[name] = []byte(mail + "\n") }, "the file is another"},
		"it is removed":       {func(p *pack) { delete(p.files, name) }, "is missing"},
		"the index denies it": {func(p *pack) { p.index.Evidence[0].Standing = casepack.Unfetched }, "although the index does not say so"},
		"the index is silent": {func(p *pack) { p.index.Evidence = []casepack.EvidenceEntry{} }, "although the index does not say so"},
		"the index lists more": {func(p *pack) {
			p.index.Evidence = append(p.index.Evidence, casepack.EvidenceEntry{Tree: other, Standing: casepack.Here})
		}, "the index lists the objects"},
		"the index lists it twice": {func(p *pack) {
			p.index.Evidence = append(p.index.Evidence, p.index.Evidence[0])
		}, "twice"},
		"a file is added":    {func(p *pack) { p.files["evidence/"+strings.Repeat("0", 64)] = []byte("x") }, "is part of no claim"},
		"a twin in capitals": {func(p *pack) { p.files[upper] = []byte("x") }, "not in the form"},
		"another custody": {func(p *pack) {
			p.files["custody.jsonld"] = bytes.Replace(custody, []byte("us.contoso"), []byte("us.initech"), 1)
		}, "it says something else"},
		"custody of a space": {func(p *pack) { p.files["custody.jsonld"] = append([]byte(" "), custody...) }, "it says something else"},
		"another time": {func(p *pack) {
			p.files["custody.jsonld"] = custody
			p.index.Exported = p.index.Exported.Add(1e9)
		}, "it says something else"},
	} {
		p := whole.clone()
		c.change(p)
		falls(t, said, p, c.why)
	}
}

// TestEvidenceThatIsNotHereIsNotProved: it is no fault of the package, and is said.
func TestEvidenceThatIsNotHereIsNotProved(t *testing.T) {
	t.Parallel()
	whole := newPack(t)
	for _, at := range []casepack.Standing{casepack.Unfetched, casepack.Growing, casepack.Quarantined, casepack.Damaged, casepack.Deleted, ""} {
		p := whole.clone()
		delete(p.files, casepack.EvidenceName(p.object().Tree))
		p.index.Evidence[0].Standing = at
		if at == "" {
			p.index.Evidence = []casepack.EvidenceEntry{}
		}
		r, err := verify(p.bytes(), p.pins)
		must(t, err)
		if !r.Holds || r.Absent != 1 || r.Unproved != 2 || len(r.Evidence) != 1 || r.Evidence[0].Here || r.Evidence[0].Standing != at {
			t.Errorf("%q: got %+v", at, r)
		}
		if i := slices.IndexFunc(r.Claims, func(c casepack.Claim) bool { return c.Unproved }); i < 0 ||
			!strings.Contains(r.Claims[i].Claim, "is not in the package") {
			t.Errorf("%q: got %+v", at, r.Claims)
		}
	}
	p := whole.clone()
	p.index.Evidence[0].Standing = casepack.Quarantined // and it is here
	if r, err := verify(p.bytes(), p.pins); err != nil || !r.Holds || !r.Evidence[0].Here || r.Evidence[0].Standing != casepack.Quarantined {
		t.Errorf("quarantined and here: got %+v, %v", r, err)
	}
	var b bytes.Buffer
	w := casepack.NewWriter(&b, whole.index.Case)
	for _, name := range slices.Sorted(maps.Keys(whole.files)) {
		if !strings.HasPrefix(name, "evidence/") {
			must(t, w.Add(name, whole.files[name]))
		}
	}
	must(t, w.AddEvidence(whole.object(), casepack.Deleted, nil))
	must(t, w.Close(whole.index))
	if r, err := verify(b.Bytes(), whole.pins); err != nil || !r.Holds || r.Absent != 1 {
		t.Errorf("as a node writes it: got %+v, %v", r, err)
	}
}

// unpacked is the package in a folder.
func (p *pack) unpacked() fstest.MapFS {
	p.t.Helper()
	b := p.bytes()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(p.t, err)
	out := fstest.MapFS{}
	for _, f := range z.File {
		r, err := f.Open()
		must(p.t, err)
		content, err := io.ReadAll(r)
		must(p.t, err)
		_, name, _ := strings.Cut(f.Name, "/")
		out[name] = &fstest.MapFile{Data: content}
	}
	return out
}

// TestUnpackedPackage: it holds as the archive does, and a file more, less or other
// shows.
func TestUnpackedPackage(t *testing.T) {
	t.Parallel()
	p := newPack(t)
	whole := p.unpacked()
	check := func(f fs.FS) (casepack.Report, error) {
		opened, err := casepack.OpenFolder(f)
		if err != nil {
			return casepack.Report{}, err
		}
		return opened.Verify(p.pins), nil
	}
	if r, err := check(whole); err != nil || !r.Holds {
		t.Fatalf("got %v, %+v", err, r.Claims)
	}
	for name := range whole {
		for _, change := range []string{"flipped", "removed"} {
			c := maps.Clone(whole)
			b := bytes.Clone(c[name].Data)
			b[len(b)/2] ^= 1
			c[name] = &fstest.MapFile{Data: b}
			if change == "removed" {
				delete(c, name)
			}
			r, err := check(c)
			if err == nil && r.Holds {
				t.Errorf("%s is %s, and it holds", name, change)
			}
			invalid := slices.ContainsFunc(wrong(r), func(c casepack.Claim) bool { return strings.Contains(c.Claim, "RFC 8493") })
			if err == nil && change == "flipped" && strings.HasPrefix(name, "data/acts/") && !invalid {
				t.Errorf("%s is %s, and the bag is valid: %+v", name, change, wrong(r))
			}
		}
	}
	for _, name := range []string{"readme.txt", "data/readme.txt", ".DS_Store", "data/evidence/.hidden", "fetch.txt", "manifest-md5.txt"} {
		c := maps.Clone(whole)
		c[name] = &fstest.MapFile{Data: []byte("x")}
		if r, err := check(c); err == nil && r.Holds {
			t.Errorf("%s is added, and it holds", name)
		}
	}
	c := maps.Clone(whole)
	c["data/link"] = &fstest.MapFile{Data: []byte("/etc/passwd"), Mode: fs.ModeSymlink}
	if _, err := check(c); err == nil {
		t.Error("a link is added, and it opens")
	}
	if _, err := check(fstest.MapFS{}); err == nil {
		t.Error("an empty folder opens")
	}
}

// TestProductOfAnInterception: what an interception yielded is evidence, and of one
// that runs it is not proved.
func TestProductOfAnInterception(t *testing.T) {
	t.Parallel()
	p, _ := newCase(t, func(r *protocol.Request) {
		r.Type = protocol.Interception
		r.Attestations = append(r.Attestations, protocol.Attestation{Statement: "interception_no_longer_than_needed"})
		r.Interception = &protocol.Window{Start: chaintest.Now.Add(-chaintest.Day), End: chaintest.Now.Add(30 * chaintest.Day), LessIntrusiveConsidered: true}
		r.Data = []protocol.DataItem{{Category: protocol.CategoryContentLive, From: chaintest.Now, To: chaintest.Now.Add(chaintest.Day)}}
	})
	recorded := "voice"
	product := evidencetest.Object("call.wav", "audio/wav", []byte(recorded))
	product.Segments = 1
	tap := func(body *protocol.Tap) {
		body.At = chaintest.Now
		a := p.w.Act(protocol.Body{Interception: body}, contoso, office, police)
		a.Case, a.Follows = p.index.Case, []protocol.Digest{p.index.Acts[len(p.index.Acts)-1].Digest}
		p.w.Endorse(a, p.w.Member(contoso).Officer)
		p.act(nil, a)
	}
	tap(&protocol.Tap{Action: protocol.TapStarted, Live: &protocol.Live{ID: protocol.DigestOf([]byte("id")), Name: product.Name,
		MediaType: product.MediaType, Readers: []protocol.ParticipantID{office, police}, Keys: protocol.Signed(`{"recipients":[]}`)}})
	r, err := verify(p.bytes(), p.pins)
	must(t, err)
	if !r.Holds || r.Unproved != 1 || r.Absent != 1 || len(r.Evidence) != 0 {
		t.Errorf("while it runs: holds %v, unproved %d: %+v", r.Holds, r.Unproved, wrong(r))
	}
	silent := p.clone()
	silent.logs = map[protocol.ParticipantID]*log{}
	for id, l := range p.logs {
		c := *l
		c.records, c.hashes = slices.Clone(l.records), slices.Clone(l.hashes)
		silent.logs[id] = &c
	}
	running := p
	p = silent
	tap(&protocol.Tap{Action: protocol.TapStopped})
	r, err = verify(p.bytes(), p.pins)
	must(t, err)
	if !r.Holds || r.Unproved != 1 || r.Absent != 0 {
		t.Errorf("it stopped without a word of a product: holds %v, unproved %d, absent %d: %+v", r.Holds, r.Unproved, r.Absent, wrong(r))
	}
	p = running
	tap(&protocol.Tap{Action: protocol.TapStopped, Product: &product})
	p.files[casepack.EvidenceName(product.Tree)] = []byte(recorded)
	p.index.Evidence = []casepack.EvidenceEntry{{Tree: product.Tree, Standing: casepack.Here}}
	r, err = verify(p.bytes(), p.pins)
	must(t, err)
	if !r.Holds || r.Unproved != 0 || len(r.Evidence) != 1 || !r.Evidence[0].Here || r.Evidence[0].Name != product.Name {
		t.Errorf("holds %v: %+v", r.Holds, wrong(r))
	}
	p.files[casepack.EvidenceName(product.Tree)] = []byte("noise")
	falls(t, "another product", p, "the file is another")
}

// wrong are the claims that do not hold.
func wrong(r casepack.Report) []casepack.Claim {
	return slices.DeleteFunc(slices.Clone(r.Claims), func(c casepack.Claim) bool { return c.Holds })
}
