// Package signaling is the WebSocket: hello and welcome, resume by cursor, the ONE
// audience function that decides which role sees which event and which fields, fan-out,
// and the way of a page's commands to the running conference. docs/protocol.md is its
// specification, signaling/protocol its wire types.
package signaling
