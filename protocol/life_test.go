package protocol_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
)

var (
	then   = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	asked  = []protocol.Digest{protocol.DigestOf([]byte("question"))}
	ground = []protocol.Reason{protocol.ReasonPrivilege}
)

const zeroNonce = "0000000000000000000000000000000000000000000000000000000000000000"

// lifeBodies are one good body of each kind in the life of a case.
func lifeBodies() map[string]protocol.Body {
	authorised := protocol.Authorisation{Kind: protocol.AuthorityJudge, Authority: "court", Reference: "1", Date: then, Instrument: "warrant"}
	return map[string]protocol.Body{
		"clarification": {Clarification: &protocol.Clarification{Ask: protocol.AskInformation, Reasons: ground, Fields: []string{"data[0].from"}}},
		"reply":         {Reply: &protocol.Reply{Answers: asked, Result: protocol.ReplyInsists}},
		"amendment": {Amendment: &protocol.Amendment{Version: 2, Identifiers: []protocol.Identifier{mail("a")}, Data: []protocol.DataItem{item(1, 2)},
			Dropped: []protocol.Drop{{Member: "data[1]", Why: "not needed"}}}},
		"objection":     {Objection: &protocol.Objection{Level: protocol.LevelIssuer, Grounds: ground, Text: "why"}},
		"determination": {Determination: &protocol.Determination{Answers: asked, Result: protocol.ResultOverruled}},
		"acceptance":    {Acceptance: &protocol.Acceptance{}},
		"conditions":    {Conditions: &protocol.Conditions{Limits: []protocol.Clause{{Text: "not for death"}}}},
		"postponement":  {Postponement: &protocol.Postponement{Reason: protocol.ReasonOwnInvestigation, Review: then}},
		"consultation":  {Consultation: &protocol.Consultation{Reasons: ground}},
		"extension":     {Extension: &protocol.Extension{Until: then, Reason: "volume"}},
		"preservation":  {Preservation: &protocol.Kept{Action: protocol.KeptExtended, Until: then}},
		"secrecy": {Secrecy: &protocol.SecrecyOrder{Action: protocol.SecrecyOrdered, Authority: "court", Reference: "1", Start: then,
			Grounds: protocol.SecrecyGrounds()[:1], Binds: []protocol.Bound{protocol.BoundUser}}},
		"notice":       {Notice: &protocol.Notice{To: protocol.NoticeUser, Status: protocol.NoticeDelivered, At: then}},
		"validation":   {Validation: &protocol.Validated{Result: protocol.ValidationSought}},
		"interception": {Interception: &protocol.Tap{Action: protocol.TapRenewed, At: then, Until: then.Add(time.Hour), Authorisation: &authorised}},
		"costs":        {Costs: &protocol.Costs{Action: protocol.CostsClaimed, Amount: 1, Currency: "EUR"}},
		"challenge":    {Challenge: &protocol.Challenge{Nonce: zeroNonce, Until: then}},
		"response":     {Response: &protocol.Response{Answers: asked, Nonce: zeroNonce}},
		"enforcement":  {Enforcement: &protocol.Enforcement{Request: protocol.Signed("{}"), Reason: protocol.ReasonOverdue}},
		"use":          {Use: &protocol.Use{Purpose: "onward"}},
		"closure":      {Closure: &protocol.Closure{}},
		"deletion":     {Deletion: &protocol.Deletion{Action: protocol.Restricted, Reason: protocol.DeletionRefused, Objects: asked}},
	}
}

func checkBody(b protocol.Body) error {
	act := protocol.Act{Version: protocol.Version, ID: protocol.NewActID(), Case: protocol.NewCaseID(), Follows: asked,
		From: "gb.home-office", To: []protocol.ParticipantID{"us.contoso"}, Agreement: protocol.AgreementRef{ID: "a", Version: "1"},
		Issued: then, Expires: then.Add(time.Hour), Body: b, Endorsements: []protocol.Endorsement{}}
	return act.Check()
}

func TestEveryKindOfTheLifeOfACaseHasABody(t *testing.T) {
	all := lifeBodies()
	for _, k := range protocol.Kinds() {
		b, ok := all[string(k)]
		if !ok {
			continue // of another part of the protocol
		}
		if err := checkBody(b); err != nil || b.Kind() != k {
			t.Errorf("%s: %v", k, err)
		}
	}
	if len(all) != 22 {
		t.Errorf("%d bodies", len(all))
	}
}

