// Package repair decides which lost packets a receiver asks for again, and when. It is
// pure: packets and the time are passed in, and it is asked what is due as packets come, so
// that it needs no timer and a stream that has stopped is left alone.
//
// A packet is asked for at once when later ones overtook it, then once a round trip, until
// it comes or is too old to be of use. To ask more often costs the sender's line a copy for
// each time.
package repair
