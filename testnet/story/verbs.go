package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/casepack"
	"comity.example/protocol/register"
)

// A verb is what a step does. The steps are written so that a newcomer can
// read them: see testdata.
type verb func(p *player, ctx context.Context, st step) error

var verbs = map[string]verb{
	"say":       (*player).narrate,
	"request":   (*player).request,
	"certify":   (*player).certify,
	"disclose":  (*player).disclose,
	"relay":     (*player).relay,
	"withdraw":  (*player).withdraw,
	"verdict":   (*player).verdict,
	"route":     (*player).route,
	"state":     (*player).state,
	"receipted": (*player).receipted,
	"evidence":  (*player).evidence,
	"mail":      (*player).mail,
	"moving":    (*player).moving,
	"arrived":   (*player).arrived,
	"hold":      (*player).hold,
	"unseen":    (*player).unseen,
	"verify":    (*player).verify,
	"inbox":     (*player).inbox,
	"suspend":   (*player).suspend,
	"resume":    (*player).resume,
	"knows":     (*player).knows,
	"forge":     (*player).forge,
	"ledger":    (*player).ledger,
	"burst":     (*player).burst,
	"crash":     (*player).crash,
	"all":       (*player).all,
	"off":       (*player).off,
	"on":        (*player).on,
	"waits":     (*player).waits,
	"crossed":   (*player).crossed,
	"refuse":    (*player).refuse,
	"flag":      (*player).flag,
	"finding":   (*player).finding,
	"declare":   (*player).declare,
	"reserve":   (*player).reserve,
	"retract":   (*player).retract,
	"told":      (*player).told,
	"answer":    (*player).answer,
	"cannot":    (*player).cannot,
	"consult":   (*player).consult,
	"asked":     (*player).asked,
	"secrecy":   (*player).secrecy,
	"notify":    (*player).notify,
	"tap":       (*player).tap,
	"feed":      (*player).feed,
	"overhears": (*player).overhears,
	"accounts":  (*player).accounts,
	"keep":      (*player).keep,
	"validate":  (*player).validate,
	"region":    (*player).region,
	"renew":     (*player).renew,
	"said":      (*player).said,
	"close":     (*player).closed,
	"delete":    (*player).erase,
	"gone":      (*player).unread,
	"certified": (*player).certified,
	"draft":     (*player).draft,
	"approve":   (*player).approve,
	"send":      (*player).sendDraft,
	"propose":   (*player).propose,
	"eyes":      (*player).eyes,
	"challenge": (*player).challenge,
	"respond":   (*player).respond,
	"wait":      (*player).wait,
	"holds":     (*player).holds,
	"swift":     (*player).swift,
	"fails":     (*player).fails,
	"advance":   (*player).advance,
	"due":       (*player).due,
	"fired":     (*player).fired,
	"still":     (*player).still,
	"sooner":    (*player).sooner,
	"accept":    (*player).accept,
	"offer":     (*player).offer,
	"return":    (*player).sendBack,
	"complete":  (*player).complete,
	"serve":     (*player).serve,
	"pass":      (*player).pass,
	"produced":  (*player).produced,
	"awaits":    (*player).awaits,
	"blind":     (*player).blind,
	"narrow":    (*player).narrow,
	"reads":     (*player).reads,
	"queue":     (*player).queue,
	"rush":      (*player).rush,
	"listed":    (*player).listed,
	"each":      (*player).each,
	"ontime":    (*player).ontime,
}

// narrate: say TEXT
func (p *player) narrate(_ context.Context, st step) error {
	p.say("%s", st.text)
	return nil
}

// act prepares a draft, has the participant's officer sign it, and submits it.
func (p *player) act(ctx context.Context, id protocol.ParticipantID, d desk.Draft) error {
	officer, err := p.Officer(id)
	if err != nil {
		return err
	}
	return p.actBy(ctx, id, officer, d)
}

func (p *player) actBy(ctx context.Context, id protocol.ParticipantID, officer *home.Officer, d desk.Draft) error {
	node, err := p.Desk(id)
	if err != nil {
		return err
	}
	prepared, err := node.Prepare(ctx, d)
	if err != nil {
		return err
	}
	p.shown = prepared.Decision
	prepared.Statement.Signed = p.now()
	endorsement, err := officer.Endorse(prepared.Statement)
	if err != nil {
		return err
	}
	done, err := node.Submit(ctx, desk.Draft{Case: prepared.Case, Agreement: prepared.Statement.Agreement.ID,
		Body: prepared.Body, Endorsements: []protocol.Endorsement{endorsement}})
	if err != nil {
		return err
	}
	p.last, p.gone, p.from, p.named = done.Decision, done.Act, id, done.Case
	switch {
	case done.Act.IsZero():
		p.say("  ✗ %s: %s on %s's own node, nothing left it", prepared.Statement.Kind, done.Decision.Verdict, id)
	default:
		p.say("  → %s signed by an officer of %s, sent to %s", prepared.Statement.Kind, id, join(prepared.To))
	}
	return nil
}

