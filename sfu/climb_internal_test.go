package sfu

import (
	"testing"

	"github.com/diemcau/diemcau/sfu/ring"
)

// A viewer on its way to a rung that others watch already is served where it is until that
// rung's keyframe comes, and from then on there.
func TestM5_AViewerWaitsForTheKeyframeOfTheRung(t *testing.T) {
	t.Parallel()
	s := newStand(t, line{rtx: &format{payload: 97}})
	s.put(1000)
	s.shard.flush()
	s.receive(t)

	below := newVideoFeed(2, middleRing)
	cut := s.audience.video[1].cut
	cut.show(below, false)
	below.attach(cut)
	put := func(seq uint64, key bool) {
		below.put(ring.Meta{Seq: seq, TS: uint32(seq) * 3000, Key: key, Marker: true}, make([]byte, 500))
	}
	put(1<<17, true) // somebody else watches it
	v := s.viewer
	g := s.shard.groupOf(s.audience, 1)
	g.begin()
	g.coming = append(g.coming, v)
	v.target = 1

	put(1<<17+1, false)
	s.put(900)
	s.shard.flush()
	if _, p := s.receive(t); len(p.Payload) < 900 || v.rung != 0 {
		t.Fatalf("got %d bytes at rung %d before the keyframe, want 900 at rung 0", len(p.Payload), v.rung)
	}
	put(1<<17+2, true)
	s.shard.flush()
	_, first := s.receive(t)
	s.put(900) // of the rung it left
	put(1<<17+3, false)
	s.shard.flush()
	_, second := s.receive(t)
	if len(first.Payload) >= 900 || len(second.Payload) >= 900 || v.rung != 1 || len(g.coming) != 0 {
		t.Errorf("got %d and %d bytes at rung %d after the keyframe, want 500 twice at rung 1", len(first.Payload), len(second.Payload), v.rung)
	}
	if second.SequenceNumber != first.SequenceNumber+1 {
		t.Errorf("got number %d after %d", second.SequenceNumber, first.SequenceNumber)
	}
	// It goes back before it has arrived: nothing is left of the way.
	v.target = 0
	back := s.shard.groupOf(s.audience, 0)
	back.coming = append(back.coming, v)
	s.shard.stay(v)
	if v.target != 1 || len(back.coming) != 0 {
		t.Errorf("still on the way to rung %d with %d", v.target, len(back.coming))
	}
}
