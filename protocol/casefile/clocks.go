package casefile

import (
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A Law is by what the clocks of a case run.
type Law struct {
	// Document is the agreement of the case, nil if it is not held any more.
	Document *agreement.Document
	// Self is the participant that holds the case: some starts only it knows.
	Self protocol.ParticipantID
}

// ValidationTime is how long after its issue the validation of a request that an
// emergency did not let wait must have been sought (Regulation (EU) 2023/1543,
// Art. 4(5); that it runs from the issue is a reading).
const ValidationTime = 48 * time.Hour

// Clocks returns the clocks of a case, those of its acts before those of its
// agreement. It is a function of the case and the law: the time comes in with
// Tick.
func Clocks(c *Case, law Law) []Running {
	var out []Running
	begin := time.Time{}
	for _, s := range c.Regions(begin) {
		if s.Ended || s.Until.IsZero() && s.Region != RegionValidation {
			continue
		}
		r := Running{ID: string(s.Region), Starts: s.Since, Ends: s.Until}
		switch s.Region {
		case RegionSecrecy:
			r.Effect, r.Whose, r.Text = EffectNotice, c.Teller(), "The order of secrecy ends."
		case RegionInterception:
			r.Effect, r.Whose, r.Text = EffectStop, c.Addressee, "The authorisation of the interception ends."
		case RegionPreservation:
			r.Effect, r.Whose, r.Text = EffectRelease, c.Addressee, "What was kept need not be kept any more."
		case RegionValidation:
			if s.State != "pending" {
				continue
			}
			r.Ends, r.Effect, r.Whose = s.Since.Add(ValidationTime), EffectWithdraw, c.Issuer
			r.Text = "Validation after the fact must have been sought."
		case RegionUserNotice:
			r.Effect, r.Whose, r.Text = EffectNotice, c.Teller(), "The notice to the user is delayed until then."
		default:
			continue
		}
		out = append(out, r)
	}
	for _, q := range c.Questions() {
		if e := c.entryOf(q.Act); e.Kind == protocol.KindChallenge || e.Kind == protocol.KindPostponement {
			out = append(out, Running{ID: string(e.Kind) + "/" + e.Act.String(), Starts: e.Issued, Ends: e.Says.Until,
				Effect: EffectAlert, Whose: q.Awaits[0]})
		}
	}
	return out
}

// entryOf returns the entry of an act that the case holds by itself.
func (c *Case) entryOf(d protocol.Digest) *Entry {
	for i := range c.Thread {
		if c.Thread[i].Act == d {
			return &c.Thread[i]
		}
	}
	return nil
}
