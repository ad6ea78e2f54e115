// Package relay carries media within TLS for networks that let nothing else through: a
// TURN server (RFC 8656, over TCP and TLS) that relays to this server's own media port and
// to nothing else.
//
//	browser ──TURN within TLS──▶ pion/turn ──▶ leg ──UDP on loopback──▶ media port
//
// To the client the peer is the address the media plane announces; a leg carries what is
// sent there to the media port on loopback, through a connected socket that takes packets
// from there only. So there is no range of relay ports, nothing is reachable from outside
// through this package, and the ICE agent sees a client like any other, which comes from
// loopback. Tried and rejected: handing packets to the media socket in process; it would
// put a second source and a second sink into the one place where every packet passes.
//
// Credentials are short-lived: a name that holds when it expires and whom it is for, and its
// keyed hash. Most relays are kept for those who have shown who they are; all are bounded by
// address, and end when the media plane has nothing to send to them, as after a session.
// Tried and rejected: telling the relay of every session's end. A page may relay its next
// session with the credentials of the one before.
package relay
