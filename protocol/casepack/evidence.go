package casepack

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/bag"
	"comity.example/protocol/chain"
)

// Evidence is one object that an act of the thread names.
type Evidence struct {
	Name      string              `json:"name"`
	MediaType string              `json:"media_type"`
	Role      protocol.ObjectRole `json:"role,omitzero"`
	Size      int64               `json:"size"`
	SHA512    string              `json:"sha512"`
	Tree      protocol.Digest     `json:"tree"`
	// Here says that its bytes are in the package and are what was signed. Files is
	// how many files of a pack were compared with its list.
	Here  bool  `json:"here"`
	Files int64 `json:"files,omitzero"`
	// Standing is the exporter's word.
	Standing Standing `json:"standing,omitzero"`
	// Certificate is the act in which the exporter says that it deleted it, or
	// restricted its use.
	Certificate protocol.Digest `json:"certificate,omitzero"`

	From protocol.ParticipantID `json:"from"`
	// PassedOn is the authority that had it from From, in a case of its own, and
	// passed it on into this one.
	PassedOn protocol.ParticipantID `json:"passed_on,omitzero"`

	Collected time.Time `json:"collected,omitzero"` // by From's word
	Collector string    `json:"collector,omitzero"`
	// Handed are the acts of the thread that hand it over, in their order.
	Handed []Handed `json:"handed"`
}

// A Handed says that an act handed an object over, and who proved to have the act.
type Handed struct {
	Act      protocol.Digest        `json:"act"`
	Kind     protocol.Kind          `json:"kind"`
	From     protocol.ParticipantID `json:"from"`
	At       time.Time              `json:"at"` // when the act was issued
	Receipts []Receipted            `json:"receipts,omitempty"`
}

// A row is what tells one Evidence from another.
type row struct {
	tree           protocol.Digest
	sha512, name   string
	from, passedOn protocol.ParticipantID
}

// A content is what the bytes of a file of evidence are.
type content struct {
	sum   bag.Sum
	files int64 // of a pack, that were compared with its list
	err   error
}

// evidence compares what an act hands over, by itself or passed on, with what was
// signed.
func (v *verifier) evidence(about string, a *chain.Authentic, receipts []Receipted) {
	origin := a.Origin()
	v.follow(about, origin.Act)
	objects := objectsOf(origin.Act)
	if len(objects) == 0 || v.brief {
		return
	}
	var passed protocol.ParticipantID
	for x := a; x.Inner != nil; x = x.Inner {
		if x.Act.Body.Disclosure != nil {
			passed = x.Act.From
			v.report.claim(about, fmt.Sprintf("carries what %s disclosed to %s in another case, and signed", origin.Act.From, passed), nil)
		}
	}
	v.lists(about, objects)
	handed := Handed{a.Digest, a.Act.Body.Kind(), a.Act.From, a.Act.Issued, receipts}
	for i := range objects {
		o := &objects[i]
		v.named[o.Tree] = true
		here, ok := v.object(about, o)
		if !ok {
			continue
		}
		key := row{o.Tree, o.SHA512, o.Name, origin.Act.From, passed}
		at, known := v.rows[key]
		if !known {
			at = len(v.report.Evidence)
			v.rows[key] = at
			v.report.Evidence = append(v.report.Evidence, Evidence{Name: o.Name, MediaType: o.MediaType, Role: o.Role,
				Size: o.Size, SHA512: o.SHA512, Tree: o.Tree, Here: here, Files: v.contents[o.Tree].files,
				Standing: v.standings[o.Tree], From: origin.Act.From, PassedOn: passed,
				Collected: o.Collected, Collector: o.Collector, Handed: []Handed{}})
			if !here {
				v.report.Absent++
			}
		}
		e := &v.report.Evidence[at]
		e.Handed = append(e.Handed, handed)
	}
}

