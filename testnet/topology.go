// Package testnet is a world of nodes on one machine: a topology file becomes
// Parties with roots and registers, participants with homes of their own, and
// running nodes that share nothing but the network.
//
// Everything here is for trying Comity out. Its keys lie beside each other and
// open without a passphrase: a testnet must be trusted with nothing.
package testnet

import (
	_ "embed" // for the default world
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"

	"comity.example/protocol"
)

//go:embed world.yaml
var defaultWorld []byte

// MaxParticipants bounds a world: each has a process of its own.
const MaxParticipants = 32

// A Topology says who is in a world.
type Topology struct {
	Parties    map[protocol.Party]map[protocol.ParticipantID]Member `yaml:"parties"`
	Agreements map[string][]protocol.Party                          `yaml:"agreements"`
}

// A Member is one participant of a topology.
type Member struct {
	Name  string          `yaml:"name"`
	Roles []protocol.Role `yaml:"roles"`
	// AlsoUnder are the other Parties whose law binds it.
	AlsoUnder []protocol.Party `yaml:"also_under"`
}

// DefaultTopology returns the default world.
func DefaultTopology() Topology {
	t, err := ParseTopology(defaultWorld)
	if err != nil {
		panic(err) // world.yaml is part of the program
	}
	return t
}

// ParseTopology reads a topology file. The error names the line.
func ParseTopology(b []byte) (Topology, error) {
	var t Topology
	if err := yaml.UnmarshalWithOptions(b, &t, yaml.Strict()); err != nil {
		return t, fmt.Errorf("testnet: topology: %w", err)
	}
	n := 0
	for party, members := range t.Parties {
		if _, err := protocol.ParseParty(string(party)); err != nil {
			return t, fmt.Errorf("testnet: topology: %w", err)
		}
		for id := range members {
			if _, err := protocol.ParseParticipantID(string(id)); err != nil || id.Party() != party {
				return t, fmt.Errorf("testnet: topology: participant %q does not belong to %s", id, party)
			}
			n++
		}
	}
	if n == 0 || n > MaxParticipants {
		return t, fmt.Errorf("testnet: topology: %d participants: want 1 to %d", n, MaxParticipants)
	}
	return t, nil
}

// Participants returns who has a node, in ascending order.
func (t Topology) Participants() []protocol.ParticipantID {
	var out []protocol.ParticipantID
	for _, members := range t.Parties {
		out = slices.AppendSeq(out, maps.Keys(members))
	}
	slices.Sort(out)
	return out
}
