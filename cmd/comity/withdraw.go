package main

// withdrawCmd is request withdraw by a shorter name: it is said in the talk of a
// case, beside amend and reply.
type withdrawCmd struct{ requestWithdrawCmd }
