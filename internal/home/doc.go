// Package home decides on which node the media of a conference live: on one at a time.
// The record is on all nodes; whoever wants media elsewhere is sent, or relayed, there.
//
//	Keeper A ──renew every 1 s──▶ lease {name, run, origins}, 3 s ◀──look── Keeper B
//	A ends well: it gives the lease back and says so ─────────────▶ B takes it at once
//	A dies: the lease lapses, B sees it gone twice ───────────────▶ B takes it
//
// The lease is kept in the Ephemeral beside the log and counted by the store's clock.
// While the store cannot be reached nobody can take a lease, and whoever has one goes on.
// It knows no media, no HTTP and no log.
package home
