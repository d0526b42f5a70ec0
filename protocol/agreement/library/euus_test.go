package library_test

import (
	"comity.example/protocol"
	"comity.example/protocol/agreement/agreementtest"
)

var euusMLA = instrument{
	id: "eu-us-mla-2003",
	scenes: []func() *scene{
		func() *scene { return agreementtest.Assistance("us.doj-oia", "ie.justice") },
		func() *scene { return agreementtest.Assistance("ie.justice", "us.doj-oia") },
	},
	clean: protocol.Hold,
	rows:  euusRows,
}

var euusRows = []row{
	{rule: "request-after-entry-into-force", breaks: func(s *scene) { s.Facts.Issued = agreementtest.Day.AddDate(-17, 0, 0) },
		want: protocol.Fail, reason: protocol.ReasonNotInForce},
	{rule: "central-sends", breaks: func(s *scene) { s.Facts.Sender.Roles = nil }, want: protocol.Held,
		reason: protocol.ReasonNotCompetent},
	{rule: "requested-state-decides", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement},
}
