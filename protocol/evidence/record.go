package evidence

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// A Record says of the acts that a participant sent in a case what the originator of
// a written communication records where it takes another way than the
// decentralised IT system: Implementing Regulation (EU) 2025/1550, points 3.3.1 and
// 3.3.2. Of evidence a Manifest says more.
type Record struct {
	Case       protocol.CaseID        `json:"case"`
	FileNumber string                 `json:"file_number"`
	Sender     protocol.ParticipantID `json:"sender"`
	Lines      []RecordLine           `json:"lines"`
	Made       time.Time              `json:"made"`
	Provenance string                 `json:"provenance"`
}

// A RecordLine is one act on its way to one recipient.
type RecordLine struct {
	Sent      time.Time              `json:"sent"`
	Recipient protocol.ParticipantID `json:"recipient"`
	// Name is what the act is called as a file, and Size its length in canonical
	// form, in bytes.
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	Point string `json:"point"` // of the Annex, that asks for the line
}

// RecordOf makes the record of what self sent of a case's acts, at a time: between
// the addressee and an authority by point 3.3.1, between authorities by 3.3.2.
func RecordOf(acts []*protocol.Act, request *protocol.Request, self protocol.ParticipantID, at time.Time) (*Record, error) {
	if request == nil {
		return nil, errors.New("evidence: record: want the request of the case")
	}
	r := &Record{FileNumber: request.FileNumber, Sender: self, Lines: []RecordLine{}, Made: at, Provenance: "verified"}
	for _, act := range acts {
		r.Case = act.Case
		if act.From != self {
			continue
		}
		b, err := canon.Encode(act)
		if err != nil {
			return nil, fmt.Errorf("evidence: record: %w", err)
		}
		for _, to := range act.To {
			point := "3.3.2"
			if to == request.Addressee || self == request.Addressee {
				point = "3.3.1"
			}
			r.Lines = append(r.Lines, RecordLine{Sent: act.Issued, Recipient: to, Size: int64(len(b)), Point: point,
				Name: fmt.Sprintf("%s-%s.json", act.Body.Kind(), act.ID)})
		}
	}
	return r, nil
}

// WriteText writes r for people.
func (r *Record) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Record of written communication by other means\n(Implementing Regulation (EU) 2025/1550, points 3.3.1 and 3.3.2)\n\n")
	fmt.Fprintf(&b, "%-12s %s\n%-12s %q\n%-12s %s\n\n", "case", r.Case, "file number", r.FileNumber, "sender", r.Sender)
	for _, l := range r.Lines {
		fmt.Fprintf(&b, "%s  to %s  %s  %d bytes  (point %s)\n", l.Sent.UTC().Format("2006-01-02 15:04:05 UTC"), l.Recipient, l.Name, l.Size, l.Point)
	}
	fmt.Fprintf(&b, "\nSent: %d. This record was made %s.\n", len(r.Lines), r.Made.UTC().Format("2006-01-02 15:04:05 UTC"))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("evidence: record: %w", err)
	}
	return nil
}
