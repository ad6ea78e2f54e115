// Package hls makes HLS of the programme (RFC 8216, fMP4): access units and Opus frames in,
// immutable segments and playlists out.
//
//	units of each rung ─▶ Packager ─▶ Group: one segment a track, same number ─▶ Playlist
//	sound ────────────────▲    │
//	                           └─▶ Ask: keyframes of all rungs at once
//
// A group is cut every two seconds or so, each rung at its own keyframe, the sound where
// the first rung was. Picture and sound have one clock that no cut moves: the decode time
// of a sample is its capture time since the epoch. When a rung's parameter sets change the
// group is cut at once, and the next one has a discontinuity in every track, so all have
// the same media and discontinuity sequence.
//
// It starts nothing, has no clock of its own and no lock, and knows no file and no HTTP.
package hls
