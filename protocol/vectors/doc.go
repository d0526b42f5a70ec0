// Package vectors is the check that protocol/testdata/vectors and this
// implementation agree. It has nothing but tests: each area of the vectors has
// one file here, with one recipe for each vector and one function that reads
// what is stored and says what this implementation makes of it.
//
// The stored bytes are what counts, since another implementation reads the
// same: the tests never compare them with what a recipe would write today.
// `go test ./protocol/vectors -update` writes those that are missing and those
// whose header changed; `-update -anew` writes all of them. Private keys come
// from fixed seeds and randomness from the name of the vector, so that a vector
// whose recipe did not change comes out the same, byte for byte, as long as the
// same Go release writes it.
//
// The package is trusted with nothing: it holds no code that a node runs. That
// a second implementation can trust the vectors is shown by check.mjs beside
// them, which is one.
package vectors
