package main

import (
	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"comity.example/protocol"
)

// globals are the flags that every verb takes.
type globals struct {
	Dir            string `help:"Home of the participant." env:"COMITY_DIR" default:"." placeholder:"DIR"`
	JSON           bool   `name:"json" help:"Write JSON, for programs."`
	Library        string `help:"Directory of agreements that take the place of the shipped ones of the same id." env:"COMITY_LIBRARY" placeholder:"DIR"`
	PassphraseFile string `help:"File whose first line is the passphrase of the keys (or set COMITY_PASSPHRASE)." placeholder:"FILE"`
	Yes            bool   `short:"y" help:"Sign without asking. Where there is no terminal, a root signs only with this."`

	Version kong.VersionFlag `help:"Print the version." hidden:""`
}

// cli is the grammar: a field for each verb.
type cli struct {
	globals

	Init     initCmd     `cmd:"" group:"Set up:" help:"Make the home of a participant: keys and configuration."`
	Officer  officerCmd  `cmd:"" group:"Set up:" help:"Officers' keys and credentials."`
	Register registerCmd `cmd:"" group:"Set up:" help:"Who is who: roots, pins and signed registers."`
	Node     nodeCmd     `cmd:"" group:"Set up:" help:"Run the node of the participant."`
	Testnet  testnetCmd  `cmd:"" group:"Set up:" help:"A world of nodes on this machine, to try things out."`
	Doctor   doctorCmd   `cmd:"" group:"Set up:" help:"Say what is wrong with this node and its way to its peers."`

	Request  requestCmd  `cmd:"" group:"Work:" help:"Draft, list, send, follow and withdraw requests."`
	Check    checkCmd    `cmd:"" group:"Work:" help:"Say what the agreements find of a request, without a node."`
	Inbox    inboxCmd    `cmd:"" group:"Work:" help:"List what waits for your people."`
	Certify  certifyCmd  `cmd:"" group:"Work:" help:"Certify a request and transmit it, as designated or central authority."`
	Disclose discloseCmd `cmd:"" group:"Work:" help:"Hand over evidence."`
	Refuse   refuseCmd   `cmd:"" group:"Work:" help:"Refuse a request, as a person of the addressee."`
	Relay    relayCmd    `cmd:"" group:"Work:" help:"Pass on what came back, or serve the domestic order by which a request is carried out."`
	Case     caseCmd     `cmd:"" group:"Work:" help:"Show and export cases."`

	Agreement agreementCmd `cmd:"" group:"Proof:" help:"What Parties promised: read, sign, suspend, publish."`
	Verify    verifyCmd    `cmd:"" group:"Proof:" help:"Check an exported case, without a node."`
	Ledger    ledgerCmd    `cmd:"" group:"Proof:" help:"The node's append-only ledger."`

	Completion kongcompletion.Completion `cmd:"" group:"Proof:" help:"Shell code for completion with the tab key."`
}

// predictors complete the words of closed lists.
func predictors() map[string]complete.Predictor {
	return map[string]complete.Predictor{
		"role":     predict(protocol.Roles()),
		"type":     predict(protocol.RequestTypes()),
		"category": predict(protocol.Categories()),
		"reason":   predict(refusals()),
	}
}

func predict[T ~string](list []T) complete.Predictor {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return complete.PredictSet(words...)
}
