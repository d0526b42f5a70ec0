package casepack

// RootsOf lets tests look up the roots of a directory as Verify does.
var RootsOf = rootsOf
