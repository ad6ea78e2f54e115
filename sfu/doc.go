// Package sfu is the media plane: it takes H.264 and Opus from the venues and forwards
// them to the other venues, to the stage and to the programme. It stores nothing, speaks
// no JSON, and obeys one thing: who has the floor.
//
//	venue ─PeerConnection─▶ one ring per source layer ─┬▶ slots of venues and of the stage
//	OBS ───WHIP───────────▶                            └▶ bus (programme) ─▶ viewers (WHEP)
//	                     microphones ─▶ mixer ─────────▶ bus
//
// Inside, a packet goes one way, in the goroutine that read it:
//
//	upTrack ─put─▶ feed (ring) ─forward─▶ cut ─send─▶ slot ─▶ pion
//	                    └─ reference ─▶ programme (bus, mixer) ─put─▶ feed ─▶ cut ─▶ slot …
//
// A feed is one stream of packets; a cut joins feeds into one stream with contiguous
// numbers; a slot is a cut that is an m-line of a session. Who is shown where is decided
// beside that path, by Plane.route, which only leaves wishes: the cut fulfils one at the
// next keyframe. A cut belongs to the source that holds its gate, so no packet waits for
// a lock; NACKs are answered from the feeds' rings.
//
// What a page is sent fits its line: every packet it gets bears a transport-wide number, its
// feedback moves an estimate (bandwidth), which route shares among its slots (layer); what
// nobody needs is stopped at the page that sends it. The programme has three rungs.
//
// Beside the programme there is a second picture (beside.go): City Hall's, while another venue
// is on air and the stage wants both; a rung on the same clock, whose bus knows City Hall alone.
//
// Public viewers come in thousands and are no PeerConnections (docs/adr/0014):
//
//	feed ─▶ cut ─▶ audience (a log of numbers a rung) ─wake, once a flush─▶ shard, one per core
//	shard: plan the runs once; for each viewer: number, seal, send (netio: GSO)
//	socket ─▶ tap ─▶ the viewer's SRTCP ─ask─▶ shard: send again, ask for a keyframe
package sfu
