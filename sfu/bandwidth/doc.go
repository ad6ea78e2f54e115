// Package bandwidth estimates, at the sender, how many bits a second a line takes. It is
// fed with what was sent and with the receiver's transport-wide feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01), and starts nothing.
//
//	packet path ─Send─▶ History ─┐ what was sent, when, how long
//	RTCP ────────Feedback────────┴▶ Estimator ─▶ Bits     what may be sent
//	                                    └─Probe─▶ padding, to find out whether there is more
//
// The estimate falls when the shortest way of half a second has become longer than it
// ever was of late (a queue stands before the bottleneck), or when more is lost than the
// line always loses; it falls to what still arrived. It rises slowly while all of it is
// used, and by probes while it is not. Minima are compared, not gradients: a receiver that
// is held up, or a line that jitters, delays some packets, a queue delays all
// (docs/adr/0018).
package bandwidth