// TestBodiesThatLackSomethingAreRefused, and the error names the member.
func TestBodiesThatLackSomethingAreRefused(t *testing.T) {
	long := strings.Repeat("x", protocol.MaxText+1)
	for _, c := range []struct {
		kind   string
		member string
		change func(*protocol.Body)
	}{
		{"clarification", "ask", func(b *protocol.Body) { b.Clarification.Ask = "" }},
		{"clarification", "reasons", func(b *protocol.Body) { b.Clarification.Reasons = nil }},
		{"clarification", "controller", func(b *protocol.Body) { b.Clarification.Ask = protocol.AskRedirect }},
		{"clarification", "fields[0]", func(b *protocol.Body) { b.Clarification.Fields = []string{"data[0].From!"} }},
		{"clarification", "text", func(b *protocol.Body) { b.Clarification.Text = long }},
		{"reply", "answers", func(b *protocol.Body) { b.Reply.Answers = nil }},
		{"reply", "answers", func(b *protocol.Body) { b.Reply.Answers = append(asked, asked...) }},
		{"reply", "answers", func(b *protocol.Body) { b.Reply.Answers = []protocol.Digest{{}} }},
		{"amendment", "version", func(b *protocol.Body) { b.Amendment.Version = 1 }},
		{"amendment", "dropped", func(b *protocol.Body) { b.Amendment.Dropped = nil }},
		{"amendment", "dropped.why", func(b *protocol.Body) { b.Amendment.Dropped = []protocol.Drop{{Member: "data[1]"}} }},
		{"objection", "request", func(b *protocol.Body) { b.Objection.Level = protocol.LevelReceiving }},
		{"objection", "request", func(b *protocol.Body) { b.Objection.Request = protocol.Signed("{}") }},
		{"objection", "reference", func(b *protocol.Body) { b.Objection.Level = protocol.LevelCourt }},
		{"objection", "text", func(b *protocol.Body) { b.Objection.Text = "" }},
		{"determination", "answers", func(b *protocol.Body) { b.Determination.Answers = nil }},
		{"conditions", "reason", func(b *protocol.Body) { b.Conditions.Partial = true }},
		{"conditions", "limits", func(b *protocol.Body) { b.Conditions.Limits = nil }},
		{"postponement", "review", func(b *protocol.Body) { b.Postponement.Review = time.Time{} }},
		{"consultation", "reasons", func(b *protocol.Body) { b.Consultation.Reasons = nil }},
		{"extension", "reason", func(b *protocol.Body) { b.Extension.Reason = "" }},
		{"preservation", "until", func(b *protocol.Body) { b.Preservation.Until = time.Time{} }},
		{"preservation", "case", func(b *protocol.Body) { b.Preservation.Action = protocol.KeptConfirmed }},
		{"secrecy", "end", func(b *protocol.Body) { b.Secrecy.End = then }},
		{"secrecy", "binds", func(b *protocol.Body) { b.Secrecy.Binds = nil }},
		{"notice", "state", func(b *protocol.Body) { b.Notice.To = protocol.NoticeState }},
		{"notice", "ground", func(b *protocol.Body) { b.Notice.Status = protocol.NoticeOmitted }},
		{"notice", "at", func(b *protocol.Body) { b.Notice.At = time.Time{} }},
		{"validation", "by", func(b *protocol.Body) { b.Validation.Result = protocol.ValidationGranted }},
		{"interception", "authorisation", func(b *protocol.Body) { b.Interception.Authorisation = nil }},
		{"interception", "until", func(b *protocol.Body) { b.Interception.Action = protocol.TapStarted }},
		{"interception", "until", func(b *protocol.Body) { b.Interception.Until = then }},
		{"costs", "amount", func(b *protocol.Body) { b.Costs.Currency = "euro" }},
		{"costs", "amount", func(b *protocol.Body) { b.Costs.Action = protocol.CostsPaid }},
		{"challenge", "nonce", func(b *protocol.Body) { b.Challenge.Nonce = "00" }},
		{"response", "nonce", func(b *protocol.Body) { b.Response.Nonce = strings.Repeat("AA", protocol.NonceSize) }},
		{"enforcement", "request", func(b *protocol.Body) { b.Enforcement.Request = nil }},
		{"use", "purpose", func(b *protocol.Body) { b.Use.Purpose = "Onward use" }},
		{"deletion", "action", func(b *protocol.Body) { b.Deletion.Action = "" }},
		{"deletion", "reason", func(b *protocol.Body) { b.Deletion.Reason = "" }},
		{"deletion", "action", func(b *protocol.Body) { b.Deletion.Reason = protocol.DeletionPurge }},
		{"deletion", "objects", func(b *protocol.Body) { b.Deletion.Objects = nil }},
		{"deletion", "objects", func(b *protocol.Body) { b.Deletion.Objects = append(asked, asked...) }},
		{"deletion", "objects", func(b *protocol.Body) { b.Deletion.Objects = []protocol.Digest{{}} }},
		{"deletion", "objects", func(b *protocol.Body) { b.Deletion.Objects = make([]protocol.Digest, protocol.MaxObjects+1) }},
		{"deletion", "text", func(b *protocol.Body) { b.Deletion.Text = long }},
		{"closure", "text", func(b *protocol.Body) { b.Closure.Text = long }},
	} {
		b := lifeBodies()[c.kind]
		c.change(&b)
		if err := checkBody(b); err == nil || !strings.Contains(err.Error(), c.member) {
			t.Errorf("%s: got %v, want %s named", c.kind, err, c.member)
		}
	}
}