// body submits an act of a case.
func (p *player) body(ctx context.Context, st step, b protocol.Body) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	return p.act(ctx, protocol.ParticipantID(args[1]), desk.Draft{Case: id, Body: b})
}

// certify: certify CASE PARTICIPANT [attest=CODE]
func (p *player) certify(ctx context.Context, st step) error {
	c := &protocol.Certification{Invokes: true, Contact: "duty desk", Targeting: "procedure 1"}
	if code := st.option("attest"); code != "" {
		c.Attestations = []protocol.Attestation{{Statement: code}}
	}
	return p.body(ctx, st, protocol.Body{Certification: c})
}

// refuse: refuse CASE PARTICIPANT REASON
func (p *player) refuse(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.Reason(args[2])}})
}

// answer: answer CASE PARTICIPANT no_data
func (p *player) answer(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Disclosure: &protocol.Disclosure{
		Status: protocol.ProductionStatus(args[2]), Objects: []protocol.Object{}}})
}

// cannot: cannot CASE PARTICIPANT FILE TEXT [agreement=ID] — the node does not
// take the request, and the error says TEXT.
func (p *player) cannot(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	err = p.request(ctx, st)
	switch {
	case err == nil:
		return errors.New("the node took it")
	case !strings.Contains(err.Error(), args[3]):
		return err
	}
	p.say("  ✗ request: %s's own node does not take it: %s", args[1], err)
	return nil
}

// consult: consult CASE PARTICIPANT REASON
func (p *player) consult(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Consultation: &protocol.Consultation{
		Reasons: []protocol.Reason{protocol.Reason(args[2])}}})
}

// relay: relay CASE PARTICIPANT
func (p *player) relay(ctx context.Context, st step) error {
	return p.body(ctx, st, protocol.Body{Relay: &protocol.Relay{}})
}

// withdraw: withdraw CASE PARTICIPANT
func (p *player) withdraw(ctx context.Context, st step) error {
	return p.body(ctx, st, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
}

// verdict: verdict VERDICT [REASON…] [article=…] [not=REASON]
func (p *player) verdict(_ context.Context, st step) error {
	args, err := st.want(1)
	if err != nil {
		return err
	}
	if got := p.last.Verdict.String(); got != args[0] {
		return fmt.Errorf("the verdict is %s (%s)", got, join(p.last.Reasons()))
	}
	var reasons []string
	for _, a := range args[1:] {
		if !strings.Contains(a, "=") {
			reasons = append(reasons, a)
		}
	}
	if lacks, bad := missing(p.last.Reasons(), reasons); bad {
		return fmt.Errorf("the reasons are %s, and not %s", join(p.last.Reasons()), lacks)
	}
	if not := st.option("not"); not != "" && slices.Contains(p.last.Reasons(), protocol.Reason(not)) {
		return fmt.Errorf("the reasons are %s", join(p.last.Reasons()))
	}
	for _, f := range p.last.Findings {
		if f.Outcome != protocol.Fail && (f.Outcome != protocol.Held || p.last.Verdict != protocol.Hold) {
			continue
		}
		p.say("    %s: %s", strings.TrimSpace(f.Article+" "+string(f.Reason)), f.Text)
	}
	if want := strings.ReplaceAll(st.option("article"), "_", " "); want != "" && !p.denies(want) {
		return fmt.Errorf("no finding that denies names %q", want)
	}
	return nil
}

func (p *player) denies(article string) bool {
	return slices.ContainsFunc(p.last.Findings, func(f protocol.Finding) bool {
		return f.Outcome != protocol.Pass && f.Outcome != protocol.NotApplicable && strings.Contains(f.Article, article)
	})
}

// route: route AGREEMENT PARTICIPANT
func (p *player) route(_ context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	for _, r := range p.last.Routes {
		if r.Agreement == args[0] && slices.Contains(r.Via, protocol.ParticipantID(args[1])) {
			p.say("    the way that would work, via %s: %s", join(r.Via), r.Text)
			return nil
		}
	}
	return fmt.Errorf("the routes are %+v", p.last.Routes)
}

// state: state CASE PARTICIPANT STATE
func (p *player) state(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	err = p.view(ctx, st, func(v desk.CaseView) bool { return v.State == args[2] })
	if err == nil {
		p.say("  ✓ at %s the case is %s", args[1], args[2])
	}
	return err
}

// view waits until a participant's view of a case is as it should be.
func (p *player) view(ctx context.Context, st step, good func(desk.CaseView) bool) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	var last desk.CaseView
	err = until(ctx, func() (bool, error) {
		last, err = node.Case(ctx, id)
		return err == nil && good(last), err
	})
	if err != nil {
		return fmt.Errorf("the case is %q: %w", last.State, err)
	}
	return nil
}

