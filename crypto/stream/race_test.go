//go:build race

package stream_test

// slowdown divides what a test repeats: the race detector finds in some of it what
// it finds in all.
const slowdown = 5
