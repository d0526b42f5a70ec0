package protocol_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/evidence/evidencetest"
)

// disclosed hands over one object in which every member is set.
func disclosed() *protocol.Disclosure {
	o := evidencetest.Object("a.mbox", "application/mbox", []byte("mail"))
	o.Role, o.Segments, o.Collected, o.Collector = protocol.RolePack, 3, then, "mail export 4"
	d := evidencetest.Disclosure(protocol.ProductionComplete, []protocol.Object{o}, "gb.home-office", "gb.met-police")
	d.Note = "all of it"
	return d
}

// live announces an object that grows.
func live() *protocol.Live {
	return &protocol.Live{ID: protocol.DigestOf([]byte("id")), Name: "calls.pcap", MediaType: "application/vnd.tcpdump.pcap",
		Readers: []protocol.ParticipantID{"gb.met-police"}, Keys: protocol.Signed(`{"recipients":[]}`)}
}

func TestObjectsAreChecked(t *testing.T) {
	for _, c := range []struct {
		member string // that the error names; "" where the object is good
		change func(*protocol.Object)
	}{
		{"", func(*protocol.Object) {}},
		{"", func(o *protocol.Object) { o.Name = strings.Repeat("ü", protocol.MaxObjectName/2) }},
		{"", func(o *protocol.Object) { o.Name = "-rf *.txt;\u202e…" }}, // data, however it looks
		{"", func(o *protocol.Object) { o.Size = 0 }},
		{"", func(o *protocol.Object) { o.Size = protocol.MaxObject }},
		{"", func(o *protocol.Object) { o.Collected, o.Collector = time.Time{}, "" }},
		{"name", func(o *protocol.Object) { o.Name = "" }},
		{"name", func(o *protocol.Object) { o.Name = strings.Repeat("n", protocol.MaxObjectName+1) }},
		{"name", func(o *protocol.Object) { o.Name = strings.Repeat("\u202e", 4<<10/3) }},
		{"name", func(o *protocol.Object) { o.Name = "a\xff" }},
		{"name", func(o *protocol.Object) { o.Name = "../a" }},
		{"name", func(o *protocol.Object) { o.Name = "a/" }},
		{"name", func(o *protocol.Object) { o.Name = `..\a` }},
		{"name", func(o *protocol.Object) { o.Name = "a\x00b" }},
		{"media_type", func(o *protocol.Object) { o.MediaType = strings.Repeat("m", protocol.MaxReference+1) }},
		{"size", func(o *protocol.Object) { o.Size = -1 }},
		{"size", func(o *protocol.Object) { o.Size = protocol.MaxObject + 1 }},
		{"sha512", func(o *protocol.Object) { o.SHA512 = "" }},
		{"sha512", func(o *protocol.Object) { o.SHA512 = o.SHA512[2:] }},
		{"sha512", func(o *protocol.Object) { o.SHA512 = strings.ToUpper(o.SHA512) }},
		{"sha512", func(o *protocol.Object) { o.SHA512 += "\n" }},
		{"tree", func(o *protocol.Object) { o.Tree = protocol.Digest{} }},
		{"segments", func(o *protocol.Object) { o.Segments = -1 }},
		{"segments", func(o *protocol.Object) { o.Segments = protocol.MaxSegments + 1 }},
		{"collected", func(o *protocol.Object) { o.Collected = then.Add(1) }},
		{"collected", func(o *protocol.Object) { o.Collected = then.In(time.FixedZone("", 3600)) }},
		{"collector", func(o *protocol.Object) { o.Collector = strings.Repeat("c", protocol.MaxReference+1) }},
	} {
		d := disclosed()
		c.change(&d.Objects[0])
		wantMember(t, d.Objects[0].Check(), c.member)
		member := c.member
		if member != "" {
			member = "disclosure.objects[0]." + member
		}
		wantMember(t, checkBody(protocol.Body{Disclosure: d}), member)
	}
}

// wantMember wants an error that names a member, or none.
func wantMember(t *testing.T, err error, member string) {
	t.Helper()
	if (err == nil) != (member == "") || (err != nil && !strings.Contains(err.Error(), member)) {
		t.Errorf("got %v, want %q named", err, member)
	}
}

