//go:build !race

package stream_test

const slowdown = 1
