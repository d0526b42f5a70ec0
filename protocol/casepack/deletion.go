package casepack

import (
	"errors"
	"fmt"
	"strings"

	"comity.example/protocol"
)

// deletions compares the evidence with what the exporter certified of it: what it
// deleted, or restricted, is not in the package, and the claim that leaves it open
// names the certificate.
func (v *verifier) deletions() {
	if v.file == nil {
		return
	}
	exporter := v.p.Index.Exporter
	for i := range v.report.Evidence {
		e := &v.report.Evidence[i]
		gone, ok := v.file.Gone(exporter, e.Tree)
		if !ok {
			continue
		}
		e.Certificate = gone.Act
		var err error
		if e.Here {
			err = errors.New("it is here")
		}
		act := hexOf(gone.Act)[:8]
		what := map[protocol.DeletionAction]string{protocol.Deleted: "its key is destroyed", protocol.Restricted: "its use is restricted"}
		v.report.claim(fmt.Sprintf("%s by %s (%s)", protocol.KindDeletion, exporter, act),
			fmt.Sprintf("of evidence %s: %s, because of %s, and it is not in the package", e.Tree, what[gone.Action], gone.Reason), err)
		for j := range v.report.Claims {
			c := &v.report.Claims[j]
			if c.Unproved && strings.HasPrefix(c.Claim, absent(e.Tree)) && !strings.Contains(c.Claim, act) {
				c.Claim += ": certificate " + act
			}
		}
	}
}

// absent is how a claim begins that leaves an object open.
func absent(tree protocol.Digest) string {
	return fmt.Sprintf("evidence %s is not in the package", tree)
}
