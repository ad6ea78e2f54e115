// Package record makes a conference's log verifiable by somebody who trusts neither the
// server nor its store: every Every events, and after the close, the log itself takes in a
// signed SHA-256 of all that stands in it so far. A copy of the record is checked with the
// public key alone; two copies of different days show whether anything was changed between.
//
// It does not store, send or ask anything: internal/live writes the checkpoints,
// internal/server hands the record out, `diemcau record verify` checks it.
//
//	1 ── 2 ── 3 ── … ── 1000 ── … ── checkpoint{1000, SHA-256 of lines 1–1000, signature} ── …
package record
