package casepack

import (
	"errors"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement/replay"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
)

// A Replayed is an act of the thread that was decided again from the documents
// that the exporter used when it decided it.
type Replayed struct {
	Act       protocol.Digest        `json:"act"`
	Kind      protocol.Kind          `json:"kind,omitzero"`
	From      protocol.ParticipantID `json:"from,omitzero"`
	At        time.Time              `json:"at,omitzero"` // the legal time for which it is decided
	Agreement protocol.AgreementRef  `json:"agreement,omitzero"`

	// Same says that the decision of the package, byte for byte, is the one that
	// is made now, and Recorded that the exporter's ledger names its digest.
	Same     bool             `json:"same"`
	Recorded bool             `json:"recorded"`
	Decision protocol.Digest  `json:"decision,omitzero"` // of the one that is made now
	Verdict  protocol.Verdict `json:"verdict"`           // of the package
	Again    protocol.Verdict `json:"again"`             // of the one that is made now
	// Where is the first place at which the two differ.
	Where string `json:"where,omitzero"`
	Why   string `json:"why,omitzero"` // when nothing could be decided
}

// Replay decides every act of p again, in the order of the thread. What else a
// package claims it does not say, and it reads no evidence: Verify does.
func (p *Package) Replay(pins []register.Pin) ([]Replayed, error) {
	v := p.verifier(pins)
	v.brief = true
	if !v.acts() {
		last := v.report.Claims[len(v.report.Claims)-1]
		return nil, errors.New("casepack: replay: " + last.Why)
	}
	return v.decisions, nil
}

// replay takes the next act, and notes what was decided of it: nothing, if it
// did not come so far.
func (v *verifier) replay(e *ActEntry) {
	before := len(v.decisions)
	v.act(e)
	if len(v.decisions) == before {
		last := v.report.Claims[len(v.report.Claims)-1]
		v.decisions = append(v.decisions, Replayed{Act: e.Digest, Verdict: e.Decision.Verdict, Why: last.Why})
	}
}

// decide decides the act again, as the exporter did.
func (v *verifier) decide(d decided, g casefile.Grounds) Replayed {
	again, exporter := g.Decide(d.act, d.rec.At), v.p.Index.Exporter
	if again.Verdict == protocol.Deny && casefile.Files(d.act, exporter, v.file != nil) {
		again = casefile.Belongs(d.act.Act.Agreement, d.rec.At)
	}
	r := Replayed{Act: d.act.Digest, Kind: d.act.Act.Body.Kind(), From: d.act.Act.From, At: d.rec.At,
		Agreement: again.Agreement, Verdict: d.entry.Decision.Verdict, Again: again.Verdict,
		Where: replay.Difference(&d.entry.Decision, &again)}
	r.Same = r.Where == ""
	if b, err := canon.Encode(again); err == nil {
		r.Decision = protocol.DigestOf(b)
		r.Recorded = d.rec.Decision == r.Decision
	}
	v.decisions = append(v.decisions, r)
	return r
}
