// Package icetcp gives pion's ICE agents their media over TCP, for networks without UDP
// (RFC 6544, passive candidates; framed by RFC 4571). It is pion's ice.TCPMux by shape:
//
//	connection ─first frame: STUN, names the session─▶ Conn of that session ─▶ ICE agent
//	ICE agent ─▶ Conn ─▶ queue of one connection ─▶ writer
//
// Pion has a mux of its own, ice.TCPMuxDefault. This one differs where a public port and a
// shared packet path need it: a connection for a session that does not exist is closed at
// once instead of being kept for 30 s; a session has one local candidate for each IP
// version, whatever the number of interfaces and whatever a proxy says about addresses; a
// connection that ends does not end its candidate; and writing never waits: what does not
// fit a slow connection's queue is dropped, as on a line of UDP.
package icetcp
