package main

import (
	"fmt"
	"io"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/casepack"
)

// A told act is one of a package, as it was signed, with the decision on it.
type told struct {
	Number int `json:"number"`
	casepack.Covered
	Content  *protocol.Act      `json:"content"`
	Carried  *protocol.Act      `json:"carried,omitzero"`
	Decision *protocol.Decision `json:"decision"`
}

// timelineOf reads again the acts that were verified. Each is the file of the manifest,
// which is what was verified.
func timelineOf(p *casepack.Package, acts []casepack.Covered) ([]told, error) {
	out := []told{}
	for i, c := range acts {
		content, err := p.Act(c.Digest)
		if err != nil {
			return nil, err
		}
		t := told{Number: i + 1, Covered: c, Content: content}
		if carried, err := carriedIn(&content.Body, content.Case); err == nil { // else it is of another case
			t.Carried = carried
		}
		for k := range p.Index.Acts {
			if e := &p.Index.Acts[k]; e.Digest == c.Digest {
				t.Decision = &e.Decision
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// view is the act as the timeline of a case shows it.
func (t *told) view() desk.ActView {
	out := desk.ActView{Entry: casefile.Entry{Act: t.Digest, Kind: t.Kind, From: t.From, To: t.To, Issued: t.Issued},
		Content: *t.Content, Carried: t.Carried, Decision: t.Decision}
	signer := desk.Signer{Kind: t.Kind, Participant: t.From, Register: fmt.Sprintf("%s@%d", t.Register.Party, t.Register.Version)}
	for _, id := range t.Officers {
		signer.Officers = append(signer.Officers, desk.Officer{ID: id, Participant: t.From})
	}
	out.Signers = []desk.Signer{signer}
	return out
}

// timeline writes what the package says that was done, the act with the number whole.
func (v *verified) timeline(w io.Writer) {
	field(w, "exporter", fmt.Sprintf("%s, at %s by its word", shown(string(v.Exporter)), moment(v.Exported)))
	field(w, "agreement", shown(agreementsOf(*v)))
	of := desk.CaseView{Case: v.Case}
	for i := range v.Timeline {
		of.Acts = append(of.Acts, v.Timeline[i].view())
	}
	fmt.Fprintln(w)
	for i := range of.Acts {
		if i == v.act-1 {
			writeAct(w, &of, &of.Acts[i], shape{packed: true})
			fmt.Fprintln(w)
		} else {
			writeLine(w, i+1, &of.Acts[i])
		}
		for _, r := range v.Timeline[i].Receipts {
			fmt.Fprintf(w, "    receipted by %s at %s\n", r.By, moment(r.At))
		}
	}
	fmt.Fprintln(w)
	field(w, "whole", "comity verify PACKAGE --show --act N")
}
