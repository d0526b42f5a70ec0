package node_test

import (
	"context"
	"testing"
	"time"

	"comity.example/protocol"
)

// TestACaseThatIsStuckKeepsNoOtherWaiting: the clocks of one case, that a peer has
// had grow as far as a case can, or that is damaged, stand still alone.
func TestACaseThatIsStuckKeepsNoOtherWaiting(t *testing.T) {
	for name, spoil := range map[string]func(*runner, context.Context, protocol.CaseID) error{
		"as large as a case can be": func(r *runner, ctx context.Context, id protocol.CaseID) error { return r.Swell(ctx, id) },
		"damaged":                   func(r *runner, ctx context.Context, id protocol.CaseID) error { return r.Damage(ctx, id) },
	} {
		t.Run(name, func(t *testing.T) {
			atBorder(t, func(t *testing.T, b *border) {
				first := b.servedAs(secretFor(b, 10*time.Minute))
				stuck := b.servedAs(secretFor(b, 20*time.Minute))
				next := b.servedAs(secretFor(b, 30*time.Minute))
				b.must(spoil(b.node(contoso), t.Context(), stuck))
				time.Sleep(31 * time.Minute)
				for _, id := range []protocol.CaseID{first, next} {
					if len(b.view(contoso, id).Fired) == 0 {
						t.Error("nothing fired in a case beside it")
					}
				}
			}, police, office, contoso)
		})
	}
}
