package node_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/protocol"
)

// with has the node open with other files in its home than the world gave it:
// its agreements and notices are these.
func (b *border) with(docs ...node.Document) {
	b.alter = func(c *node.Config) {
		c.Documents = append(slices.DeleteFunc(slices.Clone(c.Documents), func(d node.Document) bool {
			return d.Kind != node.RegisterDocument
		}), docs...)
	}
}

func (b *border) unused(at protocol.ParticipantID) []desk.Unused {
	b.t.Helper()
	s, err := b.node(at).Status(b.t.Context())
	b.must(err)
	return s.Unused
}

func same(text []byte) []byte { return text }

// TestHalfSignedAgreementIsNotInUse: the node starts, says who has not signed,
// and takes the agreement when it is complete, with the suspension that waited.
func TestHalfSignedAgreementIsNotInUse(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		type keys = map[protocol.Party]*identity.Key
		gb, us := b.root("GB"), b.root("US")
		b.with(
			node.Document{Kind: node.AgreementDocument, File: "half.yaml", Bytes: b.agreed(same, keys{"US": us})},
			node.Document{Kind: node.AgreementDocument, File: "noise.yaml", Bytes: []byte("noise")},
			node.Document{Kind: node.NoticeDocument, File: "early.jws", Bytes: b.notice(b.suspension("s1", "US"), us)})
		b.start(police)
		want := []desk.Unused{
			{Kind: "agreement", File: "half.yaml", Why: "GB has not signed yet"},
			{Kind: "agreement", File: "noise.yaml"},
			{Kind: "notice", File: "early.jws", Why: "its agreement is not in use"},
		}
		got := b.unused(police)
		for i := range got {
			if got[i].File == "noise.yaml" && got[i].Why != "" {
				got[i].Why = ""
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if _, v := b.grounds(police); v.Verdict != protocol.Deny {
			t.Errorf("under an agreement that one Party signed: %v", v.Verdict)
		}
		b.must(b.publish(b.node(police), "agreement", b.agreed(same, keys{"GB": gb, "US": us})))
		if got := b.unused(police); len(got) != 1 || got[0].File != "noise.yaml" {
			t.Errorf("with the whole agreement, not in use: %+v", got)
		}
		if !b.holds(police, "US.s1") {
			t.Error("the suspension that waited for its agreement is not in use")
		}
		b.halt(police)
		b.start(police) // the half-signed file lies there still, and says nothing new
		if got := b.unused(police); len(got) != 1 {
			t.Errorf("after a restart, not in use: %+v", got)
		}
		if !strings.Contains(b.logged.String(), "file=half.yaml") {
			t.Error("the log does not name the file")
		}
	})
}

// TestNoticeThatDoesNotStandStopsTheNode: it may suspend what would be allowed
// without it.
func TestNoticeThatDoesNotStandStopsTheNode(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		forged := b.notice(b.suspension("s1", "US"), b.root("GB"))
		b.alter = func(c *node.Config) {
			c.Documents = append(c.Documents, node.Document{Kind: node.NoticeDocument, File: "US.s1.jws", Bytes: forged})
		}
		r, err := b.open(police)
		b.must(err)
		defer r.Close()
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		var file *node.FileError
		if err := r.Run(ctx); !errors.As(err, &file) || file.File != "US.s1.jws" {
			t.Errorf("Run: got %v, want an error that names the file", err)
		}
	})
}

// TestRegisterOfAPartyThatIsNotPinnedIsPassedOver: nobody of it is believed here.
func TestRegisterOfAPartyThatIsNotPinnedIsPassedOver(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.alter = func(c *node.Config) {
			c.Pins = slices.Clone(c.Pins)[:1] // GB
		}
		b.start(police)
		got := b.unused(police)
		if !slices.ContainsFunc(got, func(u desk.Unused) bool {
			return u.Kind == "register" && u.Why == "its Party is not pinned"
		}) {
			t.Errorf("got %+v", got)
		}
	})
}
