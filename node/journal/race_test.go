//go:build race

package journal_test

// slowdown divides what a test repeats: the race detector finds in ten rounds
// what it finds in a hundred.
const slowdown = 10
