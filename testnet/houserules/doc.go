// Package houserules is the rules of this house, as tests: which way imports
// point, what a package and a name say of themselves, how long a file may be. The
// rules are those that a machine can check; the others are for readers.
//
// Each rule is a function from the sources to what breaks it. It is put to the
// module, where it must find nothing, and to a few lines that break it, where it
// must find that.
//
// The package is trusted with nothing: it holds tests only, and no node runs
// any of them.
package houserules
