package node_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/node"
	"comity.example/node/courier"
	"comity.example/node/link"
	"comity.example/node/transfer"
	"comity.example/protocol"
)

// spec returns SPEC.md with its lines joined, from one heading to the next.
func spec(t *testing.T, heading string) string {
	t.Helper()
	b, err := os.ReadFile("../protocol/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n### "+heading+"\n")
	if !ok {
		t.Fatalf("SPEC.md has no %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n##")
	return strings.Join(strings.Fields(text), " ")
}

// TestSpecHasTheNumbersOfTheNode: what peers see of its patience.
func TestSpecHasTheNumbersOfTheNode(t *testing.T) {
	seconds := func(d time.Duration) int { return int(d / time.Second) }
	limits := link.DefaultLimits()
	for heading, sentences := range map[string][]string{
		"10.1 QUIC": {
			fmt.Sprintf("offers credit for %d streams and keeps %d connections of a peer",
				limits.StreamsPerConnection, limits.ConnectionsPerPeer),
			fmt.Sprintf("end after %d s without a packet", seconds(limits.Idle)),
			fmt.Sprintf("keeps them alive every %d s", seconds(limits.KeepAlive)),
		},
		"11.1 Delivery": {
			fmt.Sprintf("a relay for %d days longer", seconds(node.LastWord)/86400),
			fmt.Sprintf("need not wait longer than %d seconds", seconds(courier.EmergencyRetry)),
			fmt.Sprintf("at most %d at once and %s a second for each peer", node.RefusalBurst,
				[]string{"none", "one", "two"}[node.RefusalsPerSecond]),
			fmt.Sprintf("signed more than %d seconds later", seconds(node.Overtaking)),
			fmt.Sprintf("not more often than every %d seconds and for %d seconds at most",
				seconds(node.AskAgainEvery), seconds(node.AskAgainTime)),
		},
		"11.2 Documents": {
			fmt.Sprintf("seconds have passed: %d here, %d for an emergency",
				seconds(node.CatchUpWait), seconds(node.EmergencyWait)),
			fmt.Sprintf("then about every %d minutes", seconds(node.RefreshEvery)/60),
		},
		"11.3 Evidence": {
			fmt.Sprintf("This one begins with %d,", transfer.FirstWindow),
			fmt.Sprintf("not asked for that object again for %d minutes", seconds(transfer.WrongPause)/60),
			fmt.Sprintf("serves %d blocks at a time", transfer.Serving),
			fmt.Sprintf("not more than %d times in a day, and %d MiB", transfer.Repeats, transfer.RepeatSlack>>20),
		},
	} {
		text := spec(t, heading)
		for _, sentence := range sentences {
			if !strings.Contains(text, sentence) {
				t.Errorf("%s: SPEC.md does not say %q", heading, sentence)
			}
		}
	}
}

// TestSpecHasTheTimesOfTheLink: those rows of section 15 that no package of the
// protocol sees.
func TestSpecHasTheTimesOfTheLink(t *testing.T) {
	b, err := os.ReadFile("../protocol/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("| time to send a frame, for each MiB that is begun, seconds | %d |\n", link.DefaultLimits().Frame/time.Second)
	if !strings.Contains(string(b), want) {
		t.Errorf("SPEC.md does not have %q", want)
	}
}

// TestSpecHasTheReasonsThatWait: a receiver that refuses at once for one of them
// refuses for good what its sender could have cured.
func TestSpecHasTheReasonsThatWait(t *testing.T) {
	_, text, _ := strings.Cut(spec(t, "11.1 Delivery"), "before it refuses for")
	list, _, _ := strings.Cut(text, "it asks the peer")
	var said []protocol.Reason
	for i, word := range strings.Split(list, "`") {
		if i%2 == 1 {
			said = append(said, protocol.Reason(word))
		}
	}
	if want := node.Curable(); !slices.Equal(said, want) {
		t.Errorf("SPEC.md says %v, the code %v", said, want)
	}
}
