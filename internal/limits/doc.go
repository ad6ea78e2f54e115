// Package limits decides whether somebody may ask again already: token buckets per
// session, address and conference, the number of sockets of an address, and the proof of
// work that submissions need while a conference is flooded. HTTP and the socket ask the
// same Limits, so that nobody gets twice as much by using both.
//
//	Take(kind, asker)      session ─▶ address ─▶ conference           ─▶ nil | rate.limited
//	Submit(asker, proof)   demand ─▶ proof, while on ─▶ conference     ─▶ nil | proof.required | rate.limited
//
// Buckets are this node's own. When several nodes work on one Ephemeral they also draw
// from shared counters (share.go). Each node spends a small part by itself and leases the
// rest in growing portions, so that most citizens cost no round trip and a hostile client
// costs a bounded number of them, not one for each message. Over two nodes a bucket then
// never lets more than burst + rate × time through.
//
// When the Ephemeral is away, the buckets of the node decide alone: nobody is shut out
// because a counter cannot be reached, and each node alone still keeps the limit.
//
// An address is an IPv4 address or an IPv6 /64; addresses and sessions are stored in the
// Ephemeral as keyed hashes only, and never logged.
package limits
