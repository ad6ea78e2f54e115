// Package netio is the UDP port of the media plane: many packets in with one system call,
// and runs of equal packets to one receiver out with one. It knows nothing of what it
// carries.
//
//	kernel ─recvmmsg─▶ batch ─┬─ Tap took it (viewers' SRTCP)
//	                          └─ ReadFromAddrPort ─▶ pion's mux
//	Writer.Send ─ one packet ─ sendto ───────────────────────▶ kernel
//	            └ a run ────── sendmsg + UDP_SEGMENT (GSO) ──▶ kernel, NIC
//
// On systems other than Linux, and where the kernel refuses a run, the packets go out one
// by one. With several sockets all are bound to the one port (SO_REUSEPORT); the kernel
// keeps a flow on one of them, by a hash of its addresses and ports.
package netio
