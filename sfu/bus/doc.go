// Package bus is the vision mixer of the programme, in RTP header values: it decides
// which source is on air and rewrites that source's headers so that whoever watches the
// programme sees ONE source for ever: contiguous sequence numbers, strictly rising
// timestamps, one clock for picture and sound.
//
//	sender reports ─▶ Clock (one per venue: capture → server clock) ─┐
//	packets of every candidate ─▶ Video ─▶ cut? ─▶ hold ─▶ rewrite ──┴▶ []Out
//	Take · SetSlate · silence ≥ 1 s ─▶ target        Sound ─▶ mixer ─▶ Stamp
//
// It never touches a payload, knows no pion, starts nothing, has no clock of its own
// and no lock: one owner calls it and passes the time in. A cut happens at a keyframe;
// until it arrives the old source goes on. A cut never splits a frame: the first packets
// of the new source are held (≤ 120 ms) until the frame on air is complete. Gaps of the
// source on air stay gaps (a receiver must be able to see and report them), so a packet
// that is repaired late finds its own number free.
package bus
