// Package testnet is an impaired network for tests: hosts in network namespaces of their
// own, joined by a Go program that reads and writes their TUN devices and loses, delays,
// reorders, slows and blocks IPv4 packets as asked, each direction by itself, changeable
// while it runs. Every random decision comes from the seed.
//
//	host "server"                    Net                       host "venue"
//	┌─────────────┐   up   ┌───────────────────────┐  down  ┌─────────────┐
//	│ sockets ─ tun ──────▶│ Line ──▶ route ──▶ Line ├──────▶ tun ─ sockets │
//	│             │◀───────┤ Line ◀── route ◀── Line │◀──────┤             │
//	└─────────────┘  down  └───────────────────────┘   up   └─────────────┘
//
// A host's firewall stands between its two lines and the route.
//
// It is no simulation: what runs inside are real sockets of this process (Host.Do, Dial,
// Listen, ListenPacket) and real child processes (Host.Start: the server, a browser). The
// namespaces have no names; threads and file descriptors of this process hold them, so a
// test that is killed leaves nothing behind, children included.
//
// It needs a Linux kernel with namespaces and /dev/net/tun, and root; TestMain calls Enter,
// which runs the tests as root of a user namespace where they are not root already. Where
// that is refused too, New fails the test and says what is missing. IPv6 is not carried.
package testnet
