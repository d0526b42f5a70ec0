package protocol

// Answering returns b, of which it says that it answers the given questions, and
// whether bodies of its kind answer any. What b points to is not changed.
func (b Body) Answering(questions []Digest) (Body, bool) {
	switch {
	case b.Reply != nil:
		x := *b.Reply
		x.Answers, b.Reply = questions, &x
	case b.Amendment != nil:
		x := *b.Amendment
		x.Answers, b.Amendment = questions, &x
	case b.Objection != nil:
		x := *b.Objection
		x.Answers, b.Objection = questions, &x
	case b.Determination != nil:
		x := *b.Determination
		x.Answers, b.Determination = questions, &x
	case b.Acceptance != nil:
		x := *b.Acceptance
		x.Answers, b.Acceptance = questions, &x
	case b.Refusal != nil:
		x := *b.Refusal
		x.Answers, b.Refusal = questions, &x
	case b.Response != nil:
		x := *b.Response
		x.Answers, b.Response = questions, &x
	default:
		return b, false
	}
	return b, true
}

// Answered returns the questions that b says it answers.
func (b *Body) Answered() []Digest {
	switch {
	case b.Reply != nil:
		return b.Reply.Answers
	case b.Amendment != nil:
		return b.Amendment.Answers
	case b.Objection != nil:
		return b.Objection.Answers
	case b.Determination != nil:
		return b.Determination.Answers
	case b.Acceptance != nil:
		return b.Acceptance.Answers
	case b.Refusal != nil:
		return b.Refusal.Answers
	case b.Response != nil:
		return b.Response.Answers
	}
	return nil
}