func TestReadersAndKeysAreChecked(t *testing.T) {
	long := make([]protocol.ParticipantID, protocol.MaxRecipients+2)
	for i := range long {
		long[i] = protocol.ParticipantID("gb.p" + string(rune('a'+i)))
	}
	for _, c := range []struct {
		member string
		change func(*protocol.Disclosure)
	}{
		{"", func(*protocol.Disclosure) {}},
		{"", func(d *protocol.Disclosure) { d.Readers = long[1:] }},
		{"", func(d *protocol.Disclosure) { d.Status = protocol.ProductionPartial }},
		{"", func(d *protocol.Disclosure) {
			d.Status, d.Objects, d.Readers, d.Keys = protocol.ProductionNoData, []protocol.Object{}, nil, nil
		}},
		{"disclosure.readers", func(d *protocol.Disclosure) { d.Readers, d.Keys = nil, nil }},
		{"disclosure.readers", func(d *protocol.Disclosure) { d.Readers = nil }},
		{"disclosure.readers", func(d *protocol.Disclosure) { d.Keys = nil }},
		{"disclosure.readers", func(d *protocol.Disclosure) { d.Readers = long }},
		{"ascending", func(d *protocol.Disclosure) { slices.Reverse(d.Readers) }},
		{"disclosure.readers", func(d *protocol.Disclosure) { d.Readers[1] = d.Readers[0] }},
		{"disclosure.readers[0]", func(d *protocol.Disclosure) { d.Readers = []protocol.ParticipantID{"Home Office"} }},
		{"disclosure.keys", func(d *protocol.Disclosure) {
			d.Keys = protocol.Signed(`{"ciphertext":"` + strings.Repeat("A", protocol.MaxKeys) + `"}`)
		}},
		{"disclosure.objects", func(d *protocol.Disclosure) { d.Objects = append(d.Objects, d.Objects[0]) }},
		{"want objects", func(d *protocol.Disclosure) { d.Objects = []protocol.Object{} }},
		{"want objects", func(d *protocol.Disclosure) { d.Status = protocol.ProductionNoData }},
		{"passed on", func(d *protocol.Disclosure) { d.Origin = protocol.Signed("{}") }},
		{"at most", func(d *protocol.Disclosure) { d.Note = strings.Repeat("n", protocol.MaxText+1) }},
	} {
		d := disclosed()
		c.change(d)
		wantMember(t, checkBody(protocol.Body{Disclosure: d}), c.member)
	}
}

func TestManyObjectsAreBounded(t *testing.T) {
	d := disclosed()
	d.Objects = nil
	for i := range protocol.MaxObjects + 1 {
		d.Objects = append(d.Objects, evidencetest.Object("a", "b", []byte{byte(i)}))
	}
	wantMember(t, checkBody(protocol.Body{Disclosure: d}), "at most 64 objects")
	d.Objects = d.Objects[1:]
	wantMember(t, checkBody(protocol.Body{Disclosure: d}), "")
}

