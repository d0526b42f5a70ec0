package report

import (
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A Fact is what the reports know of one case. It has counts, codes of closed
// lists, times and organisations; no officer, no person, no identifier and no
// free text is in it, and not the name of the case either.
type Fact struct {
	// Issuing, Receiving and Enforcing say what the node's participant is in the
	// case: the issuing side, its addressee, an authority of the receiving side.
	Issuing   bool `json:"issuing,omitzero"`
	Receiving bool `json:"receiving,omitzero"`
	Enforcing bool `json:"enforcing,omitzero"`

	Agreement string                 `json:"agreement"`
	Issuer    protocol.ParticipantID `json:"issuer"`
	Addressee protocol.ParticipantID `json:"addressee"`
	Type      protocol.RequestType   `json:"type"`
	// Categories are those of the request as it was issued.
	Categories []protocol.Category `json:"categories"`
	Offence    string              `json:"offence,omitzero"` // the code of its category, in the instrument's list
	Stage      protocol.Stage      `json:"stage,omitzero"`
	Emergency  bool                `json:"emergency,omitzero"`
	Accounts   int64               `json:"accounts"` // identifiers in the request
	Notified   int64               `json:"notified,omitzero"`
	// Certifying: the node's participant certified what another one issued.
	Certifying bool `json:"certifying,omitzero"`
	// Executes: it is a domestic order that carries out a request of another State.
	// Carried: it is such a request, and this node holds the order.
	Executes bool `json:"executes,omitzero"`
	Carried  bool `json:"carried,omitzero"`

	Issued   time.Time `json:"issued"`
	Received time.Time `json:"received,omitzero"` // by the addressee's ledger, where that is this node's

	State   casefile.State `json:"state"` // but for closed: the state that was closed
	Outcome Outcome        `json:"outcome"`
	// Produced is when this node had all the data that was disclosed.
	Produced time.Time `json:"produced,omitzero"`

	Unvalidated bool        `json:"unvalidated,omitzero"`
	Validation  string      `json:"validation,omitzero"`
	ThirdState  string      `json:"third_state,omitzero"`
	Raised      []Raised    `json:"raised,omitempty"`
	Objections  []Objected  `json:"objections,omitempty"`
	Enforced    []string    `json:"enforced,omitempty"` // of each enforcement: its result, or open
	Costs       []Cost      `json:"costs,omitempty"`
	Secrecy     *Secret     `json:"secrecy,omitzero"`
	Kept        *Kept       `json:"kept,omitzero"`
	Security    *SecretProc `json:"security,omitzero"`
	// Erased are the certificates of deletion, and ToDelete is of how many acts the
	// evidence may not be used and was neither deleted nor restricted.
	Erased   []Erased `json:"erased,omitempty"`
	ToDelete int64    `json:"to_delete,omitzero"`
}

// Raised is a ground for refusal that a notified authority raised: with a
// refusal, or in part, with conditions.
type Raised struct {
	Ground  protocol.Reason `json:"ground"`
	Partial bool            `json:"partial,omitzero"`
}

// Objected is an objection and what became of it.
type Objected struct {
	Level  protocol.Level `json:"level"`
	Result string         `json:"result"`
}

// What becomes of an objection (law: the unified data model, objection_result).
const (
	ObjectionOff       = "upheld_switch_off" // the agreement does not apply
	ObjectionLifted    = "upheld_lifted"     // a court lifted the order
	ObjectionModified  = "upheld_modified"   // the request was narrowed, or the point taken
	ObjectionOverruled = "overruled"
	ObjectionFurther   = "escalated" // it was taken to the receiving authority
	ObjectionDropped   = "withdrawn_by_objector"
	ObjectionWithdrawn = "order_withdrawn"
	ObjectionRefused   = "refused"
	ObjectionOpen      = "open"
)

// A Cost is one claim, and whether it was paid.
type Cost struct {
	Amount   int64  `json:"amount"` // in the smallest unit of Currency
	Currency string `json:"currency"`
	Paid     bool   `json:"paid,omitzero"`
}

// A Secret is where an order of secrecy stands, and the notice after it.
type Secret struct {
	Ordered  bool      `json:"ordered,omitzero"` // by an act of its own; else it was asked for in the request
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"` // none: no end
	Extended bool      `json:"extended,omitzero"`
	Disputed bool      `json:"disputed,omitzero"` // challenged before a court
	Lifted   time.Time `json:"lifted,omitzero"`
	// Open says that it binds at the moment of the view, and Age for how long, in
	// seconds.
	Open bool  `json:"open,omitzero"`
	Age  int64 `json:"age,omitzero"`
	// Notice is where the notice to the user stands, and Late that it has been due
	// for longer than NoticeGrace.
	Notice string `json:"notice,omitzero"`
	Late   bool   `json:"late,omitzero"`
}

// Ends returns when the secrecy is or was over, the zero time if it has no end.
func (s *Secret) Ends() time.Time {
	if !s.Lifted.IsZero() {
		return s.Lifted
	}
	return s.Until
}

// Kept is a preservation and the request for production that came after it.
type Kept struct {
	Named    bool      `json:"named,omitzero"`    // such a request was confirmed (Regulation (EU) 2023/1543, Annex V)
	Followed time.Time `json:"followed,omitzero"` // when it was issued, if this node knows
}

// A View is from where and when a case is looked at.
type View struct {
	Self protocol.ParticipantID
	// AsOf is the moment up to which acts count, by this node's ledger.
	AsOf time.Time
	// Narrowed are the categories that are left after the last amendment, nil if
	// there was none.
	Narrowed []protocol.Category
	// Carried says that this node holds a domestic order that carries the request out.
	Carried bool
	// Followed returns when the request of another case was issued, the zero time
	// if that case is not held here.
	Followed func(protocol.CaseID) time.Time
}

// counts reports whether a case is one. Drills are none: this is the one place that
// leaves them out of every report.
func counts(c *casefile.Case) bool { return !c.Matter.Drill }

// Of returns the fact of a case whose request is r, and whether there is one:
// nothing of it may have been known yet, or it does not count.
func Of(c *casefile.Case, r *protocol.Request, v View) (Fact, bool) {
	cut, ok := upTo(c, v.AsOf)
	if !ok || !counts(c) {
		return Fact{}, false
	}
	c = &cut
	f := Fact{Issuing: v.Self == c.Issuer || v.Self == c.Certifier, Receiving: v.Self == c.Addressee,
		Enforcing: slices.Contains(c.Notified, v.Self) || slices.Contains(c.Joined, v.Self),
		Agreement: c.Agreement.ID, Issuer: c.Issuer, Addressee: c.Addressee, Type: r.Type, Categories: r.Categories(),
		Offence: r.Offence.Category, Stage: r.Proceedings, Emergency: c.Emergency, Accounts: int64(len(r.Identifiers)),
		Notified: int64(len(c.Notified)), Executes: c.Matter.Executes != "", Carried: v.Carried, Issued: c.Matter.Issued, State: c.State, Unvalidated: c.Matter.Unvalidated}
	first := &c.Thread[0]
	f.Certifying = v.Self == c.Certifier && v.Self != c.Issuer && !(first.Kind == protocol.KindRequest && first.From == v.Self)
	if f.Receiving {
		f.Received = c.Thread[0].At
	}
	f.outcome(c, v)
	f.regions(c, v)
	f.ToDelete = int64(len(c.ToDelete()))
	for i := range c.Thread {
		f.note(c, &c.Thread[i], v)
	}
	if f.Stage == protocol.StageSecurity {
		f.Security = process(r)
	}
	return f, true
}

// upTo returns the case as it was held at a moment, and whether it was. That an
// act did not get through has no moment of its own: it counts with the act.
func upTo(c *casefile.Case, at time.Time) (casefile.Case, bool) {
	cut := *c
	cut.Thread = slices.DeleteFunc(slices.Clone(c.Thread), func(e casefile.Entry) bool { return e.At.After(at) })
	if len(cut.Thread) == 0 {
		return cut, false
	}
	order := casefile.States()
	rank := -1
	for i := range cut.Thread {
		e := &cut.Thread[i]
		for _, s := range []casefile.State{e.Leads, e.Undelivered} {
			if s != casefile.Closed { // which says that a case is over, and not how
				rank = max(rank, slices.Index(order, s))
			}
		}
	}
	if rank >= 0 {
		cut.State = order[rank]
	}
	return cut, true
}

// regions notes what runs beside the case.
func (f *Fact) regions(c *casefile.Case, v View) {
	for _, s := range c.Regions(v.AsOf) {
		switch s.Region {
		case casefile.RegionSecrecy:
			f.secret(c, s, v)
		case casefile.RegionUserNotice:
			if f.Secrecy != nil { // it comes before
				f.Secrecy.Notice = s.State
				since := s.Since
				if !f.Secrecy.Lifted.IsZero() { // before its end
					since = f.Secrecy.Lifted
				}
				f.Secrecy.Late = s.State == "due" && v.AsOf.Sub(since) > NoticeGrace
			}
		case casefile.RegionValidation:
			f.Validation = s.State
		case casefile.RegionThirdState:
			f.ThirdState = s.State
		case casefile.RegionPreservation:
			f.Kept = new(Kept)
		}
	}
}

// secret notes an order of secrecy. Of one without an end, no extension gives it one.
func (f *Fact) secret(c *casefile.Case, s casefile.Stand, v View) {
	f.Secrecy = &Secret{Since: s.Since, Until: s.Until, Open: !s.Ended, Age: int64(max(0, v.AsOf.Sub(s.Since)) / time.Second)}
	if s.NoEnd {
		f.Secrecy.Until = time.Time{}
	}
	for i := range c.Thread {
		e := &c.Thread[i]
		if e.Kind != protocol.KindSecrecy || e.Says == nil {
			continue
		}
		switch protocol.SecrecyAction(e.Says.What) {
		case protocol.SecrecyOrdered:
			f.Secrecy.Ordered = true
		case protocol.SecrecyExtended:
			f.Secrecy.Ordered, f.Secrecy.Extended = true, true
		case protocol.SecrecyChallenged:
			f.Secrecy.Disputed = true
		case protocol.SecrecyLifted:
			if f.Secrecy.Lifted.IsZero() || e.At.Before(f.Secrecy.Lifted) {
				f.Secrecy.Lifted = e.At
			}
		}
	}
	if s.State == "lifted" && f.Secrecy.Lifted.IsZero() {
		f.Secrecy.Lifted = s.Since
	}
}

// note takes from one act what a report counts of it.
func (f *Fact) note(c *casefile.Case, e *casefile.Entry, v View) {
	if e.Says == nil {
		return
	}
	switch e.Kind {
	case protocol.KindObjection:
		f.Objections = append(f.Objections, Objected{protocol.Level(e.Says.What), f.became(c, e)})
	case protocol.KindEnforcement:
		f.Enforced = append(f.Enforced, f.became(c, e))
	case protocol.KindCosts:
		f.cost(e.Says)
	case protocol.KindDeletion:
		f.erased(c, e)
	case protocol.KindRefusal:
		if slices.Contains(c.Notified, e.From) || slices.Contains(c.Joined, e.From) {
			f.Raised = append(f.Raised, Raised{Ground: first(e.Says.Reasons)})
		}
	case protocol.KindConditions:
		if e.Says.Partial {
			f.Raised = append(f.Raised, Raised{first(e.Says.Reasons), true})
		}
	case protocol.KindPreservation:
		if e.Says.What == string(protocol.KeptConfirmed) && f.Kept != nil {
			f.Kept.Named = true
			if e.Says.Case != "" && v.Followed != nil && f.Kept.Followed.IsZero() {
				f.Kept.Followed = v.Followed(e.Says.Case)
			}
		}
	}
}

func first(rs []protocol.Reason) protocol.Reason {
	if len(rs) == 0 {
		return protocol.ReasonOther
	}
	return rs[0]
}

// cost: what is paid is what was claimed last and is not paid yet.
func (f *Fact) cost(s *casefile.Says) {
	switch protocol.CostsAction(s.What) {
	case protocol.CostsClaimed:
		f.Costs = append(f.Costs, Cost{Amount: s.Amount, Currency: s.Currency})
	case protocol.CostsPaid:
		for i := range slices.Backward(f.Costs) {
			if !f.Costs[i].Paid {
				f.Costs[i].Paid = true
				return
			}
		}
	}
}

// became says what became of an objection or an enforcement: what the first act
// that answers it says, else how the case went on without an answer.
func (f *Fact) became(c *casefile.Case, q *casefile.Entry) string {
	for i := range c.Thread {
		e := &c.Thread[i]
		if e.Says == nil || !slices.Contains(e.Says.Answers, q.Act) {
			continue
		}
		switch e.Kind {
		case protocol.KindDetermination:
			return determined(q.Kind, protocol.Result(e.Says.What))
		case protocol.KindAmendment:
			return ObjectionModified
		case protocol.KindReply:
			if e.Says.What == string(protocol.ReplyAgrees) {
				return ObjectionModified
			}
			return ObjectionOverruled
		case protocol.KindObjection:
			return ObjectionFurther
		case protocol.KindRefusal:
			return ObjectionRefused
		}
	}
	switch {
	case f.State == casefile.Withdrawn:
		return ObjectionWithdrawn
	case f.State == casefile.Produced && q.Kind == protocol.KindObjection:
		return ObjectionDropped // who objected produced, and nobody had answered
	}
	return ObjectionOpen
}

func determined(k protocol.Kind, r protocol.Result) string {
	if k == protocol.KindEnforcement {
		return string(r)
	}
	switch r {
	case protocol.ResultNotApplicable:
		return ObjectionOff
	case protocol.ResultLifted:
		return ObjectionLifted
	case protocol.ResultModified:
		return ObjectionModified
	}
	return ObjectionOverruled
}

// A SecretProc is national security process of the United States, as far as
// 50 USC 1874 tells one from another.
type SecretProc struct {
	Process Process `json:"process,omitzero"`
	// Services are the digests of the names of the services that the identifiers
	// belong to.
	Services []protocol.Digest `json:"services,omitempty"`
}

// process reads which process it is from the name of the domestic instrument
// that stands in the authorisation.
func process(r *protocol.Request) *SecretProc {
	s := &SecretProc{Process: ProcessOf(r.Authorisation.Instrument)}
	for i := range r.Identifiers {
		name := strings.ToLower(strings.TrimSpace(r.Identifiers[i].Service))
		if name == "" && r.Service != nil {
			name = string(r.Service.Class)
		}
		if d := protocol.DigestOf([]byte(name)); !slices.Contains(s.Services, d) {
			s.Services = append(s.Services, d)
		}
	}
	return s
}
