// Package home decides on which node the media of a conference live: on one at a time.
// The record is on all nodes; whoever wants media elsewhere is sent, or relayed, there.
//
//	Keeper A ──renew every 1 s──▶ lease {name, run, origins}, 3 s ◀──look── Keeper B
//	A ends well: it gives the lease back and says so ─────────────▶ B takes it at once
//	A dies: the lease lapses, B sees it gone twice ───────────────▶ B takes it
//
// The lease is kept in the Ephemeral beside the log and counted by the store's clock.
// A node that cannot reach the store goes on with what it has: a picture must not stop because
// the store does, and nobody can take a lease in a store that is away for all. When only the
// holder has lost it another node takes the lease; the holder learns that when it sees the
// store again, and until then there are two.
// It knows no media, no HTTP and no log.
package home
