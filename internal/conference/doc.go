// Package conference holds the nouns that every other part speaks in: the
// conference, its venues, the people's roles, the command, the event and the
// refusal. It imports the standard library only and decides nothing but the life of
// the conference itself (created, opened, closed).
//
//	command ──▶ Decide(state, command, now) ──▶ Decision{Reads, Drafts}
//	                                                  │ made durable by the log
//	state'  ◀── Apply(state, event)          ◀──  Event ┘
package conference
