// Package live runs conferences on this node. A Conference owns the state of one
// conference: commands go in, the rules decide on an overlay of the durable state, the
// log makes their events durable, and only then does the state change and the caller
// get an answer. Readers never see what is not durable.
//
//	Do(command) ─▶ inbox ─▶ decide on overlay ─▶ log.Append (group) ─▶ apply ─▶ answer
//	                        └ the next batch, on top of the one being appended
//	other nodes' events ─▶ log.Read ────────────────────────────────▶ apply
//	                                             Snapshot(), Since() ◀─ readers
//
// It seals what may have to be erased and derives question ids and tracking codes; it
// knows no socket, no HTTP and no media.
package live
