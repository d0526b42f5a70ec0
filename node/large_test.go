package node_test

import (
	"bytes"
	"fmt"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// crowded is a register with as many participants as it may have.
func (b *border) crowded(n *runner, party protocol.Party, like protocol.ParticipantID) []byte {
	b.t.Helper()
	var c register.Changes
	for i := range register.MaxParticipants - len(smallWorld().Parties[party]) {
		p := *b.entry(like)
		p.ID = protocol.ParticipantID(fmt.Sprintf("gb.constabulary-%04d", i))
		for _, key := range []**identity.Public{&p.Signing, &p.Enrolment} {
			k, err := identity.Generate()
			b.must(err)
			*key = k.Public()
		}
		p.Address = fmt.Sprintf("192.0.2.%d:443", i%250+1)
		c.Put = append(c.Put, p)
	}
	return b.update(n, party, c)
}

func TestRegisterOfAThousandParticipantsReachesEverybody(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		large := b.crowded(b.node(office), "GB", police)
		if len(large) < 8<<20 || len(large) > wire.MaxRegister {
			t.Fatalf("the register has %d bytes", len(large))
		}
		b.must(b.publish(b.node(office), "register", large))
		b.await("it to be published", func() bool { return b.holds(contoso, "GB@2") })
		b.halt(office)
		b.start(police) // has version 1, and is not sent it by anybody
		b.await("it to be pulled", func() bool { return b.holds(police, "GB@2") })
		b.halt(police)
		b.start(police)
		for _, id := range []protocol.ParticipantID{contoso, police} {
			got, err := b.node(id).Read(t.Context(), "register", "GB@2")
			b.must(err)
			if !bytes.Equal(got, large) {
				t.Errorf("%s: holds another document of %d bytes", id, len(got))
			}
			b.check(id)
		}
		if _, d := b.grounds(police); d.Verdict == protocol.Deny {
			t.Errorf("it denies: %v", d.Reasons())
		}
	}, office, contoso)
}
