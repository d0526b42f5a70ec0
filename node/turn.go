package node

import (
	"fmt"
	"net/http"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// turnOf says for whom a case in a state waits, and what they may do.
func turnOf(s casefile.State) string {
	switch s {
	case casefile.Requested:
		return "it waits for the issuing side's designated authority, which certifies it; the issuing side may withdraw it"
	case casefile.UnderReview:
		return "it waits for a person at the addressee, who discloses or refuses; the issuing side may withdraw it"
	case casefile.Served:
		return "it waits for the addressee, who discloses or refuses; the issuing side may withdraw it"
	case casefile.Accepted:
		return "it waits for the authority that accepted it, which has it carried out; the issuing side may withdraw it"
	case casefile.PartlyProduced:
		return "it waits for the addressee, who discloses the rest and can no longer refuse; the issuing side may withdraw it"
	}
	return "it has ended, and nothing but a relay of what came follows; who needs more makes a new request"
}

// senderOf says who alone sends acts of a kind.
func senderOf(k protocol.Kind) string {
	switch k {
	case protocol.KindDisclosure, protocol.KindRefusal:
		return "only the addressee sends one"
	case protocol.KindCertification:
		return "only the issuing side's designated authority sends one"
	case protocol.KindWithdrawal, protocol.KindAmendment, protocol.KindReply, protocol.KindResponse, protocol.KindPreservation,
		protocol.KindEnforcement, protocol.KindUse, protocol.KindValidation, protocol.KindClosure:
		return "only the issuing side sends one"
	}
	return "this participant sends none in this case"
}

// turnProblem says why an act does not fit a case, with the code for a program.
func turnProblem(e *casefile.TurnError) *desk.Problem {
	p := &desk.Problem{Status: http.StatusConflict, Hint: "see comity case show"}
	if e.State == "" {
		p.Text = fmt.Sprintf("%s opens no case (%s)", an(e.Kind), e.Reason)
		return p
	}
	why := turnOf(e.State)
	switch e.Reason {
	case protocol.ReasonRole:
		why = senderOf(e.Kind) + "; " + why
	case protocol.ReasonOfficerMissing:
		why = "what was held for a person a person answers, so an officer must sign it"
		p.Hint = "name the officer's file with --officer"
	case protocol.ReasonQuestion:
		why = "what it answers is not open, or is not this participant's to answer"
		p.Hint = "it may have been answered meanwhile: see comity case show, and do it again if it still fits"
		if e.Kind == protocol.KindRefusal {
			why = "no challenge is open whose time is over"
		}
	case protocol.ReasonConsultation:
		why = "an authority refuses only after it has consulted the issuing side"
		p.Hint = "consult first: comity consult CASE --reason CODE"
	case protocol.ReasonChallenge:
		why = "the requesting officer has not answered the challenge, or it is not that officer who answers"
		p.Hint = "comity respond CASE answers it; the addressee may refuse: comity refuse CASE --reason " + string(e.Reason)
		if e.Kind == protocol.KindChallenge {
			why, p.Hint = "a challenge leaves its officer a minute at least", "give it more time, with --within"
		}
	case protocol.ReasonDrill:
		why = "it is a drill, in which nothing can be disclosed"
		p.Hint = "answer it with comity disclose CASE --no-data"
	case protocol.ReasonNotified:
		why = "a notified authority may still raise a ground for refusal, or has raised one for part of it"
	case protocol.ReasonNarrower:
		why = "an amendment carries the next version of the request and asks for nothing new"
	case protocol.ReasonSecrecyEnd:
		why = "an order of secrecy must have an end here"
		p.Hint = "name the day on which it ends, with --until"
	case protocol.ReasonInterception:
		why = "it is outside of the time that is authorised, or the interception was stopped"
		p.Hint = "comity case show says from when until when it is authorised; to go on after that takes a new request"
	case protocol.ReasonPending:
		why = "something that runs beside it has not ended: secrecy, a notice, a preservation, a validation, an interception or costs, or evidence is to be deleted"
		p.Hint = "see comity case show, which says where each of them stands; comity delete CASE deletes"
	case protocol.ReasonThread:
		if e.Kind == protocol.KindDeletion {
			why, p.Hint = "an object of it was not handed over in this case to or by this participant", "comity delete CASE lists those that were"
			break
		}
		why = "it does not fit what the case holds, or the case holds as much as it can"
	}
	p.Text = fmt.Sprintf("%s does not fit a case that is %s: %s (%s)", an(e.Kind),
		strings.ReplaceAll(string(e.State), "_", " "), why, e.Reason)
	return p
}

// an writes a kind of act with its article.
func an(k protocol.Kind) string {
	if k != "" && strings.ContainsRune("aeiou", rune(k[0])) && k != protocol.KindUse {
		return "an " + string(k)
	}
	return "a " + string(k)
}

// nothingOpen says that an act would answer nothing.
func nothingOpen(k protocol.Kind) error {
	return &desk.Problem{Status: http.StatusConflict,
		Text: fmt.Sprintf("nothing that %s of this participant answers is open in this case (%s)", an(k), protocol.ReasonQuestion),
		Hint: "comity case show says what is open, and whose move it is"}
}