func TestReadingIsRecipientsAndIssuerWithoutSelf(t *testing.T) {
	to := []protocol.ParticipantID{"us.doj", "gb.home-office"}
	got := protocol.Reading(to, "gb.met-police", "us.doj")
	if want := []protocol.ParticipantID{"gb.home-office", "gb.met-police"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if to[0] != "us.doj" {
		t.Error("the recipients were changed")
	}
	if got := protocol.Reading([]protocol.ParticipantID{"gb.a"}, "gb.a", "us.b"); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestLiveObjectsAndProductsAreChecked(t *testing.T) {
	product := disclosed().Objects[0]
	tap := func(action protocol.TapAction) *protocol.Tap { return &protocol.Tap{Action: action, At: then} }
	for name, c := range map[string]struct {
		member string
		tap    func() *protocol.Tap
	}{
		"start without":    {"", func() *protocol.Tap { return tap(protocol.TapStarted) }},
		"start":            {"", func() *protocol.Tap { x := tap(protocol.TapStarted); x.Live = live(); return x }},
		"stop without":     {"", func() *protocol.Tap { return tap(protocol.TapStopped) }},
		"stop":             {"", func() *protocol.Tap { x := tap(protocol.TapStopped); x.Product = &product; return x }},
		"live at a stop":   {"live", func() *protocol.Tap { x := tap(protocol.TapStopped); x.Live = live(); return x }},
		"product, started": {"product", func() *protocol.Tap { x := tap(protocol.TapStarted); x.Product = &product; return x }},
		"live, renewed": {"live", func() *protocol.Tap {
			x := lifeBodies()["interception"].Interception
			x.Live = live()
			return x
		}},
		"product, renewed": {"product", func() *protocol.Tap {
			x := lifeBodies()["interception"].Interception
			x.Product = &product
			return x
		}},
		"no id":        {"live.id", liveWith(func(l *protocol.Live) { l.ID = protocol.Digest{} })},
		"a path":       {"live.name", liveWith(func(l *protocol.Live) { l.Name = "../calls" })},
		"media type":   {"live.media_type", liveWith(func(l *protocol.Live) { l.MediaType = strings.Repeat("m", protocol.MaxReference+1) })},
		"nobody reads": {"readers", liveWith(func(l *protocol.Live) { l.Readers, l.Keys = []protocol.ParticipantID{}, nil })},
		"no keys":      {"readers", liveWith(func(l *protocol.Live) { l.Keys = nil })},
		"no segments": {"product.segments", func() *protocol.Tap {
			x, p := tap(protocol.TapStopped), product
			p.Segments, x.Product = 0, &p
			return x
		}},
		"bad product": {"product.sha512", func() *protocol.Tap {
			x, p := tap(protocol.TapStopped), product
			p.SHA512, x.Product = "", &p
			return x
		}},
	} {
		t.Run(name, func(t *testing.T) { wantMember(t, checkBody(protocol.Body{Interception: c.tap()}), c.member) })
	}
}

// liveWith returns a start whose live object was changed.
func liveWith(change func(*protocol.Live)) func() *protocol.Tap {
	return func() *protocol.Tap {
		l := live()
		change(l)
		return &protocol.Tap{Action: protocol.TapStarted, At: then, Live: l}
	}
}

// keys returns n shares for a case.
func keys(id protocol.CaseID, n int) *protocol.EvidenceKeys {
	k := &protocol.EvidenceKeys{Case: id}
	for i := range n {
		k.Shares = append(k.Shares, protocol.KeyShare{Object: protocol.DigestOf([]byte{byte(i)}), Share: bytes.Repeat([]byte{byte(i)}, 32)})
	}
	return k
}

func TestEvidenceKeysRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := protocol.NewCaseID()
		k := keys(id, rapid.IntRange(1, protocol.MaxObjects).Draw(t, "shares"))
		enc, err := k.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := protocol.ParseEvidenceKeys(enc, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range k.Shares {
			if got, ok := back.Of(s.Object); !ok || !bytes.Equal(got[:], s.Share) {
				t.Fatalf("got %x, %t", got, ok)
			}
		}
		if _, ok := back.Of(protocol.DigestOf([]byte("another"))); ok {
			t.Fatal("the share of an object that is not there")
		}
		if _, err := protocol.ParseEvidenceKeys(enc, protocol.NewCaseID()); err == nil {
			t.Fatal("those of another case were taken")
		}
		cut := rapid.IntRange(0, len(enc)-1).Draw(t, "cut")
		for _, other := range [][]byte{enc[:cut], append(bytes.Clone(enc), ' '), append(bytes.Clone(enc), enc...)} {
			if _, err := protocol.ParseEvidenceKeys(other, id); err == nil {
				t.Fatal("another encoding was taken")
			}
		}
	})
}

func TestEvidenceKeysAreChecked(t *testing.T) {
	id := protocol.NewCaseID()
	for name, change := range map[string]func(*protocol.EvidenceKeys){
		"no case":       func(k *protocol.EvidenceKeys) { k.Case = "" },
		"no shares":     func(k *protocol.EvidenceKeys) { k.Shares = []protocol.KeyShare{} },
		"too many":      func(k *protocol.EvidenceKeys) { *k = *keys(id, protocol.MaxObjects+1) },
		"no object":     func(k *protocol.EvidenceKeys) { k.Shares[0].Object = protocol.Digest{} },
		"one twice":     func(k *protocol.EvidenceKeys) { k.Shares[1].Object = k.Shares[0].Object },
		"no share":      func(k *protocol.EvidenceKeys) { k.Shares[0].Share = nil },
		"a short share": func(k *protocol.EvidenceKeys) { k.Shares[0].Share = k.Shares[0].Share[1:] },
		"a long share":  func(k *protocol.EvidenceKeys) { k.Shares[0].Share = append(k.Shares[0].Share, 0) },
	} {
		k := keys(id, 2)
		change(k)
		if _, err := k.Encode(); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

func FuzzParseEvidenceKeys(f *testing.F) {
	id := protocol.CaseID("case-" + strings.Repeat("a", 26))
	for _, n := range []int{1, 2, protocol.MaxObjects} {
		enc, err := keys(id, n).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(enc)
	}
	f.Add([]byte(`{"case":"` + string(id) + `","shares":[{"object":"sha256:","share":""}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := protocol.ParseEvidenceKeys(b, id)
		if err != nil {
			return
		}
		for _, s := range k.Shares {
			k.Of(s.Object)
		}
		if again, err := k.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatal("two encodings of the same keys")
		}
	})
}
