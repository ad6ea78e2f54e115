// Package livestream shows the programme of open conferences as HLS and keeps it: what was
// shown is the recording, at the same address.
//
//	Source (sfu.Tap) ─▶ hls.Packager ─▶ folder: write, fsync, rename ─▶ snapshot ─▶ File
//	   every 100 ms          groups        (a goroutine of its own)     atomic, prebuilt
//
// A group is in a playlist when it is on the disk. When the disk is full, slow or over its
// quota the programme goes on from memory and an alarm is raised. After a restart the
// folder is read again, and the media sequence goes on. A closed conference's playlists
// list everything that is in its folder.
//
// A request looks up prebuilt bytes: it takes no lock and does no work.
package livestream
