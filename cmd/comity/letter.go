package main

import (
	"io"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A letter is the text for a user. It names the authority and the dates; nothing
// of it is kept.
type letter struct {
	view    *desk.CaseView
	request *protocol.Request // nil where the case shows none
	today   time.Time
}

// write fills in the names of a text.
func (l *letter) write(text string) string {
	s := standOf(l.view, casefile.RegionSecrecy)
	file := l.view.File
	pairs := []string{
		"{today}", day(l.today), "{case}", string(l.view.Case),
		"{issuer}", l.named(file.Issuer), "{addressee}", l.named(file.Addressee),
		"{issued}", dayOr(file.Matter.Issued, "[date of the request]"), "{answered}", dayOr(l.answered(), "[no answer yet]"),
		"{secrecy_from}", dayOr(s.Since, "[no date: it was not delayed]"),
		"{secrecy_until}", dayOr(s.Until, "[no date: it was not delayed]"),
	}
	authority, reference := l.ordered()
	instrument := l.view.Title
	if l.request != nil {
		a := &l.request.Authorisation
		instrument = a.Instrument
		if authority == "" {
			authority, reference = a.Authority, a.Reference
		}
	}
	pairs = append(pairs, "{authority}", orBlank(authority, "[the authority]"), "{reference}", orBlank(reference, "[reference]"),
		"{instrument}", orBlank(instrument, "[the instrument]"))
	return strings.NewReplacer(pairs...).Replace(text)
}

// named is an organisation as a user knows it.
func (l *letter) named(id protocol.ParticipantID) string {
	for _, o := range l.view.Organisations {
		if o.ID == id {
			return shown(o.Name) + " (" + string(id) + ")"
		}
	}
	return string(id)
}

// ordered returns who ordered secrecy last, and the reference of that order.
func (l *letter) ordered() (authority, reference string) {
	for i := range l.view.Acts {
		if o := l.view.Acts[i].Content.Body.Secrecy; o != nil && o.Authority != "" && o.Action != protocol.SecrecyLifted {
			authority, reference = o.Authority, o.Reference
		}
	}
	return authority, reference
}

// answered returns when evidence was disclosed last.
func (l *letter) answered() time.Time {
	var at time.Time
	for i := range l.view.Acts {
		act := &l.view.Acts[i].Content
		if carried := l.view.Acts[i].Carried; carried != nil {
			act = carried
		}
		if act.Body.Disclosure != nil && act.Issued.After(at) {
			at = act.Issued
		}
	}
	return at
}

func dayOr(t time.Time, blank string) string {
	if t.IsZero() {
		return blank
	}
	return day(t)
}

func orBlank(s, blank string) string {
	if s == "" {
		return blank
	}
	return shown(s)
}

// writeLetter wraps a text to the width of a page.
func writeLetter(w io.Writer, text string) { hang(w, "", text) }

// standOf returns where a region stands by the node's clock.
func standOf(v *desk.CaseView, name casefile.Name) casefile.Stand {
	for _, s := range v.Regions {
		if s.Region == name {
			return s
		}
	}
	return casefile.Stand{Region: name}
}
