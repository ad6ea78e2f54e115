// Package load measures what it costs to serve many viewers, beside the physical limit in
// the same run (`make bench`). It holds tests and benchmarks only.
//
//	server: a process pinned to the first CPU   generator and receivers: the last CPU
//	  sfu.Node + offers over HTTP   ◀─WHIP─ source: one 720p30 camera, paced as a browser does
//	                                ─WHEP─▶ receivers: ICE, DTLS, then count; open a sample
//	limit: a process pinned to the first CPU, while the server is stopped
//	  replay of the same sizes, runs and flush times: seal and send, nothing else
package load
