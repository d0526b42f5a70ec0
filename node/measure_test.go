//go:build linux

package node_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

var (
	measuring = flag.Bool("measure", false, "measure two nodes on this machine: make bench")
	cases     = flag.Int("cases", 100_000, "stored cases of a full node")
	acts      = flag.Int("acts", 1500, "acts in one round of measurement")
	profiles  = flag.String("profiles", "", "folder for CPU profiles of both ends")
	endOf     = flag.String("end", "", "home of the node that this process runs; TestMeasure sets it")
	endCPU    = flag.String("endcpu", "", "file for its CPU profile; TestMeasure sets it")
)

// TestMain is also the main of the processes that TestMeasure starts.
func TestMain(m *testing.M) {
	flag.Parse()
	if *rawOf > 0 {
		if err := serveRaw(context.Background(), *rawOf); err != nil {
			fmt.Fprintln(os.Stderr, "raw:", err)
			os.Exit(1)
		}
		return
	}
	if *endOf == "" {
		os.Exit(m.Run())
	}
	if err := serveEnd(context.Background(), *endOf, *endCPU); err != nil {
		fmt.Fprintln(os.Stderr, "end:", err)
		os.Exit(1)
	}
}

// How much is measured.
const (
	rounds     = 3       // of deliveries, empty and full by turns, and of the floor
	warmUp     = 300     // acts before the first round
	many       = 64      // deliveries in flight
	singleActs = 400     // one after another
	bodySize   = 4 << 10 // bytes of a request
)

// The targets.
const (
	floorShare   = 0.60                 // of what the floor allows, at least
	singleTarget = 5 * time.Millisecond // and two disk syncs, at most
	openTarget   = 2 * time.Second      // at most
	fullShare    = 0.90                 // of an empty node's throughput, at least
	idleTarget   = 64 << 20             // bytes, less than
)

const (
	sender   protocol.ParticipantID = "gb.met-police"
	receiver protocol.ParticipantID = "gb.home-office"
)

// measuredWorld has those two, and the provider that the requests are for.
const measuredWorld = `
parties:
  GB:
    gb.met-police:  { name: Metropolitan Police Service, roles: [issuing] }
    gb.home-office: { name: Home Office, roles: [designated, central] }
  US:
    us.contoso: { name: Contoso Inc., roles: [provider] }
agreements:
  ukus-daa-2019: [GB, US]
`

// measuredRequest is a production order of bodySize bytes.
func measuredRequest() *protocol.Request {
	date := func(y int, m time.Month) time.Time { return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC) }
	r := &protocol.Request{
		Type: protocol.Production, Issuer: sender, Addressee: "us.contoso", FileNumber: "OP-FALCON-17",
		Authorisation: protocol.Authorisation{Kind: protocol.AuthorityJudge, Authority: "Crown Court at Southwark",
			Reference: "T20260417", Date: date(2026, 1), Instrument: "overseas production order",
			Order: protocol.DigestOf([]byte("order"))},
		Offence: protocol.Offence{Description: "Fraud by false representation",
			Provisions: []string{"Fraud Act 2006 s.1"}, MaxCustodyMonths: 120},
		Target: protocol.Target{LocatedIn: "GB", Nationalities: []protocol.Party{"GB"},
			ResidentIn: []protocol.Party{"GB"}, Basis: "passport and address confirmed"},
		Identifiers: []protocol.Identifier{{Type: protocol.IdentifierEmail,
			Value: "falcon@contoso.example", Service: "mail"}},
		Data: []protocol.DataItem{{Category: protocol.CategoryContent,
			From: date(2025, 1), To: date(2025, 7)}},
		Proceedings: protocol.StageInvestigation,
		Service:     &protocol.Service{Class: protocol.ServiceCommunications},
	}
	for _, s := range []string{"not_receiving_party_person", "no_reverse_targeting", "no_speech_infringement",
		"no_discrimination", "reasonable_justification", "own_purpose"} {
		r.Attestations = append(r.Attestations, protocol.Attestation{Statement: s})
	}
	enc, err := canon.Encode(protocol.Body{Request: r})
	if err != nil {
		panic(err) // it is written above
	}
	r.Purpose = strings.Repeat("x", bodySize-len(enc))
	return r
}

// TestMeasure measures two nodes, each a process of its own, and prints one
// table. It fails when something does not work, not when it is slow.
func TestMeasure(t *testing.T) {
	if !*measuring {
		return // make bench runs it
	}
	m := &measurement{empty: newPair(t, "empty"), full: newPair(t, "full")}
	m.idle = [2]int64{m.empty.from.memory(t, "VmRSS"), m.empty.to.memory(t, "VmRSS")}
	for _, p := range []*pair{m.empty, m.full} {
		p.deliver(t, order{Count: warmUp, InFlight: many})
	}
	say("storing %d cases", *cases)
	m.fill(t)
	m.measure(t)
	m.print()
}

// A measurement is everything that the table shows.
type measurement struct {
	empty, full *pair
	idle, busy  [2]int64 // memory of the empty pair, in bytes
	filled      time.Duration
	stored      int64 // bytes of the full node's store
	size        sizes
	floor       floor
	single      run
	disk        disk
}

// fill stores that many cases in the full pair's receiver, and opens it again.
func (m *measurement) fill(t *testing.T) {
	m.filled = m.full.to.do(t, order{Do: "fill", Count: *cases, Signed: m.full.signed}).Took
	m.full.reopen(t)
	m.stored = diskUse(t, m.full.world.Home(receiver).Dir)
}

// measure takes the rounds by turns, so that what else the machine does
// falls on all of them.
func (m *measurement) measure(t *testing.T) {
	var err error
	if m.size, err = sizesOf(m.empty.signed); err != nil {
		t.Fatal(err)
	}
	if m.floor, err = newFloor(m.size); err != nil {
		t.Fatal(err)
	}
	for i := range rounds {
		say("round %d of %d: %d acts on two empty nodes, and with %d cases stored", i+1, rounds, *acts, *cases)
		if err := m.floor.round(); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*pair{m.empty, m.full} {
			p.runs = append(p.runs, p.deliver(t, order{Count: *acts, InFlight: many}))
		}
	}
	m.busy = [2]int64{m.empty.from.memory(t, "RssAnon"), m.empty.to.memory(t, "RssAnon")}
	say("one by one, disk")
	if m.disk, err = measureDisk(t.Context(), t.TempDir(), m.size.sealed); err != nil {
		t.Fatal(err)
	}
	m.single = m.empty.deliver(t, order{Count: singleActs, InFlight: 1})
}

// median returns the round of median throughput.
func (p *pair) median() run {
	return slices.SortedFunc(slices.Values(p.runs),
		func(a, b run) int { return int(a.rate - b.rate) })[len(p.runs)/2]
}

// say tells whoever waits what is being measured.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "measuring: "+format+"\n", args...) }