// follow notes whether an interception runs whose object has not come to its end. That
// nothing was delivered is the word of whoever stopped it: its readers may hold segments.
func (v *verifier) follow(about string, a *protocol.Act) {
	if t := a.Body.Interception; t != nil {
		if v.growing && t.Action == protocol.TapStopped && t.Product == nil {
			v.report.leaveOpen(about, fmt.Sprintf("names no product although one was announced: that nothing was delivered is the word of %s", a.From))
		}
		v.growing = v.growing && t.Action != protocol.TapStopped || t.Live != nil
	}
}

// object claims that the bytes of an object are what was signed, or that they are not
// in the package, which is no fault of it. It is not ok if they are false.
func (v *verifier) object(about string, o *protocol.Object) (here, ok bool) {
	name := EvidenceName(o.Tree)
	claim := fmt.Sprintf("evidence %s is what was disclosed: it has the size and the SHA-512 digest that were signed", o.Tree)
	standing, listed := v.standings[o.Tree]
	has := v.p.bag.Has(payload(name))
	switch {
	case has && (!listed || standing != Here && standing != Quarantined):
		return false, v.report.claim(about, claim, errors.New("it is here although the index does not say so"))
	case !has && listed && standing == Here:
		return false, v.report.claim(about, claim, fmt.Errorf("%s is missing", name))
	case !has:
		v.report.leaveOpen(about, absent(o.Tree)+": "+standing.words())
		return false, true
	}
	got := v.content(o)
	err := got.err
	if err == nil && (got.sum.Size != o.Size || hex.EncodeToString(got.sum.SHA512[:]) != o.SHA512) {
		err = errors.New("the file is another")
	}
	if !v.report.claim(about, claim, err) {
		if got.err == nil {
			v.contradictions = append(v.contradictions, contradiction{len(v.report.Claims) - 1, o.Tree})
		}
		return false, false
	}
	v.matched[o.Tree] = true
	return true, true
}

// A contradiction is a claim that does not hold about bytes that were read.
type contradiction struct {
	claim int // its place in the report
	tree  protocol.Digest
}

// settleContradictions tells bytes that nobody signed from those that somebody signed in
// two ways. A tree hash names one content, and only whoever sealed it can describe it
// falsely as well: that is no fault of the package, and proves nothing.
func (v *verifier) settleContradictions() {
	for _, x := range v.contradictions {
		if !v.matched[x.tree] {
			continue
		}
		c := &v.report.Claims[x.claim]
		c.Unproved, c.Why = true, ""
		c.Claim = fmt.Sprintf("evidence %s is described here otherwise than in another act, whose description its bytes have: "+
			"whoever signed both contradicts itself, and this description is not proved", x.tree)
		v.report.Unproved++
		v.report.Absent++
	}
}

// words says why an object is not in a package.
func (s Standing) words() string {
	switch s {
	case Unfetched:
		return "the exporter had not fetched it"
	case Growing:
		return "it was still growing"
	case Quarantined:
		return "a scanner found something in it, and the exporter held it back"
	case Damaged:
		return "what the exporter had was not what was signed"
	case Deleted:
		return "the exporter had destroyed its key"
	case Restricted:
		return "the exporter had restricted its use"
	}
	return "the exporter does not say why"
}

// content reads a file of evidence, once, however many acts name it.
func (v *verifier) content(o *protocol.Object) content {
	if c, ok := v.contents[o.Tree]; ok {
		return c
	}
	c := v.readContent(o)
	v.contents[o.Tree] = c
	return c
}

func (v *verifier) readContent(o *protocol.Object) content {
	name := EvidenceName(o.Tree)
	v.used[name] = true
	r, err := v.p.bag.Open(payload(name))
	if err != nil {
		return content{err: err}
	}
	defer r.Close()
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, v.buffer); err != nil {
		return content{err: err}
	}
	sum, ok := r.Sum()
	if !ok {
		return content{err: errors.New("no manifest lists it")}
	}
	return content{sum: sum}
}
