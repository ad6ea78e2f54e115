// Package repair decides which lost packets a receiver asks for again, and when. It is
// pure: packets and the time are passed in, and it is asked what is due as packets come, so
// that it needs no timer and a stream that has stopped is left alone.
//
// A packet is asked for at once when later ones overtook it, then once a round trip, or on a
// line that loses many twice or three times, until it comes or is too old to be of use.
// Requests go at most every 10 ms, each for at most 256 packets.
package repair
