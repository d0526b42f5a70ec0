//go:build !race

package journal_test

// slowdown divides what a test repeats.
const slowdown = 1
