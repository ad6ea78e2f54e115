// Package burst decides which packets of a flush go to a receiver in one system call.
//
// The kernel cuts a run into packets of equal size, of which only the last may be shorter
// (UDP_SEGMENT). Browsers' encoders split a picture evenly, so neighbours differ by a byte
// or two: those are made equal with RTP padding. A sound packet rides as the short tail of
// a run that is still open.
//
//	sizes    1100 1101 1101 1101 | 640      90 (sound)
//	runs   [ 1101 1101 1101 1101   640 ]  [ 90 ]
package burst
