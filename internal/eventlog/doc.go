// Package eventlog holds the two ports of the record plane and what every adapter
// shares: the append-only Log of one conference (its only truth) and the small
// Ephemeral store for what may be forgotten (sessions, one-use links, counters).
//
// Adapters: redislog (a Redis Stream and one Lua script) and sqlitelog (embedded).
// Both pass the suites of eventlogtest. The package knows nothing of the rules:
// it checks versions, keeps positions dense and the hash chain whole.
//
//	live ──Append(seen, commands)──▶ Log ──▶ one result per command
//	live ◀──Read(after)──────────── Log     Wait(after) wakes the reader
package eventlog
