package hls_test

import (
	"testing"
	"time"
)

// Rungs come to a new source one after the other: an encoder's keyframes of several sizes are
// not ready at once. A player gets new inits of every track where one of them has others, and
// throws away what comes between an init and the first keyframe (Media Source Extensions §3.5.7):
// Chromium had holes of 0.4–1.3 s there. So every track begins with a keyframe behind one.
func TestP4_EveryTrackBeginsWithAKeyframeBehindADiscontinuity(t *testing.T) {
	t.Parallel()
	var cameras [3][3]*source
	for rung := range 3 {
		cameras[0][rung], cameras[1][rung], cameras[2][rung] = filmed(t, 1, rung), still(t), filmed(t, 2, rung)
	}
	s := newStudio(t, cameras[0][:]...)
	s.play(3 * time.Second)
	const takes = 24
	for i := range takes {
		next := cameras[(i+1)%3]
		order := [][3]int{{2, 1, 0}, {0, 1, 2}, {1, 2, 0}}[i%3]
		for _, rung := range order {
			s.take(rung, next[rung])
			s.play(time.Duration(i%7) * 100 * time.Millisecond)
		}
		s.play(time.Duration(500+i*i*997%2500) * time.Millisecond)
	}
	s.play(3 * time.Second)
	groups := s.finish()
	whole(t, groups, false)
	discontinuities := 0
	for _, g := range groups[1:] {
		if !g.Discontinuity {
			continue
		}
		discontinuities++
		for k, track := range g.Tracks {
			if !track.Independent {
				t.Errorf("group %d is behind a discontinuity and track %d does not begin with a keyframe", g.Sequence, k)
			}
		}
	}
	if discontinuities < takes/2 {
		t.Errorf("got %d discontinuities in %d takes", discontinuities, takes)
	}
}
