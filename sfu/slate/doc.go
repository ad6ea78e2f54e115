// Package slate is what the programme shows when nobody can be shown: a still that says
// that the programme will go on, as H.264 in RTP, ready to be put into the bus, and a
// frame of silence in Opus.
//
// The picture is slate.h264, made by make.sh and played in a loop: a keyframe every 2 s.
package slate