func mail(name string) protocol.Identifier {
	return protocol.Identifier{Type: protocol.IdentifierEmail, Value: name + "@example.com"}
}

// item asks for content from one day to another.
func item(from, to int) protocol.DataItem {
	day := func(n int) time.Time { return then.Add(time.Duration(n-100) * 24 * time.Hour) }
	return protocol.DataItem{Category: protocol.CategoryContent, From: day(from), To: day(to)}
}

// TestNarrowNeverAsksForMore: whatever an amendment says, what is left of the
// request was asked for before, or the amendment is refused.
func TestNarrowNeverAsksForMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := wideRequest()
		draw := func(name string, n int) int { return rapid.IntRange(0, n).Draw(t, name) }
		var a protocol.Amendment
		for range draw("identifiers", 3) {
			a.Identifiers = append(a.Identifiers, mail(string(rune('a'+draw("who", 3)))))
		}
		for range draw("items", 2) {
			d := item(draw("from", 30), draw("to", 30))
			if draw("category", 4) == 0 {
				d.Category = protocol.CategoryTraffic
			}
			a.Data = append(a.Data, d)
		}
		next, err := r.Narrow(&a)
		if err != nil {
			return
		}
		for _, id := range next.Identifiers {
			if id != mail("a") && id != mail("b") {
				t.Fatalf("it asks for %v", id)
			}
		}
		for _, d := range next.Data {
			if d.Category != protocol.CategoryContent || d.From.Before(item(10, 20).From) || d.To.After(item(10, 20).To) {
				t.Fatalf("it asks for %v from %v to %v", d.Category, d.From, d.To)
			}
		}
		if next.Check() != nil || len(next.Data) == 0 || len(next.Identifiers) == 0 {
			t.Fatal("what is left is no request")
		}
		again, err := next.Narrow(&a)
		if err != nil || len(again.Data) != len(next.Data) {
			t.Fatalf("what is left is not left: %v", err)
		}
	})
}

// wideRequest asks for the content of two accounts in ten days.
func wideRequest() *protocol.Request {
	r := order()
	r.Identifiers = []protocol.Identifier{mail("a"), mail("b")}
	r.Data = []protocol.DataItem{item(10, 20)}
	return r
}

func TestWhatIsNotNarrowerIsRefused(t *testing.T) {
	worded := item(12, 18)
	worded.Description = "and the drafts"
	own := item(12, 18)
	own.Own = []string{"mail_body"}
	for name, a := range map[string]protocol.Amendment{
		"another account":   {Identifiers: []protocol.Identifier{mail("c")}, Data: []protocol.DataItem{item(10, 20)}},
		"no account":        {Data: []protocol.DataItem{item(10, 20)}},
		"no data":           {Identifiers: []protocol.Identifier{mail("a")}},
		"a day before":      {Identifiers: []protocol.Identifier{mail("a")}, Data: []protocol.DataItem{item(9, 20)}},
		"a day after":       {Identifiers: []protocol.Identifier{mail("a")}, Data: []protocol.DataItem{item(10, 21)}},
		"an own code":       {Identifiers: []protocol.Identifier{mail("a")}, Data: []protocol.DataItem{own}},
		"other words":       {Identifiers: []protocol.Identifier{mail("a")}, Data: []protocol.DataItem{worded}},
		"no time":           {Identifiers: []protocol.Identifier{mail("a")}, Data: []protocol.DataItem{{Category: protocol.CategoryContent}}},
		"the same, twice o": {Identifiers: []protocol.Identifier{mail("a")}, Data: []protocol.DataItem{item(10, 20), item(0, 30)}},
	} {
		if _, err := wideRequest().Narrow(&a); err == nil {
			t.Errorf("%s is taken for less", name)
		}
	}
	half := protocol.Amendment{Identifiers: []protocol.Identifier{mail("b")}, Data: []protocol.DataItem{item(12, 14), item(16, 18)}}
	if next, err := wideRequest().Narrow(&half); err != nil || len(next.Data) != 2 {
		t.Errorf("less is refused: %v", err)
	}
}
