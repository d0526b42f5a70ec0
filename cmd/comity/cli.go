package main

import (
	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"comity.example/protocol"
	"comity.example/protocol/register"
	"comity.example/protocol/report"
)

// globals are the flags that every verb takes.
type globals struct {
	Dir            string `help:"Home of the participant." env:"COMITY_DIR" default:"." placeholder:"DIR"`
	JSON           bool   `name:"json" help:"Write JSON, for programs."`
	Library        string `help:"Directory of agreements that take the place of the shipped ones of the same id." env:"COMITY_LIBRARY" placeholder:"DIR"`
	PassphraseFile string `help:"File whose first line is the passphrase of the keys (or set COMITY_PASSPHRASE)." placeholder:"FILE"`
	PINFile        string `name:"pin-file" help:"File whose first line is the PIN of the officer's token (or set COMITY_PIN)." placeholder:"FILE"`
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
	Uploader uploaderCmd `cmd:"" group:"Set up:" help:"Tokens of systems that upload evidence, and may do nothing else."`
	Testnet  testnetCmd  `cmd:"" group:"Set up:" help:"A world of nodes on this machine, to try things out."`
	Doctor   doctorCmd   `cmd:"" group:"Set up:" help:"Say what is wrong with this node and its way to its peers."`

	Request   requestCmd   `cmd:"" group:"Work:" help:"Draft, list, send, follow and withdraw requests."`
	Check     checkCmd     `cmd:"" group:"Work:" help:"Say what the agreements find of a request, without a node."`
	Approve   approveCmd   `cmd:"" group:"Work:" help:"Stand behind a draft that another officer sends."`
	Inbox     inboxCmd     `cmd:"" group:"Work:" help:"List what waits for your people."`
	Clocks    clocksCmd    `cmd:"" group:"Work:" help:"List the clocks that run, by when they are due."`
	Certify   certifyCmd   `cmd:"" group:"Work:" help:"Certify a request and transmit it, as designated or central authority."`
	Disclose  discloseCmd  `cmd:"" group:"Work:" help:"Hand over evidence."`
	Fetch     fetchCmd     `cmd:"" group:"Work:" help:"Fetch what was disclosed, and write the files."`
	Refuse    refuseCmd    `cmd:"" group:"Work:" help:"Refuse a request, as a person of the addressee."`
	Relay     relayCmd     `cmd:"" group:"Work:" help:"Pass on what came back, or serve the domestic order by which a request is carried out."`
	Challenge challengeCmd `cmd:"" group:"Work:" help:"Have the officer who signed a request answer, before you do."`
	Respond   respondCmd   `cmd:"" group:"Work:" help:"Answer a challenge, as the officer who signed the request."`
	Drill     drillCmd     `cmd:"" group:"Work:" help:"Exercise people and pipeline."`
	Case      caseCmd      `cmd:"" group:"Work:" help:"Show and export cases."`
	Withdraw  withdrawCmd  `cmd:"" group:"Work:" help:"End a request that was sent: request withdraw."`

	Secrecy         secrecyCmd         `cmd:"" group:"Beside a request:" help:"Orders not to tell: order, extend, challenge, lift."`
	Notice          tellCmd            `cmd:"" group:"Beside a request:" help:"Tell the user, or a third State, and record it."`
	Preserve        preserveCmd        `cmd:"" group:"Beside a request:" help:"Have data kept: ask, extend, confirm, release."`
	Tap             tapCmd             `cmd:"" group:"Beside a request:" help:"Start, stop and renew an interception."`
	Validate        validateCmd        `cmd:"" group:"Beside a request:" help:"Say what became of a validation after the fact."`
	Costs           costsCmd           `cmd:"" group:"Beside a request:" help:"Claim, agree, dispute and pay costs."`
	Redirect        redirectCmd        `cmd:"" group:"Beside a request:" help:"Answer that the customer, who controls the data, is to be asked."`
	Delete          deleteCmd          `cmd:"" group:"Beside a request:" help:"Destroy the keys of evidence, or restrict its use, and certify it."`
	Close           closeCmd           `cmd:"" group:"Beside a request:" help:"Close a case that has ended."`
	Clarify         clarifyCmd         `cmd:"" group:"Talk:" help:"Ask the issuing side, as who cannot go on without it."`
	Reply           replyCmd           `cmd:"" group:"Talk:" help:"Answer what the receiving side asked."`
	Amend           amendCmd           `cmd:"" group:"Talk:" help:"Give up part of a request: version 2, with what was dropped and why."`
	Object          objectCmd          `cmd:"" group:"Talk:" help:"Say why the addressee must not do what it was asked to."`
	AnswerObjection answerObjectionCmd `cmd:"" group:"Talk:" help:"Answer an objection, as the issuing side."`
	Determine       determineCmd       `cmd:"" group:"Talk:" help:"Decide what was put to an authority, or tell what a court decided."`
	Accept          acceptCmd          `cmd:"" group:"Talk:" help:"Accept: a request, conditions, or that no ground for refusal is raised."`
	Conditions      conditionsCmd      `cmd:"" group:"Talk:" help:"Offer conditions, or raise a ground for refusal of part of an order."`
	Postpone        postponeCmd        `cmd:"" group:"Talk:" help:"Put a request off, as an authority."`
	Consult         consultCmd         `cmd:"" group:"Talk:" help:"Speak with the issuing side before a refusal, as an authority."`
	Enforce         enforceCmd         `cmd:"" group:"Talk:" help:"Ask the enforcing authority to have an order carried out."`
	Use             useCmd             `cmd:"" group:"Talk:" help:"Ask leave for a use of what was disclosed."`

	Agreement agreementCmd `cmd:"" group:"Proof:" help:"What Parties promised: read, sign, suspend, publish."`
	Verify    verifyCmd    `cmd:"" group:"Proof:" help:"Check an exported case, without a node."`
	Manifest  manifestCmd  `cmd:"" group:"Proof:" help:"The EU manifest of what was disclosed."`
	Ledger    ledgerCmd    `cmd:"" group:"Proof:" help:"The node's append-only ledger."`
	Vault     vaultCmd     `cmd:"" group:"Proof:" help:"What the node holds beside its acts."`
	Report    reportCmd    `cmd:"" group:"Proof:" help:"Statistics and transparency reports, with their articles."`

	Completion kongcompletion.Completion `cmd:"" group:"Proof:" help:"Shell code for completion with the tab key."`
}

// predictors complete the words of closed lists.
func predictors() map[string]complete.Predictor {
	return map[string]complete.Predictor{
		"role":     predict(protocol.Roles()),
		"type":     predict(protocol.RequestTypes()),
		"category": predict(protocol.Categories()),
		"reason":   predict(refusals()),
		"secrecy":  predict(protocol.SecrecyGrounds()),
		"grade":    predict(register.Grades()),
		"report":   predict(report.Kinds()),
	}
}

func predict[T ~string](list []T) complete.Predictor {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return complete.PredictSet(words...)
}
