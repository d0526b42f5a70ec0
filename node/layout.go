package node

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"comity.example/node/courier"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/wire"
)

// The keys of the store. The journal owns "ledger/", and packages exhibit and
// library what lies under the keys of exhibit.go and holding.go; everything else is here.
//
//	act/<digest>                                   signed act, byte for byte
//	decision/<digest>                              decision on an act, in canonical form
//	judged/<digest>                                ledger entry and time of that decision
//	known/<sender>/<act id>                        which act has that id, and what was answered
//	refused/<envelope digest>/<peer>               what was answered to a peer's envelope without an authentic act
//	refused/<document digest>/<peer>/<kind>        what was answered to a peer's document
//	case/<case>                                    the case file
//	draft/<case>                                   a request that was not sent
//	inbox/<lane>[drill]/<since>/<case>             what waits for our people
//	out/<peer>/<lane>/<seq>/<thread>/<digest>/<expires>   outbox
//	delivery/<digest>/<peer>                       where an act stands with a recipient, and its proof
//	matter/<digest of issuer and identifier>       in which cases what was asked for was refused
//	duty/<case>/<kind>/<digest>                    an act that this node owes and sends by itself
//	due/<unix seconds>/<case>                      when a clock of a case is due; never, while its clocks stand still
//	reckoned                                       by what the times in due/ were reckoned last
//	notify/<target>/<lane>/<seq>                   what a person is to be told of, outside of the node
//	peer/<peer>                                    the newest checkpoint of the peer's ledger that was shown to extend the others
//	peer/<peer>/contradiction                      one that was not
//	peer/<peer>/shown                              the delivery whose answer showed the largest one
const (
	prefixAct      = "act/"
	prefixDecision = "decision/"
	prefixJudged   = "judged/"
	prefixKnown    = "known/"
	prefixRefused  = "refused/"
	prefixCase     = "case/"
	prefixDraft    = "draft/"
	prefixInbox    = "inbox/"
	prefixOut      = "out/"
	prefixDelivery = "delivery/"
	prefixMatter   = "matter/"
	prefixDuty     = "duty/"
	prefixDue      = "due/"
	prefixNotify   = "notify/"
	keyReckoned    = "reckoned"
	prefixPeer     = "peer/"
)

func digestKey(prefix string, d protocol.Digest) []byte {
	return []byte(prefix + hex.EncodeToString(d[:]))
}

func knownKey(from protocol.ParticipantID, id protocol.ActID) []byte {
	return []byte(prefixKnown + string(from) + "/" + string(id))
}

func caseKey(id protocol.CaseID) []byte  { return []byte(prefixCase + string(id)) }
func draftKey(id protocol.CaseID) []byte { return []byte(prefixDraft + string(id)) }

func dutyKey(d *duty) []byte {
	return fmt.Appendf(nil, "%s%s/%s/%x", prefixDuty, d.Case, d.Kind, d.Act[:])
}

func deliveryKey(d protocol.Digest, peer protocol.ParticipantID) []byte {
	return append(digestKey(prefixDelivery, d), "/"+string(peer)...)
}

// refusedKey has the peer in it: an answer that names another peer proves
// nothing to this one.
func refusedKey(d protocol.Digest, peer protocol.ParticipantID) []byte {
	return append(digestKey(prefixRefused, d), "/"+string(peer)...)
}

func peerKey(id protocol.ParticipantID) []byte { return []byte(prefixPeer + string(id)) }

// shownSuffix ends the key of a shown.
const shownSuffix = "/shown"

func shownKey(id protocol.ParticipantID) []byte { return append(peerKey(id), shownSuffix...) }

// inboxKey sorts emergencies first, then the longest wait. A drill comes after what it
// exercises, so that nobody answers it while an emergency waits below.
func inboxKey(c *casefile.Case, since time.Time) string {
	drill := ""
	if c.Matter.Drill {
		drill = "drill"
	}
	return fmt.Sprintf("%s%d%s/%011d/%s", prefixInbox, laneOf(c), drill, since.Unix(), c.ID)
}

// never is the time of a case whose clocks all stand still: the last that a
// key has room for.
const never = 99_999_999_999

// dueKey sorts by when something is due.
func dueKey(seconds int64, id protocol.CaseID) []byte {
	return fmt.Appendf(nil, "%s%011d/%s", prefixDue, seconds, id)
}

// parseDueKey reads what dueKey wrote.
func parseDueKey(key []byte) (seconds int64, id protocol.CaseID, err error) {
	at, name, ok := strings.Cut(strings.TrimPrefix(string(key), prefixDue), "/")
	if seconds, err = strconv.ParseInt(at, 10, 64); err != nil || !ok {
		return 0, "", fmt.Errorf("node: a key of what is due is damaged")
	}
	return seconds, protocol.CaseID(name), nil
}

// outKey sorts by peer, emergencies first, then the order of commits.
func outKey(e courier.Entry) []byte {
	return fmt.Appendf(nil, "%s%s/%d/%016x/%s/%x/%x",
		prefixOut, e.Peer, e.Lane, e.Seq, e.Case, e.Act[:], e.Expires.Unix())
}

func outPrefix(peer protocol.ParticipantID, lane wire.Lane) []byte {
	return fmt.Appendf(nil, "%s%s/%d/", prefixOut, peer, lane)
}

// parseOutKey reads what outKey wrote.
func parseOutKey(key []byte) (courier.Entry, error) {
	part := strings.Split(strings.TrimPrefix(string(key), prefixOut), "/")
	if len(part) != 6 {
		return courier.Entry{}, fmt.Errorf("node: outbox key has %d parts", len(part))
	}
	lane, err1 := strconv.ParseUint(part[1], 10, 8)
	seq, err2 := strconv.ParseUint(part[2], 16, 64)
	act, err3 := hex.DecodeString(part[4])
	expires, err4 := strconv.ParseInt(part[5], 16, 64)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || len(act) != len(protocol.Digest{}) {
		return courier.Entry{}, fmt.Errorf("node: outbox key is damaged")
	}
	return courier.Entry{Peer: protocol.ParticipantID(part[0]), Lane: wire.Lane(lane), Seq: seq,
		Case: protocol.CaseID(part[3]), Act: protocol.Digest(act),
		Expires: time.Unix(expires, 0).UTC()}, nil
}
