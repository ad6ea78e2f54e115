// Package rehearse plays a conference against a running server and checks what it
// promised: nothing acknowledged is lost, doubled or hidden from who may see it; every
// venue sees whom it should see, and hears who has the floor.
//
//	citizens ──ask, follow, cut, ask again──▶ server ◀──claim, approve, air, give── staff
//	venues   ──clips with a mark per frame──▶        ──slots──▶ venues: watch, listen
//	                                  Run ──▶ Report: one table, one exit code
//
// It is a client like any other: it knows the server by docs/protocol.md and the
// contract only, and survives its restarts.
package rehearse
