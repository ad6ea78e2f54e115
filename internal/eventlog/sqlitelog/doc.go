// Package sqlitelog is the embedded event log: one SQLite file (WAL,
// synchronous=FULL) in the data folder, for one process. It is what runs when no Redis
// is configured, and keeps the promise of the port: what Append returned is on disk.
//
// One transaction serves everybody who waits (group commit). There is no writer
// goroutine: the first who waits commits for all, then passes the lead on.
//
//	Append ─┐                 ┌─ plan (versions, positions, chain; in memory)
//	Append ─┼─▶ queue ─▶ lead ┼─ BEGIN · INSERT … · COMMIT (one fsync)
//	Append ─┘                 └─ answer all, wake Wait, pass the lead on
//
// The Ephemeral is a second file with synchronous=NORMAL: it survives a killed process,
// and may lose its last changes in a power cut.
package sqlitelog
