package node

import (
	"time"

	"comity.example/node/exhibit"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// effects brings about, in the commit in which they were found to be due, what
// clocks that ended bring about. Of an interception whose authorisation has ended
// the addressee's node owes the word that it stopped; of a request that nobody
// had validated in time the issuing side's node owes the word that it lapsed.
// Nothing is refused and nothing is disclosed. All else asks people to move, which
// file does by the time: a notice that is due, a preservation that has expired. It
// reports whether there is a duty to do.
func (n *Node) effects(tx *journal.Tx, f *filed, due []casefile.Fired) (owes bool, err error) {
	for i := range due {
		kind := owedFor(&f.File, n.cfg.Self, due[i].Effect)
		if kind == "" {
			continue
		}
		d := duty{Case: f.File.ID, Kind: kind, Act: f.File.Thread[0].Act}
		if err := record.Write(tx, dutyKey(&d), d); err != nil {
			return owes, err
		}
		owes = true
	}
	return owes, nil
}

// owedFor returns the kind of act that self's node owes when an effect comes
// about, none if it is another's or no act.
func owedFor(c *casefile.Case, self protocol.ParticipantID, e casefile.Effect) protocol.Kind {
	switch {
	case e == casefile.EffectStop && self == c.Addressee:
		return protocol.KindInterception
	case e == casefile.EffectWithdraw && c.Speaks(self):
		return protocol.KindValidation
	}
	return ""
}

// owed returns the body that a duty of a clock owes at a time, and whether it
// still does: a person may have said it meanwhile, or a renewal have come.
func owed(c *casefile.Case, kind protocol.Kind, at time.Time) (protocol.Body, bool) {
	switch kind {
	case protocol.KindInterception:
		over := exhibit.Stopped(c, at) && !c.Said(kind, string(protocol.TapStopped))
		return protocol.Body{Interception: &protocol.Tap{Action: protocol.TapStopped, At: at}}, over
	case protocol.KindValidation:
		lapsed := c.Stand(casefile.RegionValidation, at).State == "pending"
		return protocol.Body{Validation: &protocol.Validated{Result: protocol.ValidationLapsed}}, lapsed
	}
	return protocol.Body{}, false
}