// receipted: receipted CASE PARTICIPANT
func (p *player) receipted(ctx context.Context, st step) error {
	n := 0
	var open []string // what is not receipted
	err := p.view(ctx, st, func(v desk.CaseView) bool {
		n, open = 0, nil
		for _, a := range v.Acts {
			for _, d := range a.Deliveries {
				if n++; d.State != "receipted" {
					open = append(open, fmt.Sprintf("the %s to %s is %s %v", a.Kind, d.To, d.State, d.Reasons))
				}
			}
		}
		return n > 0 && len(open) == 0
	})
	if len(open) > 0 {
		err = fmt.Errorf("%s: %w", strings.Join(open, ", "), err)
	}
	if err == nil {
		p.say("  ✓ %s holds a receipt for each act that it sent (%d), with proof from the receiver's ledger", st.args[1], n)
	}
	return err
}

// verify: verify CASE PARTICIPANT [without] — nothing is left unproved, but, with the
// word, evidence that the participant has not got any more or never had.
func (p *player) verify(ctx context.Context, st step) error {
	args, err := st.want(2)
	if err != nil {
		return err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	report, err := p.exported(ctx, protocol.ParticipantID(args[1]), id)
	if err != nil {
		return err
	}
	without := strings.HasSuffix(st.text, " without")
	if without != (report.Absent > 0) {
		return fmt.Errorf("%d objects are not in the package", report.Absent)
	}
	for _, c := range report.Claims {
		if without && c.Unproved && strings.HasPrefix(c.Claim, "evidence ") {
			p.say("  ? %s", c.Claim)
			continue
		}
		if !c.Holds {
			return fmt.Errorf("%s: %s: %s", c.About, c.Claim, c.Why)
		}
	}
	if !report.Holds {
		return errors.New("the package does not hold")
	}
	p.say("  ✓ %s exports the case; comity verify accepts it offline: %d claims hold", args[1], len(report.Claims)-report.Unproved)
	return nil
}

func (p *player) exported(ctx context.Context, at protocol.ParticipantID, id protocol.CaseID) (casepack.Report, error) {
	node, err := p.Desk(at)
	if err != nil {
		return casepack.Report{}, err
	}
	file, err := os.CreateTemp("", "comity-case-*.zip")
	if err != nil {
		return casepack.Report{}, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := node.Export(ctx, id, file); err != nil {
		return casepack.Report{}, err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return casepack.Report{}, err
	}
	pack, err := casepack.Open(file, size)
	if err != nil {
		return casepack.Report{}, err
	}
	var pins []register.Pin
	if pins, err = p.Home(at).Pins(); err != nil {
		return casepack.Report{}, err
	}
	return pack.Verify(pins), nil
}

// inbox: inbox PARTICIPANT CASE MOVE, or inbox PARTICIPANT without CASE
func (p *player) inbox(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[0]))
	if err != nil {
		return err
	}
	if args[1] == "without" {
		return p.notInInbox(ctx, node, args)
	}
	id, err := p.caseOf(args[1])
	if err != nil {
		return err
	}
	err = until(ctx, func() (bool, error) {
		item, err := findItem(ctx, node, id)
		return err == nil && item.Move == casefile.Move(args[2]), err
	})
	if err == nil {
		p.say("  ✓ in the inbox of %s: to %s", args[0], args[2])
	}
	return err
}

func (p *player) notInInbox(ctx context.Context, node desk.Node, args []string) error {
	id, err := p.caseOf(args[2])
	if err != nil {
		return err
	}
	item, err := findItem(ctx, node, id)
	if err != nil {
		return err
	}
	if item.Case != "" {
		return errors.New("it is in the inbox")
	}
	p.say("  ✓ nothing of it in the inbox of %s", args[0])
	return nil
}

// findItem looks a case up in the whole inbox; the zero Item if it is not there.
func findItem(ctx context.Context, node desk.Node, id protocol.CaseID) (desk.Item, error) {
	page := desk.Page{Limit: desk.MaxPage}
	for {
		in, err := node.Inbox(ctx, page)
		if err != nil {
			return desk.Item{}, err
		}
		for _, item := range in.Items {
			if item.Case == id {
				return item, nil
			}
		}
		if in.Next == "" {
			return desk.Item{}, nil
		}
		page.After = in.Next
	}
}
