// Package ring is the one store of packets a source has: a packet is copied in once,
// everybody else holds its sequence number and looks it up. One goroutine puts, any
// number may look up at the same time; nobody waits for anybody and nothing is
// allocated per packet.
//
//	reader of the source ──Put──▶ [ … | seq 41 | seq 42 | seq 43 | … ] ◀──Get── NACK, bus
package ring
