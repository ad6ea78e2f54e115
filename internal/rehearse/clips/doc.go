// Package clips holds the short films that rehearsal venues publish, made by make.sh:
// four clips, three sizes each, 2 s at 15 frames/s, a keyframe first, no B-frames. A grid
// of squares painted into the picture tells a machine which clip and frame it sees.
package clips
