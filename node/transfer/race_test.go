//go:build race

package transfer_test

// raced is whether the race detector runs, which makes a test ten times slower.
const raced = true
