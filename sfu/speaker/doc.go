// Package speaker tells from the levels of microphones who speaks, which closed microphones
// have sound, and which give back what the others say. It is pure: one Step each 100 ms, no
// clock, no I/O.
//
//	levels of all microphones ──Step──▶ Now (among the open ones), Loud (closed), Echo
//
// Levels come from the packets' headers (RFC 6464), so nothing is decoded and a closed
// microphone is known without being heard.
package speaker
