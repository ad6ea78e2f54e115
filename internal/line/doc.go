// Package line keeps what is known about the lines of the venues: what their pages tell,
// what the media plane measures, and what the two mean in a word. It also has each venue's
// latest still, for the wall of venues on the stage page. Nothing of it is in the log.
//
//	page ── Report ──▶ Book ◀── Reading ── media plane
//	                    │ Judge (pure), Steady (pure)
//	                    ├─▶ rows for stage, admin and the venue itself
//	                    └─▶ history of half an hour, in memory, on the node with the media
//
// The other nodes of an installation have the same rows by Mirror, but no history.
package line
