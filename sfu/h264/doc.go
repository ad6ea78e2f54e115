// Package h264 reads what an SFU must know of H.264 in RTP (RFC 6184): where decoding can
// start, the parameter sets, the profile, and whether pictures are reordered (B-frames).
// It never changes a payload and decodes nothing.
package h264
