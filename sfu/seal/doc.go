// Package seal encrypts RTP packets (SRTP, RFC 3711, RFC 7714) straight into the buffer
// they are sent from. Pion's own session costs a lock, a lookup, a copy and a channel for
// each packet; here whoever owns the keys calls the cipher.
//
// A nonce is the SSRC and the packet's index, so one index must never be used for two
// different packets: one goroutine owns a Sealer, numbers are counted in 48 bits and never
// guessed, and a packet that is sent again under its own number is the same to the byte.
package seal
