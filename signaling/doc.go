// Package signaling is the WebSocket: hello and welcome, resume by cursor, the ONE
// audience function that decides which role sees which event and which fields, fan-out,
// and the way of a page's commands to the running conference. docs/protocol.md is its
// specification, signaling/protocol its wire types.
//
//	live.Conference ──Since──▶ room (one goroutine) ──audience──▶ ring of each role
//	                                                                │ index of each socket
//	page ──▶ reader (one goroutine a socket) ──▶ commands ──▶ Do    ▼
//	page ◀── writers (a bounded set) ◀── private messages first, then the ring
//
// It holds no state of a conference, decides nothing about questions or the floor, and
// knows media only as an offer, an answer and a map of slots.
package signaling
