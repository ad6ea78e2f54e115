package sfu

import (
	"github.com/diemcau/diemcau/sfu/burst"
	"github.com/diemcau/diemcau/sfu/ring"
)

// batch is the packets of one flush of one audience. It is filled once for all viewers of
// a shard and belongs to the shard.
type batch struct {
	entries  []entryOut // pictures first, then sounds
	sizes    []int      // of their payloads
	pictures int
	arena    []byte // padded payloads
	taken    [media]uint64
}

// entryOut is a packet as it is the same for all viewers.
type entryOut struct {
	packet *ring.Packet // held until release
	seq    uint64       // of the audience
	ts     uint32
	medium medium
	starts bool   // decoding can start here
	marker byte   // 0x80 with the marker bit
	first  byte   // of the header: version and padding bit
	plain  []byte // payload with padding
}

func (b *batch) reset() {
	b.entries, b.sizes, b.arena = b.entries[:0], b.sizes[:0], b.arena[:0]
	b.pictures, b.taken = 0, [media]uint64{}
}

// collect adds what came to a stream since it was read. It reports false when some of it
// is no longer to be had.
func (b *batch) collect(s *stream, m medium, read *uint64) bool {
	head, whole := s.head.Load(), true
	if head-*read > arrivals/2 {
		*read, whole = head, false
	}
	b.taken[m] = head - *read
	for ; *read < head; *read++ {
		seq := s.log[*read%arrivals].Load()
		p, n := s.cut.find(seq)
		if p == nil {
			continue
		}
		e := entryOut{
			packet: p, seq: seq, ts: n.ts, medium: m, starts: p.Key || m == sound, first: 0x80, plain: p.Payload,
		}
		if p.Marker {
			e.marker = 0x80
		}
		b.entries = append(b.entries, e)
		b.sizes = append(b.sizes, max(1, len(p.Payload)))
	}
	if m != sound {
		b.pictures = len(b.entries)
	}
	return whole
}

// pad makes the payloads that the plan wants longer. An empty payload (a publisher's probe)
// becomes one byte of padding.
func (b *batch) pad(runs []burst.Run) {
	for _, r := range runs {
		for _, piece := range r.Pieces {
			e, n := &b.entries[piece.Index], piece.Pad
			if len(e.plain) == 0 {
				n++
			}
			if n == 0 {
				continue
			}
			start := len(b.arena)
			b.arena = append(b.arena, e.plain...)
			for range n - 1 {
				b.arena = append(b.arena, 0)
			}
			b.arena = append(b.arena, byte(n))
			e.plain, e.first = b.arena[start:], 0xa0
		}
	}
}

// release gives the packets back to their rings.
func (b *batch) release() {
	for i := range b.entries {
		b.entries[i].packet.Release()
		b.entries[i].packet, b.entries[i].plain = nil, nil
	}
}
