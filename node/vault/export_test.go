package vault

import "context"

// A Part is how much of a step that failed was done.
type Part = part

// The parts.
const (
	Lost      = lost
	Torn      = torn
	Persisted = persisted
)

// OpenFaulty is Open on a file system that asks fault before each step.
func OpenFaulty(ctx context.Context, c Config, fault func(step string) (Part, error)) (*Vault, error) {
	return open(ctx, c, disk{fault: fault})
}

// OpenSmall is Open on a file system that says what room says is free.
func OpenSmall(ctx context.Context, c Config, room func() int64) (*Vault, error) {
	return open(ctx, c, disk{room: room})
}
