// Package registration holds the rules of registering for a conference: seats, reserved
// seats, the waiting line, offers of freed seats, and the door. It is pure: a decision is a
// function of (state, command, now), a state of (state, event).
//
//	made ─▶ confirmed ──────────────▶ checkedIn ⇄ (undone)
//	     └▶ waiting ─▶ offered ─▶ confirmed
//	                          └─▶ lapsed      any but checkedIn ─▶ cancelled
//
// One thing is never broken, whoever races: at a venue taken ≤ seats − reserved, and given
// reserved seats ≤ reserved. Every command that could break it bumps the venue's seats
// (conference.VenueID.Seats). A seat that becomes free is offered, by the same command, to
// the first who waits.
//
// It does not speak HTTP, does not read a clock, and does not know who may do what (that is
// internal/access); but a command of a registrar who is bound to a venue is for that venue.
package registration
