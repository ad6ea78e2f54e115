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
	audio   stream
	watched [rungs]atomic.Int32 // viewers at each rung, or on their way to it
	costs   [rungs]atomic.Int64 // what each takes, bits/s, with the sound
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
func (a *audience) join(s *shard)  { a.present[s.number].Add(1); a.size.Add(1) }
func (a *audience) leave(s *shard) { a.present[s.number].Add(-1); a.size.Add(-1) }

// stream returns the stream of a medium at a rung.
func (a *audience) stream(m medium, rung int) *stream {
	if m == picture {
		return &a.video[rung]
	}
	return &a.audio
}

// takes returns what each rung takes.
func (a *audience) takes() (costs [rungs]int) {
	for i := range costs {
		costs[i] = int(a.costs[i].Load())
	}
	return costs
}
