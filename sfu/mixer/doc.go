// Package mixer makes the programme's one sound out of the open microphones: up to four
// Opus inputs, one Opus output of 20 ms frames at 48 kHz. It does not decide who is heard.
//
//	Push ─▶ jitter buffer ─▶ decode · FEC · conceal ─▶ place ─▶ loudness ─▶ fade ─┐
//	Push ─▶ …                                                                    ├▶ sum ─▶ limit ─▶ encode ─▶ Next
//
// Every input is placed by the instant it was captured on the server clock, not by when
// it arrived, so the programme's sound stays with its picture. The output comes Delay
// later. The mix is mono: halls speak, and a mono Opus stream is valid wherever
// opus/48000/2 was negotiated (RFC 7587 §6.1) at half the work.
//
// Each voice has a slow automatic gain that brings its speech near -23 LUFS (EBU R 128) and
// holds still while nobody speaks, so that a quiet hall is understood beside a loud one and
// no hall's noise is turned up.
//
// It has no goroutine, no clock and no lock: one owner calls it and passes the time in.
package mixer
