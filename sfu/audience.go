package sfu

import (
	"sync/atomic"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/rewrite"
	"github.com/diemcau/diemcau/sfu/ring"
)

// audience is everybody who watches one thing: the programme, or one venue. Its packets
// are numbered once for all viewers; a viewer only adds its own offset when they are
// sealed. The goroutine that brings a packet writes its number into a log and wakes each
// shard at most once a flush; it knows no viewer.
type audience struct {
	venue   conference.VenueID // "": the programme
	video   [rungs]stream      // in three sizes
	beside  stream             // the programme's second picture, in one
	audio   stream
	watched [rungs]atomic.Int32 // viewers at each rung, or on their way to it
	costs   [rungs]atomic.Int64 // what each takes, bits/s, with the sound
	second  atomic.Int64        // what the second picture takes now
	seconds atomic.Int32        // viewers who have a place for it
	shards  []*shard
	present []atomic.Int32 // viewers by shard
	size    atomic.Int32   // viewers
}

// arrivals is how many packets of a medium can wait for a shard; a shard that is further
// behind lets its viewers begin again at a keyframe. It is the size of the largest ring.
const arrivals = videoRing

// stream is one medium of an audience.
type stream struct {
	cut  *cut
	log  [arrivals]atomic.Uint64 // outgoing extended numbers, in the order they came
	head atomic.Uint64           // how many came
}

func newAudience(venue conference.VenueID, shards []*shard) *audience {
	a := &audience{venue: venue, shards: shards, present: make([]atomic.Int32, len(shards))}
	for i := range a.video {
		s := &a.video[i]
		s.cut = newCut(rewrite.New(0, 0), func(n numbers, p *ring.Packet) { a.take(s, n, p.Marker) })
	}
	a.beside.cut = newCut(rewrite.New(0, 0), func(n numbers, p *ring.Packet) { a.take(&a.beside, n, p.Marker) })
	a.audio.cut = newCut(rewrite.New(0, 0), func(n numbers, _ *ring.Packet) { a.take(&a.audio, n, false) })
	return a
}

// take notes a packet; inside the cut's gate.
func (a *audience) take(s *stream, n numbers, frameEnds bool) {
	head := s.head.Load()
	s.log[head%arrivals].Store(n.seq)
	s.head.Store(head + 1)
	for i := range a.present {
		if a.present[i].Load() > 0 {
			a.shards[i].signal(frameEnds)
		}
	}
}

// join counts a viewer in, leave out.
func (a *audience) join(v *Viewer)  { a.count(v, 1) }
func (a *audience) leave(v *Viewer) { a.count(v, -1) }

func (a *audience) count(v *Viewer, n int32) {
	a.present[v.shard.number].Add(n)
	a.size.Add(n)
	if v.legs[beside].on {
		a.seconds.Add(n)
	}
}

// stream returns the stream of a medium at a rung.
func (a *audience) stream(m medium, rung int) *stream {
	switch m {
	case picture:
		return &a.video[rung]
	case beside:
		return &a.beside
	case sound, media:
	}
	return &a.audio
}

// takes returns what each rung takes, for a viewer with or without the second picture.
func (a *audience) takes(both bool) (costs [rungs]int) {
	for i := range costs {
		costs[i] = int(a.costs[i].Load())
		if both && hasSecond(i) && costs[i] > 0 {
			costs[i] += int(a.second.Load())
		}
	}
	return costs
}

// hasSecond reports whether who is on a rung is sent the second picture: a line that takes
// the smallest size alone is left with one.
func hasSecond(rung int) bool { return rung < rungs-1 }
